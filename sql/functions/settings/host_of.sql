CREATE OR REPLACE FUNCTION o365_internal.host_of(webhook_host text) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_name text := o365_internal.entry_of_host(webhook_host);
    v_host_id integer;
    v_hosts text[];
    c_most CONSTANT integer := 5;   -- that anybody asks for (suspect)
BEGIN
    SELECT h.host_id, h.hosts INTO v_host_id, v_hosts FROM o365_internal.host AS h WHERE h.name = v_name;
    IF v_host_id IS NULL THEN
        INSERT INTO o365_internal.host (name, hosts) VALUES (v_name, ARRAY[webhook_host])
            ON CONFLICT ON CONSTRAINT host_name_is_unique DO NOTHING;
        -- A new statement sees what another session has committed meanwhile.
        SELECT h.host_id, h.hosts INTO v_host_id, v_hosts FROM o365_internal.host AS h WHERE h.name = v_name;
    END IF;
    -- The first hosts of a far end. Do not wait for a session that has its row locked: suspect makes up for it.
    IF cardinality(v_hosts) < c_most AND webhook_host <> ALL (v_hosts) THEN
        UPDATE o365_internal.host AS h SET hosts = h.hosts || webhook_host
         WHERE h.ctid = ANY (ARRAY(SELECT x.ctid FROM o365_internal.host AS x WHERE x.host_id = v_host_id
                                      FOR UPDATE SKIP LOCKED))
           AND cardinality(h.hosts) < c_most AND webhook_host <> ALL (h.hosts);
    END IF;
    RETURN v_host_id;
END $$;
COMMENT ON FUNCTION o365_internal.host_of(text) IS
    'The far end, a row of host, that a webhook''s host belongs to: the entry of the allow-list that covers it. Makes '
    'the row where there is none. The caller has found the host allowed.';
