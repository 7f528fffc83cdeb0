CREATE OR REPLACE FUNCTION o365_internal.health_no_sealing_key() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'sealing key', 'there is none, so nobody can connect',
           'Run o365-worker keys generate on the worker''s host.',
           NULL::timestamptz, NULL::bigint, NULL
     WHERE NOT EXISTS (SELECT FROM o365_internal.sealing_key AS k WHERE k.kind = 'public' AND k.active) $$;
COMMENT ON FUNCTION o365_internal.health_no_sealing_key() IS 'There is no key to seal webhooks under.';
