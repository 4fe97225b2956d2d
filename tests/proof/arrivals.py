# SPDX-License-Identifier: Apache-2.0
"""arrivals - real packets of the random kind: each must arrive, as it was sent, exactly where the model says.

Then the receivers answer, the senders go on, and somebody else says the same from another port."""

import collections
import dataclasses
import os

from model.judge import Packet
from model.ports import LOCAL
from model.switch import DROPPED, ICMPV6, TCP, Session

from . import frames, packets
from .compare import NO_ZONES, Comparison
from .packets import SCTP, UDP
from .policies import random_policy
from .wires import Wires
from .world import namespace_of

SENDABLE = {1, 6, 17, 47, 58, 89, 132}  # Of these it is known what a host may send without further headers.
ODD = {(1, 6), (ICMPV6, 4)}  # ICMP of the other family: conntrack has its own ideas of it.
ANSWERS = {(1, 8): 0, (1, 13): 14, (58, 128): 129}
if os.environ["ZW_DATAPATH"] == "system":
    ANSWERS |= {(1, 15): 16, (1, 17): 18, (58, 139): 140}
MOST_ASKED_AT_ONCE = 60  # Fewer than a switch queues for its controller.



def own_mac(port):
    return port.mac or f"02:00:00:00:02:{port.number:02x}"


def conntrack_takes(frame):
    """Whether conntrack calls a first packet like this new, and not invalid."""
    packet = frame.ip
    if os.environ["ZW_DATAPATH"] == "system":
        # Any code of ICMP, port 0; no session that begins with a FIN, and of SCTP only what is an INIT, as these are not.
        if packet.proto in (1, ICMPV6):
            return (packet.proto, packet.l4[0]) in ANSWERS
        return packet.proto != SCTP and (packet.proto != TCP or "F" not in frame.flags)
    if packet.proto in (1, ICMPV6):
        return (packet.proto, packet.l4[0]) in ANSWERS and packet.l4[1] == 0
    return packet.proto not in (TCP, UDP) or all(packet.l4)


def session_key(segment, packet):
    ends = zip((packet.src, packet.dst), packet.l4 if packet.proto in (TCP, UDP) else (0, 0))
    return segment, packet.proto, frozenset(ends)


def is_ours(data):
    return frames.number_of(data) is not None


