-- Brings an audit log of version 1 up to version 2: ends of sessions.  The statements are those of audit.sql.

DROP VIEW log;
DROP VIEW flows;

CREATE TABLE ends (
    -- Each session that was ended because it is no longer allowed.  Its tuple's decision says what forbids it.
    id INTEGER PRIMARY KEY,
    time_us INTEGER NOT NULL,
    tuple INTEGER NOT NULL REFERENCES tuples (id),
    sport INTEGER NOT NULL,          -- Source port; the type of ICMP and ICMPv6.
    opened INTEGER NOT NULL REFERENCES decisions (id), -- What had let it in.
    reason TEXT NOT NULL             -- 'policy': a rule forbids it; 'moved': an end of it is in another zone now.
) STRICT;

CREATE INDEX ends_by_time ON ends (time_us);

CREATE TABLE tuple_ends (
    -- The ends of a tuple.
    tuple INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (tuple, id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER ends_keep_u BEFORE UPDATE ON ends BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER ends_keep_d BEFORE DELETE ON ends BEGIN SELECT raise(ABORT, 'the log is append-only'); END;

CREATE VIEW flows AS
    -- Sessions, denials and ends with everything that is known of them, in words.  What is not IP has no addresses.
    SELECT r.id, r.time_us,
           strftime('%Y-%m-%dT%H:%M:%S', r.time_us / 1000000, 'unixepoch')
               || printf('.%06dZ', r.time_us % 1000000) AS time,
           r.type, r.verdict, d.path, d.rule, d.rule_number, d.policy_version, d.step,
           d.from_zone, d.to_zone, d.from_port, d.to_port,
           CASE t.proto WHEN 1 THEN 'icmp' WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' WHEN 58 THEN 'icmpv6'
                        WHEN 132 THEN 'sctp'
                        ELSE printf(CASE WHEN t.proto < 256 THEN '%d' ELSE '0x%04x' END, t.proto) END AS proto,
           CASE t.proto WHEN 1 THEN 'icmp/' || r.sport WHEN 6 THEN 'tcp/' || t.dport WHEN 17 THEN 'udp/' || t.dport
                        WHEN 58 THEN 'icmpv6/' || r.sport WHEN 132 THEN 'sctp/' || t.dport
                        ELSE printf(CASE WHEN t.proto < 256 THEN 'proto/%d' ELSE 'ethertype/0x%04x' END, t.proto)
                        END AS service,
           s.text AS src, r.sport, a.text AS dst, t.dport, d.bridge, d.segment,
           printf('%02x:%02x:%02x:%02x:%02x:%02x', t.src_mac >> 40 & 255, t.src_mac >> 32 & 255,
                  t.src_mac >> 24 & 255, t.src_mac >> 16 & 255, t.src_mac >> 8 & 255, t.src_mac & 255) AS src_mac,
           printf('%02x:%02x:%02x:%02x:%02x:%02x', t.dst_mac >> 40 & 255, t.dst_mac >> 32 & 255,
                  t.dst_mac >> 24 & 255, t.dst_mac >> 16 & 255, t.dst_mac >> 8 & 255, t.dst_mac & 255) AS dst_mac,
           o.rule AS was_rule, o.rule_number AS was_rule_number, o.policy_version AS was_version, r.reason
      FROM (SELECT id, time_us, 'session' AS type, 'allow' AS verdict, tuple, sport, NULL AS opened, NULL AS reason
              FROM sessions
            UNION ALL
            SELECT id, time_us, 'denial', 'deny', tuple, sport, NULL, NULL FROM denials
            UNION ALL
            SELECT id, time_us, 'end', 'deny', tuple, sport, opened, reason FROM ends) AS r
      JOIN tuples AS t ON t.id = r.tuple
      JOIN decisions AS d ON d.id = t.decision
      JOIN addresses AS s ON s.id = t.src
      JOIN addresses AS a ON a.id = t.dst
      LEFT JOIN decisions AS o ON o.id = r.opened;

CREATE VIEW log AS
    -- Every record, one short line each, in the order of writing.  In a big log look at a range of ids, not at all.
    SELECT id, time, type, verdict, path, rule, policy_version, from_zone, to_zone, src, sport, dst, service,
           from_port || ' to ' || to_port
               || CASE type WHEN 'end' THEN '; ' || reason || ', let in by ' || was_rule || ' of version ' || was_version
                            ELSE '' END AS text
      FROM flows
    UNION ALL
    SELECT id, strftime('%Y-%m-%dT%H:%M:%S', time_us / 1000000, 'unixepoch') || printf('.%06dZ', time_us % 1000000),
           type, '', '', '', policy_version, '', '', '', '', '', '', text
      FROM events
     ORDER BY id;

PRAGMA user_version = 2;
