CREATE OR REPLACE FUNCTION o365_internal.host_of(webhook_host text) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_name text := o365_internal.entry_of_host(webhook_host);
    v_host_id integer;
    v_only text;
BEGIN
    SELECT h.host_id, h.only_host INTO v_host_id, v_only FROM o365_internal.host AS h WHERE h.name = v_name;
    IF v_host_id IS NULL THEN
        INSERT INTO o365_internal.host (name, only_host) VALUES (v_name, webhook_host)
            ON CONFLICT ON CONSTRAINT host_name_is_unique DO NOTHING;
        -- A new statement sees what another session has committed meanwhile.
        SELECT h.host_id, h.only_host INTO v_host_id, v_only FROM o365_internal.host AS h WHERE h.name = v_name;
    END IF;
    -- The first and the second host of a far end; nobody waits for a session that says the same.
    IF v_only <> webhook_host THEN
        UPDATE o365_internal.host AS h SET only_host = CASE WHEN v_only = '' THEN webhook_host END
         WHERE h.ctid = ANY (ARRAY(SELECT x.ctid FROM o365_internal.host AS x WHERE x.host_id = v_host_id
                                      FOR UPDATE SKIP LOCKED));
    END IF;
    RETURN v_host_id;
END $$;
COMMENT ON FUNCTION o365_internal.host_of(text) IS
    'The far end, a row of host, that a webhook''s host belongs to: the entry of the allow-list that covers it. Makes '
    'the row where there is none. The caller has found the host allowed.';
