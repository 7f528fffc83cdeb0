-- Functions that build cards, and that find problems before cards are sent.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann \gset
\ir fixtures/cards.sql
UPDATE o365_internal.connector SET target_urls = '{https://contoso.example}' WHERE slug = 'desk';
CREATE ROLE courier LOGIN;
GRANT o365_worker TO courier;
SET LOCAL SESSION AUTHORIZATION courier;
SELECT results_eq($$SELECT path
    FROM o365.check_card(pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://other.example"}'),
        'connector', 'desk')$$, $$VALUES ('$.potentialAction[0].target')$$, 'a worker may name any connector');
-- Without a dialect both are judged.
SELECT results_eq($$SELECT severity, path, for_dialect FROM o365.check_card('{"@type": "MessageCard",
    "@context": "https://schema.org/extensions",
        "summary": "s", "text": "t", "themeColor": "FF0000", "sumary": "x", "sections": {}}')$$,
    $$VALUES ('error', '$.sections', NULL), ('warning', '$.sumary', NULL), ('warning', '$.themeColor', 'workflow')$$,
    'what is wrong for both stands once, and what is wrong for one names it');
SELECT results_eq($$SELECT DISTINCT severity, for_dialect FROM o365.check_card(
    pg_temp.envelope('{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "a"}]}'))$$,
    $$VALUES ('error', 'connector')$$, 'an envelope is wrong for a connector only');
SELECT is_empty($$SELECT 1 FROM o365.check_card(pg_temp.m('{}'))$$, 'a right card is right for both');
SELECT results_eq($$SELECT DISTINCT for_dialect FROM o365.check_card('{"text": []}', 'workflow')$$,
    $$VALUES ('workflow')$$, 'a dialect that is named stands in each row');
SELECT throws_ok($$SELECT o365.check_card('{"text": "x"}', 'teams')$$, '22023', 'dialect ''teams'' is unknown',
    'a dialect that nobody knows is an error');
SELECT throws_ok($$SELECT o365.check_card('{"text": "x"}', 'connector', 'none')$$, '42704',
    'there is no connector ''none''', 'that there is');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT is((SELECT jsonb_array_length(t.problems) FROM o365.try_send(:ann,
    '{"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s", "text": "<b>x</b>"}') AS t
    WHERE t.card_id IS NOT NULL), 1, 'a warning does not keep a card back');
SELECT results_eq('SELECT connector, path FROM o365.card_warnings', $$VALUES ('desk', '$.text')$$,
    'and stays to be read');
SELECT throws_ok($$SELECT o365.check_card('{"text": "x"}', 'connector', 'none')$$, '42501', NULL,
    'a connector of others is none');
SELECT results_eq($$SELECT card, for_dialect, path FROM o365.test_cards(ARRAY['{"text": "x"}', '{"text": []}']::jsonb[],
    'desk', 'connector')$$, $$VALUES (2, 'connector', '$.text')$$, 'test_cards counts from 1');
SELECT throws_ok($$SELECT o365.test_cards(NULL)$$, '22023', 'there are no cards', 'and takes no nothing for right');
SELECT is(o365.markdown_escape('a*b_c [d](e) <f>'), 'a\*b_c [d\](e) &lt;f>', 'data is escaped');
SELECT is(o365.markdown_escape(e.typed), e.escaped, 'shown as typed: ' || e.typed) FROM (VALUES
    ('- item', '\- item'), ('1. one', '1\. one'), ('1.5 GB', '1.5 GB'), ('> q', '\> q'), ('---', '\---'),
    (E'a\n===', E'a\n\n\\==='), ('  + x', '  \+ x'), ('my_long_name', 'my_long_name'), ('a__b', 'a__b'),
    ('__init__', '\_\_init\_\_'), ('deploy_prod [#17]', 'deploy_prod [#17]'),
    ('a * b', 'a * b'), ('  * b', '  \* b'), ('2*3*4', '2\*3\*4'), ('# a', '\# a'), ('C:\dir', 'C:\dir'),
    ('\\srv\new', '\\\srv\\new'), ('a\', 'a\\'), ('~5 to ~6', '~5 to ~6'), ('~~x~~', '\~\~x\~\~'),
    ('x](https://evil.example)', 'x\](https://evil.example)'), ('a < b', 'a < b'), ('</b>', '&lt;/b>'),
    ('-5 C', '-5 C'), ('${a} {{b}} {c}', '$\{a} \{\{b}} {c}'), ('|--|', '\|--|'),
    ('    code', repeat(chr(160), 4) || 'code'), (E'a\nb\r\nc', E'a\n\nb\n\nc'), ('AT&amp;T', 'AT&amp;amp;T'),
    ('AT&T', 'AT&T'), (NULL, NULL)) AS e (typed, escaped);
SELECT is((SELECT concat_ws('|', c->>'title', c->>'summary', c #>> '{sections,0,facts,0,name}',
    c #>> '{sections,0,facts,0,value}') FROM o365.card(E'two\nlines', facts => json_build_object(E'a\nb',
        E'c\r\n d\n')) AS c), 'two · lines|two · lines|a · b|c · d', 'titles and facts stand in one line');
SELECT is_empty($$SELECT p.path FROM o365.check_card(o365.card('t',
    o365.markdown_escape(E'line 1\nline 2\n    code'))) AS p$$, 'escaped lines are right');
SELECT is_empty($$SELECT p.path FROM (VALUES ('connector'), ('workflow')) AS d (dialect),
    o365.check_card(o365.card('Ticket 17 <b> *hot*', 'It is **on fire**.',
    json_build_object('Status', 'open_*_x', 'Age', 5), 'https://contoso.example/17',
    image => 'https://contoso.example/a.png'), d.dialect) AS p$$, 'what o365.card makes is right in both dialects');
