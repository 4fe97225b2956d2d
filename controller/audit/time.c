/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "controller/audit/query.h"

#define SECOND_US INT64_C(1000000)

/* Reads exactly 'n' digits and moves '*p' behind them. */
static bool read_digits(const char **p, int n, int *value)
{
    *value = 0;
    for (int i = 0; i < n; i++, ++*p) {
        if (!isdigit((unsigned char)**p)) {
            return false;
        }
        *value = *value * 10 + (**p - '0');
    }
    return true;
}

static bool read_char(const char **p, char c)
{
    if (**p != c) {
        return false;
    }
    ++*p;
    return true;
}

/* ".5", up to microseconds; further digits are read and dropped. */
static bool read_fraction(const char **p, int64_t *us)
{
    int64_t unit = SECOND_US / 10;
    if (!isdigit((unsigned char)**p)) {
        return false;
    }
    for (; isdigit((unsigned char)**p); ++*p, unit /= 10) {
        *us += (**p - '0') * unit;
    }
    return true;
}

/* "10:00", "10:00:00", "10:00:00.5" */
static bool read_clock(const char **p, struct tm *tm, int64_t *us)
{
    if (!read_digits(p, 2, &tm->tm_hour) || !read_char(p, ':') || !read_digits(p, 2, &tm->tm_min)) {
        return false;
    }
    if (read_char(p, ':') && !read_digits(p, 2, &tm->tm_sec)) {
        return false;
    }
    return (!read_char(p, '.') && !read_char(p, ',')) || read_fraction(p, us);
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* What mktime() would quietly carry into the next month is an error here. */
static bool is_in_calendar(const struct tm *tm)
{
    static const int n_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (tm->tm_mon < 0 || tm->tm_mon > 11 || tm->tm_mday < 1) {
        return false;
    }
    int last = n_days[tm->tm_mon] + (tm->tm_mon == 1 && is_leap(tm->tm_year + 1900));
    return tm->tm_mday <= last && tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec < 61;
}

static bool parse_date(const char *p, int64_t *time_us)
{
    struct tm tm = {.tm_isdst = -1};
    int64_t us = 0;
    int year, month;
    if (!read_digits(&p, 4, &year) || !read_char(&p, '-') || !read_digits(&p, 2, &month) || !read_char(&p, '-') ||
        !read_digits(&p, 2, &tm.tm_mday)) {
        return false;
    }
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    if ((read_char(&p, 'T') || read_char(&p, ' ')) && !read_clock(&p, &tm, &us)) {
        return false;
    }
    bool is_utc = read_char(&p, 'Z');
    if (*p || year < 1970 || !is_in_calendar(&tm)) {
        return false;
    }
    *time_us = (is_utc ? timegm(&tm) : mktime(&tm)) * SECOND_US + us;
    return true;
}

/* "10m": a number and a unit. */
static bool parse_ago(const char *text, int64_t now_us, int64_t *time_us)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
    char *end;
    if (!isdigit((unsigned char)*text)) {
        return false;
    }
    long n = strtol(text, &end, 10);
    if (!*end || end[1]) {
        return false;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (*end == units[i].unit && n <= INT64_MAX / SECOND_US / units[i].seconds) {
            *time_us = now_us - n * units[i].seconds * SECOND_US;
            return true;
        }
    }
    return false;
}

bool zw_audit_time_parse(const char *text, int64_t now_us, int64_t *time_us)
{
    if (!strcmp(text, "now")) {
        *time_us = now_us;
        return true;
    }
    return parse_date(text, time_us) || parse_ago(text, now_us, time_us);
}
