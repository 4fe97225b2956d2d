/* SPDX-License-Identifier: Apache-2.0 */
/* The managed bridges: what each one should have, and what its switch says. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/base/log.h"
#include "controller/compile/compile.h"
#include "controller/daemon/addresses.h"
#include "controller/daemon/ct-want.h"
#include "controller/daemon/daemon-private.h"
#include "controller/daemon/floods.h"
#include "controller/policy/places.h"

#define PATH_SIZE 4096

const struct zw_bridge *zw_daemon_bridge(const struct zw_daemon *daemon, const struct zw_managed *managed)
{
    return daemon->inventory ? &daemon->inventory->bridges[managed->index] : NULL;
}

static void on_packet_in(void *managed_, const struct zw_packet_in *in, struct zw_outbuf *answer)
{
    struct zw_managed *managed = managed_;

    if (in->is_ours && in->punt == ZW_PUNT_LEARN) {
        zw_learner_hear(managed, in);
        return;
    } else if (in->is_ours) {
        zw_copies_received(managed, in->punt);
    }
    zw_slowpath_packet_in(managed->daemon->slowpath, zw_daemon_bridge(managed->daemon, managed),
                          managed->version_in_force, in, answer);
}

static void on_in_sync(void *managed_, uint64_t generation, size_t n_changes, int64_t duration_us)
{
    struct zw_managed *managed = managed_;

    managed->n_changes = n_changes;
    managed->duration_us = duration_us;
    managed->in_sync_us = zw_audit_now_us();
    if (generation >= managed->policy_generation) {
        managed->version_in_force = managed->version_sent;
    }
    zw_log(ZW_LOG_INFO, "bridge %s: policy version %u in force, %zu flow changes", managed->name,
           managed->version_in_force, n_changes);
    if (!managed->sessions.check_us) {
        zw_copies_check(managed); /* Begins the count before the first packet is missed. */
    }
    if (!managed->has_read_meters) {
        zw_floods_check(managed);
    }
    if (managed->must_sweep) {
        managed->must_sweep = false;
        zw_sweep_request(managed->daemon->sweep, managed);
    }
    zw_apply_check(managed->daemon);
}

static void on_sync_failed(void *managed_, uint64_t generation, const char *error)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(5, 5000);
    struct zw_managed *managed = managed_;

    (void)generation;
    zw_log_rl(&limit, ZW_LOG_WARN, "bridge %s: flows not confirmed: %s", managed->name, error);
    zw_apply_check(managed->daemon);
}

static void on_learned(void *managed, const struct zw_station *station)
{
    zw_addresses_learned(managed, station);
}

static void on_learn_heard(void *managed)
{
    zw_learner_heard(managed);
}

static void on_learn_lost(void *managed)
{
    zw_learner_missed(managed);
}

static const struct zw_switch_ops switch_ops = {
    .packet_in = on_packet_in,
    .in_sync = on_in_sync,
    .sync_failed = on_sync_failed,
    .learned = on_learned,
    .learn_heard = on_learn_heard,
    .learn_lost = on_learn_lost,
};

void zw_bridges_start(struct zw_daemon *daemon)
{
    for (size_t i = 0; i < daemon->options.n_bridges; i++) {
        struct zw_managed *managed = &daemon->bridges[i];
        char path[PATH_SIZE];

        *managed = (struct zw_managed){.daemon = daemon,
                                       .index = (unsigned int)i,
                                       .name = daemon->options.bridges[i],
                                       .warnings = ZW_PROBLEMS_INIT,
                                       .must_sweep = true};
        snprintf(path, sizeof path, "%s/%s.mgmt", daemon->options.ovs_run_dir, managed->name);
        managed->sw = zw_switch_new(daemon->base, managed->name, path, &switch_ops, managed);
        daemon->n_bridges++;
    }
}

static void forget_compiled(struct zw_managed *managed)
{
    zw_policy_unref(managed->compiled_policy);
    zw_inventory_unref(managed->compiled_inventory);
    free(managed->compiled_learned);
    managed->compiled_policy = NULL;
    managed->compiled_inventory = NULL;
    managed->compiled_learned = NULL;
    managed->n_compiled_learned = 0;
}

void zw_bridges_stop(struct zw_daemon *daemon)
{
    for (size_t i = 0; i < daemon->n_bridges; i++) {
        zw_switch_free(daemon->bridges[i].sw);
        zw_problems_clear(&daemon->bridges[i].warnings);
        forget_compiled(&daemon->bridges[i]);
        zw_addresses_clear(&daemon->bridges[i]);
        zw_floods_clear(&daemon->bridges[i]);
    }
    daemon->n_bridges = 0;
}

static void log_warnings(const struct zw_problems *warnings, const struct zw_problems *old)
{
    for (size_t i = 0; i < warnings->n; i++) {
        bool is_new = true;

        for (size_t j = 0; j < old->n && is_new; j++) {
            is_new = strcmp(warnings->list[i].text, old->list[j].text) != 0;
        }
        if (is_new) {
            zw_log(ZW_LOG_WARN, "%s", warnings->list[i].text);
        }
    }
}

