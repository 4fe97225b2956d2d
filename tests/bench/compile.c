/* SPDX-License-Identifier: Apache-2.0 */
/* compile - what a policy costs without a switch: reading, compiling, comparing, encoding.
 *
 *     compile POLICY PORTS [CHANGED-POLICY]
 *
 * PORTS as tests/golden/ports-file.h has it.  Prints one line of NAME=NUMBER: rules, flows, masks_sum and masks_max
 * (distinct masks of a table: over all tables, and of the table that has most), masks_STAGE and flows_STAGE; microseconds:
 * read_us, compile_us, diff_same_us (against the same, compiled once more), diff_all_us (against an empty switch),
 * encode_us and encode_bytes (of the bundle for that); with a changed policy also changed_read_us, changed_compile_us,
 * changed_diff_us, changed_flows (that differ); rss_bytes: the most memory before masks are counted.
 *
 * There is no analysis step in the product yet. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "controller/compile/compile.h"
#include "ovs-ext/ofp-encode.h"
#include "tests/bench/masks.h"
#include "tests/golden/ports-file.h"

static int64_t now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* Prints the time since '*since', and begins anew. */
static void lap(const char *name, int64_t *since)
{
    printf("%s_us=%lld ", name, (long long)(now_us() - *since));
    *since = now_us();
}

static void complain_and_exit(struct zw_problems *problems)
{
    char *text = zw_problems_format(problems);

    fprintf(stderr, "compile: %s", text);
    exit(1);
}

static struct zw_policy *read_policy(const char *path)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_policy_source *sources;
    struct zw_policy *policy;
    size_t n;

    if (zw_policy_sources_load(path, &sources, &n, &problems) || !(policy = zw_policy_read(sources, n, &problems))) {
        complain_and_exit(&problems);
    }
    zw_policy_sources_free(sources, n);
    policy->version = 1;
    return policy;
}

static struct zw_flow_table *compile(const struct zw_policy *policy, const struct zw_inventory *inventory)
{
    struct zw_problems warnings = ZW_PROBLEMS_INIT;
    struct zw_flow_table *flows = zw_compile(policy, &inventory->bridges[0], 0, &warnings);

    zw_problems_clear(&warnings);
    return flows;
}

static size_t diff(const struct zw_flow_table *from, const struct zw_flow_table *to)
{
    struct zw_changes changes;

    zw_flow_table_diff(from, to, &changes);
    size_t n = changes.n;
    zw_changes_free(&changes);
    return n;
}

static void measure_whole(const struct zw_flow_table *flows)
{
    struct zw_flow_table *empty = zw_flow_table_new();
    struct zw_outbuf out = ZW_OUTBUF_INIT;
    struct zw_changes changes;
    int64_t t = now_us();

    zw_flow_table_diff(empty, flows, &changes);
    lap("diff_all", &t);
    zw_ofp_put_bundle(&out, 1, &changes);
    lap("encode", &t);
    printf("encode_bytes=%zu ", out.size);
    zw_outbuf_free(&out);
    zw_changes_free(&changes);
    zw_flow_table_free(empty);
}

static void measure_same(const struct zw_flow_table *flows, const struct zw_policy *policy,
                         const struct zw_inventory *inventory)
{
    struct zw_flow_table *again = compile(policy, inventory);
    int64_t t = now_us();

    if (diff(flows, again)) {
        fprintf(stderr, "compile: the same policy gave other flows\n");
        exit(1);
    }
    lap("diff_same", &t);
    zw_flow_table_free(again);
}

static void measure_change(const char *path, const struct zw_flow_table *flows, const struct zw_inventory *inventory)
{
    int64_t t = now_us();
    struct zw_policy *policy = read_policy(path);

    lap("changed_read", &t);
    struct zw_flow_table *changed = compile(policy, inventory);
    lap("changed_compile", &t);
    size_t n = diff(flows, changed);
    lap("changed_diff", &t);
    printf("changed_flows=%zu ", n);
    zw_flow_table_free(changed);
    zw_policy_unref(policy);
}

static void print_stage(const char *what, enum zw_stage stage, size_t n)
{
    printf("%s_", what);
    for (const char *p = zw_stage_name(stage); *p; p++) {
        putchar(tolower((unsigned char)*p));
    }
    printf("=%zu ", n);
}

static void print_masks(const struct zw_flow_table *flows)
{
    size_t n_masks[ZW_N_STAGES], n_flows[ZW_N_STAGES], sum = 0, max = 0;

    bench_count_masks(flows, n_masks, n_flows);
    for (enum zw_stage i = 0; i < ZW_N_STAGES; i++) {
        print_stage("masks", i, n_masks[i]);
        print_stage("flows", i, n_flows[i]);
        sum += n_masks[i];
        max = n_masks[i] > max ? n_masks[i] : max;
    }
    printf("masks_sum=%zu masks_max=%zu\n", sum, max);
}

int main(int argc, char *argv[])
{
    struct rusage usage;

    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: compile POLICY PORTS [CHANGED-POLICY]\n");
        return 2;
    }
    struct zw_inventory *inventory = zw_ports_file_read(argv[2]);
    if (!inventory) {
        return 1;
    }
    int64_t t = now_us();
    struct zw_policy *policy = read_policy(argv[1]);
    lap("read", &t);
    struct zw_flow_table *flows = compile(policy, inventory);
    lap("compile", &t);
    printf("rules=%zu flows=%zu ", policy->n_rules, zw_flow_table_count(flows));
    measure_whole(flows);
    measure_same(flows, policy, inventory);
    if (argc == 4) {
        measure_change(argv[3], flows, inventory);
    }
    getrusage(RUSAGE_SELF, &usage);
    printf("rss_bytes=%lld ", (long long)usage.ru_maxrss * 1024);
    print_masks(flows);
    zw_flow_table_free(flows);
    zw_policy_unref(policy);
    zw_inventory_unref(inventory);
    return 0;
}
