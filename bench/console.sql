-- Fills an installed database as bench/console needs it: :connections idle connections, :cards cards that wait, :ends
-- ends of the last three days, a third of them today's. Rows are inserted as the functions would leave them; nothing
-- here sends. Run with psql -v connections=... -v cards=... -v ends=...
\set ON_ERROR_STOP on
SET synchronous_commit = off;
SET session_replication_role = replica;
SET maintenance_work_mem = '512MB';
SET timezone = 'UTC';
-- Whole days of history have partitions; today's are there.
SELECT o365_internal.make_partition(t, current_date - d) FROM unnest(ARRAY['attempt', 'delivery', 'event']) AS t,
       generate_series(1, 2) AS d \g /dev/null

-- Connections: 90 % idle, the rest send; 2 % of all suspended, each with its tenant's host.
INSERT INTO o365_internal.subscription (subscription_id, connector_id, app_user, app_type, app_type_normalised,
    group_name, dialect,
        webhook_host, sealed, key_id, webhook_index, user_index, status, status_reason, status_at, connected_at)
    SELECT i, c.connector_id, 'user' || i % 200000, 'Groups', 'groups', 'Group ' || i, 'connector',
           'tenant' || i % 50000 || '.webhook.office.com', decode(repeat(md5(i::text), 12), 'hex'),
           CASE WHEN i % 4 = 0 THEN 'sym-00000001' ELSE k.key_id END, decode(md5(i::text), 'hex'),
           decode(md5('u' || i), 'hex'),
           CASE WHEN i % 50 = 0 THEN 'suspended' ELSE 'active' END, CASE
               WHEN i % 50 = 0 THEN 'HTTP 403: not allowed' END,
           now() - interval '1 day', now() - make_interval(secs => i)
      FROM generate_series(1, :connections) AS i, (SELECT min(connector_id) AS connector_id
          FROM o365_internal.connector) AS c,
           (SELECT key_id FROM o365_internal.sealing_key WHERE kind = 'public' AND active) AS k;
SELECT setval('o365_internal.subscription_subscription_id_seq', :connections) \g /dev/null
INSERT INTO o365_internal.sealing_key (key_id, kind) VALUES ('sym-00000001', 'symmetric'),
    ('sym-00000002', 'symmetric');

-- Cards: two fifths behind one paused connection (1), the rest behind a tenth of the connections, six each: half of
-- those wait for a retry, the others are due.
INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card, event, enqueued_at)
    SELECT i, i, CASE WHEN i <= :cards * 2 / 5 THEN 1 ELSE 3 + 10 * ((i - :cards * 2 / 5) % (:cards / 10)) END,
           '{"@type": "MessageCard", "summary": "a ticket", "text": "' || repeat('x', 150) || '"}',
           'a ticket is opened', now() - interval '2 hours' + make_interval(secs => i * 3600.0 / :cards)
      FROM generate_series(1, :cards) AS i;
INSERT INTO o365_internal.lane (subscription_id, connector_id, host_id, why, not_before, next_at, failures,
    failing_since, problem)
    SELECT s.subscription_id, s.connector_id, o365_internal.host_of('tenant.webhook.office.com'),
           CASE WHEN s.subscription_id = 1 OR s.status = 'suspended' THEN 'pause'
               WHEN s.has_cards AND s.subscription_id % 20 < 10 THEN 'retry' END,
           CASE WHEN s.subscription_id = 1 OR s.status = 'suspended' THEN 'infinity'
                WHEN s.has_cards AND s.subscription_id % 20 < 10 THEN now() + interval '30 minutes' END,
           CASE WHEN s.has_cards AND s.status = 'active' THEN CASE WHEN s.subscription_id % 20 < 10
               THEN now() + interval '30 minutes' ELSE now() END END,
           CASE WHEN s.has_cards AND s.subscription_id % 20 < 10 THEN 4 ELSE 0 END,
           CASE WHEN s.has_cards AND s.subscription_id % 20 < 10 THEN now() - interval '1 hour' END,
           CASE WHEN s.has_cards AND s.subscription_id % 20 < 10 THEN 'HTTP 503: busy' END
      FROM (SELECT s.subscription_id, s.connector_id, s.status,
                   s.subscription_id % 10 = 3 AND s.subscription_id < 3 + :cards AS has_cards
                       FROM o365_internal.subscription AS s) AS s;
