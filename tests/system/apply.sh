#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Promise 3: a change of policy is one atomic step.  What the old and the new policy both allow does not notice; what
# neither allows never passes, not for one packet.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"

CHANGES=20

# policy FILE ZONE-OF-THE-REST EXTRA-RULE: 'web' may always reach tcp/5432 and udp/5432 of 'db', never port 80.
policy() {
    cat >"$1" <<POLICY
version: 1
zones:
  web: {ports: [{name: "vnet-web*"}]}
  db: {ports: [{iface-id: db}]}
  $2: {ports: [{external-id: role=uplink}]}
rules:
  $3
  - {name: echo, from: web, to: db, service: [tcp/5432, udp/5432], action: allow}
  - {name: asked, from: web, to: db, service: tcp/22, action: ask, otherwise: allow}
POLICY
}

setup() {
    zw_vm_add web vnet-web0 10.20.0.11/16 fd00:20::11/48
    zw_vm_add db vnet-db0 10.20.0.12/16 fd00:20::12/48
    zw_vm_serve db tcp:5432 tcp:22 udp:5432 http:80
    policy "$ZW_PG/a.yaml" outside '- {name: one, from: outside, to: web, service: tcp/80, action: allow}'
    policy "$ZW_PG/b.yaml" elsewhere '- {name: two, from: any, to: web, service: tcp/1-1023, action: deny}'
    zw_daemon_start "$ZW_PG/a.yaml"
    zw_expect passed web tcp 10.20.0.12 5432
}

changes() {
    local i
    zw_stream_start tcp web tcp 10.20.0.12 5432
    zw_stream_start asked web tcp 10.20.0.12 22
    zw_stream_start udp web udp 10.20.0.12 5432
    zw_stream_start connect web connect 10.20.0.12 5432
    zw_stream_start knock web knock 10.20.0.12 80
    sleep 0.5
    for ((i = 0; i < CHANGES; i++)); do
        zw_ctl policy apply "$ZW_PG/b.yaml"
        zw_ctl policy apply "$ZW_PG/a.yaml"
        sleep 0.1
    done
    zw_ctl policy show | grep -q "version $((2 * CHANGES + 1))"
}

nobody_noticed() {
    zw_stream_end tcp 'lost=0' 'exchanges>100'
    zw_stream_end asked 'lost=0' 'exchanges>100'
    zw_stream_end udp 'lost=0' 'exchanges>100'
    zw_stream_end connect 'lost=0' 'exchanges>10'
    zw_stream_end knock passed=0 'sent>0'
}

# Each version is in the log, with who asked for it.
in_the_log() {
    [ "$(zw_ctl audit query --type policy --json | wc -l)" -eq "$((2 * CHANGES + 1))" ]
    [ "$(zw_ctl audit query --type admin --json | grep -c policy.apply)" -eq "$((2 * CHANGES))" ]
}

# The newest version rules after a restart, though the file says otherwise; and the file, once it changes.
after_a_restart() {
    zw_ctl policy apply "$ZW_PG/b.yaml"
    zw_daemon_stop
    zw_daemon_start "$ZW_PG/a.yaml"
    zw_ctl policy show | grep -q "version $((2 * CHANGES + 2)), from apply"
    echo '# changed' >>"$ZW_PG/a.yaml"
    zw_daemon_stop
    zw_daemon_start "$ZW_PG/a.yaml"
    zw_ctl policy show | grep -q "version $((2 * CHANGES + 3)), from file"
}

# second RUN-DIRECTORY STATE-DIRECTORY WHAT: does not start, says why, and leaves the first and its files alone.
second() {
    local status=0 versions
    versions=$(ls "$ZW_PG/state/policies")
    timeout 20 "$ZW_BUILDDIR/zonewardd" --ovsdb="unix:$ZW_PG/ovs/db.sock" --bridge=br0 --policy="$ZW_PG/b.yaml" \
        --run-dir="$1" --state-dir="$2" >"$ZW_PG/second.log" 2>&1 || status=$?
    cat "$ZW_PG/second.log"
    [ "$status" -eq 1 ]
    grep -q "another zonewardd runs with this $3 directory" "$ZW_PG/second.log"
    [ "$(cat "$ZW_PG/run/zonewardd.pid")" = "$(zw_pid zonewardd)" ]
    [ "$(ls "$ZW_PG/state/policies")" = "$versions" ]
    zw_ctl status
}

second_daemon() {
    second "$ZW_PG/run" "$ZW_PG/state" run
    second "$ZW_PG/run" "$ZW_PG/other-state" run
    second "$ZW_PG/other-run" "$ZW_PG/state" state
}

as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

