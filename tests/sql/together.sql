-- What the parts of the delivery engine do to each other: options of cards, schedules, limits, far ends, pauses and
-- restored databases. Commits, because a round of arrivals sees only what is committed.
\ir fixtures/setup.sql
SELECT no_plan();
SELECT o365.grant_application('postgres', 'desk') \g /dev/null
SELECT pg_temp.connect('ann') AS ann, pg_temp.connect('bob') AS bob, pg_temp.connect('carl') AS carl,
       pg_temp.connect('dora') AS dora \gset
SELECT (o365_programs.worker_start('w', 'test', 'production') ->> 'worker')::integer AS w \gset
UPDATE o365_internal.worker SET seen_at = now() + interval '10 minutes';  -- however slow the machine is
CREATE FUNCTION pg_temp.send(s bigint, text text, urgent boolean DEFAULT false) RETURNS bigint LANGUAGE sql AS $$
    SELECT o365.send(s, jsonb_build_object('text', text), urgent => urgent) $$;
-- Claims until nothing is due and reports it like a worker: cards with one of the texts in fails get that outcome, and
-- what stands behind them in their lanes is given back. Says what was posted: the text of a card, the texts of a digest
-- in brackets, or how a card ends without a POST.
CREATE FUNCTION pg_temp.work(w integer, fails text[] DEFAULT '{}', outcome text DEFAULT 'retry',
    status integer DEFAULT 408) RETURNS text[]
    LANGUAGE plpgsql AS $$
DECLARE
    v_all text[] := '{}';
    v_leased integer;
BEGIN
    CREATE TEMP TABLE c (n bigint GENERATED ALWAYS AS IDENTITY, s bigint, l bigint, v integer, p bigint, said text,
        o text, status integer);
    FOR i IN 1 .. 6 LOOP
        TRUNCATE c;
        INSERT INTO c (s, l, v, p, said, o)
            SELECT k.subscription_id, k.lease_no, k.secret_version, k.position,
                   coalesce(k.ends_as, k.card::jsonb->>'text',
                       (SELECT '[' || string_agg(coalesce(x->>'text', x->>'title'), ' ') || ']'
                          FROM jsonb_array_elements(k.card::jsonb->'sections') AS x)), k.ends_as
              FROM o365_programs.worker_claim(w, '-infinity', 4, 20, 1000000, 1000000, NULL, NULL) AS k
             WHERE k.subscription_id IS NOT NULL;
        SELECT count(DISTINCT c.s) INTO v_leased FROM c;
        UPDATE c SET o = CASE WHEN c.said = ANY (fails) THEN outcome ELSE 'delivered' END, status = CASE
            WHEN c.said = ANY (fails) THEN work.status ELSE 200 END
         WHERE c.o IS NULL;
        DELETE FROM c WHERE EXISTS (SELECT FROM c AS b WHERE b.s = c.s AND b.n < c.n AND b.said = ANY (fails));
        v_all := v_all || ARRAY(SELECT c.said FROM c WHERE c.p IS NOT NULL ORDER BY c.n);
        PERFORM o365_programs.worker_report(w, u.s, u.l, u.p, u.o, u.nothing, u.status, u.nothing, u.took, u.words,
            v.s, v.l, v.r, v.v)
           FROM (SELECT coalesce(array_agg(c.s ORDER BY c.n), '{}') AS s,
                        coalesce(array_agg(c.l ORDER BY c.n), '{}') AS l,
                        coalesce(array_agg(c.p ORDER BY c.n), '{}') AS p,
                        coalesce(array_agg(c.o ORDER BY c.n), '{}') AS o,
                        coalesce(array_agg(NULL::integer), '{}') AS nothing,
                        coalesce(array_agg(c.status ORDER BY c.n), '{}') AS status,
                        coalesce(array_agg(CASE WHEN c.status IS NOT NULL THEN 1 END ORDER BY c.n), '{}') AS took,
                        coalesce(array_agg('trouble'::text), '{}') AS words FROM c WHERE c.p IS NOT NULL) AS u,
                (SELECT array_agg(x.s) AS s, array_agg(x.l) AS l, array_agg(true) AS r, array_agg(x.v) AS v
                    FROM (SELECT DISTINCT c.s, c.l, c.v FROM c) AS x) AS v
          WHERE v.s IS NOT NULL;
        EXIT WHEN v_leased = 0 AND i > 2;
    END LOOP;
    DROP TABLE c;
    RETURN v_all;
END $$;
-- As if what a lane waits for had come.
CREATE FUNCTION pg_temp.come(s bigint) RETURNS void LANGUAGE sql AS $$
    UPDATE o365_internal.lane AS l SET not_before = clock_timestamp(), next_at = CASE l.next_at
        WHEN 'infinity' THEN l.next_at ELSE clock_timestamp() END
     WHERE l.subscription_id = s AND l.not_before IS NOT NULL $$;
CREATE FUNCTION pg_temp.ended(c bigint) RETURNS text LANGUAGE sql AS $$
    SELECT d.outcome FROM o365_internal.delivery AS d WHERE d.card_id = c $$;
