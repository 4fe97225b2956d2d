/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "tests/unit/policy-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct zw_policy *read_text(const char *text, struct zw_problems *problems)
{
    struct zw_policy_source source = {.name = "policy.yaml", .text = text, .size = strlen(text)};

    return zw_policy_read(&source, 1, problems);
}

struct zw_policy *policy_of(const char *text)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_policy *policy = read_text(text, &problems);

    if (!policy) {
        printf("Bail out! %s", zw_problems_format(&problems));
        exit(99);
    }
    return policy;
}

char *problems_of(const char *text)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    char *formatted;

    zw_policy_unref(read_text(text, &problems));
    formatted = zw_problems_format(&problems);
    zw_problems_clear(&problems);
    return formatted;
}

struct zw_packet_key key_of(const char *src, const char *dst, int proto, int sport, int dport)
{
    struct zw_packet_key key = {.proto = (uint8_t)proto, .sport = (uint16_t)sport, .dport = (uint16_t)dport};

    if (!zw_addr_parse(src, &key.src) || !zw_addr_parse(dst, &key.dst)) {
        printf("Bail out! %s or %s is no address\n", src, dst);
        exit(99);
    }
    return key;
}
