-- What the delivery core adds to o365.health().

CREATE OR REPLACE FUNCTION o365_internal.delivery_health() RETURNS TABLE (severity text, object text, problem text, next_step text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT 'error', 'database ' || current_database(), c.copied || '. No card leaves',
           format('If this is the database of environment %s now: select o365.this_is(%L); otherwise name the environment that it belongs to.',
                  o365_internal.text_setting('environment'), o365_internal.text_setting('environment'))
      FROM (SELECT o365_internal.copied() AS copied) AS c WHERE c.copied IS NOT NULL
    UNION ALL
    SELECT 'warning', 'subscription ' || l.subscription_id,
           format('throttled since %s: %s', to_char(l.throttled_since, 'YYYY-MM-DD HH24:MI'), l.problem),
           'Its cards wait and none is lost. Send fewer, or several facts in one card.'
      FROM o365_internal.lane AS l WHERE l.throttled_since < now() - interval '5 minutes'
    UNION ALL
    SELECT 'warning', 'subscription ' || l.subscription_id, format('its last %s cards ended as dead, and none arrived since', l.dead_in_a_row),
           format('select * from o365.attempts where subscription_id = %s limit 5; if no card can arrive: select o365.pause(%s)',
                  l.subscription_id, l.subscription_id)
      FROM o365_internal.lane AS l WHERE l.dead_in_a_row >= 10
    UNION ALL
    SELECT 'warning', 'subscription ' || l.subscription_id,
           format('its next card was posted %s times without a clear answer: %s', l.unclear, l.problem),
           CASE WHEN s.dialect = 'workflow'
                THEN 'The flow answers later than the limit: let its owner remove its Response step, or raise post_timeout_seconds with o365.set.'
                ELSE format('select * from o365.attempts where subscription_id = %s limit 5', l.subscription_id) END
      FROM o365_internal.lane AS l JOIN o365_internal.subscription AS s ON s.subscription_id = l.subscription_id
     WHERE l.unclear >= 2;
END $$;
COMMENT ON FUNCTION o365_internal.delivery_health() IS
    'Rows of o365.health(): a database that may be a copy, webhooks that throttle, whose cards all end as dead, or that give no clear answer.';
