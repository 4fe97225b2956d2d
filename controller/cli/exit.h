/* SPDX-License-Identifier: Apache-2.0 */
/* exit - what the exit status of `zoneward` means; zoneward(1) has the same table. */

#ifndef ZW_CLI_EXIT_H
#define ZW_CLI_EXIT_H 1

/*      name        status  meaning */
#define ZW_EXITS                                                                                                    \
    ZW_EXIT(OK, 0, "Done; where something was asked, the answer is yes.")                                           \
    ZW_EXIT(NO, 1, "The answer is no: denied, problems found, not healthy, not confirmed.")                         \
    ZW_EXIT(USAGE, 2,                                                                                               \
            "The command line is wrong, or names a zone, rule, bridge, port, stage or reason that does not exist.") \
    ZW_EXIT(UNREACHABLE, 3, "The daemon is not running, or does not answer.")                                       \
    ZW_EXIT(DENIED, 4, "This user has no right to it.")                                                             \
    ZW_EXIT(ERROR, 5, "The daemon reports an error.")                                                               \
    ZW_EXIT(FILE, 6, "A file or the audit log cannot be read, or the output cannot be written.")

enum zw_exit {
#define ZW_EXIT(NAME, STATUS, TEXT) ZW_EXIT_##NAME = STATUS,
    ZW_EXITS
#undef ZW_EXIT
};

#endif
