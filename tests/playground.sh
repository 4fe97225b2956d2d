# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# playground - a private Open vSwitch with VMs to play with, for the demo, the shell and the system tests.
#
#     . tests/playground.sh
#     zw_playground_start                 # also arranges that everything ends with this shell
#     zw_vm_add web vnet-web0 10.20.0.11/16 fd00:20::11/48 external_ids:zone=web
#     zw_daemon_start POLICY.yaml
#     zw_vm_exec web ping -c 1 10.20.0.12
#
# ovsdb-server and ovs-vswitchd run from the distribution's package in a network namespace and a directory of their own;
# a VM is a network namespace behind a veth.  Nothing of the host is used or changed, so several playgrounds can run at
# once.  All state is in files below $ZW_PG, so functions work in subshells, too, and only what is listed there is ever
# killed or deleted.
#
# ZW_DATAPATH=system: on the kernel's datapath, as in the guest of tests/vm; else on the userspace one.  ZW_SLOWNESS: how
# many times longer than usual things may take.
#
# Needs root.  Times are in seconds.

ZW_SRCDIR=${ZW_SRCDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
ZW_BUILDDIR=${ZW_BUILDDIR:-$ZW_SRCDIR/build}
PYTHON=${PYTHON:-/usr/bin/python3}
ZW_BRIDGE=br0
ZW_DATAPATH=${ZW_DATAPATH:-netdev}
ZW_SLOWNESS=${ZW_SLOWNESS:-1}
ZW_PATIENCE_S=$((20 * ZW_SLOWNESS)) # The longest that anything may take to start or stop.

_zw_fail() {
    printf 'playground: %s\n' "$*" >&2
    return 1
}

# zw_wait_for COMMAND [SECONDS]: polls until the shell command succeeds; fails when the time (times ZW_SLOWNESS) is over.
zw_wait_for() {
    local seconds=$((${2:-20} * ZW_SLOWNESS)) end
    end=$((${EPOCHREALTIME/./} + seconds * 1000000))
    until eval "$1" >/dev/null 2>&1; do
        if [ "${EPOCHREALTIME/./}" -ge "$end" ]; then _zw_fail "waited $seconds s for: $1" || return 1; fi
        sleep 0.05
    done
}

# --- Processes: $ZW_PG/pids/NAME holds "PID START-TIME", so a number that was used again is never mistaken for ours.

_zw_start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

_zw_alive() {
    local pid started
    read -r pid started 2>/dev/null <"$ZW_PG/pids/$1" || return 1
    [ -n "$started" ] && [ "$(_zw_start_time "$pid")" = "$started" ] &&
        ! grep -q '^State:[[:space:]]*Z' "/proc/$pid/status" 2>/dev/null
}

# zw_pid NAME: its process id.
zw_pid() { cut -d' ' -f1 "$ZW_PG/pids/$1"; }

# _zw_run NAME LOG COMMAND...: starts it in the background.  Its exit status will be in $ZW_PG/pids/NAME.status.
_zw_run() {
    local name=$1 log=$2
    shift 2
    rm -f "$ZW_PG/pids/$name" "$ZW_PG/pids/$name.status"
    (
        trap - EXIT ERR
        set +e
        "$@" &
        pid=$!
        echo "$pid $(_zw_start_time "$pid")" >"$ZW_PG/pids/$name.new"
        mv "$ZW_PG/pids/$name.new" "$ZW_PG/pids/$name"
        wait "$pid"
        echo $? >"$ZW_PG/pids/$name.status"
    ) </dev/null >>"$log" 2>&1 &
    disown
    zw_wait_for "[ -s '$ZW_PG/pids/$name' ]"
}

# zw_kill NAME [SIGNAL]: ends what _zw_run started and waits for it; its exit status is the function's.
zw_kill() {
    local name=$1 signal=${2:-TERM}
    if _zw_alive "$name"; then
        kill -s "$signal" "$(zw_pid "$name")" 2>/dev/null
        zw_wait_for "[ -s '$ZW_PG/pids/$name.status' ]" || {
            kill -s KILL "$(zw_pid "$name")" 2>/dev/null
            zw_wait_for "[ -s '$ZW_PG/pids/$name.status' ]"
            _zw_fail "$name did not end on SIG$signal" || return 1
        }
    fi
    rm -f "$ZW_PG/pids/$name"
    return "$(cat "$ZW_PG/pids/$name.status" 2>/dev/null || echo 1)"
}

# --- Namespaces: $ZW_PG/netns/NAME marks each that we made; its full name carries our directory's random part.

_zw_ns() { echo "zw-${ZW_PG##*.}-$1"; }

_zw_ns_add() {
    ip netns add "$(_zw_ns "$1")" && touch "$ZW_PG/netns/$1" &&
        ip -n "$(_zw_ns "$1")" link set lo up
}

_zw_ns_del() {
    local pid
    for pid in $(ip netns pids "$(_zw_ns "$1")" 2>/dev/null); do kill -s KILL "$pid" 2>/dev/null; done
    ip netns del "$(_zw_ns "$1")"
    rm -f "$ZW_PG/netns/$1"
}

# zw_small_disk DIRECTORY SIZE: a disk of its own for a directory below $ZW_PG, to be filled.
zw_small_disk() {
    mkdir -p "$1" && mount -t tmpfs -o "size=$2,mode=755" zoneward-playground "$1" && echo "$1" >>"$ZW_PG/mounts"
}

# --- The switch.

zw_vsctl() { ovs-vsctl --db="unix:$ZW_PG/ovs/db.sock" "$@"; }
zw_ofctl() { ovs-ofctl -O OpenFlow15 "$@"; }
zw_appctl() { ovs-appctl -t ovs-vswitchd "$@"; }

_zw_ovs() { # NAME COMMAND...
    local name=$1
    shift
    _zw_run "$name" "$ZW_PG/$name.out" ip netns exec "$(_zw_ns switch)" "$@"
}

zw_ovsdb_start() {
    _zw_ovs ovsdb-server ovsdb-server "$ZW_PG/ovs/conf.db" --remote="punix:$ZW_PG/ovs/db.sock" \
        --pidfile --no-chdir -vconsole:off -vsyslog:off -vfile:info --log-file="$ZW_PG/ovsdb-server.log" &&
        zw_wait_for "[ -S '$ZW_PG/ovs/db.sock' ] && zw_vsctl --no-wait --timeout=1 show"
}

zw_vswitchd_start() {
    _zw_ovs ovs-vswitchd ovs-vswitchd "unix:$ZW_PG/ovs/db.sock" --pidfile --no-chdir \
        -vconsole:off -vsyslog:off -vfile:info --log-file="$ZW_PG/ovs-vswitchd.log" &&
        zw_wait_for "zw_appctl version"
}

# Ends vswitchd as its service does; its datapath goes with it.
zw_vswitchd_stop() { zw_appctl exit && zw_wait_for "! _zw_alive ovs-vswitchd" && rm -f "$ZW_PG/pids/ovs-vswitchd"; }
zw_vswitchd_kill9() { zw_kill ovs-vswitchd KILL || [ $? -eq 137 ]; }
zw_ovsdb_stop() {
    ovs-appctl -t ovsdb-server exit && zw_wait_for "! _zw_alive ovsdb-server" && rm -f "$ZW_PG/pids/ovsdb-server"
}

# zw_flows: what zonewardd installed, in a form that can be compared; without the MAC addresses that the switch learned.
zw_flows() {
    zw_ofctl --no-stats dump-flows "$ZW_BRIDGE" 2>/dev/null | sed 's/^ //; / reply /d; /cookie=0x5a04/d' | sort
}

# zw_playground_empty: a directory and the namespace "switch", with nothing in it yet.
zw_playground_empty() {
    [ "$(id -u)" -eq 0 ] || _zw_fail "needs root" || return 1
    ZW_PG=$(mktemp -d /tmp/zw.XXXXXX) || return 1
    export ZW_PG ZW_SRCDIR ZW_BUILDDIR PYTHON ZW_DATAPATH ZW_SLOWNESS
    export OVS_RUNDIR=$ZW_PG/ovs OVS_DBDIR=$ZW_PG/ovs OVS_LOGDIR=$ZW_PG OVS_SYSCONFDIR=$ZW_PG
    export ZONEWARD_RUNDIR=$ZW_PG/run
    trap zw_playground_stop EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    chmod 755 "$ZW_PG"
    mkdir "$ZW_PG"/{pids,netns,ovs,state,run}
    echo 10 >"$ZW_PG/next-mac"
    _zw_ns_add switch && # Its own end of each link stays silent.
        ip netns exec "$(_zw_ns switch)" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
}

# zw_playground_start [OPTION=VALUE...]: a switch with an empty bridge that drops everything.  Options are of
# vswitchd's other_config.
zw_playground_start() {
    local settings=()
    if [ $# -gt 0 ]; then settings=(-- set open_vswitch . "${@/#/other_config:}"); fi
    zw_playground_empty &&
        ovsdb-tool create "$ZW_PG/ovs/conf.db" /usr/share/openvswitch/vswitch.ovsschema &&
        zw_ovsdb_start && zw_vsctl --no-wait init "${settings[@]}" && zw_vswitchd_start &&
        zw_vsctl --timeout="$ZW_PATIENCE_S" add-br "$ZW_BRIDGE" -- \
            set bridge "$ZW_BRIDGE" datapath_type="$ZW_DATAPATH" fail_mode=secure &&
        zw_wait_for "[ -S '$ZW_PG/ovs/$ZW_BRIDGE.mgmt' ]"
}

# Ends and deletes everything that this playground made.  Runs by itself when the shell exits.
zw_playground_stop() {
    local f
    [ -d "${ZW_PG-}" ] || return 0
    trap '' INT TERM HUP
    for f in zonewardd ovs-vswitchd ovsdb-server; do
        if _zw_alive "$f"; then zw_kill "$f"; fi
    done
    for f in "$ZW_PG"/pids/*; do
        case $f in *.status | */\*) continue ;; esac
        zw_kill "${f##*/}" KILL
    done
    for f in "$ZW_PG"/netns/*; do
        if [ -e "$f" ]; then _zw_ns_del "${f##*/}"; fi
    done
    if [ -e "$ZW_PG/mounts" ]; then
        while read -r f; do umount "$f"; done <"$ZW_PG/mounts"
    fi
    if [ -n "${ZW_KEEP-}" ]; then
        echo "playground: logs kept in $ZW_PG" >&2
    else
        rm -rf "$ZW_PG"
    fi
    unset ZW_PG
} 2>/dev/null

