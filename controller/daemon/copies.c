/* SPDX-License-Identifier: Apache-2.0 */
/* Whether every copy that the switches send up for the log has come.
 *
 * What is known is kept in STATE/copies.json, so that the log can say after a crash or a stop how many sessions the fast
 * path let in meanwhile: the switch goes on counting.  Records that were written after the file was last saved are
 * counted in the log itself. */
#include "zw-config.h"

#include <cjson/cJSON.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/audit/query.h"
#include "controller/base/file.h"
#include "controller/base/log.h"
#include "controller/base/memory.h"
#include "controller/daemon/daemon-private.h"
#include "controller/daemon/floods.h"

#define PATH_SIZE 4096

struct kind {
    const char *name;
    enum zw_punt punt;
    size_t offset; /* Of its tally in struct zw_managed. */
    const char
        *type; /* Of the records that it becomes.  NULL: none; what is missing is counted from the daemon's start on. */
    const char *missed; /* What the log says of those that are missing. */
};

/* What a switch says it has sent up, summed over its flows. */
struct reading {
    struct zw_managed *managed;
    uint64_t n_sent[4]; /* For each of 'kinds'. */
};

static const struct kind kinds[] = {
    {"session", ZW_PUNT_SESSION, offsetof(struct zw_managed, sessions), "session",
     "let in by the fast path; the switch's copy did not arrive"},
    {"denial", ZW_PUNT_DENIED, offsetof(struct zw_managed, denials), "denial",
     "denied by the fast path; beyond the rate of copies, or not arrived"},
    {"drop", ZW_PUNT_DROPPED, offsetof(struct zw_managed, drops), "denial",
     "dropped by the fast path, and by no rule; beyond the rate of copies, or not arrived"},
    {"reject", ZW_PUNT_REJECT, offsetof(struct zw_managed, rejects), NULL, NULL},
};

enum { N_KINDS = sizeof kinds / sizeof kinds[0] };
_Static_assert(N_KINDS == sizeof((struct reading *)0)->n_sent / sizeof(uint64_t), "one sum for each kind");

static struct zw_tally *tally_of(struct zw_managed *managed, const struct kind *kind)
{
    return (struct zw_tally *)(void *)((char *)managed + kind->offset);
}

static const struct kind *kind_of(uint32_t punt)
{
    for (size_t i = 0; i < N_KINDS; i++) {
        if ((uint32_t)kinds[i].punt == punt) {
            return &kinds[i];
        }
    }
    return NULL;
}

void zw_copies_received(struct zw_managed *managed, enum zw_punt punt)
{
    const struct kind *kind = kind_of(punt);

    if (kind) {
        tally_of(managed, kind)->n_received++;
    }
}

static void record_gap(struct zw_managed *managed, const struct kind *kind, const struct zw_tally_gap *gap)
{
    struct zw_record record = {.type = ZW_RECORD_GAP, .time_us = zw_audit_now_us()};

    snprintf(record.gap.what, sizeof record.gap.what, "%s", kind->type);
    snprintf(record.gap.text, sizeof record.gap.text, "bridge %s: %s", managed->name, kind->missed);
    record.gap.n_missing = gap->n_missing;
    record.gap.from_us = gap->from_us;
    record.gap.to_us = gap->to_us;
    zw_audit_put(managed->daemon->audit, &record);
}

static void on_counter(void *reading_, const struct zw_flow *flow, const struct zw_flow_counters *counters)
{
    struct reading *reading = reading_;
    uint64_t cookie = zw_flow_cookie(flow);

    for (size_t i = 0; i < N_KINDS; i++) {
        if (zw_cookie_is_ours(cookie) && zw_cookie_punts(cookie, kinds[i].punt)) {
            reading->n_sent[i] += counters->n_packets;
        }
    }
}

/* --- STATE/copies.json --- */

static void path_of(const struct zw_daemon *daemon, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/copies.json", daemon->options.state_dir);
}

static cJSON *tally_json(const struct zw_tally *tally)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddNumberToObject(object, "received", (double)tally->n_received);
    cJSON_AddNumberToObject(object, "sent", (double)tally->n_sent);
    cJSON_AddNumberToObject(object, "check_us", (double)tally->check_us);
    cJSON_AddNumberToObject(object, "complete_us", (double)tally->complete_us);
    cJSON_AddNumberToObject(object, "saved_us", (double)zw_audit_now_us());
    return object;
}

static void save(struct zw_daemon *daemon)
{
    static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(1, 60000);
    cJSON *root = cJSON_CreateObject();
    char path[PATH_SIZE];

    for (size_t i = 0; i < daemon->n_bridges; i++) {
        cJSON *object = cJSON_AddObjectToObject(root, daemon->bridges[i].name);

        for (size_t j = 0; j < N_KINDS; j++) {
            if (kinds[j].type) {
                cJSON_AddItemToObject(object, kinds[j].name, tally_json(tally_of(&daemon->bridges[i], &kinds[j])));
            }
        }
    }
    char *text = cJSON_Print(root);
    path_of(daemon, path);
    int error = zw_file_replace(path, text);
    if (error) {
        zw_log_rl(&limit, ZW_LOG_WARN, "%s: cannot be written: %s", path, strerror(error));
    }
    free(text);
    cJSON_Delete(root);
}

