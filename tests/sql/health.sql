-- o365.health(): a row for each kind of trouble, however many objects have it.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann, pg_temp.connect('bob') AS bob \gset
SELECT (o365_programs.worker_start('w1', 'test', 'production') ->> 'worker')::integer AS w1 \gset
SELECT o365_programs.worker_key_backed_up('10FF825991ECBCBF'),
       o365_programs.worker_key_backed_up('sym-0a1b2c3d') \g /dev/null
-- What this cluster has of its own is not what these tests are about.
CREATE FUNCTION pg_temp.found() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s %s: %s %s (%s, %s)', h.severity, h.code, h.object, h.problem, h."count", h.example)
      FROM o365.health() AS h
     WHERE h.code !~ '^(pgcrypto|server)_' $$;
SELECT is(ARRAY(SELECT pg_temp.found()), '{}', 'nothing is wrong with a healthy installation');

-- Each finding of the list has its function, and each function its line.
SELECT is(ARRAY(SELECT DISTINCT m[1]
    FROM regexp_matches((SELECT p.prosrc FROM pg_proc AS p WHERE p.oid = 'o365.health'::regproc),
                '\(''([a-z_]+)'', ''(?:error|warning)''\)', 'g') AS m ORDER BY 1),
    ARRAY(SELECT substr(p.proname, 8)::text COLLATE "default" FROM pg_proc AS p
        WHERE p.pronamespace = 'o365_internal'::regnamespace
             AND p.prorettype = 'o365_internal.finding'::regtype AND p.pronargs = 0 ORDER BY 1),
    'health asks every finding there is');
SELECT is_empty($$SELECT p.oid::regprocedure
    FROM pg_proc AS p WHERE p.prorettype = 'o365_internal.finding'::regtype AND p.prosrc ~ 'subdomains'$$,
    'no finding has a rule of its own for which entry of the allow-list a host belongs to');
SELECT o365.allow_webhook_host('connector', '*.eu.contoso.example'), o365.allow_webhook_host('connector',
    '*.contoso.example') \g /dev/null
SELECT results_eq($$SELECT h.webhook_host, h.host
    FROM o365_internal.allowed_hosts(ARRAY['a.contoso.example', 'a.b.contoso.example', 'a.eu.contoso.example',
                        'eu.contoso.example', 'contoso.example', 'xcontoso.example', 'a.contoso.example']) AS h
    ORDER BY h.webhook_host COLLATE "C"$$,
    $$VALUES ('a.b.contoso.example', '*.contoso.example'), ('a.contoso.example', '*.contoso.example'),
        ('a.eu.contoso.example', '*.eu.contoso.example'),
             ('contoso.example', 'contoso.example'),
             ('eu.contoso.example', '*.contoso.example'), ('xcontoso.example', 'xcontoso.example')$$,
    'a host below an entry belongs to it, to the longest of several, and the entry''s own name does not');
SELECT is_empty('SELECT * FROM o365_internal.allowed_hosts(NULL) UNION ALL SELECT * '
                'FROM o365_internal.allowed_hosts(''{}'')', 'no host, no row');
SAVEPOINT before;
ALTER FUNCTION o365_internal.health_public_url_missing() RENAME TO health_gone;
SELECT o365.pause(:ann) \g /dev/null
UPDATE o365_internal.subscription SET status = 'gone' WHERE subscription_id = :bob;
SELECT is(ARRAY(SELECT h.code FROM o365.health() AS h WHERE h.code IN ('public_url_missing', 'connections_gone')
    ORDER BY 1), '{connections_gone,public_url_missing}', 'a question that fails is told and hides no other');
ROLLBACK TO before;

-- A dialect is switched off: 20,002 rows before.
CREATE TEMP TABLE others AS SELECT nextval('o365_internal.subscription_subscription_id_seq') AS id, i
    FROM generate_series(1, 900) AS i;
INSERT INTO o365_internal.subscription (subscription_id, connector_id, app_user, dialect, webhook_host, webhook_index,
    status, status_reason, status_at)
    SELECT o.id, s.connector_id, s.app_user, s.dialect, 'tenant' || o.i || '.webhook.office.com',
           sha256(o.i::text::bytea), 'suspended', 'HTTP 403', '2026-01-02 03:04'
      FROM others AS o, o365_internal.subscription AS s WHERE s.subscription_id = :ann;
SELECT is(ARRAY(SELECT pg_temp.found()),
    ARRAY[format('warning connections_suspended: host *.webhook.office.com 900 connections are '
    'suspended: HTTP 403 (900, subscription %s)', max(o.id))], 'webhooks that are suspended for one reason are one row')
  FROM others AS o;
