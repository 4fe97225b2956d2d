/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/log.h"
#include "controller/base/memory.h"
#include "controller/daemon/learning-private.h"
#include "controller/policy/decide.h"

struct zw_learning *zw_learning_new(void)
{
    struct zw_learning *l = zw_xcalloc(1, sizeof *l);

    l->asked = zw_asked_new();
    l->probed = zw_probed_new();
    return l;
}

void zw_learning_clear(struct zw_learning_entry *entry)
{
    free(entry->bridge);
    free(entry->port);
    free(entry->owner);
}

static void forget_indexes(struct zw_learning *l)
{
    while (l->n_indexes) {
        zw_learning_index_free(l->indexes[--l->n_indexes]);
    }
}

void zw_learning_free(struct zw_learning *l)
{
    if (!l) {
        return;
    }
    for (size_t i = 0; i < l->n; i++) {
        zw_learning_clear(&l->list[i]);
    }
    zw_asked_free(l->asked);
    zw_probed_free(l->probed);
    forget_indexes(l);
    free(l->list);
    free(l);
}

static void forget(struct zw_learning *l, size_t i)
{
    zw_learning_clear(&l->list[i]);
    memmove(&l->list[i], &l->list[i + 1], (--l->n - i) * sizeof *l->list);
}

char *zw_learning_owner(const struct zw_port *port)
{
    return zw_xasprintf("%s %s", port->attached_mac ? port->attached_mac : "-", port->iface_id ? port->iface_id : "-");
}

bool zw_learning_is_owner(const struct zw_port *port, const char *owner)
{
    char *now = zw_learning_owner(port);
    bool same = !strcmp(now, owner);

    free(now);
    return same;
}

static void say(const struct zw_learning_entry *entry, const char *what)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(10, 1000);
    char buf[ZW_ADDR_STRLEN];

    zw_log_rl(&limit, ZW_LOG_INFO, "bridge %s: port %s: address %s %s", entry->bridge, entry->port,
              zw_addr_format(&entry->addr, buf), what);
}

struct zw_learning_entry *zw_learning_add(struct zw_learning *l, struct zw_learning_entry entry)
{
    l->list = zw_xgrow(l->list, l->n, &l->allocated, sizeof *l->list);
    l->list[l->n] = entry;
    return &l->list[l->n++];
}

static bool is_at(const struct zw_learning_entry *entry, const char *bridge, const char *port)
{
    return !strcmp(entry->bridge, bridge) && !strcmp(entry->port, port);
}

/* Who has the address in that segment, or probes for it. */
static struct zw_learning_entry *find(struct zw_learning *l, const char *bridge, unsigned int segment,
                                      const struct zw_addr *addr)
{
    for (size_t i = 0; i < l->n; i++) {
        struct zw_learning_entry *entry = &l->list[i];

        if (entry->segment == segment && zw_addr_equal(&entry->addr, addr) && !strcmp(entry->bridge, bridge)) {
            return entry;
        }
    }
    return NULL;
}

/* How many addresses the port has from that source, or probes for, and which of them is the first. */
static size_t count(const struct zw_learning *l, const char *bridge, const char *port, enum zw_learning_source source,
                    bool is_probe, size_t *first)
{
    size_t n = 0;

    for (size_t i = 0; i < l->n; i++) {
        if (l->list[i].source == source && !l->list[i].probe_us == !is_probe && is_at(&l->list[i], bridge, port)) {
            *first = n++ ? *first : i;
        }
    }
    return n;
}

/* Makes room for one more address of that port from neighbour discovery, or one more probe: what it has does not go before it is
 * known whether it gets another one.  Returns the place of what is forgotten, or else SIZE_MAX. */
