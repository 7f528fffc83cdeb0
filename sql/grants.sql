-- All privileges. Everything else is refused; tests/sql tries each role on every object of the catalogue.
DO $$
DECLARE
    v_object record;
    v_grant record;
    v_name text;
BEGIN
    FOR v_object IN SELECT p.oid::regprocedure AS f FROM pg_catalog.pg_proc AS p
                     WHERE p.pronamespace IN ('o365'::regnamespace, 'o365_programs'::regnamespace,
                                              'o365_internal'::regnamespace)
                       AND pg_has_role(current_user, p.proowner, 'MEMBER')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_object.f);
    END LOOP;
    FOR v_object IN SELECT g.role, array_agg(g.object ORDER BY g.object) AS objects
                      FROM o365_internal.grants_to_others() AS g GROUP BY g.role
    LOOP
        FOREACH v_name IN ARRAY v_object.objects LOOP
            EXECUTE format('REVOKE ALL ON %s FROM %s CASCADE', v_name, v_object.role);
        END LOOP;
        RAISE NOTICE 'revoked what % was granted on % of our objects, % for one', v_object.role,
            cardinality(v_object.objects), v_object.objects[1]
            USING HINT = 'Rights here come by membership: GRANT o365_operator, or select o365.grant_application. '
                         'See docs/operator.md.';
    END LOOP;
    -- Roles of these names may belong to another installation in this cluster: the owner decides whether they are used
    -- here.
    IF NOT o365_internal.has_roles() THEN
        RAISE NOTICE 'no roles of its own, so nothing is granted: all programs connect as %', current_user;
        RETURN;
    END IF;
    -- First revoke what an earlier version, or somebody by hand, granted them. The sandbox's grants are in sandbox.sql.
    FOR v_object IN SELECT format('FUNCTION %s', p.oid::regprocedure) AS name FROM pg_catalog.pg_proc AS p
                     WHERE p.pronamespace IN ('o365'::regnamespace, 'o365_programs'::regnamespace,
                                              'o365_internal'::regnamespace)
                       AND pg_has_role(current_user, p.proowner, 'MEMBER')
                       AND p.proacl IS NOT NULL
                    UNION ALL
                    SELECT format('%s %s', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass)
                      FROM pg_catalog.pg_class AS c
                     WHERE c.relnamespace IN ('o365'::regnamespace, 'o365_programs'::regnamespace,
                                              'o365_internal'::regnamespace)
                       AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
                       AND (c.relacl IS NOT NULL OR EXISTS (SELECT FROM pg_catalog.pg_attribute AS a
                                                             WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL))
                    UNION ALL
                    SELECT format('SCHEMA %s', s.name)
                      FROM (VALUES ('o365'), ('o365_programs'), ('o365_internal')) AS s (name)
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM o365_responder, o365_worker, o365_app, o365_operator', v_object.name);
    END LOOP;
    FOR v_grant IN SELECT g.role, g.schema, g.pattern FROM (VALUES
        ('o365_responder', 'o365_programs', '^responder_'),
        ('o365_responder', 'o365', '^version$'),
        ('o365_worker', 'o365_programs', '^worker_'),
        ('o365_worker', 'o365', '^(version|check_card)$'),
        ('o365_app', 'o365',
            '^(begin_connect|connections|check_card|test_cards|card|markdown_escape|link|mention|send|'
            'send_many|try_send|send_to_user|cancel_card|retry_card|retry_dead|'
            'take_action_events|on_action|on_connector_action|answer_action|'
            'take_events|pause|resume|disconnect|move_connections|'
            'send_test|manage_link|revoke_manage_links|renewal_link|renewal_card|export_user|erase_user|set_extra|'
            'set_schedule|preview_digest|explain_card|retry_schedule|version|forecast|quota_usage)$'),
        ('o365_operator', 'o365',
            '^(this_is|cancel_card|retry_card|retry_dead|'
            'set_in_doubt_policy|set|allow_webhook_host|forbid_webhook_host|hold_host|'
            'release_host|register_connector|alter_connector|grant_application|revoke_application|connect_button|'
            'connect_button_documented|remove_connector|check_card|test_cards|pause|resume|remove|move_connections|'
            'send_test|manage_link|revoke_manage_links|renewal_link|renewal_card|export_user|erase_user|set_extra|'
            'set_schedule|preview_digest|connect_attempt|health|audit|explain_card|oldest_card|retry_schedule|version|'
            'forecast|quota_usage|set_quota|set_quota_policy|share_quota|set_token_profile)$')
    ) AS g (role, schema, pattern)
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', v_grant.schema, v_grant.role);
        FOR v_object IN SELECT p.oid::regprocedure AS f FROM pg_catalog.pg_proc AS p
                         WHERE p.pronamespace = v_grant.schema::regnamespace AND p.proname ~ v_grant.pattern
        LOOP
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', v_object.f, v_grant.role);
        END LOOP;
    END LOOP;
    GRANT EXECUTE ON FUNCTION o365_internal.visible_connectors(), o365_internal.few_subscriptions(),
        o365_internal.few_deliveries(), o365_internal.few_attempts(), o365_internal.few_card_warnings(),
        o365_internal.few_event_connectors(), o365_internal.few_events(),
        o365_internal.few_waiting(), o365_internal.few_wait(bigint[]), o365_internal.wait_of(bigint),
        o365_internal.wait_of_scheduled(bigint), o365_internal.status_next_step(bigint, text, text, boolean),
        o365_internal.workers_at_work(),
        o365_internal.workers_away(), o365_internal.lane_waits(bigint, timestamptz, xid),
        o365_internal.quota_reason(text, smallint, timestamptz), o365_internal.quota_sharers(integer),
        o365_internal.outcomes_not_counted(), o365_internal.tests_below(), o365_internal.ways_of(text[])
        TO o365_operator, o365_app;
    GRANT INSERT ON o365_programs.callback, o365_programs.callbacks, o365_programs.paste, o365_programs.proof,
        o365_programs.action_call TO o365_responder;
    GRANT INSERT ON o365_programs.import, o365_programs.user_object_id TO o365_worker;
    GRANT SELECT ON o365.dead_connectors, o365.scheduled_cards, o365.quotas TO o365_operator, o365_app;
    GRANT SELECT ON o365.token_profiles TO o365_operator;
    GRANT SELECT ON o365.settings, o365.connectors, o365.webhook_hosts, o365.response_rules, o365.subscriptions,
        o365.hosts, o365.queue, o365.cards, o365.posts, o365.deliveries, o365.outcomes, o365.card_warnings,
        o365.action_events, o365.action_rules, o365.events, o365.functions, o365.workers TO o365_operator;
    GRANT SELECT ON o365.connectors, o365.subscriptions, o365.queue, o365.cards, o365.posts, o365.deliveries,
        o365.outcomes, o365.card_warnings, o365.action_events, o365.action_rules, o365.events, o365.functions
        TO o365_app;
END $$;

-- A dump has no memberships. Every role that was granted a connector becomes a member of o365_app; o365.health()
-- reports one that does not exist here.
DO $$
DECLARE
    v_role name;
BEGIN
    IF NOT o365_internal.has_roles() THEN
        RETURN;
    END IF;
    FOR v_role IN SELECT DISTINCT r.rolname FROM o365_internal.application AS a
                    JOIN pg_catalog.pg_roles AS r ON r.rolname = a.role
                   WHERE NOT pg_has_role(r.oid, 'o365_app',
                                         CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'USAGE'
                                              ELSE 'MEMBER' END)
    LOOP
        PERFORM o365_internal.join_applications(v_role);
        RAISE NOTICE 'role % may use a connector and is a member of o365_app again', v_role;
    END LOOP;
END $$;
