/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/reader.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/sha256.h"
#include "controller/policy/placement.h"

enum section {
    SECTION_VERSION,
    SECTION_ZONES,
    SECTION_ADDRESS_SETS,
    SECTION_SERVICES,
    SECTION_DEFAULTS,
    SECTION_RULES,
    SECTION_TRUST,
    SECTION_CONNTRACK,
    N_SECTIONS
};

static const struct zw_reader_key section_keys[] = {
    [SECTION_VERSION] = {"version", false},
    [SECTION_ZONES] = {"zones", false},
    [SECTION_ADDRESS_SETS] = {"address-sets", false},
    [SECTION_SERVICES] = {"services", false},
    [SECTION_DEFAULTS] = {"defaults", false},
    [SECTION_RULES] = {"rules", false},
    [SECTION_TRUST] = {"trust", false},
    [SECTION_CONNTRACK] = {"conntrack", false},
    [N_SECTIONS] = {NULL, false},
};

/* One file. */
struct document {
    const char *name;
    const struct zw_yaml_node *root, *sections[N_SECTIONS];
};

/* What is read before what: a section may use only names that earlier ones define. */
static const struct {
    enum section section;
    void (*read)(struct zw_reader *, const struct zw_yaml_node *);
} before_zones[] = {
    {SECTION_TRUST, zw_reader_trust},       {SECTION_CONNTRACK, zw_reader_conntrack},
    {SECTION_DEFAULTS, zw_reader_defaults}, {SECTION_ADDRESS_SETS, zw_reader_address_sets},
    {SECTION_SERVICES, zw_reader_services}, {SECTION_ZONES, zw_reader_zone_names},
};

static void read_version(struct zw_reader *r, const struct zw_yaml_node *root, const struct zw_yaml_node *version)
{
    if (!version) {
        zw_reader_problem(r, root, "the file has no \"version\"; expected version: %d", ZW_POLICY_FORMAT);
    } else if (version->type != ZW_YAML_TEXT || !*version->text) {
        zw_reader_problem(r, version, "%s; expected version: %d", zw_yaml_type_name(version), ZW_POLICY_FORMAT);
    } else if (!version->plain || strcmp(version->text, "1")) {
        zw_reader_problem(r, version, "version %s%s%s is not supported; expected version: %d",
                          version->plain ? "" : "\"", zw_reader_excerpt(r, version), version->plain ? "" : "\"",
                          ZW_POLICY_FORMAT);
    }
}

/* Takes the file apart; reads nothing but its version. */
static void open_document(struct zw_reader *r, const struct zw_policy_source *source, struct document *doc)
{
    const struct zw_yaml_node *root;

    doc->name = zw_pool_strdup(r->pool, source->name);
    r->file = doc->name;
    root = zw_yaml_read(r->scratch, doc->name, source->text, source->size, r->problems);
    doc->root = root;
    r->incomplete |= !root;
    if (root && zw_reader_map(r, root, "a policy", section_keys, doc->sections)) {
        read_version(r, root, doc->sections[SECTION_VERSION]);
    }
}

static void read_sections(struct zw_reader *r, const struct document *docs, size_t n, enum section section,
                          void (*read)(struct zw_reader *, const struct zw_yaml_node *))
{
    for (size_t i = 0; i < n; i++) {
        if (docs[i].sections[section]) {
            r->file = docs[i].name;
            read(r, docs[i].sections[section]);
        }
    }
}

/* One array for the rules of all files, because rules are known by their addresses from then on. */
static void make_room_for_rules(struct zw_reader *r, const struct document *docs, size_t n)
{
    size_t n_rules = 0;

    for (size_t i = 0; i < n; i++) {
        n_rules += docs[i].sections[SECTION_RULES] ? docs[i].sections[SECTION_RULES]->n : 0;
    }
    if (n_rules > ZW_POLICY_MAX_RULES) {
        n_rules = ZW_POLICY_MAX_RULES;
    }
    r->policy->rules = zw_xcalloc(n_rules, sizeof *r->policy->rules);
}

static void read_documents(struct zw_reader *r, const struct document *docs, size_t n)
{
    for (size_t i = 0; i < sizeof before_zones / sizeof before_zones[0]; i++) {
        read_sections(r, docs, n, before_zones[i].section, before_zones[i].read);
    }
    r->n_sets_named = 0;
    zw_reader_zone_bodies(r);
    r->policy->private_->frame->zones_name_sets = r->n_sets_named;
    make_room_for_rules(r, docs, n);
    read_sections(r, docs, n, SECTION_RULES, zw_reader_rules);
}

