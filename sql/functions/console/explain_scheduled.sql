CREATE OR REPLACE FUNCTION o365_internal.explain_scheduled(card_id bigint) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_variable
DECLARE
    v_card record;
    v_holds text[];
    v_when text;
    v_fed_at timestamptz := (SELECT f.at FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1);
BEGIN
    SELECT s.subscription_id, s.due_at, s.not_after, s.position, u.status IN ('removed', 'gone', 'retired') AS is_over
      INTO v_card FROM o365_internal.scheduled AS s
      JOIN o365_internal.subscription AS u ON u.subscription_id = s.subscription_id
     WHERE s.card_id = explain_scheduled.card_id;
    IF v_card.subscription_id IS NULL OR NOT o365_internal.may_see(v_card.subscription_id) THEN
        RETURN '{}';
    END IF;
    v_holds := o365_internal.explain_holds(v_card.subscription_id);
    IF v_card.is_over THEN
        RETURN v_holds;
    END IF;
    v_when := CASE WHEN v_card.due_at > now() THEN format('it joins the queue of subscription %s at %s',
                       v_card.subscription_id, o365_internal.moment(v_card.due_at))
                   ELSE format('it joins the queue of subscription %s in the next round of arrivals: it is due since '
                               '%s, and the last round was at %s', v_card.subscription_id,
                               o365_internal.moment(v_card.due_at), o365_internal.moment(v_fed_at)) END;
    v_when := CASE WHEN v_card.position IS NULL THEN 'scheduled'
                   ELSE (SELECT format('set aside since %s, because it failed %s, %s', o365_internal.moment(a.at),
                                       CASE a.failures WHEN 1 THEN 'once' ELSE a.failures || ' times' END, a.problem)
                           FROM o365_internal.set_aside AS a
                          WHERE a.subscription_id = v_card.subscription_id AND a.position = v_card.position) END
              || ': ' || v_when;
    -- Nothing else matters before its time.
    RETURN CASE WHEN v_card.due_at > now() THEN v_when || v_holds ELSE v_holds || v_when END
           || ('it expires at ' || o365_internal.moment(v_card.not_after));
END $$;
COMMENT ON FUNCTION o365_internal.explain_scheduled(bigint) IS
    'When a card that is scheduled, or was set aside, goes on, and what will keep it from leaving then, sentences '
    'without a capital and a full stop; empty for others, and for cards that the session may not see.';
