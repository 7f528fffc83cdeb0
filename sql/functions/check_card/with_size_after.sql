CREATE OR REPLACE FUNCTION o365_internal.with_size_after(card jsonb, dialect text, root text, size integer,
    card_size_limit integer,
    problems jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_shaped jsonb;
    v_counted integer;
BEGIN
    -- What is put right may be longer, a fact's dash twice as long as the fact.
    IF size * 5 > card_size_limit AND problems #>> '{0,severity}' = 'warning'
       AND jsonb_path_exists(problems, '$[*].corrected') THEN
        v_shaped := o365_internal.put_right(card, root, dialect);
        v_counted := o365_internal.counted_size(v_shaped, v_shaped::text, root, dialect);
        IF v_counted > o365_internal.counted_limit(card_size_limit) THEN
            RETURN o365_internal.whole_problem(substr(o365_internal.size_code(v_counted, size, card_size_limit), 3),
                '$')
                   || problems;
        END IF;
    END IF;
    RETURN problems;
END $$;
COMMENT ON FUNCTION o365_internal.with_size_after(jsonb, text, text, integer, integer, jsonb) IS
    'problems, those of a card, and before them that it counts as too large once it is put right. size: its bytes.';
