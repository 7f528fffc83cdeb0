-- Card actions for Workflows webhooks: what is kept of a card, the page that its links lead to, and the events that the application takes.

DO $do$
DECLARE
    v_pgcrypto name := (SELECT n.nspname FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
                         WHERE e.extname = 'pgcrypto');
BEGIN
    -- Assignments and expressions without a plan, as in crypto.sql: no logger prints what passes through.
    EXECUTE format($f$
        CREATE OR REPLACE FUNCTION o365_internal.action_link_hash(card_id bigint, number integer) RETURNS bytea
        LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $b$
        DECLARE
            v_key bytea;
            v_mac bytea;
        BEGIN
            SELECT k.key INTO STRICT v_key FROM o365_internal.action_key AS k;
            v_mac := substr(%1$I.hmac(convert_to('action:' || card_id || ':' || number, 'UTF8'), v_key, 'sha256'), 1, 24);
            RETURN sha256(convert_to(translate(encode(v_mac, 'base64'), '+/', '-_'), 'UTF8'));
        END $b$ $f$, v_pgcrypto);
    EXECUTE format('INSERT INTO o365_internal.action_key (key) VALUES (%I.gen_random_bytes(32)) ON CONFLICT DO NOTHING', v_pgcrypto);
END $do$;
COMMENT ON FUNCTION o365_internal.action_link_hash(bigint, integer) IS
    'SHA-256 of the mac in the link to an action of a card; lib/cards/action_link.cpp makes the links. Null for null.';

CREATE OR REPLACE FUNCTION o365.worker_action_key() RETURNS bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT k.key FROM o365_internal.action_key AS k);
END $$;
COMMENT ON FUNCTION o365.worker_action_key() IS 'The key of the links to card actions. A worker asks once, when it starts.';

CREATE OR REPLACE FUNCTION o365_internal.linked_actions(card jsonb, json_text text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- A search for two words, where nearly no card has them.
    IF position('"HttpPOST"' IN json_text) = 0 AND position('"ActionCard"' IN json_text) = 0 OR o365_internal.card_root(card, 'workflow') <> 'm.card' THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT jsonb_object_agg(a.number, jsonb_build_object('path', a.path, 'action', a.action))
              FROM (SELECT p.n - 1 AS number, format('$.potentialAction[%s]', p.n - 1) AS path, p.action
                      FROM jsonb_path_query(card, '$.potentialAction[*]') WITH ORDINALITY AS p (action, n)
                    UNION ALL
                    SELECT 10 * s.n + p.n - 1, format('$.sections[%s].potentialAction[%s]', s.n - 1, p.n - 1), p.action
                      FROM jsonb_path_query(card, '$.sections[*]') WITH ORDINALITY AS s (section, n),
                           jsonb_path_query(s.section, '$.potentialAction[*]') WITH ORDINALITY AS p (action, n)) AS a
             WHERE a.action->>'@type' IN ('HttpPOST', 'ActionCard'));
END $$;
COMMENT ON FUNCTION o365_internal.linked_actions(jsonb, text) IS
    'The actions of a MessageCard that are links for Workflows: by number (an action of the card by its index, of a section by ten times the '
    'section''s place from 1 and its index), path and action. Null for none. json_text: the card''s text. lib/cards/to_adaptive.cpp numbers them alike.';