# --- VMs.

_zw_next_mac() {
    local n
    n=$(cat "$ZW_PG/next-mac")
    echo $((n + 1)) >"$ZW_PG/next-mac"
    printf '02:00:00:00:%02x:%02x' $((n / 256)) $((n % 256))
}

# _zw_host NAME PEER-NAMESPACE PEER-DEVICE IPV4/LEN IPV6/LEN: a namespace whose eth0 is the other end of PEER-DEVICE.
# The userspace datapath gets packets as they are, so checksums and segments must be real ones.
_zw_host() {
    local ns
    ns=$(_zw_ns "$1")
    _zw_ns_add "$1" &&
        ip -n "$ns" link add eth0 address "$(_zw_next_mac)" type veth peer name "$3" netns "$(_zw_ns "$2")" &&
        ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0 \
            net.ipv6.conf.eth0.accept_ra=0 net.ipv6.conf.eth0.router_solicitations=0 &&
        ip netns exec "$ns" ethtool -K eth0 tx off tso off gso off gro off >/dev/null 2>&1 &&
        ip -n "$(_zw_ns "$2")" link set "$3" up &&
        ip -n "$ns" link set eth0 up &&
        { [ -z "$4" ] || ip -n "$ns" addr add "$4" dev eth0; } &&
        { [ -z "$5" ] || ip -n "$ns" addr add "$5" dev eth0 nodad; }
}

