/* SPDX-License-Identifier: Apache-2.0 */
/* ovsctl - one command to a daemon's control socket, as ovs-appctl(8) gives it, without blocking.
 *
 * Private to the OVSDB watcher's thread: run() until it says that the call has ended, wait() before each poll. */

#ifndef ZW_OVS_OVSCTL_H
#define ZW_OVS_OVSCTL_H 1

#include <stdbool.h>
#include <stddef.h>

/* The largest answer; a dump of 1,200,000 connections has about this. */
#define ZW_OVSCTL_MAX_REPLY_SIZE (256u * 1024 * 1024)

struct zw_ovsctl;

/* Copies its arguments.  'socket' as in zw_ovsdb_call().  'timeout_ms' runs from now on. */
struct zw_ovsctl *zw_ovsctl_create(const char *socket, const char *command, const char *const *args, size_t n_args,
                                   int timeout_ms);
void zw_ovsctl_destroy(struct zw_ovsctl *);

/* True once it has ended. */
bool zw_ovsctl_run(struct zw_ovsctl *);
void zw_ovsctl_wait(struct zw_ovsctl *);

/* Of a call that has ended: one of both is NULL.  take_text() gives it to the caller. */
const char *zw_ovsctl_text(const struct zw_ovsctl *);
char *zw_ovsctl_take_text(struct zw_ovsctl *);
const char *zw_ovsctl_error(const struct zw_ovsctl *);

#endif