CREATE FUNCTION pg_temp.why(s bigint) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', l.why, CASE WHEN l.not_before > now() + interval '5 s' THEN 'later' END, l.run::text,
        CASE l.next_at WHEN 'infinity' THEN 'asleep' END) FROM o365_internal.lane AS l WHERE l.subscription_id = s $$;
CREATE FUNCTION pg_temp.explained(c bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(e.sentence, ' ') FROM o365.explain_card(c) AS e $$;

-- ---- urgent and schedules ----
-- Weekly, two days from now: the run comes when a test says so.
SELECT to_char(now() + interval '2 days', 'FMday') AS day \gset
SELECT o365.set_schedule(s, 'weekly', '12:00', :'day', 'UTC')
  FROM unnest(ARRAY[:ann, :bob, :carl]::bigint[]) AS s \g /dev/null
SELECT pg_temp.send(:ann, 'a1') AS a1 \gset
SELECT pg_temp.send(:ann, 'a2') \g /dev/null
SELECT is(pg_temp.work(:w), '{}', 'cards wait for the run');
SELECT (pg_temp.lane(:ann)).not_before AS run_at \gset
SELECT pg_temp.send(:ann, 'u1', true) AS u1 \gset
SELECT is(pg_temp.work(:w), '{u1}', 'an urgent card leaves at once, alone');
SELECT is((pg_temp.lane(:ann)).not_before, :'run_at', 'and the run keeps its time');
SELECT is(pg_temp.why(:ann), 'schedule later {} asleep', 'for which the lane waits');
SELECT pg_temp.send(:ann, 'u2', true) AS u2 \gset
SELECT is(pg_temp.work(:w, '{u2}'), '{u2}', 'one that fails');
SELECT is(pg_temp.why(:ann), 'schedule later {}', 'leaves the wait as it is');
SELECT is((pg_temp.lane(:ann)).not_before, :'run_at', 'to the time');
SELECT matches(pg_temp.explained(:u2), '^Its retry 1 is at .*: it fails since .*, trouble\.',
    'its explanation speaks of its retry');
SELECT unalike(pg_temp.explained(:u2), '%digest%', 'and not of a digest');
SELECT matches(pg_temp.explained(:a1), 'is sent digests .*: it goes into the one of ', 'that of the others does');
SELECT is(c.until < :'run_at', true, 'o365.cards says when the urgent one goes on') FROM o365.cards AS c
 WHERE c.card_id = :u2;
SELECT pg_temp.send(:ann, 'u3', true) AS u3 \gset
SELECT is(pg_temp.work(:w), '{}', 'a second one waits behind it');
SELECT is(o365.cancel_card(:u2), 'cancelled', 'cancelled');
SELECT is(pg_temp.work(:w), '{u3}', 'it holds up the second one no longer');
SELECT is((pg_temp.lane(:ann)).not_before, :'run_at', 'and the run keeps its time');
SELECT pg_temp.send(:ann, 'u4', true) \g /dev/null
SELECT is(pg_temp.work(:w, '{u4}', 'throttled', 429), '{u4}', 'one that is throttled');
UPDATE o365_internal.lane SET next_at = now() + interval '1 hour', tried_until = now() + interval '1 hour'
 WHERE subscription_id = :ann;
UPDATE o365_internal.lane SET not_before = clock_timestamp() WHERE subscription_id = :ann;
SELECT is(pg_temp.work(:w), '{}', 'is not posted before its time because the run comes');
SELECT is(pg_temp.why(:ann) LIKE 'retry later {%}', true, 'and what the run made waits behind it');
SELECT pg_temp.come(:ann) \g /dev/null
SELECT is(pg_temp.work(:w), ARRAY['u4', '[a1 a2]'], 'both leave then');
SELECT is(pg_temp.why(:ann), '{}', 'and the lane is idle');

-- A pause ends, and the run is what it was.
SELECT pg_temp.send(:ann, 'a3') \g /dev/null
SELECT is(pg_temp.work(:w), '{}', 'a card waits');
SELECT o365.pause(:ann) \g /dev/null
SELECT pg_temp.send(:ann, 'u5', true) AS u5 \gset
SELECT is(pg_temp.work(:w), '{}', 'nothing passes a pause, not even what is urgent');
SELECT matches(pg_temp.explained(:u5), 'is paused since', 'which its explanation says');
SELECT o365.resume(:ann) \g /dev/null
SELECT is(pg_temp.work(:w), '{u5}', 'after the pause only the urgent one leaves');
SELECT is((pg_temp.lane(:ann)).not_before, :'run_at', 'the others with the run');

-- ---- set aside and schedules ----
SELECT o365.alter_connector('desk', when_blocked => 'pass'), o365.set('set_aside_after', '2') \g /dev/null
SELECT pg_temp.send(:bob, 'b1') AS b1 \gset
SELECT o365.send(:bob, '{"text": "form", "sections": [{"text": "*", "markdown": false}]}') AS form \gset
SELECT pg_temp.send(:bob, 'b2') AS b2 \gset
SELECT pg_temp.work(:w), pg_temp.come(:bob) \g /dev/null
SELECT is(pg_temp.work(:w, '{form}'), '{b1,form}', 'a card of a run that fails is waited for');
SELECT pg_temp.come(:bob) \g /dev/null
SELECT is(pg_temp.work(:w, '{form}'), '{form,b2}', 'until it is set aside, and the run goes on');
SELECT is((SELECT s.card_id FROM o365_internal.scheduled AS s), :form::bigint, 'set aside');
SELECT pg_temp.send(:bob, 'b3') AS b3 \gset
SELECT is(pg_temp.work(:w), '{}', 'a card that comes meanwhile waits for the next run');
SELECT is((pg_temp.lane(:bob)).not_before, :'run_at', 'at its time');
UPDATE o365_internal.scheduled SET due_at = clock_timestamp();
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.work(:w, '{form}'), '{form}', 'what was set aside is tried at its time, alone');
SELECT is((pg_temp.lane(:bob)).not_before, :'run_at', 'and the run keeps its own');
UPDATE o365_internal.scheduled SET due_at = clock_timestamp(), enqueued_at = now() - interval '3 weeks';
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.work(:w), '{form}', 'however old it is');
SELECT is((pg_temp.lane(:bob)).not_before, :'run_at', 'the run keeps its time');
SELECT pg_temp.come(:bob) \g /dev/null
SELECT is(pg_temp.work(:w), '{b3}', 'and comes');
-- A digest is set aside like any card, and keeps its place.
SELECT pg_temp.send(:bob, 'b4'), pg_temp.send(:bob, 'b5') \g /dev/null
SELECT pg_temp.work(:w), pg_temp.come(:bob) \g /dev/null
SELECT pg_temp.work(:w, '{[b4 b5]}'), pg_temp.come(:bob) \g /dev/null
SELECT is(pg_temp.work(:w, '{[b4 b5]}'), '{[b4 b5]}', 'a digest fails twice');
SELECT is((SELECT count(*) FROM o365_internal.scheduled), 1::bigint, 'and is set aside');
UPDATE o365_internal.scheduled SET due_at = clock_timestamp();
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.work(:w), '{[b4 b5]}', 'until its next try');
SELECT is(pg_temp.why(:bob), '{}', 'then the lane is idle');
-- Urgent.
SELECT pg_temp.send(:bob, 'b6') \g /dev/null
SELECT pg_temp.work(:w) \g /dev/null
SELECT pg_temp.send(:bob, 'u6', true) AS u6 \gset
SELECT pg_temp.work(:w, '{u6}') \g /dev/null
UPDATE o365_internal.lane SET next_at = clock_timestamp() WHERE subscription_id = :bob;
SELECT is(pg_temp.work(:w, '{u6}'), '{u6}', 'an urgent card is set aside');
SELECT is(pg_temp.why(:bob), 'schedule later {} asleep', 'and the lane waits for its run');
UPDATE o365_internal.scheduled SET due_at = clock_timestamp();
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.work(:w), '{u6}', 'it leaves at its time');
SELECT is((pg_temp.lane(:bob)).not_before, :'run_at', 'and the run keeps its own');
SELECT pg_temp.come(:bob) \g /dev/null
SELECT pg_temp.work(:w) \g /dev/null
-- Cards of one transaction, the first of which is set aside.
SELECT o365.set_schedule(:bob, 'immediate') \g /dev/null
SELECT o365.send_many(ARRAY[:bob, :bob]::bigint[], ARRAY['{"text": "b7"}', '{"text": "b8"}']::jsonb[]) \g /dev/null
SELECT pg_temp.work(:w, '{b7}') \g /dev/null
UPDATE o365_internal.lane SET next_at = clock_timestamp() WHERE subscription_id = :bob;
SELECT is(pg_temp.work(:w, '{b7}'), '{b7,b8}', 'the second one goes on');
UPDATE o365_internal.scheduled SET due_at = clock_timestamp();
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.work(:w), '{b7}', 'the first one comes later');
SELECT is_empty($$SELECT a.rule, a.examples FROM o365.audit(now() - interval '1 hour', clock_timestamp()) AS a
    WHERE a.count > 0$$, 'which is no fault to the audit');
