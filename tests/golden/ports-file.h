/* SPDX-License-Identifier: Apache-2.0 */
/* ports-file - a bridge's ports from a text, for tests.
 *
 *     NAME OFPORT [iface-id=ID] [mac=MAC] [tag=N] [mode=access|trunk|native-tagged|native-untagged]
 *                 [trunks=N,N...] [type=TYPE] [bond] [KEY=VALUE]...
 *
 * Anything else with "=" is an external id.  "#" begins a comment. */

#ifndef ZW_TESTS_PORTS_FILE_H
#define ZW_TESTS_PORTS_FILE_H 1

#include "ovs-ext/inventory.h"

/* An inventory with one bridge called "br0", or NULL (and a message on stderr). */
struct zw_inventory *zw_ports_file_read(const char *path);

#endif
