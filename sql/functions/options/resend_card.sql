CREATE OR REPLACE FUNCTION o365_internal.resend_card(d o365_internal.dead_card, reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_card_id bigint := nextval('o365_internal.card_id');
    v_connector_id integer;
    v_max_age interval;
    v_dialect text;
    v_actions jsonb;
BEGIN
    SELECT s.connector_id, s.dialect, c.max_age INTO v_connector_id, v_dialect, v_max_age
      FROM o365_internal.subscription AS s JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id
     WHERE s.subscription_id = (d).subscription_id;
    PERFORM o365_internal.put_card(v_card_id, (d).subscription_id, (d).card, (d).event, (d).extra, NULL, NULL,
                                   v_max_age, (d).collapse_key, NULL, NULL);
    v_actions := o365_internal.kept_actions((d).card::jsonb, v_dialect);
    IF v_actions IS NOT NULL THEN
        INSERT INTO o365_internal.card_action (card_id, subscription_id, title, actions)
            VALUES (v_card_id, (d).subscription_id, o365_internal.card_name((d).card::jsonb), v_actions);
        INSERT INTO o365_internal.action_answer (connector_id, subscription_id, card_id, action, status, translations,
                                                 card, once, waits)
            SELECT a.connector_id, a.subscription_id, v_card_id, a.action, a.status, a.translations, a.card, a.once,
                   a.waits
              FROM o365_internal.action_answer AS a WHERE a.card_id = (d).card_id;
    END IF;
    DELETE FROM o365_internal.dead_card AS x WHERE x.card_id = (d).card_id;
    PERFORM o365_internal.note_event('card_retried', o365_internal.actor(), v_connector_id, (d).subscription_id,
                                     o365_internal.reason_text(reason), v_card_id::text, card_id => (d).card_id);
    RETURN v_card_id;
END $$;
COMMENT ON FUNCTION o365_internal.resend_card(o365_internal.dead_card, text) IS
    'Sends the content of a dead card again, as a new card at the end of its lane with the same collapse key, and '
    'notes which; returns its card_id. The content is kept no more: it is kept anew if the new card dies. The caller '
    'has the row locked.';