SELECT o365.alter_connector('desk', when_blocked => 'wait') \g /dev/null

-- ---- options of cards and digests ----
CREATE FUNCTION pg_temp.sends(s bigint, text text, not_after timestamptz DEFAULT NULL, collapse text DEFAULT NULL,
    urgent boolean DEFAULT false) RETURNS bigint LANGUAGE sql AS $$
    SELECT o365.send(s, jsonb_build_object('text', text), not_after => not_after, collapse => collapse,
        urgent => urgent) $$;
-- A card that a newer one replaces is no part of a digest, whatever becomes of the newer one.
SELECT pg_temp.sends(:carl, 'old', collapse => 'k') AS old \gset
SELECT pg_temp.sends(:carl, 'new', collapse => 'k') AS new \gset
SELECT pg_temp.sends(:carl, 'c1', now() + interval '8 days') AS c1 \gset
SELECT pg_temp.sends(:carl, 'late', now() + interval '8 days') AS late \gset
SELECT pg_temp.send(:carl, 'c2') AS c2 \gset
SELECT pg_temp.send(:carl, 'c3') AS c3 \gset
SELECT pg_temp.work(:w) \g /dev/null
UPDATE o365_internal.outbox SET not_after = now() - interval '1 s' WHERE card_id = :late;
SELECT is(o365.cancel_card(:c3), 'cancelled', 'a card that waits for its run can be cancelled');
SELECT pg_temp.come(:carl) \g /dev/null
SELECT is(pg_temp.work(:w), '{"[new c1 c2]"}',
    'what is replaced, has expired or was cancelled is no part of a digest, and parts none');
