/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "ovs-ext/ovs-version.h"

const char *zw_ovs_version(void)
{
    return VERSION;
}