SELECT is(ARRAY(SELECT h.since FROM o365.health() AS h WHERE h.code = 'connections_suspended'),
    ARRAY['2026-01-02 03:04'::timestamptz], 'which says since when');
UPDATE o365_internal.subscription SET status_reason = 'HTTP 401' WHERE subscription_id = (SELECT max(id) FROM others);
SELECT is((SELECT array_agg(h."count" ORDER BY h."count") FROM o365.health() AS h
    WHERE h.code = 'connections_suspended'), '{1,899}', 'another reason is another row');
SELECT is((SELECT count(*) FROM o365.health() AS h WHERE h.problem LIKE '1 connection is suspended: HTTP 401'),
    1::bigint, 'one of them is told in the singular');
UPDATE o365_internal.subscription AS s SET status_reason = 'reason ' || s.subscription_id FROM others AS o
 WHERE o.id = s.subscription_id;
SELECT is((SELECT count(*) FROM o365.health() AS h WHERE h.code = 'connections_suspended'), 20::bigint,
    'of many reasons the first twenty are told');
UPDATE o365_internal.subscription AS s SET status = 'active', status_reason = NULL FROM others AS o
 WHERE o.id = s.subscription_id;

INSERT INTO o365_internal.lane (subscription_id, host_id, failures, failing_since, problem, next_at)
    SELECT o.id, o365_internal.host_of('tenant.webhook.office.com'), 3, '2026-01-02 03:04', 'HTTP 503',
           now() + interval '1 hour' FROM others AS o WHERE o.i <= 400;
SELECT is(ARRAY(SELECT pg_temp.found()),
    ARRAY[format('warning cards_fail: host *.webhook.office.com 400 connections wait at a card '
    'that failed three times or more, the worst 3 times: HTTP 503 (400, subscription %s)',
    (SELECT min(o.id) FROM others AS o))], 'connections whose card fails are one row for each answer');
UPDATE o365_internal.lane SET failures = 0 WHERE failures = 3;
SELECT is(ARRAY(SELECT pg_temp.found()), '{}', 'one that failed less often is no news');
UPDATE o365_internal.lane SET problem = 'no key', blocked = 'key', blocked_since = '2026-01-02 03:04'
 WHERE problem IS NOT NULL;
SELECT is(ARRAY(SELECT pg_temp.found()), ARRAY[format('error webhooks_not_opened: host *.webhook.office.com '
    '400 connections wait with cards: no key (400, subscription %s)', (SELECT min(o.id) FROM others AS o))],
    'so are webhooks that no worker can open');
SELECT is(ARRAY(SELECT h.since FROM o365.health() AS h WHERE h.code = 'webhooks_not_opened'),
    ARRAY['2026-01-02 03:04'::timestamptz], 'which says since when');
UPDATE o365_internal.lane SET problem = NULL, blocked = NULL, blocked_since = NULL WHERE problem IS NOT NULL;
SELECT is(ARRAY(SELECT pg_temp.found()), '{}', 'and nothing is left when all is well again');

-- Workers.
UPDATE o365_internal.worker SET seen_at = now() - interval '20 seconds';
SELECT is(ARRAY(SELECT h.severity || ' ' || h.code FROM o365.health() AS h WHERE h.object LIKE 'worker%'),
    '{error no_worker}', 'F52: a dead worker is told after 15 s');
SELECT is(ARRAY(SELECT h.since FROM o365.health() AS h WHERE h.code = 'no_worker'),
    ARRAY[now() - interval '20 seconds'], 'with since when');
SELECT (o365_programs.worker_start('w2', 'test', 'production') ->> 'worker')::integer AS w2 \gset
SELECT is(ARRAY(SELECT h.severity || ' ' || h.code || ' ' || h.object FROM o365.health() AS h WHERE h.object
    LIKE 'worker%'), '{warning workers_lost worker w1}', 'F52: and while another is alive, that it is lost');
SELECT o365_programs.worker_start('w1', 'test', 'production') \g /dev/null
SELECT is(ARRAY(SELECT pg_temp.found()), '{}', 'until one of its name has taken its place');
UPDATE o365_internal.worker SET started_at = now() - interval '1 hour', seen_at = now() - interval '1 minute';
SELECT o365_programs.worker_stop(w.worker_id, true) FROM o365_internal.worker AS w \g /dev/null
UPDATE o365_internal.worker SET seen_at = now() - interval '4 minutes';
SELECT is(ARRAY(SELECT pg_temp.found()), '{}', 'F52: runs of --once are not missed between them');
UPDATE o365_internal.worker SET seen_at = now() - interval '6 minutes';
SELECT is(ARRAY(SELECT h.code FROM o365.health() AS h WHERE h.object LIKE 'worker%'), '{no_worker}',
    'F52: but when cron has stopped');