# zw_vm_add NAME IFNAME IPV4/LEN IPV6/LEN [COLUMN=VALUE...]: a VM on the bridge.  Addresses may be ''.  Columns are of
# the Interface (external_ids:zone=db) or, tag, trunks and vlan_mode, of the Port.  As libvirt does, the Interface gets
# external_ids:iface-id (NAME) and attached-mac.
zw_vm_add() {
    local name=$1 ifname=$2 ipv4=$3 ipv6=$4 column settings=()
    shift 4
    _zw_host "$name" switch "$ifname" "$ipv4" "$ipv6" || return 1
    for column in "$@"; do
        case $column in
        tag=* | trunks=* | vlan_mode=*) settings+=(-- set port "$ifname" "$column") ;;
        *) settings+=(-- set interface "$ifname" "$column") ;;
        esac
    done
    echo "$ifname" >"$ZW_PG/netns/$name"
    zw_vsctl --timeout="$ZW_PATIENCE_S" add-port "$ZW_BRIDGE" "$ifname" -- set interface "$ifname" \
        "external_ids:iface-id=$name" "external_ids:attached-mac=\"$(zw_vm_mac "$name")\"" "${settings[@]}"
}

zw_vm_mac() { ip -n "$(_zw_ns "$1")" -br link show dev eth0 | awk '{print $3}'; }

