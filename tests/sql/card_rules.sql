-- What is said about cards: a case a rule, as a sentence; what is corrected; and which cards a digest takes.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann \gset
\ir fixtures/cards.sql
UPDATE o365_internal.connector SET target_urls = '{https://contoso.example}' WHERE slug = 'desk';
CREATE TEMP TABLE said (description text, dialect text, card jsonb, expected text);
\ir fixtures/cards_message.sql
\ir fixtures/cards_adaptive.sql
\ir fixtures/cards_field.sql
SELECT is((SELECT string_agg(p.severity || ' ' || p.path, ', ' ORDER BY p.severity, p.path)
    FROM o365.check_card(s.card, s.dialect, 'desk') AS p), s.expected, s.description)
  FROM said AS s, (SELECT set_config('session_authorization', 'keeper', true)) AS keeper;
RESET SESSION AUTHORIZATION;
-- The most common mistakes of docs/cards.md: what is written, where it is wrong, and what is said to write instead.
CREATE TEMP TABLE mistake (description text, dialect text, card jsonb, path text, hint text);
INSERT INTO mistake VALUES
    ('neither summary nor text', 'connector', pg_temp.s('{"facts": [{"name": "a", "value": "b"}]}') - 'summary'
        - 'text', 'error $.text', 'Write one of them%'),
    ('a fact whose value is an object', 'connector', pg_temp.s('{"facts": [{"name": "view", "value": {"data": []}}]}'),
        'error $.sections[0].facts[0].value', 'Write "value": "%'),
    ('a fact whose value is a number', 'connector', pg_temp.s('{"facts": [{"name": "n", "value": 17}]}'),
        'warning $.sections[0].facts[0].value', 'Write "value": "17"%'),
    ('a payload of GitHub', 'connector', '{"zen": "Half measures", "hook_id": 4, "repository": {"id": 1}}',
        'error $.text', 'Write one of them%'),
    ('a payload of Slack', 'connector', '{"text": "x", "attachments": [{"color": "good", "text": "y"}]}',
        'warning $.attachments', '%"sections": [{"title"%'),
    ('an Adaptive Card with more than a connector shows', 'connector',
        pg_temp.w('{"type": "ColumnSet", "columns": []}'), 'error $.body[1]', '%Send a MessageCard for more.'),
    ('an envelope for a connector',
        'connector', '{"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", '
                     '"content": {"type": "AdaptiveCard", "version": "1.4", "body": []}}]}',
        'error $.attachments', 'Send the card itself%'),
    ('a card that is too large', 'connector', jsonb_build_object('text', repeat('x', 25000)), 'error $',
        '%Shorten texts or send several cards.'),
    ('headers by their names', 'connector',
        pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example", '
                  '"headers": [{"Content-Type": "application/json"}]}'), 'warning $.potentialAction[0].headers[0].name',
        'Write "name": %'),
    ('an attachment without its contentType', 'workflow',
        '{"type": "message", "attachments": [{"content": {"type": "AdaptiveCard", "version": "1.4", "body": []}}]}',
        'warning $.attachments[0].contentType', 'Write "contentType": "application/vnd.microsoft.card.adaptive"%'),
    ('an envelope without attachments', 'workflow', '{"type": "message", "attachments": []}', 'error $.attachments',
        'Write "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive"%'),
    ('a target that nobody registered',
        'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://other.example"}'),
        'error $.potentialAction[0].target', '%o365.register_connector(%'),
    ('a single line break', 'connector', '{"text": "a\nb"}', 'warning $.text', 'Write two (\\n\\n)%'),
    ('HTML', 'connector', '{"text": "<strong>b</strong><br />c"}', 'warning $.text', 'Write Markdown: %'),
    ('a # before the colour', 'connector', pg_temp.m('{"themeColor": "#00FF00"}'), 'warning $.themeColor',
        'Write six hex digits without #%'),
    ('openUri with a small letter',
        'connector', pg_temp.a('{"@type": "openUri", "name": "p", "target": "https://example.org"}'),
        'warning $.potentialAction[0]."@type"', 'Write "@type": "OpenUri"%'),
    ('OpenUri with a url', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "p", "url": "https://example.org"}'),
        'warning $.potentialAction[0].url', 'Write "targets": [{%'),
    ('an ActionCard that should open a page', 'connector',
        pg_temp.a('{"@type": "ActionCard", "name": "Ack", "actions": [{"@type": "ActionCard", "name": "p", '
                  '"targets": [{"os": "default", "uri": "https://example.org"}]}]}'),
        'warning $.potentialAction[0].actions[0]', 'Only OpenUri and HttpPOST%'),
    ('an address that is not of the web', 'connector',
        pg_temp.a('{"@type": "OpenUri", "name": "p", "targets": [{"os": "default", "uri": "tel:+31123456789"}]}'),
        'warning $.potentialAction[0].targets[0].uri', '%');