SELECT o365_programs.worker_heartbeat(:w2, 'production') \g /dev/null
SELECT is(ARRAY(SELECT pg_temp.found()), '{}', 'one that runs is enough');
SELECT o.schema - 1 AS before, o.schema + 1 AS after, o.oldest_program - 1 AS too_old FROM o365.version() AS o \gset
CREATE FUNCTION pg_temp.versions(number integer) RETURNS text[] LANGUAGE sql AS $$
    UPDATE o365_internal.worker SET version = '1.2.3+' || number;
    SELECT array_agg(h.severity || ' ' || h.code || ' ' || split_part(h.next_step, ' the ', 1) || ': ' || h.example)
      FROM o365.health() AS h WHERE h.code ~ '^version_' $$;
SELECT is(pg_temp.versions(:before), '{"warning version_differs Upgrade: w2"}', 'a worker before the schema is told');
SELECT is(pg_temp.versions(:after), '{"warning version_differs Upgrade: w2"}', 'so is one after it');
SELECT is(pg_temp.versions(:too_old), '{"error version_too_old Upgrade: w2"}', 'and one that it does not serve');
SELECT is(pg_temp.versions(o.schema), NULL, 'one of its version is not') FROM o365.version() AS o;

-- Cards.
INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card, enqueued_at)
    SELECT nextval('o365_internal.card_id'), currval('o365_internal.card_id'), :ann, '{}', now() - interval '1 hour'
      FROM generate_series(1, 3);
SELECT is(ARRAY(SELECT h.problem FROM o365.health() AS h WHERE h.code = 'feeding_behind'),
    ARRAY[format('3 cards are not handed to their lanes: the oldest transaction of them began at %s',
        to_char(now() - interval '1 hour', 'YYYY-MM-DD HH24:MI'))], 'cards that nobody feeds are told');
INSERT INTO o365_internal.fed (snap) VALUES ('1:999999999:');
SELECT is(ARRAY(SELECT h.code || ' ' || h."count" || ' ' || h.example FROM o365.health() AS h
    WHERE h.code <> 'no_worker' AND h.code !~ '^(pgcrypto|server)_'), ARRAY['lanes_stuck 1 subscription ' || :ann],
    'a lane with cards that has neither time nor pause is told');
UPDATE o365_internal.lane SET next_at = now() WHERE subscription_id = :ann;
SELECT is(ARRAY(SELECT pg_temp.found()), '{}', 'one that is due is none');
UPDATE o365_internal.outbox SET enqueued_at = now() - interval '26 hours';
SELECT matches((SELECT h.problem FROM o365.health() AS h WHERE h.code = 'card_waits_long'),
    '^waits since [0-9: -]+, longer than give_up_hours: due since ',
    'a card that waits for more than give_up_hours is told, and why');
CREATE FUNCTION pg_temp.waits_long() RETURNS text[] LANGUAGE sql AS $$
    SELECT array_agg(h.object || ' ' || h.example) FROM o365_internal.health_card_waits_long() AS h $$;
SELECT pg_temp.connect('digest') AS digest \gset
INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card, enqueued_at, xid)
    SELECT nextval('o365_internal.card_id'), currval('o365_internal.card_id'), :digest, '{}', now() - interval '6 days',
           '3' FROM generate_series(1, 3);
SELECT min(o.card_id) AS card FROM o365_internal.outbox AS o WHERE o.subscription_id = :ann \gset
SELECT min(o.card_id) AS folded FROM o365_internal.outbox AS o WHERE o.subscription_id = :digest \gset
UPDATE o365_internal.lane SET why = 'schedule', not_before = now() + interval '1 day', next_at = 'infinity', run = '{}'
 WHERE subscription_id = :digest;
SELECT is(pg_temp.waits_long(), ARRAY[format('card %s subscription %s', :card, :ann)],
    'though an older one waits for its schedule');
UPDATE o365_internal.lane SET why = 'pause', not_before = 'infinity', next_at = NULL, run = NULL
 WHERE subscription_id = :digest;
SELECT is(pg_temp.waits_long(), ARRAY[format('card %s subscription %s', :card, :ann)], 'or behind a pause');
UPDATE o365_internal.lane SET why = NULL, not_before = NULL, next_at = now() - interval '1 second', run = ARRAY[:folded]
 WHERE subscription_id = :digest;
