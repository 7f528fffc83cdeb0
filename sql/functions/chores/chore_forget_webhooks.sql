CREATE OR REPLACE FUNCTION o365_internal.chore_forget_webhooks() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    c_groups CONSTANT integer := 10000;
    v_group record;
    v_longest interval[] := ARRAY[o365_internal.longest_window('connector'), o365_internal.longest_window('workflow')];
    v_lanes bigint[];
BEGIN
    -- A session that grants POSTs, or keeps those of a removed connection, has the row locked: the next run tries
    -- again.
    FOR v_group IN
        SELECT g.group_id, CASE g.dialect WHEN 'connector' THEN v_longest[1] ELSE v_longest[2] END AS longest
          FROM o365_internal.quota_group AS g
         WHERE g.webhook_index IS NOT NULL ORDER BY random() LIMIT c_groups
    LOOP
        PERFORM FROM o365_internal.quota_group AS g WHERE g.group_id = v_group.group_id FOR UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        DELETE FROM o365_internal.quota_slot AS s
         WHERE s.group_id = v_group.group_id
           AND s.at <= clock_timestamp() - CASE WHEN s.halved IS NULL THEN v_group.longest
                                                ELSE make_interval(hours => s.halved) END;
        v_lanes := ARRAY(SELECT l.subscription_id FROM o365_internal.lane AS l
                          WHERE l.quota_webhook = v_group.group_id LIMIT 2);
        CONTINUE WHEN cardinality(v_lanes) > 1
                   OR EXISTS (SELECT FROM o365_internal.quota_slot AS s WHERE s.group_id = v_group.group_id
                                 AND (s.subscription_id = v_lanes[1]) IS NOT TRUE);
        -- The POSTs of its only lane are in the lane's history.
        IF v_lanes <> '{}' THEN
            UPDATE o365_internal.lane AS l SET quota_webhook = NULL
             WHERE l.ctid = ANY (ARRAY(SELECT x.ctid FROM o365_internal.lane AS x
                                        WHERE x.subscription_id = v_lanes[1] AND x.quota_webhook = v_group.group_id
                                          FOR UPDATE SKIP LOCKED));
            CONTINUE WHEN NOT FOUND;
        END IF;
        DELETE FROM o365_internal.quota_slot AS s WHERE s.group_id = v_group.group_id;
        DELETE FROM o365_internal.quota_group AS g WHERE g.group_id = v_group.group_id;
    END LOOP;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.chore_forget_webhooks() IS
    'Deletes the groups of webhooks that nobody shares any more, once no limit reaches back to what others posted '
    'there, and nothing is left of what the far end taught. Looks at 10,000 a minute. Waits for no lock.';
