CREATE OR REPLACE FUNCTION o365_programs.responder_act(card_id bigint, number integer, link_hash bytea, form text,
    step integer, content_type text, body text,
    inputs jsonb, request_id text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_page jsonb := o365_internal.action_page(card_id, number, link_hash);
    v_action jsonb := v_page->'action';
    v_path text := v_page->>'path';
    v_form text := number || ':' || form;
    v_kept record;
BEGIN
    IF v_page->'found' = 'false' THEN
        RETURN v_page;
    END IF;
    IF v_action->>'@type' = 'ActionCard' THEN
        v_action := v_action->'actions'->step;
        v_path := format('%s.actions[%s]', v_path, step);
    END IF;
    IF v_action->>'@type' IS DISTINCT FROM 'HttpPOST' OR v_form IS NULL THEN
        RETURN v_page || '{"outcome": "no_such_button"}';
    END IF;
    -- Under the lock: the same form at the same moment counts once, and none goes beyond the bound.
    PERFORM o365_internal.lock_card_action(card_id);
    SELECT a.forms, a.subscription_id INTO v_kept FROM o365_internal.card_action AS a
     WHERE a.card_id = responder_act.card_id;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('found', false, 'public_url', v_page->'public_url');
    ELSIF v_form = ANY (v_kept.forms) THEN
        RETURN v_page || '{"outcome": "recorded"}';
    ELSIF cardinality(v_kept.forms) >= o365_internal.integer_setting('action_events') THEN
        RETURN v_page || '{"outcome": "full"}';
    END IF;
    UPDATE o365_internal.card_action AS a SET forms = a.forms || v_form WHERE a.card_id = responder_act.card_id;
    INSERT INTO o365_internal.action_event (connector_id, subscription_id, card_id, path, name, target, content_type,
                                            body, inputs, request_id)
        SELECT s.connector_id, s.subscription_id, responder_act.card_id, v_path, v_action->>'name', v_action->>'target',
               responder_act.content_type,
               responder_act.body, responder_act.inputs, responder_act.request_id
          FROM o365_internal.subscription AS s WHERE s.subscription_id = v_kept.subscription_id;
    RETURN v_page || '{"outcome": "recorded"}';
END $$;
COMMENT ON FUNCTION o365_programs.responder_act(bigint, integer, bytea, text, integer, text, text, jsonb, text) IS
    'Somebody pressed the HttpPOST of a card: the linked action itself, or number step of the ActionCard''s actions '
    '(from 0). outcome: recorded, also for a form that was recorded before (form: its random text); full, when the '
    'card has been pressed action_events times; no_such_button. found is false as for responder_action. Path, name and '
    'target are the card''s own; body and inputs are what the responder made of the form.';