# zw_vm_del NAME: the VM and its port.
zw_vm_del() {
    local ifname
    ifname=$(cat "$ZW_PG/netns/$1")
    if [ -n "$ifname" ]; then zw_vsctl --if-exists del-port "$ZW_BRIDGE" "$ifname"; fi
    _zw_ns_del "$1"
}

# zw_trunk_add NAME IFNAME [COLUMN=VALUE...]: another switch behind a port that carries VLANs, by a real link.  It is a
# bridge of the same vswitchd that knows only plain switching.
zw_trunk_add() {
    local name=$1 ifname=$2 ns column settings=()
    shift 2
    ns=$(_zw_ns switch)
    for column in "$@"; do
        case $column in
        tag=* | trunks=* | vlan_mode=*) settings+=(-- set port "$ifname" "$column") ;;
        *) settings+=(-- set interface "$ifname" "$column") ;;
        esac
    done
    ip -n "$ns" link add "$ifname" type veth peer name "${name:0:12}-up" &&
        ip netns exec "$ns" ethtool -K "${name:0:12}-up" tx off tso off gso off gro off >/dev/null 2>&1 &&
        ip -n "$ns" link set "$ifname" up && ip -n "$ns" link set "${name:0:12}-up" up &&
        zw_vsctl --timeout="$ZW_PATIENCE_S" add-br "$name" -- set bridge "$name" datapath_type="$ZW_DATAPATH" \
            fail_mode=standalone -- add-port "$name" "${name:0:12}-up" -- \
            add-port "$ZW_BRIDGE" "$ifname" "${settings[@]}"
}

# zw_trunk_host NAME TRUNK VLAN IPV4/LEN IPV6/LEN: a host in one VLAN (0: untagged) of such a switch.
zw_trunk_host() {
    local port="t-$1" tag=()
    if [ "$3" -ne 0 ]; then tag=("tag=$3"); fi
    _zw_host "$1" switch "${port:0:15}" "$4" "$5" &&
        zw_vsctl --timeout="$ZW_PATIENCE_S" add-port "$2" "${port:0:15}" "${tag[@]}"
}

# zw_lan_add NAME IFNAME [COLUMN=VALUE...]: a network (a plain Linux bridge) behind a port of the switch.
zw_lan_add() {
    local name=$1 ifname=$2 ns
    shift 2
    ns=$(_zw_ns "$name")
    zw_vm_add "$name" "$ifname" '' '' "$@" &&
        zw_vsctl remove interface "$ifname" external_ids attached-mac &&
        ip -n "$ns" link add lan type bridge stp_state 0 forward_delay 0 mcast_snooping 0 &&
        ip netns exec "$ns" sysctl -qw net.ipv6.conf.lan.disable_ipv6=1 net.ipv6.conf.eth0.disable_ipv6=1 &&
        ip -n "$ns" link set eth0 master lan && ip -n "$ns" link set lan up
}

# zw_host_add NAME LAN IPV4/LEN IPV6/LEN: a host in such a network.
zw_host_add() {
    local port="h-$1"
    _zw_host "$1" "$2" "${port:0:15}" "$3" "$4" &&
        ip netns exec "$(_zw_ns "$2")" sysctl -qw "net.ipv6.conf.${port:0:15}.disable_ipv6=1" &&
        ip -n "$(_zw_ns "$2")" link set "${port:0:15}" master lan
}