class Arrivals(Comparison):
    def __init__(self, seed, source):
        super().__init__(seed, source)
        self.wires = Wires({port.number: namespace_of(port) for port in self.ports if port.number != LOCAL})
        self.number, self.sent = 0, {}
        self.n_arrived = 0
        self.learned = {}
        self.seen = set()

    def sample(self, switch, n_frames):
        """Frames of sessions that were not seen before."""
        source, seen, found = packets.Packets(self.rng, switch), self.seen, []
        for _ in range(10 * n_frames):
            frame = source.frame()
            if frame.port.number == LOCAL or frame.fragment != "no":
                continue
            own = own_mac(frame.port)
            frame = dataclasses.replace(frame, dl_src=own, session=Session(),
                                        arp_mac=own if frame.arp_mac == frame.dl_src else frame.arp_mac,
                                        nd_mac=own if frame.nd_mac == frame.dl_src else frame.nd_mac)
            if frame.ip:
                key = session_key(frame.port.segment_of(frame.vid), frame.ip)
                if (frame.ip.proto, frame.ip.src.version) in ODD or frame.ip.proto not in SENDABLE:
                    continue
                if frame.ip.src == frame.ip.dst or key in seen:
                    continue
                seen.add(key)
                if not conntrack_takes(frame):
                    frame = dataclasses.replace(frame, session=Session("invalid"))
            found.append(frame)
            if len(found) == n_frames:
                break
        return found

    def fates(self, switch, frame):
        """What becomes of each copy.  The one that may open a session goes first; the others find the session."""
        fates = switch.fates(frame)
        opener = next((port for port in switch.ports if port.number in fates and fates[port.number].opens_session), None)
        if opener is None or fates[opener.number].verdict.action != "allow":
            return fates
        state = "established" if frame.ip.proto == TCP and frame.flags != "S" else "new"  # A second SYN is a first one still.
        session = Session(state, False, switch.between(frame, opener))
        return switch.fates(dataclasses.replace(frame, session=session)) | {opener.number: fates[opener.number]}

    def arriving(self, switch, frame, data):
        """What must come of it: [(port, tag, frame without it)]."""
        segment = frame.port.segment_of(frame.vid)
        fates = self.fates(switch, frame)
        self.counts.add(frame, fates)
        return [(port.number, port.tag_of(segment), data) for port in switch.ports
                if port.number in fates and fates[port.number].passes and port.number != LOCAL]

    def put(self, switch, frame, session_id):
        """Sends a frame; its number, and its bytes without a tag."""
        self.number += 1
        data = frames.untagged(frame, session_id, self.number)
        self.wires.send(frame.port.number, frames.tagged(data, frame.vid))
        switch.learn(frame)
        self.n_frames += 1
        return self.number, data

    def is_right_refusal(self, number, _tag, data):
        """Whether a packet tells the sender of one of ours that a rule rejects it.  There is a limit on how many are told."""
        frame, sent, is_rejected = self.sent[frames.number_of(data)]
        return data != sent and frames.is_refusal(data) and is_rejected and number == frame.port.number

    def settle(self):
        """Waits until no cached flow is older than the flows that it was made of.  A pass over the cache that is under way
        may have begun before they changed, so it is the one after it that counts."""
        for _ in range(2):
            self.vswitchd.call("revalidator/wait")

    def exchange(self, switch, named):
        """Sends frames, pairs of a session's number and a frame, and compares what arrives."""
        expected = collections.Counter()
        for session_id, frame in named:
            number, data = self.put(switch, frame, session_id)
            self.sent[number] = frame, data, any(fate.verdict and "reject" in (fate.verdict.action, fate.verdict.otherwise)
                                                 for fate in self.fates(switch, frame).values())
            expected.update(self.arriving(switch, frame, data))
        found = collections.Counter(one for one in self.wires.collect(sum(expected.values()), is_ours)
                                    if not self.is_right_refusal(*one))
        self.n_arrived += sum(found.values())
        wrong = collections.defaultdict(list)
        for what, counter in ("should have arrived", expected - found), ("should not have arrived", found - expected):
            for number, tag, data in counter:
                wrong[frames.number_of(data)].append(f"{what}: port {number}, tag {tag}, {data.hex()}")
        for number, said in wrong.items():
            frame = self.sent[number][0]
            if self.n_wrong == 0:  # What the switch would do with it now.
                states = [packets.ct_state(frame.session)] * max(1, len(self.fates(switch, frame)))
                said += self.vswitchd.trace("br0", packets.trace_flow(frame), *states).splitlines()
            self.wrong(frame, said)

    def exchange_all(self, switch, named):
        """The same in portions: no more asks at once than a switch queues."""
        batch, n_asked = [], 0
        for one in named:
            n = sum(fate.verdict is not None and fate.verdict.action == "ask" for fate in self.fates(switch, one[1]).values())
            if n_asked + n > MOST_ASKED_AT_ONCE:
                self.exchange(switch, batch)
                batch, n_asked = [], 0
            batch.append(one)
            n_asked += n
        self.exchange(switch, batch)

    def flush(self):
        """Conntrack and this forget every session."""
        self.vswitchd.call("dpctl/flush-conntrack")
        self.seen.clear()

    def in_force(self, tree):
        """Applies a policy to a switch that has learned what it has learned."""
        switch = self.apply(tree)
        self.settle()
        switch.remember(self.learned)
        self.learned = switch.learned
        return switch

    def answer(self, switch, frame, fates):
        """The receiver's answer to what opened a session, what the sender says then, and a lie of somebody else."""
        number = next(number for number, fate in fates.items() if fate.opens_session)
        receiver = next(port for port in switch.ports if port.number == number)
        packet, zones = frame.ip, switch.between(frame, receiver)
        segment = frame.port.segment_of(frame.vid)
        back = Packet(packet.dst, packet.src, packet.proto,
                      (ANSWERS[packet.proto, packet.l4[0]], packet.l4[1]) if packet.proto in (1, ICMPV6) else packet.l4[::-1])
        reply = dataclasses.replace(frame, port=receiver, vid=receiver.tag_of(segment), dl_src=own_mac(receiver),
                                    dl_dst=frame.dl_src, ip=back, flags="SA", session=Session("established", True, zones))
        is_answered = switch.fates(reply).get(frame.port.number, DROPPED).passes
        if not is_answered and packet.proto == TCP:
            return [reply]  # What conntrack makes of an ACK that answers nothing is its own affair.
        again = dataclasses.replace(frame, flags="A", dl_dst=own_mac(receiver),
                                    session=Session("established" if is_answered else "new", False, zones))
        others = [port for port in switch.ports if port.number not in (frame.port.number, number, LOCAL)
                  and port.carries(segment)]
        if not others:
            return [reply, again]
        other = self.rng.choice(others)
        lie = dataclasses.replace(again, port=other, vid=other.tag_of(segment), dl_src=own_mac(other))
        return [reply, again, lie]

    def policy(self, n_frames):
        switch = self.in_force(random_policy(self.rng))
        self.flush()
        named = list(enumerate(self.sample(switch, n_frames)))
        self.exchange_all(switch, named)
        talks = [(session_id, self.answer(switch, frame, fates)) for session_id, frame, fates in
                 ((session_id, frame, self.fates(switch, frame)) for session_id, frame in named)
                 if not (frame.ip and frame.ip.proto == TCP and frame.flags != "S")  # How one goes on that is picked up is conntrack's.
                 and any(fate.opens_session and number != LOCAL for number, fate in fates.items())]
        for step in range(3):
            self.exchange(switch, [(session_id, talk[step]) for session_id, talk in talks if len(talk) > step])


def run(source, seed, n_policies, n_frames):
    arrivals = Arrivals(seed, source)
    arrivals.apply(NO_ZONES)  # The switch forgets what it has learned.
    arrivals.policies(n_policies, n_frames)
    print(f"{arrivals.n_arrived} copies arrived")
    arrivals.finish()
