/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <string.h>

#include "controller/policy/explain-private.h"
#include "controller/policy/service.h"

enum zw_icmp_way zw_explain_icmp_way(const struct zw_packet_key *key)
{
    bool is_icmp = !key->eth_type && (key->proto == IPPROTO_ICMP || key->proto == IPPROTO_ICMPV6);

    return is_icmp
               ? zw_icmp_way(key->proto == IPPROTO_ICMP ? ZW_IPV4 : ZW_IPV6, (uint8_t)key->sport, (uint8_t)key->dport)
               : ZW_ICMP_BEGINS;
}

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
    switch (zw_explain_icmp_way(&explanation->key)) {
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

/* The question left the family open, and the answer is about IPv4. */
static void note_header(const struct zw_question *q, struct zw_problems *notes)
{
    if (q->asks_family[0] && q->asks_family[1] && zw_ipv6_looks_past(q->explanation->key.proto)) {
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

/* What a rule looks at that was not named, as bits. */
enum { SOURCE = 1, DESTINATION = 2, SOURCE_PORT = 4 };

static const char *const asked_texts[] = {
    [SOURCE] = "source addresses",
    [DESTINATION] = "destination addresses",
    [SOURCE | DESTINATION] = "source and destination addresses",
    [SOURCE_PORT] = "source ports",
    [SOURCE | SOURCE_PORT] = "source addresses and ports",
    [DESTINATION | SOURCE_PORT] = "destination addresses and source ports",
    [SOURCE | DESTINATION | SOURCE_PORT] = "source addresses and ports and destination addresses",
};

static enum zw_reach reach_of_ports(const struct zw_question *q, const struct zw_port_ranges *ranges)
{
    uint16_t first = q->explanation->key.sport, last = q->explanation->has_from_port ? first : UINT16_MAX;

    for (size_t i = 0; i < ranges->n; i++) {
        if (ranges->list[i].first <= first && ranges->list[i].last >= last) {
            return ZW_REACH_ALL;
        }
    }
    return !ranges->n ? ZW_REACH_ALL : q->explanation->has_from_port ? ZW_REACH_NONE : ZW_REACH_SOME;
}

/* What was not named and decides whether the rule matches; 0: nothing, or it cannot match. */
static unsigned int asked(const struct zw_question *q, const struct zw_rule *rule)
{
    enum zw_reach from = zw_explain_reach(q, &q->from, &rule->from_addresses);
    enum zw_reach to = zw_explain_reach(q, &q->to, &rule->to_addresses);
    enum zw_reach ports = reach_of_ports(q, &rule->from_ports);

    if (from == ZW_REACH_NONE || to == ZW_REACH_NONE || ports == ZW_REACH_NONE) {
        return 0;
    }
    return (from == ZW_REACH_SOME ? SOURCE : 0u) | (to == ZW_REACH_SOME ? DESTINATION : 0u) |
           (ports == ZW_REACH_SOME ? SOURCE_PORT : 0u);
}

static const char *how_to_ask(unsigned int what)
{
    return what == SOURCE_PORT ? "name one, as in --from-port=53" : "name one, as in ZONE@ADDRESS";
}

/* A rule that looks at something that was not named, and would have come first. */
static unsigned int depends(const struct zw_question *q, const struct zw_rule *rule)
{
    const struct zw_verdict *verdict = &q->explanation->verdict;

    return zone_set_has(&rule->from, verdict->src) && zone_set_has(&rule->to, verdict->dst) &&
                   zw_service_matches(&rule->service, &q->explanation->key)
               ? asked(q, rule)
               : 0;
}

/* The rule that decides comes first: of too many notes the last ones are dropped. */
static void note_what_is_open(const struct zw_question *q)
{
    const struct zw_verdict *verdict = &q->explanation->verdict;
    struct zw_problems *notes = &q->explanation->notes;
    size_t n = verdict->rule ? verdict->rule->number - 1 : q->policy->n_rules;
    unsigned int what = verdict->rule ? asked(q, verdict->rule) : 0;

    if (verdict->step == ZW_STEP_DISCOVERY || verdict->step == ZW_STEP_NO_ZONE || verdict->step == ZW_STEP_ISOLATED) {
        return;
    }
    if (what) {
        zw_problems_add(notes, NULL, 0, 0, "rule %u \"%s\" is for some %s only: %s", verdict->rule->number,
                        verdict->rule->name, asked_texts[what], how_to_ask(what));
    }
    for (size_t i = 0; i < n; i++) {
        const struct zw_rule *rule = &q->policy->rules[i];

        what = depends(q, rule);
        if (what) {
            zw_problems_add(notes, NULL, 0, 0, "rule %u \"%s\" comes first for some %s, and says %s: %s", rule->number,
                            rule->name, asked_texts[what], zw_action_name(rule->action), how_to_ask(what));
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

void zw_explain_note(const struct zw_question *q, const struct zw_zone *from, const struct zw_zone *to)
{
    struct zw_explanation *explanation = q->explanation;
    struct zw_problems *notes = &explanation->notes;

    note_zone(from, explanation->verdict.src, &explanation->key, notes);
    note_zone(to, explanation->verdict.dst, &explanation->key, notes);
    note_port(&explanation->from, notes);
    note_port(&explanation->to, notes);
    note_vlans(&explanation->from, &explanation->to, notes);
    note_what_is_open(q);
    note_icmp(explanation, notes);
    note_header(q, notes);
}
