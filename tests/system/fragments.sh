#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Promise 1: IP fragments are no way around a rule.  A fragment shows no port, so none opens a session; those of a session
# pass with it.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"

setup() {
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  web: {ports: [{iface-id: web}], fragments: allow}
  db: {ports: [{iface-id: db}], fragments: allow}
rules:
  - {name: not-these, from: web, to: db, service: [udp/53, icmp/8, icmpv6/128], action: deny}
  - {name: the-rest, from: web, to: db, action: allow, log: session}
  - {name: low, from: db, to: web, service: [udp/0-1023, icmp, icmpv6], action: allow, log: session}
POLICY
    zw_vm_add web vnet-web0 10.20.0.11/16 fd00:20::11/48
    zw_vm_add db vnet-db0 10.20.0.12/16 fd00:20::12/48
    zw_daemon_start "$ZW_PG/policy.yaml"
}

# send NAME ADDRESS PORT SIZE...: datagrams of these sizes from one socket.
send() {
    zw_vm_exec "$1" "$PYTHON" -I -c '
import socket, sys, time
address, port, *sizes = sys.argv[1:]
s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
for size in sizes:
    s.sendto(b"x" * int(size), (address, int(port)))
    time.sleep(0.3)' "${@:2}"
}

# arrives VM PORT NAME SEND-ARGUMENT...: how many datagrams come to that UDP port of the VM, and how large they are.
arrives() {
    zw_udp_sink "$1" sink "$2"
    shift 2
    send "$@"
    sleep 0.5
    zw_kill sink || true
    grep '^got' "$ZW_PG/sink.out" | tr '\n' ' ' || true
}

check() { # EXPECTED TO PORT FROM ADDRESS PORT SIZE...
    local got
    got=$(arrives "${@:2}")
    echo "got \"$got\", expected \"$1\""
    [ "$got" = "$1" ]
}

both() { # EXPECTED SIZE...: to the denied port, from web to db, by both families.
    check "$1" db 53 web 10.20.0.12 53 "${@:2}"
    check "$1" db 53 web fd00:20::12 53 "${@:2}"
}

denied() {
    both '' 100
    both '' 3000
    both '' 3000 100
    if zw_vm_exec web ping -c 1 -W 1 -s 3000 10.20.0.12; then false; fi
    if zw_vm_exec web ping -c 1 -W 1 -s 3000 fd00:20::12; then false; fi
}

# Port 0 and type 0, which a fragment seems to have, are allowed here.
looks_like_zero() {
    check '' web 5000 db 10.20.0.11 5000 100
    check '' web 5000 db 10.20.0.11 5000 3000
    check '' web 5000 db fd00:20::11 5000 3000
}

within_a_session() {
    check 'got 100 got 3000 got 5000 ' db 5000 web 10.20.0.12 5000 100 3000 5000
    check 'got 100 got 3000 got 5000 ' db 5000 web fd00:20::12 5000 100 3000 5000
}

# The kernel's datapath shows what it put together with its ports, so there a session may: it is judged as a whole.  The
# userspace one shows fragments.
not_the_first() {
    local first=''
    if [ "$ZW_DATAPATH" = system ]; then first='got 3000 '; fi
    check "${first}got 100 got 3000 " db 5001 web 10.20.0.12 5001 3000 100 3000
}

zw_playground_start || exit 99
zw_case "two VMs and a policy" setup
zw_case "fragments do not pass where the whole may not" denied
zw_case "nor where port 0 may" looks_like_zero
zw_case "fragments of a session pass" within_a_session
zw_case "a session begins with one only where the datapath shows it whole" not_the_first
zw_done
