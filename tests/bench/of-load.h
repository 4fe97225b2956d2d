/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZW_OF_LOAD_H
#define ZW_OF_LOAD_H 1

/* of-load - sends the packets of a plan on one connection, and measures the answers.
 *
 * One thread, no allocation for a packet.  Times are monotonic.  A latency is from the moment when a packet was due to
 * the moment when its answer was read. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/of-plan.h"

#define OF_LOAD_MAX_WINDOW (1u << 18) /* Packets without an answer; of a plan that denies less than half of them. */

struct of_load;

struct of_order {
    enum of_kind kind;   /* OF_ASK or OF_COPY. */
    unsigned int window; /* OF_ASK: as many packets wait for their answers. */
    double rate;         /* Packets a second; 0: as fast as answers come, or the peer reads. */
    double seconds;      /* 0: until 'n'. */
    uint64_t n;          /* 0: until 'seconds'. */
};

struct of_result {
    uint64_t n_sent, n_answered;
    uint64_t n_denied;           /* Of those sent: the right answer is none. */
    uint64_t n_wrong, n_missing; /* Answers: neither is ever right. */
    const char *first_wrong;     /* What was wrong with the first. */
    double seconds;              /* Until the peer had read the last. */
    double busy;                 /* The share of that time that this thread ran itself. */
    uint32_t p50_ns, p99_ns, p999_ns, max_ns;
    uint32_t late_p99_ns; /* How late packets were put on their way, at a rate. */
};

/* 'fd' is closed by the next, or by of_load_free(). */
struct of_load *of_load_new(const struct of_plan *);
void of_load_set_fd(struct of_load *, int fd);
int of_load_fd(const struct of_load *);
void of_load_free(struct of_load *);

/* False if the peer went away. */
bool of_load_run(struct of_load *, const struct of_order *, struct of_result *);

/* Answers what the peer asks meanwhile.  False if it went away. */
bool of_load_idle(struct of_load *);

#endif
