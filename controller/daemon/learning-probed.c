/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/daemon/learning-probed.h"

#include <stdlib.h>
#include <string.h>

#include "controller/base/memory.h"

struct probed {
    char *bridge;
    unsigned int segment;
    struct zw_addr addr; /* No family: any, in any segment, because there were too many. */
    int64_t until_us;
};

struct zw_probed {
    struct probed *list;
    size_t n, allocated;
};

struct zw_probed *zw_probed_new(void)
{
    return zw_xcalloc(1, sizeof(struct zw_probed));
}

void zw_probed_free(struct zw_probed *probed)
{
    for (size_t i = 0; probed && i < probed->n; i++) {
        free(probed->list[i].bridge);
    }
    if (probed) {
        free(probed->list);
        free(probed);
    }
}

static struct probed *find(const struct zw_probed *probed, const char *bridge, unsigned int segment,
                           const struct zw_addr *addr)
{
    for (size_t i = 0; i < probed->n; i++) {
        struct probed *p = &probed->list[i];

        if (p->segment == segment && zw_addr_equal(&p->addr, addr) && !strcmp(p->bridge, bridge)) {
            return p;
        }
    }
    return NULL;
}

static const struct zw_addr any;

void zw_probed_note(struct zw_probed *probed, const char *bridge, unsigned int segment, const struct zw_addr *addr,
                    int64_t now_us)
{
    struct probed *p = find(probed, bridge, segment, addr);

    if (!p && probed->n >= ZW_PROBED_MAX) {
        addr = &any;
        segment = 0;
        p = find(probed, bridge, segment, addr);
    }
    if (!p) {
        probed->list = zw_xgrow(probed->list, probed->n, &probed->allocated, sizeof *probed->list);
        p = &probed->list[probed->n++];
        *p = (struct probed){.bridge = zw_xstrdup(bridge), .segment = segment, .addr = *addr};
    }
    p->until_us = now_us + ZW_PROBED_US;
}

bool zw_probed_has(const struct zw_probed *probed, const char *bridge, unsigned int segment, const struct zw_addr *addr)
{
    return find(probed, bridge, segment, addr) || find(probed, bridge, 0, &any);
}

static bool is_over(const struct probed *p, const char *bridge, int64_t at_us)
{
    return p->until_us <= at_us && !strcmp(p->bridge, bridge);
}

int64_t zw_probed_next(const struct zw_probed *probed, int64_t now_us)
{
    int64_t next_us = 0;

    for (size_t i = 0; i < probed->n; i++) {
        int64_t at_us = probed->list[i].until_us;

        next_us = at_us > now_us && (!next_us || at_us < next_us) ? at_us : next_us;
    }
    return next_us;
}

bool zw_probed_is_due(const struct zw_probed *probed, const char *bridge, int64_t now_us)
{
    for (size_t i = 0; i < probed->n; i++) {
        if (is_over(&probed->list[i], bridge, now_us)) {
            return true;
        }
    }
    return false;
}

void zw_probed_heard(struct zw_probed *probed, const char *bridge, int64_t until_us)
{
    size_t n = probed->n;

    probed->n = 0;
    for (size_t i = 0; i < n; i++) {
        if (is_over(&probed->list[i], bridge, until_us)) {
            free(probed->list[i].bridge);
        } else {
            probed->list[probed->n++] = probed->list[i];
        }
    }
}

void zw_probed_missed(struct zw_probed *probed, const char *bridge)
{
    size_t n = probed->n;

    probed->n = 0;
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(probed->list[i].bridge, bridge)) {
            free(probed->list[i].bridge);
        } else {
            probed->list[probed->n++] = probed->list[i];
        }
    }
}
