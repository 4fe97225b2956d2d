# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# vms - the VMs between which contenders are measured, and the policy that all of those that filter have.
#
# VM "client" may open sessions to VM "server" on TCP and UDP ports 9000 to 9199, over IPv4 and IPv6; a third,
# "attacker", may as well.  Answers come back.  ARP and neighbour discovery pass.  All else is dropped.
#
# $BENCH_PORTS, the script's last argument, says of what kind the ports are:
#   plain   veth without offloads, as the userspace datapath has them by default
#   tso     veth with checksum and segmentation offload, other_config:userspace-tso-enable in OVS
#   afxdp   veth without offloads, opened as type=afxdp

export BENCH_FIRST=9000 BENCH_LAST=9199
BENCH_CRR=9000 # to 9007
BENCH_PPS=9010
BENCH_IPERF=9011
BENCH_RTT=9020 # to 9147
BENCH_ALLOWED_PROBE=9180
BENCH_FORBIDDEN_PROBE=9280
BENCH_FORBIDDEN=9300 # Nobody listens there.

# "nobody" has none of these; "attackers" is the first of 64 that nobody has, either.
declare -A bench_ipv4=([client]=10.20.0.21 [server]=10.20.0.22 [attacker]=10.20.0.23 [nobody]=10.20.0.24
    [attackers]=10.20.1.1)
declare -A bench_ipv6=([client]=fd00:20::21 [server]=fd00:20::22 [attacker]=fd00:20::23)
bench_ifname() { echo "vnet-${1:0:1}0"; }

# bench_playground_start: the switch, as the kind of ports wants it.
bench_playground_start() {
    local options=()
    case $BENCH_PORTS in
    tso) options=(userspace-tso-enable=true) ;;
    plain | afxdp) ;;
    *) bench_cannot "no such kind of ports: $BENCH_PORTS" ;;
    esac
    zw_playground_start "${options[@]}" || bench_cannot "the switch does not start"
    bench_watch ovs-vswitchd
}

# Many short connections from few addresses: the client has all ports, and nobody's tables are too small.
_bench_tune() {
    zw_vm_exec "$1" sysctl -qw net.ipv4.ip_local_port_range='1024 65535' net.ipv4.tcp_max_tw_buckets=1048576 \
        net.ipv4.tcp_max_syn_backlog=65536 net.core.somaxconn=65536 net.ipv4.tcp_syncookies=0 \
        net.ipv4.icmp_ratelimit=0
    if [ "$BENCH_PORTS" = tso ]; then
        zw_vm_exec "$1" ethtool -K eth0 tx on tso on gso on gro on >/dev/null 2>&1
    fi
}

# bench_vms_on_bridge [COLUMN=VALUE...]: the three VMs, on br0 of OVS.
bench_vms_on_bridge() {
    local name ifname columns=("$@") error
    if [ "$BENCH_PORTS" = afxdp ]; then columns+=(type=afxdp); fi
    for name in client server attacker; do
        ifname=$(bench_ifname "$name")
        zw_vm_add "$name" "$ifname" "${bench_ipv4[$name]}/16" "${bench_ipv6[$name]}/48" "${columns[@]}" &&
            _bench_tune "$name" && continue
        bench_cannot "VM $name does not start"
    done
    if [ "$BENCH_PORTS" != afxdp ]; then return; fi
    for name in client server attacker; do
        ifname=$(bench_ifname "$name")
        error=$(zw_vsctl --if-exists get interface "$ifname" error)
        if [ "$error" != "[]" ]; then bench_cannot "OVS on port $ifname: $error; $(_bench_complaint "$ifname")"; fi
    done
}

# The last that vswitchd complained of about a port.
_bench_complaint() { grep -aE '\|(WARN|ERR)\|' "$ZW_PG/ovs-vswitchd.log" | grep -aF "$1" | tail -n 1 | sed 's/^[^|]*|[0-9]*|//'; }

# bench_servers: what listens on "server": for the loads, and an echo on an allowed and a forbidden port for the probes.
bench_servers() {
    local tool
    bench_need iperf3
    for tool in crr:$BENCH_CRR rtt:$BENCH_RTT; do
        if [ -x "$BENCH_TOOLS/${tool%:*}" ] && zw_vm_run server "${tool%:*}" "$BENCH_TOOLS/${tool%:*}" serve "${tool#*:}" &&
            zw_wait_for "grep -q ready '$ZW_PG/${tool%:*}.out'"; then continue; fi
        bench_cannot "tests/bench/${tool%:*} does not start: $(tail -n 1 "$ZW_PG/${tool%:*}.out")"
    done
    if zw_vm_run server iperf3 iperf3 -s --forceflush -p "$BENCH_IPERF" &&
        zw_vm_serve server "tcp:$BENCH_ALLOWED_PROBE" "udp:$BENCH_ALLOWED_PROBE" \
            "tcp:$BENCH_FORBIDDEN_PROBE" "udp:$BENCH_FORBIDDEN_PROBE" &&
        zw_wait_for "grep -q listening '$ZW_PG/iperf3.out'"; then return; fi
    bench_cannot "the servers do not start"
}

# bench_check_policy filters|passes: what is allowed passes, and with "filters" what is not is dropped, for TCP and UDP
# over IPv4 and IPv6.  Who passes all is no contender.
bench_check_policy() {
    local address kind jobs=() job
    for address in "${bench_ipv4[server]}" "${bench_ipv6[server]}"; do
        for kind in tcp udp; do
            # The first packet finds neither neighbours nor learned addresses.
            zw_wait_for "[ \"\$(zw_probe client $kind $address $BENCH_ALLOWED_PROBE)\" = passed ]" 15 ||
                bench_cannot "what is allowed does not pass: $kind to $address"
            if [ "$1" = passes ]; then continue; fi
            zw_vm_exec client "$PYTHON" -I "$ZW_SRCDIR/tests/probe.py" "$kind" "$address" "$BENCH_FORBIDDEN_PROBE" 0.4 \
                >"$ZW_PG/forbidden.$kind.$address" &
            jobs+=("$!:$kind.$address")
        done
    done
    for job in "${jobs[@]}"; do
        wait "${job%%:*}"
        [ "$(cat "$ZW_PG/forbidden.${job#*:}")" = dropped ] ||
            bench_cannot "what is forbidden is $(cat "$ZW_PG/forbidden.${job#*:}"): ${job#*:}"
    done
}

# bench_vms_ready KEY=VALUE...
bench_vms_ready() {
    local note=()
    if [ "$BENCH_PORTS" = afxdp ]; then note=("note='a thread of vswitchd polls these ports without a rest'"); fi
    bench_ready client="$(_zw_ns client)" server="$(_zw_ns server)" attacker="$(_zw_ns attacker)" \
        ipv4="${bench_ipv4[server]}" ipv6="${bench_ipv6[server]}" crr="$BENCH_CRR" pps="$BENCH_PPS" rtt="$BENCH_RTT" \
        iperf="$BENCH_IPERF" forbidden="$BENCH_FORBIDDEN" mac="$(zw_vm_mac server)" \
        nobody="${bench_ipv4[nobody]}" attackers="${bench_ipv4[attackers]}" "${note[@]}" "$@"
}
