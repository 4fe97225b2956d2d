/* SPDX-License-Identifier: Apache-2.0 */

#include "zw-config.h"

#include "controller/policy/placement-private.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/policy/policy-private.h"
#include "controller/policy/rule.h"

#define USUAL_GAP 50        /* Between two rules, where there is room. */
#define USUAL_FIRST 57000   /* Of the first rule of a new policy, */
#define USUAL_SPREAD 48000u /* and about how far below it the last one may be. */

_Static_assert(ZW_RULE_ID_MAX == (1u << ZW_LABEL_RULE_BITS) - 1, "an id fits the label");
_Static_assert(ZW_N_PRIORITIES >= ZW_POLICY_MAX_ALONE, "each rule gets a priority of its own");
_Static_assert(ZW_PRIORITY_RULE_LAST > ZW_PRIORITY_DEFAULT, "rules stand above the default");

/* --- Which rule is which. --- */

/* Finds rules of the previous policy: chains of positions + 1, 0: the end. */
struct finder {
    const struct zw_policy *policy;
    uint32_t *heads, *next;
    size_t mask;
};

static struct finder finder_make(const struct zw_policy *policy, size_t first, size_t end)
{
    struct finder finder = {.policy = policy, .mask = 15};

    while (finder.mask < 2 * (end - first)) {
        finder.mask = 2 * finder.mask + 1;
    }
    finder.heads = zw_xcalloc(finder.mask + 1, sizeof *finder.heads);
    finder.next = zw_xcalloc(end, sizeof *finder.next);
    for (size_t i = end; i-- > first;) { /* Backwards: of rules with one content the first is found first. */
        uint32_t *head = &finder.heads[zw_rule_hash(&policy->rules[i]) & finder.mask];

        finder.next[i] = *head;
        *head = (uint32_t)i + 1;
    }
    return finder;
}

/* Each rule is found once. */
static const struct zw_rule *finder_take(struct finder *finder, const struct zw_rule *like)
{
    for (uint32_t *at = &finder->heads[zw_rule_hash(like) & finder->mask]; *at; at = &finder->next[*at - 1]) {
        const struct zw_rule *rule = &finder->policy->rules[*at - 1];

        if (zw_rule_is(rule, like)) {
            *at = finder->next[*at - 1];
            return rule;
        }
    }
    return NULL;
}

static void inherit(struct zw_rule *rule, const struct zw_rule *from)
{
    rule->id = from ? from->id : 0;
    rule->priority = from ? from->priority : ZW_NOWHERE;
}

/* What both policies have is the same at both ends most often: only what is between needs to be searched. */
static void inherit_all(struct zw_policy *policy, const struct zw_policy *previous)
{
    size_t first = 0, end = policy->n_rules, old_end = previous->n_rules;

    while (first < end && first < old_end && zw_rule_is(&policy->rules[first], &previous->rules[first])) {
        inherit(&policy->rules[first], &previous->rules[first]);
        first++;
    }
    while (end > first && old_end > first && zw_rule_is(&policy->rules[end - 1], &previous->rules[old_end - 1])) {
        end--, old_end--;
        inherit(&policy->rules[end], &previous->rules[old_end]);
    }
    struct finder finder = finder_make(previous, first, old_end);
    for (size_t i = first; i < end; i++) {
        inherit(&policy->rules[i], finder_take(&finder, &policy->rules[i]));
    }
    free(finder.heads);
    free(finder.next);
}

/* False if there are not enough ids left. */
static bool give_ids(struct zw_policy *policy)
{
    for (size_t i = 0; i < policy->n_rules; i++) {
        if (!policy->rules[i].id) {
            if (policy->next_rule_id > ZW_RULE_ID_MAX) {
                return false;
            }
            policy->rules[i].id = policy->next_rule_id++;
        }
    }
    return true;
}

/* --- Which rules keep their priority. --- */

