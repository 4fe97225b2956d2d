#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Promise 3: sessions that a new policy forbids end, at once and with a record; those that it allows do not notice.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../packets.sh
. "$ZW_SRCDIR/tests/packets.sh"

A=10.20.0.11 A6=fd00:20::11
B=10.20.0.12 B6=fd00:20::12

# policy FILE RULE...: zones a, b and c, and these rules before one that allows services that stay.
policy() {
    local file=$1
    shift
    {
        cat <<'POLICY'
version: 1
zones:
  a: {ports: [{iface-id: a}], trust-external-id: true}
  b: {ports: [{external-id: role=b}], trust-external-id: true}
  c: {ports: [{external-id: role=c}]}
rules:
POLICY
        printf '  - %s\n' "$@" '{name: stays, from: a, to: b, service: [tcp/81, udp/8], action: allow}'
    } >"$file"
}

# stream KIND PORT: steady traffic over both families, which go on until their stream_end.
stream() {
    zw_stream_start "$1$2" a "$1" "$B" "$2"
    zw_stream_start "$1$2-6" a "$1" "$B6" "$2"
    zw_stream_begun "$1$2"
    zw_stream_begun "$1$2-6"
}

stream_end() { # KIND PORT CONDITION...
    local job=$1$2
    shift 2
    zw_stream_end "$job" "$@"
    zw_stream_end "$job-6" "$@"
}

pings() {
    zw_vm_run a ping4 ping -i 0.05 "$B"
    zw_vm_run a ping6 ping -i 0.05 "$B6"
    zw_wait_for "grep -q icmp_seq=2 '$ZW_PG/ping4.out' && grep -q icmp_seq=2 '$ZW_PG/ping6.out'"
}

# sessions PROTO DPORT TO: how many there are.
sessions() {
    zw_ctl sessions --format=csv | "$PYTHON" -I -c 'import csv, sys
print(sum(sys.argv[1:] == [row["proto"], row["dport"], row["to"]] for row in csv.DictReader(sys.stdin)))' "$@"
}

ends() { zw_ctl audit query --type end --json "$@"; }

setup() {
    zw_vm_add a vnet-a "$A"/16 "$A6"/48
    zw_vm_add b vnet-b "$B"/16 "$B6"/48 external_ids:role=b
    zw_vm_serve b tcp:80 tcp:81 tcp:22 udp:7 udp:8
    policy "$ZW_PG/1.yaml" '{name: fast, from: a, to: b, service: [tcp/80, udp/7], action: allow, log: session}' \
        '{name: pings, from: a, to: b, service: [icmp/8, icmpv6/128], action: allow}' \
        '{name: slow, from: a, to: b, service: tcp/22, action: ask, otherwise: allow}'
    policy "$ZW_PG/2.yaml" '{name: no-more, from: a, to: b, service: [tcp/80, udp/7, icmp/8, icmpv6/128], action: deny}' \
        '{name: slow, from: a, to: b, service: tcp/22, action: ask, otherwise: deny}'
    zw_daemon_start "$ZW_PG/1.yaml"
    for address in $B $B6; do
        for port in 80 81 22; do zw_expect passed a tcp "$address" "$port"; done
        for port in 7 8; do zw_expect passed a udp "$address" "$port"; done
    done
}

# None of these has another session than one that began under the first policy.
forbidden() {
    stream tcp 80
    stream tcp 22
    stream udp 7
    stream tcp 81
    stream udp 8
    pings
    zw_ctl policy apply "$ZW_PG/2.yaml" | tee "$ZW_PG/apply.out"
    catch_start b # Whatever comes from now on came after the answer.
    packets a udp 9000 "$B" 8 3
    zw_wait_for "grep -qE ' 9000 8 ' '$ZW_PG/catch-b.out'"
    sleep 1
    zw_kill catch-b || true
    if grep -E '^(tcp|udp) .* (80|22|7)( |$)|^icmp 8|^icmpv6 128' "$ZW_PG/catch-b.out"; then false; fi
    grep -cE ' 81$' "$ZW_PG/catch-b.out"
    grep -q 'sessions that it forbids ended' "$ZW_PG/apply.out"
}

others() {
    stream_end tcp 81 lost=0 'exchanges>100'
    stream_end udp 8 lost=0 'exchanges>100'
    stream_end tcp 80 lost=1
    stream_end tcp 22 lost=1
    stream_end udp 7 'lost>0'
    zw_kill ping4 INT || true
    zw_kill ping6 INT || true
}

