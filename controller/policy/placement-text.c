/* SPDX-License-Identifier: Apache-2.0 */
/* A placement as a text: runs of rules whose ids follow each other, at one distance of priorities. */

#include "zw-config.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/policy/placement-private.h"
#include "controller/policy/policy-private.h"

#define RUN_SIZE 48 /* Bytes of the longest run. */

struct run {
    uint32_t id, n, priority, gap;
};

/* The longest run from rules[i] on. */
static struct run run_at(const struct zw_policy *policy, size_t i)
{
    const struct zw_rule *first = &policy->rules[i];
    struct run run = {.id = first->id, .n = 1, .priority = first->priority};

    for (const struct zw_rule *rule = first + 1; i + run.n < policy->n_rules; rule++, run.n++) {
        uint32_t gap = (uint32_t)(rule[-1].priority - rule->priority);

        run.gap = run.n == 1 ? gap : run.gap;
        if (gap != run.gap || rule->id != rule[-1].id + 1) {
            break;
        }
    }
    run.gap = run.n == 1 ? 0 : run.gap;
    return run;
}

/* 'before' and the number; returns where they end.  There are tens of thousands of runs: printf() would take as long as
 * reading a change does. */
static char *put_number(char *end, char before, uint32_t number)
{
    char digits[10];
    size_t n = 0;

    do {
        digits[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    *end++ = before;
    while (n) {
        *end++ = digits[--n];
    }
    return end;
}

char *zw_placement_format(const struct zw_policy *policy)
{
    size_t n_runs = 0;
    char *text, *end;

    for (size_t i = 0; i < policy->n_rules; i += run_at(policy, i).n) {
        n_runs++;
    }
    text = zw_xcalloc(n_runs + 2, RUN_SIZE);
    end = text + sprintf(text, "since=%" PRIu32 " next=%" PRIu32, policy->rule_ids_since, policy->next_rule_id);
    for (size_t i = 0; i < policy->n_rules;) {
        struct run run = run_at(policy, i);

        end = put_number(end, ' ', run.id);
        end = put_number(end, '+', run.n);
        end = put_number(end, '@', run.priority);
        end = put_number(end, '-', run.gap);
        i += run.n;
    }
    *end = '\0';
    return text;
}

/* The number after 'before' at '*text', which moves on behind it. */
static bool take_number(const char **text, const char *before, uint32_t *number)
{
    size_t length = strlen(before);
    char *end;

    if (strncmp(*text, before, length) || !isdigit((unsigned char)(*text)[length])) {
        return false;
    }
    unsigned long value = strtoul(*text + length, &end, 10);
    *number = (uint32_t)value;
    *text = end;
    return value <= UINT32_MAX;
}

static bool take_run(const char **text, struct run *run)
{
    return take_number(text, " ", &run->id) && take_number(text, "+", &run->n) &&
           take_number(text, "@", &run->priority) && take_number(text, "-", &run->gap);
}

struct place {
    uint32_t id, priority;
};

/* 'n' places, all of them within bounds and none above the one before; *text is all used up. */
static bool take_places(const char *text, uint32_t next_id, struct place *places, size_t n)
{
    uint32_t last = ZW_PRIORITY_RULE_FIRST + 1;
    struct run run;
    size_t i = 0;

    while (*text) {
        if (!take_run(&text, &run) || !run.n || run.n > n - i || run.id >= next_id || run.n > next_id - run.id ||
            run.priority > ZW_PRIORITY_RULE_FIRST || run.gap > ZW_PRIORITY_RULE_FIRST) {
            return false;
        }
        for (uint32_t k = 0; k < run.n; k++, i++) {
            if (k && last < ZW_PRIORITY_RULE_LAST + run.gap) {
                return false;
            }
            places[i] = (struct place){run.id + k, k ? last - run.gap : run.priority};
            if (!places[i].id || places[i].priority > last || places[i].priority < ZW_PRIORITY_RULE_LAST) {
                return false;
            }
            last = places[i].priority;
        }
    }
    return i == n;
}

static int compare_ids(const void *a_, const void *b_)
{
    uint32_t a = *(const uint32_t *)a_, b = *(const uint32_t *)b_;

    return a < b ? -1 : a > b;
}

static bool ids_differ(const struct place *places, size_t n)
{
    uint32_t *ids = zw_xcalloc(n, sizeof *ids);
    bool differ = true;

    for (size_t i = 0; i < n; i++) {
        ids[i] = places[i].id;
    }
    qsort(ids, n, sizeof *ids, compare_ids);
    for (size_t i = 1; i < n; i++) {
        differ = differ && ids[i - 1] != ids[i];
    }
    free(ids);
    return differ;
}

/* False, and nothing has changed, if rules would share a priority that must not. */
static bool exchange_priorities(struct zw_policy *policy, struct place *places)
{
    for (int turn = 0; turn < 2; turn++) {
        for (size_t i = 0; i < policy->n_rules; i++) {
            uint32_t old = policy->rules[i].priority;

            policy->rules[i].priority = (uint16_t)places[i].priority;
            places[i].priority = old;
        }
        if (!turn && zw_priorities_hold(policy)) {
            return true;
        }
    }
    return false;
}

bool zw_placement_parse(const char *text, struct zw_policy *policy)
{
    struct place *places = zw_xcalloc(policy->n_rules, sizeof *places);
    uint32_t since, next_id;
    bool good = take_number(&text, "since=", &since) && take_number(&text, " next=", &next_id) && next_id &&
                next_id <= ZW_RULE_ID_MAX + 1 && take_places(text, next_id, places, policy->n_rules) &&
                ids_differ(places, policy->n_rules);

    good = good && exchange_priorities(policy, places);
    if (good) {
        for (size_t i = 0; i < policy->n_rules; i++) {
            policy->rules[i].id = places[i].id;
        }
        policy->rule_ids_since = since;
        policy->next_rule_id = next_id;
        zw_policy_index_ids(policy);
    }
    free(places);
    return good;
}
