-- Options of a card, schedules, far ends that fail, limits, and what the console reads of them. Adds columns without a
-- rewrite, and new tables.

-- ---- options of a card ----
-- end of the options of a card

-- ---- schedules and digests ----
-- end of schedules and digests

-- ---- far ends ----
ALTER TABLE o365_internal.lane ADD COLUMN turn smallint NOT NULL DEFAULT 0
    CONSTRAINT lane_turn_is_known CHECK (turn BETWEEN 0 AND 4);
COMMENT ON COLUMN o365_internal.lane.turn IS
    'Claims take lanes of each turn of a far end alternately, those of one turn in the order of time. 0: its cards '
    'came alone or with few others. 1 to 4, by connector: they came with many others.';
DROP INDEX o365_internal.lane_due;
-- Whoever reads due lanes names the turn, or the index is read from its beginning.
CREATE INDEX lane_due ON o365_internal.lane (host_id, turn, next_at) WHERE next_at IS NOT NULL;
CREATE TABLE o365_internal.busy_connector (
    connector_id integer PRIMARY KEY,
    until        timestamptz NOT NULL
);
COMMENT ON TABLE o365_internal.busy_connector IS
    'Connectors of which many lanes are due, found by claims that left some behind. What arrives for them meanwhile '
    'does not get turn 0. connector_id 0: when claims look for them again.';
COMMENT ON COLUMN o365_internal.busy_connector.connector_id IS 'Connector, or 0.';
COMMENT ON COLUMN o365_internal.busy_connector.until IS 'Until when that holds. Of 0: when claims look again.';
INSERT INTO o365_internal.busy_connector (connector_id, until) VALUES (0, now());

ALTER TABLE o365_internal.host
    ADD COLUMN only_host text DEFAULT '',
    ADD COLUMN suspects bigint[],
    ADD COLUMN suspected_since timestamptz,
    ADD COLUMN suspected_at timestamptz,
    ADD COLUMN failing_since timestamptz,
    ADD COLUMN failing_until timestamptz,
    ADD COLUMN problem text,
    ADD COLUMN probes integer NOT NULL DEFAULT 0,
    ADD COLUMN probed_at timestamptz,
    ADD COLUMN recovered_at timestamptz,
    ADD COLUMN taken integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT host_failure_is_whole CHECK ((failing_since IS NULL) = (failing_until IS NULL)),
    ADD CONSTRAINT host_trouble_has_suspects
        CHECK (suspects IS NOT NULL OR failing_since IS NULL AND recovered_at IS NULL);
COMMENT ON TABLE o365_internal.host IS
    'Far ends: one row for each entry of the allow-list that a webhook was ever stored on, not for each tenant''s '
    'host. A row stays when its entry is forbidden. Each has a circuit breaker: closed; open, while failing_since is '
    'set; half open, from failing_until on, when a few lanes are claimed as probes; recovering, while recovered_at is '
    'set.';
COMMENT ON COLUMN o365_internal.host.only_host IS
    'The one host that all of its webhooks are on; empty: it has none yet; null: they are on several.';
COMMENT ON COLUMN o365_internal.host.suspects IS
    'Lanes (subscription_id) that failed one after the other, as they do when the whole far end fails, without an '
    'answer between: at most five. Null: none, and it neither fails nor recovers.';
COMMENT ON COLUMN o365_internal.host.suspected_since IS 'When the first of suspects was added.';
COMMENT ON COLUMN o365_internal.host.suspected_at IS 'When the last of suspects was added.';
COMMENT ON COLUMN o365_internal.host.failing_since IS
    'Since when it fails: nothing but probes is claimed. Null: it does not.';
COMMENT ON COLUMN o365_internal.host.failing_until IS 'When it is probed next.';
COMMENT ON COLUMN o365_internal.host.problem IS 'What the last POST to it failed with; null: it does not fail.';
COMMENT ON COLUMN o365_internal.host.probes IS 'How often it was probed since failing_since.';
COMMENT ON COLUMN o365_internal.host.probed_at IS
    'When lanes were last claimed as probes: those may post although it fails. Null: not since failing_since.';
COMMENT ON COLUMN o365_internal.host.recovered_at IS
    'When it answered again: for some seconds claims take few of its lanes, more each second. Null: long ago, or '
    'never.';
COMMENT ON COLUMN o365_internal.host.taken IS 'Lanes that were claimed since recovered_at.';
UPDATE o365_internal.host AS h
   SET only_host = u.only_host
  FROM (SELECT l.host_id, CASE WHEN min(s.webhook_host) = max(s.webhook_host) THEN min(s.webhook_host) END AS only_host
          FROM o365_internal.lane AS l JOIN o365_internal.subscription AS s USING (subscription_id)
         GROUP BY l.host_id) AS u
 WHERE u.host_id = h.host_id;
-- Nearly always empty: reports and claims ask whether there is any.
CREATE INDEX host_in_trouble ON o365_internal.host (host_id) WHERE suspects IS NOT NULL;
COMMENT ON COLUMN o365_internal.event.kind IS
    'What happened. To a subscription: connected, renewed, proved, paused, resumed, removed, suspended, gone, idle, '
    'moved, tested, changed, card_not_delivered. Otherwise: connector_registered, connector_removed, '
    'application_granted, application_revoked, host_allowed, host_forbidden, host_held, host_released, host_failing, '
    'host_recovered, setting_changed.';
SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365.forbid_webhook_host(text, integer);
RESET client_min_messages;
-- end of far ends

-- ---- limits ----
-- end of limits

-- ---- the console ----
-- end of the console

-- ---- speed ----
-- end of speed
