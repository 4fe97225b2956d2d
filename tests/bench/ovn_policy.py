# SPDX-License-Identifier: Apache-2.0
"""ovn_policy - the same policy for OVN: one logical switch, zones as port groups, and ACLs in the direction to-lport.

The transactions are those of OVSDB (RFC 7047, 4.1.3) for the northbound database, each of them one step for OVN.

What OVN cannot say: `ask` becomes allow-related; of networks behind the uplink the longest prefix does not win; a
priority has 15 bits, so that at most MAX_RULES rules can keep their order."""

import json
import re
import socket

import generate

DATABASE = "OVN_Northbound"
SWITCH = "net"
MAX_PRIORITY = 32766
MAX_RULES = MAX_PRIORITY - 1


class NotForOvn(Exception):
    """What OVN cannot express; the text says what."""


class OvsdbError(Exception):
    """The database refused a transaction."""


def transact(path: str, operations: list[dict], timeout: float = 60) -> None:
    """One transaction; returns when the database has it."""
    request = json.dumps({"method": "transact", "params": [DATABASE, *operations], "id": 1}).encode()
    decoder, answer = json.JSONDecoder(), ""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(timeout)
        s.connect(path)
        s.sendall(request)
        while True:
            answer += s.recv(1 << 20).decode()
            try:
                message, _ = decoder.raw_decode(answer)
                break
            except json.JSONDecodeError:
                continue
    errors = [r for r in message.get("result") or [message.get("error")] if r and "error" in r]
    if message.get("error") or errors:
        raise OvsdbError(str(message.get("error") or errors[0]))


# --- Names and matches.


def identifier(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", name)


def group(zone: str) -> str:
    return f"pg_{identifier(zone)}"


def address_set(name: str, version: int) -> str:
    return f"as_{identifier(name)}_v{version}"


def split(addresses: list[str], version: int) -> list[str]:
    return [a for a in addresses if generate.is_v6(a) == (version == 6)]


def either(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else "(" + " || ".join(parts) + ")"


class Matcher:
    def __init__(self, model: generate.Model):
        self.model = model
        self.zones = {z.name: z for z in model.zones}

    def addresses(self, field: str, names: list[str]) -> str:
        """'field' is src or dst."""
        parts = []
        for version in (4, 6):
            words = split([n for n in names if n not in self.model.sets], version)
            words += [f"${address_set(n, version)}" for n in names if split(self.model.sets.get(n, []), version)]
            if words:
                parts.append(f"ip{version}.{field} == {words[0] if len(words) == 1 else '{' + ', '.join(words) + '}'}")
        return either(parts)

    def zone(self, name: str, port: str, field: str) -> str:
        zone = self.zones[name]
        if not zone.behind:
            return f"{port} == @{group(name)}"
        sets = [f"ip{v}.{field} == ${address_set(name, v)}" for v in (4, 6) if split(zone.addresses, v)]
        return f"({port} == @{group(zone.behind)} && {either(sets)})"

    def zones_of(self, names: list[str], port: str, field: str) -> str:
        plain = [n for n in names if not self.zones[n].behind]
        if len(plain) > 1 and plain == names:
            return f"{port} == {{{', '.join('@' + group(n) for n in plain)}}}"
        return either([self.zone(n, port, field) for n in names])

    def item(self, item: str) -> str:
        proto, _, ports = item.partition("/")
        if proto == "icmp":
            return "icmp4.type == 8"
        if proto == "icmpv6":
            return "icmp6.type == 128"
        first, _, last = ports.partition("-")
        return f"{first} <= {proto}.dst <= {last}" if last else f"{proto}.dst == {first}"

    def service(self, names: list[str]) -> str:
        return either([self.item(i) for n in names for i in generate.SERVICES.get(n, [n])])

    def rule(self, rule: generate.Rule) -> str:
        parts = ["ip"]
        if rule.source:
            parts.append(self.zones_of(rule.source, "inport", "src"))
        if rule.target:
            parts.append(self.zones_of(rule.target, "outport", "dst"))
        if rule.from_addresses:
            parts.append(self.addresses("src", rule.from_addresses))
        if rule.to_addresses:
            parts.append(self.addresses("dst", rule.to_addresses))
        if rule.service:
            parts.append(self.service(rule.service))
        return " && ".join(parts)


# --- Rows.


def insert(table: str, row: dict, name: str = "") -> dict:
    return {"op": "insert", "table": table, "row": row} | ({"uuid-name": name} if name else {})


def update_switch(row: dict) -> dict:
    return {"op": "update", "table": "Logical_Switch", "where": [["name", "==", SWITCH]], "row": row}


def acl_action(action: str) -> str:
    return "drop" if action == "deny" else "allow-related"


def acl_row(priority: int, match: str, action: str) -> dict:
    return {"priority": priority, "direction": "to-lport", "match": match, "action": acl_action(action)}


def references(names: list[str]) -> list:
    return ["set", [["named-uuid", n] for n in names]]


def topology(model: generate.Model) -> list[dict]:
    """The switch, its ports, and the zones' port groups, without any rule."""
    operations, members = [], {}
    for i, port in enumerate(model.ports):
        addresses = f"{port.mac} {port.ipv4} {port.ipv6}"
        row = {"name": port.external_ids["iface-id"],
               "addresses": ["set", [addresses, "unknown"]] if port.name == generate.UPLINK else addresses}
        operations.append(insert("Logical_Switch_Port", row, f"port{i}"))
        members.setdefault(port.zone, []).append(f"port{i}")
    ports = references([f"port{i}" for i in range(len(model.ports))])
    operations.append(insert("Logical_Switch", {"name": SWITCH, "ports": ports}))
    for zone in model.zones:
        if not zone.behind:
            row = {"name": group(zone.name), "ports": references(members.get(zone.name, []))}
            operations.append(insert("Port_Group", row))
    return operations


def check(model: generate.Model) -> None:
    """NotForOvn if it cannot be said."""
    if len(model.rules) > MAX_RULES:
        raise NotForOvn(f"OVN has {MAX_RULES} priorities for ACLs: it cannot keep the order of more rules")


def policy(model: generate.Model) -> list[dict]:
    """Address sets and ACLs, in one transaction, in place of whatever is there."""
    check(model)
    operations = without_policy()
    lists = model.sets | {z.name: z.addresses for z in model.zones if z.behind}
    for name, addresses in lists.items():
        for version in (4, 6):
            row = {"name": address_set(name, version), "addresses": ["set", split(addresses, version)]}
            operations.append(insert("Address_Set", row))
    matcher = Matcher(model)
    for i, rule in enumerate(model.rules):
        operations.append(insert("ACL", acl_row(MAX_PRIORITY - i, matcher.rule(rule), rule.action), f"acl{i}"))
    operations.append(insert("ACL", acl_row(0, "ip", "deny"), "default"))
    names = references([f"acl{i}" for i in range(len(model.rules))] + ["default"])
    return operations + [update_switch({"acls": names})]


def without_policy() -> list[dict]:
    return [update_switch({"acls": ["set", []]}), {"op": "delete", "table": "Address_Set", "where": []}]
