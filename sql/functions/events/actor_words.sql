CREATE OR REPLACE FUNCTION o365_internal.actor_words(actor text, role text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE actor WHEN 'user' THEN 'its user' WHEN 'worker' THEN 'a worker' ELSE concat_ws(' ', actor, role) END;
END $$;
COMMENT ON FUNCTION o365_internal.actor_words(text, text) IS
    'Who did something, in words, by actor and role of its event: operator alice, application shop, its user, a '
    'worker.';
