/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/audit/writer.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "controller/audit/gap.h"
#include "controller/audit/ring.h"
#include "controller/audit/store.h"
#include "controller/base/log.h"

/* A transaction takes at most this many records, so that their places in the ring become free in between. */
#define BATCH_MAX (ZW_AUDIT_RING_RECORDS / 4)

#define STOP_MS 5000       /* How long zw_audit_stop() tries. */
#define URGENT_RETRY_MS 20 /* Between attempts while somebody waits for them. */
#define WATCH_MS 1000      /* How often an idle writer looks whether its file is still in place. */

/* The producer wakes the writer as soon as so many records wait. */
#define WAKE_NEVER SIZE_MAX

struct zw_audit {
    char *path;
    pthread_t thread;
    struct zw_ring *ring;

    /* Without the lock. */
    _Atomic size_t wake_at;
    _Atomic uint64_t n_put, n_lost; /* Only the producer changes them. */

    /* Under the lock.  The producer takes it only to wake the writer and to count a loss; the writer never holds it
     * while it does I/O. */
    pthread_mutex_t lock;
    pthread_cond_t wake;                    /* To the writer. */
    pthread_cond_t progress;                /* From the writer: an attempt ended. */
    struct zw_gap losses[ZW_N_LOSS_CAUSES]; /* Not yet collected. */
    bool has_losses;
    uint64_t n_written;        /* Records that were put and are durable. */
    uint64_t n_losses_written; /* Records that durable gaps tell of. */
    unsigned int n_waiters;    /* In zw_audit_flush(), for both numbers to reach these. */
    uint64_t wanted_written, wanted_losses;
    int64_t stop_by_ms; /* Monotonic; 0: go on. */
    bool failing;
    int64_t failing_since_us, last_commit_us;
    char error[256];

    /* The writer's own. */
    struct zw_store *store; /* NULL: not open. */
    bool was_open;
    struct zw_gap gaps[ZW_N_CAUSES]; /* Not yet committed. */
    int64_t opened_us;
    uint64_t n_in_file; /* Records that this run wrote to the file that is open. */
    /* A commit that reported a failure may have reached the disk.  The same batch is then tried again, and the number
     * that the next record would get tells whether it is there already. */
    bool is_uncertain;
    int64_t uncertain_id;          /* The first record's. */
    size_t n_uncertain;            /* Records from the ring... */
    unsigned int n_uncertain_gaps; /* ...and gaps. */
};

int64_t zw_audit_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wait_until(struct zw_audit *audit, pthread_cond_t *cond, int64_t deadline_ms)
{
    struct timespec deadline = {.tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000};
    pthread_cond_timedwait(cond, &audit->lock, &deadline);
}

/* Takes what the producer has lost so far. */
static void collect_losses(struct zw_audit *audit)
{
    pthread_mutex_lock(&audit->lock);
    for (int i = 0; i < ZW_N_LOSS_CAUSES; i++) {
        zw_gap_merge(&audit->gaps[i], &audit->losses[i]);
        audit->losses[i].is_open = false;
    }
    audit->has_losses = false;
    pthread_mutex_unlock(&audit->lock);
}

static bool has_gaps(const struct zw_audit *audit)
{
    for (int i = 0; i < ZW_N_CAUSES; i++) {
        if (audit->gaps[i].is_open) {
            return true;
        }
    }
    return false;
}

/* The producer's side. */

static void wake_writer(struct zw_audit *audit)
{
    if (atomic_exchange(&audit->wake_at, WAKE_NEVER) != WAKE_NEVER) {
        pthread_mutex_lock(&audit->lock);
        pthread_cond_signal(&audit->wake);
        pthread_mutex_unlock(&audit->lock);
    }
}

static void count_loss(struct zw_audit *audit, const struct zw_record *record)
{
    atomic_fetch_add_explicit(&audit->n_lost, 1, memory_order_relaxed);
    pthread_mutex_lock(&audit->lock);
    zw_gap_widen(&audit->losses[zw_gap_cause(record->type)], 1, record->time_us, record->time_us);
    audit->has_losses = true;
    pthread_mutex_unlock(&audit->lock);
}

