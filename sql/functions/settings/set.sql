CREATE OR REPLACE FUNCTION o365.set(name text, value text, reason text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_setting o365_internal.setting;
BEGIN
    SELECT s.* INTO v_setting FROM o365_internal.setting AS s WHERE s.name = "set".name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no setting %', quote_nullable(name)
            USING ERRCODE = 'undefined_object', HINT = 'select * from o365.settings lists them.';
    END IF;
    IF value IS NULL OR value !~ v_setting.pattern THEN
        RAISE EXCEPTION 'setting % cannot be %', name, quote_nullable(value)
            USING ERRCODE = 'invalid_parameter_value', HINT = v_setting.help;
    END IF;
    IF name = 'time_zone' AND NOT EXISTS (SELECT FROM pg_catalog.pg_timezone_names AS z WHERE z.name = "set".value) THEN
        RAISE EXCEPTION 'setting time_zone cannot be %: this server has no such zone', quote_literal(value)
            USING ERRCODE = 'invalid_parameter_value', HINT = v_setting.help;
    END IF;
    UPDATE o365_internal.setting AS s SET value = "set".value, changed_at = now(), changed_by = session_user
     WHERE s.name = "set".name AND s.value <> "set".value;
    IF FOUND THEN
        PERFORM o365_internal.note_event('setting_changed', 'operator', NULL, object => name, detail => value,
                                         reason => o365_internal.reason_text(reason));
    END IF;
    -- A POST that could outlive its lease is never started: with a shorter lease no POST would start.
    IF o365_internal.integer_setting('lease_seconds') < o365_internal.integer_setting('post_timeout_seconds') + 10 THEN
        RAISE EXCEPTION 'lease_seconds must be at least 10 more than post_timeout_seconds: they would be % and %',
            o365_internal.text_setting('lease_seconds'), o365_internal.text_setting('post_timeout_seconds')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Set the other one first.';
    END IF;
    RETURN value;
END $$;
COMMENT ON FUNCTION o365.set(text, text, text) IS
    'Changes a setting of the installation and returns its value; takes effect at once, for workers within 5 s. '
    'reason: shown in o365.events, at most 500 characters. Errors: undefined_object, invalid_parameter_value.';
