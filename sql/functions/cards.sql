-- Sending. A send inserts one row and touches nothing that another session could wait for.

CREATE OR REPLACE FUNCTION o365.try_send(subscription_id bigint, card jsonb, event text DEFAULT NULL, OUT card_id bigint, OUT problems jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector_id integer;
    v_dialect text;
    v_target_urls text[];
    v_actions jsonb;
BEGIN
    SELECT s.connector_id, s.dialect, c.target_urls INTO v_connector_id, v_dialect, v_target_urls
      FROM o365_internal.subscription AS s JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id
     WHERE s.subscription_id = try_send.subscription_id;
    IF NOT FOUND OR NOT o365_internal.may_use(v_connector_id) THEN
        RAISE EXCEPTION 'there is no connection % that role % may send to', coalesce(subscription_id::text, 'NULL'), session_user
            USING ERRCODE = 'insufficient_privilege', HINT = 'select * from o365.connections(app_user) lists them.';
    END IF;
    IF length(event) > 200 THEN
        RAISE EXCEPTION 'event has % characters', length(event)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'It names one of the connector''s events, in at most 200.';
    END IF;
    problems := o365_internal.card_problems(card, v_dialect, v_target_urls);
    -- Errors come first.
    IF problems #>> '{0,severity}' IS DISTINCT FROM 'error' THEN
        card := o365_internal.card_to_send(card, v_dialect, problems);
        card_id := nextval('o365_internal.card_id');
        INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card, event)
            VALUES (try_send.card_id, try_send.card_id, try_send.subscription_id, try_send.card::text, try_send.event);
        IF problems <> '[]' THEN
            INSERT INTO o365_internal.card_warning (card_id, subscription_id, warnings)
                VALUES (try_send.card_id, try_send.subscription_id, problems);
            -- Each such action has its warning. Those are not read for it: only a hundred are kept.
            v_actions := CASE WHEN v_dialect = 'workflow' THEN o365_internal.linked_actions(card, card::text) END;
            IF v_actions IS NOT NULL THEN
                INSERT INTO o365_internal.card_action (card_id, subscription_id, title, actions)
                    VALUES (try_send.card_id, try_send.subscription_id, o365_internal.card_name(try_send.card), v_actions);
            END IF;
        END IF;
    END IF;
END $$;
COMMENT ON FUNCTION o365.try_send(bigint, jsonb, text) IS
    'Like o365.send, but a card that o365.check_card refuses is not an error: card_id is null and problems lists why. problems has warnings '
    'too, of a card that was sent as well; o365.card_warnings keeps them. A text that is no JSON, or has \u0000, fails before the call, as PostgreSQL reads it. Errors: '
    'insufficient_privilege, invalid_parameter_value (event).';

