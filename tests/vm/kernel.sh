#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# kernel - the system tests on the kernel's datapath: boots Debian's own kernel in QEMU and runs them there.
#
#     kernel.sh [TEST...]        tests/system/NAME.sh; ZW_VM_TESTS if there are none
#
# The guest sees the host's root, read-only and with a tmpfs over it, so the same programs run there as here.  It has no
# network, and nothing of the host is changed but the directory $ZW_BUILDDIR/tests/vm.  QEMU emulates the processor (TCG):
# no KVM is needed.  Two guests of one processor do the same in half the time of one with two, so each takes the next test
# that none has taken.  Speaks TAP: each case of each test is a case here, with the test's name in front.
#
# ZW_KERNEL_DIR: where fetch-kernel.sh left the kernel.  ZW_VM_LIMIT_S: the longest that all of it may take; ZW_VM_TEST_LIMIT_S:
# a test.  ZW_VM_GUESTS, ZW_VM_JOBS: how many guests, and how many tests at once in each.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ZW_SRCDIR=${ZW_SRCDIR:-$(cd "$here/../.." && pwd)}
ZW_BUILDDIR=${ZW_BUILDDIR:-$ZW_SRCDIR/build}
ZW_KERNEL_DIR=${ZW_KERNEL_DIR:-$ZW_SRCDIR/build/kernel}
PYTHON=${PYTHON:-/usr/bin/python3}
GUESTS=${ZW_VM_GUESTS:-2}
LIMIT_S=${ZW_VM_LIMIT_S:-1500}
TEST_LIMIT_S=${ZW_VM_TEST_LIMIT_S:-1200}
MEMORY=3G

work=$ZW_BUILDDIR/tests/vm
number=0
failures=0
guests=() # Their process ids.

bail() {
    echo "Bail out! $*"
    local guest
    for guest in $(seq "$GUESTS"); do
        if [ -s "$work/console.$guest" ]; then tail -n 20 "$work/console.$guest" | sed "s/^/# guest $guest: /"; fi
    done
    exit 99
}

stop_guests() {
    local pid
    for pid in ${guests[@]+"${guests[@]}"}; do kill -KILL "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
    guests=()
}

a_guest_lives() {
    local pid
    for pid in "${guests[@]}"; do if kill -0 "$pid" 2>/dev/null; then return 0; fi; done
    return 1
}

# --- The guest.

make_initramfs() {
    local root=$work/initramfs
    rm -rf "$root"
    mkdir -p "$root/bin" &&
        cp "$(command -v busybox)" "$root/bin/busybox" &&
        cp -r "$ZW_KERNEL_DIR/modules" "$root/" &&
        cp "$here/init.sh" "$root/init" && chmod 755 "$root/init" &&
        (cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null) >"$work/initramfs.cpio"
}

# What the guest's bash runs first.
write_start() {
    local variable
    for variable in ZW_SRCDIR ZW_BUILDDIR PYTHON ZW_SANITIZED ZW_SPOOFING_ROWS; do
        printf 'export %s=%q\n' "$variable" "${!variable-}"
    done
    printf 'export ZW_DATAPATH=system ZW_SLOWNESS=%q ZW_VM_TEST_S=%q ZW_VM_JOBS=%q\n' "${ZW_SLOWNESS:-6}" \
        "$TEST_LIMIT_S" "${ZW_VM_JOBS:-2}"
    printf '. %q\n' "$here/guest.sh"
}

# start_guest NUMBER.  What the kernel does against faults of real processors costs an emulated one the most; and programs
# that are at other addresses each time are translated afresh each time.
start_guest() {
    : >"$work/console.$1"
    qemu-system-x86_64 -accel tcg -cpu max -smp 1 -m "$MEMORY" -machine q35 -nodefaults -no-user-config \
        -display none -no-reboot -net none -serial "file:$work/console.$1" \
        -kernel "$ZW_KERNEL_DIR/vmlinuz" -initrd "$work/initramfs.cpio" \
        -append "console=ttyS0 quiet panic=-1 rdinit=/init mitigations=off nopti nosmap nosmep no5lvl norandmaps audit=0 \
apparmor=0 rcupdate.rcu_expedited=1" \
        -virtfs local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap \
        -virtfs "local,path=$work/results,mount_tag=results,security_model=none" \
        </dev/null >>"$work/qemu.log" 2>&1 &
    guests+=($!)
}

# --- What it says.

# report NAME: the cases of one test that has ended, numbered on.
report() {
    local name=$1 status seconds plan=0 count=0 bad=0 line
    read -r status seconds <"$work/results/$name.end"
    while IFS= read -r line; do
        case $line in
        'ok '*' - '* | 'not ok '*' - '*)
            number=$((number + 1)) count=$((count + 1))
            case $line in not*) bad=$((bad + 1)) failures=$((failures + 1)) ;; esac
            echo "${line%%ok *}ok $number - $name: ${line#* - }"
            ;;
        '1..'*) plan=${line#1..} ;;
        '#'*) echo "$line" ;;
        *) echo "# $name: $line" ;;
        esac
    done <"$work/results/$name.log"
    number=$((number + 1))
    if [ "$plan" = "$count" ] && [ "$count" -gt 0 ] && [ "$status" -eq $((bad > 0)) ]; then
        echo "ok $number - $name: all $count cases were run ($seconds s)"
    else
        echo "not ok $number - $name: $count cases of $plan were run, exit status $status ($seconds s)"
        failures=$((failures + 1))
    fi
}

follow() {
    local name left=("$@") still end=$((SECONDS + LIMIT_S)) alive=yes
    while [ ${#left[@]} -gt 0 ]; do
        still=()
        a_guest_lives || alive=no # Looked at before the results: these are then the last.
        for name in "${left[@]}"; do
            if [ -e "$work/results/$name.end" ]; then report "$name"; else still+=("$name"); fi
        done
        left=(${still[@]+"${still[@]}"})
        if [ ${#left[@]} -eq 0 ]; then break; fi
        [ "$alive" = yes ] || bail "the guests ended by themselves; not done: ${left[*]}"
        [ "$SECONDS" -lt "$end" ] || bail "the guests were stopped after $LIMIT_S s; not done: ${left[*]}"
        sleep 0.5
    done
}

main() {
    local test guest names=()
    if [ $# -eq 0 ]; then read -ra tests <<<"${ZW_VM_TESTS-}"; else tests=("$@"); fi
    [ ${#tests[@]} -gt 0 ] || bail "no tests are named"
    [ -s "$ZW_KERNEL_DIR/vmlinuz" ] || bail "no kernel in $ZW_KERNEL_DIR: tests/vm/fetch-kernel.sh puts it there"
    command -v qemu-system-x86_64 >/dev/null || bail "needs qemu-system-x86_64 (package qemu-system-x86)"
    command -v busybox >/dev/null || bail "needs busybox (package busybox-static)"
    trap stop_guests EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    rm -rf "$work/results"
    mkdir -p "$work/results" || bail "cannot write $work"
    make_initramfs || bail "cannot make the guest's initramfs"
    write_start >"$work/results/start"
    printf '%s\n' "${tests[@]}" >"$work/results/tests"
    for test in "${tests[@]}"; do
        test=${test##*/}
        names+=("${test%.*}")
    done
    echo "# Linux $(cat "$ZW_KERNEL_DIR/version") in QEMU, $(LC_ALL=C qemu-system-x86_64 --version | head -n 1)"
    : >"$work/qemu.log"
    for guest in $(seq "$GUESTS"); do start_guest "$guest"; done
    follow "${names[@]}"
    echo "1..$number"
    exit $((failures > 0))
}

main "$@"
