-- Takes a pasted webhook, in the same way as callbacks: COPY o365_programs.paste (...) FROM STDIN (FORMAT binary).
CREATE OR REPLACE VIEW o365_programs.paste AS
    SELECT NULL::text AS slug, NULL::text AS request_id, NULL::bytea AS ticket_hash, NULL::text AS again,
           NULL::text AS cookie_hashes, NULL::bytea AS cookie_hash, NULL::text AS webhook_host,
           NULL::text AS webhook_port,
           NULL::text AS webhook_url, NULL::text AS place, NULL::text AS renews, NULL::text AS card,
           NULL::text AS sealing_key, NULL::text AS schedule
     WHERE false;
COMMENT ON VIEW o365_programs.paste IS
    'A pasted webhook, for COPY in binary form: its trigger seals and stores. Always empty. Never INSERT into it: '
    'values of a statement are logged.';
COMMENT ON COLUMN o365_programs.paste.slug IS 'Connector''s slug, from the URL''s path.';
COMMENT ON COLUMN o365_programs.paste.request_id IS 'Request id, for o365.connect_attempt.';
COMMENT ON COLUMN o365_programs.paste.ticket_hash IS 'SHA-256 of the ticket; null for none.';
COMMENT ON COLUMN o365_programs.paste.again IS
    'Instead of a ticket the request id of an earlier attempt, whose ticket serves once more if one of cookie_hashes '
    'shows that this browser began it.';
COMMENT ON COLUMN o365_programs.paste.cookie_hashes IS
    'SHA-256 of all our cookies that the browser sent, as the text of a bytea[]; null for none.';
COMMENT ON COLUMN o365_programs.paste.cookie_hash IS 'SHA-256 of the cookie that the browser gets for this attempt.';
COMMENT ON COLUMN o365_programs.paste.webhook_host IS 'Host of the webhook as the sender''s own URL parser reads it.';
COMMENT ON COLUMN o365_programs.paste.webhook_port IS 'Port, likewise.';
COMMENT ON COLUMN o365_programs.paste.webhook_url IS
    'The webhook. Secret. Null: the one that was imported for the connection that the ticket renews, which is to be '
    'proven.';
COMMENT ON COLUMN o365_programs.paste.place IS 'What the user calls the channel; null for nothing.';
COMMENT ON COLUMN o365_programs.paste.renews IS
    'Number of the subscription that is to get the webhook; null for a new one.';
COMMENT ON COLUMN o365_programs.paste.card IS
    'The card that shows the code, as o365_internal.queue_test_card takes it.';
COMMENT ON COLUMN o365_programs.paste.sealing_key IS
    'Id of the only key to seal under, as the responder''s configuration names it; null for whichever is the newest. '
    'No secret.';
COMMENT ON COLUMN o365_programs.paste.schedule IS
    'The schedule that the user chose for a new connection, as schedule_of takes it; null for the connector''s.';
CREATE OR REPLACE TRIGGER receive_paste INSTEAD OF INSERT ON o365_programs.paste
    FOR EACH ROW EXECUTE FUNCTION o365_internal.receive_paste();
COMMENT ON TRIGGER receive_paste ON o365_programs.paste IS 'Seals and stores a pasted webhook.';