recorded() {
    local src service was
    for src in $A $A6; do
        for service in tcp/80/fast udp/7/fast tcp/22/slow; do
            was=${service##*/}
            service=${service%/*}
            ends --address="$src" --service="$service" | tee /dev/stderr |
                grep "\"what\":\"policy\"" | grep "\"was_rule\":\"$was\"" | grep '"was_version":1' | grep '"policy_version":2' |
                grep -q "\"rule\":\"$([ "$was" = slow ] && echo slow || echo no-more)\""
        done
    done
    ends --service=icmp | grep '"was_rule":"pings"' | grep '"rule":"no-more"' | grep '"from_port":"vnet-a"' | grep -q '"to_port":"vnet-b"'
    ends --service=icmpv6 | grep '"was_rule":"pings"' | grep -q '"rule":"no-more"'
    ends --rule=stays | wc -l | grep -qx 0
}

# A session that a policy forbids does not survive that zonewardd was away when it changed.
restart() {
    zw_ctl policy apply "$ZW_PG/1.yaml"
    stream tcp 80
    stream tcp 81
    zw_wait_for '[ "$(sessions tcp 80 b)" -ge 2 ] && [ "$(sessions tcp 81 b)" -ge 2 ]'
    zw_daemon_stop
    printf '# changed\n' | cat "$ZW_PG/2.yaml" - >"$ZW_PG/1.yaml"
    zw_daemon_start "$ZW_PG/1.yaml"
    zw_wait_for "[ \$(zw_ctl audit query --type end --service=tcp/80 --since=20s --json | grep -c '\"was_version\":3') -eq 2 ]"
    sleep 3
    stream_end tcp 80 lost=1
    stream_end tcp 81 lost=0
}

# A port goes to another zone.  What its new zone may goes on as a session of its own; nothing else of it passes.
moved() {
    policy "$ZW_PG/3.yaml" '{name: to-b, from: a, to: b, service: udp/7, action: allow}' \
        '{name: to-c, from: a, to: c, service: udp/7, action: allow}'
    zw_ctl policy apply "$ZW_PG/3.yaml"
    stream udp 7
    stream udp 8
    zw_wait_for '[ "$(sessions udp 7 b)" -ge 2 ] && [ "$(sessions udp 8 b)" -ge 2 ]'
    zw_vsctl set interface vnet-b external_ids:role=c
    zw_wait_for '[ "$(sessions udp 7 c)" -eq 2 ] && [ "$(sessions udp 7 b)$(sessions udp 8 b)" = 00 ]'
    for service in udp/7 udp/8; do
        zw_wait_for "[ \$(zw_ctl audit query --type end --service=$service --to=b --json | grep -c '\"what\":\"moved\"') -ge 2 ]"
    done
    ends --service=udp/8 | grep '"what":"moved"' | grep '"rule":"default"' | grep -q '"step":"default"'
    ends --service=udp/7 | grep '"what":"moved"' | grep -v '"rule":"to-' | grep -q '"step":"moved"'
    zw_vsctl set interface vnet-b external_ids:role=b
    zw_wait_for '[ "$(sessions udp 7 b)" -eq 2 ] && [ "$(sessions udp 8 b)" -eq 2 ]'
    stream_end udp 7 'exchanges>20'
    stream_end udp 8 'exchanges>20'
}

# others_talk: a session of a protocol that conntrack knows nothing of, and one of SCTP, chunk by chunk and answer by answer.
others_talk() { # CHUNK ANSWER...
    catch_start a b
    packets a raw 99 "$A" "$B"
    packets b raw 99 "$B" "$A"
    while [ $# -gt 0 ]; do
        packets a sctp "$1" "$A" "$B" 5000 9
        packets b sctp "$2" "$B" "$A" 9 5000
        shift 2
    done
    packets a udp 9001 "$B" 8
    zw_wait_for "grep -qE ' 9001 8 ' '$ZW_PG/catch-b.out'"
    catch_end a b
}

# Neither TCP, UDP nor ICMP: OVS does not flush these on the kernel's datapath, where their label is taken back.
other_protocols() {
    # The kernel gives an association 3 s for each step; an emulated machine takes longer.
    if [ "$ZW_DATAPATH" = system ]; then
        zw_vm_exec switch sysctl -qw net.netfilter.nf_conntrack_sctp_timeout_cookie_wait=60 \
            net.netfilter.nf_conntrack_sctp_timeout_cookie_echoed=60
    fi
    policy "$ZW_PG/4.yaml" '{name: others, from: a, to: b, service: [proto/99, sctp/9], action: allow}'
    policy "$ZW_PG/5.yaml" '{name: no-others, from: a, to: b, service: [proto/99, sctp/9], action: deny}'
    zw_ctl policy apply "$ZW_PG/4.yaml"
    others_talk init init-ack cookie-echo cookie-ack
    caught b '^proto/(99|132)' 3
    caught a '^proto/(99|132)' 3
    zw_ctl policy apply "$ZW_PG/5.yaml" | tee "$ZW_PG/apply.out"
    grep '^2 sessions that it forbids ended' "$ZW_PG/apply.out"
    others_talk heartbeat heartbeat
    caught b '^proto/(99|132)' 0
    caught a '^proto/(99|132)' 0
    zw_wait_for "[ \$(zw_ctl audit query --type end --json | grep -c '\"was_rule\":\"others\"') -eq 2 ]"
    # Where nothing forgot it, it goes on only after a time of silence.
    zw_ctl policy apply "$ZW_PG/4.yaml"
    catch_start b
    packets a raw 99 "$A" "$B"
    catch_end b
    caught b '^proto/99' "$([ "$ZW_DATAPATH" = netdev ] && echo 1 || echo 0)"
}

zw_playground_start || exit 99
zw_case "sessions of a first policy" setup
zw_case "a policy that forbids some ends them at once" forbidden
zw_case "the others do not notice" others
zw_case "each end is in the log with both rules" recorded
zw_case "a change while zonewardd was away ends them at its start" restart
zw_case "sessions of a port that goes to another zone" moved
zw_case "sessions of protocols that are neither TCP, UDP nor ICMP" other_protocols
zw_done 'netlink_conntrack.*Unsupported L4 protocol' # That.
