CREATE OR REPLACE FUNCTION o365_programs.responder_connectors() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    RETURN (SELECT jsonb_build_object('public_url', o365_internal.text_setting('public_url'), 'connectors', coalesce((
        SELECT jsonb_agg(jsonb_build_object('slug', c.slug, 'name', c.name, 'short_description', c.short_description)
                         ORDER BY c.name)
          FROM o365_internal.connector AS c WHERE c.allow_anonymous AND c.removed_at IS NULL), '[]')));
END $$;
COMMENT ON FUNCTION o365_programs.responder_connectors() IS 'The connectors that anybody may connect.';
