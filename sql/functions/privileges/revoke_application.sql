CREATE OR REPLACE FUNCTION o365.revoke_application(role name, connector text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM o365_internal.application AS a USING o365_internal.connector AS c
     WHERE c.connector_id = a.connector_id AND c.slug = revoke_application.connector AND a.role = revoke_application.role;
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION o365.revoke_application(name, text) IS 'Takes back o365.grant_application. False when there was nothing to take back.';