static size_t make_room(struct zw_learning *l, const char *bridge, const char *port, bool is_probe)
{
    size_t first;

    if (count(l, bridge, port, ZW_LEARNING_ND, is_probe, &first) < ZW_LEARN_MAX) {
        return SIZE_MAX;
    }
    say(&l->list[first],
        is_probe ? "is not learned: the port probes for too many" : "forgotten: the port has too many");
    forget(l, first);
    l->status.n_replaced++;
    return first;
}

/* --- Whose an address may be --- */

static const struct zw_learning_index *index_of(struct zw_learning *l, const struct zw_policy *policy,
                                                const struct zw_bridge *bridge)
{
    for (size_t i = 0; i < l->n_indexes; i++) {
        if (zw_learning_index_is_of(l->indexes[i], policy, bridge)) {
            return l->indexes[i];
        }
    }
    if (l->n_indexes == ZW_MAX_BRIDGES) { /* Some are of a policy that is no longer asked for. */
        forget_indexes(l);
    }
    return l->indexes[l->n_indexes++] = zw_learning_index_new(policy, bridge);
}

static bool learns(const struct zw_guard *guard, enum zw_learning_source source, const struct zw_addr *addr)
{
    return (source == ZW_LEARNING_DHCP ? guard->learns_dhcp : guard->learns_nd) &&
           (!guard->learn_addresses.n || zw_prefixes_contain(&guard->learn_addresses, addr));
}

/* --- Events --- */

/* Where and when something is said. */
struct scene {
    const struct zw_learning_index *index;
    const struct zw_bridge *bridge;
    unsigned int segment;
    int64_t now_us;
};

/* 'counter' is the reason's. */
static bool refuse(uint64_t *counter, const struct scene *s, const struct zw_port *port, const struct zw_addr *addr,
                   const char *why)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(5, 5000);
    char buf[ZW_ADDR_STRLEN];

    (*counter)++;
    zw_log_rl(&limit, ZW_LOG_WARN, "bridge %s: port %s: address %s is not learned: %s", s->bridge->name, port->name,
              zw_addr_format(addr, buf), why);
    return false;
}

static bool refuse_others(struct zw_learning *l, const struct scene *s, const struct zw_port *port,
                          const struct zw_addr *addr, const char *owner)
{
    char *why = zw_xasprintf("port %s has it", owner);

    refuse(&l->status.n_refused, s, port, addr, why);
    free(why);
    return false;
}

static bool refuse_excluded(struct zw_learning *l, const struct scene *s, const struct zw_port *port,
                            const struct zw_addr *addr)
{
    return refuse(&l->status.n_refused, s, port, addr, "it is not among its zone's learn-addresses");
}

/* As when a probe that waits is given up: hosts choose addresses by chance, and mend that themselves. */
static bool refuse_contested(struct zw_learning *l, const struct scene *s, const struct zw_port *port,
                             const struct zw_addr *addr)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(10, 1000);
    char buf[ZW_ADDR_STRLEN];

    l->status.n_refused++;
    zw_log_rl(&limit, ZW_LOG_INFO,
              "bridge %s: port %s: address %s is not learned: somebody else probed for it before, or uses it",
              s->bridge->name, port->name, zw_addr_format(addr, buf));
    return false;
}

static struct zw_learning_entry *learn(struct zw_learning *l, const struct scene *s, const struct zw_port *port,
                                       const struct zw_addr *addr, enum zw_learning_source source)
{
    return zw_learning_add(l, (struct zw_learning_entry){.bridge = zw_xstrdup(s->bridge->name),
                                                         .port = zw_xstrdup(port->name),
                                                         .owner = zw_learning_owner(port),
                                                         .segment = s->segment,
                                                         .addr = *addr,
                                                         .source = source});
}

/* The first answer to a question says how long it is; others can only prolong it. */
static void set_lease(struct zw_learning_entry *entry, const struct scene *s, uint32_t lease_s, bool is_first)
{
    int64_t until_us = lease_s == ZW_LEASE_FOREVER ? 0 : s->now_us + (int64_t)lease_s * 1000000;

    if (is_first || !until_us || (entry->until_us && entry->until_us < until_us)) {
        entry->until_us = until_us;
    }
}

