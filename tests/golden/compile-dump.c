/* SPDX-License-Identifier: Apache-2.0 */
/* compile-dump POLICY PORTS: the flows that a policy gives with these ports, a line each, stage by stage. */

#include <stdio.h>
#include <stdlib.h>

#include "controller/compile/compile.h"
#include "tests/golden/ports-file.h"

struct printer {
    int stage; /* Of the last flow, -1: none. */
};

static void print_flow(void *printer_, const struct zw_flow *flow)
{
    struct printer *printer = printer_;
    char *text = zw_flow_format(flow);

    if (zw_flow_stage(flow) != (enum zw_stage)printer->stage) {
        printer->stage = (int)zw_flow_stage(flow);
        printf("# %d %s: %s\n", printer->stage, zw_stage_name(zw_flow_stage(flow)), zw_stage_text(zw_flow_stage(flow)));
    }
    puts(text);
    free(text);
}

static int complain(struct zw_problems *problems)
{
    char *text = zw_problems_format(problems);

    fputs(text, stderr);
    free(text);
    zw_problems_clear(problems);
    return 1;
}

int main(int argc, char *argv[])
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_policy_source *sources;
    size_t n;

    if (argc != 3) {
        fprintf(stderr, "usage: compile-dump POLICY PORTS\n");
        return 2;
    }
    if (zw_policy_sources_load(argv[1], &sources, &n, &problems)) {
        return complain(&problems);
    }
    struct zw_policy *policy = zw_policy_read(sources, n, &problems);
    struct zw_inventory *inventory = zw_ports_file_read(argv[2]);
    if (!policy || !inventory) {
        return complain(&problems);
    }
    policy->version = 1;
    struct zw_flow_table *flows = zw_compile(policy, &inventory->bridges[0], 0, &problems);
    struct printer printer = {.stage = -1};
    zw_flow_table_each(flows, print_flow, &printer);
    for (size_t i = 0; i < problems.n; i++) {
        printf("# warning: %s\n", problems.list[i].text);
    }
    zw_flow_table_free(flows);
    zw_inventory_unref(inventory);
    zw_policy_unref(policy);
    zw_policy_sources_free(sources, n);
    zw_problems_clear(&problems);
    return 0;
}
