-- o365.health(): a row for each kind of trouble, however many objects have it.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann, pg_temp.connect('bob') AS bob \gset
SELECT (o365.worker_start('w1', 'test', 'production') ->> 'worker')::integer AS w1 \gset
SELECT o365.worker_key_backed_up('10FF825991ECBCBF'), o365.worker_key_backed_up('sym-0a1b2c3d') \g /dev/null
-- What this cluster has of its own is not what these tests are about.
CREATE FUNCTION pg_temp.found() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s %s: %s %s (%s, %s)', h.severity, h.code, h.object, h.problem, h."count", h.example) FROM o365.health() AS h
     WHERE h.code !~ '^(pgcrypto|server)_' $$;
SELECT is(ARRAY(SELECT pg_temp.found()), '{}', 'nothing is wrong with a healthy installation');

-- Each finding of the list has its function, and each function its line.
SELECT is(ARRAY(SELECT DISTINCT m[1] FROM regexp_matches((SELECT p.prosrc FROM pg_proc AS p WHERE p.oid = 'o365.health'::regproc),
                '\(''([a-z_]+)'', ''(?:error|warning)''\)', 'g') AS m ORDER BY 1),
    ARRAY(SELECT substr(p.proname, 8)::text COLLATE "default" FROM pg_proc AS p WHERE p.pronamespace = 'o365_internal'::regnamespace
             AND p.prorettype = 'o365_internal.finding'::regtype AND p.pronargs = 0 ORDER BY 1), 'health asks every finding there is');
SAVEPOINT before;
ALTER FUNCTION o365_internal.health_public_url_missing() RENAME TO health_gone;
SELECT o365.pause(:ann) \g /dev/null
UPDATE o365_internal.subscription SET status = 'gone' WHERE subscription_id = :bob;
SELECT is(ARRAY(SELECT h.code FROM o365.health() AS h WHERE h.code IN ('public_url_missing', 'connections_gone') ORDER BY 1),
    '{connections_gone,public_url_missing}', 'a question that fails is told and hides no other');
ROLLBACK TO before;

-- A dialect is switched off: 20,002 rows before.
CREATE TEMP TABLE others AS SELECT nextval('o365_internal.subscription_subscription_id_seq') AS id, i FROM generate_series(1, 5000) AS i;
INSERT INTO o365_internal.subscription (subscription_id, connector_id, app_user, dialect, webhook_host, webhook_index, status,
                                        status_reason, status_at)
    SELECT o.id, s.connector_id, s.app_user, s.dialect, 'tenant' || o.i || '.webhook.office.com', sha256(o.i::text::bytea),
           'suspended', 'HTTP 403', '2026-01-02 03:04'
      FROM others AS o, o365_internal.subscription AS s WHERE s.subscription_id = :ann;
SELECT is(ARRAY(SELECT pg_temp.found()), ARRAY[format('warning connections_suspended: host *.webhook.office.com 5000 connections are '
    'suspended: HTTP 403 (5000, subscription %s)', max(o.id))], 'webhooks that are suspended for one reason are one row')
  FROM others AS o;
SELECT is(ARRAY(SELECT h.since FROM o365.health() AS h WHERE h.code = 'connections_suspended'),
    ARRAY['2026-01-02 03:04'::timestamptz], 'which says since when');
UPDATE o365_internal.subscription SET status_reason = 'HTTP 401' WHERE subscription_id = (SELECT max(id) FROM others);
SELECT is((SELECT array_agg(h."count" ORDER BY 1) FROM o365.health() AS h WHERE h.code = 'connections_suspended'), '{1,4999}',
    'another reason is another row');
SELECT is((SELECT count(*) FROM o365.health() AS h WHERE h.problem LIKE '1 connection is suspended: HTTP 401'), 1::bigint,
    'one of them is told in the singular');
UPDATE o365_internal.subscription AS s SET status_reason = 'reason ' || s.subscription_id FROM others AS o WHERE o.id = s.subscription_id;
SELECT is((SELECT count(*) FROM o365.health() AS h WHERE h.code = 'connections_suspended'), 20::bigint,
    'of many reasons the first twenty are told');
UPDATE o365_internal.subscription AS s SET status = 'active', status_reason = NULL FROM others AS o WHERE o.id = s.subscription_id;

INSERT INTO o365_internal.lane (subscription_id, failures, failing_since, problem, next_at)
    SELECT o.id, 3, '2026-01-02 03:04', 'HTTP 503', now() + interval '1 hour' FROM others AS o WHERE o.i <= 1000;
SELECT is(ARRAY(SELECT pg_temp.found()), ARRAY[format('warning cards_fail: host *.webhook.office.com 1000 connections wait at a card '
    'that failed three times or more, the worst 3 times: HTTP 503 (1000, subscription %s)',
    (SELECT min(o.id) FROM others AS o))], 'connections whose card fails are one row for each answer');
UPDATE o365_internal.lane SET failures = 0, problem = 'no key' WHERE failures = 3;
SELECT is(ARRAY(SELECT h.severity || ' ' || h."count" FROM o365.health() AS h WHERE h.code = 'webhooks_not_opened'), '{error 1000}',
    'so are webhooks that no worker can open');
SELECT * FROM finish();
ROLLBACK;
