/* SPDX-License-Identifier: Apache-2.0 */
/* protocol - what the daemon and `zoneward` agree on: version, limits, error codes, verbs.
 *
 * The shape of each verb's arguments and result is in doc/control-protocol.md. */

#ifndef ZW_CONTROL_PROTOCOL_H
#define ZW_CONTROL_PROTOCOL_H 1

#define ZW_CONTROL_VERSION 1
#define ZW_CONTROL_SOCKET "control.sock" /* In the run directory. */
#define ZW_CONTROL_PATH_MAX 108          /* sun_path of a Unix socket, with its zero. */

#define ZW_CONTROL_MAX_REQUEST (64u * 1024 * 1024) /* Bytes of a line. */
#define ZW_CONTROL_MAX_READ_REQUEST (64u * 1024)   /* The same, of a client that may only read. */
#define ZW_CONTROL_MAX_ANSWER (512u * 1024 * 1024) /* Bytes of a line. */
#define ZW_CONTROL_MAX_CLIENTS 64                  /* More are closed at once, and counted. */
#define ZW_CONTROL_RESERVED_CLIENTS 8              /* Of these, kept for clients that may change things. */
#define ZW_CONTROL_IDLE_S 30 /* Half a request, or an answer that is not read, closes the connection after this. */

#define ZW_AUDIT_FILE "audit.db" /* The audit log, in the state directory. */

/*                code             errno            what it means */
#define ZW_CONTROL_ERRORS                                                                   \
    ZW_CONTROL_ERROR("bad-request", EBADMSG, "the request cannot be read")                  \
    ZW_CONTROL_ERROR("too-long", EMSGSIZE, "the request or its answer is too long")         \
    ZW_CONTROL_ERROR("timeout", ETIMEDOUT, "half a request, or no answer, within the time") \
    ZW_CONTROL_ERROR("busy", EUSERS, "too many clients")                                    \
    ZW_CONTROL_ERROR("version", EPROTONOSUPPORT, "the protocol's version is another one")   \
    ZW_CONTROL_ERROR("unknown-verb", ENOSYS, "the daemon knows no such verb")               \
    ZW_CONTROL_ERROR("denied", EACCES, "the client has no right to this")                   \
    ZW_CONTROL_ERROR("invalid", EINVAL, "the arguments, or the policy in them, are wrong")  \
    ZW_CONTROL_ERROR("not-found", ENOENT, "what the arguments name does not exist")         \
    ZW_CONTROL_ERROR("not-ready", EAGAIN, "the daemon cannot say yet; try again")           \
    ZW_CONTROL_ERROR("in-progress", EBUSY, "another change is under way; try again")        \
    ZW_CONTROL_ERROR("failed", EIO, "anything else; the text says what")

const char *zw_control_error_code(int error);  /* Positive errno to code; "failed" for those without one. */
int zw_control_error_number(const char *code); /* And back; EIO for unknown ones. */

/*              verb             right   what it does */
#define ZW_CONTROL_VERBS                                                          \
    ZW_CONTROL_VERB("status", READ, "health of every part")                       \
    ZW_CONTROL_VERB("zones", READ, "zones and their ports")                       \
    ZW_CONTROL_VERB("ports", READ, "ports of the managed bridges")                \
    ZW_CONTROL_VERB("rules", READ, "rules in force, with hit counts")             \
    ZW_CONTROL_VERB("sessions", READ, "sessions alive now")                       \
    ZW_CONTROL_VERB("flows", READ, "installed flows and their meaning")           \
    ZW_CONTROL_VERB("drops", READ, "what the switches dropped, and why")          \
    ZW_CONTROL_VERB("explain", READ, "what the policy says of a packet, and why") \
    ZW_CONTROL_VERB("policy.show", READ, "policy in force")                       \
    ZW_CONTROL_VERB("policy.apply", CHANGE, "puts a policy in force")             \
    ZW_CONTROL_VERB("policy.reload", CHANGE, "reads the policy files again, as SIGHUP does")

#endif
