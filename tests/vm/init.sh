#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
#
# init - the first process of the guest: modules, the host's root (read-only, with a tmpfs over it), then guest.sh.
/bin/busybox --install -s /bin
mkdir -p /proc /host /over /root
mount -t proc proc /proc
while read -r module; do insmod "/modules/$module" || echo "init: cannot load $module"; done </modules/order
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro root /host || poweroff -f
mount -t tmpfs -o size=75% tmpfs /over
mkdir /over/upper /over/work
mount -t overlay -o lowerdir=/host,upperdir=/over/upper,workdir=/over/work overlay /root || poweroff -f
mount -t devtmpfs dev /root/dev
mkdir -p /root/dev/pts /root/dev/shm
ln -s /proc/self/fd /root/dev/fd
for link in 0=stdin 1=stdout 2=stderr; do ln -s "/proc/self/fd/${link%=*}" "/root/dev/${link#*=}"; done
mount -t devpts devpts /root/dev/pts
mount -t tmpfs tmpfs /root/dev/shm
mount -t tmpfs tmpfs /root/run
mount -t sysfs sysfs /root/sys
mount -t tmpfs -o mode=755 tmpfs /root/mnt
mkdir /root/mnt/results
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 results /root/mnt/results || poweroff -f
mount --move /proc /root/proc
exec switch_root /root /bin/bash /mnt/results/start
