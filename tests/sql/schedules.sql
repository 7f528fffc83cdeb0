-- Schedules: how they are written, when they run, also after a pause, and what their digests look like before. Commits,
-- because a round of arrivals sees only what is committed.
\ir fixtures/setup.sql
SELECT no_plan();

-- ---- schedules in words ----
SELECT results_eq($$SELECT o365_internal.schedule_of(s)
    FROM unnest(ARRAY['immediate', 'hourly', 'daily', 'weekly', 'Daily at 7:05', 'weekly on FRIDAY',
        'weekly at 23:59', ' weekly on sunday at 00:00 ']) WITH ORDINALITY AS u (s, n) ORDER BY n$$,
    $$VALUES ('immediate'), ('hourly'), ('daily at 08:00'), ('weekly on monday at 08:00'), ('daily at 07:05'),
        ('weekly on friday at 08:00'), ('weekly on monday at 23:59'), ('weekly on sunday at 00:00')$$,
    'a schedule is kept in one form');
SELECT is(o365_internal.schedule_of('daily', '09:30:59'), 'daily at 09:30', 'its time may stand apart');
SELECT is(o365_internal.schedule_of('weekly', '09:30', 'Tuesday'), 'weekly on tuesday at 09:30', 'and its day');
SELECT is_empty($$SELECT u.s FROM unnest(ARRAY['', 'monthly', 'daily at 24:00', 'daily at 8', 'daily at 08:60',
    'hourly at 08:00', 'immediate at 08:00',
        'daily on monday', 'weekly on mon', 'weekly on someday', 'weekly on monday at 08:00 ; drop']) AS u (s)
    WHERE o365_internal.schedule_of(u.s) IS NOT NULL$$, 'what is no schedule is none');
SELECT is(o365_internal.schedule_of(NULL), NULL, 'nor is null');
SELECT is(o365_internal.schedule_of('daily', '24:00'), NULL, 'nor midnight at the end of a day');
SELECT is(o365_internal.schedule_of('daily at 08:00', '09:00'), NULL, 'nor a time that is said twice');
SELECT is(o365_internal.schedule_of('hourly', '09:00'), NULL, 'nor one that does not belong there');
SELECT is(o365_internal.time_zone_of('europe/berlin'), 'Europe/Berlin', 'a time zone is kept as IANA writes it');
SELECT is_empty($$SELECT u.z
    FROM unnest(ARRAY['Europe/Berlim', '', 'posix/Europe/Berlin', 'localtime', 'CET+1', '+02:00']) AS u (z)
    WHERE o365_internal.time_zone_of(u.z) IS NOT NULL$$, 'and what the server does not know is none');

-- ---- when it runs ----
CREATE FUNCTION pg_temp.runs(schedule text, zone text, after text, n integer) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    v_at timestamptz := after;
    v_runs text[] := '{}';
