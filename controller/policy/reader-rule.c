/* SPDX-License-Identifier: Apache-2.0 */
/* The sections "rules" and "defaults". */
#include "zw-config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/policy/flow-count.h"
#include "controller/policy/reader.h"
#include "controller/policy/service.h"

enum {
    KEY_NAME,
    KEY_FROM,
    KEY_TO,
    KEY_FROM_ADDRESSES,
    KEY_TO_ADDRESSES,
    KEY_SERVICE,
    KEY_FROM_PORTS,
    KEY_ACTION,
    KEY_OTHERWISE,
    KEY_LOG,
    KEY_LATER,
    N_KEYS = KEY_LATER + 3
};
static const struct zw_reader_key keys[] = {
    [KEY_NAME] = {"name", false},
    [KEY_FROM] = {"from", false},
    [KEY_TO] = {"to", false},
    [KEY_FROM_ADDRESSES] = {"from-addresses", false},
    [KEY_TO_ADDRESSES] = {"to-addresses", false},
    [KEY_SERVICE] = {"service", false},
    [KEY_FROM_PORTS] = {"from-ports", false},
    [KEY_ACTION] = {"action", false},
    [KEY_OTHERWISE] = {"otherwise", false},
    [KEY_LOG] = {"log", false},
    [KEY_LATER] = {"to-names", true},
    [KEY_LATER + 1] = {"stage", true},
    [KEY_LATER + 2] = {"when-down", true},
    [N_KEYS] = {NULL, false},
};

static const struct zw_reader_word action_words[] = {
    {"allow", ZW_ALLOW, false}, {"deny", ZW_DENY, false}, {"reject", ZW_REJECT, false},
    {"ask", ZW_ASK, false},     {NULL, -1, false},
};

enum { DEFAULT_ACTION, DEFAULT_LOG, DEFAULT_LOG_DROPS, DEFAULT_PICKUP, DEFAULT_WHEN_DOWN, N_DEFAULTS };

void zw_reader_defaults(struct zw_reader *r, const struct zw_yaml_node *node)
{
    static const struct zw_reader_key default_keys[] = {
        [DEFAULT_ACTION] = {"action", false},       [DEFAULT_LOG] = {"log", false},
        [DEFAULT_LOG_DROPS] = {"log-drops", false}, [DEFAULT_PICKUP] = {"pickup", false},
        [DEFAULT_WHEN_DOWN] = {"when-down", true},  [N_DEFAULTS] = {NULL, false}};
    static const struct zw_reader_word pickup_words[] = {
        {"strict", ZW_PICKUP_STRICT, false}, {"loose", ZW_PICKUP_LOOSE, false}, {NULL, -1, false}};
    const struct zw_yaml_node *values[N_DEFAULTS];
    int value;

    if (r->defaults_file) {
        zw_reader_problem(r, node, "\"defaults\" is given twice; the first is in %s, line %d", r->defaults_file,
                          r->defaults_line);
        return;
    }
    r->defaults_file = r->file;
    r->defaults_line = node->line;
    if (!zw_reader_map(r, node, "defaults", default_keys, values)) {
        return;
    }
    if (values[DEFAULT_ACTION]) {
        value = zw_reader_word(r, values[DEFAULT_ACTION], "action", zw_reader_final_action_words);
        r->policy->default_action = value < 0 ? ZW_DENY : (enum zw_action)value;
    }
    if (values[DEFAULT_LOG]) {
        value = zw_reader_word(r, values[DEFAULT_LOG], "log", zw_reader_log_words);
        r->policy->default_log = value < 0 ? ZW_LOG_DENIED : (enum zw_log_level)value;
    }
    if (values[DEFAULT_LOG_DROPS]) {
        zw_reader_bool(r, values[DEFAULT_LOG_DROPS], &r->policy->logs_drops);
    }
    if (values[DEFAULT_PICKUP]) {
        value = zw_reader_word(r, values[DEFAULT_PICKUP], "pickup", pickup_words);
        r->policy->pickup = value == ZW_PICKUP_LOOSE ? ZW_PICKUP_LOOSE : ZW_PICKUP_STRICT;
    }
}

static int compare_zone_names(const void *a, const void *b)
{
    return strcmp((*(const struct zw_zone *const *)a)->name, (*(const struct zw_zone *const *)b)->name);
}

