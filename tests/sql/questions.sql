-- The ten questions of an operator, by the statements that docs/operator.md prints, against a state that is known:
-- connection 17 is Ann's, is paused and has card 42; a card of Bob's died; Carl's webhook refuses.
\ir fixtures/setup.sql
\set manual `cat "$FIXTURES/../../../docs/operator.md"`
SELECT no_plan();
CREATE TEMP TABLE question AS
    SELECT row_number() OVER () AS n, m[1] AS asked, m[2] AS statement
      FROM regexp_matches(substring(:'manual' FROM '\nTen questions(.*?)\nAnd others:'),
                          '\n\| ([^|\n]*) \| `(select [^\n]*);` \|', 'g') AS m;
SELECT is((SELECT count(*) FROM question), 10::bigint, 'the manual has ten questions, each with a statement');
-- Answers as rows of JSON, asked by an operator.
CREATE FUNCTION pg_temp.answer(question text, OUT rows jsonb) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT coalesce(jsonb_agg(to_jsonb(a)), ''[]'') FROM (%s) AS a',
                   (SELECT q.statement FROM question AS q WHERE starts_with(q.asked, answer.question)))
       INTO STRICT rows;
END $$;
GRANT SELECT ON question TO keeper;
-- Reports the first card of a lane.
CREATE FUNCTION pg_temp.report(w integer, s bigint, outcome text, status integer, rule integer, problem text)
    RETURNS void LANGUAGE sql AS $$
    SELECT o365_programs.worker_report(w, ARRAY[s], ARRAY[l.lease_no],
        ARRAY[(SELECT min(o.position) FROM o365_internal.outbox AS o WHERE o.subscription_id = s)],
        ARRAY[report.outcome], ARRAY[rule], ARRAY[status], '{NULL}', '{7}', ARRAY[report.problem], ARRAY[s],
        ARRAY[l.lease_no], '{t}', '{1}')
      FROM o365_internal.lane AS l WHERE l.subscription_id = s $$;

SELECT setval('o365_internal.subscription_subscription_id_seq', 16), setval('o365_internal.card_id', 41) \g /dev/null
SELECT pg_temp.connect('ann@example.org') AS ann, pg_temp.connect('bob@example.org') AS bob,
       pg_temp.connect('carl@example.org') AS carl \gset
SELECT (o365_programs.worker_start('w1', 'test', 'production') ->> 'worker')::integer AS w \gset
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, '{"text": "1"}') AS first, o365.send(:bob, '{"text": "2"}') AS second,
       o365.send(:bob, '{"text": "3"}') AS third, o365.send(:carl, '{"text": "4"}') AS fourth \gset
RESET SESSION AUTHORIZATION;
SELECT is(ARRAY[:ann, :first], '{17,42}', 'the numbers that the manual has');
SELECT o365_programs.worker_feed() \g /dev/null
SELECT count(*) FROM o365_programs.worker_lease(:w, '-infinity', 10) \g /dev/null
SELECT pg_temp.report(:w, :ann, 'retry', 503, 230, 'HTTP 503: busy') \g /dev/null
SELECT pg_temp.report(:w, :bob, 'dead', 400, 190, 'HTTP 400: refused') \g /dev/null
SELECT count(*) FROM o365_programs.worker_lease(:w, '-infinity', 10) \g /dev/null
SELECT pg_temp.report(:w, :bob, 'delivered', 200, 100, NULL) \g /dev/null
SELECT pg_temp.report(:w, :carl, 'suspend', 403, 230, 'HTTP 403: not allowed') \g /dev/null
SET SESSION AUTHORIZATION keeper;
SELECT o365.pause(:ann, 'asked by mail', now() + interval '1 day') \g /dev/null

SELECT is(a.rows #>> '{0,subscription_id}' || ' ' || (a.rows #>> '{0,status}') || ' ' || jsonb_array_length(a.rows),
    '17 paused 1', 'what is connected') FROM pg_temp.answer('What is connected') AS a;
SELECT is(ARRAY(SELECT regexp_replace(s->>'sentence', '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d', 'T', 'g')
                  FROM jsonb_array_elements(a.rows) AS s),
    ARRAY['Subscription 17 is paused since T by operator keeper until T, "asked by mail": select o365.resume(17) ends '
          'it.', 'It is the next card of subscription 17.', 'It waits since T.',
          'A POST at T: retry, HTTP 503: busy (the rule "the far end failed").'], 'why has this card not gone')
  FROM pg_temp.answer('Why has this card not gone') AS a;
SELECT is(a.rows, jsonb_build_array(jsonb_build_object('why', 'pause', 'until', s.paused_until, 'next_at', NULL)),
    'when will it')
  FROM pg_temp.answer('When will it') AS a, o365.subscriptions AS s WHERE s.subscription_id = 17;
