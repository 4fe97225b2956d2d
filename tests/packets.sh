# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# packets - catches what arrives in a VM, and sends what no host would; for tests that have sourced tap.sh.

# catch_start VM...: from now on.
catch_start() {
    local vm
    for vm in "$@"; do
        zw_kill "catch-$vm" || true # If a case failed before its end.
        zw_vm_run "$vm" "catch-$vm" "$PYTHON" -I "$ZW_SRCDIR/tests/packets.py" catch
        zw_wait_for "grep -q ready '$ZW_PG/catch-$vm.out'"
    done
}

catch_end() {
    local vm
    sleep "$((ZW_SLOWNESS * 3 / 10)).$((ZW_SLOWNESS * 3 % 10))"
    for vm in "$@"; do
        zw_kill "catch-$vm" || [ $? -eq 143 ]
        sed "s/^/$vm: /" "$ZW_PG/catch-$vm.out"
    done
}

# caught VM PATTERN [COUNT]: so many lines match, once if not said.
caught() {
    [ "$(grep -cE "$2" "$ZW_PG/catch-$1.out")" -eq "${3-1}" ]
}

# packets VM ARGUMENT...: see packets.py.
packets() {
    local vm=$1
    shift
    zw_vm_exec "$vm" "$PYTHON" -I "$ZW_SRCDIR/tests/packets.py" "$@"
}

# ether VM ARGUMENT...: see ether.py.
ether() {
    local vm=$1
    shift
    zw_vm_exec "$vm" "$PYTHON" -I "$ZW_SRCDIR/tests/ether.py" "$@"
}

# ether_start VM...: as catch_start, but whole frames, of any type.  catch_end ends it.
ether_start() {
    local vm
    for vm in "$@"; do
        zw_kill "catch-$vm" || true
        zw_vm_run "$vm" "catch-$vm" "$PYTHON" -I "$ZW_SRCDIR/tests/ether.py" catch
        zw_wait_for "grep -q ready '$ZW_PG/catch-$vm.out'"
    done
}
