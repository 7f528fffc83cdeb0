CREATE OR REPLACE FUNCTION o365_internal.preflight(slug text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_by_slug(slug);
BEGIN
    IF v_connector.connector_id IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN jsonb_build_object('slug', v_connector.slug, 'name', v_connector.name,
        'public_url', o365_internal.text_setting('public_url'),
        'environment', o365_internal.text_setting('environment'), 'callback_url', v_connector.callback_url,
        'landing_page', v_connector.landing_page, 'website', v_connector.website,
        'target_urls', to_jsonb(v_connector.target_urls),
        'findings', (SELECT coalesce(jsonb_agg(jsonb_build_object('item', f.item, 'verdict', f.verdict,
                                                                  'object', f.object, 'problem', f.problem,
                                                                  'next_step', f.next_step)), '[]') FROM (
            SELECT r.item, r.verdict, 'connector ' || v_connector.slug AS object, r.problem,
                   replace(r.next_step, 'alter_connector(...', format('alter_connector(%L', v_connector.slug))
                       AS next_step
              FROM (SELECT * FROM o365_internal.preflight_registration(v_connector)
                    UNION ALL SELECT * FROM o365_internal.preflight_cards(v_connector)
                    UNION ALL SELECT * FROM o365_internal.preflight_actions(v_connector)) AS r
            UNION ALL
            -- Findings that would make something fail during the review, and those about this connector.
            SELECT 'delivery', CASE h.severity WHEN 'error' THEN 'fail' ELSE 'look' END, h.object, h.problem || '.',
                   h.next_step
              FROM o365.health() AS h
             WHERE h.code <> 'callback_url_outside'
               AND (h.severity = 'error' OR h.object = 'connector ' || v_connector.slug)) AS f));
END $$;
COMMENT ON FUNCTION o365_internal.preflight(text) IS
    'The part of the store''s checklist that the database sees, of a connector: its addresses, and findings: item (as '
    'lib/preflight names them), verdict (fail, or look: a person has to), object, problem, next_step. Nothing is '
    'changed. Null: there is no such connector.';
