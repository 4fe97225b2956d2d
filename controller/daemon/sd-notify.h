/* SPDX-License-Identifier: Apache-2.0 */
/* sd-notify - tells systemd how we are, by the protocol of sd_notify(3): one datagram to $NOTIFY_SOCKET.
 *
 * The protocol is stable and this is all of it that a daemon needs, so libsystemd is not linked. */

#ifndef ZW_DAEMON_SD_NOTIFY_H
#define ZW_DAEMON_SD_NOTIFY_H 1

/* Sends 'state' ("READY=1", "STATUS=..."), if somebody listens. */
void zw_sd_notify(const char *state);

#endif
