-- Every wait of a lane is a time and a reason; lanes know their far end and their connector; POSTs are numbered. Adds
-- columns without a rewrite, then writes each lane once: about ten seconds for a million connections, during which
-- senders and callbacks wait.

-- ---- waits ----
-- Renamed, not dropped: views of an older version read it until they are replaced.
ALTER TABLE o365_internal.lane RENAME COLUMN hold TO why;
ALTER TABLE o365_internal.lane
    ADD COLUMN not_before timestamptz,
    ADD COLUMN connector_id integer,
    ADD COLUMN host_id integer NOT NULL DEFAULT 0,
    ADD COLUMN posts bigint NOT NULL DEFAULT 0,
    ADD COLUMN retried_at timestamptz;
COMMENT ON COLUMN o365_internal.lane.not_before IS
    'Before this time no card leaves, test cards aside: whatever makes the lane due makes it due at this time or later. '
    'infinity: until what holds it is over. Null: nothing is waited for.';
COMMENT ON COLUMN o365_internal.lane.why IS
    'What not_before waits for. retry: the next try of a card, or the end of a throttle. host: the far end as a whole. '
    'pause: its subscription is paused, suspended or pending; not_before is infinity then, and nothing is claimed but '
    'test cards. quota and schedule: kept for limits and digests. Null: nothing.';
COMMENT ON COLUMN o365_internal.lane.next_at IS
    'When it is due, which claims read: never before not_before, test cards aside. While leased, the end of the lease; '
    'null: nothing to do, or not_before is infinity.';
COMMENT ON COLUMN o365_internal.lane.connector_id IS 'The connector of its subscription, for the rows of history.';
COMMENT ON COLUMN o365_internal.lane.host_id IS
    'Its far end, a row of host. Set when a webhook is stored, renewed or replaced.';
COMMENT ON COLUMN o365_internal.lane.posts IS 'POSTs that were ever reported of it, since version 25 of the schema.';
COMMENT ON COLUMN o365_internal.lane.retried_at IS
    'When the last POST was reported after which its card was tried again. The history has other POSTs of such cards '
    'only as were sent before.';
COMMENT ON COLUMN o365_internal.lane.for_tests IS
    'Whether its lease is for test cards alone, because the lane was paused when it was leased.';

-- ---- far ends ----
CREATE TABLE o365_internal.host (
    host_id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL CONSTRAINT host_name_is_unique UNIQUE,
    held_until timestamptz,
    why        text,
    held_by    text,
    held_at    timestamptz,
    CONSTRAINT host_hold_is_whole CHECK ((held_until IS NULL) = (held_at IS NULL))
);
COMMENT ON TABLE o365_internal.host IS
    'Far ends: one row for each entry of the allow-list that a webhook was ever stored on, not for each tenant''s host. A '
    'row stays when its entry is forbidden.';
COMMENT ON COLUMN o365_internal.host.host_id IS
    'Key, in lanes. 0: hosts that no entry covered when the schema got version 25.';
COMMENT ON COLUMN o365_internal.host.name IS
    'The entry, *.example.com for hosts below it, whatever its port; * for host_id 0.';
COMMENT ON COLUMN o365_internal.host.held_until IS
    'Until when nothing is claimed for it; infinity: until somebody releases it; null: it is not held.';
COMMENT ON COLUMN o365_internal.host.why IS 'Why it is held, in words; null: nobody said, or it is not held.';
COMMENT ON COLUMN o365_internal.host.held_by IS 'Role that held it; null when it is not held.';
COMMENT ON COLUMN o365_internal.host.held_at IS 'When it was held; null when it is not.';
INSERT INTO o365_internal.host (host_id, name) OVERRIDING SYSTEM VALUE VALUES (0, '*');
CREATE TABLE o365_internal.far_end AS
    SELECT u.webhook_host,
           coalesce((SELECT '*.' || w.host FROM o365_internal.webhook_host AS w
                      WHERE w.subdomains AND right(u.webhook_host, length(w.host) + 1) = '.' || w.host
                      ORDER BY length(w.host) DESC LIMIT 1),
                    (SELECT w.host FROM o365_internal.webhook_host AS w
                      WHERE NOT w.subdomains AND w.host = u.webhook_host LIMIT 1), '*') AS name
      FROM (SELECT DISTINCT s.webhook_host FROM o365_internal.subscription AS s) AS u;
