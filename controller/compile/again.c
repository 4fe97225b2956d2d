/* SPDX-License-Identifier: Apache-2.0 */
/* What finds out on its way that the policy's zones have changed starts again, and is judged wholly by the policy of now.
 *
 * Behind ct() it may meet an entry of the switch's cache that lags behind, or a still newer policy, and so start again a
 * second time.  Not a third: nothing can make a loop of it, least of all in the kernel's datapath, which has no limit. */

#include "controller/compile/compile-private.h"

/* As it came: with its tag, and with no zones.  Where it goes is known, and its priority, which may have been in a tag
 * without a VLAN. */
static void again(struct zw_compiler *c, struct zw_flow *flow, bool is_tagged, enum zw_flag_again times,
                  enum zw_flag_again times_then)
{
    zw_match_flags(flow, (is_tagged ? ZW_FLAG_TAGGED_MASK : 0) | (uint32_t)times << ZW_FLAG_AGAIN_FIRST,
                   ZW_FLAG_TAGGED_MASK | ZW_FLAG_AGAIN_MASK);
    if (is_tagged) {
        zw_act_push_vlan_from_reg(flow, ZW_REG_SEGMENT);
        zw_act_pcp_from_flags(flow);
    }
    zw_act_set_reg(flow, ZW_REG_SRC_ZONE, 0);
    zw_act_set_reg(flow, ZW_REG_DST_ZONE, 0);
    zw_act_set_flags(flow, (uint32_t)times_then << ZW_FLAG_AGAIN_FIRST,
                     ~(uint32_t)(ZW_FLAG_COPY_MASK | ZW_FLAG_PCP_MASK));
    zw_act_goto(flow, ZW_STAGE_CLASSIFY);
    zw_emit(c, flow);
}

void zw_compile_again(struct zw_compiler *c, struct zw_flow *(*make)(void))
{
    for (int is_tagged = 0; is_tagged < 2; is_tagged++) {
        again(c, make(), is_tagged, ZW_FLAG_NOT_AGAIN, ZW_FLAG_ONCE_AGAIN);
        again(c, make(), is_tagged, ZW_FLAG_ONCE_AGAIN, ZW_FLAG_TWICE_AGAIN);
    }
}
