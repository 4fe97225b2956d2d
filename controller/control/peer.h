/* SPDX-License-Identifier: Apache-2.0 */
/* peer - who is at the other end of a Unix socket, and what that lets them do.
 *
 * The kernel vouches for the identity at the time of connect(2) (SO_PEERCRED, SO_PEERGROUPS; unix(7)). */

#ifndef ZW_CONTROL_PEER_H
#define ZW_CONTROL_PEER_H 1

#include <stdbool.h>
#include <sys/types.h>

#include "controller/audit/record.h"

/* What a peer may do. */
struct zw_peer_rights {
    bool read, change;
};

/* 0 or a positive errno.  The name comes from /etc/passwd alone: a name service could block the event loop. */
int zw_peer_read(int fd, struct zw_peer *);

/* root and 'user' may change and read; members of 'group' may read. */
struct zw_peer_rights zw_peer_rights(int fd, const struct zw_peer *, uid_t user, gid_t group);

#endif
