/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/binding.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"

struct zw_addr zw_mac_link_local(const struct zw_mac *mac)
{
    const uint8_t *b = mac->bytes;

    return (struct zw_addr){
        .family = ZW_IPV6,
        .bytes = {0xfe, 0x80, [8] = b[0] ^ 2, b[1], b[2], 0xff, 0xfe, b[3], b[4], b[5]},
    };
}

bool zw_learned_same(const struct zw_learned *a, size_t n_a, const struct zw_learned *b, size_t n_b)
{
    for (size_t i = 0; n_a == n_b && i < n_a; i++) {
        if (strcmp(a[i].port, b[i].port) || a[i].segment != b[i].segment || !zw_addr_equal(&a[i].addr, &b[i].addr)) {
            return false;
        }
    }
    return n_a == n_b;
}

static void add_mac(struct zw_bindings *bindings, const struct zw_mac *mac)
{
    for (size_t i = 0; i < bindings->n_macs; i++) {
        if (!memcmp(&bindings->macs[i], mac, sizeof *mac)) {
            return;
        }
    }
    if (bindings->n_macs == ZW_BINDINGS_MAX) {
        bindings->n_dropped++;
        return;
    }
    bindings->macs[bindings->n_macs++] = *mac;
}

bool zw_bindings_have(const struct zw_bindings *bindings, const struct zw_addr *addr)
{
    for (size_t i = 0; i < bindings->n_addresses; i++) {
        if (zw_addr_equal(&bindings->addresses[i], addr)) {
            return true;
        }
    }
    return false;
}

/* False if it is there already, or there is no room. */
static bool add_address(struct zw_bindings *bindings, const struct zw_addr *addr)
{
    if (zw_bindings_have(bindings, addr)) {
        return false;
    }
    if (bindings->n_addresses == ZW_BINDINGS_MAX) {
        bindings->n_dropped++;
        return false;
    }
    bindings->addresses[bindings->n_addresses++] = *addr;
    return true;
}

static bool is_own_link_local(const struct zw_bindings *bindings, const struct zw_addr *addr)
{
    for (size_t i = 0; i < bindings->n_macs; i++) {
        struct zw_addr own = zw_mac_link_local(&bindings->macs[i]);

        if (zw_addr_equal(&own, addr)) {
            return true;
        }
    }
    return false;
}

static void add_learned(struct zw_bindings *bindings, const struct zw_learned *learned)
{
    if (zw_bindings_have(bindings, &learned->addr) || is_own_link_local(bindings, &learned->addr)) {
        return;
    }
    if (bindings->n_learned == ZW_BINDINGS_MAX) {
        bindings->n_dropped++;
        return;
    }
    bindings->learned[bindings->n_learned++] = *learned;
}

static void add_attached_ips(struct zw_bindings *bindings, const char *text)
{
    static const char separators[] = " ,";

    for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
        size_t size = strcspn(text, separators);
        char *word = zw_xasprintf("%.*s", (int)size, text);
        struct zw_addr addr;

        if (zw_addr_parse(word, &addr) && zw_addr_is_host(&addr)) {
            add_address(bindings, &addr);
        } else if (!bindings->n_bad++) {
            bindings->bad = zw_xstrdup(word);
        }
        free(word);
        text += size;
    }
}

static void add_given(struct zw_bindings *bindings, const struct zw_zone *zone, const struct zw_port *port)
{
    const char *ips = zw_port_external_id(port, "attached-ips");
    struct zw_mac mac;

    if (port->attached_mac && zw_mac_parse(port->attached_mac, &mac)) {
        add_mac(bindings, &mac);
    }
    if (ips) {
        add_attached_ips(bindings, ips);
    }
    for (size_t i = 0; i < zone->n_selectors; i++) {
        const struct zw_selector *s = &zone->selectors[i];

        if ((s->n_macs || s->n_addresses) && zw_selector_selects(s, port)) {
            for (size_t j = 0; j < s->n_macs; j++) {
                add_mac(bindings, &s->macs[j]);
            }
            for (size_t j = 0; j < s->n_addresses; j++) {
                add_address(bindings, &s->addresses[j]);
            }
        }
    }
}

void zw_bindings_find(const struct zw_zone *zone, const struct zw_port *port, const struct zw_learned *learned,
                      size_t n_learned, struct zw_bindings *bindings)
{
    const struct zw_guard *guard = &zone->guard;

    *bindings = (struct zw_bindings){.n_macs = 0};
    if (!guard->is_on) {
        return;
    }
    bindings->macs = zw_xcalloc(ZW_BINDINGS_MAX, sizeof *bindings->macs);
    bindings->addresses = zw_xcalloc(ZW_BINDINGS_MAX, sizeof *bindings->addresses);
    bindings->learned = zw_xcalloc(ZW_BINDINGS_MAX, sizeof *bindings->learned);
    add_given(bindings, zone, port);
    bool learns = guard->learns_dhcp || guard->learns_nd;
    for (size_t i = 0; learns && i < n_learned; i++) {
        if (!strcmp(learned[i].port, port->name)) {
            add_learned(bindings, &learned[i]);
        }
    }
    if (guard->mac && !bindings->n_macs) {
        bindings->closed = "its zone's guard binds MAC addresses, and it has none (attached-mac, macs)";
    } else if (guard->ip && !bindings->n_addresses && !learns) {
        bindings->closed = "its zone's guard binds IP addresses, and it has none (attached-ips, addresses)";
    }
}

void zw_bindings_clear(struct zw_bindings *bindings)
{
    free(bindings->macs);
    free(bindings->addresses);
    free(bindings->learned);
    free(bindings->bad);
    *bindings = (struct zw_bindings){.n_macs = 0};
}
