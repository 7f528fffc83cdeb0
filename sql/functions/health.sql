-- What is wrong with an installation, as the database sees it. Each finding is a function o365_internal.health_CODE() that
-- returns a row for each group of objects that have the same trouble for the same reason, and none when all is well;
-- o365.health() lists the codes. To add a finding, add its function and its line in that list. A finding reads by index and
-- looks at a bounded number of rows: monitoring asks every minute, at a million connections too.

CREATE OR REPLACE FUNCTION o365.health()
RETURNS TABLE (severity text, code text, object text, problem text, next_step text, since timestamptz, "count" bigint,
    example text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_check record;
    v_found jsonb := '[]';
    v_rows jsonb;
BEGIN
    -- Alphabetical.
    FOR v_check IN SELECT c.code, c.severity FROM (VALUES
        ('action_events_waiting', 'warning'),
        ('answers_unclear', 'warning'),
        ('callback_url_outside', 'warning'),
        ('card_actions_used_up', 'warning'),
        ('cards_all_dead', 'warning'),
        ('cards_fail', 'warning'),
        ('connections_gone', 'warning'),
        ('connections_suspended', 'warning'),
        ('database_copied', 'error'),
        ('database_open_to_all', 'warning'),
        ('history_default_partition', 'warning'),
        ('modules_unknown', 'warning'),
        ('no_sealing_key', 'error'),
        ('no_worker', 'error'),
        ('one_role', 'warning'),
        ('pgcrypto_broken', 'error'),
        ('pgcrypto_open_to_all', 'warning'),
        ('public_url_missing', 'error'),
        ('role_missing', 'warning'),
        ('sealing_key_not_backed_up', 'warning'),
        ('sealing_key_not_pinned', 'warning'),
        ('server_outdated', 'warning'),
        ('statements_logged', 'warning'),
        ('webhooks_not_opened', 'error'),
        ('webhooks_throttled', 'warning'),
        ('worker_environment', 'error')
    ) AS c (code, severity)
    LOOP
        BEGIN
            -- At most 20 groups of each, the largest.
            EXECUTE format('SELECT coalesce(jsonb_agg(f), ''[]'') FROM (SELECT h.* FROM o365_internal.%I() AS h
                            ORDER BY h."count" DESC NULLS LAST, h.object LIMIT 20) AS f', 'health_' || v_check.code) INTO v_rows;
        EXCEPTION WHEN OTHERS THEN
            -- One question that cannot be answered does not hide the others.
            v_rows := jsonb_build_array(jsonb_build_object('object', 'health',
                'problem', format('%s could not be looked at: %s', v_check.code, SQLERRM),
                'next_step', 'Run sql/install.sql again, so that functions and tables fit each other.'));
        END;
        v_found := v_found || coalesce((
            SELECT jsonb_agg(r.row || jsonb_build_object('severity', v_check.severity, 'code', v_check.code))
              FROM jsonb_array_elements(v_rows) AS r (row)), '[]');
    END LOOP;
    RETURN QUERY SELECT f.severity, f.code, f.object, f.problem, f.next_step, f.since, f."count", f.example
      FROM jsonb_to_recordset(v_found) AS f (severity text, code text, object text, problem text, next_step text,
                                             since timestamptz, "count" bigint, example text)
     ORDER BY f.severity, f.object, f.problem;
END $$;
COMMENT ON FUNCTION o365.health() IS
    'What is wrong with this installation as the database sees it: severity (error, warning), code (stable, to alert on), '
    'object, problem, next step, since when (null: not known), how many objects have that problem (null: it is not about a '
    'number) and one of them. No row: nothing. At most 20 rows of one code. The programs'' --check adds what only they can '
    'see.';

CREATE OR REPLACE FUNCTION o365_internal.plural(n bigint, one text, many text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN format('%s %s', n, CASE WHEN n = 1 THEN one ELSE many END);
END $$;
COMMENT ON FUNCTION o365_internal.plural(bigint, text, text) IS 'A number and what it counts: 1 card, 2 cards.';

CREATE OR REPLACE FUNCTION o365_internal.health_public_url_missing() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'setting public_url', 'is not set', 'select o365.set(''public_url'', ''https://your.host'')',
           NULL::timestamptz, NULL::bigint, NULL
     WHERE o365_internal.text_setting('public_url') = '' $$;
COMMENT ON FUNCTION o365_internal.health_public_url_missing() IS 'Nobody can connect, because the responder does not know its own address.';

CREATE OR REPLACE FUNCTION o365_internal.health_no_sealing_key() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'sealing key', 'there is none, so nobody can connect', 'Run o365-worker keys generate on the worker''s host.',
           NULL::timestamptz, NULL::bigint, NULL
     WHERE NOT EXISTS (SELECT FROM o365_internal.sealing_key AS k WHERE k.kind = 'public' AND k.active) $$;
COMMENT ON FUNCTION o365_internal.health_no_sealing_key() IS 'There is no key to seal webhooks under.';

CREATE OR REPLACE FUNCTION o365_internal.health_sealing_key_not_backed_up() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'sealing key ' || k.key_id, 'was never backed up: losing the key file loses every connection',
           'Run o365-worker keys backup FILE and keep the file elsewhere.', k.created_at, NULL::bigint, NULL
      FROM o365_internal.sealing_key AS k
     WHERE k.backed_up_at IS NULL AND (k.active OR o365_internal.sealed_rows(k.key_id) > 0) $$;
COMMENT ON FUNCTION o365_internal.health_sealing_key_not_backed_up() IS 'Keys in use that no backup of the key file holds.';

CREATE OR REPLACE FUNCTION o365_internal.health_no_worker() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'worker', 'none has been seen for five minutes, so no card leaves',
           'Start o365-worker, or let cron run it with --once at least every five minutes; its log says why it ended.',
           (SELECT max(w.seen_at) FROM o365_internal.worker AS w), NULL::bigint, NULL
     WHERE NOT EXISTS (SELECT FROM o365_internal.worker AS w WHERE w.seen_at > now() - interval '5 minutes') $$;
COMMENT ON FUNCTION o365_internal.health_no_worker() IS 'No worker is alive.';

CREATE OR REPLACE FUNCTION o365_internal.health_worker_environment() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'worker ' || max(w.name),
           format('is configured for environment %s, the database for %s, so it sends nothing', w.environment,
                  o365_internal.text_setting('environment')),
           format('If this database is %s: select o365.this_is(%L)', w.environment, w.environment),
           min(w.started_at), count(*), max(w.name)
      FROM o365_internal.worker AS w
     WHERE w.seen_at > now() - interval '1 minute' AND w.environment <> o365_internal.text_setting('environment')
     GROUP BY w.environment $$;
COMMENT ON FUNCTION o365_internal.health_worker_environment() IS 'Workers that send nothing, because their configuration names another environment.';

CREATE OR REPLACE FUNCTION o365_internal.health_of_status(status text) RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH newest AS MATERIALIZED (
        SELECT s.subscription_id, s.status_reason, s.status_at, s.webhook_host FROM o365_internal.subscription AS s
         WHERE s.status = $1 AND s.status <> 'active' ORDER BY s.status_at DESC LIMIT 10000),
    by_host AS (
        SELECT n.status_reason, n.webhook_host, count(*) AS n, min(n.status_at) AS since, max(n.subscription_id) AS example
          FROM newest AS n GROUP BY 1, 2)
    -- Tenants have hosts of their own below Microsoft's: they are one host here, by the entry of the allow-list.
    SELECT 'host ' || coalesce(e.host, b.webhook_host),
           format('%s%s %s: %s', CASE WHEN (SELECT count(*) FROM newest) = 10000 THEN 'at least ' END,
                  o365_internal.plural(sum(b.n)::bigint, 'connection is', 'connections are'), $1,
                  coalesce(b.status_reason, 'no reason noted')),
           CASE WHEN $1 <> 'suspended' OR b.status_reason LIKE '%connect again%' THEN 'Its user has to connect again.'
                ELSE format('When the far end works again: select o365.resume(%s)', max(b.example)) END,
           min(b.since), sum(b.n)::bigint, 'subscription ' || max(b.example)
      FROM by_host AS b
      LEFT JOIN LATERAL (SELECT '*.' || w.host AS host FROM o365_internal.webhook_host AS w
                          WHERE w.subdomains AND right(b.webhook_host, length(w.host) + 1) = '.' || w.host
                          ORDER BY length(w.host) DESC LIMIT 1) AS e ON true
     GROUP BY coalesce(e.host, b.webhook_host), b.status_reason $$;
COMMENT ON FUNCTION o365_internal.health_of_status(text) IS
    'The connections of a status other than active, the newest 10,000, by reason and by host of the allow-list.';

CREATE OR REPLACE FUNCTION o365_internal.health_connections_suspended() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM o365_internal.health_of_status('suspended') $$;
COMMENT ON FUNCTION o365_internal.health_connections_suspended() IS 'Connections whose far end refuses the webhook: their cards wait.';

CREATE OR REPLACE FUNCTION o365_internal.health_connections_gone() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM o365_internal.health_of_status('gone') $$;
COMMENT ON FUNCTION o365_internal.health_connections_gone() IS 'Connections whose webhook does not exist any more.';

CREATE OR REPLACE FUNCTION o365_internal.health_of_lanes(fails boolean) RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH lanes AS MATERIALIZED (
        SELECT l.subscription_id, l.problem, l.failures, l.failing_since FROM o365_internal.lane AS l
         WHERE l.problem IS NOT NULL
           AND CASE WHEN $1 THEN l.failures >= 3 ELSE l.failures = 0 AND l.next_at IS NOT NULL AND l.throttled_since IS NULL END LIMIT 2000)
    SELECT 'host ' || coalesce(e.host, s.webhook_host),
           format(CASE WHEN $1 THEN '%1$s%2$s at a card that failed three times or more, the worst %4$s times: %3$s'
                       ELSE '%1$s%2$s with cards: %3$s' END,
                  CASE WHEN (SELECT count(*) FROM lanes) = 2000 THEN 'at least ' END,
                  o365_internal.plural(count(*), 'connection waits', 'connections wait'), l.problem, max(l.failures)),
           CASE WHEN $1 THEN format('select * from o365.attempts where subscription_id = %s limit 5',
                                    (array_agg(l.subscription_id ORDER BY l.failures DESC, l.subscription_id))[1])
                ELSE 'On the worker''s host: o365-worker keys list' END,
           min(l.failing_since), count(*), 'subscription ' || (array_agg(l.subscription_id ORDER BY l.failures DESC, l.subscription_id))[1]
      FROM lanes AS l
      JOIN o365_internal.subscription AS s ON s.subscription_id = l.subscription_id
      LEFT JOIN LATERAL (SELECT '*.' || w.host AS host FROM o365_internal.webhook_host AS w
                          WHERE w.subdomains AND right(s.webhook_host, length(w.host) + 1) = '.' || w.host
                          ORDER BY length(w.host) DESC LIMIT 1) AS e ON true
     GROUP BY coalesce(e.host, s.webhook_host), l.problem $$;
COMMENT ON FUNCTION o365_internal.health_of_lanes(boolean) IS
    'Lanes whose first card fails (true), or that wait for another reason that the worker noted (false): by reason and host, '
    '2,000 of them.';

CREATE OR REPLACE FUNCTION o365_internal.health_cards_fail() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM o365_internal.health_of_lanes(true) $$;
COMMENT ON FUNCTION o365_internal.health_cards_fail() IS 'Connections whose next card failed three times or more.';

CREATE OR REPLACE FUNCTION o365_internal.health_webhooks_not_opened() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM o365_internal.health_of_lanes(false) $$;
COMMENT ON FUNCTION o365_internal.health_webhooks_not_opened() IS 'Connections whose webhook no worker can open.';

CREATE OR REPLACE FUNCTION o365_internal.health_action_events_waiting() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'connector ' || c.slug,
           format('nobody takes what is pressed on its cards: %s%s waiting, the oldest since %s; what waits %s is dropped',
                  CASE WHEN w.events = 10000 THEN 'at least ' END, w.events, to_char(f.at, 'YYYY-MM-DD HH24:MI'),
                  o365_internal.plural(o365_internal.integer_setting('action_days'), 'day', 'days')),
           'Let its application call o365.take_action_events(); select * from o365.action_events lists them.', f.at, w.events, NULL
      FROM o365_internal.connector AS c
     CROSS JOIN LATERAL (SELECT e.at FROM o365_internal.action_event AS e WHERE e.connector_id = c.connector_id
                          ORDER BY e.event_id LIMIT 1) AS f
     CROSS JOIN LATERAL (SELECT count(*) AS events FROM (SELECT FROM o365_internal.action_event AS e
                                                          WHERE e.connector_id = c.connector_id LIMIT 10000) AS e) AS w
     WHERE f.at < now() - interval '1 day' $$;
COMMENT ON FUNCTION o365_internal.health_action_events_waiting() IS 'Connectors whose application has not taken what was pressed for a day.';

CREATE OR REPLACE FUNCTION o365_internal.health_card_actions_used_up() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- A bound below ten is there to be reached.
    SELECT 'connector ' || c.slug,
           format('cards that were pressed %s times, after which they take no more, or nearly so often: %s, the last is card %s',
                  b.bound, count(*), max(a.card_id)),
           format('If people press that often: select o365.set(''action_events'', ''%s''). If somebody plays with a link: '
                  'select o365.remove(%s) ends those of its connection.', least(2 * b.bound, 9999),
                  (array_agg(a.subscription_id ORDER BY a.card_id DESC))[1]),
           NULL::timestamptz, count(*), 'card ' || max(a.card_id)
      FROM (SELECT o365_internal.integer_setting('action_events') AS bound) AS b
      JOIN o365_internal.card_action AS a ON cardinality(a.forms) > 0 AND 10 * cardinality(a.forms) >= 9 * b.bound
      JOIN o365_internal.subscription AS s ON s.subscription_id = a.subscription_id
      JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id
     WHERE b.bound >= 10 GROUP BY c.slug, b.bound $$;
COMMENT ON FUNCTION o365_internal.health_card_actions_used_up() IS 'Cards that were pressed nearly as often as the setting action_events allows.';

CREATE OR REPLACE FUNCTION o365_internal.health_history_default_partition() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'table o365_internal.' || t.name, 'its default partition holds rows, so the worker''s chores did not run in time',
           'Keep a worker running; the rows stay readable.', NULL::timestamptz, NULL::bigint, NULL
      FROM (SELECT 'attempt' AS name WHERE EXISTS (SELECT FROM o365_internal.attempt_default)
            UNION ALL SELECT 'delivery' WHERE EXISTS (SELECT FROM o365_internal.delivery_default)) AS t $$;
COMMENT ON FUNCTION o365_internal.health_history_default_partition() IS 'Rows of the history that lie in no day''s partition.';

CREATE OR REPLACE FUNCTION o365_internal.health_server_outdated() RETURNS SETOF o365_internal.finding
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.object, f.problem, f.next_step, NULL::timestamptz, NULL::bigint, NULL
      FROM o365_internal.server_findings() AS f WHERE f.severity = 'warning' $$;
COMMENT ON FUNCTION o365_internal.health_server_outdated() IS 'The server''s version has a known hole that matters here.';

CREATE OR REPLACE FUNCTION o365_internal.health_pgcrypto_broken() RETURNS SETOF o365_internal.finding
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.object, f.problem, f.next_step, NULL::timestamptz, NULL::bigint, NULL
      FROM o365_internal.server_findings() AS f WHERE f.severity = 'error' $$;
COMMENT ON FUNCTION o365_internal.health_pgcrypto_broken() IS 'The server''s pgcrypto does not seal: a probe stands readable in what comes out.';

CREATE OR REPLACE FUNCTION o365_internal.health_callback_url_outside() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'connector ' || c.slug,
           format('its callback URL %s is not below public_url, so the browser''s cookie does not reach it', c.callback_url),
           'Register it again without callback_url, and change the redirect URL at Microsoft.', c.changed_at, NULL::bigint, NULL
      FROM o365_internal.connector AS c
     WHERE o365_internal.text_setting('public_url') <> '' AND c.removed_at IS NULL
       AND NOT starts_with(c.callback_url, o365_internal.text_setting('public_url') || '/') $$;
COMMENT ON FUNCTION o365_internal.health_callback_url_outside() IS 'Connectors whose redirect URL is another site''s.';

CREATE OR REPLACE FUNCTION o365_internal.health_role_missing() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'application ' || a.role, 'may use a connector and is no role any more: whoever gets that name inherits it',
           format('select o365.revoke_application(%L, %L)', a.role, min(c.slug)), NULL::timestamptz, count(*),
           'connector ' || min(c.slug)
      FROM o365_internal.application AS a JOIN o365_internal.connector AS c ON c.connector_id = a.connector_id
     WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = a.role) GROUP BY a.role $$;
COMMENT ON FUNCTION o365_internal.health_role_missing() IS 'Applications that were granted a connector and whose role was dropped.';

CREATE OR REPLACE FUNCTION o365_internal.health_pgcrypto_open_to_all() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'pgcrypto', 'may be called by every role of this database',
           format('A superuser can take it away: REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA %1$I FROM PUBLIC, then grant it '
                  'on them to the owner of o365_internal and to whoever else needs it.', p.pronamespace::regnamespace),
           NULL::timestamptz, NULL::bigint, NULL
      FROM pg_catalog.pg_proc AS p
      JOIN pg_catalog.pg_depend AS d ON d.objid = p.oid AND d.classid = 'pg_catalog.pg_proc'::regclass AND d.deptype = 'e'
      JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'pgcrypto'
     WHERE p.proname = 'pgp_sym_decrypt' AND p.pronargs = 2
       AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS x WHERE x.grantee = 0) $$;