BEGIN
    FOR i IN 1 .. n LOOP
        v_at := o365_internal.next_run(schedule, zone, v_at);
        v_runs := v_runs || to_char(v_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI:SS');
    END LOOP;
    RETURN v_runs;
END $$;
SELECT is(o365_internal.next_run('immediate', 'UTC', now()), NULL, 'what leaves at once has no next run');
SELECT is(pg_temp.runs('daily at 08:00', 'UTC', '2026-03-01 07:59:59Z', 2), '{03-01 08:00:00,03-02 08:00:00}',
    'daily runs at its time');
SELECT is(pg_temp.runs('daily at 08:00', 'UTC', '2026-03-01 08:00Z', 1), '{03-02 08:00:00}',
    'after a run comes the next one');
SELECT is(pg_temp.runs('weekly on monday at 08:00', 'UTC', '2026-03-01 00:00Z', 2), '{03-02 08:00:00,03-09 08:00:00}',
    'weekly on its day');
SELECT is(pg_temp.runs('hourly', 'UTC', '2026-03-01 07:59:59.999Z', 2), '{03-01 08:00:00,03-01 09:00:00}',
    'hourly at each full hour');
SELECT is(pg_temp.runs('hourly', 'Asia/Kathmandu', '2026-03-01 08:00Z', 2), '{03-01 08:15:00,03-01 09:15:00}',
    'by the clocks of its zone');
SELECT is(pg_temp.runs('daily at 08:00', 'Asia/Kathmandu', '2026-03-01 00:00Z', 1), '{03-01 02:15:00}',
    'which may differ by quarters of an hour');
-- Berlin: 2026-03-29 02:00 to 03:00, 2026-10-25 03:00 to 02:00.
SELECT is(pg_temp.runs('daily at 02:30', 'Europe/Berlin', '2026-03-28 00:00Z', 3),
    '{03-28 01:30:00,03-29 01:00:00,03-30 00:30:00}',
    'a time that the clocks jump over runs at the instant of the jump, once');
SELECT is(pg_temp.runs('daily at 02:00', 'Europe/Berlin', '2026-03-28 12:00Z', 2), '{03-29 01:00:00,03-30 00:00:00}',
    'so does the first such time');
SELECT is(pg_temp.runs('daily at 03:00', 'Europe/Berlin', '2026-03-28 12:00Z', 2), '{03-29 01:00:00,03-30 01:00:00}',
    'and the one after is itself');
SELECT is(pg_temp.runs('daily at 02:30', 'Europe/Berlin', '2026-10-24 12:00Z', 2), '{10-25 00:30:00,10-26 01:30:00}',
    'a time that comes twice runs at the first, once');
SELECT is(pg_temp.runs('daily at 02:30', 'Europe/Berlin', '2026-10-25 01:00Z', 1), '{10-26 01:30:00}',
    'also when asked between the two');
SELECT is(pg_temp.runs('daily at 03:00', 'Europe/Berlin', '2026-10-24 12:00Z', 1), '{10-25 02:00:00}',
    'the hour behind them is where it is');
SELECT is(pg_temp.runs('hourly', 'Europe/Berlin', '2026-03-28 23:30Z', 3),
    '{03-29 00:00:00,03-29 01:00:00,03-29 02:00:00}', 'hourly misses no hour in spring');
SELECT is(pg_temp.runs('hourly', 'Europe/Berlin', '2026-10-24 23:30Z', 4),
    '{10-25 00:00:00,10-25 01:00:00,10-25 02:00:00,10-25 03:00:00}', 'and none in autumn');
SELECT is(pg_temp.runs('weekly on sunday at 02:30', 'Europe/Berlin', '2026-03-22 12:00Z', 2),
    '{03-29 01:00:00,04-05 00:30:00}', 'weekly is not left out by a jump');
-- New York: 2026-03-08 02:00 to 03:00, 2026-11-01 02:00 to 01:00.
SELECT is(pg_temp.runs('daily at 02:15', 'America/New_York', '2026-03-08 00:00Z', 2), '{03-08 07:00:00,03-09 06:15:00}',
    'west of Greenwich alike');
SELECT is(pg_temp.runs('daily at 01:15', 'America/New_York', '2026-10-31 12:00Z', 2), '{11-01 05:15:00,11-02 06:15:00}',
    'in both directions');
-- Lord Howe changes by half an hour: 2026-04-05 02:00 (+11) to 01:30 (+10:30), 2026-10-04 02:00 to 02:30.
SELECT is(pg_temp.runs('daily at 02:15', 'Australia/Lord_Howe', '2026-10-03 00:00Z', 2),
    '{10-03 15:30:00,10-04 15:15:00}', 'a jump of half an hour');
SELECT is(pg_temp.runs('daily at 01:45', 'Australia/Lord_Howe', '2026-04-04 12:00Z', 2),
    '{04-04 14:45:00,04-05 15:15:00}', 'back by half an hour');
SELECT is(pg_temp.runs('hourly', 'Australia/Lord_Howe', '2026-10-03 14:40Z', 3),
    '{10-03 15:30:00,10-03 16:00:00,10-03 17:00:00}', 'hourly there in spring');
SELECT is(pg_temp.runs('hourly', 'Australia/Lord_Howe', '2026-04-04 14:10Z', 3),
    '{04-04 15:30:00,04-04 16:30:00,04-04 17:30:00}', 'and in autumn');
-- Santiago changes at midnight: 2026-09-06 00:00 to 01:00; 2026-04-05 00:00 to 23:00 of the day before.
SELECT is(pg_temp.runs('daily at 00:00', 'America/Santiago', '2026-09-05 12:00Z', 2), '{09-06 04:00:00,09-07 03:00:00}',
    'a midnight that is missing');
SELECT is(pg_temp.runs('daily at 23:30', 'America/Santiago', '2026-04-04 12:00Z', 2), '{04-05 02:30:00,04-06 03:30:00}',
    'an evening that comes twice');
SELECT is(pg_temp.runs('daily at 00:00', 'America/Santiago', '2026-04-04 12:00Z', 2), '{04-05 04:00:00,04-06 04:00:00}',
    'and its midnight, which comes once');
-- Samoa had no 2011-12-30.
SELECT is(pg_temp.runs('daily at 08:00', 'Pacific/Apia', '2011-12-29 00:00Z', 3),
    '{12-29 18:00:00,12-30 10:00:00,12-30 18:00:00}', 'a day that a zone left out');
SELECT is(pg_temp.runs('weekly on friday at 08:00', 'Pacific/Apia', '2011-12-28 00:00Z', 2),
    '{12-30 10:00:00,01-05 18:00:00}', 'is made up for at once, and the week goes on');
-- Every zone that the server has, over two years: each run comes after the one before, and no later than two days on.
SELECT is_empty($$SELECT z.name, d.day FROM pg_timezone_names AS z, generate_series('2026-01-01'::timestamptz,
    '2027-06-01', '9 days') AS d (day)
    CROSS JOIN LATERAL (SELECT o365_internal.next_run('daily at 02:30', z.name, d.day) AS run OFFSET 0) AS r
    WHERE z.name !~ '^(posix|right)/' AND length(z.name) % 7 = 0 AND (r.run > d.day AND r.run <= d.day
        + interval '25 hours') IS NOT TRUE$$, 'a daily run is never further than a day and an hour');

SELECT o365.grant_application('postgres', 'desk') \g /dev/null
-- ---- previews ----
SELECT results_eq($$SELECT p->>'summary', jsonb_array_length(p->'sections')
    FROM o365.preview_digest(ARRAY[o365.card('A'), o365.card('B'), '{"text": "c"}'], 'connector', 'desk') AS p$$,
    $$VALUES ('Contoso Helpdesk: 3 messages', 3)$$, 'an application sees what its cards become');
SELECT results_eq($$SELECT p->>'summary' FROM o365.preview_digest(ARRAY[o365.card('A')], 'workflow') AS p$$,
    $$VALUES ('A')$$, 'one alone as it is');
SELECT is_empty($$SELECT * FROM o365.preview_digest('{}', 'workflow')$$, 'none of none');
SET SESSION AUTHORIZATION keeper;
SELECT results_eq($$SELECT p->>'text'
    FROM o365.preview_digest(ARRAY['{"text": "A"}'::jsonb], 'workflow', 'desk') AS p$$,
    $$VALUES ('A')$$, 'for operators too');
SELECT throws_ok($$SELECT o365.preview_digest('{}', 'workflow', 'nope')$$, '42704', NULL,
    'of a connector that there is');
RESET SESSION AUTHORIZATION;
SELECT throws_ok($$SELECT o365.preview_digest('{}', 'mail')$$, '22023', 'dialect ''mail'' is unknown',
    'an unknown dialect is refused');
SELECT throws_ok($$SELECT o365.preview_digest(ARRAY[NULL::jsonb], 'workflow')$$, '22023',
    'cards are not at most 1,000 cards in a list', 'a card that is none too');

-- ---- a run that is missed in a pause is made up for when the pause ends ----
\ir fixtures/digests.sql
SELECT (o365_programs.worker_start('w', 'test', 'production') ->> 'worker')::integer AS w, pg_temp.connect('ann') AS ann
\gset
SELECT o365.set_schedule(:ann, 'daily'), pg_temp.send(:ann, 'A') AS card \gset
SELECT o365_programs.worker_feed(), o365.pause(:ann, until => now() + interval '1 hour') \g /dev/null
UPDATE o365_internal.outbox SET enqueued_at = now() - interval '2 days' WHERE card_id = :card;
SELECT ok(f.first_at BETWEEN now() + interval '59 minutes' AND now() + interval '1 hour'
    AND f.words ~ ', in a digest with 1 card that waits; nothing leaves before [-0-9: ]+ \(pause\)',
    'a forecast knows it') FROM o365.forecast(:ann, 3) AS f;
SELECT o365.resume(:ann) \g /dev/null
SELECT results_eq(format('SELECT e.sentence ~ ''^Its connection is due since .*: a worker takes it next'', q.reason '
                         '~ ''digest is due since'' FROM o365.queue AS q, LATERAL (SELECT x.sentence '
                         'FROM o365.explain_card(%s) AS x LIMIT 1) AS e WHERE q.subscription_id = %s', :card, :ann),
    'VALUES (true, true)', 'a digest that is due says so');
SELECT is(pg_temp.work(:w), 1, 'and leaves at once');
SELECT * FROM finish();