void zw_reader_hash(struct zw_policy *policy, const struct zw_policy_source *sources, size_t n)
{
    struct zw_sha256 *ctx = zw_sha256_new();
    uint8_t digest[ZW_SHA256_SIZE];

    for (size_t i = 0; i < n; i++) {
        zw_sha256_add(ctx, sources[i].text, sources[i].size);
    }
    zw_sha256_finish(ctx, digest);
    zw_sha256_format(digest, policy->sha256);
}

static uint32_t digest_zones(const struct zw_policy *policy)
{
    char *text = zw_policy_format_zones(policy);
    uint8_t d[ZW_SHA256_SIZE];

    zw_sha256(text, strlen(text), d);
    free(text);
    return (uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 | (uint32_t)d[2] << 8 | d[3];
}

static bool check_size(const struct zw_policy_source *sources, size_t n, struct zw_problems *problems)
{
    size_t size = 0;

    for (size_t i = 0; i < n; i++) {
        if (sources[i].size > ZW_POLICY_MAX_SIZE - size) {
            zw_problems_add(problems, sources[i].name, 0, 0,
                            "the policy is too large; expected no more than %u MiB in all its files",
                            ZW_POLICY_MAX_SIZE / (1024 * 1024));
            return false;
        }
        size += sources[i].size;
    }
    return true;
}

void zw_reader_destroy(struct zw_reader *r)
{
    zw_names_destroy(&r->address_sets);
    zw_names_destroy(&r->services);
    zw_names_destroy(&r->rules);
    zw_names_destroy(&r->selectors);
    free(r->prefixes);
    free(r->items);
    zw_pool_destroy(r->scratch);
}

static bool ends_with_rules(const struct document *doc)
{
    const struct zw_yaml_node *rules = doc->sections[SECTION_RULES];

    return rules && !rules->next && rules->is_block && doc->root->is_block && doc->root->column == 1;
}

/* Where the only section "address-sets" is, if nothing but it stands there. */
static void note_sets(const struct document *docs, size_t n, struct zw_document *notes)
{
    const struct zw_yaml_node *sets = NULL;
    size_t n_sets = 0, at = 0;

    for (size_t i = 0; i < n; i++) {
        if (docs[i].sections[SECTION_ADDRESS_SETS]) {
            sets = docs[i].sections[SECTION_ADDRESS_SETS];
            at = i;
            n_sets++;
        }
    }
    if (n_sets == 1 && notes[at].ends_with_rules && sets->is_block && sets->next) {
        notes[at].sets_line = sets->key->line;
        notes[at].sets_end = sets->next->key->line;
    }
}

/* What is needed to read changed rules alone. */
static void move_to_frame(struct zw_reader *r, const struct document *docs, size_t n)
{
    struct zw_policy_private *p = r->policy->private_;
    struct zw_frame *frame = p->frame;

    frame->address_sets = r->address_sets;
    frame->services = r->services;
    r->address_sets = r->services = (struct zw_names)ZW_NAMES_INIT;
    p->documents = zw_pool_calloc(frame->pool, n, sizeof *p->documents);
    p->n_documents = n;
    for (size_t i = 0; i < n; i++) {
        p->documents[i] = (struct zw_document){.name = docs[i].name, .ends_with_rules = ends_with_rules(&docs[i])};
    }
    note_sets(docs, n, p->documents);
}

/* So many rules may be too many. */
static void place(struct zw_policy *policy, struct zw_problems *problems)
{
    if (!zw_policy_place(policy, NULL, 0)) {
        const struct zw_rule *rule = &policy->rules[ZW_POLICY_MAX_ALONE];

        zw_problems_add(
            problems, rule->file, rule->line, 1,
            "too many rules; expected no more than %d, or that most have no packet in common with their neighbours",
            ZW_POLICY_MAX_ALONE);
    }
}

struct zw_policy *zw_policy_read(const struct zw_policy_source *sources, size_t n, struct zw_problems *problems)
{
    size_t n_problems = problems->n + problems->n_dropped;
    struct zw_reader r = {.problems = problems};
    struct zw_policy *policy;
    struct document *docs;

    if (!check_size(sources, n, problems)) {
        return NULL;
    }
    policy = zw_policy_new();
    r.policy = policy;
    r.pool = policy->private_->frame->pool;
    r.scratch = zw_pool_new();
    docs = zw_pool_calloc(r.scratch, n, sizeof *docs);
    for (size_t i = 0; i < n; i++) {
        open_document(&r, &sources[i], &docs[i]);
    }
    read_documents(&r, docs, n);
    zw_reader_hash(policy, sources, n);
    move_to_frame(&r, docs, n);
    if (problems->n + problems->n_dropped == n_problems) {
        place(policy, problems);
    }
    zw_reader_destroy(&r);
    if (problems->n + problems->n_dropped > n_problems) {
        zw_policy_unref(policy);
        zw_problems_sort(problems);
        return NULL;
    }
    policy->zones_digest = digest_zones(policy);
    return policy;
}
