CREATE OR REPLACE FUNCTION o365_internal.walked_problems(walk o365_internal.card_walk, card jsonb, root text,
    doubts jsonb, whole text[])
RETURNS jsonb
LANGUAGE plpgsql STABLE SET jit = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    v_object o365_internal.card_kind;
    v_found o365_internal.card_finding[] := '{}';
    v_finding o365_internal.card_finding;
    v_code text;
    v_path text;
    v_problems jsonb := '[]';
BEGIN
    IF root IS NOT NULL THEN
        SELECT k.* INTO v_object FROM o365_internal.card_kind AS k WHERE k.kind = root;
        IF walk.trusts AND doubts IS NULL AND root = 'a.card' THEN
            doubts := jsonb_path_query_array(card, o365_internal.card_doubts('a.card'), '{"converts": false}');
        END IF;
        v_found := o365_internal.object_findings(walk, ROW(root, NULL, '$', 0), v_object, card, doubts, 0);
    END IF;
    IF cardinality(v_found) = 0 AND whole = '{}' THEN
        RETURN '[]';
    END IF;

    -- There are problems: make their messages.
    FOREACH v_finding IN ARRAY v_found LOOP
        v_problems := v_problems || o365_internal.problem(v_finding, NULL);
    END LOOP;
    FOREACH v_code IN ARRAY whole LOOP
        v_path := CASE WHEN v_code LIKE '$."%' THEN substring(v_code FROM '^\$\."[^"]*"')
            ELSE split_part(v_code, ':', 1) END;
        v_problems := v_problems || o365_internal.whole_problem(substr(v_code, length(v_path) + 2), v_path);
    END LOOP;
    IF jsonb_array_length(v_problems) > 1 THEN
        v_problems := to_jsonb(ARRAY(
            SELECT o.problem FROM jsonb_array_elements(v_problems) AS o (problem)
             ORDER BY o.problem->>'severity', (o.problem->>'path') COLLATE "C", (o.problem->>'problem') COLLATE "C"
             LIMIT 100));
    END IF;
    RETURN v_problems;
END $$;
COMMENT ON FUNCTION o365_internal.walked_problems(o365_internal.card_walk, jsonb, text, jsonb, text[]) IS
    'The slow half of card_problems: what is wrong with each object and field, and the words for it; [] for nothing. '
    'root: the card''s card_root; null: its objects are not looked at. doubts: the pairs of the card that are not '
    'known to be right; null: all. whole: what is wrong with the card as a whole, each code after its path and a '
    'colon.';
