#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Frames as such: each receiver gets one, its sender none; what a receiver behind the sender's own port misses is counted.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../packets.sh
. "$ZW_SRCDIR/tests/packets.sh"

ALL=(acc10 acc10b acc20 trunk open far10)
NOBODY=02:00:00:00:0f:01

setup() {
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  vm: {ports: [{name: "vm*"}]}
  bridge: {ports: [{name: "patch-*"}]}
rules: [{from: any, to: any, action: allow}]
POLICY
    zw_vsctl --timeout=20 add-br br1 -- set bridge br1 datapath_type="$ZW_DATAPATH" fail_mode=secure -- \
        add-port br0 patch-0 -- set interface patch-0 type=patch options:peer=patch-1 -- \
        add-port br1 patch-1 -- set interface patch-1 type=patch options:peer=patch-0
    zw_vm_add acc10 vm-a10 '' '' tag=10
    zw_vm_add acc10b vm-b10 '' '' tag=10
    zw_vm_add acc20 vm-a20 '' '' tag=20
    zw_vm_add trunk vm-trunk '' '' trunks=10,20
    zw_vm_add open vm-open '' '' tag=10
    zw_vsctl remove interface vm-open external_ids attached-mac # What is behind it is learned.
    ZW_BRIDGE=br1 zw_vm_add far10 vm-far '' '' tag=10
    for vm in "${ALL[@]}"; do zw_vm_exec "$vm" sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1; done
    zw_daemon_start "$ZW_PG/policy.yaml" --bridge=br1
}

n_back() { # BRIDGE
    zw_appctl revalidator/purge
    zw_ofctl dump-flows "$1" cookie=0x5a06000000060000/0xffffffffffff0000 | sed -n 's/.*n_packets=\([0-9]*\).*/\1/p' |
        awk '{ n += $1 } END { print n + 0 }'
}

# from VM VLAN TEXT RECEIVER=TAG...: three broadcasts get to these, three each, and to nobody else.
from() {
    local vm=$1 vlan=$2 text=$3 receiver
    shift 3
    ether_start "${ALL[@]}"
    ether "$vm" send ff:ff:ff:ff:ff:ff - "$vlan" 0x0806 "$text" 3
    catch_end "${ALL[@]}"
    for receiver in "${ALL[@]}"; do
        case " $* " in
        *" $receiver="*) ;;
        *) caught "$receiver" " $text\$" 0 ;;
        esac
    done
    for receiver in "$@"; do
        caught "${receiver%=*}" " $text\$" 3
        caught "${receiver%=*}" "^ff:.* ${receiver#*=} 0x0806 $text\$" 3
    done
}

floods() {
    from acc10 - a acc10b=- trunk=10 open=- far10=-
    from trunk 10 b acc10=- acc10b=- open=- far10=-
    from trunk 20 c acc20=-
    from acc20 - d trunk=20
    from far10 - e acc10=- acc10b=- trunk=10 open=-
    [ "$(n_back br0)" -eq 0 ]
    [ "$(n_back br1)" -eq 0 ]
}

# A receiver that is known to be where the frame comes from: by OVSDB behind a trunk, learned behind an access port and,
# as the bridge beyond sees it, behind a patch port.
back() {
    local trunk before
    trunk=$(zw_vm_mac trunk)
    ether_start "${ALL[@]}"
    ether trunk send "$trunk" 02:00:00:00:0f:09 10 0x0806 trunk-back 4
    [ "$(n_back br0)" -eq 4 ]
    ether open send ff:ff:ff:ff:ff:ff "$NOBODY" - 0x0806 learn
    ether open send "$NOBODY" 02:00:00:00:0f:02 - 0x0806 access-back 5
    [ "$(n_back br0)" -eq 9 ]
    before=$(n_back br1)
    zw_ofctl del-flows br0 table=5,cookie=0x5a04000000000000/0xffff000000000000
    ether acc10 send "$NOBODY" - - 0x0806 patch-back 6
    [ "$(n_back br0)" -eq 9 ]
    [ "$(n_back br1)" -eq $((before + 6)) ]
    catch_end "${ALL[@]}"
    for vm in "${ALL[@]}"; do
        caught "$vm" 'trunk-back$|access-back$' 0
    done
    caught acc10 'patch-back$' 0
    caught far10 'patch-back$' 0
    caught open 'patch-back$' 6
}

zw_playground_start || exit 99
zw_case "ports of each kind" setup
zw_case "a broadcast gets to each once, and never back" floods
zw_case "a receiver behind the sender's own port is counted" back
zw_done