SELECT is(ARRAY[pg_temp.ended(:old), pg_temp.ended(:new), pg_temp.ended(:late), pg_temp.ended(:c3)],
    '{superseded,digested,expired,cancelled}', 'and ends as that');
-- The newer one is urgent and has left when the older one's run comes.
SELECT pg_temp.sends(:carl, 'old', collapse => 'k') AS old \gset
SELECT pg_temp.sends(:carl, 'new', collapse => 'k', urgent => true) \g /dev/null
SELECT is(pg_temp.work(:w), '{new}', 'an urgent card leaves before what it replaces');
SELECT o365_internal.chore_forget_options() \g /dev/null
SELECT pg_temp.come(:carl) \g /dev/null
SELECT is(pg_temp.work(:w), '{}', 'which never leaves after it');
SELECT o365_internal.chore_forget_options() \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.collapse), 0::bigint, 'then the key is forgotten');
-- How long a digest may leave.
SELECT pg_temp.sends(:carl, 'c4', now() + interval '8 days'),
       pg_temp.sends(:carl, 'c5', now() + interval '9 days') \g /dev/null
SELECT pg_temp.work(:w), pg_temp.come(:carl) \g /dev/null
SELECT is(pg_temp.work(:w, '{[c4 c5]}'), '{[c4 c5]}', 'a digest that fails');
SELECT o.card_id AS digest FROM o365_internal.outbox AS o WHERE o.subscription_id = :carl \gset
UPDATE o365_internal.outbox SET not_after = not_after - interval '9 days' WHERE card_id = :digest;
SELECT pg_temp.come(:carl) \g /dev/null
SELECT is(pg_temp.work(:w), '{expired}', 'expires with the last of its cards, if all of them do');
SELECT is((SELECT e.detail FROM o365_internal.event AS e WHERE e.card_id = :digest), 'expired',
    'the application is told');
SELECT throws_like(format('SELECT o365.cancel_card(%s)', :c1), 'card % has ended already',
    'a card in a digest has ended');
SELECT throws_like(format('SELECT o365.retry_card(%s)', :c1), 'card % cannot be sent again: it ended as digested',
    'as what it did');
SELECT is(o365.retry_dead('desk', now() - interval '1 hour', 'expired'), 2,
    'cards and digests that expired can be sent again');
SELECT pg_temp.work(:w), pg_temp.come(:carl) \g /dev/null
SELECT matches(array_to_string(pg_temp.work(:w), '; '), '^\[late c4\s+c5\]$', 'and are folded like others');
-- A dedupe key holds for what is in a digest.
SELECT o365.send(:carl, '{"text": "c6"}', dedupe => 'd') AS c6, pg_temp.send(:carl, 'c7') \gset
SELECT pg_temp.work(:w), pg_temp.come(:carl) \g /dev/null
SELECT pg_temp.work(:w) \g /dev/null
SELECT is(o365.send(:carl, '{"text": "c6"}', dedupe => 'd'), :c6::bigint,
    'a card that is part of a digest is not sent twice');
-- A digest is cancelled like any card.
SELECT pg_temp.send(:carl, 'c8'), pg_temp.send(:carl, 'c9') \g /dev/null
SELECT pg_temp.work(:w), pg_temp.come(:carl) \g /dev/null
SELECT pg_temp.work(:w, '{[c8 c9]}') \g /dev/null
SELECT o.card_id AS digest FROM o365_internal.outbox AS o WHERE o.subscription_id = :carl \gset
SELECT pg_temp.send(:carl, 'c10') \g /dev/null
SELECT is(o365.cancel_card(:digest), 'cancelled', 'a digest can be cancelled');
SELECT is(pg_temp.work(:w), '{}', 'nothing else leaves for that');
SELECT is((pg_temp.lane(:carl)).not_before, :'run_at', 'and the next run keeps its time');
SELECT pg_temp.come(:carl) \g /dev/null
SELECT is(pg_temp.work(:w), '{c10}', 'and comes');

-- ---- a claim comes in time, also where no transaction ends meanwhile ----
SELECT h.host_id AS host FROM o365_internal.host AS h JOIN o365_internal.lane AS l ON l.host_id = h.host_id
 WHERE l.subscription_id = :dora \gset
