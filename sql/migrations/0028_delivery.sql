-- Options of a card, schedules, far ends that fail, limits, and what the console reads of them. Adds columns without a
-- rewrite, and new tables.

-- ---- connecting ----
ALTER TABLE o365_internal.ticket ADD COLUMN extra jsonb;
COMMENT ON COLUMN o365_internal.ticket.extra IS
    'Fields that stand beside each card of the connection that is made with it, as o365.set_extra sets them; null: none.';
SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365.begin_connect(text, text, text, jsonb, bigint, text);
DROP FUNCTION IF EXISTS o365_internal.connect_link(integer, text, jsonb, text, bigint, text, interval);
SET LOCAL client_min_messages = notice;
-- end of connecting

-- ---- options of a card ----
ALTER TABLE o365_internal.outbox
    ADD COLUMN not_after timestamptz, ADD COLUMN collapse_key text, ADD COLUMN cancel_reason text;
COMMENT ON COLUMN o365_internal.outbox.position IS
    'Its place in the lane. Test cards stand below -2^62, urgent cards from there to below 0, the others above 0: '
    'claims take them in this order.';
COMMENT ON COLUMN o365_internal.outbox.enqueued_at IS
    'When its transaction began; of a card that was scheduled, the time for which it was.';
COMMENT ON COLUMN o365_internal.outbox.not_after IS
    'No POST of it begins after this time: it ends as expired. Null: it has no such time.';
COMMENT ON COLUMN o365_internal.outbox.collapse_key IS
    'A card with a higher card_id and the same key, fed and in the same lane, replaces it. Null: none does.';
COMMENT ON COLUMN o365_internal.outbox.cancel_reason IS
    'Why it was cancelled while a worker had its lane: the next claim ends it. Written under the lane''s lock. Null: '
    'it was not.';
COMMENT ON TABLE o365_internal.outbox IS
    'One row per card that has not reached its end and is not scheduled. Rows are inserted and deleted; only a '
    'restored database has their xid changed, once, and a card that is cancelled while a worker has its lane its '
    'cancel_reason.';
-- A table of its own, not an index on outbox, which every card would pay for.
CREATE TABLE o365_internal.collapse (
    subscription_id bigint NOT NULL,
    key             text NOT NULL,
    card_id         bigint NOT NULL,
    CONSTRAINT collapse_pkey PRIMARY KEY (subscription_id, key, card_id)
);
COMMENT ON TABLE o365_internal.collapse IS
    'Cards that were sent with a collapse key: finds the newer one. A chore deletes those that have ended.';
COMMENT ON COLUMN o365_internal.collapse.subscription_id IS 'Where the card goes.';
COMMENT ON COLUMN o365_internal.collapse.key IS 'Its collapse key.';
COMMENT ON COLUMN o365_internal.collapse.card_id IS 'The card.';

-- Test cards had the negated card_id for a position.
UPDATE o365_internal.outbox AS o SET position = o.position - 4611686018427387904 WHERE o.position < 0;
UPDATE o365_internal.lane AS l
   SET late = ARRAY(SELECT CASE WHEN v < 0 THEN v - 4611686018427387904 ELSE v END FROM unnest(l.late) AS v ORDER BY 1),
       cursor = CASE WHEN l.cursor < 0 THEN l.cursor - 4611686018427387904 ELSE l.cursor END
 WHERE l.late IS NOT NULL AND 0 > ANY (l.late) OR l.cursor < 0;

ALTER TABLE o365_internal.lane ADD COLUMN lease_below bigint;
UPDATE o365_internal.lane AS l SET lease_below = -4611686018427387904 WHERE l.for_tests;
ALTER TABLE o365_internal.lane DROP COLUMN for_tests;
COMMENT ON COLUMN o365_internal.lane.lease_below IS
    'Its lease is for cards at positions below this one: -2^62 (test cards alone) where it was paused when it was '
    'leased, 0 (test cards and urgent ones) where it waited for its schedule. Null: for all.';
COMMENT ON COLUMN o365_internal.lane.late IS
    'Positions at or before the cursor that are not done: test cards, urgent cards, and what was committed after the '
    'cursor had passed it. Claims take them first.';

