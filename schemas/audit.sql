-- The audit log of zonewardd, an SQLite database.  Version 2.
--
-- zonewardd runs this text once, in one transaction, on an empty file.  The comments that stand inside a statement
-- stay in the database: `sqlite3 audit.db .schema` explains itself.  For reading, begin with the view "log".
--
-- When the schema changes: raise user_version here and ZW_AUDIT_SCHEMA_VERSION in controller/audit/schema.h, and add
-- schemas/audit-N-to-M.sql that brings an older file up (controller/audit/upgrade.c).  A program refuses a file that is newer than itself.

PRAGMA application_id = 0x5a4f4e45; -- "ZONE"
PRAGMA user_version = 2;

-- What repeats is kept once, in three tables that records refer to.  A row of them may appear twice (the writer
-- keeps no index to look for it, only a cache): join by id, never count their rows.

CREATE TABLE decisions (
    -- Who decided what between whom: one row serves every record with the same circumstances.
    id INTEGER PRIMARY KEY,
    rule TEXT NOT NULL,              -- Name of the rule; '' for the default.
    rule_number INTEGER NOT NULL,    -- Its place in the policy, from 1; 0 for the default.
    policy_version INTEGER NOT NULL, -- See the table "policies".
    step TEXT NOT NULL,              -- Where in the policy the decision fell.
    path TEXT NOT NULL,              -- 'fast': by the switch alone; 'slow': by zonewardd.
    from_zone TEXT NOT NULL,
    to_zone TEXT NOT NULL,
    from_port TEXT NOT NULL,         -- Interface names of that moment.
    to_port TEXT NOT NULL,
    bridge TEXT NOT NULL,
    segment INTEGER NOT NULL         -- VLAN; 0: untagged.
) STRICT;

-- What is not IP has the address '', with the key x'00', and its EtherType, which is above 255, as its protocol.

CREATE TABLE addresses (
    -- IP addresses that occur.
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL,              -- '10.0.0.1', '2001:db8::1'
    key BLOB NOT NULL                -- x'04' and 4 bytes, or x'06' and 16 bytes: a prefix is a range of keys.
) STRICT;

CREATE TABLE tuples (
    -- Who spoke to whom: what sessions with the same ends have in common.
    id INTEGER PRIMARY KEY,
    decision INTEGER NOT NULL REFERENCES decisions (id),
    src INTEGER NOT NULL REFERENCES addresses (id),
    dst INTEGER NOT NULL REFERENCES addresses (id),
    proto INTEGER NOT NULL,          -- IP protocol number: 1 ICMP, 6 TCP, 17 UDP, 58 ICMPv6...
    dport INTEGER NOT NULL,          -- Destination port; the code of ICMP and ICMPv6.
    src_mac INTEGER NOT NULL,        -- 48 bits, the first byte highest.
    dst_mac INTEGER NOT NULL
) STRICT;

-- The records.  "id" is one sequence over all seven tables, without holes, in the order of writing.  Times are
-- microseconds since 1970-01-01T00:00:00Z by the host's clock.  Nothing is ever changed or deleted.

CREATE TABLE sessions (
    -- Each session that was let in, as its rule logs it.
    id INTEGER PRIMARY KEY,
    time_us INTEGER NOT NULL,
    tuple INTEGER NOT NULL REFERENCES tuples (id),
    sport INTEGER NOT NULL           -- Source port; the type of ICMP and ICMPv6.
) STRICT;

CREATE TABLE denials (
    -- Each denial of which a record was asked for.
    id INTEGER PRIMARY KEY,
    time_us INTEGER NOT NULL,
    tuple INTEGER NOT NULL REFERENCES tuples (id),
    sport INTEGER NOT NULL           -- Source port; the type of ICMP and ICMPv6.
) STRICT;

CREATE TABLE ends (
    -- Each session that was ended because it is no longer allowed.  Its tuple's decision says what forbids it.
    id INTEGER PRIMARY KEY,
    time_us INTEGER NOT NULL,
    tuple INTEGER NOT NULL REFERENCES tuples (id),
    sport INTEGER NOT NULL,          -- Source port; the type of ICMP and ICMPv6.
    opened INTEGER NOT NULL REFERENCES decisions (id), -- What had let it in.
    reason TEXT NOT NULL             -- 'policy': a rule forbids it; 'moved': an end of it is in another zone now.
) STRICT;

CREATE TABLE policies (
    -- Each time a policy version came into force.
    id INTEGER PRIMARY KEY,
    time_us INTEGER NOT NULL,
    version INTEGER NOT NULL,
    sha256 TEXT NOT NULL,            -- Of the policy, in hexadecimal.
    origin TEXT NOT NULL,            -- Where it came from: a file, or who applied it.
    n_rules INTEGER NOT NULL,
    n_zones INTEGER NOT NULL
) STRICT;

CREATE TABLE daemon (
    -- Starts and stops of zonewardd, and with it of the log.
    id INTEGER PRIMARY KEY,
    time_us INTEGER NOT NULL,
    what TEXT NOT NULL,              -- 'start' or 'stop'.
    text TEXT NOT NULL               -- The program's version, or the reason.
) STRICT;

