CREATE OR REPLACE FUNCTION o365_internal.note_chore(name text, problem text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO o365_internal.chore AS c (name, done_at, problem)
        VALUES (note_chore.name, CASE WHEN note_chore.problem IS NULL THEN now() END, note_chore.problem)
        ON CONFLICT ON CONSTRAINT chore_pkey
        DO UPDATE SET done_at = coalesce(excluded.done_at, c.done_at), problem = excluded.problem;
END $$;
COMMENT ON FUNCTION o365_internal.note_chore(text, text) IS
    'Notes that a chore was done now (problem null) or why it could not be done.';