INSERT INTO o365_internal.host (name)
    SELECT DISTINCT f.name FROM o365_internal.far_end AS f WHERE f.name <> '*' ORDER BY 1;

COMMENT ON COLUMN o365_internal.event.kind IS
    'What happened. To a subscription: connected, renewed, proved, paused, resumed, removed, suspended, gone, idle, '
    'moved, tested, changed, card_not_delivered. Otherwise: connector_registered, connector_removed, '
    'application_granted, application_revoked, host_allowed, host_forbidden, host_held, host_released, setting_changed.';

-- ---- each lane once ----
-- Without the indexes on what is written, so that rows stay where they are.
DROP INDEX o365_internal.lane_due;
DROP INDEX o365_internal.lane_held;
UPDATE o365_internal.lane AS l
   SET connector_id = s.connector_id, host_id = h.host_id,
       why = CASE WHEN l.why IS NOT NULL THEN 'pause' WHEN l.worker IS NULL AND l.next_at > now() THEN 'retry' END,
       not_before = CASE WHEN l.why IS NOT NULL THEN 'infinity'
                         WHEN l.worker IS NULL AND l.next_at > now() THEN l.next_at END
  FROM o365_internal.subscription AS s
  JOIN o365_internal.far_end AS f ON f.webhook_host = s.webhook_host
  JOIN o365_internal.host AS h ON h.name = f.name
 WHERE s.subscription_id = l.subscription_id;
DROP TABLE o365_internal.far_end;
ALTER TABLE o365_internal.lane
    ADD CONSTRAINT lane_why_is_known CHECK (why IN ('retry', 'quota', 'host', 'schedule', 'pause')),
    ADD CONSTRAINT lane_wait_has_a_reason CHECK ((why IS NULL) = (not_before IS NULL));
-- A claim reads the due lanes of one far end after the other, each in the order of time: the cost of a far end that is
-- held is not to be read at all, however many lanes it has, and each of the others can have its turn:
--   SELECT ... FROM unnest(o365_internal.open_hosts()) AS h (id) CROSS JOIN LATERAL (
--       SELECT ... FROM o365_internal.lane AS l WHERE l.host_id = h.id AND l.next_at <= now() ORDER BY l.next_at LIMIT n)
CREATE INDEX lane_due ON o365_internal.lane (host_id, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX lane_held ON o365_internal.lane (subscription_id) WHERE why = 'pause';

-- ---- history ----
-- Rows of before have none of these: their connector is their subscription's, their POSTs are counted when somebody asks.
ALTER TABLE o365_internal.attempt ADD COLUMN post_no bigint, ADD COLUMN connector_id integer;
ALTER TABLE o365_internal.delivery
    ADD COLUMN post_no bigint, ADD COLUMN connector_id integer, ADD COLUMN attempts integer;
COMMENT ON COLUMN o365_internal.attempt.post_no IS
    'Its number among the POSTs of its lane, from 1. Null before version 25 of the schema.';
COMMENT ON COLUMN o365_internal.attempt.connector_id IS
    'The connector. Null before version 25 of the schema: it is the subscription''s.';
COMMENT ON COLUMN o365_internal.delivery.post_no IS
    'Number of the POST that ended it among those of its lane, from 1; null when none did, and before version 25 of the '
    'schema.';
COMMENT ON COLUMN o365_internal.delivery.connector_id IS
    'The connector. Null before version 25 of the schema: it is the subscription''s.';
COMMENT ON COLUMN o365_internal.delivery.attempts IS
    'POSTs of the card, with the one that ended it. Null before version 25 of the schema.';
-- Nulls first: read backwards, rows of before come after the numbered ones.
CREATE INDEX attempt_post ON o365_internal.attempt (subscription_id, post_no NULLS FIRST);
DROP INDEX o365_internal.attempt_subscription;

-- Rows of connector are never deleted, and a callback locks its connector's row itself: these cost each callback a
-- second lock on the row that all of them share, and can find nothing.
ALTER TABLE o365_internal.subscription DROP CONSTRAINT subscription_connector_id_fkey;
ALTER TABLE o365_internal.connect_attempt DROP CONSTRAINT connect_attempt_connector_id_fkey;
