#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A broken compiler is caught: each mutation here is one line of the sources made wrong, and the comparison of
# tests/system/oracle.sh, with the same seed and no more packets than there, must find it.  A mutation whose line is
# there no more fails as well: then it has to be planted anew.
. "${ZW_SRCDIR:-$(dirname "$0")/../..}/tests/system/tap.sh"

setup() {
    mkdir "$ZW_PG/mutant"
    "$PYTHON" -I "$ZW_SRCDIR/tests/oracle.py" setup
    printf 'version: 1\nzones: {all: {ports: [{name: "*"}]}}\nrules: [{from: all, to: all, action: allow}]\n' \
        >"$ZW_PG/policy.yaml"
}

# plant FILE SED-COMMAND: builds a zonewardd with FILE changed.
plant() {
    local file=$1
    cp "$ZW_SRCDIR/$file" "$ZW_PG/mutant/mutant.c"
    sed -i -E "$2" "$ZW_PG/mutant/mutant.c"
    if [ -n "$2" ] && [ "$(diff "$ZW_SRCDIR/$file" "$ZW_PG/mutant/mutant.c" | grep -c '^>')" -ne 1 ]; then
        echo "the line to be changed is not there once: $file: $2"
        return 1
    fi
    env -u MAKEFLAGS -u MAKELEVEL make -s -C "$ZW_BUILDDIR" -f "$ZW_SRCDIR/tests/proof/mutant.mk" zw-mutant \
        MUTANT="$ZW_PG/mutant/zonewardd" MUTANT_SOURCE="$ZW_PG/mutant/mutant.c" MUTANT_ROOM="${file%%/*}"
}

# The mutant itself has noticed that two flows have become one: an assertion failed.
gave_up() { ! zw_daemon_alive && [ "$(cat "$ZW_PG/pids/zonewardd.status")" -eq 134 ]; }

# What the comparison says: 0 if all agree, 4 if not.
compare() {
    local status=0
    rm -rf "${ZW_PG:?}/state" && mkdir "$ZW_PG/state"
    zw_ofctl del-flows "$ZW_BRIDGE"
    ZW_ZONEWARDD=$ZW_PG/mutant/zonewardd zw_daemon_start "$ZW_PG/policy.yaml"
    "$PYTHON" -I "$ZW_SRCDIR/tests/oracle.py" find 5 80 200 || status=$?
    if [ "$1" -eq 4 ] && gave_up; then
        rm -f "$ZW_PG/pids/zonewardd"
        return
    fi
    zw_daemon_stop
    [ "$status" -eq "$1" ]
}

agrees() {
    plant "$1" ''
    compare 0
}

# caught FILE SED-COMMAND
caught() {
    plant "$@"
    compare 4
}

zw_playground_start || exit 99
zw_case "ports" setup
zw_case "nothing is found where nothing is wrong" agrees controller/policy/masks.c
zw_case "a wrong mask: a range of ports is one too wide" \
    caught controller/policy/masks.c 's/(2 \* size - 1 <= last)/\1 + 1/'
zw_case "a wrong mask: a source network is twice as large" \
    caught ovs-ext/flow-match.c '/ match_set_nw_src_masked.*;$/s/prefix_mask\(prefix->n_bits\)/prefix_mask(prefix->n_bits - (prefix->n_bits > 8))/'
zw_case "a wrong mask: any protocol has the port" \
    caught controller/compile/rules.c 's/ZW_SERVICE_PROTO_MASK \| member->ports.mask\)/member->ports.mask)/'
zw_case "a register is not filled: what several receivers get has no protocol" \
    caught controller/compile/state.c 's/^            judge_proto\(c, flow, family\);/            zw_match_family(flow, family), zw_act_goto(flow, ZW_STAGE_NEW), zw_emit(c, flow);/'
zw_case "a swapped priority: the rules change places" \
    caught controller/compile/rules.c 's/rc->rule->priority/ZW_PRIORITY_RULE_FIRST + ZW_PRIORITY_RULE_LAST - &/'
