CREATE OR REPLACE FUNCTION o365_internal.chore_find_idle() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET enable_seqscan = off AS $$
DECLARE
    c_days CONSTANT integer := 75;   -- of the 90 after which Microsoft turns off a flow that nothing has started
    v_flow record;
    v_n bigint := 0;
BEGIN
    FOR v_flow IN
        SELECT s.subscription_id, s.idle_since,
               greatest(s.connected_at::date, s.renewed_at::date, l.posted_on) AS used_on
          FROM o365_internal.subscription AS s
         CROSS JOIN LATERAL (SELECT x.posted_on FROM o365_internal.lane AS x
                              WHERE x.subscription_id = s.subscription_id LIMIT 1) AS l
         WHERE s.dialect = 'workflow' AND s.status IN ('active', 'paused') AND s.idle_check_on <= current_date
         ORDER BY s.idle_check_on LIMIT 1000 FOR NO KEY UPDATE OF s SKIP LOCKED
    LOOP
        IF v_flow.used_on > current_date - c_days THEN
            UPDATE o365_internal.subscription AS s SET idle_since = NULL, idle_check_on = v_flow.used_on + c_days
             WHERE s.subscription_id = v_flow.subscription_id;
            CONTINUE;
        END IF;
        UPDATE o365_internal.subscription AS s SET idle_since = v_flow.used_on, idle_check_on = current_date + 1
         WHERE s.subscription_id = v_flow.subscription_id;
        IF v_flow.idle_since IS NULL THEN
            v_n := v_n + 1;
            PERFORM o365_internal.note_event('idle', 'worker', NULL, v_flow.subscription_id,
                'nothing was posted to its workflow since ' || to_char(v_flow.used_on, 'YYYY-MM-DD'));
        END IF;
    END LOOP;
    RETURN CASE WHEN v_n > 0 THEN
        format('found %s that nothing was posted to for %s days', o365_internal.plural(v_n, 'workflow', 'workflows'),
               c_days) END;
END $$;
COMMENT ON FUNCTION o365_internal.chore_find_idle() IS
    'Notes workflows that nothing was posted to for 75 days: Microsoft turns off a flow that nothing has started for '
    '90. Looks at each when that time may have come, and once a day while it lasts; at most 1,000 a minute.';
