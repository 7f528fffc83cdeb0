CREATE OR REPLACE FUNCTION o365.preview_digest(cards jsonb[], dialect text, connector text DEFAULT NULL)
RETURNS SETOF jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    v_connector o365_internal.connector;
    v_cards jsonb[];
    v_groups integer[];
    v_group record;
BEGIN
    IF dialect IS NULL OR dialect NOT IN ('connector', 'workflow') THEN
        RAISE EXCEPTION 'dialect % is unknown', quote_nullable(dialect)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'It is connector or workflow.';
    ELSIF cardinality(cards) > 1000 OR array_position(cards, NULL) IS NOT NULL OR array_ndims(cards) > 1 THEN
        RAISE EXCEPTION 'cards are not at most 1,000 cards in a list' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Pass an array without nulls: array[o365.card(''One''), o365.card(''Two'')].';
    END IF;
    IF connector IS NOT NULL THEN
        v_connector := CASE WHEN o365_internal.is_operator() THEN o365_internal.registered_connector(connector)
                            ELSE o365_internal.connector_to_use(connector) END;
    END IF;
    -- As they would leave: corrections are made before the check.
    v_cards := ARRAY(SELECT o365_internal.card_to_send(c.card, dialect,
                                                       o365_internal.card_problems(c.card, dialect, NULL))
                       FROM unnest(cards) WITH ORDINALITY AS c (card, n) ORDER BY c.n);
    v_groups := o365_internal.digest_groups(ARRAY(SELECT o365_internal.digest_kind(c.card, dialect)
                                                    FROM unnest(v_cards) WITH ORDINALITY AS c (card, n) ORDER BY c.n));
    FOR v_group IN SELECT array_agg(c.card ORDER BY c.n) AS cards
                     FROM unnest(v_cards, v_groups) WITH ORDINALITY AS c (card, g, n) GROUP BY c.g ORDER BY c.g
    LOOP
        RETURN NEXT CASE WHEN cardinality(v_group.cards) = 1 THEN v_group.cards[1]
            ELSE o365_internal.make_digest(v_group.cards, o365_internal.digest_kind(v_group.cards[1], dialect), dialect,
                                           v_connector.name, v_connector.language, v_connector.website) END;
    END LOOP;
END $$;
COMMENT ON FUNCTION o365.preview_digest(jsonb[], text, text) IS
    'What cards become when they are sent to a connection with a schedule, one row for each card that would leave, in '
    'order: digests and single cards. dialect: connector or workflow. connector: whose name, language and website the '
    'digests show; null: none. Sends nothing. Errors: invalid_parameter_value (dialect, cards), insufficient_privilege '
    '(connector), undefined_object (connector, for an operator).';
