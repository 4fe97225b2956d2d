/* SPDX-License-Identifier: Apache-2.0 */
/* Priorities for more rules than there are: neighbours that can have no packet in common share one.
 *
 * At one priority the switch may take any flow that matches, and there it does not matter which: no packet matches two.  Only
 * rules that are written out share, for conjunctions of one priority must have no flow in common (ovs-fields(7)).  A group that
 * shares is small, so that a change looks at few rules.  New groups are spread over the gap where they stand; if that is too
 * small, over the smallest neighbourhood that is not crowded, as in placement.c. */

#include "zw-config.h"

#include "controller/policy/placement-private.h"

#include <stdlib.h>

#include "controller/base/memory.h"
#include "controller/policy/rule.h"

#define MAX_SHARING 8 /* Rules of one priority. */

/* At most one dimension has several members: that is never a conjunction. */
static bool may_share(const struct zw_rule *rule)
{
    for (size_t i = 0; i < rule->service.n; i++) {
        if (rule->service.items[i].eth_type) {
            return false;
        }
    }
    return rule->from.n <= 1 && rule->to.n <= 1 && rule->from_addresses.n <= 1 && rule->to_addresses.n <= 1;
}

/* Whether rules[i] has no packet in common with those of rules[first..end) that have 'priority'; and how many they are. */
static bool fits(const struct zw_policy *policy, size_t i, size_t first, size_t end, unsigned int priority, size_t *n)
{
    const struct zw_rule *rule = &policy->rules[i];

    for (size_t k = first; k < end; k++) {
        const struct zw_rule *other = &policy->rules[k];

        if (other->priority == priority) {
            ++*n;
            if (!may_share(other) || !zw_rules_are_apart(rule, other)) {
                return false;
            }
        }
    }
    return true;
}

/* Where the group begins that ends before 'end'. */
static size_t group_begin(const struct zw_policy *policy, size_t end)
{
    size_t first = end;

    while (first && policy->rules[first - 1].priority == policy->rules[end - 1].priority) {
        first--;
    }
    return first;
}

/* The same for its end; rules without a priority may be among them. */
static size_t group_end(const struct zw_policy *policy, size_t first)
{
    size_t end = first;

    while (end < policy->n_rules && (policy->rules[end].priority == policy->rules[first].priority ||
                                     policy->rules[end].priority == ZW_NOWHERE)) {
        end++;
    }
    return end;
}

bool zw_priorities_hold(const struct zw_policy *policy)
{
    size_t first = 0;

    for (size_t i = 1; i < policy->n_rules; i++) {
        const struct zw_rule *rule = &policy->rules[i];
        size_t n = 1;

        if (rule->priority > rule[-1].priority) {
            return false;
        } else if (rule->priority < rule[-1].priority) {
            first = i;
        } else if (!may_share(rule) || !fits(policy, i, first, i, rule->priority, &n) || n > MAX_SHARING) {
            return false;
        }
    }
    return true;
}

/* Rules that have changed, and no longer get on with those of their priority, lose it. */
static void part_groups(struct zw_policy *policy)
{
    size_t first = 0;

    for (size_t i = 0; i < policy->n_rules; i++) {
        struct zw_rule *rule = &policy->rules[i];
        size_t n = 0;

        if (rule->priority == ZW_NOWHERE) {
            continue;
        }
        if (rule->priority != policy->rules[first].priority) {
            first = i;
        } else if (i != first && (!may_share(rule) || !fits(policy, i, first, i, rule->priority, &n))) {
            rule->priority = ZW_NOWHERE;
        }
    }
}

/* --- New rules. --- */

/* Where rules without a priority get one. */
struct placer {
    struct zw_policy *policy;
    bool *begins;    /* A rule that has no priority yet begins a new group. */
    size_t n_groups; /* Of the whole policy, before. */
};

/* Rules first..end-1, which get priorities below 'above' and above 'below'.  'n_groups' need one. */
struct window {
    size_t first, end;
    size_t run_first, run_end; /* What is new of them.  Others without a priority have their turn later. */
    size_t n_groups;
    unsigned int above, below;
};

