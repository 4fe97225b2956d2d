/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "ovs-ext/ovsdb.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <openvswitch/poll-loop.h>
#include <ovs-rcu.h>
#include <ovs-thread.h>
#include <ovsdb-session.h>
#include <stream.h>
#include <svec.h>
#include <util.h>
#include <uuid.h>

#include "ovs-ext/ovs-init.h"
#include "ovs-ext/ovsctl.h"
#include "ovs-ext/ovsdb-client.h"

struct call {
    struct call *next;
    struct zw_ovsctl *ctl;
    zw_ovsdb_done_cb *done;
    void *arg;
};

/* Calls in the order they came. */
struct calls {
    struct call *first, **end;
};

struct zw_ovsdb {
    pthread_t thread;
    int news_fd; /* Readable for the owner. */
    int wake_fd; /* Readable for the thread. */

    /* Only the thread's. */
    struct zw_ovsdb_client *client;
    struct calls active;

    /* Only the owner's. */
    size_t n_calls; /* Everywhere, until 'done' is called. */
    char *text;     /* While 'done' is called. */

    pthread_mutex_t mutex;          /* For all below. */
    struct zw_inventory *inventory; /* The newest; NULL before the first. */
    bool fresh;                     /* Not taken yet. */
    struct zw_ovsdb_status status;
    struct calls todo, ended;
    struct zw_ct_want *want; /* Not taken yet; NULL: none. */
    bool stop;
};

static void calls_init(struct calls *calls)
{
    calls->first = NULL;
    calls->end = &calls->first;
}

static void calls_append(struct calls *calls, struct call *call)
{
    call->next = NULL;
    *calls->end = call;
    calls->end = &call->next;
}

/* Moves all of 'src' behind 'dst'. */
static void calls_move(struct calls *dst, struct calls *src)
{
    if (src->first) {
        *dst->end = src->first;
        dst->end = src->end;
        calls_init(src);
    }
}

static struct call *calls_pop(struct calls *calls)
{
    struct call *call = calls->first;

    if (call) {
        calls->first = call->next;
        if (!calls->first) {
            calls->end = &calls->first;
        }
    }
    return call;
}

/* An eventfd's write and read fail only with EAGAIN, when it is as it should be. */
static void fd_set_readable(int fd)
{
    uint64_t one = 1;

    ignore(write(fd, &one, sizeof one));
}

static void fd_clear(int fd)
{
    uint64_t count;

    ignore(read(fd, &count, sizeof count));
}

/* The thread. */

static bool same_status(const struct zw_ovsdb_status *a, const struct zw_ovsdb_status *b)
{
    return a->connected == b->connected && a->since_ms == b->since_ms && a->n_reconnects == b->n_reconnects &&
           a->n_fail_mode_set == b->n_fail_mode_set && !strcmp(a->error, b->error);
}

/* Shows the owner what the client and the calls have come to. */
static void publish(struct zw_ovsdb *ovsdb, struct calls *ended)
{
    const struct zw_inventory *inventory = zw_ovsdb_client_inventory(ovsdb->client);
    const struct zw_ovsdb_status *status = zw_ovsdb_client_status(ovsdb->client);
    struct zw_inventory *old = NULL;
    bool news = ended->first;

    pthread_mutex_lock(&ovsdb->mutex);
    if (inventory != ovsdb->inventory) {
        old = ovsdb->inventory;
        ovsdb->inventory = zw_inventory_ref(inventory);
        ovsdb->fresh = true;
        news = true;
    }
    if (!same_status(status, &ovsdb->status)) {
        ovsdb->status = *status;
        news = true;
    }
    calls_move(&ovsdb->ended, ended);
    pthread_mutex_unlock(&ovsdb->mutex);
    zw_inventory_unref(old);
    if (news) {
        fd_set_readable(ovsdb->news_fd);
    }
}

/* Takes new calls and wishes.  False if it is time to stop. */
static bool take_orders(struct zw_ovsdb *ovsdb)
{
    struct zw_ct_want *want;
    bool stop;

    fd_clear(ovsdb->wake_fd);
    pthread_mutex_lock(&ovsdb->mutex);
    calls_move(&ovsdb->active, &ovsdb->todo);
    want = ovsdb->want;
    ovsdb->want = NULL;
    stop = ovsdb->stop;
    pthread_mutex_unlock(&ovsdb->mutex);
    if (want) {
        zw_ovsdb_client_want(ovsdb->client, want);
    }
    return !stop;
}

