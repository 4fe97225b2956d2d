/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/explain.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/base/names.h"
#include "controller/policy/explain-private.h"
#include "controller/policy/service.h"
#include "controller/policy/zone-addresses.h"

#define CLIENT_PORT 49152 /* The first of the dynamic ports (RFC 6335), if none is named. */
#define MAX_TRIES 1000    /* Addresses that are judged to find one that no rule singles out. */

static const enum zw_family families[2] = {ZW_IPV4, ZW_IPV6};

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
    const struct zw_zone *found = NULL, *other = NULL; /* 'other' has the same prefix, behind other ports. */
    int best = -1;

    for (size_t i = 0; i < policy->n_zones; i++) {
        const struct zw_zone *zone = policy->zones[i];
        for (size_t j = 0; zone->behind && j < zone->addresses.n; j++) {
            const struct zw_prefix *prefix = &zone->addresses.list[j];
            if (prefix->n_bits >= best && zw_prefix_contains(prefix, &end->addr)) {
                other = prefix->n_bits == best ? found : NULL;
                found = zone;
                best = prefix->n_bits;
            }
        }
    }
    if (!found) {
        zw_problems_add(problems, NULL, 0, 0,
                        "no zone \"behind\" another has %s: say which zone or port it is at, as in ZONE@%s", text,
                        text);
    } else if (other) {
        zw_problems_add(
            problems, NULL, 0, 0,
            "%s is in zone \"%s\" behind \"%s\" and in zone \"%s\" behind \"%s\": say which is meant, as in "
            "%s@%s",
            text, other->name, other->behind->name, found->name, found->behind->name, other->name, text);
    }
    end->port_zone = found ? found->behind : NULL;
    return found && !other;
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

/* Family of the packet: by the addresses that were named, else by the service.  0: either will do, or, with a problem, they
 * contradict. */
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

/* What needs no rule needs the zones all the same. */
static struct zw_verdict judge(const struct zw_policy *policy, const struct zw_explanation *explanation)
{
    struct zw_verdict v = zw_decide(policy, explanation->from.port_zone, explanation->to.port_zone, &explanation->key);

    if (zw_explain_icmp_way(&explanation->key) == ZW_ICMP_NO_RULE && v.step != ZW_STEP_NO_ZONE &&
        v.step != ZW_STEP_ISOLATED) {
        return (struct zw_verdict){
            .action = ZW_ALLOW, .step = ZW_STEP_DISCOVERY, .src = v.src, .dst = v.dst, .log = ZW_LOG_NONE};
    }
    return v;
}

/* Addresses that were not named. */

enum zw_reach zw_explain_reach(const struct zw_question *q, const struct zw_side *side, const struct zw_prefixes *set)
{
    bool leaves_some = false, has_some = false;

    if (!set->n) {
        return ZW_REACH_ALL;
    } else if (!side->zone) {
        return zw_prefixes_contain(set, &side->end->addr) ? ZW_REACH_ALL : ZW_REACH_NONE;
    }
    for (size_t i = 0; i < 2; i++) {
        if (q->asks_family[i]) {
            struct zw_addr outside = side->first[i], within = side->first[i];

            leaves_some = leaves_some || zw_zone_address_outside(q->policy, side->zone, set, &outside);
            has_some = has_some || zw_zone_address_within(q->policy, side->zone, set, &within);
        }
    }
    return !has_some ? ZW_REACH_NONE : leaves_some ? ZW_REACH_SOME : ZW_REACH_ALL;
}

/* Where the verdict is by a rule for some addresses: goes on to one that is not among them.  False: there is none. */
static bool move_on(const struct zw_question *q, struct zw_side *side, const struct zw_prefixes *set)
{
    struct zw_addr addr = side->end->addr;

    if (zw_explain_reach(q, side, set) != ZW_REACH_SOME || !zw_zone_host_outside(q->policy, side->zone, set, &addr)) {
        return false;
    }
    side->end->addr = addr;
    return true;
}

/* Begins with the first addresses of a family, those of hosts if there are any. */
static void start_family(const struct zw_question *q, size_t family)
{
    static const struct zw_prefixes none;
    const struct zw_side *const sides[] = {&q->from, &q->to};

    for (size_t i = 0; i < 2; i++) {
        struct zw_addr addr = sides[i]->first[family];

        if (!sides[i]->end->has_addr) {
            sides[i]->end->addr = addr;
            sides[i]->end->addr.family = (uint8_t)families[family];
        }
        if (sides[i]->zone && zw_zone_host_outside(q->policy, sides[i]->zone, &none, &addr)) {
            sides[i]->end->addr = addr;
        }
    }
}

static bool is_for_some(const struct zw_question *q, const struct zw_rule *rule)
{
    return rule && (zw_explain_reach(q, &q->from, &rule->from_addresses) == ZW_REACH_SOME ||
                    zw_explain_reach(q, &q->to, &rule->to_addresses) == ZW_REACH_SOME);
}

