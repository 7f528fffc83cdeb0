-- What the console says of cards that wait: which is the oldest, what keeps a scheduled card, why a lane that is due
-- has not left, what ends a status, and who paused. Commits, because a round of arrivals sees only what is committed.
\ir fixtures/setup.sql
SELECT no_plan();
\ir fixtures/options.sql
CREATE FUNCTION pg_temp.as_t(said text) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(said, '\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?', 'T', 'g') $$;
CREATE FUNCTION pg_temp.said(card bigint) RETURNS text[] LANGUAGE sql AS $$
    SELECT ARRAY(SELECT pg_temp.as_t(e.sentence) FROM o365.explain_card(card) AS e) $$;
CREATE FUNCTION pg_temp.oldest() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', o.card_id, o.app_user, o.why, pg_temp.as_t(o.reason)) FROM o365.oldest_card() AS o $$;
-- Lets the first card of a lane fail until it is set aside.
CREATE FUNCTION pg_temp.set_aside(s bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    w integer := (SELECT max(x.worker_id) FROM o365_internal.worker AS x);
BEGIN
    FOR i IN 1 .. 3 LOOP
        PERFORM pg_temp.cards(w, s), pg_temp.report(w, s, 'retry', 1);
    END LOOP;
END $$;
CREATE FUNCTION pg_temp.send(s bigint, said text, later timestamptz DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
    SELECT o365.send(s, jsonb_build_object('text', said), not_before => later) $$;
-- Who connected a webhook that may be sent to by now, and whose sender may be told.
SELECT o365.grant_application(session_user, 'desk') \g /dev/null

-- ---- the oldest card ----
SELECT is(pg_temp.oldest(), NULL, 'none waits');
SELECT pg_temp.send(:ann, 'old') AS old, pg_temp.send(:bob, 'one') AS one, pg_temp.send(:bob, 'two') AS two \gset
SELECT o365_programs.worker_feed() \g /dev/null
UPDATE o365_internal.outbox SET enqueued_at = now() - interval '3 hours' WHERE card_id = :old;
UPDATE o365_internal.outbox SET enqueued_at = now() - interval '1 hour' WHERE card_id IN (:one, :two);
SELECT o365_internal.fold_lane(:bob) \g /dev/null
SELECT is((SELECT o.xid || ' ' || (o.card_id > :two) FROM o365_internal.outbox AS o WHERE o.subscription_id = :bob),
    '3 true', 'a digest has an id that every snapshot shows');
SELECT is(pg_temp.oldest(), format('%s ann due since T', :old), 'and is no older than its time says');
SELECT o365.pause(:ann) \g /dev/null
SELECT is(pg_temp.oldest(), format('%s ann pause paused since T; select o365.resume(%s) ends it', :old, :ann),
    'a card behind a pause waits, too');
SELECT o365.resume(:ann) \g /dev/null
-- Restored from another cluster, whose ids were higher: what came since has lower ones.
UPDATE o365_internal.outbox SET xid = (pg_current_xact_id()::text::bigint + 1000000)::text::xid8 WHERE card_id = :old;
SELECT pg_temp.send(:carl, 'new') AS new \gset
SELECT is(pg_temp.oldest(), format('%s ann due since T', :old), 'one of a restored database');
UPDATE o365_internal.outbox SET xid = '3' WHERE card_id = :old;
SELECT is(pg_temp.oldest(), format('%s ann due since T', :old), 'also when it was handed over anew');
-- Very many that came since by low ids, as other transactions' of a restored database may be.
BEGIN;
INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card, xid)
    SELECT 1000000 + i, 1000000 + i, :dora, '{}', '4' FROM generate_series(1, 1001) AS i;
SELECT is(pg_temp.oldest(), format('%s ann due since T', :old), 'a low id alone does not make a card old');
ROLLBACK;
-- Very many that were sent long ago, for a time that has come just now, and very many digests.
UPDATE o365_internal.outbox SET xid = '5' WHERE card_id = :old;
BEGIN;
INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card)
    SELECT -i, 1000000 + i, :dora, '{}' FROM generate_series(1, 1001) AS i;
INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card, xid)
    SELECT 1000000 + i, 2000000 + i, :dora, '{}', '3' FROM generate_series(1, 1001) AS i;
