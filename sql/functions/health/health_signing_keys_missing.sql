CREATE OR REPLACE FUNCTION o365_internal.health_signing_keys_missing() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'token profile ' || p.name,
           'there are no keys to check the signatures of card actions with, so every press is answered with 503; '
               || 'fetching them fails: ' || p.problem,
           format('A worker tries again every minute. See that its host reaches %s, through the setting proxy if there '
                  'is one; if no card has buttons that Microsoft calls: '
                  'select o365.set_token_profile(%L, enabled => false).', array_to_string(p.hosts, ', '), p.name),
           p.failing_since, NULL::bigint, NULL
      FROM o365_internal.token_profile AS p
     WHERE o365_internal.needs_signing_keys(p)
       AND p.failing_since < now() - interval '2 minutes'
       AND NOT EXISTS (SELECT FROM o365_internal.signing_key AS k
                        WHERE k.profile = p.name AND k.last_seen_at >= p.fetched_at - p.keep_keys)
    UNION ALL
    -- No worker has reported anything about keys, and one of the newest cards has such a button.
    SELECT 'token profile ' || p.name,
           format('there are no keys to check the signatures of card actions with, so every press is answered with '
                  '503: %s', coalesce('a worker began to fetch them at ' || to_char(p.tried_at, 'YYYY-MM-DD HH24:MI')
                                          || ', and none has reported the result',
                                      'no worker has ever tried to fetch them')),
           'Workers fetch them with their chores, once a minute, or with each --once: see that one of this version '
               || 'runs (select * from o365.workers) and what its log says of chores_failed.',
           greatest(b.since, p.changed_at), b.n, 'card ' || b.card_id
      FROM o365_internal.token_profile AS p
     CROSS JOIN LATERAL (
        SELECT min(a.at) AS since, count(*) AS n, max(a.card_id) AS card_id
          FROM (SELECT x.card_id, x.subscription_id, x.actions, x.at FROM o365_internal.card_action AS x
                 ORDER BY x.at DESC LIMIT 1000) AS a
          JOIN o365_internal.subscription AS s ON s.subscription_id = a.subscription_id AND s.dialect = 'connector'
         WHERE position('"o365:action"' IN a.actions::text) > 0) AS b
     WHERE p.enabled AND p.fetched_at IS NULL AND p.failing_since IS NULL
       AND greatest(b.since, p.changed_at, p.tried_at) < now() - interval '2 minutes'
       AND b.n > 0 $$;
COMMENT ON FUNCTION o365_internal.health_signing_keys_missing() IS
    'Token profiles that are on and have no keys, where signed card actions may come: fetching them fails, or no '
    'worker does it although a card has a button for them.';
