CREATE OR REPLACE FUNCTION o365_internal.outcomes_not_counted()
RETURNS TABLE (hour timestamptz, connector_id integer, outcome text, http_status integer, rule_id integer, cards bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10 SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT date_trunc('hour', d.at, 'UTC'), coalesce(d.connector_id, s.connector_id), d.outcome,
           coalesce(d.http_status, 0), coalesce(d.rule_id, 0), count(*)
      FROM o365_internal.delivery AS d JOIN o365_internal.subscription AS s ON s.subscription_id = d.subscription_id
     WHERE d.at >= (SELECT u.until FROM o365_internal.counted AS u) GROUP BY 1, 2, 3, 4, 5;
END $$;
COMMENT ON FUNCTION o365_internal.outcomes_not_counted() IS
    'Ends of the last minutes, which outcome_hour does not have yet, as its rows. All connectors'': the view '
    'o365.outcomes, for which it is SECURITY DEFINER, leaves out those that its reader may not see.';
