#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Every verb of zoneward, asked of a real zonewardd with real ports, flows and sessions.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../demo-setup.sh
. "$ZW_SRCDIR/tests/demo-setup.sh"

export PYTHON=${PYTHON:-python3}

# json VERB... -- EXPRESSION: a Python expression over 'd', the answer, must be true.
json() {
    local words=() status=0
    while [ "$1" != -- ]; do words+=("$1"); shift; done
    zw_ctl --json "${words[@]}" >"$ZW_PG/answer.json" || status=$?
    "$PYTHON" -I -c 'import json, sys
d = json.load(open(sys.argv[1]))
assert eval("(" + sys.argv[2] + ")"), json.dumps(d, indent=1)' "$ZW_PG/answer.json" "$2" >&2
    return "$status"
}

# status STATUS COMMAND...: must end with this exit status.
status() {
    local expected=$1 found=0
    shift
    "$@" || found=$?
    [ "$found" -eq "$expected" ] || { echo "exit status $found, expected $expected: $*" >&2; false; }
}

unknown() { # TEXT VERB...: a name that does not exist is said, and what does.
    local text=$1
    shift
    status 2 zw_ctl "$@" 2>"$ZW_PG/unknown.txt"
    grep -F "$text" "$ZW_PG/unknown.txt" || { cat "$ZW_PG/unknown.txt" >&2; false; }
}

traffic() {
    zw_expect passed outside http 10.20.0.11 80
    zw_expect passed web tcp 10.20.0.12 5432
    zw_expect passed office tcp 10.20.0.12 5432
    zw_expect dropped outside tcp 10.20.0.12 5432
    zw_expect dropped web http 10.20.0.12 80
}

test_status() {
    zw_ctl status | grep -qx healthy
    json status -- 'd["healthy"] and not [p for p in d["problems"] if p["is_error"]]'
    json status -- 'd["policy"]["version"] == d["bridges"][0]["policy_version"] == 1'
    json status -- 'd["slow_path"]["n_asked"] >= 2 and d["slow_path"]["n_denied"] >= 1'
}

test_zones_and_ports() {
    json zones -- '{z["name"]: z["n_ports"] for z in d["zones"]} == {"web": 1, "db": 1, "outside": 1, "office": 0}'
    json zones -- '[z["behind"] for z in d["zones"] if z["name"] == "office"] == ["outside"]'
    json ports -- '{p["name"]: p["zone"] for p in d["ports"]} ==
        {"br0": None, "vnet-web0": "web", "vnet-db0": "db", "uplink0": "outside"}'
    json ports --zone=web -- '[(p["name"], p["closed"]) for p in d["ports"]] == [("vnet-web0", None)]'
    json ports -- '[p["name"] for p in d["ports"] if p["closed"]] == ["br0"]'
    unknown 'there is no bridge "none"' ports --bridge=none
    unknown 'there is no zone "wbe" (did you mean "web"?)' ports --zone=wbe
    unknown 'there is no zone "nope"' rules --zone=nope
    unknown 'there is no reason "nope"; there are: logged-denial, no-zone, ' drops --reason=nope
    unknown 'there is no port "nope"' drops --port=nope
}

test_rules() {
    json rules -- '{r["name"]: r["n_hits"] for r in d["rules"]}["users-to-web"] == 1 and d["unread"] == []'
    json rules -- 'all(r["n_hits"] >= 1 for r in d["rules"] if r["name"] in ("web-to-db", "admin", "curious", "default"))'
    json rules --unused -- '[r["name"] for r in d["rules"]] == ["names", "ping"]'
    json rules --zone=office -- '[r["name"] for r in d["rules"]] == ["users-to-web", "ping", "admin", "default"]'
}

test_sessions() {
    json sessions -- '{(s["from"], s["to"], s["dport"], s["rule"], s["path"]) for s in d["sessions"] if s["proto"] == "tcp"} ==
        {("outside", "web", 80, "users-to-web", "fast"), ("web", "db", 5432, "web-to-db", "fast"),
         ("office", "db", 5432, "admin", "slow")}'
    json sessions -- 'd["n_unreadable"] == 0 and {s["bridge"] for s in d["sessions"]} == {"br0"}'
    json sessions --rule=admin -- '[s["src"] for s in d["sessions"]] == ["10.20.10.1"]'
    json sessions --zone=web --address=10.20.9.0/24 -- '[s["src"] for s in d["sessions"]] == ["10.20.9.1"]'
    json sessions --limit=1 -- 'len(d["sessions"]) == 1 and d["n_total"] >= 3'
    status 2 zw_ctl sessions --address=10.0.0.1/8
    status 2 zw_ctl sessions --address=10.0.0.1/33
    unknown 'there is no rule "admim" (did you mean "admin"?)' sessions --rule=admim
    unknown 'there is no zone "nope"; there are: web, db, outside, office' sessions --zone=nope
}

