CREATE OR REPLACE FUNCTION o365.forbid_webhook_host(host text, port integer DEFAULT 443) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM o365_internal.webhook_host AS w
        WHERE w.host = lower(regexp_replace(forbid_webhook_host.host, '^\*\.', '') COLLATE "C") COLLATE "default"
          AND w.subdomains = (forbid_webhook_host.host LIKE '*.%') AND w.port = forbid_webhook_host.port;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM o365_internal.note_event('host_forbidden', 'operator', NULL, object => lower(host COLLATE "C"));
    RETURN true;
END $$;
COMMENT ON FUNCTION o365.forbid_webhook_host(text, integer) IS
    'Takes back o365.allow_webhook_host; workers stop posting there within 5 s. False when it was not allowed.';