COMMENT ON FUNCTION o365_internal.health_pgcrypto_open_to_all() IS 'PUBLIC may call pgcrypto.';

CREATE OR REPLACE FUNCTION o365_internal.health_one_role() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'roles', 'everything belongs to one role: who has the responder''s password can read sealed webhooks '
           '(not open them), change any row and call pgcrypto',
           'Accept it on a shared host; otherwise install into a database as a role that may create roles: docs/operator.md.',
           NULL::timestamptz, NULL::bigint, NULL
     WHERE NOT o365_internal.has_roles() $$;
COMMENT ON FUNCTION o365_internal.health_one_role() IS 'The installation has no roles of its own.';

CREATE OR REPLACE FUNCTION o365_internal.health_sealing_key_not_pinned() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- What else one role on somebody else's server costs: this one and the three that follow.
    SELECT 'sealing key ' || k.key_id, 'the responder does not name it, so it seals under whatever key somebody with this '
           'role''s password puts in its place',
           format('Set sealing_key = %s in the responder''s configuration; o365-worker keys check says whether it is the key '
                  'file''s. The next connection clears this.', k.key_id), NULL::timestamptz, NULL::bigint, NULL
      FROM (SELECT n.key_pinned FROM (SELECT s.key_pinned, s.renewed_at, s.connected_at FROM o365_internal.subscription AS s
                                       WHERE s.status <> 'removed' ORDER BY s.subscription_id DESC LIMIT 1000) AS n
             ORDER BY coalesce(n.renewed_at, n.connected_at) DESC LIMIT 1) AS newest
      JOIN (SELECT k.key_id FROM o365_internal.sealing_key AS k WHERE k.kind = 'public' AND k.active
             ORDER BY k.created_at DESC, k.key_id LIMIT 1) AS k ON NOT newest.key_pinned
     WHERE NOT o365_internal.has_roles() $$;
