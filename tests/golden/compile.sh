#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# compile - what the compiler makes of a policy and ports.
#
# compile/NAME.yaml with the ports in compile/NAME.ports gives compile/NAME.flows.  A line "# shows: STAGE..." in the
# policy keeps only these stages, so that a case shows what it is about; without it the case shows all.
#
# With --update it writes the expected files instead; read the difference before you commit it.
set -uo pipefail

cases=${ZW_SRCDIR:-.}/tests/golden/compile
dump=${ZW_BUILDDIR:-build/check}/tests/golden/compile-dump
update=${1-}
n=0
status=0

# flows POLICY: of the stages that it shows.
flows() {
    local shows
    shows=$(sed -n 's/^# shows: *//p' "$1")
    "$dump" "$1" "${1%.yaml}.ports" | awk -v shows="$shows" '
        BEGIN { n = split(shows, names); for (i = 1; i <= n; i++) shown[names[i] ":"] = 1 }
        /^# [0-9]/ { show = !n || $3 in shown }
        /^# [a-z]/ || show'
}

for policy in "$cases"/*.yaml; do
    name=$(basename "$policy" .yaml)
    n=$((n + 1))
    if [ "$update" = --update ]; then flows "$policy" >"$cases/$name.flows"; fi
    if difference=$(flows "$policy" 2>&1 | diff -u "$cases/$name.flows" - 2>&1); then
        echo "ok $n - $name"
    else
        printf '%s\n' "$difference" | sed 's/^/# /'
        echo "not ok $n - $name"
        status=1
    fi
done
echo "1..$n"
exit $status
