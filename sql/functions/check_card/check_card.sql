-- A function's columns cannot be replaced.
DO $$
BEGIN
    IF pg_get_function_result(to_regprocedure('o365.check_card(jsonb, text, text)')) NOT LIKE '%for_dialect%' THEN
        DROP FUNCTION o365.check_card(jsonb, text, text);
    END IF;
END $$;
CREATE OR REPLACE FUNCTION o365.check_card(card jsonb, dialect text DEFAULT NULL, connector text DEFAULT NULL)
RETURNS TABLE (severity text, path text, problem text, hint text, for_dialect text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_target_urls text[];
    v_problems jsonb;
    v_others jsonb;
BEGIN
    IF dialect NOT IN ('connector', 'workflow') THEN
        RAISE EXCEPTION 'dialect % is unknown', quote_literal(dialect)
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'It is connector or workflow; without one both are judged.';
    END IF;
    IF connector IS NOT NULL THEN
        -- A worker sees every card anyway, so `o365-worker card check` may ask with its login.
        v_target_urls := CASE WHEN o365_internal.is_operator()
                                   OR CASE WHEN o365_internal.has_roles()
                                       THEN pg_has_role(session_user, 'o365_worker', 'MEMBER') END
            THEN (SELECT c.target_urls FROM o365_internal.connector AS c WHERE c.slug = check_card.connector)
            ELSE (o365_internal.connector_to_use(connector)).target_urls END;
        IF v_target_urls IS NULL THEN
            RAISE EXCEPTION 'there is no connector %', quote_nullable(connector)
                USING ERRCODE = 'undefined_object', HINT = 'An operator lists them: select slug from o365.connectors.';
        END IF;
    END IF;
    v_problems := o365_internal.card_problems(card, coalesce(dialect, 'connector'), v_target_urls);
    IF dialect IS NOT NULL THEN
        IF v_problems <> '[]' THEN
            RETURN QUERY SELECT p.severity, p.path, p.problem, p.hint, check_card.dialect
              FROM jsonb_to_recordset(v_problems) AS p (severity text, path text, problem text, hint text);
        END IF;
        RETURN;
    END IF;
    -- A problem of both dialects is listed once.
    v_others := o365_internal.card_problems(card, 'workflow', v_target_urls);
    RETURN QUERY
        SELECT p.value->>'severity', p.value->>'path', p.value->>'problem', p.value->>'hint', p.for_dialect
          FROM (SELECT c.value, CASE WHEN NOT v_others @> jsonb_build_array(c.value) THEN 'connector' END AS for_dialect
                  FROM jsonb_array_elements(v_problems) AS c
                UNION ALL
                SELECT w.value, 'workflow' FROM jsonb_array_elements(v_others) AS w
                 WHERE NOT v_problems @> jsonb_build_array(w.value)) AS p
         ORDER BY p.value->>'severity', (p.value->>'path') COLLATE "C", (p.value->>'problem') COLLATE "C",
             p.for_dialect;
END $$;
COMMENT ON FUNCTION o365.check_card(jsonb, text, text) IS
    'Returns the problems of a card for webhooks of a dialect (connector, workflow), or of both by default: one row '
    'for each, errors first, at most 100 for each dialect: severity (error: o365.send refuses the card; warning: it is '
    'sent and something will not be seen), JSON path, problem, what to write instead, and the dialect that has the '
    'problem (null: both). No row: no problem. With a connector the targets of its actions are compared with those '
    'registered: an operator and a worker may name any connector, an application those granted to it. The rules: '
    'docs/cards.md. Errors: invalid_parameter_value for an unknown dialect, insufficient_privilege or undefined_object '
    'for the connector.';
