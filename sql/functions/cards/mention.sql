CREATE OR REPLACE FUNCTION o365.mention(upn text, name text DEFAULT NULL, OUT text text, OUT entity jsonb)
LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_name text := coalesce(nullif(btrim(translate(o365_internal.one_line(name), '<>', '')), ''), upn);
BEGIN
    IF upn !~ '^([^@[:space:]<>]+@[^@[:space:]<>]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$' COLLATE "C"
        THEN
        RAISE EXCEPTION 'upn is neither a user principal name nor an Entra object id'
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Write ann@example.org, as the user signs in, or the object id of the user. An id that begins '
                       'with 28: or 29: is known to a bot only.';
    END IF;
    text := '<at>' || v_name || '</at>';
    entity := jsonb_build_object('type', 'mention', 'text', text, 'mentioned',
                                 jsonb_build_object('id', upn, 'name', v_name));
END $$;
COMMENT ON FUNCTION o365.mention(text, text) IS
    'A mention of a user in an Adaptive Card for Workflows: text, for a TextBlock or a fact, and entity, for '
    'msteams.entities. upn: the user principal name or Entra object id; name: what is shown, without one the upn. Both '
    'null for no upn. At most 20 a card. Error: invalid_parameter_value (upn).';
