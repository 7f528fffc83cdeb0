CREATE OR REPLACE FUNCTION o365_internal.audit_numbers("from" timestamptz, "to" timestamptz)
RETURNS o365_internal.proof_of
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB' AS $$
#variable_conflict use_column
DECLARE
    v o365_internal.proof_of;
BEGIN
    WITH post AS (
        SELECT d.subscription_id AS s, d.post_no AS no FROM o365_internal.delivery AS d
         WHERE d.at >= $1 AND d.at < $2 AND d.post_no IS NOT NULL
        UNION ALL
        SELECT a.subscription_id, a.post_no FROM o365_internal.attempt AS a
         WHERE a.at >= $1 AND a.at < $2 AND a.post_no IS NOT NULL),
    numbered AS (SELECT p.s, p.no, lag(p.no) OVER (PARTITION BY p.s ORDER BY p.no) AS before FROM post AS p),
    span AS MATERIALIZED (
        SELECT n.s, min(n.no) AS low, max(n.no) AS high, count(*) AS posts FROM numbered AS n GROUP BY 1),
    fault AS (
        SELECT n.s, CASE WHEN n.no = n.before THEN format('subscription %s has two POSTs %s', n.s, n.no)
                         ELSE format('subscription %s has no POST %s%s', n.s, n.before + 1,
                                     CASE WHEN n.no > n.before + 2 THEN ' to ' || n.no - 1 END) END AS words
          FROM numbered AS n WHERE n.no <> n.before + 1
        UNION ALL
        -- The last one before that time; if the history has none, there is no gap before the first.
        SELECT b.s, format('subscription %s has no POST %s', b.s, b.low - 1)
          FROM span AS b
         WHERE b.low > 1
           AND greatest((SELECT d.post_no FROM o365_internal.delivery AS d
                          WHERE d.subscription_id = b.s AND d.at < $1 AND d.post_no IS NOT NULL
                          ORDER BY d.at DESC LIMIT 1),
                        (SELECT a.post_no FROM o365_internal.attempt AS a
                          WHERE a.subscription_id = b.s AND a.at < $1 AND a.post_no IS NOT NULL
                          ORDER BY a.post_no DESC NULLS LAST LIMIT 1)) < b.low - 1
        UNION ALL
        SELECT b.s, format('subscription %s has no POST %s: %s were reported', b.s, b.high + 1, l.posts)
          FROM span AS b JOIN o365_internal.lane AS l ON l.subscription_id = b.s
         WHERE CASE WHEN $2 > now() THEN l.posts <> b.high ELSE l.posts < b.high END)
    SELECT (SELECT coalesce(sum(b.posts), 0) FROM span AS b), count(*), (array_agg(f.words ORDER BY f.s))[1:5]
      INTO v.checked, v.found, v.examples FROM fault AS f;
    RETURN v;
END $$;
COMMENT ON FUNCTION o365_internal.audit_numbers(timestamptz, timestamptz) IS
    'Gaps and repetitions in the numbers of a lane''s POSTs, up to the last one before that time and, where the time '
    'reaches to now, from the number that the lane has counted to.';
