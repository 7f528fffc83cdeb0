CREATE OR REPLACE FUNCTION o365_internal.preflight_actions(c o365_internal.connector)
RETURNS TABLE (item text, verdict text, problem text, next_step text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    c_most CONSTANT integer := 100000;                   -- cards with actions that are read, newest first
    c_slow CONSTANT interval := interval '5 minutes';   -- until the application has to have taken a press
    c_limit CONSTANT integer := 2000;                    -- ms: what Microsoft documents of autoInvokeAction
    v_with bigint;
    v_pressed bigint;
    v_waiting bigint;
    v_oldest timestamptz;
    v_answers bigint;
    v_p95 integer;
    v_has_targets boolean := cardinality(c.target_urls) > 0;
BEGIN
    SELECT count(*), count(*) FILTER (WHERE a.forms <> '{}'
                                         OR EXISTS (SELECT FROM o365_internal.action_call AS p
                                                     WHERE p.card_id = a.card_id)) INTO v_with, v_pressed
      FROM (SELECT x.* FROM o365_internal.card_action AS x WHERE x.at > now() - interval '7 days'
             ORDER BY x.at DESC LIMIT c_most) AS a
      JOIN o365_internal.subscription AS s ON s.subscription_id = a.subscription_id
     WHERE s.connector_id = c.connector_id;
    SELECT count(*), min(e.at) INTO v_waiting, v_oldest
      FROM (SELECT x.at FROM o365_internal.action_event AS x WHERE x.connector_id = c.connector_id
             ORDER BY x.event_id LIMIT c_most) AS e;
    -- Answers that are not in slow_answer took less than a second.
    SELECT count(*), percentile_disc(0.95) WITHIN GROUP (ORDER BY coalesce(w.took_ms, 0)) INTO v_answers, v_p95
      FROM (SELECT x.event_id, x.subscription_id FROM o365_internal.action_call AS x
             WHERE x.at > now() - interval '7 days' ORDER BY x.at DESC LIMIT c_most) AS p
      JOIN o365_internal.subscription AS s ON s.subscription_id = p.subscription_id
      LEFT JOIN o365_internal.slow_answer AS w ON w.event_id = p.event_id
     WHERE s.connector_id = c.connector_id;
    RETURN QUERY SELECT 'actions', f.verdict, f.problem, f.next_step FROM (VALUES
        (v_oldest < now() - c_slow, 'fail',
            format('%s for the application, the oldest since %s: whoever pressed saw nothing happen.',
                   o365_internal.plural(v_waiting, 'press of a button waits', 'presses of buttons wait'),
                   to_char(v_oldest, 'YYYY-MM-DD HH24:MI')),
            'Let the application call o365.take_action_events() every few seconds.'),
        (v_p95 > c_limit, 'fail',
            format('Of %s in the last week, one in twenty took %s s or longer; clients wait %s s.',
                   o365_internal.plural(v_answers, 'answer to a press', 'answers to presses'),
                   trim_scale(round(v_p95 / 1000.0, 1)), c_limit / 1000),
            'Let the application answer and commit sooner, or set no waits => true, so that a press is answered at '
            'once; o365.set(''action_wait'', ''1'') bounds the wait of all.'),
        (v_with = 0 AND v_has_targets, 'look',
            'Target URLs are registered, but no card of the last week is known to have an action that posts.',
            'Look whether cards let people act: an HttpPOST, or a link to the very thing that the card is about.'),
        (v_with = 0 AND NOT v_has_targets, 'look', 'It has no actions that post.',
            'Look whether each card has a link to the very thing that it is about.'),
        (v_with > 0 AND v_pressed = 0, 'look',
            format('%s of the last week had an action, and nobody has pressed one.',
                   o365_internal.plural(v_with, 'card', 'cards')),
            'Press each of them yourself: it has to do what its name says.')
    ) AS f (holds, verdict, problem, next_step) WHERE f.holds;
END $$;
COMMENT ON FUNCTION o365_internal.preflight_actions(o365_internal.connector) IS
    'What the store''s checklist says of the actions of the last week''s cards, as o365_internal.preflight has it.';