/* Where the verdict is by a rule for some addresses, and no other IPv4 address is left: goes on to IPv6. */
static bool move_to_ipv6(const struct zw_question *q, const struct zw_rule *rule)
{
    const struct zw_packet_key *key = &q->explanation->key;

    if (key->src.family == ZW_IPV6 || !q->asks_family[1] || zw_ipv6_looks_past(key->proto) || !is_for_some(q, rule)) {
        return false;
    }
    start_family(q, 1);
    return true;
}

/* An end without an address is any address there: the verdict is what holds for those that no rule singles out.  If there are
 * none, it is "allow" only if nothing else was found for any. */
static void answer(struct zw_question *q)
{
    struct zw_explanation *explanation = q->explanation, refused = {.verdict = {.action = ZW_ALLOW}};
    const struct zw_rule *rule;
    unsigned int n_tries = 0;

    do {
        explanation->key.src = explanation->from.addr;
        explanation->key.dst = explanation->to.addr;
        explanation->verdict = judge(q->policy, explanation);
        rule = explanation->verdict.rule;
        if (refused.verdict.action == ZW_ALLOW) {
            refused = *explanation;
        }
    } while (rule && ++n_tries < MAX_TRIES &&
             (move_on(q, &q->from, &rule->from_addresses) || move_on(q, &q->to, &rule->to_addresses) ||
              move_to_ipv6(q, rule)));
    if (explanation->verdict.action == ZW_ALLOW && is_for_some(q, rule)) {
        *explanation = refused;
    }
}

static void start_side(struct zw_question *q, struct zw_side *side, struct zw_endpoint *end, const struct zw_zone *zone)
{
    side->end = end;
    side->zone = end->has_addr || q->explanation->key.eth_type ? NULL : zone ? zone : end->port_zone;
    for (size_t i = 0; side->zone && i < 2; i++) {
        struct zw_addr addr = {.family = families[i]};

        if (zw_zone_address_from(q->policy, side->zone, &addr)) {
            side->first[i] = addr;
        }
    }
}

static bool has_family(const struct zw_side *side, size_t i)
{
    return side->zone ? side->first[i].family : !side->end->has_addr || side->end->addr.family == families[i];
}

static void add_no_family(const struct zw_question *q, uint8_t family, struct zw_problems *problems)
{
    const struct zw_side *const sides[] = {&q->from, &q->to};

    for (size_t i = 0; i < 2; i++) {
        const struct zw_zone *zone = sides[i]->zone;

        if (zone && !sides[i]->first[0].family && !sides[i]->first[1].family) {
            zw_problems_add(problems, NULL, 0, 0,
                            "zone \"%s\" has no address of its own: other zones behind \"%s\" have them all",
                            zone->name, zone->behind ? zone->behind->name : zone->name);
            return;
        } else if (zone && family && !sides[i]->first[family == ZW_IPV6].family) {
            zw_problems_add(problems, NULL, 0, 0,
                            "zone \"%s\" has no IPv%u address of its own: look at the addresses and the service",
                            zone->name, family);
            return;
        }
    }
    zw_problems_add(problems, NULL, 0, 0,
                    "zone \"%s\" and zone \"%s\" have addresses of different families: nothing passes between them",
                    q->from.zone->name, q->to.zone->name);
}

/* Lets an address of its zone stand for each that was not named: of 'family', or for 0 of one that both ends have. */
static bool set_addresses(struct zw_question *q, uint8_t family, struct zw_problems *problems)
{
    uint8_t chosen = 0;

    if (q->explanation->key.eth_type) {
        return true;
    }
    for (size_t i = 0; i < 2; i++) {
        q->asks_family[i] = (!family || family == families[i]) && has_family(&q->from, i) && has_family(&q->to, i);
        chosen = q->asks_family[i] && !chosen ? (uint8_t)families[i] : chosen;
    }
    if (!chosen) {
        add_no_family(q, family, problems);
        return false;
    }
    start_family(q, chosen == ZW_IPV6);
    q->explanation->key.src = q->explanation->from.addr;
    q->explanation->key.dst = q->explanation->to.addr;
    return true;
}

bool zw_explain(const struct zw_policy *policy, const struct zw_inventory *inventory, const char *from, const char *to,
                const char *service, const char *from_port, struct zw_explanation *explanation,
                struct zw_problems *problems)
{
    struct zw_question q = {.policy = policy, .explanation = explanation};
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
    start_side(&q, &q.from, &explanation->from, from_zone);
    start_side(&q, &q.to, &explanation->to, to_zone);
    if (!set_addresses(&q, family, problems) || !check_header(service, &explanation->key, problems) ||
        !set_from_port(from_port, explanation, problems)) {
        return false;
    }
    answer(&q);
    zw_explain_note(&q, from_zone, to_zone);
    return true;
}

void zw_explanation_clear(struct zw_explanation *explanation)
{
    zw_problems_clear(&explanation->notes);
}
