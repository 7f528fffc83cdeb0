CREATE OR REPLACE FUNCTION o365.retry_schedule()
RETURNS TABLE (outcome text, retry integer, wait_least interval, wait_most interval, after_least interval,
    after_most interval)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    v_give_up interval := make_interval(hours => o365_internal.integer_setting('give_up_hours'));
    v_cap interval := make_interval(secs => o365_internal.integer_setting('retry_cap_seconds'));
BEGIN
    FOREACH outcome IN ARRAY ARRAY['retry', 'throttled', 'in_doubt'] LOOP
        after_least := '0';
        after_most := '0';
        FOR n IN 1 .. CASE outcome WHEN 'in_doubt' THEN o365_internal.integer_setting('unclear_answers') ELSE 1000 END
        LOOP
            retry := n;
            wait_most := make_interval(secs => o365_internal.retry_step(outcome, n));
            wait_least := wait_most / 2;
            -- It is given up at the first failure after give_up_hours.
            EXIT WHEN outcome = 'retry' AND after_least >= v_give_up;
            after_least := after_least + wait_least;
            after_most := after_most + wait_most;
            RETURN NEXT;
            EXIT WHEN outcome = 'throttled' AND wait_most >= v_cap;
        END LOOP;
    END LOOP;
END $$;
COMMENT ON FUNCTION o365.retry_schedule() IS
    'When a card is posted again, under the settings of now: after its retry-th failure (outcome retry), throttle or '
    'lost answer (in_doubt) it waits between wait_least and wait_most, at random; after_least and after_most add them '
    'up. It waits longer where the far end asks for it (Retry-After). Rows of retry end where a card is given up '
    '(give_up_hours), those of in_doubt with unclear_answers; the last one of throttled goes on for ever.';
