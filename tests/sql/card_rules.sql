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
CREATE TEMP TABLE said (description text, dialect text, card jsonb, expected text);
INSERT INTO said VALUES
    ('a right card has no problem', 'connector', pg_temp.m('{}'), NULL),
    ('a missing @type is said', 'connector', pg_temp.m('{}') - '@type', 'warning $."@type"'),
    ('a missing @context is said', 'connector', pg_temp.m('{}') - '@context', 'warning $."@context"'),
    ('a missing summary is said', 'connector', pg_temp.m('{}') - 'summary', 'warning $.summary'),
    ('a foreign @type is refused', 'connector', pg_temp.m('{"@type": "Card"}'), 'error $."@type"'),
    ('a number that no double holds is refused', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t", "maxLines": 1e400}'), 'error $'),
    ('so is one in a field that nobody knows', 'connector', pg_temp.m('{"zzz": {"a": [-1e999]}}'), 'error $, warning $.zzz'),
    ('so is what is nested beyond reading', 'connector', pg_temp.m(format('{"zzz": %s%s}', repeat('[', 300), repeat(']', 300))), 'error $, warning $.zzz'),
    ('a text that is a number is refused', 'connector', pg_temp.m('{"text": 5}'), 'error $.text'),
    ('Slack''s attachments are refused', 'connector', '{"text": "x", "attachments": [{"text": "y"}]}', 'error $.attachments'),
    ('Slack''s blocks are refused', 'connector', '{"text": "x", "blocks": []}', 'error $.blocks'),
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
    ('a fact has a value', 'connector', pg_temp.s('{"facts": [{"name": "a"}]}'), 'error $.sections[0].facts[0].value'),
    ('a fact''s value is a string', 'connector', pg_temp.s('{"facts": [{"name": "a", "value": 1}]}'), 'error $.sections[0].facts[0].value'),
    ('sections as an object are refused', 'connector', pg_temp.m('{"sections": {"text": "x"}}'), 'error $.sections'),
    ('a section is an object', 'connector', pg_temp.s('"x"'), 'error $.sections[0]'),
    ('11 sections are too many', 'connector', pg_temp.m(format('{"sections": [%s]}', (SELECT string_agg('{"text": "x"}', ',') FROM generate_series(1, 11)))), 'error $.sections'),
    ('10 are not', 'connector', pg_temp.m(format('{"sections": [%s]}', (SELECT string_agg('{"text": "x"}', ',') FROM generate_series(1, 10)))), NULL),
    ('6 images are more than Teams shows', 'connector', pg_temp.s(format('{"images": [%s]}', (SELECT string_agg('{"image": "https://example.org/a.png"}', ',') FROM generate_series(1, 6)))), 'warning $.sections[0].images'),
    ('pictures are https', 'connector', pg_temp.s('{"activityImage": "http://example.org/a.png"}'), 'error $.sections[0].activityImage'),
    ('a picture inside the card is said', 'connector', pg_temp.s('{"activityImage": "data:image/png;base64,iVBORw0KGgo="}'), 'warning $.sections[0].activityImage'),
    ('one that is none is refused', 'connector', pg_temp.s('{"activityImage": "data:image/png;base64,AAAA"}'), 'error $.sections[0].activityImage'),
    ('an image is an object', 'connector', pg_temp.s('{"heroImage": "https://example.org/a.png"}'), 'error $.sections[0].heroImage'),
    ('an action is of a known type', 'connector', pg_temp.a('{"@type": "Open", "name": "x"}'), 'error $.potentialAction[0]'),
    ('and has one', 'connector', pg_temp.a('{"name": "x"}'), 'error $.potentialAction[0]'),
    ('and a name', 'connector', pg_temp.a('{"@type": "OpenUri", "targets": [{"os": "default", "uri": "https://example.org"}]}'), 'error $.potentialAction[0].name'),
    ('OpenUri has targets, not a url', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "x", "url": "https://example.org"}'), 'error $.potentialAction[0].targets, warning $.potentialAction[0].url'),
    ('they are not empty', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "x", "targets": []}'), 'error $.potentialAction[0].targets'),
    ('a target has a uri', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "x", "targets": [{"os": "default"}]}'), 'error $.potentialAction[0].targets[0].uri'),
    ('which is absolute', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "x", "targets": [{"os": "default", "uri": "/tickets/17"}]}'), 'error $.potentialAction[0].targets[0].uri'),
    ('and best http', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "x", "targets": [{"os": "default", "uri": "mailto:a@b.c"}]}'), 'warning $.potentialAction[0].targets[0].uri'),
    ('an address has no blank', 'connector', pg_temp.open('https://example.org/search?q=a b'), 'error $.potentialAction[0].targets[0].uri'),
    ('nor a line break at its end', 'connector', pg_temp.open('https://example.org/x\n'), 'error $.potentialAction[0].targets[0].uri'),
    ('nor a control character', 'connector', pg_temp.open('https://example.org/x\u0007'), 'error $.potentialAction[0].targets[0].uri'),
    ('its port is a number', 'connector', pg_temp.open('https://example.org:PORT/x'), 'error $.potentialAction[0].targets[0].uri'),
    ('of a port', 'connector', pg_temp.open('https://example.org:99999/x'), 'error $.potentialAction[0].targets[0].uri'),
    ('its host is filled in by nobody', 'connector', pg_temp.open('https://{{host}}/x'), 'error $.potentialAction[0].targets[0].uri'),
    ('what follows may have braces', 'connector', pg_temp.open('https://example.org:65535/{{id}}?a={{b}}#c'), NULL),
    ('a host may be an address', 'connector', pg_temp.open('http://[::1]:8080/'), NULL),
    ('or a name of any alphabet', 'connector', pg_temp.open('https://münchen.example/ä'), NULL),
    ('a picture''s address has a port that is one', 'connector', pg_temp.s('{"activityImage": "https://example.org:PORT/a.png"}'), 'error $.sections[0].activityImage'),
    ('a picture inside the card says that it is one', 'connector', pg_temp.s('{"activityImage": "data:text/plain;base64,iVBORw0KGgo="}'), 'error $.sections[0].activityImage'),
    ('in any case', 'connector', pg_temp.s('{"activityImage": "DATA:image/png;base64,iVBORw0KGgo="}'), 'warning $.sections[0].activityImage'),
    ('a button that Workflows does not open is lost', 'workflow', pg_temp.open('mailto:a@b.c'), 'warning $.potentialAction[0], warning $.potentialAction[0].targets[0].uri'),
    ('so are the addresses of a ViewAction but one', 'workflow', pg_temp.a('{"@type": "ViewAction", "name": "v", "target": ["https://example.org", "https://example.org/2"]}'), 'warning $.potentialAction[0]'),
    ('of one nothing is', 'workflow', pg_temp.a('{"@type": "ViewAction", "name": "v", "target": ["https://example.org"]}'), NULL),
    ('a target is for all systems', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "x", "targets": [{"os": "iOS", "uri": "https://example.org"}]}'), 'warning $.potentialAction[0].targets'),
    ('os is one of four', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "x", "targets": [{"os": "linux", "uri": "https://example.org"}, {"os": "default", "uri": "https://example.org"}]}'), 'error $.potentialAction[0].targets[0].os'),
    ('a ViewAction''s target is a list of addresses', 'connector', pg_temp.a('{"@type": "ViewAction", "name": "v", "target": ["https://example.org"]}'), NULL),
    ('each is a text', 'connector', pg_temp.a('{"@type": "ViewAction", "name": "v", "target": [[]]}'), 'error $.potentialAction[0].target[0]'),
    ('and not null', 'connector', pg_temp.a('{"@type": "ViewAction", "name": "v", "target": ["https://example.org", null]}'), 'error $.potentialAction[0].target[1]'),
    ('and absolute', 'connector', pg_temp.a('{"@type": "ViewAction", "name": "v", "target": ["/tickets/17"]}'), 'error $.potentialAction[0].target[0]'),
    ('and there is one', 'connector', pg_temp.a('{"@type": "ViewAction", "name": "v", "target": []}'), 'error $.potentialAction[0].target'),
    ('5 actions are too many', 'connector', pg_temp.m(format('{"potentialAction": [%s]}', (SELECT string_agg('{"@type": "OpenUri", "name": "o", "targets": [{"os": "default", "uri": "https://example.org"}]}', ',') FROM generate_series(1, 5)))), 'error $.potentialAction'),
    ('actions without an OpenUri are said', 'connector', pg_temp.m('{"potentialAction": [{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example"}]}'), 'warning $.potentialAction'),
    ('HttpPOST below a registered target is right', 'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://api.contoso.example/x"}'), NULL),
    ('elsewhere it is not', 'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://evilcontoso.example/x"}'), 'error $.potentialAction[0].target'),
    ('nor in front of it', 'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example.evil.org/x"}'), 'error $.potentialAction[0].target'),
    ('it is https', 'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "http://contoso.example"}'), 'error $.potentialAction[0].target'),
    ('headers are objects of name and value', 'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example", "headers": [{"Content-Type": "x"}]}'),
        'error $.potentialAction[0].headers[0].name, error $.potentialAction[0].headers[0].value, warning $.potentialAction[0].headers[0]."Content-Type"'),
    ('an ActionCard stands in no other', 'connector', pg_temp.a('{"@type": "ActionCard", "name": "n", "actions": [{"@type": "ActionCard", "name": "n", "actions": [{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example"}]}]}'), 'error $.potentialAction[0].actions[0]'),
    ('nor an InvokeAddInCommand', 'connector', pg_temp.in_action_card('{"@type": "InvokeAddInCommand", "name": "i", "addInId": "27c3dc4d-1f2b-4d0c-9f0c-3a8f0b6a1f11", "desktopCommandId": "c"}'), 'error $.potentialAction[0].actions[0]'),
    ('nor a ViewAction', 'connector', pg_temp.in_action_card('{"@type": "ViewAction", "name": "v", "target": ["https://example.org"]}'), 'error $.potentialAction[0].actions[0]'),
    ('OpenUri does', 'connector', pg_temp.in_action_card('{"@type": "OpenUri", "name": "o", "targets": [{"os": "default", "uri": "https://example.org"}]}'), NULL),
    ('inputs are right', 'connector', pg_temp.input('{"@type": "TextInput", "id": "a", "title": "t", "isMultiline": true, "maxLength": 9}, {"@type": "DateInput", "id": "b", "includeTime": true}, {"@type": "MultichoiceInput", "id": "c", "choices": [{"display": "x", "value": "1"}], "value": "1", "isMultiSelect": false, "style": "expanded"}'), NULL),
    ('an input has an id', 'connector', pg_temp.input('{"@type": "TextInput"}'), 'error $.potentialAction[0].inputs[0].id'),
    ('of its own', 'connector', pg_temp.input('{"@type": "TextInput", "id": "a"}, {"@type": "TextInput", "id": "a"}'), 'error $.potentialAction[0]'),
    ('of a known type', 'connector', pg_temp.input('{"@type": "NumberInput", "id": "a"}'), 'error $.potentialAction[0].inputs[0]'),
    ('with choices where it needs them', 'connector', pg_temp.input('{"@type": "MultichoiceInput", "id": "a"}'), 'error $.potentialAction[0].inputs[0].choices'),
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
    ('an unknown element is said', 'workflow', pg_temp.w('{"type": "Carousel"}'), 'warning $.body[1]'),
    ('Action.Submit is refused', 'workflow', pg_temp.w('{"type": "ActionSet", "actions": [{"type": "Action.Submit", "title": "x"}]}'), 'error $.body[1].actions[0]'),
    ('an input goes nowhere', 'workflow', pg_temp.w('{"type": "Input.Text", "id": "a"}'), 'warning $.body[1]'),
    ('a colour of a TextBlock is a word', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "x", "color": "FF0000"}'), 'warning $.body[1].color'),
    ('words are known in any case', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "x", "color": "Good", "size": "ExtraLarge", "weight": "bolder"}'), NULL),
    ('nested elements are judged', 'workflow', pg_temp.w('{"type": "ColumnSet", "columns": [{"type": "Column", "items": [{"type": "Image"}]}]}'), 'error $.body[1].columns[0].items[0].url'),
    ('facts have title and value', 'workflow', pg_temp.w('{"type": "FactSet", "facts": [{"name": "a", "value": "b"}]}'), 'error $.body[1].facts[0].title, warning $.body[1].facts[0].name'),
    ('an attachment has its contentType', 'workflow', '{"type": "message", "attachments": [{"contentType": "application/json", "content": {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "t"}]}}]}', 'error $.attachments[0].contentType'),
    ('its card has a version', 'workflow', pg_temp.envelope('{"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "t"}]}'), 'error $.attachments[0].content.version'),
    ('which is not null', 'workflow', pg_temp.envelope('{"type": "AdaptiveCard", "version": null, "body": [{"type": "TextBlock", "text": "t"}]}'), 'error $.attachments[0].content.version'),
    ('and something to show', 'workflow', pg_temp.envelope('{"type": "AdaptiveCard", "version": "1.4", "body": []}'), 'error $.attachments[0].content.body'),
    ('a null is no version there either', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "x"}') || '{"version": null}', 'error $.version'),
    ('so has one without an envelope', 'workflow', '{"type": "AdaptiveCard", "version": "1.4"}', 'error $.body'),
    ('a button is something', 'workflow', '{"type": "AdaptiveCard", "version": "1.4", "actions": [{"type": "Action.OpenUrl", "title": "o", "url": "https://example.org"}]}', NULL),
    ('inlines are texts and TextRuns', 'workflow', pg_temp.w('{"type": "RichTextBlock", "inlines": ["a", {"type": "TextRun", "text": "b", "color": "Good", "selectAction": {"type": "Action.OpenUrl", "url": "https://example.org"}}]}'), NULL),
    ('and nothing else', 'workflow', pg_temp.w('{"type": "RichTextBlock", "inlines": [5, null, {"typ": "TextRun"}]}'),
        'error $.body[1].inlines[0], error $.body[1].inlines[1], error $.body[1].inlines[2].text, error $.body[1].inlines[2].type, warning $.body[1].inlines[2].typ'),
    ('the action of a TextRun is judged', 'workflow', pg_temp.w('{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "b", "selectAction": {"type": "Action.Submit"}}]}'), 'error $.body[1].inlines[0].selectAction'),
    ('and its address', 'workflow', pg_temp.w('{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "b", "selectAction": {"type": "Action.OpenUrl", "url": "/t/1"}}]}'), 'error $.body[1].inlines[0].selectAction.url'),
    ('a fallback is judged', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t", "fallback": {"type": "ActionSet", "actions": [{"type": "Action.Submit", "title": "x"}]}}'), 'error $.body[1].fallback.actions[0]'),
    ('or is drop', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t", "fallback": "Drop"}'), NULL),
    ('and nothing else', 'workflow', pg_temp.w('{"type": "TextBlock", "text": "t", "fallback": 5}'), 'error $.body[1].fallback'),
    ('a table''s columns are objects', 'workflow', pg_temp.w('{"type": "Table", "columns": [{"width": 1}, "x", null], "rows": []}'), 'error $.body[1].columns[1], error $.body[1].columns[2]'),
    ('an ImageSet has images', 'workflow', pg_temp.w('{"type": "ImageSet", "images": [{"type": "TextBlock", "text": "t"}]}'), 'error $.body[1].images[0].url, warning $.body[1].images[0].text'),
    ('what is toggled is named', 'workflow', pg_temp.w('{"type": "ActionSet", "actions": [{"type": "Action.ToggleVisibility", "title": "t", "targetElements": ["a", {"elementId": "b", "isVisible": true}, 5]}]}'), 'error $.body[1].actions[0].targetElements[2]'),
    ('a background is an address', 'workflow', pg_temp.w('{"type": "Container", "items": [], "backgroundImage": "http://example.org/a.png"}'), 'error $.body[1].backgroundImage'),
    ('or an object with one', 'workflow', pg_temp.w('{"type": "Container", "items": [], "backgroundImage": {"url": "http://example.org/a.png"}}'), 'error $.body[1].backgroundImage.url'),
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
    ('and may have 24,000', 'connector', jsonb_build_object('text', repeat('x', 23988)), NULL),
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
    ('50 are not', 'connector', pg_temp.w((SELECT string_agg('{"type": "Image", "url": "https://example.org/a.png"}', ',') FROM generate_series(1, 50))), NULL);
SELECT is((SELECT string_agg(p.severity || ' ' || p.path, ', ' ORDER BY p.severity, p.path) FROM o365.check_card(s.card, s.dialect, 'desk') AS p), s.expected, s.description)
  FROM said AS s, (SELECT set_config('session_authorization', 'keeper', true)) AS keeper;
RESET SESSION AUTHORIZATION;
-- The most common mistakes of docs/cards.md: what is written, where it is wrong, and what is said to write instead.
CREATE TEMP TABLE mistake (description text, dialect text, card jsonb, path text, hint text);
INSERT INTO mistake VALUES
    ('neither summary nor text', 'connector', pg_temp.s('{"facts": [{"name": "a", "value": "b"}]}') - 'summary' - 'text', 'error $.text', 'Write one of them%'),
    ('a fact whose value is an object', 'connector', pg_temp.s('{"facts": [{"name": "view", "value": {"data": []}}]}'), 'error $.sections[0].facts[0].value', 'Write "value": "%'),
    ('a fact whose value is a number', 'connector', pg_temp.s('{"facts": [{"name": "n", "value": 17}]}'), 'error $.sections[0].facts[0].value', 'Write "value": "17"%'),
    ('a payload of GitHub', 'connector', '{"zen": "Half measures", "hook_id": 4, "repository": {"id": 1}}', 'error $.text', 'Write one of them%'),
    ('a payload of Slack', 'connector', '{"text": "x", "attachments": [{"color": "good", "text": "y"}]}', 'error $.attachments', '%"sections": [{"title"%'),
    ('an Adaptive Card with more than a connector shows', 'connector', pg_temp.w('{"type": "ColumnSet", "columns": []}'), 'error $.body[1]', '%Send a MessageCard for more.'),
    ('an envelope for a connector', 'connector', '{"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard", "version": "1.4", "body": []}}]}',
        'error $.attachments', 'Send the card itself%'),
    ('a card that is too large', 'connector', jsonb_build_object('text', repeat('x', 25000)), 'error $', '%Shorten texts or send several cards.'),
    ('headers by their names', 'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://contoso.example", "headers": [{"Content-Type": "application/json"}]}'), 'error $.potentialAction[0].headers[0].name', 'Write "name": %'),
    ('an attachment without its contentType', 'workflow', '{"type": "message", "attachments": [{"content": {"type": "AdaptiveCard", "version": "1.4", "body": []}}]}',
        'error $.attachments[0].contentType', 'Write "contentType": "application/vnd.microsoft.card.adaptive"%'),
    ('an envelope without attachments', 'workflow', '{"type": "message", "attachments": []}', 'error $.attachments', 'Write "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive"%'),
    ('a target that nobody registered', 'connector', pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://other.example"}'), 'error $.potentialAction[0].target', '%o365.register_connector(%'),
    ('a single line break', 'connector', '{"text": "a\nb"}', 'warning $.text', 'Write two (\\n\\n)%'),
    ('HTML', 'connector', '{"text": "<strong>b</strong><br />c"}', 'warning $.text', 'Write Markdown: %'),
    ('a # before the colour', 'connector', pg_temp.m('{"themeColor": "#00FF00"}'), 'warning $.themeColor', 'Write six hex digits without #%'),
    ('openUri with a small letter', 'connector', pg_temp.a('{"@type": "openUri", "name": "p", "target": "https://example.org"}'), 'error $.potentialAction[0]', 'Write {"@type": "OpenUri"%'),
    ('OpenUri with a url', 'connector', pg_temp.a('{"@type": "OpenUri", "name": "p", "url": "https://example.org"}'), 'warning $.potentialAction[0].url', 'Write "targets": [{%'),
    ('an ActionCard that should open a page', 'connector', pg_temp.a('{"@type": "ActionCard", "name": "Ack", "actions": [{"@type": "ActionCard", "name": "p", "targets": [{"os": "default", "uri": "https://example.org"}]}]}'),
        'error $.potentialAction[0].actions[0]', 'Only OpenUri and HttpPOST%'),
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
SELECT is((SELECT p.hint FROM o365.check_card(pg_temp.open('https://example.org/a b')) AS p), 'Write "https://HOST/...", and a blank in it as %20.', 'a blank in an address is told how');
SELECT is((SELECT p.hint FROM o365.check_card(pg_temp.m('{"sumary": "x"}')) AS p), 'Write "summary".', 'what was meant is suggested');
SELECT is_empty($$SELECT r.code FROM o365_internal.card_rule AS r WHERE r.source !~ '[[:alnum:]]'$$, 'every rule names its source');
SELECT is_empty($$SELECT f.kind, f.name, f.rule FROM o365_internal.card_field AS f WHERE f.rule NOT LIKE '|%|'
    AND f.rule NOT IN ('text', 'adaptive_text', 'title', 'plain', 'fact', 'color', 'image', 'link', 'target', 'uuid', 'version', 'heading', 'filled', 'links', 'five', 'six', 'strings', 'no_effect', 'mistaken_payload')$$, 'every field''s rule is known');
SELECT bag_eq($$WITH RECURSIVE way (path, kind) AS (
        SELECT format('$[*].%s[*]', f.name), f.child FROM o365_internal.card_field AS f WHERE f.kind LIKE 'a.element:%' AND f.type = 'array' AND f.child NOT LIKE 'a.action:'
        UNION SELECT format('%s.%s[*]', w.path, f.name), f.child FROM way AS w JOIN o365_internal.card_field AS f ON f.kind = w.kind WHERE f.type = 'array' AND f.child IS NOT NULL)
    SELECT path FROM way WHERE kind = 'a.element:'$$, $$SELECT m[1] FROM pg_proc AS p, regexp_matches(p.prosrc, $r$v_elements, '([^']*)'\)$r$, 'g') AS m
    WHERE p.proname = 'right_levels' AND m[1] NOT LIKE '%?%'$$, 'the pattern of elements is held against every list of them');
SELECT is_empty($$SELECT k.kind FROM o365_internal.card_kind AS k LEFT JOIN o365_internal.card_pattern AS p ON p.kind = k.kind
    WHERE p.kind IS NULL AND k.rule IS NULL AND k.kind NOT IN ('a.action:Action.ShowCard', 's.card')$$, 'every kind that can be right has a pattern');

CREATE ROLE courier LOGIN;
GRANT o365_worker TO courier;
CREATE FUNCTION pg_temp.many(n integer) RETURNS jsonb LANGUAGE sql AS $$
    SELECT pg_temp.m('{"zzz": 1}') || jsonb_object_agg('x' || i, 'y') || '{"sections": [{"zzz": 1, "text": 5}]}' FROM generate_series(1, n) AS i $$;
SET LOCAL SESSION AUTHORIZATION courier;
SELECT results_eq($$SELECT path FROM o365.check_card(pg_temp.a('{"@type": "HttpPOST", "name": "p", "target": "https://other.example"}'), 'connector', 'desk')$$,
    $$VALUES ('$.potentialAction[0].target')$$, 'a worker may name any connector');
SELECT throws_ok($$SELECT o365.check_card('{"text": "x"}', 'connector', 'none')$$, '42704', 'there is no connector ''none''', 'that there is');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT is((SELECT jsonb_array_length(t.problems) FROM o365.try_send(:ann, '{"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s", "text": "<b>x</b>"}') AS t WHERE t.card_id IS NOT NULL), 1, 'a warning does not keep a card back');
SELECT results_eq('SELECT connector, path FROM o365.card_warnings', $$VALUES ('desk', '$.text')$$, 'and stays to be read');
SELECT throws_ok($$SELECT o365.check_card('{"text": "x"}', 'connector', 'none')$$, '42501', NULL, 'a connector of others is none');
SELECT results_eq($$SELECT card, for_dialect, path FROM o365.test_cards(ARRAY['{"text": "x"}', '{"text": 1}']::jsonb[], 'desk', 'connector')$$, $$VALUES (2, 'connector', '$.text')$$, 'test_cards counts from 1');
SELECT throws_ok($$SELECT o365.test_cards(NULL)$$, '22023', 'there are no cards', 'and takes no nothing for right');
SELECT is(o365.markdown_escape('a*b_c [d](e) <f>'), 'a\*b\_c \[d\](e) &lt;f>', 'data is escaped');
SELECT is(o365.markdown_escape(e.typed), e.escaped, 'shown as typed: ' || e.typed) FROM (VALUES
    ('- item', '\- item'), ('1. one', '1\. one'), ('1.5 GB', '1.5 GB'), ('> q', '\> q'), ('---', '\---'), (E'a\n===', E'a\n\n\\==='), ('  + x', '  \+ x'),
    ('    code', repeat(chr(160), 4) || 'code'), (E'a\nb\r\nc', E'a\n\nb\n\nc'), ('AT&amp;T', 'AT&amp;amp;T'), ('AT&T', 'AT&T'), (NULL, NULL)) AS e (typed, escaped);
SELECT is((SELECT concat_ws('|', c->>'title', c->>'summary', c #>> '{sections,0,facts,0,name}', c #>> '{sections,0,facts,0,value}') FROM o365.card(E'two\nlines', facts => json_build_object(E'a\nb', E'c\r\n d\n')) AS c),
    'two · lines|two · lines|a · b|c · d', 'titles and facts stand in one line');
SELECT is_empty($$SELECT p.path FROM o365.check_card(o365.card('t', o365.markdown_escape(E'line 1\nline 2\n    code'))) AS p$$, 'escaped lines are right');
SELECT is_empty($$SELECT p.path FROM (VALUES ('connector'), ('workflow')) AS d (dialect), o365.check_card(o365.card('Ticket 17 <b> *hot*', 'It is **on fire**.',
    json_build_object('Status', 'open_*_x', 'Age', 5), 'https://contoso.example/17', image => 'https://contoso.example/a.png'), d.dialect) AS p$$, 'what o365.card makes is right in both dialects');
SELECT is((SELECT string_agg(f->>'name', ',' ORDER BY i) FROM jsonb_array_elements(o365.card('t', facts => json_build_object('zebra', 1, 'ape', 2)) #> '{sections,0,facts}') WITH ORDINALITY AS x (f, i)), 'zebra,ape', 'facts keep their order');
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
SELECT results_eq($$SELECT severity, n FROM (SELECT severity, count(*) AS n, min(position) FROM o365.check_card(pg_temp.many(150)) WITH ORDINALITY AS p (severity, path, problem, hint, position)
                    GROUP BY severity ORDER BY min) AS s$$, $$VALUES ('error', 1::bigint), ('warning', 99)$$, 'an error behind 150 warnings is found, and comes first');
CREATE TEMP TABLE ticket (n integer, title text);
CREATE FUNCTION pg_temp.opened() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM o365.send(c.subscription_id, o365.card('Ticket ' || new.n, new.title, json_build_object('Owner', current_user))) FROM o365.connections('ann') AS c;
    RETURN NULL; END $$;
CREATE TRIGGER opened AFTER INSERT ON ticket FOR EACH ROW EXECUTE FUNCTION pg_temp.opened();
INSERT INTO ticket VALUES (17, 'It is on fire.');
SELECT is((SELECT count(*) FROM o365.waiting_cards), 10004::bigint, 'a trigger of three lines sends');
RESET SESSION AUTHORIZATION;
SELECT * FROM finish();
ROLLBACK;
