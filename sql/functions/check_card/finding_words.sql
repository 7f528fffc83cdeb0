CREATE OR REPLACE FUNCTION o365_internal.finding_words(finding o365_internal.card_finding, rule_hint text)
RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_code text := split_part(finding.code, ':', 1);
    v_more text := substr(finding.code, length(v_code) + 2);
    v_names_field boolean := v_more <> '' AND v_code IN ('missing', 'needed', 'fact_part', 'empty_picture');
    v_key text := CASE WHEN v_names_field THEN v_more ELSE finding.key END;
    v_near text;
BEGIN
    IF v_code IN ('too_many', 'surplus') THEN
        RETURN ARRAY[v_key, split_part(v_more, ':', 1), split_part(v_more, ':', 2), '', ''];
    ELSIF v_code = 'link_spelling' THEN
        -- Of a card's texts no more than 60 characters are repeated.
        v_near := split_part(v_more, E'\x01', 2);
        RETURN ARRAY[v_key, '', CASE WHEN length(v_near) <= 60 THEN v_near
                                     ELSE '\[ and \] in the text, %20, %28 and %29 in the address' END,
                     left(split_part(v_more, E'\x01', 1), 60), ''];
    ELSIF v_code = 'unknown_field' THEN
        v_near := o365_internal.nearest_field(finding.kind, v_key);
        v_more := CASE WHEN v_near IS NULL
            THEN 'It is left unread: leave it out, or see docs/cards.md for what there is.'
                       ELSE format('Write "%s".', v_near) END;
    END IF;
    RETURN ARRAY[
        coalesce(CASE WHEN finding.is_object AND NOT v_names_field THEN 'an item of ' || finding.key
            ELSE left(v_key, 60) END,
                 'the card'),
        CASE WHEN finding.json_type IN ('array', 'object') THEN 'an ' ELSE 'a ' END
            || coalesce(finding.json_type, 'null'),
        CASE WHEN finding.type = 'any' THEN 'a string or an object'
             WHEN v_code <> 'unknown_field'
                 THEN CASE WHEN finding.type IN ('array', 'object') THEN 'an ' ELSE 'a ' END
                     || coalesce(finding.type, 'object')
             ELSE o365_internal.kind_name(finding.kind) END,
        v_more, o365_internal.finding_hint(finding, v_key, rule_hint)];
END $$;
COMMENT ON FUNCTION o365_internal.finding_words(o365_internal.card_finding, text) IS
    'What is written at the places in a rule''s problem and hint, as card_rules.sql numbers them. rule_hint: the hint '
    'of the rule.';
