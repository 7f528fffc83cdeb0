CREATE OR REPLACE FUNCTION o365_internal.problem(finding o365_internal.card_finding, whole text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_code text := split_part(finding.code, ':', 1);
    v_rule record;
    v_words text[];
BEGIN
    SELECT r.severity, r.problem, r.hint INTO v_rule FROM o365_internal.card_rule AS r WHERE r.code = v_code;
    v_words := CASE
        WHEN whole IS NULL THEN o365_internal.finding_words(finding, v_rule.hint)
        WHEN v_code = 'version' THEN ARRAY['version', '', '', 'none', '']
        WHEN v_code = 'lost_for_connector' THEN ARRAY['', '', '', whole[2], whole[3]]
        ELSE ARRAY[coalesce(whole[2], ''), coalesce(whole[3], ''), coalesce(whole[4], ''), '', ''] END;
    RETURN jsonb_build_object('severity', v_rule.severity, 'path', o365_internal.finding_path(finding),
                              'problem', format(v_rule.problem, VARIADIC v_words),
                              'hint', format(v_rule.hint, VARIADIC v_words))
           || CASE WHEN v_code = ANY (o365_internal.corrected_codes()) THEN '{"corrected": true}'::jsonb ELSE '{}' END;
END $$;
COMMENT ON FUNCTION o365_internal.problem(o365_internal.card_finding, text[]) IS
    'The words for a finding: severity, path, problem and hint, and corrected (true) where o365.send corrects it. '
    'whole: for a rule that the card breaks as a whole, the parts of its code; null for every other.';
