#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# bootstrap - from a bare Debian 12 to a running Zoneward.  See usage() below.
#
# Safe to run again at any time: it installs only packages that are missing, builds libopenvswitch only when Debian's
# package changed, and never touches a switch, a bridge or a network that is not its own.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$top/build
jobs=$(nproc)
test_jobs=$((jobs + 1)) # Tests wait for much of their time.
policy_rc=/usr/sbin/policy-rc.d
policy_rc_saved=/usr/sbin/policy-rc.d.before-zoneward
policy_rc_mark='written by zoneward bootstrap.sh'

packages=(
    # build
    autoconf automake gcc gzip libc6-dev libcjson-dev libevent-dev libsqlite3-dev libssl-dev libyaml-dev make
    openvswitch-source pkg-config tar xz-utils
    # run
    iproute2 openvswitch-switch python3
    # playground and tests
    curl ethtool iputils-ping libcunit1-dev procps python3-jsonschema python3-yaml sqlite3 tcpdump
    # lint
    clang-format cppcheck mandoc shellcheck
)
kernel_packages=(busybox-static qemu-system-x86)
bench_packages=(gnuplot-nox iperf3 linux-perf nftables)

# What the benchmarks compare with.  Their packages start services, so they are unpacked below build/, not installed.
contenders=(openvswitch-testcontroller ovn-central ovn-common ovn-host)

usage() {
    cat <<USAGE
usage: ./bootstrap.sh VERB
  build   install what is missing, build build/zonewardd and build/zoneward
  check   build with sanitizers, run every test; the last line says how many passed and failed
  check-kernel  the system tests on the kernel's datapath, under Debian's own kernel in QEMU; check-kernel-quick: those
                of check
  demo    a private switch, VMs and real traffic: what the policy says against what happens
  shell   a shell in the same playground, for trying things (reads commands from a pipe, too)
  bench   every performance budget as a number, beside OVN, nftables and others (an hour); bench-quick: three minutes
Needs Debian 12 and root, or sudo for the packages.
USAGE
}

say() { printf '== %s\n' "$*" >&2; }
die() { printf 'bootstrap.sh: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "packages are missing; run this as root (no sudo here): $*"
    fi
}

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Puts back the host's own service policy, also one that an interrupted run left aside.
restore_policy_rc() {
    if grep -qs "$policy_rc_mark" "$policy_rc"; then as_root rm -f "$policy_rc"; fi
    if [ -e "$policy_rc_saved" ]; then as_root mv "$policy_rc_saved" "$policy_rc"; fi
}

# For the time of one apt-get, keeps the packages' scripts from starting an OVS on the host.  Every other service is
# left to the policy that the host had.
forbid_ovs_start() {
    local script
    trap restore_policy_rc EXIT
    if [ -e "$policy_rc" ]; then as_root mv "$policy_rc" "$policy_rc_saved"; fi
    script=$(mktemp)
    cat >"$script" <<POLICY
#!/bin/sh
# $policy_rc_mark: removed when its apt-get ends.
case \$1 in openvswitch*|ovs*) exit 101 ;; esac
if [ -x $policy_rc_saved ]; then exec $policy_rc_saved "\$@"; fi
exit 0
POLICY
    as_root install -m 755 "$script" "$policy_rc"
    rm -f "$script"
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 \
        --no-install-recommends install "$@" </dev/null
}

