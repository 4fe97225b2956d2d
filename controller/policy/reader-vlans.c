/* SPDX-License-Identifier: Apache-2.0 */
/* The key "vlans" of a port selector. */
#include "zw-config.h"

#include <stdlib.h>
#include <string.h>

#include "controller/policy/reader.h"

static const char expected[] = "a VLAN or a range of VLANs, 0 to 4095, such as 300 or 100-199";

/* Decimal digits without a leading zero; moves '*s' behind them. */
static bool parse_vlan(const char **s, uint16_t *vlan)
{
    size_t n = strspn(*s, "0123456789");
    unsigned long value = n ? strtoul(*s, NULL, 10) : 0;

    if (n < 1 || n > 4 || (n > 1 && **s == '0') || value >= ZW_N_VLANS) {
        return false;
    }
    *s += n;
    *vlan = (uint16_t)value;
    return true;
}

static bool parse_range(const char *s, struct zw_vlan_range *range)
{
    if (!parse_vlan(&s, &range->first)) {
        return false;
    }
    range->last = range->first;
    if (*s == '-') {
        s++;
        return parse_vlan(&s, &range->last) && !*s;
    }
    return !*s;
}

static bool overlap(const struct zw_vlan_range *a, const struct zw_vlan_range *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static void add_range(struct zw_reader *r, const struct zw_yaml_node *node, struct zw_selector *s)
{
    struct zw_vlan_range range;

    /* A number is as good as a text here, so nobody has to quote it. */
    if (node->type != ZW_YAML_TEXT || !*node->text) {
        zw_reader_problem(r, node, "%s; expected %s", zw_yaml_type_name(node), expected);
        return;
    }
    if (!parse_range(node->text, &range)) {
        zw_reader_problem(r, node, "\"%s\"; expected %s", zw_reader_excerpt(r, node), expected);
        return;
    }
    if (range.first > range.last) {
        zw_reader_problem(r, node, "\"%s\" is upside down; expected the lower VLAN first", zw_reader_excerpt(r, node));
        return;
    }
    for (size_t i = 0; i < s->n_vlans; i++) {
        if (overlap(&s->vlans[i], &range)) {
            uint16_t vlan = range.first > s->vlans[i].first ? range.first : s->vlans[i].first;

            zw_reader_problem(r, node, "VLAN %u is listed already; expected each VLAN once", vlan);
            return;
        }
    }
    s->vlans[s->n_vlans++] = range;
}

static int compare(const void *a_, const void *b_)
{
    const struct zw_vlan_range *a = a_, *b = b_;

    return (a->first > b->first) - (a->first < b->first);
}

void zw_reader_vlans(struct zw_reader *r, const struct zw_yaml_node *node, struct zw_selector *s)
{
    struct zw_reader_list list;
    size_t n = 1;

    if (!zw_reader_list(r, node, expected, &list)) {
        return;
    }
    s->vlans = zw_pool_calloc(r->pool, list.n, sizeof *s->vlans);
    for (const struct zw_yaml_node *m = list.first; m && list.n; m = m->next, list.n--) {
        add_range(r, m, s);
    }
    qsort(s->vlans, s->n_vlans, sizeof *s->vlans, compare);
    for (size_t i = 1; i < s->n_vlans; i++) { /* 100 and 101-110 are one. */
        if (s->vlans[i].first == s->vlans[n - 1].last + 1) {
            s->vlans[n - 1].last = s->vlans[i].last;
        } else {
            s->vlans[n++] = s->vlans[i];
        }
    }
    s->n_vlans = s->n_vlans ? n : 0;
}

int zw_selector_common_vlan(const struct zw_selector *a, const struct zw_selector *b)
{
    for (size_t i = 0; i < a->n_vlans; i++) {
        for (size_t j = 0; j < b->n_vlans; j++) {
            if (overlap(&a->vlans[i], &b->vlans[j])) {
                return a->vlans[i].first > b->vlans[j].first ? a->vlans[i].first : b->vlans[j].first;
            }
        }
    }
    return -1;
}
