CREATE OR REPLACE FUNCTION o365_internal.link_findings(walk o365_internal.card_walk,
    field_place o365_internal.card_place, links jsonb, before integer)
RETURNS o365_internal.card_finding[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_found o365_internal.card_finding[] := '{}';
    v_codes text[];
BEGIN
    -- An address in a list is checked like a required field.
    FOR v_n IN 0 .. jsonb_array_length(links) - 1 LOOP
        v_codes := o365_internal.field_codes(field_place.kind, field_place.key, '', links->v_n,
            '["string", null, true, null, "link", false]', walk.converts, walk.target_urls);
        IF v_codes IS NOT NULL THEN
            v_found := v_found || o365_internal.findings(
                v_codes, ROW(NULL, field_place.kind, field_place.key, field_place.path || '[' || v_n || ']',
                             jsonb_typeof(links->v_n), 'string', false),
                before + cardinality(v_found));
            EXIT WHEN before + cardinality(v_found) >= 200;
        END IF;
    END LOOP;
    RETURN v_found;
END $$;
COMMENT ON FUNCTION o365_internal.link_findings(o365_internal.card_walk, o365_internal.card_place, jsonb, integer) IS
    'What is found wrong with the addresses in a list of them; {} for nothing. field_place: the kind of the object '
    'that has the list, the list''s key and path. before: as for object_findings.';