static void add_zone(struct zw_reader *r, const struct zw_yaml_node *node, struct zw_zone_set *set)
{
    static const char expected[] = "a zone, a list of zones, or any";
    const struct zw_zone *zone;

    if (!zw_reader_any_text(r, node, expected)) {
        return;
    }
    if (!strcmp(node->text, "any")) {
        zw_reader_problem(r, node, "\"any\" in a list; expected any alone, or the list without it");
        return;
    }
    zone = zw_policy_zone_by_name(r->policy, node->text);
    if (zone) {
        set->list[set->n++] = zone;
    } else {
        zw_reader_undefined(r, node, "zone", "zones", &r->policy->private_->frame->zones);
    }
}

static void sort_zones(struct zw_reader *r, const struct zw_yaml_node *node, struct zw_zone_set *set)
{
    size_t n = 0;

    qsort(set->list, set->n, sizeof *set->list, compare_zone_names);
    for (size_t i = 0; i < set->n; i++) {
        if (n && set->list[n - 1] == set->list[i]) {
            zw_reader_problem(r, node, "zone \"%s\" is listed twice; expected it once", set->list[i]->name);
        } else {
            set->list[n++] = set->list[i];
        }
    }
    set->n = n;
}

static void read_zones(struct zw_reader *r, const struct zw_yaml_node *node, struct zw_zone_set *set)
{
    const struct zw_yaml_node *item;
    struct zw_reader_list list;

    if (node->type == ZW_YAML_TEXT && !strcmp(node->text, "any")) {
        return;
    }
    if (!zw_reader_list(r, node, "a zone, a list of zones, or any", &list)) {
        return;
    }
    set->list = zw_pool_calloc(r->pool, list.n, sizeof(struct zw_zone *));
    item = list.first;
    for (size_t i = 0; i < list.n; i++, item = item->next) {
        add_zone(r, item, set);
    }
    sort_zones(r, node, set);
}

/* Which families may match: a set of these. */
enum { MAY_IPV4 = 1, MAY_IPV6 = 2, MAY_BOTH = MAY_IPV4 | MAY_IPV6 };

static int families_of_addresses(const struct zw_prefixes *set)
{
    int families = set->n ? 0 : MAY_BOTH;

    if (set->n) {
        /* Sorted: IPv4 first. */
        families |= set->list[0].addr.family == ZW_IPV4 ? MAY_IPV4 : 0;
        families |= set->list[set->n - 1].addr.family == ZW_IPV6 ? MAY_IPV6 : 0;
    }
    return families;
}

static int families_of_zones(const struct zw_zone_set *set)
{
    int families = set->n ? 0 : MAY_BOTH;

    for (size_t i = 0; i < set->n; i++) {
        families |= set->list[i]->behind ? families_of_addresses(&set->list[i]->addresses) : MAY_BOTH;
    }
    return families;
}

static int families_of_service(const struct zw_service *service)
{
    int families = service->n ? 0 : MAY_BOTH;

    for (size_t i = 0; i < service->n; i++) {
        uint8_t family = service->items[i].family;

        families |= family == ZW_IPV4 ? MAY_IPV4 : family == ZW_IPV6 ? MAY_IPV6 : MAY_BOTH;
    }
    return families;
}

static const char *family_name(int families)
{
    return families == MAY_IPV4 ? "IPv4" : "IPv6";
}

/* A rule whose parts have no address family in common can never match: surely not what was meant. */
static void check_families(struct zw_reader *r, const struct zw_yaml_node *const values[], const struct zw_rule *rule)
{
    const struct {
        const struct zw_yaml_node *node;
        int families;
    } parts[] = {
        {values[KEY_FROM], families_of_zones(&rule->from)},
        {values[KEY_FROM_ADDRESSES], families_of_addresses(&rule->from_addresses)},
        {values[KEY_TO], families_of_zones(&rule->to)},
        {values[KEY_TO_ADDRESSES], families_of_addresses(&rule->to_addresses)},
        {values[KEY_SERVICE], families_of_service(&rule->service)},
    };
    const char *narrowed_by = NULL;
    int families = MAY_BOTH;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].families != MAY_BOTH && !(families & parts[i].families)) {
            zw_reader_problem(r, parts[i].node,
                              "the rule can never match: \"%s\" is %s only and \"%s\" is %s only; "
                              "expected a family in common",
                              narrowed_by, family_name(families), parts[i].node->key->text,
                              family_name(parts[i].families));
            return;
        }
        if (parts[i].families != MAY_BOTH) {
            families = parts[i].families;
            narrowed_by = parts[i].node->key->text;
        }
    }
}

