CREATE OR REPLACE FUNCTION o365.set_quota(
    dialect text, seconds integer, posts integer, per text DEFAULT NULL, reason text DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' AS $$
#variable_conflict use_variable
DECLARE
    v_per text := coalesce(per, CASE dialect WHEN 'workflow' THEN 'bot' ELSE 'webhook' END);
    v_before integer;
BEGIN
    IF dialect IS NULL OR dialect NOT IN ('connector', 'workflow') THEN
        RAISE EXCEPTION 'dialect % is unknown', quote_nullable(dialect)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'It is connector (Office 365 connectors) or workflow (Teams Workflows).';
    ELSIF v_per NOT IN ('webhook', 'bot') OR v_per = 'bot' AND dialect = 'connector' THEN
        RAISE EXCEPTION 'a limit per % is unknown for dialect %', quote_literal(per), dialect
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'A limit is per webhook; for workflows it is also per bot, which groups of flows share.';
    ELSIF seconds IS NULL OR seconds NOT BETWEEN 1 AND 86400 THEN
        RAISE EXCEPTION 'a window cannot last % seconds', coalesce(seconds::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'It lasts from 1 second to a day, 86400.';
    ELSIF posts < 1 THEN
        RAISE EXCEPTION 'a limit cannot be %', posts
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'It is at least 1; null takes the limit away. To stop cards: o365.pause or o365.hold_host.';
    END IF;
    -- One at a time: numbers of windows have no gap.
    BEGIN
        LOCK TABLE o365_internal.quota_window IN SHARE ROW EXCLUSIVE MODE;
    EXCEPTION WHEN lock_not_available THEN
        RAISE EXCEPTION 'another session changes limits'
            USING ERRCODE = 'lock_not_available',
                  HINT = 'It has not ended its transaction: select pid, usename, state, xact_start, query from '
                         'pg_stat_activity where xact_start < now() - interval ''5 seconds''';
    END;
    SELECT w.posts INTO v_before FROM o365_internal.quota_window AS w
     WHERE w.dialect = dialect AND w.per = v_per AND w.seconds = seconds;
    IF posts IS DISTINCT FROM v_before THEN
        INSERT INTO o365_internal.quota_window AS w (dialect, n, per, seconds, margin, posts, version)
            SELECT dialect, coalesce(max(x.n), 0) + 1, v_per, seconds, CASE v_per WHEN 'bot' THEN 10 ELSE 0 END, posts,
                   coalesce(max(x.version), 0) + 1
              FROM o365_internal.quota_window AS x WHERE x.dialect = dialect
            ON CONFLICT ON CONSTRAINT quota_window_is_unique DO UPDATE
               SET posts = excluded.posts, source = NULL, version = excluded.version;
        PERFORM o365_internal.note_event('setting_changed', 'operator', NULL,
            reason => o365_internal.reason_text(reason),
            object => o365_internal.quota_name(dialect, v_per, seconds),
            -- o365.audit() reads it (audit_limits).
            detail => format('%s, before %s', coalesce(posts::text, 'none'), coalesce(v_before::text, 'none')));
        PERFORM o365_internal.quota_wake(dialect);
    END IF;
    RETURN posts;
END $$;
COMMENT ON FUNCTION o365.set_quota(text, integer, integer, text, text) IS
    'Sets how many POSTs the far end takes in a window of so many seconds: of a dialect, connector or workflow, per '
    'webhook, or per bot (workflows; flows may share one, o365.share_quota). The default of per is bot for workflows. '
    'posts null removes the limit. Takes effect at the next claim of each connection, and earlier POSTs count; '
    'connections that wait for their quota are checked again at once. Returns the limit. Errors: '
    'invalid_parameter_value, lock_not_available (another session changes limits for 5 s).';
