CREATE OR REPLACE FUNCTION o365_internal.health_card_waits_long() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
    SELECT 'card ' || o.card_id, format('waits since %s, longer than give_up_hours: %s',
                                        to_char(o.enqueued_at, 'YYYY-MM-DD HH24:MI'),
                                        CASE WHEN o.card_id = l.first_card THEN l.reason
                                            ELSE format('behind card %s: %s', l.first_card, l.reason) END),
           format('select * from o365.queue where subscription_id = %s', o.subscription_id), o.enqueued_at,
           NULL::bigint,
           'subscription ' || o.subscription_id
      FROM (SELECT o.card_id, o.enqueued_at, o.subscription_id FROM o365_internal.outbox AS o ORDER BY o.xid
             LIMIT 1) AS o
      JOIN o365_internal.lane_now AS l ON l.subscription_id = o.subscription_id
     WHERE o.enqueued_at < now() - make_interval(hours => o365_internal.integer_setting('give_up_hours') + 1)
       -- A weekly digest is no delay.
       AND l.why IS DISTINCT FROM 'schedule' $$;
COMMENT ON FUNCTION o365_internal.health_card_waits_long() IS
    'The oldest card, when it waits longer than a card that is tried, and not for a schedule.';
