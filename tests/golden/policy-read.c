/* SPDX-License-Identifier: Apache-2.0 */
/* policy-read - reads each policy named on the command line and prints its normal form, or its problems and a status of 1. */
#include "zw-config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/policy/policy.h"

static struct zw_policy *load(const char *path, struct zw_problems *problems)
{
    struct zw_policy_source *sources;
    struct zw_policy *policy = NULL;
    size_t n;

    if (!zw_policy_sources_load(path, &sources, &n, problems)) {
        policy = zw_policy_read(sources, n, problems);
        zw_policy_sources_free(sources, n);
    }
    return policy;
}

/* Returns whether 'path' is a policy. */
static bool print_one(const char *path)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_policy *policy = load(path, &problems);
    char *text = policy ? zw_policy_format(policy) : zw_problems_format(&problems);

    fputs(text, stdout);
    free(text);
    zw_policy_unref(policy);
    zw_problems_clear(&problems);
    return policy;
}

int main(int argc, char **argv)
{
    int status = 0;

    for (int i = 1; i < argc; i++) {
        if (!print_one(argv[i])) {
            status = 1;
        }
    }
    return status;
}