-- As a worker that has just looked, and sees that nothing has changed since.
CREATE FUNCTION pg_temp.claims(w integer, low timestamptz DEFAULT now() - interval '1 s') RETURNS boolean
    LANGUAGE plpgsql AS $$
DECLARE
    v_n integer;
BEGIN
    SELECT count(c.subscription_id) INTO v_n FROM o365_programs.worker_claim(w, low, 4, 20, 1000000, 1000000,
        pg_current_snapshot()::text, now() - interval '1 ms') AS c;
    RETURN v_n > 0;
END $$;
CREATE FUNCTION pg_temp.give_back(w integer) RETURNS void LANGUAGE sql AS $$
    SELECT o365_programs.worker_report(w, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
        array_agg(l.subscription_id), array_agg(l.lease_no), array_agg(true), array_agg(1))
      FROM o365_internal.lane AS l WHERE l.worker = w HAVING count(*) > 0 $$;
SELECT pg_temp.send(:dora, 'd1') AS d1 \gset
SELECT o365_programs.worker_feed() \g /dev/null
UPDATE o365_internal.host SET suspects = '{1,2,3,4,5}', suspected_since = now(), suspected_at = now(),
    failing_since = now(), failing_until = now() + interval '1 minute', problem = 'down'
 WHERE host_id = :host;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.claims(:w), false, 'a far end that fails is left alone');
UPDATE o365_internal.host SET failing_until = now() - interval '1 s' WHERE host_id = :host;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.claims(:w), true, 'until its probe is due');
SELECT pg_temp.give_back(:w) \g /dev/null
UPDATE o365_internal.host SET failing_until = NULL, failing_since = NULL, problem = NULL, recovered_at = now(),
    suspects = '{}', probed_at = NULL, probes = 0 WHERE host_id = :host;
UPDATE o365_internal.lane SET next_at = now() - interval '1 hour' WHERE subscription_id = :dora;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.claims(:w), true, 'one that recovers is not left waiting, however long its cards have been due');
SELECT pg_temp.give_back(:w) \g /dev/null
UPDATE o365_internal.host SET recovered_at = NULL, suspects = NULL WHERE host_id = :host;
SELECT is(pg_temp.work(:w), '{d1}', 'and its card leaves');

-- ---- forecasts with a schedule ----
SELECT ok(f.first_at - :'run_at' < '1 s'
    AND f.last_at = f.first_at AND f.words ~ '^they arrive at [-0-9: ]+; nothing leaves before [-0-9: ]+ \(schedule\)',
    'cards that are not sent yet will wait for the run')
  FROM o365.forecast(:carl, 3) AS f;
SELECT pg_temp.send(:carl, 'c16') \g /dev/null
SELECT pg_temp.work(:w) \g /dev/null
SELECT ok(f.waiting = 1 AND f.first_at - :'run_at' < '1 s'
    AND f.words ~ ', in a digest with 1 card that waits; nothing leaves before', 'in one digest with what waits')
  FROM o365.forecast(:carl, 3) AS f;
SELECT pg_temp.come(:carl), o365.set_quota('connector', 3600, 2) \g /dev/null
SELECT is(pg_temp.work(:w), '{}', 'a run whose limit is used up');
SELECT ok(f.first_at > now() + interval '1 day', 'is not the one that they leave with')
  FROM o365.forecast(:carl, 3) AS f;
SELECT o365.set_quota('connector', 3600, NULL) \g /dev/null
SELECT is(pg_temp.work(:w), '{c16}', 'and leaves');

-- ---- limits and the others ----
SELECT o365.set_quota('connector', 3600, 2) \g /dev/null
SELECT pg_temp.connect('eve') AS eve, pg_temp.connect('fay') AS fay \gset
-- As if everything about a lane had happened so much earlier, but for its run.
CREATE FUNCTION pg_temp.pass(lane bigint, t interval) RETURNS void LANGUAGE sql AS $$
    UPDATE o365_internal.delivery AS d SET at = d.at - t WHERE d.subscription_id = lane;
    UPDATE o365_internal.attempt AS a SET at = a.at - t WHERE a.subscription_id = lane;
    UPDATE o365_internal.event AS e SET at = e.at - t WHERE e.subscription_id = lane;
    UPDATE o365_internal.lane AS l
       SET last_post_at = l.last_post_at - t, retried_at = l.retried_at - t, tried_until = l.tried_until - t,
           next_at = CASE l.next_at WHEN 'infinity' THEN l.next_at ELSE l.next_at - t END, quota_leaves = NULL,
           not_before = CASE WHEN l.why IN ('pause', 'schedule') THEN l.not_before ELSE l.not_before - t END
     WHERE l.subscription_id = lane $$;
