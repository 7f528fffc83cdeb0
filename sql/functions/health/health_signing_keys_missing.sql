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
                        WHERE k.profile = p.name AND k.last_seen_at >= p.fetched_at - p.keep_keys) $$;
COMMENT ON FUNCTION o365_internal.health_signing_keys_missing() IS
    'Token profiles that are on and have no keys, where signed card actions may come.';
