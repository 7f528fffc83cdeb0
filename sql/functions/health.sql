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
        ('application_not_member', 'warning'),
        ('callback_url_outside', 'warning'),
        ('card_actions_used_up', 'warning'),
        ('card_waits_long', 'warning'),
        ('cards_all_dead', 'warning'),
        ('cards_fail', 'warning'),
        ('chores_fail', 'warning'),
        ('connections_gone', 'warning'),
        ('connections_suspended', 'warning'),
        ('database_copied', 'error'),
        ('database_open_to_all', 'warning'),
        ('feeding_behind', 'error'),
        ('granted_to_others', 'warning'),
        ('history_default_partition', 'warning'),
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
        ('statements_logged', 'warning'),
        ('strict_cookies', 'warning'),
        ('vacuum_held_back', 'warning'),
        ('version_differs', 'warning'),
        ('version_too_old', 'error'),
        ('webhooks_not_opened', 'error'),
        ('webhooks_throttled', 'warning'),
        ('worker_environment', 'error'),
        ('workers_lost', 'warning')
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
    -- One of another environment, and a copied database, are findings of their own; --once comes back.
    SELECT 'worker', w.why || ': no card leaves',
           'Start o365-worker, or let cron run it with --once at least every five minutes; its log says why it ended.',
           (SELECT max(coalesce(w.stopped_at, w.seen_at)) FROM o365_internal.worker AS w), NULL::bigint, NULL
      FROM (SELECT o365_internal.workers_away() AS why) AS w
     WHERE w.why !~ '^(the next run of|no worker of environment|database )' $$;
COMMENT ON FUNCTION o365_internal.health_no_worker() IS 'No worker is alive.';

CREATE OR REPLACE FUNCTION o365_internal.health_worker_environment() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'worker ' || max(w.name),
           format('is configured for environment %s, the database for %s, so it sends nothing', w.environment,
                  o365_internal.text_setting('environment')),
           format('If this database is %s: select o365.this_is(%L)', w.environment, w.environment),
           min(w.started_at), count(*), max(w.name)
      FROM o365_internal.worker AS w
     -- One that has ended and does not come back is no trouble any more.
     WHERE w.seen_at > now() - interval '1 minute' AND (w.stopped_at IS NULL OR w.comes_back)
       AND w.environment <> o365_internal.text_setting('environment')
     GROUP BY w.environment $$;
COMMENT ON FUNCTION o365_internal.health_worker_environment() IS 'Workers that send nothing, because their configuration names another environment.';

CREATE OR REPLACE FUNCTION o365_internal.health_of_status(status text) RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH newest AS MATERIALIZED (
        SELECT s.subscription_id, s.status_reason, s.status_at, s.webhook_host FROM o365_internal.subscription AS s
         WHERE s.status = $1 AND s.status <> 'active' ORDER BY s.status_at DESC LIMIT 1000),
    by_host AS (
        SELECT n.status_reason, n.webhook_host, count(*) AS n, min(n.status_at) AS since, max(n.subscription_id) AS example
          FROM newest AS n GROUP BY 1, 2)
    SELECT 'host ' || h.host,
           format('%s%s %s: %s', CASE WHEN (SELECT count(*) FROM newest) = 1000 THEN 'at least ' END,
                  o365_internal.plural(sum(b.n)::bigint, 'connection is', 'connections are'), $1,
                  coalesce(b.status_reason, 'no reason noted')),
           CASE WHEN $1 <> 'suspended' OR b.status_reason LIKE '%connect again%' THEN 'Its user has to connect again.'
                ELSE format('When the far end works again: select o365.resume(%s)', max(b.example)) END,
           min(b.since), sum(b.n)::bigint, 'subscription ' || max(b.example)
      FROM by_host AS b
      JOIN o365_internal.allowed_hosts(ARRAY(SELECT n.webhook_host FROM newest AS n)) AS h ON h.webhook_host = b.webhook_host
     GROUP BY h.host, b.status_reason $$;
