CREATE OR REPLACE FUNCTION o365_internal.health_lanes_stuck() RETURNS SETOF o365_internal.finding
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
    -- Checks two hundred of the lanes that have cards, from a varying start: called every minute, it reaches all of
    -- them.
    WITH RECURSIVE start AS MATERIALIZED (
        SELECT (random() * (SELECT max(l.subscription_id) FROM o365_internal.lane AS l))::bigint AS s),
    upper_lane (s) AS (
        SELECT (SELECT min(o.subscription_id) FROM o365_internal.outbox AS o WHERE o.subscription_id >= t.s)
          FROM start AS t
        UNION ALL
        SELECT (SELECT min(o.subscription_id) FROM o365_internal.outbox AS o WHERE o.subscription_id > u.s)
          FROM upper_lane AS u WHERE u.s IS NOT NULL),
    upper_lanes AS MATERIALIZED (SELECT u.s FROM upper_lane AS u LIMIT 200),
    lower_lane (s) AS (
        SELECT (SELECT min(o.subscription_id) FROM o365_internal.outbox AS o)
         WHERE EXISTS (SELECT FROM upper_lanes AS u WHERE u.s IS NULL)
        UNION ALL
        SELECT (SELECT min(o.subscription_id) FROM o365_internal.outbox AS o WHERE o.subscription_id > u.s)
          FROM lower_lane AS u, start AS t
         WHERE u.s < t.s),
    lane AS (SELECT x.s FROM (SELECT u.s FROM upper_lanes AS u
                              UNION (SELECT u.s FROM lower_lane AS u LIMIT 200)) AS x WHERE x.s IS NOT NULL)
    SELECT 'subscription ' || min(l.subscription_id),
           o365_internal.plural(count(*),
                                'lane has cards and neither a time nor a pause, which is a fault of this program',
                                'lanes have cards and neither a time nor a pause, which is a fault of this program'),
           format('select o365.pause(%1$s), o365.resume(%1$s); please report it', min(l.subscription_id)),
           min(f.enqueued_at), count(*), 'subscription ' || min(l.subscription_id)
      FROM lane AS n
     CROSS JOIN LATERAL (SELECT l.subscription_id FROM o365_internal.lane AS l
                          WHERE l.subscription_id = n.s AND l.next_at IS NULL AND l.why IS DISTINCT FROM 'pause'
                            AND NOT EXISTS (SELECT FROM o365_internal.postponed AS p
                                             WHERE p.subscription_id = n.s) LIMIT 1) AS l
     CROSS JOIN LATERAL (SELECT o.enqueued_at, o.xid FROM o365_internal.outbox AS o
                          WHERE o.subscription_id = n.s ORDER BY o.position LIMIT 1) AS f
     WHERE pg_visible_in_snapshot(f.xid, (SELECT d.snap FROM o365_internal.fed AS d ORDER BY d.n DESC LIMIT 1))
    HAVING count(*) > 0 $$;
COMMENT ON FUNCTION o365_internal.health_lanes_stuck() IS
    'Lanes that have cards which were fed, and neither a time nor a pause: nobody would ever look at them.';