CREATE TABLE o365_internal.scheduled (
    card_id         bigint CONSTRAINT scheduled_pkey PRIMARY KEY,
    subscription_id bigint NOT NULL,
    due_at          timestamptz NOT NULL,
    position        bigint,
    card            text NOT NULL,
    event           text,
    extra           jsonb,
    not_after       timestamptz,
    collapse_key    text,
    urgent          boolean,
    enqueued_at     timestamptz NOT NULL
);
CREATE INDEX scheduled_due ON o365_internal.scheduled (due_at);
CREATE INDEX scheduled_subscription ON o365_internal.scheduled (subscription_id);
COMMENT ON TABLE o365_internal.scheduled IS
    'Cards that are not in the outbox yet: those sent with not_before, and those that were set aside because they kept '
    'failing. Rounds of arrivals move what is due into the outbox.';
COMMENT ON COLUMN o365_internal.scheduled.card_id IS 'The card.';
COMMENT ON COLUMN o365_internal.scheduled.subscription_id IS 'Where it goes.';
COMMENT ON COLUMN o365_internal.scheduled.due_at IS 'When it is moved into the outbox.';
COMMENT ON COLUMN o365_internal.scheduled.position IS
    'The place that it had and gets again when it was set aside; null: it gets a new one, after what waits then.';
COMMENT ON COLUMN o365_internal.scheduled.card IS 'The card, JSON.';
COMMENT ON COLUMN o365_internal.scheduled.event IS 'As in outbox.';
COMMENT ON COLUMN o365_internal.scheduled.extra IS 'As in outbox.';
COMMENT ON COLUMN o365_internal.scheduled.not_after IS 'As in outbox.';
COMMENT ON COLUMN o365_internal.scheduled.collapse_key IS 'As in outbox.';
COMMENT ON COLUMN o365_internal.scheduled.urgent IS
    'Whether it goes before the others once it is in the outbox: its position will say so there. Null: no.';
COMMENT ON COLUMN o365_internal.scheduled.enqueued_at IS
    'What outbox.enqueued_at becomes: the time for which it was scheduled; when its transaction began if it was set '
    'aside.';

CREATE TABLE o365_internal.set_aside (
    subscription_id bigint NOT NULL,
    position        bigint NOT NULL,
    card_id         bigint NOT NULL,
    at              timestamptz NOT NULL DEFAULT clock_timestamp(),
    tried_at        timestamptz,
    failures        integer NOT NULL,
    failing_since   timestamptz,
    unclear         integer NOT NULL,
    tried_until     timestamptz,
    problem         text,
    CONSTRAINT set_aside_pkey PRIMARY KEY (subscription_id, position)
);
COMMENT ON TABLE o365_internal.set_aside IS
    'What the lane knew of cards that were set aside (connector.when_blocked = pass), until they end: the card is in '
    'scheduled, or in the outbox again for its next try.';
COMMENT ON COLUMN o365_internal.set_aside.subscription_id IS 'The lane.';
COMMENT ON COLUMN o365_internal.set_aside.position IS 'The card''s place in it.';
COMMENT ON COLUMN o365_internal.set_aside.card_id IS 'The card.';
COMMENT ON COLUMN o365_internal.set_aside.at IS 'When it was first set aside.';
COMMENT ON COLUMN o365_internal.set_aside.tried_at IS 'As in lane.';
COMMENT ON COLUMN o365_internal.set_aside.failures IS 'As in lane.';
COMMENT ON COLUMN o365_internal.set_aside.failing_since IS 'As in lane.';
COMMENT ON COLUMN o365_internal.set_aside.unclear IS 'As in lane.';
COMMENT ON COLUMN o365_internal.set_aside.tried_until IS 'As in lane.';
COMMENT ON COLUMN o365_internal.set_aside.problem IS 'What went wrong with its last POST.';

CREATE TABLE o365_internal.dedupe (
    subscription_id bigint NOT NULL,
    key             text NOT NULL,
    card_id         bigint NOT NULL,
    until           timestamptz NOT NULL,
    CONSTRAINT dedupe_pkey PRIMARY KEY (subscription_id, key)
);
CREATE INDEX dedupe_until ON o365_internal.dedupe (until);
COMMENT ON TABLE o365_internal.dedupe IS 'Keys that cards were sent with, for as long as another such card is none.';
COMMENT ON COLUMN o365_internal.dedupe.subscription_id IS 'Where the card goes.';
COMMENT ON COLUMN o365_internal.dedupe.key IS 'The key, as the application gave it.';
COMMENT ON COLUMN o365_internal.dedupe.card_id IS 'The card that was sent first.';
COMMENT ON COLUMN o365_internal.dedupe.until IS 'Until when the key counts: dedupe_hours after it was sent.';

