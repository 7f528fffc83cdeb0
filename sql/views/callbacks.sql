-- Several callbacks at once, by the same door: COPY of one row, whose columns are arrays of an element a callback.
CREATE OR REPLACE VIEW o365_programs.callbacks AS
    SELECT NULL::text[] AS slug, NULL::text[] AS request_id, NULL::bytea[] AS state_hash, NULL::bytea[] AS cookie_hash,
           NULL::text[] AS webhook_host, NULL::text[] AS webhook_port, NULL::text[] AS webhook_url,
           NULL::text[] AS user_object_id, NULL::text[] AS app_type, NULL::text[] AS group_name,
           NULL::bytea[] AS fresh_cookie_hash, NULL::text[] AS cookie_hashes, NULL::text[] AS sealing_key
     WHERE false;
COMMENT ON VIEW o365_programs.callbacks IS
    'What several callbacks bring, for COPY in binary form: one row, and its columns are those of '
    'o365_programs.callback as arrays, in one order. A column in which all elements are null may be null. Always '
    'empty. Never INSERT into it: values of a statement are logged.';
COMMENT ON COLUMN o365_programs.callbacks.slug IS 'Connectors'' slugs, from the URLs'' paths.';
COMMENT ON COLUMN o365_programs.callbacks.request_id IS 'Request ids, for o365.connect_attempt.';
COMMENT ON COLUMN o365_programs.callbacks.state_hash IS 'SHA-256 of the states.';
COMMENT ON COLUMN o365_programs.callbacks.cookie_hash IS 'SHA-256 of the browser cookies; null where there was none.';
COMMENT ON COLUMN o365_programs.callbacks.webhook_host IS
    'Hosts of the webhooks as the sender''s own URL parser reads them.';
COMMENT ON COLUMN o365_programs.callbacks.webhook_port IS 'Ports, likewise.';
COMMENT ON COLUMN o365_programs.callbacks.webhook_url IS 'The webhooks. Secret.';
COMMENT ON COLUMN o365_programs.callbacks.user_object_id IS 'Directory object ids of the users. Secret.';
COMMENT ON COLUMN o365_programs.callbacks.app_type IS 'As Microsoft sent them.';
COMMENT ON COLUMN o365_programs.callbacks.group_name IS 'As Microsoft sent them; null for an inbox.';
COMMENT ON COLUMN o365_programs.callbacks.fresh_cookie_hash IS 'As in o365_programs.callback.';
COMMENT ON COLUMN o365_programs.callbacks.cookie_hashes IS 'As in o365_programs.callback, each the text of a bytea[].';
COMMENT ON COLUMN o365_programs.callbacks.sealing_key IS 'As in o365_programs.callback. No secret.';
CREATE OR REPLACE TRIGGER receive_callbacks INSTEAD OF INSERT
    ON o365_programs.callbacks FOR EACH ROW EXECUTE FUNCTION o365_internal.receive_callbacks();
COMMENT ON TRIGGER receive_callbacks ON o365_programs.callbacks IS 'Seals and stores what the callbacks bring.';
