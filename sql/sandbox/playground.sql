-- The playground judges a card as o365.send does.

CREATE OR REPLACE FUNCTION o365_programs.sandbox_judge(card text, dialect text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_card jsonb;
    v_limit integer := o365_internal.integer_setting('card_size_limit');
    v_size integer;
    v_counted integer;
    v_is_nearer boolean;
BEGIN
    BEGIN
        v_card := card::jsonb;
    EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
        RETURN jsonb_build_object('problems', jsonb_build_array(jsonb_build_object('severity', 'error', 'path', '$',
            'problem', 'PostgreSQL cannot keep this JSON: ' || SQLERRM, 'hint',
            'Leave \u0000 out, and numbers beyond its range.')));
    END;
    v_size := octet_length(v_card::text);
    v_counted := o365_internal.counted_size(v_card, v_card::text, o365_internal.card_root(v_card, dialect), dialect);
    v_is_nearer := v_size::numeric / v_limit > v_counted::numeric / o365_internal.counted_limit(v_limit);
    RETURN jsonb_build_object(
        'counted', CASE WHEN v_is_nearer THEN v_size ELSE v_counted END,
        'limit', CASE WHEN v_is_nearer THEN v_limit ELSE o365_internal.counted_limit(v_limit) END,
        'problems', coalesce((SELECT jsonb_agg(to_jsonb(p)) FROM o365.check_card(v_card, dialect) AS p), '[]'));
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_judge(text, text) IS
    'What o365.check_card finds in a card for a dialect (problems), and a size and the most that may be (counted, '
    'limit, bytes): of its own bytes and of what the far end may count, whichever is nearer to its limit. A text that '
    'is no jsonb has a problem that says so and no size.';