static bool has_ports(const struct zw_service *service)
{
    for (size_t i = 0; i < service->n; i++) {
        if (!zw_protocol_has_ports(service->items[i].proto)) {
            return false;
        }
    }
    return service->n;
}

static void check_from_ports(struct zw_reader *r, const struct zw_yaml_node *const values[], const struct zw_rule *rule)
{
    if (!values[KEY_SERVICE] ||
        (values[KEY_SERVICE]->type == ZW_YAML_TEXT && !strcmp(values[KEY_SERVICE]->text, "any")) ||
        (rule->service.n && !has_ports(&rule->service))) {
        zw_reader_problem(
            r, values[KEY_FROM_PORTS]->key,
            "\"from-ports\" without protocols that have ports; expected a service of tcp, udp or sctp only");
    }
}

static bool has_ether_type(const struct zw_service *service)
{
    for (size_t i = 0; i < service->n; i++) {
        if (service->items[i].eth_type) {
            return true;
        }
    }
    return false;
}

static bool are_all_behind(const struct zw_zone_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        if (!set->list[i]->behind) {
            return false;
        }
    }
    return set->n;
}

/* What is not IP has no addresses, and nobody to ask or to answer. */
static void check_ether_types(struct zw_reader *r, const struct zw_yaml_node *const values[],
                              const struct zw_rule *rule)
{
    const struct zw_yaml_node *behind = are_all_behind(&rule->from) ? values[KEY_FROM]
                                        : are_all_behind(&rule->to) ? values[KEY_TO]
                                                                    : NULL;
    const struct zw_yaml_node *addresses =
        rule->from_addresses.n ? values[KEY_FROM_ADDRESSES] : values[KEY_TO_ADDRESSES];

    if (addresses) {
        zw_reader_problem(r, addresses->key,
                          "\"%s\" with an EtherType, which has no addresses; expected it only with IP",
                          addresses->key->text);
    } else if (behind) {
        zw_reader_problem(r, behind,
                          "only zones behind others with an EtherType, which has no addresses; expected a zone "
                          "with ports");
    } else if (values[KEY_ACTION] && rule->action != ZW_ALLOW && rule->action != ZW_DENY) {
        zw_reader_problem(r, values[KEY_ACTION], "%s with an EtherType; expected allow or deny",
                          values[KEY_ACTION]->text);
    }
}

static void read_name(struct zw_reader *r, const struct zw_yaml_node *rule_node, const struct zw_yaml_node *node,
                      struct zw_rule *rule)
{
    const struct zw_rule *earlier;
    char name[32];

    snprintf(name, sizeof name, "rule-%u", rule->number);
    rule->is_named = node;
    rule->name = node ? zw_reader_name(r, node, "a rule") : zw_pool_strdup(r->pool, name);
    if (!rule->name) {
        rule->name = "";
        return;
    }
    if (!strcmp(rule->name, "default")) {
        zw_reader_problem(r, node ? node : rule_node,
                          "\"default\" names what happens where no rule matches; expected another name");
        return;
    }
    earlier = zw_names_add(&r->rules, rule->name, rule);
    if (earlier) {
        zw_reader_problem(r, node ? node : rule_node,
                          "rule \"%s\" is defined already in %s, line %d; expected another name", rule->name,
                          earlier->file, earlier->line);
    }
}

static void read_verdict(struct zw_reader *r, const struct zw_yaml_node *const values[], struct zw_rule *rule)
{
    int action = values[KEY_ACTION] ? zw_reader_word(r, values[KEY_ACTION], "action", action_words) : -1;
    int value;

    rule->action = action < 0 ? ZW_DENY : (enum zw_action)action;
    rule->otherwise = ZW_DENY;
    rule->log = r->policy->default_log;
    if (values[KEY_OTHERWISE]) {
        value = zw_reader_word(r, values[KEY_OTHERWISE], "otherwise", zw_reader_final_action_words);
        rule->otherwise = value < 0 ? ZW_DENY : (enum zw_action)value;
        if (action >= 0 && action != ZW_ASK) {
            zw_reader_problem(r, values[KEY_OTHERWISE]->key,
                              "\"otherwise\" with action %s; expected it only with action ask",
                              zw_action_name(rule->action));
        }
    }
    if (values[KEY_LOG]) {
        value = zw_reader_word(r, values[KEY_LOG], "log", zw_reader_log_words);
        rule->log = value < 0 ? ZW_LOG_NONE : (enum zw_log_level)value;
    }
}