void zw_audit_put(struct zw_audit *audit, const struct zw_record *record)
{
    assert(record->type >= ZW_RECORD_SESSION && record->type <= ZW_RECORD_GAP);
    atomic_fetch_add_explicit(&audit->n_put, 1, memory_order_relaxed);
    if (!zw_ring_put(audit->ring, record)) {
        count_loss(audit, record);
    }
    /* Pairs with the fence in sleep_until(): either the writer sees the record, or this sees where to wake it. */
    atomic_thread_fence(memory_order_seq_cst);
    size_t wake_at = atomic_load_explicit(&audit->wake_at, memory_order_relaxed);
    if (wake_at != WAKE_NEVER && zw_ring_count(audit->ring) >= wake_at) {
        wake_writer(audit);
    }
}

/* The writer's side. */

static void report_failure(struct zw_audit *audit, const char *text)
{
    pthread_mutex_lock(&audit->lock);
    bool is_news = !audit->failing || strcmp(audit->error, text);
    if (!audit->failing) {
        audit->failing = true;
        audit->failing_since_us = zw_audit_now_us();
    }
    snprintf(audit->error, sizeof audit->error, "%s", text);
    pthread_mutex_unlock(&audit->lock);
    if (is_news) {
        static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(5, 60000);
        zw_log_rl(&limit, ZW_LOG_ERR, "%s: cannot write the audit log: %s; trying again", audit->path, text);
    }
}

static void report_success(struct zw_audit *audit)
{
    pthread_mutex_lock(&audit->lock);
    bool is_news = audit->failing;
    audit->failing = false;
    audit->error[0] = '\0';
    pthread_mutex_unlock(&audit->lock);
    if (is_news) {
        static struct zw_log_limit limit = ZW_LOG_LIMIT_INIT(5, 60000);
        zw_log_rl(&limit, ZW_LOG_INFO, "%s: the audit log can be written again", audit->path);
    }
}

static void note_cut_off(struct zw_audit *audit)
{
    int64_t last_us;
    if (!audit->was_open && zw_store_was_cut_off(audit->store, &last_us)) {
        zw_gap_widen(&audit->gaps[ZW_CAUSE_CUT_OFF], 0, last_us, zw_audit_now_us());
    }
    audit->was_open = true;
}

static bool open_store(struct zw_audit *audit)
{
    char error[ZW_STORE_ERROR_SIZE];
    audit->store = zw_store_open(audit->path, error);
    if (!audit->store) {
        report_failure(audit, error);
        return false;
    }
    audit->opened_us = zw_audit_now_us();
    audit->n_in_file = 0;
    note_cut_off(audit);
    return true;
}

static void close_store(struct zw_audit *audit)
{
    zw_store_close(audit->store);
    audit->store = NULL;
}

/* Somebody moved the log away, deleted it or put another one in its place: goes on in what is there now. */
static void leave_replaced_file(struct zw_audit *audit)
{
    zw_log(ZW_LOG_WARN, "%s: the audit log was removed or replaced; opening it again", audit->path);
    zw_gap_widen(&audit->gaps[ZW_CAUSE_REPLACED], audit->n_in_file, audit->opened_us, zw_audit_now_us());
    audit->is_uncertain = false;
    zw_store_checkpoint(audit->store);
    close_store(audit);
}

static bool be_open(struct zw_audit *audit)
{
    if (audit->store && zw_store_is_replaced(audit->store)) {
        leave_replaced_file(audit);
    }
    return audit->store || open_store(audit);
}

static bool add_gaps(struct zw_audit *audit, unsigned int *n)
{
    *n = 0;
    for (int i = 0; i < ZW_N_CAUSES; i++) {
        if (audit->gaps[i].is_open) {
            struct zw_record record;
            zw_gap_record(i, &audit->gaps[i], zw_audit_now_us(), &record);
            if (!zw_store_add(audit->store, &record)) {
                return false;
            }
            ++*n;
        }
    }
    return true;
}

static bool add_records(struct zw_audit *audit, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!zw_store_add(audit->store, zw_ring_peek(audit->ring, i))) {
            return false;
        }
    }
    return true;
}

static void finish_batch(struct zw_audit *audit, size_t n_records, unsigned int n_gaps)
{
    zw_ring_drop(audit->ring, n_records);
    pthread_mutex_lock(&audit->lock);
    audit->n_written += n_records;
    for (int i = 0; i < ZW_N_LOSS_CAUSES; i++) {
        audit->n_losses_written += audit->gaps[i].is_open ? audit->gaps[i].n_missing : 0;
    }
    audit->last_commit_us = zw_audit_now_us();
    pthread_mutex_unlock(&audit->lock);
    memset(audit->gaps, 0, sizeof audit->gaps);
    audit->is_uncertain = false;
    audit->n_in_file += n_records + n_gaps;
}

