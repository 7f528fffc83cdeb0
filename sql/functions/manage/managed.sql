CREATE OR REPLACE FUNCTION o365_internal.managed(token_hash bytea) RETURNS o365_internal.manage_link
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT m FROM o365_internal.manage_link AS m WHERE m.token_hash = $1
               AND (m.revoked_at IS NULL OR m.revoked_at > clock_timestamp()));
END $$;
COMMENT ON FUNCTION o365_internal.managed(bytea) IS
    'The link whose token has that hash; null when there is none, or it has ended.';
