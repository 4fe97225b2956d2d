/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZW_OVSDB_FIXTURE_H
#define ZW_OVSDB_FIXTURE_H 1

/* ovsdb-fixture - a private ovsdb-server, and a fake one, in a temporary directory.
 *
 * Nothing outside that directory is touched.  Every wait is bounded by FIXTURE_TIMEOUT_MS, and no test relies on
 * something being over within less. */

#include <stdbool.h>
#include <stddef.h>

#define FIXTURE_TIMEOUT_MS 30000

/* Makes the directory and an empty vSwitch database; ends the program if it cannot. */
void fixture_create(void);
/* The same with the schema changed by a script for sed(1). */
void fixture_create_changed(const char *sed_script);
/* Ends what still runs and removes the directory. */
void fixture_destroy(void);

/* The directory, its database server's address and its control socket. */
const char *fixture_dir(void);
const char *fixture_remote(void);
const char *fixture_ctl(void);

/* Starts ovsdb-server and waits until it listens.  The database is kept from one start to the next. */
void fixture_start_server(void);
/* As kill -9. */
void fixture_kill_server(void);
/* Sends a signal to it: SIGSTOP and SIGCONT make it silent for a while. */
void fixture_signal_server(int signal_number);

/* Runs 'ovs-vsctl ARGS' on it and waits for its end.  True if it succeeded. */
bool fixture_vsctl(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The first line that 'ovs-vsctl ARGS' prints, static. */
const char *fixture_vsctl_get(const char *args);

/* A process that listens on 'path' (replacing what is there), reads a request from each client, sends 'answer', and then
 * sends nothing more, or closes if 'hang_up'.  Every "@" in 'answer' becomes the request's id; at a newline it waits for
 * the client's next request. */
void fixture_start_fake(const char *path, const char *answer, bool hang_up);
void fixture_stop_fake(void);

/* Milliseconds of a clock that never jumps. */
long long fixture_now_ms(void);

#endif
