#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The load tools of tests/bench tell the truth: what they say they sent, got and took is what the switch counted.
#
# Nothing here is a matter of speed.  Packets may be lost on a busy machine; they may not be miscounted.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"

TOOLS=$ZW_BUILDDIR/tests/bench
CLIENT4=10.20.0.21 SERVER4=10.20.0.22 CLIENT6=fd00:20::21 SERVER6=fd00:20::22
NOBODY4=10.20.77.1 NOBODY6=fd00:20:0:77::1 # A sink's addresses: the MAC leads to the server, whose kernel is silent.

setup() {
    zw_vm_add client vnet-c0 "$CLIENT4/16" "$CLIENT6/48"
    zw_vm_add server vnet-s0 "$SERVER4/16" "$SERVER6/48"
    zw_vm_exec client sysctl -qw net.ipv4.ip_local_port_range='1024 65535'
    zw_vm_run server crr "$TOOLS/crr" serve 9000
    zw_vm_run server rtt "$TOOLS/rtt" serve 9200
    zw_wait_for "grep -q ready '$ZW_PG/crr.out' && grep -q ready '$ZW_PG/rtt.out'"
    count_afresh
    zw_vm_exec client ping -c 1 -W 2 "$SERVER4"
    zw_vm_exec client ping -c 1 -W 2 "$SERVER6"
}

# What the switch counts from now on.  It commits all that it sees to conntrack.
count_afresh() {
    local actions='actions=ct(commit),NORMAL' v
    zw_appctl revalidator/purge
    zw_ofctl del-flows br0
    {
        echo 'priority=1,actions=NORMAL'
        for v in '' 6; do
            echo "cookie=1,priority=3,in_port=vnet-c0,tcp$v,tcp_flags=+syn-ack,$actions"
            echo "cookie=2,priority=3,in_port=vnet-s0,tcp$v,tcp_flags=+syn+ack,$actions"
            echo "cookie=3,priority=2,tcp$v,$actions"
            echo "cookie=4,priority=2,in_port=vnet-c0,udp$v,$actions"
            echo "cookie=5,priority=2,in_port=vnet-s0,udp$v,$actions"
        done
    } | zw_ofctl add-flows br0 -
    zw_ofctl ct-flush br0
}

# counted syn|syn-ack|udp|udp-answers: packets.
counted() {
    local cookie
    case $1 in syn) cookie=1 ;; syn-ack) cookie=2 ;; udp) cookie=4 ;; udp-answers) cookie=5 ;; esac
    zw_appctl revalidator/purge
    zw_ofctl dump-flows br0 "cookie=$cookie/-1" | sed -n 's/.*n_packets=\([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }'
}

# put_out: what the client's interface has sent, and what it has thrown away because the switch's queue was full.
put_out() { zw_vm_exec client cat /sys/class/net/eth0/statistics/tx_packets /sys/class/net/eth0/statistics/tx_dropped | awk '{ n += $1 } END { print n }'; }

# sessions [TEXT]: how many of them conntrack has that have it.
sessions() { zw_appctl dpctl/dump-conntrack netdev@ovs-netdev | grep -c "${1-}" || true; }

# tool NAME ARGUMENT...: runs it on the client; what it says is in $said.
tool() {
    local name=$1
    shift
    said=$(zw_vm_exec client "$TOOLS/$name" "$@")
    echo "$name $*: $said"
}

# holds CONDITION...: each an awk expression of the names in $said.  A name that is not there fails it.
holds() {
    local condition
    for condition in "$@"; do
        "$PYTHON" -I -c 'import sys
said = dict((name, float(value)) for name, value in (word.split("=") for word in sys.argv[1].split()))
sys.exit(not eval(sys.argv[2], {}, said))' "$said" "$condition" || { echo "not so: $condition"; return 1; }
    done
}

# The percentiles are in order, and half of all took at least the median: so long cannot all of them together have been
# but IN-FLIGHT times SECONDS; nor shorter than that, with the longest for all.
times_are_true() { # IN-FLIGHT SECONDS NAME-OF-COUNT
    holds '0 < p50_us <= p99_us <= p999_us <= max_us' \
        "$3 / 2 * p50_us <= 1.02 * ($1 * $2 * 1e6 + $1 * max_us)" \
        "($3 + 2 * $1) * max_us >= 0.5 * $1 * $2 * 1e6"
}