static bool can_join(const struct zw_policy *policy, size_t i, size_t first, size_t end, unsigned int priority)
{
    size_t n = 1;

    return may_share(&policy->rules[i]) && fits(policy, i, first, end, priority, &n) && n <= MAX_SHARING;
}

/* New rules amid one group: they join it, up to the first one that does not fit.  Then all below it have to find other places;
 * they are new, too.  Returns where what is left begins. */
static size_t join_around(struct zw_policy *policy, size_t i, size_t *end)
{
    struct zw_rule *rules = policy->rules;

    if (!i || *end == policy->n_rules || rules[i - 1].priority != rules[*end].priority) {
        return i;
    }
    size_t first = group_begin(policy, i), stop = group_end(policy, *end);
    unsigned int priority = rules[*end].priority;
    for (; i < *end && can_join(policy, i, first, stop, priority); i++) {
        rules[i].priority = (uint16_t)priority;
    }
    if (i < *end) {
        for (size_t k = *end; k < stop; k++) {
            rules[k].priority = ZW_NOWHERE;
        }
        *end = stop;
    }
    return i;
}

/* The first ones join the group above, as far as they fit.  Returns where what is left begins. */
static size_t join_above(struct zw_policy *policy, size_t i, size_t end)
{
    size_t first = i ? group_begin(policy, i) : 0;

    for (; i && i < end && can_join(policy, i, first, i, policy->rules[first].priority); i++) {
        policy->rules[i].priority = policy->rules[first].priority;
    }
    return i;
}

/* The last ones join the group below.  Returns where what is left ends. */
static size_t join_below(struct zw_policy *policy, size_t first, size_t end)
{
    size_t stop = end < policy->n_rules ? group_end(policy, end) : end;

    for (; stop > end && end > first && can_join(policy, end - 1, end, stop, policy->rules[end].priority); end--) {
        policy->rules[end - 1].priority = policy->rules[end].priority;
    }
    return end;
}

/* Each goes to the one before it if it can.  Returns how many groups they are. */
static size_t group_new(struct placer *p, size_t first, size_t end)
{
    size_t n_groups = 0, group = first;

    for (size_t i = first; i < end; i++) {
        p->begins[i] = i == first || !can_join(p->policy, i, group, i, ZW_NOWHERE);
        group = p->begins[i] ? i : group;
        n_groups += p->begins[i];
    }
    return n_groups;
}

static size_t n_free(const struct window *w)
{
    return w->above - w->below - 1;
}

static void set_bounds(const struct zw_policy *policy, struct window *w)
{
    w->above = w->first ? policy->rules[w->first - 1].priority : ZW_PRIORITY_RULE_FIRST + 1;
    w->below = w->end < policy->n_rules ? policy->rules[w->end].priority : ZW_PRIORITY_RULE_LAST - 1;
}

/* One group more at that side; false at the end. */
static bool widen(const struct zw_policy *policy, struct window *w, bool up)
{
    if (up ? !w->first : w->end == policy->n_rules) {
        return false;
    }
    if (up) {
        w->first = group_begin(policy, w->first);
    } else {
        w->end = group_end(policy, w->end);
    }
    w->n_groups++;
    set_bounds(policy, w);
    return true;
}

/* And will not be crowded again by the next rule or two, as far as all are not. */
static bool has_room(const struct placer *p, const struct window *w)
{
    size_t n = w->n_groups, n_spare_of_all = ZW_N_PRIORITIES - p->n_groups;

    if (n_free(w) < n) {
        return false;
    }
    size_t n_spare = n_free(w) - n;
    return 4 * n_spare >= n || 2 * n_spare * p->n_groups >= n * n_spare_of_all;
}

/* The smallest neighbourhood with room, of those that grow upwards, downwards, or both ways.  False if there is none. */
static bool find_room(const struct placer *p, struct window *full)
{
    struct window w[3] = {*full, *full, *full}; /* Up, down, both. */
    bool grown = true;

    while (grown) {
        grown = false;
        for (size_t i = 0; i < 3; i++) {
            bool up = i != 1 && widen(p->policy, &w[i], true);
            bool down = i != 0 && widen(p->policy, &w[i], false);

            if (has_room(p, &w[i])) {
                *full = w[i];
                return true;
            }
            grown |= up || down;
        }
    }
    *full = w[2]; /* All of them. */
    return n_free(full) >= full->n_groups;
}