SELECT is(pg_temp.waits_long(), ARRAY[format('card %s subscription %s', :card, :ann)],
    'or leaves with a digest right now');
UPDATE o365_internal.lane SET next_at = now() - interval '26 hours' WHERE subscription_id = :digest;
SELECT is(pg_temp.waits_long(), ARRAY[format('card %s subscription %s', :folded, :digest)],
    'a digest that is late by so much is told as any card');
UPDATE o365_internal.lane SET why = 'pause', not_before = 'infinity', next_at = NULL, run = NULL;
SELECT is(pg_temp.waits_long(), NULL, 'what is paused should not have gone');
DELETE FROM o365_internal.outbox;
SELECT o365.send(:ann, '{"text": "x"}', not_before => now() + interval '40 hours') \g /dev/null
SELECT is(pg_temp.waits_long(), NULL, 'nor what has a not_before');

-- Roles and the server.
-- As the role that granted it, which PostgreSQL 16 wants.
SET LOCAL ROLE o365_owner;
REVOKE o365_app FROM shop;
RESET ROLE;
SELECT is(ARRAY(SELECT h.object || ' > ' || h.next_step
    FROM o365.health() AS h WHERE h.code = 'application_not_member'), '{application shop > GRANT o365_app TO shop}',
    'an application that lost its membership is told');
GRANT o365_app TO shop;
INSERT INTO o365_internal.application (role, connector_id)
    SELECT 'was "here"', c.connector_id FROM o365_internal.connector AS c;
SELECT is(ARRAY(SELECT h.object || ' > ' || h.next_step FROM o365.health() AS h WHERE h.code = 'role_missing'),
    ARRAY[$$application was "here" > select o365.revoke_application('was "here"', 'desk')$$],
    'one whose role was dropped is told');
ALTER ROLE shop SET default_transaction_isolation = 'serializable';
SELECT is(ARRAY(SELECT h.object || ' > ' || h.next_step FROM o365.health() AS h WHERE h.code = 'isolation'),
    '{"role shop > ALTER ROLE shop SET default_transaction_isolation = ''read committed'', unless the application '
    'repeats what fails"}', 'so is one that has another isolation');
ALTER ROLE shop RESET default_transaction_isolation;
SELECT is_empty($$SELECT FROM o365.health() AS h WHERE h.code = 'commits_not_durable'$$, 'commits wait for the disk');
ALTER ROLE shop SET synchronous_commit = FALSE;
ALTER ROLE stranger SET synchronous_commit = off;
SELECT format('ALTER DATABASE %I SET synchronous_commit = off', current_database()) \gexec
SELECT results_eq($$SELECT h.object || ' > ' || h.next_step FROM o365.health() AS h
    WHERE h.code = 'commits_not_durable'$$, format($$VALUES (%L), (%L)$$, format(
    'database %s > ALTER DATABASE %I SET synchronous_commit = on', current_database(), current_database()),
    'role shop > ALTER ROLE shop SET synchronous_commit = on'),
    'applications of which they do not are told, other roles are not');
SELECT format('ALTER DATABASE %I SET synchronous_commit = local', current_database()) \gexec
ALTER ROLE shop SET synchronous_commit = remote_write;
SELECT is_empty($$SELECT FROM o365.health() AS h WHERE h.code = 'commits_not_durable'$$,
    'nor are those that wait for this disk alone, or less of a standby');
ALTER ROLE shop RESET synchronous_commit;
ALTER ROLE stranger RESET synchronous_commit;
SELECT format('ALTER DATABASE %I RESET synchronous_commit', current_database()) \gexec
CREATE EXTENSION IF NOT EXISTS dblink WITH SCHEMA public;
SELECT dblink_connect('old', format('host=%s dbname=%s user=postgres application_name=forgotten',
           current_setting('unix_socket_directories'), current_database())),
       dblink_exec('old', 'BEGIN ISOLATION LEVEL REPEATABLE READ'),
       dblink_exec('old', 'DO $x$ BEGIN PERFORM txid_current_snapshot(); END $x$') \g /dev/null
SELECT pg_stat_clear_snapshot() \g /dev/null
SELECT ok(bool_or(h.object ~ '^process \d+ \(forgotten, role postgres\)$' AND h.next_step ~ 'pg_terminate_backend'),
    'who holds back vacuum is named')
  FROM o365_internal.held_back(-1) AS h;
SELECT is_empty('SELECT * FROM o365_internal.health_vacuum_held_back()', 'when it is for long');
SELECT dblink_exec('old', 'COMMIT') \g /dev/null
SELECT * FROM finish();
ROLLBACK;
