/* SPDX-License-Identifier: Apache-2.0 */
/* options - how zonewardd is started: command line and configuration file.
 *
 * Every option stands in one table (options.c) with its default and its help, and may be given as --NAME=VALUE or as a
 * line "NAME = VALUE" of the configuration file.  The command line wins. */

#ifndef ZW_DAEMON_OPTIONS_H
#define ZW_DAEMON_OPTIONS_H 1

#include <stdbool.h>
#include <stddef.h>

#include "controller/base/problems.h"
#include "ovs-ext/pipeline.h"

struct zw_options {
    char *ovsdb;       /* "unix:/run/openvswitch/db.sock" */
    char *ovs_run_dir; /* Where bridges' management sockets and vswitchd's control socket are. */
    char *policy;      /* A file or a directory. */
    char *state_dir;   /* Log and policy history. */
    char *run_dir;     /* Control socket and pid file. */
    char *log_level;
    char *bridges[ZW_MAX_BRIDGES];
    size_t n_bridges;
};

enum zw_options_result {
    ZW_OPTIONS_RUN,
    ZW_OPTIONS_EXIT, /* --help or --version was answered. */
    ZW_OPTIONS_BAD,  /* Problems were added. */
};

enum zw_options_result zw_options_parse(int argc, char *argv[], struct zw_options *, struct zw_problems *);
void zw_options_free(struct zw_options *);

#endif