SELECT is(a.rows, jsonb_build_array(jsonb_build_object('status', 'paused', 'paused_by', 'operator keeper',
        'status_at', s.status_at, 'status_reason', 'asked by mail', 'paused_until', s.paused_until)), 'who paused it')
  FROM pg_temp.answer('Who paused it') AS a, o365.subscriptions AS s WHERE s.subscription_id = 17;
SELECT is(a.rows, jsonb_build_array(jsonb_build_object('outcome', 'dead', 'http_status', 400,
        'rule', (SELECT r.name FROM o365.response_rules AS r WHERE r.rule_id = 190), 'sum', 1)),
    'what failed today, and why') FROM pg_temp.answer('What failed today') AS a;
SELECT is(a.rows #>> '{0,card_id}' || ' ' || (a.rows #>> '{0,app_user}') || ' ' || (a.rows #>> '{0,why}') || ' '
          || jsonb_array_length(a.rows), '42 ann@example.org pause 1', 'what is the oldest waiting card')
  FROM pg_temp.answer('What is the oldest') AS a;
SELECT is(ARRAY(SELECT h - 'since' FROM jsonb_array_elements(a.rows) AS h WHERE h->>'code' LIKE 'connections%'),
    ARRAY[jsonb_build_object('code', 'connections_suspended', 'count', 1, 'example', 'subscription 19',
        'problem', '1 connection is suspended: HTTP 403: not allowed',
        'next_step', 'When the far end works again: select o365.resume(19)')], 'is anything wrong, and what do I do')
  FROM pg_temp.answer('Is anything wrong') AS a;
SELECT is(a.rows, '[{"hold_host": "held"}]', 'stop this host') FROM pg_temp.answer('Stop this host') AS a;
SELECT is(h.state || ' ' || h.held_by || ' ' || (h.until > now() + interval '59 minutes'), 'held keeper true',
    'which it does') FROM o365.hosts AS h WHERE h.host = '*.webhook.office.com';
SELECT is(a.rows, '[{"retry_dead": 1}]', 'send again what died') FROM pg_temp.answer('Send dead cards again') AS a;
SELECT is((SELECT q.waiting FROM o365.queue AS q WHERE q.subscription_id = :bob), 1::bigint, 'which it does');
SELECT is(ARRAY(SELECT r->>'rule' FROM jsonb_array_elements(a.rows) AS r WHERE r->>'verdict' = 'broken'), '{}',
    'prove that nothing was lost') FROM pg_temp.answer('Prove that nothing was lost') AS a;
RESET SESSION AUTHORIZATION;
DELETE FROM o365_internal.delivery WHERE card_id = :second;
SET SESSION AUTHORIZATION keeper;
SELECT is(ARRAY(SELECT r->>'rule' FROM jsonb_array_elements(a.rows) AS r WHERE r->>'verdict' = 'broken'
                 ORDER BY 1), '{ends}', 'and an end that was lost is found')
  FROM pg_temp.answer('Prove that nothing was lost') AS a;

-- The others change this and that: that PostgreSQL knows all that they name is enough.
CREATE FUNCTION pg_temp.unknown_names() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    v_statement text;
BEGIN
    FOR v_statement IN SELECT o.statement FROM other AS o LOOP
        BEGIN
            EXECUTE 'EXPLAIN ' || v_statement;
        EXCEPTION WHEN OTHERS THEN
            RETURN NEXT format('%s: %s', v_statement, SQLERRM);
        END;
    END LOOP;
END $$;
RESET SESSION AUTHORIZATION;
CREATE TEMP TABLE other AS
    SELECT m[1] AS statement
      FROM regexp_matches(substring(:'manual' FROM '\nAnd others:(.*?)\n\n[^|]'), '`(select [^`\n]*)`', 'g') AS m;
GRANT SELECT ON other TO keeper;
SET SESSION AUTHORIZATION keeper;
SELECT cmp_ok((SELECT count(*) FROM other), '>=', 30::bigint, 'the manual has others');
SELECT is_empty('SELECT pg_temp.unknown_names()', 'PostgreSQL knows what they name');
RESET SESSION AUTHORIZATION;
-- What explain_card says by the manual is what its functions say.
CREATE TEMP TABLE phrase AS
    SELECT p[1] AS words FROM regexp_matches(substring(:'manual' FROM '\n\| it says \| what to do \|\n(.*?)\n\n'),
                                             '\n\|([^|]*)\|', 'g') AS r,
         LATERAL regexp_matches(r[1], '`([^`]*)`', 'g') AS p;
SELECT cmp_ok((SELECT count(*) FROM phrase), '>=', 18::bigint, 'the manual says what it may say');
SELECT is_empty($$SELECT f.words FROM phrase AS f WHERE NOT EXISTS (
    SELECT FROM pg_proc AS p WHERE p.pronamespace = 'o365_internal'::regnamespace
       AND (p.proname ~ '^explain_' OR p.proname IN ('status_next_step', 'quota_reason', 'workers_away', 'lane_waits',
           'locked_by')) AND strpos(p.prosrc, f.words) > 0)$$, 'in words that it has');
SELECT * FROM finish();
