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

# frame VM EXPRESSION [COUNT]: see frames.py; FRAME_NAMES are the names that it may use.
FRAME_NAMES=()
frame() {
    local vm=$1
    shift
    zw_vm_exec "$vm" "$PYTHON" -I "$ZW_SRCDIR/tests/frames.py" send "${FRAME_NAMES[@]}" "$@"
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

# drops_mark: from here on drops are the test's.
drops_mark() { _drops >"$ZW_PG/drops-mark"; }

_drops_delta() {
    _drops | join -a 2 -e 0 -o 0,1.2,2.2 "$ZW_PG/drops-mark" - | awk '$3 != $2 { print $1 "=" $3 - $2 }' |
        sort >"$ZW_PG/drops-delta"
}

_drops_are() { _drops_delta && diff "$ZW_PG/drops-want" "$ZW_PG/drops-delta"; }

# drops_since REASON[/PORT]=COUNT...: these were counted since drops_mark, exactly, and no others.
drops_since() {
    printf '%s\n' "$@" | sed '/^$/d' | sort >"$ZW_PG/drops-want"
    zw_wait_for _drops_are 5 || { _drops_are >&2; return 1; }
}
