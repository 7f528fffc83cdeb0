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
