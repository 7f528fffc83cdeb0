CREATE OR REPLACE FUNCTION o365_internal.connector_by_slug(slug text) RETURNS o365_internal.connector
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT c FROM o365_internal.connector AS c WHERE c.slug = $1 AND c.removed_at IS NULL);
END $$;
COMMENT ON FUNCTION o365_internal.connector_by_slug(text) IS
    'The connector; null when there is none, or it was removed.';
