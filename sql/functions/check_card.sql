-- Judging a card. Nearly all are right, and card_pattern.sql sees that quickly. In doubt there is one walk over the card, along the objects
-- and fields of card_rules.sql. What costs there is the number of fields, so whatever a field may be wrong in is one CASE, and words are
-- put together only for what is.

CREATE OR REPLACE FUNCTION o365_internal.text_codes(rule text, value text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- What stands between backticks is shown as it is, and an escaped character is no markup.
    v_bare text := CASE WHEN position('`' IN value) > 0 OR position('\' IN value) > 0 THEN regexp_replace(value, '`[^`]*`|\\[[:punct:]]', '', 'g') ELSE value END;
    v_codes text[];
BEGIN
    -- A search for a character costs a hundredth of a regular expression.
    IF position('<' IN v_bare) > 0 AND v_bare ~* '</?(a|b|i|u|p|br|em|h[1-6]|hr|li|ol|ul|div|pre|code|font|img|span|strong|table|tbody|thead|td|th|tr|blockquote|script|style|strike|sub|sup|center)(\s[^<>]*)?/?>' THEN
        v_codes := v_codes || 'html'::text;
    END IF;
    IF rule = 'title' THEN
        IF v_bare ~ '\]\(|https?://' THEN v_codes := v_codes || 'link_in_title'::text; END IF;
    ELSIF rule = 'plain' OR rule = 'fact' THEN
        IF v_bare ~ '(\*\*|__|~~)\S.*\1|^#{1,6} ' OR rule = 'plain' AND v_bare ~ '\[[^]]+\]\([^)]+\)' THEN
            v_codes := v_codes || 'markdown_here'::text;
        END IF;
    ELSE
        -- A line of a list, a quotation or preformatted text may follow a single break.
        IF position(E'\n' IN v_bare) > 0 AND v_bare ~ E'[^\\n\\r]\\r?\\n(?![\\n\\r]|[ \\t]*([-*+>|]|[0-9]+[.)]) ?)[^\\n\\r]' AND value !~ '```' THEN
            v_codes := v_codes || 'newline'::text;
        END IF;
        IF position('|' IN v_bare) > 0 AND v_bare ~ '\|[ ]*:?-{2,}' THEN v_codes := v_codes || 'markdown:a table'::text;
        ELSIF position('] ' IN v_bare) > 0 AND v_bare ~ '(^|\n)[ ]*[-*+] \[[ xX]\] ' THEN v_codes := v_codes || 'markdown:a task list'::text;
        ELSIF position('[^' IN v_bare) > 0 AND v_bare ~ '\[\^[^]]+\]' THEN v_codes := v_codes || 'markdown:a footnote'::text;
        ELSIF rule = 'adaptive_text' AND position('# ' IN v_bare) > 0 AND v_bare ~ '(^|\n)#{1,6} ' THEN v_codes := v_codes || 'markdown:a heading; write "size" and "weight"'::text;
        ELSIF rule = 'adaptive_text' AND position('![' IN v_bare) > 0 AND v_bare ~ '!\[[^]]*\]\(' THEN v_codes := v_codes || 'markdown:a picture; write an Image'::text;
        END IF;
    END IF;
    RETURN v_codes;
END $$;
COMMENT ON FUNCTION o365_internal.text_codes(text, text) IS
    'Rules that a text breaks, by the rule of its field (text, adaptive_text, title, plain, fact); null for none. Of what a far end does not '
    'render only what looks meant: a bare < is none.';

CREATE OR REPLACE FUNCTION o365_internal.address_codes(rule text, value text, key text, target_urls text[]) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_picture bytea;
BEGIN
    IF rule = 'image' THEN
        IF value ~* '^https://[^/?#[:space:]]+\S*$' THEN RETURN NULL; END IF;
        IF value !~* '^data:' THEN RETURN '{image_https}'; END IF;
        BEGIN
            v_picture := decode(substring(value FROM '^[dD][aA][tT][aA]:[^,]*;base64,(.*)$'), 'base64');
        EXCEPTION WHEN invalid_parameter_value OR invalid_text_representation THEN
            RETURN '{image_size}';
        END;
        RETURN CASE WHEN o365_internal.logo_type(v_picture) IS NULL OR octet_length(v_picture) >= 1048576 THEN '{image_size}'::text[]
                    ELSE '{image_data}' END;
    ELSIF rule = 'link' THEN
        -- {{...}} is filled in by the far end.
        RETURN CASE WHEN value ~* '^https?://[^/?#[:space:]]' THEN NULL WHEN value ~* '^[a-z][a-z0-9+.-]*:\S' THEN '{link_scheme}'::text[] ELSE '{link}' END;
    END IF;
    -- In development the sandbox calls targets, and it is on this machine.
    RETURN CASE WHEN NOT o365_internal.is_https_url(value) OR o365_internal.text_setting('environment') <> 'development'
                     AND (o365_internal.is_loopback_url(value) OR value ~* '^https://(\[|[0-9]+(\.[0-9]+)*([:/?]|$)|[^./:?]+([:/?]|$))')
                THEN '{target_https}'::text[]
                WHEN target_urls IS NOT NULL AND NOT o365_internal.is_below_a_target(value, target_urls) THEN '{target_unregistered}' END;
END $$;
COMMENT ON FUNCTION o365_internal.address_codes(text, text, text, text[]) IS
    'Rules that an address breaks, by the rule of its field (image, link, target); null for none. target_urls: those of the connector, null when it is not known.';

CREATE OR REPLACE FUNCTION o365_internal.input_codes(kind text, value jsonb) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    v_ids text[];
    v_named text;
BEGIN
    IF kind = 'm.input:MultichoiceInput' THEN
        IF jsonb_typeof(value->'value') = 'string' AND jsonb_typeof(value->'choices') = 'array' AND value->>'isMultiSelect' IS DISTINCT FROM 'true'
           AND value->>'value' <> '' AND NOT EXISTS (SELECT FROM jsonb_array_elements(value->'choices') AS c (choice) WHERE c.choice->>'value' = input_codes.value->>'value') THEN
            RETURN '{value_not_a_choice}';
        END IF;
        RETURN NULL;
    END IF;
    IF jsonb_typeof(value->'inputs') = 'array' THEN
        v_ids := ARRAY(SELECT i->>'id' FROM jsonb_array_elements(value->'inputs') AS i WHERE jsonb_typeof(i->'id') = 'string');
        IF (SELECT count(DISTINCT u) FROM unnest(v_ids) AS u) < cardinality(v_ids) THEN
            RETURN '{same_id}';
        END IF;
    END IF;
    IF jsonb_typeof(value->'actions') = 'array' THEN
        SELECT m[1] INTO v_named FROM jsonb_array_elements(value->'actions') AS a, regexp_matches(a->>'body', '\{\{([A-Za-z0-9_.-]+)\.value\}\}', 'g') AS m
         WHERE m[1] <> ALL (coalesce(v_ids, '{}')) LIMIT 1;
        IF v_named IS NOT NULL THEN
            RETURN ARRAY['no_such_input:' || left(v_named, 60)];
        END IF;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.input_codes(text, jsonb) IS
    'Rules that an ActionCard or a MultichoiceInput breaks as a whole; null for none.';

CREATE OR REPLACE FUNCTION o365_internal.nearest_field(kind text, name text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Near is what differs in upper and lower case, in the leading @, or in two neighbouring characters.
    RETURN (SELECT f.name FROM o365_internal.card_field AS f,
                LATERAL (SELECT coalesce(max(i), 0) AS n FROM generate_series(1, least(length(f.name), length($2))) AS i
                          WHERE left(lower(f.name), i) = left(lower($2), i)) AS head,
                LATERAL (SELECT coalesce(max(i), 0) AS n FROM generate_series(1, least(length(f.name), length($2)) - head.n) AS i
                          WHERE right(lower(f.name), i) = right(lower($2), i)) AS tail
             WHERE f.kind = $1 AND f.type <> 'mistake'
               AND (lower(ltrim(f.name, '@')) = lower(ltrim($2, '@'))
                    OR length($2) BETWEEN 4 AND 60 AND head.n + tail.n >= greatest(length(f.name), length($2)) - CASE WHEN length($2) > 5 THEN 2 ELSE 1 END)
             ORDER BY lower(ltrim(f.name, '@')) = lower(ltrim($2, '@')) DESC, head.n + tail.n DESC, f.name LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.nearest_field(text, text) IS 'The field of a kind that was probably meant by a name it has not; null when none is near.';

CREATE OR REPLACE FUNCTION o365_internal.card_root(card jsonb, dialect text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN card->>'type' = 'message' AND card ? 'attachments' THEN 'a.message'
                WHEN card->>'type' = 'AdaptiveCard' THEN CASE WHEN dialect = 'connector' THEN 's.card' ELSE 'a.card' END
                ELSE 'm.card' END;
END $$;
COMMENT ON FUNCTION o365_internal.card_root(jsonb, text) IS
    'Which kind of card_kind a card is for a dialect: a.message (the envelope), a.card, s.card (an Adaptive Card that a connector''s webhook is '
    'to get), m.card for everything else.';

CREATE OR REPLACE FUNCTION o365_internal.counted_size(card jsonb, json text, root text, dialect text) RETURNS integer
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- docs/cards.md, Size: the body stands in a string there, and what a conversion adds to each object is bounded.
    RETURN octet_length(json) + 2 * length(json) - length(replace(json, '"', '')) - length(replace(json, '\', ''))
        + CASE WHEN root = 'm.card' AND dialect = 'workflow' THEN 600
                    + 400 * CASE WHEN jsonb_typeof(card->'sections') = 'array' THEN jsonb_array_length(card->'sections') ELSE 0 END
                    + 100 * ((length(json) - length(replace(json, '"image"', ''))) / 7)
               WHEN root = 's.card' THEN 300 + 100 * CASE WHEN jsonb_typeof(card->'body') = 'array' THEN jsonb_array_length(card->'body') ELSE 0 END
               WHEN root = 'a.card' THEN 200 ELSE 0 END;
END $$;
COMMENT ON FUNCTION o365_internal.counted_size(jsonb, text, text, text) IS
    'Bytes of a card as the far end may count them, at most, conversion included. json is the card''s text, root its card_root.';

CREATE OR REPLACE FUNCTION o365_internal.counted_limit(card_size_limit integer) RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT (card_size_limit * 1.18)::integer $$;
COMMENT ON FUNCTION o365_internal.counted_limit(integer) IS
    'What counted_size may be: the far end''s limit is 28 KB when the setting card_size_limit is 24,000 bytes.';

CREATE OR REPLACE FUNCTION o365_internal.walked_problems(card jsonb, root text, converts boolean, target_urls text[],
    whole text[], trusts boolean) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    v_vars jsonb := jsonb_build_object('converts', converts);
    v_found record;
BEGIN
    WITH RECURSIVE node (is_object, kind, key, path, value, jtype, type, child, required, max_items, rule, lost, depth, fields) AS (
        SELECT true, k.kind, NULL::text, '$'::text, card, jsonb_typeof(card), NULL::text, NULL::text, k.required, NULL::integer, NULL::text, false, 0, k.fields
          FROM o365_internal.card_kind AS k WHERE k.kind = root
        UNION ALL
        -- Objects give their fields and arrays their objects, in turn. A field is looked up in its kind's row, without a join.
        SELECT e.kind IS NOT NULL, coalesce(e.kind, w.kind), coalesce(e.key, w.key),
               w.path || CASE WHEN NOT w.is_object THEN CASE WHEN e.i IS NULL THEN '' ELSE '[' || e.i - 1 || ']' END
                              WHEN e.f IS NOT NULL AND left(e.key, 1) NOT IN ('@', '$') OR e.key ~ '^[A-Za-z_][A-Za-z0-9_]{0,60}$' THEN '.' || e.key
                              ELSE '.' || to_json(e.key)::text END,
               e.value, jsonb_typeof(e.value), e.f->>0, CASE WHEN e.kind IS NULL THEN e.f->>1 ELSE k.kind END,
               CASE WHEN e.kind IS NULL THEN CASE WHEN e.f->2 = 'true' THEN '{}'::text[] END ELSE k.required END, (e.f->>3)::integer,
               CASE WHEN e.kind IS NULL THEN e.f->>4 ELSE k.rule END, CASE WHEN e.kind IS NULL THEN e.f->5 = 'true' ELSE k.lost END,
               w.depth + 1, k.fields
          FROM node AS w CROSS JOIN LATERAL (
                SELECT o.key, o.value, NULL::bigint AS i, NULL::text AS kind, w.fields->o.key AS f
                  FROM jsonb_each(CASE WHEN w.is_object THEN w.value ELSE '{}' END) AS o WHERE w.is_object
                UNION ALL
                -- An address in a list is judged as a field is that must be there.
                SELECT NULL, m.value, m.i,
                       CASE WHEN right(w.child, 1) <> ':' THEN w.child
                            ELSE w.child || coalesce(left(CASE WHEN left(w.child, 1) = 'm' THEN m.value->>'@type' ELSE m.value->>'type' END, 60), '') END,
                       CASE WHEN w.rule = 'links' THEN '["string", null, true, null, "link", false]'::jsonb END
                  FROM jsonb_array_elements(CASE WHEN NOT w.is_object AND w.jtype = 'array' THEN w.value
                                                 WHEN NOT w.is_object THEN jsonb_build_array(w.value) ELSE '[]' END) WITH ORDINALITY AS a (value, n),
                       LATERAL (SELECT a.value, CASE WHEN w.jtype = 'array' THEN a.n END AS i) AS m
                 WHERE NOT w.is_object) AS e
          -- What its pattern calls right need not be walked. It says nothing of depth.
          LEFT JOIN LATERAL (SELECT k.*, trusts AND w.depth < 30 AND jsonb_typeof(e.value) = 'object'
                                        AND (SELECT jsonb_path_exists(e.value, p.pattern, v_vars) FROM o365_internal.card_pattern AS p
                                              WHERE p.kind = k.kind AND p.covers) AS is_right
                               FROM o365_internal.card_kind AS k WHERE k.kind = e.kind OFFSET 0) AS k ON true
         WHERE CASE WHEN w.is_object THEN w.jtype = 'object' AND w.depth < 40 AND (w.depth = 0 OR w.child IS NOT NULL)
                    ELSE (w.child IS NOT NULL OR w.rule = 'links') AND w.jtype = w.type END
           AND k.is_right IS NOT TRUE
    ), judged AS (
        SELECT n.*, CASE
            WHEN n.is_object THEN CASE
                WHEN n.depth = 0 THEN CASE WHEN NOT n.value ?& n.required
                    THEN ARRAY(SELECT 'missing:' || r FROM unnest(n.required) AS r WHERE NOT n.value ? r) END
                WHEN n.jtype <> 'object' THEN '{not_an_object}'::text[]
                WHEN n.depth >= 40 THEN '{too_deep}'
                WHEN n.child IS NULL THEN ARRAY[CASE WHEN n.kind LIKE 's.%' THEN 'lost_for_connector:' WHEN n.kind ~ '^a\.element:.' THEN 'unknown_element:' ELSE 'unknown_type:' END
                    || CASE WHEN n.kind LIKE '%:' THEN 'it has no type' ELSE split_part(n.kind, ':', 2) END]
                WHEN n.value ?& n.required AND n.rule IS NULL AND NOT (n.lost AND converts) AND n.kind <> ALL ('{m.action:ActionCard,m.action:OpenUri,m.input:MultichoiceInput}')
                    THEN NULL
                ELSE ARRAY(SELECT 'missing:' || r FROM unnest(n.required) AS r WHERE NOT n.value ? r)
                    || CASE WHEN n.rule IS NOT NULL THEN ARRAY[n.rule || ':' || split_part(n.kind, ':', 2)] END
                    || CASE WHEN n.lost AND converts AND n.path NOT LIKE '%.actions[%' THEN ARRAY['lost_action:' || split_part(n.kind, ':', 2)] END
                    || CASE WHEN n.kind = 'm.action:ActionCard' AND n.path LIKE '%.actions[%' THEN '{nested_action_card}'::text[] END
                    || CASE WHEN n.kind = 'm.action:OpenUri' AND converts AND jsonb_typeof(n.value->'targets') = 'array'
                                 AND jsonb_array_length(n.value->'targets') > 1 AND n.path NOT LIKE '%.actions[%' THEN '{lost_targets}'::text[] END
                    || CASE WHEN n.kind IN ('m.action:ActionCard', 'm.input:MultichoiceInput') THEN o365_internal.input_codes(n.kind, n.value) END END
            WHEN n.type IS NULL THEN ARRAY[CASE WHEN n.kind LIKE 's.%' THEN 'lost_for_connector:' || left(n.key, 60) ELSE 'unknown_field' END]
            WHEN n.type = 'mistake' THEN ARRAY[coalesce(n.rule, 'mistake')]
            WHEN n.jtype = 'null' THEN CASE WHEN n.required IS NOT NULL THEN ARRAY['missing:' || n.key] END
            WHEN n.type <> 'any' AND n.jtype <> n.type THEN '{wrong_type}'
            WHEN n.lost AND converts AND (n.jtype <> 'boolean' OR (n.key = 'markdown') <> (n.value = 'true')) THEN '{lost}'
            WHEN n.type = 'array' THEN CASE
                WHEN jsonb_array_length(n.value) > n.max_items THEN ARRAY['too_many:' || jsonb_array_length(n.value) || ':' || n.max_items]
                WHEN n.rule IN ('filled', 'links') AND jsonb_array_length(n.value) = 0 THEN '{empty}'
                WHEN n.rule = 'five' AND jsonb_array_length(n.value) > 5 THEN ARRAY['surplus:' || jsonb_array_length(n.value) || ':5']
                WHEN n.rule = 'six' AND jsonb_array_length(n.value) > 6 THEN ARRAY['surplus:' || jsonb_array_length(n.value) || ':6'] END
            WHEN n.rule IS NULL THEN NULL
            WHEN n.rule = 'no_effect' THEN '{no_effect}'
            WHEN n.rule IN ('text', 'fact', 'title', 'plain', 'adaptive_text') THEN
                CASE WHEN n.value #>> '{}' ~ '[<*_#~|\n[]|https?:' THEN o365_internal.text_codes(n.rule, n.value #>> '{}') END
            WHEN n.rule IN ('image', 'link', 'target') THEN
                CASE WHEN n.rule <> 'target' AND n.value #>> '{}' ~ '^https://[a-zA-Z0-9][^[:space:]]*$' THEN NULL
                     ELSE o365_internal.address_codes(n.rule, n.value #>> '{}', n.key, CASE WHEN NOT converts THEN target_urls END) END
            WHEN left(n.rule, 1) = '|' THEN
                CASE WHEN position('|' IN n.value #>> '{}') = 0 AND position('|' || CASE WHEN left(n.kind, 3) = 'a.e' OR left(n.kind, 4) IN ('a.ac', 'a.co') THEN lower(n.value #>> '{}') ELSE n.value #>> '{}' END || '|'
                                                                     IN CASE WHEN left(n.kind, 4) = 'a.co' THEN lower(n.rule) ELSE n.rule END) > 0 THEN NULL
                     ELSE ARRAY[CASE WHEN n.kind = 'a.attachment' THEN 'attachment_type:' WHEN n.kind ~ '^a\.(el|ac|co|ms)' OR n.key = '@context' THEN 'word_ignored:' ELSE 'word:' END
                                || coalesce(nullif(left(n.value #>> '{}', 60), ''), 'empty')] END
            WHEN n.rule = 'color' THEN CASE WHEN n.value #>> '{}' !~ '^[0-9a-fA-F]{6}$' THEN '{color}'::text[] END
            WHEN n.rule = 'uuid' THEN CASE WHEN n.value #>> '{}' !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN '{uuid}'::text[] END
            WHEN n.rule = 'version' THEN CASE WHEN n.value #>> '{}' !~ '^1\.[0-5]$' THEN ARRAY['version:' || coalesce(nullif(left(n.value #>> '{}', 20), ''), 'empty')] END
            WHEN n.rule = 'heading' THEN CASE WHEN n.path NOT LIKE '$.body[0].%'
                    OR lower(n.value #>> '{}') NOT IN ('bolder', 'medium', 'large', 'extralarge') AND lower(n.value #>> '{}') <> 'default' THEN ARRAY['lost_for_connector:' || n.key || ' here'] END
            END AS codes
          FROM node AS n
    )
    SELECT array_agg(j.kind) AS kinds, array_agg(j.key) AS keys, array_agg(j.path) AS paths, array_agg(j.jtype) AS jtypes, array_agg(j.type) AS types,
           array_agg(j.is_object) AS are_objects, array_agg(c) AS codes INTO v_found
      FROM (SELECT * FROM judged WHERE codes IS NOT NULL OFFSET 0) AS j, unnest(j.codes) AS c;
    IF v_found.codes IS NULL AND whole = '{}' THEN
        RETURN '[]';
    END IF;

    -- Something is wrong: the words for it.
    RETURN (WITH found AS (
        SELECT split_part(j.c, ':', 1) AS code, j.kind, CASE WHEN j.c LIKE 'missing:%' THEN split_part(j.c, ':', 2) ELSE j.key END AS key,
               j.path || CASE WHEN j.c LIKE 'missing:%' AND j.is_object THEN CASE WHEN split_part(j.c, ':', 2) ~ '^\w+$' THEN '.' || split_part(j.c, ':', 2) ELSE format('."%s"', split_part(j.c, ':', 2)) END ELSE '' END AS path,
               j.jtype, j.type, substr(j.c, length(split_part(j.c, ':', 1)) + 2) AS more, j.is_object, NULL::text[] AS args
          FROM unnest(v_found.kinds, v_found.keys, v_found.paths, v_found.jtypes, v_found.types, v_found.are_objects, v_found.codes)
                   AS j (kind, key, path, jtype, type, is_object, c)
        UNION ALL
        SELECT split_part(rest.c, ':', 1), 'm.card', NULL, whole.path, NULL, NULL, substr(rest.c, length(split_part(rest.c, ':', 1)) + 2), true, string_to_array(rest.c, ':')
          FROM unnest(whole) AS v, LATERAL (SELECT CASE WHEN v LIKE '$."%' THEN substring(v FROM '^\$\."[^"]*"') ELSE split_part(v, ':', 1) END AS path) AS whole,
               LATERAL (SELECT substr(v, length(whole.path) + 2) AS c) AS rest
    )
    -- OFFSET 0: a few look-ups by key, where the planner would hash whole tables, and each word found once.
    SELECT jsonb_agg(jsonb_build_object('severity', p.severity, 'path', p.path, 'problem', p.problem, 'hint', p.hint))
      FROM (SELECT r.severity, f.path, format(r.problem, VARIADIC said.args) AS problem, format(r.hint, VARIADIC said.args) AS hint
      FROM found AS f
      JOIN LATERAL (SELECT r.* FROM o365_internal.card_rule AS r WHERE r.code = f.code OFFSET 0) AS r ON true
      LEFT JOIN LATERAL (SELECT place.hint FROM o365_internal.card_field AS place
                          WHERE place.kind = f.kind AND place.name = f.key AND (NOT f.is_object OR f.code = 'missing')
                         OFFSET 0) AS place ON true
      LEFT JOIN LATERAL (SELECT k.hint FROM o365_internal.card_kind AS k WHERE k.kind = CASE WHEN f.kind LIKE '%:%' AND f.code IN ('unknown_type', 'not_an_object') THEN
              CASE WHEN f.kind LIKE 'm.action:%' THEN 'm.action:OpenUri' WHEN f.kind LIKE 'm.input:%' THEN 'm.input:TextInput' WHEN f.kind LIKE 'a.action:%' THEN 'a.action:Action.OpenUrl'
                   WHEN f.kind LIKE 'a.element:%' THEN 'a.element:TextBlock' ELSE f.kind END ELSE f.kind END OFFSET 0) AS k ON true,
      LATERAL (SELECT CASE WHEN f.code = 'unknown_field' THEN o365_internal.nearest_field(f.kind, f.key) END AS name OFFSET 0) AS near,
      LATERAL (SELECT CASE
          WHEN f.args IS NOT NULL AND f.code = 'version' THEN ARRAY['version', '', '', 'none', '']
          WHEN f.args IS NOT NULL AND f.code = 'lost_for_connector' THEN ARRAY['', '', '', f.args[2], f.args[3]]
          WHEN f.args IS NOT NULL THEN ARRAY[coalesce(f.args[2], ''), coalesce(f.args[3], ''), coalesce(f.args[4], ''), '', '']
          WHEN f.code IN ('too_many', 'surplus') THEN ARRAY[f.key, split_part(f.more, ':', 1), split_part(f.more, ':', 2), '', '']
          ELSE ARRAY[
              coalesce(CASE WHEN f.is_object AND f.code <> 'missing' THEN 'an item of ' || f.key ELSE left(f.key, 60) END, 'the card'),
              CASE WHEN f.jtype IN ('array', 'object') THEN 'an ' ELSE 'a ' END || coalesce(f.jtype, 'null'),
              CASE WHEN f.code = 'unknown_field' THEN CASE WHEN f.kind LIKE '%:%' THEN split_part(f.kind, ':', 2) WHEN f.kind = 'm.card' THEN 'a MessageCard'
                        WHEN f.kind = 'a.card' THEN 'an Adaptive Card' ELSE 'a ' || split_part(f.kind, '.', 2) END
                   ELSE CASE WHEN f.type IN ('array', 'object') THEN 'an ' ELSE 'a ' END || coalesce(f.type, 'object') END,
              CASE WHEN f.code = 'unknown_field' THEN CASE WHEN near.name IS NULL THEN 'It is left unread: leave it out, or see docs/cards.md for what there is.' ELSE format('Write "%s".', near.name) END
                   ELSE f.more END,
              CASE WHEN f.code = 'lost_for_connector' THEN 'A connector webhook takes of an Adaptive Card: a TextBlock as title (the first, with size or weight), TextBlocks, FactSets, Images and up to 4 Action.OpenUrl. Send a MessageCard for more.'
                   ELSE coalesce(place.hint, k.hint, 'it as docs/cards.md shows') END] END AS args OFFSET 0) AS said
     ORDER BY r.severity, f.path LIMIT 100) AS p);
END $$;
COMMENT ON FUNCTION o365_internal.walked_problems(jsonb, text, boolean, text[], text[], boolean) IS
    'The slow half of card_problems: what is wrong with each object and field, and the words for it; [] for nothing. root: its '
    'card_root; null: its objects are not looked at. converts: whether a conversion follows. whole: what is wrong with the card '
    'as a whole, each code after its path and a colon. trusts: whether an object that its pattern calls right is left alone; '
    'needs actions_are_right.';

CREATE OR REPLACE FUNCTION o365_internal.card_problems(card jsonb, dialect text, target_urls text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_json text := card::text;
    v_size integer := octet_length(v_json);
    v_limit integer := o365_internal.integer_setting('card_size_limit');
    v_counted integer;
    v_root text;
    v_converts boolean;
    v_trusts boolean;
    v_codes text[] := '{}';
BEGIN
    IF card IS NULL OR jsonb_typeof(card) <> 'object' THEN
        RETURN o365_internal.walked_problems(card, NULL, false, NULL, '{$:no_object}', false);
    ELSIF v_size > v_limit THEN
        RETURN o365_internal.walked_problems(card, NULL, false, NULL, ARRAY['$:size:' || v_size || '::' || v_limit], false);
    END IF;
    v_root := o365_internal.card_root(card, dialect);
    v_converts := v_root = 's.card' OR v_root = 'm.card' AND dialect = 'workflow';
    -- Where no conversion adds to it, a card counts at most twice, and 200.
    IF v_converts OR v_size * 2 + 200 > v_limit THEN
        v_counted := o365_internal.counted_size(card, v_json, v_root, dialect);
        IF v_counted > o365_internal.counted_limit(v_limit) THEN
            v_codes := v_codes || ARRAY['$:size_counted:' || v_counted || ':' || v_size || ' bytes:'
                                        || o365_internal.counted_limit(v_limit)];
        END IF;
    END IF;
    IF v_root = 'm.card' THEN
        IF coalesce(card->>'text', '') !~ '[^[:space:]]' AND coalesce(card->>'summary', '') !~ '[^[:space:]]' THEN
            v_codes := v_codes || CASE WHEN NOT card ?| '{@type,@context,title,text,summary,sections,potentialAction}' AND card ?| '{type,body,version,$schema,content}'
                                       THEN '$:no_card'::text ELSE '$.text:no_text' END;
        END IF;
        -- A text alone is what Microsoft's own documentation posts.
        IF card ?| '{@type,@context,title,sections,potentialAction,themeColor}' THEN
            IF coalesce(jsonb_typeof(card->'@type'), 'null') = 'null' THEN v_codes := v_codes || '$."@type":no_type'::text; END IF;
            IF coalesce(jsonb_typeof(card->'@context'), 'null') = 'null' THEN v_codes := v_codes || '$."@context":no_context'::text; END IF;
            IF card ? 'text' AND coalesce(card->>'summary', '') !~ '[^[:space:]]' AND NOT card ? 'title' THEN
                v_codes := v_codes || '$.summary:no_summary'::text;
            END IF;
            -- It mostly is an action of the card itself, and a look into everything costs more.
            IF jsonb_typeof(card->'potentialAction') = 'array' AND jsonb_array_length(card->'potentialAction') > 0
               AND NOT jsonb_path_exists(card, '$.potentialAction[*]."@type" ? (@ == "OpenUri")')
               AND NOT jsonb_path_exists(card, '$.**."@type" ? (@ == "OpenUri" || @ == "ViewAction")') THEN
                v_codes := v_codes || '$.potentialAction:no_open_uri'::text;
            END IF;
        END IF;
    ELSIF v_root = 'a.message' AND dialect = 'connector' THEN
        v_root := NULL;
        v_codes := v_codes || '$.attachments:lost_for_connector:an envelope:Send the card itself, what stands under content.'::text;
    ELSIF v_root = 'a.card' OR v_root = 's.card' THEN
        IF coalesce(jsonb_typeof(card->'version'), 'null') = 'null' THEN
            v_codes := v_codes || '$.version:version:none'::text;
        END IF;
        IF v_root = 's.card' AND coalesce(card->>'fallbackText', '') !~ '[^[:space:]]'
           AND NOT jsonb_path_exists(card, '$.body[*] ? (@.type == "TextBlock").text ? (@ like_regex "[^ \\t\\r\\n]")') THEN
            v_codes := v_codes || '$.body:no_text'::text;
        END IF;
    END IF;
    v_trusts := v_root IS DISTINCT FROM 'm.card' OR NOT card ?| '{sections,potentialAction}'
                OR o365_internal.actions_are_right(card, target_urls);
    IF v_codes = '{}' AND v_trusts AND o365_internal.card_is_right(card, v_root, v_converts) THEN
        RETURN '[]';
    END IF;
    RETURN o365_internal.walked_problems(card, v_root, v_converts, target_urls, v_codes, v_trusts);
END $$;
COMMENT ON FUNCTION o365_internal.card_problems(jsonb, text, text[]) IS
    'What is wrong with a card: an array of severity, path, problem and hint, errors first, at most 100; [] for nothing. target_urls: those of '
    'the connector it goes through, null when it is not known.';

CREATE OR REPLACE FUNCTION o365.check_card(card jsonb, dialect text DEFAULT 'connector', connector text DEFAULT NULL)
RETURNS TABLE (severity text, path text, problem text, hint text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_target_urls text[];
    v_problems jsonb;
BEGIN
    IF dialect IS NULL OR dialect NOT IN ('connector', 'workflow') THEN
        RAISE EXCEPTION 'dialect % is unknown', quote_nullable(dialect)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'It is connector or workflow.';
    END IF;
    IF connector IS NOT NULL THEN
        v_target_urls := CASE WHEN o365_internal.is_operator()
            THEN (SELECT c.target_urls FROM o365_internal.connector AS c WHERE c.slug = check_card.connector)
            ELSE (o365_internal.connector_to_use(connector)).target_urls END;
        IF v_target_urls IS NULL THEN
            RAISE EXCEPTION 'there is no connector %', quote_nullable(connector)
                USING ERRCODE = 'undefined_object', HINT = 'select slug from o365.connectors lists them.';
        END IF;
    END IF;
    v_problems := o365_internal.card_problems(card, dialect, v_target_urls);
    IF v_problems <> '[]' THEN
        RETURN QUERY SELECT p.severity, p.path, p.problem, p.hint
          FROM jsonb_to_recordset(v_problems) AS p (severity text, path text, problem text, hint text);
    END IF;
END $$;
COMMENT ON FUNCTION o365.check_card(jsonb, text, text) IS
    'What is wrong with a card for a dialect, a row each, errors first, at most 100: severity (error: o365.send refuses it; warning: it goes and '
    'something will not be seen), JSON path, problem and what to write instead. No row: nothing. With a connector the targets of its actions are '
    'held against those registered. The rules: docs/cards.md. Errors: invalid_parameter_value for an unknown dialect, insufficient_privilege or undefined_object for the connector.';
