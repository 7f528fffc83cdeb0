CREATE OR REPLACE FUNCTION o365_internal.finding_path(finding o365_internal.card_finding) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_code text := split_part(finding.code, ':', 1);
    v_more text := substr(finding.code, length(v_code) + 2);
BEGIN
    RETURN finding.path || CASE
        WHEN finding.is_object AND v_more <> '' AND v_code IN ('missing', 'needed', 'fact_part', 'empty_picture') THEN
            CASE WHEN v_more ~ '^\w+$' COLLATE "C" THEN '.' || v_more ELSE format('."%s"', v_more) END
        WHEN v_code IN ('content_type', 'attachment_type') THEN '.contentType'
        WHEN v_code = 'envelope_type' THEN '.type'
        WHEN v_code = 'type_case' THEN CASE WHEN v_more LIKE '"@%' THEN '."@type"' ELSE '.type' END
        ELSE '' END;
END $$;
COMMENT ON FUNCTION o365_internal.finding_path(o365_internal.card_finding) IS
    'The path of what a finding is about; for a missing field the path that it would have.';
