/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a policy of which an earlier state is known: only the rules that differ.
 *
 * What differs between the two texts of a file is widened to whole rules, and that part is read as if it were a list of
 * rules by itself.  That it means there what it means in its file follows from where it begins and ends (YAML 1.2, 6.1, 8.2.1):
 * at lines that have a list's "- " in the column of all the others.  Before the first such line the text is the old one, in
 * which nothing was open there but the list; a part that is valid by itself leaves nothing open for what follows.
 *
 * Whatever is not as simple as that (another section, brackets, line ends that are not LF, problems) is left to
 * zw_policy_read(): that costs time and gives the messages. */
#include "zw-config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/same.h"
#include "controller/policy/flow-count.h"
#include "controller/policy/placement.h"
#include "controller/policy/reader-change.h"

#define RULE_NAME_SIZE 16 /* "rule-60000". */
static const char list_key[] = "rules:\n";

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool same_text(const struct zw_policy_source *a, const struct zw_policy_source *b)
{
    return a->size == b->size && !memcmp(a->text, b->text, a->size);
}

/* False unless the text of one file differs, of as many files. */
static bool find_file(struct zw_change *c, const struct zw_policy_source *old, size_t n_old,
                      const struct zw_policy_source *now, size_t n)
{
    const struct zw_document *documents = c->previous->private_->documents;
    size_t size = 0;

    if (n != n_old || n != c->previous->private_->n_documents) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        size += now[i].size;
        c->is_renamed |= strcmp(documents[i].name, now[i].name) != 0;
        if (!same_text(&old[i], &now[i])) {
            if (c->document) {
                return false;
            }
            c->document = &documents[i];
            c->old = &old[i];
            c->now = &now[i];
        }
    }
    return c->document && c->document->ends_with_rules && size <= ZW_POLICY_MAX_SIZE;
}

bool zw_change_has_plain_lines(const struct zw_policy_source *source)
{
    const char *end = source->text + source->size, *p = source->text;

    while ((p = memchr(p, 0xe2, (size_t)(end - p))) != NULL) {
        if (end - p >= 3 && p[1] == '\x80' && (p[2] == '\xa8' || p[2] == '\xa9')) {
            return false;
        }
        p++;
    }
    return !memchr(source->text, '\r', source->size);
}

size_t zw_change_count_lines(const char *text, size_t size)
{
    const char *end = text + size;
    size_t n = 0;

    while ((text = memchr(text, '\n', (size_t)(end - text))) != NULL) {
        text++;
        n++;
    }
    return n;
}

/* Where the line begins that is 'n' lines above the one that has 'offset' in it. */
static size_t line_above(const char *text, size_t offset, size_t n)
{
    for (;;) {
        const char *end = memrchr(text, '\n', offset);

        if (!end || !n) {
            return end ? (size_t)(end - text) + 1 : 0;
        }
        offset = (size_t)(end - text);
        n--;
    }
}

size_t zw_change_line_below(const struct zw_policy_source *source, size_t offset, size_t n)
{
    for (; n; n--) {
        const char *end = memchr(source->text + offset, '\n', source->size - offset);

        if (!end) {
            return source->size;
        }
        offset = (size_t)(end - source->text) + 1;
    }
    return offset;
}

bool zw_change_begins_rule(const struct zw_policy_source *source, size_t offset, size_t indent)
{
    if (offset > source->size || source->size - offset < indent + 2) {
        return false;
    }
    for (size_t i = 0; i < indent; i++) {
        if (source->text[offset + i] != ' ') {
            return false;
        }
    }
    return !memcmp(source->text + offset + indent, "- ", 2);
}

size_t zw_change_count_spaces(const struct zw_policy_source *source, size_t offset)
{
    size_t n = 0;

    while (offset + n < source->size && source->text[offset + n] == ' ') {
        n++;
    }
    return n;
}

/* The last rule of the file that begins within what both texts begin with: there the part begins. */
static bool find_begin(struct zw_change *c, size_t file_first, size_t file_end)
{
    size_t line = zw_change_count_lines(c->old->text, c->n_same_before) + 1; /* The one that differs first. */
    size_t low = file_first, high = file_end;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if ((size_t)c->previous->rules[middle].line <= line) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (size_t i = low; i > file_first && low - i < 2; i--) {
        c->first = i - 1;
        c->begin = line_above(c->old->text, c->n_same_before, line - (size_t)c->previous->rules[c->first].line);
        c->indent = zw_change_count_spaces(c->old, c->begin);
        if (c->begin + c->indent + 2 <= c->n_same_before) {
            return zw_change_begins_rule(c->old, c->begin, c->indent);
        }
    }
    return false;
}

/* The first rule that begins within what both texts end with, or the end of the file. */
static bool find_end(struct zw_change *c, size_t file_end)
{
    size_t same = c->old->size - c->n_same_behind; /* From here on. */
    size_t line = (size_t)c->previous->rules[c->first].line, offset = c->begin;

    for (c->end = c->first + 1; c->end < file_end; c->end++) {
        size_t next = (size_t)c->previous->rules[c->end].line;

        offset = zw_change_line_below(c->old, offset, next - line);
        line = next;
        if (offset > same) { /* With the line end before it. */
            c->old_size = offset - c->begin;
            c->size = c->old_size + c->now->size - c->old->size;
            return zw_change_begins_rule(c->old, offset, c->indent);
        }
    }
    c->old_size = c->old->size - c->begin;
    c->size = c->now->size - c->begin;
    return true;
}