CREATE TABLE o365_internal.dead_card (
    card_id         bigint CONSTRAINT dead_card_pkey PRIMARY KEY,
    subscription_id bigint NOT NULL,
    at              timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcome         text NOT NULL,
    card            text NOT NULL,
    event           text,
    extra           jsonb
);
CREATE INDEX dead_card_at ON o365_internal.dead_card (at);
CREATE INDEX dead_card_subscription ON o365_internal.dead_card (subscription_id);
COMMENT ON TABLE o365_internal.dead_card IS
    'The content of cards that ended as dead, in_doubt or expired, for dead_card_days: what o365.retry_card sends '
    'again.';
COMMENT ON COLUMN o365_internal.dead_card.card_id IS 'The card.';
COMMENT ON COLUMN o365_internal.dead_card.subscription_id IS 'Where it was to go.';
COMMENT ON COLUMN o365_internal.dead_card.at IS 'When it ended.';
COMMENT ON COLUMN o365_internal.dead_card.outcome IS 'How: dead, in_doubt or expired.';
COMMENT ON COLUMN o365_internal.dead_card.card IS 'The card, JSON.';
COMMENT ON COLUMN o365_internal.dead_card.event IS 'As in outbox.';
COMMENT ON COLUMN o365_internal.dead_card.extra IS 'As in outbox.';

ALTER TABLE o365_internal.connector
    ADD COLUMN max_age interval,
    ADD COLUMN when_blocked text NOT NULL DEFAULT 'wait'
        CONSTRAINT connector_when_blocked_is_known CHECK (when_blocked IN ('wait', 'pass'));
COMMENT ON COLUMN o365_internal.connector.max_age IS
    'How long after they were sent its cards may leave, where not_after does not say: then they end as expired. Null: '
    'for ever.';
COMMENT ON COLUMN o365_internal.connector.when_blocked IS
    'What happens behind a card that keeps failing. wait: the cards behind it wait. pass: it is set aside, tried later '
    'outside the order, and the others go on.';

SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365.send(bigint, jsonb, text, jsonb);
DROP FUNCTION IF EXISTS o365.send(bigint, json, text, json);
DROP FUNCTION IF EXISTS o365.send(bigint, text, text, text);
DROP FUNCTION IF EXISTS o365.try_send(bigint, jsonb, text, jsonb);
DROP FUNCTION IF EXISTS o365.try_send(bigint, json, text, json);
DROP FUNCTION IF EXISTS o365.try_send(bigint, text, text, text);
DROP FUNCTION IF EXISTS o365.send_many(bigint[], jsonb[], text[], jsonb[]);
DROP FUNCTION IF EXISTS o365.send_to_user(text, text, jsonb, text);
DROP FUNCTION IF EXISTS o365_programs.worker_cards(integer, bigint[], bigint[], integer, integer, integer);
DROP FUNCTION IF EXISTS o365_internal.note_event(text, text, integer, bigint, text, text, text);
DROP FUNCTION IF EXISTS o365_internal.has_tests(bigint[]);
DROP FUNCTION IF EXISTS o365.register_connector(text, text, bytea, text, text, text, text[], text, text[], text[], text,
                                                uuid, text, boolean, boolean, boolean, text[], text, text);
DROP FUNCTION IF EXISTS o365.alter_connector(text, text, bytea, text, text, text, text[], text, text[], text[], text,
                                             text, boolean, boolean, boolean, text[], text, text);
SET LOCAL client_min_messages = notice;
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
CREATE TABLE o365_internal.quota_window (
    dialect text NOT NULL CONSTRAINT quota_window_dialect_is_known CHECK (dialect IN ('connector', 'workflow')),
    n       smallint NOT NULL,
    per     text NOT NULL CONSTRAINT quota_window_per_is_known CHECK (per IN ('webhook', 'bot')),
    seconds integer NOT NULL CONSTRAINT quota_window_has_length CHECK (seconds BETWEEN 1 AND 86400),
    margin  integer NOT NULL DEFAULT 0,
    posts   integer CONSTRAINT quota_window_lets_something_pass CHECK (posts > 0),
    source  text,
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (dialect, n),
    CONSTRAINT quota_window_is_unique UNIQUE (dialect, per, seconds)
);
COMMENT ON TABLE o365_internal.quota_window IS
    'Limits of the far end: so many POSTs in so many seconds. Rows stay, because lanes refer to n.';
