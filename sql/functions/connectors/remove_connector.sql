CREATE OR REPLACE FUNCTION o365.remove_connector(slug text, and_subscriptions boolean DEFAULT false,
    reason text DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_connector_id integer;
    v_subscriptions bigint[];
    v_id bigint;
BEGIN
    -- Callbacks share this lock (judge_attempt): this waits for those in progress, and later ones find no connector.
    SELECT c.connector_id INTO v_connector_id FROM o365_internal.connector AS c
     WHERE c.slug = remove_connector.slug AND c.removed_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no connector %', quote_nullable(slug)
            USING ERRCODE = 'undefined_object', HINT = 'select slug from o365.connectors lists them.';
    END IF;
    v_subscriptions := ARRAY(SELECT s.subscription_id FROM o365_internal.subscription AS s
                              WHERE s.connector_id = v_connector_id AND s.status <> 'removed'
                              ORDER BY s.subscription_id);
    IF cardinality(v_subscriptions) > 0 AND NOT coalesce(and_subscriptions, false) THEN
        RAISE EXCEPTION 'connector % has subscriptions: %', quote_literal(slug), cardinality(v_subscriptions)
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('select o365.remove_connector(%L, and_subscriptions => true) removes them for good '
                                'with it: webhooks are wiped, '
                                'waiting cards end as cancelled.', slug);
    END IF;
    FOREACH v_id IN ARRAY v_subscriptions LOOP
        PERFORM o365_internal.locked_subscription(v_id);
        PERFORM o365_internal.remove_subscription(v_id, 'operator', concat_ws(': ', 'its connector was removed',
                                                                      o365_internal.reason_text(reason)));
    END LOOP;
    DELETE FROM o365_internal.ticket AS t WHERE t.connector_id = v_connector_id;
    UPDATE o365_internal.connector AS c SET removed_at = now(), changed_at = now()
     WHERE c.connector_id = v_connector_id;
    PERFORM o365_internal.note_event('connector_removed', 'operator', v_connector_id,
                                     reason => o365_internal.reason_text(reason));
    RETURN cardinality(v_subscriptions);
END $$;
COMMENT ON FUNCTION o365.remove_connector(text, boolean, text) IS
    'Removes a connector: its pages are gone, nobody can connect it, links that were handed out end. With '
    'and_subscriptions its subscriptions are removed as by o365.remove, and the answer is how many; without, it '
    'refuses while there are any. What was sent stays in o365.subscriptions, attempts and deliveries, and '
    'applications keep their grant: what they still send ends as cancelled. o365.register_connector under the same '
    'slug brings it back, with its app_id and grants and without subscriptions. Errors: undefined_object, '
    'object_not_in_prerequisite_state, lock_not_available (another session has a subscription locked for 5 s).';
