CREATE OR REPLACE FUNCTION o365.explain_card(card_id bigint) RETURNS TABLE (sentence text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_variable
DECLARE
    v_card record;     -- where it waits
    v_waits boolean;
    v_ended bigint;    -- the subscription of its end
    v_before bigint;
    v_said text[] := '{}';
    v_last bigint;
BEGIN
    SELECT o.subscription_id, o.position, o.enqueued_at, o.xid INTO v_card
      FROM o365_internal.outbox AS o WHERE o.card_id = explain_card.card_id LIMIT 1;
    v_ended := (SELECT d.subscription_id FROM o365_internal.delivery AS d
                 WHERE d.card_id = explain_card.card_id LIMIT 1);
    v_waits := o365_internal.may_see(v_card.subscription_id);
    IF v_ended IS NOT NULL AND o365_internal.may_see(v_ended) THEN
        v_said := o365_internal.explain_end(card_id);
    END IF;
    IF v_waits THEN
        v_said := v_said || o365_internal.explain_lane(v_card.subscription_id, card_id)
            || o365_internal.explain_arrival(v_card.subscription_id, v_card.xid);
        v_before := (SELECT count(*) FROM (SELECT FROM o365_internal.outbox AS o
                                            WHERE o.subscription_id = v_card.subscription_id
                                              AND o.position < v_card.position LIMIT 10001) AS o);
        v_said := v_said || CASE WHEN v_before > 0
            THEN format('%s of subscription %s leave%s before it%s', CASE WHEN v_before > 10000
                            THEN 'more than 10000 cards' ELSE o365_internal.plural(v_before, 'card', 'cards') END,
                        v_card.subscription_id, CASE v_before WHEN 1 THEN 's' END,
                        (SELECT ', or in one digest with it' FROM o365_internal.subscription AS s
                          WHERE s.subscription_id = v_card.subscription_id AND s.schedule <> 'immediate'
                            AND v_card.position > 0))
            ELSE format('it is the next card of subscription %s', v_card.subscription_id) END;
        v_said := v_said || format('it waits since %s', o365_internal.moment(v_card.enqueued_at));
    ELSE
        v_said := v_said || o365_internal.explain_scheduled(card_id);
    END IF;
    IF v_said = '{}' THEN
        v_last := (SELECT CASE WHEN q.is_called THEN q.last_value ELSE 0 END FROM o365_internal.card_id AS q);
        v_said := ARRAY[CASE WHEN card_id > v_last AND o365_internal.is_operator()
            THEN format('no card has had this number yet: the newest has %s', v_last)
            ELSE format('no card %s is known here: its transaction is still open or was rolled back, it ended more '
                        'than %s ago, or it is another application''s', coalesce(card_id::text, 'NULL'),
                        o365_internal.plural(o365_internal.integer_setting('history_days'), 'day', 'days')) END,
            'compare the number with what o365.send returned; of a connection: select card_id, state, outcome from '
            'o365.cards where subscription_id = 17 limit 20'];
    ELSE
        v_said := v_said || o365_internal.explain_posts(card_id);
    END IF;
    RETURN QUERY SELECT upper(left(s.said, 1) COLLATE "C") || substr(s.said, 2) || '.'
                   FROM unnest(v_said) WITH ORDINALITY AS s (said, n) WHERE s.said IS NOT NULL ORDER BY s.n;
END $$;
COMMENT ON FUNCTION o365.explain_card(bigint) IS
    'Why a card waits, or how it ended, in sentences, one row each, the most important first: what it waits for, since '
    'when, until when and by whom, what stands before it, and its last five POSTs. Of a number that is no card it says '
    'what that can mean. Applications may ask about cards of connectors that they may use, operators about all.';
