/* SPDX-License-Identifier: Apache-2.0 */
/* Priorities for more rules than there are: neighbours that can have no packet in common share one.
 *
 * At one priority the switch may take any flow that matches, and there it does not matter which: no packet matches two.  Only
 * rules that are written out share, for conjunctions of one priority must have no flow in common (ovs-fields(7)).  A group that
 * shares is small, so that a change looks at few rules. */

#include "zw-config.h"

#include "controller/policy/placement-private.h"
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

/* Takes the priority of the group above or of the one below, which may be the same one. */
static bool join(struct zw_policy *policy, size_t i, size_t next)
{
    size_t above = i ? group_begin(policy, i) : 0, below = next < policy->n_rules ? group_end(policy, next) : next;
    struct zw_rule *rule = &policy->rules[i];
    size_t n = 1;

    if (!may_share(rule)) {
        return false;
    }
    if (i && fits(policy, i, above, below, rule[-1].priority, &n) && n <= MAX_SHARING) {
        rule->priority = rule[-1].priority;
        return true;
    }
    n = 1;
    if (next < policy->n_rules && fits(policy, i, above, below, policy->rules[next].priority, &n) && n <= MAX_SHARING) {
        rule->priority = policy->rules[next].priority;
        return true;
    }
    return false;
}

static bool take_free(struct zw_policy *policy, size_t i, size_t next)
{
    unsigned int above = i ? policy->rules[i - 1].priority : ZW_PRIORITY_RULE_FIRST + 1;
    unsigned int below = next < policy->n_rules ? policy->rules[next].priority : ZW_PRIORITY_RULE_LAST - 1;

    if (above < below + 2) {
        return false;
    }
    policy->rules[i].priority = (uint16_t)(below + (above - below) / 2);
    return true;
}

/* rules[i] parts a group: its lower half has to find other places. */
static void split(struct zw_policy *policy, size_t i, size_t next)
{
    size_t end = group_end(policy, next);

    if (i && policy->rules[i - 1].priority == policy->rules[next].priority) {
        for (size_t k = next; k < end; k++) {
            policy->rules[k].priority = ZW_NOWHERE;
        }
    }
}

static size_t count_nowhere(const struct zw_policy *policy)
{
    size_t n = 0;

    for (size_t i = 0; i < policy->n_rules; i++) {
        n += policy->rules[i].priority == ZW_NOWHERE;
    }
    return n;
}

static size_t next_placed(const struct zw_policy *policy, size_t i)
{
    while (i < policy->n_rules && policy->rules[i].priority == ZW_NOWHERE) {
        i++;
    }
    return i;
}

/* False if one finds no place where it stands. */
static bool place_new(struct zw_policy *policy)
{
    size_t next = 0;

    for (size_t i = 0; i < policy->n_rules; i++) {
        if (policy->rules[i].priority != ZW_NOWHERE) {
            continue;
        }
        next = next > i ? next : next_placed(policy, i);
        if (join(policy, i, next)) {
            continue;
        }
        if (next < policy->n_rules) {
            split(policy, i, next);
            next = next_placed(policy, next);
        }
        if (!take_free(policy, i, next)) {
            return false;
        }
    }
    return true;
}

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
    part_groups(policy);
    return (count_nowhere(policy) <= policy->n_rules / 4 && place_new(policy)) || zw_share_afresh(policy);
}