COMMENT ON FUNCTION o365_internal.health_of_status(text) IS
    'The connections of a status other than active, the newest 1,000, by reason and by host of the allow-list.';

CREATE OR REPLACE FUNCTION o365_internal.health_connections_suspended() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM o365_internal.health_of_status('suspended') $$;
COMMENT ON FUNCTION o365_internal.health_connections_suspended() IS 'Connections whose far end refuses the webhook: their cards wait.';

CREATE OR REPLACE FUNCTION o365_internal.health_connections_gone() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM o365_internal.health_of_status('gone') $$;
COMMENT ON FUNCTION o365_internal.health_connections_gone() IS 'Connections whose webhook does not exist any more.';

CREATE OR REPLACE FUNCTION o365_internal.health_of_lanes(fails boolean) RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH worst AS MATERIALIZED (
        SELECT l.subscription_id, l.problem, l.failures, l.failing_since FROM o365_internal.lane AS l
         WHERE l.problem IS NOT NULL
           AND l.failures BETWEEN CASE WHEN $1 THEN 3 ELSE 0 END AND CASE WHEN $1 THEN 2147483647 ELSE 0 END
           AND ($1 OR l.next_at IS NOT NULL AND l.throttled_since IS NULL) ORDER BY l.failures DESC LIMIT 500),
    lanes AS MATERIALIZED (
        SELECT w.*, s.webhook_host FROM worst AS w JOIN o365_internal.subscription AS s ON s.subscription_id = w.subscription_id)
    SELECT 'host ' || h.host,
           format(CASE WHEN $1 THEN '%1$s%2$s at a card that failed three times or more, the worst %4$s times: %3$s'
                       ELSE '%1$s%2$s with cards: %3$s' END,
                  CASE WHEN (SELECT count(*) FROM lanes) = 500 THEN 'at least ' END,
                  o365_internal.plural(count(*), 'connection waits', 'connections wait'), l.problem, max(l.failures)),
           CASE WHEN $1 THEN format('select * from o365.attempts where subscription_id = %s limit 5',
                                    (array_agg(l.subscription_id ORDER BY l.failures DESC, l.subscription_id))[1])
                ELSE 'On the worker''s host: o365-worker keys list' END,
           min(l.failing_since), count(*), 'subscription ' || (array_agg(l.subscription_id ORDER BY l.failures DESC, l.subscription_id))[1]
      FROM lanes AS l
      JOIN o365_internal.allowed_hosts(ARRAY(SELECT n.webhook_host FROM lanes AS n)) AS h ON h.webhook_host = l.webhook_host
     GROUP BY h.host, l.problem $$;
COMMENT ON FUNCTION o365_internal.health_of_lanes(boolean) IS
    'Lanes whose first card fails (true), or that wait for another reason that the worker noted (false): by reason and host, '
    '500 of them.';

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

CREATE OR REPLACE FUNCTION o365_internal.health_chores_fail() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Partitions are made two days ahead, and whoever reads the history for hours may be a dump.
    SELECT 'chore ' || c.name,
           format('could not be done since %s: %s', coalesce(to_char(c.done_at, 'YYYY-MM-DD HH24:MI'), 'ever'), c.problem),
           'A worker tries again every minute. End what is in the way; if nothing is, the lines event=chores of its log and the '
           'server''s log say more.', c.done_at, NULL::bigint, NULL
      FROM o365_internal.chore AS c
     WHERE c.problem IS NOT NULL
       AND coalesce(c.done_at, '-infinity') < now() - CASE WHEN c.name ~ '^(empty default|make) partition'
                                                           THEN interval '1 day' ELSE interval '15 minutes' END
    UNION ALL
    SELECT 'chores', format('were last done at %s, although %s is alive', to_char(min(c.done_at), 'YYYY-MM-DD HH24:MI'), max(w.name)),
           'Start the worker again; its log, event=chores_failed, says why they fail.', min(c.done_at), count(*), min(c.name)
      FROM o365_internal.chore AS c
     CROSS JOIN (SELECT w.name FROM o365_internal.worker AS w
                  WHERE w.seen_at > now() - interval '1 minute' AND w.started_at < now() - interval '3 minutes' LIMIT 1) AS w
     WHERE c.problem IS NULL AND c.done_at < now() - interval '15 minutes' HAVING count(*) > 0 $$;
