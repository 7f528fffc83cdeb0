-- Who paused a connection, for as long as it is paused, and the oldest of the cards that were set aside. Adds a column
-- without a rewrite; the index is built over cards that are scheduled, and holds those that were set aside.

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

CREATE INDEX scheduled_set_aside ON o365_internal.scheduled (enqueued_at) WHERE position IS NOT NULL;

-- Functions whose parameters changed: CREATE OR REPLACE would leave the old ones beside the new.
SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365_internal.explain_arrival(bigint, xid8, timestamptz);
SET LOCAL client_min_messages = notice;
