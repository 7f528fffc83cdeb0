CREATE OR REPLACE FUNCTION o365_internal.passes_wait(
    subscription_id bigint, why text, cursor bigint, late bigint[]) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    -- Test cards, which stand below -2^62; before its schedule also urgent cards, which stand below 0.
    v_below bigint := CASE WHEN why = 'schedule' THEN 0 ELSE o365_internal.tests_below() END;
BEGIN
    -- They come first: the list is sorted, except for cards that were added since the last report.
    IF v_below > late[1] OR v_below > late[cardinality(late)] THEN
        RETURN true;
    END IF;
    -- If there were more than the list holds, the cursor went back to before the first of them.
    RETURN cursor < v_below
           AND EXISTS (SELECT FROM o365_internal.outbox AS o WHERE o.subscription_id = passes_wait.subscription_id
                          AND o.position > passes_wait.cursor AND o.position < v_below);
END $$;
COMMENT ON FUNCTION o365_internal.passes_wait(bigint, text, bigint, bigint[]) IS
    'Whether a lane with this cursor and list has a card that what it waits for does not hold up: a test card, '
    'whatever it waits for; an urgent card, where it waits for its schedule.';