static void run_calls(struct zw_ovsdb *ovsdb, struct calls *ended)
{
    struct calls running;
    struct call *call;

    calls_init(&running);
    while ((call = calls_pop(&ovsdb->active))) {
        calls_append(zw_ovsctl_run(call->ctl) ? ended : &running, call);
    }
    calls_move(&ovsdb->active, &running);
}

static void wait_for_work(struct zw_ovsdb *ovsdb)
{
    zw_ovsdb_client_wait(ovsdb->client);
    for (struct call *call = ovsdb->active.first; call; call = call->next) {
        zw_ovsctl_wait(call->ctl);
    }
    poll_fd_wait(ovsdb->wake_fd, POLLIN);
    poll_block();
}

static void *watch(void *ovsdb_)
{
    struct zw_ovsdb *ovsdb = ovsdb_;
    struct calls ended;

    while (take_orders(ovsdb)) {
        calls_init(&ended);
        zw_ovsdb_client_run(ovsdb->client);
        run_calls(ovsdb, &ended);
        publish(ovsdb, &ended);
        wait_for_work(ovsdb);
    }
    return NULL;
}

/* The owner. */

/* Whether each of the comma-separated addresses is one that we can connect to. */
static bool remote_is_valid(const char *remote)
{
    struct svec remotes = SVEC_EMPTY_INITIALIZER;
    struct uuid cid;
    const char *name;
    bool valid;
    size_t i;

    ovsdb_session_parse_remote(remote, &remotes, &cid);
    valid = remotes.n > 0;
    SVEC_FOR_EACH(i, name, &remotes)
    {
        valid = valid && !stream_verify_name(name) && (strncmp(name, "unix:", 5) || name[5] == '/');
    }
    svec_destroy(&remotes);
    return valid;
}

/* Starts the thread with those signals blocked that somebody may send, and not those that a fault raises. */
static void start_thread(struct zw_ovsdb *ovsdb)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigset_t block, mask;

    sigfillset(&block);
    for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
        sigdelset(&block, faults[i]);
    }
    pthread_sigmask(SIG_SETMASK, &block, &mask);
    ovsdb->thread = ovs_thread_create("ovsdb", watch, ovsdb);
    /* The calling thread has no poll_block() to tell libopenvswitch's RCU that it is at rest: say so for good.  This
     * starts RCU's own thread, which is to have the signals blocked as well. */
    ovsrcu_quiesce_start();
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static void destroy(struct zw_ovsdb *ovsdb)
{
    if (ovsdb->news_fd >= 0) {
        close(ovsdb->news_fd);
    }
    if (ovsdb->wake_fd >= 0) {
        close(ovsdb->wake_fd);
    }
    zw_ovsdb_client_destroy(ovsdb->client);
    free(ovsdb->want);
    zw_inventory_unref(ovsdb->inventory);
    pthread_mutex_destroy(&ovsdb->mutex);
    free(ovsdb);
}

int zw_ovsdb_start(const char *remote, const char *const *bridges, size_t n_bridges, struct zw_ovsdb **ovsdbp)
{
    struct zw_ovsdb *ovsdb;

    *ovsdbp = NULL;
    zw_ovs_init("zonewardd");
    if (!remote_is_valid(remote)) {
        return EINVAL;
    }
    ovsdb = xzalloc(sizeof *ovsdb);
    pthread_mutex_init(&ovsdb->mutex, NULL);
    calls_init(&ovsdb->active);
    calls_init(&ovsdb->todo);
    calls_init(&ovsdb->ended);
    ovsdb->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ovsdb->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (ovsdb->news_fd < 0 || ovsdb->wake_fd < 0) {
        int error = errno;

        destroy(ovsdb);
        return error;
    }
    ovsdb->client = zw_ovsdb_client_create(remote, bridges, n_bridges);
    ovsdb->status = *zw_ovsdb_client_status(ovsdb->client);
    start_thread(ovsdb);
    *ovsdbp = ovsdb;
    return 0;
}

