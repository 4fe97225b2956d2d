#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Promise 8: bad input and broken surroundings get one clear error, change nothing, and never stop the daemon.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../demo-setup.sh
. "$ZW_SRCDIR/tests/demo-setup.sh"

status_value() { # PYTHON-EXPRESSION over 's'
    zw_ctl status --json | "$PYTHON" -I -c "import json, sys; s = json.load(sys.stdin); print($1)"
}

# The running policy is the first one, and it is enforced.
untouched() {
    zw_daemon_alive
    [ "$(status_value 's["policy"]["version"]')" = 1 ]
    zw_expect passed web tcp 10.20.0.12 5432
    zw_expect dropped db http 10.20.0.11 80 1
}

log_lines() { grep -c "$1" "$ZW_PG/zonewardd.log" || true; }

start() {
    cp "$ZW_DEMO_POLICY" "$ZW_PG/policy.yaml"
    zw_small_disk "$ZW_PG/state" 4m
    zw_daemon_start "$ZW_PG/policy.yaml"
    untouched
}

bad_reload() {
    sed -i 's/to: db, service: postgres, action: allow/to: dbs, service: postgres, action: allow/' "$ZW_PG/policy.yaml"
    kill -HUP "$(zw_pid zonewardd)"
    zw_wait_for 'grep -qE "error: .*policy\.yaml:[0-9]+:[0-9]+: .*dbs" "$ZW_PG/zonewardd.log"'
    [ "$(log_lines 'policy.yaml:[0-9]*:[0-9]*:')" -eq 1 ]
    untouched
    cp "$ZW_DEMO_POLICY" "$ZW_PG/policy.yaml"
    kill -HUP "$(zw_pid zonewardd)"
    zw_wait_for 'zw_ctl status'
    untouched
}

bad_apply() {
    local status=0
    printf 'version: 1\nzones: {a: {ports: [{name: x}]}\n' >"$ZW_PG/bad.yaml"
    zw_ctl policy apply "$ZW_PG/bad.yaml" >"$ZW_PG/apply.out" 2>&1 || status=$?
    cat "$ZW_PG/apply.out"
    [ "$status" -ne 0 ]
    grep -qE 'bad\.yaml:[0-9]+:[0-9]+: ' "$ZW_PG/apply.out"
    untouched
}

# 60 kilobytes that are twelve million flows: the second of twelve rules of a million each is too many.
many_flows() {
    local status=0 before
    "$PYTHON" -I - >"$ZW_PG/many.yaml" <<'PY'
ports = ",".join(str(2 * i + 1) for i in range(1000))
print("version: 1\nzones: {web: {ports: [{name: vnet-web1}]}, db: {ports: [{name: vnet-db1}]}}")
print(f"services: {{all: \"tcp/{ports}\"}}\nrules:")
for i in range(12):
    print(f"  - {{name: r{i}, from: web, to: db, service: all, from-ports: [{ports}], to-addresses: 10.0.{i}.0/24, action: allow}}")
PY
    before=$(ls "$ZW_PG/state/policies")
    if "$ZW_BUILDDIR/zoneward" policy check "$ZW_PG/many.yaml"; then return 1; fi
    zw_ctl policy apply "$ZW_PG/many.yaml" >"$ZW_PG/apply.out" 2>&1 || status=$?
    cat "$ZW_PG/apply.out"
    [ "$status" -ne 0 ]
    grep -qE 'many\.yaml:6:5: .*"r1" alone makes 1000000,' "$ZW_PG/apply.out"
    cp "$ZW_PG/many.yaml" "$ZW_PG/policy.yaml"
    kill -HUP "$(zw_pid zonewardd)"
    zw_wait_for 'grep -qE "error: .*policy\.yaml:6:5: .*too many flows" "$ZW_PG/zonewardd.log"'
    untouched
    zw_daemon_stop
    : >"$ZW_PG/zonewardd.log"
    zw_daemon_launch "$ZW_PG/policy.yaml"
    zw_wait_for 'zw_ctl status | grep -q "too many flows"'
    untouched
    [ "$(ls "$ZW_PG/state/policies")" = "$before" ]
    cp "$ZW_DEMO_POLICY" "$ZW_PG/policy.yaml"
    kill -HUP "$(zw_pid zonewardd)"
    zw_wait_for 'zw_ctl status'
    untouched
}

