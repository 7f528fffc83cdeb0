CREATE OR REPLACE FUNCTION o365_internal.findings(codes text[], finding o365_internal.card_finding, before integer)
RETURNS o365_internal.card_finding[]
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_variable
BEGIN
    -- At most 100 findings are reported, errors first: after 100 of any kind only errors are collected, so 200 suffice.
    IF before >= 100 THEN
        codes := ARRAY(SELECT c FROM unnest(codes) AS c
                         JOIN o365_internal.card_rule AS r ON r.code = split_part(c, ':', 1)
                        WHERE r.severity = 'error');
    END IF;
    IF cardinality(codes) = 1 THEN
        finding.code := codes[1];
        RETURN ARRAY[finding];
    END IF;
    RETURN ARRAY(SELECT ROW(c, finding.kind, finding.key, finding.path, finding.json_type, finding.type,
                            finding.is_object)::o365_internal.card_finding
                   FROM unnest(codes) AS c);
END $$;
COMMENT ON FUNCTION o365_internal.findings(text[], o365_internal.card_finding, integer) IS
    'A finding for each code: finding without its code. before: how many were found before; where 100 were, codes of '
    'warnings are left out.';