SELECT pg_temp.send(:eve, 'e1'), pg_temp.send(:eve, 'e2') \g /dev/null
SELECT pg_temp.sends(:eve, 'e3', now() + interval '1 hour') AS e3 \gset
SELECT pg_temp.send(:eve, 'e4') AS e4 \gset
SELECT is(pg_temp.work(:w), '{e1,e2}', 'a lane makes as many POSTs as its limit takes');
SELECT pg_temp.send(:eve, 'u7', true) AS u7 \gset
SELECT is(pg_temp.work(:w), '{}', 'an urgent card passes no limit');
SELECT is(pg_temp.why(:eve), 'quota later', 'it waits for it');
SELECT matches(pg_temp.explained(:u7), '^Its quota is used up: at most 2 POSTs in 1 hour',
    'and its explanation says so');
UPDATE o365_internal.outbox SET not_after = now() WHERE card_id = :e3;
SELECT is(pg_temp.work(:w), '{}', 'a card that expires meanwhile');
SELECT pg_temp.pass(:eve, '61 minutes') \g /dev/null
SELECT is(pg_temp.work(:w), '{u7,expired,e4}',
    'ends as that and takes no POST from the limit; the urgent one goes first');
SELECT is((SELECT count(*) FROM o365_internal.delivery AS d WHERE d.card_id = :e3 AND d.outcome = 'expired'
    AND d.post_no IS NULL), 1::bigint, 'as the history says');
-- With a schedule.
SELECT o365.set_schedule(:eve, 'weekly', '12:00', :'day', 'UTC') \g /dev/null
SELECT pg_temp.send(:eve, 'e5') AS e5 \gset
SELECT pg_temp.send(:eve, 'e6') \g /dev/null
SELECT pg_temp.work(:w) \g /dev/null
SELECT pg_temp.send(:eve, 'u8', true) AS u8 \gset
SELECT is(pg_temp.work(:w), '{}', 'before its schedule an urgent card waits for the limit as well');
SELECT is((pg_temp.lane(:eve)).not_before, :'run_at', 'and the run keeps its time');
SELECT matches(pg_temp.explained(:u8), '^Its quota is used up',
    'the explanation of the urgent one speaks of the limit');
SELECT matches(pg_temp.explained(:e5), 'is sent digests', 'that of another one of its run');
SELECT results_eq(format('SELECT c.why, c.until = c.next_at, c.reason ~ ''^its quota is used up'' FROM o365.cards AS c '
                         'WHERE c.card_id = %s', :u8), $$VALUES ('quota', true, true)$$, 'o365.cards agrees');
-- A limit that changes is looked at anew.
SELECT o365.set_quota('connector', 3600, 4) \g /dev/null
SELECT is(pg_temp.work(:w), '{u8}', 'a higher limit lets the urgent one leave');
SELECT pg_temp.send(:eve, 'u12', true) \g /dev/null
SELECT is(pg_temp.work(:w), '{u12}', 'and another one');
SELECT pg_temp.send(:eve, 'u13', true) \g /dev/null
SELECT is(pg_temp.work(:w), '{}', 'as many as it takes');
SELECT o365.set_quota_policy(:eve, 'off') \g /dev/null
SELECT is(pg_temp.work(:w), '{u13}', 'none at all holds it up');
SELECT o365.set_quota_policy(:eve, 'kept'), o365.set_quota('connector', 3600, 2),
       pg_temp.send(:eve, 'u8', true) \g /dev/null
SELECT is((pg_temp.lane(:eve)).not_before, :'run_at', 'and the run keeps its time');
-- The run comes while the limit is used up.
SELECT pg_temp.come(:eve) \g /dev/null
SELECT is(pg_temp.work(:w), '{}', 'a run waits for the limit, too');
SELECT is(pg_temp.why(:eve) LIKE 'quota later {%}', true, 'with what it made');
SELECT pg_temp.send(:eve, 'e7') \g /dev/null
SELECT o365.pause(:eve) \g /dev/null
SELECT is(pg_temp.work(:w), '{}', 'over a pause');
SELECT o365.resume(:eve) \g /dev/null
SELECT is(pg_temp.work(:w), '{}', 'whose end frees no POST');
SELECT pg_temp.pass(:eve, '61 minutes') \g /dev/null
SELECT is(pg_temp.work(:w), ARRAY['u8', '[e5 e6]'], 'then both leave: a digest is one POST');
SELECT is((SELECT u.used FROM o365.quota_usage(:eve) AS u), 2, 'which is counted as one');
SELECT is((pg_temp.lane(:eve)).not_before, :'run_at', 'and what came since waits for the next run');
-- The limit is used up later than the run: the urgent card may leave when it is free, and the run comes then.
SELECT pg_temp.send(:eve, 'u9', true) \g /dev/null
UPDATE o365_internal.lane SET not_before = now() + interval '10 minutes' WHERE subscription_id = :eve;
SELECT is(pg_temp.work(:w), '{}', 'an urgent card waits for a limit that is free after the run');
SELECT is(pg_temp.why(:eve), 'quota later {}', 'and the lane with it');
UPDATE o365_internal.outbox SET enqueued_at = now() - interval '1 week'
 WHERE card_id IN (SELECT o.card_id FROM o365_internal.outbox AS o WHERE o.subscription_id = :eve AND o.position > 0);
