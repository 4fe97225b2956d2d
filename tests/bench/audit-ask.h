/* SPDX-License-Identifier: Apache-2.0 */
/* audit-ask - the questions of audit-load, and whether their answers are right. */

#ifndef ZW_BENCH_AUDIT_ASK_H
#define ZW_BENCH_AUDIT_ASK_H 1

#include <stdint.h>

#include "tests/bench/audit-sample.h"

struct zw_bench_options {
    const char *path, *kind;
    uint64_t records; /* In the log. */
    uint64_t rate;    /* Of 'put', each second; 0: as fast as it goes. */
    uint64_t report;  /* A line for each so many records; 0: none. */
    uint64_t queries; /* Of one kind, each for something else. */
    uint64_t limit;   /* The newest ones only; 0: all. */
    uint64_t cold;    /* 1: the file is dropped from memory before each query. */
    uint64_t first;   /* The number of the first question, for others than before. */
    struct zw_shape shape;
};

/* Each is a command of audit-load and returns its exit status. */
int zw_bench_query(const struct zw_bench_options *);
int zw_bench_arguments(const struct zw_bench_options *);
int zw_bench_check(const struct zw_bench_options *);
int zw_bench_kinds(void);

#endif
