/* SPDX-License-Identifier: Apache-2.0 */
/* ovs-init - sets up libopenvswitch as a guest in our process.
 *
 * Left alone, libopenvswitch writes to syslog, logs at INFO on standard error and installs handlers for signals that
 * nobody handles.  After zw_ovs_init() it logs warnings and errors to standard error, in lines that look like ours,
 * and leaves every signal's handler as it was. */

#ifndef ZW_OVS_INIT_H
#define ZW_OVS_INIT_H 1

/* Call it once, early in main(), before there is a second thread; calls after the first do nothing.
 * 'program_name' is for libopenvswitch's messages. */
void zw_ovs_init(const char *program_name);

#endif