# zw_vm_exec NAME COMMAND...
zw_vm_exec() {
    local ns
    ns=$(_zw_ns "$1")
    shift
    ip netns exec "$ns" "$@"
}

# zw_vm_run NAME JOB COMMAND...: in the background; zw_kill JOB ends it, its output is in $ZW_PG/JOB.out.
zw_vm_run() {
    local ns job=$2
    ns=$(_zw_ns "$1")
    shift 2
    : >"$ZW_PG/$job.out"
    _zw_run "$job" "$ZW_PG/$job.out" ip netns exec "$ns" "$@"
}

# zw_vm_serve NAME SERVICE...: http:PORT, tcp:PORT or dns:PORT servers in a VM, on all its addresses.
zw_vm_serve() {
    local name=$1
    shift
    zw_vm_run "$name" "serve-$name" "$PYTHON" -I "$ZW_SRCDIR/tests/serve.py" "$name" "$@" &&
        zw_wait_for "grep -q ready '$ZW_PG/serve-$name.out'"
}

# What an earlier attempt found, or did not find, says nothing about the next one.  What another one is looking for at this
# moment ("incomplete") is left alone: it would fail with EHOSTUNREACH.
_zw_forget_neighbours() {
    ip -n "$(_zw_ns "$1")" neigh flush nud reachable nud stale nud delay nud probe nud failed 2>/dev/null
}

# zw_probe NAME http|tcp|udp|dns ADDRESS PORT [SECONDS]: one attempt from a VM; prints "passed", "dropped", "refused"
# or "broken", and always succeeds.
zw_probe() {
    local name=$1
    shift
    _zw_forget_neighbours "$name"
    zw_vm_exec "$name" "$PYTHON" -I "$ZW_SRCDIR/tests/probe.py" "$@" || true
}

