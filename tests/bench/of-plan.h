/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZW_OF_PLAN_H
#define ZW_OF_PLAN_H 1

/* of-plan - the packets that ofbench sends up, and the answers that they must get.
 *
 * A plan is a text file, a line for each kind of packet (and # comments):
 *
 *     version N                      of the policy
 *     policy FILE                    that has its zones: packets come up by these
 *     IN-PORT FROM OUT-PORT TO FAMILY DPORT VERDICT RULE LOG
 *
 * FROM and TO are zones, FAMILY is 4 or 6, DPORT a TCP port, VERDICT allow or deny, RULE the number of the rule that
 * gives it, LOG log or quiet.  Packet ID is of kind ID modulo the number of kinds; its source address and port are its
 * number, so no two packets have the same five-tuple.
 *
 * What libopenvswitch makes of a packet is made once for each kind; of a packet only the source is written anew.  The
 * packets' checksums are not: nobody below or beside the slow path looks at them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OF_MESSAGE_MAX 1024 /* Bytes of each message made here. */

struct of_plan;

enum of_kind {
    OF_ASK,    /* A paused packet. */
    OF_COPY,   /* A copy of a packet that the fast path let in. */
    OF_ANSWER, /* The right answer to OF_ASK. */
    OF_N_KINDS
};

/* Ends the program with a message if it cannot be read. */
struct of_plan *of_plan_read(const char *path);
void of_plan_free(struct of_plan *);

/* Writes that message about packet 'id', and returns its size. */
size_t of_plan_message(const struct of_plan *, enum of_kind, uint32_t id, uint8_t to[OF_MESSAGE_MAX]);

/* The right answer to an OF_ASK of 'size' bytes, with libopenvswitch.  Its size. */
size_t of_plan_encode(const struct of_plan *, const uint8_t *ask, size_t size, uint8_t to[OF_MESSAGE_MAX]);

/* Then no answer is the right one. */
bool of_plan_is_denied(const struct of_plan *, uint32_t id);

/* The packet in an OF_ASK or OF_COPY. */
uint32_t of_plan_id(const uint8_t *message);

/* Which packet a resume of 'size' bytes is for, if that can be told.  NULL if it is the right answer, or what is wrong with it. */
const char *of_plan_check(const struct of_plan *, const uint8_t *answer, size_t size, uint32_t *id);

#endif
