CREATE OR REPLACE FUNCTION o365_internal.chore_fold_late() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET jit = off AS $$
DECLARE
    c_lanes CONSTANT integer := 1000;
    c_cards CONSTANT integer := 10000;   -- that are counted of a lane
    v_lane record;
    v_digests integer := 0;
    v_failed integer := 0;
    v_problem text;   -- of the last one
BEGIN
    FOR v_lane IN
        SELECT l.subscription_id, s.dialect, c.digest_when_late FROM o365_internal.lane AS l
         CROSS JOIN LATERAL (SELECT x.digest_when_late FROM o365_internal.connector AS x
                              WHERE x.connector_id = l.connector_id AND x.digest_when_late IS NOT NULL LIMIT 1) AS c
         CROSS JOIN LATERAL (SELECT x.dialect FROM o365_internal.subscription AS x
                              WHERE x.subscription_id = l.subscription_id LIMIT 1) AS s
         WHERE l.why = 'quota' AND l.run IS NULL AND (l.worker IS NULL OR l.lease_until <= clock_timestamp())
           AND NOT EXISTS (SELECT FROM o365_internal.postponed AS p WHERE p.subscription_id = l.subscription_id)
           AND NOT EXISTS (SELECT FROM o365_internal.feeding_again)
         ORDER BY l.not_before LIMIT c_lanes FOR UPDATE OF l SKIP LOCKED
    LOOP
        CONTINUE WHEN coalesce(o365_internal.time_to_clear(v_lane.dialect, (
            SELECT count(*) FROM (SELECT FROM o365_internal.outbox AS o WHERE o.subscription_id = v_lane.subscription_id
                                     AND o.position > 0 LIMIT c_cards) AS o)), '0') <= v_lane.digest_when_late;
        BEGIN
            v_digests := v_digests + (SELECT f.digests FROM o365_internal.fold_cards(v_lane.subscription_id) AS f);
        EXCEPTION WHEN OTHERS THEN
            -- A card that cannot be folded must not stop the other lanes. The cards of this lane leave as they were
            -- sent.
            v_failed := v_failed + 1;
            v_problem := format('subscription %s: %s', v_lane.subscription_id, SQLERRM);
            CONTINUE;
        END;
        -- (!) As after a run of a schedule: a worker that may still report one of the cards is refused.
        UPDATE o365_internal.lane AS l
           SET lost = o365_internal.lost_posts(l), quota_clear = CASE WHEN l.worker IS NULL THEN l.quota_clear END,
               worker = NULL, lease_until = NULL, lease_no = l.lease_no + 1
         WHERE l.subscription_id = v_lane.subscription_id;
    END LOOP;
    RETURN nullif(concat_ws(', ', CASE WHEN v_digests > 0 THEN
        format('folded what a limit keeps waiting into %s', o365_internal.plural(v_digests, 'digest', 'digests')) END,
        CASE WHEN v_failed > 0 THEN
        format('could not fold what waits in %s: %s', o365_internal.plural(v_failed, 'lane', 'lanes'), v_problem) END),
        '');
END $$;
COMMENT ON FUNCTION o365_internal.chore_fold_late() IS
    'Folds the cards of lanes that wait for a limit of the far end, where all of them would take longer to leave than '
    'their connector''s digest_when_late: at most 1,000 lanes a minute, and 1,000 cards of each. The lanes go on '
    'waiting. Where folding fails the cards stay as they were sent, and the answer says why.';
