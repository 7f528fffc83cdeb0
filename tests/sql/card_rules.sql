-- What is said about cards: a case a rule, as a sentence; warnings that are kept; and what helps to build cards.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann \gset
UPDATE o365_internal.connector SET target_urls = '{https://contoso.example}' WHERE slug = 'desk';
-- A right card with something put in its place.
CREATE FUNCTION pg_temp.m(more text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT '{"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s", "text": "t"}'::jsonb || more::jsonb $$;
CREATE FUNCTION pg_temp.s(more text) RETURNS jsonb LANGUAGE sql AS $$ SELECT pg_temp.m(format('{"sections": [%s]}', more)) $$;
CREATE FUNCTION pg_temp.a(more text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT pg_temp.m(format('{"potentialAction": [%s, {"@type": "OpenUri", "name": "o", "targets": [{"os": "default", "uri": "https://example.org"}]}]}', more)) $$;
CREATE FUNCTION pg_temp.in_action_card(action text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT pg_temp.a(format('{"@type": "ActionCard", "name": "n", "actions": [%s]}', action)) $$;
-- A card, or an action of a type, with so many buttons that open a page, and one more action behind them.
CREATE FUNCTION pg_temp.behind(count integer, key text, more text, type text DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS $$
    SELECT CASE WHEN type IS NULL THEN pg_temp.m('{}') ELSE jsonb_build_object('@type', type, 'name', 'n') END || jsonb_build_object(key,
        (SELECT jsonb_agg('{"@type": "OpenUri", "name": "o", "targets": [{"os": "default", "uri": "https://example.org"}]}'::jsonb) FROM generate_series(1, count)) || more::jsonb) $$;
CREATE FUNCTION pg_temp.form(texts integer, boxes integer) RETURNS jsonb LANGUAGE sql AS $$
    SELECT pg_temp.a(jsonb_build_object('@type', 'ActionCard', 'name', 'n',
        'inputs', (SELECT jsonb_agg(jsonb_build_object('@type', 'TextInput', 'id', 't' || n)) FROM generate_series(1, texts) AS n)
                  || coalesce((SELECT jsonb_build_object('@type', 'MultichoiceInput', 'id', 'm', 'isMultiSelect', true,
                                      'choices', jsonb_agg(jsonb_build_object('display', n::text, 'value', n::text)))
                                 FROM generate_series(1, boxes) AS n HAVING count(*) > 0), '[]'),
        'actions', '[{"@type": "OpenUri", "name": "o", "targets": [{"os": "default", "uri": "https://example.org"}]}]'::jsonb)::text) $$;
CREATE FUNCTION pg_temp.open(uri text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT pg_temp.m(format('{"potentialAction": [{"@type": "OpenUri", "name": "o", "targets": [{"os": "default", "uri": "%s"}]}]}', uri)) $$;
CREATE FUNCTION pg_temp.w(element text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT format('{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}, %s]}', element)::jsonb $$;
CREATE FUNCTION pg_temp.envelope(content text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT format('{"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": %s}]}', content)::jsonb $$;
CREATE FUNCTION pg_temp.buttons(n integer) RETURNS jsonb LANGUAGE sql AS $$
    SELECT format('{"actions": [%s]}', string_agg('{"type": "Action.OpenUrl", "title": "o", "url": "https://example.org"}', ','))::jsonb FROM generate_series(1, n) $$;
CREATE FUNCTION pg_temp.nested(n integer) RETURNS jsonb LANGUAGE sql AS $$
    SELECT pg_temp.w(repeat('{"type": "Container", "items": [', n) || '{"type": "TextBlock", "text": "t"}' || repeat(']}', n)) $$;
CREATE FUNCTION pg_temp.input(fields text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT pg_temp.a(format('{"@type": "ActionCard", "name": "n", "inputs": [%s], "actions": [{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example"}]}', fields)) $$;
CREATE FUNCTION pg_temp.alternating(n integer) RETURNS jsonb LANGUAGE sql AS $$
    SELECT format('{"body": [%s]}', string_agg('{"type": "TextBlock", "text": "t"}, {"type": "FactSet", "facts": [{"title": "a", "value": "b"}]}', ','))::jsonb FROM generate_series(1, n) $$;
CREATE FUNCTION pg_temp.mentions(n integer, id text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT pg_temp.w(jsonb_build_object('type', 'TextBlock', 'wrap', true, 'text', string_agg(format('<at>Ann %s</at>', i), ' '))::text)
           || jsonb_build_object('msteams', jsonb_build_object('entities', jsonb_agg(jsonb_build_object('type', 'mention', 'text', format('<at>Ann %s</at>', i),
                  'mentioned', jsonb_build_object('id', id, 'name', 'Ann')))))
      FROM generate_series(1, n) AS i $$;
CREATE TEMP TABLE said (description text, dialect text, card jsonb, expected text);
INSERT INTO said VALUES
    ('a right card has no problem', 'connector', pg_temp.m('{}'), NULL),
    ('a missing @type is said', 'connector', pg_temp.m('{}') - '@type', 'warning $."@type"'),
    ('a missing @context is said', 'connector', pg_temp.m('{}') - '@context', 'warning $."@context"'),
    ('a missing summary is said', 'connector', pg_temp.m('{}') - 'summary', 'warning $.summary'),
    ('a foreign @type is said', 'connector', pg_temp.m('{"@type": "Card"}'), 'warning $."@type"'),
    ('a number that no double holds is refused', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t", "maxLines": 1e400}'), 'error $'),
    ('so is one in a field that nobody knows', 'connector', pg_temp.m('{"zzz": {"a": [-1e999]}}'), 'error $, warning $.zzz'),
    ('so is what is nested beyond reading', 'connector', pg_temp.m(format('{"zzz": %s%s}', repeat('[', 300), repeat(']', 300))), 'error $, warning $.zzz'),
    ('F19: a text that is a number is its text', 'connector', pg_temp.m('{"text": 5}'), 'warning $.text'),
    ('Slack''s attachments are told', 'connector', '{"text": "x", "attachments": [{"text": "y"}]}', 'warning $.attachments'),
    ('so are Slack''s blocks', 'connector', '{"text": "x", "blocks": []}', 'warning $.blocks'),
    ('a near miss is named', 'connector', pg_temp.m('{"sumary": "x"}'), 'warning $.sumary'),
    ('so is a wrong case', 'connector', pg_temp.m('{"ThemeColor": "0078D7"}'), 'warning $.ThemeColor'),
    ('a colour has no #', 'connector', pg_temp.m('{"themeColor": "#0078D7"}'), 'warning $.themeColor'),
    ('a correlationId is a UUID', 'connector', pg_temp.m('{"correlationId": "x"}'), 'warning $.correlationId'),
    ('e-mail fields do nothing', 'connector', pg_temp.m('{"originator": "x"}'), 'warning $.originator'),
    ('HTML is said', 'connector', pg_temp.m('{"text": "a <b>b</b>"}'), 'warning $.text'),
    ('so is HTML that is rare', 'connector', pg_temp.m('{"text": "<s>a</s>"}'), 'warning $.text'),
    ('and a comment', 'connector', pg_temp.m('{"text": "a <!-- b -->"}'), 'warning $.text'),
    ('where a section is HTML it is right', 'connector', pg_temp.s('{"text": "<b>a</b>", "markdown": false}'), NULL),
    ('a link in a text is absolute', 'connector', pg_temp.m('{"text": "[x](/tickets/1)"}'), 'warning $.text'),
    ('and of the web', 'connector', pg_temp.s('{"facts": [{"name": "a", "value": "[x](javascript:x)"}]}'), 'warning $.sections[0].facts[0].value'),
    ('an address of a link is right', 'connector', pg_temp.m('{"text": "[x](https://example.org/)"}'), NULL),
    ('a bare < is none', 'connector', pg_temp.m('{"text": "a < b and c > d"}'), NULL),
    ('HTML between backticks is none', 'connector', pg_temp.m('{"text": "write `<b>`"}'), NULL),
    ('a single line break is said', 'connector', pg_temp.m('{"text": "a\nb"}'), 'warning $.text'),
    ('also as the old Mac wrote it', 'connector', pg_temp.m('{"text": "a\rb"}'), 'warning $.text'),
    ('and as Teams writes lists it is right', 'connector', pg_temp.m('{"text": "a:\r- b\r- c"}'), NULL),
    ('it is said of titles', 'connector', pg_temp.m('{"title": "a\nb"}'), 'warning $.title'),
    ('and of facts', 'connector', pg_temp.s('{"facts": [{"name": "a", "value": "b\nc"}]}'), 'warning $.sections[0].facts[0].value'),
    ('two are right', 'connector', pg_temp.m('{"text": "a\n\nb"}'), NULL),
    ('so is a list', 'connector', pg_temp.m('{"text": "a:\n- b\n- c"}'), NULL),
    ('a table is said', 'connector', pg_temp.m('{"text": "|a|b|\n|---|---|\n|1|2|"}'), 'warning $.text'),
    ('titles have no links', 'connector', pg_temp.m('{"title": "[a](https://example.org)"}'), 'warning $.title'),
    ('facts have no bold', 'connector', pg_temp.s('{"facts": [{"name": "a", "value": "**b**"}]}'), 'warning $.sections[0].facts[0].value'),
    ('but links', 'connector', pg_temp.s('{"facts": [{"name": "a", "value": "[b](https://example.org)"}]}'), NULL),
    ('facts as an object are refused', 'connector', pg_temp.s('{"facts": {"a": "b"}}'), 'error $.sections[0].facts'),
    ('F19: a fact has a value', 'connector', pg_temp.s('{"facts": [{"name": "a"}]}'), 'warning $.sections[0].facts[0].value'),
    ('F19: a fact''s value is a string', 'connector', pg_temp.s('{"facts": [{"name": "a", "value": 1}]}'), 'warning $.sections[0].facts[0].value'),
    ('sections as an object are refused', 'connector', pg_temp.m('{"sections": {"text": "x"}}'), 'error $.sections'),
    ('a section is an object', 'connector', pg_temp.s('"x"'), 'error $.sections[0]'),
    ('F19: 11 sections are more than Teams shows', 'connector', pg_temp.m(format('{"sections": [%s]}', (SELECT string_agg('{"text": "x"}', ',') FROM generate_series(1, 11)))), 'warning $.sections'),
    ('10 are not', 'connector', pg_temp.m(format('{"sections": [%s]}', (SELECT string_agg('{"text": "x"}', ',') FROM generate_series(1, 10)))), NULL),
    ('6 images are more than Teams shows', 'connector', pg_temp.s(format('{"images": [%s]}', (SELECT string_agg('{"image": "https://example.org/a.png"}', ',') FROM generate_series(1, 6)))), 'warning $.sections[0].images'),
    ('F19: pictures are best https', 'connector', pg_temp.s('{"activityImage": "http://example.org/a.png"}'), 'warning $.sections[0].activityImage'),
    ('a picture inside the card is said', 'connector', pg_temp.s('{"activityImage": "data:image/png;base64,iVBORw0KGgo="}'), 'warning $.sections[0].activityImage'),
    ('one that is none is said', 'connector', pg_temp.s('{"activityImage": "data:image/png;base64,AAAA"}'), 'warning $.sections[0].activityImage'),
    ('an image is an object', 'connector', pg_temp.s('{"heroImage": "https://example.org/a.png"}'), 'error $.sections[0].heroImage'),
    ('an action is of a known type', 'connector', pg_temp.a('{"@type": "Open", "name": "x"}'), 'error $.potentialAction[0]'),
    ('and has one', 'connector', pg_temp.a('{"name": "x"}'), 'error $.potentialAction[0]'),
    ('and a name', 'connector', pg_temp.a('{"@type": "OpenUri", "targets": [{"os": "default", "uri": "https://example.org"}]}'), 'warning $.potentialAction[0].name'),
    ('OpenUri has targets, not a url', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "x", "url": "https://example.org"}'), 'warning $.potentialAction[0].targets, warning $.potentialAction[0].url'),
    ('they are not empty', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "x", "targets": []}'), 'warning $.potentialAction[0].targets'),
    ('a target has a uri', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "x", "targets": [{"os": "default"}]}'), 'warning $.potentialAction[0].targets[0].uri'),
    ('which is absolute', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "x", "targets": [{"os": "default", "uri": "/tickets/17"}]}'), 'warning $.potentialAction[0].targets[0].uri'),
    ('and best http', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "x", "targets": [{"os": "default", "uri": "mailto:a@b.c"}]}'), 'warning $.potentialAction[0].targets[0].uri'),
    ('an address has no blank', 'connector', pg_temp.open('https://example.org/search?q=a b'), 'warning $.potentialAction[0].targets[0].uri'),
    ('nor a line break at its end', 'connector', pg_temp.open('https://example.org/x\n'), 'warning $.potentialAction[0].targets[0].uri'),
    ('nor a control character', 'connector', pg_temp.open('https://example.org/x\u0007'), 'warning $.potentialAction[0].targets[0].uri, warning $.potentialAction[0].targets[0].uri'),
    ('its port is a number', 'connector', pg_temp.open('https://example.org:PORT/x'), 'warning $.potentialAction[0].targets[0].uri'),
    ('of a port', 'connector', pg_temp.open('https://example.org:99999/x'), 'warning $.potentialAction[0].targets[0].uri'),
    ('its host is filled in by nobody', 'connector', pg_temp.open('https://{{host}}/x'), 'warning $.potentialAction[0].targets[0].uri, warning $.potentialAction[0].targets[0].uri'),
    ('F15: what follows may have braces, which nobody fills in', 'connector', pg_temp.open('https://example.org:65535/{{id}}?a={{b}}#c'), 'warning $.potentialAction[0].targets[0].uri'),
    ('a host may be an address', 'connector', pg_temp.open('http://[::1]:8080/'), NULL),
    ('or a name of any alphabet', 'connector', pg_temp.open('https://münchen.example/ä'), NULL),
    ('a picture''s address has a port that is one', 'connector', pg_temp.s('{"activityImage": "https://example.org:PORT/a.png"}'), 'warning $.sections[0].activityImage'),
    ('a picture inside the card says that it is one', 'connector', pg_temp.s('{"activityImage": "data:text/plain;base64,iVBORw0KGgo="}'), 'warning $.sections[0].activityImage'),
    ('in any case', 'connector', pg_temp.s('{"activityImage": "DATA:image/png;base64,iVBORw0KGgo="}'), 'warning $.sections[0].activityImage'),
    ('a button that Workflows does not open is lost', 'workflow', pg_temp.open('mailto:a@b.c'), 'warning $.potentialAction[0], warning $.potentialAction[0].targets[0].uri'),
    ('so are the addresses of a ViewAction but one', 'workflow', pg_temp.a('{"@type": "ViewAction", "name": "v", "target": ["https://example.org", "https://example.org/2"]}'), 'warning $.potentialAction[0]'),
    ('of one nothing is', 'workflow', pg_temp.a('{"@type": "ViewAction", "name": "v", "target": ["https://example.org"]}'), NULL),
    ('a target is for all systems', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "x", "targets": [{"os": "iOS", "uri": "https://example.org"}]}'), 'warning $.potentialAction[0].targets'),
    ('os is one of four', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "x", "targets": [{"os": "linux", "uri": "https://example.org"}, {"os": "default", "uri": "https://example.org"}]}'), 'warning $.potentialAction[0].targets[0].os'),
    ('F18: a ViewAction is no action of a connector', 'connector', pg_temp.a('{"@type": "ViewAction", "name": "v", "target": ["https://example.org"]}'), 'warning $.potentialAction[0]'),
    ('each is a text', 'connector', pg_temp.a('{"@type": "ViewAction", "name": "v", "target": [[]]}'), 'error $.potentialAction[0], error $.potentialAction[0].target[0]'),
    ('and not null', 'connector', pg_temp.a('{"@type": "ViewAction", "name": "v", "target": ["https://example.org", null]}'), 'warning $.potentialAction[0], warning $.potentialAction[0].target[1]'),
    ('or is read as one', 'connector', pg_temp.a('{"@type": "ViewAction", "name": "v", "target": [17]}'), 'warning $.potentialAction[0], warning $.potentialAction[0].target[0], warning $.potentialAction[0].target[0]'),
    ('and absolute', 'connector', pg_temp.a('{"@type": "ViewAction", "name": "v", "target": ["/tickets/17"]}'), 'warning $.potentialAction[0], warning $.potentialAction[0].target[0]'),
    ('and there is one', 'connector', pg_temp.a('{"@type": "ViewAction", "name": "v", "target": []}'), 'error $.potentialAction[0], warning $.potentialAction[0].target'),
    ('5 actions are more than Teams shows', 'connector', pg_temp.m(format('{"potentialAction": [%s]}', (SELECT string_agg('{"@type": "OpenUri", "name": "o", "targets": [{"os": "default", "uri": "https://example.org"}]}', ',') FROM generate_series(1, 5)))), 'warning $.potentialAction'),
    ('actions without an OpenUri are said', 'connector', pg_temp.m('{"potentialAction": [{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example"}]}'), 'warning $.potentialAction'),
    ('HttpPOST below a registered target is right', 'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://api.contoso.example/x"}'), NULL),
    ('elsewhere it is not', 'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://evilcontoso.example/x"}'), 'error $.potentialAction[0].target'),
    ('nor in front of it', 'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example.evil.org/x"}'), 'error $.potentialAction[0].target'),
    ('it is https', 'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "http://contoso.example"}'), 'warning $.potentialAction[0].target'),
    ('o365:action stands for an address of ours, which is registered too', 'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "o365:action"}'), 'warning $.potentialAction[0].target'),
    ('in an ActionCard as well', 'connector', pg_temp.in_action_card('{"@type": "HttpPOST", "name": "p", "target": "o365:action"}'), 'warning $.potentialAction[0].actions[0].target'),
    ('written so and in no other way', 'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "o365:Action"}'), 'warning $.potentialAction[0].target'),
    ('the tenth button of a card has such an address', 'connector', pg_temp.behind(9, 'potentialAction', '{"@type": "HttpPOST", "name": "p", "target": "o365:action"}'), 'warning $.potentialAction, warning $.potentialAction[9].target'),
    ('the eleventh has none', 'connector', pg_temp.behind(10, 'potentialAction', '{"@type": "HttpPOST", "name": "p", "target": "o365:action"}'), 'error $.potentialAction[10].target, warning $.potentialAction, warning $.potentialAction[10].target'),
    ('nor that of a section', 'connector', jsonb_build_object('text', 't', 'sections', jsonb_build_array(pg_temp.behind(10, 'potentialAction', '{"@type": "HttpPOST", "name": "p", "target": "o365:action"}') - '{@type,@context,summary,text}'::text[])) || pg_temp.m('{}'),
        'error $.sections[0].potentialAction[10].target, warning $.sections[0].potentialAction, warning $.sections[0].potentialAction[10].target'),
    ('nor an ActionCard there', 'connector', pg_temp.behind(10, 'potentialAction', '{"@type": "ActionCard", "name": "n", "actions": [{"@type": "HttpPOST", "name": "p", "target": "o365:action"}]}'),
        'error $.potentialAction[10].actions[0].target, warning $.potentialAction, warning $.potentialAction[10].actions[0].target'),
    ('of an ActionCard the 98th has one', 'connector', pg_temp.a(pg_temp.behind(97, 'actions', '{"@type": "HttpPOST", "name": "p", "target": "o365:action"}', 'ActionCard')::text), 'warning $.potentialAction[0].actions[97].target'),
    ('the 99th has none', 'connector', pg_temp.a(pg_temp.behind(98, 'actions', '{"@type": "HttpPOST", "name": "p", "target": "o365:action"}', 'ActionCard')::text), 'error $.potentialAction[0].actions[98].target, warning $.potentialAction[0].actions[98].target'),
    ('nor what stands in an ActionCard in an ActionCard', 'connector', pg_temp.in_action_card('{"@type": "ActionCard", "name": "n", "actions": [{"@type": "HttpPOST", "name": "p", "target": "o365:action"}]}'),
        'error $.potentialAction[0].actions[0].actions[0].target, warning $.potentialAction[0].actions[0], warning $.potentialAction[0].actions[0].actions[0].target'),
    ('a target of the application''s own may stand anywhere', 'connector', pg_temp.behind(10, 'potentialAction', '{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example"}'), 'warning $.potentialAction'),
    ('at Workflows there is no such address', 'workflow', pg_temp.a(pg_temp.behind(98, 'actions', '{"@type": "HttpPOST", "name": "p", "target": "o365:action"}', 'ActionCard')::text), 'warning $.potentialAction[0]'),
    ('at Workflows it is a button as any', 'workflow', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "o365:action"}'), 'warning $.potentialAction[0]'),
    ('headers are objects of name and value', 'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example", "headers": [{"Content-Type": "x"}]}'),
        'warning $.potentialAction[0].headers[0]."Content-Type", warning $.potentialAction[0].headers[0].name, warning $.potentialAction[0].headers[0].value'),
    ('an ActionCard stands in no other', 'connector', pg_temp.a('{"@type": "ActionCard", "name": "n", "actions": [{"@type": "ActionCard", "name": "n", "actions": [{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example"}]}]}'), 'warning $.potentialAction[0].actions[0]'),
    ('nor an InvokeAddInCommand', 'connector', pg_temp.in_action_card('{"@type": "InvokeAddInCommand", "name": "i", "addInId": "27c3dc4d-1f2b-4d0c-9f0c-3a8f0b6a1f11", "desktopCommandId": "c"}'), 'warning $.potentialAction[0].actions[0]'),
    ('nor a ViewAction', 'connector', pg_temp.in_action_card('{"@type": "ViewAction", "name": "v", "target": ["https://example.org"]}'), 'warning $.potentialAction[0].actions[0]'),
    ('OpenUri does', 'connector', pg_temp.in_action_card('{"@type": "OpenUri", "name": "o", "targets": [{"os": "default", "uri": "https://example.org"}]}'), NULL),
    ('inputs are right', 'connector', pg_temp.input('{"@type": "TextInput", "id": "a", "title": "t", "isMultiline": true, "maxLength": 9}, {"@type": "DateInput", "id": "b", "includeTime": true}, {"@type": "MultichoiceInput", "id": "c", "choices": [{"display": "x", "value": "1"}], "value": "1", "isMultiSelect": false, "style": "expanded"}'), NULL),
    ('an input has an id', 'connector', pg_temp.input('{"@type": "TextInput"}'), 'warning $.potentialAction[0].inputs[0].id'),
    ('of its own', 'connector', pg_temp.input('{"@type": "TextInput", "id": "a"}, {"@type": "TextInput", "id": "a"}'), 'warning $.potentialAction[0]'),
    ('of a known type', 'connector', pg_temp.input('{"@type": "NumberInput", "id": "a"}'), 'error $.potentialAction[0].inputs[0]'),
    ('with choices where it needs them', 'connector', pg_temp.input('{"@type": "MultichoiceInput", "id": "a"}'), 'warning $.potentialAction[0].inputs[0].choices'),
    ('and a value out of them', 'connector', pg_temp.input('{"@type": "MultichoiceInput", "id": "a", "choices": [{"display": "x", "value": "1"}], "value": "2"}'), 'warning $.potentialAction[0].inputs[0]'),
    ('isMultiSelect is true or false', 'connector', pg_temp.input('{"@type": "MultichoiceInput", "id": "a", "choices": [{"display": "x", "value": "1"}], "isMultiSelect": "yes"}'), 'error $.potentialAction[0].inputs[0].isMultiSelect'),
    ('many small facts count more than their bytes', 'connector', pg_temp.s(format('{"facts": [%s]}', (SELECT string_agg('{"name": "a", "value": "b"}', ',') FROM generate_series(1, 820)))), 'error $'),
    ('HttpPOST and ActionCard are links to our page for Workflows', 'workflow',
        pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example"}, {"@type": "ActionCard", "name": "n", "actions": [{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example"}]}'),
        'warning $.potentialAction[0], warning $.potentialAction[1]'),
    ('commands of add-ins are lost for Workflows', 'workflow', pg_temp.a('{"@type": "InvokeAddInCommand", "name": "p", "addInId": "27c3dc4d-1f2b-4d0c-9f0c-3a8f0b6a1f11", "desktopCommandId": "d"}'),
        'warning $.potentialAction[0]'),
    ('the exact colour is lost for Workflows, groups are kept', 'workflow', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example"}') || '{"themeColor": "0078D7", "sections": [{"text": "t", "startGroup": true}]}',
        'warning $.potentialAction[0], warning $.themeColor'),
    ('a version is 1.0 to 1.5', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "x"}') || '{"version": "1.6"}', 'error $.version'),
    ('and is there', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "x"}') - 'version', 'error $.version'),
    ('an unknown element is said', 'workflow', pg_temp.w('{"type": "Caroussel"}'), 'warning $.body[1]'),
    ('Action.Submit is received by nobody', 'workflow', pg_temp.w('{"type": "ActionSet", "actions": [{"type": "Action.Submit", "title": "x"}]}'), 'warning $.body[1].actions[0]'),
    ('an input goes nowhere', 'workflow', pg_temp.w('{"type": "Input.Text", "id": "a"}'), 'warning $.body[1]'),
    ('a colour of a TextBlock is a word', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "x", "color": "FF0000"}'), 'warning $.body[1].color'),
    ('words are known in any case', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "x", "color": "Good", "size": "ExtraLarge", "weight": "bolder"}'), NULL),
    ('nested elements are judged', 'workflow', pg_temp.w('{"type": "ColumnSet", "columns": [{"type": "Column", "items": [{"type": "Image"}]}]}'), 'warning $.body[1].columns[0].items[0].url'),
    ('facts have title and value', 'workflow', pg_temp.w('{"type": "FactSet", "facts": [{"name": "a", "value": "b"}]}'), 'warning $.body[1].facts[0].name, warning $.body[1].facts[0].title'),
    ('an attachment has its contentType', 'workflow', '{"type": "message", "attachments": [{"contentType": "application/json", "content": {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}}]}', 'warning $.attachments[0].contentType'),
    ('its card has a version', 'workflow', pg_temp.envelope('{"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "t"}]}'), 'error $.attachments[0].content.version'),
    ('which is not null', 'workflow', pg_temp.envelope('{"type": "AdaptiveCard", "version": null, "body": [{"type": "TextBlock", "text": "t"}]}'), 'error $.attachments[0].content.version'),
    ('and something to show', 'workflow', pg_temp.envelope('{"type": "AdaptiveCard", "version": "1.4", "body": []}'), 'error $.attachments[0].content.body'),
    ('a null is no version there either', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "x"}') || '{"version": null}', 'error $.version'),
    ('so has one without an envelope', 'workflow', '{"type": "AdaptiveCard", "version": "1.4"}', 'error $.body'),
    ('a button is something', 'workflow', '{"type": "AdaptiveCard", "version": "1.4", "actions": [{"type": "Action.OpenUrl", "title": "o", "url": "https://example.org"}]}', NULL),
    ('inlines are texts and TextRuns', 'workflow', pg_temp.w('{"type": "RichTextBlock", "inlines": ["a", {"type": "TextRun", "text": "b", "color": "Good", "selectAction": {"type": "Action.OpenUrl", "url": "https://example.org"}}]}'), NULL),
    ('and nothing else', 'workflow', pg_temp.w('{"type": "RichTextBlock", "inlines": [5, null, {"typ": "TextRun"}]}'),
        'error $.body[1].inlines[0], error $.body[1].inlines[1], warning $.body[1].inlines[2].text, warning $.body[1].inlines[2].typ, warning $.body[1].inlines[2].type'),
    ('the action of a TextRun is judged', 'workflow', pg_temp.w('{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "b", "selectAction": {"type": "Action.Submit"}}]}'), 'warning $.body[1].inlines[0].selectAction'),
    ('and its address', 'workflow', pg_temp.w('{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "b", "selectAction": {"type": "Action.OpenUrl", "url": "/t/1"}}]}'), 'error $.body[1].inlines[0].selectAction.url'),
    ('a fallback is judged', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t", "fallback": {"type": "ActionSet", "actions": [{"type": "Action.Submit", "title": "x"}]}}'), 'warning $.body[1].fallback.actions[0]'),
    ('or is drop', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t", "fallback": "Drop"}'), NULL),
    ('and nothing else', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t", "fallback": 5}'), 'error $.body[1].fallback'),
    ('a table''s columns are objects', 'workflow', pg_temp.w('{"type": "Table", "columns": [{"width": 1}, "x", null], "rows": []}'), 'error $.body[1].columns[1], error $.body[1].columns[2]'),
    ('an ImageSet has images', 'workflow', pg_temp.w('{"type": "ImageSet", "images": [{"type": "TextBlock", "text": "t"}]}'), 'warning $.body[1].images[0].text, warning $.body[1].images[0].url'),
    ('what is toggled is named', 'workflow', pg_temp.w('{"type": "ActionSet", "actions": [{"type": "Action.ToggleVisibility", "title": "t", "targetElements": ["a", {"elementId": "b", "isVisible": true}, 5]}]}'), 'error $.body[1].actions[0].targetElements[2]'),
    ('a background is an address', 'workflow', pg_temp.w('{"type": "Container", "items": [], "backgroundImage": "http://example.org/a.png"}'), 'warning $.body[1].backgroundImage'),
    ('or an object with one', 'workflow', pg_temp.w('{"type": "Container", "items": [], "backgroundImage": {"url": "http://example.org/a.png"}}'), 'warning $.body[1].backgroundImage.url'),
    ('and no number', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t"}') || '{"backgroundImage": 5}', 'error $.backgroundImage'),
    ('each is right', 'workflow', pg_temp.w('{"type": "Container", "items": [], "backgroundImage": {"url": "https://example.org/a.png", "fillMode": "Cover"}}') || '{"backgroundImage": "https://example.org/a.png"}', NULL),
    ('a mention has its entity', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "<at>Ann</at>"}') || '{"msteams": {"entities": [{"type": "mention", "text": "<at>Bob</at>", "mentioned": {"id": "1", "name": "Bob"}}]}}', 'warning $.msteams.entities'),
    ('in an envelope too', 'workflow', pg_temp.envelope('{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "<at>Ann</at>"}]}'), 'warning $.attachments[0].content.msteams.entities'),
    ('of exactly its text', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "hi <at>Ann</at>"}') || '{"msteams": {"entities": [{"type": "mention", "text": "<at>Ann</at>", "mentioned": {"id": "1", "name": "Ann"}}]}}', NULL),
    ('an id is had once', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "a", "id": "x"}, {"type": "Container", "items": [{"type": "TextBlock", "text": "a", "id": "x"}]}'), 'warning $'),
    ('two are right', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "a", "id": "x"}, {"type": "Container", "items": [{"type": "TextBlock", "text": "a", "id": "y"}]}'), NULL),
    ('a seventh button is hidden', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t"}') || pg_temp.buttons(7), 'warning $.actions'),
    ('a sixth is not', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t"}') || pg_temp.buttons(6), NULL),
    ('for a connector a fifth is too many', 'connector', pg_temp.w('{"type": "TextBlock", "text": "t"}') || pg_temp.buttons(5), 'error $.actions'),
    ('a fourth is not', 'connector', pg_temp.w('{"type": "TextBlock", "text": "t"}') || pg_temp.buttons(4), NULL),
    ('20 elements may stand in each other', 'workflow', pg_temp.nested(18), NULL),
    ('and no more', 'workflow', pg_temp.nested(19), 'error $.body[1]' || repeat('.items[0]', 19)),
    ('a target has 2,048 characters at most', 'connector', pg_temp.a(format('{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example/%s"}', repeat('x', 2025))), 'error $.potentialAction[0].target'),
    ('and may have 2,048', 'connector', pg_temp.a(format('{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example/%s"}', repeat('x', 2024))), NULL),
    ('a card has 24,000 bytes at most', 'connector', jsonb_build_object('text', repeat('x', 23989)), 'error $'),
    ('and may have 24,000', 'connector', jsonb_build_object('text', repeat('x', 23988)), 'warning $.text'),
    ('HTML of a section is lost for Workflows', 'workflow', pg_temp.s('{"text": "t", "markdown": false}'), 'warning $.sections[0].markdown'),
    ('what is of neither kind is no card', 'connector', '{"version": "1.4", "content": "t"}', 'error $, warning $.content, warning $.version'),
    ('nor is a list', 'connector', '[1]', 'error $'),
    ('a body names inputs that there are', 'connector', pg_temp.in_action_card('{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example", "body": "{{b.value}}"}'), 'warning $.potentialAction[0]'),
    ('a form for our page has 62 fields', 'workflow', pg_temp.form(63, 0), 'warning $.potentialAction[0], warning $.potentialAction[0]'),
    ('counting each box', 'workflow', pg_temp.form(60, 3), 'warning $.potentialAction[0], warning $.potentialAction[0]'),
    ('not more', 'workflow', pg_temp.form(60, 2), 'warning $.potentialAction[0]'),
    ('elsewhere it may have more', 'connector', pg_temp.form(63, 0), NULL),
    ('a connector takes no envelope', 'connector', '{"type": "message", "attachments": []}', 'error $.attachments'),
    ('only the first TextBlock is a title there', 'connector', pg_temp.w('{"type": "TextBlock", "text": "x", "weight": "Bolder"}'), 'error $.body[1].weight'),
    ('whose size is no weight', 'connector', pg_temp.w('{"type": "TextBlock", "text": "x"}') || '{"body": [{"type": "TextBlock", "text": "t", "size": "Bolder"}]}', 'error $.body[0].size'),
    ('and whose weight is no size', 'connector', pg_temp.w('{"type": "TextBlock", "text": "x"}') || '{"body": [{"type": "TextBlock", "text": "t", "weight": "Large"}]}', 'error $.body[0].weight'),
    ('11 sections are too many of an Adaptive Card as well', 'connector', pg_temp.w('{"type": "TextBlock", "text": "x"}') || pg_temp.alternating(11), 'error $.body'),
    ('10 are not', 'connector', pg_temp.w('{"type": "TextBlock", "text": "x"}') || pg_temp.alternating(10), NULL),
    ('51 pictures are too many for 10 sections', 'connector', pg_temp.w((SELECT string_agg('{"type": "Image", "url": "https://example.org/a.png"}', ',') FROM generate_series(1, 51))), 'error $.body'),
    ('50 are not', 'connector', pg_temp.w((SELECT string_agg('{"type": "Image", "url": "https://example.org/a.png"}', ',') FROM generate_series(1, 50))), NULL),
    -- An error is only what the far end refuses or shows nothing of.
    ('a button of an Adaptive Card leads to an absolute address', 'workflow', pg_temp.w('{"type": "ActionSet", "actions": [{"type": "Action.OpenUrl", "title": "o", "url": "www.example.org"}]}'), 'error $.body[1].actions[0].url'),
    ('to one at all', 'workflow', pg_temp.w('{"type": "ActionSet", "actions": [{"type": "Action.OpenUrl", "title": "o"}, {"type": "Action.OpenUrl", "title": "o", "url": null}, {"type": "Action.OpenUrl", "title": "o", "url": ""}]}'),
        'error $.body[1].actions[0].url, error $.body[1].actions[1].url, error $.body[1].actions[2].url'),
    ('on the web', 'workflow', pg_temp.w('{"type": "ActionSet", "actions": [{"type": "Action.OpenUrl", "title": "o", "url": "https://guest@host/"}, {"type": "Action.OpenUrl", "title": "o", "url": "https://example.org/a b"}, {"type": "Action.OpenUrl", "title": "o", "url": "msteams:/l"}]}'),
        'warning $.body[1].actions[0].url, warning $.body[1].actions[1].url, warning $.body[1].actions[2].url'),
    ('a button of a MessageCard with a user in its address opens nothing', 'connector', pg_temp.open('https://guest@host/'), 'warning $.potentialAction[0].targets[0].uri'),
    ('nor does one without an address', 'connector', pg_temp.open(''), 'warning $.potentialAction[0].targets[0].uri'),
    ('nor one without https://', 'connector', pg_temp.open('www.example.org'), 'warning $.potentialAction[0].targets[0].uri'),
    ('a target says for which system it is', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "x", "targets": [{"uri": "https://example.org"}]}'), 'warning $.potentialAction[0].targets, warning $.potentialAction[0].targets[0].os'),
    ('an HttpPOST has a target', 'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p"}'), 'warning $.potentialAction[0].target'),
    ('which is registered, however it is written', 'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": " HTTPS://u@other.example/"}'), 'error $.potentialAction[0].target'),
    ('and a body that is a text', 'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example", "body": {"a": 1}}'), 'error $.potentialAction[0].body'),
    ('choices may be none', 'connector', pg_temp.input('{"@type": "MultichoiceInput", "id": "a", "choices": []}'), 'warning $.potentialAction[0].inputs[0].choices'),
    ('a ViewAction in an ActionCard leaves as an OpenUri', 'connector', pg_temp.in_action_card('{"@type": "ViewAction", "name": "v"}'), 'error $.potentialAction[0].actions[0], warning $.potentialAction[0].actions[0].target'),
    ('what an attachment holds is an Adaptive Card', 'workflow', pg_temp.envelope('{"type": "HeroCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}'), 'error $.attachments[0].content.type'),
    ('and says so', 'workflow', pg_temp.envelope('{"version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}'), 'error $.attachments[0].content.type'),
    ('a row says that it is one', 'workflow', pg_temp.w('{"type": "Table", "columns": [{"width": 1}], "rows": [{"cells": [{"type": "Cell", "items": []}]}]}'), 'warning $.body[1].rows[0].cells[0].type, warning $.body[1].rows[0].type'),
    ('a chart is shown', 'workflow', '{"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "Chart.Donut", "title": "t", "data": [{"legend": "a", "value": 1}]}]}', NULL),
    ('so is what else Teams documents', 'workflow', '{"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "Media"}, {"type": "Badge"}, {"type": "CompoundButton"}, {"type": "ProgressBar"}, {"type": "codeBlock"}]}', NULL),
    ('nothing else that is not known is', 'workflow', '{"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "Chart.Doughnut", "fallback": "drop"}]}', 'error $.body, warning $.body[0]'),
    ('nor an action among elements', 'workflow', '{"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "Action.OpenUrl", "title": "o", "url": "https://example.org"}]}', 'error $.body, warning $.body[0]'),
    -- Field cases, each with its siblings.
    ('F12: an Adaptive Card has no empty FactSet', 'workflow', pg_temp.w('{"type": "FactSet", "facts": []}'), 'warning $.body[1].facts'),
    ('F12: nor an empty ImageSet', 'workflow', pg_temp.w('{"type": "ImageSet", "images": []}'), 'warning $.body[1].images'),
    ('F12: nor an empty ColumnSet', 'workflow', pg_temp.w('{"type": "ColumnSet", "columns": []}'), 'warning $.body[1].columns'),
    ('F12: nor an empty ActionSet', 'workflow', pg_temp.w('{"type": "ActionSet", "actions": []}'), 'warning $.body[1].actions'),
    ('F12: nor an empty RichTextBlock', 'workflow', pg_temp.w('{"type": "RichTextBlock", "inlines": []}'), 'warning $.body[1].inlines'),
    ('F12: nor an empty text', 'workflow', pg_temp.w('{"type": "TextBlock", "text": ""}'), 'warning $.body[1].text'),
    ('F12: nor one without its list', 'workflow', pg_temp.w('{"type": "FactSet"}, {"type": "ImageSet", "images": null}, {"type": "ColumnSet"}, {"type": "ActionSet", "actions": null}, {"type": "RichTextBlock"}, {"type": "TextBlock"}, {"type": "textBlock", "text": null}'),
        'warning $.body[1], warning $.body[2].images, warning $.body[3], warning $.body[4].actions, warning $.body[5], warning $.body[6], warning $.body[7].text, warning $.body[7].type'),
    ('F12: a text of blanks shows nothing', 'workflow', '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": " \u00a0"}, {"type": "RichTextBlock", "inlines": [" ", {"type": "TextRun", "text": "\u200b"}]}]}', 'error $.body'),
    ('F12: nor does one of characters without width', 'workflow', '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "\u200b\ufeff"}, {"type": "FactSet", "facts": [{"title": "\u200b", "value": " "}]}]}', 'error $.body'),
    ('F12: nor does a MessageCard of them', 'connector', pg_temp.m('{"text": "\u200b", "summary": "\ufeff\u2060"}'), 'error $'),
    ('F12: wherever they stand', 'workflow', pg_temp.m('{"text": "\u200b", "summary": " ", "title": "\u200d", "sections": [{"title": "\u00ad", "text": "\u2003", "facts": [{"name": "\u200b", "value": "\ufeff"}]}]}'), 'error $'),
    ('F12: but one with a title that is seen shows it', 'connector', pg_temp.m('{"text": "\u200b", "summary": "\u200b", "title": "t"}'), NULL),
    ('F12: and one with a fact', 'workflow', pg_temp.m('{"text": "\u200b", "summary": "\u200b", "sections": [{"facts": [{"name": "a", "value": "b"}]}]}'), NULL),
    ('F12: and one with a picture', 'connector', pg_temp.m('{"text": "\u200b", "summary": "\u200b", "sections": [{"images": [{"image": "https://example.org/a.png"}]}]}'), NULL),
    ('F12: and one with a button', 'connector', pg_temp.open('https://example.org') || '{"text": "\u200b", "summary": "\u200b"}', NULL),
    ('F12: a letter of another script is seen', 'connector', pg_temp.m('{"text": "\u4e2d", "summary": "\u200b"}'), NULL),
    ('F12: an Adaptive Card for a connector has a text that is seen', 'connector', '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "\u200b"}]}', 'error $.body'),
    ('F12: its fallbackText may be it', 'connector', '{"type": "AdaptiveCard", "version": "1.4", "fallbackText": "f", "body": [{"type": "TextBlock", "text": "\u200b"}]}', NULL),
    ('the type of an action is a text', 'workflow', pg_temp.w('{"type": "ActionSet", "actions": [{"type": [], "title": "a"}]}'), 'error $.body[1].actions[0]'),
    ('so is that of an element', 'workflow', pg_temp.w('{"type": {"a": 1}, "text": "a"}'), 'error $.body[1]'),
    ('and of a fallback', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "a", "fallback": {"type": ["TextBlock"]}}'), 'error $.body[1].fallback'),
    ('and of an action of a MessageCard', 'connector', pg_temp.a('{"@type": {}, "name": "a"}'), 'error $.potentialAction[0]'),
    ('a number is read as a text that nobody knows', 'workflow', pg_temp.w('{"type": 17, "text": "a"}'), 'warning $.body[1]'),
    ('F12: nor one that is hidden', 'workflow', '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t", "isVisible": false}, {"type": "Chart.Pie", "isVisible": "False"}]}', 'error $.body'),
    ('F12: nor what holds nothing', 'workflow', '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "Container"}, {"type": "Table", "columns": [{"width": 1}], "rows": [{"type": "TableRow", "cells": [{"type": "TableCell", "items": []}]}]}, {"type": "ColumnSet", "columns": [{"type": "Column", "isVisible": false, "items": [{"type": "TextBlock", "text": "t"}]}]}]}', 'error $.body'),
    ('F12: a hidden text beside a button is something', 'workflow', '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t", "isVisible": false, "id": "t"}], "actions": [{"type": "Action.ToggleVisibility", "title": "o", "targetElements": ["t"]}]}', NULL),
    ('F12: a table with a text shows it', 'workflow', '{"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "Table", "columns": [{"width": 1}], "rows": [{"type": "TableRow", "cells": [{"type": "TableCell", "items": [{"type": "TextBlock", "text": "t"}]}]}]}]}', NULL),
    ('F12: nor a fact without a value', 'workflow', pg_temp.w('{"type": "FactSet", "facts": [{"title": "a", "value": ""}]}'), 'warning $.body[1].facts[0].value'),
    ('F12: nor one without a title', 'workflow', pg_temp.w('{"type": "FactSet", "facts": [{"title": "", "value": "b"}]}'), 'warning $.body[1].facts[0].title'),
    ('F12: what holds nothing else shows nothing', 'workflow', '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "Container", "items": [{"type": "FactSet", "facts": [{}]}]}, {"type": "TextBlock", "text": ""}]}',
        'error $.body, warning $.body[0].items[0].facts[0], warning $.body[1].text'),
    ('F12: a container with a background shows it', 'workflow', '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "Container", "items": [], "backgroundImage": "https://example.org/a.png"}]}', NULL),
    ('F25: a card whose only element is a slip shows nothing', 'workflow', '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlok", "text": "t"}]}', 'error $.body, warning $.body[0]'),
    ('F25: in an envelope too', 'workflow', pg_temp.envelope('{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "Caroussel"}]}'), 'error $.attachments[0].content.body, warning $.attachments[0].content.body[0]'),
    ('F25: with a fallback it shows that', 'workflow', '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "Caroussel", "fallback": {"type": "TextBlock", "text": "t"}}]}', 'warning $.body[0]'),
    ('F13: 21 mentions are too many', 'workflow', pg_temp.mentions(21, 'ann@example.org'), 'warning $.msteams.entities'),
    ('F13: 20 are not', 'workflow', pg_temp.mentions(20, 'ann@example.org'), NULL),
    ('F13: a mention says who is meant', 'workflow', pg_temp.mentions(1, ''), 'warning $.msteams.entities'),
    ('F13: not as only a bot knows a user', 'workflow', pg_temp.mentions(1, '29:1abc'), 'warning $.msteams.entities'),
    ('F13: nor a bot', 'workflow', pg_temp.mentions(1, '28:1abc'), 'warning $.msteams.entities'),
    ('F13: a fact may have a mention', 'workflow', pg_temp.w('{"type": "FactSet", "facts": [{"title": "Owner", "value": "<at>Ann</at>"}]}'), 'warning $.msteams.entities'),
    ('F13: a MessageCard has none', 'connector', pg_temp.m('{"text": "hi <at>Ann</at>"}'), 'warning $.text'),
    ('F13: for Workflows neither', 'workflow', pg_temp.m('{"text": "hi <at>Ann</at>"}'), 'warning $.text'),
    ('F14: an address with parentheses is not read as one', 'connector', pg_temp.m('{"text": "[Report (2026)](https://x.example/a_(b).aspx)"}'), 'warning $.text'),
    ('F14: nor a text with brackets', 'connector', pg_temp.m('{"text": "[A [b]](https://x.example/)"}'), 'warning $.text'),
    ('F14: nor an address with a blank', 'connector', pg_temp.m('{"text": "[a](https://x.example/a b)"}'), 'warning $.text'),
    ('F14: of a fact as well', 'connector', pg_temp.s('{"facts": [{"name": "a", "value": "[a](https://x.example/a b)"}]}'), 'warning $.sections[0].facts[0].value'),
    ('F14: and of a TextBlock', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "[A [b]](https://x.example/)"}'), 'warning $.body[1].text'),
    ('F14: parentheses in the text are right', 'connector', pg_temp.m('{"text": "[Report (2026)](https://x.example/a) (and [b](https://x.example/b))"}'), NULL),
    ('F14: so are escaped brackets and a title', 'connector', pg_temp.m('{"text": "[A \\[b\\]](https://x.example/ \"title\")"}'), NULL),
    ('F15: a template of a text', 'connector', pg_temp.m('{"text": "Hi ${name}"}'), 'warning $.text'),
    ('F15: of a title', 'connector', pg_temp.m('{"title": "{{ .Alerts }}"}'), 'warning $.title'),
    ('F15: of a name of a button', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "Open {{id}}", "targets": [{"os": "default", "uri": "https://example.org"}]}'), 'warning $.potentialAction[0].name'),
    ('F15: of a fact', 'workflow', pg_temp.w('{"type": "FactSet", "facts": [{"title": "a", "value": "#{count}"}]}'), 'warning $.body[1].facts[0].value'),
    ('F15: of Jinja and ERB', 'connector', pg_temp.s('{"title": "{% if a %}b", "text": "<%= a %>"}'), 'warning $.sections[0].text, warning $.sections[0].title'),
    ('F15: of a pipeline', 'connector', pg_temp.m('{"text": "Build $(Build.BuildId)"}'), 'warning $.text'),
    ('F15: a date of an Adaptive Card is none', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "at {{DATE(2026-02-28T09:30:00Z, SHORT)}}"}'), NULL),
    ('F15: what is escaped is none', 'connector', pg_temp.m(jsonb_build_object('text', o365.markdown_escape('Hi ${name}, {{x}} $(y)'))::text), NULL),
    ('F15: nor are braces', 'connector', pg_temp.m('{"text": "a {b} costs $5 (or so)"}'), NULL),
    ('F16: a title has no character references', 'connector', pg_temp.m('{"title": "R&amp;D &quot;A&quot; &#8364;"}'), 'warning $.title'),
    ('F16: nor has a fact', 'workflow', pg_temp.w('{"type": "FactSet", "facts": [{"title": "R&amp;D", "value": "&#x20AC;"}]}'), 'warning $.body[1].facts[0].title, warning $.body[1].facts[0].value'),
    ('F16: nor a button', 'workflow', pg_temp.w('{"type": "ActionSet", "actions": [{"type": "Action.OpenUrl", "title": "R&amp;D", "url": "https://example.org"}]}'), 'warning $.body[1].actions[0].title'),
    ('F16: an ampersand is right', 'connector', pg_temp.m('{"title": "R&D; a & b"}'), NULL),
    ('F17: a typed break is none', 'connector', pg_temp.m('{"text": "a\\nb"}'), 'warning $.text'),
    ('F17: in a fact neither', 'workflow', pg_temp.w('{"type": "FactSet", "facts": [{"title": "a", "value": "b\\nc"}]}'), 'warning $.body[1].facts[0].value'),
    ('F17: a path of Windows has backslashes', 'connector', pg_temp.m('{"text": "C:\\new and \\\\host\\name"}'), NULL),
    ('F17: a long TextBlock wraps', 'workflow', pg_temp.w(jsonb_build_object('type', 'TextBlock', 'text', repeat('word ', 60))::text), 'warning $.body[1]'),
    ('F17: and then it is right', 'workflow', pg_temp.w(jsonb_build_object('type', 'TextBlock', 'wrap', true, 'text', repeat('word ', 60))::text), NULL),
    ('F17: a column''s share is a number', 'workflow', pg_temp.w('{"type": "ColumnSet", "columns": [{"type": "Column", "width": "30", "items": []}, {"type": "Column", "width": "30%", "items": []}]}'),
        'warning $.body[1].columns[0].width, warning $.body[1].columns[1].width'),
    ('F17: or a word or pixels', 'workflow', pg_temp.w('{"type": "ColumnSet", "columns": [{"type": "Column", "width": 30, "items": []}, {"type": "Column", "width": "30px", "items": []}, {"type": "Column", "width": "Auto", "items": []}]}'), NULL),
    ('F17: a picture''s width has px', 'workflow', pg_temp.w('{"type": "Image", "url": "https://example.org/a.png", "width": "50"}'), 'warning $.body[1].width'),
    ('F17: 20,000 characters want paragraphs', 'connector', jsonb_build_object('text', repeat('x', 20000)), 'warning $.text'),
    ('F17: with paragraphs they are right', 'connector', jsonb_build_object('text', repeat(repeat('x', 5000) || E'\n\n', 4)), NULL),
    ('F17: strike-through is not for Workflows', 'workflow', pg_temp.m('{"text": "~~b~~"}'), 'warning $.text'),
    ('F17: nor are backticks', 'workflow', pg_temp.m('{"text": "a `b` c"}'), 'warning $.text'),
    ('F17: nor quotations', 'workflow', pg_temp.m('{"text": "> b"}'), 'warning $.text'),
    ('F17: in an Adaptive Card neither', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "~~b~~"}, {"type": "TextBlock", "text": "a `b`"}, {"type": "TextBlock", "text": "> b"}, {"type": "TextBlock", "text": "# b"}'),
        'warning $.body[1].text, warning $.body[2].text, warning $.body[3].text, warning $.body[4].text'),
    ('F17: for a connector all are right', 'connector', pg_temp.m('{"text": "~~b~~ `c`\n\n> d"}'), NULL),
    ('F19: true and false may be texts', 'connector', pg_temp.input('{"@type": "MultichoiceInput", "id": "l", "isMultiSelect": "false", "choices": [{"display": "x", "value": "1"}]}'), 'warning $.potentialAction[0].inputs[0].isMultiSelect'),
    ('F19: of an Adaptive Card too', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t", "wrap": "true", "isSubtle": "False"}'), 'warning $.body[1].isSubtle, warning $.body[1].wrap'),
    ('F19: or numbers', 'connector', pg_temp.s('{"text": "t", "startGroup": 1}'), 'warning $.sections[0].startGroup'),
    ('F19: no other text is', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t", "wrap": "yes"}'), 'error $.body[1].wrap'),
    ('F19: markdown "false" is false', 'connector', pg_temp.s('{"text": "<b>a</b>", "markdown": "false"}'), 'warning $.sections[0].markdown'),
    ('F19: hideOriginalBody "true" is taken', 'connector', pg_temp.m('{"hideOriginalBody": "true"}'), 'warning $.hideOriginalBody'),
    ('F19: a fact may be without a value', 'connector', pg_temp.s('{"facts": [{"name": "7.x", "value": null}]}'), 'warning $.sections[0].facts[0].value'),
    ('F19: or be nothing', 'connector', pg_temp.s('{"facts": [{}, {"name": null}]}'), 'warning $.sections[0].facts[0], warning $.sections[0].facts[1]'),
    ('F19: a picture may have no address', 'connector', pg_temp.s('{"activityImage": "", "images": [{"image": ""}, {}], "heroImage": {"title": "t"}}'),
        'warning $.sections[0].activityImage, warning $.sections[0].heroImage.image, warning $.sections[0].images[0].image, warning $.sections[0].images[1].image'),
    ('F19: nor a background', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t"}') || '{"backgroundImage": {"url": ""}}', 'warning $.backgroundImage.url'),
    ('F19: an address that is none is one of no picture', 'connector', pg_temp.s('{"activityImage": "ann.png"}'), 'warning $.sections[0].activityImage'),
    ('F19: for Workflows it is left out', 'workflow', pg_temp.s('{"activityImage": "ann.png"}'), 'warning $.sections[0].activityImage'),
    ('F19: a section shows 5 actions', 'connector', pg_temp.s(format('{"potentialAction": [%s]}', (SELECT string_agg('{"@type": "OpenUri", "name": "o", "targets": [{"os": "default", "uri": "https://example.org"}]}', ',') FROM generate_series(1, 5)))), NULL),
    ('F19: not 6', 'connector', pg_temp.s(format('{"potentialAction": [%s]}', (SELECT string_agg('{"@type": "OpenUri", "name": "o", "targets": [{"os": "default", "uri": "https://example.org"}]}', ',') FROM generate_series(1, 6)))), 'warning $.sections[0].potentialAction'),
    ('F19: a conversion shows all sections', 'workflow', pg_temp.m(format('{"sections": [%s]}', (SELECT string_agg('{"text": "x"}', ',') FROM generate_series(1, 11)))), NULL),
    ('F19: a type may be written in another case', 'connector', pg_temp.a('{"@type": "HttpPost", "name": "p", "target": "https://contoso.example"}'), 'warning $.potentialAction[0]."@type"'),
    ('F19: so may a word', 'connector', pg_temp.a('{"@type": "openuri", "name": "p", "targets": [{"os": "Default", "uri": "https://example.org"}]}'), 'warning $.potentialAction[0]."@type", warning $.potentialAction[0].targets[0].os'),
    ('F19: and a type of an Adaptive Card', 'workflow', pg_temp.w('{"type": "textBlock", "text": "t"}, {"type": "ActionSet", "actions": [{"type": "Action.OpenURL", "title": "o", "url": "https://example.org"}]}'),
        'warning $.body[1].type, warning $.body[2].actions[0].type'),
    ('F19: an action with a fallback may be unknown', 'workflow', pg_temp.w('{"type": "ActionSet", "actions": [{"type": "Action.Foo", "fallback": {"type": "Action.OpenUrl", "title": "o", "url": "https://example.org"}}]}'), 'warning $.body[1].actions[0]'),
    ('F19: a version may be a number', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t"}') || '{"version": 1.4}', 'warning $.version'),
    ('F19: for a connector too', 'connector', pg_temp.w('{"type": "FactSet", "facts": [{"title": "a", "value": 5}]}') || '{"version": 1}', 'warning $.body[1].facts[0].value, warning $.version'),
    ('F19: but one that there is', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t"}') || '{"version": 2}', 'error $.version'),
    ('F19: a number may be a text', 'connector', pg_temp.input('{"@type": "TextInput", "id": "a", "maxLength": "200"}'), 'warning $.potentialAction[0].inputs[0].maxLength'),
    ('F19: an object is none', 'connector', pg_temp.m('{"text": {"a": 1}}'), 'error $.text'),
    ('F20: an envelope may be without its type', 'workflow', pg_temp.envelope('{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}') - 'type', 'warning $.type'),
    ('F20: or have another', 'workflow', pg_temp.envelope('{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}') || '{"type": "AdaptiveCard"}', 'warning $.type'),
    ('F20: or in another case', 'workflow', pg_temp.envelope('{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}') || '{"type": "Message"}', 'warning $.type'),
    ('F20: an attachment may stand by itself', 'workflow', '{"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}}', 'warning $'),
    ('F20: a MessageCard may stand in an envelope', 'workflow', pg_temp.envelope('{"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s", "text": "t", "sections": [{"facts": [{"name": "a", "value": 1}]}]}'),
        'warning $.attachments[0].content, warning $.attachments[0].content.sections[0].facts[0].value'),
    ('F20: for a connector too', 'connector', pg_temp.envelope('{"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s", "text": "t"}'), 'warning $.attachments[0].content'),
    ('F20: a card of another kind is told once', 'workflow', '{"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.hero", "content": {"title": "t", "buttons": []}}]}', 'error $.attachments[0].contentType'),
    ('F20: an attachment has the contentType of an Adaptive Card', 'workflow', '{"type": "message", "attachments": [{"contentType": "application/json", "content": {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}}]}', 'warning $.attachments[0].contentType'),
    ('F19: a version has a minor number', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t"}') || '{"version": "1"}', 'warning $.version'),
    ('F19: of one digit', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t"}') || '{"version": 1.40}', 'warning $.version'),
    ('F19: a picture''s width may be a number', 'workflow', pg_temp.w('{"type": "Image", "url": "https://example.org/a.png", "width": 50}'), 'warning $.body[1].width'),
    ('F20: a card may stand in attachments itself', 'workflow', '{"type": "message", "attachments": [{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t", "zzz": 1}]}, {"type": "adaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}]}',
        'warning $.attachments[0], warning $.attachments[0].body[0].zzz, warning $.attachments[1], warning $.attachments[1].type'),
    ('F20: without a type of the envelope too', 'workflow', '{"attachments": [{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}]}', 'warning $.attachments[0], warning $.type'),
    ('F20: so may a MessageCard', 'connector', pg_temp.m('{}') || jsonb_build_object('attachments', jsonb_build_array(pg_temp.m('{"text": 5}'))), 'warning $.attachments[0], warning $.attachments[0].text'),
    ('F20: an envelope may stand in another', 'workflow', pg_temp.envelope(pg_temp.envelope('{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t", "zzz": 1}]}')::text),
        'warning $.attachments[0].content, warning $.attachments[0].content.attachments[0].content.body[0].zzz'),
    ('F20: but no third', 'workflow', pg_temp.envelope(pg_temp.envelope(pg_temp.envelope('{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}')::text)::text),
        'error $.attachments[0].content.type, warning $.attachments[0].content.attachments'),
    ('one that is as deep as it is large is refused as well', 'workflow', format('%s%s', repeat('{"type": "message", "attachments": [{"content": ', 400), '{}' || repeat('}]}', 400))::jsonb,
        'error $, error $.attachments[0].content.type, warning $.attachments[0].content.attachments, warning $.attachments[0].contentType'),
    ('so are elements', 'workflow', pg_temp.nested(390), 'error $, error $.body[1]' || repeat('.items[0]', 19)),
    ('and sections', 'connector', pg_temp.m(format('{"attachments": %s%s}', repeat('[{"@type": "MessageCard", "attachments": ', 400), '[]' || repeat('}]', 400))), 'error $, warning $.attachments'),
    ('F13: a mention is written <at>', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "<at id=\"0\">Ann</at>"}'), 'warning $.msteams.entities'),
    ('F13: in small letters', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "<AT>Ann</AT>"}'), 'warning $.msteams.entities'),
    ('F13: a MessageCard has none, however it is written', 'connector', pg_temp.m('{"text": "hi <at id=\"0\">Ann</at>", "title": "<At>Ann</aT>"}'), 'warning $.text, warning $.title'),
    ('F13: an id is a text', 'workflow', pg_temp.mentions(1, '') || '{"msteams": {"entities": [{"type": "mention", "text": "<at>Ann 1</at>", "mentioned": {"id": 17, "name": "Ann"}}]}}', 'warning $.msteams.entities'),
    ('F13: not as the chat service knows a user', 'workflow', pg_temp.mentions(1, '8:orgid:27c3dc4d-1f2b-4d0c-9f0c-3a8f0b6a1f11'), 'warning $.msteams.entities'),
    ('F14: an address of a link begins with https://', 'connector', pg_temp.m('{"text": "[a](x.example)", "sections": [{"text": "[a](host.example/b)"}]}'), 'warning $.sections[0].text, warning $.text'),
    ('F14: in an Adaptive Card too', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "[a](https.example)"}, {"type": "FactSet", "facts": [{"title": "a", "value": "[a](htt://x)"}]}'), 'warning $.body[1].text, warning $.body[2].facts[0].value'),
    ('F14: a link to write or call is one', 'connector', pg_temp.m('{"text": "[a](mailto:a@b.example) [b](tel:+31123456789)"}'), NULL),
    ('F14: a link has no blank in it', 'connector', pg_temp.m('{"text": "see [the report] (https://x.example/a)"}'), 'warning $.text'),
    ('F16: an address has no character references', 'connector', pg_temp.open('https://example.org/?a=1&amp;b=2'), 'warning $.potentialAction[0].targets[0].uri'),
    ('F16: nor has one of an Adaptive Card', 'workflow', pg_temp.w('{"type": "Image", "url": "https://example.org/?a=1&#38;b=2"}, {"type": "ActionSet", "actions": [{"type": "Action.OpenUrl", "title": "o", "url": "https://example.org/?a&AMP;b"}]}'), 'warning $.body[1].url, warning $.body[2].actions[0].url'),
    ('F16: an ampersand in one is right', 'connector', pg_temp.open('https://example.org/?a=1&b=2&c;d'), NULL),
    ('F22: what is escaped is no link of a title', 'connector', pg_temp.m(jsonb_build_object('title', o365.markdown_escape('[x](http://y)'))::text), NULL),
    ('F23: Markdown of an Adaptive Card''s fact is right', 'workflow', pg_temp.w('{"type": "FactSet", "facts": [{"title": "**a**", "value": "**$400**"}]}'), NULL),
    ('F23: msTeams.allowExpand is a field', 'workflow', pg_temp.w('{"type": "Image", "url": "https://example.org/a.png", "msTeams": {"allowExpand": true}}'), NULL),
    ('F23: so is a ColumnSet''s horizontalAlignment', 'workflow', pg_temp.w('{"type": "ColumnSet", "horizontalAlignment": "Center", "columns": [{"type": "Column", "items": []}]}'), NULL),
    ('F23: HTML becomes Markdown for Workflows', 'workflow', pg_temp.m('{"text": "<b>a</b><br>b"}'), NULL),
    ('F23: a table does not', 'workflow', pg_temp.m('{"text": "<table><tr><td>a</td></tr></table>"}'), 'warning $.text'),
    ('F23: no colour is none', 'workflow', pg_temp.m('{"themeColor": ""}'), NULL),
    ('F23: a name of a colour is no colour', 'connector', pg_temp.m('{"themeColor": "red"}'), 'warning $.themeColor'),
    ('F23: an Adaptive Card for a connector has a text', 'connector', '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "FactSet", "facts": [{"title": "a", "value": "b"}]}]}', 'error $.body'),
    ('F23: actions stand beside body', 'workflow', '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}, {"actions": []}, {"type": "Action.OpenUrl", "title": "o", "url": "https://example.org"}]}', 'error $.body[1], warning $.body[2]'),
    ('F24: a control character is said', 'connector', pg_temp.m(jsonb_build_object('text', E'a\u0007', 'title', E'b\u007f')::text), 'warning $.text, warning $.title'),
    ('F24: wherever it is', 'workflow', pg_temp.w(jsonb_build_object('type', 'FactSet', 'facts', jsonb_build_array(jsonb_build_object('title', 'a', 'value', E'\b')))::text), 'warning $.body[1].facts[0].value'),
    ('F24: a tab and a break are none', 'connector', pg_temp.m(jsonb_build_object('text', E'a\tb\n\nc')::text), NULL),
    ('F26: 300 facts are right', 'workflow', pg_temp.s(format('{"facts": [%s]}', (SELECT string_agg('{"name": "name", "value": "value"}', ',') FROM generate_series(1, 300)))), NULL);
SELECT is((SELECT string_agg(p.severity || ' ' || p.path, ', ' ORDER BY p.severity, p.path) FROM o365.check_card(s.card, s.dialect, 'desk') AS p), s.expected, s.description)
  FROM said AS s, (SELECT set_config('session_authorization', 'keeper', true)) AS keeper;
RESET SESSION AUTHORIZATION;
-- The most common mistakes of docs/cards.md: what is written, where it is wrong, and what is said to write instead.
CREATE TEMP TABLE mistake (description text, dialect text, card jsonb, path text, hint text);
INSERT INTO mistake VALUES
    ('neither summary nor text', 'connector', pg_temp.s('{"facts": [{"name": "a", "value": "b"}]}') - 'summary' - 'text', 'error $.text', 'Write one of them%'),
    ('a fact whose value is an object', 'connector', pg_temp.s('{"facts": [{"name": "view", "value": {"data": []}}]}'), 'error $.sections[0].facts[0].value', 'Write "value": "%'),
    ('a fact whose value is a number', 'connector', pg_temp.s('{"facts": [{"name": "n", "value": 17}]}'), 'warning $.sections[0].facts[0].value', 'Write "value": "17"%'),
    ('a payload of GitHub', 'connector', '{"zen": "Half measures", "hook_id": 4, "repository": {"id": 1}}', 'error $.text', 'Write one of them%'),
    ('a payload of Slack', 'connector', '{"text": "x", "attachments": [{"color": "good", "text": "y"}]}', 'warning $.attachments', '%"sections": [{"title"%'),
    ('an Adaptive Card with more than a connector shows', 'connector', pg_temp.w('{"type": "ColumnSet", "columns": []}'), 'error $.body[1]', '%Send a MessageCard for more.'),
    ('an envelope for a connector', 'connector', '{"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard", "version": "1.4", "body": []}}]}',
        'error $.attachments', 'Send the card itself%'),
    ('a card that is too large', 'connector', jsonb_build_object('text', repeat('x', 25000)), 'error $', '%Shorten texts or send several cards.'),
    ('headers by their names', 'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example", "headers": [{"Content-Type": "application/json"}]}'), 'warning $.potentialAction[0].headers[0].name', 'Write "name": %'),
    ('an attachment without its contentType', 'workflow', '{"type": "message", "attachments": [{"content": {"type": "AdaptiveCard", "version": "1.4", "body": []}}]}',
        'warning $.attachments[0].contentType', 'Write "contentType": "application/vnd.microsoft.card.adaptive"%'),
    ('an envelope without attachments', 'workflow', '{"type": "message", "attachments": []}', 'error $.attachments', 'Write "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive"%'),
    ('a target that nobody registered', 'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://other.example"}'), 'error $.potentialAction[0].target', '%o365.register_connector(%'),
    ('a single line break', 'connector', '{"text": "a\nb"}', 'warning $.text', 'Write two (\\n\\n)%'),
    ('HTML', 'connector', '{"text": "<strong>b</strong><br />c"}', 'warning $.text', 'Write Markdown: %'),
    ('a # before the colour', 'connector', pg_temp.m('{"themeColor": "#00FF00"}'), 'warning $.themeColor', 'Write six hex digits without #%'),
    ('openUri with a small letter', 'connector', pg_temp.a('{"@type": "openUri", "name": "p", "target": "https://example.org"}'), 'warning $.potentialAction[0]."@type"', 'Write "@type": "OpenUri"%'),
    ('OpenUri with a url', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "p", "url": "https://example.org"}'), 'warning $.potentialAction[0].url', 'Write "targets": [{%'),
    ('an ActionCard that should open a page', 'connector', pg_temp.a('{"@type": "ActionCard", "name": "Ack", "actions": [{"@type": "ActionCard", "name": "p", "targets": [{"os": "default", "uri": "https://example.org"}]}]}'),
        'warning $.potentialAction[0].actions[0]', 'Only OpenUri and HttpPOST%'),
    ('an address that is not of the web', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "p", "targets": [{"os": "default", "uri": "tel:+31123456789"}]}'), 'warning $.potentialAction[0].targets[0].uri', '%');
SELECT ok(EXISTS (SELECT FROM o365.check_card(m.card, m.dialect, 'desk') AS p WHERE p.severity || ' ' || p.path = m.path AND p.hint LIKE m.hint), 'a mistake is told what to write: ' || m.description)
  FROM mistake AS m, (SELECT set_config('session_authorization', 'keeper', true)) AS keeper;
RESET SESSION AUTHORIZATION;
-- The tables of docs/cards.md name a case for each rule, in which it is said, and for each limit.
CREATE TEMP TABLE rule_said AS
    SELECT c.description, r.code, r.severity, r.problem, r.source, c.n
      FROM (SELECT description, dialect, card, row_number() OVER () AS n FROM (SELECT description, dialect, card FROM said UNION ALL SELECT description, dialect, card FROM mistake) AS a) AS c,
           LATERAL o365_internal.card_problems(c.card, c.dialect, '{https://contoso.example}') AS problems, jsonb_to_recordset(problems) AS p (severity text, problem text)
      JOIN o365_internal.card_rule AS r ON r.severity = p.severity AND p.problem LIKE replace(regexp_replace(r.problem, '%[0-9][$]s', '%', 'g'), '_', '\_');
UPDATE o365_internal.setting SET value = '' WHERE name = 'public_url';
INSERT INTO rule_said SELECT 'without public_url they are left out', r.code, r.severity, r.problem, r.source, 0
    FROM said AS s, LATERAL o365_internal.card_problems(s.card, s.dialect, NULL) AS problems, jsonb_to_recordset(problems) AS p (problem text),
         o365_internal.card_rule AS r
   WHERE s.description = 'HttpPOST and ActionCard are links to our page for Workflows' AND p.problem LIKE replace(regexp_replace(r.problem, '%[0-9][$]s', '%', 'g'), '_', '\_');
CREATE FUNCTION pg_temp.own_said(what text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO rule_said SELECT what, r.code, r.severity, r.problem, r.source, 0
      FROM said AS s, LATERAL o365_internal.card_problems(s.card, s.dialect, NULL) AS problems, jsonb_to_recordset(problems) AS p (problem text),
           o365_internal.card_rule AS r
     WHERE s.description = 'in an ActionCard as well' AND p.problem LIKE replace(regexp_replace(r.problem, '%[0-9][$]s', '%', 'g'), '_', '\_') $$;
SELECT pg_temp.own_said('without public_url o365:action stands for nothing') \g /dev/null
UPDATE o365_internal.setting SET value = 'https://localhost' WHERE name = 'public_url';
SELECT pg_temp.own_said('below a public_url of this machine o365:action is called by nobody') \g /dev/null
UPDATE o365_internal.setting SET value = 'https://app.example.org' WHERE name = 'public_url';
\set cards_md `cat "$FIXTURES/../../../docs/cards.md"`
\set this_file `cat "$FIXTURES/../card_rules.sql"`
CREATE TEMP TABLE rule_row AS SELECT m[1] AS code, m[2] AS severity, m[3] AS problem, m[4] AS source, m[5] AS test
    FROM regexp_matches(:'cards_md', '^\| ([a-z_]+) \| (error|warning) \| ([^|]+) \| ([^|]+) \| `([^`]+)` \|$', 'gn') AS m;
SELECT set_eq('SELECT code, severity, problem, source FROM rule_row', 'SELECT code, severity, problem, source FROM o365_internal.card_rule', 'docs/cards.md has every rule');
SELECT is_empty('SELECT code, test FROM rule_row EXCEPT SELECT code, description FROM rule_said', 'each is said in the case that it names');
CREATE TEMP TABLE limit_case AS SELECT m[1] AS what, c[1] AS test, strpos(:'this_file', '''' || c[1] || '''') > 0 AS is_here
    FROM regexp_matches(substring(:'cards_md' FROM '\n## Limits\n(.*?)\n## '), '^\| ([^|]+) \|.*\| ([^|]+) \|$', 'gn') AS m, regexp_matches(m[2], '`([^`]+)`', 'g') AS c;
SELECT is_empty('SELECT what, test FROM limit_case WHERE NOT is_here', 'and each limit names cases');
SELECT ok((SELECT count(DISTINCT what) >= 17 FROM limit_case), 'of which there are 17');
SELECT is((SELECT p.hint FROM o365.check_card(pg_temp.open('https://example.org/a b'), 'connector') AS p), 'Write "https://HOST/...", and a blank in it as %20.', 'a blank in an address is told how');
SELECT is((SELECT p.hint FROM o365.check_card(pg_temp.m('{"sumary": "x"}'), 'connector') AS p), 'Write "summary".', 'what was meant is suggested');
SELECT is_empty($$SELECT r.code FROM o365_internal.card_rule AS r WHERE r.source !~ '[[:alnum:]]'$$, 'every rule names its source');
SELECT is_empty($$SELECT f.kind, f.name, f.rule FROM o365_internal.card_field AS f WHERE f.rule NOT LIKE '|%|'
    AND f.rule NOT IN ('text', 'adaptive_text', 'title', 'plain', 'fact', 'color', 'image', 'link', 'target', 'uuid', 'version', 'heading', 'filled', 'links', 'surplus', 'width', 'label', 'adaptive_fact', 'strings', 'no_effect', 'mistaken_payload')$$, 'every field''s rule is known');
SELECT bag_eq($$WITH RECURSIVE way (path, kind) AS (
        SELECT format('$[*].%s[*]', f.name), f.child FROM o365_internal.card_field AS f WHERE f.kind LIKE 'a.element:%' AND f.type = 'array' AND f.child NOT LIKE 'a.action:'
        UNION SELECT format('%s.%s[*]', w.path, f.name), f.child FROM way AS w JOIN o365_internal.card_field AS f ON f.kind = w.kind WHERE f.type = 'array' AND f.child IS NOT NULL)
    SELECT path FROM way WHERE kind = 'a.element:'$$, $$SELECT m[1] FROM pg_proc AS p, regexp_matches(p.prosrc, $r$v_elements, '([^']*)'\)$r$, 'g') AS m
    WHERE p.proname = 'right_levels' AND m[1] NOT LIKE '%?%'$$, 'the pattern of elements is held against every list of them');
SELECT is_empty($$SELECT k.kind FROM o365_internal.card_kind AS k LEFT JOIN o365_internal.card_pattern AS p ON p.kind = k.kind
    WHERE p.kind IS NULL AND k.rule IS NULL AND k.kind NOT IN ('a.action:Action.ShowCard', 's.card')$$, 'every kind that can be right has a pattern');

-- What is told as corrected is corrected: the card that waits in the outbox.
CREATE TEMP TABLE corrected (description text, dialect text, card jsonb, path text[], expected jsonb);
INSERT INTO corrected VALUES
    ('F18: a ViewAction leaves as an OpenUri', 'connector', pg_temp.m('{"potentialAction": [{"@context": "http://schema.org", "@type": "ViewAction", "name": "View", "target": ["https://example.org/1", "https://example.org/2"]}]}'),
        '{potentialAction,0}', '{"@type": "OpenUri", "name": "View", "targets": [{"os": "default", "uri": "https://example.org/1"}]}'),
    ('F18: with an address that is a text', 'connector', pg_temp.m('{"potentialAction": [{"@type": "ViewAction", "name": "View", "target": [17]}]}'),
        '{potentialAction,0,targets,0,uri}', '"17"'),
    ('F18: for Workflows the worker converts it', 'workflow', pg_temp.m('{"text": 1, "potentialAction": [{"@type": "ViewAction", "name": "View", "target": ["https://example.org/1"]}]}'),
        '{potentialAction,0,@type}', '"ViewAction"'),
    ('F19: a number leaves as its text', 'connector', pg_temp.s('{"facts": [{"name": 1.50, "value": 17}]}'), '{sections,0,facts,0}', '{"name": "1.50", "value": "17"}'),
    ('F19: true leaves as its text', 'workflow', pg_temp.w('{"type": "FactSet", "facts": [{"title": "a", "value": true}]}'), '{body,1,facts,0,value}', '"true"'),
    ('F19: "false" leaves as false', 'connector', pg_temp.s('{"text": "<b>a</b>", "markdown": "false", "startGroup": 0}'), '{sections,0}', '{"text": "<b>a</b>", "markdown": false, "startGroup": false}'),
    ('F19: a version leaves as a text', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t"}') || '{"version": 1}', '{version}', '"1.0"'),
    ('F19: facts of which nothing is there stay behind', 'workflow', pg_temp.w('{"type": "FactSet", "facts": [{}, {"title": "a"}, {"value": 5}, {"title": "", "value": null}]}'),
        '{body,1,facts}', '[{"title": "a", "value": "–"}, {"title": "–", "value": "5"}]'),
    ('F19: pictures without an address stay behind', 'connector', pg_temp.s('{"activityTitle": "a", "activityImage": "", "heroImage": {"image": ""}, "images": [{"image": ""}, {"image": "https://example.org/a.png"}]}'),
        '{sections,0}', '{"activityTitle": "a", "images": [{"image": "https://example.org/a.png"}]}'),
    ('F19: a type leaves as it is documented', 'connector', pg_temp.a('{"@type": "HttpPost", "name": "p", "target": "https://contoso.example"}'), '{potentialAction,0,@type}', '"HttpPOST"'),
    ('F19: a # stays behind', 'connector', pg_temp.m('{"themeColor": "#000080"}'), '{themeColor}', '"000080"'),
    ('F12: what is empty stays behind', 'workflow', pg_temp.w('{"type": "FactSet", "facts": [{}]}, {"type": "ImageSet", "images": []}, {"type": "TextBlock", "text": ""}, {"type": "Container", "items": [{"type": "ActionSet", "actions": []}]}'),
        '{body}', '[{"type": "TextBlock", "text": "t"}, {"type": "Container", "items": []}]'),
    ('F12: what has no list stays behind', 'workflow', pg_temp.w('{"type": "FactSet"}, {"type": "ImageSet", "images": null}, {"type": "TextBlock"}, {"type": "textBlock", "text": null}, {"type": "ActionSet", "actions": null}'),
        '{body}', '[{"type": "TextBlock", "text": "t"}]'),
    ('F19: a width leaves in pixels', 'workflow', pg_temp.w('{"type": "Image", "url": "https://example.org/a.png", "width": 50}'), '{body,1,width}', '"50px"'),
    ('F19: a type of no meaning leaves as its text', 'workflow', pg_temp.w('{"type": "ImageSet", "images": [{"type": 1, "url": "https://example.org/a.png"}]}'), '{body,1,images,0,type}', '"1"'),
    ('F19: true for a type as well', 'workflow', pg_temp.w('{"type": "ImageSet", "images": [{"type": true, "url": "https://example.org/a.png"}]}'), '{body,1,images,0,type}', '"true"'),
    ('F19: "1" leaves as "1.0"', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t"}') || '{"version": "1"}', '{version}', '"1.0"'),
    ('F19: 1.40 leaves as "1.4"', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t"}') || '{"version": 1.40}', '{version}', '"1.4"'),
    ('F20: a card in attachments leaves as an attachment', 'workflow', '{"attachments": [{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}]}', '{}',
        '{"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}}]}'),
    ('F20: of two envelopes the inner one leaves', 'workflow', pg_temp.envelope(pg_temp.envelope('{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}')::text), '{}',
        pg_temp.envelope('{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}')),
    ('F20: an envelope leaves as one', 'workflow', pg_temp.envelope('{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}') - 'type', '{type}', '"message"'),
    ('F20: an attachment leaves in one', 'workflow', '{"contentType": "x", "content": {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}}', '{}',
        '{"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}}]}'),
    ('F20: a MessageCard leaves without one', 'workflow', pg_temp.envelope('{"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s", "text": "t"}'), '{}',
        '{"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s", "text": "t"}');
SELECT pg_temp.connect('bob') AS bob \gset
UPDATE o365_internal.subscription SET dialect = 'workflow' WHERE subscription_id = :bob;
CREATE FUNCTION pg_temp.left_as(dialect text, card jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE v_ids bigint[];
BEGIN
    SELECT o365.send_many(ARRAY[s.subscription_id], ARRAY[card]) || t.card_id INTO v_ids
      FROM o365_internal.subscription AS s, o365.try_send(s.subscription_id, card) AS t WHERE s.app_user = CASE left_as.dialect WHEN 'connector' THEN 'ann' ELSE 'bob' END;
    -- By both ways the same.
    RETURN (SELECT CASE WHEN count(*) = 2 AND count(DISTINCT o.card) = 1 THEN min(o.card)::jsonb END FROM o365_internal.outbox AS o WHERE o.card_id = ANY (v_ids));
END $$;
SELECT is(pg_temp.left_as(c.dialect, c.card) #> c.path, c.expected, c.description) FROM corrected AS c;
DELETE FROM o365_internal.outbox;
DELETE FROM o365_internal.card_warning;
SELECT is(o365_internal.worker_orders(1, 'production')->>'adaptive_card_version', NULL, 'F11: a converted card has the lowest version');
SELECT o365.set('adaptive_card_version', '1.4') \g /dev/null
SELECT is(o365_internal.worker_orders(1, 'production')->>'adaptive_card_version', '1.4', 'F11: or the one that is set');
SELECT throws_ok($$SELECT o365.set('adaptive_card_version', '1.6')$$, '22023', NULL, 'F11: of those that Teams knows');
SELECT o365.set('adaptive_card_version', 'auto') \g /dev/null
-- What the field's cases are told to write.
CREATE FUNCTION pg_temp.hint(card jsonb, dialect text, path text) RETURNS text LANGUAGE sql AS $$ SELECT string_agg(p.problem || ': ' || p.hint, ' | ' ORDER BY p.problem) FROM o365.check_card(card, dialect) AS p WHERE p.path = $3 $$;
SELECT is(pg_temp.hint(h.card, h.dialect, h.path), h.said, h.description) FROM (VALUES
    ('F19: the hint has the value that was meant', pg_temp.s('{"text": "t", "markdown": "false"}'), 'connector', '$.sections[0].markdown', 'markdown is a string where true or false is documented: Write "markdown": false. That is what is sent.'),
    ('F19: of a number too', pg_temp.s('{"facts": [{"name": "n", "value": 17}]}'), 'connector', '$.sections[0].facts[0].value', 'value is a number where a string is documented: Write "value": "17". That is what is sent.'),
    ('F19: a type is told as it is documented', pg_temp.a('{"@type": "HttpPost", "name": "p", "target": "https://contoso.example"}'), 'connector', '$.potentialAction[0]."@type"', 'an item of potentialAction has its type in another case: Write "@type": "HttpPOST". That is what is sent.'),
    ('F14: so is one with a blank in it', pg_temp.m('{"text": "see [the report] (https://x.example/a)"}'), 'connector', '$.text',
        'text has a link that is not read as one: [the report] (https://x.example/a): Write [the report](https://x.example/a); o365.link(text, url) does.'),
    ('F19: a version is told as it is sent', pg_temp.w('{"type": "TextBlock", "text": "t"}') || '{"version": 1}', 'workflow', '$.version', 'version is a number where a string is documented: Write "version": "1.0". That is what is sent.'),
    ('F19: a width too', pg_temp.w('{"type": "Image", "url": "https://example.org/a.png", "width": 50}'), 'workflow', '$.body[1].width', 'width is a number where a string is documented: Write "width": "50px". That is what is sent.'),
    ('F14: a link is told as it works', pg_temp.m('{"text": "[A [b]](https://x.example/a_(b) c)"}'), 'connector', '$.text',
        'text has a link that is not read as one: [A [b]](https://x.example/a_(b) c): Write [A \[b\]](https://x.example/a_%28b%29%20c); o365.link(text, url) does.'),
    ('F23: a list is no boolean', pg_temp.s('{"text": "t", "markdown": []}'), 'connector', '$.sections[0].markdown', 'markdown is an array, a boolean is needed: Write "markdown": true.'),
    ('F23: nor is an object', pg_temp.s('{"text": "t", "startGroup": {}}'), 'connector', '$.sections[0].startGroup', 'startGroup is an object, a boolean is needed: Write "startGroup": true.'),
    ('F23: nor a text', pg_temp.m('{"originator": []}'), 'connector', '$.originator', 'originator is an array, a string is needed: Write "originator": "...".'),
    ('F23: e-mail fields have a sentence', pg_temp.m('{"originator": "x"}'), 'connector', '$.originator', 'originator has no effect here: It is for e-mail only: leave it out.'),
    ('F23: an Adaptive Card for a connector is told what it needs', '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "FactSet", "facts": [{"title": "a", "value": "b"}]}]}', 'connector', '$.body',
        'the card has no text: Begin the body with a TextBlock, or write "fallbackText": "...". Microsoft answers "Summary or Text is required."'),
    ('F23: a heading of an Adaptive Card', pg_temp.w('{"type": "TextBlock", "text": "# Alerts"}'), 'workflow', '$.body[1].text',
        'text has Markdown that an Adaptive Card does not render: a heading: Rendered are bold, italics, links and lists. Write "size" and "weight" for a heading, an Image for a picture, a FactSet for a table.'),
    ('F23: an inline', pg_temp.w('{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "a", "zzzz": 1}]}'), 'workflow', '$.body[1].inlines[0].zzzz', 'zzzz is no field of an inline: It is left unread: leave it out, or see docs/cards.md for what there is.'),
    ('F20: Slack''s hint is for Slack''s attachments', '{"text": "x", "attachments": [{"text": "y"}]}', 'connector', '$.attachments', 'attachments belongs to another product''s message: Slack''s attachments are sections here: "sections": [{"title": "...", "text": "...", "facts": [...]}].'),
    ('F20: a card in "card"', '{"card": {"@type": "MessageCard", "text": "t"}}', 'connector', '$.card', 'card does nothing here: Send the card itself, what stands under "card".')
) AS h (description, card, dialect, path, said);
CREATE ROLE courier LOGIN;
GRANT o365_worker TO courier;
CREATE FUNCTION pg_temp.many(n integer) RETURNS jsonb LANGUAGE sql AS $$
    SELECT pg_temp.m('{"zzz": 1}') || jsonb_object_agg('x' || i, 'y') || '{"sections": [{"zzz": 1, "text": []}]}' FROM generate_series(1, n) AS i $$;
SET LOCAL SESSION AUTHORIZATION courier;
SELECT results_eq($$SELECT path FROM o365.check_card(pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://other.example"}'), 'connector', 'desk')$$,
    $$VALUES ('$.potentialAction[0].target')$$, 'a worker may name any connector');
-- Without a dialect both are judged.
SELECT results_eq($$SELECT severity, path, for_dialect FROM o365.check_card('{"@type": "MessageCard", "@context": "https://schema.org/extensions",
        "summary": "s", "text": "t", "themeColor": "FF0000", "sumary": "x", "sections": {}}')$$,
    $$VALUES ('error', '$.sections', NULL), ('warning', '$.sumary', NULL), ('warning', '$.themeColor', 'workflow')$$,
    'what is wrong for both stands once, and what is wrong for one names it');
SELECT results_eq($$SELECT DISTINCT severity, for_dialect FROM o365.check_card(pg_temp.envelope('{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "a"}]}'))$$,
    $$VALUES ('error', 'connector')$$, 'an envelope is wrong for a connector only');
SELECT is_empty($$SELECT 1 FROM o365.check_card(pg_temp.m('{}'))$$, 'a right card is right for both');
SELECT results_eq($$SELECT DISTINCT for_dialect FROM o365.check_card('{"text": []}', 'workflow')$$, $$VALUES ('workflow')$$, 'a dialect that is named stands in each row');
SELECT throws_ok($$SELECT o365.check_card('{"text": "x"}', 'teams')$$, '22023', 'dialect ''teams'' is unknown', 'a dialect that nobody knows is an error');
SELECT throws_ok($$SELECT o365.check_card('{"text": "x"}', 'connector', 'none')$$, '42704', 'there is no connector ''none''', 'that there is');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT is((SELECT jsonb_array_length(t.problems) FROM o365.try_send(:ann, '{"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s", "text": "<b>x</b>"}') AS t WHERE t.card_id IS NOT NULL), 1, 'a warning does not keep a card back');
SELECT results_eq('SELECT connector, path FROM o365.card_warnings', $$VALUES ('desk', '$.text')$$, 'and stays to be read');
SELECT throws_ok($$SELECT o365.check_card('{"text": "x"}', 'connector', 'none')$$, '42501', NULL, 'a connector of others is none');
SELECT results_eq($$SELECT card, for_dialect, path FROM o365.test_cards(ARRAY['{"text": "x"}', '{"text": []}']::jsonb[], 'desk', 'connector')$$, $$VALUES (2, 'connector', '$.text')$$, 'test_cards counts from 1');
SELECT throws_ok($$SELECT o365.test_cards(NULL)$$, '22023', 'there are no cards', 'and takes no nothing for right');
SELECT is(o365.markdown_escape('a*b_c [d](e) <f>'), 'a\*b_c [d\](e) &lt;f>', 'data is escaped');
SELECT is(o365.markdown_escape(e.typed), e.escaped, 'shown as typed: ' || e.typed) FROM (VALUES
    ('- item', '\- item'), ('1. one', '1\. one'), ('1.5 GB', '1.5 GB'), ('> q', '\> q'), ('---', '\---'), (E'a\n===', E'a\n\n\\==='), ('  + x', '  \+ x'), ('my_long_name', 'my_long_name'), ('a__b', 'a__b'), ('__init__', '\_\_init\_\_'), ('deploy_prod [#17]', 'deploy_prod [#17]'),
    ('a * b', 'a * b'), ('  * b', '  \* b'), ('2*3*4', '2\*3\*4'), ('# a', '\# a'), ('C:\dir', 'C:\dir'), ('\\srv\new', '\\\srv\\new'), ('a\', 'a\\'), ('~5 to ~6', '~5 to ~6'), ('~~x~~', '\~\~x\~\~'),
    ('x](https://evil.example)', 'x\](https://evil.example)'), ('a < b', 'a < b'), ('</b>', '&lt;/b>'), ('-5 C', '-5 C'), ('${a} {{b}} {c}', '$\{a} \{\{b}} {c}'), ('|--|', '\|--|'),
    ('    code', repeat(chr(160), 4) || 'code'), (E'a\nb\r\nc', E'a\n\nb\n\nc'), ('AT&amp;T', 'AT&amp;amp;T'), ('AT&T', 'AT&T'), (NULL, NULL)) AS e (typed, escaped);
SELECT is((SELECT concat_ws('|', c->>'title', c->>'summary', c #>> '{sections,0,facts,0,name}', c #>> '{sections,0,facts,0,value}') FROM o365.card(E'two\nlines', facts => json_build_object(E'a\nb', E'c\r\n d\n')) AS c),
    'two · lines|two · lines|a · b|c · d', 'titles and facts stand in one line');
SELECT is_empty($$SELECT p.path FROM o365.check_card(o365.card('t', o365.markdown_escape(E'line 1\nline 2\n    code'))) AS p$$, 'escaped lines are right');
SELECT is_empty($$SELECT p.path FROM (VALUES ('connector'), ('workflow')) AS d (dialect), o365.check_card(o365.card('Ticket 17 <b> *hot*', 'It is **on fire**.',
    json_build_object('Status', 'open_*_x', 'Age', 5), 'https://contoso.example/17', image => 'https://contoso.example/a.png'), d.dialect) AS p$$, 'what o365.card makes is right in both dialects');
SELECT is((SELECT string_agg(f->>'name', ',' ORDER BY i) FROM jsonb_array_elements(o365.card('t', facts => json_build_object('zebra', 1, 'ape', 2)) #> '{sections,0,facts}') WITH ORDINALITY AS x (f, i)), 'zebra,ape', 'facts keep their order');
SELECT is(o365.link(l.text, l.url), l.link, 'F14: a link of ' || coalesce(l.text, 'no text')) FROM (VALUES
    ('Report (2026)', 'https://x.example/a_(b).aspx', '[Report (2026)](https://x.example/a_%28b%29.aspx)'), ('A [b]', 'https://x.example/', '[A \[b\]](https://x.example/)'),
    ('a', 'https://x.example/a b', '[a](https://x.example/a%20b)'), (E'two\nlines *b* <i>', 'https://x.example', '[two · lines \*b\* &lt;i>](https://x.example)'),
    (NULL, 'https://x.example/a_b', '[https://x.example/a\_b](https://x.example/a_b)'), ('a', NULL, NULL)) AS l (text, url, link);
SELECT throws_ok($$SELECT o365.link('a', 'javascript:alert(1)')$$, '22023', 'url is no absolute address', 'F14: a link leads to the web');
SELECT is_empty($$SELECT p.path FROM (VALUES ('connector'), ('workflow')) AS d (dialect), o365.check_card(o365.card('t', o365.link('A [b](c) ${d} `e` &lt;', 'https://x.example/a (b)')), d.dialect) AS p$$, 'F14: what o365.link writes is right');
SELECT is_empty($$SELECT p.path FROM o365.mention('ann@example.org', 'Ann <at>') AS m, o365.check_card(jsonb_build_object('type', 'AdaptiveCard', 'version', '1.4',
    'body', jsonb_build_array(jsonb_build_object('type', 'TextBlock', 'text', m.text || ', look')), 'msteams', jsonb_build_object('entities', jsonb_build_array(m.entity))), 'workflow') AS p$$, 'F13: what o365.mention gives is right');
SELECT is((SELECT m.text FROM o365.mention('ann@example.org') AS m), '<at>ann@example.org</at>', 'F13: without a name it shows who is meant');
SELECT throws_ok($$SELECT o365.mention('29:1abc', 'Ann')$$, '22023', NULL, 'F13: an id that a bot knows is none');
SELECT is((SELECT m.text FROM o365.mention(NULL) AS m), NULL, 'F13: nobody is not mentioned');
SELECT is((SELECT concat(c->>'title', '|', c #>> '{sections,0,facts,0,name}') FROM o365.card('deploy_prod [#17]', facts => json_build_object('a_b', 'c_d')) AS c), 'deploy_prod [#17]|a_b', 'F22: no backslash where nothing is markup');
SELECT is_empty($$SELECT p.path FROM (VALUES ('connector'), ('workflow')) AS d (dialect), o365.check_card(o365.card('[x](http://y) R&amp;D <b> ${a} __i__ a\n', '*', json_build_object('AT&amp;T *', '[y](/z) {{b}} `c` &lt;d>')), d.dialect) AS p$$, 'F22: nothing of what is data is told');
SELECT throws_ok($$SELECT o365.card('t', facts => '[1]')$$, '22023', 'facts is a JSON array', 'facts are an object');
SELECT is(cardinality(o365.send_many(array_agg(:ann::bigint), array_agg(o365.card('Ticket ' || i)))), 10000, '10,000 cards go in one statement') FROM generate_series(1, 10000) AS i;
SELECT is(o365.send_many('{}', '{}'), '{}', 'and none as well');
RESET SESSION AUTHORIZATION;
CREATE TEMP TABLE evented AS SELECT o365.send_many(ARRAY[:ann, :ann], ARRAY['{"text": "x"}', '{"text": "y"}']::jsonb[], '[0:1]={first,second}') AS ids;
SELECT results_eq('SELECT o.event FROM o365_internal.outbox AS o, evented AS e WHERE o.card_id = ANY (e.ids) ORDER BY o.card_id', ARRAY['first', 'second'], 'events go by their place, whatever the subscripts');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT throws_like(format($$SELECT o365.send_many(ARRAY[%1$s, %1$s], ARRAY['{"text": "x"}', '{"title": "y"}']::jsonb[])$$, :ann), 'card 2 for connection % refused: %', 'an error names the card by its place');
SELECT throws_like(format($$SELECT o365.send_many(ARRAY[%s, -1], ARRAY['{"text": "x"}', '{"text": "y"}']::jsonb[])$$, :ann), 'card 2: there is no connection -1 that role shop may send to', 'so does a connection that is none');
SELECT throws_ok('SELECT o365.send_many(ARRAY[1], ARRAY[]::jsonb[])', '22023', NULL, 'arrays are of one length');
SELECT results_eq($$SELECT severity, n FROM (SELECT severity, count(*) AS n, min(position) FROM o365.check_card(pg_temp.many(150), 'connector') WITH ORDINALITY AS p (severity, path, problem, hint, for_dialect, position)
                    GROUP BY severity ORDER BY min) AS s$$, $$VALUES ('error', 1::bigint), ('warning', 99)$$, 'an error behind 150 warnings is found, and comes first');
CREATE TEMP TABLE ticket (n integer, title text);
CREATE FUNCTION pg_temp.opened() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM o365.send(c.subscription_id, o365.card('Ticket ' || new.n, new.title, json_build_object('Owner', current_user))) FROM o365.connections('ann') AS c;
    RETURN NULL; END $$;
CREATE TRIGGER opened AFTER INSERT ON ticket FOR EACH ROW EXECUTE FUNCTION pg_temp.opened();
INSERT INTO ticket VALUES (17, 'It is on fire.');
SELECT is((SELECT count(*) FROM o365.cards WHERE state = 'waiting'), 10004::bigint, 'a trigger of three lines sends');
RESET SESSION AUTHORIZATION;
-- ---- digests ----
CREATE TEMP TABLE folded AS
    SELECT s.description, s.dialect, k.kind, o365_internal.make_digest(ARRAY[c.card, c.card], k.kind, s.dialect, 'Desk', NULL, 'https://contoso.example') AS digest
      FROM said AS s, LATERAL (SELECT o365_internal.card_problems(s.card, s.dialect, NULL) AS problems OFFSET 0) AS p,
           LATERAL (SELECT o365_internal.card_to_send(s.card, s.dialect, p.problems) AS card OFFSET 0) AS c,
           LATERAL (SELECT o365_internal.digest_kind(c.card, s.dialect) AS kind OFFSET 0) AS k
     WHERE p.problems #>> '{0,severity}' IS DISTINCT FROM 'error' AND k.kind IS NOT NULL;
SELECT cmp_ok((SELECT count(*) FROM folded)::integer, '>', 100, 'many of these cards can be folded');
SELECT is_empty($$SELECT f.description, f.dialect, p.path, p.problem, f.digest FROM folded AS f, o365.check_card(f.digest, f.dialect) AS p WHERE p.severity = 'error'$$,
    'and a digest of each is taken where the card is');
SELECT * FROM finish();
ROLLBACK;
