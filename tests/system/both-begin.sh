#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A TCP session that both ends begin, each with a SYN to the other (RFC 9293, 3.5): it is the first one's, to conntrack and to us.  The
# kernel's conntrack takes the second SYN for an answer, and it comes about.  To the userspace datapath's it is new, and what follows
# invalid: it is dropped, and leaves the first one's session as it is.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../frames.sh
. "$ZW_SRCDIR/tests/frames.sh"

declare -A ADDRESS=([web4]=10.20.0.1 [db4]=10.20.0.2 [web6]=fd00:20::1 [db6]=fd00:20::2 [other4]=10.20.0.3 [other6]=fd00:20::3)
declare -A MAC

# policy FILE RULE...
policy() {
    local file=$1
    shift
    {
        cat <<'POLICY'
version: 1
zones:
  web: {ports: [{name: "vm-web*"}]}
  db: {ports: [{name: vm-db}]}
rules:
POLICY
        printf '  - %s\n' "$@"
    } >"$file"
}

TO_DB='{name: to-db, from: web, to: db, service: tcp/7000-7099, action: allow, log: session}'
TO_WEB='{name: to-web, from: db, to: web, service: tcp/5000-5099, action: allow}'
AMONG_WEB='{name: among-web, from: web, to: web, service: tcp/7200, action: allow}'

setup() {
    policy "$ZW_PG/policy.yaml" "$TO_DB" "$TO_WEB" "$AMONG_WEB"
    zw_vm_add web vm-web '' ''
    zw_vm_add db vm-db '' ''
    zw_vm_add other vm-web2 '' ''
    frames_silence web db other
    zw_daemon_start "$ZW_PG/policy.yaml"
}

names() {
    local vm
    for vm in web db other; do MAC[$vm]=$(zw_vm_mac "$vm"); done
}

serve() {
    frames_catch web db other
    frames_serve web db other
}

# segment FROM TO FAMILY ARGUMENTS-OF-TCP
segment() { frame "$1" "eth('${MAC[$1]}', '${MAC[$2]}', ip('${ADDRESS[$1$3]}', '${ADDRESS[$2$3]}', tcp($4)))"; }

# came VM: one frame, since the last one; what follows counts from here.
came() {
    zw_wait_for "[ \$(frames_caught $1) -eq 1 ]"
    : >"$ZW_PG/frames-$1.out"
}

# passes FROM TO FAMILY ARGUMENTS-OF-TCP
passes() {
    segment "$@"
    came "$2"
}

# refused REASON FROM TO FAMILY ARGUMENTS-OF-TCP
refused() {
    drops_mark
    segment "${@:2}"
    drops_since "$1=1"
}

# As large as they are: the userspace datapath's conntrack takes small ones for what it does not know yet.
A=3100000000 B=2200000000

# first SPORT DPORT FAMILY, second SPORT DPORT FAMILY: a SYN from web, one from db.
first() { passes web db "$3" "'S', $1, $2, $A, 0"; }
second() {
    if [ "$ZW_DATAPATH" = system ]; then
        passes db web "$3" "'S', $2, $1, $B, 0"
    else
        refused other-zones db web "$3" "'S', $2, $1, $B, 0"
    fi
}

# both SPORT DPORT FAMILY: as in RFC 9293's figure 7, as far as it gets; each SYN comes again, and is treated so again.
both() {
    first "$@"
    second "$@"
    first "$@"
    second "$@"
    if [ "$ZW_DATAPATH" = netdev ]; then return; fi
    passes web db "$3" "'SA', $1, $2, $A, $((B + 1))"
    passes db web "$3" "'SA', $2, $1, $B, $((A + 1))"
    talk "$@"
}

# talk SPORT DPORT FAMILY
talk() {
    passes web db "$3" "'PA', $1, $2, $((A + 1)), $((B + 1))"
    passes db web "$3" "'PA', $2, $1, $((B + 1)), $((A + 1))"
}

# session DPORT FAMILY: who began it, its zones, and its rule.
session() {
    zw_ctl sessions --format=csv | "$PYTHON" -I -c 'import csv, sys
for row in csv.DictReader(sys.stdin):
    if row["dport"] == sys.argv[1] and (":" in row["src"]) == (sys.argv[2] == "6"):
        print(row["src"], row["from"], row["to"], row["rule"])' "$@"
}

# records SPORT FAMILY: how many sessions with this port the log has that began.
records() { zw_ctl audit query --type session --json | grep -c "\"sport\":$1[,}]" || true; }

allowed_both_ways() {
    local sport=500$1
    both "$sport" 7000 "$1"
    [ "$(session 7000 "$1")" = "${ADDRESS[web$1]} web db to-db" ]
    [ -z "$(session "$sport" "$1")" ]
    zw_wait_for "[ \$(records $sport) -eq 1 ]"
    [ "$(records 7000)" = 0 ]
}