SELECT pg_temp.pass(:eve, '61 minutes') \g /dev/null
SELECT is(pg_temp.work(:w), '{u9,e7}', 'then both leave');
-- A removal waits for no limit.
SELECT pg_temp.send(:fay, 'f1'), pg_temp.send(:fay, 'f2'), pg_temp.send(:fay, 'f3') \g /dev/null
SELECT pg_temp.work(:w) \g /dev/null
SELECT o365.send(:fay, '{"text": "f4"}', not_before => now() + interval '1 day') AS f4 \gset
SELECT o365.remove(:fay) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.work(:w), '{cancelled,cancelled}',
    'what waits for a limit or is scheduled ends at once when its connection is removed');
SELECT o365.set_quota('connector', 3600, NULL) \g /dev/null

-- ---- held and failing far ends ----
-- A run that comes while its far end is held makes its digest once, and nothing leaves.
SELECT pg_temp.send(:ann, 'a6'), pg_temp.send(:ann, 'a7') \g /dev/null
SELECT pg_temp.work(:w) \g /dev/null
SELECT o365.hold_host(h.name, 'works', now() + interval '1 hour') FROM o365_internal.host AS h
 WHERE h.host_id = :host \g /dev/null
SELECT pg_temp.send(:ann, 'u10', true) AS u10 \gset
SELECT pg_temp.come(:ann) \g /dev/null
SELECT is(pg_temp.work(:w), '{}', 'nothing leaves for a far end that is held');
SELECT is(pg_temp.work(:w), '{}', 'however often it is asked');
SELECT matches(pg_temp.explained(:u10), '^Far end .* is held since .* by .*"works"',
    'the explanation of an urgent card says so');
SELECT is((o365_programs.worker_outlook() ->> 'next_at')::timestamptz,
    (SELECT h.held_until FROM o365_internal.host AS h WHERE h.host_id = :host), '--once waits for its end');
UPDATE o365_internal.host SET held_until = now() - interval '1 s' WHERE host_id = :host;
SELECT is(pg_temp.work(:w), ARRAY['u10', '[a3 a6 a7]'], 'both leave when the time of the hold has passed');
-- A far end that fails as a whole: an urgent card of a lane that waits for its run waits for the far end.
SELECT pg_temp.send(:ann, 'a8') AS a8 \gset
SELECT pg_temp.work(:w) \g /dev/null
SELECT pg_temp.send(:ann, 'u11', true) AS u11 \gset
UPDATE o365_internal.host SET suspects = '{1,2,3,4,5}', suspected_since = now(), suspected_at = now(),
    failing_since = now(), failing_until = now() - interval '1 s', problem = 'down'
 WHERE host_id = :host;
SELECT is(pg_temp.work(:w, '{u11}', 'retry', 503), '{u11}', 'an urgent card is posted as a probe');
SELECT is(pg_temp.why(:ann), 'host later {}', 'and its lane waits for the far end');
SELECT is((pg_temp.lane(:ann)).failures, 0, 'charged with nothing');
SELECT matches(pg_temp.explained(:a8), '^Far end .* fails as a whole',
    'which explains a card that waits for its run, too');
UPDATE o365_internal.host SET failing_until = now() - interval '1 s' WHERE host_id = :host;
UPDATE o365_internal.lane SET next_at = now() WHERE subscription_id = :ann;
SELECT is(pg_temp.work(:w), '{u11}', 'a probe that is answered');
SELECT is((SELECT h.failing_since IS NULL AND h.recovered_at IS NOT NULL FROM o365_internal.host AS h
    WHERE h.host_id = :host), true, 'ends it');
SELECT is((pg_temp.lane(:ann)).not_before, :'run_at', 'and the run keeps its time');
UPDATE o365_internal.host SET recovered_at = NULL, suspects = NULL WHERE host_id = :host;
-- A retry that waits for longer than the far end keeps its time.
SELECT pg_temp.send(:dora, 'd2') \g /dev/null
SELECT pg_temp.work(:w, '{d2}', 'throttled', 429) \g /dev/null
SELECT pg_temp.pass(:dora, '1 hour') \g /dev/null
SELECT is(pg_temp.work(:w), '{d2}', 'a throttled card leaves at its time');

