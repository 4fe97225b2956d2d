#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# fetch-kernel - Debian's own kernel, unpacked into a directory and not installed, for tests/vm/kernel.sh.
#
#     fetch-kernel.sh DIRECTORY
#
# Leaves there the package, vmlinuz, the modules that the guest loads in modules/ with their order in modules/order, and
# `version`.  What is there already is kept: only the first call needs the network.
set -euo pipefail

dir=$1
log=$dir/fetch.log
DOWNLOAD_S=${ZW_DOWNLOAD_S:-120} # The longest that each may take, of at most three.

# The tests' root and results (9p), what VMs and networks are made of, and the datapath with its conntrack.
modules=(virtio_pci 9pnet_virtio 9p overlay veth tun bridge 8021q dummy openvswitch nf_conntrack_netlink nfnetlink_cttimeout)
want="${modules[*]} 1"

die() {
    printf 'fetch-kernel.sh: %s\n' "$*" >&2
    exit 1
}

find_deb() { find "$dir" -maxdepth 1 -name 'linux-image-*.deb' | sort | tail -n 1; }

# What has come in part is no package: it becomes one when all of it is there.
download() {
    local package
    package=$(LC_ALL=C apt-cache depends linux-image-amd64 2>>"$log" | sed -n 's/^ *Depends: //p' | head -n 1)
    [ -n "$package" ] || return 1
    rm -rf "$dir/download"
    mkdir "$dir/download"
    (cd "$dir/download" && timeout -k 5 "$DOWNLOAD_S" apt-get -q download "$package") >>"$log" 2>&1 </dev/null &&
        mv "$dir"/download/linux-image-*.deb "$dir/"
}

get_deb() {
    if [ -n "$(find_deb)" ]; then return; fi
    printf '== downloading the kernel of Debian into %s\n' "$dir" >&2
    if ! download; then # The package of yesterday's list may be gone.
        if [ "$(id -u)" -eq 0 ]; then timeout -k 5 "$DOWNLOAD_S" apt-get -q -o "DPkg::Lock::Timeout=$DOWNLOAD_S" update >>"$log" 2>&1 </dev/null || true; fi
        download || {
            tail -n 10 "$log" >&2
            die "cannot download the package of linux-image-amd64, and $dir has none (all of it: $log)"
        }
    fi
}

# _order MODULE...: their files and those that they need, each after what it needs, from modules.dep.
order() {
    awk -v modules="$*" '
        { sub(/:/, "", $1); name = $1; sub(/.*\//, "", name); sub(/\.ko$/, "", name); gsub(/-/, "_", name); file[name] = $1
          needs[$1] = ""; for (i = 2; i <= NF; i++) needs[$1] = needs[$1] " " $i }
        function load(f,    list, n, i) {
            if (f in done) return
            done[f] = 1
            n = split(needs[f], list, " ")
            for (i = n; i >= 1; i--) load(list[i])
            print f
        }
        END {
            n = split(modules, list, " ")
            for (i = 1; i <= n; i++) {
                if (!(list[i] in file)) { print "no module " list[i] > "/dev/stderr"; exit 1 }
                load(file[list[i]])
            }
        }' "$root/lib/modules/$version/modules.dep"
}

unpack() {
    local file
    root=$dir/unpacked
    rm -rf "$root" "$dir/modules" "$dir/version"
    mkdir -p "$root" "$dir/modules"
    dpkg-deb -x "$(find_deb)" "$root"
    version=$(ls "$root/lib/modules")
    busybox depmod -b "$root" "$version"
    # crc32c is asked for by name, so no dependency says that libcrc32c needs it.
    order crc32c_generic "${modules[@]}" >"$dir/modules/order"
    while read -r file; do cp "$root/lib/modules/$version/$file" "$dir/modules/"; done <"$dir/modules/order"
    sed -i 's,.*/,,' "$dir/modules/order"
    cp "$root/boot/vmlinuz-$version" "$dir/vmlinuz"
    rm -rf "$root"
    printf '%s\n' "$version" >"$dir/version"
    printf '%s\n' "$want" >"$dir/stamp"
}

[ "$(dpkg --print-architecture)" = amd64 ] || die "the guest runs this machine's programs; it is made for amd64 only"
command -v busybox >/dev/null || die "needs busybox (package busybox-static)"
mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
if [ "$(cat "$dir/stamp" 2>/dev/null)" = "$want" ]; then exit 0; fi
get_deb
unpack
