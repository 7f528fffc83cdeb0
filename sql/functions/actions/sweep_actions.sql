CREATE OR REPLACE FUNCTION o365_internal.sweep_actions() RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_before timestamptz := now() - make_interval(days => o365_internal.integer_setting('action_days'));
BEGIN
    -- Locked rows, for instance of an application that takes its events, are left for the next run, so that the other
    -- chores do not wait.
    DELETE FROM o365_internal.card_action AS a
     WHERE a.card_id = ANY (ARRAY(SELECT o.card_id FROM o365_internal.card_action AS o WHERE o.at < v_before
                                   FOR UPDATE SKIP LOCKED));
    DELETE FROM o365_internal.action_event AS e
     WHERE e.event_id = ANY (ARRAY(SELECT o.event_id FROM o365_internal.action_event AS o WHERE o.at < v_before
                                    FOR UPDATE SKIP LOCKED));
    DELETE FROM o365_internal.action_answer AS a
     WHERE a.answer_id = ANY (ARRAY(SELECT o.answer_id FROM o365_internal.action_answer AS o
                                     WHERE o.card_id IS NOT NULL AND o.at < v_before FOR UPDATE SKIP LOCKED));
    DELETE FROM o365_internal.action_call AS c
     WHERE c.event_id = ANY (ARRAY(SELECT o.event_id FROM o365_internal.action_call AS o WHERE o.at < v_before
                                    FOR UPDATE SKIP LOCKED));
    DELETE FROM o365_internal.slow_answer AS s WHERE s.at < v_before;
END $$;
COMMENT ON FUNCTION o365_internal.sweep_actions() IS
    'Ends links to actions of cards that are older than action_days, and deletes events that no application has taken '
    'for as long. Waits for nobody.';
