/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/policy/policy.h"
#include "controller/policy/yaml.h"

#define PLAIN_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-"
/* Longer lists have a line for each member. */
#define SHORT_LIST 6

/* Unquoted if no YAML reader could take it for anything but this text. */
static void print_text(FILE *f, const char *text)
{
    if (*text && !text[strspn(text, PLAIN_CHARACTERS)] && !strchr("-.", *text) && !zw_yaml_needs_quotes(text)) {
        fputs(text, f);
        return;
    }
    fputc('"', f);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            fputc('\\', f);
        }
        fputc(*text, f);
    }
    fputc('"', f);
}

/* "KEY: [A, B]", or a line for each, at 'indent'. */
static void print_list(FILE *f, int indent, const char *key, size_t n, void (*print)(FILE *, const void *, size_t),
                       const void *list)
{
    fprintf(f, "%*s%s:%s", indent, "", key, n > SHORT_LIST ? "\n" : " [");
    for (size_t i = 0; i < n; i++) {
        if (n > SHORT_LIST) {
            fprintf(f, "%*s- ", indent + 2, "");
        } else if (i) {
            fputs(", ", f);
        }
        print(f, list, i);
        fputs(n > SHORT_LIST ? "\n" : "", f);
    }
    fputs(n > SHORT_LIST ? "" : "]\n", f);
}

static void print_prefix(FILE *f, const void *list_, size_t i)
{
    const struct zw_prefixes *list = list_;
    char buf[ZW_PREFIX_STRLEN];

    print_text(f, zw_prefix_format(&list->list[i], buf));
}

static void print_zone_name(FILE *f, const void *set_, size_t i)
{
    const struct zw_zone_set *set = set_;

    print_text(f, set->list[i]->name);
}

static void print_item(FILE *f, const void *service_, size_t i)
{
    const struct zw_service *service = service_;
    struct zw_service one = {.items = &service->items[i], .n = 1};
    char *text = zw_service_format(&one);

    print_text(f, text);
    free(text);
}

static void print_range(FILE *f, const void *ranges_, size_t i)
{
    const struct zw_port_ranges *ranges = ranges_;
    const struct zw_port_range *range = &ranges->list[i];

    if (range->first == range->last) {
        fprintf(f, "%u", range->first);
    } else {
        fprintf(f, "%u-%u", range->first, range->last);
    }
}

static void print_vlans(FILE *f, const void *list_, size_t i)
{
    const struct zw_vlan_range *list = list_;

    fprintf(f, "%u", list[i].first);
    if (list[i].last != list[i].first) {
        fprintf(f, "-%u", list[i].last);
    }
}

static void print_mac(FILE *f, const void *list, size_t i)
{
    char buf[ZW_MAC_STRLEN];

    print_text(f, zw_mac_format((const struct zw_mac *)list + i, buf));
}

static void print_addr(FILE *f, const void *list, size_t i)
{
    char buf[ZW_ADDR_STRLEN];

    print_text(f, zw_addr_format((const struct zw_addr *)list + i, buf));
}

static void print_selector(FILE *f, const struct zw_selector *s)
{
    static const char *const keys[] = {
        [ZW_SELECT_NAME] = "name",
        [ZW_SELECT_IFACE_ID] = "iface-id",
        [ZW_SELECT_EXTERNAL_ID] = "external-id",
        [ZW_SELECT_MAC] = "mac",
    };
    char *value = s->key ? zw_xasprintf("%s=%s", s->key, s->value) : zw_xstrdup(s->value);

    fprintf(f, "      - %s: ", keys[s->type]);
    print_text(f, value);
    fputc('\n', f);
    free(value);
    if (s->n_vlans) {
        print_list(f, 8, "vlans", s->n_vlans, print_vlans, s->vlans);
    }
    if (s->n_macs) {
        print_list(f, 8, "macs", s->n_macs, print_mac, s->macs);
    }
    if (s->n_addresses) {
        print_list(f, 8, "addresses", s->n_addresses, print_addr, s->addresses);
    }
}

static void print_guard(FILE *f, const struct zw_guard *guard)
{
    if (!guard->is_on) {
        return;
    }
    fprintf(f, "    guard:\n      mac: %s\n      ip: %s\n", guard->mac ? "true" : "false",
            guard->ip ? "true" : "false");
    if (guard->learns_dhcp || guard->learns_nd) {
        fprintf(f, "      learn: [%s%s%s]\n", guard->learns_dhcp ? "dhcp" : "",
                guard->learns_dhcp && guard->learns_nd ? ", " : "", guard->learns_nd ? "nd" : "");
    }
    if (guard->learn_addresses.n) {
        print_list(f, 6, "learn-addresses", guard->learn_addresses.n, print_prefix, &guard->learn_addresses);
    }
    fprintf(f, "      dhcp-server: %s\n      router: %s\n", guard->allows_dhcp_server ? "allow" : "deny",
            guard->allows_router ? "allow" : "deny");
}