# zw_expect RESULT NAME KIND ADDRESS PORT [SECONDS]: zw_probe whose result must be RESULT.
zw_expect() {
    local expected=$1 result
    shift
    if [ "$expected" != dropped ] && [ $# -eq 4 ]; then set -- "$@" 15; fi # However slow the machine is.
    result=$(zw_probe "$@")
    [ "$result" = "$expected" ] || _zw_fail "$*: $result, expected $expected"
}

# zw_holds CONDITION: whether "lost=0", "exchanges>100" or the like holds in an account of NAME=NUMBER on its input.
zw_holds() {
    tr ' ' '\n' | awk -F= -v c="$1" '
        BEGIN { match(c, /[=<>]/); name = substr(c, 1, RSTART - 1); op = substr(c, RSTART, 1); want = substr(c, RSTART + 1) + 0 }
        $1 == name { ok = op == "=" ? $2 == want : op == "<" ? $2 < want : $2 > want }
        END { exit !ok }'
}

# zw_udp_sink NAME JOB PORT: says in JOB.out how large each datagram is that comes to this UDP port.
zw_udp_sink() {
    zw_vm_run "$1" "$2" "$PYTHON" -I -c '
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.bind(("::", int(sys.argv[1]))); print("ready", flush=True)
while True: print("got", len(s.recv(65536)), flush=True)' "$3"
    zw_wait_for "grep -q ready '$ZW_PG/$2.out'"
}

# zw_stream_start JOB NAME tcp|udp|connect|knock ADDRESS PORT: steady traffic from a VM in the background.
zw_stream_start() {
    local job=$1 name=$2
    shift 2
    _zw_forget_neighbours "$name"
    zw_vm_run "$name" "$job" "$PYTHON" -I "$ZW_SRCDIR/tests/stream.py" "$@"
}

# zw_stream_begun JOB: waits until it got its first answer.
zw_stream_begun() { zw_wait_for "grep -q ^began '$ZW_PG/$1.out'"; }

# zw_stream_end JOB CONDITION...: ends it, prints its account, and checks each condition ("lost=0", "exchanges>100").
zw_stream_end() {
    local job=$1 condition
    shift
    zw_kill "$job" || _zw_fail "$job: $(cat "$ZW_PG/$job.out")" || return 1
    cat "$ZW_PG/$job.out"
    for condition in "$@"; do
        zw_holds "$condition" <"$ZW_PG/$job.out" || _zw_fail "$job: not $condition" || return 1
    done
}

# --- zonewardd.

zw_ctl() { "$ZW_BUILDDIR/zoneward" --run-dir="$ZW_PG/run" "$@"; }

# zw_daemon_launch POLICY [OPTION...]: starts zonewardd ($ZW_ZONEWARDD if that is set) and does not wait for it.
zw_daemon_launch() {
    local policy=$1
    shift
    _zw_run zonewardd "$ZW_PG/zonewardd.log" "${ZW_ZONEWARDD:-$ZW_BUILDDIR/zonewardd}" --ovsdb="unix:$ZW_PG/ovs/db.sock" \
        --bridge="$ZW_BRIDGE" --policy="$policy" --state-dir="$ZW_PG/state" --run-dir="$ZW_PG/run" "$@"
}

# zw_daemon_start POLICY [OPTION...]: and waits until the policy is in force on the bridge.
zw_daemon_start() {
    zw_daemon_launch "$@" || return 1
    if ! zw_wait_for "zw_ctl status || ! _zw_alive zonewardd" || ! _zw_alive zonewardd; then
        tail -n 20 "$ZW_PG/zonewardd.log" >&2
        _zw_fail "zonewardd does not get ready" || return 1
    fi
}

# The exit status is zonewardd's own.
zw_daemon_stop() { zw_kill zonewardd TERM; }
zw_daemon_kill9() { zw_kill zonewardd KILL || [ $? -eq 137 ]; }
zw_daemon_alive() { _zw_alive zonewardd; }

# --- Logs.

# zw_logs_clean [ALLOWED...]: prints what OVS and zonewardd warned of, except lines that match an extended regular
# expression; fails if there was any.
zw_logs_clean() {
    # As a service manager stops it; and an ovs-vsctl that left before its last notification.
    # zonewardd asks dpctl for connections, which looks for the kernel's datapaths, too; it may leave before an answer; a
    # session may end by itself before it is ended; vswitchd may end while it is asked, and zonewardd before it has
    # read all; if a connection breaks for any other reason, zonewardd says so itself.  How long a busy machine keeps vswitchd
    # waiting is none of these tests' business.  Two of its threads may make the same entry of the cache at once: one keeps its
    # own, and both packets go on.
    local pattern allowed='fatal_signal.*terminating with signal 15|ovsdb-server.log.*(Broken pipe|Connection reset)'
    allowed+='|timeval.*(Unreasonably long|faults: |disk: |context switches: )'
    allowed+='|jsonrpc: unix:[^ ]*/ovs-vswitchd\.[0-9]+\.ctl: receive error: Connection reset by peer'
    allowed+='|rconn\|WARN\|[^ ]+<->unix#[0-9]+: connection dropped \(Connection reset by peer\)'
    allowed+='|failed to enumerate system datapaths|Must flush tuple|upcall_cb failure: ukey installation fails'
    allowed+='|jsonrpc\|WARN\|(unix#[0-9]+: (send error: Broken pipe|receive error: Connection reset by peer)|Dropped [0-9]+ log messages)'
    if [ "$ZW_SLOWNESS" -gt 1 ]; then # The same, of its threads, and of ovsdb-server.
        allowed+='|ovs_rcu.*blocked [0-9]+ ms waiting for|zonewardd.log:[^ ]* warning: OVSDB at [^ ]*: does not answer; '
    fi
    for pattern in "$@"; do allowed+="|$pattern"; done
    {
        grep -HE '\|(WARN|ERR|EMER)\|' "$ZW_PG/ovs-vswitchd.log" "$ZW_PG/ovsdb-server.log" || true
        if [ -e "$ZW_PG/zonewardd.log" ]; then
            grep -HE ' (warning|error): |Sanitizer|runtime error|\|(WARN|ERR|EMER)\|' "$ZW_PG/zonewardd.log" || true
        fi
    } | awk -v allowed="$allowed" '$0 !~ allowed' >"$ZW_PG/warnings"
    cat "$ZW_PG/warnings"
    [ ! -s "$ZW_PG/warnings" ]
}
