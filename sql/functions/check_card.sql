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
    IF position('<' IN v_bare) > 0 AND v_bare ~* '</?(a|b|i|u|p|br|em|h[1-6]|hr|li|ol|ul|div|pre|code|font|img|span|strong|table|tbody|thead|td|th|tr|blockquote|script|style|strike|sub|sup|center|s|del|ins|mark|small|big|iframe|svg|video|audio|form|input|button|dl|dt|dd|details|summary|section|article)(\s[^<>]*)?/?>|<!--' THEN
        v_codes := v_codes || 'html'::text;
    END IF;
    -- A line of a list, a quotation or preformatted text may follow a single break.
    IF (position(E'\n' IN v_bare) > 0 OR position(E'\r' IN v_bare) > 0)
       AND v_bare ~ E'[^\\n\\r](\\r\\n?|\\n)(?![\\n\\r]|[ \\t]*([-*+>|]|[0-9]+[.)]) ?)[^\\n\\r]' AND value !~ '```' THEN
        v_codes := v_codes || 'newline'::text;
    END IF;
    IF rule IN ('text', 'adaptive_text', 'fact') AND position('](' IN v_bare) > 0 AND v_bare ~* '\]\((/|\.|#|javascript:|data:|file:)' THEN
        v_codes := v_codes || 'markdown:a link without https://'::text;
    END IF;
    IF rule = 'title' THEN
        IF v_bare ~ '\]\(|https?://' THEN v_codes := v_codes || 'link_in_title'::text; END IF;
    ELSIF rule = 'plain' OR rule = 'fact' THEN
        IF v_bare ~ '(\*\*|__|~~)\S.*\1|^#{1,6} ' OR rule = 'plain' AND v_bare ~ '\[[^]]+\]\([^)]+\)' THEN
            v_codes := v_codes || 'markdown_here'::text;
        END IF;
    ELSE
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

CREATE OR REPLACE FUNCTION o365_internal.is_web_address(url text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN url ~* ('^https?://([^[:space:][:cntrl:]!-,/:-@[-^`{-~]+|\[[0-9a-f:.]+\])(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?'
                   || '([/?#][^[:space:][:cntrl:]]*)?$');
END $$;
COMMENT ON FUNCTION o365_internal.is_web_address(text) IS
    'Whether it is an http or https URL with a host, without a user, blanks and control characters. What is one here is one for '
    'lib/card_conversion.cpp.';

CREATE OR REPLACE FUNCTION o365_internal.address_codes(rule text, value text, key text, target_urls text[]) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_picture bytea;
BEGIN
    IF rule = 'image' THEN
        IF value ~* '^https:' AND o365_internal.is_web_address(value) THEN RETURN NULL; END IF;
        IF value !~* '^data:' THEN RETURN '{image_https}'; END IF;
        BEGIN
            v_picture := decode(substring(value FROM '(?i)^data:image/[^,]*;base64,(.*)$'), 'base64');
        EXCEPTION WHEN invalid_parameter_value OR invalid_text_representation THEN
            RETURN '{image_size}';
        END;
        RETURN CASE WHEN o365_internal.logo_type(v_picture) IS NULL OR octet_length(v_picture) >= 1048576 THEN '{image_size}'::text[]
                    ELSE '{image_data}' END;
    ELSIF rule = 'link' THEN
        RETURN CASE WHEN o365_internal.is_web_address(value) THEN NULL
                    WHEN value ~* '^[a-z][a-z0-9+.-]*:\S' AND value !~* '^https?:' THEN '{link_scheme}'::text[] ELSE '{link}' END;
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

CREATE OR REPLACE FUNCTION o365_internal.form_fields(value jsonb) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT coalesce(sum(CASE WHEN i.input->'isMultiSelect' = 'true' AND i.input->>'@type' = 'MultichoiceInput' AND jsonb_typeof(i.input->'choices') = 'array'
                                     THEN jsonb_array_length(i.input->'choices') ELSE 1 END), 0) FROM jsonb_path_query(value, '$.inputs[*]') AS i (input));
END $$;
COMMENT ON FUNCTION o365_internal.form_fields(jsonb) IS
    'How many fields the form of an ActionCard has on the page that its link leads to: one an input, one a choice where several may be chosen.';

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
               -- What passes below has one of these.
               AND (lower(ltrim(f.name, '@')) = lower(ltrim($2, '@')) OR left(lower(f.name), 2) = left(lower($2), 2)
                    OR right(lower(f.name), 2) = right(lower($2), 2))
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

