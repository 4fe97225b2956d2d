/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a policy of which some address sets have other members than before: the section "address-sets", and the rules that
 * may name such a set.
 *
 * The section is read as if it were the whole file.  That it means there what it means in its file follows from where it
 * begins and ends: both are lines of keys in the first column, of the old text, and what is between the two is not empty of
 * anything but that section, nor leaves anything open.  Which rules name a set is found by its name in their texts: a rule
 * that has it somewhere is read again, and means the same if it had no need to be. */
#include "zw-config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "controller/policy/reader-change.h"

static const char list_key[] = "rules:\n";
static const char sets_key[] = "address-sets:";

struct sets_change {
    const struct zw_change *c;
    struct zw_policy *policy; /* The new one. */
    struct zw_names sets;     /* As they were. */
    struct zw_names changed;  /* Those that have other members: names and values in the frame's pool. */
    bool *again;              /* Rules to be read. */
    long n_lines_more;
};

/* The section's new text.  False if something else differs, too. */
static bool find_section(const struct zw_change *c, const char **text, size_t *size)
{
    const struct zw_document *d = c->document;

    if (!d->sets_line) {
        return false;
    }
    size_t begin = zw_change_line_below(c->old, 0, (size_t)d->sets_line - 1);
    size_t end = zw_change_line_below(c->old, begin, (size_t)(d->sets_end - d->sets_line));
    if (end - begin < sizeof sets_key || memcmp(c->old->text + begin, sets_key, sizeof sets_key - 1) ||
        c->n_same_before < begin + sizeof sets_key - 1 || c->n_same_before > end ||
        c->old->size - c->n_same_behind > end) {
        return false;
    }
    *text = c->now->text + begin;
    *size = end - begin + c->now->size - c->old->size;
    return !zw_change_has_marker(*text, *size) && (*text)[*size - 1] == '\n';
}

/* A zone's line is one for all policies of a frame. */
static bool moves_zones(const struct sets_change *s)
{
    for (size_t i = 0; s->n_lines_more && i < s->policy->n_zones; i++) {
        if (s->policy->zones[i]->line > s->c->document->sets_line) {
            return true;
        }
    }
    return false;
}

static bool same_members(const struct zw_prefixes *a, const struct zw_prefixes *b)
{
    bool same = a->n == b->n;

    for (size_t i = 0; same && i < a->n; i++) {
        same = !zw_prefix_compare(&a->list[i], &b->list[i]);
    }
    return same;
}

static struct zw_prefixes *copy_set(struct zw_pool *pool, const struct zw_prefixes *set)
{
    struct zw_prefixes *copy = zw_pool_calloc(pool, 1, sizeof *copy);

    copy->n = set->n;
    copy->list = zw_pool_calloc(pool, set->n, sizeof *copy->list);
    for (size_t i = 0; i < set->n; i++) {
        copy->list[i] = set->list[i];
    }
    return copy;
}

/* The name as the frame has it, so that it lives as long. */
static const char *own_name(const struct sets_change *s, const char *name)
{
    const struct zw_names *names = &s->policy->private_->frame->address_sets;

    for (size_t i = 0; i < names->capacity; i++) {
        if (names->entries[i].name && !strcmp(names->entries[i].name, name)) {
            return names->entries[i].name;
        }
    }
    return NULL;
}

/* False if there are other sets than before. */
static bool compare_sets(struct sets_change *s, const struct zw_names *now)
{
    struct zw_frame *frame = s->policy->private_->frame;

    if (now->n != s->sets.n) {
        return false;
    }
    for (size_t i = 0; i < now->capacity; i++) {
        const struct zw_names_entry *entry = &now->entries[i];
        const struct zw_prefixes *old = entry->name ? zw_names_find(&s->sets, entry->name) : NULL;

        if (entry->name && !old) {
            return false;
        }
        if (entry->name && !same_members(old, entry->value)) {
            struct zw_prefixes *set = copy_set(frame->pool, entry->value);

            zw_names_add(&s->changed, own_name(s, entry->name), set);
            frame->n_read_again += 1 + set->n / 8; /* A rule takes as much room as some addresses. */
        }
    }
    return true;
}

