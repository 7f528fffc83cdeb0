CREATE OR REPLACE FUNCTION o365_internal.audit_windows("from" timestamptz, "to" timestamptz)
RETURNS o365_internal.proof_of
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB' AS $$
#variable_conflict use_column
DECLARE
    v o365_internal.proof_of;
BEGIN
    IF NOT EXISTS (SELECT FROM o365_internal.audit_limits() AS l WHERE l.posts IS NOT NULL) THEN
        RETURN v;
    END IF;
    WITH post AS MATERIALIZED (
        SELECT p.*, s.dialect, count(*) OVER (PARTITION BY p.subscription_id) AS posts
          FROM o365_internal.audit_posts($1, $2, NULL) AS p
          JOIN o365_internal.subscription AS s ON s.subscription_id = p.subscription_id),
    most AS MATERIALIZED (SELECT l.* FROM o365_internal.audit_limits() AS l WHERE l.posts IS NOT NULL),
    sharer AS MATERIALIZED (SELECT x.* FROM o365_internal.audit_sharers() AS x),
    -- Each connection by itself.
    spaced AS (
        SELECT format('subscription %s', p.subscription_id) AS of, p.subscription_id AS s, p.post_no, p.latest,
               m.posts, m.seconds,
               lag(p.earliest, m.posts) OVER (PARTITION BY p.subscription_id, m.seconds, m.per, m.posts, m.since
                                              ORDER BY p.post_no) AS earliest, m.since, m.until
          FROM post AS p JOIN most AS m ON m.dialect = p.dialect AND p.posts > m.posts
        UNION ALL
        -- And the connections that the far end counts as one. The order of their POSTs is known only where their times
        -- do not overlap: no POST counts as later than one that ended after it.
        SELECT CASE g.kind WHEN 'bot' THEN format('the flows of %s', g.name) ELSE 'the webhook of ' || g.name END, g.s,
               g.post_no, g.latest, g.posts, g.seconds,
               lag(g.earliest, g.posts) OVER (PARTITION BY g.kind, g.name, g.group_since, g.seconds, g.per, g.posts,
                                                           g.since
                                              ORDER BY g.latest, g.s, g.post_no),
               greatest(g.since, g.group_since), least(g.until, g.group_until)
          FROM (SELECT x.kind, x.name, x.since AS group_since, x.until AS group_until, p.subscription_id AS s,
                       p.post_no, p.latest, m.posts, m.seconds, m.per, m.since, m.until,
                       min(p.earliest) OVER (PARTITION BY x.kind, x.name, x.since, m.seconds, m.per, m.posts, m.since
                                             ORDER BY p.latest DESC, p.subscription_id DESC, p.post_no DESC)
                       AS earliest
                  FROM sharer AS x
                  JOIN post AS p ON p.subscription_id = x.subscription_id AND p.post_no > x.after_post
                  JOIN most AS m ON m.dialect = p.dialect AND (x.kind = 'webhook' OR m.per = 'bot')
                  -- A POST whose time is uncertain would hide the others, so it is left out.
                 WHERE p.latest - p.earliest < make_interval(secs => greatest(m.seconds / 10.0, 1))) AS g),
    fault AS (
        SELECT x.of, min(x.post_no) AS post_no, min(x.s) AS s, count(*) AS n, x.posts, x.seconds FROM spaced AS x
         WHERE x.latest < x.earliest + make_interval(secs => x.seconds)
           AND x.latest >= x.since AND x.latest < x.until
           AND NOT o365_internal.audit_is_off(x.s, x.latest)
         GROUP BY x.of, x.posts, x.seconds)
    SELECT (SELECT count(*) FROM post), coalesce(sum(f.n), 0),
           (array_agg(CASE WHEN f.of = format('subscription %s', f.s)
                           THEN format('POST %s of subscription %s is more than the %s-th in %s s', f.post_no, f.s,
                                       f.posts, f.seconds)
                           ELSE format('POST %s of subscription %s is more than the %s-th of %s in %s s', f.post_no,
                                       f.s, f.posts, f.of, f.seconds) END
                      ORDER BY f.of, f.seconds))[1:5]
      INTO v.checked, v.found, v.examples FROM fault AS f;
    RETURN v;
END $$;
COMMENT ON FUNCTION o365_internal.audit_windows(timestamptz, timestamptz) IS
    'POSTs that certainly were one more than a window of their webhook allowed then, or of the bot that its group '
    'posts as: as late as the history lets them be, the first of the window as early.';