SELECT ok(EXISTS (SELECT FROM o365.check_card(m.card, m.dialect, 'desk') AS p WHERE p.severity || ' ' || p.path = m.path
    AND p.hint LIKE m.hint), 'a mistake is told what to write: ' || m.description)
  FROM mistake AS m, (SELECT set_config('session_authorization', 'keeper', true)) AS keeper;
RESET SESSION AUTHORIZATION;
CREATE FUNCTION pg_temp.many(n integer) RETURNS jsonb LANGUAGE sql AS $$
    SELECT pg_temp.m('{"zzz": 1}') || jsonb_object_agg('x' || i, 'y') || '{"sections": [{"zzz": 1, "text": []}]}'
      FROM generate_series(1, n) AS i $$;
SELECT results_eq($$SELECT severity, n FROM (SELECT severity, count(*) AS n, min(position) FROM o365.check_card(
    pg_temp.many(150), 'connector') WITH ORDINALITY AS p (severity, path, problem, hint, for_dialect, position)
                    GROUP BY severity ORDER BY min) AS s$$, $$VALUES ('error', 1::bigint), ('warning', 99)$$,
    'an error behind 150 warnings is found, and comes first');
-- The tables of docs/cards.md name a case for each rule, in which it is said, and for each limit.
CREATE TEMP TABLE rule_said AS
    SELECT c.description, r.code, r.severity, r.problem, r.source, c.n
      FROM (SELECT description, dialect, card, row_number() OVER () AS n FROM (SELECT description, dialect, card
          FROM said UNION ALL SELECT description, dialect, card FROM mistake) AS a) AS c,
           LATERAL o365_internal.card_problems(c.card, c.dialect, '{https://contoso.example}') AS problems,
           jsonb_to_recordset(problems) AS p (severity text, problem text)
      JOIN o365_internal.card_rule AS r ON r.severity = p.severity
          AND p.problem LIKE replace(regexp_replace(r.problem, '%[0-9][$]s', '%', 'g'), '_', '\_');
UPDATE o365_internal.setting SET value = '' WHERE name = 'public_url';
INSERT INTO rule_said SELECT 'without public_url they are left out', r.code, r.severity, r.problem, r.source, 0
    FROM said AS s, LATERAL o365_internal.card_problems(s.card, s.dialect, NULL) AS problems,
         jsonb_to_recordset(problems) AS p (problem text), o365_internal.card_rule AS r
   WHERE s.description = 'HttpPOST and ActionCard are links to our page for Workflows'
     AND p.problem LIKE replace(regexp_replace(r.problem, '%[0-9][$]s', '%', 'g'), '_', '\_');
