/* SPDX-License-Identifier: Apache-2.0 */
/* compile-dump POLICY PORTS: what a policy makes of these ports: the number of each zone, the zone of each port, the
 * compiler's warnings, and the flows, a line each, stage by stage. */

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

static void print_zones(const struct zw_policy *policy)
{
    for (size_t i = 0; i < policy->n_zones; i++) {
        printf("# zone %s is 0x%x\n", policy->zones[i]->name, policy->zones[i]->id);
    }
}

static void print_ports(const struct zw_policy *policy, const struct zw_bridge *bridge)
{
    for (size_t i = 0; i < bridge->n_ports; i++) {
        const struct zw_port *port = &bridge->ports[i];
        struct zw_claim *claims;
        size_t n = zw_policy_carried_claims(policy, port, &claims);

        for (size_t j = 0; j < n; j++) {
            printf("# port %u %s", port->ofport, port->name);
            if (n > 1) {
                printf(" in %u-%u", claims[j].first, claims[j].last);
            }
            printf(": %s, %s\n", claims[j].zone ? claims[j].zone->name : "no zone",
                   zw_membership_text(claims[j].membership));
        }
        free(claims);
    }
}

static void print_warnings(const struct zw_problems *problems)
{
    for (size_t i = 0; i < problems->n; i++) {
        printf("# warning: %s\n", problems->list[i].text);
    }
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
    print_zones(policy);
    print_ports(policy, &inventory->bridges[0]);
    print_warnings(&problems);
    zw_flow_table_each(flows, print_flow, &printer);
    zw_flow_table_free(flows);
    zw_inventory_unref(inventory);
    zw_policy_unref(policy);
    zw_policy_sources_free(sources, n);
    zw_problems_clear(&problems);
    return 0;
}
