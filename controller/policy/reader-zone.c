/* SPDX-License-Identifier: Apache-2.0 */
/* The sections "zones" and "trust".
 *
 * Zones may name each other, in any order and in several files, so their names are read first and the rest later. */
#include "zw-config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "controller/policy/reader.h"

/* A zone whose body is still to be read. */
struct zw_zone_draft {
    const char *file;
    const struct zw_yaml_node *body;
    const struct zw_yaml_node *behind, *addresses; /* Parts of the body, or NULL. */
};

enum { KEY_PORTS, KEY_BEHIND, KEY_ADDRESSES, KEY_TRUST, KEY_GUARD, KEY_ISOLATED, KEY_FRAGMENTS, N_KEYS };
static const struct zw_reader_key keys[] = {
    [KEY_PORTS] = {"ports", false},         [KEY_BEHIND] = {"behind", false},
    [KEY_ADDRESSES] = {"addresses", false}, [KEY_TRUST] = {"trust-external-id", false},
    [KEY_GUARD] = {"guard", false},         [KEY_ISOLATED] = {"isolated", false},
    [KEY_FRAGMENTS] = {"fragments", false}, [N_KEYS] = {NULL, false},
};

enum { KEY_VLANS = ZW_SELECT_MAC + 1, KEY_MACS, KEY_BOUND_ADDRESSES, N_SELECTOR_KEYS };
static const struct zw_reader_key selector_keys[] = {
    [ZW_SELECT_NAME] = {"name", false},
    [ZW_SELECT_IFACE_ID] = {"iface-id", false},
    [ZW_SELECT_EXTERNAL_ID] = {"external-id", false},
    [ZW_SELECT_MAC] = {"mac", false},
    [KEY_VLANS] = {"vlans", false},
    [KEY_MACS] = {"macs", false},
    [KEY_BOUND_ADDRESSES] = {"addresses", false},
    [N_SELECTOR_KEYS] = {NULL, false},
};

void zw_reader_trust(struct zw_reader *r, const struct zw_yaml_node *node)
{
    static const struct zw_reader_key trust_keys[] = {{"external-id-zone", false}, {NULL, false}};
    const struct zw_yaml_node *values[1];

    if (r->trust_file) {
        zw_reader_problem(r, node, "\"trust\" is given twice; the first is in %s, line %d", r->trust_file,
                          r->trust_line);
        return;
    }
    r->trust_file = r->file;
    r->trust_line = node->line;
    if (zw_reader_map(r, node, "trust", trust_keys, values) && values[0]) {
        zw_reader_bool(r, values[0], &r->trust_external_id);
    }
}

static struct zw_zone *new_zone(struct zw_reader *r, const struct zw_yaml_node *node, const char *name)
{
    struct zw_zone *zone = zw_pool_calloc(r->pool, 1, sizeof *zone);

    zone->name = name;
    zone->id = zw_zone_id(name);
    zone->line = node->key->line;
    return zone;
}

static void add_zone(struct zw_reader *r, const struct zw_yaml_node *node)
{
    const char *name = zw_reader_name(r, node->key, "a zone");
    struct zw_policy *policy = r->policy;
    struct zw_zone *zone;

    if (name && !strcmp(name, "any")) {
        zw_reader_problem(r, node->key, "\"any\" means every zone; expected another name");
        name = NULL;
    }
    if (!name) {
        return;
    }
    zone = new_zone(r, node, name);
    if (zw_names_add(&policy->private_->frame->zones, name, zone)) {
        zw_reader_problem(r, node->key, "zone \"%s\" is defined in an earlier file, too; expected another name", name);
        return;
    }
    r->zone_drafts[policy->n_zones] = (struct zw_zone_draft){.file = r->file, .body = node};
    policy->zones[policy->n_zones++] = zone;
}

