CREATE OR REPLACE FUNCTION o365_internal.health_commits_not_durable() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The programs set their own.
    SELECT d.object,
           'has synchronous_commit = off: when the server crashes, transactions that were committed just before are '
           'lost, with the cards that o365.send had queued in them',
           format('%s SET synchronous_commit = on', d.statement),
           NULL::timestamptz, NULL::bigint, NULL
      FROM o365_internal.application_settings('synchronous_commit') AS d
     WHERE lower(d.value COLLATE "C") IN ('off', 'false', 'no', '0') $$;
COMMENT ON FUNCTION o365_internal.health_commits_not_durable() IS
    'Applications whose commits do not wait for the disk.';
