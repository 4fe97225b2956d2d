#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A change of policy costs what it is, not what the policy is; and a rule stays the same one wherever it stands.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"

# policy FILE RULE...: before and behind 'echo', which lets web reach udp/5432 of db, are other rules.
policy() {
    {
        cat <<'POLICY'
version: 1
zones:
  web: {ports: [{name: "vnet-web*"}]}
  db: {ports: [{iface-id: db}]}
rules:
POLICY
        printf '  - {name: %s, from: web, to: db, action: allow, service: %s}\n' "${@:2}"
    } >"$1"
}

setup() {
    zw_vm_add web vnet-web0 10.20.0.11/16 fd00:20::11/48
    zw_vm_add db vnet-db0 10.20.0.12/16 fd00:20::12/48
    zw_vm_serve db tcp:5432 udp:5432
    policy "$ZW_PG/a.yaml" first tcp/1 echo '[udp/5432, tcp/5432]' last tcp/2
    zw_daemon_start "$ZW_PG/a.yaml"
    zw_expect passed web udp 10.20.0.12 5432
}

# session JSON-CONDITION: holds for the one session of udp/5432.
session() {
    zw_ctl sessions --json >"$ZW_PG/sessions.json"
    "$PYTHON" - "$ZW_PG/sessions.json" "$1" <<'PY'
import json, sys
s, = [s for s in json.load(open(sys.argv[1]))["sessions"] if s["proto"] == "udp"]
assert eval(sys.argv[2]), s
PY
}

# apply FILE CONDITION: with 'd', the answer.
apply() {
    zw_ctl policy apply "$1" --json >"$ZW_PG/applied.json"
    "$PYTHON" -c 'import json, sys; d = json.load(open(sys.argv[1])); assert eval(sys.argv[2]), d' "$ZW_PG/applied.json" "$2"
}

# A flow for each rule, and the four flows with the version: nothing behind the new rule is touched.
put_first() {
    session 's["rule"] == "echo" and s["rule_number"] == 2'
    policy "$ZW_PG/b.yaml" new tcp/3 first tcp/1 echo '[udp/5432, tcp/5432]' last tcp/2
    apply "$ZW_PG/b.yaml" 'd["n_flow_changes"] == 5'
    policy "$ZW_PG/b.yaml" new tcp/3 first tcp/1 middle tcp/4 echo '[udp/5432, tcp/5432]' last tcp/2 end tcp/5
    apply "$ZW_PG/b.yaml" 'd["n_flow_changes"] == 6'
    policy "$ZW_PG/b.yaml" last tcp/2 new tcp/3 first tcp/1 middle tcp/4 echo '[udp/5432, tcp/5432]' end tcp/5
    apply "$ZW_PG/b.yaml" 'd["n_flow_changes"] == 6'
}

# It was let in by version 1, where 'echo' was the second one; the next one by version 4, where it is the fifth.
old_labels() {
    session 's["rule"] == "echo" and s["rule_number"] == 2 and s["policy_version"] == 1'
    zw_expect passed web tcp 10.20.0.12 5432
    zw_ctl sessions --json --rule=echo >"$ZW_PG/sessions.json"
    "$PYTHON" -c 'import json, sys
d = json.load(open(sys.argv[1]))["sessions"]
assert {(s["proto"], s["rule_number"], s["policy_version"]) for s in d} == {("udp", 2, 1), ("tcp", 5, 4)}, d' "$ZW_PG/sessions.json"
    zw_ctl rules --json >"$ZW_PG/rules.json" # The default, 0, denies what VMs say by themselves.
    "$PYTHON" -c 'import json, sys
d = json.load(open(sys.argv[1]))["rules"]
assert [(r["number"], r["name"]) for r in d if r["n_hits"] and r["number"]] == [(5, "echo")], d' "$ZW_PG/rules.json"
}

# The ids come from the history: no flow changes, and labels of versions that the daemon has not seen still have a name.
restart() {
    zw_flows >"$ZW_PG/before"
    zw_daemon_stop
    zw_daemon_start "$ZW_PG/a.yaml"
    zw_flows >"$ZW_PG/after"
    diff "$ZW_PG/before" "$ZW_PG/after"
    zw_ctl status --json | "$PYTHON" -c 'import json, sys; d = json.load(sys.stdin); assert d["bridges"][0]["n_flow_mods"] == 0, d'
    session 's["rule"] == "echo" and s["policy_version"] == 1'
}

# One that is stored without ids, as an older zonewardd did it, begins them anew.
no_ids() {
    zw_daemon_stop
    sed -i '/"placement"/d' "$ZW_PG/state/policies/000004.json"
    zw_daemon_start "$ZW_PG/a.yaml"
    session 's["rule"] == "#2"'
    zw_expect passed web tcp 10.20.0.12 5432
}

zw_playground_start || exit 99
zw_case "two VMs and a policy" setup
zw_case "a rule put anywhere changes its own flows" put_first
zw_case "labels and counters name the rule, wherever it stands now" old_labels
zw_case "after a restart no flow changes, and old labels have names" restart
zw_case "a history without ids" no_ids
zw_done
