/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/explain.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/base/names.h"
#include "controller/policy/icmp.h"
#include "controller/policy/service.h"

#define CLIENT_PORT 49152 /* The first of the dynamic ports (RFC 6335), if none is named. */

/* Names. */

static const struct zw_port *find_port(const struct zw_inventory *inventory, const char *name)
{
    for (size_t i = 0; inventory && i < inventory->n_bridges; i++) {
        const struct zw_port *port = zw_bridge_port_by_name(&inventory->bridges[i], name);
        if (port) {
            return port;
        }
    }
    return NULL;
}

/* What a name may stand for. */
struct kinds {
    bool zone, port;
};

static void add_unknown(const struct zw_policy *policy, const struct zw_inventory *inventory, struct kinds kinds,
                        const char *name, struct zw_problems *problems)
{
    const char *what = kinds.zone ? kinds.port && inventory ? "zone or port" : "zone" : "port";
    struct zw_suggestion suggestion;

    zw_suggestion_start(&suggestion, name);
    for (size_t i = 0; kinds.zone && i < policy->n_zones; i++) {
        zw_suggestion_try(&suggestion, policy->zones[i]->name);
    }
    for (size_t i = 0; kinds.port && inventory && i < inventory->n_bridges; i++) {
        for (size_t j = 0; j < inventory->bridges[i].n_ports; j++) {
            zw_suggestion_try(&suggestion, inventory->bridges[i].ports[j].name);
        }
    }
    if (suggestion.best) {
        zw_problems_add(problems, NULL, 0, 0, "there is no %s \"%s\" (did you mean \"%s\"?)", what, name,
                        suggestion.best);
    } else {
        zw_problems_add(problems, NULL, 0, 0, "there is no %s \"%s\"", what, name);
    }
}

/* "uplink0/100": the port, and the VLAN.  NULL: it is not that. */
static const struct zw_port *find_port_and_vlan(const struct zw_inventory *inventory, const char *text, int *vlan)
{
    const char *slash = strrchr(text, '/');
    size_t n_digits = slash ? strspn(slash + 1, "0123456789") : 0;

    if (n_digits < 1 || n_digits > 4 || slash[1 + n_digits] || atoi(slash + 1) >= (int)ZW_N_VLANS) {
        return NULL;
    }
    char *name = zw_xasprintf("%.*s", (int)(slash - text), text);
    const struct zw_port *port = find_port(inventory, name);
    free(name);
    *vlan = port ? atoi(slash + 1) : -1;
    return port;
}

/* The zone of the port that 'end' names. */
static bool find_port_zone(const struct zw_policy *policy, struct zw_endpoint *end, struct zw_problems *problems)
{
    struct zw_claim *claims, claim;

    if (end->vlan >= 0) {
        if (!zw_port_carries(end->port, (unsigned int)end->vlan)) {
            zw_problems_add(problems, NULL, 0, 0, "port \"%s\" does not carry VLAN %d", end->port->name, end->vlan);
            return false;
        }
        end->port_zone = zw_policy_zone_of_port(policy, end->port, (unsigned int)end->vlan, &claim);
        end->membership = claim.membership;
        return true;
    }
    size_t n = zw_policy_carried_claims(policy, end->port, &claims);
    if (n > 1) {
        zw_problems_add(problems, NULL, 0, 0,
                        "port \"%s\" is not of one zone in all its VLANs: say in which, as in %s/%u", end->port->name,
                        end->port->name, claims[0].first);
    }
    end->port_zone = claims->zone;
    end->membership = claims->membership;
    free(claims);
    return n == 1;
}

/* Finds the zone or port called 'name'.  '*zone' gets a zone as it was named, also one behind another. */
static bool find_name(const struct zw_policy *policy, const struct zw_inventory *inventory, const char *name,
                      struct zw_endpoint *end, const struct zw_zone **zone, struct zw_problems *problems)
{
    struct kinds kinds = {.zone = strncmp(name, "port:", 5) != 0, .port = strncmp(name, "zone:", 5) != 0};