static void check_required(struct zw_reader *r, const struct zw_yaml_node *node,
                           const struct zw_yaml_node *const values[])
{
    static const struct {
        int key;
        const char *expected;
    } required[] = {
        {KEY_FROM, "a zone, a list of zones, or any"},
        {KEY_TO, "a zone, a list of zones, or any"},
        {KEY_ACTION, "allow, deny, reject or ask"},
    };

    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
        if (!values[required[i].key]) {
            zw_reader_problem(r, node, "the rule has no \"%s\"; expected %s", keys[required[i].key].name,
                              required[i].expected);
        }
    }
}

void zw_reader_rule(struct zw_reader *r, const struct zw_yaml_node *node, struct zw_rule *rule)
{
    const struct zw_yaml_node *values[N_KEYS];
    size_t n_problems = r->problems->n + r->problems->n_dropped;

    rule->file = r->file;
    rule->line = node->line;
    if (!zw_reader_map(r, node, "a rule", keys, values)) {
        return;
    }
    check_required(r, node, values);
    read_name(r, node, values[KEY_NAME], rule);
    if (values[KEY_FROM]) {
        read_zones(r, values[KEY_FROM], &rule->from);
    }
    if (values[KEY_TO]) {
        read_zones(r, values[KEY_TO], &rule->to);
    }
    if (values[KEY_FROM_ADDRESSES]) {
        zw_reader_addresses(r, values[KEY_FROM_ADDRESSES], true, &rule->from_addresses);
    }
    if (values[KEY_TO_ADDRESSES]) {
        zw_reader_addresses(r, values[KEY_TO_ADDRESSES], true, &rule->to_addresses);
    }
    if (values[KEY_SERVICE]) {
        zw_reader_service(r, values[KEY_SERVICE], true, &rule->service);
        rule->service_below = values[KEY_SERVICE]->line - node->line;
        rule->service_column = values[KEY_SERVICE]->column;
    }
    if (values[KEY_FROM_PORTS]) {
        zw_reader_port_ranges(r, values[KEY_FROM_PORTS], &rule->from_ports);
        check_from_ports(r, values, rule);
    }
    read_verdict(r, values, rule);
    if (r->problems->n + r->problems->n_dropped == n_problems) {
        check_families(r, values, rule);
        if (has_ether_type(&rule->service)) {
            check_ether_types(r, values, rule);
        }
        rule->n_flows = zw_rule_count_flows(rule);
    }
}

/* The rule that is one too many is said, but not those behind it. */
static void add_flows(struct zw_reader *r, const struct zw_yaml_node *node, const struct zw_rule *rule)
{
    bool was_too_many = r->n_flows > ZW_POLICY_MAX_FLOWS;

    r->n_flows += rule->n_flows;
    if (r->n_flows > ZW_POLICY_MAX_FLOWS && !was_too_many) {
        zw_reader_problem(r, node,
                          "too many flows: rule \"%s\" alone makes %" PRIu32 "%s, and all up to it make %" PRIu64
                          "; expected no more than %u in one policy",
                          rule->name, rule->n_flows, rule->n_flows == UINT32_MAX ? " or more" : "", r->n_flows,
                          ZW_POLICY_MAX_FLOWS);
    }
}

void zw_reader_rules(struct zw_reader *r, const struct zw_yaml_node *node)
{
    struct zw_policy *policy = r->policy;

    if (node->type != ZW_YAML_LIST) {
        zw_reader_problem(r, node, "%s; expected a list of rules, or [] for none", zw_yaml_type_name(node));
        return;
    }
    for (const struct zw_yaml_node *m = node->first; m; m = m->next) {
        struct zw_rule *rule = &policy->rules[policy->n_rules];

        if (policy->n_rules == ZW_POLICY_MAX_RULES) {
            zw_reader_problem(r, m, "more than %d rules; expected no more in one policy", ZW_POLICY_MAX_RULES);
            return;
        }
        rule->number = (uint32_t)++policy->n_rules;
        zw_reader_rule(r, m, rule);
        add_flows(r, m, rule);
    }
}