CREATE FUNCTION pg_temp.own_said(what text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO rule_said SELECT what, r.code, r.severity, r.problem, r.source, 0
      FROM said AS s, LATERAL o365_internal.card_problems(s.card, s.dialect, NULL) AS problems,
           jsonb_to_recordset(problems) AS p (problem text), o365_internal.card_rule AS r
     WHERE s.description = 'in an ActionCard as well'
       AND p.problem LIKE replace(regexp_replace(r.problem, '%[0-9][$]s', '%', 'g'), '_', '\_') $$;
SELECT pg_temp.own_said('without public_url o365:action stands for nothing') \g /dev/null
UPDATE o365_internal.setting SET value = 'https://localhost' WHERE name = 'public_url';
SELECT pg_temp.own_said('below a public_url of this machine o365:action is called by nobody') \g /dev/null
UPDATE o365_internal.setting SET value = 'https://app.example.org' WHERE name = 'public_url';
\set cards_md `cat "$FIXTURES/../../../docs/cards.md"`
\set cases `cat "$FIXTURES"/cards_*.sql "$FIXTURES/../card_rules.sql"`
CREATE TEMP TABLE rule_row AS SELECT m[1] AS code, m[2] AS severity, m[3] AS problem, m[4] AS source, m[5] AS test
    FROM regexp_matches(:'cards_md', '^\| ([a-z_]+) \| (error|warning) \| ([^|]+) \| ([^|]+) \| `([^`]+)` \|$',
        'gn') AS m;
SELECT set_eq('SELECT code, severity, problem, source FROM rule_row',
    'SELECT code, severity, problem, source FROM o365_internal.card_rule', 'docs/cards.md has every rule');
SELECT is_empty('SELECT code, test FROM rule_row EXCEPT SELECT code, description FROM rule_said',
    'each is said in the case that it names');
CREATE TEMP TABLE limit_case AS SELECT m[1] AS what, c[1] AS test,
    strpos(:'cases', '''' || c[1] || '''') > 0 AS is_here
    FROM regexp_matches(substring(:'cards_md' FROM '\n## Limits\n(.*?)\n## '), '^\| ([^|]+) \|.*\| ([^|]+) \|$',
        'gn') AS m, regexp_matches(m[2], '`([^`]+)`', 'g') AS c;
SELECT is_empty('SELECT what, test FROM limit_case WHERE NOT is_here', 'and each limit names cases');
SELECT ok((SELECT count(DISTINCT what) >= 17 FROM limit_case), 'of which there are 17');
SELECT is((SELECT p.hint FROM o365.check_card(pg_temp.open('https://example.org/a b'), 'connector') AS p),
    'Write "https://HOST/...", and a blank in it as %20.', 'a blank in an address is told how');
SELECT is((SELECT p.hint FROM o365.check_card(pg_temp.m('{"sumary": "x"}'), 'connector') AS p), 'Write "summary".',
    'what was meant is suggested');
SELECT is_empty($$SELECT r.code FROM o365_internal.card_rule AS r WHERE r.source !~ '[[:alnum:]]'$$,
    'every rule names its source');
SELECT is_empty($$SELECT f.kind, f.name, f.rule FROM o365_internal.card_field AS f WHERE f.rule NOT LIKE '|%|'
    AND f.rule NOT IN ('text', 'adaptive_text', 'title', 'plain', 'fact', 'color', 'image', 'link', 'target', 'uuid',
        'version', 'heading', 'filled', 'links', 'surplus', 'width', 'label', 'adaptive_fact', 'strings', 'no_effect',
        'mistaken_payload')$$, 'every field''s rule is known');
SELECT bag_eq($$WITH RECURSIVE way (path, kind) AS (
        SELECT format('$[*].%s[*]', f.name), f.child FROM o365_internal.card_field AS f WHERE f.kind LIKE 'a.element:%'
           AND f.type = 'array' AND f.child NOT LIKE 'a.action:'
        UNION SELECT format('%s.%s[*]', w.path, f.name), f.child FROM way AS w JOIN o365_internal.card_field AS f
            ON f.kind = w.kind WHERE f.type = 'array' AND f.child IS NOT NULL)
    SELECT path FROM way WHERE kind = 'a.element:'$$,
    $$SELECT m[1] FROM pg_proc AS p, regexp_matches(p.prosrc, $r$v_elements, '([^']*)'\)$r$, 'g') AS m
    WHERE p.proname = 'right_levels' AND m[1] NOT LIKE '%?%'$$,
    'the pattern of elements is held against every list of them');
SELECT is_empty($$SELECT k.kind FROM o365_internal.card_kind AS k LEFT JOIN o365_internal.card_pattern AS p
    ON p.kind = k.kind
    WHERE p.kind IS NULL AND k.rule IS NULL AND k.kind NOT IN ('a.action:Action.ShowCard', 's.card')$$,
    'every kind that can be right has a pattern');

-- What is told as corrected is corrected: the card that waits in the outbox.
CREATE TEMP TABLE corrected (description text, dialect text, card jsonb, path text[], expected jsonb);
INSERT INTO corrected VALUES
    ('F18: a ViewAction leaves as an OpenUri', 'connector',
        pg_temp.m('{"potentialAction": [{"@context": "http://schema.org", "@type": "ViewAction", "name": "View", '
                  '"target": ["https://example.org/1", "https://example.org/2"]}]}'),
        '{potentialAction,0}',
        '{"@type": "OpenUri", "name": "View", "targets": [{"os": "default", "uri": "https://example.org/1"}]}'),
    ('F18: with an address that is a text', 'connector',
        pg_temp.m('{"potentialAction": [{"@type": "ViewAction", "name": "View", "target": [17]}]}'),
        '{potentialAction,0,targets,0,uri}', '"17"'),
    ('F18: for Workflows the worker converts it', 'workflow',
        pg_temp.m('{"text": 1, "potentialAction": [{"@type": "ViewAction", "name": "View", '
                  '"target": ["https://example.org/1"]}]}'),
        '{potentialAction,0,@type}', '"ViewAction"'),
    ('F19: a number leaves as its text', 'connector', pg_temp.s('{"facts": [{"name": 1.50, "value": 17}]}'),
        '{sections,0,facts,0}', '{"name": "1.50", "value": "17"}'),
    ('F19: true leaves as its text', 'workflow',
        pg_temp.w('{"type": "FactSet", "facts": [{"title": "a", "value": true}]}'), '{body,1,facts,0,value}', '"true"'),
    ('F19: "false" leaves as false',
        'connector', pg_temp.s('{"text": "<b>a</b>", "markdown": "false", "startGroup": 0}'), '{sections,0}',
        '{"text": "<b>a</b>", "markdown": false, "startGroup": false}'),
    ('F19: a version leaves as a text', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t"}') || '{"version": 1}',
        '{version}', '"1.0"'),
    ('F19: facts of which nothing is there stay behind', 'workflow',
        pg_temp.w('{"type": "FactSet", "facts": [{}, {"title": "a"}, {"value": 5}, {"title": "", "value": null}]}'),
        '{body,1,facts}', '[{"title": "a", "value": "–"}, {"title": "–", "value": "5"}]'),
    ('F19: pictures without an address stay behind',
        'connector', pg_temp.s('{"activityTitle": "a", "activityImage": "", "heroImage": {"image": ""}, '
                               '"images": [{"image": ""}, {"image": "https://example.org/a.png"}]}'),
        '{sections,0}', '{"activityTitle": "a", "images": [{"image": "https://example.org/a.png"}]}'),
    ('F19: a type leaves as it is documented',
        'connector', pg_temp.a('{"@type": "HttpPost", "name": "p", "target": "https://contoso.example"}'),
        '{potentialAction,0,@type}', '"HttpPOST"'),
    ('F19: a # stays behind', 'connector', pg_temp.m('{"themeColor": "#000080"}'), '{themeColor}', '"000080"'),
    ('F12: what is empty stays behind', 'workflow',
        pg_temp.w('{"type": "FactSet", "facts": [{}]}, {"type": "ImageSet", "images": []}, {"type": "TextBlock", '
                  '"text": ""}, {"type": "Container", "items": [{"type": "ActionSet", "actions": []}]}'),
        '{body}', '[{"type": "TextBlock", "text": "t"}, {"type": "Container", "items": []}]'),
    ('F12: what has no list stays behind',
        'workflow', pg_temp.w('{"type": "FactSet"}, {"type": "ImageSet", "images": null}, {"type": "TextBlock"}, '
                              '{"type": "textBlock", "text": null}, {"type": "ActionSet", "actions": null}'),
        '{body}', '[{"type": "TextBlock", "text": "t"}]'),
    ('F19: a width leaves in pixels', 'workflow',
        pg_temp.w('{"type": "Image", "url": "https://example.org/a.png", "width": 50}'), '{body,1,width}', '"50px"'),
    ('F19: a type of no meaning leaves as its text',
        'workflow', pg_temp.w('{"type": "ImageSet", "images": [{"type": 1, "url": "https://example.org/a.png"}]}'),
        '{body,1,images,0,type}', '"1"'),
    ('F19: true for a type as well',
        'workflow', pg_temp.w('{"type": "ImageSet", "images": [{"type": true, "url": "https://example.org/a.png"}]}'),
        '{body,1,images,0,type}', '"true"'),
    ('F19: "1" leaves as "1.0"', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t"}') || '{"version": "1"}',
        '{version}', '"1.0"'),
    ('F19: 1.40 leaves as "1.4"', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t"}') || '{"version": 1.40}',
        '{version}', '"1.4"'),
    ('F20: a card in attachments leaves as an attachment', 'workflow',
        '{"attachments": [{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}]}',
        '{}',
        '{"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", '
        '"content": {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}}]}'),
    ('F20: of two envelopes the inner one leaves', 'workflow', pg_temp.envelope(pg_temp.envelope(
        '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}')::text), '{}',
        pg_temp.envelope('{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}')),
    ('F20: an envelope leaves as one', 'workflow',
        pg_temp.envelope('{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}')
        - 'type', '{type}', '"message"'),
    ('F20: an attachment leaves in one', 'workflow', '{"contentType": "x", "content": {"type": "AdaptiveCard", '
                                                     '"version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}}',
        '{}',
        '{"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", '
        '"content": {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}}]}'),
    ('F20: a MessageCard leaves without one', 'workflow', pg_temp.envelope(
        '{"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s", "text": "t"}'), '{}',
        '{"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s", "text": "t"}');
SELECT pg_temp.connect('bob') AS bob \gset
UPDATE o365_internal.subscription SET dialect = 'workflow' WHERE subscription_id = :bob;
CREATE FUNCTION pg_temp.left_as(dialect text, card jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE v_ids bigint[];
BEGIN
    SELECT o365.send_many(ARRAY[s.subscription_id], ARRAY[card]) || t.card_id INTO v_ids
      FROM o365_internal.subscription AS s, o365.try_send(s.subscription_id, card) AS t
     WHERE s.app_user = CASE left_as.dialect WHEN 'connector' THEN 'ann' ELSE 'bob' END;
    -- By both ways the same.
    RETURN (SELECT CASE WHEN count(*) = 2 AND count(DISTINCT o.card) = 1 THEN min(o.card)::jsonb END
        FROM o365_internal.outbox AS o WHERE o.card_id = ANY (v_ids));
END $$;
SELECT is(pg_temp.left_as(c.dialect, c.card) #> c.path, c.expected, c.description) FROM corrected AS c;
DELETE FROM o365_internal.outbox;
DELETE FROM o365_internal.card_warning;
SELECT is(o365_internal.worker_orders(1, 'production')->>'adaptive_card_version', NULL,
    'F11: a converted card has the lowest version');
SELECT o365.set('adaptive_card_version', '1.4') \g /dev/null
SELECT is(o365_internal.worker_orders(1, 'production')->>'adaptive_card_version', '1.4', 'F11: or the one that is set');
SELECT throws_ok($$SELECT o365.set('adaptive_card_version', '1.6')$$, '22023', NULL, 'F11: of those that Teams knows');
SELECT o365.set('adaptive_card_version', 'auto') \g /dev/null
-- What the field's cases are told to write.
CREATE FUNCTION pg_temp.hint(card jsonb, dialect text, path text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(p.problem || ': ' || p.hint, ' | ' ORDER BY p.problem) FROM o365.check_card(card, dialect) AS p
    WHERE p.path = $3 $$;
SELECT is(pg_temp.hint(h.card, h.dialect, h.path), h.said, h.description) FROM (VALUES
    ('F19: the hint has the value that was meant',
        pg_temp.s('{"text": "t", "markdown": "false"}'), 'connector', '$.sections[0].markdown',
        'markdown is a string where true or false is documented: Write "markdown": false. That is what is sent.'),
    ('F19: of a number too', pg_temp.s('{"facts": [{"name": "n", "value": 17}]}'),
        'connector', '$.sections[0].facts[0].value',
        'value is a number where a string is documented: Write "value": "17". That is what is sent.'),
    ('F19: a type is told as it is documented',
        pg_temp.a('{"@type": "HttpPost", "name": "p", "target": "https://contoso.example"}'),
        'connector', '$.potentialAction[0]."@type"',
        'an item of potentialAction has its type in another case: Write "@type": "HttpPOST". That is what is sent.'),
    ('F14: so is one with a blank in it', pg_temp.m('{"text": "see [the report] (https://x.example/a)"}'), 'connector',
        '$.text',
        'text has a link that is not read as one: [the report] (https://x.example/a): Write [the '
        'report](https://x.example/a); o365.link(text, url) does.'),
    ('F19: a version is told as it is sent',
        pg_temp.w('{"type": "TextBlock", "text": "t"}') || '{"version": 1}', 'workflow', '$.version',
        'version is a number where a string is documented: Write "version": "1.0". That is what is sent.'),
    ('F19: a width too', pg_temp.w('{"type": "Image", "url": "https://example.org/a.png", "width": 50}'),
        'workflow', '$.body[1].width',
        'width is a number where a string is documented: Write "width": "50px". That is what is sent.'),
    ('F14: a link is told as it works', pg_temp.m('{"text": "[A [b]](https://x.example/a_(b) c)"}'), 'connector',
        '$.text',
        'text has a link that is not read as one: [A [b]](https://x.example/a_(b) c): Write [A '
        '\[b\]](https://x.example/a_%28b%29%20c); o365.link(text, url) does.'),
    ('F23: a list is no boolean', pg_temp.s('{"text": "t", "markdown": []}'), 'connector', '$.sections[0].markdown',
        'markdown is an array, a boolean is needed: Write "markdown": true.'),
    ('F23: nor is an object', pg_temp.s('{"text": "t", "startGroup": {}}'), 'connector', '$.sections[0].startGroup',
        'startGroup is an object, a boolean is needed: Write "startGroup": true.'),
    ('F23: nor a text', pg_temp.m('{"originator": []}'), 'connector', '$.originator',
        'originator is an array, a string is needed: Write "originator": "...".'),
    ('F23: e-mail fields have a sentence', pg_temp.m('{"originator": "x"}'), 'connector', '$.originator',
        'originator has no effect here: It is for e-mail only: leave it out.'),
    ('F23: an Adaptive Card for a connector is told what it needs',
        '{"type": "AdaptiveCard", "version": "1.4", '
        '"body": [{"type": "FactSet", "facts": [{"title": "a", "value": "b"}]}]}', 'connector', '$.body',
        'the card has no text: Begin the body with a TextBlock, '
        'or write "fallbackText": "...". Microsoft answers "Summary or Text is required."'),
    ('F23: a heading of an Adaptive Card', pg_temp.w('{"type": "TextBlock", "text": "# Alerts"}'), 'workflow',
        '$.body[1].text',
        'text has Markdown that an Adaptive Card does not render: a heading: Rendered are bold, italics, '
        'links and lists. Write "size" and "weight" for a heading, an Image for a picture, a FactSet for a table.'),
    ('F23: an inline', pg_temp.w('{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "a", "zzzz": 1}]}'),
        'workflow', '$.body[1].inlines[0].zzzz',
        'zzzz is no field of an inline: It is left unread: leave it out, or see docs/cards.md for what there is.'),
    ('F20: Slack''s hint is for Slack''s attachments',
        '{"text": "x", "attachments": [{"text": "y"}]}', 'connector', '$.attachments',
        'attachments belongs to another product''s message: Slack''s attachments are sections here: '
        '"sections": [{"title": "...", "text": "...", "facts": [...]}].'),
    ('F20: a card in "card"', '{"card": {"@type": "MessageCard", "text": "t"}}', 'connector', '$.card',
        'card does nothing here: Send the card itself, what stands under "card".')
) AS h (description, card, dialect, path, said);
-- ---- digests ----
CREATE TEMP TABLE folded AS
    SELECT s.description, s.dialect, k.kind, o365_internal.make_digest(ARRAY[c.card, c.card], k.kind, s.dialect, 'Desk',
        NULL, 'https://contoso.example') AS digest
      FROM said AS s, LATERAL (SELECT o365_internal.card_problems(s.card, s.dialect, NULL) AS problems OFFSET 0) AS p,
           LATERAL (SELECT o365_internal.card_to_send(s.card, s.dialect, p.problems) AS card OFFSET 0) AS c,
           LATERAL (SELECT o365_internal.digest_kind(c.card, s.dialect) AS kind OFFSET 0) AS k
     WHERE p.problems #>> '{0,severity}' IS DISTINCT FROM 'error' AND k.kind IS NOT NULL;
SELECT cmp_ok((SELECT count(*) FROM folded)::integer, '>', 100, 'many of these cards can be folded');
SELECT is_empty($$SELECT f.description, f.dialect, p.path, p.problem, f.digest FROM folded AS f, o365.check_card(
    f.digest, f.dialect) AS p WHERE p.severity = 'error'$$, 'and a digest of each is taken where the card is');
SELECT * FROM finish();
ROLLBACK;