/* The server's word to 'port'. */
static bool give(struct zw_learning *l, const struct scene *s, const struct zw_port *port,
                 const struct zw_address_event *event)
{
    const struct zw_port *owner = zw_learning_index_owner(s->index, &event->addr, s->segment, NULL);
    struct zw_learning_entry *entry = find(l, s->bridge->name, s->segment, &event->addr);
    bool is_first;
    size_t first;

    if (owner == port) {
        return false;
    } else if (!zw_asked_answer(l->asked, s->bridge->name, port, s->segment, event, s->now_us, &is_first)) {
        zw_asked_keep(l->asked, s->bridge->name, port, s->segment, event, s->now_us);
        return refuse(&l->status.n_unasked, s, port, &event->addr, "the port has not asked for it");
    } else if (owner) {
        return refuse_others(l, s, port, &event->addr, owner->name);
    } else if (!learns(zw_learning_index_guard(s->index, port, s->segment), ZW_LEARNING_DHCP, &event->addr)) {
        return refuse_excluded(l, s, port, &event->addr);
    }
    if (!entry || !is_at(entry, s->bridge->name, port->name)) {
        if (count(l, s->bridge->name, port->name, ZW_LEARNING_DHCP, false, &first) >= ZW_LEARN_MAX) {
            return refuse(&l->status.n_full, s, port, &event->addr, "the port has too many, and their leases run");
        } else if (entry) {
            say(entry, "forgotten: DHCP gives it to another port");
            forget(l, (size_t)(entry - l->list));
        }
        entry = learn(l, s, port, &event->addr, ZW_LEARNING_DHCP);
        say(entry, "learned from DHCP");
        is_first = true;
    }
    set_lease(entry, s, event->lease_s, is_first);
    return true;
}

static bool hear_given(struct zw_learning *l, const struct scene *s, const struct zw_port *server,
                       const struct zw_address_event *event)
{
    const struct zw_guard *guard = zw_learning_index_guard(s->index, server, s->segment);
    const struct zw_port *port = zw_learning_index_client(s->index, &event->mac, s->segment);

    /* The policy may have changed since the packet came. */
    return guard && guard->allows_dhcp_server && port && give(l, s, port, event);
}

/* Remembers what a port asks for itself: for whom else it asks, only that one's own port can say. */
static bool hear_asked(struct zw_learning *l, const struct scene *s, const struct zw_port *port,
                       const struct zw_address_event *event)
{
    struct zw_address_event answer;

    if (!zw_learning_index_is_client(s->index, port, &event->mac, s->segment)) {
        return false;
    }
    zw_asked_note(l->asked, s->bridge->name, port, s->segment, event, s->now_us);
    return zw_asked_kept(l->asked, s->bridge->name, port, s->segment, event, s->now_us, &answer) &&
           give(l, s, port, &answer);
}

/* Of who is not learned from: his own, or is to be; so it is nobody's to learn, unless it is known already whose it is.
 * A port's own probe may come back on another one, where there is a loop: it has that port's Ethernet address. */
static bool hear_others(struct zw_learning *l, const struct scene *s, const struct zw_port *port,
                        const struct zw_address_event *event)
{
    struct zw_learning_entry *entry = find(l, s->bridge->name, s->segment, &event->addr);
    bool is_probe = event->type == ZW_ADDRESS_PROBED;

    if (zw_learning_index_owner(s->index, &event->addr, s->segment, NULL) ||
        (entry && (!entry->probe_us || is_at(entry, s->bridge->name, port->name))) ||
        (is_probe && zw_learning_index_is_others(s->index, port, &event->mac, s->segment))) {
        return false;
    }
    if (is_probe || !entry) { /* Who objects does so each time. */
        zw_probed_note(l->probed, s->bridge->name, s->segment, &event->addr, s->now_us);
    }
    if (entry) {
        say(entry, is_probe ? "is not learned: somebody else probes for it" : "is not learned: somebody else uses it");
        l->status.n_refused++;
        forget(l, (size_t)(entry - l->list));
    }
    return false;
}

