CREATE OR REPLACE FUNCTION o365.health()
RETURNS TABLE (severity text, code text, object text, problem text, next_step text, since timestamptz, "count" bigint,
    example text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_check record;
BEGIN
    -- Alphabetical; errors come before warnings.
    FOR v_check IN SELECT c.code, c.severity FROM (VALUES
        ('action_events_waiting', 'warning'),
        ('answers_unclear', 'warning'),
        ('application_not_member', 'warning'),
        ('attempts_abandoned', 'warning'),
        ('button_retired', 'warning'),
        ('callback_url_outside', 'warning'),
        ('card_actions_used_up', 'warning'),
        ('card_waits_long', 'warning'),
        ('cards_all_dead', 'warning'),
        ('cards_fail', 'warning'),
        ('chores_fail', 'warning'),
        ('commits_not_durable', 'warning'),
        ('connections_gone', 'warning'),
        ('connections_retired', 'warning'),
        ('connections_suspended', 'warning'),
        ('database_copied', 'error'),
        ('database_open_to_all', 'warning'),
        ('events_waiting', 'warning'),
        ('far_ends_slow', 'warning'),
        ('feeding_behind', 'error'),
        ('granted_to_others', 'warning'),
        ('history_default_partition', 'warning'),
        ('hosts_failing', 'warning'),
        ('hosts_held', 'warning'),
        ('isolation', 'warning'),
        ('lanes_stuck', 'error'),
        ('modules_unknown', 'warning'),
        ('no_sealing_key', 'error'),
        ('no_worker', 'error'),
        ('one_role', 'warning'),
        ('pgcrypto_broken', 'error'),
        ('pgcrypto_open_to_all', 'warning'),
        ('public_url_missing', 'error'),
        ('role_inherits_nothing', 'warning'),
        ('role_may_not_connect', 'error'),
        ('role_missing', 'warning'),
        ('sealing_key_not_backed_up', 'warning'),
        ('sealing_key_not_pinned', 'warning'),
        ('server_outdated', 'warning'),
        ('signing_keys_missing', 'error'),
        ('signing_keys_old', 'warning'),
        ('statements_logged', 'warning'),
        ('strict_cookies', 'warning'),
        ('vacuum_held_back', 'warning'),
        ('version_differs', 'warning'),
        ('version_too_old', 'error'),
        ('webhook_shared', 'warning'),
        ('webhooks_not_opened', 'error'),
        ('webhooks_throttled', 'warning'),
        ('worker_cannot_post', 'error'),
        ('worker_environment', 'error'),
        ('workers_lost', 'warning'),
        ('workflows_idle', 'warning')
    ) AS c (code, severity) ORDER BY c.severity, c.code
    LOOP
        BEGIN
            -- At most 20 groups of each, the largest first.
            RETURN QUERY EXECUTE format('SELECT %L, %L, h.object, h.problem, h.next_step, h.since, h."count", h.example
                                           FROM o365_internal.%I() AS h ORDER BY h."count" DESC NULLS LAST, '
                                        'h.object LIMIT 20',
                                        v_check.severity, v_check.code, 'health_' || v_check.code);
        EXCEPTION WHEN OTHERS THEN
            -- A check that fails does not hide the others.
            RETURN QUERY SELECT v_check.severity, v_check.code, 'health',
                format('%s could not be checked: %s', v_check.code, SQLERRM),
                'Run sql/install.sql again, so that functions and tables match.',
                NULL::timestamptz, NULL::bigint, NULL;
        END;
    END LOOP;
END $$;
COMMENT ON FUNCTION o365.health() IS
    'What is wrong with this installation as the database sees it: severity (error, warning), code (stable, to alert '
    'on), object, problem, next step, since when (null: not known), how many objects have that problem (null: it is '
    'not about a number) and one of them. No row: nothing. At most 20 rows of one code. The programs'' --check adds '
    'what only they can see.';
