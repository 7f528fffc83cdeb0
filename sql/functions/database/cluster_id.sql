CREATE OR REPLACE FUNCTION o365_internal.cluster_id() RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT c.system_identifier FROM pg_control_system() AS c);
EXCEPTION WHEN insufficient_privilege THEN
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.cluster_id() IS
    'System identifier of this cluster. Null where the server does not let the owner call pg_control_system(): then a '
    'dump that was restored into another cluster is noticed by its object ids or by lower transaction ids only.';