    name += kinds.zone && kinds.port ? 0 : 5;
    *zone = kinds.zone ? zw_policy_zone_by_name(policy, name) : NULL;
    end->vlan = -1;
    end->port = *zone || !kinds.port ? NULL : find_port(inventory, name);
    if (!*zone && !end->port && kinds.port) {
        end->port = find_port_and_vlan(inventory, name, &end->vlan);
    }
    if (*zone) {
        end->port_zone = (*zone)->behind ? (*zone)->behind : *zone;
    } else if (end->port) {
        return find_port_zone(policy, end, problems);
    } else {
        add_unknown(policy, inventory, kinds, name, problems);
        return false;
    }
    return true;
}

/* An address alone: the zone behind another that has the longest prefix with it. */
static bool find_address(const struct zw_policy *policy, const char *text, struct zw_endpoint *end,
                         struct zw_problems *problems)
{
    int best = -1;

    for (size_t i = 0; i < policy->n_zones; i++) {
        const struct zw_zone *zone = policy->zones[i];
        for (size_t j = 0; zone->behind && j < zone->addresses.n; j++) {
            const struct zw_prefix *prefix = &zone->addresses.list[j];
            if (prefix->n_bits > best && zw_prefix_contains(prefix, &end->addr)) {
                best = prefix->n_bits;
                end->port_zone = zone->behind;
            }
        }
    }
    if (best < 0) {
        zw_problems_add(problems, NULL, 0, 0,
                        "no zone \"behind\" another has %s: say which zone or port it is at, as in ZONE@%s", text,
                        text);
    }
    return best >= 0;
}

/* An address that stands for 'zone', which is behind another; of 'family', or any for 0. */
static void pick_address(const struct zw_policy *policy, const struct zw_zone *zone, uint8_t family,
                         struct zw_endpoint *end)
{
    for (size_t i = 0; i < zone->addresses.n; i++) {
        const struct zw_addr *addr = &zone->addresses.list[i].addr;
        if ((!family || addr->family == family) && zw_zone_at(policy, end->port_zone, addr) == zone) {
            end->addr = *addr;
            return;
        }
    }
}

static bool parse_end(const struct zw_policy *policy, const struct zw_inventory *inventory, const char *text,
                      struct zw_endpoint *end, const struct zw_zone **zone, struct zw_problems *problems)
{
    const char *at = strrchr(text, '@');

    *zone = NULL;
    end->vlan = -1;
    if (zw_addr_parse(text, &end->addr)) {
        end->has_addr = true;
        return find_address(policy, text, end, problems);
    } else if (!at) {
        return find_name(policy, inventory, text, end, zone, problems);
    }
    if (!zw_addr_parse(at + 1, &end->addr)) {
        zw_problems_add(problems, NULL, 0, 0, "\"%s\" is no address", at + 1);
        return false;
    }
    end->has_addr = true;
    char *name = zw_xasprintf("%.*s", (int)(at - text), text);
    bool ok = find_name(policy, inventory, name, end, zone, problems);
    free(name);
    return ok;
}

/* Service. */

static bool parse_service(const char *text, struct zw_service_item *item, struct zw_problems *problems)
{
    const char *wrong = zw_service_item_parse(text, item);

    if (!wrong && item->any_ports && zw_protocol_has_ports(item->proto)) {
        wrong = "expected a port, as in tcp/443";
    } else if (!wrong && !item->any_ports && item->first != item->last) {
        wrong = "expected one port, not a range";
    }
    if (wrong) {
        zw_problems_add(problems, NULL, 0, 0, "service \"%s\": %s", text, wrong);
    }
    return !wrong;
}