/* Takes what is in 'warnings'. */
static void set_warnings(struct zw_managed *managed, struct zw_problems *warnings)
{
    log_warnings(warnings, &managed->warnings);
    zw_problems_clear(&managed->warnings);
    managed->warnings = *warnings;
}

/* Says what differs from the last time.  False if there was none, or the switch room does not know it (any more). */
static bool send_delta(struct zw_managed *managed, const struct zw_compile_input *now, uint64_t base)
{
    struct zw_problems warnings = ZW_PROBLEMS_INIT;

    if (!managed->compiled_policy) {
        return false;
    }
    const struct zw_compile_input before = {managed->compiled_policy,
                                            &managed->compiled_inventory->bridges[managed->index],
                                            managed->compiled_learned, managed->n_compiled_learned};
    struct zw_flow_delta delta = zw_compile_delta(&before, now, managed->index, &warnings);
    if (!zw_compile_same_frame(&before, now)) {
        set_warnings(managed, &warnings);
    }
    bool taken = zw_switch_change_desired(managed->sw, &delta, base, managed->generation_sent);
    zw_flow_delta_clear(&delta);
    return taken;
}

static void send_all(struct zw_managed *managed, const struct zw_compile_input *now)
{
    struct zw_problems warnings = ZW_PROBLEMS_INIT;
    struct zw_flow_table *flows = zw_compile_bridge(now, managed->index, &warnings);

    set_warnings(managed, &warnings);
    managed->n_full++;
    zw_switch_set_desired(managed->sw, flows, managed->generation_sent);
}

static void update_bridge(struct zw_daemon *daemon, struct zw_managed *managed, bool new_policy)
{
    size_t n_learned;
    struct zw_learned *learned = zw_learning_list(daemon->learning, managed->name, &n_learned);
    const struct zw_compile_input now = {daemon->policy, zw_daemon_bridge(daemon, managed), learned, n_learned};
    uint64_t base = managed->generation_sent;

    managed->generation_sent = daemon->generation;
    if (new_policy || !managed->policy_generation) {
        managed->must_sweep = true;
        managed->policy_generation = daemon->generation;
    }
    managed->version_sent = daemon->policy->version;
    if (!send_delta(managed, &now, base)) {
        send_all(managed, &now);
    }
    forget_compiled(managed);
    managed->compiled_policy = zw_policy_ref(daemon->policy);
    managed->compiled_inventory = zw_inventory_ref(daemon->inventory);
    managed->compiled_learned = learned;
    managed->n_compiled_learned = n_learned;
}

/* Before OVSDB has answered nothing is sent: an empty list of ports would close what is open and right. */
void zw_bridges_update(struct zw_daemon *daemon, bool new_policy)
{
    if (!daemon->inventory) {
        return;
    }
    zw_learner_check(daemon);
    daemon->generation++;
    for (size_t i = 0; i < daemon->n_bridges; i++) {
        update_bridge(daemon, &daemon->bridges[i], new_policy);
    }
    zw_ct_want_update(daemon);
}

void zw_bridges_learned(struct zw_daemon *daemon)
{
    if (!daemon->inventory) {
        return;
    }
    for (size_t i = 0; i < daemon->n_bridges; i++) {
        struct zw_managed *managed = &daemon->bridges[i];
        size_t n;
        struct zw_learned *learned = zw_learning_list(daemon->learning, managed->name, &n);

        if (!zw_learned_same(learned, n, managed->compiled_learned, managed->n_compiled_learned)) {
            daemon->generation++;
            update_bridge(daemon, managed, false);
        }
        free(learned);
    }
}

/* OVSDB tells of a new port twice: when it is asked for, and when OVS has given it a number.  Flows follow from ports with
 * a number alone, so what was compiled before is still right after the first. */
static void update_ports(struct zw_daemon *daemon, const struct zw_inventory *old)
{
    daemon->generation++;
    for (size_t i = 0; i < daemon->n_bridges; i++) {
        if (!old || !zw_bridge_same_for_flows(&old->bridges[i], &daemon->inventory->bridges[i])) {
            /* A session is about the zones of its ports: those of a port that comes are new, of one that goes still allowed. */
            daemon->bridges[i].must_sweep |=
                old && zw_places_moved(daemon->policy, &old->bridges[i], &daemon->inventory->bridges[i]);
            update_bridge(daemon, &daemon->bridges[i], false);
        }
    }
}

void zw_bridges_inventory(struct zw_daemon *daemon, struct zw_inventory *inventory)
{
    struct zw_inventory *old = daemon->inventory;

    daemon->inventory = inventory;
    for (size_t i = 0; i < daemon->n_bridges; i++) {
        bool existed = old && old->bridges[i].exists;

        if (existed != inventory->bridges[i].exists || !old) {
            zw_log(ZW_LOG_INFO, "bridge %s: %s", daemon->bridges[i].name,
                   inventory->bridges[i].exists ? "found" : "does not exist (yet)");
        }
        zw_addresses_inventory(daemon, &daemon->bridges[i]);
        if (inventory->bridges[i].exists) {
            zw_switch_kick(daemon->bridges[i].sw);
        }
    }
    zw_learner_check(daemon);
    update_ports(daemon, old);
    zw_ct_want_update(daemon);
    zw_inventory_unref(old);
}