COMMENT ON FUNCTION o365_internal.health_chores_fail() IS 'Housekeeping that keeps failing, or that nobody does.';

CREATE OR REPLACE FUNCTION o365_internal.health_history_default_partition() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'table o365_internal.' || t.name, 'its rows go into the default partition, because that of today could not be made',
           'Keep a worker running, and see who keeps the history open: finding chores_fail names them. The rows stay readable.',
           t.since, NULL::bigint, NULL
      FROM (SELECT 'attempt' AS name, (SELECT a.at FROM o365_internal.attempt_default AS a ORDER BY a.at LIMIT 1) AS since
            UNION ALL
            SELECT 'delivery', (SELECT d.at FROM o365_internal.delivery_default AS d ORDER BY d.at LIMIT 1)) AS t
     WHERE t.since IS NOT NULL
       AND to_regclass('o365_internal.' || o365_internal.partition_name(t.name, (now() AT TIME ZONE 'UTC')::date)) IS NULL $$;
COMMENT ON FUNCTION o365_internal.health_history_default_partition() IS 'Today''s rows of the history lie in no partition of their own.';

CREATE OR REPLACE FUNCTION o365_internal.health_server_outdated() RETURNS SETOF o365_internal.finding
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.object, f.problem, f.next_step, NULL::timestamptz, NULL::bigint, NULL
      FROM o365_internal.server_findings() AS f WHERE f.severity = 'warning' $$;
COMMENT ON FUNCTION o365_internal.health_server_outdated() IS 'The server''s version has a known hole that matters here.';

CREATE OR REPLACE FUNCTION o365_internal.health_pgcrypto_broken() RETURNS SETOF o365_internal.finding
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.object, f.problem, f.next_step, NULL::timestamptz, NULL::bigint, NULL
      FROM o365_internal.server_findings() AS f WHERE f.severity = 'error' $$;
COMMENT ON FUNCTION o365_internal.health_pgcrypto_broken() IS 'pgcrypto cannot be used, or a probe stands readable in what it seals.';

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

CREATE OR REPLACE FUNCTION o365_internal.health_role_inherits_nothing() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'application ' || a.role,
           format('is a member of %s and inherits none of its rights: what it calls ends with "permission denied for schema o365"', g.name),
           CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN format('GRANT %I TO %I WITH INHERIT TRUE', g.name, a.role)
                ELSE format('ALTER ROLE %I INHERIT', a.role) END || format(', unless it begins with SET ROLE %I', g.name),
           min(a.granted_at), count(*), 'connector ' || min(c.slug)
      FROM (SELECT CASE WHEN o365_internal.has_roles() THEN 'o365_app' ELSE current_user END AS name) AS g
     CROSS JOIN o365_internal.application AS a
      JOIN pg_catalog.pg_roles AS r ON r.rolname = a.role
      JOIN o365_internal.connector AS c ON c.connector_id = a.connector_id
     WHERE pg_has_role(r.oid, g.name, 'MEMBER') AND NOT pg_has_role(r.oid, g.name, 'USAGE') GROUP BY g.name, a.role $$;
COMMENT ON FUNCTION o365_internal.health_role_inherits_nothing() IS 'Applications that are members of o365_app and have none of its rights.';

CREATE OR REPLACE FUNCTION o365_internal.health_role_may_not_connect() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'role ' || r.rolname, format('may not connect to database %s', current_database()),
           format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), r.rolname), NULL::timestamptz, NULL::bigint, NULL
      FROM pg_catalog.pg_roles AS r
     WHERE (o365_internal.has_roles() AND r.rolname IN ('o365_responder', 'o365_worker')
            OR EXISTS (SELECT FROM o365_internal.application AS a WHERE a.role = r.rolname))
       AND NOT has_database_privilege(r.oid, current_database(), 'CONNECT') $$;