COMMENT ON COLUMN o365_internal.quota_window.dialect IS 'Whose webhooks: connector or workflow.';
COMMENT ON COLUMN o365_internal.quota_window.n IS 'From 1 without a gap in each dialect: the place in lane.quota_past.';
COMMENT ON COLUMN o365_internal.quota_window.per IS
    'What is counted: POSTs to one webhook; or what one Flow bot posts, whose flows may be several (quota_group).';
COMMENT ON COLUMN o365_internal.quota_window.seconds IS 'Length.';
COMMENT ON COLUMN o365_internal.quota_window.margin IS
    'Seconds that are added to the length, because a flow posts some time after it has answered.';
COMMENT ON COLUMN o365_internal.quota_window.posts IS 'How many POSTs are allowed in it; null: any number.';
COMMENT ON COLUMN o365_internal.quota_window.source IS 'Where the limit comes from; null: an operator set it.';
COMMENT ON COLUMN o365_internal.quota_window.version IS
    'Raised by each change: the greatest of a dialect is that of its limits.';
INSERT INTO o365_internal.quota_window (dialect, n, per, seconds, margin, posts, source) VALUES
    ('connector', 1, 'webhook', 1, 0, 4, 'Microsoft: rate limiting for connectors'),
    ('connector', 2, 'webhook', 30, 0, 60, 'Microsoft: rate limiting for connectors'),
    ('connector', 3, 'webhook', 3600, 0, 100, 'Microsoft: rate limiting for connectors'),
    ('connector', 4, 'webhook', 7200, 0, 150, 'Microsoft: rate limiting for connectors'),
    ('connector', 5, 'webhook', 86400, 0, 1800, 'Microsoft: rate limiting for connectors'),
    ('workflow', 1, 'bot', 300, 10, 25, 'seen: the Flow bot loses what comes above it, although the flow has answered 202'),
    ('workflow', 2, 'webhook', 300, 0, 4500, 'Microsoft: limits of Power Automate, invocations of a trigger');

CREATE TYPE o365_internal.quota_limits AS (seconds integer[], posts integer[], version integer);
COMMENT ON TYPE o365_internal.quota_limits IS
    'The windows of a dialect by quota_window.n: lengths with margins, and limits, posts null where there are none; and '
    'the version of all that.';
REVOKE ALL ON TYPE o365_internal.quota_limits FROM PUBLIC;
CREATE TYPE o365_internal.quota_granted AS (
    granted integer, past bigint[], clear bigint, lost timestamptz[], free_at timestamptz, late_window smallint);
COMMENT ON TYPE o365_internal.quota_granted IS 'What quota_grant found for a lane.';
REVOKE ALL ON TYPE o365_internal.quota_granted FROM PUBLIC;

CREATE TABLE o365_internal.quota_group (
    group_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name     text NOT NULL CONSTRAINT quota_group_name_is_unique UNIQUE
);
COMMENT ON TABLE o365_internal.quota_group IS
    'Flows that post as the same bot, and share what it may post. Whoever grants POSTs to one of them has the row locked.';