CREATE OR REPLACE FUNCTION o365_internal.without_escapes(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- &amp; last: what it stands before is no entity.
    RETURN btrim(replace(replace(replace(regexp_replace(value, '\\([!-/:-@\[-`{-~])', '\1', 'g'), '&lt;', '<'), '&gt;', '>'), '&amp;', '&'));
END $$;
COMMENT ON FUNCTION o365_internal.without_escapes(text) IS
    'Markdown as it is read where none is rendered: a backslash before punctuation is gone, &lt; &gt; &amp; are their characters. Null for null.';

CREATE OR REPLACE FUNCTION o365_internal.card_name(card jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN left(coalesce(nullif(o365_internal.without_escapes(card->>'title'), ''), nullif(btrim(card->>'summary'), ''),
                         o365_internal.without_escapes(card->>'text')), 300);
END $$;
COMMENT ON FUNCTION o365_internal.card_name(jsonb) IS
    'What a page calls a MessageCard: title, summary or text, at most 300 characters, as the far end shows them: without what o365.markdown_escape adds.';

CREATE OR REPLACE FUNCTION o365_internal.action_page(card_id bigint, number integer, link_hash bytea) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_public_url text := o365_internal.text_setting('public_url');
    v_page jsonb;
BEGIN
    IF link_hash = o365_internal.action_link_hash(card_id, number) THEN
        SELECT o365_internal.connector_page(v_public_url, c.slug, c.name, c.short_description, c.website)
               || jsonb_build_object('title', a.title) || (a.actions->(action_page.number::text)) INTO v_page
          FROM o365_internal.card_action AS a
          JOIN o365_internal.subscription AS s ON s.subscription_id = a.subscription_id AND s.status <> 'removed'
          JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id AND c.removed_at IS NULL
         WHERE a.card_id = action_page.card_id AND a.at > now() - make_interval(days => o365_internal.integer_setting('action_days'));
    END IF;
    -- One answer for a link that is none, one that has ended, and one whose connection is gone.
    RETURN coalesce(v_page, jsonb_build_object('found', false, 'public_url', v_public_url));
END $$;
COMMENT ON FUNCTION o365_internal.action_page(bigint, integer, bytea) IS
    'What the page of a card''s action shows: connector, the card''s title, path and action. found is false unless the link is ours, not older than '
    'action_days, and its connection and connector are there.';

CREATE OR REPLACE FUNCTION o365.responder_action(card_id bigint, number integer, link_hash bytea) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    RETURN o365_internal.action_page(card_id, number, link_hash);
END $$;
COMMENT ON FUNCTION o365.responder_action(bigint, integer, bytea) IS
    'The page of a card''s action, by the parts of its link: link_hash is the SHA-256 of the third. found is false for any that is not good now.';

CREATE OR REPLACE FUNCTION o365.responder_act(card_id bigint, number integer, link_hash bytea, form text, step integer, content_type text, body text,
    inputs jsonb, request_id text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_page jsonb := o365_internal.action_page(card_id, number, link_hash);
    v_action jsonb := v_page->'action';
    v_path text := v_page->>'path';
    v_form text := number || ':' || form;
    v_kept record;
BEGIN
    IF v_page->'found' = 'false' THEN
        RETURN v_page;
    END IF;
    IF v_action->>'@type' = 'ActionCard' THEN
        v_action := v_action->'actions'->step;
        v_path := format('%s.actions[%s]', v_path, step);
    END IF;
    IF v_action->>'@type' IS DISTINCT FROM 'HttpPOST' OR v_form IS NULL THEN
        RETURN v_page || '{"outcome": "no_such_button"}';
    END IF;
    -- Under its lock: the same form at the same moment counts once, and none goes beyond the bound.
    SELECT a.forms, a.subscription_id INTO v_kept FROM o365_internal.card_action AS a WHERE a.card_id = responder_act.card_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('found', false, 'public_url', v_page->'public_url');
    ELSIF v_form = ANY (v_kept.forms) THEN
        RETURN v_page || '{"outcome": "recorded"}';
    ELSIF cardinality(v_kept.forms) >= o365_internal.integer_setting('action_events') THEN
        RETURN v_page || '{"outcome": "full"}';
    END IF;
    UPDATE o365_internal.card_action AS a SET forms = a.forms || v_form WHERE a.card_id = responder_act.card_id;
    INSERT INTO o365_internal.action_event (connector_id, subscription_id, card_id, path, name, target, content_type, body, inputs, request_id)
        SELECT s.connector_id, s.subscription_id, responder_act.card_id, v_path, v_action->>'name', v_action->>'target', responder_act.content_type,
               responder_act.body, responder_act.inputs, responder_act.request_id
          FROM o365_internal.subscription AS s WHERE s.subscription_id = v_kept.subscription_id;
    RETURN v_page || '{"outcome": "recorded"}';
END $$;
COMMENT ON FUNCTION o365.responder_act(bigint, integer, bytea, text, integer, text, text, jsonb, text) IS
    'Somebody pressed the HttpPOST of a card: the linked action itself, or number step of the ActionCard''s actions (from 0). outcome: recorded, also '
    'for a form that was recorded before (form: its random text); full, when the card has had action_events of them; no_such_button. found is false as for '
    'responder_action. Path, name and target are the card''s own; body and inputs are what the responder made of the form.';

CREATE OR REPLACE FUNCTION o365.take_action_events(most integer DEFAULT 100)
RETURNS TABLE (event_id bigint, at timestamptz, connector text, subscription_id bigint, app_user text, app_state jsonb, card_id bigint, path text, name text,
    target text, content_type text, body text, inputs jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    IF most IS NULL OR most NOT BETWEEN 1 AND 1000 THEN
        RAISE EXCEPTION 'most is %', coalesce(most::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Take 1 to 1000 at a time, and ask again until none comes.';
    END IF;
    RETURN QUERY
        WITH mine AS MATERIALIZED (
            SELECT e.event_id FROM o365_internal.action_event AS e
             WHERE e.connector_id = ANY (ARRAY(SELECT c.connector_id FROM o365_internal.connector AS c WHERE o365_internal.may_use(c.connector_id)))
             ORDER BY e.event_id LIMIT most FOR UPDATE SKIP LOCKED
        ), taken AS (
            DELETE FROM o365_internal.action_event AS e USING mine WHERE e.event_id = mine.event_id RETURNING e.*
        )
        SELECT t.event_id, t.at, c.slug, t.subscription_id, s.app_user, s.app_state, t.card_id, t.path, t.name, t.target, t.content_type, t.body, t.inputs
          FROM taken AS t
          JOIN o365_internal.subscription AS s ON s.subscription_id = t.subscription_id
          JOIN o365_internal.connector AS c ON c.connector_id = t.connector_id
         ORDER BY t.event_id;
END $$;
COMMENT ON FUNCTION o365.take_action_events(integer) IS
    'Takes what was pressed on the pages of card actions (HttpPOST and ActionCard for Workflows), oldest first, at most that many (1 to 1000), of the '
    'connectors that the session may use. They are gone when your transaction commits, and still there if it rolls back; sessions that take at the same moment '
    'get different ones. Nobody has called target, and nobody has proven who they are: whoever has the card''s link can press. Error: invalid_parameter_value.';

CREATE OR REPLACE FUNCTION o365_internal.sweep_actions() RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_before timestamptz := now() - make_interval(days => o365_internal.integer_setting('action_days'));
BEGIN
    -- What somebody holds, an application that takes its events for one, is left for the next time: the other chores must not wait for it.
    DELETE FROM o365_internal.card_action AS a
     WHERE a.card_id = ANY (ARRAY(SELECT o.card_id FROM o365_internal.card_action AS o WHERE o.at < v_before FOR UPDATE SKIP LOCKED));
    DELETE FROM o365_internal.action_event AS e
     WHERE e.event_id = ANY (ARRAY(SELECT o.event_id FROM o365_internal.action_event AS o WHERE o.at < v_before FOR UPDATE SKIP LOCKED));
END $$;
COMMENT ON FUNCTION o365_internal.sweep_actions() IS
    'Ends links to actions of cards that are older than action_days, and drops events that no application has taken for as long. Waits for nobody.';

CREATE OR REPLACE FUNCTION o365_internal.link_waiting_cards() RETURNS bigint
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    WITH linked AS (
        INSERT INTO o365_internal.card_action (card_id, subscription_id, title, actions)
            SELECT w.card_id, w.subscription_id, o365_internal.card_name(w.card), l.actions
              FROM (SELECT o.card_id, o.subscription_id, o.card AS json, o.card::jsonb AS card
                      FROM o365_internal.outbox AS o
                      JOIN o365_internal.subscription AS s ON s.subscription_id = o.subscription_id
                     WHERE s.dialect = 'workflow' AND s.status <> 'removed'
                       AND (position('"HttpPOST"' IN o.card) > 0 OR position('"ActionCard"' IN o.card) > 0)
                       AND NOT EXISTS (SELECT FROM o365_internal.card_action AS a WHERE a.card_id = o.card_id) OFFSET 0) AS w,
                   LATERAL (SELECT o365_internal.linked_actions(w.card, w.json) AS actions OFFSET 0) AS l
             WHERE l.actions IS NOT NULL
            ON CONFLICT DO NOTHING RETURNING 1
    ) SELECT count(*) FROM linked $$;
COMMENT ON FUNCTION o365_internal.link_waiting_cards() IS
    'Keeps the actions of cards that wait and were sent before the schema knew of links, so that the links they leave with lead to their page. '
    'Returns how many cards that were.';
