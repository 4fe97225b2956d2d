/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/control/peer.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#ifndef SO_PEERGROUPS
#    define SO_PEERGROUPS 59 /* asm-generic/socket.h, Linux 4.13. */
#endif

static void name_user(struct zw_peer *peer)
{
    struct passwd entry, *found = NULL;
    char buffer[4096];
    FILE *file = fopen("/etc/passwd", "re");

    snprintf(peer->user, sizeof peer->user, "%u", (unsigned int)peer->uid);
    while (file && !fgetpwent_r(file, &entry, buffer, sizeof buffer, &found)) {
        if (found->pw_uid == peer->uid) {
            snprintf(peer->user, sizeof peer->user, "%s", found->pw_name);
            break;
        }
    }
    if (file) {
        fclose(file);
    }
}

int zw_peer_read(int fd, struct zw_peer *peer)
{
    struct ucred cred;
    socklen_t size = sizeof cred;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size)) {
        return errno;
    }
    *peer = (struct zw_peer){.uid = cred.uid, .gid = cred.gid, .pid = cred.pid};
    name_user(peer);
    return 0;
}

/* Whether 'group' is one of the peer's supplementary groups. */
static bool has_group(int fd, gid_t group)
{
    socklen_t size = 0;
    bool found = false;

    if (!getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) || errno != ERANGE || !size) {
        return false;
    }
    gid_t *groups = malloc(size);
    if (groups && !getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size)) {
        for (size_t i = 0; i < size / sizeof *groups && !found; i++) {
            found = groups[i] == group;
        }
    }
    free(groups);
    return found;
}

struct zw_peer_rights zw_peer_rights(int fd, const struct zw_peer *peer, uid_t user, gid_t group)
{
    bool change = peer->uid == 0 || peer->uid == user;
    return (struct zw_peer_rights){
        .change = change,
        .read = change || peer->gid == group || has_group(fd, group),
    };
}
