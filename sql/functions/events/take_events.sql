CREATE OR REPLACE FUNCTION o365.take_events(most integer DEFAULT 100)
RETURNS TABLE (event_id bigint, at timestamptz, kind text, connector text, subscription_id bigint, app_user text,
    app_state jsonb, card_id bigint, actor text, role text, detail text, reason text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_connectors integer[] := ARRAY(SELECT c.connector_id FROM o365_internal.connector AS c
                                     WHERE o365_internal.may_use(c.connector_id));
BEGIN
    IF most IS NULL OR most NOT BETWEEN 1 AND 1000 THEN
        RAISE EXCEPTION 'most is %', coalesce(most::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Take 1 to 1000 at a time, and ask again until none comes.';
    END IF;
    -- Once for each connector, without waiting for another session that does the same.
    IF EXISTS (SELECT FROM o365_internal.connector AS c
                WHERE c.connector_id = ANY (v_connectors) AND NOT c.takes_events) THEN
        UPDATE o365_internal.connector AS c SET takes_events = true
         WHERE c.connector_id = ANY (ARRAY(SELECT x.connector_id FROM o365_internal.connector AS x
                                            WHERE x.connector_id = ANY (v_connectors) AND NOT x.takes_events
                                              FOR NO KEY UPDATE SKIP LOCKED));
    END IF;
    RETURN QUERY
        WITH mine AS MATERIALIZED (
            SELECT u.event_id FROM o365_internal.untaken_event AS u
             WHERE u.connector_id = ANY (v_connectors) ORDER BY u.event_id LIMIT most FOR UPDATE SKIP LOCKED
        ), taken AS (
            DELETE FROM o365_internal.untaken_event AS u USING mine WHERE u.event_id = mine.event_id
            RETURNING u.event_id, u.at
        )
        SELECT e.event_id, e.at, e.kind, c.slug, e.subscription_id, s.app_user, s.app_state, e.card_id, e.actor, e.role,
               e.detail, e.reason
          FROM taken AS t
         CROSS JOIN LATERAL (SELECT x.* FROM o365_internal.event AS x
                              WHERE x.event_id = t.event_id AND x.at = t.at LIMIT 1) AS e
          JOIN o365_internal.subscription AS s ON s.subscription_id = e.subscription_id
          JOIN o365_internal.connector AS c ON c.connector_id = e.connector_id
         ORDER BY e.event_id;
END $$;
COMMENT ON FUNCTION o365.take_events(integer) IS
    'Takes what happened to connections since the last call, oldest first, at most that many (1 to 1000), of the '
    'connectors that the session may use. They are gone when your transaction commits, and still there if it rolls '
    'back; sessions that take at the same moment get different ones. What nobody has taken after history_days is '
    'dropped. kind says what happened, actor who did it (application, operator, user, worker). Error: '
    'invalid_parameter_value.';
