CREATE OR REPLACE FUNCTION o365_programs.responder_logo(slug text) RETURNS TABLE (content_type text, logo bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT c.logo_type, c.logo FROM o365_internal.connector AS c WHERE c.slug = $1
        AND c.removed_at IS NULL;
END $$;
COMMENT ON FUNCTION o365_programs.responder_logo(text) IS
    'A connector''s logo; no row when there is no such connector.';
