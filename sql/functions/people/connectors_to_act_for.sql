CREATE OR REPLACE FUNCTION o365_internal.connectors_to_act_for() RETURNS integer[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_all boolean := o365_internal.is_operator();
BEGIN
    RETURN ARRAY(SELECT c.connector_id FROM o365_internal.connector AS c
                  WHERE v_all OR o365_internal.may_use(c.connector_id));
END $$;
COMMENT ON FUNCTION o365_internal.connectors_to_act_for() IS
    'The connectors whose people the session may export and erase, removed ones too: an operator all, an application '
    'those that it was granted. {} for any other session.';
