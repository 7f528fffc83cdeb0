CREATE OR REPLACE FUNCTION o365_internal.health_webhook_shared() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
    SELECT 'subscription ' || m.ids[1],
           format('its webhook is also that of %s %s%s: the far end counts what all of them post, and cards wait for '
                  'its limits', CASE WHEN m.n = 2 THEN 'subscription' ELSE 'subscriptions' END,
                  array_to_string(m.ids[2:6], ', '), CASE WHEN m.n > 6 THEN ' and others' END),
           format('Send each card to one of them only, or keep only one: select o365.remove(%s)', m.ids[m.n]),
           w.since, m.n, 'subscription ' || w.example
      FROM (SELECT x.quota_webhook, min(x.claimed_at) AS since, max(x.subscription_id) AS example
              FROM (SELECT l.quota_webhook, l.claimed_at, l.subscription_id FROM o365_internal.lane AS l
                     WHERE l.why = 'quota' AND l.not_before > now() + interval '2 seconds' AND l.quota_webhook > 0
                     LIMIT 2000) AS x GROUP BY 1) AS w
     CROSS JOIN LATERAL (
        SELECT count(*) AS n, array_agg(l.subscription_id ORDER BY l.subscription_id) AS ids
          FROM o365_internal.lane AS l WHERE l.quota_webhook = w.quota_webhook) AS m
     WHERE m.n > 1 $$;
COMMENT ON FUNCTION o365_internal.health_webhook_shared() IS
    'Webhooks that several connections have, and whose limits keep cards waiting.';