SELECT is((SELECT string_agg(f->>'name', ',' ORDER BY i) FROM jsonb_array_elements(o365.card('t',
    facts => json_build_object('zebra', 1, 'ape', 2)) #> '{sections,0,facts}') WITH ORDINALITY AS x (f, i)),
    'zebra,ape', 'facts keep their order');
SELECT is(o365.link(l.text, l.url), l.link, 'F14: a link of ' || coalesce(l.text, 'no text')) FROM (VALUES
    ('Report (2026)', 'https://x.example/a_(b).aspx', '[Report (2026)](https://x.example/a_%28b%29.aspx)'),
    ('A [b]', 'https://x.example/', '[A \[b\]](https://x.example/)'),
    ('a', 'https://x.example/a b', '[a](https://x.example/a%20b)'),
    (E'two\nlines *b* <i>', 'https://x.example', '[two · lines \*b\* &lt;i>](https://x.example)'),
    (NULL, 'https://x.example/a_b', '[https://x.example/a\_b](https://x.example/a_b)'),
    ('a', NULL, NULL)) AS l (text, url, link);
SELECT throws_ok($$SELECT o365.link('a', 'javascript:alert(1)')$$, '22023', 'url is no absolute address',
    'F14: a link leads to the web');
SELECT is_empty($$SELECT p.path FROM (VALUES ('connector'), ('workflow')) AS d (dialect),
    o365.check_card(o365.card('t', o365.link('A [b](c) ${d} `e` &lt;', 'https://x.example/a (b)')), d.dialect) AS p$$,
    'F14: what o365.link writes is right');
SELECT is_empty($$SELECT p.path FROM o365.mention('ann@example.org', 'Ann <at>') AS m,
    o365.check_card(jsonb_build_object('type', 'AdaptiveCard', 'version', '1.4',
    'body', jsonb_build_array(jsonb_build_object('type', 'TextBlock', 'text', m.text || ', look')),
    'msteams', jsonb_build_object('entities', jsonb_build_array(m.entity))), 'workflow') AS p$$,
    'F13: what o365.mention gives is right');
SELECT is((SELECT m.text FROM o365.mention('ann@example.org') AS m), '<at>ann@example.org</at>',
    'F13: without a name it shows who is meant');
SELECT throws_ok($$SELECT o365.mention('29:1abc', 'Ann')$$, '22023', NULL, 'F13: an id that a bot knows is none');
SELECT is((SELECT m.text FROM o365.mention(NULL) AS m), NULL, 'F13: nobody is not mentioned');
SELECT is((SELECT concat(c->>'title', '|', c #>> '{sections,0,facts,0,name}')
    FROM o365.card('deploy_prod [#17]', facts => json_build_object('a_b', 'c_d')) AS c), 'deploy_prod [#17]|a_b',
    'F22: no backslash where nothing is markup');
SELECT is_empty($$SELECT p.path FROM (VALUES ('connector'), ('workflow')) AS d (dialect), o365.check_card(o365.card(
    '[x](http://y) R&amp;D <b> ${a} __i__ a\n', '*', json_build_object('AT&amp;T *', '[y](/z) {{b}} `c` &lt;d>')),
    d.dialect) AS p$$, 'F22: nothing of what is data is told');
SELECT throws_ok($$SELECT o365.card('t', facts => '[1]')$$, '22023', 'facts is a JSON array', 'facts are an object');
SELECT is(cardinality(o365.send_many(array_agg(:ann::bigint), array_agg(o365.card('Ticket ' || i)))), 10000,
    '10,000 cards go in one statement') FROM generate_series(1, 10000) AS i;
SELECT is(o365.send_many('{}', '{}'), '{}', 'and none as well');
RESET SESSION AUTHORIZATION;
CREATE TEMP TABLE evented AS SELECT o365.send_many(ARRAY[:ann, :ann], ARRAY['{"text": "x"}', '{"text": "y"}']::jsonb[],
    '[0:1]={first,second}') AS ids;
SELECT results_eq('SELECT o.event FROM o365_internal.outbox AS o, evented AS e WHERE o.card_id = ANY (e.ids) '
                  'ORDER BY o.card_id', ARRAY['first', 'second'], 'events go by their place, whatever the subscripts');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT throws_like(format($$SELECT o365.send_many(ARRAY[%1$s, %1$s], ARRAY['{"text": "x"}',
    '{"title": "y"}']::jsonb[])$$, :ann), 'card 2 for connection % refused: %', 'an error names the card by its place');
SELECT throws_like(format($$SELECT o365.send_many(ARRAY[%s, -1], ARRAY['{"text": "x"}', '{"text": "y"}']::jsonb[])$$,
    :ann), 'card 2: there is no connection -1 that role shop may send to', 'so does a connection that is none');
SELECT throws_ok('SELECT o365.send_many(ARRAY[1], ARRAY[]::jsonb[])', '22023', NULL, 'arrays are of one length');
CREATE TEMP TABLE ticket (n integer, title text);
CREATE FUNCTION pg_temp.opened() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM o365.send(c.subscription_id, o365.card('Ticket ' || new.n, new.title,
        json_build_object('Owner', current_user))) FROM o365.connections('ann') AS c;
    RETURN NULL; END $$;
CREATE TRIGGER opened AFTER INSERT ON ticket FOR EACH ROW EXECUTE FUNCTION pg_temp.opened();
INSERT INTO ticket VALUES (17, 'It is on fire.');
SELECT is((SELECT count(*) FROM o365.cards WHERE state = 'waiting'), 10004::bigint, 'a trigger of three lines sends');
RESET SESSION AUTHORIZATION;
SELECT * FROM finish();
ROLLBACK;
