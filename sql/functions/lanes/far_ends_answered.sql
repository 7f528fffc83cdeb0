CREATE OR REPLACE FUNCTION o365_internal.far_ends_answered(subs bigint[], http_statuses integer[]) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    v_host o365_internal.host;
BEGIN
    FOR v_host IN
        SELECT h.* FROM o365_internal.host AS h
         WHERE h.suspects <> '{}'
           AND h.host_id = ANY (ARRAY(SELECT l.host_id FROM unnest(subs, http_statuses) AS u (s, status)
                                       CROSS JOIN LATERAL (SELECT x.host_id FROM o365_internal.lane AS x
                                                            WHERE x.subscription_id = u.s LIMIT 1) AS l
                                       WHERE u.status BETWEEN 200 AND 499))
           FOR UPDATE SKIP LOCKED
    LOOP
        UPDATE o365_internal.host AS h
           SET suspects = CASE WHEN h.failing_since IS NOT NULL OR h.recovered_at IS NOT NULL THEN '{}'::bigint[] END,
               recovered_at = CASE WHEN h.failing_since IS NOT NULL THEN clock_timestamp() ELSE h.recovered_at END,
               taken = CASE WHEN h.failing_since IS NOT NULL THEN 0 ELSE h.taken END,
               failing_since = NULL, failing_until = NULL, problem = NULL, probes = 0, probed_at = NULL
         WHERE h.host_id = v_host.host_id;
        IF v_host.failing_since IS NOT NULL THEN
            PERFORM o365_internal.note_event('host_recovered', 'worker', NULL, object => v_host.name,
                detail => to_char(v_host.failing_since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
        END IF;
    END LOOP;
END $$;
COMMENT ON FUNCTION o365_internal.far_ends_answered(bigint[], integer[]) IS
    'Notes that lanes were answered, with any status from 200 to 499: their far ends do not fail as a whole, and those '
    'that did recover from now on. Changes nothing of a far end without suspects. Waits for no lock.';
