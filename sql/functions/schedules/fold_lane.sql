CREATE OR REPLACE FUNCTION o365_internal.fold_lane(subscription_id bigint) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_run bigint[] := '{}';
    v_digests integer := 0;
    v_problem text;
    v_folded record;
BEGIN
    BEGIN
        SELECT f.run, f.digests INTO v_folded FROM o365_internal.fold_cards(fold_lane.subscription_id) AS f;
        v_run := v_folded.run;
        v_digests := v_folded.digests;
    EXCEPTION WHEN OTHERS THEN
        -- A card that cannot be folded must not stop its lane: the cards leave as they were sent, and the lane has the
        -- reason.
        v_problem := 'its cards could not be folded into a digest: ' || SQLERRM;
        v_run := ARRAY(SELECT c.position FROM o365_internal.fed_cards(fold_lane.subscription_id, 100) AS c);
    END;
    -- (!) A new lease number: a digest takes the position of a card, and a worker that may still report that card is
    -- refused.
    UPDATE o365_internal.lane AS l
       SET run = CASE WHEN (SELECT s.schedule FROM o365_internal.subscription AS s
                             WHERE s.subscription_id = l.subscription_id) <> 'immediate' THEN v_run END,
           why = CASE WHEN w.until IS NOT NULL THEN 'retry' END, not_before = w.until,
           lost = o365_internal.lost_posts(l),
           quota_clear = CASE WHEN l.worker IS NULL THEN l.quota_clear END, worker = NULL,
           lease_until = NULL, lease_no = l.lease_no + 1,
           next_at = coalesce(w.until, clock_timestamp()), problem = coalesce(v_problem, l.problem)
      FROM (SELECT CASE WHEN x.trying < 0 AND x.tried_until > clock_timestamp() THEN x.tried_until END AS until
              FROM o365_internal.lane AS x WHERE x.subscription_id = fold_lane.subscription_id) AS w
     WHERE l.subscription_id = fold_lane.subscription_id;
    RETURN v_digests;
END $$;
COMMENT ON FUNCTION o365_internal.fold_lane(bigint) IS
    'Folds what was handed to a lane into digests and makes it due: of a lane with a schedule these and the cards that '
    'go alone, and nothing else, may leave then, behind an urgent card that waits for its next try. Where folding '
    'fails the cards leave as they were sent. The caller has the lane locked, and no worker has it. Returns how many '
    'digests it made.';
