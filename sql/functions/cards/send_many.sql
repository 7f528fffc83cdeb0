CREATE OR REPLACE FUNCTION o365_internal.send_many(subscription_ids bigint[], cards jsonb[], events text[],
    extras jsonb[], not_befores timestamptz[], not_afters timestamptz[], collapses text[], dedupes text[],
    urgents boolean[]) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_bad record;
    v_ids bigint[];
BEGIN
    IF subscription_ids IS NULL OR cards IS NULL OR cardinality(subscription_ids) <> cardinality(cards)
       OR events IS NOT NULL AND cardinality(events) <> cardinality(cards) OR coalesce(array_ndims(cards), 1) <> 1
       OR coalesce(array_ndims(subscription_ids), 1) <> 1 OR coalesce(array_ndims(events), 1) <> 1
       OR extras IS NOT NULL AND cardinality(extras) <> cardinality(cards) OR coalesce(array_ndims(extras), 1) <> 1 THEN
        RAISE EXCEPTION 'there are % connections, % cards, % events and % extras',
                coalesce(cardinality(subscription_ids), 0), coalesce(cardinality(cards), 0),
                coalesce(cardinality(events)::text, 'no'), coalesce(cardinality(extras)::text, 'no')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Pass arrays of one length: select o365.send_many(array_agg(id), array_agg(card)) from ...';
    END IF;
    SELECT u.n, u.subscription_id INTO v_bad
      FROM unnest(subscription_ids) WITH ORDINALITY AS u (subscription_id, n)
      LEFT JOIN o365_internal.subscription AS s ON s.subscription_id = u.subscription_id
     WHERE s.connector_id IS NULL
        OR s.connector_id <> ALL (ARRAY(SELECT c.connector_id FROM o365_internal.connector AS c
                                         WHERE o365_internal.may_use(c.connector_id)))
     ORDER BY u.n LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'card %: there is no connection % that role % may send to', v_bad.n,
            coalesce(v_bad.subscription_id::text, 'NULL'), session_user
            USING ERRCODE = 'insufficient_privilege', HINT = 'select * from o365.connections(app_user) lists them.';
    END IF;
    SELECT u.n, length(u.event) AS size INTO v_bad FROM unnest(events) WITH ORDINALITY AS u (event, n)
     WHERE length(u.event) > 200 ORDER BY u.n LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'card %: event has % characters', v_bad.n, v_bad.size
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'It names one of the connector''s events, in at most 200.';
    END IF;
    IF extras IS NOT NULL THEN
        PERFORM o365_internal.check_extra(u.extra, format('card %s: ', u.n))
           FROM unnest(extras) WITH ORDINALITY AS u (extra, n);
    END IF;
    IF num_nonnulls(not_befores, not_afters, collapses, dedupes) > 0 THEN
        PERFORM o365_internal.check_options(u.not_before, u.not_after, u.collapse, u.dedupe, format('card %s: ', u.n))
           FROM unnest(not_befores, not_afters, collapses, dedupes) WITH ORDINALITY
                AS u (not_before, not_after, collapse, dedupe, n);
    END IF;
    -- One statement checks and inserts all cards, and returns the refused ones.
    WITH sent AS MATERIALIZED (
        SELECT u.n, u.subscription_id, s.dialect, s.status, t.card, u.event, nullif(u.extra, '{}') AS extra,
               u.not_before, u.not_after, u.collapse, u.dedupe, u.urgent, c.max_age,
               CASE WHEN u.event <> ALL (c.events) THEN x.problems || o365_internal.event_problem(u.event, c.events)
                    ELSE x.problems END AS problems,
               x.problems #>> '{0,severity}' = 'error' AS refused
          FROM unnest(subscription_ids, cards, events, extras, not_befores, not_afters, collapses, dedupes, urgents)
               WITH ORDINALITY
               AS u (subscription_id, card, event, extra, not_before, not_after, collapse, dedupe, urgent, n)
          JOIN o365_internal.subscription AS s ON s.subscription_id = u.subscription_id
          JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id,
               -- Without OFFSET 0 each card would be judged once for each use of it.
               LATERAL (SELECT o365_internal.card_problems(u.card, s.dialect, c.target_urls) AS problems OFFSET 0) AS p,
               LATERAL (SELECT o365_internal.card_to_send(u.card, s.dialect, p.problems) AS card OFFSET 0) AS t,
               LATERAL (SELECT CASE WHEN u.extra IS NULL AND s.extra IS NULL OR p.problems #>> '{0,severity}' = 'error'
                                    THEN p.problems
                                    ELSE o365_internal.extra_problems(t.card, s.dialect, s.payload, u.extra, s.extra)
                                         || p.problems END AS problems OFFSET 0) AS x
    ), named AS MATERIALIZED (
        SELECT o.*, nextval('o365_internal.card_id') AS card_id,
               num_nonnulls(o.not_before, o.not_after, o.max_age, o.collapse, o.dedupe) > 0
               OR o.urgent IS TRUE AS has_options
          FROM (SELECT * FROM sent WHERE NOT EXISTS (SELECT FROM sent WHERE refused) ORDER BY n) AS o
    ), inserted AS (
        INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card, event, extra)
            SELECT card_id, card_id, subscription_id, card::text, event, extra FROM named WHERE NOT has_options
    ), put AS MATERIALIZED (
        SELECT o.*, CASE WHEN o.has_options
                         THEN o365_internal.put_card(o.card_id, o.subscription_id, o.card::text, o.event, o.extra,
                                                     o.not_before, o.not_after, o.max_age, o.collapse, o.dedupe,
                                                     o.urgent)
                         ELSE o.card_id END AS sent_id
          FROM named AS o
    ), warned AS (
        INSERT INTO o365_internal.card_warning (card_id, subscription_id, warnings)
            SELECT card_id, subscription_id, problems FROM put WHERE problems <> '[]' AND sent_id = card_id
    ), linked AS (
        INSERT INTO o365_internal.card_action (card_id, subscription_id, title, actions, at)
            SELECT c.card_id, c.subscription_id, o365_internal.card_name(c.card), l.actions,
                   greatest(now(), c.not_before)
              FROM (SELECT * FROM put
                     WHERE (problems <> '[]' OR dialect = 'connector' AND card ?| '{potentialAction,sections}')
                       AND sent_id = card_id) AS c,
                   LATERAL (SELECT o365_internal.kept_actions(c.card, c.dialect) AS actions OFFSET 0) AS l
             WHERE l.actions IS NOT NULL
    )
    SELECT (SELECT array_agg(sent_id ORDER BY n) FROM put) AS ids,
           (SELECT array_agg(subscription_id) FROM named WHERE status = 'removed') AS removed, r.* INTO v_bad
      FROM (SELECT true) AS one
      LEFT JOIN (SELECT n, subscription_id, problems FROM sent WHERE refused ORDER BY n LIMIT 1) AS r ON true;
    IF v_bad.n IS NOT NULL THEN
        RAISE EXCEPTION 'card % for connection % refused: % (%)', v_bad.n, v_bad.subscription_id,
            v_bad.problems #>> '{0,problem}', v_bad.problems #>> '{0,path}'
            USING ERRCODE = 'check_violation', HINT = v_bad.problems #>> '{0,hint}', DETAIL = v_bad.problems::text;
    END IF;
    IF v_bad.removed IS NOT NULL THEN
        PERFORM o365_internal.lock_removed(v_bad.removed);
    END IF;
    RETURN coalesce(v_bad.ids, '{}');
