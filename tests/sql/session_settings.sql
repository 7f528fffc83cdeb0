-- Applications and operators call from sessions of their own, with settings of their own: what they get is the same in
-- all of them.
\ir fixtures/setup.sql
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS dblink WITH SCHEMA public;
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann, pg_temp.connect('bob') AS bob \gset
SELECT o365.pause(:bob) \g /dev/null
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, '{"text": "one"}'), o365.send(:bob, '{"text": "two"}') \g /dev/null
RESET SESSION AUTHORIZATION;
-- What rules for cards look at: emphasis, code, HTML, references, templates, links, paths, controls, numbers, booleans
-- and dates as text.
CREATE TABLE public.told AS SELECT t.text
    FROM (VALUES (E'a\\*b\\_c \\` \\\\ d'), (E'`a\\`b` ~~c~~ | a |\n|---|'),
    ('<b>x</b> &nbsp; {{x}} ${y} $(z) [a](b.html) ![p](http://x)'),
    (E'# a\r\n> b\n\x7f\x01'), ('https://contoso.example/a?b=c d'), (E'https://contoso.example\\@evil.example/'),
    (E'C:\\temp\\new {a} \\u0041 it''s'), ('17'), ('false'),
    ('2026-01-02'), ('02/01/2026'), ('NULL'), (''), (' '), ('<at>Ann</at> null'), ('ä 漢 🎉'),
    (repeat('x\', 200))) AS t (text);
CREATE TABLE public.probe AS
    SELECT '{"@type": "MessageCard", "summary": "s"}'::jsonb
        || jsonb_build_object('title', t.text, 'text', t.text, 'themeColor', t.text, 'correlationId', t.text,
               'sections', jsonb_build_array(jsonb_build_object('facts',
               jsonb_build_array(jsonb_build_object('name', t.text, 'value', t.text)), 'markdown', t.text,
                   'activityImage', t.text)),
               'potentialAction', jsonb_build_array(jsonb_build_object('@type', 'OpenUri', 'name', t.text,
                       'targets', jsonb_build_array(jsonb_build_object('os', 'default', 'uri', t.text))),
                   jsonb_build_object('@type', 'HttpPOST', 'name', t.text, 'target', t.text, 'body', t.text))) AS card
      FROM public.told AS t
    UNION ALL
    SELECT format('{"type": "AdaptiveCard", "version": "1.4",
        "body": [{"type": "TextBlock", "text": %s, "maxLines": 12345678901.123456789, "wrap": %1$s},
                   {"type": "Input.Date", "id": "d", "value": %1$s}, {"type": "Zzz"}, {"type": "Image", "url": %1$s}],
                       "zzz": 0.1,
                   "msteams": {"entities": [{"type": "mention", "text": "<at>Ann</at>",
                       "mentioned": {"id": %1$s, "name": "Ann"}}]}}', to_json(t.text))::jsonb
      FROM public.told AS t
    UNION ALL SELECT '{"text": "right"}';
CREATE TABLE public.few AS SELECT p.card FROM public.probe AS p LIMIT 3;
GRANT SELECT ON public.told, public.probe, public.few TO shop, keeper;

-- What a hostile search_path has in front of what PostgreSQL has.
CREATE SCHEMA hostile;
CREATE FUNCTION hostile.lower(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''x''::text';
CREATE FUNCTION hostile.octet_length(text) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1000000';
CREATE FUNCTION hostile.never(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
CREATE OPERATOR hostile.~ (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.never);
GRANT USAGE ON SCHEMA hostile TO shop, keeper;

-- A call: as whom, a statement that returns one text without what differs each time, and one that says what it left in
-- the tables.
-- None of them has a literal with a backslash, which would mean something else in some sessions.
CREATE TABLE call (n integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, role text, statement text, left_behind text);
INSERT INTO call (role, statement) SELECT 'shop', s FROM unnest(ARRAY[
    $$SELECT jsonb_agg((SELECT jsonb_agg(to_jsonb(p)) FROM o365.check_card(c.card, d.d, 'desk') AS p) ORDER BY c.card,
        d.d)::text
        FROM public.probe AS c, unnest(ARRAY['connector', 'workflow']) AS d (d)$$,
    $$SELECT jsonb_agg(to_jsonb(r))::text
        FROM o365.test_cards((SELECT array_agg(c.card) FROM public.few AS c), 'desk') AS r$$,
    $$SELECT jsonb_agg(t.problems)::text FROM public.few AS c, o365.try_send(:ann, c.card) AS t$$,
    $$SELECT jsonb_agg(t.problems)::text FROM public.few AS c,
        o365.send_to_user('desk', 'ann', c.card, 'a ticket is opened') AS t$$,
    $$SELECT jsonb_agg(jsonb_build_array(o365.markdown_escape(t.text),
        o365.link(t.text, 'https://contoso.example/?a=(b)'), o365.mention('ann@contoso.example', t.text),
          o365.card(t.text, t.text, json_build_object(t.text, t.text, 'n', NULL), 'https://contoso.example',
              t.text)))::text FROM public.told AS t$$,
    $$SELECT jsonb_agg(regexp_replace(o365.begin_connect('desk', t.text, 'https://app.example.org/back',
        to_jsonb(t.text)), '[A-Za-z0-9_-]{30,}', ''))::text
        FROM public.told AS t WHERE t.text IN ('17', 'NULL', '02/01/2026')$$,
    $$SELECT jsonb_agg(to_jsonb(c))::text FROM o365.connections('ann') AS c$$,
    $$SELECT (o365.send(:ann, '{"text": 5, "zzz": []}') > 0)::text$$, $$SELECT o365.send(0, '{"text": "x"}')::text$$,
    $$SELECT o365.begin_connect('desk', 'ann', 'http://app.example.org')$$,
    $$SELECT count(*)::text FROM o365.take_action_events() AS e$$,
    $$SELECT jsonb_agg(to_jsonb(e) - '{event_id,at}'::text[] ORDER BY e.event_id)::text FROM o365.take_events() AS e$$,
    $$SELECT jsonb_agg(jsonb_build_array(f.name, f.what_it_does) ORDER BY f.name, f.what_it_does)::text
        FROM o365.functions AS f$$, $$SELECT o365.pause(:ann, until => '2001-01-01T00:00:00Z')$$,
    $$SELECT jsonb_agg(to_jsonb(m))::text FROM o365.move_connections('ann', 'bob') AS m$$,
    $$SELECT jsonb_build_array((SELECT jsonb_agg(to_jsonb(x)) FROM o365.connectors AS x),
        (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.subscription_id) FROM o365.subscriptions AS x),
          (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.subscription_id) FROM o365.queue AS x),
          (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.card_id) FROM o365.cards AS x),
          (SELECT jsonb_agg(to_jsonb(x)) FROM o365.posts AS x),
          (SELECT jsonb_agg(to_jsonb(x)) FROM o365.deliveries AS x),
          (SELECT jsonb_agg(to_jsonb(x)) FROM o365.outcomes AS x),
          (SELECT jsonb_agg(to_jsonb(x)) FROM o365.card_warnings AS x),
          (SELECT jsonb_agg(to_jsonb(x)) FROM o365.action_events AS x))::text$$]) AS s;
INSERT INTO call (role, statement, left_behind) VALUES
    ('shop', $$SELECT o365.pause(:ann, ' a  reason', '2099-01-02T03:04:05Z') || o365.resume(:bob)
        || o365.disconnect(:bob)$$,
     $$SELECT jsonb_agg(jsonb_build_array(e.kind, e.actor, e.role, e.detail, e.reason) ORDER BY e.event_id)::text
         FROM o365_internal.event AS e$$),
    ('shop', $$SELECT count(o365.send(:ann, c.card, 'a ticket is opened'))::text FROM public.probe AS c
    WHERE c.card ? 'text' AND c.card ->> 'text' IN ('right')$$,
     $$SELECT jsonb_agg(o.card::jsonb ORDER BY o.card_id)::text FROM o365_internal.outbox AS o$$),
    ('shop', $$SELECT cardinality(o365.send_many(ARRAY[:ann, :bob], ARRAY[jsonb_build_object('text', t.text), NULL],
    ARRAY['null', NULL]))::text FROM public.told AS t LIMIT 1$$, NULL),
    ('shop', $$SELECT cardinality(o365.send_many(ARRAY[:ann, :bob],
    ARRAY[jsonb_build_object('text', t.text), '{"text": "x"}'], ARRAY['null', NULL]))::text
    FROM public.told AS t LIMIT 1$$,
     $$SELECT jsonb_agg(jsonb_build_array(o.card, o.event) ORDER BY o.card_id)::text FROM o365_internal.outbox AS o$$);
INSERT INTO call (role, statement, left_behind) SELECT 'keeper', s, l FROM (VALUES
    ($$SELECT count(o365.register_connector('n' || t.n, t.text, decode('89504e470d0a1a0a0000000d49484452', 'hex'),
    left(t.text, 50), left(t.text, 500), 'https://contoso.example',
           ARRAY[t.text, 'null'], NULL, ARRAY['https://contoso.example']))::text
               FROM (SELECT t.text, row_number() OVER (ORDER BY t.text) AS n FROM public.told AS t) AS t
        WHERE t.text IN ('17', 'NULL', 'ä 漢 🎉')$$,
     $$SELECT jsonb_agg(to_jsonb(c) - '{logo,app_id,registered_at,connector_id,changed_at}'::text[]
         || jsonb_build_object('logo', encode(c.logo, 'hex')) ORDER BY c.slug)::text
         FROM o365_internal.connector AS c$$),
    ($$SELECT o365.register_connector('w', ' ', decode('00', 'hex'), 's', 'l', 'http://contoso.example',
    ARRAY['one', NULL])::text$$, NULL),
    ($$SELECT jsonb_agg(o365.allow_webhook_host('workflow', h))::text
    FROM unnest(ARRAY['*.contoso.example', 'null.example', 'A.b.example']) AS h$$,
     $$SELECT jsonb_agg(to_jsonb(h) ORDER BY h.host, h.subdomains)::text FROM o365_internal.webhook_host AS h$$),
    ($$SELECT o365.allow_webhook_host('workflow', 'https://x.example/')$$, NULL),
    ($$SELECT o365.forbid_webhook_host('*.webhook.office.com')::text$$, NULL),
    ($$SELECT o365.connect_button('desk') || o365.connect_button_documented('desk')$$, NULL),
    ($$SELECT o365.grant_application('stranger', 'desk')::text || o365.revoke_application('shop', 'desk')::text$$,
    $$SELECT jsonb_agg(to_jsonb(a) - 'granted_at')::text FROM o365_internal.application AS a$$),
    ($$SELECT o365.pause(:ann) || o365.resume(:bob) || o365.set_in_doubt_policy(:ann, 'skip') || o365.remove(:bob)$$,
     $$SELECT jsonb_agg(to_jsonb(s) - '{sealed,webhook_index,user_index,status_at,replacement}'::text[]
         ORDER BY s.subscription_id)::text FROM o365_internal.subscription AS s$$),
    ($$SELECT o365.remove_connector('desk', true)::text$$, NULL),
    ($$SELECT o365.this_is('staging')$$, $$SELECT jsonb_agg(to_jsonb(s) - 'changed_at' ORDER BY s.name)::text
    FROM o365.settings AS s$$),
    ($$SELECT jsonb_agg(to_jsonb(a))::text FROM o365.connect_attempt('1') AS a$$, NULL),
    ($$SELECT jsonb_agg(to_jsonb(h) - 'since')::text FROM o365.health() AS h
    WHERE h.code !~ '^(server|pgcrypto|isolation|statements)'$$, NULL),
    ($$SELECT jsonb_agg(to_jsonb(v))::text FROM o365.version() AS v$$, NULL)) AS x (s, l);
INSERT INTO call (role, statement, left_behind)
    SELECT 'keeper', format('SELECT o365.set(%L, %L)', s.name, v.value),
        $$SELECT jsonb_agg(to_jsonb(s) - 'changed_at' ORDER BY s.name)::text FROM o365.settings AS s$$
      FROM o365.settings AS s, (VALUES ('1'), ('0.5'), ('https://a.example'), ('x y')) AS v (value)
          WHERE s.name IN ('public_url', 'history_days');
UPDATE call SET statement = replace(replace(statement, ':ann', :'ann'), ':bob', :'bob');

CREATE FUNCTION pg_temp.answers(setting text) RETURNS TABLE (n integer, answer text) LANGUAGE plpgsql AS $$
DECLARE
    v_call call;
    v_hint text;
BEGIN
    PERFORM dblink_connect('other', format('host=%s dbname=%s user=postgres',
        current_setting('unix_socket_directories'), current_database()));
    PERFORM dblink_exec('other', setting);
    FOR v_call IN SELECT * FROM call AS c ORDER BY c.n LOOP
        n := v_call.n;
        PERFORM dblink_exec('other', 'BEGIN'), dblink_exec('other', 'SET LOCAL SESSION AUTHORIZATION ' || v_call.role);
        BEGIN
            SELECT a.a INTO answer FROM dblink('other', v_call.statement) AS a (a text);
            PERFORM dblink_exec('other', 'RESET SESSION AUTHORIZATION');
            IF v_call.left_behind IS NOT NULL THEN
                SELECT concat(answer, ' leaves ', a.a) INTO answer
                    FROM dblink('other', v_call.left_behind) AS a (a text);
            END IF;
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS v_hint = PG_EXCEPTION_HINT;
            answer := concat_ws(', ', SQLSTATE, SQLERRM, v_hint);
        END;
        PERFORM dblink_exec('other', 'ROLLBACK');
        RETURN NEXT;
    END LOOP;
    PERFORM dblink_disconnect('other');
END $$;
CREATE TEMP TABLE expected AS SELECT * FROM pg_temp.answers('SET plan_cache_mode = DEFAULT');
SELECT is_empty($$SELECT c.statement, e.answer FROM expected AS e JOIN call AS c ON c.n = e.n
                   WHERE e.answer IS NULL OR e.answer ~ '^(22P02|42601|42703|42883|XX)'$$, 'every call has an answer');
SELECT is_empty(format($$SELECT c.statement, left(a.answer, 300) AS answer,
    left(e.answer, 300) AS expected FROM pg_temp.answers(%L) AS a JOIN expected AS e ON e.n = a.n
                          JOIN call AS c ON c.n = a.n WHERE a.answer IS DISTINCT FROM e.answer$$, 'SET ' || s.setting),
                              s.setting || ': no answer is another')
  FROM unnest(ARRAY['standard_conforming_strings = off',
      'standard_conforming_strings = off; SET backslash_quote = off; SET escape_string_warning = off',
      'bytea_output = escape; SET array_nulls = off; SET extra_float_digits = -15; SET transform_null_equals = on; '
      'SET quote_all_identifiers = on',
      'IntervalStyle = sql_standard; SET DateStyle = ''SQL, DMY''; SET xmloption = document; SET xmlbinary = hex; '
      'SET row_security = off', 'lc_messages = "C"; SET lc_monetary = "C"; SET lc_numeric = "C"; SET lc_time = "C"',
      'search_path = hostile, pg_temp, pg_catalog, o365',
      -- What is off costs so much to the planner that it would compile each statement, which takes most of a minute.
      'jit = off; SET plan_cache_mode = force_generic_plan; SET enable_indexscan = off; SET enable_bitmapscan = off;'
          ' SET default_transaction_isolation = serializable',
      'jit = off; SET plan_cache_mode = force_custom_plan; SET enable_seqscan = off;'
          ' SET default_transaction_isolation = ''repeatable read''',
      'plpgsql.extra_errors = ''all''; SET plpgsql.variable_conflict = use_column'
  ]) AS s (setting);
SELECT * FROM finish();