UPDATE o365_internal.subscription SET status = 'paused', status_at = now(), paused_by = 'operator bench'
 WHERE subscription_id = 1;
-- An application of two connections.
SELECT o365.register_connector('small', 'Small', '\x89504e470d0a1a0a', 'short', 'long', 'https://example.org',
    '{one}') \g /dev/null
UPDATE o365_internal.subscription SET connector_id = (SELECT c.connector_id FROM o365_internal.connector AS c
    WHERE c.slug = 'small')
 WHERE subscription_id IN (4000, 4001);
SELECT setval('o365_internal.card_id', :cards + :ends) \g /dev/null
INSERT INTO o365_internal.fed (snap, cluster) SELECT pg_current_snapshot(), cluster FROM o365_internal.fed
    ORDER BY n DESC LIMIT 1;

-- History: a third of it today. Of a thousand ends four are dead, one is in doubt, each tenth took a second POST.
INSERT INTO o365_internal.worker (name, version, environment, seen_at)
    SELECT 'bench:' || i, '0', o365_internal.text_setting('environment'), now() + interval '1 day'
      FROM generate_series(1, 3) AS i;
INSERT INTO o365_internal.delivery (at, card_id, subscription_id, connector_id, attempts, post_no, outcome, reason,
    event, enqueued_at, lease_no, worker, rule_id, http_status, took_ms)
    SELECT d.at, :cards + i, s.id, CASE WHEN s.id IN (4000, 4001) THEN k.small ELSE k.bench END,
           n.posts, n.posts * n.nth, o.outcome,
           CASE o.outcome WHEN 'dead' THEN 'gave up after 9 tries: HTTP 503'
               WHEN 'in_doubt' THEN 'the answer was lost' END,
           'a ticket is opened', d.at - interval '2 seconds', 1, 1, CASE o.outcome WHEN 'delivered' THEN 100
               ELSE 230 END, CASE o.outcome WHEN 'delivered' THEN 200 ELSE 503 END, 30 + i % 200
      FROM generate_series(1, :ends) AS i
     CROSS JOIN (SELECT min(c.connector_id) AS bench, max(c.connector_id) AS small
         FROM o365_internal.connector AS c) AS k
     CROSS JOIN LATERAL (SELECT 1 + (i * 7919::bigint) % :connections AS id) AS s
     -- Each connection has one end today and the others before, with one POST each or, a tenth of them, two.
     CROSS JOIN LATERAL (SELECT CASE WHEN (:cards + i) % 10 = 0 THEN 2 ELSE 1 END AS posts,
                                CASE WHEN i % 3 = 0 THEN :ends / :connections
                                     ELSE (SELECT 1 + count(*) FROM generate_series(i % :connections, i - 1,
                                         :connections) AS x
                                            WHERE x > 0 AND x % 3 <> 0) END AS nth) AS n
     CROSS JOIN LATERAL (SELECT CASE WHEN i % 250 = 0 THEN 'dead' WHEN i % 1000 = 1 THEN 'in_doubt'
         ELSE 'delivered' END AS outcome) AS o
     CROSS JOIN LATERAL (SELECT CASE WHEN i % 3 = 0
                                THEN date_trunc('day', now()) + (now() - date_trunc('day', now()))
                                    * (i::double precision / :ends)
                                ELSE date_trunc('day', now()) - interval '2 days'
                                    * (1 - i::double precision / :ends) END AS at) AS d;
INSERT INTO o365_internal.attempt (at, card_id, subscription_id, connector_id, post_no, lease_no, worker, outcome,
    rule_id, http_status, took_ms, problem)
    SELECT d.at - interval '1 second', d.card_id, d.subscription_id, d.connector_id, d.post_no - 1, 1, 1, 'retry', 230,
           503, 40, 'HTTP 503: busy'
      FROM o365_internal.delivery AS d WHERE d.card_id % 10 = 0;

