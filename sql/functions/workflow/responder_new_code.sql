CREATE OR REPLACE FUNCTION o365_programs.responder_new_code(slug text, id text, cookie_hash bytea,
    other boolean, card text)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_by_slug(slug);
    v_attempt o365_internal.connect_attempt := o365_internal.lock_pasted_attempt(v_connector.connector_id,
                                                                                 id, cookie_hash);
    v_proof o365_internal.proof;
    v_card_id bigint;
BEGIN
    IF v_attempt.attempt_id IS NULL THEN
        RETURN o365_internal.connector_page(v_connector) || '{"posted": false}';
    END IF;
    SELECT p.* INTO v_proof FROM o365_internal.proof AS p WHERE p.attempt_id = v_attempt.attempt_id;
    IF v_proof.codes >= o365_internal.integer_setting('proof_codes') THEN
        RETURN o365_internal.connector_page(v_connector) || '{"posted": false}';
    END IF;
    -- A card with an older code that has not left yet would only confuse.
    UPDATE o365_internal.lane AS l
       SET late = nullif(array_remove(l.late, o365_internal.tests_below() - v_proof.card_id), '{}')
     WHERE l.subscription_id = v_attempt.subscription_id AND (l.worker IS NULL OR l.lease_until <= now());
    IF FOUND THEN
        PERFORM o365_internal.end_cards(ARRAY['cancelled'], ARRAY['a new code was asked for'], ARRAY[o.ctid],
                                        ARRAY[o.enqueued_at])
           FROM o365_internal.outbox AS o WHERE o.card_id = v_proof.card_id;
    END IF;
    UPDATE o365_internal.subscription AS s
       SET payload = CASE WHEN other THEN CASE s.payload WHEN 'card' THEN 'envelope' ELSE 'card' END ELSE s.payload END,
           status_at = CASE WHEN s.status = 'pending' THEN now() ELSE s.status_at END
     WHERE s.subscription_id = v_attempt.subscription_id;
    v_card_id := o365_internal.queue_test_card(v_attempt.subscription_id,
        o365_internal.test_card_text(card, v_connector.name), 'proof');
    UPDATE o365_internal.proof AS p
       SET card_id = v_card_id, codes = p.codes + 1, made_at = now(), tries = 0
     WHERE p.attempt_id = v_attempt.attempt_id;
    RETURN o365_internal.connector_page(v_connector) || '{"posted": true}';
END $$;
COMMENT ON FUNCTION o365_programs.responder_new_code(text, text, bytea, boolean, text) IS
    'Posts a card with a new code to a pasted webhook that is not proven yet; older codes serve no more. other: in the '
    'other form, the bare card in place of the envelope or the other way round. posted is false when this browser did '
    'not paste it, the attempt has ended, or proof_codes were posted already. card: as queue_test_card takes it.';
