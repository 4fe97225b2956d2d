#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What `./bootstrap.sh demo` and `./bootstrap.sh shell` run.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"

demo() {
    "$ZW_SRCDIR/tests/demo.sh" >"$ZW_PG/demo.txt" || { cat "$ZW_PG/demo.txt"; false; }
    [ "$(grep -c ' ok$' "$ZW_PG/demo.txt")" -eq 30 ]
    grep -q '^30 attempts, 0 not as the policy says$' "$ZW_PG/demo.txt"
}

shell() {
    printf '%s\n' 'on web ping -c 1 -W 2 10.20.10.1 || echo stopped' 'on office curl -s http://10.20.0.11/' \
        'zoneward status' 'vsctl list-ports br0' 'exit 7' | {
        status=0
        "$ZW_SRCDIR/tests/shell.sh" || status=$?
        [ "$status" -eq 7 ]
    } >"$ZW_PG/shell.txt" || { cat "$ZW_PG/shell.txt"; false; }
    for word in stopped web healthy uplink0; do grep -q "^$word" "$ZW_PG/shell.txt" || { cat "$ZW_PG/shell.txt"; false; }; done
}


zw_playground_start || exit 99
zw_case "the demo" demo
zw_case "the shell, with commands from a pipe" shell
zw_done