# The other end's SYN is no new session, whether or not it might begin one; to another port it is.
allowed_one_way() {
    both 5100 7001 "$1"
    [ "$(session 7001 "$1")" = "${ADDRESS[web$1]} web db to-db" ]
    refused logged-denial db web "$1" "'S', 7001, 5101, $B, 0"
    refused logged-denial db web "$1" "'S', 7002, 5100, $B, 0"
}

# The first one's own SYN, from the other zone.
forged() {
    first 5102 7003 "$1"
    drops_mark
    frame db "eth('${MAC[db]}', '${MAC[other]}', ip('${ADDRESS[web$1]}', '${ADDRESS[db$1]}', tcp('S', 5102, 7003, $A)))"
    drops_since other-zones=1
    [ "$(frames_caught other)" = 0 ]
}

# Within a zone the label says the same both ways: it passes, and what follows is conntrack's affair.
one_zone() {
    passes web other "$1" "'S', 5200, 7200, $A, 0"
    passes other web "$1" "'S', 7200, 5200, $B, 0"
    refused logged-denial other web "$1" "'S', 7201, 5200, $B, 0"
}

# What is broken does not pass for a SYN.
broken() {
    first 5104 7004 "$1"
    refused invalid db web "$1" "'SF', 7004, 5104, $B, 0"
    refused invalid db web "$1" "'SR', 7004, 5104, $B, 0"
}

# A change of policy goes by who began: what forbids the other way only lets it be; what forbids this way ends it.
changed() {
    both 5010 7010 "$1"
    policy "$ZW_PG/one.yaml" "$TO_DB" "$AMONG_WEB"
    zw_ctl policy apply "$ZW_PG/one.yaml"
    [ "$(session 7010 "$1")" = "${ADDRESS[web$1]} web db to-db" ]
    if [ "$ZW_DATAPATH" = system ]; then talk 5010 7010 "$1"; else first 5010 7010 "$1"; fi
    policy "$ZW_PG/other.yaml" "$TO_WEB"
    zw_ctl policy apply "$ZW_PG/other.yaml"
    zw_wait_for "[ -z \"\$(session 7010 $1)\" ]"
    refused logged-denial web db "$1" "'S', 5010, 7010, $A, 0"
    passes db web "$1" "'S', 7010, 5010, $B, 0" # One of its own, now.
    [ "$(session 5010 "$1")" = "${ADDRESS[db$1]} db web to-web" ]
    zw_ctl policy apply "$ZW_PG/policy.yaml"
}

# The second end answers the first one's SYN, as all do that have begun: so it comes about without the second SYN.
unchecked() {
    zw_appctl dpctl/ct-disable-tcp-seq-chk
    both 5030 7030 4
    passes db web 4 "'SA', 7030, 5030, $B, $((A + 1))"
    passes web db 4 "'A', 5030, 7030, $((A + 1)), $((B + 1))"
    talk 5030 7030 4
}

# entries PORT: how many conntrack has of a session with this port.
entries() { zw_appctl dpctl/dump-conntrack | grep -c "port=$1[,)]" || true; }

# send_many FROM TO COUNT ARGUMENTS-OF-TCP
send_many() {
    zw_vm_exec "$1" "$PYTHON" -I "$ZW_SRCDIR/tests/frames.py" send \
        "eth('${MAC[$1]}', '${MAC[$2]}', ip('${ADDRESS[${1}4]}', '${ADDRESS[${2}4]}', tcp($4)))" "$3" 0
}

# Many, both ways at once.
flood() {
    local n=$((3000 / ZW_SLOWNESS)) job
    send_many web db "$n" "'S', 5020, 7020" &
    job=$!
    send_many db web "$n" "'S', 7020, 5020"
    wait "$job"
    [ "$(entries 7020)" = 1 ]
    [ "$(session 7020 4)" = "10.20.0.1 web db to-db" ] || [ "$(session 5020 4)" = "10.20.0.2 db web to-web" ]
}

zw_playground_start || exit 99
zw_case "hosts that say nothing by themselves" setup
names
serve
for family in 4 6; do
    zw_case "IPv$family: both may begin, and both do" allowed_both_ways "$family"
    zw_case "IPv$family: one may" allowed_one_way "$family"
    zw_case "IPv$family: the first SYN, from the other zone" forged "$family"
    zw_case "IPv$family: both in one zone" one_zone "$family"
    zw_case "IPv$family: what is no SYN" broken "$family"
    zw_case "IPv$family: a policy that forbids what the first one began ends it, no other" changed "$family"
done
if [ "$ZW_DATAPATH" = netdev ]; then
    zw_case "without conntrack's check of sequence numbers it comes about by the first SYN" unchecked
fi
zw_case "floods of it, both ways, have one entry" flood
zw_done
