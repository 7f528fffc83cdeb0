CREATE OR REPLACE FUNCTION o365.test_cards(cards jsonb[], connector text DEFAULT NULL, dialect text DEFAULT NULL)
RETURNS TABLE (card integer, for_dialect text, severity text, path text, problem text, hint text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    -- An empty list would look like a passed test.
    IF coalesce(cardinality(cards), 0) = 0 THEN
        RAISE EXCEPTION 'there are no cards'
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Pass an array of cards: array_agg(card) over no rows is null.';
    END IF;
    RETURN QUERY SELECT u.n::integer, d.dialect, p.severity, p.path, p.problem, p.hint
      FROM unnest(test_cards.cards) WITH ORDINALITY AS u (card, n),
           unnest(CASE WHEN test_cards.dialect IS NULL THEN ARRAY['connector', 'workflow']
                  ELSE ARRAY[test_cards.dialect] END) WITH ORDINALITY AS d (dialect, i),
           LATERAL o365.check_card(u.card, d.dialect, test_cards.connector) AS p
     ORDER BY u.n, d.i, p.severity, p.path COLLATE "C";
END $$;
COMMENT ON FUNCTION o365.test_cards(jsonb[], text, text) IS
    'For an application''s own tests: what o365.check_card says about each card, one row for each problem, cards '
    'numbered from 1; no row if all are valid. Without a dialect, for both. It changes nothing. Errors: those of '
    'o365.check_card; invalid_parameter_value for no cards.';
