CREATE OR REPLACE FUNCTION o365_internal.visible_connectors() RETURNS integer[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF o365_internal.is_operator() THEN
        RETURN ARRAY(SELECT 0 UNION ALL SELECT c.connector_id FROM o365_internal.connector AS c);
    END IF;
    RETURN ARRAY(SELECT c.connector_id FROM o365_internal.connector AS c WHERE o365_internal.may_use(c.connector_id));
END $$;
COMMENT ON FUNCTION o365_internal.visible_connectors() IS
    'The connectors whose rows the session may see: all for an operator, those it may use for an application. An '
    'operator''s have 0 in front, which no connector has: all rows are seen, whosever they are. Views ask once a '
    'query, not once a row.';
