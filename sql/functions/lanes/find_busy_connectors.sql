CREATE OR REPLACE FUNCTION o365_internal.find_busy_connectors(hosts integer[], low timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    c_looks CONSTANT integer := 300;   -- due lanes of each turn that it looks at
    c_many CONSTANT integer := 100;    -- of them, of one connector
    v_now timestamptz := clock_timestamp();
BEGIN
    -- Three times a second, by whichever worker comes first.
    UPDATE o365_internal.busy_connector AS b SET until = v_now + interval '300 milliseconds'
     WHERE b.ctid = ANY (ARRAY(SELECT x.ctid FROM o365_internal.busy_connector AS x
                                WHERE x.connector_id = 0
                                  AND x.until NOT BETWEEN v_now AND v_now + interval '1 second'
                                  FOR UPDATE SKIP LOCKED));
    IF NOT FOUND THEN
        RETURN;
    END IF;
    WITH busy AS MATERIALIZED (
        SELECT d.connector_id
          FROM unnest(hosts) AS h (id) CROSS JOIN unnest(o365_internal.all_turns()) AS t (turn) CROSS JOIN LATERAL (
                   SELECT l.connector_id, l.turn FROM o365_internal.lane AS l
                    WHERE l.host_id = h.id AND l.turn = t.turn AND l.next_at >= low AND l.next_at <= v_now
                    ORDER BY l.next_at LIMIT c_looks) AS d
         WHERE d.connector_id > 0 GROUP BY d.connector_id
        -- A broadcast in one transaction has its own turn, and does not move other cards of its connector out of the
        -- first turn.
        HAVING count(*) FILTER (WHERE d.turn = 0) >= c_many
            OR count(*) >= c_many AND d.connector_id = ANY (ARRAY(SELECT b.connector_id
                                                                    FROM o365_internal.busy_connector AS b
                                                                   WHERE b.until > v_now))),
    over AS (DELETE FROM o365_internal.busy_connector AS b
              WHERE b.connector_id > 0 AND b.until < v_now
                AND b.connector_id <> ALL (ARRAY(SELECT y.connector_id FROM busy AS y)))
    INSERT INTO o365_internal.busy_connector AS b (connector_id, until)
        SELECT y.connector_id, v_now + interval '2 seconds' FROM busy AS y ORDER BY y.connector_id
        ON CONFLICT ON CONSTRAINT busy_connector_pkey DO UPDATE SET until = excluded.until;
END $$;
COMMENT ON FUNCTION o365_internal.find_busy_connectors(integer[], timestamptz) IS
    'Notes for two seconds the connectors of which a hundred lanes or more of the first turn are due on these far '
    'ends, which a claim could not take all; and those that are noted already as long as that many are due, of any '
    'turn. low: as in worker_lease. Does nothing if that was looked at within a third of a second.';
