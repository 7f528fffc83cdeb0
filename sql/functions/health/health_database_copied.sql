CREATE OR REPLACE FUNCTION o365_internal.health_database_copied() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'database ' || current_database(), c.copied || '. No card leaves',
           format('If this is the database of environment %s now: select o365.this_is(%L); otherwise name the '
                  'environment that it belongs to.',
                  o365_internal.text_setting('environment'), o365_internal.text_setting('environment')),
           NULL::timestamptz, NULL::bigint, NULL
      FROM (SELECT o365_internal.copied() AS copied) AS c WHERE c.copied IS NOT NULL $$;
COMMENT ON FUNCTION o365_internal.health_database_copied() IS
    'This database may be a copy of the one that was told to send.';
