CREATE OR REPLACE FUNCTION o365_internal.suspect(host o365_internal.host, subscription_id bigint, problem text)
RETURNS o365_internal.host
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_variable
DECLARE
    c_lanes CONSTANT integer := 5;       -- that have to fail, one after the other
    c_of_a_host CONSTANT integer := 3;   -- of those, on one host, where the far end has several
    v_now timestamptz := clock_timestamp();
    v_suspects bigint[] := CASE WHEN host.suspected_at > v_now - interval '10 minutes' THEN host.suspects END;
BEGIN
    IF subscription_id = ANY (v_suspects)
       OR host.only_host IS NULL
          AND (SELECT count(*) FROM unnest(v_suspects) AS u (s)
                CROSS JOIN LATERAL (SELECT x.webhook_host FROM o365_internal.subscription AS x
                                     WHERE x.subscription_id = u.s LIMIT 1) AS x
                WHERE x.webhook_host = (SELECT y.webhook_host FROM o365_internal.subscription AS y
                                         WHERE y.subscription_id = suspect.subscription_id)) >= c_of_a_host THEN
        RETURN host;
    END IF;
    v_suspects := coalesce(v_suspects, '{}') || subscription_id;
    IF cardinality(v_suspects) < c_lanes THEN
        UPDATE o365_internal.host AS h SET suspects = v_suspects, suspected_at = v_now
         WHERE h.host_id = host.host_id RETURNING h.* INTO host;
        RETURN host;
    END IF;
    UPDATE o365_internal.host AS h
       SET suspects = v_suspects, suspected_at = v_now, failing_since = v_now,
           failing_until = v_now + o365_internal.probe_backoff(0), problem = suspect.problem, probes = 0,
           probed_at = NULL, recovered_at = NULL, taken = 0
     WHERE h.host_id = host.host_id RETURNING h.* INTO host;
    PERFORM o365_internal.note_event('host_failing', 'worker', NULL, object => host.name, reason => problem);
    -- What it was charged with until now was not its fault either.
    UPDATE o365_internal.lane AS l
       SET failures = greatest(l.failures - 1, 0),
           failing_since = CASE WHEN l.failures > 1 THEN l.failing_since END,
           useless_since = CASE WHEN l.failures > 1 THEN l.useless_since END,
           next_at = host.failing_until, not_before = host.failing_until, why = 'host'
     WHERE l.ctid = ANY (ARRAY(SELECT x.tid FROM unnest(v_suspects) AS u (s)
                                CROSS JOIN LATERAL (SELECT y.ctid AS tid FROM o365_internal.lane AS y
                                                     WHERE y.subscription_id = u.s AND y.worker IS NULL
                                                       AND y.why = 'retry' AND y.throttled_since IS NULL
                                                     LIMIT 1 FOR UPDATE SKIP LOCKED) AS x));
    RETURN host;
END $$;
COMMENT ON FUNCTION o365_internal.suspect(o365_internal.host, bigint, text) IS
    'A lane failed as it does when its whole far end fails. After five lanes one after the other, in ten minutes and '
    'without an answer to any lane between, the far end counts as failing; where it has several hosts, as one for each '
    'tenant, at most three of the five are of one host. Returns the row of host as it is now, which the caller has '
    'locked. Those five get back what they were charged.';
