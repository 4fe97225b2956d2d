#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The kernel and vswitchd read a packet each for itself: the kernel all that is in the frame, vswitchd as far as IP's length goes.
# vswitchd decides by what it has read and gives the kernel an entry for what the kernel has read; so a frame in which the two
# differ could open the way for the next one, which the guard would have dropped.  Each case is such a pair, a harmless frame and a lie.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"
# shellcheck source=../frames.sh
. "$ZW_SRCDIR/tests/frames.sh"

VMS=(b g s)

setup() {
    cat >"$ZW_PG/policy.yaml" <<'POLICY'
version: 1
zones:
  free: {ports: [{name: free-b}], fragments: allow}
  guarded:
    ports: [{name: own-g, addresses: [10.20.0.4, "fd00:20::4"]}]
    guard: true
    fragments: allow
  serving:
    ports: [{name: own-s, addresses: ["fd00:20::6"]}]
    guard: {dhcp-server: allow, router: allow}
    fragments: allow
rules:
  - {name: all, from: any, to: any, action: allow}
POLICY
    zw_vm_add b free-b '' ''
    zw_vm_add g own-g '' ''
    zw_vm_add s own-s '' ''
    frames_silence "${VMS[@]}"
    zw_daemon_start "$ZW_PG/policy.yaml"
    frames_catch "${VMS[@]}"
}

zw_playground_start || exit 99
zw_case "VMs that are silent" setup
MB=$(zw_vm_mac b) MG=$(zw_vm_mac g) MS=$(zw_vm_mac s)
FRAME_NAMES=("MB=$MB" "MG=$MG" "MS=$MS" MF=02:00:00:00:ff:01 IB=10.20.0.2 IG=10.20.0.4 SB=fd00:20::2 SG=fd00:20::4 SF=fd00:20::3)
FRAME_NAMES+=("LG=$(frames_link_local "$MG")" "LS=$(frames_link_local "$MS")")
frames_serve g s

# dropped N: that many more than at the mark, whatever the reasons.  Where there are two readers some count twice: a revalidator goes
# by what the kernel has read.
dropped() {
    local n
    _drops_delta
    n=$(awk -F= '{ n += $2 } END { print n + 0 }' "$ZW_PG/drops-delta")
    if [ "$1" -gt 0 ] && [ "$ZW_DATAPATH" != netdev ]; then [ "$n" -ge "$1" ]; else [ "$n" -eq "$1" ]; fi
}

