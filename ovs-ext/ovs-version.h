/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZW_OVS_EXT_OVS_VERSION_H
#define ZW_OVS_EXT_OVS_VERSION_H 1

/* ovs-version - which libopenvswitch this program was built with, for --version and bug reports. */

/* Static, never NULL: "3.1.0". */
const char *zw_ovs_version(void);

#endif
