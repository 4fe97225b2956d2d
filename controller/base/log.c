/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct {
    const char *word;
    int priority;
} levels[] = {
#define ZW_LOG_LEVEL(NAME, WORD, PRIORITY) {WORD, PRIORITY},
    ZW_LOG_LEVELS
#undef ZW_LOG_LEVEL
};

static _Atomic enum zw_severity max_level = ZW_LOG_INFO;

void zw_log_set_level(enum zw_severity level)
{
    max_level = level;
}

enum zw_severity zw_log_get_level(void)
{
    return max_level;
}

bool zw_log_level_from_string(const char *word, enum zw_severity *level)
{
    for (int i = 0; i < ZW_LOG_N_LEVELS; i++) {
        if (!strcmp(word, levels[i].word)) {
            *level = (enum zw_severity)i;
            return true;
        }
    }
    return false;
}

/* Whether standard error is the stream that systemd named in JOURNAL_STREAM as "device:inode".  The variable alone
 * proves nothing: a shell started from a service inherits it. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;

    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && !fstat(STDERR_FILENO, &st) &&
           st.st_dev == device && st.st_ino == inode;
}

static int format_prefix(char *line, size_t size, enum zw_severity level)
{
    struct timespec now;
    struct tm tm;
    char date[32];

    if (stderr_is_journal()) {
        return snprintf(line, size, "<%d>", levels[level].priority);
    }
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    return snprintf(line, size, "%s.%03ldZ %s: ", date, now.tv_nsec / 1000000, levels[level].word);
}

static void write_line(enum zw_severity level, unsigned long long n_suppressed, const char *format, va_list args)
{
    char line[ZW_LOG_LINE_SIZE];
    char suffix[64] = "";
    size_t room, n;

    if (n_suppressed) {
        snprintf(suffix, sizeof suffix, " (%llu more like this left out)", n_suppressed);
    }
    n = (size_t)format_prefix(line, sizeof line, level);
    room = sizeof line - 1 - strlen(suffix);
    vsnprintf(line + n, room - n, format, args);
    strcat(line, suffix);
    for (char *p = line + n; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f) {
            *p = ' ';
        }
    }
    n = strlen(line);
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) < 0) {
        /* Nobody is left to be told. */
        return;
    }
}

void zw_log(enum zw_severity level, const char *format, ...)
{
    va_list args;

    if (level > max_level) {
        return;
    }
    va_start(args, format);
    write_line(level, 0, format, args);
    va_end(args);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Takes one line from 'limit' if it has one left, and then gives the number of lines left out since the last. */
static bool take_line(struct zw_log_limit *limit, unsigned long long *n_suppressed)
{
    int64_t now = now_ms();
    bool taken;

    pthread_mutex_lock(&limit->mutex);
    int64_t refill = limit->interval_ms ? (now - limit->last_refill_ms) / limit->interval_ms : limit->tokens_used;
    if (refill >= limit->tokens_used) {
        limit->tokens_used = 0;
        limit->last_refill_ms = now;
    } else if (refill > 0) {
        limit->tokens_used -= (unsigned int)refill;
        limit->last_refill_ms += refill * limit->interval_ms;
    }
    taken = limit->tokens_used < limit->burst;
    if (taken) {
        limit->tokens_used++;
        *n_suppressed = limit->n_suppressed;
        limit->n_suppressed = 0;
    } else {
        limit->n_suppressed++;
    }
    pthread_mutex_unlock(&limit->mutex);
    return taken;
}

void zw_log_rl(struct zw_log_limit *limit, enum zw_severity level, const char *format, ...)
{
    unsigned long long n_suppressed;
    va_list args;

    if (level > max_level || !take_line(limit, &n_suppressed)) {
        return;
    }
    va_start(args, format);
    write_line(level, n_suppressed, format, args);
    va_end(args);
}
