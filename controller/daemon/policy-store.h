/* SPDX-License-Identifier: Apache-2.0 */
/* policy-store - every policy that was ever in force, each with its version.
 *
 * One JSON file a version in STATE/policies, written and synced before the policy is sent anywhere: "000007.json" with
 * the version, the SHA-256 of the sources, where they came from, when, the ids of the rules, and the sources themselves.  The highest
 * version is the one in force.
 *
 * Of large sources it has only what differs from a text that is in "000007.base", and where the rest is found there
 * (policy-pieces.h).  Versions that follow each other share one such text: each has a name of its own for it (link(2)),
 * so that none needs another one's files, and it is written again when too much of it has changed.
 *
 * Which policy rules after a restart?  The one that changed last: the policy file, if it differs from what it was when
 * it was last read, else what is in force (perhaps by `zoneward policy apply`). */

#ifndef ZW_DAEMON_POLICY_STORE_H
#define ZW_DAEMON_POLICY_STORE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/daemon/policy-pieces.h"
#include "controller/policy/policy.h"

/* Sources of so many bytes are in the JSON file. */
#define ZW_POLICY_STORE_SMALL 65536

struct zw_stored_policy {
    uint32_t version;
    char sha256[65];
    char *origin; /* "file PATH", "apply by USER". */
    bool from_file;
    int64_t time_us;
    char *placement; /* Ids and priorities of its rules (policy/placement.h); "": none, it is an old one. */
    struct zw_policy_source *sources;
    size_t n_sources;
    struct zw_pieces *pieces; /* What each of them is made of; NULL: they are not in pieces. */
};

void zw_stored_policy_clear(struct zw_stored_policy *);

/* Reads the newest version into '*newest' (version 0 if there is none), and the SHA-256 of the newest that came from the
 * policy file into 'file_sha256' ("" if there is none).  0 or a positive errno with a problem: a damaged newest version
 * is never taken for none, and its number is in newest->version, so that it is not given again. */
int zw_policy_store_load(const char *dir, struct zw_stored_policy *newest, char file_sha256[65], struct zw_problems *);

/* Writes a version, durably; 'previous' is the one before, as it was saved or loaded, or NULL.  0 or a positive errno with a
 * problem. */
int zw_policy_store_save(const char *dir, struct zw_stored_policy *, const struct zw_stored_policy *previous,
                         struct zw_problems *);

#endif