connections() {
    local address in_flight
    for address in "$SERVER4" $SERVER6; do
        for in_flight in 1 16; do
            count_afresh
            tool crr load "$address" 9000 "$in_flight" 1
            holds 'failed == 0' 'done > 0' '0.5 * done <= rate <= 1.01 * done'
            # All that were begun: those in flight at the end, too.  A SYN that was lost was sent again.
            holds "done <= $(counted syn) <= done + $in_flight + 3 * stalled"
            holds "done <= $(counted syn-ack) <= done + $in_flight + 6 * stalled"
            [ "$(sessions dport=900)" -le "$(counted syn)" ]
            times_are_true "$in_flight" 1 'done'
        done
    done
}

# The measured part is a fifth of it all.
warm_up() {
    count_afresh
    tool crr load "$SERVER4" 9000 4 0.25 1
    holds 'failed == 0' '0 < done' "done < 0.7 * $(counted syn)" '2 < rate / done < 4.1'
    count_afresh
    tool rtt established udp "$SERVER4" 9200 0.25 1
    holds 'failed == 0' '0 < n' "n < 0.7 * $(counted udp)" '2 < rate / n < 4.1'
}

nobody_there() {
    tool crr load "$SERVER4" 8999 1 0.5 # Its second port is 9000.
    holds 'failed > 0' 'done > 0'
    tool crr load "$SERVER4" 7000 2 0.5
    holds 'done == 0' 'failed > 0' 'rate == 0'
    [[ $said != *_us=* ]]
    tool rtt first udp "$SERVER4" 7000 0.5
    holds 'n == 0' 'failed > 0'
    [[ $said != *_us=* ]]
    tool rtt first tcp "$SERVER6" 7000 0.5
    holds 'n == 0' 'failed > 0'
}

# pps_run ADDRESS OPTION...: $said is what the receiver says, and the sender's account with "offered_" before each name.
pps_run() {
    local offered before
    before=$(put_out)
    zw_vm_run server receiver "$TOOLS/pps" receive 9100 20
    zw_wait_for "grep -q ready '$ZW_PG/receiver.out'"
    tool pps send "$1" 9100 1 "${@:2}"
    offered="offered_${said// / offered_}"
    zw_wait_for "[ -s '$ZW_PG/pids/receiver.status' ]"
    zw_kill receiver
    said="$(grep rate= "$ZW_PG/receiver.out") $offered"
    echo "pps receive: $said"
    holds 'received > 0' 'sent == offered_sent' 'offered_failed == 0' 'lost == sent - received' 'queue_lost <= lost' \
        '0.9 < offered_seconds < 3' 'seconds <= offered_seconds + 0.5' \
        "sent < $(put_out) - $before < sent + 30" # With the marks.
}

# The switch has seen the marks of the end, as well: ten at the most.
packets() {
    local address
    for address in "$SERVER4" $SERVER6; do
        count_afresh
        pps_run "$address" --rate=2000
        holds '1000 < offered_rate < 2200' '200 < rate < 2400'
        holds "received + queue_lost < $(counted udp) <= sent + 10"
        [ "$(sessions dport=9100)" -eq 4 ]
    done
}

full_speed() {
    local address
    for address in "$SERVER4" $SERVER6; do
        count_afresh
        pps_run "$address" --flows=2 --size=100
        holds "received + queue_lost < $(counted udp) <= sent + 10" 'rate > 0'
        [ "$(sessions dport=9100)" -eq 2 ]
    done
}

# No more on the way than fit into any queue.  A switch that has just got its flows may still drop some.
windowed() {
    local address
    for address in "$SERVER4" "$SERVER6"; do
        count_afresh
        pps_run "$address" --window=64
        holds 'lost <= 64 + 0.01 * sent' "received < $(counted udp) <= sent + 10" "0 < $(counted udp-answers) <= received / 32 + 1"
    done
}

established() {
    local address
    for address in "$SERVER4" $SERVER6; do
        count_afresh
        tool rtt established udp "$address" 9200 1
        holds 'failed == 0' 'n > 0' "n == $(counted udp)" "n == $(counted udp-answers)"
        [ "$(sessions dport=9200)" -eq 1 ]
        times_are_true 1 1 n
        count_afresh
        tool rtt established tcp "$address" 9200 1
        holds 'failed == 0' 'n > 0' "$(counted syn) == 1"
        times_are_true 1 1 n
    done
}

