-- What happened, in one table that is only added to, and a feed of it for applications. Pauses that end by themselves,
-- when a lane last took a card, and where a setting's value comes from. Adds columns without a rewrite, and new tables.

CREATE SEQUENCE o365_internal.event_id;
COMMENT ON SEQUENCE o365_internal.event_id IS 'Numbers of events.';
CREATE TABLE o365_internal.event (
    event_id        bigint NOT NULL DEFAULT nextval('o365_internal.event_id'),
    at              timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind            text NOT NULL,
    actor           text NOT NULL
                    CONSTRAINT event_actor_is_known CHECK (actor IN ('application', 'operator', 'user', 'worker')),
    role            text,
    connector_id    integer,
    subscription_id bigint,
    card_id         bigint,
    object          text,
    detail          text,
    reason          text,
    PRIMARY KEY (event_id, at)
) PARTITION BY RANGE (at);
CREATE INDEX event_at ON o365_internal.event (at);
CREATE INDEX event_subscription ON o365_internal.event (subscription_id, at) WHERE subscription_id IS NOT NULL;
CREATE TABLE o365_internal.event_default PARTITION OF o365_internal.event DEFAULT;
ALTER TABLE o365_internal.event_default REPLICA IDENTITY FULL;
COMMENT ON TABLE o365_internal.event IS
    'Who did what to which connector, subscription, card, host or setting, when and why. Append-only, a partition a '
    'day. Written by note_event and note_cards alone.';
COMMENT ON TABLE o365_internal.event_default IS
    'Where rows go when no partition was made for their day; empty otherwise.';
COMMENT ON COLUMN o365_internal.event.event_id IS 'Number, in the order in which they were written.';
COMMENT ON COLUMN o365_internal.event.at IS 'When it was written.';
COMMENT ON COLUMN o365_internal.event.kind IS
    'What happened. To a subscription: connected, renewed, proved, paused, resumed, removed, suspended, gone, idle, '
    'moved, tested, changed, card_not_delivered. Otherwise: connector_registered, connector_removed, '
    'application_granted, application_revoked, host_allowed, host_forbidden, setting_changed.';
COMMENT ON COLUMN o365_internal.event.actor IS 'Who did it: application, operator, user (in a browser) or worker.';
COMMENT ON COLUMN o365_internal.event.role IS 'Database role of an application or operator; null for others.';
COMMENT ON COLUMN o365_internal.event.connector_id IS 'The connector; null when it is about none.';
COMMENT ON COLUMN o365_internal.event.subscription_id IS 'The subscription; null when it is about none.';
COMMENT ON COLUMN o365_internal.event.card_id IS 'The card; null when it is about none.';
COMMENT ON COLUMN o365_internal.event.object IS 'What else it was done to: a setting, a host or a role, by its name.';
COMMENT ON COLUMN o365_internal.event.detail IS
    'What changed: the status that a removed subscription had, the end of a pause, the outcome of a card, the user '
    'that a subscription moved from, the value of a setting or policy, replaced or unchanged of a renewed webhook.';
COMMENT ON COLUMN o365_internal.event.reason IS 'Why, in words; null when nobody said.';

-- A table of its own, not a mark on the event: events are never changed, so that they can be trusted and their days
-- dropped, and what nobody has taken is found and locked without reading what was taken.
CREATE TABLE o365_internal.untaken_event (
    event_id     bigint PRIMARY KEY,
    at           timestamptz NOT NULL,
    connector_id integer NOT NULL
);
CREATE INDEX untaken_event_connector ON o365_internal.untaken_event (connector_id, event_id);
CREATE INDEX untaken_event_at ON o365_internal.untaken_event (at);
COMMENT ON TABLE o365_internal.untaken_event IS
    'Events of subscriptions that no application has taken (o365.take_events), for as long as history_days.';
COMMENT ON COLUMN o365_internal.untaken_event.event_id IS 'The event.';
COMMENT ON COLUMN o365_internal.untaken_event.at IS 'Its time, which finds its partition.';
COMMENT ON COLUMN o365_internal.untaken_event.connector_id IS 'Its connector.';

ALTER TABLE o365_internal.connector ADD COLUMN takes_events boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN o365_internal.connector.takes_events IS
    'Whether its application has ever called o365.take_events: from then on health tells when it stops.';

-- Nobody knows when existing lanes last took a card: as if it were today.
ALTER TABLE o365_internal.lane ADD COLUMN posted_on date DEFAULT current_date;
ALTER TABLE o365_internal.lane ALTER COLUMN posted_on DROP DEFAULT;
COMMENT ON COLUMN o365_internal.lane.posted_on IS 'The day, UTC, on which the far end last took a card; null: never.';
ALTER TABLE o365_internal.subscription
    ADD COLUMN paused_until timestamptz,
    ADD COLUMN idle_check_on date NOT NULL DEFAULT current_date + 75,
    ADD COLUMN idle_since date;
COMMENT ON COLUMN o365_internal.subscription.paused_until IS
    'When a pause ends by itself; null: when somebody resumes it, and when it is not paused.';
COMMENT ON COLUMN o365_internal.subscription.idle_check_on IS
    'When the chore find_idle looks next at whether its workflow was posted to. Without a meaning for the dialect '
    'connector.';
COMMENT ON COLUMN o365_internal.subscription.idle_since IS
    'The day after which nothing was posted to its workflow, once that is 75 days ago; null otherwise.';
CREATE INDEX subscription_paused_until ON o365_internal.subscription (paused_until) WHERE paused_until IS NOT NULL;
CREATE INDEX subscription_idle_check ON o365_internal.subscription (idle_check_on)
    WHERE dialect = 'workflow' AND status IN ('active', 'paused');
CREATE INDEX subscription_idle ON o365_internal.subscription (idle_since) WHERE idle_since IS NOT NULL;

-- For health: how the attempts of a connector by the button ended.
CREATE INDEX connect_attempt_button ON o365_internal.connect_attempt (connector_id, started_at)
    WHERE way = 'button' AND outcome IS NOT NULL;

ALTER TABLE o365_internal.setting
    ADD COLUMN default_value text,
    ADD COLUMN unit text,
    ADD COLUMN range text,
    ADD COLUMN changed_at timestamptz,
    ADD COLUMN changed_by text;
COMMENT ON COLUMN o365_internal.setting.default_value IS 'The value that the product comes with.';
COMMENT ON COLUMN o365_internal.setting.unit IS 'What a number counts; null for other values.';
COMMENT ON COLUMN o365_internal.setting.range IS 'The numbers or words that it takes; null where help says it.';
COMMENT ON COLUMN o365_internal.setting.changed_at IS 'When o365.set last changed it; null: never.';
COMMENT ON COLUMN o365_internal.setting.changed_by IS 'Role that did; null: nobody.';

-- Functions whose parameters or results changed: CREATE OR REPLACE would leave the old ones beside the new, or refuse.
SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365.pause(bigint);
DROP FUNCTION IF EXISTS o365.resume(bigint);
DROP FUNCTION IF EXISTS o365.remove(bigint);
DROP FUNCTION IF EXISTS o365_internal.revive(bigint);
DROP FUNCTION IF EXISTS o365.connections(text);
SET LOCAL client_min_messages = notice;
