# SPDX-License-Identifier: Apache-2.0
"""model - what a policy says about a packet, by zoneward-policy(5) and nothing else.

    policy   reads a policy's text
    judge    which rule decides about a packet between two ports, and how
    ports    what OVSDB says of a port: its VLANs, and by which zone's selectors it is meant
    guard    who may say what through a port
    switch   what becomes of a packet at a switch: to which ports it goes, and whether its session lets it pass

It is here to be wrong in other places than the product: it was written from the manual page and doc/pipeline.md's words,
shares no code with controller/, compiles nothing, and prefers what can be read at a glance to what is fast.  Policies
that it reads are right ones; `zoneward policy check` finds mistakes."""
