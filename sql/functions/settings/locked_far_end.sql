CREATE OR REPLACE FUNCTION o365_internal.far_end_to_change(host text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_host text := lower(host COLLATE "C") COLLATE "default";
    v_name text := (SELECT a.host FROM o365_internal.allowed_hosts(ARRAY[v_host]) AS a);
BEGIN
    -- Of an entry below another one the webhooks belong to the other one.
    IF v_name <> v_host AND v_host NOT LIKE '*.%' THEN
        RAISE EXCEPTION 'host % is a part of the far end %', v_host, v_name
            USING ERRCODE = 'undefined_object', HINT = format('Use %L, or o365.pause for single connections.', v_name);
    END IF;
    IF NOT EXISTS (SELECT FROM o365_internal.host AS h WHERE h.name = v_host)
       AND NOT EXISTS (SELECT FROM o365_internal.webhook_host AS w WHERE CASE WHEN w.subdomains THEN '*.' ELSE '' END || w.host = v_host) THEN
        RAISE EXCEPTION 'host % is no entry of the allow-list', quote_nullable(host)
            USING ERRCODE = 'undefined_object', HINT = 'select host from o365.webhook_hosts lists them.';
    END IF;
    RETURN v_host;
END $$;
COMMENT ON FUNCTION o365_internal.far_end_to_change(text) IS
    'The name of a far end, as o365.webhook_hosts lists it, that somebody named. Error: undefined_object.';
