CREATE OR REPLACE FUNCTION o365_internal.suspect(host o365_internal.host, subscription_id bigint, problem text)
RETURNS o365_internal.host
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_variable
DECLARE
    c_lanes CONSTANT integer := 5;       -- that have to fail, one after the other
    c_of_a_host CONSTANT integer := 3;   -- of those, on one host, where the far end has several
    c_lasts CONSTANT interval := '3 seconds';   -- that it has to go on at least
    v_now timestamptz := clock_timestamp();
    v_is_old boolean := (host.suspected_at > v_now - interval '10 minutes') IS NOT TRUE;
    v_suspects bigint[] := CASE WHEN v_is_old THEN '{}' ELSE coalesce(host.suspects, '{}') END;
    v_since timestamptz := CASE WHEN v_is_old OR v_suspects = '{}' THEN v_now ELSE host.suspected_since END;
    v_is_new boolean := cardinality(v_suspects) < c_lanes AND subscription_id <> ALL (v_suspects);
    v_host text;
    v_hosts text[];   -- of its webhooks, the first five
BEGIN
    IF v_is_new THEN
        -- Tenants leave: a rule that needs lanes on five hosts would never apply if only four are left.
        IF host.host_id > 0 AND cardinality(host.hosts) > 1
           AND (host.hosts_at > v_now - interval '1 minute') IS NOT TRUE THEN
            UPDATE o365_internal.host AS h SET hosts = o365_internal.hosts_there_are(host, c_lanes), hosts_at = v_now
             WHERE h.host_id = host.host_id RETURNING h.* INTO host;
        END IF;
        v_host := (SELECT s.webhook_host FROM o365_internal.subscription AS s
                    WHERE s.subscription_id = suspect.subscription_id);
        v_hosts := CASE WHEN v_host <> ALL (host.hosts) AND cardinality(host.hosts) < c_lanes
                        THEN host.hosts || v_host ELSE host.hosts END;
    END IF;
    IF cardinality(v_hosts) > 1 THEN
        -- All lanes of one host belong to one tenant: a second one counts only if it leaves room for one of each other
        -- host.
        v_is_new := (SELECT NOT coalesce(bool_or(x.webhook_host = v_host), false)
                            OR count(*) FILTER (WHERE x.webhook_host = v_host) < c_of_a_host
                               AND c_lanes - count(*) > cardinality(v_hosts) - count(DISTINCT x.webhook_host)
                       FROM unnest(v_suspects) AS u (s)
                      CROSS JOIN LATERAL (SELECT y.webhook_host FROM o365_internal.subscription AS y
                                           WHERE y.subscription_id = u.s LIMIT 1) AS x);
    END IF;
    IF v_is_new THEN
        v_suspects := v_suspects || subscription_id;
    END IF;
    -- Only after a while: lanes of hosts that hang below a busy far end come back together, and the next answer arrives
    -- soon.
    IF cardinality(v_suspects) < c_lanes OR v_since > v_now - c_lasts THEN
        IF v_is_new THEN
            UPDATE o365_internal.host AS h
               SET suspects = v_suspects, suspected_since = v_since, suspected_at = v_now, hosts = v_hosts
             WHERE h.host_id = host.host_id RETURNING h.* INTO host;
        END IF;
        RETURN host;
    END IF;
    UPDATE o365_internal.host AS h
       SET suspects = v_suspects, suspected_since = v_since, suspected_at = v_now, failing_since = v_now,
           failing_until = v_now + o365_internal.probe_backoff(0), problem = suspect.problem, probes = 0,
           probed_at = NULL, recovered_at = NULL, taken = 0
     WHERE h.host_id = host.host_id RETURNING h.* INTO host;
    PERFORM o365_internal.note_event('host_failing', 'worker', NULL, object => host.name, reason => problem);
    -- The failures that it was charged with until now were not its fault either.
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
    'Notes that a lane failed as it does when its whole far end fails. After five lanes one after the other, over at '
    'least three seconds, within ten minutes and without an answer to any lane between, the far end counts as failing; '
    'where it has several hosts, as one for each tenant, the five are of five hosts, or of all that there are, and at '
    'most three are of one. Returns the row of host as it is now, which the caller has locked. Those five get back '
    'what they were charged last.';
