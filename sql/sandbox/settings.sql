-- What the sandbox knows about itself and this installation.

CREATE OR REPLACE FUNCTION o365.sandbox_set(name text, value text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE o365_internal.sandbox_setting AS s SET value = sandbox_set.value
     WHERE s.name = sandbox_set.name AND s.name IN ('webhook_origin', 'flow_origin');
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the sandbox has no setting %', quote_nullable(name)
            USING ERRCODE = 'undefined_object', HINT = 'It has webhook_origin and flow_origin.';
    END IF;
    RETURN value;
END $$;
COMMENT ON FUNCTION o365.sandbox_set(text, text) IS 'Sets a setting of the sandbox: webhook_origin or flow_origin. Error: undefined_object.';

CREATE OR REPLACE FUNCTION o365.sandbox_settings() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT (SELECT jsonb_object_agg(s.name, s.value) FROM o365_internal.sandbox_setting AS s)
        || (SELECT jsonb_object_agg(s.name, s.value) FROM o365_internal.setting AS s WHERE s.name IN ('public_url', 'connect_url')) $$;
COMMENT ON FUNCTION o365.sandbox_settings() IS 'What the sandbox has to know: its origins, public_url and connect_url.';

CREATE OR REPLACE FUNCTION o365_internal.sandbox_time(at timestamptz) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$ SELECT to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;
COMMENT ON FUNCTION o365_internal.sandbox_time(timestamptz) IS 'A time as pages and programs get it: UTC, microseconds.';