/* After a commit that may have failed or not.  True if it had taken place. */
static bool was_committed(const struct zw_audit *audit, int64_t next_id)
{
    return audit->is_uncertain &&
           next_id == audit->uncertain_id + (int64_t)audit->n_uncertain + audit->n_uncertain_gaps;
}

/* One transaction in an open store.  False after a failure; everything is then kept for the next attempt. */
static bool write_batch(struct zw_audit *audit)
{
    int64_t first_id;
    if (!zw_store_begin(audit->store, &first_id)) {
        return false;
    }
    if (was_committed(audit, first_id)) {
        if (!zw_store_commit(audit->store)) {
            return false;
        }
        finish_batch(audit, audit->n_uncertain, audit->n_uncertain_gaps);
        return true;
    }

    audit->is_uncertain = false;
    collect_losses(audit);
    size_t n = zw_ring_count(audit->ring);
    n = n < BATCH_MAX ? n : BATCH_MAX;
    unsigned int n_gaps;
    if (!add_records(audit, n) || !add_gaps(audit, &n_gaps)) {
        return false;
    }
    if (!zw_store_commit(audit->store)) {
        audit->is_uncertain = true;
        audit->uncertain_id = first_id;
        audit->n_uncertain = n;
        audit->n_uncertain_gaps = n_gaps;
        return false;
    }
    finish_batch(audit, n, n_gaps);
    return true;
}

static bool has_losses(struct zw_audit *audit)
{
    pthread_mutex_lock(&audit->lock);
    bool has = audit->has_losses;
    pthread_mutex_unlock(&audit->lock);
    return has;
}

/* Also looks after the file when there is nothing to write.  False after a failure. */
static bool attempt(struct zw_audit *audit)
{
    if (!be_open(audit)) {
        return false;
    }
    bool has_work = zw_ring_count(audit->ring) || has_gaps(audit) || has_losses(audit);
    if (has_work && (!write_batch(audit) || !zw_store_sort(audit->store))) {
        report_failure(audit, zw_store_error(audit->store));
        close_store(audit);
        return false;
    }
    report_success(audit);
    return true;
}

/* The functions from here to run() hold the lock. */

static bool is_urgent(const struct zw_audit *audit)
{
    return audit->stop_by_ms || (audit->n_waiters && (audit->n_written < audit->wanted_written ||
                                                      audit->n_losses_written < audit->wanted_losses));
}

/* Sleeps until 'n_records' wait, somebody is in a hurry, or the time has come (false). */
static bool sleep_until(struct zw_audit *audit, size_t n_records, int64_t deadline_ms)
{
    atomic_store(&audit->wake_at, n_records);
    atomic_thread_fence(memory_order_seq_cst); /* See zw_audit_put(). */
    bool in_time = true;
    while (zw_ring_count(audit->ring) < n_records && !is_urgent(audit) && (in_time = now_ms() < deadline_ms)) {
        atomic_store(&audit->wake_at, n_records);
        wait_until(audit, &audit->wake, deadline_ms);
    }
    atomic_store(&audit->wake_at, WAKE_NEVER);
    return in_time;
}

/* Waits for a first record, and then for others to share its commit. */
static void wait_for_work(struct zw_audit *audit)
{
    if (audit->has_losses || !sleep_until(audit, 1, now_ms() + WATCH_MS)) {
        return;
    }
    sleep_until(audit, BATCH_MAX, now_ms() + ZW_AUDIT_COMMIT_MS);
}

static void wait_for_retry(struct zw_audit *audit)
{
    int64_t start_ms = now_ms();
    int64_t deadline_ms;
    while (deadline_ms = start_ms + (is_urgent(audit) ? URGENT_RETRY_MS : ZW_AUDIT_RETRY_MS), now_ms() < deadline_ms) {
        wait_until(audit, &audit->wake, deadline_ms);
    }
}

static bool has_ended(const struct zw_audit *audit)
{
    return audit->stop_by_ms &&
           ((!zw_ring_count(audit->ring) && !has_gaps(audit) && !audit->has_losses) || now_ms() >= audit->stop_by_ms);
}

static void *run(void *arg)
{
    struct zw_audit *audit = arg;
    pthread_mutex_lock(&audit->lock);
    while (!has_ended(audit)) {
        wait_for_work(audit);
        pthread_mutex_unlock(&audit->lock);
        bool ok = attempt(audit);
        pthread_mutex_lock(&audit->lock);
        pthread_cond_broadcast(&audit->progress);
        if (!ok) {
            wait_for_retry(audit);
        }
    }
    pthread_mutex_unlock(&audit->lock);
    return NULL;
}