first_packets() {
    local address
    for address in "$SERVER4" $SERVER6; do
        count_afresh
        tool rtt first udp "$address" 9200 1
        holds 'failed == 0' 'n > 0' "n == $(counted udp)" "n == $(counted udp-answers)" "n == $(sessions "src=${address%2}1.*dport=9[23]")"
        tool rtt first udp "$address" 9200 0.3 # Other flows than before.
        holds 'n > 0' "$(sessions "src=${address%2}1.*dport=9[23]") == $(counted udp)"
        count_afresh
        tool rtt first tcp "$address" 9200 1
        holds 'failed == 0' 'n > 0' "n == $(counted syn)" "n == $(counted syn-ack)" "n == $(sessions "dport=9[23]")"
        holds 'n / 2 * p50_us < 1.1e6'
    done
}

# flood KIND OPTION...: in the direction of the server.
flood() { tool flood "$@" --to-mac="$(zw_vm_mac server)"; }

# Each is sent twice, so that one lost packet is not a lost session.
flood_flows() { # KIND COUNTED FROM TO
    local n before
    count_afresh
    before=$(put_out)
    flood "$1" --from="$3" --to="$4" --sources=3 --ports=2 --flows=1500 --times=2 --rate=3000
    holds 'sent == 3000' 'flows == 1500' 'failed == 0' 'wanted == 3000' '1000 < rate < 3300'
    holds "sent <= $(put_out) - $before < sent + 20"
    n=$(counted "$2")
    holds "0.5 * sent < $n <= sent"
    [ "$(sessions "dst=$4.*dport=900[01]")" -eq 1500 ]
    # Three sources and two ports, in about equal parts.
    [ "$(sessions "src=$3,")" -gt 300 ]
    [ "$(sessions "dst=$4.*dport=9000")" -gt 600 ]
    [ "$(sessions "dst=$4.*dport=9001")" -gt 600 ]
}

floods() {
    flood_flows udp udp 10.20.66.1 "$NOBODY4"
    flood_flows udp udp fd00:20:0:66::1 "$NOBODY6"
    flood_flows syn syn 10.20.66.1 "$NOBODY4"
    flood_flows syn syn fd00:20:0:66::1 "$NOBODY6"
}

seeds() {
    local from=(--from=10.20.66.1 --to="$NOBODY4" --flows=200 --times=2 --rate=2000)
    count_afresh
    flood udp "${from[@]}"
    flood udp "${from[@]}" --seed=1
    [ "$(sessions "dst=$NOBODY4")" -eq 200 ]
    flood udp "${from[@]}" --seed=2
    [ "$(sessions "dst=$NOBODY4")" -gt 380 ]
    count_afresh
    flood udp "${from[@]}" --sequential
    [ "$(sessions 'sport=1024,dport=9000')" -eq 1 ]
    [ "$(sessions 'sport=1223,dport=9000')" -eq 1 ]
    [ "$(sessions 'sport=1224,')" -eq 0 ]
}

# A kernel takes no packet with a wrong checksum.
# By ports of their own: where an earlier case has left a connection in TIME_WAIT, a SYN may get an ACK for an answer.
answered() {
    local address
    zw_vm_run server rtt-fresh "$TOOLS/rtt" serve 9400
    zw_wait_for "grep -q ready '$ZW_PG/rtt-fresh.out'"
    for address in "$SERVER4" $SERVER6; do
        count_afresh
        flood udp --from="${address%2}1" --to="$address" --port=9400 --ports=100 --flows=500 --rate=1000
        holds 'sent == 500' '500 < rate < 1100'
        zw_wait_for "[ \$(counted udp-answers) -eq \$(counted udp) ]"
        [ "$(counted udp-answers)" -gt 250 ]
        flood syn --from="${address%2}1" --to="$address" --port=9400 --ports=100 --flows=500 --rate=1000
        zw_wait_for "[ \$(counted syn-ack) -ge \$(counted syn) ]"
        [ "$(counted syn-ack)" -gt 250 ]
    done
}

endless() { # Until the time is over, with new flows all the while.
    count_afresh
    flood syn --from=10.20.66.1 --to="$NOBODY4" --seconds=1 --rate=1500
    holds '0.9 < seconds < 1.5' '700 < sent <= 1600' 'flows == sent' "$(sessions "dst=$NOBODY4") <= flows" \
        "$(sessions "dst=$NOBODY4") == $(counted syn)"
}