/* 'shared': several may have the same one. */
static bool is_descending(const struct zw_policy *policy, bool shared)
{
    unsigned int last = ZW_PRIORITY_RULE_FIRST + 1;

    for (size_t i = 0; i < policy->n_rules; i++) {
        if (policy->rules[i].priority != ZW_NOWHERE) {
            if (policy->rules[i].priority >= last + shared) {
                return false;
            }
            last = policy->rules[i].priority;
        }
    }
    return true;
}

/* How many of tails[0..n) stand above 'priority'. */
static size_t n_above(const struct zw_policy *policy, const uint32_t *tails, size_t n, unsigned int priority)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (policy->rules[tails[middle]].priority > priority) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Of rules that were moved past each other as many as possible stay: a longest descending subsequence. */
static void lift_moved(struct zw_policy *policy, bool shared)
{
    uint32_t *tails =
        zw_xcalloc(policy->n_rules, sizeof *tails); /* tails[k]: where the best one of length k + 1 ends, */
    uint32_t *before = zw_xcalloc(policy->n_rules, sizeof *before); /* and what comes before each rule in it: + 1. */
    bool *stays = zw_xcalloc(policy->n_rules, sizeof *stays);
    size_t n = 0;

    for (size_t i = 0; i < policy->n_rules; i++) {
        if (policy->rules[i].priority != ZW_NOWHERE) {
            size_t k = n_above(policy, tails, n, policy->rules[i].priority - (unsigned int)shared);

            before[i] = k ? tails[k - 1] + 1 : 0;
            tails[k] = (uint32_t)i;
            n = k == n ? n + 1 : n;
        }
    }
    for (uint32_t at = n ? tails[n - 1] + 1 : 0; at; at = before[at - 1]) {
        stays[at - 1] = true;
    }
    for (size_t i = 0; i < policy->n_rules; i++) {
        policy->rules[i].priority = stays[i] ? policy->rules[i].priority : ZW_NOWHERE;
    }
    free(tails);
    free(before);
    free(stays);
}

/* --- Priorities for the others. --- */

/* Rules first..end-1, between the priorities 'above' and 'below', which are taken or beyond the range. */
struct window {
    size_t first, end;
    unsigned int above, below;
};

static size_t n_free(const struct window *w)
{
    return w->above - w->below - 1;
}

static bool has_room(const struct window *w)
{
    return n_free(w) >= w->end - w->first;
}

static void set_bounds(const struct zw_policy *policy, struct window *w)
{
    w->above = w->first ? policy->rules[w->first - 1].priority : ZW_PRIORITY_RULE_FIRST + 1;
    w->below = w->end < policy->n_rules ? policy->rules[w->end].priority : ZW_PRIORITY_RULE_LAST - 1;
}

static void spread(struct zw_policy *policy, const struct window *w)
{
    size_t n = w->end - w->first;

    for (size_t i = 0; i < n; i++) {
        policy->rules[w->first + i].priority = (uint16_t)(w->above - (n_free(w) + 1) * (i + 1) / (n + 1));
    }
}

/* Before the first or behind the last rule: at the usual distance, so that the next one finds as much room. */
static void narrow(const struct zw_policy *policy, struct window *w)
{
    size_t n = w->end - w->first;
    size_t gap = n_free(w) / n < USUAL_GAP ? n_free(w) / n : USUAL_GAP;

    if (!w->first && w->end < policy->n_rules) {
        w->above = w->below + (unsigned int)(gap * (n + 1));
    } else if (w->first && w->end == policy->n_rules) {
        w->below = w->above - (unsigned int)(gap * (n + 1));
    }
}

/* Crowded again by the next rule or two. */
static bool is_crowded(const struct zw_policy *policy, const struct window *w)
{
    size_t n = w->end - w->first, n_spare = n_free(w) - n, n_spare_of_all = ZW_N_PRIORITIES - policy->n_rules;

    return 4 * n_spare < n && 2 * n_spare * policy->n_rules < n * n_spare_of_all;
}