SELECT is(pg_temp.oldest(), format('%s ann due since T', :old), 'nor does a low number');
ROLLBACK;
-- Set aside, and back.
SELECT o365.alter_connector('desk', when_blocked => 'pass') \g /dev/null
SELECT pg_temp.send(:dora, 'bad') AS bad, pg_temp.send(:dora, 'good') AS good \gset
UPDATE o365_internal.outbox SET enqueued_at = now() - interval '4 hours' WHERE card_id = :bad;
SELECT pg_temp.set_aside(:dora) \g /dev/null
SELECT is(pg_temp.state_of(:bad), 'scheduled', 'a card that was set aside');
SELECT matches(pg_temp.oldest(),
    format('^%s dora retry set aside since T, after it failed 3 times: .*; it joins the queue at T$', :bad),
    'is the oldest');
SELECT is(w.until = s.due_at AND w.next_at = s.due_at, true, 'and o365.cards says until when') FROM o365.cards AS w
  JOIN o365_internal.scheduled AS s ON s.card_id = w.card_id WHERE w.card_id = :bad;
UPDATE o365_internal.scheduled SET due_at = now() - interval '1 second';
SELECT alike(pg_temp.oldest(), format('%s dora set aside since T%%; due since T', :bad), 'so it is when it is due');
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.state_of(:bad), 'waits', 'back in the queue');
SELECT alike(pg_temp.oldest(), format('%s dora %%', :bad), 'it is the oldest still');
-- Scheduled: it waits from its time on.
SELECT pg_temp.send(:carl, 'later', now() + interval '1 hour') AS later \gset
UPDATE o365_internal.outbox SET enqueued_at = now() WHERE enqueued_at < now();
SELECT ok((SELECT o.card_id <> :later FROM o365.oldest_card() AS o), 'one that is scheduled does not wait before');
UPDATE o365_internal.scheduled SET due_at = now() - interval '1 day', enqueued_at = now() - interval '1 day';
SELECT is(pg_temp.oldest(), format('%s carl scheduled; due since T', :later), 'but from then on');
DELETE FROM o365_internal.outbox;
DELETE FROM o365_internal.scheduled;
DELETE FROM o365_internal.set_aside;

-- ---- scheduled cards ----
CREATE FUNCTION pg_temp.card_is(c bigint) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' | ', w.state, w.why, CASE WHEN w.until > now() THEN 'until' END,
                     CASE WHEN w.next_at IS NOT NULL THEN 'next' END, pg_temp.as_t(w.reason))
      FROM o365.cards AS w WHERE w.card_id = c $$;
SELECT pg_temp.send(:ann, 'later', now() + interval '1 hour') AS later \gset
SELECT is(pg_temp.said(:later), ARRAY[format('Scheduled: it joins the queue of subscription %s at T.', :ann)],
    'a card that is scheduled');
SELECT is(pg_temp.card_is(:later), 'scheduled | not_before | until | next | scheduled; it joins the queue at T',
    'in o365.cards');
SET SESSION AUTHORIZATION keeper;
SELECT o365.pause(:ann, 'summer party') \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.said(:later), ARRAY[format('Scheduled: it joins the queue of subscription %s at T.', :ann),
    format('Subscription %s is paused since T by operator keeper, "summer party": select o365.resume(%1$s) ends it.',
        :ann)], 'that will not leave then');
SELECT is(pg_temp.card_is(:later), format('scheduled | pause | scheduled; it joins the queue at T; subscription %s is '
    'paused since T by operator keeper, "summer party": select o365.resume(%1$s) ends it', :ann),
    'for nobody knows how long');
SELECT o365.pause(:ann, NULL, now() + interval '2 hours') \g /dev/null
SELECT is((SELECT w.until > now() + interval '119 minutes' FROM o365.cards AS w WHERE w.card_id = :later), true,
    'or until its pause ends');
UPDATE o365_internal.scheduled SET due_at = now() - interval '1 minute';
SELECT is((pg_temp.said(:later))[2], format('Scheduled: it joins the queue of subscription %s in the next round of '
    'arrivals: it is due since T, and the last round was at T.', :ann), 'one whose time has passed');
SELECT alike((pg_temp.said(:later))[1], format('Subscription %s is paused since T %%', :ann), 'behind a pause');
SELECT o365.resume(:ann) \g /dev/null
SELECT o365.hold_host('*.webhook.office.com', 'outage') \g /dev/null
SELECT is((pg_temp.said(:later))[1], format('Far end *.webhook.office.com is held since T by %s, "outage": '
    'o365.release_host ends it.', session_user), 'a far end that is held');
