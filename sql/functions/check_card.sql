-- Judging a card. Nearly all are right, and card_pattern.sql sees that quickly. In doubt there is one walk over the card, along the objects
-- and fields of card_rules.sql. What costs there is the number of fields, so whatever a field may be wrong in is one CASE, and words are
-- put together only for what is.

CREATE OR REPLACE FUNCTION o365_internal.link_spelling(value text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_link text[];
    v_label text;
    v_address text;
BEGIN
    -- A blank between the two.
    SELECT ARRAY[m[1], format('[%s](%s)', m[2], m[3])] INTO v_link
      FROM regexp_matches(value, '(\[([^][\n]+)\] +\((https?://[^()\s]+)\))' COLLATE "C") AS m;
    IF v_link IS NOT NULL THEN
        RETURN v_link;
    END IF;
    -- Label and address as far as they can be meant: a label with brackets in it, an address with blanks and parentheses in it.
    SELECT m INTO v_link
      FROM regexp_matches(value, '!?\[((?:[^][\n]|\[[^][\n]*\])*)\]\((https?://(?:[^()\n]|\([^()\n]*\))*)\)', 'g') AS m
     WHERE m[1] ~ '[][]' OR m[2] ~ '[()]' OR m[2] ~ '\s' COLLATE "C" AND m[2] !~ '^\S+\s+("[^"]*"|''[^'']*'')\s*$' COLLATE "C" LIMIT 1;
    IF v_link IS NULL THEN
        RETURN NULL;
    END IF;
    v_label := regexp_replace(v_link[1], '([][])', '\\\1', 'g');
    v_address := replace(replace(regexp_replace(v_link[2], '\s' COLLATE "C", '%20', 'g'), '(', '%28'), ')', '%29');
    RETURN ARRAY[format('[%s](%s)', v_link[1], v_link[2]), format('[%s](%s)', v_label, v_address)];
END $$;
COMMENT ON FUNCTION o365_internal.link_spelling(text) IS
    'The first link of a text that clients do not read as one, and how it has to be written: brackets in the text escaped, blanks and parentheses '
    'of the address %-encoded. Null for none. The text comes without what stands between backticks and without escaped characters.';

CREATE OR REPLACE FUNCTION o365_internal.text_codes(rule text, value text, converts boolean) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- What stands between backticks is shown as it is, and an escaped character is no markup.
    v_bare text := CASE WHEN position('`' IN value) > 0 OR position('\' IN value) > 0 THEN regexp_replace(value, '`[^`]*`|\\[[:punct:]]' COLLATE "C", '', 'g') ELSE value END;
    v_is_adaptive boolean := rule IN ('adaptive_text', 'adaptive_fact');
    v_found text;
    v_link text[];
    v_codes text[];
BEGIN
    -- A search for a character costs a hundredth of a regular expression.
    IF position('<' IN v_bare) > 0 THEN
        IF v_bare ~* '<at(\s[^<>]*)?>[^<]*</at>' COLLATE "C" AND NOT v_is_adaptive THEN
            v_codes := v_codes || 'at_in_message'::text;
        END IF;
        -- Of a MessageCard that is converted the tags become Markdown that are not listed in the second.
        IF rule <> 'label' AND v_bare ~* (CASE WHEN converts
                THEN '</?(table|tbody|thead|td|th|tr|blockquote|script|style|iframe|svg|video|audio|form|input|button|dl|dt|dd|details|summary|section|article)(\s[^<>]*)?/?>|<!--' COLLATE "C"
                ELSE '</?(a|b|i|u|p|br|em|h[1-6]|hr|li|ol|ul|div|pre|code|font|img|span|strong|table|tbody|thead|td|th|tr|blockquote|script|style|strike|sub|sup|center|s|del|ins|mark|small|big|iframe|svg|video|audio|form|input|button|dl|dt|dd|details|summary|section|article)(\s[^<>]*)?/?>|<!--' COLLATE "C" END) THEN
            v_codes := v_codes || 'html'::text;
        END IF;
    END IF;
    -- What nobody filled in: ${name}, #{name}, {{name}}, {% tag %}, <% tag %>, $(name). Adaptive Cards have {{DATE(...)}} themselves.
    IF position('{' IN v_bare) > 0 OR position('<%' IN v_bare) > 0 OR position('$(' IN v_bare) > 0 THEN
        v_found := substring(CASE WHEN v_is_adaptive THEN regexp_replace(v_bare, '\{\{(DATE|TIME)\([^{}]*\)\}\}', '', 'g') ELSE v_bare END
                             FROM '[$#]\{[[:alpha:]_][^{}\n]*\}|\{\{[^{}\n]+\}\}|\{%[^{}\n]+%\}|<%[^<>\n]+%>|\$\([[:alpha:]_][[:alnum:]_.]*\)' COLLATE "C");
        IF v_found IS NOT NULL THEN
            v_codes := v_codes || ('template:' || left(v_found, 60));
        END IF;
    END IF;
    IF position('&' IN v_bare) > 0 AND rule <> 'text' AND rule <> 'adaptive_text' THEN
        -- Of its own o365.markdown_escape makes &lt; of a tag and &amp; of a reference.
        v_found := substring(regexp_replace(v_bare, '&lt;(?=[[:alpha:]/!?])|&amp;(?=#?[[:alnum:]]+;)' COLLATE "C", '', 'g')
                             FROM '&(?:[[:alpha:]][[:alnum:]]{1,31}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});' COLLATE "C");
        IF v_found IS NOT NULL THEN
            v_codes := v_codes || ('entity:' || v_found);
        END IF;
    END IF;
    IF rule = 'label' THEN
        RETURN v_codes;
    END IF;
    -- A path of Windows has backslashes before names that begin with n.
    IF position('\n' IN v_bare) > 0 AND value !~ '[[:alpha:]]:\\|\\\\|\\[^nrt[:punct:]]' COLLATE "C" THEN
        v_codes := v_codes || 'typed_newline'::text;
    END IF;
    -- A line of a list, a quotation or preformatted text may follow a single break.
    IF (position(E'\n' IN v_bare) > 0 OR position(E'\r' IN v_bare) > 0)
       AND v_bare ~ E'[^\\n\\r](\\r\\n?|\\n)(?![\\n\\r]|[ \\t]*([-*+>|]|#{1,6} |[0-9]+[.)]) ?)[^\\n\\r]' AND value !~ '```' THEN
        v_codes := v_codes || 'newline'::text;
    END IF;
    IF rule <> 'title' AND rule <> 'plain' AND (position('](' IN v_bare) > 0 OR position('] (h' IN v_bare) > 0) THEN
        IF v_bare ~* '\]\((?!\s*<?(https?|mailto|tel|sip|msteams):)\s*[^\s)]' COLLATE "C" THEN
            v_codes := v_codes || 'markdown:a link without https://'::text;
        END IF;
        -- An escaped bracket is no bracket, but an escaped parenthesis of an address is one that is read.
        v_link := o365_internal.link_spelling(regexp_replace(value, '`[^`]*`|\\[][]', '', 'g'));
        IF v_link IS NOT NULL THEN
            v_codes := v_codes || ('link_spelling:' || array_to_string(v_link, E'\x01'));
        END IF;
    END IF;
    IF rule = 'title' THEN
        IF v_bare ~ '\]\(' THEN v_codes := v_codes || 'link_in_title'::text; END IF;
    ELSIF rule = 'plain' OR rule = 'fact' THEN
        IF v_bare ~ '(\*\*|__|~~)\S.*\1|^#{1,6} ' COLLATE "C" OR rule = 'plain' AND v_bare ~ '\[[^]]+\]\([^)]+\)' THEN
            v_codes := v_codes || 'markdown_here'::text;
        END IF;
    ELSIF rule <> 'adaptive_fact' THEN
        IF position('|' IN v_bare) > 0 AND v_bare ~ '\|[ ]*:?-{2,}' THEN v_codes := v_codes || 'markdown:a table'::text;
        ELSIF position('] ' IN v_bare) > 0 AND v_bare ~ '(^|\n)[ ]*[-*+] \[[ xX]\] ' THEN v_codes := v_codes || 'markdown:a task list'::text;
        ELSIF position('[^' IN v_bare) > 0 AND v_bare ~ '\[\^[^]]+\]' THEN v_codes := v_codes || 'markdown:a footnote'::text;
        ELSIF rule = 'adaptive_text' AND position('# ' IN v_bare) > 0 AND v_bare ~ '(^|[\n\r])#{1,6} ' THEN v_codes := v_codes || 'adaptive_markdown:a heading'::text;
        ELSIF rule = 'adaptive_text' AND position('![' IN v_bare) > 0 AND v_bare ~ '!\[[^]]*\]\(' THEN v_codes := v_codes || 'adaptive_markdown:a picture'::text;
        END IF;
        IF rule = 'adaptive_text' OR converts THEN
            IF position('~~' IN v_bare) > 0 AND v_bare ~ '~~\S[^~]*~~' COLLATE "C" THEN v_codes := v_codes || 'adaptive_markdown:~~strike-through~~'::text;
            ELSIF position('`' IN value) > 0 AND value ~ (CASE WHEN converts THEN '(^|[^`\\])`[^`]+`($|[^`])' ELSE '(^|[^\\])`[^`]+`' END) THEN v_codes := v_codes || 'adaptive_markdown:code between backticks'::text;
            ELSIF position('>' IN v_bare) > 0 AND v_bare ~ '(^|[\n\r])[ ]{0,3}> ' THEN v_codes := v_codes || 'adaptive_markdown:a quotation'::text;
            END IF;
        END IF;
    END IF;
    RETURN v_codes;
END $$;
COMMENT ON FUNCTION o365_internal.text_codes(text, text, boolean) IS
    'Rules that a text breaks, by the rule of its field (text, adaptive_text, adaptive_fact, title, plain, fact, label); null for none. converts: '
    'whether a MessageCard is converted for Workflows. Of what a far end does not render only what looks meant: a bare < is none.';

CREATE OR REPLACE FUNCTION o365_internal.is_web_address(url text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN url ~* ('^https?://([^[:space:][:cntrl:]\u0080-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000!-,/:-@[-^`{-~]+|\[[0-9a-f:.]+\])(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?' COLLATE "C"
                   || '([/?#][^[:space:][:cntrl:]\u0080-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*)?$' COLLATE "C");
END $$;
COMMENT ON FUNCTION o365_internal.is_web_address(text) IS
    'Whether it is an http or https URL with a host, without a user, blanks and control characters. What is one here is one for '
    'lib/http/web_address.cpp.';

CREATE OR REPLACE FUNCTION o365_internal.address_codes(rule text, value text, is_adaptive boolean, converts boolean, target_urls text[])
RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_picture bytea;
    v_template text;
    v_codes text[];
BEGIN
    IF rule = 'image' THEN
        IF value = '' THEN RETURN '{empty_picture}'; END IF;
        IF o365_internal.is_web_address(value) THEN
            RETURN CASE WHEN value ~* '&(amp|#38|#x26);' THEN ARRAY['address_entity:' || substring(value FROM '(?i)&(?:amp|#38|#x26);')] END
                   || CASE WHEN value !~* '^https:' THEN '{image_https}'::text[] END;
        ELSIF converts AND NOT is_adaptive AND value !~* '^data:image/' THEN
            RETURN '{lost_picture}';
        ELSIF value !~* '^data:' THEN
            RETURN '{image_address}';
        END IF;
        BEGIN
            v_picture := decode(substring(value FROM '(?i)^data:image/[^,]*;base64,(.*)$'), 'base64');
        EXCEPTION WHEN invalid_parameter_value OR invalid_text_representation THEN
            RETURN '{image_size}';
        END;
        RETURN CASE WHEN o365_internal.logo_type(v_picture) IS NULL OR octet_length(v_picture) >= 1048576 THEN '{image_size}'::text[]
                    ELSE '{image_data}' END;
    ELSIF rule = 'link' THEN
        v_codes := CASE WHEN o365_internal.is_web_address(value) THEN NULL
                        WHEN value ~* '^[a-z][a-z0-9+.-]*:\S' COLLATE "C" AND value !~* '^https?:' COLLATE "C" THEN '{link_scheme}'::text[]
                        WHEN is_adaptive AND value !~* '^[a-z][a-z0-9+.-]*:' COLLATE "C" THEN '{relative_link}' ELSE '{link}' END;
        v_codes := v_codes || CASE WHEN value ~* '&(amp|#38|#x26);' COLLATE "C" THEN ARRAY['address_entity:' || substring(value FROM '(?i)&(?:amp|#38|#x26);')] END;
        v_template := substring(value FROM '[$#]\{[^{}]*\}|\{\{[^{}]*\}\}|\{%[^{}]*%\}|<%[^<>]*%>|\$\([[:alpha:]_][[:alnum:]_.]*\)' COLLATE "C");
        RETURN v_codes || CASE WHEN v_template IS NOT NULL THEN ARRAY['template:' || left(v_template, 60)] END;
    END IF;
    -- In development the sandbox calls targets, and it is on this machine.
    v_codes := CASE WHEN NOT o365_internal.is_https_url(value) OR o365_internal.text_setting('environment') <> 'development'
                         AND (o365_internal.is_loopback_url(value) OR value ~* '^https://(\[|[0-9]+(\.[0-9]+)*([:/?]|$)|[^./:?]+([:/?]|$))')
                    THEN '{target_https}'::text[] END;
    -- What is no https is called by nobody.
    RETURN CASE WHEN target_urls IS NOT NULL AND value ~* '^\s*https:' COLLATE "C"
                     AND (v_codes IS NOT NULL OR NOT o365_internal.is_below_a_target(value, target_urls))
                THEN '{target_unregistered}' ELSE v_codes END;
END $$;
COMMENT ON FUNCTION o365_internal.address_codes(text, text, boolean, boolean, text[]) IS
    'Rules that an address breaks, by the rule of its field (image, link, target); null for none. is_adaptive: whether it stands in an '
    'Adaptive Card. converts: whether a conversion follows. '
    'target_urls: those of the connector, null when it is not known.';

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
                          WHERE left(lower(f.name COLLATE "C"), i) = left(lower($2 COLLATE "C"), i)) AS head,
                LATERAL (SELECT coalesce(max(i), 0) AS n FROM generate_series(1, least(length(f.name), length($2)) - head.n) AS i
                          WHERE right(lower(f.name COLLATE "C"), i) = right(lower($2 COLLATE "C"), i)) AS tail
             WHERE f.kind = $1 AND f.type <> 'mistake'
               -- What passes below has one of these.
               AND (lower(ltrim(f.name, '@') COLLATE "C") = lower(ltrim($2, '@') COLLATE "C") OR left(lower(f.name COLLATE "C"), 2) = left(lower($2 COLLATE "C"), 2)
                    OR right(lower(f.name COLLATE "C"), 2) = right(lower($2 COLLATE "C"), 2))
               AND (lower(ltrim(f.name, '@') COLLATE "C") = lower(ltrim($2, '@') COLLATE "C")
                    OR length($2) BETWEEN 4 AND 60 AND head.n + tail.n >= greatest(length(f.name), length($2)) - CASE WHEN length($2) > 5 THEN 2 ELSE 1 END)
             ORDER BY lower(ltrim(f.name, '@') COLLATE "C") = lower(ltrim($2, '@') COLLATE "C") DESC, head.n + tail.n DESC, f.name COLLATE "C" LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.nearest_field(text, text) IS 'The field of a kind that was probably meant by a name it has not; null when none is near.';

CREATE OR REPLACE FUNCTION o365_internal.card_root(card jsonb, dialect text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- A webhook looks at attachments alone; Slack's have neither of the two.
    RETURN CASE WHEN card ? 'attachments' AND (lower((card->>'type') COLLATE "C") = 'message' OR jsonb_path_exists(card, '$.attachments[*] ? (exists(@.contentType) || exists(@.content))')) THEN 'a.message'
                WHEN lower((card->>'type') COLLATE "C") = 'adaptivecard' THEN CASE WHEN dialect = 'connector' THEN 's.card' ELSE 'a.card' END
                ELSE 'm.card' END;
END $$;
COMMENT ON FUNCTION o365_internal.card_root(jsonb, text) IS
    'Which kind of card_kind a card is for a dialect: a.message (the envelope), a.card, s.card (an Adaptive Card that a connector''s webhook is '
    'to get), m.card for everything else.';

CREATE OR REPLACE FUNCTION o365_internal.is_message_card(content jsonb, content_type text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN jsonb_typeof(content) = 'object' AND lower((content->>'type') COLLATE "C") IS DISTINCT FROM 'adaptivecard'
           AND (lower((content->>'@type') COLLATE "C") = 'messagecard' OR content_type = 'application/vnd.microsoft.teams.card.o365connector');
END $$;
COMMENT ON FUNCTION o365_internal.is_message_card(jsonb, text) IS 'Whether what an attachment of that contentType holds is a MessageCard.';

CREATE OR REPLACE FUNCTION o365_internal.reshaped(card jsonb, OUT shaped jsonb, OUT code text, OUT path text, OUT shaped_path text)
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT card ?| '{attachments,content}' THEN
        RETURN;
    ELSIF NOT card ? 'attachments' THEN
        -- What one attachment is, without the envelope around it.
        IF NOT card ?| '{@type,text,title,summary,sections,body}' AND jsonb_typeof(card->'content') = 'object'
           AND (lower((card #>> '{content,type}') COLLATE "C") = 'adaptivecard' OR o365_internal.is_message_card(card->'content', card->>'contentType')) THEN
            shaped := jsonb_build_object('type', 'message', 'attachments', jsonb_build_array(card));
            code := 'bare_attachment';
            path := '$';
            shaped_path := '$.attachments[0]';
        END IF;
        RETURN;
    ELSIF jsonb_typeof(card->'attachments') <> 'array' OR jsonb_path_exists(card, '$.attachments.**.attachments.**.attachments') THEN
        RETURN;  -- nobody means envelopes to any depth
    END IF;
    shaped_path := '$';
    IF jsonb_array_length(card->'attachments') = 1 THEN
        path := '$.attachments[0].content';
        IF o365_internal.is_message_card(card #> '{attachments,0,content}', card #>> '{attachments,0,contentType}') THEN
            code := 'wrapped_card';
        ELSIF NOT card #> '{attachments,0}' ? 'content' AND o365_internal.is_message_card(card #> '{attachments,0}', NULL) THEN
            code := 'wrapped_card';
            path := '$.attachments[0]';
        ELSIF jsonb_typeof(card #> '{attachments,0,content}') = 'object'
              AND jsonb_typeof(card #> '{attachments,0,content,attachments}') = 'array'
              AND lower((card #>> '{attachments,0,content,type}') COLLATE "C") IS DISTINCT FROM 'adaptivecard' THEN
            code := 'double_envelope';
        END IF;
        IF code IS NOT NULL THEN
            shaped := card #> CASE path WHEN '$.attachments[0]' THEN '{attachments,0}' ELSE '{attachments,0,content}' END::text[];
            RETURN;
        END IF;
    END IF;
    -- A card that stands in attachments as it is: one at a time.
    FOR v_i IN 0 .. least(jsonb_array_length(card->'attachments'), 100) - 1 LOOP
        IF lower((card #>> ARRAY['attachments', v_i::text, 'type']) COLLATE "C") = 'adaptivecard' AND NOT card #> ARRAY['attachments', v_i::text] ? 'content' THEN
            shaped := jsonb_set(card, ARRAY['attachments', v_i::text], jsonb_build_object(
                'contentType', 'application/vnd.microsoft.card.adaptive', 'content', card #> ARRAY['attachments', v_i::text]));
            code := 'bare_card';
            path := format('$.attachments[%s]', v_i);
            shaped_path := path || '.content';
            RETURN;
        END IF;
    END LOOP;
    path := NULL;
    shaped_path := NULL;
END $$;
COMMENT ON FUNCTION o365_internal.reshaped(jsonb) IS
    'The card that stands in another shape than a webhook reads: shaped, the rule that it breaks, and the path in the card of what is shaped_path in '
    'shaped. All null for a card that stands as it should.';

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
    'this order. lib/cards/to_message_card.cpp makes them.';

CREATE OR REPLACE FUNCTION o365_internal.counted_limit(card_size_limit integer) RETURNS integer
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (card_size_limit * 1.18)::integer;
END $$;
COMMENT ON FUNCTION o365_internal.counted_limit(integer) IS
    'What counted_size may be: the far end''s limit is 28 KB when the setting card_size_limit is 24,000 bytes.';

CREATE OR REPLACE FUNCTION o365_internal.as_boolean(value jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN jsonb_typeof(value) = 'boolean' THEN value::boolean
                WHEN jsonb_typeof(value) = 'string' THEN CASE lower(btrim(value #>> '{}') COLLATE "C") WHEN 'true' THEN true WHEN 'false' THEN false END
                WHEN value = '1' THEN true WHEN value = '0' THEN false END;
END $$;
COMMENT ON FUNCTION o365_internal.as_boolean(jsonb) IS
    'What a far end reads where a boolean is documented: true, false, their names in any case, 1 and 0. Null for everything else.';

CREATE OR REPLACE FUNCTION o365_internal.text_meant(rule text, value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN rule = 'version' AND value ~ '^1(\.0+)?$' THEN '1.0'
                WHEN rule = 'version' AND value ~ '^1\.[0-5]0*$' THEN left(value, 3)
                WHEN rule = 'width' AND value ~ '^[0-9]+(\.[0-9]+)?$' THEN value || 'px'
                ELSE value END;
END $$;
COMMENT ON FUNCTION o365_internal.text_meant(text, text) IS
    'The text that is meant by a number where a field of that rule has a text: a version has a minor number, a width in '
    'pixels its unit.';

CREATE OR REPLACE FUNCTION o365_internal.known_word(words text, value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT w FROM unnest(string_to_array(btrim(words, '|'), '|')) AS w WHERE lower(w COLLATE "C") = lower(value COLLATE "C") LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.known_word(text, text) IS 'The word between the bars of a card_field''s rule that value is in any case; null for none.';

CREATE OR REPLACE FUNCTION o365_internal.word_code(kind text, key text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN kind IN ('a.card', 's.card') AND key = 'type' THEN 'word:' ELSE 'word_ignored:' END;
END $$;
COMMENT ON FUNCTION o365_internal.word_code(text, text) IS
    'The rule, with its colon, that a field of a kind breaks by a word that it does not know.';

CREATE OR REPLACE FUNCTION o365_internal.field_codes(object_kind text, key text, path text, value jsonb, field jsonb, converts boolean,
    target_urls text[]) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_jtype text := jsonb_typeof(value);
    v_type text := field->>0;
    v_rule text := field->>4;
    v_text text;
    v_codes text[];
BEGIN
    IF v_type IS NULL THEN
        RETURN ARRAY[CASE WHEN left(object_kind, 2) = 's.' THEN 'lost_for_connector:' || left(key, 60) ELSE 'unknown_field' END];
    ELSIF v_type = 'mistake' THEN
        RETURN ARRAY[coalesce(v_rule, 'mistake')];
    ELSIF v_jtype = 'null' THEN
        RETURN CASE WHEN field->2 = 'true' THEN o365_internal.missing_codes(object_kind, ARRAY[key]) END;
    ELSIF v_type <> 'any' AND v_jtype <> v_type THEN
        -- What a far end reads as what is documented.
        v_text := value #>> '{}';
        v_codes := CASE
            WHEN v_type = 'string' AND v_jtype IN ('number', 'boolean') THEN ARRAY['as_text:' || left(o365_internal.text_meant(v_rule, v_text), 60)]
            WHEN v_type = 'boolean' AND o365_internal.as_boolean(value) IS NOT NULL THEN ARRAY['as_boolean:' || CASE WHEN o365_internal.as_boolean(value) THEN 'true' ELSE 'false' END]
            WHEN v_type = 'number' AND v_jtype = 'string' AND v_text ~ '^-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?$' THEN ARRAY['as_number:' || v_text] END;
        IF v_codes IS NULL THEN
            RETURN '{wrong_type}';
        ELSIF v_type = 'string' AND left(v_rule, 1) = '|' AND o365_internal.known_word(v_rule, v_text) IS NULL THEN
            RETURN ARRAY[o365_internal.word_code(object_kind, key) || left(v_text, 60)];
        ELSIF v_rule = 'version' AND o365_internal.text_meant(v_rule, v_text) !~ '^1\.[0-5]$' THEN
            RETURN ARRAY['version:' || left(v_text, 20)];
        ELSIF v_rule IN ('image', 'link', 'target', 'uuid', 'color', 'heading') THEN
            RETURN v_codes || o365_internal.field_codes(object_kind, key, path, to_jsonb(v_text), field, converts, target_urls);
        END IF;
    ELSIF v_type = 'any' AND field->>1 IS NOT NULL AND v_jtype <> 'string' THEN
        RETURN CASE WHEN v_jtype <> 'object' THEN '{wrong_type}'::text[] END;
    END IF;
    IF field->5 = 'true' AND converts THEN
        IF key = 'markdown' THEN
            RETURN v_codes || CASE WHEN o365_internal.as_boolean(value) THEN NULL ELSE '{lost_html}'::text[] END;
        ELSIF value #>> '{}' <> '' THEN
            RETURN v_codes || CASE WHEN v_rule = 'color' THEN '{lost_color}'::text[] ELSE '{lost}' END;
        END IF;
    END IF;
    IF v_type = 'array' THEN
        RETURN CASE
            WHEN jsonb_array_length(value) > (field->>3)::integer AND (v_rule IS DISTINCT FROM 'surplus' OR NOT converts)
                THEN ARRAY[CASE WHEN v_rule = 'surplus' THEN 'surplus:' ELSE 'too_many:' END || jsonb_array_length(value) || ':' || (field->>3)]
            WHEN v_rule IN ('filled', 'links') AND jsonb_array_length(value) = 0 THEN
                CASE object_kind WHEN 'a.message' THEN '{no_attachment}'::text[] ELSE '{empty}' END
            WHEN field->2 = 'true' AND object_kind ~ '^.\.element:' AND jsonb_array_length(value) = 0 THEN ARRAY['empty_element:' || split_part(object_kind, ':', 2)]
            WHEN object_kind = 'm.action:OpenUri' AND key = 'targets' AND NOT jsonb_path_exists(value, '$[*].os ? (@ like_regex "^default$" flag "i")') THEN '{no_default}' END;
    ELSIF v_rule IS NULL OR v_codes IS NOT NULL THEN
        RETURN v_codes;
    ELSIF v_rule = 'no_effect' THEN
        RETURN '{no_effect}';
    END IF;
    v_text := value #>> '{}';
    IF v_rule IN ('text', 'fact', 'title', 'plain', 'adaptive_text', 'adaptive_fact', 'label') THEN
        IF v_text = '' AND object_kind IN ('a.element:TextBlock', 'a.fact') THEN
            RETURN ARRAY[CASE WHEN object_kind LIKE '%:%' THEN 'empty_element:TextBlock' ELSE 'fact_part:' || key END];
        END IF;
        RETURN CASE WHEN v_text ~ E'[<*_#~|\n\r[&{$>`\\\\]|https?:' THEN o365_internal.text_codes(v_rule, v_text, converts AND left(object_kind, 1) = 'm') END;
    ELSIF v_rule IN ('image', 'link', 'target') THEN
        RETURN o365_internal.address_codes(v_rule, v_text, left(object_kind, 1) <> 'm', converts,
                                           CASE WHEN NOT converts THEN target_urls END);
    ELSIF v_rule = 'width' THEN
        -- A column's width may be a number, which is a share.
        RETURN CASE WHEN v_jtype = 'string' AND v_text !~* '^(auto|stretch|[0-9]+(\.[0-9]+)?px)$' OR v_jtype NOT IN ('string', 'number')
                    THEN ARRAY['width:' || coalesce(nullif(left(v_text, 60), ''), 'empty')] END;
    ELSIF left(v_rule, 1) = '|' THEN
        IF position('|' IN v_text) = 0
           AND position('|' || CASE WHEN left(object_kind, 3) = 'a.e' OR left(object_kind, 4) IN ('a.ac', 'a.co', 'a.in') THEN lower(v_text COLLATE "C") ELSE v_text END || '|'
                        IN CASE WHEN left(object_kind, 4) IN ('a.co', 'a.in') THEN lower(v_rule COLLATE "C") ELSE v_rule END) > 0 THEN
            RETURN NULL;
        ELSIF object_kind IN ('a.attachment', 'a.message') THEN
            RETURN NULL;  -- object_codes looks at the whole of them
        ELSIF o365_internal.known_word(v_rule, v_text) IS NOT NULL THEN
            RETURN ARRAY['word_case:' || o365_internal.known_word(v_rule, v_text)];
        END IF;
        RETURN ARRAY[o365_internal.word_code(object_kind, key) || coalesce(nullif(left(v_text, 60), ''), 'empty')];
    END IF;
    RETURN CASE v_rule
        WHEN 'color' THEN CASE WHEN v_text ~ '^#[0-9a-fA-F]{6}$' THEN ARRAY['color_hash:' || substr(v_text, 2)]
                               WHEN v_text !~ '^([0-9a-fA-F]{6})?$' THEN '{color}'::text[] END
        WHEN 'uuid' THEN CASE WHEN v_text !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN '{uuid}'::text[] END
        WHEN 'version' THEN CASE WHEN v_text ~ '^1\.[0-5]$' THEN NULL
                                 WHEN o365_internal.text_meant(v_rule, v_text) ~ '^1\.[0-5]$' THEN ARRAY['version_spelling:' || o365_internal.text_meant(v_rule, v_text)]
                                 ELSE ARRAY['version:' || coalesce(nullif(left(v_text, 20), ''), 'empty')] END
        WHEN 'heading' THEN CASE WHEN lower(v_text COLLATE "C") <> 'default' AND (path NOT LIKE '$.body[0].%'
                OR lower(v_text COLLATE "C") <> ALL (CASE key WHEN 'weight' THEN '{bolder}' ELSE '{medium,large,extralarge}' END::text[]))
            THEN ARRAY['lost_for_connector:' || key || CASE WHEN path LIKE '$.body[0].%' THEN ' ' || left(v_text, 20) ELSE ' here' END] END
        END;
END $$;
COMMENT ON FUNCTION o365_internal.field_codes(text, text, text, jsonb, jsonb, boolean, text[]) IS
    'Rules that a field of an object breaks; null for none. field: its entry in the fields of card_kind, null for a field that is not there. '
    'The rest: as for object_codes.';

CREATE OR REPLACE FUNCTION o365_internal.holds_in(kind text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE kind WHEN 'a.element:TextBlock' THEN 'text' WHEN 'a.element:FactSet' THEN 'facts'
                     WHEN 'a.element:ImageSet' THEN 'images' WHEN 'a.element:ColumnSet' THEN 'columns'
                     WHEN 'a.element:ActionSet' THEN 'actions' WHEN 'a.element:RichTextBlock' THEN 'inlines' END;
END $$;
COMMENT ON FUNCTION o365_internal.holds_in(text) IS
    'The field without which an element of an Adaptive Card holds nothing; null for a kind that may hold nothing.';

CREATE OR REPLACE FUNCTION o365_internal.missing_codes(kind text, names text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_code text := CASE WHEN kind ~ '^s\.' OR kind IN ('a.message', 'a.attachment', 'a.card', 'a.action:Action.OpenUrl')
                        THEN 'needed:' ELSE 'missing:' END;
BEGIN
    RETURN CASE
        -- Microsoft's own template asks of each fact and picture whether it is there.
        WHEN kind LIKE '_.fact' THEN ARRAY(SELECT 'fact_part:' || n FROM unnest(names) AS n)
        WHEN kind IN ('m.image', 'a.element:Image', 's.element:Image', 'a.background') AND names && '{image,url}'
            THEN ARRAY['empty_picture:' || CASE kind WHEN 'm.image' THEN 'image' ELSE 'url' END]
                 || ARRAY(SELECT v_code || n FROM unnest(names) AS n WHERE n NOT IN ('image', 'url'))
        -- It is left out as one is that holds nothing.
        WHEN o365_internal.holds_in(kind) = ANY (names) THEN ARRAY['empty_element:' || split_part(kind, ':', 2)]
        ELSE ARRAY(SELECT CASE n WHEN 'contentType' THEN 'missing:' ELSE v_code END || n FROM unnest(names) AS n) END;
END $$;
COMMENT ON FUNCTION o365_internal.missing_codes(text, text[]) IS 'Rules that an object of a kind breaks by having no such fields.';

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

CREATE OR REPLACE FUNCTION o365_internal.unknown_kind_code(kind text, value jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_type text := split_part(kind, ':', 2);
    v_json_type text := jsonb_typeof(value->CASE WHEN left(kind, 1) = 'm' THEN '@type' ELSE 'type' END);
    v_code text;
BEGIN
    -- A far end reads a number and a boolean as a text, and nothing else.
    IF v_json_type IN ('array', 'object') THEN
        v_type := '';
    END IF;
    IF v_type <> '' AND o365_internal.is_shown_element(v_type) THEN
        RETURN NULL;
    END IF;
    v_code := CASE WHEN left(kind, 2) = 's.' THEN 'lost_for_connector:'
                   WHEN lower(kind COLLATE "C") LIKE 'a.element:action.%' THEN 'misplaced_action:'
                   WHEN kind LIKE 'a.element:%' AND v_type = '' AND value ? 'actions' THEN 'action_in_body:'
                   WHEN kind LIKE 'a.element:%' AND v_type <> '' THEN 'unknown_element:'
                   WHEN kind LIKE 'a.action:%' AND v_type <> '' THEN 'unknown_action:'
                   ELSE 'unknown_type:' END;
    RETURN v_code || CASE WHEN v_type <> '' THEN v_type
                          WHEN v_json_type IN ('array', 'object') THEN 'its type is an ' || v_json_type
                          ELSE 'it has no type' END;
END $$;
COMMENT ON FUNCTION o365_internal.unknown_kind_code(text, jsonb) IS
    'The rule that an object of a kind breaks that card_kind does not have; null for an element that Teams shows without '
    'it. A type that is an array or an object is none.';

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
        v_codes := ARRAY[o365_internal.unknown_kind_code(kind, value)];
        v_codes := nullif(array_remove(v_codes, NULL), '{}');
    ELSE
        IF NOT value ?& object.required THEN
            v_codes := o365_internal.missing_codes(kind, ARRAY(SELECT r FROM unnest(object.required) AS r WHERE NOT value ? r));
        END IF;
        IF kind LIKE '_.fact' AND NOT jsonb_path_exists(value, (CASE kind WHEN 'a.fact' THEN '$.* ? (@ != null && @ != "")' ELSE '$.* ? (@ != null)' END)::jsonpath) THEN
            v_codes := '{empty_fact}';
            doubts := '[]';
        ELSIF kind LIKE '_.%:%' AND value ?| '{@type,type}' AND lower(coalesce(value->>'@type', value->>'type') COLLATE "C") = lower(split_part(kind, ':', 2) COLLATE "C")
              AND coalesce(value->>'@type', value->>'type') <> split_part(kind, ':', 2) THEN
            v_codes := v_codes || format('type_case:"%stype": "%s"', CASE WHEN value ? '@type' THEN '@' END, split_part(kind, ':', 2));
        ELSIF kind = 'a.element:TextBlock' AND length(value->>'text') > 100 AND o365_internal.as_boolean(value->'wrap') IS NOT true AND value->>'maxLines' IS DISTINCT FROM '1' THEN
            v_codes := v_codes || ('no_wrap:' || length(value->>'text'));
        ELSIF kind = 'a.attachment' AND value->>'contentType' IS DISTINCT FROM 'application/vnd.microsoft.card.adaptive' THEN
            IF lower((value #>> '{content,type}') COLLATE "C") = 'adaptivecard' THEN
                v_codes := array_remove(v_codes, 'missing:contentType') || 'content_type'::text;
            ELSIF value ? 'content' AND value ? 'contentType' THEN
                -- What is in it is of another kind, and need not be judged by this one.
                v_codes := ARRAY['attachment_type:' || coalesce(nullif(left(value->>'contentType', 60), ''), 'empty')];
                doubts := '[]';
            END IF;
        ELSIF kind = 'a.message' AND value->>'type' IS DISTINCT FROM 'message' THEN
            v_codes := array_remove(v_codes, 'needed:type') || 'envelope_type'::text;
        ELSIF kind = 'm.action:ViewAction' AND NOT converts THEN
            v_codes := v_codes || CASE WHEN jsonb_typeof(value->'target') = 'array'
                                            AND jsonb_typeof(value #> '{target,0}') IN ('string', 'number', 'boolean')
                                       THEN 'view_action' ELSE 'refused_action' END;
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
        IF v_in_action_card AND (kind IN ('m.action:ActionCard', 'm.action:InvokeAddInCommand')
                                 OR kind = 'm.action:ViewAction' AND converts) THEN
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
        IF kind = 'm.section' AND v_codes IS NOT NULL AND NOT converts AND o365_internal.as_boolean(value->'markdown') IS false THEN
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
                    IF NOT FOUND AND right(v_child, 1) = ':' THEN
                        SELECT k AS object, p.doubts, p.covers INTO v_of
                          FROM o365_internal.card_kind AS k LEFT JOIN o365_internal.card_pattern AS p ON false
                         WHERE lower(k.kind COLLATE "C") = lower(v_kind COLLATE "C");
                    END IF;
                END IF;
                v_kind := coalesce((v_of.object).kind, v_kind);
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

CREATE OR REPLACE FUNCTION o365_internal.corrected_codes() RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN '{as_text,as_boolean,as_number,type_case,word_case,color_hash,version_spelling,fact_part,empty_fact,empty_picture,empty_element,view_action,envelope_type,content_type,wrapped_card,bare_attachment,bare_card,double_envelope}';
END $$;
COMMENT ON FUNCTION o365_internal.corrected_codes() IS 'The rules of card_rule that o365_internal.put_right corrects, so that the card that leaves keeps them.';

CREATE OR REPLACE FUNCTION o365_internal.kind_name(kind text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN kind LIKE '%:%' THEN split_part(kind, ':', 2) WHEN kind = 'm.card' THEN 'a MessageCard' WHEN kind IN ('a.card', 's.card') THEN 'an Adaptive Card'
                WHEN kind = 'a.message' THEN 'the envelope' WHEN kind = 'a.tablecolumn' THEN 'a column of a table'
                WHEN split_part(kind, '.', 2) ~ '^[aeiou]' THEN 'an ' || split_part(kind, '.', 2) ELSE 'a ' || split_part(kind, '.', 2) END;
END $$;
COMMENT ON FUNCTION o365_internal.kind_name(text) IS 'What a kind of card_kind is called in a sentence.';

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
    v_names_field boolean := v_code IN ('missing', 'needed', 'fact_part') OR v_code = 'empty_picture' AND v_more <> '';
BEGIN
    SELECT r.severity, r.problem, r.hint INTO v_rule FROM o365_internal.card_rule AS r WHERE r.code = v_code;
    IF v_names_field AND is_object THEN
        v_path := path || CASE WHEN v_more ~ '^\w+$' COLLATE "C" THEN '.' || v_more ELSE format('."%s"', v_more) END;
    ELSIF v_code IN ('content_type', 'attachment_type', 'envelope_type', 'type_case') THEN
        v_path := path || CASE v_code WHEN 'envelope_type' THEN '.type' WHEN 'type_case' THEN CASE WHEN v_more LIKE '"@%' THEN '."@type"' ELSE '.type' END ELSE '.contentType' END;
    END IF;
    IF v_names_field THEN
        v_key := v_more;
    END IF;
    IF whole IS NOT NULL THEN
        v_args := CASE v_code WHEN 'version' THEN ARRAY['version', '', '', 'none', '']
                              WHEN 'lost_for_connector' THEN ARRAY['', '', '', whole[2], whole[3]]
                              ELSE ARRAY[coalesce(whole[2], ''), coalesce(whole[3], ''), coalesce(whole[4], ''), '', ''] END;
    ELSIF v_code IN ('too_many', 'surplus') THEN
        v_args := ARRAY[v_key, split_part(v_more, ':', 1), split_part(v_more, ':', 2), '', ''];
    ELSIF v_code = 'link_spelling' THEN
        -- Of a card's texts no more than 60 characters are repeated.
        v_near := split_part(v_more, E'\x01', 2);
        v_args := ARRAY[v_key, '', CASE WHEN length(v_near) <= 60 THEN v_near ELSE '\[ and \] in the text, %20, %28 and %29 in the address' END, left(split_part(v_more, E'\x01', 1), 60), ''];
    ELSE
        IF v_code = 'lost_for_connector' THEN
            v_hint := 'A connector webhook takes of an Adaptive Card: a TextBlock as title (the first, with size or weight), TextBlocks, FactSets, Images and up to 4 Action.OpenUrl. Send a MessageCard for more.';
        ELSIF position('%5$s' IN v_rule.hint) > 0 THEN
            IF NOT is_object OR v_code IN ('missing', 'needed') THEN
                v_hint := (SELECT f.hint FROM o365_internal.card_field AS f WHERE f.kind = problem.kind AND f.name = v_key);
                -- A field that does nothing has a sentence for a hint, which is none for its type.
                IF v_rule.hint LIKE 'Write %' AND v_hint NOT LIKE '"%' AND v_hint NOT LIKE '{%' THEN
                    v_hint := format(CASE type WHEN 'boolean' THEN '"%s": true' WHEN 'object' THEN '"%s": {...}' WHEN 'array' THEN '"%s": [...]' ELSE '"%s": "..."' END, v_key);
                END IF;
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
            coalesce(CASE WHEN is_object AND NOT v_names_field THEN 'an item of ' || v_key ELSE left(v_key, 60) END, 'the card'),
            CASE WHEN jtype IN ('array', 'object') THEN 'an ' ELSE 'a ' END || coalesce(jtype, 'null'),
            CASE WHEN type = 'any' THEN 'a string or an object'
                 WHEN v_code <> 'unknown_field' THEN CASE WHEN type IN ('array', 'object') THEN 'an ' ELSE 'a ' END || coalesce(type, 'object')
                 ELSE o365_internal.kind_name(kind) END,
            v_more, v_hint];
    END IF;
    RETURN jsonb_build_object('severity', v_rule.severity, 'path', v_path, 'problem', format(v_rule.problem, VARIADIC v_args),
                              'hint', format(v_rule.hint, VARIADIC v_args))
           || CASE WHEN v_code = ANY (o365_internal.corrected_codes()) THEN '{"corrected": true}'::jsonb ELSE '{}' END;
END $$;
COMMENT ON FUNCTION o365_internal.problem(text, text, text, text, text, text, boolean, text[]) IS
    'The words for a broken rule: severity, path, problem and hint, and corrected (true) where o365.send corrects it. code to is_object: as '
    'object_codes gives them. whole: for a rule that the card breaks as a whole, the parts of its code; null for every other.';

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
        v_problems := (SELECT jsonb_agg(p.problem ORDER BY p.problem->>'severity', (p.problem->>'path') COLLATE "C", (p.problem->>'problem') COLLATE "C")
                         FROM (SELECT o.problem FROM jsonb_array_elements(v_problems) AS o (problem)
                                ORDER BY o.problem->>'severity', (o.problem->>'path') COLLATE "C",
                                         (o.problem->>'problem') COLLATE "C" LIMIT 100) AS p);
    END IF;
    RETURN v_problems;
END $$;
COMMENT ON FUNCTION o365_internal.walked_problems(jsonb, jsonb, text, boolean, text[], text[], boolean, boolean) IS
    'The slow half of card_problems: what is wrong with each object and field, and the words for it; [] for nothing. doubts: the pairs of the '
    'card that are not known to be right; null: all. root: its card_root; null: its objects are not looked at. converts: whether a conversion '
    'follows. whole: what is wrong with the card as a whole, each code after its path and a colon. trusts: whether an object that its pattern '
    'calls right is left alone; trusts_actions: also one that may hold actions, which needs actions_are_right.';

CREATE OR REPLACE FUNCTION o365_internal.is_shown_element(type text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN lower(type COLLATE "C") = ANY ('{media,codeblock,icon,badge,carousel,compoundbutton,progressbar,progressring,rating,input.rating,'
        'component,chart.donut,chart.pie,chart.line,chart.gauge,chart.verticalbar,chart.verticalbar.grouped,chart.horizontalbar,'
        'chart.horizontalbar.stacked}');
END $$;
COMMENT ON FUNCTION o365_internal.is_shown_element(text) IS
    'Whether Teams documents an element of an Adaptive Card that is no row of card_kind: it is shown, and what is in it '
    'is not judged.';

CREATE OR REPLACE FUNCTION o365_internal.is_seen(value text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN value ~ '[^\u0009-\u000d\u0020\u0085\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]';
END $$;
COMMENT ON FUNCTION o365_internal.is_seen(text) IS
    'Whether a text has a character that is seen: blanks, and what has no width, are none; a control character may be a '
    'box. Null for null.';

CREATE OR REPLACE FUNCTION o365_internal.shows_something(elements jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM jsonb_path_query(elements, '$[*] ? (@.type() == "object")') AS e
         WHERE o365_internal.as_boolean(e->'isVisible') IS NOT false
           AND CASE lower((e->>'type') COLLATE "C")
                   WHEN 'textblock' THEN o365_internal.is_seen(e->>'text')
                   WHEN 'factset' THEN EXISTS (SELECT FROM jsonb_path_query(e, '$.facts[*].*') AS f WHERE o365_internal.is_seen(f #>> '{}'))
                   WHEN 'imageset' THEN jsonb_path_exists(e, '$.images[*].url ? (@ != null && @ != "")')
                   WHEN 'image' THEN e->>'url' <> ''
                   WHEN 'actionset' THEN jsonb_path_exists(e, '$.actions[*] ? (@ != null)')
                   WHEN 'richtextblock' THEN EXISTS (
                       SELECT FROM jsonb_path_query(e, '$.inlines[*]') AS i
                        WHERE o365_internal.is_seen(CASE jsonb_typeof(i) WHEN 'string' THEN i #>> '{}' ELSE i->>'text' END))
                   WHEN 'container' THEN o365_internal.holds_something(e)
                   WHEN 'columnset' THEN EXISTS (
                       SELECT FROM jsonb_path_query(e, '$.columns[*]') AS c
                        WHERE o365_internal.as_boolean(c->'isVisible') IS NOT false AND o365_internal.holds_something(c))
                   WHEN 'table' THEN EXISTS (
                       SELECT FROM jsonb_path_query(e, '$.rows[*].cells[*]') AS c WHERE o365_internal.holds_something(c))
                   ELSE o365_internal.is_shown_element(e->>'type')
                        OR EXISTS (SELECT FROM o365_internal.card_kind AS k WHERE lower(k.kind COLLATE "C") = 'a.element:' || lower((e->>'type') COLLATE "C"))
                        OR jsonb_typeof(e->'fallback') = 'object' AND o365_internal.shows_something(jsonb_build_array(e->'fallback')) END);
END $$;
COMMENT ON FUNCTION o365_internal.shows_something(jsonb) IS
    'Whether of a list of elements of an Adaptive Card anything is shown: one that is known, or has a fallback, is not '
    'hidden, and has something in it that is seen.';

CREATE OR REPLACE FUNCTION o365_internal.holds_something(object jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN coalesce(jsonb_typeof(object->'backgroundImage'), 'null') <> 'null' OR o365_internal.shows_something(object->'items');
END $$;
COMMENT ON FUNCTION o365_internal.holds_something(jsonb) IS
    'Whether a Container, a column or a cell of an Adaptive Card shows anything: a background, or one of its items.';

CREATE OR REPLACE FUNCTION o365_internal.begins_unseen(content jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_first jsonb := content #> '{body,0}';
BEGIN
    RETURN v_first->>'type' IS DISTINCT FROM 'TextBlock' OR coalesce(v_first->>'text' !~ '[!-~]', true) OR v_first ? 'isVisible';
END $$;
COMMENT ON FUNCTION o365_internal.begins_unseen(jsonb) IS
    'Whether an Adaptive Card begins with something else than a TextBlock of which it is quickly known that it is seen.';

CREATE OR REPLACE FUNCTION o365_internal.has_mentions(json_text text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN position('"mention"' IN json_text) > 0 OR position('<at' IN json_text) > 0 OR position('<A' IN json_text) > 0;
END $$;
COMMENT ON FUNCTION o365_internal.has_mentions(text) IS
    'Whether the text of a card has what may be a mention, or an entity of one.';

CREATE OR REPLACE FUNCTION o365_internal.content_codes(content jsonb, path text, json_text text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_codes text[] := '{}';
    v_mentions jsonb;
    v_wrong text;
BEGIN
    IF coalesce(jsonb_typeof(content->'version'), 'null') = 'null' THEN
        v_codes := v_codes || (path || '.version:version:none');
    END IF;
    IF o365_internal.begins_unseen(content) AND NOT o365_internal.shows_something(content->'body')
       AND NOT jsonb_path_exists(content, '$.actions[*] ? (@ != null)') THEN
        v_codes := v_codes || (path || '.body:no_content');
    END IF;
    -- A look into everything is only for what has such a word.
    IF o365_internal.has_mentions(json_text) THEN
        v_mentions := jsonb_path_query_array(content, '$.msteams.entities[*] ? (@.type == "mention")');
        IF EXISTS (
               SELECT (regexp_matches(t #>> '{}', '<at(?:\s[^<>]*)?>[^<]*</at>' COLLATE "C", 'gi'))[1]
                 FROM jsonb_path_query(content, '$.** ? (@.type == "TextBlock" || @.type == "TextRun").text ? (@.type() == "string")') AS t
               UNION SELECT (regexp_matches(t #>> '{}', '<at(?:\s[^<>]*)?>[^<]*</at>' COLLATE "C", 'gi'))[1]
                 FROM jsonb_path_query(content, '$.**.facts[*].* ? (@.type() == "string")') AS t
               EXCEPT SELECT e->>'text' FROM jsonb_array_elements(v_mentions) AS e) THEN
            v_codes := v_codes || (path || '.msteams.entities:mention');
        END IF;
        IF jsonb_array_length(v_mentions) > 20 THEN
            v_codes := v_codes || (path || '.msteams.entities:mentions:' || jsonb_array_length(v_mentions));
        END IF;
        -- 28: begins the id of a bot, 29: that of a user as a bot knows it, 8: that of a user as the chat service does.
        SELECT CASE WHEN coalesce(e #>> '{mentioned,id}', '') = '' THEN 'it has no mentioned.id'
                    WHEN jsonb_typeof(e #> '{mentioned,id}') <> 'string' THEN format('its id is a %s', jsonb_typeof(e #> '{mentioned,id}'))
                    ELSE format('its id begins with %s:, as only a bot knows it', split_part(e #>> '{mentioned,id}', ':', 1)) END INTO v_wrong
          FROM jsonb_array_elements(v_mentions) AS e
         WHERE coalesce(e #>> '{mentioned,id}', '') = '' OR jsonb_typeof(e #> '{mentioned,id}') <> 'string'
               OR e #>> '{mentioned,id}' ~ '^(8|28|29):' LIMIT 1;
        IF v_wrong IS NOT NULL THEN
            v_codes := v_codes || (path || '.msteams.entities:mentioned:' || v_wrong);
        END IF;
    END IF;
    IF position('"id"' IN json_text) > 0 AND EXISTS (
           SELECT FROM jsonb_path_query(content, 'strict $.** ? (@.type() == "object" && @.type != "mention" && exists(@.type)).id') AS i
            GROUP BY i HAVING count(*) > 1) THEN
        v_codes := v_codes || (path || ':same_element_id');
    END IF;
    RETURN v_codes;
END $$;
COMMENT ON FUNCTION o365_internal.content_codes(jsonb, text, text) IS
    'Rules that an Adaptive Card for Workflows breaks as a whole, each after its path; {} for none. path: where it stands; json_text: a text that has its.';

CREATE OR REPLACE FUNCTION o365_internal.is_blank_for_connector(value text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN coalesce(value, '') !~ '[^[:space:]\u0080-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]' COLLATE "C";
END $$;
COMMENT ON FUNCTION o365_internal.is_blank_for_connector(text) IS
    'Whether a connector webhook takes a text for none: null, or nothing but blanks as .NET knows them. What has no '
    'width is none of them (is_seen).';

CREATE OR REPLACE FUNCTION o365_internal.message_shows_something(card jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN o365_internal.is_seen(card->>'text') IS TRUE OR o365_internal.is_seen(card->>'summary') IS TRUE
        OR o365_internal.is_seen(card->>'title') IS TRUE
        OR jsonb_path_exists(card, '$.potentialAction[*] ? (@ != null)')
        OR jsonb_path_exists(card, '$.sections[*].potentialAction[*] ? (@ != null)')
        OR jsonb_path_exists(card, '$.sections[*].images[*].image ? (@ != null && @ != "")')
        OR EXISTS (SELECT FROM jsonb_path_query(card, '$.sections[*].facts[*].*') AS f WHERE o365_internal.is_seen(f #>> '{}'))
        OR EXISTS (
            SELECT FROM jsonb_path_query(card, '$.sections[*] ? (@.type() == "object")') AS s,
                        unnest(ARRAY[s->>'title', s->>'activityTitle', s->>'activitySubtitle', s->>'activityText', s->>'text',
                                     s->>'activityImage', s #>> '{heroImage,image}']) AS t (value)
             WHERE o365_internal.is_seen(t.value));
END $$;
COMMENT ON FUNCTION o365_internal.message_shows_something(jsonb) IS
    'Whether of a MessageCard anything is shown: a text with a character that is seen, a picture or an action.';

CREATE OR REPLACE FUNCTION o365_internal.message_text_codes(card jsonb) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF o365_internal.is_blank_for_connector(card->>'text') AND o365_internal.is_blank_for_connector(card->>'summary') THEN
        RETURN ARRAY[CASE WHEN NOT card ?| '{@type,@context,title,text,summary,sections,potentialAction}'
                               AND card ?| '{type,body,version,$schema,content,card}' THEN '$:no_card' ELSE '$.text:no_text' END];
    END IF;
    RETURN CASE WHEN o365_internal.message_shows_something(card) THEN '{}'::text[] ELSE '{$:nothing_seen}' END;
END $$;
COMMENT ON FUNCTION o365_internal.message_text_codes(jsonb) IS
    'Rules that a MessageCard breaks by having neither text nor summary, or nothing that is seen, each after its path; '
    '{} for none.';

CREATE OR REPLACE FUNCTION o365_internal.string_places(value jsonb, path text) RETURNS TABLE (place text, string text)
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF jsonb_typeof(value) = 'string' THEN
        RETURN QUERY SELECT path, value #>> '{}';
    ELSIF jsonb_typeof(value) = 'object' THEN
        RETURN QUERY SELECT p.* FROM jsonb_each(value) AS e, o365_internal.string_places(e.value,
            CASE WHEN e.key ~ '^[A-Za-z_][A-Za-z0-9_]{0,60}$' THEN path || '.' || e.key ELSE path END) AS p;
    ELSIF jsonb_typeof(value) = 'array' THEN
        RETURN QUERY SELECT p.* FROM jsonb_array_elements(value) WITH ORDINALITY AS e (item, n), o365_internal.string_places(e.item, path || '[' || e.n - 1 || ']') AS p;
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.string_places(jsonb, text) IS
    'Every string of a card with its path; of what stands under a key that a path would have to quote, the path of the object. path: that of value.';

CREATE OR REPLACE FUNCTION o365_internal.card_problems(card jsonb, dialect text, target_urls text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_json text := card::text;
    v_size integer := octet_length(v_json);
    v_limit integer := o365_internal.integer_setting('card_size_limit');
    v_counted integer;
    v_root text;
    v_converts boolean;
    v_too_deep boolean;
    v_trusts_actions boolean;
    v_doubts jsonb;
    v_levels integer;
    v_shape record;
    v_codes text[] := '{}';
    v_problems jsonb;
    v_shaped jsonb;
BEGIN
    IF card IS NULL OR jsonb_typeof(card) <> 'object' THEN
        RETURN o365_internal.walked_problems(card, NULL, NULL, false, NULL, '{$:no_object}', true, true);
    ELSIF v_size > v_limit THEN
        RETURN o365_internal.walked_problems(card, NULL, NULL, false, NULL, ARRAY['$:size:' || v_size || '::' || v_limit], true, true);
    END IF;
    v_too_deep := jsonb_path_exists(card, '$.**{200}');
    IF (card ? 'attachments' OR card ? 'content') AND NOT v_too_deep THEN
        v_shape := o365_internal.reshaped(card);
        IF v_shape.code IS NOT NULL THEN
            v_problems := (
                SELECT coalesce(jsonb_agg(o.problem || jsonb_build_object('path', CASE WHEN starts_with(o.problem->>'path', v_shape.shaped_path)
                                              THEN v_shape.path || substr(o.problem->>'path', length(v_shape.shaped_path) + 1)
                                              WHEN v_shape.code = 'bare_card' THEN o.problem->>'path' ELSE '$' END)), '[]')
                  FROM jsonb_array_elements(o365_internal.card_problems(v_shape.shaped, dialect, target_urls)) AS o (problem))
                || o365_internal.problem(v_shape.code, 'm.card', NULL, v_shape.path, NULL, NULL, true, ARRAY[v_shape.code]);
            RETURN (SELECT jsonb_agg(o.problem ORDER BY o.problem->>'severity', (o.problem->>'path') COLLATE "C") FROM jsonb_array_elements(v_problems) AS o (problem));
        END IF;
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
        -- Mostly there is a letter, and the characters need not be looked at.
        IF coalesce(card->>'text', '') !~ '[!-~]' AND coalesce(card->>'summary', '') !~ '[!-~]' THEN
            v_codes := v_codes || o365_internal.message_text_codes(card);
        END IF;
        -- A text alone is what Microsoft's own documentation posts.
        IF card ?| '{@type,@context,title,sections,potentialAction,themeColor}' THEN
            IF coalesce(jsonb_typeof(card->'@type'), 'null') = 'null' THEN v_codes := v_codes || '$."@type":no_type'::text; END IF;
            IF coalesce(jsonb_typeof(card->'@context'), 'null') = 'null' THEN v_codes := v_codes || '$."@context":no_context'::text; END IF;
            IF card ? 'text' AND o365_internal.is_blank_for_connector(card->>'summary') AND NOT card ? 'title' THEN
                v_codes := v_codes || '$.summary:no_summary'::text;
            END IF;
            -- It mostly is an action of the card itself, and a look into everything costs more.
            IF jsonb_typeof(card->'potentialAction') = 'array' AND jsonb_array_length(card->'potentialAction') > 0
               AND NOT jsonb_path_exists(card, '$.potentialAction[*]."@type" ? (@ == "OpenUri")')
               AND NOT jsonb_path_exists(card, '$.**."@type" ? (@ like_regex "^(OpenUri|ViewAction)$" flag "i")') THEN
                v_codes := v_codes || '$.potentialAction:no_open_uri'::text;
            END IF;
        END IF;
    ELSIF v_root = 'a.message' AND dialect = 'connector' THEN
        v_root := NULL;
        v_codes := v_codes || '$.attachments:lost_for_connector:an envelope:Send the card itself, what stands under content.'::text;
    ELSIF v_root = 'a.card' THEN
        -- Mostly it need not be asked.
        IF NOT v_too_deep AND (card->>'version' IS NULL OR o365_internal.begins_unseen(card)
                               OR o365_internal.has_mentions(v_json) OR position('"id"' IN v_json) > 0) THEN
            v_codes := v_codes || o365_internal.content_codes(card, '$', v_json);
        END IF;
    ELSIF v_root = 'a.message' THEN
        FOR v_i IN 0 .. least(jsonb_array_length(jsonb_path_query_array(card, '$.attachments[*]')), 100) - 1 LOOP
            IF lower((card #>> ARRAY['attachments', v_i::text, 'content', 'type']) COLLATE "C") = 'adaptivecard' AND NOT v_too_deep THEN
                v_codes := v_codes || o365_internal.content_codes(card #> ARRAY['attachments', v_i::text, 'content'], '$.attachments[' || v_i || '].content', v_json);
            END IF;
        END LOOP;
    ELSIF v_root = 's.card' THEN
        IF coalesce(jsonb_typeof(card->'version'), 'null') = 'null' THEN
            v_codes := v_codes || '$.version:version:none'::text;
        END IF;
        IF o365_internal.is_blank_for_connector(card->>'fallbackText')
           AND NOT jsonb_path_exists(card, '$.body[*] ? (@.type == "TextBlock").text ? (@ like_regex "[^ \\t\\r\\n]")') THEN
            v_codes := v_codes || '$.body:no_text_block'::text;
        ELSIF o365_internal.begins_unseen(card) AND o365_internal.is_seen(card->>'fallbackText') IS NOT TRUE
              AND NOT o365_internal.shows_something(card->'body') AND NOT jsonb_path_exists(card, '$.actions[*] ? (@ != null)') THEN
            v_codes := v_codes || '$.body:no_content'::text;
        END IF;
        -- No element makes two.
        IF jsonb_path_exists(card, '$.body.size() ? (@ > 10)') AND o365_internal.section_count(card->'body') > 10 THEN
            v_codes := v_codes || '$.body:lost_for_connector:more than 10 sections:A text after facts or pictures begins a section, as do facts after pictures and a sixth picture. Put them together.'::text;
        END IF;
    END IF;
    -- The worker reads cards with limits, wherever a number or a level stands. jsonb writes such a number in full.
    IF v_too_deep THEN
        v_codes := v_codes || '$:too_deep'::text;
    ELSIF v_json ~ '[0-9]{200}' AND jsonb_path_exists(card, '$.** ? (@ > 1.7e308 || @ < -1.7e308)') THEN
        v_codes := v_codes || '$:number'::text;
    END IF;
    -- Only what is large has a paragraph that is too long, and jsonb writes a control character as an escape, or as it is.
    IF NOT v_too_deep AND (v_size > 10000 OR position(E'\x7f' IN v_json) > 0 OR position('\' IN v_json) > 0 AND v_json ~ '\\(u00|[bf])') THEN
        v_codes := v_codes || ARRAY(
            SELECT DISTINCT p.place || CASE WHEN p.string ~ '[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]' THEN ':control:' || substring(p.place FROM '[^.]*$')
                                            ELSE ':long_paragraph:' || substring(p.place FROM '[^.]*$') || ':' || length(p.string) END
              FROM o365_internal.string_places(card, '$') AS p
             WHERE p.string ~ '[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]'
                OR length(p.string) > 10000 AND p.string !~ '^data:' AND EXISTS (SELECT FROM regexp_split_to_table(p.string, '\n\s*\n' COLLATE "C") AS paragraph WHERE length(paragraph) > 10000) LIMIT 100);
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
    v_problems := o365_internal.walked_problems(card, v_doubts, v_root, v_converts, target_urls, v_codes, true, v_trusts_actions);
    -- What is put right may be longer, a fact's dash twice as long as the fact.
    IF v_size * 5 > v_limit AND v_problems #>> '{0,severity}' = 'warning' AND jsonb_path_exists(v_problems, '$[*].corrected') THEN
        v_shaped := o365_internal.put_right(card, v_root, dialect);
        v_counted := o365_internal.counted_size(v_shaped, v_shaped::text, v_root, dialect);
        IF v_counted > o365_internal.counted_limit(v_limit) THEN
            v_problems := o365_internal.problem('size_counted', 'm.card', NULL, '$', NULL, NULL, true,
                ARRAY['size_counted', v_counted::text, v_size || ' bytes', o365_internal.counted_limit(v_limit)::text]) || v_problems;
        END IF;
    END IF;
    RETURN v_problems;
END $$;
COMMENT ON FUNCTION o365_internal.card_problems(jsonb, text, text[]) IS
    'What is wrong with a card: an array of severity, path, problem and hint, errors first, at most 100; [] for nothing. corrected stands in those that o365.send puts right. target_urls: those of '
    'the connector it goes through, null when it is not known.';

CREATE OR REPLACE FUNCTION o365_internal.put_right(value jsonb, kind text, dialect text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    v_object o365_internal.card_kind;
    v_result jsonb := '{}';
    v_key text;
    v_value jsonb;
    v_field jsonb;
    v_rule text;
    v_text text;
    v_child text;
BEGIN
    SELECT k.* INTO v_object FROM o365_internal.card_kind AS k WHERE k.kind = put_right.kind;
    IF v_object.kind IS NULL AND right(kind, 1) <> ':' THEN
        SELECT k.* INTO v_object FROM o365_internal.card_kind AS k WHERE lower(k.kind COLLATE "C") = lower(put_right.kind COLLATE "C");
    END IF;
    IF v_object.kind IS NULL OR jsonb_typeof(value) <> 'object' THEN
        RETURN value;
    END IF;
    kind := v_object.kind;
    FOR v_key, v_value IN SELECT e.key, e.value FROM jsonb_each(value) AS e LOOP
        v_field := v_object.fields->v_key;
        v_rule := v_field->>4;
        v_text := value->>v_key;
        v_child := v_field->>1;
        v_value := CASE
            WHEN v_key = '@type' AND kind LIKE 'm.%:%' OR v_key = 'type' AND kind ~ '^[as]\..*:' THEN
                CASE WHEN lower(v_text COLLATE "C") = lower(split_part(kind, ':', 2) COLLATE "C") THEN to_jsonb(split_part(kind, ':', 2)) ELSE v_value END
            WHEN v_field IS NULL OR jsonb_typeof(v_value) = 'null' THEN v_value
            WHEN v_field->>0 = 'string' AND jsonb_typeof(v_value) IN ('string', 'number', 'boolean') THEN to_jsonb(CASE
                WHEN left(v_rule, 1) = '|' AND (kind !~ '^a\.(el|ac|co|in)') THEN coalesce(o365_internal.known_word(v_rule, v_text), v_text)
                WHEN v_rule = 'version' OR v_rule = 'width' AND jsonb_typeof(v_value) = 'number' THEN o365_internal.text_meant(v_rule, v_text)
                WHEN v_rule = 'color' AND v_text ~ '^#[0-9a-fA-F]{6}$' THEN substr(v_text, 2)
                ELSE v_text END)
            WHEN v_field->>0 = 'boolean' THEN coalesce(to_jsonb(o365_internal.as_boolean(v_value)), v_value)
            WHEN v_field->>0 = 'number' AND v_text ~ '^-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?$' THEN v_text::jsonb
            WHEN v_rule = 'links' AND jsonb_typeof(v_value) = 'array' THEN (
                SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(i.item) IN ('number', 'boolean') THEN to_jsonb(i.item #>> '{}')
                                               ELSE i.item END ORDER BY i.n), '[]')
                  FROM jsonb_array_elements(v_value) WITH ORDINALITY AS i (item, n))
            WHEN v_child IS NOT NULL AND jsonb_typeof(v_value) = 'array' THEN (
                SELECT coalesce(jsonb_agg(r.item ORDER BY r.n), '[]')
                  FROM (SELECT i.n, CASE WHEN jsonb_typeof(i.item) = 'object'
                                         THEN o365_internal.put_right(i.item, v_child || CASE WHEN right(v_child, 1) <> ':' THEN '' ELSE coalesce(
                                                  left(CASE WHEN left(v_child, 1) = 'm' THEN i.item->>'@type' ELSE i.item->>'type' END, 60), '') END, dialect)
                                         ELSE i.item END AS item
                          FROM jsonb_array_elements(v_value) WITH ORDINALITY AS i (item, n)) AS r
                 WHERE r.item IS NOT NULL)
            WHEN v_child IS NOT NULL AND jsonb_typeof(v_value) = 'object' THEN
                o365_internal.put_right(v_value, v_child || CASE WHEN right(v_child, 1) <> ':' THEN '' ELSE coalesce(
                    left(CASE WHEN left(v_child, 1) = 'm' THEN v_value->>'@type' ELSE v_value->>'type' END, 60), '') END, dialect)
            ELSE v_value END;
        -- A picture without an address, and an object of which nothing is left.
        CONTINUE WHEN v_value IS NULL OR v_rule = 'image' AND v_value = '""';
        v_result := v_result || jsonb_build_object(v_key, v_value);
    END LOOP;
    IF kind IN ('m.image', 'a.background', 'a.element:Image', 's.element:Image') THEN
        RETURN CASE WHEN coalesce(v_result->>(CASE kind WHEN 'm.image' THEN 'image' ELSE 'url' END), '') <> '' THEN v_result END;
    ELSIF kind LIKE '_.fact' THEN
        IF NOT jsonb_path_exists(v_result, (CASE kind WHEN 'a.fact' THEN '$.* ? (@ != null && @ != "")' ELSE '$.* ? (@ != null)' END)::jsonpath) THEN
            RETURN NULL;
        ELSIF kind = 'a.fact' THEN
            RETURN v_result || jsonb_build_object('title', coalesce(nullif(v_result->>'title', ''), '–'), 'value', coalesce(
                CASE WHEN jsonb_typeof(v_result->'value') IN ('object', 'array') THEN v_result->'value' ELSE to_jsonb(nullif(v_result->>'value', '')) END, '"–"'));
        END IF;
        RETURN (CASE kind WHEN 'm.fact' THEN '{"name": "", "value": ""}' ELSE '{"title": "", "value": ""}' END)::jsonb || jsonb_strip_nulls(v_result);
    ELSIF coalesce(v_result->o365_internal.holds_in(kind), 'null') IN ('null', '""', '[]') AND o365_internal.holds_in(kind) IS NOT NULL
          OR kind = 's.element:FactSet' AND v_result->'facts' = '[]' THEN
        RETURN NULL;
    ELSIF kind = 'm.action:ViewAction' AND dialect = 'connector' AND jsonb_typeof(v_result->'target') = 'array' AND jsonb_typeof(v_result #> '{target,0}') = 'string' THEN
        RETURN (v_result - '{target,@context}'::text[]) || jsonb_build_object('@type', 'OpenUri',
            'targets', jsonb_build_array(jsonb_build_object('os', 'default', 'uri', v_result #> '{target,0}')));
    ELSIF kind = 'a.attachment' AND v_result #>> '{content,type}' = 'AdaptiveCard' THEN
        RETURN v_result || '{"contentType": "application/vnd.microsoft.card.adaptive"}';
    ELSIF kind = 'a.message' THEN
        RETURN v_result || '{"type": "message"}';
    END IF;
    RETURN v_result;
END $$;
COMMENT ON FUNCTION o365_internal.put_right(jsonb, text, text) IS
    'An object of a kind of card_kind without what breaks a rule of corrected_codes(), as it leaves for a webhook of the dialect. Null for one of which '
    'nothing is left. What nobody knows stays as it is.';

CREATE OR REPLACE FUNCTION o365_internal.card_to_send(card jsonb, dialect text, problems jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_card jsonb := card;
    v_shape record;
BEGIN
    -- Of many problems not all are listed.
    IF problems = '[]' OR NOT jsonb_path_exists(problems, '$[*].corrected') AND jsonb_array_length(problems) < 100 THEN
        RETURN card;
    END IF;
    LOOP
        v_shape := o365_internal.reshaped(v_card);
        EXIT WHEN v_shape.code IS NULL;
        v_card := v_shape.shaped;
    END LOOP;
    RETURN o365_internal.put_right(v_card, o365_internal.card_root(v_card, dialect), dialect);
END $$;
COMMENT ON FUNCTION o365_internal.card_to_send(jsonb, text, jsonb) IS
    'The card that leaves for a card that a webhook of the dialect takes: what is told as corrected in problems, those of card_problems, is put right.';

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