END $$;
COMMENT ON FUNCTION o365_internal.send_many(bigint[], jsonb[], text[], jsonb[], timestamptz[], timestamptz[], text[],
    text[], boolean[]) IS
    'What both forms of o365.send_many call: the n-th option, too, belongs to the n-th card; null where no card has '
    'it.';

CREATE OR REPLACE FUNCTION o365.send_many(subscription_ids bigint[], cards jsonb[], events text[] DEFAULT NULL,
    extras jsonb[] DEFAULT NULL, not_before timestamptz DEFAULT NULL, not_after timestamptz DEFAULT NULL,
    collapse text DEFAULT NULL, dedupe text DEFAULT NULL, urgent boolean DEFAULT NULL) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_n integer[] := ARRAY[coalesce(cardinality(cards), 0)];
BEGIN
    RETURN o365_internal.send_many(subscription_ids, cards, events, extras,
        CASE WHEN not_before IS NOT NULL THEN array_fill(not_before, v_n) END,
        CASE WHEN not_after IS NOT NULL THEN array_fill(not_after, v_n) END,
        CASE WHEN collapse IS NOT NULL THEN array_fill(collapse, v_n) END,
        CASE WHEN dedupe IS NOT NULL THEN array_fill(dedupe, v_n) END,
        CASE WHEN urgent THEN array_fill(urgent, v_n) END);
