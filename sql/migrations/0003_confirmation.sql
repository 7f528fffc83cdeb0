-- Connections that wait until somebody confirms them: of connectors that want it so, and of those that take a callback
-- without a state of ours. Adds columns without a rewrite; takes short locks only.

ALTER TABLE o365_internal.connector
    ADD COLUMN require_state boolean NOT NULL DEFAULT true,
    ADD COLUMN confirm boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN o365_internal.connector.require_state IS
    'Whether a callback needs a state that was handed out here. Without, anybody may connect, and is always asked to '
    'confirm.';
COMMENT ON COLUMN o365_internal.connector.confirm IS 'Whether a connection waits until its user confirms it on a page of ours.';

CREATE INDEX subscription_pending ON o365_internal.subscription (status_at) WHERE status = 'pending';
CREATE INDEX connect_attempt_stateless ON o365_internal.connect_attempt (subscription_id)
    WHERE state_hash IS NULL AND of_attempt IS NULL AND subscription_id IS NOT NULL;

-- Functions whose parameters changed: CREATE OR REPLACE would leave the old ones beside the new.
DROP FUNCTION IF EXISTS o365.register_connector(text, text, bytea, text, text, text, text[], text, text[], text[], text, uuid, text, boolean);
DROP FUNCTION IF EXISTS o365.responder_start(text, bytea, bytea, bytea, text);
DROP FUNCTION IF EXISTS o365.responder_done(text, text);
DROP FUNCTION IF EXISTS o365.responder_page(text);
DROP FUNCTION IF EXISTS o365_internal.judge_attempt(text, text, bytea, bytea);