static bool hear_probed(struct zw_learning *l, const struct scene *s, const struct zw_port *port,
                        const struct zw_address_event *event)
{
    const struct zw_guard *guard = zw_learning_index_guard(s->index, port, s->segment);
    const struct zw_port *owner = zw_learning_index_owner(s->index, &event->addr, s->segment, NULL);
    struct zw_learning_entry *entry = find(l, s->bridge->name, s->segment, &event->addr);

    if (!guard || !guard->ip) {
        return hear_others(l, s, port, event);
    } else if (!guard->learns_nd || owner == port) {
        return false;
    } else if (owner) {
        return refuse_others(l, s, port, &event->addr, owner->name);
    } else if (!learns(guard, ZW_LEARNING_ND, &event->addr)) {
        return refuse_excluded(l, s, port, &event->addr);
    }
    if (entry && !is_at(entry, s->bridge->name, port->name)) {
        if (entry->probe_us) { /* Both ask; RFC 4862 lets neither have it. */
            l->status.n_refused++;
            zw_probed_note(l->probed, s->bridge->name, s->segment, &event->addr, s->now_us);
            forget(l, (size_t)(entry - l->list));
            return false;
        }
        return refuse_others(l, s, port, &event->addr, entry->port);
    } else if (!entry && zw_probed_has(l->probed, s->bridge->name, s->segment, &event->addr)) {
        return refuse_contested(l, s, port, &event->addr);
    }
    if (!entry) {
        make_room(l, s->bridge->name, port->name, true);
        learn(l, s, port, &event->addr, ZW_LEARNING_ND)->probe_us = s->now_us + ZW_LEARN_PROBE_US;
    }
    return false;
}

bool zw_learning_hear(struct zw_learning *l, const struct zw_policy *policy, const struct zw_bridge *bridge,
                      const struct zw_address_event *event, uint32_t in_port, unsigned int segment, int64_t now_us)
{
    const struct scene scene = {index_of(l, policy, bridge), bridge, segment, now_us};
    const struct zw_port *port = zw_bridge_port_by_ofport(bridge, in_port);

    if (!port) {
        return false;
    }
    switch (event->type) {
    case ZW_ADDRESS_ASKED:
        return hear_asked(l, &scene, port, event);
    case ZW_ADDRESS_GIVEN:
        return hear_given(l, &scene, port, event);
    case ZW_ADDRESS_PROBED:
        return hear_probed(l, &scene, port, event);
    case ZW_ADDRESS_USED:
        return hear_others(l, &scene, port, event);
    }
    return false;
}

bool zw_learning_tick(struct zw_learning *l, int64_t now_us, int64_t *next_us)
{
    bool changed = false;

    *next_us = zw_probed_next(l->probed, now_us);
    for (size_t i = 0; i < l->n;) {
        struct zw_learning_entry *entry = &l->list[i];

        if (!entry->probe_us && entry->until_us && entry->until_us <= now_us) {
            say(entry, "forgotten: its lease has ended");
            forget(l, i);
            changed = true;
            continue;
        }
        int64_t due_us = entry->probe_us ? entry->probe_us : entry->until_us;
        *next_us = due_us > now_us && (!*next_us || due_us < *next_us) ? due_us : *next_us;
        i++;
    }
    return changed;
}

static bool is_ripe(const struct zw_learning_entry *entry, const char *bridge, int64_t at_us)
{
    return entry->probe_us && entry->probe_us <= at_us && !strcmp(entry->bridge, bridge);
}

bool zw_learning_is_due(const struct zw_learning *l, const char *bridge, int64_t now_us)
{
    for (size_t i = 0; i < l->n; i++) {
        if (is_ripe(&l->list[i], bridge, now_us)) {
            return true;
        }
    }
    return zw_probed_is_due(l->probed, bridge, now_us);
}