static void set_service(struct zw_packet_key *key, const struct zw_service_item *item)
{
    key->eth_type = item->eth_type;
    key->proto = item->proto;
    if (item->eth_type) {
        return;
    }
    if (item->proto == IPPROTO_ICMP || item->proto == IPPROTO_ICMPV6) {
        /* Without a type: echo request. */
        key->sport = item->any_ports ? item->proto == IPPROTO_ICMP ? 8 : 128 : item->first;
        key->dport = item->code > 0 ? (uint16_t)item->code : 0;
    } else if (!item->any_ports) {
        key->sport = CLIENT_PORT;
        key->dport = item->first;
    }
}

static bool set_from_port(const char *text, struct zw_explanation *explanation, struct zw_problems *problems)
{
    struct zw_port_range range;
    const char *wrong = NULL;

    if (!text) {
        return true;
    }
    if (!zw_protocol_has_ports(explanation->key.proto)) {
        wrong = "this service has no ports";
    } else if (!(wrong = zw_port_range_parse(text, &range)) && range.first != range.last) {
        wrong = "expected one port, not a range";
    }
    if (wrong) {
        zw_problems_add(problems, NULL, 0, 0, "source port \"%s\": %s", text, wrong);
        return false;
    }
    explanation->key.sport = range.first;
    explanation->has_from_port = true;
    return true;
}

/* Family of the packet: by the addresses that were named, else by the service, else IPv4.  0: they contradict. */
static uint8_t find_family(const struct zw_endpoint *from, const struct zw_endpoint *to,
                           const struct zw_service_item *item, struct zw_problems *problems)
{
    uint8_t family = item->family;
    const struct zw_endpoint *const ends[] = {from, to};

    for (size_t i = 0; i < 2; i++) {
        if (!ends[i]->has_addr) {
            continue;
        } else if (item->eth_type) {
            zw_problems_add(problems, NULL, 0, 0, "an EtherType has no addresses: name zones or ports alone");
            return 0;
        } else if (family && family != ends[i]->addr.family) {
            zw_problems_add(problems, NULL, 0, 0, "IPv4 and IPv6 do not mix: look at the addresses and the service");
            return 0;
        }
        family = ends[i]->addr.family;
    }
    return family;
}

/* "ah" of IPv6 matches nothing, and what is behind it something else. */
static bool check_header(const char *service, const struct zw_packet_key *key, struct zw_problems *problems)
{
    if (key->eth_type || key->src.family != ZW_IPV6 || !zw_ipv6_looks_past(key->proto)) {
        return true;
    }
    zw_problems_add(problems, NULL, 0, 0,
                    "service \"%s\": in IPv6 the switch looks past this header, and no rule sees it: ask about the "
                    "protocol behind it, such as tcp/443",
                    service);
    return false;
}

/* Verdict. */

static enum zw_icmp_way icmp_way(const struct zw_packet_key *key)
{
    bool is_icmp = !key->eth_type && (key->proto == IPPROTO_ICMP || key->proto == IPPROTO_ICMPV6);

    return is_icmp
               ? zw_icmp_way(key->proto == IPPROTO_ICMP ? ZW_IPV4 : ZW_IPV6, (uint8_t)key->sport, (uint8_t)key->dport)
               : ZW_ICMP_BEGINS;
}

/* What needs no rule needs the zones all the same. */
static struct zw_verdict judge(const struct zw_policy *policy, const struct zw_explanation *explanation)
{
    struct zw_verdict v = zw_decide(policy, explanation->from.port_zone, explanation->to.port_zone, &explanation->key);

    if (icmp_way(&explanation->key) == ZW_ICMP_NO_RULE && v.step != ZW_STEP_NO_ZONE && v.step != ZW_STEP_ISOLATED) {
        return (struct zw_verdict){
            .action = ZW_ALLOW, .step = ZW_STEP_DISCOVERY, .src = v.src, .dst = v.dst, .log = ZW_LOG_NONE};
    }
    return v;
}

/* Notes. */

static bool is_group(const struct zw_addr *addr)
{
    static const uint8_t broadcast[4] = {255, 255, 255, 255};

    return addr->family == ZW_IPV6 ? addr->bytes[0] == 0xff
                                   : (addr->bytes[0] & 0xf0) == 0xe0 || !memcmp(addr->bytes, broadcast, 4);
}