bool zw_change_has_marker(const char *text, size_t size)
{
    for (const char *end = text + size; text && text < end; text = memchr(text, '\n', (size_t)(end - text))) {
        text += *text == '\n';
        if (end - text >= 3 && (!memcmp(text, "---", 3) || !memcmp(text, "...", 3))) {
            return true;
        }
    }
    return false;
}

void zw_change_find_rules(const struct zw_policy *policy, const char *name, size_t *first, size_t *end)
{
    *first = 0;
    while (*first < policy->n_rules && policy->rules[*first].file != name) {
        ++*first;
    }
    for (*end = *first; *end < policy->n_rules; ++*end) {
        if (policy->rules[*end].file != name) {
            break;
        }
    }
}

static bool compare_texts(struct zw_change *c)
{
    size_t shorter = min_size(c->old->size, c->now->size);

    if (!zw_change_has_plain_lines(c->old) || !zw_change_has_plain_lines(c->now)) {
        return false;
    }
    c->n_same_before = zw_same_before(c->old->text, c->now->text, shorter);
    c->n_same_behind =
        zw_same_behind(c->old->text + c->old->size, c->now->text + c->now->size, shorter - c->n_same_before);
    return true;
}

static bool find_part(struct zw_change *c)
{
    size_t file_first, file_end;

    zw_change_find_rules(c->previous, c->document->name, &file_first, &file_end);
    return find_begin(c, file_first, file_end) && find_end(c, file_end) &&
           !zw_change_has_marker(c->now->text + c->begin, c->size);
}

const struct zw_yaml_node *zw_change_read_section(struct zw_reader *r, const char *file, const char *key,
                                                  const char *text, size_t size)
{
    const struct zw_yaml_node *root = zw_yaml_read(r->scratch, file, text, size, r->problems);

    if (!root || root->type != ZW_YAML_MAP || !root->is_block || root->n != 1) {
        return NULL;
    }
    return root->first->is_block && !strcmp(root->first->key->text, key) ? root->first : NULL;
}

/* The part as a list of rules, or NULL. */
static const struct zw_yaml_node *read_part(const struct zw_change *c, struct zw_reader *r)
{
    size_t head_size = sizeof list_key - 1, size = head_size + c->size;
    char *text = zw_pool_calloc(r->scratch, size + 1, 1);

    memcpy(text, list_key, head_size);
    memcpy(text + head_size, c->now->text + c->begin, c->size);
    const struct zw_yaml_node *list = zw_change_read_section(r, c->document->name, "rules", text, size);
    return list && list->type == ZW_YAML_LIST ? list : NULL;
}

/* The part's rules, numbered as they follow in the whole. */
static void read_rules(const struct zw_change *c, struct zw_reader *r, const struct zw_yaml_node *list)
{
    int line = c->previous->rules[c->first].line - 2; /* The part's first line follows that of its key. */

    r->file = c->document->name;
    for (const struct zw_yaml_node *node = list->first; node; node = node->next) {
        struct zw_rule *rule = &r->policy->rules[r->policy->n_rules++];

        rule->number = (uint32_t)r->policy->n_rules;
        zw_reader_rule(r, node, rule);
        rule->line = node->line + line;
    }
    r->policy->private_->frame->n_read_again += list->n;
}

/* The same rule further down or up. */
static void keep_rule(struct zw_policy *policy, const struct zw_change *c, const struct zw_rule *old, long n_lines_more)
{
    struct zw_rule *rule = &policy->rules[policy->n_rules++];

    *rule = *old;
    rule->number = (uint32_t)policy->n_rules;
    rule->line += rule->file == c->document->name ? (int)n_lines_more : 0;
}

void zw_change_name_rules(struct zw_policy *policy)
{
    size_t n = 0;
    char *name;

    for (size_t i = 0; i < policy->n_rules; i++) {
        n += !policy->rules[i].is_named;
    }
    if (n) {
        policy->private_->rule_names = name = zw_xcalloc(n, RULE_NAME_SIZE);
        for (size_t i = 0; i < policy->n_rules; i++) {
            if (!policy->rules[i].is_named) {
                snprintf(name, RULE_NAME_SIZE, "rule-%u", policy->rules[i].number);
                policy->rules[i].name = name;
                name += RULE_NAME_SIZE;
            }
        }
    }
}

/* Whether no two rules have one name; 'read' has those that were read, which differ from each other. */
static bool check_names(const struct zw_policy *policy, const struct zw_change *c, size_t n_read,
                        const struct zw_names *read)
{
    if (policy->private_->rule_names) {
        struct zw_names all = ZW_NAMES_INIT;
        bool is_unique = true;

        for (size_t i = 0; i < policy->n_rules && is_unique; i++) {
            is_unique = !zw_names_add(&all, policy->rules[i].name, &policy->rules[i]);
        }
        zw_names_destroy(&all);
        return is_unique;
    }
    for (size_t i = 0; i < policy->n_rules; i++) {
        if (i == c->first) {
            i += n_read;
        }
        if (i < policy->n_rules && zw_names_find(read, policy->rules[i].name)) {
            return false;
        }
    }
    return true;
}