# caught FRAME: how many of them b has got.
caught() { grep -c "^frame $(cd "$ZW_SRCDIR/tests" && "$PYTHON" -B -c 'import sys; from frames import *
for word in sys.argv[2:]: name, value = word.split("=", 1); globals()[name] = value
print(eval(sys.argv[1]).hex())' "$1" "${FRAME_NAMES[@]}")" "$ZW_PG/frames-b.out" || true; }

# pair FIRST LIE [arrives]: the lie is dropped, twice at once and again when the switch has had time to look; so is the other
# one, unless it arrives where the switch has but one reader.
pair() {
    local harmless=0
    if [ $# -gt 2 ] && [ "$ZW_DATAPATH" = netdev ]; then harmless=2; fi
    zw_appctl revalidator/purge # Another pair's entry would do for this one.
    : >"$ZW_PG/frames-b.out"
    drops_mark
    frame g "[$1, $2, $2]"
    zw_appctl revalidator/wait >/dev/null
    frame g "[$1, $2]"
    zw_wait_for "dropped $((5 - harmless))" || { cat "$ZW_PG/drops-delta"; cat "$ZW_PG/frames-b.out"; return 1; }
    zw_wait_for "[ \$(frames_caught b) -eq $harmless ]"
    [ "$(caught "$2")" -eq 0 ]
}

# honest FRAME: arrives.
honest() {
    : >"$ZW_PG/frames-b.out"
    drops_mark
    frame g "$1" 2
    zw_wait_for '[ "$(frames_caught b)" -eq 2 ]'
    dropped 0
}

DHCP='udp(67, 68, dhcp(2, 2, MB, IB))'
for cut in 20 27; do
    zw_case "DHCP's offer behind one of $cut bytes" \
        pair "eth(MG, MB, cut(ip(IG, IB, $DHCP), $cut))" "eth(MG, MB, ip(IG, IB, $DHCP))"
done
zw_case "DHCP's offer in fragments behind one of 20 bytes" \
    pair "eth(MG, MB, cut(fragments(IG, IB, $DHCP, 104)[0], 20))" "eth(MG, MB, fragments(IG, IB, $DHCP, 104)[0])"
for cut in 0 7; do
    zw_case "DHCPv6's advertisement behind one of $cut bytes" \
        pair "eth(MG, MB, cut(ip(LG, SB, udp(547, 546)), $cut))" "eth(MG, MB, ip(LG, SB, udp(547, 546)))"
done
for cut in 0 3; do
    zw_case "a router's advertisement behind one of $cut bytes" \
        pair "eth(MG, MB, cut(ip(LG, SB, ra(MG)), $cut))" "eth(MG, MB, ip(LG, SB, ra(MG)))"
done
zw_case "a router's advertisement behind one that ends in its options" \
    pair "eth(MG, MB, cut(ip(LG, SB, ra(MG), headers=[0]), 4))" "eth(MG, MB, ip(LG, SB, ra(MG), headers=[0]))"
zw_case "a redirect in IPv6 behind one of 0 bytes" \
    pair "eth(MG, MB, cut(ip(LG, SB, redirect6(LG, SF)), 0))" "eth(MG, MB, ip(LG, SB, redirect6(LG, SF)))"

# Neighbour discovery: what stands behind it in the frame are options to the kernel.
zw_case "another's address advertised behind the own, each with options twice" \
    pair "eth(MG, MB, ip(SG, SB, na(SG, MG))) + link_option(2, MG)" "eth(MG, MB, ip(SG, SB, na(SF, MG))) + link_option(2, MG)" arrives
zw_case "another's MAC advertised behind one that is not in the packet" \
    pair "eth(MG, MB, ip(SG, SB, na(SG))) + link_option(2, MF)" "eth(MG, MB, ip(SG, SB, na(SG, MF)))" arrives
zw_case "the same with an IPv6 header between" \
    pair "eth(MG, MB, ip(SG, SB, na(SG), headers=[60])) + link_option(2, MF)" "eth(MG, MB, ip(SG, SB, na(SG, MF), headers=[60]))"
zw_case "another's MAC solicits behind one that is not in the packet" \
    pair "eth(MG, MB, ip(SG, SB, ns(SB))) + link_option(1, MF)" "eth(MG, MB, ip(SG, SB, ns(SB, MF)))" arrives
zw_case "another's MAC solicits behind the own, each with options twice" \
    pair "eth(MG, MB, ip(SG, SB, ns(SB, MG))) + link_option(1, MG)" "eth(MG, MB, ip(SG, SB, ns(SB, MF))) + link_option(1, MG)" arrives

# What hosts send is not of that kind.
zw_case "a solicitation" honest 'eth(MG, MB, ip(SG, SB, ns(SB, MG)))'
zw_case "one without its option" honest 'eth(MG, MB, ip(SG, SB, ns(SB)))'
zw_case "an advertisement" honest 'eth(MG, MB, ip(SG, SB, na(SG, MG)))'
zw_case "one without its option" honest 'eth(MG, MB, ip(SG, SB, na(SG)))'
zw_case "a probe" honest 'dad(MG, SG)'
zw_case "a probe with a nonce (RFC 7527)" honest 'dad(MG, SG, NONCE)'
zw_case "an echo" honest 'eth(MG, MB, ip(IG, IB, icmp(8)))'
zw_case "a datagram in a padded frame" honest 'eth(MG, MB, ip(IG, IB, udp(1000, 2000, b"")))'

# The kernel cannot tell a first fragment that ends within its chain of headers from a later one that begins with such a header: so the
# harmless later one sends the first one past the guard, and ct() puts the two together.  Where there is one reader GUARD drops the first.

counted() { _drops_delta && grep -qxF "$1" "$ZW_PG/drops-delta"; }

# pieces FROM SRC DST INNER [REASON]: three times, the later piece first.  The whole is dropped for this reason behind ct(), each copy, or arrives.
pieces() {
    local n to=MB copies=1 arrive=0 reason=${5-} from="M${1^}" inner="Behind([60, 60], $4)"
    if [ "$3" = ALL_NODES ]; then to=ALL_NODES_MAC copies=2; fi
    if [ "$ZW_DATAPATH" = netdev ]; then
        reason=ip-unreadable copies=1
    elif [ -z "$reason" ]; then
        arrive=3
    fi
    zw_appctl revalidator/purge
    : >"$ZW_PG/frames-b.out"
    drops_mark
    frame "$1" "eth($from, $to, two_fragments($2, $3, $inner, 8)[1])" # Its entry is there in time.
    zw_appctl revalidator/wait >/dev/null
    for n in 1 2 3; do
        frame "$1" "[eth($from, $to, piece) for piece in reversed(two_fragments($2, $3, $inner, 8, $((zw_case_number * 10 + n))))]"
        zw_appctl revalidator/wait >/dev/null
    done
    if [ -n "$reason" ]; then
        zw_wait_for "counted $reason=$((3 * copies))" || { cat "$ZW_PG/drops-delta"; return 1; }
    fi
    zw_wait_for "[ \$(frames_caught b) -eq $arrive ]"
}

zw_case "a datagram in such pieces" pieces g SG SB 'udp(1000, 2000)'
zw_case "DHCPv6's advertisement in such pieces" pieces g LG SB 'udp(547, 546)' dhcp-server
zw_case "one from another port" pieces g LG SB 'udp(1000, 546)' dhcp-server
zw_case "a server's answer to a relay" pieces g LG SB 'udp(547, 547)' dhcp-server
zw_case "DHCPv6's advertisement to all" pieces g LG ALL_NODES 'udp(547, 546)' dhcp-server
zw_case "a router's advertisement to all" pieces g LG ALL_NODES 'ra(MG)' router
zw_case "one to a single receiver" pieces g LG SB 'ra(MG)' invalid
zw_case "a redirect to all" pieces g LG ALL_NODES 'redirect6(LG, SF)' router
zw_case "of whom may be a server" pieces s LS SB 'udp(547, 546)'
zw_case "of whom may be a router" pieces s LS ALL_NODES 'ra(MS)'
# Conntrack takes it for an error about a session, which it quotes.
zw_case "a session" frame b "eth(MB, MG, ip(SB, SG, udp(1000, 2000)))"
zw_case "a redirect about it" pieces g LG SB 'redirect6(LG, SG, ip(SB, SG, udp(1000, 2000)))' related
zw_case "another's address advertised to all" pieces g LG ALL_NODES 'na(SF, MG)' nd-fragment
zw_case "one to a single receiver" pieces g LG SB 'na(SF, MG)' invalid
zw_case "another's address solicits all" pieces g LG ALL_NODES 'ns(SF, MF)' nd-fragment

# ct() takes off one layer of fragments: what is left are fragments again, and to the kernel nothing that could be told apart.
NOTHING='L4(59, None, b"12345678")'

# nothing_follows: to one receiver.  The kernel's conntrack knows no session of it.
nothing_follows() {
    local arrive=2
    : >"$ZW_PG/frames-b.out"
    drops_mark
    frame g "eth(MG, MB, ip(SG, SB, $NOTHING))" 2
    if [ "$ZW_DATAPATH" = system ]; then
        arrive=0
        zw_wait_for "counted invalid=2"
    fi
    zw_wait_for "[ \$(frames_caught b) -eq $arrive ]"
}
zw_case "a packet without a next header" nothing_follows

unreadable() { _drops_delta && grep -q '^ip-unreadable=' "$ZW_PG/drops-delta"; }

# nested SRC DST INNER: pieces within fragments, behind one that does no harm.  Nothing arrives.
nested() {
    local n id pieces
    zw_appctl revalidator/purge
    : >"$ZW_PG/frames-b.out"
    drops_mark
    frame g "eth(MG, ALL_NODES_MAC, within_fragment(ip($1, $2, $NOTHING)))"
    zw_appctl revalidator/wait >/dev/null
    for n in 1 2 3; do
        id=$((zw_case_number * 10 + n))
        pieces="(within_fragment(piece, $id) for piece in two_fragments($1, $2, Behind([60, 60], $3), 8, $id))"
        frame g "[eth(MG, ALL_NODES_MAC, piece) for piece in $pieces]"
        zw_appctl revalidator/wait >/dev/null
    done
    # How many get as far as STATE the kernel's answers to such pieces decide.
    if [ "$ZW_DATAPATH" = system ]; then zw_wait_for unreadable; fi
    frame g "eth(MG, MB, ip(SG, SB, udp(1000, 2000)))"
    zw_wait_for '[ "$(frames_caught b)" -ge 1 ]'
    [ "$(frames_caught b)" -eq 1 ] || { cat "$ZW_PG/frames-b.out"; return 1; }
}

zw_case "DHCPv6's advertisement in fragments within fragments" nested LG SB 'udp(547, 546)'
zw_case "the same to all" nested LG ALL_NODES 'udp(547, 546)'
zw_case "a router's advertisement in fragments within fragments" nested LG ALL_NODES 'ra(MG)'
zw_case "a datagram in fragments within fragments" nested SG ALL_NODES 'udp(1000, 2000)'
allowed=()
if [ "$ZW_DATAPATH" = system ]; then allowed=('execute ct.*failed .Invalid argument'); fi # What vswitchd found for such a piece.
zw_done "${allowed[@]}"
