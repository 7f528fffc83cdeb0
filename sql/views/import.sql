-- Takes the webhooks that an operator imports, in the same way as callbacks: COPY o365_programs.import (...) FROM STDIN
-- (FORMAT binary).
CREATE OR REPLACE VIEW o365_programs.import AS
    SELECT NULL::text AS line, NULL::text AS slug, NULL::text AS app_user, NULL::text AS label,
           NULL::text AS group_name,
           NULL::text AS webhook_host, NULL::text AS webhook_port, NULL::text AS webhook_url,
           NULL::bytea AS ticket_hash,
           NULL::text AS dry_run, NULL::text AS sealing_key
     WHERE false;
COMMENT ON VIEW o365_programs.import IS
    'Webhooks of a file, for COPY in binary form: its trigger judges, seals and stores each. Always empty. Never '
    'INSERT into it: values of a statement are logged.';
COMMENT ON COLUMN o365_programs.import.line IS 'Number of the line, by which its verdict is found.';
COMMENT ON COLUMN o365_programs.import.slug IS 'Connector''s slug.';
COMMENT ON COLUMN o365_programs.import.app_user IS 'The application''s user.';
COMMENT ON COLUMN o365_programs.import.label IS 'Name that pages show for the account; null: app_user.';
COMMENT ON COLUMN o365_programs.import.group_name IS
    'Name of the place; null for none. A connection of the same user and place gets the webhook.';
COMMENT ON COLUMN o365_programs.import.webhook_host IS 'Host of the webhook as the sender''s own URL parser reads it.';
COMMENT ON COLUMN o365_programs.import.webhook_port IS 'Port, likewise.';
COMMENT ON COLUMN o365_programs.import.webhook_url IS 'The webhook. Secret.';
COMMENT ON COLUMN o365_programs.import.ticket_hash IS
    'SHA-256 of a new ticket, with which the user proves the webhook; null: it is active at once.';
COMMENT ON COLUMN o365_programs.import.dry_run IS 'true: says what would become of it, and changes nothing.';
COMMENT ON COLUMN o365_programs.import.sealing_key IS
    'Id of the only key to seal under, that of the key file; null for whichever is the newest. No secret.';
CREATE OR REPLACE TRIGGER receive_import INSTEAD OF INSERT ON o365_programs.import
    FOR EACH ROW EXECUTE FUNCTION o365_internal.receive_import();
COMMENT ON TRIGGER receive_import ON o365_programs.import IS 'Seals and stores an imported webhook.';
