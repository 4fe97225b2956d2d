/* SPDX-License-Identifier: Apache-2.0 */
/* reader - what the sections of a policy file have in common; for controller/policy/ only.
 *
 * A section's function takes the section's node, adds to the policy what it understands and a problem for each thing
 * that it does not, and goes on: one run finds all problems.  What is left half-built then does not matter, because a
 * policy with problems is thrown away. */

#ifndef ZW_POLICY_READER_H
#define ZW_POLICY_READER_H 1

#include "controller/policy/policy-private.h"
#include "controller/policy/policy.h"
#include "controller/policy/yaml.h"

struct zw_zone_draft;

struct zw_reader {
    struct zw_policy *policy;
    struct zw_pool *pool;    /* The policy's. */
    struct zw_pool *scratch; /* Dies with the reader. */
    struct zw_problems *problems;
    size_t n_sets_named; /* Address sets that were looked up. */
    bool incomplete;     /* A file could not be read: what seems undefined may be defined there. */
    const char *file;    /* The one whose section is being read; in 'pool'. */

    /* Name to what it stands for.  An entry is made even if its content is wrong, so that one mistake gives one
     * problem. */
    struct zw_names address_sets; /* struct zw_prefixes, in 'pool'; in the end they go to the policy's frame, */
    struct zw_names services;     /* as these do: struct zw_service, in 'pool'. */
    struct zw_names rules;        /* struct zw_rule. */
    struct zw_names selectors;    /* struct zw_selector_use, the first of a list; the name is made up. */

    struct zw_zone_draft *zone_drafts;                       /* In 'scratch', one for each of policy->zones. */
    bool trust_external_id;                                  /* What a zone that does not say takes. */
    const char *defaults_file, *trust_file, *conntrack_file; /* Where these sections were, or NULL. */
    int defaults_line, trust_line, conntrack_line;

    uint64_t n_flows; /* Of the rules so far. */

    /* For lists whose length shows only in the end; reused. */
    struct zw_prefix *prefixes;
    size_t n_prefixes, prefixes_capacity;
    struct zw_service_item *items;
    size_t n_items, items_capacity;
    size_t n_items_given; /* With duplicates. */
    /* Hash table of the items, in 'scratch'; NULL: none yet.  A slot of an earlier list is free. */
    struct zw_item_slot {
        uint32_t list, at;
    } * item_slots;
    uint32_t n_item_lists; /* With the one that is being read. */
};

/* The sections, in reader-*.c. */
void zw_reader_defaults(struct zw_reader *, const struct zw_yaml_node *);
void zw_reader_trust(struct zw_reader *, const struct zw_yaml_node *);
void zw_reader_conntrack(struct zw_reader *, const struct zw_yaml_node *);
void zw_reader_address_sets(struct zw_reader *, const struct zw_yaml_node *);
void zw_reader_services(struct zw_reader *, const struct zw_yaml_node *);
void zw_reader_zone_names(struct zw_reader *, const struct zw_yaml_node *);
void zw_reader_rules(struct zw_reader *, const struct zw_yaml_node *);
/* One of them; its number is set. */
void zw_reader_rule(struct zw_reader *, const struct zw_yaml_node *, struct zw_rule *);

/* After the names of all zones, of all files, are known: what they are. */
void zw_reader_zone_bodies(struct zw_reader *);

/* Gives back what the reader has but the policy. */
void zw_reader_destroy(struct zw_reader *);

/* The sum of all sources, as they follow each other. */
void zw_reader_hash(struct zw_policy *, const struct zw_policy_source *, size_t n);

/* A problem at 'node'. */
void zw_reader_problem(struct zw_reader *, const struct zw_yaml_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "KIND "dbs" is not defined (did you mean "db"?)". */
void zw_reader_undefined(struct zw_reader *, const struct zw_yaml_node *, const char *kind, const char *section,
                         const struct zw_names *);

/* The text of 'node' for a message, cut if it is long. */
const char *zw_reader_excerpt(struct zw_reader *, const struct zw_yaml_node *);

/* The text of 'node', or NULL and a problem that says what was 'expected', as in "a zone's name". */
const char *zw_reader_text(struct zw_reader *, const struct zw_yaml_node *, const char *expected);
/* The same where any text will do, if only it is quoted. */
const char *zw_reader_any_text(struct zw_reader *, const struct zw_yaml_node *, const char *expected);
/* The same for a name that is being given to 'what', as in "a zone"; in the policy's pool. */
const char *zw_reader_name(struct zw_reader *, const struct zw_yaml_node *, const char *what);
bool zw_reader_bool(struct zw_reader *, const struct zw_yaml_node *, bool *);

/* One word of a table that ends with NULL.  'later': known to the language, not to this version. */
struct zw_reader_word {
    const char *word;
    int value;
    bool later;
};
/* The value of the word, or -1 and a problem about 'what', as in "action". */
int zw_reader_word(struct zw_reader *, const struct zw_yaml_node *, const char *what, const struct zw_reader_word *);

/* One key of a mapping; a table of them ends with NULL. */
struct zw_reader_key {
    const char *name;
    bool later;
};
/* Puts the value of each key of the table into 'values', NULL where there is none.  Other keys are problems.  False
 * if 'node' is no mapping. */
bool zw_reader_map(struct zw_reader *, const struct zw_yaml_node *, const char *what, const struct zw_reader_key *,
                   const struct zw_yaml_node **values);

/* The members of a list, or a text as if it were a list of one; 'expected' as in "a zone or a list of zones". */
struct zw_reader_list {
    const struct zw_yaml_node *first; /* n of them along 'next'. */
    size_t n;
};
bool zw_reader_list(struct zw_reader *, const struct zw_yaml_node *, const char *expected, struct zw_reader_list *);

/* Addresses and the names of address sets.  'sets_allowed': false inside a set. */
bool zw_reader_addresses(struct zw_reader *, const struct zw_yaml_node *, bool sets_allowed, struct zw_prefixes *);
/* A zone's "guard", and "macs" and "addresses" of a port's entry (reader-guard.c). */
void zw_reader_guard(struct zw_reader *, const struct zw_yaml_node *, struct zw_guard *);
void zw_reader_macs(struct zw_reader *, const struct zw_yaml_node *, struct zw_selector *);
void zw_reader_bound_addresses(struct zw_reader *, const struct zw_yaml_node *, struct zw_selector *);
/* Items and the names of services.  'names_allowed': false inside a service. */
bool zw_reader_service(struct zw_reader *, const struct zw_yaml_node *, bool names_allowed, struct zw_service *);

/* "53", "1024-65535", or a list of such. */
void zw_reader_port_ranges(struct zw_reader *, const struct zw_yaml_node *, struct zw_port_ranges *);
/* The VLANs of a port selector. */
void zw_reader_vlans(struct zw_reader *, const struct zw_yaml_node *, struct zw_selector *);
/* The first VLAN that both name, or -1. */
int zw_selector_common_vlan(const struct zw_selector *, const struct zw_selector *);

/* Values of "action" in defaults, "log" anywhere. */
extern const struct zw_reader_word zw_reader_log_words[];
extern const struct zw_reader_word zw_reader_final_action_words[];

/* "a, b or c" of the words or keys that this version knows; in 'scratch'. */
const char *zw_reader_choices(struct zw_reader *, const char *const *words, size_t n);

#endif