void zw_reader_zone_names(struct zw_reader *r, const struct zw_yaml_node *node)
{
    size_t n_drafts = r->policy->n_zones;
    struct zw_zone_draft *drafts = r->zone_drafts;
    struct zw_zone **zones = r->policy->zones;

    if (node->type != ZW_YAML_MAP) {
        zw_reader_problem(r, node, "%s; expected zones as a mapping of names to zones", zw_yaml_type_name(node));
        return;
    }
    r->zone_drafts = zw_pool_calloc(r->scratch, n_drafts + node->n, sizeof *drafts);
    r->policy->zones = zw_pool_calloc(r->pool, n_drafts + node->n, sizeof *zones);
    if (n_drafts) {
        memcpy(r->zone_drafts, drafts, n_drafts * sizeof *drafts);
        memcpy(r->policy->zones, zones, n_drafts * sizeof *zones);
    }
    for (const struct zw_yaml_node *m = node->first; m; m = m->next) {
        add_zone(r, m);
    }
}

static const char *const expected_value[] = {
    [ZW_SELECT_NAME] = "the name of an interface or a pattern such as \"vnet*\"",
    [ZW_SELECT_IFACE_ID] = "the value of external_ids:iface-id",
    [ZW_SELECT_EXTERNAL_ID] = "KEY=VALUE",
    [ZW_SELECT_MAC] = "the Ethernet address of an interface, such as \"52:54:00:00:00:07\"",
};

/* Splits KEY=VALUE. */
static bool set_external_id(struct zw_reader *r, const struct zw_yaml_node *node, const char *text,
                            struct zw_selector *s)
{
    size_t key_size = strcspn(text, "=");

    if (!key_size || !text[key_size] || !text[key_size + 1]) {
        zw_reader_problem(r, node, "\"%s\"; expected KEY=VALUE", zw_reader_excerpt(r, node));
        return false;
    }
    s->key = zw_pool_strndup(r->pool, text, key_size);
    s->value = zw_pool_strdup(r->pool, text + key_size + 1);
    return true;
}

/* No control character or line break, in UTF-8: such a value could not be written back. */
static bool is_one_line(const char *text)
{
    static const char *const refused[] = {"\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf", "\xef\xbf\xbe",
                                          "\xef\xbf\xbf"};

    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p < ' ' || *p == 0x7f || (p[0] == 0xc2 && p[1] < 0xa0)) {
            return false;
        }
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (strstr(text, refused[i])) {
            return false;
        }
    }
    return true;
}

/* As OVSDB's reader has it: in lower case. */
static bool set_mac(struct zw_reader *r, const struct zw_yaml_node *node, const char *text, struct zw_selector *s)
{
    char *mac = zw_pool_strdup(r->pool, text);
    bool zero = true, ok = strlen(text) == 17;

    for (size_t i = 0; ok && i < 17; i++) {
        ok = i % 3 == 2 ? mac[i] == ':' : isxdigit((unsigned char)mac[i]);
        mac[i] = (char)tolower((unsigned char)mac[i]);
        zero = zero && strchr(":0", mac[i]);
    }
    if (!ok) {
        zw_reader_problem(r, node, "\"%s\"; expected %s", zw_reader_excerpt(r, node), expected_value[s->type]);
    } else if (zero || strchr("13579bdf", mac[1])) {
        zw_reader_problem(r, node, "\"%s\" is no address of one interface; expected %s", zw_reader_excerpt(r, node),
                          expected_value[s->type]);
    }
    s->value = mac;
    return ok && !zero;
}

static bool set_selector(struct zw_reader *r, const struct zw_yaml_node *node, struct zw_selector *s)
{
    const char *expected = expected_value[s->type];
    const char *text = zw_reader_any_text(r, node, expected);

    if (!text) {
        return false;
    }
    if (!*text || strlen(text) > ZW_VALUE_MAX || !is_one_line(text)) {
        zw_reader_problem(r, node, "expected %s, one line of 1 to %d bytes", expected, ZW_VALUE_MAX);
        return false;
    }
    s->line = node->line;
    if (s->type == ZW_SELECT_EXTERNAL_ID) {
        return set_external_id(r, node, text, s);
    } else if (s->type == ZW_SELECT_MAC) {
        return set_mac(r, node, text, s);
    }
    s->value = zw_pool_strdup(r->pool, text);
    return true;
}