SELECT alike(pg_temp.card_is(:later), 'scheduled | host | scheduled; due since T; far end %', 'in o365.cards as well');
SELECT o365.release_host('*.webhook.office.com') \g /dev/null
SELECT is(pg_temp.card_is(:later), 'scheduled | next | scheduled; due since T', 'one that nothing holds');
UPDATE o365_internal.worker SET seen_at = now() - interval '1 minute';
SELECT is((pg_temp.said(:later))[1], 'No worker since T, when worker w was last heard of.', 'no worker');
SELECT is(pg_temp.card_is(:later),
    'scheduled | scheduled; due since T; no worker since T, when worker w was last heard of', 'and no time then');
UPDATE o365_internal.worker SET seen_at = now();
UPDATE o365_internal.scheduled SET due_at = now() + interval '1 hour';
SET SESSION AUTHORIZATION keeper;
SELECT o365.remove(:ann, 'gone fishing') \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.said(:later), ARRAY[format('Subscription %s is removed since T by operator keeper, "gone fishing": '
    'the card ends as cancelled when a worker comes to it.', :ann)], 'one of a removed connection');
SELECT is(pg_temp.card_is(:later), 'scheduled | removed: what waits will be cancelled', 'in o365.cards');
SELECT pg_temp.send(:bob, 'bad') AS bad, pg_temp.send(:bob, 'good') AS good \gset
SELECT pg_temp.set_aside(:bob) \g /dev/null
UPDATE o365_internal.set_aside SET problem = 'HTTP 503: busy';
SELECT is((pg_temp.said(:bad))[1], format('Set aside since T, because it failed 3 times, HTTP 503: busy: it joins the '
    'queue of subscription %s at T.', :bob), 'of one that was set aside it is said what it failed with');
SELECT is(pg_temp.card_is(:bad), 'scheduled | retry | until | next | set aside since T, after it failed 3 times: '
    'HTTP 503: busy; it joins the queue at T', 'in o365.cards, too');
SET SESSION AUTHORIZATION stranger;
SELECT alike((pg_temp.said(:bad))[1], 'No card % is known here:%', 'and nothing to others');
RESET SESSION AUTHORIZATION;
DELETE FROM o365_internal.outbox;
DELETE FROM o365_internal.scheduled;

-- ---- a lane that is due ----
SELECT pg_temp.send(:carl, '1') AS c \gset
SELECT o365_programs.worker_feed() \g /dev/null
UPDATE o365_internal.lane SET next_at = NULL WHERE subscription_id <> :carl;
SELECT is((pg_temp.said(:c))[1], 'Its connection is due since T: a worker takes it next.', 'due, and first');
UPDATE o365_internal.lane SET next_at = now() - interval '1 hour' WHERE subscription_id = :dora;
SELECT is((pg_temp.said(:c))[1], 'Its connection is due since T: 1 connection of far end *.webhook.office.com is due '
                                 'for longer.', 'behind another one');
BEGIN;
INSERT INTO o365_internal.lane (subscription_id, connector_id, host_id, next_at)
    SELECT 1000000 + i, l.connector_id, l.host_id, now() - interval '1 hour'
      FROM o365_internal.lane AS l, generate_series(1, 1000) AS i WHERE l.subscription_id = :carl;
SELECT is((pg_temp.said(:c))[1], 'Its connection is due since T: more than 1000 connections of far end '
                                 '*.webhook.office.com are due for longer.', 'behind very many');
ROLLBACK;
UPDATE o365_internal.lane SET turn = 1 WHERE subscription_id = :dora;
SELECT is((pg_temp.said(:c))[1], 'Its connection is due since T: a worker takes it next.',
    'those of another turn are not before it');
UPDATE o365_internal.host SET suspects = '{}', recovered_at = now() - interval '2 seconds';
SELECT is((pg_temp.said(:c))[1:2], ARRAY['Far end *.webhook.office.com failed until T and recovers: its connections '
    'are taken at a rate that grows.', 'Its connection is due since T: none of far end *.webhook.office.com is due for '
    'longer.'], 'while its far end recovers');
UPDATE o365_internal.host SET suspects = NULL, recovered_at = NULL;
UPDATE o365_internal.lane SET problem = 'the proxy does not answer' WHERE subscription_id = :carl;
SELECT is((pg_temp.said(:c))[1], 'What kept its connection before: the proxy does not answer.',
    'when its worker had trouble of its own');
UPDATE o365_internal.lane SET problem = NULL WHERE subscription_id = :carl;
SELECT (o365_programs.worker_start('w2', 'test', 'production') ->> 'worker')::integer AS w2 \gset
SELECT o365_programs.worker_describe(:w2, 'w2', 'test', ARRAY[(SELECT s.key_id FROM o365_internal.subscription AS s
    WHERE s.subscription_id = :carl)]) \g /dev/null
