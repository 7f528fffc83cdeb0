-- A restored database is handed to the lanes anew in steps that are committed; time that nobody tried is not counted as failure;
-- workers say which keys they have. Locks: ACCESS EXCLUSIVE on lane and worker for a moment (columns without a rewrite).

CREATE TABLE o365_internal.feeding_again (
    n        bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT feeding_again_pkey PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    lane     bigint,
    position bigint,
    always   boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE o365_internal.feeding_again IS
    'While a restored database is handed to the lanes anew: how far that is. The last row counts; empty otherwise. Rows are only ever added by those who '
    'wish it, so that nobody waits for them.';
COMMENT ON COLUMN o365_internal.feeding_again.n IS 'Number.';
COMMENT ON COLUMN o365_internal.feeding_again.at IS 'When it began, or was wished. Lanes that have been handed over are due since then or later.';
COMMENT ON COLUMN o365_internal.feeding_again.lane IS
    'Lanes before this subscription_id have been handed over; nobody claims the others. Null: it was wished and has not begun.';
COMMENT ON COLUMN o365_internal.feeding_again.position IS 'Of that lane the cards up to this position have been looked at.';
COMMENT ON COLUMN o365_internal.feeding_again.always IS
    'Of a wish: whether it holds in any case. False: if the transaction ids still are those of another history when somebody comes to it.';
COMMENT ON COLUMN o365_internal.postponed.first IS
    'Position of the first such card. The smallest bigint: the whole lane is handed over anew (feeding_again), as soon as nobody has it or a card of it locked.';
CREATE INDEX postponed_first ON o365_internal.postponed (first);
COMMENT ON COLUMN o365_internal.outbox.xid IS
    'The transaction that sent it: arrivals are found by it. 3, which every snapshot shows: it came with a restored database and was handed over.';
COMMENT ON TABLE o365_internal.outbox IS
    'One row per card that has not reached its end. Rows are inserted and deleted; only a restored database has their xid changed, once.';
SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365_internal.feed_again();
SET LOCAL client_min_messages = notice;

ALTER TABLE o365_internal.lane ADD COLUMN tried_until timestamptz;
COMMENT ON COLUMN o365_internal.lane.tried_until IS
    'When the card that failed last was to be tried again, or had ended: time from then to the next claim is added to failing_since, useless_since and gone_since.';

ALTER TABLE o365_internal.worker ADD COLUMN key_ids text[], ADD COLUMN leaves text[];
COMMENT ON COLUMN o365_internal.worker.key_ids IS 'Keys in its key file; null when it has not said.';
COMMENT ON COLUMN o365_internal.worker.leaves IS
    'Keys that it lacks and that another living worker has, as of its last heartbeat: it claims no lane whose webhook is sealed under one of them.';