struct count {
    const char *bridge;
    bool of_drops;
    uint64_t n;
};

static bool count_row(void *count_, const struct zw_audit_column *columns, size_t n)
{
    struct count *count = count_;
    bool is_there = false, is_of_rule = false;

    for (size_t i = 0; i < n; i++) {
        if (!strcmp(columns[i].name, "bridge")) {
            is_there = !strcmp(columns[i].value, count->bridge);
        } else if (!strcmp(columns[i].name, "rule")) {
            is_of_rule = columns[i].value[0];
        }
    }
    count->n += is_there && is_of_rule != count->of_drops;
    return true;
}

/* Fast-path records of 'bridge' since 'since_us'. */
static uint64_t count_records(const struct zw_daemon *daemon, const char *bridge, const struct kind *kind,
                              int64_t since_us)
{
    const struct zw_audit_filter filter = {.since_us = since_us, .type = kind->type, .path = "fast"};
    struct count count = {.bridge = bridge, .of_drops = kind->punt == ZW_PUNT_DROPPED};
    struct zw_problems problems = ZW_PROBLEMS_INIT;

    zw_audit_query(zw_audit_status(daemon->audit).path, &filter, count_row, &count, &problems);
    zw_problems_clear(&problems);
    return count.n;
}

static double number(const cJSON *object, const char *key)
{
    double value = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, key));

    return value >= 0 && value < 1e18 ? value : 0; /* NaN is neither. */
}

static void restore_tally(const struct zw_daemon *daemon, const char *bridge, const struct kind *kind,
                          const cJSON *object, struct zw_tally *tally)
{
    int64_t saved_us = (int64_t)number(object, "saved_us");

    if (saved_us) {
        tally->n_sent = (uint64_t)number(object, "sent");
        tally->check_us = (int64_t)number(object, "check_us");
        tally->complete_us = (int64_t)number(object, "complete_us");
        tally->n_received = (uint64_t)number(object, "received") + count_records(daemon, bridge, kind, saved_us);
    }
}

static void restore(struct zw_daemon *daemon)
{
    char path[PATH_SIZE];
    char *text;

    path_of(daemon, path);
    if (zw_file_read(path, &text)) {
        return; /* The first start. */
    }
    cJSON *root = cJSON_Parse(text);
    if (!root) {
        zw_log(ZW_LOG_WARN, "%s: cannot be read; counting anew", path);
    }
    for (size_t i = 0; i < daemon->n_bridges; i++) {
        struct zw_managed *managed = &daemon->bridges[i];
        const cJSON *object = cJSON_GetObjectItemCaseSensitive(root, managed->name);

        for (size_t j = 0; j < N_KINDS; j++) {
            restore_tally(daemon, managed->name, &kinds[j], cJSON_GetObjectItemCaseSensitive(object, kinds[j].name),
                          tally_of(managed, &kinds[j]));
        }
    }
    cJSON_Delete(root);
    free(text);
}

/* --- Every ZW_TALLY_CHECK_S --- */

static void on_read(void *reading_, const char *error)
{
    struct reading *reading = reading_;
    struct zw_managed *managed = reading->managed;

    for (size_t i = 0; !error && i < N_KINDS; i++) {
        struct zw_tally_gap gap;

        if (zw_tally_check(tally_of(managed, &kinds[i]), reading->n_sent[i], zw_audit_now_us(), &gap)) {
            if (kinds[i].type) {
                record_gap(managed, &kinds[i], &gap);
            } else {
                managed->n_rejects_unanswered += gap.n_missing;
            }
        }
    }
    if (!error) {
        save(managed->daemon);
    }
    free(reading);
}

void zw_copies_check(struct zw_managed *managed)
{
    struct reading *reading = zw_xcalloc(1, sizeof *reading);

    reading->managed = managed;
    zw_switch_read_counters(managed->sw, ZW_STAGE_VERDICT, on_counter, on_read, reading);
}

static void on_timer(evutil_socket_t fd, short what, void *daemon_)
{
    struct zw_daemon *daemon = daemon_;

    (void)fd;
    (void)what;
    for (size_t i = 0; i < daemon->n_bridges; i++) {
        if (zw_switch_status(daemon->bridges[i].sw).state == ZW_SWITCH_IN_SYNC) {
            zw_copies_check(&daemon->bridges[i]);
            zw_floods_check(&daemon->bridges[i]);
        }
    }
}

void zw_copies_start(struct zw_daemon *daemon)
{
    const struct timeval interval = {.tv_sec = ZW_TALLY_CHECK_S};

    restore(daemon);
    daemon->copies_timer = event_new(daemon->base, -1, EV_PERSIST, on_timer, daemon);
    evtimer_add(daemon->copies_timer, &interval);
}

void zw_copies_stop(struct zw_daemon *daemon)
{
    if (daemon->copies_timer) {
        save(daemon);
        event_free(daemon->copies_timer);
        daemon->copies_timer = NULL;
    }
}
