/* SPDX-License-Identifier: Apache-2.0 */
/* The section "conntrack". */
#include "zw-config.h"

#include <stdlib.h>
#include <string.h>

#include "controller/policy/reader.h"

#define MAX_TIMEOUT_S (365u * 24 * 60 * 60)

/* Seconds in "30s", "5m", "12h" or "1d"; 0 if it is not one, or not from 1 second to a year. */
static uint32_t parse_duration(const char *text)
{
    static const struct {
        char unit;
        uint32_t s;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 60 * 60}, {'d', 24 * 60 * 60}};
    size_t n_digits = strspn(text, "0123456789");

    if (!n_digits || n_digits > 9 || !text[n_digits] || text[n_digits + 1]) {
        return 0;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        unsigned long n = strtoul(text, NULL, 10);

        if (text[n_digits] == units[i].unit) {
            return n <= MAX_TIMEOUT_S / units[i].s ? (uint32_t)n * units[i].s : 0;
        }
    }
    return 0;
}

/* The keys are OVSDB's names in the manner of this file, with "-" for "_". */
static const struct zw_reader_key *timeout_keys(struct zw_reader *r)
{
    struct zw_reader_key *keys = zw_pool_calloc(r->scratch, ZW_CT_N_TIMEOUTS + 1, sizeof *keys);

    for (int i = 0; i < ZW_CT_N_TIMEOUTS; i++) {
        char *name = zw_pool_strdup(r->scratch, zw_ct_timeout_name((enum zw_ct_timeout)i));

        for (char *p = name; *p; p++) {
            *p = *p == '_' ? '-' : *p;
        }
        keys[i].name = name;
    }
    return keys;
}

static void read_timeouts(struct zw_reader *r, const struct zw_yaml_node *node)
{
    const struct zw_yaml_node *values[ZW_CT_N_TIMEOUTS];

    if (!zw_reader_map(r, node, "timeouts", timeout_keys(r), values)) {
        return;
    }
    for (int i = 0; i < ZW_CT_N_TIMEOUTS; i++) {
        static const char expected[] = "a time from 1s to 365d, such as 90s, 5m, 12h or 1d";

        if (!values[i] || !zw_reader_text(r, values[i], expected)) {
            continue;
        }
        r->policy->timeouts.s[i] = parse_duration(values[i]->text);
        if (!r->policy->timeouts.s[i]) {
            zw_reader_problem(r, values[i], "\"%s\"; expected %s", zw_reader_excerpt(r, values[i]), expected);
        }
    }
}

static void read_sessions(struct zw_reader *r, const struct zw_yaml_node *node)
{
    const char *text = node->type == ZW_YAML_TEXT && node->plain ? node->text : "";
    size_t n_digits = strspn(text, "0123456789");
    unsigned long n = n_digits && n_digits <= 9 && !text[n_digits] ? strtoul(text, NULL, 10) : 0;

    if (!n || n > ZW_POLICY_MAX_SESSIONS) {
        zw_reader_problem(r, node, "expected sessions as a number from 1 to %u", ZW_POLICY_MAX_SESSIONS);
        return;
    }
    r->policy->max_sessions = (uint32_t)n;
}

void zw_reader_conntrack(struct zw_reader *r, const struct zw_yaml_node *node)
{
    static const struct zw_reader_key keys[] = {{"timeouts", false}, {"sessions", false}, {NULL, false}};
    const struct zw_yaml_node *values[2];

    if (r->conntrack_file) {
        zw_reader_problem(r, node, "\"conntrack\" is given twice; the first is in %s, line %d", r->conntrack_file,
                          r->conntrack_line);
        return;
    }
    r->conntrack_file = r->file;
    r->conntrack_line = node->line;
    if (!zw_reader_map(r, node, "conntrack", keys, values)) {
        return;
    }
    if (values[0]) {
        read_timeouts(r, values[0]);
    }
    if (values[1]) {
        read_sessions(r, values[1]);
    }
}
