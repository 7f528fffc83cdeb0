CREATE OR REPLACE FUNCTION o365_internal.health_history_default_partition() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'table o365_internal.' || t.name,
           'its rows go into the default partition, because that of today could not be created',
           'Keep a worker running, and see who keeps the history open: finding chores_fail names them. The rows stay '
           'readable.',
           t.since, NULL::bigint, NULL
      FROM (SELECT 'attempt' AS name, (SELECT a.at FROM o365_internal.attempt_default AS a ORDER BY a.at
                                        LIMIT 1) AS since
            UNION ALL
            SELECT 'delivery', (SELECT d.at FROM o365_internal.delivery_default AS d ORDER BY d.at LIMIT 1)
            UNION ALL
            SELECT 'event', (SELECT e.at FROM o365_internal.event_default AS e ORDER BY e.at LIMIT 1)) AS t
     WHERE t.since IS NOT NULL
       AND to_regclass('o365_internal.' || o365_internal.partition_name(t.name,
           (now() AT TIME ZONE 'UTC')::date)) IS NULL $$;
COMMENT ON FUNCTION o365_internal.health_history_default_partition() IS
    'Today''s rows of the history lie in no partition of their own.';