/* One rule more at that side, and on to the next one that has a priority to stand against; false at the end. */
static bool widen(const struct zw_policy *policy, struct window *w, bool up)
{
    if (up ? !w->first : w->end == policy->n_rules) {
        return false;
    }
    do {
        up ? w->first-- : w->end++;
    } while (up ? w->first && policy->rules[w->first - 1].priority == ZW_NOWHERE
                : w->end < policy->n_rules && policy->rules[w->end].priority == ZW_NOWHERE);
    set_bounds(policy, w);
    return true;
}

/* The smallest neighbourhood with room, of those that grow upwards, downwards, or both ways. */
static struct window find_room(const struct zw_policy *policy, const struct window *full)
{
    struct window w[3] = {*full, *full, *full}; /* Up, down, both. */
    bool grown = true;

    while (grown) {
        grown = false;
        for (size_t i = 0; i < 3; i++) {
            bool up = i != 1 && widen(policy, &w[i], true);
            bool down = i != 0 && widen(policy, &w[i], false);

            if (has_room(&w[i]) && !is_crowded(policy, &w[i])) {
                return w[i];
            }
            grown |= up || down;
        }
    }
    return w[2]; /* All of them. */
}

/* With room at both ends; and at the same places whatever comes behind, for a policy that is not large. */
static void place_afresh(struct zw_policy *policy)
{
    size_t n = policy->n_rules;
    size_t gap = n && USUAL_SPREAD / n < USUAL_GAP ? USUAL_SPREAD / n : USUAL_GAP;
    struct window all = {.end = n, .above = ZW_PRIORITY_RULE_FIRST + 1, .below = ZW_PRIORITY_RULE_LAST - 1};

    if (gap > 1) {
        all.above = USUAL_FIRST + (unsigned int)gap;
        all.below = all.above - (unsigned int)(gap * (n + 1));
    }
    spread(policy, &all);
}

static void place_run(struct zw_policy *policy, struct window w)
{
    if (!w.first && w.end == policy->n_rules) {
        place_afresh(policy);
        return;
    }
    set_bounds(policy, &w);
    if (has_room(&w)) {
        narrow(policy, &w);
    } else {
        w = find_room(policy, &w);
    }
    spread(policy, &w);
}

static void give_priorities(struct zw_policy *policy)
{
    for (size_t i = 0; i < policy->n_rules; i++) {
        if (policy->rules[i].priority == ZW_NOWHERE) {
            struct window run = {.first = i, .end = i};

            while (run.end < policy->n_rules && policy->rules[run.end].priority == ZW_NOWHERE) {
                run.end++;
            }
            place_run(policy, run);
        }
    }
}

static void begin_ids(struct zw_policy *policy, uint32_t version)
{
    policy->rule_ids_since = version;
    policy->next_rule_id = 1;
    for (size_t i = 0; i < policy->n_rules; i++) {
        policy->rules[i].id = policy->next_rule_id++;
    }
}

/* False if ids begin anew. */
static bool take_over(struct zw_policy *policy, const struct zw_policy *previous)
{
    if (!previous) {
        return false;
    }
    policy->rule_ids_since = previous->rule_ids_since;
    policy->next_rule_id = previous->next_rule_id;
    inherit_all(policy, previous);
    return give_ids(policy);
}

static bool place(struct zw_policy *policy, const struct zw_policy *previous, uint32_t version, bool shared)
{
    bool has_places = take_over(policy, previous), good = true;

    if (!has_places) {
        begin_ids(policy, version);
    } else if (!is_descending(policy, shared)) {
        lift_moved(policy, shared);
    }
    if (shared) {
        good = has_places ? zw_share_priorities(policy) : zw_share_afresh(policy);
    } else if (has_places) {
        give_priorities(policy);
    } else {
        place_afresh(policy);
    }
    zw_policy_index_ids(policy);
    return good;
}

bool zw_policy_place(struct zw_policy *policy, const struct zw_policy *previous, uint32_t version)
{
    return place(policy, previous, version, policy->n_rules > ZW_POLICY_MAX_ALONE);
}

bool zw_policy_place_shared(struct zw_policy *policy, const struct zw_policy *previous, uint32_t version)
{
    return place(policy, previous, version, true);
}
