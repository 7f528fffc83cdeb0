-- Settings of the installation.

-- What every callback and every claim calls is PL/pgSQL, here and elsewhere: it keeps its plans for the session, where a function in
-- SQL that is not inlined is parsed and planned anew each time.
CREATE OR REPLACE FUNCTION o365_internal.text_setting(name text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT s.value FROM o365_internal.setting AS s WHERE s.name = $1);
END $$;
COMMENT ON FUNCTION o365_internal.text_setting(text) IS 'A setting''s value; null when there is none of that name.';

CREATE OR REPLACE FUNCTION o365_internal.integer_setting(name text) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT s.value::integer FROM o365_internal.setting AS s WHERE s.name = $1);
END $$;
COMMENT ON FUNCTION o365_internal.integer_setting(text) IS 'A setting''s value as a number.';

CREATE OR REPLACE FUNCTION o365.set(name text, value text) RETURNS text
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
    UPDATE o365_internal.setting AS s SET value = "set".value WHERE s.name = "set".name;
    -- A POST that could outlive its lease is never started: with less, nothing would be.
    IF o365_internal.integer_setting('lease_seconds') < o365_internal.integer_setting('post_timeout_seconds') + 10 THEN
        RAISE EXCEPTION 'lease_seconds must be at least 10 more than post_timeout_seconds: they would be % and %',
            o365_internal.text_setting('lease_seconds'), o365_internal.text_setting('post_timeout_seconds')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Set the other one first.';
    END IF;
    RETURN value;
END $$;
COMMENT ON FUNCTION o365.set(text, text) IS
    'Sets a setting of the installation and returns its value; in force at once, for workers within 5 s. Errors: undefined_object, invalid_parameter_value.';

CREATE OR REPLACE FUNCTION o365.allow_webhook_host(dialect text, host text, port integer DEFAULT 443) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_host text := lower(regexp_replace(host, '^\*\.', '') COLLATE "C");
    v_subdomains boolean := host LIKE '*.%';
    v_known text;
BEGIN
    IF dialect IS NULL OR dialect NOT IN ('connector', 'workflow') THEN
        RAISE EXCEPTION 'dialect % is unknown', quote_nullable(dialect)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'It is connector (Office 365 connectors) or workflow (Teams Workflows).';
    END IF;
    -- This machine: names below localhost pass as any name does.
    IF v_host = 'localhost' OR v_host = '127.0.0.1' AND NOT v_subdomains THEN
        IF o365_internal.text_setting('environment') <> 'development'
           AND NOT o365_internal.is_loopback_url(o365_internal.text_setting('public_url')) THEN
            RAISE EXCEPTION 'host % is this machine, which is for development only', quote_nullable(host)
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = 'If this is a development database: select o365.set(''environment'', ''development''), then allow the host.';
        END IF;
    ELSIF v_host IS NULL OR v_host !~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$' OR v_host ~ '\.[0-9]+$' THEN
        RAISE EXCEPTION 'host % is no host name', quote_nullable(host)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write contoso.webhook.office.com, or *.webhook.office.com for all hosts below it.';
    END IF;
    IF port IS NULL OR port NOT BETWEEN 1 AND 65535 THEN
        RAISE EXCEPTION 'port % is none', port USING ERRCODE = 'invalid_parameter_value', HINT = 'Microsoft''s webhooks are on 443.';
    END IF;
    INSERT INTO o365_internal.webhook_host AS w (dialect, host, subdomains, port)
        VALUES (allow_webhook_host.dialect, v_host, v_subdomains, allow_webhook_host.port)
        ON CONFLICT ON CONSTRAINT webhook_host_pkey DO NOTHING;
    -- Webhooks that are stored speak what their host spoke then: another dialect would suspend them at their next card.
    SELECT w.dialect INTO v_known FROM o365_internal.webhook_host AS w
     WHERE w.host = v_host AND w.subdomains = v_subdomains AND w.port = allow_webhook_host.port;
    IF v_known <> dialect THEN
        RAISE EXCEPTION 'webhooks on % speak dialect % already', host, v_known
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('If that is wrong: select o365.forbid_webhook_host(%L, %s), then allow it again; subscriptions '
                                'that exist there have to be connected again.', host, port);
    END IF;
    RETURN v_host;
END $$;
COMMENT ON FUNCTION o365.allow_webhook_host(text, text, integer) IS
    'Lets webhooks of a dialect lie on a host, or with a leading *. on every host below it, never on that host itself. Returns the host. '
    'localhost, *.localhost and 127.0.0.1 are taken where the setting environment is development or public_url is on this machine. '
    'Errors: invalid_parameter_value, object_not_in_prerequisite_state (allowed for the other dialect).';

CREATE OR REPLACE FUNCTION o365.forbid_webhook_host(host text, port integer DEFAULT 443) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM o365_internal.webhook_host AS w
        WHERE w.host = lower(regexp_replace(forbid_webhook_host.host, '^\*\.', '') COLLATE "C") COLLATE "default"
          AND w.subdomains = (forbid_webhook_host.host LIKE '*.%') AND w.port = forbid_webhook_host.port;
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION o365.forbid_webhook_host(text, integer) IS
    'Takes back o365.allow_webhook_host; workers stop posting there within 5 s. False when it was not allowed.';

CREATE OR REPLACE FUNCTION o365_internal.webhook_dialect(host text, port integer) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT w.dialect FROM o365_internal.webhook_host AS w
     WHERE w.port = $2 AND CASE WHEN w.subdomains THEN right($1, length(w.host) + 1) = '.' || w.host AND length($1) > length(w.host) + 1
                                ELSE $1 = w.host END
     ORDER BY length(w.host) DESC, w.subdomains LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.webhook_dialect(text, integer) IS
    'Dialect of a webhook on a host (lower case) and port, compared label by label; null when webhooks may not lie there.';
