/* SPDX-License-Identifier: Apache-2.0 */
/* zonewardd: zone firewall for Open vSwitch.  All it does is in the library; see controller/daemon/daemon.h. */

#include <stdio.h>
#include <stdlib.h>

#include "controller/daemon/daemon.h"

static int complain(struct zw_problems *problems)
{
    char *text = zw_problems_format(problems);

    fputs(text, stderr);
    free(text);
    zw_problems_clear(problems);
    return EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    static struct zw_daemon daemon;
    int status = EXIT_SUCCESS;

    switch (zw_options_parse(argc, argv, &daemon.options, &problems)) {
    case ZW_OPTIONS_BAD:
        status = complain(&problems);
        break;
    case ZW_OPTIONS_RUN:
        if (zw_daemon_start(&daemon, &problems)) {
            status = complain(&problems);
        } else {
            zw_daemon_run(&daemon);
        }
        zw_daemon_stop(&daemon);
        break;
    case ZW_OPTIONS_EXIT:
        break;
    }
    zw_options_free(&daemon.options);
    return status;
}
