/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "ovs-ext/ct-timeouts.h"

const char *zw_ct_timeout_name(enum zw_ct_timeout timeout)
{
    static const char *const names[] = {
#define ZW_CT_TIMEOUT(NAME, TEXT) [ZW_CT_##NAME] = TEXT,
        ZW_CT_TIMEOUTS
#undef ZW_CT_TIMEOUT
    };

    return names[timeout];
}

const char *zw_datapath_name(enum zw_datapath datapath)
{
    static const char *const names[] = {[ZW_DATAPATH_NETDEV] = "netdev", [ZW_DATAPATH_SYSTEM] = "system"};

    return names[datapath];
}
