CREATE OR REPLACE FUNCTION o365_internal.audit_posts("from" timestamptz, "to" timestamptz, subscriptions bigint[])
RETURNS TABLE (subscription_id bigint, post_no bigint, card_id bigint, earliest timestamptz, latest timestamptz)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB' AS $$
#variable_conflict use_column
BEGIN
    -- A lane's POSTs follow one another: each began after the one before it had taken its time, and ended before the
    -- one after it began. "at" is when its report was written; several can be in one report.
    RETURN QUERY
    WITH post AS (
        SELECT d.subscription_id AS s, d.post_no AS no, d.card_id, d.lease_no, d.took_ms,
               extract(epoch FROM d.at)::double precision AS at,
               extract(epoch FROM d.claimed_at)::double precision AS claimed
          FROM o365_internal.delivery AS d
         WHERE d.at >= $1 AND d.at < $2 AND d.post_no IS NOT NULL
           AND ($3 IS NULL OR d.subscription_id = ANY ($3))
        UNION ALL
        SELECT a.subscription_id, a.post_no, a.card_id, a.lease_no, a.took_ms,
               extract(epoch FROM a.at)::double precision, NULL
          FROM o365_internal.attempt AS a
         WHERE a.at >= $1 AND a.at < $2 AND a.post_no IS NOT NULL
           AND ($3 IS NULL OR a.subscription_id = ANY ($3))),
    timed AS (
        SELECT p.*, sum(p.took_ms / 1000.0::double precision) OVER w AS took,
               -- No card is posted before its claim, nor one of a later lease before the earlier one was reported.
               greatest(p.claimed, CASE WHEN p.lease_no <> lag(p.lease_no) OVER w THEN lag(p.at) OVER w END) AS after
          FROM post AS p WINDOW w AS (PARTITION BY p.s ORDER BY p.no, p.at))
    SELECT t.s, t.no, t.card_id,
           to_timestamp(max(t.after - t.took + t.took_ms / 1000.0) OVER (PARTITION BY t.s ORDER BY t.no, t.at)
                        + t.took - t.took_ms / 1000.0),
           to_timestamp(min(t.at - t.took) OVER (PARTITION BY t.s ORDER BY t.no DESC, t.at DESC)
                        + t.took - t.took_ms / 1000.0)
      FROM timed AS t;
END $$;
COMMENT ON FUNCTION o365_internal.audit_posts(timestamptz, timestamptz, bigint[]) IS
    'The POSTs that were reported within a time, of these subscriptions (null: of all), and when each began at the '
    'earliest (null: not known) and at the latest, as far as claims, reports and durations tell.';
