CREATE OR REPLACE FUNCTION o365.health() RETURNS TABLE (severity text, object text, problem text, next_step text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT h.severity, h.object, h.problem, h.next_step FROM (
        SELECT 1 AS rank, 'error' AS severity, 'setting public_url' AS object, 'is not set' AS problem,
               'select o365.set(''public_url'', ''https://your.host'')' AS next_step WHERE o365_internal.text_setting('public_url') = ''
        UNION ALL
        SELECT 1, 'error', 'sealing key', 'there is none, so nobody can connect', 'Run o365-worker keys generate on the worker''s host.'
         WHERE NOT EXISTS (SELECT FROM o365_internal.sealing_key AS k WHERE k.kind = 'public' AND k.active)
        UNION ALL
        SELECT 2, 'warning', 'sealing key ' || k.key_id, 'was never backed up: losing the key file loses every connection',
               'Run o365-worker keys backup FILE and keep the file elsewhere.'
          FROM o365_internal.sealing_key AS k
         WHERE k.backed_up_at IS NULL
           AND (k.active OR EXISTS (SELECT FROM o365_internal.subscription AS s WHERE s.key_id = k.key_id))
        UNION ALL
        SELECT 1, 'error', 'worker', 'none has been seen for five minutes, so no card leaves',
               'Start o365-worker, or let cron run it with --once at least every five minutes; its log says why it ended.'
         WHERE NOT EXISTS (SELECT FROM o365_internal.worker AS w WHERE w.seen_at > now() - interval '5 minutes')
        UNION ALL
        SELECT 1, 'error', 'worker ' || w.name, format('is configured for environment %s, the database for %s, so it sends nothing',
                   w.environment, o365_internal.text_setting('environment')),
               'If this database is no copy: select o365.set(''environment'', ' || quote_literal(w.environment) || ')'
          FROM o365_internal.worker AS w
         WHERE w.seen_at > now() - interval '1 minute' AND w.environment <> o365_internal.text_setting('environment')
        UNION ALL
        SELECT 2, 'warning', 'subscription ' || s.subscription_id, format('is %s: %s', s.status, coalesce(s.status_reason, 'no reason noted')),
               CASE s.status WHEN 'suspended' THEN format('When the far end works again: select o365.resume(%s)', s.subscription_id)
                             ELSE 'Its user has to connect again.' END
          FROM o365_internal.subscription AS s WHERE s.status IN ('suspended', 'gone')
        UNION ALL
        SELECT 2, 'warning', 'subscription ' || l.subscription_id,
               format('its next card failed %s times since %s: %s', l.failures,
                      to_char(l.failing_since, 'YYYY-MM-DD HH24:MI'), l.problem),
               format('select * from o365.attempts where subscription_id = %s limit 5', l.subscription_id)
          FROM o365_internal.lane AS l WHERE l.failures >= 3
        UNION ALL
        SELECT 1, 'error', 'subscription ' || l.subscription_id, 'its cards wait: ' || l.problem,
               'On the worker''s host: o365-worker keys list'
          FROM o365_internal.lane AS l WHERE l.failures = 0 AND l.problem IS NOT NULL AND l.next_at IS NOT NULL
        UNION ALL
        SELECT 2, 'warning', 'connector ' || c.slug, format('nobody takes what is pressed on its cards: %s waiting, the oldest since %s; what waits '
                   '%s days is dropped', w.events, to_char(w.oldest, 'YYYY-MM-DD HH24:MI'), o365_internal.integer_setting('action_days')),
               'Let its application call o365.take_action_events(); select * from o365.action_events lists them.'
          FROM (SELECT e.connector_id, count(*) AS events, min(e.at) AS oldest FROM o365_internal.action_event AS e GROUP BY e.connector_id) AS w
          JOIN o365_internal.connector AS c ON c.connector_id = w.connector_id
         WHERE w.oldest < now() - interval '1 day'
        UNION ALL
        -- A bound below ten is there to be reached.
        SELECT 2, 'warning', 'connector ' || c.slug, format('cards that were pressed %s times, after which they take no more, or nearly so often: %s, the last is card %s',
                   b.bound, count(*), max(a.card_id)),
               format('If people press that often: select o365.set(''action_events'', ''%s''). If somebody plays with a link: '
                      'select o365.remove(%s) ends those of its connection.', least(2 * b.bound, 9999),
                      (array_agg(a.subscription_id ORDER BY a.card_id DESC))[1])
          FROM (SELECT o365_internal.integer_setting('action_events') AS bound) AS b
          JOIN o365_internal.card_action AS a ON cardinality(a.forms) > 0 AND 10 * cardinality(a.forms) >= 9 * b.bound
          JOIN o365_internal.subscription AS s ON s.subscription_id = a.subscription_id
          JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id
         WHERE b.bound >= 10 GROUP BY c.slug, b.bound
        UNION ALL
        SELECT 2, 'warning', 'table o365_internal.' || t.name, 'its default partition holds rows, so the worker''s chores did not run in time',
               'Keep a worker running; the rows stay readable.'
          FROM (SELECT 'attempt' AS name WHERE EXISTS (SELECT FROM o365_internal.attempt_default)
                UNION ALL SELECT 'delivery' WHERE EXISTS (SELECT FROM o365_internal.delivery_default)) AS t
        UNION ALL
        SELECT CASE f.severity WHEN 'error' THEN 1 ELSE 2 END, f.severity, f.object, f.problem, f.next_step
          FROM (SELECT * FROM o365_internal.server_findings() UNION ALL SELECT * FROM o365_internal.version_findings()) AS f
        UNION ALL
        SELECT 2, 'warning', 'connector ' || c.slug, format('its callback URL %s is not below public_url, so the browser''s cookie '
                   'does not reach it', c.callback_url),
               'Register it again without callback_url, and change the redirect URL at Microsoft.'
          FROM o365_internal.connector AS c
         WHERE o365_internal.text_setting('public_url') <> '' AND c.removed_at IS NULL
           AND NOT starts_with(c.callback_url, o365_internal.text_setting('public_url') || '/')
        UNION ALL
        SELECT 2, 'warning', 'application ' || a.role, 'may use a connector and is no role any more: whoever gets that name inherits it',
               format('select o365.revoke_application(%L, %L)', a.role, c.slug)
          FROM o365_internal.application AS a JOIN o365_internal.connector AS c ON c.connector_id = a.connector_id
         WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = a.role)
        UNION ALL
        SELECT 2, 'warning', 'pgcrypto', 'may be called by every role of this database',
               format('A superuser can take it away: REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA %1$I FROM PUBLIC, then grant it '
                      'on them to the owner of o365_internal and to whoever else needs it.', p.pronamespace::regnamespace)
          FROM pg_catalog.pg_proc AS p
          JOIN pg_catalog.pg_depend AS d ON d.objid = p.oid AND d.classid = 'pg_catalog.pg_proc'::regclass AND d.deptype = 'e'
          JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'pgcrypto'
         WHERE p.proname = 'pgp_sym_decrypt' AND p.pronargs = 2
           AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS x WHERE x.grantee = 0)
        UNION ALL
        SELECT 2, 'warning', 'roles', 'everything belongs to one role: who has the responder''s password can read sealed webhooks '
                   '(not open them), change any row and call pgcrypto',
               'Accept it on a shared host; otherwise install into a database as a role that may create roles: docs/operator.md.'
         WHERE NOT o365_internal.has_roles()
        UNION ALL
        -- What else one role on somebody else's server costs.
        SELECT 2, 'warning', 'sealing key ' || k.key_id, 'the responder does not name it, so it seals under whatever key somebody with this '
                   'role''s password puts in its place',
               format('Set sealing_key = %s in the responder''s configuration; o365-worker keys check says whether it is the key file''s. '
                      'The next connection clears this.', k.key_id)
          FROM (SELECT s.key_pinned FROM o365_internal.subscription AS s WHERE s.status <> 'removed'
                 ORDER BY coalesce(s.renewed_at, s.connected_at) DESC LIMIT 1) AS newest
          JOIN (SELECT k.key_id FROM o365_internal.sealing_key AS k WHERE k.kind = 'public' AND k.active
                 ORDER BY k.created_at DESC, k.key_id LIMIT 1) AS k ON NOT newest.key_pinned
         WHERE NOT o365_internal.has_roles()
        UNION ALL
        SELECT 2, 'warning', 'database ' || d.datname, 'every role of this server may connect to it, and call what PUBLIC may',
               format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC, then grant CONNECT to your other roles.', d.datname)
          FROM pg_catalog.pg_database AS d
         WHERE NOT o365_internal.has_roles() AND d.datname = current_database()
           AND EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS x
                        WHERE x.grantee = 0 AND x.privilege_type = 'CONNECT')
        UNION ALL
        SELECT 2, 'warning', 'setting shared_preload_libraries', format('role %s may not see which modules the server has loaded, so nobody '
                   'here can tell what else reads along', current_user),
               'Ask the host which modules run, or for: GRANT pg_read_all_settings TO ' || quote_ident(current_user)
         WHERE NOT o365_internal.has_roles() AND NOT pg_has_role(current_user, 'pg_read_all_settings', 'USAGE')
        UNION ALL
        SELECT 2, 'warning', 'setting ' || g.name, format('is %s: the server''s log holds what is sent in statements: cards, what is typed on '
                   'the pages of their actions, names of users and groups (no webhook, object id, state, ticket or link)', g.setting),
               'Only the host can change it; until then its log is as confidential as your cards.'
          FROM pg_catalog.pg_settings AS g
         WHERE NOT o365_internal.has_roles() AND (g.name = 'log_statement' AND g.setting = 'all'
            OR g.name IN ('log_min_duration_statement', 'log_min_duration_sample') AND g.setting <> '-1')
    ) AS h ORDER BY h.rank, h.object, h.problem $$;
COMMENT ON FUNCTION o365.health() IS
    'What is wrong with this installation as the database sees it: severity (error, warning), object, problem, next step. No row: nothing. The '
    'programs'' --check adds what only they can see.';
