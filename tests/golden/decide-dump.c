/* SPDX-License-Identifier: Apache-2.0 */
/* decide-dump POLICY: what decide() says to each packet that standard input describes, a line each:
 *
 *     FROM TO PROTO SRC DST SPORT DPORT      FROM and TO: zones of ports, or "-" for a port without zone
 *
 * gives "VERDICT RULE LOG SRC-ZONE DST-ZONE ANSWER": allow, deny or ask; the rule's number, 0 for the default, or "-" if
 * no rule was asked; 1 if the fast path sends a copy to the log, else 0; the zones as registers have them; what comes of
 * it, after an ask, too. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/policy/decide.h"

static bool parse(const struct zw_policy *policy, const char *line, const struct zw_zone *zones[2],
                  struct zw_packet_key *key)
{
    char from[64], to[64], src[64], dst[64];

    if (sscanf(line, "%63s %63s %hhu %63s %63s %hu %hu", from, to, &key->proto, src, dst, &key->sport, &key->dport) !=
            7 ||
        !zw_addr_parse(src, &key->src) || !zw_addr_parse(dst, &key->dst)) {
        return false;
    }
    zones[0] = zw_policy_zone_by_name(policy, from);
    zones[1] = zw_policy_zone_by_name(policy, to);
    return (zones[0] || !strcmp(from, "-")) && (zones[1] || !strcmp(to, "-"));
}

static void answer(const struct zw_policy *policy, const struct zw_zone *zones[2], const struct zw_packet_key *key)
{
    struct zw_verdict v = zw_decide(policy, zones[0], zones[1], key);

    if (v.step == ZW_STEP_NO_ZONE) {
        puts("deny - 0 - - deny");
        return;
    }
    bool logs = !v.slow && v.log != ZW_LOG_NONE && (v.action != ZW_ALLOW || v.log == ZW_LOG_SESSION);
    printf("%s %u %d 0x%x 0x%x %s\n", v.slow ? "ask" : zw_action_name(v.action), v.rule ? v.rule->number : 0, logs,
           v.src->id, v.dst->id, zw_action_name(v.action));
}

static struct zw_policy *read_policy(const char *path)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_policy_source *sources = NULL;
    struct zw_policy *policy = NULL;
    size_t n = 0;

    if (!zw_policy_sources_load(path, &sources, &n, &problems)) {
        policy = zw_policy_read(sources, n, &problems);
        zw_policy_sources_free(sources, n);
    }
    if (!policy) {
        char *text = zw_problems_format(&problems);

        fputs(text, stderr);
        free(text);
    }
    zw_problems_clear(&problems);
    return policy;
}

int main(int argc, char *argv[])
{
    struct zw_policy *policy = argc == 2 ? read_policy(argv[1]) : NULL;
    char line[512];

    if (!policy) {
        fprintf(stderr, "usage: decide-dump POLICY <PACKETS\n");
        return 2;
    }
    while (fgets(line, sizeof line, stdin)) {
        const struct zw_zone *zones[2];
        struct zw_packet_key key = {.proto = 0};

        if (!parse(policy, line, zones, &key)) {
            fprintf(stderr, "not a packet: %s", line);
            zw_policy_unref(policy);
            return 1;
        }
        answer(policy, zones, &key);
    }
    zw_policy_unref(policy);
    return 0;
}
