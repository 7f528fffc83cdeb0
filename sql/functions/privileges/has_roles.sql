CREATE OR REPLACE FUNCTION o365_internal.has_roles() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT pg_get_userbyid(n.nspowner) = 'o365_owner' FROM pg_catalog.pg_namespace AS n
             WHERE n.nspname = 'o365_internal');
END $$;
COMMENT ON FUNCTION o365_internal.has_roles() IS
    'Whether this installation was made with roles of its own; without, everything belongs to one role, and roles of '
    'our names are another installation''s in this cluster.';
