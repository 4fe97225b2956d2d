# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# ovn - OVN on a playground: its two databases, ovn-northd and ovn-controller, from the unpacked packages.
#
#     bench_ovn_start                      # after bench_playground_start
#     bench_nbctl ls-add net
#     bench_ovn_sync                       # until the switch has the flows

OVN_BIN=$ZW_CONTENDERS/usr/bin
bench_nbctl() { "$OVN_BIN/ovn-nbctl" --no-leader-only --db="unix:$ZW_PG/ovn/nb.sock" "$@"; }
bench_sbctl() { "$OVN_BIN/ovn-sbctl" --no-leader-only --db="unix:$ZW_PG/ovn/sb.sock" "$@"; }

# Until ovn-controller has the switch as the northbound database says.
bench_ovn_sync() { bench_nbctl --timeout="${1:-$ZW_PATIENCE_S}" --wait=hv sync; }

# bench_ovn_start [SUFFIX...]: runs in the playground's directory and namespace; the chassis's bridge is br0.
bench_ovn_start() {
    local database
    bench_need "$OVN_BIN"/ovn-{nbctl,sbctl,northd,controller}
    [ -e "$ZW_CONTENDERS/usr/share/ovn/ovn-nb.ovsschema" ] || bench_cannot "OVN's schemas are not there"
    mkdir "$ZW_PG/ovn"
    export OVN_RUNDIR=$ZW_PG/ovn OVN_LOGDIR=$ZW_PG OVN_DBDIR=$ZW_PG/ovn
    for database in nb sb; do
        ovsdb-tool create "$ZW_PG/ovn/$database.db" "$ZW_CONTENDERS/usr/share/ovn/ovn-$database.ovsschema" &&
            _zw_ovs "ovn-$database" ovsdb-server "$ZW_PG/ovn/$database.db" --remote="punix:$ZW_PG/ovn/$database.sock" \
                --pidfile="$ZW_PG/ovn/$database.pid" --unixctl="$ZW_PG/ovn/$database.ctl" --no-chdir \
                -vconsole:off -vsyslog:off -vfile:info --log-file="$ZW_PG/ovn-$database.log"
        zw_wait_for "[ -S '$ZW_PG/ovn/$database.sock' ]" || bench_cannot "OVN's database $database does not start"
    done
    _bench_ovn_run ovn-northd --ovnnb-db="unix:$ZW_PG/ovn/nb.sock" --ovnsb-db="unix:$ZW_PG/ovn/sb.sock"
    zw_vsctl set open_vswitch . external_ids:system-id=bench external_ids:ovn-remote="unix:$ZW_PG/ovn/sb.sock" \
        external_ids:ovn-encap-type=geneve external_ids:ovn-encap-ip=127.0.0.1 external_ids:ovn-bridge="$ZW_BRIDGE" \
        external_ids:ovn-bridge-datapath-type=netdev
    _bench_ovn_run ovn-controller "unix:$ZW_PG/ovs/db.sock"
    zw_wait_for "bench_sbctl find chassis name=bench | grep -q bench" || bench_cannot "ovn-controller does not register"
    bench_watch ovn-nb ovn-sb ovn-northd ovn-controller
}

_bench_ovn_run() { # NAME ARGUMENT...
    local name=$1
    shift
    _zw_ovs "$name" "$OVN_BIN/$name" "$@" --pidfile="$ZW_PG/ovn/$name.pid" --no-chdir \
        -vconsole:off -vsyslog:off -vfile:info --log-file="$ZW_PG/$name.log" || bench_cannot "$name does not start"
}
