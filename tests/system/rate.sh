#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# How many connections a second pass when each is asked about, against plain switching, in one run.
#
# With sanitizers the daemon's own speed says nothing: there the test is that all connections pass.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../bench/crr-setup.sh
. "$ZW_SRCDIR/tests/bench/crr-setup.sh"

AT_LEAST=0.35 # Of plain switching.
if [ "${ZW_SANITIZED-no}" = yes ]; then AT_LEAST=0.02; fi
IN_FLIGHT=16
SECONDS_EACH=3
ROUNDS=3

one_round() {
    crr_measure plain "$SECONDS_EACH" "$IN_FLIGHT"
    crr_measure asked "$SECONDS_EACH" "$IN_FLIGHT"
}

no_failures() { # Neither plain nor asked.
    cat "$ZW_PG/plain.rates" "$ZW_PG/asked.rates"
    [ "$(grep -c failed=0 "$ZW_PG/asked.rates")" -eq "$ROUNDS" ]
}

median() { sed 's/rate=\([0-9]*\).*/\1/' "$ZW_PG/$1.rates" | sort -n | sed -n "$(((ROUNDS + 1) / 2))p"; }

fast_enough() {
    local plain asked
    plain=$(median plain) asked=$(median asked)
    awk -v p="$plain" -v a="$asked" -v least="$AT_LEAST" \
        'BEGIN { printf "plain %d/s, asked %d/s: %.2f (at least %.2f)\n", p, a, a / p, least; exit !(a / p >= least) }'
}

zw_playground_start || exit 99
zw_case "two VMs" crr_setup
for ((round = 1; round <= ROUNDS; round++)); do zw_case "round $round" one_round; done
zw_case "every connection passed" no_failures
zw_case "at least $AT_LEAST of plain switching" fast_enough
grep . "$ZW_PG"/*.rates | sed "s,^$ZW_PG/,# ,"
zw_done