CREATE TABLE admin (
    -- Each request for a change over the control socket, also those that failed.
    id INTEGER PRIMARY KEY,
    time_us INTEGER NOT NULL,
    user TEXT NOT NULL,              -- Name at that moment.
    uid INTEGER NOT NULL,
    gid INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    verb TEXT NOT NULL,              -- What was asked.
    result INTEGER NOT NULL,         -- 0: done; otherwise the errno that it failed with.
    text TEXT NOT NULL
) STRICT;

CREATE TABLE gaps (
    -- Where records are missing.
    id INTEGER PRIMARY KEY,
    time_us INTEGER NOT NULL,
    what TEXT NOT NULL,              -- 'session', 'denial' or 'any'.
    n_missing INTEGER NOT NULL,      -- 0: it is not known how many, perhaps none.
    from_us INTEGER NOT NULL,        -- When the missing records were made.
    to_us INTEGER NOT NULL,
    text TEXT NOT NULL               -- Why.
) STRICT;

-- Few indexes: each costs at every record.
CREATE INDEX decisions_by_rule ON decisions (rule);
CREATE INDEX decisions_by_from_zone ON decisions (from_zone);
CREATE INDEX decisions_by_to_zone ON decisions (to_zone);
CREATE INDEX sessions_by_time ON sessions (time_us);
CREATE INDEX denials_by_time ON denials (time_us);
CREATE INDEX ends_by_time ON ends (time_us);
CREATE INDEX policies_by_time ON policies (time_us);
CREATE INDEX daemon_by_time ON daemon (time_us);
CREATE INDEX admin_by_time ON admin (time_us);
CREATE INDEX gaps_by_time ON gaps (time_us);

-- The other indexes are tables.  An index takes each record at a random place, which costs more than all the rest; so
-- the writer lets records come together and adds them sorted, a segment at a time.  They say nothing that the tables
-- above do not say: `zoneward audit query` finds by them, and looks through what is newer than the last segment.

CREATE TABLE segments (
    -- Up to which ids the tables below are complete.  The newest row counts.
    record INTEGER PRIMARY KEY,      -- In sessions and denials.
    tuple INTEGER NOT NULL,
    address INTEGER NOT NULL
) STRICT;

CREATE TABLE address_keys (
    -- Addresses in order.
    key BLOB NOT NULL, address INTEGER NOT NULL, PRIMARY KEY (key, address)
) STRICT, WITHOUT ROWID;

CREATE TABLE address_tuples (
    -- The tuples of an address, at either end.
    address INTEGER NOT NULL, tuple INTEGER NOT NULL, PRIMARY KEY (address, tuple)
) STRICT, WITHOUT ROWID;

CREATE TABLE decision_tuples (
    -- The tuples of a decision.
    decision INTEGER NOT NULL, tuple INTEGER NOT NULL, PRIMARY KEY (decision, tuple)
) STRICT, WITHOUT ROWID;

CREATE TABLE tuple_sessions (
    -- The sessions of a tuple.
    tuple INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (tuple, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE tuple_denials (
    -- The denials of a tuple.
    tuple INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (tuple, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE tuple_ends (
    -- The ends of a tuple.
    tuple INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (tuple, id)
) STRICT, WITHOUT ROWID;

INSERT INTO segments VALUES (0, 0, 0);

-- A slip of the hand is refused.  (It keeps no one out who can write to the file.)
CREATE TRIGGER decisions_keep_u BEFORE UPDATE ON decisions BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER decisions_keep_d BEFORE DELETE ON decisions BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER addresses_keep_u BEFORE UPDATE ON addresses BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER addresses_keep_d BEFORE DELETE ON addresses BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER tuples_keep_u BEFORE UPDATE ON tuples BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER tuples_keep_d BEFORE DELETE ON tuples BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER sessions_keep_u BEFORE UPDATE ON sessions BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER sessions_keep_d BEFORE DELETE ON sessions BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER denials_keep_u BEFORE UPDATE ON denials BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER denials_keep_d BEFORE DELETE ON denials BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER ends_keep_u BEFORE UPDATE ON ends BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER ends_keep_d BEFORE DELETE ON ends BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER policies_keep_u BEFORE UPDATE ON policies BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER policies_keep_d BEFORE DELETE ON policies BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER daemon_keep_u BEFORE UPDATE ON daemon BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER daemon_keep_d BEFORE DELETE ON daemon BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER admin_keep_u BEFORE UPDATE ON admin BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER admin_keep_d BEFORE DELETE ON admin BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER gaps_keep_u BEFORE UPDATE ON gaps BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER gaps_keep_d BEFORE DELETE ON gaps BEGIN SELECT raise(ABORT, 'the log is append-only'); END;

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

CREATE VIEW events AS
    -- All other records, in words.
    SELECT id, time_us, 'policy' AS type, version AS policy_version,
           origin || ', ' || n_rules || ' rules, ' || n_zones || ' zones, sha256 ' || sha256 AS text FROM policies
    UNION ALL
    SELECT id, time_us, 'daemon', '', what || ': ' || text FROM daemon
    UNION ALL
    SELECT id, time_us, 'admin', '', user || '(' || uid || ') ' || verb
           || CASE result WHEN 0 THEN ': ' ELSE ' failed (' || result || '): ' END || text FROM admin
    UNION ALL
    SELECT id, time_us, 'gap', '', n_missing || ' missing (' || what || '): ' || text FROM gaps;

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
