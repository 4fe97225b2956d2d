/* SPDX-License-Identifier: Apache-2.0 */
/* A zone's "guard", and the addresses that a port's entry is bound to. */
#include "zw-config.h"

#include <stdlib.h>
#include <string.h>

#include "controller/policy/reader.h"

enum { KEY_MAC, KEY_IP, KEY_LEARN, KEY_LEARN_ADDRESSES, KEY_DHCP_SERVER, KEY_ROUTER, N_KEYS };
static const struct zw_reader_key keys[] = {
    [KEY_MAC] = {"mac", false},
    [KEY_IP] = {"ip", false},
    [KEY_LEARN] = {"learn", false},
    [KEY_LEARN_ADDRESSES] = {"learn-addresses", false},
    [KEY_DHCP_SERVER] = {"dhcp-server", false},
    [KEY_ROUTER] = {"router", false},
    [N_KEYS] = {NULL, false},
};

static const struct zw_reader_word rights[] = {{"allow", 1, false}, {"deny", 0, false}, {NULL, -1, false}};

enum { LEARN_DHCP, LEARN_ND };
static const struct zw_reader_word sources[] = {
    {"dhcp", LEARN_DHCP, false}, {"nd", LEARN_ND, false}, {NULL, -1, false}};

static void read_learn(struct zw_reader *r, const struct zw_yaml_node *node, struct zw_guard *guard)
{
    struct zw_reader_list list;

    if (node->type == ZW_YAML_LIST && !node->n) {
        return; /* Nothing is learned; the normal form says it so. */
    }
    if (!zw_reader_list(r, node, "dhcp, nd or a list of them", &list)) {
        return;
    }
    guard->learn_file = r->file;
    guard->learn_line = node->key->line;
    guard->learn_column = node->key->column;
    const struct zw_yaml_node *item = list.first;
    for (size_t i = 0; i < list.n; i++, item = item->next) {
        int source = zw_reader_word(r, item, "source", sources);
        guard->learns_dhcp |= source == LEARN_DHCP;
        guard->learns_nd |= source == LEARN_ND;
    }
    if (!guard->ip) {
        zw_reader_problem(r, node->key,
                          "\"learn\" where no IP address is bound; expected \"ip: true\", or no \"learn\"");
    }
}

static void read_learn_addresses(struct zw_reader *r, const struct zw_yaml_node *node, bool learns,
                                 struct zw_guard *guard)
{
    if (!learns) {
        zw_reader_problem(
            r, node->key,
            "\"learn-addresses\" where nothing is learned; expected \"learn: [dhcp, nd]\" or one of them, too");
        return;
    }
    zw_reader_addresses(r, node, true, &guard->learn_addresses);
}

void zw_reader_guard(struct zw_reader *r, const struct zw_yaml_node *node, struct zw_guard *guard)
{
    const struct zw_yaml_node *values[N_KEYS + 1];

    *guard = (struct zw_guard){.is_on = true, .mac = true, .ip = true};
    if (node->type != ZW_YAML_MAP) {
        if (node->type == ZW_YAML_TEXT && zw_reader_bool(r, node, &guard->is_on) && !guard->is_on) {
            *guard = (struct zw_guard){.is_on = false};
        } else if (node->type != ZW_YAML_TEXT) {
            zw_reader_problem(r, node, "%s; expected true, false or a mapping such as {mac: true, ip: true}",
                              zw_yaml_type_name(node));
        }
        return;
    }
    if (!zw_reader_map(r, node, "a guard", keys, values)) {
        return;
    }
    if (values[KEY_MAC]) {
        zw_reader_bool(r, values[KEY_MAC], &guard->mac);
    }
    if (values[KEY_IP]) {
        zw_reader_bool(r, values[KEY_IP], &guard->ip);
    }
    if (values[KEY_LEARN]) {
        read_learn(r, values[KEY_LEARN], guard);
    }
    if (values[KEY_LEARN_ADDRESSES]) {
        /* What is wrong with "learn" has been said: it does not make these wrong, too. */
        bool learns = values[KEY_LEARN] && (values[KEY_LEARN]->type != ZW_YAML_LIST || values[KEY_LEARN]->n);

        read_learn_addresses(r, values[KEY_LEARN_ADDRESSES], learns, guard);
    }
    guard->allows_dhcp_server =
        values[KEY_DHCP_SERVER] && zw_reader_word(r, values[KEY_DHCP_SERVER], "right", rights) == 1;
    guard->allows_router = values[KEY_ROUTER] && zw_reader_word(r, values[KEY_ROUTER], "right", rights) == 1;
}

