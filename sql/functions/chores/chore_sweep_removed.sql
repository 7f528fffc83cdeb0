CREATE OR REPLACE FUNCTION o365_internal.chore_sweep_removed() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    c_most CONSTANT integer := 1000;
    v_begins timestamptz := o365_internal.history_begins();
    v_id bigint;
    v_n bigint := 0;
BEGIN
    FOR v_id IN SELECT s.subscription_id FROM o365_internal.subscription AS s
                 WHERE s.status = 'removed' AND s.status_at < v_begins
                   AND (s.sweep_on IS NULL OR s.sweep_on <= current_date)
                 ORDER BY s.status_at LIMIT c_most
    LOOP
        -- A session that has either row locked may be sending there (lock_removed): the next run tries again.
        PERFORM FROM o365_internal.lane AS l WHERE l.subscription_id = v_id FOR UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        PERFORM FROM o365_internal.subscription AS s WHERE s.subscription_id = v_id FOR UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        -- (!) Under the lock: cards that were sent before it are visible to this statement.
        IF EXISTS (SELECT FROM o365_internal.outbox AS o WHERE o.subscription_id = v_id)
           OR EXISTS (SELECT FROM o365_internal.scheduled AS c WHERE c.subscription_id = v_id)
           OR EXISTS (SELECT FROM o365_internal.postponed AS p WHERE p.subscription_id = v_id)
           OR EXISTS (SELECT FROM o365_internal.delivery AS d WHERE d.subscription_id = v_id AND d.at >= v_begins)
           OR EXISTS (SELECT FROM o365_internal.action_event AS e WHERE e.subscription_id = v_id)
           OR EXISTS (SELECT FROM o365_internal.connect_attempt AS a WHERE a.subscription_id = v_id) THEN
            UPDATE o365_internal.subscription AS s SET sweep_on = current_date + 1 WHERE s.subscription_id = v_id;
            CONTINUE;
        END IF;
        DELETE FROM o365_internal.dead_card AS d WHERE d.subscription_id = v_id;
        DELETE FROM o365_internal.dedupe AS d WHERE d.subscription_id = v_id;
        DELETE FROM o365_internal.collapse AS c WHERE c.subscription_id = v_id;
        DELETE FROM o365_internal.lane AS l WHERE l.subscription_id = v_id;
        DELETE FROM o365_internal.subscription AS s WHERE s.subscription_id = v_id;
        v_n := v_n + 1;
    END LOOP;
    RETURN CASE WHEN v_n > 0 THEN
        format('swept %s that had been removed', o365_internal.plural(v_n, 'connection', 'connections')) END;
END $$;
COMMENT ON FUNCTION o365_internal.chore_sweep_removed() IS
    'Deletes connections that were removed history_days ago and that no card, history or attempt to connect names any '
    'more, at most 1,000 a minute. One that applications still send to is looked at again the next day. Waits for '
    'nobody.';
