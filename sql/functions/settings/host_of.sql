CREATE OR REPLACE FUNCTION o365_internal.host_of(webhook_host text) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_name text := (SELECT a.host FROM o365_internal.allowed_hosts(ARRAY[webhook_host]) AS a);
    v_host_id integer := (SELECT h.host_id FROM o365_internal.host AS h WHERE h.name = v_name);
BEGIN
    IF v_host_id IS NULL THEN
        INSERT INTO o365_internal.host (name) VALUES (v_name) ON CONFLICT ON CONSTRAINT host_name_is_unique DO NOTHING;
        -- A new statement sees what another session has committed meanwhile.
        SELECT h.host_id INTO v_host_id FROM o365_internal.host AS h WHERE h.name = v_name;
    END IF;
    RETURN v_host_id;
END $$;
COMMENT ON FUNCTION o365_internal.host_of(text) IS
    'The far end, a row of host, that a webhook''s host belongs to: the entry of the allow-list that covers it. Makes '
    'the row where there is none. The caller has found the host allowed.';
