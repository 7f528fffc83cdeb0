CREATE OR REPLACE FUNCTION o365_internal.connector_page(
    public_url text, slug text, name text, short_description text, website text, language text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN jsonb_build_object('found', true, 'public_url', public_url, 'slug', slug, 'name', name, 'short_description',
        short_description,
        'website', website) || CASE WHEN language IS NULL THEN '{}' ELSE jsonb_build_object('language', language) END;
END $$;
COMMENT ON FUNCTION o365_internal.connector_page(text, text, text, text, text, text) IS
    'What every page of a connector shows, from its fields.';

CREATE OR REPLACE FUNCTION o365_internal.connector_page(c o365_internal.connector) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_public_url text := o365_internal.text_setting('public_url');
BEGIN
    RETURN CASE WHEN c.connector_id IS NULL THEN jsonb_build_object('found', false, 'public_url', v_public_url)
                ELSE o365_internal.connector_page(v_public_url, c.slug, c.name, c.short_description, c.website,
                                                  c.language) END;
END $$;
COMMENT ON FUNCTION o365_internal.connector_page(o365_internal.connector) IS
    'What every page of a connector shows; found is false for none.';
