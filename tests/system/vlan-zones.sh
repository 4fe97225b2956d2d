#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# One trunk port in several zones, by VLAN.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../packets.sh
. "$ZW_SRCDIR/tests/packets.sh"

# policy [VLANS-OF-LAB]
policy() {
    cat <<POLICY
version: 1
zones:
  vm: {ports: [{mac: "$(zw_vm_mac ten)"}, {mac: "$(zw_vm_mac eleven)"}, {mac: "$(zw_vm_mac forty)"}]}
  office: {ports: [{name: up0, vlans: [10, 30-39]}]}
  lab: {ports: [{name: up0, vlans: ${1-11}}]}
  clash: {ports: [{name: "up*", vlans: [33]}]}
rules:
  - {name: in, from: office, to: vm, service: [tcp/80, "icmp"], action: allow, log: session}
  - {name: out, from: vm, to: lab, service: [tcp/81, "icmp"], action: allow}
POLICY
}

setup() {
    local vlan
    zw_vm_add ten vm-ten 10.10.0.1/16 '' tag=10
    zw_vm_add eleven vm-eleven 10.11.0.1/16 '' tag=11
    zw_vm_add forty vm-forty 10.40.0.1/16 '' tag=40
    zw_trunk_add rack up0 # Carries every VLAN.
    for vlan in 10 11 40; do zw_trunk_host "far$vlan" rack "$vlan" "10.$vlan.1.1/16" ''; done
    for vm in ten eleven forty far10 far11 far40; do zw_vm_serve "$vm" tcp:80 tcp:81; done
    policy >"$ZW_PG/policy.yaml"
    zw_daemon_start "$ZW_PG/policy.yaml"
}

each_by_its_zone() {
    zw_expect passed far10 tcp 10.10.0.1 80 # From office,
    zw_expect dropped ten tcp 10.10.1.1 81 1
    zw_expect dropped far11 tcp 10.11.0.1 80 1 # not from lab:
    zw_expect passed eleven tcp 10.11.1.1 81
    zw_expect dropped far40 tcp 10.40.0.1 80 1 # and nobody's VLAN.
    zw_expect dropped forty tcp 10.40.1.1 81 1
}

# Nothing at all gets to or from a VLAN in which the port has no zone.
closed_vlan() {
    catch_end forty far40 2>/dev/null || true
    ether_start forty far40
    ether far40 send ff:ff:ff:ff:ff:ff - - 0x0806 in 3
    ether forty send ff:ff:ff:ff:ff:ff - - 0x0806 out 3
    catch_end forty far40
    caught forty ' in$' 0
    caught far40 ' out$' 0
}

said() {
    zw_ctl ports | tee /dev/stderr | grep 'up0 .*office: 10 30-32 34-39.*lab: 11.*by VLAN'
    zw_ctl ports | grep 'no zone: 33 (more than one zone claims it)'
    zw_ctl ports --zone=lab | grep -q up0
    zw_ctl zones --json | tee /dev/stderr | grep -A 3 '"lab"' | grep 'up0'
    zw_ctl status | tee /dev/stderr | grep 'port up0 is closed in VLAN 33: zones office and clash claim it there'
    zw_ctl explain up0/10 vm tcp/80 | grep 'office, port up0, VLAN 10'
    [ "$(zw_ctl explain up0/11 vm-eleven tcp/80 | head -1)" = 'deny: no rule matches' ]
    zw_ctl explain up0/33 vm tcp/80 | grep 'no zone in VLAN 33: more than one zone claims it'
    zw_ctl explain up0 vm tcp/80 2>&1 | grep 'say in which, as in up0/0'
    zw_ctl audit query --json | tee /dev/stderr | grep -E '"(from_zone|from)": *"office"' | grep -E '"(segment|vlan)": *10[,}]'
}

# VLAN 11 goes to office: what lab could, nobody can, and office's rules hold there.
moved() {
    zw_expect passed eleven tcp 10.11.1.1 81
    policy 12 | sed 's/\[10, 30-39\]/[10-11, 30-39]/' >"$ZW_PG/policy.yaml"
    zw_ctl policy apply "$ZW_PG/policy.yaml"
    zw_expect dropped eleven tcp 10.11.1.1 81 1
    zw_expect passed far11 tcp 10.11.0.1 80
    zw_expect passed far10 tcp 10.10.0.1 80
}

# A selector without VLANs has what is left.
rest() {
    policy | sed 's/{name: "up\*", vlans: \[33\]}/{name: up0}/; s/from: vm, to: lab/from: vm, to: [lab, clash]/' \
        >"$ZW_PG/policy.yaml"
    zw_ctl policy apply "$ZW_PG/policy.yaml"
    zw_expect passed forty tcp 10.40.1.1 81
    zw_expect passed eleven tcp 10.11.1.1 81
    zw_expect dropped ten tcp 10.10.1.1 81 1
    zw_expect passed far10 tcp 10.10.0.1 80
}

zw_playground_start || exit 99
zw_case "a trunk in several zones" setup
zw_case "each VLAN is judged by its zone" each_by_its_zone
zw_case "a VLAN of no zone is closed" closed_vlan
zw_case "ports, status, explain and the log know" said
zw_case "a VLAN goes to another zone" moved
zw_case "a selector without VLANs has the rest" rest
zw_done 'closed in VLAN 33: zones office and clash claim it there'