test_flows() {
    json flows -- 'd["n_total"] == len(d["flows"]) and not [f for f in d["flows"] if f["meaning"] == "not ours"]'
    json flows -- '{f["table"] for f in d["flows"]} == set(range(16))'
    json flows --rule=web-to-db -- '{f["stage"] for f in d["flows"]} == {"policy"} and d["n_total"] > 0'
    json flows --stage=classify -- '{f["zone"] for f in d["flows"]} >= {"web", "db", "outside"}'
    json flows --stage=policy --limit=2 -- 'len(d["flows"]) == 2 < d["n_total"]'
    [ "$(zw_ctl flows | wc -l)" -gt 100 ]
    unknown 'there is no stage of the pipeline "none"; there are: classify, ' flows --stage=none
    json flows --stage=CLASSIFY -- 'd["n_total"] > 0'
    unknown 'there is no rule "nope"; there are: users-to-web, ' flows --rule=nope
    unknown 'there is no bridge "br1" (did you mean "br0"?)' flows --bridge=br1
}

test_explain() {
    status 0 zw_ctl explain vnet-web0 db tcp/5432
    status 1 zw_ctl explain vnet-web0 db tcp/80
    status 0 zw_ctl explain 10.20.10.1 db tcp/5432
    status 2 zw_ctl explain vnet-web1 db tcp/5432
    json explain office db tcp/5432 -- 'd["rule"]["name"] == "admin" and d["path"] == "slow" and d["step"] == "otherwise"'
}

test_policy() {
    local policy="$ZW_PG/policy.yaml"
    sed 's/name: users-to-web, \(.*\)action: allow/name: users-to-web, \1action: deny/' "$ZW_PG/demo.yaml" >"$policy"
    json policy apply "$policy" -- 'd["version"] == 2 and not d["unchanged"] and d["n_flow_changes"] > 0
        and d["bridges"] == [{"name": "br0", "confirmed": True, "error": None}]'
    zw_expect dropped outside http 10.20.0.11 80
    json policy apply "$policy" -- 'd["version"] == 2 and d["unchanged"]'
    zw_ctl policy show >"$ZW_PG/shown.yaml"
    diff <(grep -v '^#' "$policy") <(grep -v '^#' "$ZW_PG/shown.yaml")
    zw_ctl policy show --normal >"$ZW_PG/normal.yaml"
    zw_ctl policy check "$ZW_PG/normal.yaml"
    echo 'zones: nothing' >>"$policy"
    status 1 zw_ctl policy apply "$policy"
    json status -- 'd["policy"]["version"] == 2'
    json policy reload -- 'd["version"] == 3'
    zw_expect passed outside http 10.20.0.11 80
    json sessions --rule=users-to-web -- '{s["policy_version"] for s in d["sessions"]} == {3}' # 2 ended those of 1.
}

count() { zw_ctl audit query --json --state-dir="$ZW_PG/state" "$@" | wc -l; }

test_audit() {
    zw_wait_for '[ "$(count --type=admin)" -eq 4 ]' # Three that were done, one that failed.
    [ "$(count --type=policy)" -eq 3 ]
    [ "$(count --type=session --rule=admin --path=slow)" -eq 1 ]
    [ "$(count --verdict=deny --rule=curious)" -ge 1 ]
    zw_wait_for '[ "$(count --from=outside --to=web --service=tcp/80 --verdict=allow)" -eq 2 ]' # One is just under way.
    zw_ctl audit query | grep -q users-to-web # It asks the daemon where the log is.
    zw_ctl audit query --format=csv | head -n 1 | grep -q '^time,type,'
}

test_rights() {
    chmod 755 "$ZW_PG" "$ZW_PG/run"
    status 4 setpriv --reuid=65534 --regid=65534 --clear-groups "$ZW_BUILDDIR/zoneward" --run-dir="$ZW_PG/run" status
    chgrp 65534 "$ZW_PG/run/control.sock"
    status 0 setpriv --reuid=65534 --regid=65534 --clear-groups "$ZW_BUILDDIR/zoneward" --run-dir="$ZW_PG/run" status
    status 4 setpriv --reuid=65534 --regid=65534 --clear-groups "$ZW_BUILDDIR/zoneward" --run-dir="$ZW_PG/run" policy reload
}

test_bridge_away() {
    zw_vswitchd_stop
    zw_wait_for '! zw_ctl status'
    status 1 zw_ctl status
    json rules -- '[u["bridge"] for u in d["unread"]] == ["br0"]'
    status 5 zw_ctl sessions
    zw_daemon_stop
    zw_daemon_launch "$ZW_PG/demo.yaml"
    zw_wait_for 'zw_ctl status | grep "bridge br0 is not connected"'
    if zw_ctl status | tee /dev/stderr | grep meters; then return 1; fi # It has not been asked for any.
    zw_vswitchd_start
    zw_wait_for 'zw_ctl status'
}

zw_demo_setup
{
    cat "$ZW_DEMO_POLICY"
    echo 'conntrack: {timeouts: {tcp-close: 1h, tcp-time-wait: 1h}}' # So that there are sessions to be listed.
} >"$ZW_PG/demo.yaml"
zw_daemon_start "$ZW_PG/demo.yaml" || exit 1
zw_case "traffic" traffic
zw_case "status" test_status
zw_case "zones and ports" test_zones_and_ports
zw_case "rules and their hits" test_rules
zw_case "sessions" test_sessions
zw_case "flows and their meaning" test_flows
zw_case "explain" test_explain
zw_case "policy apply, show and reload" test_policy
zw_case "audit query" test_audit
zw_case "rights" test_rights
zw_case "a bridge that is away" test_bridge_away
zw_done 'zonewardd.log:.* warning: bridge br0: .*(clos|cannot connect)' 'recirc_id [0-9]+ left allocated' # OVS's own, at its end.
