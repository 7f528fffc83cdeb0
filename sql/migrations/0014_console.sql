-- The operator's console: what health and the views read at a million connections, and what the chores note. Builds
-- indexes: writers of a table wait while its index is built. Takes short locks otherwise.

CREATE TYPE o365_internal.finding AS (
    object text, problem text, next_step text, since timestamptz, "count" bigint, example text);
COMMENT ON TYPE o365_internal.finding IS
    'One row of o365.health() without its severity and code: what the functions o365_internal.health_... return.';

-- o365.health() returns more columns, which CREATE OR REPLACE cannot change.
DROP FUNCTION IF EXISTS o365.health();

-- Connections that do not send. It serves what subscription_pending did as well.
CREATE INDEX subscription_status ON o365_internal.subscription (status, status_at) WHERE status <> 'active';
DROP INDEX o365_internal.subscription_pending;
-- Lanes in trouble: few, unless a far end is down.
CREATE INDEX lane_problem ON o365_internal.lane (subscription_id) WHERE problem IS NOT NULL;
-- Whether a key is used at all: small, and nothing to keep up to date for a row of a key that its block has already.
CREATE INDEX subscription_key ON o365_internal.subscription USING brin (key_id text_bloom_ops);

CREATE TABLE o365_internal.turn_to_tidy (only_row boolean);
COMMENT ON TABLE o365_internal.turn_to_tidy IS
    'Empty. Whoever has it locked does the chores: its lock is nobody else''s to take, as an advisory lock would be.';
COMMENT ON COLUMN o365_internal.turn_to_tidy.only_row IS 'Nothing.';

CREATE TABLE o365_internal.chore (
    name    text PRIMARY KEY,
    done_at timestamptz,
    problem text
);
COMMENT ON TABLE o365_internal.chore IS 'One row per chore of o365.worker_chores: how it went the last time.';
COMMENT ON COLUMN o365_internal.chore.name IS 'The function o365_internal.chore_... that does it.';
COMMENT ON COLUMN o365_internal.chore.done_at IS 'When it was last done; null: never.';
COMMENT ON COLUMN o365_internal.chore.problem IS 'Why it could not be done the last time; null: it was done.';

-- The newest POSTs, and the oldest rows of a partition that cannot be dropped.
CREATE INDEX attempt_at ON o365_internal.attempt (at);
