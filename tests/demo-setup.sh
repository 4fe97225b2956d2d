# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# demo-setup - the four VMs of the demo and of the shell: web and db on the bridge, office and outside in a network
# behind the uplink.  doc/examples/demo.yaml is the policy between them.

export ZW_DEMO_POLICY=$ZW_SRCDIR/doc/examples/demo.yaml

declare -A ZW_DEMO_IPV4=([web]=10.20.0.11 [db]=10.20.0.12 [outside]=10.20.9.1 [office]=10.20.10.1)
declare -A ZW_DEMO_IPV6=([web]=fd00:20::11 [db]=fd00:20::12 [outside]=fd00:20:0:9::1 [office]=fd00:20:0:10::1)

# Every server listens on more than the policy allows, so what does not pass was stopped by the policy alone.
zw_demo_setup() {
    zw_playground_start &&
        zw_vm_add web vnet-web0 "${ZW_DEMO_IPV4[web]}/16" "${ZW_DEMO_IPV6[web]}/48" &&
        zw_vm_add db vnet-db0 "${ZW_DEMO_IPV4[db]}/16" "${ZW_DEMO_IPV6[db]}/48" &&
        zw_lan_add lan uplink0 external_ids:role=uplink &&
        zw_host_add outside lan "${ZW_DEMO_IPV4[outside]}/16" "${ZW_DEMO_IPV6[outside]}/48" &&
        zw_host_add office lan "${ZW_DEMO_IPV4[office]}/16" "${ZW_DEMO_IPV6[office]}/48" &&
        zw_vm_serve web http:80 tcp:22 &&
        zw_vm_serve db tcp:5432 tcp:22 http:80 &&
        zw_vm_serve outside http:80 dns:53 &&
        zw_vm_serve office dns:53
}
