CREATE OR REPLACE FUNCTION o365_internal.few_event_connectors() RETURNS integer[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_visible integer[] := o365_internal.visible_connectors();
BEGIN
    IF 0 = ANY (v_visible)
       OR (SELECT count(*) > 5000 FROM (SELECT FROM o365_internal.event AS e
                                         WHERE e.connector_id = ANY (v_visible) LIMIT 5001) AS e) THEN
        RETURN NULL;
    END IF;
    RETURN v_visible;
END $$;
COMMENT ON FUNCTION o365_internal.few_event_connectors() IS
    'The connectors whose events the session may see, where those are few: they are then read by connector. Null for '
    'an operator, and for whoever sees so many that the newest are found sooner by walking back in time.';
