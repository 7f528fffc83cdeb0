-- Findings of o365.health() that the delivery core's own columns tell: what the far end answers, and whether this is the
-- database that was told to send.

CREATE OR REPLACE FUNCTION o365_internal.health_database_copied() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'database ' || current_database(), c.copied || '. No card leaves',
           format('If this is the database of environment %s now: select o365.this_is(%L); otherwise name the environment that it belongs to.',
                  o365_internal.text_setting('environment'), o365_internal.text_setting('environment')),
           NULL::timestamptz, NULL::bigint, NULL
      FROM (SELECT o365_internal.copied() AS copied) AS c WHERE c.copied IS NOT NULL $$;
COMMENT ON FUNCTION o365_internal.health_database_copied() IS 'This database may be a copy of the one that was told to send.';

CREATE OR REPLACE FUNCTION o365_internal.allowed_hosts(hosts text[]) RETURNS TABLE (webhook_host text, host text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    -- All hosts in one call: findings ask for up to 2,000, and a call for each would take longer than all else.
    RETURN QUERY SELECT a.webhook_host, coalesce((SELECT '*.' || w.host FROM o365_internal.webhook_host AS w
                                      WHERE w.subdomains AND right(a.webhook_host, length(w.host) + 1) = '.' || w.host
                                      ORDER BY length(w.host) DESC LIMIT 1), a.webhook_host)
      FROM (SELECT DISTINCT u.webhook_host FROM unnest($1) AS u (webhook_host)) AS a;
END $$;
COMMENT ON FUNCTION o365_internal.allowed_hosts(text[]) IS
    'The entry of the allow-list that each webhook''s host belongs to, *.example.com for hosts below it; the host itself where there is none. '
    'Tenants have hosts of their own below Microsoft''s: for findings, and for workers that share their transfers, they are one far end. One row for each host, however often it is given.';

CREATE OR REPLACE FUNCTION o365_internal.health_webhooks_throttled() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH lanes AS MATERIALIZED (
        SELECT s.webhook_host, l.subscription_id, l.throttled_since, l.problem
          FROM (SELECT l.subscription_id, l.throttled_since, l.problem FROM o365_internal.lane AS l
                 WHERE l.throttled_since < now() - interval '5 minutes' LIMIT 2000) AS l
          JOIN o365_internal.subscription AS s ON s.subscription_id = l.subscription_id)
    SELECT 'host ' || h.host,
           format('%s throttled since %s: %s', o365_internal.plural(count(*), 'connection is', 'connections are'),
                  to_char(min(l.throttled_since), 'YYYY-MM-DD HH24:MI'), max(l.problem)),
           'Its cards wait and none is lost. Send fewer, or several facts in one card.',
           min(l.throttled_since), count(*), 'subscription ' || max(l.subscription_id)
      FROM lanes AS l
      JOIN o365_internal.allowed_hosts(ARRAY(SELECT n.webhook_host FROM lanes AS n)) AS h ON h.webhook_host = l.webhook_host
     GROUP BY h.host $$;
COMMENT ON FUNCTION o365_internal.health_webhooks_throttled() IS 'Webhooks that have answered for five minutes that they are asked too often.';

CREATE OR REPLACE FUNCTION o365_internal.health_cards_all_dead() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH lanes AS MATERIALIZED (
        SELECT s.webhook_host, l.subscription_id, l.dead_in_a_row
          FROM (SELECT l.subscription_id, l.dead_in_a_row FROM o365_internal.lane AS l
                 WHERE l.dead_in_a_row >= 10 LIMIT 2000) AS l
          JOIN o365_internal.subscription AS s ON s.subscription_id = l.subscription_id)
    SELECT 'host ' || h.host,
           format('the last %s cards or more ended as dead at %s, and none arrived since', min(l.dead_in_a_row),
                  o365_internal.plural(count(*), 'connection', 'connections')),
           format('select * from o365.attempts where subscription_id = %1$s limit 5; if no card can arrive: select o365.pause(%1$s)',
                  max(l.subscription_id)),
           NULL::timestamptz, count(*), 'subscription ' || max(l.subscription_id)
      FROM lanes AS l
      JOIN o365_internal.allowed_hosts(ARRAY(SELECT n.webhook_host FROM lanes AS n)) AS h ON h.webhook_host = l.webhook_host
     GROUP BY h.host $$;
COMMENT ON FUNCTION o365_internal.health_cards_all_dead() IS 'Connections whose last ten cards or more ended as dead, whatever the answers said.';

CREATE OR REPLACE FUNCTION o365_internal.health_answers_unclear() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH lanes AS MATERIALIZED (
        SELECT s.webhook_host, s.dialect, l.subscription_id, l.problem, l.tried_at
          FROM (SELECT l.subscription_id, l.problem, l.tried_at FROM o365_internal.lane AS l WHERE l.unclear >= 2 LIMIT 2000) AS l
          JOIN o365_internal.subscription AS s ON s.subscription_id = l.subscription_id)
    SELECT 'host ' || h.host,
           format('%s a card that was posted twice or more without a clear answer: %s',
                  o365_internal.plural(count(*), 'connection has', 'connections have'), max(l.problem)),
           CASE WHEN l.dialect = 'workflow'
                THEN 'The flow answers later than the limit: let its owner remove its Response step, or raise post_timeout_seconds with o365.set.'
                ELSE format('select * from o365.attempts where subscription_id = %s limit 5', max(l.subscription_id)) END,
           min(l.tried_at), count(*), 'subscription ' || max(l.subscription_id)
      FROM lanes AS l
      JOIN o365_internal.allowed_hosts(ARRAY(SELECT n.webhook_host FROM lanes AS n)) AS h ON h.webhook_host = l.webhook_host
     GROUP BY h.host, l.dialect $$;
COMMENT ON FUNCTION o365_internal.health_answers_unclear() IS 'Connections whose next card was posted without an answer that tells whether it arrived.';
