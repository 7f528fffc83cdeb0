CREATE OR REPLACE FUNCTION o365_internal.wait_of_scheduled(card_id bigint)
RETURNS TABLE (reason text, why text, until timestamptz, next_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER COST 10 ROWS 1 SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
#variable_conflict use_variable
DECLARE
    v_card record;
    v_holds text[];
    v_held_until timestamptz;
BEGIN
    IF card_id IS NULL THEN
        RETURN;
    END IF;
    SELECT c.subscription_id, c.reason, c.due_at, c.failures, u.status, u.paused_until, l.why, h.held_until,
           h.failing_since, h.failing_until INTO v_card
      FROM o365.scheduled_cards AS c
      JOIN o365_internal.subscription AS u ON u.subscription_id = c.subscription_id
      LEFT JOIN o365_internal.lane AS l ON l.subscription_id = c.subscription_id
      LEFT JOIN o365_internal.host AS h ON h.host_id = l.host_id
     WHERE c.card_id = wait_of_scheduled.card_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    v_holds := o365_internal.explain_holds(v_card.subscription_id);
    IF v_card.status IN ('removed', 'gone', 'retired') THEN
        reason := v_card.status || ': what waits will be cancelled';
    ELSE
        why := CASE WHEN v_card.why = 'pause' THEN 'pause'
                    WHEN v_card.held_until > now() OR v_card.failing_since IS NOT NULL THEN 'host'
                    WHEN v_card.due_at <= now() THEN NULL
                    WHEN v_card.failures IS NOT NULL THEN 'retry' ELSE 'not_before' END;
        v_held_until := CASE why WHEN 'pause' THEN coalesce(v_card.paused_until, 'infinity')
                             WHEN 'host' THEN CASE WHEN v_card.held_until > now() THEN v_card.held_until
                                                   ELSE v_card.failing_until END END;
        until := CASE WHEN v_held_until IS NOT NULL OR v_card.due_at > now()
                      THEN nullif(greatest(v_held_until, v_card.due_at), 'infinity') END;
        next_at := CASE WHEN v_holds = '{}' THEN v_card.due_at END;
        reason := v_card.reason || CASE WHEN v_card.due_at > now()
                                        THEN '; it joins the queue at ' || to_char(v_card.due_at, 'YYYY-MM-DD HH24:MI')
                                        ELSE '; due since ' || to_char(v_card.due_at, 'YYYY-MM-DD HH24:MI') END;
        reason := concat_ws('; ', reason, v_holds[1]);
    END IF;
    RETURN NEXT;
END $$;
COMMENT ON FUNCTION o365_internal.wait_of_scheduled(bigint) IS
    'Why a card waits that is scheduled or was set aside, as o365.cards shows it; none for null and for others. '
    'SECURITY DEFINER for the view, as o365_internal.wait_of.';