# say BYTES: to the control socket; prints the answer.
say() { printf '%b' "$1" | timeout 3 "$PYTHON" -I -c '
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.settimeout(2)
try:
    s.sendall(sys.stdin.buffer.read()); s.shutdown(socket.SHUT_WR)
    while data := s.recv(65536): sys.stdout.write(data.decode(errors="replace"))
except OSError: pass' "$(find "$ZW_PG/run" -type s | head -n 1)"; }

bad_client() {
    local bad
    bad=$(status_value 's["control"]["n_bad_requests"]')
    say '\x00\xff\xfe rubbish\n' | tee /dev/stderr | grep -q '"ok":false'
    say '{"v":1,"verb":"status"' >/dev/null
    say '{"v":99,"verb":"status"}\n' | grep -q '"ok":false'
    say '{"v":1,"verb":"no such verb","args":{}}\n' | grep -q '"ok":false'
    say '[1,2,3]\n' | grep -q '"ok":false'
    say '{"v":1,"verb":7}\n' | grep -q '"ok":false'
    say '{"v":1,"verb":"sessions","args":{"zone":7,"address":5,"limit":"x"}}\n' | tee /dev/stderr |
        grep -qF 'argument \"zone\" of sessions: expected a string, not 7'
    say '{"v":1,"verb":"policy.apply","args":{"sources":[{"name":"p.yaml","text":7,"size":21}]}}\n' |
        grep -qF 'policy.apply takes'
    say '{"v":1,"verb":"status","args":{}}\n' | grep -q '"ok":true'
    [ "$(status_value 's["control"]["n_bad_requests"]')" -gt "$bad" ]
    untouched
}

# offer SIZE KIND...: policy.apply of so many bytes with files of these kinds; prints the answer.
offer() {
    timeout 10 "$PYTHON" -I - "$(find "$ZW_PG/run" -type s | head -n 1)" "$ZW_PG" "$@" <<'PY'
import fcntl, json, os, socket, sys
path, folder, size, *kinds = sys.argv[1:]
TEXT = b"version: 1\nzones: {}\n"

def sealed(seals):
    fd = os.memfd_create("policy", os.MFD_ALLOW_SEALING)
    os.write(fd, TEXT)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    return fd

def fifo():
    os.mkfifo(f"{folder}/fifo")
    fd = os.open(f"{folder}/fifo", os.O_RDWR)
    os.unlink(f"{folder}/fifo")
    return fd

def plain():
    with open(f"{folder}/plain.yaml", "wb") as stream:
        stream.write(TEXT)
    return os.open(f"{folder}/plain.yaml", os.O_RDONLY)

make = {"sealed": lambda: sealed(fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW),
        "half-sealed": lambda: sealed(fcntl.F_SEAL_WRITE), "open": lambda: sealed(0), "plain": plain, "fifo": fifo,
        "zero": lambda: os.open("/dev/zero", os.O_RDONLY), "socket": lambda: socket.socketpair()[0].detach()}
request = {"v": 1, "verb": "policy.apply", "args": {"sources": [{"name": "p.yaml", "size": float(size)}]}}
s = socket.socket(socket.AF_UNIX)
s.connect(path)
socket.send_fds(s, [json.dumps(request).encode() + b"\n"], [make[k]() for k in kinds])
s.shutdown(socket.SHUT_WR)
while data := s.recv(65536):
    sys.stdout.write(data.decode())
PY
}

bad_files() {
    local kind n_files
    n_files=$(find "/proc/$(zw_pid zonewardd)/fd" | wc -l)
    for kind in half-sealed open plain fifo zero socket; do
        offer 21 "$kind" | tee /dev/stderr | grep -q 'can still change'
    done
    offer 22 sealed | grep -q 'are more than the file has'
    offer 1e300 sealed | grep -q 'are more than the file has'
    offer -1 sealed | grep -q '"code":"invalid"'
    offer 20.5 sealed | grep -q 'policy.apply takes'
    offer 20 sealed | grep -q 'has more than the sizes'
    offer 21 | grep -q 'policy.apply takes'
    offer 21 sealed sealed | grep -q 'no more than one file'
    untouched
    [ "$(find "/proc/$(zw_pid zonewardd)/fd" | wc -l)" -eq "$n_files" ]
}

# Another zonewardd, because one bridge has one switch.
bad_switch() {
    mkdir -p "$ZW_PG/rubbish"/{run,state,ovs}
    _zw_run rubbish "$ZW_PG/rubbish.out" "$PYTHON" -I "$ZW_SRCDIR/tests/rubbish.py" "$ZW_PG/rubbish/ovs/br0.mgmt"
    zw_wait_for "grep -q ready '$ZW_PG/rubbish.out'"
    _zw_run rubbishd "$ZW_PG/rubbishd.log" "$ZW_BUILDDIR/zonewardd" --ovsdb="unix:$ZW_PG/ovs/db.sock" \
        --ovs-run-dir="$ZW_PG/rubbish/ovs" --bridge=br0 --policy="$ZW_DEMO_POLICY" \
        --state-dir="$ZW_PG/rubbish/state" --run-dir="$ZW_PG/rubbish/run"
    sleep 12
    _zw_alive rubbishd
    "$ZW_BUILDDIR/zoneward" --run-dir="$ZW_PG/rubbish/run" status && false
    tail -n 5 "$ZW_PG/rubbishd.log"
    [ "$(wc -l <"$ZW_PG/rubbishd.log")" -lt 100 ]
    grep -q 'bridge br0' "$ZW_PG/rubbishd.log"
    zw_kill rubbishd
    if grep -E 'Sanitizer|runtime error' "$ZW_PG/rubbishd.log"; then false; fi
    zw_kill rubbish || true
    untouched
}

# Without OVSDB vswitchd's main thread rests, and with it the userspace datapath, so there is no traffic to test.
ovsdb_gone() {
    zw_ovsdb_stop
    zw_wait_for '! zw_ctl status'
    zw_ctl status | tee /dev/stderr | grep -i '^problem.*ovsdb'
    [ "$(status_value 's["policy"]["version"]')" = 1 ]
    zw_ovsdb_start
    zw_wait_for 'zw_ctl status'
    zw_vm_add late vnet-web9 10.20.0.99/16 fd00:20::99/48
    zw_wait_for 'zw_ctl ports | grep vnet-web9 | grep -w web'
    zw_expect passed late tcp 10.20.0.12 5432
    untouched
}

# A policy that cannot be kept is not put in force, and none of its files is left.  SQLite gave some room back when it failed.
keeps_no_policy() {
    local before
    before=$(ls "$ZW_PG/state/policies")
    dd if=/dev/zero of="$ZW_PG/state/filler" bs=1k oflag=append conv=notrunc >/dev/null 2>&1 || true
    { cat "$ZW_DEMO_POLICY" && echo '# One line more.'; } >"$ZW_PG/longer.yaml"
    if zw_ctl policy apply "$ZW_PG/longer.yaml" 2>"$ZW_PG/said"; then return 1; fi
    cat "$ZW_PG/said"
    [ "$(grep -c 'cannot be written: No space left on device' "$ZW_PG/said")" -eq 1 ]
    [ "$(ls "$ZW_PG/state/policies")" = "$before" ]
    untouched
}

full_disk() {
    local i
    dd if=/dev/zero of="$ZW_PG/state/filler" bs=4k >/dev/null 2>&1 || true
    for ((i = 0; i < 8 * ZW_SLOWNESS; i++)); do
        zw_vm_exec web "$PYTHON" -I "$ZW_SRCDIR/tests/stream.py" connect 10.20.0.12 5432 0.5 >/dev/null
        if ! zw_ctl status >/dev/null; then break; fi
    done
    zw_wait_for 'zw_ctl status --json | grep -q "\"failing\": *true"'
    zw_ctl status || true
    [ "$(log_lines 'cannot write the audit log')" -ge 1 ]
    [ "$(log_lines 'cannot write the audit log')" -le 6 ]
    untouched
    keeps_no_policy
    rm "$ZW_PG/state/filler"
    zw_wait_for 'zw_ctl status'
    zw_expect passed web tcp 10.20.0.12 5432
    zw_wait_for '[ -n "$(zw_ctl audit query --json --rule web-to-db | tail -n 1)" ]'
    sqlite3 -readonly "$ZW_PG/state/audit.db" 'pragma integrity_check' | grep -qx ok
}

# leaves_alone FILE-COMMAND: over such a log zonewardd starts and enforces, says why it cannot write, and leaves the file
# as it is.  When that is out of the way the log goes on by itself.
leaves_alone() {
    local before
    zw_daemon_stop
    mv "$ZW_PG/state/audit.db" "$ZW_PG/good.db"
    rm -f "$ZW_PG"/state/audit.db-*
    "$@"
    before=$(sha256sum <"$ZW_PG/state/audit.db")
    : >"$ZW_PG/zonewardd.log"
    zw_daemon_launch "$ZW_PG/policy.yaml"
    zw_wait_for 'zw_ctl status | grep -i "^problem.*audit"'
    [ "$(log_lines 'cannot write the audit log')" -eq 1 ]
    untouched
    [ "$(sha256sum <"$ZW_PG/state/audit.db")" = "$before" ]
    rm -f "$ZW_PG"/state/audit.db*
    mv "$ZW_PG/good.db" "$ZW_PG/state/audit.db"
    zw_wait_for 'zw_ctl status'
    zw_expect passed web tcp 10.20.0.12 5432
}

no_database() { echo 'not a database, but somebody needs it' >"$ZW_PG/state/audit.db"; }
other_database() { sqlite3 "$ZW_PG/state/audit.db" 'create table accounts (name, money); insert into accounts values (1, 2)'; }
cut_database() { head -c 5000 "$ZW_PG/good.db" >"$ZW_PG/state/audit.db"; }

zw_demo_setup || exit 99
zw_case "a policy in force" start
zw_case "a bad policy file, read again by SIGHUP" bad_reload
zw_case "a bad policy, by policy apply" bad_apply
zw_case "a small policy of more flows than there is memory for" many_flows
zw_case "control clients that send rubbish, half a request, or what does not exist" bad_client
zw_case "policies in files that are none, or might change" bad_files
zw_case "a switch that sends rubbish" bad_switch
zw_case "OVSDB goes and comes back" ovsdb_gone
zw_case "the disk is full, and then it is not" full_disk
zw_case "an audit log that is no database" leaves_alone no_database
zw_case "an audit log that is another program's database" leaves_alone other_database
zw_case "an audit log that was cut" leaves_alone cut_database
zw_done 'zonewardd.log:.*(copies\.json|policy\.yaml|the policy file is not used|audit\.db|OVSDB|ovsdb|reconnect|db\.sock)' \
    'ovs-vswitchd.log:.*(reconnect|ovsdb_idl|jsonrpc|db\.sock)' \
    'ovs-vswitchd.log:.*br0<->unix#[0-9]+: connection dropped \(Broken pipe\)' # Daemons end here while it answers them.
