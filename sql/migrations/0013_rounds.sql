-- Rounds of arrivals cost what has arrived, not what waits; failures are counted for a card, not for its lane; the installation knows the
-- database that it belongs to. Locks: ACCESS EXCLUSIVE on lane, fed, delivery and response_rule for moments (columns without a rewrite; fed
-- has a few hundred rows), and SHARE on outbox while an index on it is built: senders wait for about a second per million waiting cards.

-- ---- arrivals ----
ALTER TABLE o365_internal.fed ADD COLUMN at timestamptz NOT NULL DEFAULT clock_timestamp();
COMMENT ON COLUMN o365_internal.fed.at IS 'When the round was made.';
COMMENT ON COLUMN o365_internal.fed.snap IS
    'Snapshot. Transactions whose cards are not handed to lanes yet, or not to all of them (handing), stand in it as in progress.';

ALTER TABLE o365_internal.postponed RENAME TO postponed_cards;
ALTER TABLE o365_internal.postponed_cards DROP CONSTRAINT postponed_pkey;
CREATE TABLE o365_internal.postponed (
    subscription_id bigint CONSTRAINT postponed_pkey PRIMARY KEY,
    first           bigint NOT NULL
);
INSERT INTO o365_internal.postponed (subscription_id, first)
    SELECT p.subscription_id, min(p.position) FROM o365_internal.postponed_cards AS p GROUP BY p.subscription_id;
DROP TABLE o365_internal.postponed_cards;
COMMENT ON TABLE o365_internal.postponed IS
    'Lanes that another transaction had locked when cards arrived. A later round hands the cards over; until then nobody claims the lane. Mostly empty.';
COMMENT ON COLUMN o365_internal.postponed.subscription_id IS 'The lane.';
COMMENT ON COLUMN o365_internal.postponed.first IS 'Position of the first such card.';

CREATE TABLE o365_internal.handing (
    xid  xid8 CONSTRAINT handing_pkey PRIMARY KEY,
    upto bigint NOT NULL
);
COMMENT ON TABLE o365_internal.handing IS
    'Committed transactions with more cards than one round takes. They are handed to their lanes in the order of the lanes'' ids, a part in each round. Mostly empty.';
COMMENT ON COLUMN o365_internal.handing.xid IS 'The transaction. It stands in fed.snap as in progress until the last lane has its cards.';
COMMENT ON COLUMN o365_internal.handing.upto IS 'Lanes up to this subscription_id have its cards; for the others the transaction is still in progress.';

CREATE TABLE o365_internal.turn_to_feed ();
COMMENT ON TABLE o365_internal.turn_to_feed IS
    'Always empty. The worker that holds SHARE ROW EXCLUSIVE on it feeds. Only the owner can take that lock; an advisory lock could be taken by any role.';

-- A bulk transaction is walked lane by lane.
CREATE INDEX outbox_arrivals ON o365_internal.outbox (xid, subscription_id, position);
DROP INDEX o365_internal.outbox_xid;

-- ---- what failed ----
ALTER TABLE o365_internal.lane
    ADD COLUMN claimed_at timestamptz, ADD COLUMN trying bigint, ADD COLUMN tried_at timestamptz,
    ADD COLUMN unclear integer NOT NULL DEFAULT 0, ADD COLUMN throttles integer NOT NULL DEFAULT 0, ADD COLUMN throttled_since timestamptz,
    ADD COLUMN useless_since timestamptz, ADD COLUMN dead_in_a_row integer NOT NULL DEFAULT 0, ADD COLUMN verdict text;
COMMENT ON COLUMN o365_internal.lane.claimed_at IS 'When it was last claimed.';
COMMENT ON COLUMN o365_internal.lane.trying IS
    'Position of the card that failed last. failures, failing_since, tried_at and unclear belong to this card; they begin anew with another one.';
