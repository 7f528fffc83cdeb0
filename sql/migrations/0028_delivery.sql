-- Options of a card, schedules, far ends that fail, limits, and what the console reads of them. Adds columns without a
-- rewrite, and new tables.

-- ---- options of a card ----
ALTER TABLE o365_internal.outbox
    ADD COLUMN not_after timestamptz, ADD COLUMN collapse_key text, ADD COLUMN urgent boolean,
    ADD COLUMN cancel_reason text;
COMMENT ON COLUMN o365_internal.outbox.position IS
    'Its place in the lane. Test cards stand below -2^62, urgent cards from there to below 0, the others above 0: '
    'claims take them in this order.';
COMMENT ON COLUMN o365_internal.outbox.enqueued_at IS
    'When its transaction began; of a card that was scheduled, the time for which it was.';
COMMENT ON COLUMN o365_internal.outbox.not_after IS
    'No POST of it begins after this time: it ends as expired. Null: it has no such time.';
COMMENT ON COLUMN o365_internal.outbox.collapse_key IS
    'A card with a higher card_id and the same key, fed and in the same lane, replaces it. Null: none does.';
COMMENT ON COLUMN o365_internal.outbox.urgent IS 'Whether it goes before the others, by its position. Null: no.';
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
COMMENT ON COLUMN o365_internal.scheduled.urgent IS 'As in outbox.';
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
-- end of schedules and digests

-- ---- far ends ----
-- end of far ends

-- ---- limits ----
-- end of limits

-- ---- the console ----
-- end of the console

-- ---- speed ----
-- end of speed
