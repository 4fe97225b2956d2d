/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <stdio.h>

#include "ovs-ext/ovs-version.h"

int main(void)
{
    printf("zoneward %s (libopenvswitch %s)\n", PACKAGE_VERSION, zw_ovs_version());
    return 0;
}
