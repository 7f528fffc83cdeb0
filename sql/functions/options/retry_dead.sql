CREATE OR REPLACE FUNCTION o365.retry_dead(connector text, since timestamptz, outcome text DEFAULT 'dead',
    reason text DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    c_most CONSTANT integer := 10000;
    v_connectors integer[] := o365_internal.connectors_to_act_for();
    v_tids tid[];
    v_dead o365_internal.dead_card;
    v_n integer := 0;
BEGIN
    IF outcome IS NULL OR outcome NOT IN ('dead', 'in_doubt', 'expired') THEN
        RAISE EXCEPTION 'cards that ended as % are not kept', quote_nullable(outcome)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Pass dead, in_doubt or expired.';
    END IF;
    IF since IS NULL THEN
        RAISE EXCEPTION 'since is NULL'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Pass a time, as now() - interval ''1 day''.';
    END IF;
    IF connector IS NOT NULL THEN
        v_connectors := ARRAY[CASE WHEN o365_internal.is_operator()
                                   THEN (o365_internal.registered_connector(connector)).connector_id
                                   ELSE (o365_internal.connector_to_use(connector)).connector_id END];
    END IF;
    v_tids := ARRAY(SELECT d.ctid FROM o365_internal.dead_card AS d
                     WHERE d.at >= since AND d.outcome = retry_dead.outcome
                       AND (d.collapse_key IS NULL
                            OR o365_internal.replaced_by(d.subscription_id, d.collapse_key, d.card_id) IS NULL)
                       AND EXISTS (SELECT FROM o365_internal.subscription AS s
                                    WHERE s.subscription_id = d.subscription_id AND s.connector_id = ANY (v_connectors)
                                      AND s.status NOT IN ('removed', 'gone', 'retired'))
                     ORDER BY d.at LIMIT c_most FOR UPDATE OF d SKIP LOCKED);
    FOR v_dead IN SELECT d.* FROM o365_internal.dead_card AS d WHERE d.ctid = ANY (v_tids) ORDER BY d.card_id LOOP
        PERFORM o365_internal.resend_card(v_dead, reason);
        v_n := v_n + 1;
    END LOOP;
    RETURN v_n;
END $$;
COMMENT ON FUNCTION o365.retry_dead(text, timestamptz, text, text) IS
    'Sends the cards of a connector again that ended with this outcome (dead, in_doubt or expired) since a time, each '
    'as o365.retry_card does, in the order in which they were sent; null: of all connectors that the session may act '
    'for. At most 10,000 a call: call it again until it returns 0. Connections that are removed, gone or retired are '
    'left out, and so are cards that a newer one with the same collapse key has replaced. reason: shown in '
    'o365.events, of each card. Returns how many. Errors: insufficient_privilege, undefined_object, '
    'invalid_parameter_value.';