/* What conntrack says is not in the verdict, but a message that it never takes for a beginning does what no rule says. */
static void note_icmp(const struct zw_explanation *explanation, struct zw_problems *notes)
{
    const char *text = NULL;

    if (explanation->to.has_addr && is_group(&explanation->to.addr)) {
        return;
    }
    switch (icmp_way(&explanation->key)) {
    case ZW_ICMP_FOLLOWS:
        text = "no session begins with this message, whatever a rule says: to one receiver it passes only as an answer "
               "or error of a session that was let in";
        break;
    case ZW_ICMP_NEVER:
        text = "no session begins with a redirect, nor is it part of one: to one receiver it is dropped, whatever a "
               "rule says";
        break;
    case ZW_ICMP_KERNEL_ALONE:
        text = "only the kernel's conntrack lets a session begin with this message: on a bridge with datapath_type "
               "netdev it is dropped to one receiver, whatever a rule says";
        break;
    case ZW_ICMP_NO_RULE:
    case ZW_ICMP_BY_ITSELF:
    case ZW_ICMP_BEGINS:
        return;
    }
    zw_problems_add(notes, NULL, 0, 0, "%s", text);
}

/* The question named no address, and the answer is about IPv4. */
static void note_header(const struct zw_explanation *explanation, struct zw_problems *notes)
{
    if (!explanation->key.eth_type && !explanation->from.has_addr && !explanation->to.has_addr &&
        zw_ipv6_looks_past(explanation->key.proto)) {
        zw_problems_add(notes, NULL, 0, 0,
                        "this is for IPv4: in IPv6 the switch looks past this header, to the protocol behind it");
    }
}

static bool zone_set_has(const struct zw_zone_set *set, const struct zw_zone *zone)
{
    for (size_t i = 0; i < set->n; i++) {
        if (set->list[i] == zone) {
            return true;
        }
    }
    return set->n == 0;
}

static bool asks_address(const struct zw_explanation *explanation, const struct zw_rule *rule)
{
    return (rule->from_addresses.n && !explanation->from.has_addr) ||
           (rule->to_addresses.n && !explanation->to.has_addr);
}

static bool asks_from_port(const struct zw_explanation *explanation, const struct zw_rule *rule)
{
    return rule->from_ports.n && !explanation->has_from_port;
}

/* A rule that looks at something that was not named, and would have come first. */
static bool depends(const struct zw_explanation *explanation, const struct zw_rule *rule)
{
    const struct zw_verdict *verdict = &explanation->verdict;

    return (asks_address(explanation, rule) || asks_from_port(explanation, rule)) &&
           zone_set_has(&rule->from, verdict->src) && zone_set_has(&rule->to, verdict->dst) &&
           zw_service_matches(&rule->service, &explanation->key);
}

static void note_what_is_open(const struct zw_policy *policy, struct zw_explanation *explanation)
{
    size_t n = explanation->verdict.rule ? explanation->verdict.rule->number - 1 : policy->n_rules;

    if (explanation->verdict.step == ZW_STEP_DISCOVERY) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const struct zw_rule *rule = &policy->rules[i];

        if (depends(explanation, rule)) {
            zw_problems_add(&explanation->notes, NULL, 0, 0, "rule %u \"%s\" comes first for some %s", rule->number,
                            rule->name,
                            asks_address(explanation, rule) ? "addresses: name one, as in ZONE@ADDRESS"
                                                            : "source ports: name one, as in --from-port=53");
        }
    }
}

static void note_zone(const struct zw_zone *asked, const struct zw_zone *judged, const struct zw_packet_key *key,
                      struct zw_problems *notes)
{
    if (!asked || !judged || asked == judged) {
        return;
    } else if (key->eth_type) {
        zw_problems_add(notes, NULL, 0, 0, "zone \"%s\" is addresses, and an EtherType has none: it is of zone \"%s\"",
                        asked->name, judged->name);
    } else {
        zw_problems_add(notes, NULL, 0, 0, "this address is in zone \"%s\", not in \"%s\"", judged->name, asked->name);
    }
}

