CREATE OR REPLACE FUNCTION o365_internal.check_connecting_user(name text, value text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_control text := o365_internal.control_character(value);
BEGIN
    PERFORM o365_internal.check_app_user(name, value);
    IF NOT o365_internal.may_connect_user(value) THEN
        RAISE EXCEPTION '% has a control character, U+%, at place %', name,
                lpad(upper(to_hex(ascii(v_control)) COLLATE "C"), 4, '0'), strpos(value, v_control)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Pass your own name or id of the signed-in user, without line ends, tabs and escape '
                         'sequences.';
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.check_connecting_user(text, text) IS
    'As check_app_user, of a user who is to get a connection (may_connect_user). Error: invalid_parameter_value.';
