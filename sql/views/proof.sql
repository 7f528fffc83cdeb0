-- Takes the code that proves a pasted webhook, in the same way as callbacks: COPY o365_programs.proof (...) FROM STDIN
-- (FORMAT binary).
CREATE OR REPLACE VIEW o365_programs.proof AS
    SELECT NULL::text AS slug, NULL::text AS id, NULL::bytea AS cookie_hash, NULL::text AS code,
           NULL::text AS replace
     WHERE false;
COMMENT ON VIEW o365_programs.proof IS
    'A code that was typed, for COPY in binary form: its trigger compares it. Always empty. Never INSERT into it: '
    'values of a statement are logged.';
COMMENT ON COLUMN o365_programs.proof.slug IS 'Connector''s slug, from the URL''s path.';
COMMENT ON COLUMN o365_programs.proof.id IS 'The unguessable id of the attempt''s page.';
COMMENT ON COLUMN o365_programs.proof.cookie_hash IS 'SHA-256 of the attempt''s cookie.';
COMMENT ON COLUMN o365_programs.proof.code IS 'Six digits. Secret.';
COMMENT ON COLUMN o365_programs.proof.replace IS
    'true: the connection of the same name gets the webhook (replaces of responder_proof); any other value, and null: '
    'it stands beside that one.';
CREATE OR REPLACE TRIGGER receive_proof INSTEAD OF INSERT ON o365_programs.proof
    FOR EACH ROW EXECUTE FUNCTION o365_internal.receive_proof();
COMMENT ON TRIGGER receive_proof ON o365_programs.proof IS 'Compares a code that was typed.';
