CREATE OR REPLACE FUNCTION o365_internal.audit_windows("from" timestamptz, "to" timestamptz)
RETURNS o365_internal.proof_of
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB' AS $$
#variable_conflict use_column
DECLARE
    v o365_internal.proof_of;
BEGIN
    IF NOT EXISTS (SELECT FROM o365_internal.quota_window AS w WHERE w.posts IS NOT NULL) THEN
        RETURN v;
    END IF;
    WITH post AS MATERIALIZED (
        SELECT p.*, s.dialect, count(*) OVER (PARTITION BY p.subscription_id) AS posts
          FROM o365_internal.audit_posts($1, $2, NULL) AS p
          JOIN o365_internal.subscription AS s ON s.subscription_id = p.subscription_id),
    spaced AS (
        SELECT p.subscription_id AS s, p.post_no, p.latest, w.posts, w.seconds,
               lag(p.earliest, w.posts) OVER (PARTITION BY p.subscription_id, w.seconds, w.posts
                                              ORDER BY p.post_no) AS earliest
          FROM post AS p JOIN o365_internal.quota_window AS w ON w.dialect = p.dialect AND p.posts > w.posts),
    fault AS (
        SELECT x.s, min(x.post_no) AS post_no, count(*) AS n, x.posts, x.seconds FROM spaced AS x
         WHERE x.latest < x.earliest + make_interval(secs => x.seconds)
           -- Where the limits are off.
           AND (SELECT l.quota_off FROM o365_internal.lane AS l
                 WHERE l.subscription_id = x.s) IS NOT TRUE
         GROUP BY x.s, x.posts, x.seconds)
    SELECT (SELECT count(*) FROM post), coalesce(sum(f.n), 0),
           (array_agg(format('POST %s of subscription %s is more than the %s-th in %s s', f.post_no, f.s, f.posts,
                             f.seconds) ORDER BY f.s, f.seconds))[1:5]
      INTO v.checked, v.found, v.examples FROM fault AS f;
    RETURN v;
END $$;
COMMENT ON FUNCTION o365_internal.audit_windows(timestamptz, timestamptz) IS
    'POSTs that certainly were one more than a window of their webhook allows: as late as the history lets them be, '
    'the first of the window as early.';
