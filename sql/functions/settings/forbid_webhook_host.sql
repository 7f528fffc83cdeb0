CREATE OR REPLACE FUNCTION o365.forbid_webhook_host(host text, port integer DEFAULT 443, suspends bigint DEFAULT 0,
    reason text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_host text := lower(regexp_replace(forbid_webhook_host.host, '^\*\.', '') COLLATE "C") COLLATE "default";
    v_subdomains boolean := forbid_webhook_host.host LIKE '*.%';
    v_connections bigint;
BEGIN
    DELETE FROM o365_internal.webhook_host AS w
        WHERE w.host = v_host AND w.subdomains = v_subdomains AND w.port = forbid_webhook_host.port;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    -- Hosts that no other entry covers.
    SELECT count(*) INTO v_connections FROM o365_internal.subscription AS s
     WHERE s.status IN ('active', 'paused', 'pending')
       AND CASE WHEN v_subdomains THEN right(s.webhook_host, length(v_host) + 1) = '.' || v_host
                ELSE s.webhook_host = v_host END
       AND NOT EXISTS (SELECT FROM o365_internal.webhook_host AS w
                        WHERE w.dialect = s.dialect AND w.port = forbid_webhook_host.port
                          AND CASE WHEN w.subdomains THEN right(s.webhook_host, length(w.host) + 1) = '.' || w.host
                                   ELSE s.webhook_host = w.host END);
    IF v_connections > coalesce(suspends, 0) THEN
        RAISE EXCEPTION '% on % would be suspended at the next card',
            o365_internal.plural(v_connections, 'connection', 'connections'), host
            USING ERRCODE = 'object_in_use',
                  HINT = format('If that is wanted: select o365.forbid_webhook_host(%L, %s, suspends => %s). To stop '
                                'them for a while: select o365.hold_host(%L)', host, port, v_connections, host);
    END IF;
    PERFORM o365_internal.note_event('host_forbidden', 'operator', NULL, object => lower(host COLLATE "C"),
                                     detail => nullif(v_connections, 0)::text,
                                     reason => o365_internal.reason_text(reason));
    RETURN true;
END $$;
COMMENT ON FUNCTION o365.forbid_webhook_host(text, integer, bigint, text) IS
    'Revokes o365.allow_webhook_host; workers stop posting there within 5 s, and suspend each connection there at its '
    'next card. If that would suspend more connections than suspends, it says how many and changes nothing. reason: '
    'o365.events says it. False if the host was not allowed. Errors: object_in_use (connections would be suspended).';
