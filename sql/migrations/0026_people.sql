-- What people can decide about their connections, and what is kept about them: extra fields beside the envelope, events
-- that are not wanted, the sweep of removed connections, and indexes by which export and erasure find a person's rows.
-- Adds columns without a rewrite. The indexes are built while nobody can begin to connect or store a callback, a few
-- seconds for a million rows.

ALTER TABLE o365_internal.subscription
    ADD COLUMN extra jsonb CONSTRAINT subscription_extra_is_object CHECK (jsonb_typeof(extra) = 'object'),
    ADD COLUMN unwanted_events text[] NOT NULL DEFAULT '{}',
    ADD COLUMN awaits_proof boolean NOT NULL DEFAULT false,
    ADD COLUMN sweep_on date;
COMMENT ON COLUMN o365_internal.subscription.extra IS
    'Fields that stand beside the card in each body posted to its workflow, an object of strings; null: none.';
COMMENT ON COLUMN o365_internal.subscription.unwanted_events IS
    'The connector''s events that its user does not want: cards about them end as cancelled. An event that is '
    'registered later is wanted.';
COMMENT ON COLUMN o365_internal.subscription.awaits_proof IS
    'Whether its webhook, of an import or of a connection that was gone, may not be used before its user has typed '
    'the code of a test card: o365.resume does not make it active.';
UPDATE o365_internal.subscription AS s SET awaits_proof = true
 WHERE s.status = 'suspended' AND s.dialect = 'workflow'
   AND s.status_reason IN ('it was imported, and its user has not typed the code of its test card yet',
                           'its webhook was pasted again and is not proven yet');
COMMENT ON COLUMN o365_internal.subscription.sweep_on IS
    'Of a removed one: when the chore sweep_removed looks again, because history still named it; null: as soon as it '
    'has been removed for history_days.';
ALTER TABLE o365_internal.outbox ADD COLUMN extra jsonb;
COMMENT ON COLUMN o365_internal.outbox.extra IS
    'Fields that stand beside the card in the body, an object of strings; they win over those of its subscription.';

-- Also for the foreign key: a swept subscription is looked up here.
CREATE INDEX connect_attempt_subscription ON o365_internal.connect_attempt (subscription_id)
    WHERE subscription_id IS NOT NULL;
CREATE INDEX connect_attempt_app_user ON o365_internal.connect_attempt (app_user, connector_id)
    WHERE app_user IS NOT NULL;
CREATE INDEX ticket_app_user ON o365_internal.ticket (app_user, connector_id);
CREATE INDEX action_event_subscription ON o365_internal.action_event (subscription_id);
-- The only events that name a person: whom a connection was moved from.
CREATE INDEX event_moved ON o365_internal.event (detail) WHERE kind = 'moved';

-- Functions whose parameters or results changed: CREATE OR REPLACE would leave the old ones beside the new, or refuse.
SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365_programs.worker_cards(integer, bigint[], bigint[], integer, integer, integer);
DROP FUNCTION IF EXISTS o365.send(bigint, jsonb, text);
DROP FUNCTION IF EXISTS o365.send(bigint, json, text);
DROP FUNCTION IF EXISTS o365.send(bigint, text, text);
DROP FUNCTION IF EXISTS o365.try_send(bigint, jsonb, text);
DROP FUNCTION IF EXISTS o365.try_send(bigint, json, text);
DROP FUNCTION IF EXISTS o365.try_send(bigint, text, text);
DROP FUNCTION IF EXISTS o365.send_many(bigint[], jsonb[], text[]);
DROP FUNCTION IF EXISTS o365.connections(text);
DROP FUNCTION IF EXISTS o365_programs.responder_manage_act(bytea, text, text, bytea);
SET LOCAL client_min_messages = notice;