mix() {
    cat >"$ZW_PG/mix" <<MIX
# Some of each.
udp 10.20.66.1 $NOBODY4 4001 53
tcp 10.20.66.2 $NOBODY4 4002 443

udp fd00:20:0:66::1 $NOBODY6 4003 53
tcp fd00:20:0:66::2 $NOBODY6 4004 443   # and one that goes nowhere
udp 10.20.66.1 $NOBODY4 4005 53 02:00:00:00:77:77
MIX
    count_afresh
    flood mix "$ZW_PG/mix" --rate=100 --times=3
    holds 'sent == 15' 'flows == 5' 'failed == 0' '50 < rate < 150'
    holds "$(counted udp) == 9" "$(counted syn) == 6"
    zw_appctl dpctl/dump-conntrack netdev@ovs-netdev
    [ "$(sessions)" -eq 5 ]
    [ "$(sessions 'tcp,orig=(src=10.20.66.2,dst=10.20.77.1,sport=4002,dport=443)')" -eq 1 ]
    [ "$(sessions 'udp,orig=(src=fd00:20:0:66::1,dst=fd00:20:0:77::1,sport=4003,dport=53)')" -eq 1 ]
    flood mix "$ZW_PG/mix" --rate=1000 --seconds=0.5
    holds 'flows == 5' '100 < sent <= 550'
}

# refused STATUS TEXT COMMAND...: that is what it ends with.
refused() {
    local status=0 expected=$1 text=$2
    shift 2
    zw_vm_exec client "$@" >"$ZW_PG/refused" 2>&1 || status=$?
    cat "$ZW_PG/refused"
    [ "$status" -eq "$expected" ] && grep -qF "$text" "$ZW_PG/refused"
}

bad_arguments() {
    local mac=02:00:00:00:00:01
    refused 2 usage "$TOOLS/crr"
    refused 1 'crr: in flight: "0" is no number from 1 to 1024' "$TOOLS/crr" load "$SERVER4" 9000 0 1
    refused 1 'crr: "server" is no address' "$TOOLS/crr" load server 9000 1 1
    refused 2 usage "$TOOLS/rtt" first icmp "$SERVER4" 9200 1
    refused 1 'rtt: seconds: "-1" is no number of seconds' "$TOOLS/rtt" first udp "$SERVER4" 9200 -1
    refused 2 usage "$TOOLS/pps" send "$SERVER4" 9000 1 --colour=red
    refused 1 'pps: size: "8" is no number from 16 to 1472' "$TOOLS/pps" send "$SERVER4" 9000 1 --size=8
    refused 2 usage "$TOOLS/flood" udp --from="$CLIENT4" --to="$SERVER4" --to-mac="$mac"
    refused 1 'two addresses of one family' "$TOOLS/flood" udp --from="$CLIENT4" --to="$SERVER6" --to-mac="$mac" --rate=1
    refused 1 'flood: 64512 flows at the most' "$TOOLS/flood" udp --from="$CLIENT4" --to="$SERVER4" --to-mac="$mac" --rate=1 --flows=64513
    refused 1 'flood: "02:00" is no MAC address' "$TOOLS/flood" udp --to-mac=02:00
    refused 1 'flood: eth7: ' "$TOOLS/flood" udp --from="$CLIENT4" --to="$SERVER4" --to-mac="$mac" --rate=1 --interface=eth7
    echo 'udp 10.0.0.1 fd00::1 1 2' >"$ZW_PG/mix"
    refused 1 'mix:1: expected "tcp|udp SRC' "$TOOLS/flood" mix "$ZW_PG/mix" --to-mac="$mac" --rate=1
}

zw_playground_start || exit 99
zw_case "two VMs, and a switch that counts" setup
zw_case "crr: connections are as many as the switch has seen begin" connections
zw_case "crr, rtt: what happens in the warm-up is not counted" warm_up
zw_case "crr, rtt: where nobody answers, all fails and there is no latency" nobody_there
zw_case "pps: at a set rate, sent, received and lost are what the switch has seen" packets
zw_case "pps: at full speed as well" full_speed
zw_case "pps: with a window the sender waits for the switch" windowed
zw_case "rtt: an established flow is one flow, a request a packet" established
zw_case "rtt: first packets are each of a new flow" first_packets
zw_case "flood: as many sessions as it was told, at the rate it was told" floods
zw_case "flood: the same seed, the same flows" seeds
zw_case "flood: packets that a kernel takes" answered
zw_case "flood: new flows until the time is over" endless
zw_case "flood: the flows of a file" mix
zw_case "wrong arguments are told apart" bad_arguments
zw_done
