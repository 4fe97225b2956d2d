/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZW_BASE_LOG_H
#define ZW_BASE_LOG_H 1

/* log - the daemon's log lines for people, on standard error.
 *
 * This is not the audit log: it says what zonewardd itself does and suffers.  A line starts with an ISO 8601 time in
 * UTC and the level, or, when standard error is the journal, with the "<N>" prefix of sd-daemon(3) instead, because
 * the journal has its own clock.  A problem is logged once, where it is handled.
 *
 * Everything that a peer, a packet or a file can cause more than once goes through zw_log_rl(), which bounds the lines
 * of one place in the code and says how many it left out.
 *
 * Thread-safe.  A line is written in one write() and never mixed with another.  Lines longer than
 * ZW_LOG_LINE_SIZE bytes are cut; newlines inside a line become spaces, so that no input can forge a line. */

#include <stdbool.h>
#include <stdint.h>
#include <pthread.h>

#define ZW_LOG_LINE_SIZE 2048

/*           name   word     sd-daemon priority */
#define ZW_LOG_LEVELS                \
    ZW_LOG_LEVEL(ERR, "error", 3)    \
    ZW_LOG_LEVEL(WARN, "warning", 4) \
    ZW_LOG_LEVEL(INFO, "info", 6)    \
    ZW_LOG_LEVEL(DBG, "debug", 7)

enum zw_severity {
#define ZW_LOG_LEVEL(NAME, WORD, PRIORITY) ZW_LOG_##NAME,
    ZW_LOG_LEVELS
#undef ZW_LOG_LEVEL
        ZW_LOG_N_LEVELS
};

/* How many lines one place may write: 'burst' at once, then one each 'interval_ms'. */
struct zw_log_limit {
    const unsigned int burst;
    const unsigned int interval_ms;

    /* Private. */
    pthread_mutex_t mutex;
    unsigned int tokens_used;
    int64_t last_refill_ms;
    unsigned long long n_suppressed;
};

#define ZW_LOG_LIMIT_INIT(BURST, INTERVAL_MS)                                              \
    {                                                                                      \
        .burst = (BURST), .interval_ms = (INTERVAL_MS), .mutex = PTHREAD_MUTEX_INITIALIZER \
    }

/* Lines less important than 'level' are not written.  INFO at the start. */
void zw_log_set_level(enum zw_severity level);
enum zw_severity zw_log_get_level(void);

/* The level called 'word' into '*level'; false if there is none. */
bool zw_log_level_from_string(const char *word, enum zw_severity *level);

void zw_log(enum zw_severity, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As zw_log(), within 'limit', which is static at the place that logs.  The first line after a silence says how many
 * were left out. */
void zw_log_rl(struct zw_log_limit *limit, enum zw_severity, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
