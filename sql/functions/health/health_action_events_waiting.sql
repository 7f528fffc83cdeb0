CREATE OR REPLACE FUNCTION o365_internal.health_action_events_waiting() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'connector ' || c.slug,
           format('nobody takes the presses on its cards: %s%s waiting, the oldest since %s; what waits %s is '
                  'dropped',
                  CASE WHEN w.events = 10000 THEN 'at least ' END, w.events, to_char(f.at, 'YYYY-MM-DD HH24:MI'),
                  o365_internal.plural(o365_internal.integer_setting('action_days'), 'day', 'days')),
           'Let its application call o365.take_action_events(); select * from o365.action_events lists them.', f.at,
           w.events, NULL
      FROM o365_internal.connector AS c
     CROSS JOIN LATERAL (SELECT e.at FROM o365_internal.action_event AS e WHERE e.connector_id = c.connector_id
                          ORDER BY e.event_id LIMIT 1) AS f
     CROSS JOIN LATERAL (SELECT count(*) AS events FROM (SELECT FROM o365_internal.action_event AS e
                                                          WHERE e.connector_id = c.connector_id LIMIT 10000) AS e) AS w
     WHERE f.at < now() - interval '1 day' $$;
COMMENT ON FUNCTION o365_internal.health_action_events_waiting() IS
    'Connectors whose application has not taken what was pressed for a day.';
