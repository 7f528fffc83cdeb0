CREATE OR REPLACE FUNCTION o365_internal.health_feeding_behind() RETURNS SETOF o365_internal.finding
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_works constant boolean := o365_internal.workers_away() IS NULL;
    v_feeds_again constant boolean := EXISTS (SELECT FROM o365_internal.feeding_again);
BEGIN
    -- Each question only where it may have an answer: planning it is most of what it takes.
    -- A transaction of 15 s that has just committed is seen here only in the few milliseconds until the next round.
    -- Bulk transactions that are being handed over, a part in each round, are not behind.
    IF v_works AND NOT v_feeds_again THEN
        RETURN QUERY
            SELECT 'worker', format('%s%s not handed to their lanes: the oldest transaction of them began at %s',
                       CASE WHEN count(*) > 1000 THEN 'more than ' END,
                       o365_internal.plural(least(count(*), 1000), 'card is', 'cards are'),
                       to_char(min(u.enqueued_at), 'YYYY-MM-DD HH24:MI')),
                   'Look at the workers'' logs; start them again if they say nothing.', min(u.enqueued_at), count(*),
                   'card ' || min(u.card_id)
              FROM (SELECT a.enqueued_at, a.card_id
                      FROM (SELECT f.snap FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1) AS f
                     CROSS JOIN LATERAL (
                        (SELECT o.enqueued_at, o.card_id FROM o365_internal.outbox AS o
                          WHERE o.xid >= pg_snapshot_xmax(f.snap) ORDER BY o.xid LIMIT 1001)
                        UNION ALL
                        (SELECT o.enqueued_at, o.card_id FROM o365_internal.outbox AS o
                          WHERE o.xid = ANY (ARRAY(SELECT pg_snapshot_xip(f.snap)
                                                   EXCEPT SELECT h.xid FROM o365_internal.handing AS h)) LIMIT 1001)
                        ) AS a
                     WHERE a.enqueued_at < now() - interval '15 seconds' LIMIT 1001) AS u
            HAVING count(*) > 0;
    END IF;
    IF v_works AND v_feeds_again THEN
        RETURN QUERY
            SELECT 'database ' || current_database(),
                   format('was restored: its waiting cards have been handed to the lanes again since %s, now at '
                          'subscription %s', to_char(a.at, 'YYYY-MM-DD HH24:MI'),
                          coalesce(nullif(a.lane, (-9223372036854775808)::bigint), 0)),
                   'It continues by itself while a worker runs, about 5,000 cards a step; lanes that it has reached '
                   'send.',
                   a.at, NULL::bigint, NULL
              FROM (SELECT a.at, a.lane FROM o365_internal.feeding_again AS a ORDER BY a.n DESC LIMIT 1) AS a
             WHERE a.at < now() - interval '1 minute';
    END IF;
    IF EXISTS (SELECT FROM o365_internal.postponed AS p WHERE p.first = (-9223372036854775808)::bigint) THEN
        RETURN QUERY
            SELECT 'subscription ' || min(p.subscription_id),
                   format('%s not handed over again since the database was restored: locked by %s',
                          o365_internal.plural(count(*), 'lane is', 'lanes are'), p.holder),
                   'End that transaction: the locked lanes follow at once.', NULL::timestamptz, count(*),
                   'subscription ' || min(p.subscription_id)
              FROM (SELECT p.subscription_id,
                           coalesce((SELECT o365_internal.locked_by(l.xmax) FROM o365_internal.lane AS l
                                      WHERE l.subscription_id = p.subscription_id ORDER BY l.lease_no DESC LIMIT 1),
                                    (SELECT c.holder
                                       FROM (SELECT o365_internal.locked_by(o.xmax) AS holder
                                               FROM o365_internal.outbox AS o
                                              WHERE o.subscription_id = p.subscription_id AND o.xid <> '3'
                                              LIMIT 1000) AS c
                                      WHERE c.holder IS NOT NULL LIMIT 1)) AS holder
                      FROM o365_internal.postponed AS p WHERE p.first = (-9223372036854775808)::bigint
                     LIMIT 100) AS p
             WHERE p.holder IS NOT NULL GROUP BY p.holder;
    END IF;
    IF v_works THEN
        RETURN QUERY
            SELECT 'worker',
                   format('%s%s not moved to their lanes although their time has come: the first was due at %s',
                       CASE WHEN count(*) > 1000 THEN 'more than ' END,
                       o365_internal.plural(least(count(*), 1000), 'scheduled card is', 'scheduled cards are'),
                       to_char(min(s.due_at), 'YYYY-MM-DD HH24:MI')),
                   'Look at the workers'' logs; start them again if they say nothing.', min(s.due_at), count(*),
                   'card ' || (array_agg(s.card_id ORDER BY s.due_at))[1]
              FROM (SELECT x.due_at, x.card_id FROM o365_internal.scheduled AS x
                     WHERE x.due_at < now() - interval '1 minute' ORDER BY x.due_at LIMIT 1001) AS s
            HAVING count(*) > 0;
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.health_feeding_behind() IS
    'Workers are alive, and cards are not handed to their lanes.';
