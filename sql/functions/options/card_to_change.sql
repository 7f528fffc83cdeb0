CREATE OR REPLACE FUNCTION o365_internal.card_to_change(card_id bigint) RETURNS o365_internal.subscription
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_subscription_id bigint := coalesce(
        (SELECT o.subscription_id FROM o365_internal.outbox AS o WHERE o.card_id = $1 LIMIT 1),
        (SELECT s.subscription_id FROM o365_internal.scheduled AS s WHERE s.card_id = $1),
        (SELECT d.subscription_id FROM o365_internal.dead_card AS d WHERE d.card_id = $1),
        (SELECT d.subscription_id FROM o365_internal.delivery AS d WHERE d.card_id = $1 ORDER BY d.at DESC LIMIT 1));
    v_connector_id integer := (SELECT s.connector_id FROM o365_internal.subscription AS s
                                WHERE s.subscription_id = v_subscription_id);
BEGIN
    -- The same error whether it exists or not, and before anything is locked.
    IF NOT o365_internal.is_operator() AND (v_connector_id IS NULL OR NOT o365_internal.may_use(v_connector_id)) THEN
        RAISE EXCEPTION 'there is no card % that role % may change', coalesce($1::text, 'NULL'), session_user
            USING ERRCODE = 'insufficient_privilege',
                HINT = 'select card_id from o365.cards lists them, those for history_days.';
    ELSIF v_connector_id IS NULL THEN
        RAISE EXCEPTION 'there is no card %', coalesce($1::text, 'NULL')
            USING ERRCODE = 'undefined_object',
                HINT = 'select card_id from o365.cards lists them, those for history_days.';
    END IF;
    RETURN o365_internal.locked_subscription(v_subscription_id);
END $$;
COMMENT ON FUNCTION o365_internal.card_to_change(bigint) IS
    'The subscription of a card, waiting or ended, locked with its lane, if the session is an operator or may use its '
    'connector. Errors: insufficient_privilege, undefined_object, and those of locked_subscription.';
