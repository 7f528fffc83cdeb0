-- Why a lane waits, where operators can see it; and functions whose parameters or results changed, which CREATE OR REPLACE
-- would leave beside the new ones. Adds a column without a rewrite.

ALTER TABLE o365_internal.lane ADD COLUMN problem text;
COMMENT ON COLUMN o365_internal.lane.problem IS
    'What stood against its first card the last time, in words, never the answer''s body; null after a card reached its end.';

SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365.worker_add_key(text, text, bytea);
DROP FUNCTION IF EXISTS o365.send_to_user(text, text, jsonb, text);
SET LOCAL client_min_messages = notice;