COMMENT ON COLUMN o365_internal.lane.tried_at IS 'When that card was first claimed.';
COMMENT ON COLUMN o365_internal.lane.failures IS 'How many POSTs of that card failed. Throttling is no failure.';
COMMENT ON COLUMN o365_internal.lane.failing_since IS 'When that card first failed; time for which the webhook was throttled is added.';
COMMENT ON COLUMN o365_internal.lane.unclear IS 'How many POSTs of that card had no answer that tells whether it arrived.';
COMMENT ON COLUMN o365_internal.lane.throttles IS 'Throttling answers in a row.';
COMMENT ON COLUMN o365_internal.lane.throttled_since IS 'When the first of them came; null when the last answer was none.';
COMMENT ON COLUMN o365_internal.lane.useless_since IS 'Since when no POST has brought a card to its end; null after one that did.';
COMMENT ON COLUMN o365_internal.lane.dead_in_a_row IS 'Cards that ended as dead since the last one that arrived.';
COMMENT ON COLUMN o365_internal.lane.verdict IS
    'Why a worker suspended the lane while another transaction had locked its subscription: the chores write it there. Null otherwise.';
CREATE INDEX lane_dead ON o365_internal.lane (dead_in_a_row) WHERE dead_in_a_row >= 10;
CREATE INDEX lane_throttled ON o365_internal.lane (throttled_since) WHERE throttled_since IS NOT NULL;
CREATE INDEX lane_unclear ON o365_internal.lane (unclear) WHERE unclear >= 2;
CREATE INDEX lane_verdict ON o365_internal.lane (subscription_id) WHERE verdict IS NOT NULL;

ALTER TABLE o365_internal.delivery ADD COLUMN claimed_at timestamptz;
COMMENT ON COLUMN o365_internal.delivery.claimed_at IS
    'When a worker first claimed it: the time from then to its end is delivery, the time before is its transaction and its place in the queue. Null '
    'for cards that ended under version 12 of the schema and before.';
COMMENT ON COLUMN o365_internal.attempt.problem IS
    'What went wrong, in words, with the first 200 characters of an answer that no rule explains; URLs and what looks like a secret are taken out.';

-- ---- the database that this installation belongs to ----
CREATE TABLE o365_internal.known_database (
    only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT known_database_is_one_row CHECK (only_row),
    cluster  bigint,
    database oid NOT NULL,
    name     name NOT NULL,
    tables   oid[] NOT NULL,
    told_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE o365_internal.known_database IS
    'The database that o365.this_is, or the installation, was last told to be the real one. A copy differs from it and sends nothing until it is told.';
COMMENT ON COLUMN o365_internal.known_database.only_row IS 'There is one row.';
COMMENT ON COLUMN o365_internal.known_database.cluster IS 'System identifier of its cluster; null where pg_control_system() may not be called.';
COMMENT ON COLUMN o365_internal.known_database.database IS 'Its object id in pg_database.';
COMMENT ON COLUMN o365_internal.known_database.name IS 'Its name.';
COMMENT ON COLUMN o365_internal.known_database.tables IS
    'Object ids of two tables that are never made anew: pg_upgrade keeps them, a restored dump does not.';
COMMENT ON COLUMN o365_internal.known_database.told_at IS 'When.';
-- Neither a first installation nor an upgrade asks: this is the one.
DO $$
DECLARE
    v_cluster bigint;
BEGIN
    BEGIN
        v_cluster := (SELECT c.system_identifier FROM pg_catalog.pg_control_system() AS c);
    EXCEPTION WHEN insufficient_privilege THEN
        v_cluster := NULL;
    END;
    INSERT INTO o365_internal.known_database (cluster, database, name, tables)
        SELECT v_cluster, d.oid, d.datname, ARRAY['o365_internal.subscription'::regclass, 'o365_internal.lane'::regclass]::oid[]
          FROM pg_catalog.pg_database AS d WHERE d.datname = current_database();
END $$;

-- Functions whose columns changed: CREATE OR REPLACE cannot replace them.
SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365.worker_report(integer, bigint[], bigint[], bigint[], text[], integer[], integer[], integer[], integer[], text[],
                                           bigint[], bigint[], boolean[]);
DROP FUNCTION IF EXISTS o365_internal.card_failed(bigint, bigint, bigint, text, integer, text);
DROP FUNCTION IF EXISTS o365_internal.end_cards(text[], text[], tid[]);
SET LOCAL client_min_messages = notice;