/* A selector that was read, and the next one of the same ports. */
struct zw_selector_use {
    const struct zw_zone *zone;
    const struct zw_selector *selector;
    struct zw_selector_use *next;
};

/* Whether both claim some VLAN in the same way; '*vlan' gets the first, or -1 for those that neither names. */
static bool same_claim(const struct zw_selector *a, const struct zw_selector *b, int *vlan)
{
    *vlan = zw_selector_common_vlan(a, b);
    return *vlan >= 0 || (!a->n_vlans && !b->n_vlans);
}

/* A port that two zones select belongs to none, so the same selector in both can do only harm. */
static void check_unique_selector(struct zw_reader *r, const struct zw_yaml_node *node, const struct zw_selector *s,
                                  const struct zw_zone *zone)
{
    size_t size = strlen(s->value) + (s->key ? strlen(s->key) : 0) + 8;
    char *name = zw_pool_calloc(r->scratch, size, 1), in[32] = "";
    struct zw_selector_use *use = zw_pool_calloc(r->scratch, 1, sizeof *use), *earlier;
    int vlan;

    *use = (struct zw_selector_use){.zone = zone, .selector = s};
    snprintf(name, size, "%d %s=%s", (int)s->type, s->key ? s->key : "", s->value);
    earlier = zw_names_add(&r->selectors, name, use);
    for (; earlier && !same_claim(earlier->selector, s, &vlan); earlier = earlier->next) {
        if (!earlier->next) {
            earlier->next = use;
            return;
        }
    }
    if (!earlier) {
        return;
    }
    if (vlan >= 0) {
        snprintf(in, sizeof in, " in VLAN %d", vlan);
    }
    if (earlier->zone == zone) {
        zw_reader_problem(r, node, "this zone selects these ports%s already; expected each selector once", in);
    } else {
        zw_reader_problem(r, node, "zone \"%s\" selects these ports%s, too; expected one zone for a port",
                          earlier->zone->name, in);
    }
}

/* In which VLANs a selector's ports are meant, and what they are bound to. */
static void read_limits(struct zw_reader *r, const struct zw_yaml_node *const *values, struct zw_selector *s)
{
    if (values[KEY_VLANS]) {
        zw_reader_vlans(r, values[KEY_VLANS], s);
    }
    if (values[KEY_MACS]) {
        zw_reader_macs(r, values[KEY_MACS], s);
    }
    if (values[KEY_BOUND_ADDRESSES]) {
        zw_reader_bound_addresses(r, values[KEY_BOUND_ADDRESSES], s);
    }
}

static void read_selector(struct zw_reader *r, const struct zw_yaml_node *node, struct zw_zone *zone)
{
    const struct zw_yaml_node *values[N_SELECTOR_KEYS];
    struct zw_selector *s = &zone->selectors[zone->n_selectors];
    size_t n_given = 0;

    if (!zw_reader_map(r, node, "a port selector", selector_keys, values)) {
        return;
    }
    for (int type = ZW_SELECT_NAME; type <= ZW_SELECT_MAC; type++) {
        if (values[type]) {
            s->type = (enum zw_selector_type)type;
            n_given++;
        }
    }
    bool is_bound = values[KEY_MACS] || values[KEY_BOUND_ADDRESSES];
    read_limits(r, values, s);
    if (n_given > 1 || !node->n || (!n_given && (values[KEY_VLANS] || is_bound))) {
        zw_reader_problem(r, node, "%s; expected one of name, iface-id, external-id or mac in each entry",
                          n_given             ? "more than one of these keys"
                          : !node->n          ? "an empty mapping"
                          : values[KEY_VLANS] ? "VLANs of no port"
                                              : "addresses of no port");
    } else if (n_given && set_selector(r, values[s->type], s) && (s->n_vlans || !values[KEY_VLANS])) {
        check_unique_selector(r, values[s->type], s, zone);
        zone->n_selectors++;
    }
}

