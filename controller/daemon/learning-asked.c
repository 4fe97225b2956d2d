/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/learning-asked.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"
#include "controller/base/names.h"
#include "controller/daemon/learning-private.h"

struct question {
    struct zw_mac mac;
    uint32_t xid;
    unsigned int segment;
    bool is_rapid, is_answered;
    struct zw_addr addr;
    int64_t at_us; /* 0: none. */
};

struct asker {
    char *key; /* See key_of(). */
    char *bridge, *port;
    char *owner; /* Whose the port is: zw_learning_owner(). */
    struct question list[ZW_ASKED_MAX];
    struct zw_address_event kept; /* The last answer to none of them, */
    unsigned int kept_segment;    /* where, */
    int64_t kept_us;              /* and when; 0: never. */
};

struct zw_asked {
    struct asker **list;
    size_t n, allocated;
    struct zw_names by_key;
    uint64_t n_crowded;
};

struct zw_asked *zw_asked_new(void)
{
    return zw_xcalloc(1, sizeof(struct zw_asked));
}

static void asker_free(struct asker *asker)
{
    free(asker->key);
    free(asker->bridge);
    free(asker->port);
    free(asker->owner);
    free(asker);
}

void zw_asked_free(struct zw_asked *asked)
{
    for (size_t i = 0; asked && i < asked->n; i++) {
        asker_free(asked->list[i]);
    }
    if (asked) {
        zw_names_destroy(&asked->by_key);
        free(asked->list);
        free(asked);
    }
}

static char *key_of(const char *bridge, const char *port)
{
    return zw_xasprintf("%s %s", bridge, port);
}

static struct asker *find(const struct zw_asked *asked, const char *bridge, const char *port)
{
    char *key = key_of(bridge, port);
    struct asker *asker = zw_names_find(&asked->by_key, key);

    free(key);
    return asker;
}

static struct asker *add(struct zw_asked *asked, const char *bridge, const struct zw_port *port)
{
    struct asker *asker = zw_xcalloc(1, sizeof *asker);

    asker->key = key_of(bridge, port->name);
    asker->bridge = zw_xstrdup(bridge);
    asker->port = zw_xstrdup(port->name);
    asker->owner = zw_learning_owner(port);
    asked->list = zw_xgrow(asked->list, asked->n, &asked->allocated, sizeof(struct asker *));
    asked->list[asked->n++] = asker;
    zw_names_add(&asked->by_key, asker->key, asker);
    return asker;
}

static struct question question_of(unsigned int segment, const struct zw_address_event *event, int64_t now_us)
{
    return (struct question){.mac = event->mac,
                             .xid = event->xid,
                             .segment = segment,
                             .is_rapid = event->is_rapid,
                             .addr = event->addr,
                             .at_us = now_us};
}

/* The clock may have been set back in between, and whoever asked is not to blame. */
static bool is_fresh(const struct question *question, int64_t now_us)
{
    return question->at_us && llabs(now_us - question->at_us) <= ZW_ASKED_US;
}

static bool is_about(const struct question *question, unsigned int segment, const struct zw_address_event *event)
{
    return question->segment == segment && question->xid == event->xid &&
           !memcmp(&question->mac, &event->mac, sizeof event->mac) &&
           (question->is_rapid ? event->is_rapid : zw_addr_equal(&question->addr, &event->addr));
}

/* Where to write it: over itself, if it is asked again, or over the oldest. */
static struct question *place_for(struct asker *asker, unsigned int segment, const struct zw_address_event *event)
{
    struct question *place = &asker->list[0];

    for (size_t i = 0; i < ZW_ASKED_MAX; i++) {
        struct question *question = &asker->list[i];

        if (question->at_us && is_about(question, segment, event)) {
            return question;
        }
        place = question->at_us < place->at_us ? question : place;
    }
    return place;
}

void zw_asked_note(struct zw_asked *asked, const char *bridge, const struct zw_port *port, unsigned int segment,
                   const struct zw_address_event *event, int64_t now_us)
{
    struct asker *asker = find(asked, bridge, port->name);

    asker = asker ? asker : add(asked, bridge, port);
    struct question *question = place_for(asker, segment, event);
    asked->n_crowded += is_fresh(question, now_us) && !is_about(question, segment, event);
    *question = question_of(segment, event, now_us);
}

bool zw_asked_answer(struct zw_asked *asked, const char *bridge, const struct zw_port *port, unsigned int segment,
                     const struct zw_address_event *event, int64_t now_us, bool *is_first)
{
    struct asker *asker = find(asked, bridge, port->name);

    for (size_t i = 0; asker && i < ZW_ASKED_MAX; i++) {
        struct question *question = &asker->list[i];

        if (is_fresh(question, now_us) && is_about(question, segment, event)) {
            *is_first = !question->is_answered;
            question->is_answered = true;
            return true;
        }
    }
    return false;
}

void zw_asked_keep(struct zw_asked *asked, const char *bridge, const struct zw_port *port, unsigned int segment,
                   const struct zw_address_event *event, int64_t now_us)
{
    struct asker *asker = find(asked, bridge, port->name);

    asker = asker ? asker : add(asked, bridge, port);
    asker->kept = *event;
    asker->kept_segment = segment;
    asker->kept_us = now_us;
}

bool zw_asked_kept(const struct zw_asked *asked, const char *bridge, const struct zw_port *port, unsigned int segment,
                   const struct zw_address_event *event, int64_t now_us, struct zw_address_event *answer)
{
    const struct asker *asker = find(asked, bridge, port->name);
    const struct question question = question_of(segment, event, now_us);

    if (!asker || !asker->kept_us || llabs(now_us - asker->kept_us) > ZW_ASKED_LATE_US ||
        !is_about(&question, asker->kept_segment, &asker->kept)) {
        return false;
    }
    *answer = asker->kept;
    return true;
}

static bool is_there(const struct asker *asker, const struct zw_inventory *inventory)
{
    const struct zw_bridge *bridge = zw_learning_bridge(inventory, asker->bridge);
    const struct zw_port *port = bridge ? zw_bridge_port_by_name(bridge, asker->port) : NULL;

    return port && zw_learning_is_owner(port, asker->owner);
}

void zw_asked_check(struct zw_asked *asked, const struct zw_inventory *inventory)
{
    size_t n = asked->n;

    zw_names_destroy(&asked->by_key);
    asked->n = 0;
    for (size_t i = 0; i < n; i++) {
        struct asker *asker = asked->list[i];

        if (is_there(asker, inventory)) {
            asked->list[asked->n++] = asker;
            zw_names_add(&asked->by_key, asker->key, asker);
        } else {
            asker_free(asker);
        }
    }
}

uint64_t zw_asked_n_crowded(const struct zw_asked *asked)
{
    return asked->n_crowded;
}
