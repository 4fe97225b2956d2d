# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# common - what the scripts of all contenders share.
#
#     . "${ZW_SRCDIR:-$(dirname "$0")/../../..}/tests/bench/contenders/common.sh"
#     bench_do_rules() { ... }            # what `rules 7` asks for; its last line is the answer
#     zw_playground_start || bench_cannot "no switch"
#     bench_watch ovs-vswitchd            # whose death is the contender's
#     bench_ready br=br0
#     bench_serve
#
# Standard output is for the answers alone; everything else that is printed goes to standard error.  At the end of
# standard input the script ends, and the playground deletes all that it made.
set -uo pipefail
exec 3>&1 1>&2

# shellcheck source=../../playground.sh
. "${ZW_SRCDIR:-$(dirname "${BASH_SOURCE[0]}")/../../..}/tests/playground.sh"
# shellcheck source=vms.sh
. "$ZW_SRCDIR/tests/bench/contenders/vms.sh"

export BENCH_TOOLS=$ZW_BUILDDIR/tests/bench
ZW_CONTENDERS=${ZW_CONTENDERS:-$ZW_BUILDDIR/contenders}
bench_watched=() # Names of processes, as the playground has them.

# One line, whatever the text.
_bench_say() { printf '%s\n' "$(printf '%s ' "$@" | tr -s '[:space:]' ' ')" >&3; }

# bench_cannot WHY: this contender cannot be set up here; ends the script.
bench_cannot() {
    _bench_say cannot "$@"
    exit 0
}

# bench_need COMMAND... : each must be there to be run.
bench_need() {
    local command
    for command in "$@"; do
        command -v "$command" >/dev/null || bench_cannot "${command##*/} is not there (see doc/benchmarks.md)"
    done
}

# bench_ready KEY=VALUE...: it is set up, and these are its attributes.
bench_ready() { _bench_say ready "$@"; }

# bench_watch NAME...: processes of the playground that must stay alive.
bench_watch() { bench_watched+=("$@"); }

# Why a process is no more: the last thing it complained of, or else how it ended.
_bench_cause() {
    local cause
    cause=$(cat "$ZW_PG/$1.log" "$ZW_PG/$1.out" 2>/dev/null | grep -aE 'EMER|assert|Sanitizer|fatal|SIG[A-Z]+' |
        sed 's/^[^|]*|[0-9]*|//' | tail -n 1)
    echo "$1 died${cause:+: $cause}"
}

# While the core of one that failed an assertion is written, its process is still there.
_bench_doomed() { cat "$ZW_PG/$1.log" "$ZW_PG/$1.out" 2>/dev/null | grep -qaE '[|]EMER[|]|: assertion .* failed'; }

# Says `died` and fails when one of the watched is gone.
_bench_alive() {
    local name
    for name in "${bench_watched[@]}"; do
        if ! _zw_alive "$name" || _bench_doomed "$name"; then
            _bench_say died "$(_bench_cause "$name")"
            return 1
        fi
    done
}

# `check`: is everything still alive?
bench_do_check() { :; }

# `passes begin`, then `passes`: how often a packet went through the datapath's tables since then, on average: 1, and 1 more
# for each recirculation.  Of the userspace datapath alone.
bench_do_passes() {
    if [ "${1-}" = begin ]; then
        zw_appctl dpif-netdev/pmd-stats-clear >/dev/null
        return
    fi
    zw_appctl dpif-netdev/pmd-stats-show | awk '
        /packets received:/ { n = $NF } /packet recirculations:/ { packets += n; recirculated += $NF }
        END { if (!packets) exit 1; printf "passes=%.4f\n", 1 + recirculated / packets }'
}

# bench_serve: answers commands until there are no more.  `WORD ARGUMENT...` calls bench_do_WORD, in this shell; the
# last line that it prints is the answer.
bench_serve() {
    local words answer=$ZW_PG/bench-answer status
    while read -ra words; do
        if [ "${#words[@]}" -eq 0 ]; then continue; fi
        if ! declare -F "bench_do_${words[0]//-/_}" >/dev/null; then
            _bench_say failed "no such command: ${words[0]}"
            continue
        fi
        "bench_do_${words[0]//-/_}" "${words[@]:1}" >"$answer" </dev/null
        status=$?
        _bench_alive || continue
        if [ "$status" -eq 0 ]; then
            _bench_say ok "$(tail -n 1 "$answer")"
        else
            _bench_say failed "${words[0]}: $(tail -n 1 "$answer")"
        fi
    done
}
