CREATE OR REPLACE FUNCTION o365_internal.health_events_waiting() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'connector ' || c.slug,
           format('its application has stopped taking events: %s%s waiting, the oldest since %s; what waits %s is '
                  'dropped',
                  CASE WHEN w.events = 10000 THEN 'at least ' END, w.events, to_char(f.at, 'YYYY-MM-DD HH24:MI'),
                  o365_internal.plural(o365_internal.integer_setting('history_days'), 'day', 'days')),
           'Let its application call o365.take_events(); select * from o365.events lists them.', f.at, w.events, NULL
      FROM o365_internal.connector AS c
     CROSS JOIN LATERAL (SELECT u.at FROM o365_internal.untaken_event AS u WHERE u.connector_id = c.connector_id
                          ORDER BY u.event_id LIMIT 1) AS f
     CROSS JOIN LATERAL (SELECT count(*) AS events FROM (SELECT FROM o365_internal.untaken_event AS u
                                                          WHERE u.connector_id = c.connector_id LIMIT 10000) AS u) AS w
     WHERE c.takes_events AND f.at < now() - interval '1 day' $$;
COMMENT ON FUNCTION o365_internal.health_events_waiting() IS
    'Connectors whose application took events once and has not for a day. One that never did needs none.';
