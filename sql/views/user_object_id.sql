-- Takes the ids by which a person is looked up: COPY o365_programs.user_object_id (id) FROM STDIN (FORMAT binary).
CREATE OR REPLACE VIEW o365_programs.user_object_id AS SELECT NULL::text AS id WHERE false;
COMMENT ON VIEW o365_programs.user_object_id IS
    'Directory object ids to look for, for COPY in binary form: what a statement or a COPY in text form holds may be '
    'logged. Always empty; its trigger keeps their blind indexes for the transaction.';
COMMENT ON COLUMN o365_programs.user_object_id.id IS 'user_objectId as Microsoft sent it. Secret.';
CREATE OR REPLACE TRIGGER receive_user_object_id INSTEAD OF INSERT ON o365_programs.user_object_id
    FOR EACH ROW EXECUTE FUNCTION o365_internal.receive_user_object_id();
COMMENT ON TRIGGER receive_user_object_id ON o365_programs.user_object_id IS 'Keeps the blind index of an id.';