-- What died can be sent again.
INSERT INTO o365_internal.dead_card (card_id, subscription_id, at, outcome, card, event)
    SELECT d.card_id, d.subscription_id, d.at, d.outcome,
           '{"@type": "MessageCard", "summary": "a ticket", "text": "' || repeat('x', 150) || '"}', d.event
      FROM o365_internal.delivery AS d WHERE d.outcome IN ('dead', 'in_doubt');
-- Ten of the small application, among them.
INSERT INTO o365_internal.dead_card (card_id, subscription_id, at, outcome, card, event)
    SELECT -i, 4000, now() - make_interval(mins => i), 'dead', '{"text": "a ticket"}', 'one'
      FROM generate_series(1, 10) AS i;
-- Events: each connection began, that of the large lane was paused and resumed a thousand times, and cards died.
INSERT INTO o365_internal.event (at, kind, actor, role, connector_id, subscription_id, card_id, detail, reason)
    SELECT e.at, e.kind, e.actor, CASE e.actor WHEN 'operator' THEN 'bench' END, s.connector_id, e.subscription_id,
           e.card_id, e.detail, e.reason
      FROM (SELECT now() - interval '2 days' * (i::double precision / :connections) AS at, 'connected' AS kind,
                   'user' AS actor, i::bigint AS subscription_id, NULL::bigint AS card_id, NULL AS detail,
                   NULL AS reason
              FROM generate_series(1, :connections) AS i
            UNION ALL
            SELECT now() - make_interval(mins => 2 * i + p.later), p.kind, 'operator', 1, NULL, NULL, 'asked by mail'
              FROM generate_series(1, 1000) AS i, (VALUES ('paused', 0), ('resumed', 1)) AS p (kind, later)
            UNION ALL
            SELECT d.at, 'card_not_delivered', 'worker', d.subscription_id, d.card_id, d.outcome, d.reason
              FROM o365_internal.delivery AS d WHERE d.outcome IN ('dead', 'in_doubt')) AS e
      JOIN o365_internal.subscription AS s ON s.subscription_id = e.subscription_id;
UPDATE o365_internal.lane AS l SET posts = :ends / :connections * CASE WHEN d.attempts = 2 THEN 2 ELSE 1 END
  FROM o365_internal.delivery AS d WHERE d.subscription_id = l.subscription_id AND d.at >= date_trunc('day', now());

-- Each tenth card had a warning.
INSERT INTO o365_internal.card_warning (card_id, subscription_id, warnings, at)
    SELECT d.card_id, d.subscription_id,
           '[{"severity": "warning", "path": "$.text", "problem": "text has HTML", "hint": "Write Markdown."}]',
           d.enqueued_at
      FROM o365_internal.delivery AS d WHERE d.card_id % 10 = 1;

-- Attempts to connect: half as many as connections.
INSERT INTO o365_internal.connect_attempt (connector_id, state_hash, app_user, started_at, expires_at, consumed_at,
    outcome, request_id, subscription_id)
    SELECT c.connector_id, decode(md5(i::text), 'hex'), 'user' || i, now() - make_interval(secs => i), now(), now(),
           'connected', 'r-' || left(md5(i::text), 12), i
      FROM generate_series(1, :connections / 2) AS i, (SELECT min(connector_id) AS connector_id
          FROM o365_internal.connector) AS c;
-- Counted as the chores would have, all but the last minute.
UPDATE o365_internal.counted SET until = now() - interval '1 minute', asked_at = now(), holders = '{}';
INSERT INTO o365_internal.outcome_hour (hour, connector_id, outcome, http_status, rule_id, cards)
    SELECT date_trunc('hour', d.at, 'UTC'), c.connector_id, d.outcome, d.http_status, d.rule_id, count(*)
      FROM o365_internal.delivery AS d, (SELECT min(connector_id) AS connector_id FROM o365_internal.connector) AS c
     WHERE d.at < (SELECT u.until FROM o365_internal.counted AS u) GROUP BY 1, 2, 3, 4, 5;
VACUUM (ANALYZE, FREEZE) o365_internal.subscription, o365_internal.lane, o365_internal.outbox, o365_internal.delivery,
    o365_internal.attempt, o365_internal.connect_attempt, o365_internal.card_warning, o365_internal.event,
    o365_internal.dead_card;