static void print_zone(FILE *f, const struct zw_zone *zone)
{
    fputs("  ", f);
    print_text(f, zone->name);
    fputs(":\n", f);
    if (zone->behind) {
        fputs("    behind: ", f);
        print_text(f, zone->behind->name);
        fputc('\n', f);
        print_list(f, 4, "addresses", zone->addresses.n, print_prefix, &zone->addresses);
        return;
    }
    fputs(zone->n_selectors ? "    ports:\n" : "", f);
    for (size_t i = 0; i < zone->n_selectors; i++) {
        print_selector(f, &zone->selectors[i]);
    }
    print_guard(f, &zone->guard);
    fputs(zone->is_isolated ? "    isolated: true\n" : "", f);
    if (zone->fragments != ZW_FRAGMENTS_BY_DATAPATH) {
        fprintf(f, "    fragments: %s\n", zone->fragments == ZW_FRAGMENTS_ALLOW ? "allow" : "deny");
    }
    fprintf(f, "    trust-external-id: %s\n", zone->trusts_external_id ? "true" : "false");
}

static void print_zone_set(FILE *f, const char *key, const struct zw_zone_set *set)
{
    if (set->n) {
        print_list(f, 4, key, set->n, print_zone_name, set);
    } else {
        fprintf(f, "    %s: any\n", key);
    }
}

static void print_addresses(FILE *f, const char *key, const struct zw_prefixes *set)
{
    if (set->n) {
        print_list(f, 4, key, set->n, print_prefix, set);
    }
}

static void print_rule(FILE *f, const struct zw_rule *rule)
{
    fputs("  - name: ", f);
    print_text(f, rule->name);
    fputc('\n', f);
    print_zone_set(f, "from", &rule->from);
    print_zone_set(f, "to", &rule->to);
    print_addresses(f, "from-addresses", &rule->from_addresses);
    print_addresses(f, "to-addresses", &rule->to_addresses);
    if (rule->service.n) {
        print_list(f, 4, "service", rule->service.n, print_item, &rule->service);
    } else {
        fputs("    service: any\n", f);
    }
    if (rule->from_ports.n) {
        print_list(f, 4, "from-ports", rule->from_ports.n, print_range, &rule->from_ports);
    }
    fprintf(f, "    action: %s\n", zw_action_name(rule->action));
    if (rule->action == ZW_ASK) {
        fprintf(f, "    otherwise: %s\n", zw_action_name(rule->otherwise));
    }
    fprintf(f, "    log: %s\n", zw_log_level_name(rule->log));
}

/* In the unit that says it shortest. */
static void print_duration(FILE *f, uint32_t s)
{
    static const struct {
        uint32_t s;
        char unit;
    } units[] = {{24 * 60 * 60, 'd'}, {60 * 60, 'h'}, {60, 'm'}, {1, 's'}};
    size_t i = 0;

    while (s % units[i].s) {
        i++;
    }
    fprintf(f, "%u%c", s / units[i].s, units[i].unit);
}

static void print_conntrack(FILE *f, const struct zw_policy *policy)
{
    bool any = false;

    if (policy->max_sessions) {
        fprintf(f, "conntrack:\n  sessions: %u\n", policy->max_sessions);
    }
    for (int i = 0; i < ZW_CT_N_TIMEOUTS; i++) {
        if (!policy->timeouts.s[i]) {
            continue;
        }
        if (!any) {
            fputs(policy->max_sessions ? "  timeouts:\n" : "conntrack:\n  timeouts:\n", f);
        }
        fputs("    ", f);
        any = true;
        for (const char *p = zw_ct_timeout_name((enum zw_ct_timeout)i); *p; p++) {
            fputc(*p == '_' ? '-' : *p, f);
        }
        fputs(": ", f);
        print_duration(f, policy->timeouts.s[i]);
        fputc('\n', f);
    }
}

static void print_zones(FILE *f, const struct zw_policy *policy)
{
    fputs(policy->n_zones ? "zones:\n" : "zones: {}\n", f);
    for (size_t i = 0; i < policy->n_zones; i++) {
        print_zone(f, policy->zones[i]);
    }
}

char *zw_policy_format_zones(const struct zw_policy *policy)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    if (!f) {
        return zw_xstrdup("");
    }
    print_zones(f, policy);
    return fclose(f) ? zw_xstrdup("") : text;
}

char *zw_policy_format(const struct zw_policy *policy)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    if (!f) {
        return zw_xstrdup("");
    }
    fprintf(f, "version: %d\n", ZW_POLICY_FORMAT);
    print_zones(f, policy);
    fprintf(f, "defaults:\n  action: %s\n  log: %s\n", zw_action_name(policy->default_action),
            zw_log_level_name(policy->default_log));
    fputs(policy->pickup == ZW_PICKUP_LOOSE ? "  pickup: loose\n" : "", f);
    fputs(policy->logs_drops ? "  log-drops: true\n" : "", f);
    print_conntrack(f, policy);
    fputs(policy->n_rules ? "rules:\n" : "rules: []\n", f);
    for (size_t i = 0; i < policy->n_rules; i++) {
        print_rule(f, &policy->rules[i]);
    }
    return fclose(f) ? zw_xstrdup("") : text;
}
