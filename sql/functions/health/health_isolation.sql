CREATE OR REPLACE FUNCTION o365_internal.health_isolation() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The programs set their own.
    SELECT d.object,
           format('has default_transaction_isolation = %s: transactions that call o365.send can fail with 40001, '
                  'could not serialize '
                            'access, and have to be repeated', d.value),
           format('%s SET default_transaction_isolation = ''read committed'', unless the application repeats what '
                  'fails', d.statement),
           NULL::timestamptz, NULL::bigint, NULL
      FROM o365_internal.application_settings('default_transaction_isolation') AS d
     WHERE d.value <> 'read committed' $$;
COMMENT ON FUNCTION o365_internal.health_isolation() IS
    'Applications whose transactions are not READ COMMITTED by default.';