static void read_ports(struct zw_reader *r, const struct zw_yaml_node *node, struct zw_zone *zone)
{
    if (node->type != ZW_YAML_LIST) {
        zw_reader_problem(r, node, "%s; expected a list of port selectors such as [{name: \"vnet-web*\"}]",
                          zw_yaml_type_name(node));
        return;
    }
    if (!node->n) {
        zw_reader_problem(r, node,
                          "an empty list; expected a port selector such as {name: \"vnet-web*\"}, "
                          "or no \"ports\" at all");
    }
    zone->selectors = zw_pool_calloc(r->pool, node->n, sizeof *zone->selectors);
    for (const struct zw_yaml_node *m = node->first; m; m = m->next) {
        read_selector(r, m, zone);
    }
}

static void read_behind(struct zw_reader *r, const struct zw_yaml_node *node, struct zw_zone *zone)
{
    if (!zw_reader_any_text(r, node, "the name of a zone of ports")) {
        return;
    }
    zone->behind = zw_policy_zone_by_name(r->policy, node->text);
    if (!zone->behind) {
        zw_reader_undefined(r, node, "zone", "zones", &r->policy->private_->frame->zones);
    }
}

/* A zone is of ports or behind another; the keys of one make no sense in the other. */
static void check_keys(struct zw_reader *r, const struct zw_yaml_node *node, const struct zw_yaml_node *const values[])
{
    static const int of_ports[] = {KEY_GUARD, KEY_ISOLATED, KEY_FRAGMENTS, KEY_TRUST};

    if (values[KEY_BEHIND] && values[KEY_PORTS]) {
        zw_reader_problem(r, values[KEY_PORTS]->key,
                          "\"ports\" in a zone behind another; expected \"addresses\" and no \"ports\"");
    }
    if (values[KEY_BEHIND] && !values[KEY_ADDRESSES]) {
        zw_reader_problem(r, node->key, "a zone behind another has no \"addresses\"; expected a list of them");
    }
    if (!values[KEY_BEHIND] && values[KEY_ADDRESSES]) {
        zw_reader_problem(r, values[KEY_ADDRESSES]->key,
                          "\"addresses\" without \"behind\"; expected the zone of ports that they are behind");
    }
    for (size_t i = 0; values[KEY_BEHIND] && i < sizeof of_ports / sizeof of_ports[0]; i++) {
        if (values[of_ports[i]]) {
            zw_reader_problem(r, values[of_ports[i]]->key,
                              "\"%s\" in a zone behind another; expected it in zones of ports only",
                              keys[of_ports[i]].name);
        }
    }
}

static void read_fragments(struct zw_reader *r, const struct zw_yaml_node *node, struct zw_zone *zone)
{
    static const struct zw_reader_word words[] = {
        {"allow", ZW_FRAGMENTS_ALLOW, false}, {"deny", ZW_FRAGMENTS_DENY, false}, {NULL, -1, false}};
    int word = zw_reader_word(r, node, "right", words);

    if (word >= 0) {
        zone->fragments = (enum zw_fragments)word;
    }
}

