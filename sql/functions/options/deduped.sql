CREATE OR REPLACE FUNCTION o365_internal.deduped(subscription_id bigint, key text, card_id bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s'
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_first bigint;
    v_until timestamptz := now() + make_interval(hours => o365_internal.integer_setting('dedupe_hours'));
BEGIN
    LOOP
        SELECT d.card_id INTO v_first FROM o365_internal.dedupe AS d
         WHERE d.subscription_id = deduped.subscription_id AND d.key = deduped.key AND d.until > now();
        IF FOUND THEN
            RETURN v_first;
        END IF;
        -- This waits for an open transaction that sends with the same key: only its end decides which card is first.
        INSERT INTO o365_internal.dedupe AS d (subscription_id, key, card_id, until)
            VALUES (deduped.subscription_id, deduped.key, deduped.card_id, v_until)
            ON CONFLICT ON CONSTRAINT dedupe_pkey DO UPDATE SET card_id = excluded.card_id, until = excluded.until
             WHERE d.until <= now()
            RETURNING d.card_id INTO v_first;
        IF FOUND THEN
            RETURN v_first;
        END IF;
    END LOOP;
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION 'another transaction is sending a card with dedupe key % to connection %', quote_literal(key),
        subscription_id
        USING ERRCODE = 'lock_not_available',
              HINT = 'It has been open for 5 s or more. Send again after it has ended.';
END $$;
COMMENT ON FUNCTION o365_internal.deduped(bigint, text, bigint) IS
    'The card that was sent first with a key to a connection within dedupe_hours: card_id, the caller''s new card, '
    'when there is none. Waits for an open transaction that sends with the same key. Error: lock_not_available when '
    'that takes more than 5 s.';