END $$;
COMMENT ON FUNCTION o365.send_many(bigint[], jsonb[], text[], jsonb[], timestamptz, timestamptz, text, text, boolean) IS
    'Sends many cards in one statement, the n-th card to the n-th connection, and returns their card_ids in that '
    'order; {} for none. Either all are sent or none; errors name the card by its position, from 1. extras: like the '
    'extra of o365.send, one for each card. The options are those of o365.send, and apply to each of the cards; a key '
    'counts separately for each connection. Errors: those of o365.send; invalid_parameter_value for arrays of '
    'different lengths.';

-- One list instead of three arrays: an array of json beside the array of jsonb would leave PostgreSQL without a choice
-- for parameters that have no type.
CREATE OR REPLACE FUNCTION o365.send_many(cards json) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_n bigint;
    v_card record;
BEGIN
    IF json_typeof(cards) IS DISTINCT FROM 'array' THEN
        RAISE EXCEPTION 'cards is %', coalesce('a JSON ' || json_typeof(cards), 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Pass a list: [{"subscription_id": 1, "card": {...}, "event": "..."}, ...].';
    END IF;
    SELECT c.n INTO v_n FROM json_array_elements(cards) WITH ORDINALITY AS c (one, n)
     WHERE CASE WHEN json_typeof(c.one) <> 'object' THEN true
                ELSE json_typeof(c.one->'card') IS NULL
                     OR coalesce(c.one->>'subscription_id' !~ '^[0-9]{1,18}$', true) END
     ORDER BY c.n LIMIT 1;
    IF v_n IS NOT NULL THEN
        RAISE EXCEPTION 'card %: it lacks a subscription_id or a card', v_n
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Each is {"subscription_id": 1, "card": {...}}, with an "event", an "extra" and options if '
                         'you like.';
    END IF;
    SELECT array_agg((c.one->>'subscription_id')::bigint ORDER BY c.n) AS subscription_ids,
           array_agg((c.one->'card')::jsonb ORDER BY c.n) AS cards, array_agg(c.one->>'event' ORDER BY c.n) AS events,
           array_agg(nullif((c.one->'extra')::jsonb, 'null') ORDER BY c.n) AS extras,
           array_agg((c.one->>'not_before')::timestamptz ORDER BY c.n) AS not_befores,
           array_agg((c.one->>'not_after')::timestamptz ORDER BY c.n) AS not_afters,
           array_agg(c.one->>'collapse' ORDER BY c.n) AS collapses,
           array_agg(c.one->>'dedupe' ORDER BY c.n) AS dedupes,
           array_agg((c.one->>'urgent')::boolean ORDER BY c.n) AS urgents
      INTO v_card FROM json_array_elements(cards) WITH ORDINALITY AS c (one, n);
    RETURN o365_internal.send_many(coalesce(v_card.subscription_ids, '{}'), coalesce(v_card.cards, '{}'), v_card.events,
                                   v_card.extras, v_card.not_befores, v_card.not_afters, v_card.collapses,
                                   v_card.dedupes, v_card.urgents);
END $$;
COMMENT ON FUNCTION o365.send_many(json) IS
    'o365.send_many for one JSON list of objects, each with subscription_id, card and, optionally, event, extra and '
    'the options of o365.send: not_before, not_after, collapse, dedupe, urgent. Errors: those of o365.send; '
    'invalid_parameter_value for anything else.';
