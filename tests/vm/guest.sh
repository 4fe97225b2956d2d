#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# guest - runs the tests that /mnt/results/tests lists and no other guest has taken, a few at a time, and turns the guest
# off.  Started by init.sh by way of /mnt/results/start, which sets the environment (see kernel.sh).
#
# For each test there will be in /mnt/results: NAME.taken (a directory), NAME.log (what the test said) and, when that is
# complete, NAME.end (its exit status and how long it took, in seconds).
set -u

results=/mnt/results
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
ip link set lo up
ulimit -n 65536

one() { # SCRIPT
    local name=${1##*/} start=$SECONDS status
    name=${name%.*}
    timeout -k 30 "$ZW_VM_TEST_S" bash "$ZW_SRCDIR/$1" >"/run/$name.log" 2>&1 </dev/null
    status=$?
    cp "/run/$name.log" "$results/$name.log"
    echo "$status $((SECONDS - start))" >"$results/$name.end.new"
    mv "$results/$name.end.new" "$results/$name.end"
}

# OVS 3.1 counts its cores once and then believes it until 10 s of uptime have passed; before sysfs is there it counts
# none, and starts no thread that handles packets.
until [ "$(cut -d. -f1 /proc/uptime)" -ge 11 ]; do sleep 0.2; done

while read -r script; do
    until [ "$(jobs -pr | wc -l)" -lt "$ZW_VM_JOBS" ]; do wait -n; done
    name=${script##*/}
    if mkdir "$results/${name%.*}.taken" 2>/dev/null; then one "$script" & fi
done <"$results/tests"
wait
busybox poweroff -f