/* The files have other names now, or other paths. */
static void rename_files(struct zw_policy *policy, const struct zw_policy_source *now)
{
    struct zw_policy_private *p = policy->private_;
    struct zw_document *documents = zw_pool_calloc(p->frame->pool, p->n_documents, sizeof *documents);
    size_t at = 0;

    for (size_t i = 0; i < p->n_documents; i++) {
        documents[i] = p->documents[i];
        documents[i].name = zw_pool_strdup(p->frame->pool, now[i].name);
    }
    for (size_t i = 0; i < policy->n_rules; i++) {
        while (policy->rules[i].file != p->documents[at].name) {
            at++;
        }
        policy->rules[i].file = documents[at].name;
    }
    p->documents = documents;
    p->frame->n_read_again += p->n_documents;
}

/* NULL if there are problems, or if it is not that simple. */
static struct zw_policy *replace_part(const struct zw_change *c, struct zw_reader *r)
{
    const struct zw_policy *previous = c->previous;
    const struct zw_yaml_node *list = read_part(c, r);
    size_t n_rest = previous->n_rules - (c->end - c->first);

    if (!list || list->n > ZW_POLICY_MAX_RULES - n_rest) {
        return NULL;
    }
    struct zw_policy *policy = zw_policy_new_in_frame(previous, n_rest + list->n);
    long n_lines_more = (long)zw_change_count_lines(c->now->text + c->begin, c->size) -
                        (long)zw_change_count_lines(c->old->text + c->begin, c->old_size);
    r->policy = policy;
    memcpy(policy->rules, previous->rules, c->first * sizeof *policy->rules);
    policy->n_rules = c->first;
    read_rules(c, r, list);
    for (size_t i = c->end; i < previous->n_rules; i++) {
        keep_rule(policy, c, &previous->rules[i], n_lines_more);
    }
    zw_change_name_rules(policy);
    if (r->problems->n || !check_names(policy, c, list->n, &r->rules)) {
        zw_policy_unref(policy);
        return NULL;
    }
    return policy;
}

/* The sets of the frame, with the members that some have by now. */
static struct zw_names current_sets(const struct zw_policy *policy)
{
    const struct zw_names *frame_sets = &policy->private_->frame->address_sets;
    const struct zw_names *changed = &policy->private_->changed_sets;
    struct zw_names sets = ZW_NAMES_INIT;

    for (size_t i = 0; i < frame_sets->capacity; i++) {
        const struct zw_names_entry *entry = &frame_sets->entries[i];

        if (entry->name) {
            void *now = zw_names_find(changed, entry->name);

            zw_names_add(&sets, entry->name, now ? now : entry->value);
        }
    }
    return sets;
}

void zw_change_lend(struct zw_reader *r, const struct zw_policy *policy)
{
    const struct zw_policy_private *p = policy->private_;

    r->address_sets = p->changed_sets.n ? current_sets(policy) : p->frame->address_sets;
    r->services = p->frame->services;
}

void zw_change_give_back(struct zw_reader *r, const struct zw_policy *policy)
{
    if (!policy->private_->changed_sets.n) {
        r->address_sets = (struct zw_names)ZW_NAMES_INIT;
    }
    r->services = (struct zw_names)ZW_NAMES_INIT;
}

static struct zw_policy *read_change(struct zw_change *c)
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_reader r = {.problems = &problems, .pool = c->previous->private_->frame->pool, .scratch = zw_pool_new()};

    zw_change_lend(&r, c->previous);
    struct zw_policy *policy = replace_part(c, &r);
    zw_change_give_back(&r, c->previous);
    zw_reader_destroy(&r);
    zw_problems_clear(&problems);
    return policy;
}

struct zw_policy *zw_policy_read_change(const struct zw_policy *previous, const struct zw_policy_source *old,
                                        size_t n_old, const struct zw_policy_source *sources, size_t n,
                                        struct zw_problems *problems)
{
    struct zw_change c = {.previous = previous, .old_sources = old};
    struct zw_policy *policy = NULL;

    if (previous->private_->frame->n_read_again < ZW_POLICY_MAX_READ_AGAIN && find_file(&c, old, n_old, sources, n) &&
        compare_texts(&c)) {
        policy = find_part(&c) ? read_change(&c) : zw_change_read_sets(&c);
    }
    if (!policy) {
        return zw_policy_read(sources, n, problems);
    }
    if (c.is_renamed) {
        rename_files(policy, sources);
    }
    zw_reader_hash(policy, sources, n);
    if (zw_policy_count_flows(policy) > ZW_POLICY_MAX_FLOWS || !zw_policy_place(policy, NULL, 0)) {
        zw_policy_unref(policy);
        return zw_policy_read(sources, n, problems);
    }
    return policy;
}
