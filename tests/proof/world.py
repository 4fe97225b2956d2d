# SPDX-License-Identifier: Apache-2.0
"""world - the ports that random policies are about: every VLAN mode, and external ids for every selector."""

import os
import subprocess

from model.ports import LOCAL, Port

PG = os.environ.get("ZW_PG", "")
BUILD = os.environ["ZW_BUILDDIR"]


def port(number, name, *vlans, mac=True, **external_ids):
    external_ids = {key.replace("_", "-"): value for key, value in external_ids.items()}
    external_ids["iface-id"] = f"id-{name}"
    if mac:
        external_ids["attached-mac"] = f"02:00:00:00:01:{number % 256:02x}"
    return Port(number, name, *vlans, external_ids=external_ids)


PORTS = [
    port(1, "a1", role="front", attached_ips="10.0.0.1 fd00::1"),
    port(2, "a2", "access", zone="beta"),
    port(3, "a3", "access", 10, role="front", attached_ips="10.1.2.3,fd01:2::3"),
    port(4, "b1", "access", 10, attached_ips="198.51.100.7"),
    port(5, "b2", "trunk", None, (10, 20), mac=False, role="back"),
    port(6, "b3", "native-untagged", 20, (10, 30)),
    port(7, "g1", "native-tagged", 10, mac=False, attached_ips="10.7.7.7"),
    port(8, "g2", "trunk", None, (0, 20), zone="alpha", role="back"),
    port(9, "g3", mac=False),
    port(10, "d1", "access", 20, zone="gamma", attached_ips="192.0.2.129, 2001:db8::7"),
    port(11, "x1", "access", 10, zone="delta"),
    port(12, "x2", zone="no-such"),
    port(13, "x3", "access", zone="inner"),
    port(14, "a4", "access", 20),
    port(LOCAL, "br0", role="host"),
]


def settings(of):
    columns = {"tag": of.tag, "trunks": ",".join(map(str, of.trunks)) or None, "vlan_mode": of.mode}
    if of.mode == "trunk":  # What OVSDB has without vlan_mode.
        del columns["vlan_mode"]
    return [f"{name}={value}" for name, value in columns.items() if value is not None]


def ids(of):
    return [f'external_ids:{key}="{value}"' for key, value in of.external_ids.items()]


def vsctl(*commands):
    subprocess.run(["ovs-vsctl", f"--db=unix:{PG}/ovs/db.sock", f"--timeout={20 * int(os.environ['ZW_SLOWNESS'])}", *commands], check=True)


def namespace_of(of):
    """Where the other end of its link is, if it has one (see tests/playground.sh)."""
    return f"zw-{PG.rpartition('.')[2]}-{of.name}"


def add(bridge, name, of, *columns):
    return ["--", "add-port", bridge, name, *settings(of), "--", "set", "interface", name, f"ofport_request={of.number}",
            *ids(of), *columns]


def setup():
    """The same ports on br0, and on a bridge br1 that only knows NORMAL."""
    commands = ["add-br", "br1", "--", "set", "bridge", "br1", f"datapath_type={os.environ['ZW_DATAPATH']}",
                "fail_mode=standalone"]
    for of in PORTS:
        if of.number == LOCAL:
            commands += ["--", "set", "interface", "br0", *ids(of)]
        else:
            commands += add("br0", of.name, of, "type=internal") + add("br1", "n" + of.name, of, "type=internal")
    vsctl(*commands)


def setup_links():
    """The ports on br0, as the links that the playground made for them."""
    commands = ["set", "interface", "br0", *ids(PORTS[-1])]
    for of in PORTS[:-1]:
        commands += add("br0", of.name, of)
    vsctl(*commands)
