-- What the sandbox knows about itself and this installation.

CREATE OR REPLACE FUNCTION o365_programs.sandbox_set(name text, value text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF name IN ('webhook_origin', 'flow_origin', 'slow_origin') THEN
        IF NOT coalesce(o365_internal.is_loopback_url(value) AND value ~* '^https://[^/?]+$' OR name = 'slow_origin'
                        AND value = '', false) THEN
            RAISE EXCEPTION 'the sandbox''s % is no https origin on this machine', name
                USING ERRCODE = 'invalid_parameter_value',
                    HINT = 'Write scheme, host and port: https://contoso.webhook.localhost:8443';
        END IF;
    ELSIF name IN ('keep_posts', 'keep_megabytes') THEN
        IF NOT coalesce(value ~ '^[1-9][0-9]{0,8}$', false) THEN
            RAISE EXCEPTION 'the sandbox''s % is no number from 1 to 999999999', name
                USING ERRCODE = 'invalid_parameter_value',
                    HINT = 'Write how much of the feed and the log stays: 100000 posts, 500 megabytes.';
        END IF;
    ELSE
        RAISE EXCEPTION 'the sandbox has no setting %', quote_nullable(name)
            USING ERRCODE = 'undefined_object',
                HINT = 'It has webhook_origin, flow_origin, slow_origin, keep_posts and keep_megabytes.';
    END IF;
    INSERT INTO o365_internal.sandbox_setting AS s (name, value) VALUES (sandbox_set.name, sandbox_set.value)
        ON CONFLICT ON CONSTRAINT sandbox_setting_pkey DO UPDATE SET value = excluded.value;
    RETURN value;
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_set(text, text) IS
    'Sets a setting of the sandbox. webhook_origin, flow_origin: where its webhooks are; slow_origin: where its slow '
    'line listens, empty for none (a restart takes these in); keep_posts, keep_megabytes: how much of feed and log '
    'stays. Errors: undefined_object, invalid_parameter_value.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_settings() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT (SELECT jsonb_object_agg(s.name, s.value) FROM o365_internal.sandbox_setting AS s)
        || (SELECT jsonb_object_agg(s.name, s.value) FROM o365_internal.setting AS s
             WHERE s.name IN ('public_url', 'connect_url'))
        || (SELECT jsonb_build_object('schema', v.schema, 'oldest_program', v.oldest_program)
              FROM o365.version() AS v) $$;
COMMENT ON FUNCTION o365_programs.sandbox_settings() IS
    'What the sandbox has to know: its origins, public_url and connect_url, and schema and oldest_program of '
    'o365.version().';

CREATE OR REPLACE FUNCTION o365_internal.sandbox_time(at timestamptz) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$ SELECT to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;
COMMENT ON FUNCTION o365_internal.sandbox_time(timestamptz) IS
    'A time as pages and programs get it: UTC, microseconds.';
