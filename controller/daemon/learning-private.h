/* SPDX-License-Identifier: Apache-2.0 */
/* learning-private - between learning.c and learning-*.c. */

#ifndef ZW_DAEMON_LEARNING_PRIVATE_H
#define ZW_DAEMON_LEARNING_PRIVATE_H 1

#include "controller/daemon/learning-asked.h"
#include "controller/daemon/learning-index.h"
#include "controller/daemon/learning-probed.h"
#include "controller/daemon/learning.h"
#include "ovs-ext/pipeline.h"

enum zw_learning_source { ZW_LEARNING_DHCP, ZW_LEARNING_ND };

struct zw_learning_entry {
    char *bridge, *port;
    char *owner; /* Whose the port is: see zw_learning_owner(). */
    unsigned int segment;
    struct zw_addr addr;
    enum zw_learning_source source;
    int64_t until_us; /* The lease ends; 0: never. */
    int64_t probe_us; /* Not learned yet: it is then, unless somebody objects.  0: it is. */
};

struct zw_learning {
    struct zw_learning_entry *list; /* In the order in which they were learned. */
    size_t n, allocated;
    struct zw_asked *asked;
    struct zw_probed *probed;
    struct zw_learning_index *indexes[ZW_MAX_BRIDGES]; /* Since the last zw_learning_check(), where they were needed. */
    size_t n_indexes;
    struct zw_learning_status status;
};

/* Takes the entry's texts. */
struct zw_learning_entry *zw_learning_add(struct zw_learning *, struct zw_learning_entry);
void zw_learning_clear(struct zw_learning_entry *);

/* Whose a port is, for the caller to free: the name of a tap is used again for another VM; these are not. */
char *zw_learning_owner(const struct zw_port *);
bool zw_learning_is_owner(const struct zw_port *, const char *owner);

const struct zw_bridge *zw_learning_bridge(const struct zw_inventory *,
                                           const char *name); /* NULL if it is not managed. */

#endif
