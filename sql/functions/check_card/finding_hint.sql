CREATE OR REPLACE FUNCTION o365_internal.finding_hint(finding o365_internal.card_finding, key text, rule_hint text)
RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_code text := split_part(finding.code, ':', 1);
    v_hint text;
BEGIN
    IF v_code = 'lost_for_connector' THEN
        RETURN 'A connector webhook takes of an Adaptive Card: a TextBlock as title (the first, with size or weight), '
               'TextBlocks, FactSets, Images and up to 4 Action.OpenUrl. Send a MessageCard for more.';
    ELSIF position('%5$s' IN rule_hint) = 0 THEN
        RETURN NULL;
    END IF;
    IF NOT finding.is_object OR v_code IN ('missing', 'needed') THEN
        v_hint := (SELECT f.hint FROM o365_internal.card_field AS f WHERE f.kind = finding.kind
            AND f.name = finding_hint.key);
        -- The hint of a field without effect is a sentence, which is not a hint for its type.
        IF rule_hint LIKE 'Write %' AND v_hint NOT LIKE '"%' AND v_hint NOT LIKE '{%' THEN
            v_hint := format(CASE finding.type WHEN 'boolean' THEN '"%s": true' WHEN 'object' THEN '"%s": {...}'
                                               WHEN 'array' THEN '"%s": [...]' ELSE '"%s": "..."' END, key);
        END IF;
    END IF;
    IF v_hint IS NULL THEN
        v_hint := (SELECT k.hint FROM o365_internal.card_kind AS k
                    WHERE k.kind = CASE WHEN v_code NOT IN ('unknown_type', 'not_an_object') THEN finding.kind
                                        WHEN finding.kind LIKE 'm.action:%' THEN 'm.action:OpenUri'
                                        WHEN finding.kind LIKE 'm.input:%' THEN 'm.input:TextInput'
                                        WHEN finding.kind LIKE 'a.action:%' THEN 'a.action:Action.OpenUrl'
                                        WHEN finding.kind LIKE 'a.element:%' THEN 'a.element:TextBlock'
                                        ELSE finding.kind END);
    END IF;
    RETURN coalesce(v_hint, 'it as docs/cards.md shows');
END $$;
COMMENT ON FUNCTION o365_internal.finding_hint(o365_internal.card_finding, text, text) IS
    'What to write instead, by the hints of card_field and card_kind, for a rule whose hint has a place for it '
    '(rule_hint); null for every other. key: the field that the finding is about.';