COMMENT ON FUNCTION o365_internal.health_role_may_not_connect() IS 'Our programs'' roles, and applications, that the database does not let in.';

CREATE OR REPLACE FUNCTION o365_internal.health_granted_to_others() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'role ' || g.role, format('was granted rights on %s, which only our own roles have', o365_internal.plural(count(*), 'object', 'objects')),
           format('Run sql/install.sql again, which revokes it, or: REVOKE ALL ON %s FROM %s CASCADE', min(g.object), g.role),
           NULL::timestamptz, count(*), min(g.object)
      FROM o365_internal.grants_to_others() AS g GROUP BY g.role $$;
COMMENT ON FUNCTION o365_internal.health_granted_to_others() IS 'Roles that are not ours and were granted something here by hand, PUBLIC among them.';

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

CREATE OR REPLACE FUNCTION o365_internal.health_workers_lost() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- While none is left, no_worker says so. A worker that started later on the same host has taken its place; after a day
    -- nobody expects it back.
    SELECT 'worker ' || max(w.name), format('%s not heard of since %s and did not say that %s',
               o365_internal.plural(count(*), 'worker is', 'workers are'), to_char(min(w.seen_at), 'YYYY-MM-DD HH24:MI'),
               CASE count(*) WHEN 1 THEN 'it ended' ELSE 'they ended' END),
           'Look at the log on its host: was it killed, is the host up, does it reach the database? Other workers go on with its cards.',
           min(w.seen_at), count(*), 'worker ' || max(w.name)
      FROM o365_internal.worker AS w
     WHERE w.stopped_at IS NULL AND w.seen_at < now() - interval '15 seconds' AND w.seen_at > now() - interval '1 day'
       AND o365_internal.workers_away() IS NULL
       AND NOT EXISTS (SELECT FROM o365_internal.worker AS l
                        WHERE l.worker_id <> w.worker_id AND l.started_at > w.seen_at
                          AND split_part(l.name, ':', 1) = split_part(w.name, ':', 1))
    HAVING count(*) > 0 $$;
COMMENT ON FUNCTION o365_internal.health_workers_lost() IS 'Workers that were killed or cut off, while others are alive.';