static void read_body(struct zw_reader *r, struct zw_zone_draft *draft, struct zw_zone *zone)
{
    const struct zw_yaml_node *values[N_KEYS];

    if (draft->body->type == ZW_YAML_TEXT) {
        zw_reader_problem(r, draft->body,
                          "%s; expected a zone as a mapping, or {} if its ports come from "
                          "external_ids:zone",
                          zw_yaml_type_name(draft->body));
        return;
    }
    if (!zw_reader_map(r, draft->body, "a zone", keys, values)) {
        return;
    }
    check_keys(r, draft->body, values);
    draft->behind = values[KEY_BEHIND];
    draft->addresses = values[KEY_ADDRESSES];
    zone->trusts_external_id = !draft->behind && r->trust_external_id;
    if (values[KEY_TRUST]) {
        zw_reader_bool(r, values[KEY_TRUST], &zone->trusts_external_id);
    }
    if (values[KEY_PORTS]) {
        read_ports(r, values[KEY_PORTS], zone);
    }
    if (values[KEY_GUARD]) {
        zw_reader_guard(r, values[KEY_GUARD], &zone->guard);
    }
    if (values[KEY_ISOLATED]) {
        zw_reader_bool(r, values[KEY_ISOLATED], &zone->is_isolated);
    }
    if (values[KEY_FRAGMENTS]) {
        read_fragments(r, values[KEY_FRAGMENTS], zone);
    }
    if (draft->behind) {
        read_behind(r, draft->behind, zone);
    }
    if (draft->addresses) {
        zw_reader_addresses(r, draft->addresses, true, &zone->addresses);
    }
}

static struct zw_zone_draft *draft_of(struct zw_reader *r, const struct zw_zone *zone)
{
    size_t i = 0;

    while (r->policy->zones[i] != zone) {
        i++;
    }
    return &r->zone_drafts[i];
}

/* Where 'zone' lists 'prefix', as near as can be told. */
static const struct zw_yaml_node *place_of(const struct zw_zone_draft *draft, const struct zw_prefix *prefix)
{
    const struct zw_yaml_node *node = draft->addresses;
    struct zw_prefix listed;

    for (const struct zw_yaml_node *m = node->first; m; m = m->next) {
        if (m->type == ZW_YAML_TEXT && !zw_prefix_parse(m->text, &listed) && !zw_prefix_compare(&listed, prefix)) {
            return m;
        }
    }
    return node;
}

static void check_prefixes(struct zw_reader *r)
{
    const struct zw_policy_private *p = r->policy->private_;
    char buf[ZW_PREFIX_STRLEN];

    for (size_t i = 1; i < p->n_behind && r->problems->n < ZW_PROBLEMS_MAX; i++) {
        const struct zw_behind *a = &p->behind[i - 1], *b = &p->behind[i];

        if (!zw_behind_compare(a, b)) {
            const struct zw_zone_draft *draft = draft_of(r, b->zone);

            r->file = draft->file;
            zw_reader_problem(r, place_of(draft, &b->prefix),
                              "%s is behind \"%s\" in zone \"%s\", too; expected each prefix in one zone",
                              zw_prefix_format(&b->prefix, buf), b->at->name, a->zone->name);
        }
    }
}

static void check_ids(struct zw_reader *r)
{
    struct zw_zone *const *zones = r->policy->private_->zones_by_id;

    for (size_t i = 1; i < r->policy->n_zones; i++) {
        if (zones[i - 1]->id == zones[i]->id) {
            const struct zw_zone_draft *draft = draft_of(r, zones[i]);

            r->file = draft->file;
            zw_reader_problem(r, draft->body->key,
                              "the names \"%s\" and \"%s\" have the same number, %08x; expected another name",
                              zones[i]->name, zones[i - 1]->name, zones[i]->id);
        }
    }
}

static void check_behind(struct zw_reader *r, const struct zw_zone_draft *draft, const struct zw_zone *zone)
{
    if (zone->behind && zone->behind->behind) {
        zw_reader_problem(r, draft->behind, "zone \"%s\" is itself behind another; expected a zone of ports",
                          zone->behind->name);
    }
}

void zw_reader_zone_bodies(struct zw_reader *r)
{
    struct zw_policy *policy = r->policy;

    for (size_t i = 0; i < policy->n_zones; i++) {
        r->file = r->zone_drafts[i].file;
        read_body(r, &r->zone_drafts[i], policy->zones[i]);
    }
    for (size_t i = 0; i < policy->n_zones; i++) {
        r->file = r->zone_drafts[i].file;
        check_behind(r, &r->zone_drafts[i], policy->zones[i]);
    }
    zw_policy_index(policy);
    check_ids(r);
    check_prefixes(r);
}
