CREATE OR REPLACE FUNCTION o365.share_quota(name text, subscription_ids bigint[], reason text DEFAULT NULL)
RETURNS bigint[]
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    v_name text := o365_internal.label(name);
    v_new bigint[] := ARRAY(SELECT DISTINCT u FROM unnest(subscription_ids) AS u ORDER BY u);
    v_group_id integer;
    v_other text;
    v_subscription o365_internal.subscription;
    v_id bigint;
    v_longest interval := (SELECT make_interval(secs => max(w.seconds + w.margin)) FROM o365_internal.quota_window AS w
                            WHERE w.dialect = 'workflow' AND w.per = 'bot');
BEGIN
    IF v_name IS NULL THEN
        RAISE EXCEPTION 'a group needs a name'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'For instance the owner of the flows.';
    ELSIF subscription_ids IS NULL OR array_position(subscription_ids, NULL) IS NOT NULL THEN
        -- What a query that found nothing gives is no order to dissolve the group.
        RAISE EXCEPTION 'the members of group % are NULL', quote_literal(v_name)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('Name them: array[17, 18]. To dissolve it: select o365.share_quota(%L, %L)', v_name,
                                '{}');
    END IF;
    -- Locked while its members change, so that no claim grants POSTs of the group meanwhile.
    INSERT INTO o365_internal.quota_group AS g (name) VALUES (v_name)
        ON CONFLICT ON CONSTRAINT quota_group_name_is_unique DO UPDATE SET name = excluded.name
        RETURNING g.group_id INTO v_group_id;
    -- Every connection with the webhook of a flow posts as its bot.
    v_new := ARRAY(SELECT u FROM unnest(v_new) AS u UNION
                   SELECT x.subscription_id FROM o365_internal.lane AS l
                     JOIN o365_internal.lane AS x ON x.quota_webhook = l.quota_webhook
                    WHERE l.subscription_id = ANY (v_new) AND l.quota_webhook > 0 ORDER BY 1);
    -- In a fixed order, like all functions that lock several.
    FOR v_id IN SELECT u FROM (SELECT unnest(v_new) AS u UNION
                               SELECT l.subscription_id FROM o365_internal.lane AS l
                                WHERE l.quota_group = v_group_id) AS m ORDER BY u
    LOOP
        v_subscription := o365_internal.locked_subscription(v_id);
        IF v_id <> ALL (v_new) THEN
            -- For a lane that leaves, only its own POSTs count: they are in its history.
            UPDATE o365_internal.lane AS l
               SET quota_group = NULL,
                   next_at = CASE WHEN o365_internal.waits_for_quota(l) THEN clock_timestamp() ELSE l.next_at END
             WHERE l.subscription_id = v_id;
            CONTINUE;
        END IF;
        IF v_subscription.dialect <> 'workflow' THEN
            RAISE EXCEPTION 'subscription % is a connector''s webhook, whose limits are its own', v_id
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = 'Flows of one owner share a limit: name subscriptions of the dialect workflow.';
        END IF;
        SELECT g.name INTO v_other FROM o365_internal.lane AS l JOIN o365_internal.quota_group AS g
            ON g.group_id = l.quota_group WHERE l.subscription_id = v_id AND l.quota_group <> v_group_id;
        IF FOUND THEN
            RAISE EXCEPTION 'subscription % is in group % already', v_id, quote_literal(v_other)
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = format('Take it out first: select o365.share_quota(%L, ARRAY[the others])', v_other);
        END IF;
        -- Its recent POSTs, and those that it may be making, count for the bot from now on. Those of an earlier
        -- membership are among them.
        IF EXISTS (SELECT FROM o365_internal.lane AS l WHERE l.subscription_id = v_id AND l.quota_group IS NULL) THEN
            DELETE FROM o365_internal.quota_slot AS s WHERE s.group_id = v_group_id AND s.subscription_id = v_id
               AND v_subscription.status <> 'removed';   -- whose history may be erased
            PERFORM o365_internal.quota_count(v_group_id, v_id, v_longest, 0);
        END IF;
        UPDATE o365_internal.lane AS l SET quota_group = v_group_id, quota_clear = NULL
         WHERE l.subscription_id = v_id AND l.quota_group IS NULL;
    END LOOP;
    IF v_new = '{}' THEN
        DELETE FROM o365_internal.quota_slot AS s WHERE s.group_id = v_group_id;
        DELETE FROM o365_internal.quota_group AS g WHERE g.group_id = v_group_id;
    END IF;
    PERFORM o365_internal.note_event('setting_changed', 'operator', NULL, object => 'quota group ' || v_name,
        reason => o365_internal.reason_text(reason),
        detail => CASE v_new WHEN '{}' THEN 'dissolved' ELSE array_to_string(v_new, ', ') END);
    RETURN v_new;
END $$;
COMMENT ON FUNCTION o365.share_quota(text, bigint[], text) IS
    'Sets which flows post as the same bot, because one person owns them: they share its limits, those of o365.quotas '
    'per bot. The array names all members of the group, replacing those that it had; {} dissolves it. Earlier POSTs of '
    'members count. Other connections of a member''s webhook are members too. Returns the members. Errors: '
    'undefined_object, invalid_parameter_value (no name, members null, a connector''s webhook), '
    'object_not_in_prerequisite_state (in another group), lock_not_available (another session has one of them locked '
    'for 5 s).';