COMMENT ON FUNCTION o365_internal.health_sealing_key_not_pinned() IS 'Under one role the responder takes any key as the one to seal under.';

CREATE OR REPLACE FUNCTION o365_internal.health_database_open_to_all() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'database ' || d.datname, 'every role of this server may connect to it, and call what PUBLIC may',
           format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC, then grant CONNECT to your other roles.', d.datname),
           NULL::timestamptz, NULL::bigint, NULL
      FROM pg_catalog.pg_database AS d
     WHERE NOT o365_internal.has_roles() AND d.datname = current_database()
       AND EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS x
                    WHERE x.grantee = 0 AND x.privilege_type = 'CONNECT') $$;
COMMENT ON FUNCTION o365_internal.health_database_open_to_all() IS 'Under one role: PUBLIC may connect to the database.';

CREATE OR REPLACE FUNCTION o365_internal.health_modules_unknown() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'setting shared_preload_libraries',
           format('role %s may not see which modules the server has loaded, so nobody here can tell what else reads along',
                  current_user),
           'Ask the host which modules run, or for: GRANT pg_read_all_settings TO ' || quote_ident(current_user),
           NULL::timestamptz, NULL::bigint, NULL
     WHERE NOT o365_internal.has_roles() AND NOT pg_has_role(current_user, 'pg_read_all_settings', 'USAGE') $$;
COMMENT ON FUNCTION o365_internal.health_modules_unknown() IS 'Under one role: nobody can tell which modules the server has loaded.';

CREATE OR REPLACE FUNCTION o365_internal.health_statements_logged() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'setting ' || g.name,
           format('is %s: the server''s log holds what is sent in statements: cards, what is typed on the pages of their '
                  'actions, names of users and groups (no webhook, object id, state, ticket or link)', g.setting),
           'Only the host can change it; until then its log is as confidential as your cards.', NULL::timestamptz, NULL::bigint, NULL
      FROM pg_catalog.pg_settings AS g
     WHERE NOT o365_internal.has_roles() AND (g.name = 'log_statement' AND g.setting = 'all'
        OR g.name IN ('log_min_duration_statement', 'log_min_duration_sample') AND g.setting <> '-1') $$;
COMMENT ON FUNCTION o365_internal.health_statements_logged() IS 'Under one role: the server logs statements.';