CREATE OR REPLACE FUNCTION o365_internal.counted_size(card jsonb, json_text text, root text, dialect text) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- docs/cards.md, Size: the body stands in a string there, and what a conversion adds to each object is bounded.
    RETURN octet_length(json_text) + 2 * length(json_text) - length(replace(json_text, '"', '')) - length(replace(json_text, '\', ''))
        + CASE WHEN root = 'm.card' AND dialect = 'workflow' THEN 600
                    + 400 * CASE WHEN jsonb_typeof(card->'sections') = 'array' THEN jsonb_array_length(card->'sections') ELSE 0 END
                    + 100 * ((length(json_text) - length(replace(json_text, '"image"', ''))) / 7)
                    -- An action that becomes a link has its address instead of what it was: at most 80 beside public_url.
                    + CASE WHEN position('"HttpPOST"' IN json_text) > 0 OR position('"ActionCard"' IN json_text) > 0
                           THEN (80 + length(o365_internal.text_setting('public_url')))
                                * ((length(json_text) - length(replace(json_text, '"HttpPOST"', ''))) / 10 + (length(json_text) - length(replace(json_text, '"ActionCard"', ''))) / 12)
                           ELSE 0 END
               WHEN root = 's.card' THEN 300 + 100 * CASE WHEN jsonb_typeof(card->'body') = 'array' THEN jsonb_array_length(card->'body') ELSE 0 END
               WHEN root = 'a.card' THEN 200 ELSE 0 END;
END $$;
COMMENT ON FUNCTION o365_internal.counted_size(jsonb, text, text, text) IS
    'Bytes of a card as the far end may count them, at most, conversion included. json_text is the card''s text, root its card_root.';

CREATE OR REPLACE FUNCTION o365_internal.section_count(body jsonb) RETURNS integer
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_types jsonb := jsonb_path_query_array(body, '$[*].type');
    v_place integer;
    v_last integer := 0;
    v_images integer := 0;
    v_sections integer := 0;
BEGIN
    FOR v_i IN 0 .. jsonb_array_length(v_types) - 1 LOOP
        v_place := CASE v_types->>v_i WHEN 'TextBlock' THEN 1 WHEN 'FactSet' THEN 2 WHEN 'Image' THEN 3 ELSE 0 END;
        -- Texts in front of everything else are the card's own.
        CONTINUE WHEN v_place = 0 OR v_place = 1 AND v_sections = 0;
        v_images := CASE v_place WHEN 3 THEN v_images + 1 ELSE 0 END;
        IF v_place < v_last OR v_sections = 0 OR v_images > 5 THEN
            v_sections := v_sections + 1;
            v_images := least(v_images, 1);
        END IF;
        v_last := v_place;
    END LOOP;
    RETURN v_sections;
END $$;
COMMENT ON FUNCTION o365_internal.section_count(jsonb) IS
    'Sections of the MessageCard that an Adaptive Card with this body becomes, at most: a section has texts, facts and up to five pictures, in '
    'this order. lib/card_conversion.cpp makes them.';

CREATE OR REPLACE FUNCTION o365_internal.counted_limit(card_size_limit integer) RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT (card_size_limit * 1.18)::integer $$;
COMMENT ON FUNCTION o365_internal.counted_limit(integer) IS
    'What counted_size may be: the far end''s limit is 28 KB when the setting card_size_limit is 24,000 bytes.';

CREATE OR REPLACE FUNCTION o365_internal.field_codes(object_kind text, key text, path text, value jsonb, field jsonb, converts boolean,
    target_urls text[]) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_jtype text := jsonb_typeof(value);
    v_type text := field->>0;
    v_rule text := field->>4;
    v_text text;
BEGIN
    IF v_type IS NULL THEN
        RETURN ARRAY[CASE WHEN left(object_kind, 2) = 's.' THEN 'lost_for_connector:' || left(key, 60) ELSE 'unknown_field' END];
    ELSIF v_type = 'mistake' THEN
        RETURN ARRAY[coalesce(v_rule, 'mistake')];
    ELSIF v_jtype = 'null' THEN
        RETURN CASE WHEN field->2 = 'true' THEN ARRAY['missing:' || key] END;
    ELSIF v_type <> 'any' AND v_jtype <> v_type THEN
        RETURN '{wrong_type}';
    ELSIF v_type = 'any' AND field->>1 IS NOT NULL AND v_jtype <> 'string' THEN
        RETURN CASE WHEN v_jtype <> 'object' THEN '{wrong_type}'::text[] END;
    ELSIF field->5 = 'true' AND converts AND (v_jtype <> 'boolean' OR (key = 'markdown') <> (value = 'true')) THEN
        RETURN CASE WHEN v_rule = 'color' THEN '{lost_color}'::text[] ELSE '{lost}' END;
    ELSIF v_type = 'array' THEN
        RETURN CASE
            WHEN jsonb_array_length(value) > (field->>3)::integer THEN ARRAY['too_many:' || jsonb_array_length(value) || ':' || (field->>3)]
            WHEN v_rule IN ('filled', 'links') AND jsonb_array_length(value) = 0 THEN '{empty}'
            WHEN object_kind = 'm.action:OpenUri' AND key = 'targets' AND NOT jsonb_path_exists(value, '$[*].os ? (@ == "default")') THEN '{no_default}'
            WHEN v_rule = 'five' AND jsonb_array_length(value) > 5 THEN ARRAY['surplus:' || jsonb_array_length(value) || ':5']
            WHEN v_rule = 'six' AND jsonb_array_length(value) > 6 THEN ARRAY['surplus:' || jsonb_array_length(value) || ':6'] END;
    ELSIF v_rule IS NULL THEN
        RETURN NULL;
    ELSIF v_rule = 'no_effect' THEN
        RETURN '{no_effect}';
    END IF;
    v_text := value #>> '{}';
    IF v_rule IN ('text', 'fact', 'title', 'plain', 'adaptive_text') THEN
        RETURN CASE WHEN v_text ~ '[<*_#~|\n\r[]|https?:' THEN o365_internal.text_codes(v_rule, v_text) END;
    ELSIF v_rule IN ('image', 'link', 'target') THEN
        RETURN o365_internal.address_codes(v_rule, v_text, key, CASE WHEN NOT converts THEN target_urls END);
    ELSIF left(v_rule, 1) = '|' THEN
        IF position('|' IN v_text) = 0
           AND position('|' || CASE WHEN left(object_kind, 3) = 'a.e' OR left(object_kind, 4) IN ('a.ac', 'a.co', 'a.in') THEN lower(v_text) ELSE v_text END || '|'
                        IN CASE WHEN left(object_kind, 4) IN ('a.co', 'a.in') THEN lower(v_rule) ELSE v_rule END) > 0 THEN
            RETURN NULL;
        END IF;
        RETURN ARRAY[CASE WHEN object_kind = 'a.attachment' THEN 'attachment_type:'
                          WHEN object_kind ~ '^a\.(el|ac|co|in|ms)' OR key = '@context' THEN 'word_ignored:' ELSE 'word:' END
                     || coalesce(nullif(left(v_text, 60), ''), 'empty')];
    END IF;
    RETURN CASE v_rule
        WHEN 'color' THEN CASE WHEN v_text !~ '^[0-9a-fA-F]{6}$' THEN '{color}'::text[] END
        WHEN 'uuid' THEN CASE WHEN v_text !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN '{uuid}'::text[] END
        WHEN 'version' THEN CASE WHEN v_text !~ '^1\.[0-5]$' THEN ARRAY['version:' || coalesce(nullif(left(v_text, 20), ''), 'empty')] END
        WHEN 'heading' THEN CASE WHEN lower(v_text) <> 'default' AND (path NOT LIKE '$.body[0].%'
                OR lower(v_text) <> ALL (CASE key WHEN 'weight' THEN '{bolder}' ELSE '{medium,large,extralarge}' END::text[]))
            THEN ARRAY['lost_for_connector:' || key || CASE WHEN path LIKE '$.body[0].%' THEN ' ' || left(v_text, 20) ELSE ' here' END] END
        END;
END $$;
COMMENT ON FUNCTION o365_internal.field_codes(text, text, text, jsonb, jsonb, boolean, text[]) IS
    'Rules that a field of an object breaks; null for none. field: its entry in the fields of card_kind, null for a field that is not there. '
    'The rest: as for object_codes.';

CREATE OR REPLACE FUNCTION o365_internal.add_codes(codes_so_far jsonb, before integer, codes text[], kind text, key text, path text, jtype text, type text,
    is_object boolean) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
BEGIN
    -- Said are 100, errors first: after 100 of whatever kind only errors count, and 200 then hold 100 of them.
    IF before + jsonb_array_length(codes_so_far) >= 100 THEN
        codes := ARRAY(SELECT c FROM unnest(codes) AS c JOIN o365_internal.card_rule AS r ON r.code = split_part(c, ':', 1) WHERE r.severity = 'error');
    END IF;
    IF cardinality(codes) = 1 THEN
        RETURN codes_so_far || jsonb_build_array(jsonb_build_object('code', codes[1], 'kind', kind, 'key', key, 'path', path, 'jtype', jtype, 'type', type, 'is_object', is_object));
    END IF;
    RETURN codes_so_far || (SELECT coalesce(jsonb_agg(jsonb_build_object('code', c, 'kind', kind, 'key', key, 'path', path, 'jtype', jtype, 'type', type,
                                                                  'is_object', is_object)), '[]')
                       FROM unnest(codes) AS c);
END $$;
COMMENT ON FUNCTION o365_internal.add_codes(jsonb, integer, text[], text, text, text, text, text, boolean) IS
    'What object_codes found, and codes; before: how many were found elsewhere. Where 100 are found, codes of warnings are left out.';

CREATE OR REPLACE FUNCTION o365_internal.object_codes(value jsonb, doubts jsonb, kind text, object o365_internal.card_kind, key text, path text,
    depth integer, converts boolean, target_urls text[], trusts boolean, trusts_actions boolean, before integer) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    v_found jsonb := '[]';
    v_below jsonb;
    v_doubts jsonb;
    v_codes text[];
    v_jtype text := jsonb_typeof(value);
    v_in_action_card boolean := path LIKE '%.actions[%';
    v_vars jsonb;
    v_field jsonb;
    v_pairs jsonb;
    v_key text;
    v_value jsonb;
    v_child text;
    v_items jsonb;
    v_item jsonb;
    v_kind text;
    v_known text;
    v_of record;
    v_path text;
    v_right boolean;
BEGIN
    -- The card itself has no key, and card_problems looks at it as a whole.
    IF v_jtype <> 'object' THEN
        v_codes := '{not_an_object}';
    ELSIF depth >= 40 THEN
        v_codes := '{too_deep}';
    ELSIF object.kind IS NULL THEN
        v_codes := ARRAY[CASE WHEN left(kind, 2) = 's.' THEN 'lost_for_connector:' WHEN kind ~ '^a\.element:.' THEN 'unknown_element:' ELSE 'unknown_type:' END
                         || CASE WHEN right(kind, 1) = ':' THEN 'it has no type' ELSE split_part(kind, ':', 2) END];
    ELSE
        IF NOT value ?& object.required THEN
            v_codes := ARRAY(SELECT 'missing:' || r FROM unnest(object.required) AS r WHERE NOT value ? r);
        END IF;
        IF object.rule IS NOT NULL THEN
            v_codes := v_codes || (object.rule || ':' || split_part(kind, ':', 2));
        END IF;
        IF object.lost AND converts AND NOT v_in_action_card THEN
            v_codes := v_codes || (CASE WHEN kind = 'm.action:InvokeAddInCommand' THEN 'lost_action:'
                                        WHEN o365_internal.text_setting('public_url') = '' THEN 'unlinked_action:' ELSE 'linked_action:' END || split_part(kind, ':', 2));
            IF kind = 'm.action:ActionCard' AND o365_internal.form_fields(value) > 62 THEN
                v_codes := v_codes || 'many_fields'::text;
            END IF;
        END IF;
        IF v_in_action_card AND kind IN ('m.action:ActionCard', 'm.action:InvokeAddInCommand', 'm.action:ViewAction') THEN
            v_codes := v_codes || ('nested_action:' || split_part(kind, ':', 2));
        END IF;
        IF kind IN ('m.action:OpenUri', 'm.action:ViewAction') THEN
            IF converts AND NOT v_in_action_card THEN
                v_items := CASE kind WHEN 'm.action:OpenUri' THEN jsonb_path_query_array(value, '$.targets[*].uri') ELSE jsonb_path_query_array(value, '$.target[*]') END;
                v_codes := v_codes || CASE
                    WHEN NOT EXISTS (SELECT FROM jsonb_array_elements_text(v_items) AS i (uri) WHERE o365_internal.is_web_address(uri)) THEN '{lost_link}'::text[]
                    WHEN jsonb_array_length(v_items) > 1 THEN '{lost_targets}' END;
            END IF;
        ELSIF kind IN ('m.action:ActionCard', 'm.input:MultichoiceInput') THEN
            v_codes := v_codes || o365_internal.input_codes(kind, value);
        END IF;
    END IF;
    IF v_codes IS NOT NULL THEN
        v_found := o365_internal.add_codes(v_found, before, v_codes, kind, key, path, v_jtype, NULL, true);
    END IF;
    IF object.kind IS NULL OR v_jtype <> 'object' OR depth >= 40 THEN
        RETURN v_found;
    END IF;

    v_vars := CASE WHEN converts THEN '{"converts": true}' ELSE '{"converts": false}' END;
    v_pairs := coalesce(doubts, jsonb_path_query_array(value, '$.keyvalue()'));
    -- Expressions cost a hundredth of statements: every turn of this loop does without one where nothing is wrong.
    FOR v_i IN 0 .. jsonb_array_length(v_pairs) - 1 LOOP
        v_key := v_pairs->v_i->>'key';
        v_value := v_pairs->v_i->'value';
        v_field := object.fields->v_key;
        v_path := path || CASE WHEN v_field IS NOT NULL AND left(v_key, 1) NOT IN ('@', '$') OR v_key ~ '^[A-Za-z_][A-Za-z0-9_]{0,60}$'
                               THEN '.' || v_key ELSE '.' || to_json(v_key)::text END;
        v_codes := o365_internal.field_codes(kind, v_key, v_path, v_value, v_field, converts, target_urls);
        -- There texts are HTML, as documented.
        IF kind = 'm.section' AND v_codes IS NOT NULL AND NOT converts AND value->'markdown' = 'false' THEN
            v_codes := nullif(array_remove(v_codes, 'html'), '{}');
        END IF;
        IF v_codes IS NOT NULL THEN
            v_found := o365_internal.add_codes(v_found, before, v_codes, kind, v_key, v_path, jsonb_typeof(v_value), v_field->>0, false);
        END IF;
        v_child := v_field->>1;
        IF v_field->>4 = 'links' AND jsonb_typeof(v_value) = 'array' THEN
            -- An address in a list is judged as a field is that must be there.
            FOR v_n IN 0 .. jsonb_array_length(v_value) - 1 LOOP
                v_codes := o365_internal.field_codes(kind, v_key, '', v_value->v_n, '["string", null, true, null, "link", false]', converts, target_urls);
                IF v_codes IS NOT NULL THEN
                    v_found := o365_internal.add_codes(v_found, before, v_codes, kind, v_key, v_path || '[' || v_n || ']', jsonb_typeof(v_value->v_n), 'string', false);
                    EXIT WHEN before + jsonb_array_length(v_found) >= 200;
                END IF;
            END LOOP;
        ELSIF v_child IS NOT NULL AND jsonb_typeof(v_value) = (CASE v_field->>0 WHEN 'any' THEN 'object' ELSE v_field->>0 END) THEN
            -- What its pattern calls right need not be walked. It says nothing of depth.
            v_items := CASE WHEN v_field->>0 = 'array' THEN v_value ELSE jsonb_build_array(v_value) END;
            v_known := NULL;
            v_right := v_pairs->v_i->'right' = 'true';
            FOR v_n IN 0 .. jsonb_array_length(v_items) - 1 LOOP
                v_item := v_items->v_n;
                CONTINUE WHEN jsonb_typeof(v_item) = 'string' AND v_field->>4 = 'strings';
                v_kind := CASE WHEN right(v_child, 1) <> ':' THEN v_child
                               ELSE v_child || coalesce(left(CASE WHEN left(v_child, 1) = 'm' THEN v_item->>'@type' ELSE v_item->>'type' END, 60), '') END;
                -- The most frequent elements, by constants: without reading a row.
                CONTINUE WHEN trusts AND depth < 30 AND jsonb_typeof(v_item) = 'object' AND v_kind IN ('a.element:TextBlock', 'a.element:FactSet')
                    AND CASE WHEN v_right THEN true
                             WHEN v_kind = 'a.element:TextBlock' THEN jsonb_path_exists(v_item, o365_internal.card_pattern('a.element:TextBlock'), v_vars)
                             ELSE jsonb_path_exists(v_item, o365_internal.card_pattern('a.element:FactSet'), v_vars) END;
                IF v_known IS DISTINCT FROM v_kind THEN
                    v_known := v_kind;
                    SELECT k AS object, p.doubts, p.covers INTO v_of
                      FROM o365_internal.card_kind AS k
                      LEFT JOIN o365_internal.card_pattern AS p
                             ON p.kind = k.kind AND trusts AND depth < 30 AND (trusts_actions OR p.kind !~ '^m\.(section|action:|input:)')
                     WHERE k.kind = v_kind;
                END IF;
                v_doubts := CASE WHEN jsonb_typeof(v_item) <> 'object' THEN NULL
                                 -- A section's pattern is long: as a constant it is read once a session.
                                 WHEN v_kind = 'm.section' AND v_of.covers THEN jsonb_path_query_array(v_item, o365_internal.card_doubts('m.section'), v_vars)
                                 ELSE jsonb_path_query_array(v_item, v_of.doubts, v_vars) END;
                -- Right by its pattern, of which the doubts are the part that takes time.
                CONTINUE WHEN v_of.covers AND v_doubts = '[]' AND v_item ?& (v_of.object).required AND NOT ((v_of.object).lost AND converts);
                v_below := o365_internal.object_codes(v_item, v_doubts,
                    v_kind, v_of.object, v_key, v_path || CASE WHEN v_field->>0 = 'array' THEN '[' || v_n || ']' ELSE '' END,
                    depth + 2, converts, target_urls, trusts, trusts_actions, before + jsonb_array_length(v_found));
                IF v_below <> '[]' THEN
                    v_found := v_found || v_below;
                    EXIT WHEN before + jsonb_array_length(v_found) >= 200;
                END IF;
            END LOOP;
        END IF;
        EXIT WHEN before + jsonb_array_length(v_found) >= 200;
    END LOOP;
    RETURN v_found;
END $$;
COMMENT ON FUNCTION o365_internal.object_codes(jsonb, jsonb, text, o365_internal.card_kind, text, text, integer, boolean, text[], boolean, boolean, integer) IS
    'Rules that an object, its fields and the objects in it break: an array of code (and more, after a colon), kind, key, path, jtype, type and '
    'is_object. doubts: the pairs of key and value that are not known to be right; null: all; with right, the objects in the value are right but '
    'for what they hold. object: the row of its kind, null for a kind '
    'that is not known. key, path, depth: where it stands. converts: whether a conversion follows. trusts, trusts_actions: as for walked_problems. '
    'before: how many were found elsewhere; with 200 the walk ends (add_codes).';

CREATE OR REPLACE FUNCTION o365_internal.problem(code text, kind text, key text, path text, jtype text, type text, is_object boolean, whole text[])
RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    v_code text := split_part(code, ':', 1);
    v_more text := substr(code, length(v_code) + 2);
    v_rule record;
    v_key text := key;
    v_path text := path;
    v_hint text;
    v_near text;
    v_args text[];
BEGIN
    SELECT r.severity, r.problem, r.hint INTO v_rule FROM o365_internal.card_rule AS r WHERE r.code = v_code;
    IF v_code = 'missing' THEN
        v_key := v_more;
        IF is_object THEN
            v_path := path || CASE WHEN v_more ~ '^\w+$' THEN '.' || v_more ELSE format('."%s"', v_more) END;
        END IF;
    END IF;
    IF whole IS NOT NULL THEN
        v_args := CASE v_code WHEN 'version' THEN ARRAY['version', '', '', 'none', '']
                              WHEN 'lost_for_connector' THEN ARRAY['', '', '', whole[2], whole[3]]
                              ELSE ARRAY[coalesce(whole[2], ''), coalesce(whole[3], ''), coalesce(whole[4], ''), '', ''] END;
    ELSIF v_code IN ('too_many', 'surplus') THEN
        v_args := ARRAY[v_key, split_part(v_more, ':', 1), split_part(v_more, ':', 2), '', ''];
    ELSE
        IF v_code = 'lost_for_connector' THEN
            v_hint := 'A connector webhook takes of an Adaptive Card: a TextBlock as title (the first, with size or weight), TextBlocks, FactSets, Images and up to 4 Action.OpenUrl. Send a MessageCard for more.';
        ELSIF position('%5$s' IN v_rule.hint) > 0 THEN
            IF NOT is_object OR v_code = 'missing' THEN
                v_hint := (SELECT f.hint FROM o365_internal.card_field AS f WHERE f.kind = problem.kind AND f.name = v_key);
            END IF;
            IF v_hint IS NULL THEN
                v_hint := coalesce((SELECT k.hint FROM o365_internal.card_kind AS k
                                     WHERE k.kind = CASE WHEN v_code NOT IN ('unknown_type', 'not_an_object') THEN problem.kind
                                                         WHEN problem.kind LIKE 'm.action:%' THEN 'm.action:OpenUri' WHEN problem.kind LIKE 'm.input:%' THEN 'm.input:TextInput'
                                                         WHEN problem.kind LIKE 'a.action:%' THEN 'a.action:Action.OpenUrl'
                                                         WHEN problem.kind LIKE 'a.element:%' THEN 'a.element:TextBlock' ELSE problem.kind END),
                                   'it as docs/cards.md shows');
            END IF;
        END IF;
        IF v_code = 'unknown_field' THEN
            v_near := o365_internal.nearest_field(kind, v_key);
            v_more := CASE WHEN v_near IS NULL THEN 'It is left unread: leave it out, or see docs/cards.md for what there is.' ELSE format('Write "%s".', v_near) END;
        END IF;
        v_args := ARRAY[
            coalesce(CASE WHEN is_object AND v_code <> 'missing' THEN 'an item of ' || v_key ELSE left(v_key, 60) END, 'the card'),
            CASE WHEN jtype IN ('array', 'object') THEN 'an ' ELSE 'a ' END || coalesce(jtype, 'null'),
            CASE WHEN type = 'any' THEN 'a string or an object'
                 WHEN v_code <> 'unknown_field' THEN CASE WHEN type IN ('array', 'object') THEN 'an ' ELSE 'a ' END || coalesce(type, 'object')
                 WHEN kind LIKE '%:%' THEN split_part(kind, ':', 2) WHEN kind = 'm.card' THEN 'a MessageCard'
                 WHEN kind = 'a.card' THEN 'an Adaptive Card' ELSE 'a ' || split_part(kind, '.', 2) END,
            v_more, v_hint];
    END IF;
    RETURN jsonb_build_object('severity', v_rule.severity, 'path', v_path, 'problem', format(v_rule.problem, VARIADIC v_args), 'hint', format(v_rule.hint, VARIADIC v_args));
END $$;
COMMENT ON FUNCTION o365_internal.problem(text, text, text, text, text, text, boolean, text[]) IS
    'The words for a broken rule: severity, path, problem and hint. code to is_object: as object_codes gives them. whole: for a rule that the '
    'card breaks as a whole, the parts of its code; null for every other.';

CREATE OR REPLACE FUNCTION o365_internal.walked_problems(card jsonb, doubts jsonb, root text, converts boolean, target_urls text[], whole text[],
    trusts boolean, trusts_actions boolean) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    v_object o365_internal.card_kind;
    v_found jsonb := '[]';
    v_one jsonb;
    v_code text;
    v_path text;
    v_problems jsonb := '[]';
BEGIN
    IF root IS NOT NULL THEN
        SELECT k.* INTO v_object FROM o365_internal.card_kind AS k WHERE k.kind = root;
        IF trusts AND doubts IS NULL AND root = 'a.card' THEN
            doubts := jsonb_path_query_array(card, o365_internal.card_doubts('a.card'), '{"converts": false}');
        END IF;
        v_found := o365_internal.object_codes(card, doubts, root, v_object, NULL, '$', 0, converts, target_urls, trusts, trusts_actions, 0);
    END IF;
    IF v_found = '[]' AND whole = '{}' THEN
        RETURN '[]';
    END IF;

    -- Something is wrong: the words for it.
    FOR v_i IN 0 .. jsonb_array_length(v_found) - 1 LOOP
        v_one := v_found->v_i;
        v_problems := v_problems || o365_internal.problem(v_one->>'code', v_one->>'kind', v_one->>'key', v_one->>'path', v_one->>'jtype', v_one->>'type',
                                                          (v_one->'is_object')::boolean, NULL);
    END LOOP;
    FOREACH v_code IN ARRAY whole LOOP
        v_path := CASE WHEN v_code LIKE '$."%' THEN substring(v_code FROM '^\$\."[^"]*"') ELSE split_part(v_code, ':', 1) END;
        v_code := substr(v_code, length(v_path) + 2);
        v_problems := v_problems || o365_internal.problem(v_code, 'm.card', NULL, v_path, NULL, NULL, true, string_to_array(v_code, ':'));
    END LOOP;
    IF jsonb_array_length(v_problems) > 1 THEN
        v_problems := (SELECT jsonb_agg(p.problem ORDER BY p.problem->>'severity', p.problem->>'path', p.problem->>'problem')
                         FROM (SELECT o.problem FROM jsonb_array_elements(v_problems) AS o (problem)
                                ORDER BY o.problem->>'severity', o.problem->>'path', o.problem->>'problem' LIMIT 100) AS p);
    END IF;
    RETURN v_problems;
END $$;
COMMENT ON FUNCTION o365_internal.walked_problems(jsonb, jsonb, text, boolean, text[], text[], boolean, boolean) IS
    'The slow half of card_problems: what is wrong with each object and field, and the words for it; [] for nothing. doubts: the pairs of the '
    'card that are not known to be right; null: all. root: its card_root; null: its objects are not looked at. converts: whether a conversion '
    'follows. whole: what is wrong with the card as a whole, each code after its path and a colon. trusts: whether an object that its pattern '
    'calls right is left alone; trusts_actions: also one that may hold actions, which needs actions_are_right.';

CREATE OR REPLACE FUNCTION o365_internal.content_codes(content jsonb, path text, json_text text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_codes text[] := '{}';
BEGIN
    IF coalesce(jsonb_typeof(content->'version'), 'null') = 'null' THEN
        v_codes := v_codes || (path || '.version:version:none');
    END IF;
    IF NOT jsonb_path_exists(content, '$.body[*] ? (@ != null)') AND NOT jsonb_path_exists(content, '$.actions[*] ? (@ != null)') THEN
        v_codes := v_codes || (path || '.body:no_content');
    END IF;
    -- A look into everything is only for what has such a word.
    IF position('<at>' IN json_text) > 0 AND EXISTS (
           SELECT (regexp_matches(t #>> '{}', '<at>[^<]*</at>', 'g'))[1]
             FROM jsonb_path_query(content, '$.** ? (@.type == "TextBlock" || @.type == "TextRun").text ? (@.type() == "string")') AS t
           EXCEPT SELECT e #>> '{}' FROM jsonb_path_query(content, '$.msteams.entities[*] ? (@.type == "mention").text') AS e) THEN
        v_codes := v_codes || (path || '.msteams.entities:mention');
    END IF;
    IF position('"id"' IN json_text) > 0 AND EXISTS (
           SELECT FROM jsonb_path_query(content, 'strict $.** ? (@.type() == "object" && @.type != "mention").id') AS i
            GROUP BY i HAVING count(*) > 1) THEN
        v_codes := v_codes || (path || ':same_element_id');
    END IF;
    RETURN v_codes;
END $$;
COMMENT ON FUNCTION o365_internal.content_codes(jsonb, text, text) IS
    'Rules that an Adaptive Card for Workflows breaks as a whole, each after its path; {} for none. path: where it stands; json_text: a text that has its.';

CREATE OR REPLACE FUNCTION o365_internal.card_problems(card jsonb, dialect text, target_urls text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_json text := card::text;
    v_size integer := octet_length(v_json);
    v_limit integer := o365_internal.integer_setting('card_size_limit');
    v_counted integer;
    v_root text;
    v_converts boolean;
    v_trusts_actions boolean;
    v_doubts jsonb;
    v_levels integer;
    v_codes text[] := '{}';
BEGIN
    IF card IS NULL OR jsonb_typeof(card) <> 'object' THEN
        RETURN o365_internal.walked_problems(card, NULL, NULL, false, NULL, '{$:no_object}', true, true);
    ELSIF v_size > v_limit THEN
        RETURN o365_internal.walked_problems(card, NULL, NULL, false, NULL, ARRAY['$:size:' || v_size || '::' || v_limit], true, true);
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
    ELSIF v_root = 'a.card' THEN
        -- Mostly it need not be asked.
        IF card->>'version' IS NULL OR jsonb_typeof(card #> '{body,0}') IS DISTINCT FROM 'object' OR position('<at>' IN v_json) > 0 OR position('"id"' IN v_json) > 0 THEN
            v_codes := v_codes || o365_internal.content_codes(card, '$', v_json);
        END IF;
    ELSIF v_root = 'a.message' THEN
        FOR v_i IN 0 .. least(jsonb_array_length(jsonb_path_query_array(card, '$.attachments[*]')), 100) - 1 LOOP
            IF jsonb_typeof(card #> ARRAY['attachments', v_i::text, 'content']) = 'object' THEN
                v_codes := v_codes || o365_internal.content_codes(card #> ARRAY['attachments', v_i::text, 'content'], '$.attachments[' || v_i || '].content', v_json);
            END IF;
        END LOOP;
    ELSIF v_root = 's.card' THEN
        IF coalesce(jsonb_typeof(card->'version'), 'null') = 'null' THEN
            v_codes := v_codes || '$.version:version:none'::text;
        END IF;
        IF coalesce(card->>'fallbackText', '') !~ '[^[:space:]]'
           AND NOT jsonb_path_exists(card, '$.body[*] ? (@.type == "TextBlock").text ? (@ like_regex "[^ \\t\\r\\n]")') THEN
            v_codes := v_codes || '$.body:no_text'::text;
        END IF;
        -- No element makes two.
        IF jsonb_path_exists(card, '$.body.size() ? (@ > 10)') AND o365_internal.section_count(card->'body') > 10 THEN
            v_codes := v_codes || '$.body:lost_for_connector:more than 10 sections:A text after facts or pictures begins a section, as do facts after pictures and a sixth picture. Put them together.'::text;
        END IF;
    END IF;
    -- The worker reads cards with limits, wherever a number or a level stands. jsonb writes such a number in full.
    IF jsonb_path_exists(card, '$.**{200}') THEN
        v_codes := v_codes || '$:too_deep'::text;
    ELSIF v_json ~ '[0-9]{200}' AND jsonb_path_exists(card, '$.** ? (@ > 1.7e308 || @ < -1.7e308)') THEN
        v_codes := v_codes || '$:number'::text;
    END IF;
    v_trusts_actions := v_root IS DISTINCT FROM 'm.card' OR NOT card ?| '{sections,potentialAction}'
                        OR o365_internal.actions_are_right(card, target_urls);
    IF v_trusts_actions THEN
        -- A MessageCard whose fields are right is right.
        IF v_root = 'm.card' THEN
            v_doubts := CASE WHEN v_converts THEN jsonb_path_query_array(card, o365_internal.card_doubts('m.card'), '{"converts": true}')
                             ELSE jsonb_path_query_array(card, o365_internal.card_doubts('m.card'), '{"converts": false}') END;
            IF v_codes = '{}' AND v_doubts = '[]' THEN
                RETURN '[]';
            END IF;
        ELSIF v_root <> 's.card' THEN
            v_levels := o365_internal.right_levels(card, v_root, v_converts);
            IF v_levels = 100 AND v_codes = '{}' THEN
                RETURN '[]';
            ELSIF v_root = 'a.card' AND v_levels IS NOT NULL THEN
                -- In doubt are only the elements, or what they hold.
                v_doubts := CASE WHEN v_levels < 100 THEN jsonb_build_array(jsonb_build_object('key', 'body', 'value', card->'body', 'right', v_levels > 0)) ELSE '[]' END;
            END IF;
        END IF;
    END IF;
    RETURN o365_internal.walked_problems(card, v_doubts, v_root, v_converts, target_urls, v_codes, true, v_trusts_actions);
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
        -- A worker sees every card anyway, so `o365-worker card check` may ask with its login.
        v_target_urls := CASE WHEN o365_internal.is_operator()
                                   OR CASE WHEN o365_internal.has_roles() THEN pg_has_role(session_user, 'o365_worker', 'MEMBER') END
            THEN (SELECT c.target_urls FROM o365_internal.connector AS c WHERE c.slug = check_card.connector)
            ELSE (o365_internal.connector_to_use(connector)).target_urls END;
        IF v_target_urls IS NULL THEN
            RAISE EXCEPTION 'there is no connector %', quote_nullable(connector)
                USING ERRCODE = 'undefined_object', HINT = 'An operator lists them: select slug from o365.connectors.';
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
    'held against those registered: an operator and a worker may name any, an application those granted to it. The rules: docs/cards.md. '
    'Errors: invalid_parameter_value for an unknown dialect, insufficient_privilege or undefined_object for the connector.';
