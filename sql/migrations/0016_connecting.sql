-- Connecting: which attempt used a ticket, new addresses for places that are connected, names without control characters. Adds columns without a
-- rewrite. The index is built while no callback can be stored, a few seconds for a million subscriptions.

ALTER TABLE o365_internal.ticket ADD COLUMN attempt_id bigint;
COMMENT ON COLUMN o365_internal.ticket.attempt_id IS 'The attempt that made a connection with it.';

ALTER TABLE o365_internal.ticket ADD COLUMN renews bigint;
ALTER TABLE o365_internal.connect_attempt ADD COLUMN renews bigint;
COMMENT ON COLUMN o365_internal.ticket.renews IS 'The subscription that is to get the new webhook; null: a new one.';
COMMENT ON COLUMN o365_internal.connect_attempt.renews IS 'The same, from its ticket.';

ALTER TABLE o365_internal.subscription
    ADD COLUMN replaces bigint,
    ADD COLUMN replacement bytea,
    ADD COLUMN replacement_key_id text,
    ADD CONSTRAINT subscription_replacement_is_pending CHECK (replacement IS NULL OR status = 'pending');
COMMENT ON COLUMN o365_internal.subscription.replaces IS 'While it is pending: the subscription whose webhook it may replace.';
COMMENT ON COLUMN o365_internal.subscription.replacement IS 'Its webhook sealed once more, under the name of that subscription.';
COMMENT ON COLUMN o365_internal.subscription.replacement_key_id IS 'The key that replacement is sealed under.';

-- Finds what looks like the same place. A hash: a name may be longer than an index takes.
CREATE INDEX subscription_place ON o365_internal.subscription
    (hashtextextended(app_user || '/' || app_type_normalised || '/' || coalesce(group_name, ''), connector_id))
    WHERE status NOT IN ('pending', 'removed') AND app_user IS NOT NULL AND app_type_normalised IS NOT NULL;

-- As o365_internal.label does for those that come from now on.
UPDATE o365_internal.subscription AS s
   SET group_name = btrim(regexp_replace(regexp_replace(s.group_name, '[\u0009-\u000d\u0085\u2028\u2029]+', ' ', 'g'), '[\u0001-\u001f\u007f-\u009f]',
                                         U&'\FFFD', 'g'))
 WHERE s.group_name ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]';

-- Functions whose parameters changed: CREATE OR REPLACE would leave the old ones beside the new.
DROP FUNCTION IF EXISTS o365_internal.judge_attempt(text, text, bytea, bytea, bytea);
DROP FUNCTION IF EXISTS o365.responder_callback_error(text, text, bytea, bytea, text);
DROP FUNCTION IF EXISTS o365.responder_failed(text, text, bytea[]);
DROP FUNCTION IF EXISTS o365.begin_connect(text, text, text, jsonb);
DROP FUNCTION IF EXISTS o365.responder_confirm(text, text, bytea, text, boolean);