static void end_calls(struct zw_ovsdb *ovsdb, struct calls *calls)
{
    struct call *call;

    while ((call = calls_pop(calls))) {
        const char *error = zw_ovsctl_error(call->ctl);

        ovsdb->n_calls--;
        ovsdb->text = zw_ovsctl_take_text(call->ctl);
        call->done(call->arg, ovsdb->text, ovsdb->text || error ? error : "zonewardd is stopping");
        free(ovsdb->text);
        zw_ovsctl_destroy(call->ctl);
        free(call);
    }
}

void zw_ovsdb_stop(struct zw_ovsdb *ovsdb)
{
    if (!ovsdb) {
        return;
    }
    pthread_mutex_lock(&ovsdb->mutex);
    ovsdb->stop = true;
    pthread_mutex_unlock(&ovsdb->mutex);
    fd_set_readable(ovsdb->wake_fd);
    xpthread_join(ovsdb->thread, NULL);

    end_calls(ovsdb, &ovsdb->ended);
    end_calls(ovsdb, &ovsdb->active);
    end_calls(ovsdb, &ovsdb->todo);
    destroy(ovsdb);
}

int zw_ovsdb_fd(const struct zw_ovsdb *ovsdb)
{
    return ovsdb->news_fd;
}

/* With 'mutex' held: the descriptor stays readable while there is something to take. */
static void clear_news(struct zw_ovsdb *ovsdb)
{
    if (!ovsdb->fresh && !ovsdb->ended.first) {
        fd_clear(ovsdb->news_fd);
    }
}

struct zw_inventory *zw_ovsdb_take(struct zw_ovsdb *ovsdb)
{
    struct zw_inventory *inventory = NULL;

    pthread_mutex_lock(&ovsdb->mutex);
    if (ovsdb->fresh) {
        inventory = zw_inventory_ref(ovsdb->inventory);
        ovsdb->fresh = false;
    }
    clear_news(ovsdb);
    pthread_mutex_unlock(&ovsdb->mutex);
    return inventory;
}

struct zw_ovsdb_status zw_ovsdb_status(const struct zw_ovsdb *ovsdb_)
{
    struct zw_ovsdb *ovsdb = CONST_CAST(struct zw_ovsdb *, ovsdb_);
    struct zw_ovsdb_status status;

    pthread_mutex_lock(&ovsdb->mutex);
    status = ovsdb->status;
    pthread_mutex_unlock(&ovsdb->mutex);
    return status;
}

void zw_ovsdb_want(struct zw_ovsdb *ovsdb, const struct zw_ct_want *want)
{
    struct zw_ct_want *old, *copy = xmemdup(want, sizeof *want);

    pthread_mutex_lock(&ovsdb->mutex);
    old = ovsdb->want;
    ovsdb->want = copy;
    pthread_mutex_unlock(&ovsdb->mutex);
    free(old);
    fd_set_readable(ovsdb->wake_fd);
}

int zw_ovsdb_call(struct zw_ovsdb *ovsdb, const char *socket, const char *command, const char *const *args,
                  size_t n_args, int timeout_ms, zw_ovsdb_done_cb *done, void *arg)
{
    struct call *call;

    if (socket[0] != '/') {
        return EINVAL;
    }
    if (ovsdb->stop) { /* Called by 'done' of a call that zw_ovsdb_stop() ends. */
        return ECANCELED;
    }
    if (ovsdb->n_calls >= ZW_OVSDB_MAX_CALLS) {
        return EBUSY;
    }
    ovsdb->n_calls++;
    call = xzalloc(sizeof *call);
    call->ctl = zw_ovsctl_create(socket, command, args, n_args, timeout_ms);
    call->done = done;
    call->arg = arg;
    pthread_mutex_lock(&ovsdb->mutex);
    calls_append(&ovsdb->todo, call);
    pthread_mutex_unlock(&ovsdb->mutex);
    fd_set_readable(ovsdb->wake_fd);
    return 0;
}

char *zw_ovsdb_keep_text(struct zw_ovsdb *ovsdb)
{
    char *text = ovsdb->text;

    ovsdb->text = NULL;
    return text;
}

void zw_ovsdb_run_replies(struct zw_ovsdb *ovsdb)
{
    struct calls ended;

    calls_init(&ended);
    pthread_mutex_lock(&ovsdb->mutex);
    calls_move(&ended, &ovsdb->ended);
    clear_news(ovsdb);
    pthread_mutex_unlock(&ovsdb->mutex);
    end_calls(ovsdb, &ended);
}
