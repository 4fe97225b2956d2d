/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/session.h"

/* A port that is gone is taken to be where it was. */
static const struct zw_zone *port_zone(const struct zw_policy *policy, const struct zw_session_end *end)
{
    if (end->has_port) {
        return end->port_zone;
    }
    const struct zw_zone *zone = zw_policy_zone_by_id(policy, end->zone_id);
    return zone && zone->behind ? zone->behind : zone;
}

static bool is_there(const struct zw_session_end *end, const struct zw_zone *zone)
{
    return zone && zone->id == end->zone_id;
}

enum zw_fate zw_session_judge(const struct zw_policy *policy, const struct zw_session_end *src,
                              const struct zw_session_end *dst, const struct zw_packet_key *key,
                              struct zw_verdict *verdict)
{
    *verdict = zw_decide(policy, port_zone(policy, src), port_zone(policy, dst), key);
    if (!zw_policy_zone_by_id(policy, src->zone_id) || !zw_policy_zone_by_id(policy, dst->zone_id)) {
        return ZW_FATE_FORBIDDEN;
    }
    if (!is_there(src, verdict->src) || !is_there(dst, verdict->dst)) {
        return ZW_FATE_MOVED;
    }
    return verdict->action == ZW_ALLOW ? ZW_FATE_STAYS : ZW_FATE_FORBIDDEN;
}
