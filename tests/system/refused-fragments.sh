#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A zone says whether fragments come in from its ports; by default they do on the kernel's datapath only: what ends OVS 3.1's
# userspace datapath is sent here, and does not.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../frames.sh
. "$ZW_SRCDIR/tests/frames.sh"

VMS=(db plain trusted strict)

# policy TRUSTED: what is said of that zone.
policy() {
    cat >"$ZW_PG/policy.yaml" <<POLICY
version: 1
zones:
  db: {ports: [{iface-id: db}]}
  plain: {ports: [{iface-id: plain, addresses: [10.20.0.11, "fd00:20::11"]}], guard: true}
  trusted: {ports: [{iface-id: trusted}]$1}
  strict: {ports: [{iface-id: strict}], fragments: deny}
rules:
  - {name: all, from: [plain, trusted, strict], to: db, service: udp/5002, action: allow}
POLICY
}

setup() {
    policy ', fragments: allow'
    for vm in "${VMS[@]}"; do zw_vm_add "$vm" "vnet-$vm" '' ''; done
    frames_silence "${VMS[@]}"
    zw_daemon_start "$ZW_PG/policy.yaml"
    frames_catch db
}

n_refused() {
    zw_appctl revalidator/wait >/dev/null
    zw_ctl drops --all --reason=fragment-refused --format=csv | tr -d '\r' | awk -F, 'NR > 1 { n += $5 } END { print n + 0 }'
}

# arrived VM FAMILY IDENT: how many frames of it, which have that number in their data.
arrived() { grep -c "$(printf '%08x%08x' "$2" "$3")" "$ZW_PG/frames-db.out"; }

# _comes VM HOST IDENT ARRIVES: a datagram in two fragments, in a session that a whole one has opened.
_comes() {
    local vm=$1 ident=$3 family src dst data
    for family in 4 6; do
        if [ "$family" = 4 ]; then src=10.20.0.$2 dst=10.20.0.2; else src=fd00:20::$2 dst=fd00:20::2; fi
        # The number is in each piece: at the end of the first, and of all.
        data="bytes(1264) + struct.pack('!II', $family, $ident) + bytes(992) + struct.pack('!II', $family, $ident)"
        frame "$vm" "eth(${vm^^}, DB, ip('$src', '$dst', udp(40000, 5002, struct.pack('!II', $family, $ident + 1000))))"
        zw_wait_for "[ \"\$(arrived $vm $family $((ident + 1000)))\" -eq 1 ]"
        frame "$vm" "[eth(${vm^^}, DB, packet) for packet in two_fragments('$src', '$dst', udp(40000, 5002, $data), 1280, $ident)]"
        frame "$vm" "eth(${vm^^}, DB, ip('$src', '$dst', udp(40000, 5002, struct.pack('!II', $family, $ident + 2000))))"
        zw_wait_for "[ \"\$(arrived $vm $family $((ident + 2000)))\" -eq 1 ]" # Behind them.
        if [ "$4" = yes ]; then
            zw_wait_for "[ \"\$(arrived $vm $family $ident)\" -gt 0 ]"
        else
            [ "$(arrived "$vm" "$family" "$ident")" -eq 0 ]
        fi
    done
}
passes() { local before; before=$(n_refused); _comes "$@" yes && [ "$(n_refused)" -eq "$before" ]; }
refused() { local before; before=$(n_refused); _comes "$@" no && [ "$(n_refused)" -eq $((before + 4)) ]; }
by_datapath() { if [ "$ZW_DATAPATH" = netdev ]; then refused "$@"; else passes "$@"; fi; }

other_policy() {
    policy ', fragments: deny'
    zw_ctl policy apply "$ZW_PG/policy.yaml"
    refused trusted 12 25
    policy ''
    zw_ctl policy apply "$ZW_PG/policy.yaml"
    by_datapath trusted 12 26
}

# The last piece first, which ends beyond 65535: OVS counts that in 16 bits.  Then all before it, none of them short.
_beyond() {
    local inner="L4(17, None, udp(1, 2, b'') + bytes($3 + 96))"
    frame plain "[eth(PLAIN, DB, fragment('$1', '$2', $inner, at, end))
                  for at, end in [($3, $3 + 104)] + [(at, at + 1424) for at in range(0, 45 * 1424, 1424)] + [(45 * 1424, $3)]]"
}
# A piece is missing until OVS has given up the others, of which it sends only so many at a time and frees them: then it comes.
_hold() { frame plain "[eth(PLAIN, DB, fragment('$1', '$2', udp(1, 2, bytes(45 * 1280 - 8)), at, at + 1280)) for at in range(0, 45 * 1280, 1280) if at != $3]"; }
_end() {
    frame plain "[eth(PLAIN, DB, ip('$1', '$2', udp(1, 2)))]"
    frame plain "[eth(PLAIN, DB, fragment('$1', '$2', udp(1, 2, bytes(45 * 1280 - 8)), $3, $3 + 1280))]"
    frame plain "[eth(PLAIN, DB, ip('$1', '$2', udp(1, 2)))]"
}

# What ends OVS 3.1's userspace datapath, where it comes to its conntrack.
killers() {
    local vswitchd before
    vswitchd=$(zw_pid ovs-vswitchd) before=$(n_refused)
    _beyond 10.20.0.11 10.20.0.2 65528
    _beyond fd00:20::11 fd00:20::2 65520
    _hold 10.20.0.11 10.20.0.2 25600
    _hold fd00:20::11 fd00:20::2 25600
    sleep 16 # OVS keeps them for 15.
    _end 10.20.0.11 10.20.0.2 25600
    _end fd00:20::11 fd00:20::2 25600
    refused strict 13 27
    [ "$(zw_pid ovs-vswitchd)" = "$vswitchd" ] && _zw_alive ovs-vswitchd
    if [ "$ZW_DATAPATH" = netdev ]; then
        [ "$(n_refused)" -eq $((before + 2 * 47 + 2 * 45 + 4)) ]
        zw_appctl dpctl/ipf-get-status | grep -q 'num frag: 0'
    fi
}

zw_playground_start || exit 99
zw_case "VMs of a zone that says nothing, of one that lets fragments in, and of one that does not" setup
for vm in "${VMS[@]}"; do FRAME_NAMES+=("${vm^^}=$(zw_vm_mac "$vm")"); done
zw_case "by default fragments come in on the kernel's datapath, not on the userspace one" by_datapath plain 11 21
zw_case "from a zone that lets them in they do" passes trusted 12 22
zw_case "from one that does not they do not" refused strict 13 23
zw_case "a change of that counts at once" other_policy
zw_case "fragments that OVS cannot cope with do not get to it" killers
# What the kernel's conntrack will not put together it refuses, and vswitchd says so of the first.
odd='x^'
if [ "$ZW_DATAPATH" = system ]; then odd='execute ct\\(.*failed \\(Invalid argument\\)'; fi
zw_done "$odd"
