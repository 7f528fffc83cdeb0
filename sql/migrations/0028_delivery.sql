-- Options of a card, schedules, far ends that fail, limits, and what the console reads of them. Adds columns without a
-- rewrite, and new tables.

-- ---- options of a card ----
-- end of the options of a card

-- ---- schedules and digests ----
ALTER TABLE o365_internal.connector
    ADD COLUMN schedule text NOT NULL DEFAULT 'immediate',
    ADD COLUMN time_zone text,
    ADD COLUMN digest_when_late interval;
COMMENT ON COLUMN o365_internal.connector.schedule IS
    'When its connections get their cards, unless their users choose: immediate, hourly, "daily at 08:00", "weekly on '
    'monday at 08:00".';
COMMENT ON COLUMN o365_internal.connector.time_zone IS
    'Time zone of the schedules of its connections, by its IANA name; null: the setting time_zone.';
COMMENT ON COLUMN o365_internal.connector.digest_when_late IS
    'Cards that wait for their connection''s limit become digests where all of them would need longer than this to '
    'leave; null: never.';
ALTER TABLE o365_internal.subscription
    ADD COLUMN schedule text NOT NULL DEFAULT 'immediate',
    ADD COLUMN time_zone text;
COMMENT ON COLUMN o365_internal.subscription.schedule IS
    'When its cards leave: immediate, or folded into digests: hourly, "daily at 08:00", "weekly on monday at 08:00".';
COMMENT ON COLUMN o365_internal.subscription.time_zone IS
    'Time zone of its schedule, by its IANA name; null: its connector''s.';
ALTER TABLE o365_internal.connect_attempt ADD COLUMN schedule text;
COMMENT ON COLUMN o365_internal.connect_attempt.schedule IS
    'The schedule that its user chose for a new connection; null: the connector''s.';
ALTER TABLE o365_internal.lane ADD COLUMN run bigint[];
COMMENT ON COLUMN o365_internal.lane.run IS
    'Of a lane with a schedule the positions of the cards that may leave: what its last run made, until they have left. '
    'All others wait for the next run. Null: it has no schedule, and all may.';
COMMENT ON COLUMN o365_internal.lane.why IS
    'What not_before waits for. retry: the next try of a card, or the end of a throttle. host: the far end as a whole. '
    'pause: its subscription is paused, suspended or pending; not_before is infinity then, and nothing is claimed but '
    'test cards. quota: a limit of the far end. schedule: the next run of its schedule, when its cards are folded; '
    'next_at is infinity then. Null: nothing.';
COMMENT ON COLUMN o365_internal.lane.next_at IS
    'When it is due, which claims read: never before not_before, test cards aside. While leased, the end of the lease; '
    'infinity: it waits for its schedule; null: nothing to do, or not_before is infinity.';
COMMENT ON COLUMN o365_internal.event.kind IS
    'What happened. To a subscription: connected, renewed, proved, paused, resumed, rescheduled, removed, suspended, '
    'gone, idle, moved, tested, changed, card_not_delivered. Otherwise: connector_registered, connector_removed, '
    'application_granted, application_revoked, host_allowed, host_forbidden, host_held, host_released, setting_changed.';
-- Few rows: lanes with a schedule, and those that wait for it or for a limit.
CREATE INDEX lane_scheduled ON o365_internal.lane (subscription_id) WHERE run IS NOT NULL;
CREATE INDEX lane_waits ON o365_internal.lane (why, not_before) WHERE why IN ('schedule', 'quota');
SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365.connections(text);
DROP FUNCTION IF EXISTS o365.register_connector(text, text, bytea, text, text, text, text[], text, text[], text[], text,
    uuid, text, boolean, boolean, boolean, text[], text, text);
DROP FUNCTION IF EXISTS o365.alter_connector(text, text, bytea, text, text, text, text[], text, text[], text[], text,
    text, boolean, boolean, boolean, text[], text, text);
DROP FUNCTION IF EXISTS o365_internal.make_lane(bigint, integer, text, boolean);
DROP FUNCTION IF EXISTS o365_internal.judge_attempt(text, text, bytea, bytea, bytea, bytea, text);
DROP FUNCTION IF EXISTS o365_programs.responder_start(text, bytea, bytea, bytea, text, text, bytea[]);
SET LOCAL client_min_messages = notice;
-- end of schedules and digests

-- ---- far ends ----
-- end of far ends

-- ---- limits ----
-- end of limits

-- ---- the console ----
-- end of the console

-- ---- speed ----
-- end of speed