static void note_port(const struct zw_endpoint *end, struct zw_problems *notes)
{
    if (end->port && !end->port_zone && end->vlan >= 0) {
        zw_problems_add(notes, NULL, 0, 0, "port \"%s\" has no zone in VLAN %d: %s", end->port->name, end->vlan,
                        zw_membership_text(end->membership));
    } else if (end->port && !end->port_zone) {
        zw_problems_add(notes, NULL, 0, 0, "port \"%s\" has no zone: %s", end->port->name,
                        zw_membership_text(end->membership));
    }
}

/* Nothing passes from one VLAN to another, whatever the policy says. */
static void note_vlans(const struct zw_endpoint *from, const struct zw_endpoint *to, struct zw_problems *notes)
{
    if (!from->port || !to->port) {
        return;
    }
    for (unsigned int vlan = 0; vlan < ZW_N_VLANS; vlan++) {
        if (zw_port_carries(from->port, vlan) && zw_port_carries(to->port, vlan) &&
            (from->vlan < 0 || from->vlan == (int)vlan) && (to->vlan < 0 || to->vlan == (int)vlan)) {
            return;
        }
    }
    zw_problems_add(notes, NULL, 0, 0, "these ports share no VLAN: nothing passes between them, whatever a rule says");
}

/* A zone behind another is judged by address: one of its own stands for all that were not named. */
static void set_addresses(const struct zw_policy *policy, struct zw_explanation *explanation,
                          const struct zw_zone *from, const struct zw_zone *to, uint8_t family)
{
    struct zw_packet_key *key = &explanation->key;

    if (key->eth_type) {
        return;
    }
    if (from && from->behind && !explanation->from.has_addr) {
        pick_address(policy, from, family, &explanation->from);
        family = family ? family : explanation->from.addr.family;
    }
    if (to && to->behind && !explanation->to.has_addr) {
        pick_address(policy, to, family, &explanation->to);
        family = family ? family : explanation->to.addr.family;
    }
    key->src = explanation->from.addr;
    key->dst = explanation->to.addr;
    key->src.family = key->dst.family = family ? family : ZW_IPV4;
}

bool zw_explain(const struct zw_policy *policy, const struct zw_inventory *inventory, const char *from, const char *to,
                const char *service, const char *from_port, struct zw_explanation *explanation,
                struct zw_problems *problems)
{
    const struct zw_zone *from_zone, *to_zone;
    struct zw_service_item item;

    memset(explanation, 0, sizeof *explanation);
    bool ok = parse_end(policy, inventory, from, &explanation->from, &from_zone, problems);
    ok = parse_end(policy, inventory, to, &explanation->to, &to_zone, problems) && ok;
    ok = parse_service(service, &item, problems) && ok;
    if (!ok) {
        return false;
    }
    size_t n_problems = problems->n;
    uint8_t family = find_family(&explanation->from, &explanation->to, &item, problems);
    if (problems->n > n_problems) {
        return false;
    }
    set_service(&explanation->key, &item);
    set_addresses(policy, explanation, from_zone, to_zone, family);
    if (!check_header(service, &explanation->key, problems) || !set_from_port(from_port, explanation, problems)) {
        return false;
    }
    explanation->verdict = judge(policy, explanation);
    note_zone(from_zone, explanation->verdict.src, &explanation->key, &explanation->notes);
    note_zone(to_zone, explanation->verdict.dst, &explanation->key, &explanation->notes);
    note_port(&explanation->from, &explanation->notes);
    note_port(&explanation->to, &explanation->notes);
    note_vlans(&explanation->from, &explanation->to, &explanation->notes);
    note_what_is_open(policy, explanation);
    note_icmp(explanation, &explanation->notes);
    note_header(explanation, &explanation->notes);
    return true;
}

void zw_explanation_clear(struct zw_explanation *explanation)
{
    zw_problems_clear(&explanation->notes);
}