CREATE OR REPLACE FUNCTION o365.send(subscription_id bigint, card jsonb, event text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_sent record := o365.try_send(subscription_id, card, event);
BEGIN
    IF v_sent.card_id IS NULL THEN
        RAISE EXCEPTION 'card for connection % refused: % (%)', subscription_id, v_sent.problems #>> '{0,problem}',
            v_sent.problems #>> '{0,path}'
            USING ERRCODE = 'check_violation', HINT = v_sent.problems #>> '{0,hint}', DETAIL = v_sent.problems::text;
    END IF;
    RETURN v_sent.card_id;
END $$;
COMMENT ON FUNCTION o365.send(bigint, jsonb, text) IS
    'Sends a card to a connection (o365.connections names it) and returns its card_id. The card leaves when your transaction commits, and not '
    'at all if it rolls back. To a paused or pending connection it waits; to a removed one it is accepted and ends as '
    'cancelled. Errors: check_violation '
    '(o365.check_card finds an error; DETAIL lists all), insufficient_privilege, invalid_parameter_value (event).';

CREATE OR REPLACE FUNCTION o365.send_to_user(connector text, app_user text, card jsonb, event text DEFAULT NULL)
RETURNS TABLE (subscription_id bigint, card_id bigint, problems jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_to_use(connector);
    v_is_adaptive boolean := coalesce(card->>'type' IN ('AdaptiveCard', 'message'), false);
    v_problem jsonb;
BEGIN
    -- What no webhook would take is the application's mistake. What one of them does not take is its user's choice of a place,
    -- and rolls nothing back.
    v_problem := o365_internal.card_problems(card, CASE WHEN v_is_adaptive THEN 'workflow' ELSE 'connector' END,
                                             v_connector.target_urls)->0;
    IF v_problem->>'severity' = 'error'
       AND o365_internal.card_problems(card, CASE WHEN v_is_adaptive THEN 'connector' ELSE 'workflow' END,
                                       v_connector.target_urls) #>> '{0,severity}' = 'error' THEN
        RAISE EXCEPTION 'card refused: % (%)', v_problem->>'problem', v_problem->>'path'
            USING ERRCODE = 'check_violation', HINT = v_problem->>'hint';
    END IF;
    RETURN QUERY SELECT s.subscription_id, sent.card_id, sent.problems
        FROM o365_internal.subscription AS s,
             LATERAL o365.try_send(s.subscription_id, send_to_user.card, send_to_user.event) AS sent
       WHERE s.app_user = send_to_user.app_user AND s.connector_id = v_connector.connector_id
         AND s.status NOT IN ('removed', 'gone', 'retired')
       ORDER BY s.subscription_id;
END $$;
COMMENT ON FUNCTION o365.send_to_user(text, text, jsonb, text) IS
    'Sends a card to every connection that a user of the application has with a connector: a row each, none when there is none. '
    'Where a connection does not take such a card (a connector webhook an Adaptive Card that it cannot show whole), '
    'card_id is null and problems says why. Errors: check_violation (no webhook takes it), insufficient_privilege, '
    'invalid_parameter_value (event).';

CREATE OR REPLACE FUNCTION o365.send_many(subscription_ids bigint[], cards jsonb[], events text[] DEFAULT NULL) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_bad record;
    v_ids bigint[];
BEGIN
    IF subscription_ids IS NULL OR cards IS NULL OR cardinality(subscription_ids) <> cardinality(cards)
       OR events IS NOT NULL AND cardinality(events) <> cardinality(cards) OR coalesce(array_ndims(cards), 1) <> 1
       OR coalesce(array_ndims(subscription_ids), 1) <> 1 OR coalesce(array_ndims(events), 1) <> 1 THEN
        RAISE EXCEPTION 'there are % connections, % cards and % events', coalesce(cardinality(subscription_ids), 0), coalesce(cardinality(cards), 0),
                coalesce(cardinality(events)::text, 'no')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Pass arrays of one length: select o365.send_many(array_agg(id), array_agg(card)) from ...';
    END IF;
    SELECT u.n, u.subscription_id INTO v_bad
      FROM unnest(subscription_ids) WITH ORDINALITY AS u (subscription_id, n)
      LEFT JOIN o365_internal.subscription AS s ON s.subscription_id = u.subscription_id
     WHERE s.connector_id IS NULL OR s.connector_id <> ALL (ARRAY(SELECT c.connector_id FROM o365_internal.connector AS c WHERE o365_internal.may_use(c.connector_id)))
     ORDER BY u.n LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'card %: there is no connection % that role % may send to', v_bad.n, coalesce(v_bad.subscription_id::text, 'NULL'), session_user
            USING ERRCODE = 'insufficient_privilege', HINT = 'select * from o365.connections(app_user) lists them.';
    END IF;
    SELECT u.n, length(u.event) AS size INTO v_bad FROM unnest(events) WITH ORDINALITY AS u (event, n) WHERE length(u.event) > 200 ORDER BY u.n LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'card %: event has % characters', v_bad.n, v_bad.size
            USING ERRCODE = 'invalid_parameter_value', HINT = 'It names one of the connector''s events, in at most 200.';
    END IF;
    -- One statement judges and inserts all; what is refused comes back.
    WITH sent AS MATERIALIZED (
        SELECT u.n, u.subscription_id, s.dialect, o365_internal.card_to_send(u.card, s.dialect, p.problems) AS card, u.event, p.problems,
               p.problems #>> '{0,severity}' = 'error' AS refused
          FROM unnest(subscription_ids, cards, events) WITH ORDINALITY AS u (subscription_id, card, event, n)
          JOIN o365_internal.subscription AS s ON s.subscription_id = u.subscription_id
          JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id,
               -- Without OFFSET 0 each card would be judged once for each use of it.
               LATERAL (SELECT o365_internal.card_problems(u.card, s.dialect, c.target_urls) AS problems OFFSET 0) AS p
    ), named AS MATERIALIZED (
        SELECT o.*, nextval('o365_internal.card_id') AS card_id
          FROM (SELECT * FROM sent WHERE NOT EXISTS (SELECT FROM sent WHERE refused) ORDER BY n) AS o
    ), inserted AS (
        INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card, event)
            SELECT card_id, card_id, subscription_id, card::text, event FROM named
    ), warned AS (
        INSERT INTO o365_internal.card_warning (card_id, subscription_id, warnings)
            SELECT card_id, subscription_id, problems FROM named WHERE problems <> '[]'
    ), linked AS (
        INSERT INTO o365_internal.card_action (card_id, subscription_id, title, actions)
            SELECT c.card_id, c.subscription_id, o365_internal.card_name(c.card), l.actions
              FROM (SELECT * FROM named WHERE dialect = 'workflow' AND problems <> '[]') AS c,
                   LATERAL (SELECT o365_internal.linked_actions(c.card, c.card::text) AS actions OFFSET 0) AS l
             WHERE l.actions IS NOT NULL
    )
    SELECT (SELECT array_agg(card_id ORDER BY n) FROM named) AS ids, r.* INTO v_bad
      FROM (SELECT true) AS one LEFT JOIN (SELECT n, subscription_id, problems FROM sent WHERE refused ORDER BY n LIMIT 1) AS r ON true;
    IF v_bad.n IS NOT NULL THEN
        RAISE EXCEPTION 'card % for connection % refused: % (%)', v_bad.n, v_bad.subscription_id, v_bad.problems #>> '{0,problem}', v_bad.problems #>> '{0,path}'
            USING ERRCODE = 'check_violation', HINT = v_bad.problems #>> '{0,hint}', DETAIL = v_bad.problems::text;
    END IF;
    RETURN coalesce(v_bad.ids, '{}');
END $$;
COMMENT ON FUNCTION o365.send_many(bigint[], jsonb[], text[]) IS
    'Sends many cards in one statement, the n-th card to the n-th connection, and returns their card_ids in that order; {} for none. All or '
    'none: errors name the card by its place, from 1. Errors: those of o365.send; invalid_parameter_value for arrays of different lengths.';

CREATE OR REPLACE FUNCTION o365.test_cards(cards jsonb[], connector text DEFAULT NULL, dialect text DEFAULT NULL)
RETURNS TABLE (card integer, for_dialect text, severity text, path text, problem text, hint text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    -- Nothing found among no cards would pass for a test.
    IF coalesce(cardinality(cards), 0) = 0 THEN
        RAISE EXCEPTION 'there are no cards'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Pass an array of cards: array_agg(card) over no rows is null.';
    END IF;
    RETURN QUERY SELECT u.n::integer, d.dialect, p.severity, p.path, p.problem, p.hint
      FROM unnest(test_cards.cards) WITH ORDINALITY AS u (card, n),
           unnest(CASE WHEN test_cards.dialect IS NULL THEN ARRAY['connector', 'workflow'] ELSE ARRAY[test_cards.dialect] END) WITH ORDINALITY AS d (dialect, i),
           LATERAL o365.check_card(u.card, d.dialect, test_cards.connector) AS p
     ORDER BY u.n, d.i, p.severity, p.path COLLATE "C";
END $$;
COMMENT ON FUNCTION o365.test_cards(jsonb[], text, text) IS
    'For an application''s own tests: what o365.check_card says about each card, a row a problem, cards counted from 1; no row when all are right. '
    'Without a dialect for both. It changes nothing. Errors: those of o365.check_card; invalid_parameter_value for no cards.';

CREATE OR REPLACE FUNCTION o365.markdown_escape(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_text text;
BEGIN
    -- Only what would be markup gets a backslash: not all that shows a card reads Markdown everywhere.
    v_text := regexp_replace(value, '\\(?=[[:punct:]nr\n\r]|$)' COLLATE "C", '\\\\', 'g');
    -- A character reference, and a < that begins a tag.
    v_text := regexp_replace(regexp_replace(v_text, '&(?=#?[0-9A-Za-z]+;)', '&amp;', 'g'), '<(?=[[:alpha:]/!?%])' COLLATE "C", '&lt;', 'g');
    -- Emphasis, but not _ inside a word or * between blanks; code, strike-through, links, tables, footnotes and templates.
    v_text := regexp_replace(v_text, '(`|\*(?! )|(?<! )\*|_(?!_*[[:alnum:]])|(?<![[:alnum:]]_*)_|~(?=~)|(?<=\S)~|\](?=[(:[])|\[(?=\^)|\|(?=[ :]*-)|(?<=[$#{])\{|\{(?=[{%])|\$(?=\())' COLLATE "C",
                             '\\\1', 'g');
    -- What begins a line: code by its indent, headings, lists, quotations and rules.
    v_text := regexp_replace(v_text, '^( {4,}| {0,3}\t[ \t]*)', repeat(chr(160), 4), 'gn');
    v_text := regexp_replace(v_text, '^([ \t]*)([#>]|[-+*](?=[ \t]|$)|-(?=-)|=(?==*[ \t]*$))', '\1\\\2', 'gn');
    v_text := regexp_replace(v_text, '^([ \t]*[0-9]+)([.)])(?=[ \t]|$)', '\1\\\2', 'gn');
    RETURN regexp_replace(v_text, '(\r\n?|\n)+', E'\n\n', 'g');
END $$;
COMMENT ON FUNCTION o365.markdown_escape(text) IS
    'Text of users for a place where Markdown is read: it is shown as it was typed, each line as a paragraph, an indent of four blanks or '
    'more as four. Between the brackets of a link use o365.link. Null for null.';

CREATE OR REPLACE FUNCTION o365.link(text text, url text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_url text := regexp_replace(btrim(url, E' \t\r\n'), '\s' COLLATE "C", '%20', 'g');
    v_text text := coalesce(nullif(o365_internal.one_line(text), ''), v_url);
BEGIN
    -- Parsers disagree about parentheses in an address and brackets in a text: they agree where there are none.
    v_url := replace(replace(replace(replace(v_url, '(', '%28'), ')', '%29'), '<', '%3C'), '>', '%3E');
    IF NOT o365_internal.is_web_address(v_url) THEN
        RAISE EXCEPTION 'url is no absolute address'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write https://HOST/...';
    END IF;
    v_text := replace(regexp_replace(v_text, '&(?=#?[0-9A-Za-z]+;)', '&amp;', 'g'), '<', '&lt;');
    RETURN '[' || regexp_replace(v_text, '([\\`*_{}\[\]~|$])', '\\\1', 'g') || '](' || v_url || ')';
END $$;
COMMENT ON FUNCTION o365.link(text, text) IS
    'A link in Markdown, for a text or the value of a fact: text is shown as it is, in one line, and without one the address. Blanks and parentheses of '
    'the address are %-encoded. Null for no url. Error: invalid_parameter_value for a url that is no http or https address.';

CREATE OR REPLACE FUNCTION o365.mention(upn text, name text DEFAULT NULL, OUT text text, OUT entity jsonb)
LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_name text := coalesce(nullif(btrim(translate(o365_internal.one_line(name), '<>', '')), ''), upn);
BEGIN
    IF upn !~ '^([^@[:space:]<>]+@[^@[:space:]<>]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$' COLLATE "C" THEN
        RAISE EXCEPTION 'upn is neither a user principal name nor an Entra object id'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write ann@example.org, as the user signs in, or the object id of the user. An id that begins with 28: or 29: is known to a bot only.';
    END IF;
    text := '<at>' || v_name || '</at>';
    entity := jsonb_build_object('type', 'mention', 'text', text, 'mentioned', jsonb_build_object('id', upn, 'name', v_name));
END $$;
COMMENT ON FUNCTION o365.mention(text, text) IS
    'A mention of a user in an Adaptive Card for Workflows: text, which stands in a TextBlock or a fact, and entity, which stands in msteams.entities. upn: '
    'the user principal name or Entra object id; name: what is shown, without one the upn. Both null for no upn. At most 20 a card. Error: invalid_parameter_value (upn).';

CREATE OR REPLACE FUNCTION o365_internal.one_line(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN regexp_replace(btrim(value, E' \t\r\n'), '\s*[\r\n]\s*' COLLATE "C", ' · ', 'g');
END $$;
COMMENT ON FUNCTION o365_internal.one_line(text) IS 'Text without breaks, for a title or a fact: a dot stands in their place. Null for null.';

CREATE OR REPLACE FUNCTION o365.card(title text, text text DEFAULT NULL, facts json DEFAULT NULL, link text DEFAULT NULL, link_title text DEFAULT 'Open',
    theme_color text DEFAULT NULL, image text DEFAULT NULL, summary text DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_facts jsonb;
BEGIN
    IF json_typeof(facts) = 'object' THEN
        SELECT jsonb_agg(jsonb_build_object('name', o365.markdown_escape(o365_internal.one_line(f.key)),
                                            'value', coalesce(o365.markdown_escape(o365_internal.one_line(f.value)), ''))) INTO v_facts
          FROM json_each_text(facts) AS f;
    ELSIF json_typeof(facts) <> 'null' THEN
        RAISE EXCEPTION 'facts is a JSON %', json_typeof(facts)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write json_build_object(''Status'', status, ''Owner'', owner).';
    END IF;
    RETURN jsonb_strip_nulls(jsonb_build_object('@type', 'MessageCard', '@context', 'https://schema.org/extensions',
        'summary', coalesce(nullif(summary, ''), nullif(o365_internal.one_line(title), ''), left(text, 200)),
        'title', o365.markdown_escape(o365_internal.one_line(title)), 'text', text, 'themeColor', ltrim(theme_color, '#'),
        'sections', CASE WHEN v_facts IS NOT NULL OR image IS NOT NULL THEN jsonb_build_array(jsonb_build_object(
            'facts', v_facts, 'images', CASE WHEN image IS NOT NULL THEN jsonb_build_array(jsonb_build_object('image', image)) END)) END,
        'potentialAction', CASE WHEN link IS NOT NULL THEN jsonb_build_array(jsonb_build_object('@type', 'OpenUri', 'name', link_title,
            'targets', jsonb_build_array(jsonb_build_object('os', 'default', 'uri', link)))) END));
END $$;
COMMENT ON FUNCTION o365.card(text, text, json, text, text, text, text, text) IS
    'A MessageCard for o365.send. text is Markdown; title and facts are data: they are escaped, and stand in one line. facts: a json object, whose order is kept '
    '(json_build_object, not jsonb). link becomes a button; image: an https address. Error: invalid_parameter_value (facts).';
