CREATE OR REPLACE FUNCTION o365_internal.audit_limits()
RETURNS TABLE (dialect text, per text, seconds integer, posts integer, since timestamptz, until timestamptz)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
BEGIN
    -- (!) The events of o365.set_quota: "80, before 100". Older events lack the previous value.
    RETURN QUERY
    WITH changed AS (
        SELECT w.dialect, w.per, w.seconds, w.posts AS now, e.at,
               substring(e.detail COLLATE "C" FROM '^([0-9]+)')::integer AS posts,
               substring(e.detail COLLATE "C" FROM ', before ([0-9]+)$')::integer AS before,
               row_number() OVER o AS n, lead(e.at) OVER o AS until
          FROM o365_internal.quota_window AS w
          LEFT JOIN o365_internal.event AS e
            ON e.kind = 'setting_changed' AND e.subscription_id IS NULL
           AND e.object = o365_internal.quota_name(w.dialect, w.per, w.seconds)
        WINDOW o AS (PARTITION BY w.dialect, w.n ORDER BY e.at)),
    period AS (
        SELECT c.dialect, c.per, c.seconds, CASE WHEN c.at IS NULL THEN c.now ELSE c.before END AS posts,
               '-infinity'::timestamptz AS since, coalesce(c.at, 'infinity') AS until
          FROM changed AS c WHERE c.n = 1
        UNION ALL
        SELECT c.dialect, c.per, c.seconds, c.posts, c.at, coalesce(c.until, 'infinity') FROM changed AS c
         WHERE c.at IS NOT NULL)
    -- A lease that was granted before a limit was lowered is used up under the old limit.
    SELECT p.dialect, p.per, p.seconds, p.posts,
           CASE WHEN p.posts >= lag(p.posts) OVER o THEN p.since ELSE p.since + lease.length END,
           CASE WHEN lead(p.posts) OVER o < p.posts THEN p.until + lease.length ELSE p.until END
      FROM period AS p
     CROSS JOIN (SELECT o365_internal.audit_lease() AS length) AS lease
    WINDOW o AS (PARTITION BY p.dialect, p.per, p.seconds ORDER BY p.since);
END $$;
COMMENT ON FUNCTION o365_internal.audit_limits() IS
    'Which limit each window had, and from when until when a POST may be held to it, as far as the events tell: not '
    'within a lease after it was lowered. posts null: none, or nobody knows.';