install_packages() {
    local p missing=()
    for p in "${packages[@]}"; do installed "$p" || missing+=("$p"); done
    if [ ${#missing[@]} -eq 0 ]; then return; fi
    command -v apt-get >/dev/null || die "this is not Debian; it needs: ${missing[*]}"
    say "installing ${missing[*]}"
    restore_policy_rc
    if ! installed openvswitch-switch; then forbid_ovs_start; fi
    if ! apt_install "${missing[@]}" >"$build/apt.log" 2>&1; then
        as_root apt-get -q -o DPkg::Lock::Timeout=300 update >>"$build/apt.log" 2>&1 </dev/null || true
        apt_install "${missing[@]}" >>"$build/apt.log" 2>&1 || { tail -n 20 "$build/apt.log" >&2; die "apt-get failed"; }
    fi
    restore_policy_rc
    trap - EXIT
}

# A contender that cannot be had is a row of the benchmark that says so.
fetch_contenders() {
    local dir=$build/contenders package
    if [ -e "$dir/stamp" ]; then return; fi
    say "fetching ${contenders[*]}"
    rm -rf "$dir"
    mkdir -p "$dir/packages"
    cd "$dir/packages"
    for package in "${contenders[@]}"; do
        apt-get -q download "$package" >>"$build/apt.log" 2>&1 </dev/null || say "cannot download $package"
    done
    for package in *.deb; do
        if [ -e "$package" ]; then dpkg-deb -x "$package" "$dir"; fi
    done
    if [ "$(find . -name '*.deb' | wc -l)" -eq ${#contenders[@]} ]; then touch "$dir/stamp"; fi
    cd "$top"
}

# Runs a command quietly into LOG; shows the end of it if it fails.
quietly() {
    local log=$1
    shift
    "$@" >>"$log" 2>&1 </dev/null || { tail -n 40 "$log" >&2; die "failed: $* (all of it: $log)"; }
}

# libopenvswitch, from the distribution's source package.  The stamp is written last, so a half-finished tree is built
# afresh.  AF_XDP, libcap-ng and unbound serve vswitchd and name lookups; a codec needs none of them.
build_ovs() {
    local stamp want log=$build/ovs.log dir=$build/ovs/openvswitch
    stamp=$build/ovs/stamp
    want="$(dpkg-query -W -f='${Version}' openvswitch-source) $(dpkg --print-architecture) 1"
    if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then return; fi
    say "building libopenvswitch ($want), once"
    rm -rf "$build/ovs" "$log"
    mkdir -p "$build/ovs"
    quietly "$log" tar -C "$build/ovs" -xf /usr/src/openvswitch/openvswitch.tar.gz
    cd "$dir"
    quietly "$log" env ac_cv_lib_unbound_ub_ctx_create=no ./configure CFLAGS='-O2 -g -fPIC' \
        --disable-afxdp --disable-libcapng --disable-dependency-tracking
    printf 'include Makefile\nzw-built: $(BUILT_SOURCES)\n' >zw-built.mk
    quietly "$log" make -f zw-built.mk -j"$jobs" zw-built
    quietly "$log" make -j"$jobs" lib/libopenvswitch.la
    cd "$top"
    printf '%s\n' "$want" >"$stamp"
}

# configure DIR ARG...: again only when configure or its arguments changed; make itself sees the rest.
configure() {
    local dir=$1
    shift
    if [ ! -f "$top/configure" ]; then quietly "$build/autoreconf.log" autoreconf -fi "$top"; fi
    mkdir -p "$dir"
    cd "$dir"
    if [ ! -f Makefile ] || [ "$(cat .configured 2>/dev/null)" != "$*" ]; then
        quietly configure.out "$top/configure" -q --enable-silent-rules "$@"
        printf '%s\n' "$*" >.configured
    fi
    cd "$top"
}

prepare() {
    mkdir -p "$build"
    install_packages
    exec 9>"$build/lock"
    flock 9
    build_ovs
    cd "$top"
}

verb_build() {
    prepare
    configure "$build"
    make -C "$build" -j"$jobs" --no-print-directory
    exec 9>&-
}

# count_results DIRECTORY RESULTS: every test's every case is one line in a .trs file.
count_results() { find "$1" -name '*.trs' -exec cat {} + | grep -cE "^:test-result: ($2)" || true; }

# print_failures DIRECTORY: what failed, each with the last that it said before.
print_failures() {
    find "$1" -name '*.log' ! -name test-suite.log -exec awk '
        FNR == 1 || /^PASS: / { n = 0 }
        /^# / { said[n++ % 8] = substr($0, 1, 300) }
        /^(FAIL|ERROR|XPASS|SKIP): / {
            for (i = n > 8 ? n - 8 : 0; i < n; i++) print said[i % 8]
            print
            n = 0
        }' {} + || true
}

# The last step of check: adds to its passed, failed and status.  Nothing else may run meanwhile, for the guests need all
# processors to be in time.  What keeps it from running (no kernel to be had, no QEMU) is a failure, too.
check_kernel_quick() {
    local dir=$build/tests/vm log=$build/kernel.log made=0 n_passed n_failed
    say "tests on the kernel's datapath (their output: $log)"
    mkdir -p "$dir"
    find "$dir" -name '*.trs' -delete
    make -C "$build" -j"$jobs" --no-print-directory check-kernel-quick VERBOSE=1 >"$log" 2>&1 </dev/null || made=$?
    n_passed=$(count_results "$dir" 'PASS|XFAIL') n_failed=$(count_results "$dir" 'FAIL|ERROR|XPASS|SKIP')
    if [ "$made" -ne 0 ] || [ "$n_failed" -gt 0 ] || [ "$n_passed" -eq 0 ]; then
        status=1
        if [ "$n_failed" -eq 0 ]; then
            n_failed=1
            tail -n 40 "$log"
        fi
        print_failures "$dir"
        echo "FAIL: tests on the kernel's datapath"
    fi
    passed=$((passed + n_passed)) failed=$((failed + n_failed))
}

# With sanitizers first; then distcheck, which builds a release from nothing but its tarball, with hardening instead of
# sanitizers, and runs those tests again in which that may matter; then some of the system tests on the kernel's datapath.
verb_check() {
    local status=0 passed failed
    packages+=("${kernel_packages[@]}")
    prepare
    configure "$build/check" --enable-developer --enable-sanitizers
    find "$build/check" -name '*.trs' -delete
    make -C "$build/check" -j"$jobs" --no-print-directory || die "the build failed"
    make -C "$build/check" -j"$test_jobs" --no-print-directory -k check VERBOSE=1 || status=1
    passed=$(count_results "$build/check" 'PASS|XFAIL')
    failed=$(count_results "$build/check" 'FAIL|ERROR|XPASS|SKIP')
    if [ "$failed" -gt 0 ] || [ "$passed" -eq 0 ]; then status=1; fi
    if [ "$status" -ne 0 ]; then print_failures "$build/check/tests"; fi

    configure "$build"
    say "make distcheck-quick (its output: $build/distcheck.log)"
    if make -C "$build" -j"$test_jobs" --no-print-directory distcheck-quick >"$build/distcheck.log" 2>&1 </dev/null; then
        passed=$((passed + 1))
        echo "PASS: make distcheck-quick"
    else
        failed=$((failed + 1)) status=1
        grep -E '^(# )?(not ok|FAIL|ERROR)|error:' "$build/distcheck.log" || tail -n 40 "$build/distcheck.log"
        echo "FAIL: make distcheck-quick"
    fi

    check_kernel_quick
    exec 9>&-
    echo "$passed passed, $failed failed"
    exit "$status"
}

# The guest's programs are those of the release: sanitizers are too slow on an emulated processor.
verb_check-kernel() {
    packages+=("${kernel_packages[@]}")
    prepare
    configure "$build"
    exec 9>&-
    exec make -C "$build" -j"$jobs" --no-print-directory check-kernel VERBOSE=1
}

verb_check-kernel-quick() {
    local status=0 passed=0 failed=0
    packages+=("${kernel_packages[@]}")
    prepare
    configure "$build"
    check_kernel_quick
    exec 9>&-
    echo "$passed passed, $failed failed"
    exit "$status"
}

# For the verbs that are about something else than building.
build_quietly() {
    prepare
    configure "$build"
    quietly "$build/build.log" make -C "$build" -j"$jobs" --no-print-directory
    exec 9>&-
}

verb_demo() {
    build_quietly
    exec "$top/tests/demo.sh"
}

verb_shell() {
    build_quietly
    exec "$top/tests/shell.sh"
}

# verb_bench TARGET
verb_bench() {
    packages+=("${bench_packages[@]}")
    build_quietly
    fetch_contenders
    exec make -C "$build" --no-print-directory "$1"
}

case ${1-} in
build | check | check-kernel | check-kernel-quick | demo | shell | bench | bench-quick)
    [ $# -eq 1 ] || { usage >&2; exit 2; }
    case $1 in bench*) verb_bench "$1" ;; *) "verb_$1" ;; esac
    ;;
-h | --help | help) usage ;;
*)
    usage >&2
    exit 2
    ;;
esac