-- ---- what becomes due without an arrival ----
-- Each of them is leased by a claim whose worker has seen that nothing changed, once its time has come.
SELECT o365.send(:dora, '{"text": "d3"}', not_before => now() + interval '1 day') AS d3 \gset
SELECT o365_programs.worker_feed() \g /dev/null
UPDATE o365_internal.scheduled SET due_at = now();
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.claims(:w), true, 'a scheduled card');
SELECT pg_temp.give_back(:w), pg_temp.work(:w) \g /dev/null
SELECT o365_programs.worker_feed(), pg_temp.come(:ann) \g /dev/null
SELECT is(pg_temp.claims(:w), true, 'a run');
SELECT pg_temp.give_back(:w), pg_temp.work(:w) \g /dev/null
SELECT pg_temp.send(:dora, 'd4') \g /dev/null
SELECT pg_temp.work(:w, '{d4}') \g /dev/null
SELECT is(pg_temp.claims(:w), false, 'a retry that is not due');
SELECT pg_temp.come(:dora), o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.claims(:w), true, 'and one that is');
SELECT pg_temp.give_back(:w) \g /dev/null
SELECT o365.pause(:dora, 'for a while', now() + interval '1 hour') \g /dev/null
SELECT is(pg_temp.claims(:w), false, 'a pause');
SELECT o365.resume(:dora) \g /dev/null
SELECT is(pg_temp.claims(:w), true, 'and its end');
SELECT pg_temp.give_back(:w), pg_temp.work(:w), pg_temp.send(:dora, 'd5') \g /dev/null
SELECT o365_programs.worker_feed(), o365.set_schedule(:dora, 'weekly', '12:00', :'day', 'UTC') \g /dev/null
SELECT is(pg_temp.claims(:w), false, 'a schedule that is set');
SELECT o365.set_schedule(:dora, 'immediate') \g /dev/null
SELECT is(pg_temp.claims(:w), true, 'and taken back');
SELECT pg_temp.give_back(:w), pg_temp.work(:w) \g /dev/null

-- ---- a restored database ----
SELECT pg_temp.send(:ann, 'a9') AS a9 \gset
SELECT pg_temp.work(:w) \g /dev/null
SELECT pg_temp.send(:bob, 'b9'), pg_temp.send(:bob, 'b10') \g /dev/null
SELECT o365.alter_connector('desk', when_blocked => 'pass') \g /dev/null
SELECT pg_temp.work(:w, '{b9}') \g /dev/null
UPDATE o365_internal.lane SET next_at = clock_timestamp() WHERE subscription_id = :bob;
SELECT pg_temp.work(:w, '{b9}') \g /dev/null
SELECT o365.send(:bob, '{"text": "b11"}', not_before => now() + interval '1 day') \g /dev/null
SELECT o365.set_schedule(:carl, 'weekly', '12:00', :'day', 'UTC') \g /dev/null
SELECT pg_temp.send(:carl, 'c11'), pg_temp.send(:carl, 'c12') \g /dev/null
SELECT pg_temp.work(:w), pg_temp.come(:carl) \g /dev/null
SELECT pg_temp.work(:w, '{[c11 c12]}') \g /dev/null
UPDATE o365_internal.lane SET not_before = now() + '1 h', next_at = now() + '1 h' WHERE subscription_id = :carl;
SELECT pg_temp.send(:carl, 'c13') \g /dev/null
SELECT pg_temp.work(:w) \g /dev/null
SELECT is(pg_temp.why(:carl) LIKE 'retry% {%}', true,
    'a digest waits for its retry, a card behind it for the next run');
SELECT o365_internal.feed_again() \g /dev/null
SELECT is(pg_temp.work(:w), '{}', 'handed over anew nothing leaves that waits for a run, its retry or a time');
SELECT is((pg_temp.lane(:ann)).not_before, :'run_at', 'runs keep their times');
UPDATE o365_internal.scheduled SET due_at = clock_timestamp();
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.work(:w), '{b9,b11}', 'what was set aside or scheduled leaves at its time');
SELECT pg_temp.come(:carl) \g /dev/null
SELECT is(pg_temp.work(:w), '{[c11 c12]}', 'a digest as it was folded');
SELECT is((pg_temp.lane(:carl)).not_before, :'run_at', 'without the card behind it');
SELECT pg_temp.come(:carl), pg_temp.come(:ann) \g /dev/null
SELECT is(pg_temp.work(:w), '{c13,a9}', 'and the runs come');
SELECT is_empty($$SELECT a.rule, a.examples FROM o365.audit(now() - interval '1 hour', clock_timestamp()) AS a
    WHERE a.rule = 'ends' AND a.count > 0$$, 'each card has one end');

-- ---- erasing ----
SELECT pg_temp.send(:carl, 'c14') AS c14, o365.send(:carl, '{"text": "c15"}', not_before => now() + interval '1 day',
    collapse => 'x', dedupe => 'x') AS c15 \gset
SELECT pg_temp.work(:w) \g /dev/null
SELECT (o365.export_user('carl'))::text ~ 'c14.*' AS exported \gset
SELECT is(:'exported'::text, 't', 'an export has the cards that wait for a run');
SELECT count(*) FROM o365.erase_user('carl') \g /dev/null
SELECT is(pg_temp.work(:w), '{}', 'of a user who was erased nothing leaves');
SELECT is((SELECT count(*) FROM o365_internal.outbox AS o WHERE o.subscription_id = :carl) + (SELECT count(*)
    FROM o365_internal.scheduled AS o WHERE o.subscription_id = :carl), 0::bigint, 'and nothing waits');
SELECT is(l.next_at IS NULL AND l.run IS NULL, true, 'its lane waits for no run') FROM o365_internal.lane AS l
 WHERE l.subscription_id = :carl;
SELECT is((o365_programs.worker_outlook() ->> 'waiting')::integer, 0, 'and --once waits for nothing');
SELECT * FROM finish();
