# SPDX-License-Identifier: Apache-2.0
"""proof - the model, decide() and the switch are asked about the same random packets under the same random policies.

    world      the ports of the bridge
    policies   random policies
    packets    random packets, most of them near an edge of what a policy says
    vswitchd   ovs-vswitchd's control socket, and what ofproto/trace says
    compare    all of it together"""
