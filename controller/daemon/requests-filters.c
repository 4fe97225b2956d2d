/* SPDX-License-Identifier: Apache-2.0 */
/* What lists may be asked for: a name that does not exist is an error that says which do, and no empty list. */
#include "zw-config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "controller/base/names.h"
#include "controller/daemon/requests.h"

/* A name that was asked for, and what there is instead. */
struct asked {
    const char *word;
    bool any_case, is_there;
    struct zw_suggestion near;
    char names[512];              /* The first ones that there are, */
    unsigned int n;               /* of so many. */
    char stages[ZW_N_STAGES][32]; /* In lower case. */
};

static void offer(struct asked *asked, const char *name)
{
    size_t at = strlen(asked->names);

    asked->is_there |= !(asked->any_case ? strcasecmp : strcmp)(asked->word, name);
    zw_suggestion_try(&asked->near, name);
    if (asked->n++ < ZW_LIST_NAMED && at + strlen(name) + 3 < sizeof asked->names) {
        snprintf(asked->names + at, sizeof asked->names - at, "%s%s", at ? ", " : "", name);
    }
}

/* --- What there is of each kind. --- */

static void offer_zones(const struct zw_daemon *daemon, struct asked *asked)
{
    for (size_t i = 0; i < daemon->policy->n_zones; i++) {
        offer(asked, daemon->policy->zones[i]->name);
    }
}

static void offer_rules(const struct zw_daemon *daemon, struct asked *asked)
{
    for (size_t i = 0; i < daemon->policy->n_rules; i++) {
        offer(asked, daemon->policy->rules[i].name);
    }
    offer(asked, "default");
}

static void offer_bridges(const struct zw_daemon *daemon, struct asked *asked)
{
    for (size_t i = 0; i < daemon->n_bridges; i++) {
        offer(asked, daemon->bridges[i].name);
    }
}

static void offer_ports(const struct zw_daemon *daemon, struct asked *asked)
{
    for (size_t i = 0; daemon->inventory && i < daemon->inventory->n_bridges; i++) {
        const struct zw_bridge *bridge = &daemon->inventory->bridges[i];

        for (size_t j = 0; j < bridge->n_ports; j++) {
            offer(asked, bridge->ports[j].name);
        }
    }
}

static void offer_stages(const struct zw_daemon *daemon, struct asked *asked)
{
    (void)daemon;
    asked->any_case = true;
    for (unsigned int stage = 0; stage < ZW_N_STAGES; stage++) {
        zw_list_lower(zw_stage_name((enum zw_stage)stage), asked->stages[stage], sizeof asked->stages[stage]);
        offer(asked, asked->stages[stage]);
    }
}

static void offer_reasons(const struct zw_daemon *daemon, struct asked *asked)
{
    (void)daemon;
    offer(asked, ZW_LOGGED_DENIAL);
#define ZW_DROP(NUMBER, NAME, WORD, TEXT) offer(asked, WORD);
    ZW_DROPS
#undef ZW_DROP
}

static const struct {
    const char *key, *what;
    void (*offer)(const struct zw_daemon *, struct asked *);
} kinds[] = {
    {"zone", "zone", offer_zones},
    {"rule", "rule", offer_rules},
    {"bridge", "bridge", offer_bridges},
    {"port", "port", offer_ports},
    {"stage", "stage of the pipeline", offer_stages},
    {"reason", "reason", offer_reasons},
};

static void refuse(struct zw_request *request, const char *what, const struct asked *asked)
{
    char rest[640];

    if (asked->near.best) {
        snprintf(rest, sizeof rest, " (did you mean \"%s\"?)", asked->near.best);
    } else if (asked->n > ZW_LIST_NAMED) {
        snprintf(rest, sizeof rest, "; there are: %s, and %u more", asked->names, asked->n - ZW_LIST_NAMED);
    } else {
        snprintf(rest, sizeof rest, asked->n ? "; there are: %s" : "; there is none%s", asked->names);
    }
    zw_request_fail(request, ENOENT, NULL, "there is no %s \"%s\"%s", what, asked->word, rest);
}

bool zw_list_knows(const struct zw_daemon *daemon, struct zw_request *request, const cJSON *args, const char *key)
{
    struct asked asked = {.word = zw_json_string(args, key)};

    for (size_t i = 0; asked.word && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!strcmp(kinds[i].key, key)) {
            zw_suggestion_start(&asked.near, asked.word);
            kinds[i].offer(daemon, &asked);
            if (!asked.is_there) {
                refuse(request, kinds[i].what, &asked);
                return false;
            }
        }
    }
    return true;
}

void zw_list_lower(const char *name, char *text, size_t size)
{
    size_t i;

    for (i = 0; name[i] && i + 1 < size; i++) {
        text[i] = (char)tolower((unsigned char)name[i]);
    }
    text[i] = '\0';
}
