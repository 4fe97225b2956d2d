# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# tap - the frame of a system test.
#
#     . "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
#     zw_playground_start
#     test_pings() { zw_vm_exec web ping -c 1 10.20.0.12; }
#     zw_case "web reaches db" test_pings
#     zw_done 'allowed warning|another'
#
# A case is a function (or command) that runs in a subshell under `set -e`: the first command that fails fails it, and
# its output is shown.  Cases run in order and share the playground.  zw_done ends the test: it has one case more, that
# no process warned of anything (extended regular expressions may allow some), and one that nothing is left behind.

ZW_SRCDIR=${ZW_SRCDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
# shellcheck source=../playground.sh
. "$ZW_SRCDIR/tests/playground.sh"

zw_case_number=0
zw_case_failures=0

zw_case() {
    local name=$1 status output
    shift
    output=$(mktemp)
    zw_case_number=$((zw_case_number + 1))
    (
        set -eE
        trap 'echo "failed: line $LINENO: $BASH_COMMAND" >&2' ERR
        "$@"
    ) >"$output" 2>&1 </dev/null
    status=$?
    if [ "$status" -eq 0 ]; then
        echo "ok $zw_case_number - $name"
    else
        sed 's/^/# /' "$output"
        echo "not ok $zw_case_number - $name"
        zw_case_failures=$((zw_case_failures + 1))
    fi
    rm -f "$output"
}

# Must be called by each test: without it the number of cases is not announced, and that is a failure.
zw_done() {
    local before="$ZW_PG" log
    if zw_daemon_alive; then zw_case "zonewardd ends cleanly" zw_daemon_stop; fi
    zw_case "nobody warned of anything unexpected" zw_logs_clean "$@"
    if [ "$zw_case_failures" -gt 0 ]; then
        for log in zonewardd.log ovs-vswitchd.log; do
            if [ -e "$ZW_PG/$log" ]; then tail -n 40 "$ZW_PG/$log" | sed "s/^/# $log: /"; fi
        done
    fi
    zw_playground_stop
    zw_case "nothing is left behind" _zw_nothing_left "$before"
    echo "1..$zw_case_number"
    exit $((zw_case_failures > 0))
}

# _zw_nothing_left DIRECTORY: neither it, nor its namespaces, nor a process that has it in its command line.
_zw_nothing_left() {
    local pid
    [ -n "${ZW_KEEP-}" ] || [ ! -e "$1" ]
    if ip netns list | grep -F "zw-${1##*.}-"; then false; fi
    for pid in /proc/[0-9]*; do
        if tr '\0' ' ' 2>/dev/null <"$pid/cmdline" | grep -F "$1/"; then false; fi
    done
}
