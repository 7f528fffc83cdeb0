CREATE OR REPLACE FUNCTION o365_internal.check_app_user(name text, value text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT o365_internal.is_app_user(value) THEN
        RAISE EXCEPTION '% is empty or longer than 200 characters', name
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Pass your own name or id of the signed-in user.';
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.check_app_user(text, text) IS
    'Judges the name of an application''s user; name is the parameter that the message names. Error: '
    'invalid_parameter_value.';