static bool read_mac(struct zw_reader *r, const struct zw_yaml_node *node, struct zw_mac *mac)
{
    static const char expected[] = "a MAC address such as 52:54:00:00:00:01";

    if (!zw_reader_text(r, node, expected)) {
        return false;
    }
    if (!zw_mac_parse(node->text, mac)) {
        zw_reader_problem(r, node, "\"%s\"; expected %s, of one host", zw_reader_excerpt(r, node), expected);
        return false;
    }
    return true;
}

static bool read_address(struct zw_reader *r, const struct zw_yaml_node *node, struct zw_addr *addr)
{
    static const char expected[] = "an address such as 10.0.0.5 or \"2001:db8::5\"";

    if (!zw_reader_text(r, node, expected)) {
        return false;
    }
    if (!zw_addr_parse(node->text, addr)) {
        zw_reader_problem(r, node, "\"%s\"; expected %s%s", zw_reader_excerpt(r, node), expected,
                          strchr(node->text, '/') ? ", without a length" : "");
        return false;
    }
    if (!zw_addr_is_host(addr)) {
        zw_reader_problem(r, node, "\"%s\"; a group, broadcast, loopback or reserved address is no host's",
                          zw_reader_excerpt(r, node));
        return false;
    }
    return true;
}

static bool read_list(struct zw_reader *r, const struct zw_yaml_node *node, const char *expected,
                      struct zw_reader_list *list)
{
    if (!zw_reader_list(r, node, expected, list)) {
        return false;
    }
    if (list->n > ZW_BINDINGS_MAX) {
        zw_reader_problem(r, node, "%zu addresses; a port cannot have more than %u", list->n, ZW_BINDINGS_MAX);
        return false;
    }
    return true;
}

static int compare_macs(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct zw_mac));
}

static int compare_addrs(const void *a_, const void *b_)
{
    const struct zw_addr *a = a_, *b = b_;

    return a->family != b->family ? (int)a->family - (int)b->family : memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

/* Sorts and removes duplicates; returns how many are left. */
static size_t normalize(void *list, size_t n, size_t size, int (*compare)(const void *, const void *))
{
    char *elements = list;
    size_t n_left = 0;

    if (n) {
        qsort(list, n, size, compare);
    }
    for (size_t i = 0; i < n; i++) {
        if (!n_left || compare(elements + (n_left - 1) * size, elements + i * size)) {
            memmove(elements + n_left++ * size, elements + i * size, size);
        }
    }
    return n_left;
}

void zw_reader_macs(struct zw_reader *r, const struct zw_yaml_node *node, struct zw_selector *s)
{
    struct zw_reader_list list;

    if (!read_list(r, node, "a MAC address or a list of them", &list)) {
        return;
    }
    s->macs = zw_pool_calloc(r->pool, list.n, sizeof *s->macs);
    const struct zw_yaml_node *item = list.first;
    for (size_t i = 0; i < list.n; i++, item = item->next) {
        s->n_macs += read_mac(r, item, &s->macs[s->n_macs]);
    }
    s->n_macs = normalize(s->macs, s->n_macs, sizeof *s->macs, compare_macs);
}

void zw_reader_bound_addresses(struct zw_reader *r, const struct zw_yaml_node *node, struct zw_selector *s)
{
    struct zw_reader_list list;

    if (!read_list(r, node, "an address or a list of them", &list)) {
        return;
    }
    s->addresses = zw_pool_calloc(r->pool, list.n, sizeof *s->addresses);
    const struct zw_yaml_node *item = list.first;
    for (size_t i = 0; i < list.n; i++, item = item->next) {
        s->n_addresses += read_address(r, item, &s->addresses[s->n_addresses]);
    }
    s->n_addresses = normalize(s->addresses, s->n_addresses, sizeof *s->addresses, compare_addrs);
}