SELECT o365_programs.worker_describe(:w, 'w', 'test', '{sym-0a1b2c3d}') \g /dev/null
SELECT is((pg_temp.said(:c))[1], 'Its webhook is sealed under key 10FF825991ECBCBF, which not every worker has: it is '
                                 'left to w2.', 'when one worker alone has its key');
SELECT o365_programs.worker_stop(:w2) \g /dev/null
SELECT is((pg_temp.said(:c))[1], 'Its connection is due since T: a worker takes it next.',
    'a worker that has ended is waited for by nobody');

-- ---- what ends a status ----
SELECT o365_internal.hold(:carl, 'suspended', 'Microsoft wants a new address: connect again') \g /dev/null
SELECT alike((pg_temp.said(:c))[1], '%: its user has to connect again.',
    'F4: resuming would not help, and is not what is said');
SELECT alike((SELECT q.reason FROM o365.queue AS q WHERE q.subscription_id = :carl), '%; its user has to connect again',
    'nor in o365.queue');
SELECT o365_internal.await_proof(:carl) \g /dev/null
SELECT alike((pg_temp.said(:c))[1], format('%%: its user types the code of a test card: select o365.renewal_link(%s) '
    'makes a link for that.', :carl), 'one that was imported and is not proven');
SELECT throws_ok(format('SELECT o365.resume(%s)', :carl), '55000', NULL, 'which cannot be resumed');
SELECT is((SELECT h.next_step FROM o365.health() AS h WHERE h.code = 'connections_suspended'),
    format('Its user types the code of a test card: select o365.renewal_link(%s) makes a link for that.', :carl),
    'health says the same');
UPDATE o365_internal.subscription SET status_reason = 'HTTP 403' WHERE subscription_id = :carl;
SELECT alike((pg_temp.said(:c))[1], format('%%select o365.renewal_link(%s)%%', :carl), 'whatever its reason is by now');
UPDATE o365_internal.subscription SET status = 'pending', status_reason = NULL, awaits_proof = false
 WHERE subscription_id = :carl;
SELECT is((pg_temp.said(:c))[1], format('Subscription %s is pending since T: its user has to say yes, or to type the '
    'code of its test card, on the page that followed connecting.', :carl), 'one that is pending');
CREATE FUNCTION pg_temp.hint(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_hint text;
BEGIN
    EXECUTE statement;
    RETURN 'nothing is wrong';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS v_hint = PG_EXCEPTION_HINT;
    RETURN v_hint;
END $$;
SELECT is(pg_temp.hint(format('SELECT o365.resume(%s)', :carl)), 'Its user has to say yes, or to type the code of its '
    'test card, on the page that followed connecting.', 'which o365.resume says as well');
SELECT is(pg_temp.hint(format('SELECT o365.retry_card(%s)', :c)),
    format('It leaves by itself: select * from o365.explain_card(%s).', :c), 'a hint names the card that it is about');

-- ---- who paused it ----
SET SESSION AUTHORIZATION keeper;
SELECT o365.pause(:dora, 'asked by mail') \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT pg_temp.send(:dora, '1') AS d \gset
DELETE FROM o365_internal.event;
SELECT alike((pg_temp.said(:d))[1], 'Subscription % is paused since T by operator keeper, "asked by mail": %',
    'who paused it is known after its event is gone');
SELECT is((SELECT s.paused_by FROM o365.subscriptions AS s WHERE s.subscription_id = :dora), 'operator keeper',
    'o365.subscriptions says so');
SELECT o365_internal.pause_subscription(:dora, 'user', NULL, NULL) \g /dev/null
SELECT is((SELECT s.paused_by FROM o365.subscriptions AS s WHERE s.subscription_id = :dora), 'its user',
    'who pauses it again takes it over');
SELECT o365.resume(:dora) \g /dev/null
SELECT is((SELECT s.paused_by FROM o365_internal.subscription AS s WHERE s.subscription_id = :dora), NULL,
    'and it is forgotten when the pause ends');
SET SESSION AUTHORIZATION keeper;
SELECT o365.pause(:dora) \g /dev/null
SELECT o365.remove(:dora) \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT is((SELECT s.paused_by FROM o365_internal.subscription AS s WHERE s.subscription_id = :dora), NULL,
    'or the connection removed');
SELECT * FROM finish();
