CREATE OR REPLACE FUNCTION o365_internal.locked_far_end(host text) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    v_host text := lower(host COLLATE "C") COLLATE "default";
    v_name text := o365_internal.entry_of_host(v_host);
BEGIN
    -- Webhooks under an entry that is below another entry belong to the other entry. A hold that is older than the
    -- other entry is released under its own name.
    IF v_name <> v_host AND v_host NOT LIKE '*.%'
       AND NOT EXISTS (SELECT FROM o365_internal.host AS h WHERE h.name = v_host AND h.held_until IS NOT NULL) THEN
        RAISE EXCEPTION 'host % is a part of the far end %', v_host, v_name
            USING ERRCODE = 'undefined_object', HINT = format('Use %L, or o365.pause for single connections.', v_name);
    END IF;
    IF NOT EXISTS (SELECT FROM o365_internal.host AS h WHERE h.name = v_host)
       AND NOT EXISTS (SELECT FROM o365_internal.webhook_host AS w
                        WHERE CASE WHEN w.subdomains THEN '*.' ELSE '' END || w.host = v_host) THEN
        RAISE EXCEPTION 'host % is no entry of the allow-list', quote_nullable(host)
            USING ERRCODE = 'undefined_object', HINT = 'select host from o365.webhook_hosts lists them.';
    END IF;
    BEGIN
        INSERT INTO o365_internal.host (name) VALUES (v_host) ON CONFLICT ON CONSTRAINT host_name_is_unique DO NOTHING;
        PERFORM FROM o365_internal.host AS h WHERE h.name = v_host FOR UPDATE;
    EXCEPTION WHEN lock_not_available THEN
        PERFORM o365_internal.refuse_locked('host ' || v_host);
    END;
    RETURN v_host;
END $$;
COMMENT ON FUNCTION o365_internal.locked_far_end(text) IS
    'Locks the far end, an entry that o365.webhook_hosts lists, that somebody named, and returns its name. Errors: '
    'undefined_object; lock_not_available when another session has it for more than 5 s.';
