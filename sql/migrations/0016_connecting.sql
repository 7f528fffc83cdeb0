-- Connecting: which attempt used a ticket, and names without control characters. Adds a column without a rewrite; takes short locks, and locks the
-- few subscriptions whose names change.

ALTER TABLE o365_internal.ticket ADD COLUMN attempt_id bigint;
COMMENT ON COLUMN o365_internal.ticket.attempt_id IS 'The attempt that made a connection with it.';

-- As o365_internal.label does for those that come from now on.
UPDATE o365_internal.subscription AS s
   SET group_name = btrim(regexp_replace(regexp_replace(s.group_name, '[\u0009-\u000d\u0085\u2028\u2029]+', ' ', 'g'), '[\u0001-\u001f\u007f-\u009f]',
                                         U&'\FFFD', 'g'))
 WHERE s.group_name ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]';

-- Functions whose parameters changed: CREATE OR REPLACE would leave the old ones beside the new.
DROP FUNCTION IF EXISTS o365_internal.judge_attempt(text, text, bytea, bytea, bytea);
DROP FUNCTION IF EXISTS o365.responder_callback_error(text, text, bytea, bytea, text);
DROP FUNCTION IF EXISTS o365.responder_failed(text, text, bytea[]);
