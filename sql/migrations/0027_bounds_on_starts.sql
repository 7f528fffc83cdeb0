-- How often the Connect page was opened with a ticket and for a connector, for the bounds starts_per_ticket and
-- starts_per_minute. Adds a column without a rewrite. The index is built while nobody can connect, a second for a million
-- attempts.

ALTER TABLE o365_internal.ticket ADD COLUMN starts integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN o365_internal.ticket.starts IS 'How many attempts at the Connect page began with it.';

-- By an expression that no other index has: whatever the planner believes, start_is_too_many reads the last minute of one
-- connector.
CREATE INDEX connect_attempt_begun ON o365_internal.connect_attempt (connector_id, (started_at AT TIME ZONE 'UTC'))
    WHERE way = 'button' AND cookie_hash IS NOT NULL;
