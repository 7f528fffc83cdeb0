CREATE OR REPLACE FUNCTION o365_internal.hosts_there_are(host o365_internal.host, most integer) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET jit = off AS $$
#variable_conflict use_column
DECLARE
    c_looks CONSTANT integer := 1000;
    v_found text[] := '{}';
    v_host text := '';
BEGIN
    -- From one host to the next by their index, however many webhooks each has.
    FOR i IN 1 .. c_looks LOOP
        v_host := (SELECT s.webhook_host FROM o365_internal.subscription AS s
                    WHERE s.webhook_host > v_host AND s.status <> ALL ('{removed,gone,retired}')
                    ORDER BY s.webhook_host LIMIT 1);
        IF v_host IS NULL THEN
            RETURN v_found;
        ELSIF o365_internal.entry_of_host(v_host) = (hosts_there_are.host).name THEN
            v_found := v_found || v_host;
            EXIT WHEN cardinality(v_found) = most;
        END IF;
    END LOOP;
    -- There are too many others to read all of them.
    RETURN CASE WHEN cardinality(v_found) = most THEN v_found ELSE (hosts_there_are.host).hosts END;
END $$;
COMMENT ON FUNCTION o365_internal.hosts_there_are(o365_internal.host, integer) IS
    'The hosts of a far end that webhooks lie on now, at most that many. Where a thousand hosts do not tell, those '
    'that are known of it.';
