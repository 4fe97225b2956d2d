# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# frames - raw frames from a VM, what arrives in the others, and what the switch counted as dropped; for tests that have
# sourced tap.sh.

# frames_silence VM...: the host behind the port says nothing by itself, so that each frame is the test's.
frames_silence() {
    local vm
    for vm in "$@"; do
        zw_vm_exec "$vm" sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1
        zw_vm_exec "$vm" ip link set eth0 arp off
        zw_vm_exec "$vm" ip addr flush dev eth0
    done
}

# frame VM EXPRESSION [COUNT [SECONDS-BETWEEN]]: see frames.py; FRAME_NAMES are the names that it may use.
FRAME_NAMES=()
frame() {
    local vm=$1 pipe=$ZW_PG/serve-$1 answer
    shift
    if [ -p "$pipe" ]; then
        printf '%s\t%s\n' "$1" "${2:-1}" >"$pipe"
        read -r -t $((20 * ZW_SLOWNESS)) answer <>"$pipe.sent" && [ "$answer" = sent ]
        return
    fi
    zw_vm_exec "$vm" "$PYTHON" -I "$ZW_SRCDIR/tests/frames.py" send "${FRAME_NAMES[@]}" "$@"
}

# frames_link_local MAC: the IPv6 address that follows from it.
frames_link_local() {
    local b
    IFS=: read -r -a b <<<"$1"
    printf 'fe80::%x:%xff:fe%s:%s' $(((16#${b[0]} ^ 2) << 8 | 16#${b[1]})) "$((16#${b[2]}))" "${b[3]}" "${b[4]}${b[5]}"
}

# frames_serve VM...: starts what makes frame() quick there, with FRAME_NAMES as they are now; for a test that sends many.
frames_serve() {
    local vm
    for vm in "$@"; do
        mkfifo "$ZW_PG/serve-$vm" "$ZW_PG/serve-$vm.sent"
        zw_vm_run "$vm" "frame-server-$vm" "$PYTHON" -I "$ZW_SRCDIR/tests/frames.py" serve "$ZW_PG/serve-$vm" "${FRAME_NAMES[@]}"
        zw_wait_for "grep -q ready '$ZW_PG/frame-server-$vm.out'"
    done
}

# frames_catch VM...: from now on.
frames_catch() {
    local vm
    for vm in "$@"; do
        zw_vm_run "$vm" "frames-$vm" "$PYTHON" -I "$ZW_SRCDIR/tests/frames.py" catch
        zw_wait_for "grep -q ready '$ZW_PG/frames-$vm.out'"
    done
}

# frames_caught VM: how many have arrived.
frames_caught() { grep -c ^frame "$ZW_PG/frames-$1.out" || true; }

# _drops: "REASON COUNT" or "REASON/PORT COUNT", a line each.
_drops() {
    # A packet that the datapath knew how to treat is counted once a revalidator has been there.
    zw_appctl revalidator/wait >/dev/null
    zw_ctl drops --all --format=csv | tr -d '\r' | awk -F, 'NR > 1 { print $2 ($3 == "" ? "" : "/" $3), $5 }' | sort
}

# What drops_since() found is what the next one begins with.
drops_mark_again() { mv "$ZW_PG/drops-now" "$ZW_PG/drops-mark"; }

# drops_mark: from here on drops are the test's.
drops_mark() { _drops >"$ZW_PG/drops-mark"; }

_drops_delta() {
    _drops >"$ZW_PG/drops-now"
    join -a 2 -e 0 -o 0,1.2,2.2 "$ZW_PG/drops-mark" "$ZW_PG/drops-now" | awk '$3 != $2 { print $1 "=" $3 - $2 }' |
        sort >"$ZW_PG/drops-delta"
}

_drops_are() { _drops_delta && diff "$ZW_PG/drops-want" "$ZW_PG/drops-delta"; }

# drops_since REASON[/PORT]=COUNT...: these were counted since drops_mark, exactly, and no others.
drops_since() {
    printf '%s\n' "$@" | sed '/^$/d' | sort >"$ZW_PG/drops-want"
    zw_wait_for _drops_are || { _drops_are >&2; return 1; }
}

# --- A matrix of frames between VMS, all silent, catching and serving.  After drops_mark, a row is
#     lie   WHAT | FROM | REASON[/PORT][*N] | FRAME    dropped, N times each (1), and no other counter moves; or several REASONs, that
#                                                      all count it
#     truth WHAT | FROM | RECEIVER...       | FRAME    and nobody else gets it, and no counter moves
# COUNT frames of each: one that the datapath has to ask about, and one that it knows.
VMS=()
COUNT=2

# arrived RECEIVERS: COUNT frames at each of them, none elsewhere.
arrived() {
    local vm want
    for vm in "${VMS[@]}"; do
        want=0
        if [[ " $1 " = *" $vm "* ]]; then want=$COUNT; fi
        [ "$(frames_caught "$vm")" -eq "$want" ] || { echo "not $want at $vm" && return 1; }
    done
}

# row KIND LINE: runs one row.
row() {
    local kind=$1 from result frame vm frames reason reasons drops=()
    IFS='|' read -r _ from result frame <<<"$2"
    from=${from// /}
    for vm in "${VMS[@]}"; do : >"$ZW_PG/frames-$vm.out"; done
    frame "$from" "$frame" "$COUNT"
    if [ "$kind" = lie ]; then
        read -r -a reasons <<<"$result"
        for reason in "${reasons[@]}"; do
            frames=1
            if [[ $reason = *\** ]]; then frames=${reason#*\*} reason=${reason%\**}; fi
            drops+=("$reason=$((COUNT * frames))")
        done
        result=''
    fi
    drops_since "${drops[@]}" || { drops_mark && return 1; }
    drops_mark_again
    zw_wait_for "arrived '$result'" || { arrived "$result" || grep . "$ZW_PG"/frames-?.out || true; return 1; }
}

row_case() { zw_case "$1: $(cut -d'|' -f1 <<<"$2" | sed 's/ *$//')" row "$1" "$2"; }

lie() { row_case lie "$*"; }
truth() { row_case truth "$*"; }