COMMENT ON COLUMN o365_internal.quota_group.group_id IS 'Key, in lanes.';
COMMENT ON COLUMN o365_internal.quota_group.name IS 'As the operator named it (o365.share_quota).';
CREATE TABLE o365_internal.quota_slot (
    slot_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_id        integer NOT NULL,
    subscription_id bigint NOT NULL,
    lease_no        bigint,
    after_post      bigint,
    posts           integer NOT NULL,
    at              timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX quota_slot_group ON o365_internal.quota_slot (group_id, at);
CREATE INDEX quota_slot_open ON o365_internal.quota_slot (subscription_id, lease_no) WHERE lease_no IS NOT NULL;
COMMENT ON TABLE o365_internal.quota_slot IS
    'What the members of a group have posted or may be posting. Of a lease that was reported, when; of one that is not, '
    'the POSTs that it was granted, at its end. Rows go when no window reaches back to them.';
COMMENT ON COLUMN o365_internal.quota_slot.slot_id IS 'Key.';
COMMENT ON COLUMN o365_internal.quota_slot.group_id IS 'The group.';
COMMENT ON COLUMN o365_internal.quota_slot.subscription_id IS 'Its member.';
COMMENT ON COLUMN o365_internal.quota_slot.lease_no IS 'The lease that was not given back yet; null for POSTs that were reported.';
COMMENT ON COLUMN o365_internal.quota_slot.after_post IS 'Of such a lease: lane.posts, as far as its reports are counted.';
COMMENT ON COLUMN o365_internal.quota_slot.posts IS 'How many POSTs.';
COMMENT ON COLUMN o365_internal.quota_slot.at IS 'When they had reached the far end at the latest.';

ALTER TABLE o365_internal.lane
    ADD COLUMN granted integer,
    ADD COLUMN last_post_at timestamptz,
    ADD COLUMN quota_past bigint[],
    ADD COLUMN quota_clear bigint,
    ADD COLUMN quota_version integer,
    ADD COLUMN lost timestamptz[],
    ADD COLUMN quota_off boolean NOT NULL DEFAULT false,
    ADD COLUMN quota_group integer,
    ADD COLUMN quota_halved smallint NOT NULL DEFAULT 0,
    ADD COLUMN quota_halved_at timestamptz,
    ADD COLUMN quota_window smallint;
-- Lanes of before: nobody knows, and their history is asked once.
ALTER TABLE o365_internal.lane ALTER COLUMN last_post_at SET DEFAULT '-infinity';
COMMENT ON COLUMN o365_internal.lane.granted IS
    'How many POSTs its lease may still make; null: any number. Left by a lease that ended, what may have been posted.';
COMMENT ON COLUMN o365_internal.lane.last_post_at IS
    'When a POST was last reported; -infinity: never; null: not since version 28 of the schema.';
COMMENT ON COLUMN o365_internal.lane.quota_past IS
    'For each window of its dialect, by quota_window.n: POSTs up to this number are older than the window, as far as '
    'somebody has looked. So POSTs up to this number and the limit are free. Null: nobody has looked.';
COMMENT ON COLUMN o365_internal.lane.quota_clear IS
    'POSTs up to this number are free by all windows, under the limits of quota_version. Null: nobody knows.';
COMMENT ON COLUMN o365_internal.lane.quota_version IS 'The limits that quota_clear was made with (quota_limits.version).';
COMMENT ON COLUMN o365_internal.lane.lost IS
    'Ends of leases that ended without a report, once for each POST that they may have made. They count as POSTs of then.';
COMMENT ON COLUMN o365_internal.lane.quota_off IS 'Whether no limit applies (o365.set_quota_policy).';
COMMENT ON COLUMN o365_internal.lane.quota_group IS 'The quota_group whose bot it posts as; null: its own.';
COMMENT ON COLUMN o365_internal.lane.quota_halved IS
    'How often its limits were halved, because the far end throttled although they were kept; once less for each hour.';
COMMENT ON COLUMN o365_internal.lane.quota_halved_at IS 'When they were last halved.';
COMMENT ON COLUMN o365_internal.lane.quota_window IS 'Of a lane that waits for its quota: the window that ends last, quota_window.n.';
CREATE INDEX lane_quota_group ON o365_internal.lane (quota_group) WHERE quota_group IS NOT NULL;
-- end of limits

-- ---- the console ----
ALTER TABLE o365_internal.delivery ADD COLUMN unordered boolean;
COMMENT ON COLUMN o365_internal.delivery.unordered IS
    'True: a POST ended it that went before the cards of its lane, whatever its number: a test card, an urgent one. Null: '
    'it had its place, or no POST ended it.';
CREATE TYPE o365_internal.proof_of AS (checked bigint, found bigint, examples text[]);
REVOKE ALL ON TYPE o365_internal.proof_of FROM PUBLIC;
COMMENT ON TYPE o365_internal.proof_of IS 'What a rule of o365.audit() found. All null: it could not be checked.';
COMMENT ON COLUMN o365_internal.proof_of.checked IS 'How many rows it looked at.';
COMMENT ON COLUMN o365_internal.proof_of.found IS 'How many faults.';
COMMENT ON COLUMN o365_internal.proof_of.examples IS 'Up to five of them, in words.';
-- end of the console

-- ---- speed ----
-- A card of 2 KB is compressed as it is sent: lz4 takes a third of pglz's time. Rows that are there stay as they are.
DO $$
BEGIN
    ALTER TABLE o365_internal.outbox ALTER COLUMN card SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;   -- a server that was built without it
END $$;
-- Giving the empty end of the table back takes ACCESS EXCLUSIVE, for which senders would wait.
ALTER TABLE o365_internal.outbox SET (vacuum_truncate = off, toast.vacuum_truncate = off);
-- end of speed
