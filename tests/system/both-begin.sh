#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A TCP session that both ends begin, each with a SYN to the other (RFC 9293, 3.5): it is the first one's, to conntrack and to us.
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

# both SPORT DPORT FROM TO FAMILY: the beginning, as in RFC 9293's figure 7.
both() {
    passes "$3" "$4" "$5" "'S', $1, $2, 1000, 0"
    passes "$4" "$3" "$5" "'S', $2, $1, 5000, 0"
    passes "$3" "$4" "$5" "'S', $1, $2, 1000, 0" # Once more: they do not take turns with the label.
    passes "$4" "$3" "$5" "'S', $2, $1, 5000, 0"
    passes "$3" "$4" "$5" "'SA', $1, $2, 1000, 5001"
    passes "$4" "$3" "$5" "'SA', $2, $1, 5000, 1001"
    talk "$@"
}

# talk SPORT DPORT FROM TO FAMILY
talk() {
    passes "$3" "$4" "$5" "'PA', $1, $2, 1001, 5001"
    passes "$4" "$3" "$5" "'PA', $2, $1, 5001, 1001"
}

# session DPORT FAMILY: who began it, its zones, and its rule.
session() {
    zw_ctl sessions --format=csv | "$PYTHON" -I -c 'import csv, sys
for row in csv.DictReader(sys.stdin):
    if row["dport"] == sys.argv[1] and (":" in row["src"]) == (sys.argv[2] == "6"):
        print(row["src"], row["from"], row["to"], row["rule"])' "$@"
}

allowed_both_ways() {
    both 5000 7000 web db "$1"
    [ "$(session 7000 "$1")" = "${ADDRESS[web$1]} web db to-db" ]
    [ -z "$(session 5000 "$1")" ]
}

# The other end's SYN is an answer, whether or not it might begin one; to another port it begins one.
allowed_one_way() {
    both 5100 7001 web db "$1"
    [ "$(session 7001 "$1")" = "${ADDRESS[web$1]} web db to-db" ]
    refused logged-denial db web "$1" "'S', 7001, 5101, 5000, 0"
    refused logged-denial db web "$1" "'S', 7002, 5100, 5000, 0"
}

one_zone() {
    both 5200 7200 web other "$1"
    refused logged-denial other web "$1" "'S', 7201, 5200, 5000, 0"
}

# What is broken does not pass for a SYN.
broken() {
    passes web db "$1" "'S', 5004, 7004, 1000, 0"
    refused invalid db web "$1" "'SF', 7004, 5004, 5000, 0"
    refused invalid db web "$1" "'SR', 7004, 5004, 5000, 0"
    passes db web "$1" "'S', 7004, 5004, 5000, 0"
}

# A change of policy goes by who began.
changed() {
    both 5010 7010 web db "$1"
    policy "$ZW_PG/one.yaml" "$TO_DB" "$AMONG_WEB"
    zw_ctl policy apply "$ZW_PG/one.yaml" >"$ZW_PG/apply.out"
    ! grep 'sessions that it forbids' "$ZW_PG/apply.out" || return 1
    talk 5010 7010 web db "$1"
    policy "$ZW_PG/other.yaml" "$TO_WEB"
    zw_ctl policy apply "$ZW_PG/other.yaml" >"$ZW_PG/apply.out"
    zw_wait_for "[ -z \"\$(session 7010 $1)\" ]"
    refused not-syn web db "$1" "'PA', 5010, 7010, 1001, 5001"
    refused not-syn db web "$1" "'PA', 7010, 5010, 5001, 1001"
    zw_ctl policy apply "$ZW_PG/policy.yaml"
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
    local n=$((3000 / ZW_SLOWNESS)) job vm
    send_many web db "$n" "'S', 5020, 7020" &
    job=$!
    send_many db web "$n" "'S', 7020, 5020"
    wait "$job"
    for vm in web db; do zw_wait_for "[ \$(frames_caught $vm) -gt $((n / 2)) ]"; done # Some are lost in the catcher's queue.
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
    zw_case "IPv$family: both in one zone" one_zone "$family"
    zw_case "IPv$family: what is no SYN" broken "$family"
    zw_case "IPv$family: a policy that forbids what the first one began ends it, no other" changed "$family"
done
zw_case "floods of it, both ways, have one entry" flood
zw_done