/* Reads the section.  False if it cannot be read by itself. */
static bool read_sets(struct sets_change *s)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_reader r = {.problems = &problems, .scratch = zw_pool_new()};
    const char *text;
    size_t size;
    bool good = find_section(s->c, &text, &size);

    r.pool = r.scratch;
    r.file = s->c->document->name;
    if (good) {
        const struct zw_yaml_node *node = zw_change_read_section(&r, r.file, "address-sets", text, size);

        if (node && node->type == ZW_YAML_MAP) {
            zw_reader_address_sets(&r, node);
        }
        good = node && node->type == ZW_YAML_MAP && !problems.n && compare_sets(s, &r.address_sets);
    }
    zw_reader_destroy(&r);
    zw_problems_clear(&problems);
    return good;
}

static bool is_name_character(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-';
}

/* Marks the rules of file 'i' that have 'name' in their text, from 'offset' on, where rule 'first' begins. */
static void mark_rules(struct sets_change *s, const struct zw_policy_source *source, size_t offset, size_t first,
                       size_t end, const char *name)
{
    const struct zw_rule *rules = s->c->previous->rules;
    const char *text = source->text, *text_end = text + source->size, *counted = text + offset, *at = counted;
    size_t length = strlen(name), line = (size_t)rules[first].line;

    while ((at = memmem(at, (size_t)(text_end - at), name, length)) != NULL) {
        bool is_part = is_name_character(at[-1]) || (at + length < text_end && is_name_character(at[length]));

        if (!is_part) {
            line += zw_change_count_lines(counted, (size_t)(at - counted));
            counted = at;
            while (first + 1 < end && (size_t)rules[first + 1].line <= line) {
                first++;
            }
            s->again[first] = true;
        }
        at += length;
    }
}

/* Finds the rules of file 'i' that have to be read again.  False if its text could name a set in another way. */
static bool find_rules(struct sets_change *s, size_t i)
{
    const struct zw_policy *previous = s->c->previous;
    const struct zw_document *document = &previous->private_->documents[i];
    const struct zw_policy_source *source = &s->c->old_sources[i];
    size_t first, end;

    zw_change_find_rules(previous, document->name, &first, &end);
    if (first == end) {
        return true;
    }
    size_t offset = zw_change_line_below(source, 0, (size_t)previous->rules[first].line - 1);
    if (!document->ends_with_rules || !offset || !zw_change_has_plain_lines(source) ||
        memchr(source->text + offset, '\\', source->size - offset)) {
        return false;
    }
    for (size_t k = 0; k < s->changed.capacity; k++) {
        if (s->changed.entries[k].name) {
            mark_rules(s, source, offset, first, end, s->changed.entries[k].name);
        }
    }
    return true;
}

/* The marked ones of rules[first..end), which are those of 'source', as a list.  NULL if one does not begin as usual. */
static char *collect(const struct sets_change *s, const struct zw_policy_source *source, size_t first, size_t end,
                     size_t *n)
{
    const struct zw_rule *rules = s->c->previous->rules;
    size_t offset = zw_change_line_below(source, 0, (size_t)rules[first].line - 1);
    size_t indent = zw_change_count_spaces(source, offset);
    char *text = zw_xcalloc(source->size - offset + sizeof list_key + 1, 1), *at = text;

    at = mempcpy(at, list_key, sizeof list_key - 1);
    *n = 0;
    for (size_t i = first; i < end; i++) {
        size_t next = i + 1 < end ? zw_change_line_below(source, offset, (size_t)(rules[i + 1].line - rules[i].line))
                                  : source->size;

        if (s->again[i]) {
            if (!zw_change_begins_rule(source, offset, indent) ||
                (i + 1 < end && !zw_change_begins_rule(source, next, indent)) ||
                zw_change_has_marker(source->text + offset, next - offset)) {
                free(text);
                return NULL;
            }
            at = mempcpy(at, source->text + offset, next - offset);
            ++*n;
        }
        offset = next;
    }
    return text;
}

