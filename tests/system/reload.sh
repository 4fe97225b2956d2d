#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The policy file is read again: no signal is lost, and what keeps the file from being in force is said with its place, as
# long as it is so.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../demo-setup.sh
. "$ZW_SRCDIR/tests/demo-setup.sh"

# policy NAME: the policy, with this name for its last rule.
policy() { sed "s/name: curious,/name: $1,/" "$ZW_DEMO_POLICY"; }

file() { policy "$1" >"$ZW_PG/policy.yaml"; }

hang_up() { kill -HUP "$(zw_pid zonewardd)"; }

# in_force VERSION NAME: this is, and enforced.
in_force() {
    zw_ctl policy show | tee /dev/stderr | grep -q "^# policy version $1,"
    zw_ctl policy show | grep -q "name: $2,"
    zw_expect passed web tcp 10.20.0.12 5432
    zw_expect dropped web http 10.20.0.12 80
}

# warns TEXT: the status says that the file is not in force, and why.
warns() { zw_ctl status | tee /dev/stderr | grep -F "policy.yaml is not in force: $1"; }

warns_not() {
    zw_ctl status >"$ZW_PG/status" || return 1
    if grep -F 'is not in force' "$ZW_PG/status"; then return 1; fi
}

# fails TEXT COMMAND...: says it as an error, once.
fails() {
    local text=$1
    shift
    if "$@" >"$ZW_PG/said" 2>&1; then return 1; fi
    cat "$ZW_PG/said"
    [ "$(grep -cF "$text" "$ZW_PG/said")" -eq 1 ]
}

recorded() { zw_ctl audit query --json --type=admin | grep -F "$1"; }

fill_disk() { dd if=/dev/zero of="$ZW_PG/state/filler" bs=4k oflag=append conv=notrunc >/dev/null 2>&1 || true; }

start() {
    file one
    zw_small_disk "$ZW_PG/state" 4m
    zw_daemon_start "$ZW_PG/policy.yaml"
    in_force 1 one
}

# While vswitchd is stopped it confirms nothing.
signal_during_a_change() {
    kill -STOP "$(zw_pid ovs-vswitchd)"
    file two
    hang_up
    zw_wait_for 'grep -q "policy version 2 " "$ZW_PG/zonewardd.log"'
    file three
    hang_up
    zw_wait_for 'grep -q "the policy file is read when it is confirmed" "$ZW_PG/zonewardd.log"'
    hang_up # One more changes nothing.
    kill -CONT "$(zw_pid ovs-vswitchd)"
    zw_wait_for 'zw_ctl policy show | grep -q "^# policy version 3,"'
    zw_wait_for 'zw_ctl status'
    in_force 3 three
    warns_not
    zw_wait_for '[ "$(recorded SIGHUP | wc -l)" -eq 2 ]' # Not the one that had to wait.
    if recorded SIGHUP | grep 'applied'; then return 1; fi
}

no_file() {
    mv "$ZW_PG/policy.yaml" "$ZW_PG/away.yaml"
    fails "zoneward: $ZW_PG/policy.yaml: cannot open it: No such file or directory; version 3 stays in force" zw_ctl policy reload
    warns "$ZW_PG/policy.yaml: cannot open it: No such file or directory"
    zw_wait_for 'recorded "$ZW_PG/policy.yaml: cannot open it" | grep policy.reload'
    hang_up
    zw_wait_for 'recorded "SIGHUP: $ZW_PG/policy.yaml: cannot open it"'
    mv "$ZW_PG/away.yaml" "$ZW_PG/policy.yaml"
    zw_ctl policy reload | grep 'version 3 is in force already'
    warns_not
    in_force 3 three
}

# The file is not in force until it is read without an error, whatever else is applied meanwhile.
bad_file() {
    local place
    echo 'foo: 1' >>"$ZW_PG/policy.yaml"
    place="$ZW_PG/policy.yaml:$(wc -l <"$ZW_PG/policy.yaml"):1: unknown key"
    fails "$place" zw_ctl policy reload
    warns "$place"
    zw_wait_for 'recorded "$place" | grep policy.reload'
    policy four >"$ZW_PG/four.yaml"
    zw_ctl policy apply "$ZW_PG/four.yaml"
    warns "$place"
    in_force 4 four
    file four
    zw_ctl policy reload | grep 'version 4 is in force already'
    warns_not
    echo 'foo: 1' >>"$ZW_PG/policy.yaml"
    fails "$place" zw_ctl policy reload
    file five
    zw_ctl policy reload | grep 'version 5 is in force:'
    warns_not
    in_force 5 five
}

full_disk() {
    fill_disk
    file six
    fails "$ZW_PG/state/policies/000006.json: cannot be written: No space left on device; version 5 stays in force" \
        zw_ctl policy reload
    warns "$ZW_PG/state/policies/000006.json: cannot be written: No space left on device"
    in_force 5 five
}

# What the history has is better than nothing.
start_with_a_full_disk() {
    zw_daemon_stop
    fill_disk # SQLite gave some room back.
    zw_daemon_launch "$ZW_PG/policy.yaml"
    zw_wait_for 'warns "$ZW_PG/state/policies/000006.json: cannot be written: No space left on device"'
    zw_wait_for 'zw_expect passed web tcp 10.20.0.12 5432'
    in_force 5 five
    rm "$ZW_PG/state/filler"
    zw_ctl policy reload | grep 'version 6 is in force:'
    zw_wait_for 'zw_ctl status'
    warns_not
    in_force 6 six
}

zw_demo_setup || exit 99
zw_case "a policy in force" start
zw_case "a signal during a change is obeyed when that is confirmed" signal_during_a_change
zw_case "the file is missing: which one is said, and until when" no_file
zw_case "a bad file is said until it is read well, and no longer" bad_file
zw_case "a policy that cannot be kept: what cannot be written is said" full_disk
zw_case "a start with a full disk, and another policy file" start_with_a_full_disk
zw_done 'zonewardd.log:.*(copies\.json|learned\.json|policy\.yaml|the policy file is not used|audit\.db|policies/000006)'
