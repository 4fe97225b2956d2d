/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/icmp.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#define MLDV2_REPORT 143
#define NODE_INFORMATION_QUERY 139

bool zw_icmpv6_is_untracked(uint8_t type)
{
    switch (type) {
    case MLD_LISTENER_QUERY:
    case MLD_LISTENER_REPORT:
    case MLD_LISTENER_REDUCTION:
    case ND_ROUTER_SOLICIT:
    case ND_ROUTER_ADVERT:
    case ND_NEIGHBOR_SOLICIT:
    case ND_NEIGHBOR_ADVERT:
    case ND_REDIRECT:
    case MLDV2_REPORT:
        return true;
    default:
        return false;
    }
}

static enum zw_icmp_way way_of_icmpv4(uint8_t type, uint8_t code)
{
    switch (type) {
    case ICMP_ECHO:
    case ICMP_TIMESTAMP:
    case ICMP_INFO_REQUEST:
        return code ? ZW_ICMP_KERNEL_ALONE : ZW_ICMP_BEGINS; /* Open vSwitch looks at the code. */
    case ICMP_ADDRESS:
        return ZW_ICMP_KERNEL_ALONE;
    case ICMP_REDIRECT:
        return ZW_ICMP_NEVER;
    default:
        return ZW_ICMP_FOLLOWS;
    }
}

static enum zw_icmp_way way_of_icmpv6(uint8_t type, uint8_t code)
{
    if ((type == ND_NEIGHBOR_SOLICIT || type == ND_NEIGHBOR_ADVERT) && !code) {
        return ZW_ICMP_NO_RULE;
    } else if (zw_icmpv6_is_untracked(type)) {
        return ZW_ICMP_BY_ITSELF;
    } else if (type == ICMP6_ECHO_REQUEST) {
        return code ? ZW_ICMP_KERNEL_ALONE : ZW_ICMP_BEGINS;
    }
    return type == NODE_INFORMATION_QUERY ? ZW_ICMP_KERNEL_ALONE : ZW_ICMP_FOLLOWS;
}

enum zw_icmp_way zw_icmp_way(enum zw_family family, uint8_t type, uint8_t code)
{
    return family == ZW_IPV4 ? way_of_icmpv4(type, code) : way_of_icmpv6(type, code);
}
