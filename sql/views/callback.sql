-- Takes the webhooks of callbacks: COPY o365_programs.callback (...) FROM STDIN (FORMAT binary). PostgreSQL logs
-- statements and their parameters, but not the data of a binary COPY.
CREATE OR REPLACE VIEW o365_programs.callback AS
    SELECT NULL::text AS slug, NULL::text AS request_id, NULL::bytea AS state_hash, NULL::bytea AS cookie_hash,
           NULL::text AS webhook_host,
           NULL::text AS webhook_port, NULL::text AS webhook_url, NULL::text AS user_object_id, NULL::text AS app_type,
           NULL::text AS group_name,
           NULL::bytea AS fresh_cookie_hash, NULL::text AS cookie_hashes, NULL::text AS sealing_key
     WHERE false;
COMMENT ON VIEW o365_programs.callback IS
    'What a callback brings, for COPY in binary form: its trigger seals and stores. Always empty. Never INSERT into '
    'it: values of a statement are logged.';
COMMENT ON COLUMN o365_programs.callback.slug IS 'Connector''s slug, from the URL''s path.';
COMMENT ON COLUMN o365_programs.callback.request_id IS 'Request id, for o365.connect_attempt.';
COMMENT ON COLUMN o365_programs.callback.state_hash IS 'SHA-256 of the state.';
COMMENT ON COLUMN o365_programs.callback.cookie_hash IS 'SHA-256 of the browser cookie; null when there was none.';
COMMENT ON COLUMN o365_programs.callback.webhook_host IS
    'Host of the webhook as the sender''s own URL parser reads it.';
COMMENT ON COLUMN o365_programs.callback.webhook_port IS 'Port, likewise.';
COMMENT ON COLUMN o365_programs.callback.webhook_url IS 'The webhook. Secret.';
COMMENT ON COLUMN o365_programs.callback.user_object_id IS 'Directory object id of the user. Secret.';
COMMENT ON COLUMN o365_programs.callback.app_type IS 'As Microsoft sent it.';
COMMENT ON COLUMN o365_programs.callback.group_name IS 'As Microsoft sent it; null for an inbox.';
COMMENT ON COLUMN o365_programs.callback.fresh_cookie_hash IS
    'SHA-256 of the cookie that the browser gets when there was no state of ours and it has to confirm; null: such a '
    'callback cannot be confirmed.';
COMMENT ON COLUMN o365_programs.callback.cookie_hashes IS
    'SHA-256 of all our cookies that the browser sent, as the text of a bytea[]; null for none.';
COMMENT ON COLUMN o365_programs.callback.sealing_key IS
    'Id of the only key to seal under, as the responder''s configuration names it; null for whichever is the newest. '
    'No secret.';
CREATE OR REPLACE TRIGGER receive_callback INSTEAD OF INSERT
    ON o365_programs.callback FOR EACH ROW EXECUTE FUNCTION o365_internal.receive_callback();
COMMENT ON TRIGGER receive_callback ON o365_programs.callback IS 'Seals and stores what a callback brings.';
