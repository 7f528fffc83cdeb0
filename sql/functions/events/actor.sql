CREATE OR REPLACE FUNCTION o365_internal.actor() RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN o365_internal.is_operator() THEN 'operator' ELSE 'application' END;
END $$;
COMMENT ON FUNCTION o365_internal.actor() IS
    'Who the session is to the functions that operators and applications call: operator, else application.';
