-- The operator's console: what health and the views read at a million connections, and what the chores note. Builds
-- indexes: writers of a table wait while its index is built. Takes short locks otherwise.

CREATE TYPE o365_internal.finding AS (
    object text, problem text, next_step text, since timestamptz, "count" bigint, example text);
COMMENT ON TYPE o365_internal.finding IS
    'One row of o365.health() without its severity and code: what the functions o365_internal.health_... return.';

-- o365.health() returns more columns, which CREATE OR REPLACE cannot change.
DROP FUNCTION IF EXISTS o365.health();

-- Connections that do not send. It serves what subscription_pending did as well.
CREATE INDEX subscription_status ON o365_internal.subscription (status, status_at) INCLUDE (connector_id) WHERE status <> 'active';
DROP INDEX o365_internal.subscription_pending;
-- Lanes in trouble: few, unless a far end is down.
CREATE INDEX lane_problem ON o365_internal.lane (failures) WHERE problem IS NOT NULL;
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
-- What failed: few of all ends.
CREATE INDEX delivery_failed ON o365_internal.delivery (at) WHERE outcome NOT IN ('delivered', 'accepted');

-- How many cards ended, by the hour: a day's count of a million ends is otherwise read from a million rows.
CREATE TABLE o365_internal.outcome_hour (
    hour         timestamptz NOT NULL,
    connector_id integer NOT NULL,
    outcome      text NOT NULL,
    http_status  integer NOT NULL,
    rule_id      integer NOT NULL,
    cards        bigint NOT NULL,
    PRIMARY KEY (hour, connector_id, outcome, http_status, rule_id)
);
COMMENT ON TABLE o365_internal.outcome_hour IS 'Ends of cards up to counted.until, counted by a chore. o365.outcomes adds those since.';
COMMENT ON COLUMN o365_internal.outcome_hour.hour IS 'Begin of the hour, UTC.';
COMMENT ON COLUMN o365_internal.outcome_hour.connector_id IS 'The connector.';
COMMENT ON COLUMN o365_internal.outcome_hour.outcome IS 'As in delivery.';
COMMENT ON COLUMN o365_internal.outcome_hour.http_status IS 'As in delivery; 0: none.';
COMMENT ON COLUMN o365_internal.outcome_hour.rule_id IS 'As in delivery; 0: none.';
COMMENT ON COLUMN o365_internal.outcome_hour.cards IS 'How many.';
CREATE TABLE o365_internal.counted (
    only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT counted_is_one_row CHECK (only_row),
    until    timestamptz NOT NULL,
    asked_at timestamptz NOT NULL,
    holders  text[] NOT NULL
);
COMMENT ON TABLE o365_internal.counted IS 'How far outcome_hour goes.';
COMMENT ON COLUMN o365_internal.counted.only_row IS 'There is one row.';
COMMENT ON COLUMN o365_internal.counted.until IS 'Ends before it are counted, later ones are not.';
COMMENT ON COLUMN o365_internal.counted.asked_at IS 'When the chore last looked who was writing history.';
COMMENT ON COLUMN o365_internal.counted.holders IS
    'Transactions that were writing history then: until the last of them has ended, rows of before asked_at may still appear.';
INSERT INTO o365_internal.counted (until, asked_at, holders)
    VALUES (coalesce((SELECT min(d.at) FROM o365_internal.delivery AS d), now()), now(), '{}');

ALTER TABLE o365_internal.worker
    ADD COLUMN stopped_at timestamptz, ADD COLUMN comes_back boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN o365_internal.worker.stopped_at IS 'When it ended in order; null: it runs, or was killed.';
COMMENT ON COLUMN o365_internal.worker.comes_back IS 'Whether it ended as --once does: cron starts the next one.';
-- Held lanes; the others that have cards have a time.
CREATE INDEX lane_held ON o365_internal.lane (hold, subscription_id) WHERE hold IS NOT NULL;
