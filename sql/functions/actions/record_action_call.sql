CREATE OR REPLACE FUNCTION o365_internal.record_action_call(card_id bigint, number integer, request_hash bytea,
    request_id text, content_type text, body text, app_id text, pressed_by text, pressed_by_name text, tenant text,
    most_waiting integer) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
-- (!) A plan made for these values would contain them, including who pressed, and auto_explain logs plans.
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    c_last_number CONSTANT integer := 2000000000;   -- of a button: 14 cards later an integer holds none
    v_kept record;
    v_button record;
    v_answer o365_internal.action_answer;
    v_event_id bigint;
    v_waits_until timestamptz;
    v_is_connecting_user boolean;
BEGIN
    PERFORM o365_internal.lock_card_action(card_id);
    SELECT a.subscription_id, a.actions, cardinality(a.forms) AS forms, s.connector_id, c.app_id
      INTO v_kept
      FROM o365_internal.card_action AS a
      JOIN o365_internal.subscription AS s ON s.subscription_id = a.subscription_id AND s.status <> 'removed'
      JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id AND c.removed_at IS NULL
     WHERE a.card_id = record_action_call.card_id
       AND a.at > now() - make_interval(days => o365_internal.integer_setting('action_days'));
    v_button := o365_internal.called_action(v_kept.actions, record_action_call.number);
    IF v_button.path IS NULL THEN
        RETURN 'unknown_action';
    ELSIF record_action_call.pressed_by IS NULL THEN
        RETURN 'refused';
    ELSIF record_action_call.app_id <> '' AND record_action_call.app_id IS DISTINCT FROM v_kept.app_id::text THEN
        RETURN 'wrong_connector';
    END IF;
    SELECT a.event_id INTO v_event_id FROM o365_internal.action_call AS a
     WHERE a.card_id = record_action_call.card_id AND a.number = record_action_call.number
       AND a.request_hash = record_action_call.request_hash;
    IF FOUND THEN
        PERFORM o365_internal.keep_answer(v_event_id);
        RETURN 'repeated ' || v_event_id;
    END IF;
    v_answer := o365_internal.answer_of_action(record_action_call.card_id, v_kept.connector_id, v_button.path,
                                               v_button.action->>'name');
    IF coalesce(v_answer.once, true)
       AND EXISTS (SELECT FROM o365_internal.action_call AS a WHERE a.card_id = record_action_call.card_id
                      AND a.number = record_action_call.number) THEN
        RETURN 'done_before';
    ELSIF v_kept.forms + (SELECT count(*) FROM o365_internal.action_call AS a
                           WHERE a.card_id = record_action_call.card_id)
          >= o365_internal.integer_setting('action_events')
          OR (SELECT max(k.number::integer) FROM jsonb_object_keys(v_kept.actions) AS k (number)) > c_last_number THEN
        RETURN 'full';
    END IF;
    v_waits_until := CASE WHEN v_answer.waits
                          THEN o365_internal.action_wait_until(record_action_call.most_waiting) END;
    v_is_connecting_user := o365_internal.is_connecting_user(v_kept.subscription_id, record_action_call.pressed_by);
    INSERT INTO o365_internal.action_event (connector_id, subscription_id, card_id, path, name, target, content_type,
                                            body, inputs, request_id, way, pressed_by, pressed_by_name, tenant,
                                            is_connecting_user, answer_until)
        VALUES (v_kept.connector_id, v_kept.subscription_id, record_action_call.card_id, v_button.path,
                coalesce(v_button.action->>'name', ''), v_button.action->>'target', record_action_call.content_type,
                record_action_call.body, '{}', record_action_call.request_id, 'call', record_action_call.pressed_by,
                nullif(record_action_call.pressed_by_name, ''), nullif(record_action_call.tenant, ''),
                v_is_connecting_user, v_waits_until)
        RETURNING event_id INTO v_event_id;
    INSERT INTO o365_internal.action_call (event_id, subscription_id, card_id, number, request_hash, status,
                                           translations, card, added, waits_until)
        VALUES (v_event_id, v_kept.subscription_id, record_action_call.card_id, record_action_call.number,
                record_action_call.request_hash, v_answer.status, v_answer.translations,
                v_answer.card, o365_internal.keep_own_actions(record_action_call.card_id, v_answer.card),
                v_waits_until);
    RETURN 'recorded ' || v_event_id;
END $$;
COMMENT ON FUNCTION o365_internal.record_action_call(bigint, integer, bytea, text, text, text, text, text, text, text,
    integer) IS
    'Records that a button was pressed: recorded, or repeated for an Action-Request-Id that came before, with the '
    'event''s number; else nothing is stored: done_before (it counts once), full (action_events, or 200 cards have '
    'taken the place of this one), unknown_action (no such button now), refused (nobody is proven to have pressed), '
    'wrong_connector (the token is for another app_id).';