# Whoever can read a file can lock it.  So nobody else can read those that are locked, not even if an older zonewardd made them
# readable; the pid file anybody may read, and lock.
others_lock() {
    local lock
    for lock in "$ZW_PG/run/zonewardd.lock" "$ZW_PG/state/lock"; do
        if flock -n "$lock" true; then return 1; fi
        [ "$(stat -c %a "$lock")" = 600 ]
    done
    zw_daemon_stop
    chmod 755 "$ZW_PG/run" "$ZW_PG/state"
    chmod 644 "$ZW_PG/run/zonewardd.lock" "$ZW_PG/state/lock"
    zw_daemon_start "$ZW_PG/a.yaml"
    for lock in "$ZW_PG/run/zonewardd.lock" "$ZW_PG/state/lock"; do
        [ "$(stat -c %a "$lock")" = 600 ]
        if as_nobody cat "$lock"; then return 1; fi
    done
    zw_daemon_stop
    [ -e "$ZW_PG/run/zonewardd.pid" ] && [ ! -s "$ZW_PG/run/zonewardd.pid" ]
    _zw_run holder "$ZW_PG/holder.out" setpriv --reuid=65534 --regid=65534 --clear-groups \
        flock --no-fork -x "$ZW_PG/run/zonewardd.pid" sleep 1d
    zw_wait_for '! flock -n "$ZW_PG/run/zonewardd.pid" true'
    zw_daemon_start "$ZW_PG/a.yaml"
    [ "$(as_nobody cat "$ZW_PG/run/zonewardd.pid")" = "$(zw_pid zonewardd)" ]
    _zw_alive holder
    zw_kill holder || [ $? -eq 143 ]
}

# Versions that somebody deleted, or a newest one that is damaged: it starts, and gives no number twice.
damaged_history() {
    zw_daemon_stop
    rm "$ZW_PG/state/policies/000002.json"
    : >"$ZW_PG/state/policies/$(printf '%06d' "$((2 * CHANGES + 3))").json"
    zw_daemon_start "$ZW_PG/a.yaml"
    zw_ctl policy show | grep -q "version $((2 * CHANGES + 4)), from file"
}

# shown FILE: `policy show` has its text.
shown() { diff <(zw_ctl policy show | grep -v '^#') <(grep -v '^#' "$1"); }

# A large policy goes to the daemon as a file, and into the history as what differs; no version needs the files of another.
large_policy() {
    local i large="$ZW_PG/large.yaml" state="$ZW_PG/state/policies" first=$((2 * CHANGES + 5))
    {
        sed '/^rules:/,$d' "$ZW_PG/a.yaml"
        printf 'address-sets:\n  some:\n    - 10.77.0.1\nrules:\n'
        for ((i = 0; i < 3000; i++)); do
            echo "  - {name: r$i, from: web, to: db, to-addresses: 10.78.$((i / 250)).$((i % 250)), action: deny}"
        done
        echo '  - {name: sets, from: web, to: db, to-addresses: [some, 10.79.0.1], action: deny}'
        sed '1,/^rules:/d' "$ZW_PG/a.yaml"
    } >"$large"
    zw_ctl policy apply "$large"
    shown "$large"
    sed -i 's/name: r1500, from: web, to: db/&, service: tcp\/80/' "$large"
    zw_ctl policy apply "$large" | tee /dev/stderr | grep -qE ': [1-9][0-9]? flow changes'
    sed -i 's/^    - 10.77.0.1/&\n    - 10.77.0.2/' "$large"
    zw_ctl policy apply "$large" | tee /dev/stderr | grep -qE ': [1-9][0-9]? flow changes'
    zw_ctl rules --json | grep -q '"to_addresses": *\["10.77.0.1", *"10.77.0.2", *"10.79.0.1"\]'
    shown "$large"
    [ "$(stat -c %h "$state/$(printf '%06d' "$first").base")" = 3 ]
    [ "$(stat -c %s "$state/$(printf '%06d' $((first + 2))).json")" -lt 4000 ]
    rm "$state/$(printf '%06d' "$first")".*
    zw_kill zonewardd KILL || [ $? -eq 137 ]
    zw_daemon_start "$ZW_PG/a.yaml"
    zw_ctl policy show | grep -q "version $((first + 2)), from apply"
    shown "$large"
    zw_expect passed web tcp 10.20.0.12 5432
    zw_ctl policy reload | grep -q "version $((first + 3)) is in force"
    shown "$ZW_PG/a.yaml"
}

zw_playground_start || exit 99
zw_case "two VMs and a policy" setup
zw_case "many changes of policy under traffic" changes
zw_case "no packet is lost that both allow, none passes that neither allows" nobody_noticed
zw_case "every version is in the log" in_the_log
zw_case "after a restart the policy rules that changed last" after_a_restart
zw_case "a second daemon does not start, nor disturb" second_daemon
zw_case "others cannot lock what keeps a second daemon away" others_lock
zw_case "a damaged history of policies" damaged_history
zw_case "a large policy, and its history" large_policy
zw_done 'zonewardd.log:.*(policies/000043|version 43 of the history)' \
    'ovs-vswitchd.log:.*br0<->unix#[0-9]+: connection dropped \((Broken pipe|Connection reset by peer)\)' # Daemons end here while it answers.