CREATE OR REPLACE FUNCTION o365_internal.health_feeding_behind() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
    -- A transaction of 15 s that has just committed is seen here only in the few milliseconds until the next round. Bulk
    -- transactions that are being handed over, a part in each round, are not behind.
    SELECT 'worker', format('%s%s not handed to their lanes: the oldest transaction of them began at %s',
               CASE WHEN count(*) > 1000 THEN 'more than ' END,
               o365_internal.plural(least(count(*), 1000), 'card is', 'cards are'), to_char(min(u.enqueued_at), 'YYYY-MM-DD HH24:MI')),
           'Look at the workers'' logs; start them again if they say nothing.', min(u.enqueued_at), count(*), 'card ' || min(u.card_id)
      FROM (SELECT a.enqueued_at, a.card_id
              FROM (SELECT f.snap FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1) AS f
             CROSS JOIN LATERAL (
                (SELECT o.enqueued_at, o.card_id FROM o365_internal.outbox AS o WHERE o.xid >= pg_snapshot_xmax(f.snap) ORDER BY o.xid LIMIT 1001)
                UNION ALL
                (SELECT o.enqueued_at, o.card_id FROM o365_internal.outbox AS o
                  WHERE o.xid = ANY (ARRAY(SELECT pg_snapshot_xip(f.snap) EXCEPT SELECT h.xid FROM o365_internal.handing AS h)) LIMIT 1001)) AS a
             WHERE a.enqueued_at < now() - interval '15 seconds' LIMIT 1001) AS u
     WHERE o365_internal.workers_away() IS NULL AND NOT EXISTS (SELECT FROM o365_internal.feeding_again) HAVING count(*) > 0
    UNION ALL
    SELECT 'database ' || current_database(),
           format('is a restored one: what waits in it is handed to the lanes anew since %s, and has come to subscription %s',
                  to_char(a.at, 'YYYY-MM-DD HH24:MI'), coalesce(nullif(a.lane, (-9223372036854775808)::bigint), 0)),
           'It goes on by itself while a worker runs, some 5,000 cards a step; lanes that it has come to send.', a.at, NULL, NULL
      FROM (SELECT a.at, a.lane FROM o365_internal.feeding_again AS a ORDER BY a.n DESC LIMIT 1) AS a
     WHERE a.at < now() - interval '1 minute' AND o365_internal.workers_away() IS NULL
    UNION ALL
    SELECT 'subscription ' || min(p.subscription_id),
           format('%s not handed over anew since the database was restored: locked by %s',
                  o365_internal.plural(count(*), 'lane is', 'lanes are'), p.holder),
           'End that transaction: what it keeps locked follows at once.', NULL, count(*), 'subscription ' || min(p.subscription_id)
      FROM (SELECT p.subscription_id,
                   coalesce((SELECT o365_internal.locked_by(l.xmax) FROM o365_internal.lane AS l
                              WHERE l.subscription_id = p.subscription_id ORDER BY l.lease_no DESC LIMIT 1),
                            (SELECT c.holder FROM (SELECT o365_internal.locked_by(o.xmax) AS holder FROM o365_internal.outbox AS o
                                                    WHERE o.subscription_id = p.subscription_id AND o.xid <> '3' LIMIT 1000) AS c
                              WHERE c.holder IS NOT NULL LIMIT 1)) AS holder
              FROM o365_internal.postponed AS p WHERE p.first = (-9223372036854775808)::bigint LIMIT 100) AS p
     WHERE p.holder IS NOT NULL GROUP BY p.holder $$;
COMMENT ON FUNCTION o365_internal.health_feeding_behind() IS 'Workers are alive, and cards are not handed to their lanes.';

CREATE OR REPLACE FUNCTION o365_internal.health_card_waits_long() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
    SELECT 'card ' || o.card_id, format('waits since %s, longer than give_up_hours: %s', to_char(o.enqueued_at, 'YYYY-MM-DD HH24:MI'),
                                        CASE WHEN o.card_id = l.first_card THEN l.reason ELSE format('behind card %s: %s', l.first_card, l.reason) END),
           format('select * from o365.queue where subscription_id = %s', o.subscription_id), o.enqueued_at, NULL::bigint,
           'subscription ' || o.subscription_id
      FROM (SELECT o.card_id, o.enqueued_at, o.subscription_id FROM o365_internal.outbox AS o ORDER BY o.xid LIMIT 1) AS o
      JOIN o365_internal.lane_now AS l ON l.subscription_id = o.subscription_id
     WHERE o.enqueued_at < now() - make_interval(hours => o365_internal.integer_setting('give_up_hours') + 1) $$;
COMMENT ON FUNCTION o365_internal.health_card_waits_long() IS 'The oldest card, when it waits longer than a card that is tried.';