bool zw_learning_heard(struct zw_learning *l, const char *bridge, int64_t until_us)
{
    bool changed = false;

    zw_probed_heard(l->probed, bridge, until_us);
    for (size_t i = 0; i < l->n; i++) {
        if (is_ripe(&l->list[i], bridge, until_us)) {
            i -= make_room(l, bridge, l->list[i].port, false) < i;
            l->list[i].probe_us = 0;
            say(&l->list[i], "learned from neighbour discovery");
            changed = true;
        }
    }
    return changed;
}

void zw_learning_missed(struct zw_learning *l, const char *bridge)
{
    zw_probed_missed(l->probed, bridge);
    for (size_t i = 0; i < l->n;) {
        if (l->list[i].probe_us && !strcmp(l->list[i].bridge, bridge)) {
            say(&l->list[i], "is not learned: an objection may have been missed");
            l->status.n_unsure++;
            forget(l, i);
        } else {
            i++;
        }
    }
}

const struct zw_bridge *zw_learning_bridge(const struct zw_inventory *inventory, const char *name)
{
    for (size_t i = 0; i < inventory->n_bridges; i++) {
        if (!strcmp(inventory->bridges[i].name, name)) {
            return &inventory->bridges[i];
        }
    }
    return NULL;
}

static bool still_holds(struct zw_learning *l, const struct zw_learning_entry *entry, const struct zw_policy *policy,
                        const struct zw_inventory *inventory)
{
    const struct zw_bridge *bridge = zw_learning_bridge(inventory, entry->bridge);
    const struct zw_port *port = bridge ? zw_bridge_port_by_name(bridge, entry->port) : NULL;
    const struct zw_learning_index *index = port ? index_of(l, policy, bridge) : NULL;
    const struct zw_guard *guard = port ? zw_learning_index_guard(index, port, entry->segment) : NULL;

    return guard && learns(guard, entry->source, &entry->addr) && zw_learning_is_owner(port, entry->owner) &&
           !zw_learning_index_owner(index, &entry->addr, entry->segment, port);
}

bool zw_learning_check(struct zw_learning *l, const struct zw_policy *policy, const struct zw_inventory *inventory)
{
    bool changed = false;

    zw_asked_check(l->asked, inventory);
    forget_indexes(l);
    for (size_t i = 0; i < l->n;) {
        if (still_holds(l, &l->list[i], policy, inventory)) {
            i++;
            continue;
        }
        changed |= !l->list[i].probe_us;
        say(&l->list[i], "forgotten: its port, or what it learns, has changed");
        forget(l, i);
    }
    return changed;
}

struct zw_learned *zw_learning_list(const struct zw_learning *l, const char *bridge, size_t *n)
{
    size_t size = (l->n + 1) * sizeof(struct zw_learned);

    for (size_t i = 0; i < l->n; i++) {
        size += strlen(l->list[i].port) + 1;
    }
    struct zw_learned *list = zw_xcalloc(1, size);
    char *names = (char *)&list[l->n + 1];
    *n = 0;
    for (size_t i = 0; i < l->n; i++) {
        const struct zw_learning_entry *entry = &l->list[i];

        if (!entry->probe_us && !strcmp(entry->bridge, bridge)) {
            list[(*n)++] = (struct zw_learned){
                .port = strcpy(names, entry->port), .segment = (uint16_t)entry->segment, .addr = entry->addr};
            names += strlen(entry->port) + 1;
        }
    }
    return list;
}

struct zw_learning_status zw_learning_status(const struct zw_learning *l)
{
    struct zw_learning_status status = l->status;

    for (size_t i = 0; i < l->n; i++) {
        status.n_learned += !l->list[i].probe_us;
    }
    status.n_crowded = zw_asked_n_crowded(l->asked);
    return status;
}
