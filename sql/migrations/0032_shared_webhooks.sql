-- Connections of one webhook share its limits. Adds columns without a rewrite, and indexes over subscriptions, events
-- and cards that wait; a million of them take some seconds. Nothing connects, is sent or is claimed meanwhile.

ALTER TABLE o365_internal.quota_group
    ALTER COLUMN name DROP NOT NULL,
    ADD COLUMN dialect text,
    ADD COLUMN webhook_index bytea,
    ADD CONSTRAINT quota_group_webhook_is_unique UNIQUE (webhook_index, dialect),
    ADD CONSTRAINT quota_group_is_a_bot_or_a_webhook CHECK (
        name IS NOT NULL AND webhook_index IS NULL AND dialect IS NULL
        OR name IS NULL AND webhook_index IS NOT NULL AND dialect IS NOT NULL);
COMMENT ON TABLE o365_internal.quota_group IS
    'Lanes that share limits of the far end: flows that post as the same bot, or connections of one webhook. Whoever '
    'grants POSTs to one of them has the row locked. That of a webhook goes when nobody shares it any more and no '
    'limit reaches back to what others posted.';
COMMENT ON COLUMN o365_internal.quota_group.name IS
    'Of a bot, as the operator named it (o365.share_quota). Null: of a webhook.';
COMMENT ON COLUMN o365_internal.quota_group.dialect IS 'Of a webhook, its dialect. Null: of a bot.';
COMMENT ON COLUMN o365_internal.quota_group.webhook_index IS
    'Of a webhook, its blind index, also when the connection that posted there is removed. Null: of a bot.';
COMMENT ON COLUMN o365_internal.quota_group.group_id IS 'Key, in lanes; above 0.';

ALTER TABLE o365_internal.quota_slot ADD COLUMN halved smallint;
-- Of a million slots nearly none.
CREATE INDEX quota_slot_halved ON o365_internal.quota_slot (group_id) WHERE halved IS NOT NULL;
COMMENT ON TABLE o365_internal.quota_slot IS
    'What the members of a group have posted or may be posting. Of a lease that was reported, when; of one that is '
    'not, the POSTs that it was granted, at its end. And when the far end throttled a webhook. Rows go when no window '
    'reaches back to them.';
COMMENT ON COLUMN o365_internal.quota_slot.halved IS
    'The far end throttled the webhook: how often its limits were halved then, once less for each hour since. posts '
    'is 0. Null: a row that counts POSTs.';

ALTER TABLE o365_internal.lane
    ADD COLUMN quota_webhook integer,
    ADD COLUMN webhook_after bigint NOT NULL DEFAULT 0;
CREATE INDEX lane_quota_webhook ON o365_internal.lane (quota_webhook) WHERE quota_webhook IS NOT NULL;
COMMENT ON COLUMN o365_internal.lane.quota_webhook IS
    'The quota_group of its webhook, which other connections have, or had lately. 0: one may; the next claim of any '
    'lane finds out, and this one waits for that. Null: none has.';
COMMENT ON COLUMN o365_internal.lane.webhook_after IS
    'POSTs up to this number went to another webhook than it has now.';
COMMENT ON COLUMN o365_internal.lane.quota_group IS
    'The quota_group whose bot it posts as (o365.share_quota); null: its own.';

-- Finds whoever has a webhook: equal values alone, which a hash index holds in half the space.
CREATE INDEX subscription_same_webhook ON o365_internal.subscription USING hash (webhook_index)
    WHERE webhook_index IS NOT NULL;

-- Of a lane with a schedule, what would expire before its run. Cards without not_after are not in it.
CREATE INDEX outbox_expires ON o365_internal.outbox (subscription_id, not_after) WHERE not_after IS NOT NULL;

-- What was set and held, few of all events: o365.audit() asks for those that are older than its time, too.
CREATE INDEX event_of_installation ON o365_internal.event (kind, at) WHERE subscription_id IS NULL;

-- What shares a webhook already.
UPDATE o365_internal.lane AS l SET quota_webhook = 0, quota_clear = NULL
 WHERE l.subscription_id IN (
    SELECT s.subscription_id FROM o365_internal.subscription AS s
      JOIN (SELECT x.webhook_index, x.dialect FROM o365_internal.subscription AS x
             WHERE x.webhook_index IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1) AS m
        ON m.webhook_index = s.webhook_index AND m.dialect = s.dialect);

SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365_internal.move_lane(bigint, text);
DROP FUNCTION IF EXISTS o365_internal.quota_grant_of_group(o365_internal.lane, integer, timestamptz, timestamptz);
RESET client_min_messages;
