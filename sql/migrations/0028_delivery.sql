-- Options of a card, schedules, far ends that fail, limits, and what the console reads of them. Adds columns without a
-- rewrite, and new tables.

-- ---- options of a card ----
-- end of the options of a card

-- ---- schedules and digests ----
-- end of schedules and digests

-- ---- far ends ----
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
-- end of the console

-- ---- speed ----
-- end of speed
