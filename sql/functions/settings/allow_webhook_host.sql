CREATE OR REPLACE FUNCTION o365.allow_webhook_host(dialect text, host text, port integer DEFAULT 443,
    reason text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_host text := lower(regexp_replace(host, '^\*\.', '') COLLATE "C");
    v_subdomains boolean := host LIKE '*.%';
    v_known text;
BEGIN
    IF dialect IS NULL OR dialect NOT IN ('connector', 'workflow') THEN
        RAISE EXCEPTION 'dialect % is unknown', quote_nullable(dialect)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'It is connector (Office 365 connectors) or workflow (Teams Workflows).';
    END IF;
    -- This machine: names below localhost are valid like any other name.
    IF v_host = 'localhost' OR v_host = '127.0.0.1' AND NOT v_subdomains THEN
        IF o365_internal.text_setting('environment') <> 'development'
           AND NOT o365_internal.is_loopback_url(o365_internal.text_setting('public_url')) THEN
            RAISE EXCEPTION 'host % is this machine, which is for development only', quote_nullable(host)
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = 'If this is a development database: select o365.set(''environment'', ''development''), '
                             'then allow the host.';
        END IF;
    ELSIF v_host IS NULL OR v_host !~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$'
          OR v_host ~ '\.[0-9]+$' THEN
        RAISE EXCEPTION 'host % is no host name', quote_nullable(host)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Write contoso.webhook.office.com, or *.webhook.office.com for all hosts below it.';
    END IF;
    IF port IS NULL OR port NOT BETWEEN 1 AND 65535 THEN
        RAISE EXCEPTION 'port % is none', port
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Microsoft''s webhooks are on 443.';
    END IF;
    INSERT INTO o365_internal.webhook_host AS w (dialect, host, subdomains, port)
        VALUES (allow_webhook_host.dialect, v_host, v_subdomains, allow_webhook_host.port)
        ON CONFLICT ON CONSTRAINT webhook_host_pkey DO UPDATE SET enabled = true WHERE NOT w.enabled;
    IF FOUND THEN
        PERFORM o365_internal.note_event('host_allowed', 'operator', NULL, detail => dialect,
                                         object => lower(host COLLATE "C"),
                                         reason => o365_internal.reason_text(reason));
    END IF;
    -- Stored webhooks keep the dialect that their host had: another dialect would suspend them at their next card.
    SELECT w.dialect INTO v_known FROM o365_internal.webhook_host AS w
     WHERE w.host = v_host AND w.subdomains = v_subdomains AND w.port = allow_webhook_host.port;
    IF v_known <> dialect THEN
        RAISE EXCEPTION 'webhooks on % speak dialect % already', host, v_known
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('If that is wrong: select o365.forbid_webhook_host(%L, %s), then allow it again; '
                                'subscriptions that exist there have to be connected again.', host, port);
    END IF;
    RETURN v_host;
END $$;
COMMENT ON FUNCTION o365.allow_webhook_host(text, text, integer, text) IS
    'Allows webhooks of a dialect on a host, or with a leading *. on every host below it, but not on that host itself. '
    'Returns the host. Existing connections there under a wider entry stay with that entry until they are renewed, or '
    'until this one is held (o365.hold_host). reason: shown in o365.events. localhost, *.localhost and 127.0.0.1 are '
    'accepted if the setting environment is development or public_url is on this machine. Errors: '
    'invalid_parameter_value, object_not_in_prerequisite_state (allowed for the other dialect).';