CREATE OR REPLACE FUNCTION o365_internal.health_lanes_stuck() RETURNS SETOF o365_internal.finding
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
    -- Of the lanes that have cards four hundred, from somewhere on: asked every minute it comes to all of them.
    WITH RECURSIVE start AS MATERIALIZED (
        SELECT (random() * (SELECT max(l.subscription_id) FROM o365_internal.lane AS l))::bigint AS s),
    upper_lane (s) AS (
        SELECT (SELECT min(o.subscription_id) FROM o365_internal.outbox AS o WHERE o.subscription_id >= t.s) FROM start AS t
        UNION ALL
        SELECT (SELECT min(o.subscription_id) FROM o365_internal.outbox AS o WHERE o.subscription_id > u.s) FROM upper_lane AS u WHERE u.s IS NOT NULL),
    lower_lane (s) AS (
        SELECT min(o.subscription_id) FROM o365_internal.outbox AS o
        UNION ALL
        SELECT (SELECT min(o.subscription_id) FROM o365_internal.outbox AS o WHERE o.subscription_id > u.s) FROM lower_lane AS u, start AS t
         WHERE u.s < t.s),
    lane AS (SELECT x.s FROM ((SELECT u.s FROM upper_lane AS u LIMIT 200) UNION (SELECT u.s FROM lower_lane AS u LIMIT 200)) AS x WHERE x.s IS NOT NULL)
    SELECT 'subscription ' || min(l.subscription_id),
           o365_internal.plural(count(*), 'lane has cards and neither a time nor a hold, which is a fault of this program',
                                'lanes have cards and neither a time nor a hold, which is a fault of this program'),
           format('select o365.pause(%1$s), o365.resume(%1$s); please report it', min(l.subscription_id)), min(f.enqueued_at), count(*),
           'subscription ' || min(l.subscription_id)
      FROM lane AS n
     CROSS JOIN LATERAL (SELECT l.subscription_id FROM o365_internal.lane AS l
                          WHERE l.subscription_id = n.s AND l.next_at IS NULL AND l.hold IS NULL
                            AND NOT EXISTS (SELECT FROM o365_internal.postponed AS p WHERE p.subscription_id = n.s) LIMIT 1) AS l
     CROSS JOIN LATERAL (SELECT o.enqueued_at, o.xid FROM o365_internal.outbox AS o WHERE o.subscription_id = n.s ORDER BY o.position LIMIT 1) AS f
     WHERE pg_visible_in_snapshot(f.xid, (SELECT d.snap FROM o365_internal.fed AS d ORDER BY d.n DESC LIMIT 1))
    HAVING count(*) > 0 $$;
COMMENT ON FUNCTION o365_internal.health_lanes_stuck() IS
    'Lanes that have cards which were fed, and neither a time nor a hold: nobody would ever look at them.';

CREATE OR REPLACE FUNCTION o365_internal.held_back(transactions bigint) RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- What every role may see; when a transaction of another role began is not among it.
    SELECT h.holder, format('its %s keeps dead rows of the last %s transactions from being removed, so that the queue''s tables grow', h.what, age(h.xmin)),
           h.next_step, h.since, NULL::bigint, NULL
      FROM (SELECT o365_internal.session_name(a.pid) AS holder, 'open transaction' AS what, a.backend_xmin AS xmin, a.xact_start AS since,
                   format('End it, or: select pg_terminate_backend(%s)', a.pid) AS next_step
              FROM pg_catalog.pg_stat_activity AS a
             WHERE a.usesysid IS NOT NULL AND (a.datname = current_database() OR a.datname IS NULL) AND a.pid <> pg_backend_pid()
            UNION ALL
            SELECT 'prepared transaction ' || p.gid, 'age', p.transaction, p.prepared, format('COMMIT PREPARED %L, or ROLLBACK PREPARED %1$L', p.gid)
              FROM pg_catalog.pg_prepared_xacts AS p WHERE p.database = current_database()
            UNION ALL
            SELECT 'replication slot ' || r.slot_name, 'position', r.xmin, NULL,
                   format('Start the standby that uses it, or: select pg_drop_replication_slot(%L)', r.slot_name)
              FROM pg_catalog.pg_replication_slots AS r) AS h
     WHERE h.xmin IS NOT NULL AND age(h.xmin) > $1 ORDER BY age(h.xmin) DESC LIMIT 3 $$;
COMMENT ON FUNCTION o365_internal.held_back(bigint) IS
    'Sessions, prepared transactions and replication slots, three at most, that hold back vacuum by more than so many transactions.';

CREATE OR REPLACE FUNCTION o365_internal.health_vacuum_held_back() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM o365_internal.held_back(500000) $$;
COMMENT ON FUNCTION o365_internal.health_vacuum_held_back() IS 'Who keeps vacuum from removing dead rows, for half a million transactions.';

