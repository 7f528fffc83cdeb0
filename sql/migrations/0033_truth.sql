-- Who paused a connection, for as long as it is paused, the oldest of the cards that were set aside, and a reason for
-- whatever somebody changes. Adds a column without a rewrite; the index is built over cards that are scheduled, and
-- holds those that were set aside.

ALTER TABLE o365_internal.subscription ADD COLUMN paused_by text;
COMMENT ON COLUMN o365_internal.subscription.paused_by IS
    'Who paused it last, in words: operator alice, application shop, its user. Of one that is not paused without a '
    'meaning; null where nobody knows.';
UPDATE o365_internal.subscription AS s
   SET paused_by = (SELECT CASE e.actor WHEN 'user' THEN 'its user' WHEN 'worker' THEN 'a worker'
                                ELSE concat_ws(' ', e.actor, e.role) END
                      FROM o365_internal.event AS e
                     WHERE e.subscription_id = s.subscription_id AND e.kind = 'paused' ORDER BY e.at DESC LIMIT 1)
 WHERE s.status = 'paused';

COMMENT ON COLUMN o365_internal.event.kind IS 'What happened: the comment on o365.events.kind lists the kinds.';

CREATE INDEX scheduled_set_aside ON o365_internal.scheduled (enqueued_at) WHERE position IS NOT NULL;

-- Functions whose parameters changed: CREATE OR REPLACE would leave the old ones beside the new.
SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365_internal.explain_arrival(bigint, xid8, timestamptz);
DROP FUNCTION IF EXISTS o365_internal.save_connector(o365_internal.connector);
DROP FUNCTION IF EXISTS o365_internal.resend_card(o365_internal.dead_card);
DROP FUNCTION IF EXISTS o365.set(text, text);
DROP FUNCTION IF EXISTS o365.this_is(text);
DROP FUNCTION IF EXISTS o365.allow_webhook_host(text, text, integer);
DROP FUNCTION IF EXISTS o365.forbid_webhook_host(text, integer, bigint);
DROP FUNCTION IF EXISTS o365.grant_application(name, text);
DROP FUNCTION IF EXISTS o365.revoke_application(name, text);
DROP FUNCTION IF EXISTS o365.register_connector(text, text, bytea, text, text, text, text[], text, text[], text[], text,
    uuid, text, boolean, boolean, boolean, text[], text, text, interval, text, text, text, interval);
DROP FUNCTION IF EXISTS o365.alter_connector(text, text, bytea, text, text, text, text[], text, text[], text[], text,
    text, boolean, boolean, boolean, text[], text, text, interval, text, text, text, interval);
DROP FUNCTION IF EXISTS o365.remove_connector(text, boolean);
DROP FUNCTION IF EXISTS o365.set_in_doubt_policy(bigint, text);
DROP FUNCTION IF EXISTS o365.set_extra(bigint, jsonb);
DROP FUNCTION IF EXISTS o365.move_connections(text, text);
DROP FUNCTION IF EXISTS o365.revoke_manage_links(bigint);
DROP FUNCTION IF EXISTS o365.erase_user(text);
DROP FUNCTION IF EXISTS o365.retry_card(bigint);
DROP FUNCTION IF EXISTS o365.retry_dead(text, timestamptz, text);
SET LOCAL client_min_messages = notice;