/* Reads the marked rules of a file. */
static bool read_marked(struct sets_change *s, struct zw_reader *r, size_t i)
{
    size_t first, end, n;

    r->file = s->policy->private_->documents[i].name;
    zw_change_find_rules(s->c->previous, r->file, &first, &end);
    char *text = first < end ? collect(s, &s->c->old_sources[i], first, end, &n) : NULL;
    const struct zw_yaml_node *list =
        text && n ? zw_change_read_section(r, r->file, "rules", text, strlen(text)) : NULL;
    bool good = first == end || (text && (!n || (list && list->type == ZW_YAML_LIST && list->n == n)));

    free(text);
    if (!good || !list) {
        return good;
    }
    const struct zw_yaml_node *node = list->first;
    for (size_t k = first; k < end; k++) {
        if (s->again[k]) {
            struct zw_rule *rule = &s->policy->rules[k];
            struct zw_rule fresh = {.number = rule->number};

            zw_reader_rule(r, node, &fresh);
            fresh.line = rule->line;
            *rule = fresh;
            node = node->next;
        }
    }
    s->policy->private_->frame->n_read_again += n;
    return true;
}

/* Rules that are the same, further down or up. */
static void keep_rules(struct sets_change *s)
{
    const struct zw_policy *previous = s->c->previous;

    for (size_t i = 0; i < previous->n_rules; i++) {
        struct zw_rule *rule = &s->policy->rules[i];

        *rule = previous->rules[i];
        rule->line += rule->file == s->c->document->name ? (int)s->n_lines_more : 0;
    }
    s->policy->n_rules = previous->n_rules;
}

static void move_documents(struct sets_change *s)
{
    struct zw_policy_private *p = s->policy->private_;
    struct zw_document *documents = zw_pool_calloc(p->frame->pool, p->n_documents, sizeof *documents);

    for (size_t i = 0; i < p->n_documents; i++) {
        documents[i] = p->documents[i];
        documents[i].sets_end += &p->documents[i] == s->c->document ? (int)s->n_lines_more : 0;
    }
    p->documents = documents;
    p->frame->n_read_again += p->n_documents;
}

/* The changed sets, and what was changed before. */
static void note_sets(struct sets_change *s)
{
    const struct zw_names *before = &s->c->previous->private_->changed_sets;
    struct zw_names all = s->changed;

    s->changed = (struct zw_names)ZW_NAMES_INIT;
    for (size_t i = 0; i < before->capacity; i++) {
        if (before->entries[i].name) {
            zw_names_add(&all, before->entries[i].name, before->entries[i].value); /* Unless it is there already. */
        }
    }
    zw_names_destroy(&s->policy->private_->changed_sets);
    s->policy->private_->changed_sets = all;
}

/* With the new sets. */
static bool read_rules(struct sets_change *s)
{
    struct zw_policy_private *p = s->policy->private_;
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_reader r = {.problems = &problems, .pool = p->frame->pool, .scratch = zw_pool_new(), .policy = s->policy};
    bool good = true;

    zw_change_lend(&r, s->policy);
    for (size_t i = 0; good && i < p->n_documents; i++) {
        good = read_marked(s, &r, i);
    }
    good = good && !problems.n;
    zw_change_give_back(&r, s->policy);
    zw_reader_destroy(&r);
    zw_problems_clear(&problems);
    return good;
}

static bool read_all(struct sets_change *s)
{
    const struct zw_policy_private *p = s->c->previous->private_;
    bool good = !moves_zones(s) && read_sets(s) && !(s->changed.n && p->frame->zones_name_sets);

    for (size_t i = 0; good && i < p->n_documents; i++) {
        good = find_rules(s, i);
    }
    if (good) {
        keep_rules(s);
        note_sets(s);
        good = read_rules(s);
    }
    if (good) {
        move_documents(s);
        zw_change_name_rules(s->policy);
    }
    return good;
}

struct zw_policy *zw_change_read_sets(const struct zw_change *c)
{
    struct sets_change s = {.c = c, .again = zw_xcalloc(c->previous->n_rules, sizeof *s.again)};
    struct zw_reader lender = {.problems = NULL};

    s.policy = zw_policy_new_in_frame(c->previous, c->previous->n_rules);
    s.n_lines_more = (long)zw_change_count_lines(c->now->text, c->now->size) -
                     (long)zw_change_count_lines(c->old->text, c->old->size);
    zw_change_lend(&lender, c->previous);
    s.sets = lender.address_sets;
    bool good = read_all(&s);
    zw_change_give_back(&lender, c->previous);
    zw_names_destroy(&lender.address_sets);
    zw_names_destroy(&s.changed);
    free(s.again);
    if (!good) {
        zw_policy_unref(s.policy);
        return NULL;
    }
    return s.policy;
}