/* Evenly.  Groups stay together. */
static void spread(struct placer *p, const struct window *w)
{
    unsigned int last = ZW_NOWHERE; /* Of the old group that goes on. */
    size_t n = 0;

    for (size_t i = w->first; i < w->end; i++) {
        struct zw_rule *rule = &p->policy->rules[i];
        bool is_new = i >= w->run_first && i < w->run_end;

        if (rule->priority == ZW_NOWHERE && !is_new) {
            continue;
        }
        n += is_new ? p->begins[i] : rule->priority != last;
        last = rule->priority;
        rule->priority = (uint16_t)(w->above - (n_free(w) + 1) * n / (w->n_groups + 1));
    }
}

/* rules[first..end) have no priority yet.  False if there is no room for them. */
static bool place_run(struct placer *p, size_t first, size_t end)
{
    first = join_around(p->policy, first, &end);
    first = join_above(p->policy, first, end);
    end = join_below(p->policy, first, end);
    if (first == end) {
        return true;
    }
    struct window w = {first, end, first, end, group_new(p, first, end), 0, 0};
    set_bounds(p->policy, &w);
    if (n_free(&w) < w.n_groups && !find_room(p, &w)) {
        return false;
    }
    spread(p, &w);
    return true;
}

static size_t next_placed(const struct zw_policy *policy, size_t i)
{
    while (i < policy->n_rules && policy->rules[i].priority == ZW_NOWHERE) {
        i++;
    }
    return i;
}

/* False if one finds no place where it stands. */
static bool place_new(struct zw_policy *policy, size_t n_groups)
{
    struct placer p = {policy, zw_xcalloc(policy->n_rules, sizeof *p.begins), n_groups};
    bool placed = true;

    for (size_t i = 0; placed && i < policy->n_rules; i++) {
        if (policy->rules[i].priority == ZW_NOWHERE) {
            placed = place_run(&p, i, next_placed(policy, i));
        }
    }
    free(p.begins);
    return placed;
}

/* --- All rules. --- */

/* Each rule goes to the one before it if it can.  Their groups get the numbers 1, 2, ... for now. */
static size_t make_groups(struct zw_policy *policy)
{
    size_t n_groups = 0, first = 0;

    for (size_t i = 0; i < policy->n_rules; i++) {
        size_t n = 1;
        bool joins = i && may_share(&policy->rules[i]) &&
                     fits(policy, i, first, i, policy->rules[first].priority, &n) && n <= MAX_SHARING;

        if (!joins) {
            first = i;
            if (++n_groups > ZW_N_PRIORITIES) {
                break;
            }
        }
        policy->rules[i].priority = (uint16_t)n_groups;
    }
    return n_groups;
}

bool zw_share_afresh(struct zw_policy *policy)
{
    size_t n = make_groups(policy);

    for (size_t i = 0; i < policy->n_rules && n <= ZW_N_PRIORITIES; i++) {
        size_t down = (ZW_N_PRIORITIES + 1) * (size_t)policy->rules[i].priority / (n + 1);

        policy->rules[i].priority = (uint16_t)(ZW_PRIORITY_RULE_FIRST + 1 - down);
    }
    return n <= ZW_N_PRIORITIES;
}

bool zw_share_priorities(struct zw_policy *policy)
{
    size_t n_nowhere = 0, n_groups = 0;
    unsigned int last = ZW_NOWHERE;

    part_groups(policy);
    for (size_t i = 0; i < policy->n_rules; i++) {
        unsigned int priority = policy->rules[i].priority;

        n_nowhere += priority == ZW_NOWHERE;
        n_groups += priority != ZW_NOWHERE && priority != last;
        last = priority == ZW_NOWHERE ? last : priority;
    }
    return (n_nowhere <= policy->n_rules / 4 && place_new(policy, n_groups)) || zw_share_afresh(policy);
}
