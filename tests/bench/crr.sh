#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# crr - connections a second (connect, request, response, close) under a policy, against plain switching in the same run.
#
#     make bench-crr          or     bash tests/bench/crr.sh [ROUNDS [SECONDS [IN-FLIGHT]]]
#
# Each round measures every kind in turn; a ratio is to plain switching in the same round.  The figures of a machine that
# does something else at the same time say nothing: look at the spread.
set -uo pipefail

ROUNDS=${1:-3} SECONDS_EACH=${2:-5} IN_FLIGHT=${3:-16}
KINDS=(plain fast logged asked)

. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/playground.sh"
# shellcheck source=crr-setup.sh
. "$ZW_SRCDIR/tests/bench/crr-setup.sh"

zw_playground_start && crr_setup || exit 1
for ((round = 1; round <= ROUNDS; round++)); do
    for kind in "${KINDS[@]}"; do
        printf 'round %d, %-7s ' "$round" "$kind"
        crr_measure "$kind" "$SECONDS_EACH" "$IN_FLIGHT" || exit 1
    done
done

rates() { sed 's/^rate=\([0-9]*\).*/\1/' "$ZW_PG/$1.rates"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratios() { paste <(rates "$1") <(rates plain) | awk '{ printf "%.2f\n", $1 / $2 }' | sort -n; }

printf '\n%d in flight, %d s each, %d rounds; medians\n' "$IN_FLIGHT" "$SECONDS_EACH" "$ROUNDS"
for kind in "${KINDS[@]}"; do
    printf '%-7s %6d/s  %.2f of plain switching (%.2f to %.2f)\n' "$kind" "$(rates "$kind" | median)" \
        "$(ratios "$kind" | median)" "$(ratios "$kind" | head -n 1)" "$(ratios "$kind" | tail -n 1)"
done