CREATE OR REPLACE FUNCTION o365_internal.health_application_not_member() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'application ' || a.role, 'may use a connector and is no member of o365_app, so it may call nothing: as after a restored dump',
           format('GRANT o365_app TO %I', a.role), min(a.granted_at), count(*), 'connector ' || min(c.slug)
      FROM o365_internal.application AS a
      JOIN pg_catalog.pg_roles AS r ON r.rolname = a.role
      JOIN o365_internal.connector AS c ON c.connector_id = a.connector_id
     WHERE o365_internal.has_roles() AND NOT pg_has_role(r.oid, 'o365_app', 'MEMBER') GROUP BY a.role $$;
COMMENT ON FUNCTION o365_internal.health_application_not_member() IS 'Applications with a grant that are not members of o365_app.';

CREATE OR REPLACE FUNCTION o365_internal.health_isolation() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The programs set their own.
    SELECT d.object, format('has default_transaction_isolation = %s: transactions that call o365.send can fail with 40001, could not serialize '
                            'access, and have to be repeated', d.value),
           format('%s SET default_transaction_isolation = ''read committed'', unless the application repeats what fails', d.statement),
           NULL::timestamptz, NULL::bigint, NULL
      FROM (SELECT CASE WHEN s.setrole = 0 THEN 'database ' || current_database() ELSE 'role ' || r.rolname END AS object,
                   CASE WHEN s.setrole = 0 THEN format('ALTER DATABASE %I', current_database())
                        WHEN s.setdatabase = 0 THEN format('ALTER ROLE %I', r.rolname)
                        ELSE format('ALTER ROLE %I IN DATABASE %I', r.rolname, current_database()) END AS statement,
                   substr(c.setting, 31) AS value
              FROM pg_catalog.pg_db_role_setting AS s
              LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
             CROSS JOIN LATERAL unnest(s.setconfig) AS c (setting)
             WHERE s.setdatabase IN (0, (SELECT b.oid FROM pg_catalog.pg_database AS b WHERE b.datname = current_database()))
               AND starts_with(c.setting, 'default_transaction_isolation=')
               AND (s.setrole = 0 OR EXISTS (SELECT FROM o365_internal.application AS a WHERE a.role = r.rolname))
            UNION ALL
            SELECT 'server', 'ALTER SYSTEM', g.reset_val FROM pg_catalog.pg_settings AS g
             WHERE g.name = 'default_transaction_isolation' AND g.source IN ('configuration file', 'command line')) AS d
     WHERE d.value <> 'read committed' $$;
COMMENT ON FUNCTION o365_internal.health_isolation() IS 'Applications whose transactions are not READ COMMITTED by default.';

CREATE OR REPLACE FUNCTION o365_internal.health_strict_cookies() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'connector ' || c.slug,
           format('%s as strict_cookie in the last 24 hours, the last at %s: browsers keep our cookie back when they return from Microsoft''s page',
                  o365_internal.plural(s.attempts, 'attempt to connect ended', 'attempts to connect ended'),
                  to_char(s.last, 'YYYY-MM-DD HH24:MI')),
           (SELECT t.next_step FROM o365.attempt(s.request_id) AS t WHERE t.outcome = 'strict_cookie' LIMIT 1), s.since, s.attempts,
           'attempt ' || s.request_id
      FROM (SELECT a.connector_id, count(*) AS attempts, min(a.started_at) AS since, max(a.started_at) AS last,
                   (array_agg(a.request_id ORDER BY a.started_at DESC))[1] AS request_id
              FROM (SELECT a.connector_id, a.started_at, a.request_id, a.outcome FROM o365_internal.connect_attempt AS a
                     WHERE a.started_at > now() - interval '1 day' ORDER BY a.started_at DESC LIMIT 1000) AS a
             WHERE a.outcome = 'strict_cookie' GROUP BY a.connector_id) AS s
      JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id $$;
COMMENT ON FUNCTION o365_internal.health_strict_cookies() IS
    'Connectors where browsers kept our cookie back, among the newest 1,000 attempts of the last 24 hours. A warning: a visitor can bring about one.';
