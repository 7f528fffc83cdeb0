CREATE OR REPLACE FUNCTION o365_internal.health_signing_keys_old() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'token profile ' || p.name,
           format('its signing keys were last fetched at %s%s', to_char(p.fetched_at, 'YYYY-MM-DD HH24:MI'),
                  coalesce('; it fails since ' || to_char(p.failing_since, 'YYYY-MM-DD HH24:MI') || ': ' || p.problem,
                           ', and no worker does it')),
           format('The fetched keys stay valid until then; card actions that are signed with a new one are refused. '
                  'See that the workers'' host reaches %s, through the setting proxy if there is one, and that '
                  'workers run.', array_to_string(p.hosts, ', ')),
           coalesce(p.failing_since, p.fetched_at), count(*), min(k.kid)
      FROM o365_internal.token_profile AS p
      JOIN o365_internal.signing_key AS k ON k.profile = p.name AND k.last_seen_at >= p.fetched_at - p.keep_keys
     WHERE o365_internal.needs_signing_keys(p)
       AND (p.failing_since < now() - interval '1 hour'
            OR p.fetched_at < now() - interval '1 hour'
                              - make_interval(hours => o365_internal.integer_setting('signing_key_hours')))
     GROUP BY p.name $$;
COMMENT ON FUNCTION o365_internal.health_signing_keys_old() IS
    'Token profiles whose keys could not be fetched again in time.';