/* Starting, stopping, asking. */

static int init_locks(struct zw_audit *audit)
{
    pthread_condattr_t attr;
    int error = pthread_condattr_init(&attr);
    if (!error) {
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        pthread_mutex_init(&audit->lock, NULL);
        pthread_cond_init(&audit->wake, &attr);
        pthread_cond_init(&audit->progress, &attr);
        pthread_condattr_destroy(&attr);
    }
    return error;
}

/* Signals are the main thread's. */
static int start_thread(struct zw_audit *audit)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int error = pthread_create(&audit->thread, NULL, run, audit);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!error) {
        pthread_setname_np(audit->thread, "audit"); /* For top(1) and perf(1). */
    }
    return error;
}

static void destroy(struct zw_audit *audit)
{
    close_store(audit);
    zw_ring_destroy(audit->ring);
    pthread_cond_destroy(&audit->wake);
    pthread_cond_destroy(&audit->progress);
    pthread_mutex_destroy(&audit->lock);
    free(audit->path);
    free(audit);
}

static struct zw_audit *create(const char *path)
{
    struct zw_audit *audit = calloc(1, sizeof *audit);
    if (!audit || init_locks(audit)) {
        free(audit);
        return NULL;
    }
    atomic_init(&audit->wake_at, WAKE_NEVER);
    audit->path = strdup(path);
    audit->ring = zw_ring_create(ZW_AUDIT_RING_RECORDS, sizeof(struct zw_record));
    if (!audit->path || !audit->ring) {
        destroy(audit);
        return NULL;
    }
    return audit;
}

int zw_audit_start(const char *path, struct zw_audit **auditp, struct zw_problems *problems)
{
    *auditp = NULL;
    struct zw_audit *audit = create(path);
    if (!audit) {
        zw_problems_add(problems, path, 0, 0, "out of memory");
        return ENOMEM;
    }
    open_store(audit); /* If it fails, the thread goes on trying. */
    int error = start_thread(audit);
    if (error) {
        zw_problems_add(problems, path, 0, 0, "cannot start a thread for the audit log: %s", strerror(error));
        destroy(audit);
        return error;
    }
    *auditp = audit;
    return 0;
}

struct zw_audit_status zw_audit_status(const struct zw_audit *caudit)
{
    struct zw_audit *audit = (struct zw_audit *)caudit; /* For the lock. */
    struct zw_audit_status status = {
        .n_put = atomic_load(&audit->n_put),
        .n_lost = atomic_load(&audit->n_lost),
        .n_queued = (uint32_t)zw_ring_count(audit->ring),
    };
    snprintf(status.path, sizeof status.path, "%s", audit->path);
    pthread_mutex_lock(&audit->lock);
    status.n_written = audit->n_written;
    status.failing = audit->failing;
    status.failing_since_us = audit->failing ? audit->failing_since_us : 0;
    status.last_commit_us = audit->last_commit_us;
    snprintf(status.error, sizeof status.error, "%s", audit->error);
    pthread_mutex_unlock(&audit->lock);
    return status;
}

bool zw_audit_flush(struct zw_audit *audit, int timeout_ms)
{
    int64_t deadline_ms = now_ms() + timeout_ms;
    uint64_t losses = atomic_load(&audit->n_lost);
    uint64_t written = atomic_load(&audit->n_put) - losses;
    pthread_mutex_lock(&audit->lock);
    audit->n_waiters++;
    audit->wanted_written = written;
    audit->wanted_losses = losses;
    bool done;
    while (done = audit->n_written >= written && audit->n_losses_written >= losses, !done && now_ms() < deadline_ms) {
        pthread_cond_signal(&audit->wake);
        wait_until(audit, &audit->progress, deadline_ms);
    }
    audit->n_waiters--;
    pthread_mutex_unlock(&audit->lock);
    return done;
}

void zw_audit_stop(struct zw_audit *audit)
{
    if (!audit) {
        return;
    }
    pthread_mutex_lock(&audit->lock);
    audit->stop_by_ms = now_ms() + STOP_MS;
    pthread_cond_signal(&audit->wake);
    pthread_mutex_unlock(&audit->lock);
    pthread_join(audit->thread, NULL);
    size_t n = zw_ring_count(audit->ring);
    if (n) {
        zw_log(ZW_LOG_ERR, "%s: %zu records could not be written to the audit log and are lost", audit->path, n);
    }
    destroy(audit);
}