zw_case "a swapped priority: the shortest prefix wins" \
    caught controller/compile/behind.c 's/ZW_PRIO_MATCH \+ prefix->n_bits/ZW_PRIO_MATCH + 128 - prefix->n_bits/'
zw_case "a missing stage: GUARD" \
    caught controller/compile/classify.c '0,/ZW_STAGE_GUARD/s/ZW_STAGE_GUARD/ZW_STAGE_BINDING/'
zw_case "a missing stage: REMOTE" \
    caught controller/compile/deliver.c 's/ZW_STAGE_REMOTE/ZW_STAGE_CONNTRACK/'
zw_case "a stale flow is left after a change" \
    caught ovs-ext/flow-table.c 's/if \(!find\(desired, flow, (.*)\)\) \{/if (!find(desired, flow, \1) \&\& flow->node.hash % 8) {/'
zw_case "a label is not checked: a session counts between any zones" \
    caught controller/compile/state.c 's/zw_match_label_bits\(flow, label_first, 32, zone->id\);//'
zw_case "a label is not checked: one that nobody let in" \
    caught controller/compile/state.c 's/zw_match_label_bits\(flow, ZW_LABEL_ALLOWED_FIRST.*, 1\);/(void)flow;/'
zw_case "a new session needs no SYN" caught controller/compile/state.c 's/ match_flags\(flow\);/ (void)match_flags;/'
zw_case "a check is missing: a guard lets any MAC address pass" \
    caught controller/compile/binding.c 's/zw_emit\(c, drop_at\(bound, ETHERNET, .*ZW_DROP_MAC_SOURCE\)\);/next(c, at(bound, ETHERNET, ZW_PRIO_WIDE), CONTENTS);/'
zw_case "a check is missing: ARP's sender may have any MAC address" \
    caught controller/compile/binding.c 's/ZW_PRIO_MATCH, ZW_DROP_ARP_MAC/ZW_PRIO_WIDE - 1, ZW_DROP_ARP_MAC/'
zw_case "a wrong check: who asks by DHCP for IPv6 is taken for a server" \
    caught controller/compile/binding.c 's/ZW_DHCPV6_SERVER_PORT, ZW_DHCPV6_CLIENT_PORT/ZW_DHCPV6_SERVER_PORT, ZW_DHCPV6_SERVER_PORT/'
zw_case "a check is missing: a server of DHCP" \
    caught controller/compile/binding.c 's/ZW_IPV4, DHCP_SERVER_PORT, DHCP_CLIENT_PORT/ZW_IPV4, DHCP_SERVER_PORT, DHCP_SERVER_PORT/'
zw_case "a check is missing: what is behind a port of an isolated zone" \
    caught controller/compile/behind.c 's/if \(ports->is_isolated\)/if (ports->is_isolated \&\& src == ports)/'
zw_case "a check is missing: redirects are errors of a session" \
    caught controller/compile/state.c 's/no_redirect\(c, ZW_IPV4, IPPROTO_ICMP, ICMP_REDIRECT\);//'
zw_case "a check is missing: what is cut short, to all" \
    caught controller/compile/state.c 's/zw_emit\(c, drop_stateless\(family, IPPROTO_UDP\)\);//'
zw_case "strict is loose" caught controller/compile/state.c 's/pickup == ZW_PICKUP_LOOSE/pickup <= ZW_PICKUP_LOOSE/'
zw_case "a rule is cut short: only the first of its EtherTypes counts" \
    caught controller/compile/rules.c 's/if \(service->items\[i\]\.eth_type\)/if (service->items[i].eth_type \&\& i == 0)/'
zw_done 'dropping VLAN [0-9]+' 'jsonrpc\|WARN\|Dropped [0-9]+ log messages' 'closed( in VLAN [0-9-]+)?: zones [a-z]+ and [a-z]+ claim it' \
    "closed in zone [a-z]+: its zone's guard binds (MAC|IP) addresses, and it has none" \
    '02:00:00:00:[0-9a-f:]+ is behind port [a-z0-9]+ and behind port' 'address [0-9a-f.:]+ is not learned: (port [a-z0-9]+ has it|it is not among its zone.s learn-addresses)'
