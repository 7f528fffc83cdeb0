-- Patterns of valid cards, made from card_rules.sql whenever its rows are renewed. Most cards are valid, and a jsonpath
-- finds that in a quarter of the time that the walk of check_card takes. So a pattern says "valid" or "not known",
-- never "invalid", and may be stricter than the rules where that is simpler: a null for an optional field is "not
-- known". tests/sql/card_mutations compares patterns and walk.

CREATE OR REPLACE FUNCTION o365_internal.pattern_rank(name text) RETURNS integer
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN coalesce(array_position('{TextBlock,FactSet,OpenUri,Container,text,title,name,value,wrap,facts,size,weight,'
        'sections,potentialAction,summary,themeColor,activityTitle,activitySubtitle,activityImage,body,actions,items,'
        'targets,url}', split_part(name, ':', 2 - (position(':' IN name) = 0)::integer)), 100);
END $$;
COMMENT ON FUNCTION o365_internal.pattern_rank(text) IS
    'The place of a field or a kind among the alternatives of a pattern, which are tried in their order: the smaller, '
    'the more often cards have it.';

CREATE OR REPLACE FUNCTION o365_internal.text_pattern(rule text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- text_codes removes `...` and \* before it searches, so that markup may be interrupted by them. So each character
    -- here may be followed by the next one, or by a backtick or a backslash, with which such a part begins.
    v_common text := '<[^[:space:]]|[{]([{%`\\])|[$#]([{(`\\])|\\n|[^\n\r]\r?\n[^\n\r*+>|-]|\r[^\n\r]';
    v_link text :=
        '|\](\(([^h]|h[^t]|ht[^t]|htt[^p]|http[^s:]|https[^:])|[`\\])|\] +\(h|\[[^]]*[[`\\]|\]\([^)]*[[:space:](`\\]';
    v_table text := '|\|[ :]*[-`\\]|\[[ xX]?[]`\\]|\[\^';
    v_adaptive text := '`|~[~`\\]|(^|[\n\r]) *>';
    v_is_adaptive boolean := rule LIKE 'adaptive\_%';
    v_markup text := CASE rule
        WHEN 'text' THEN v_common || v_link || v_table
        WHEN 'adaptive_text' THEN v_common || v_link || v_table || '|#[ `\\]|![[`\\]|' || v_adaptive
        WHEN 'adaptive_fact' THEN v_common || v_link || '|&'
        WHEN 'title' THEN v_common || '|&|\][(`\\]'
        WHEN 'plain' THEN v_common || '|&|\*[*`\\]|_[_`\\]|~[~`\\]|^[#`\\]|\][(`\\]'
        WHEN 'fact' THEN v_common || v_link || '|&|\*[*`\\]|_[_`\\]|~[~`\\]|^[#`\\]'
        WHEN 'label' THEN '<|&|[{]([{%`\\])|[$#]([{(`\\])' END;
    v_address text := '^https://[a-zA-Z0-9.-]+(:[1-9][0-9]{0,3})?([/?#][^[:space:][:cntrl:]{}<>()]*)?$';
    v_whole text := CASE rule
        WHEN 'image' THEN v_address
        WHEN 'link' THEN v_address
        WHEN 'color' THEN '^[0-9a-fA-F]{6}$'
        WHEN 'uuid' THEN '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'
        WHEN 'version' THEN '^1\.[0-5]$' END;
BEGIN
    -- The cost of a regular expression depends on what it searches for. Most texts have none of the characters with
    -- which markup begins, and one bracket expression tests for all of them. The flag s lets a bracket match a line
    -- break. Adaptive Cards allow no empty text and have fewer kinds of markup, even those made from MessageCards.
    RETURN coalesce(CASE WHEN v_whole = v_address
        THEN format('(@.value like_regex %s flag "s" && !(@.value like_regex "&(amp|#)" flag "i"))', to_json(v_whole))
        END,
                    CASE WHEN v_markup IS NOT NULL
                        THEN format('(@.value like_regex %s || %s!(@.value like_regex %s flag "s")%s)',
                           to_json('^[^][<>{$#&*_~|`\\\n\r]' || CASE WHEN v_is_adaptive THEN '+$' ELSE '*$' END),
                           CASE WHEN v_is_adaptive THEN '@.value != "" && ' END, to_json(v_markup),
                           CASE WHEN rule = 'text' THEN
                               format(' && ($converts == false || !(@.value like_regex %s flag "s"))',
                               to_json(v_adaptive)) END) END,
                    '@.value like_regex ' || to_json(v_whole) || ' flag "s"');
END $$;
COMMENT ON FUNCTION o365_internal.text_pattern(text) IS
    'jsonpath predicate over @.value, a string: true only for what is right by a rule of card_field. Null for a rule '
    'that needs more than the string.';

CREATE OR REPLACE FUNCTION o365_internal.field_pattern(field o365_internal.card_field, above text[]) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- An unknown predicate would count as false, so the type of a value is tested first.
    v_checks text[] := ARRAY['@.key == ' || to_json(field.name), '@.value.type() == "' || nullif(field.type, 'any')
        || '"'];
    v_check text;
BEGIN
    -- A selectAction is rare, and the pattern of actions is long.
    IF field.type = 'mistake' OR field.rule = 'no_effect' OR field.type = 'object' AND right(field.child, 1) = ':' THEN
        RETURN NULL;
    END IF;
    -- Where a string or an object is allowed, only a string is known to be valid.
    IF field.type = 'any' AND field.child IS NOT NULL THEN
        v_checks := v_checks || '@.value.type() == "string"'::text;
        field.child := NULL;
    END IF;
    IF field.lost THEN
        v_checks := v_checks || '$converts == false'::text;
    END IF;
    IF field.type = 'array' THEN
        v_checks := v_checks
            || ('@.value.size() <= ' || field.max_items)
            || CASE WHEN field.rule IN ('filled', 'links') OR field.required AND field.kind ~ '^.\.element:'
                THEN '@.value.size() > 0' END
            || CASE WHEN field.kind = 'm.action:OpenUri' AND field.name = 'targets'
                OR field.kind = 'm.action:ViewAction' AND field.name = 'target'
                    THEN '($converts == false || @.value.size() == 1)' END
            || CASE WHEN field.kind = 'm.action:OpenUri' AND field.name = 'targets'
                THEN '@.value[*].os == "default"' END
            || CASE WHEN field.rule = 'links'
                    THEN format('!exists(@.value[*].type() ? (@ != "string")) && !exists(@.value[*] ? (!(%s)))',
                                replace(o365_internal.text_pattern('link'), '@.value', '@')) END;
    ELSIF left(field.rule, 1) = '|' THEN
        -- The walk accepts the words of these kinds in upper and lower case.
        v_checks := v_checks || CASE WHEN field.kind ~ '^a\.(element|action|column|inline)'
            THEN format('@.value like_regex "^(%s)$" flag "is"', btrim(field.rule, '|'))
            ELSE (SELECT '(' || string_agg('@.value == ' || to_json(w), ' || ' ORDER BY i) || ')'
                    FROM unnest(string_to_array(btrim(field.rule, '|'), '|')) WITH ORDINALITY AS u (w, i)) END;
    ELSIF field.rule = 'width' THEN
        v_checks := v_checks || CASE field.type WHEN 'any'
            THEN '(@.value.type() == "number" || @.value.type() == "string" && (@.value == "auto" || @.value == '
            '"stretch"))'
                                     ELSE '(@.value like_regex "^[0-9]{1,4}px$")' END;
    ELSIF field.rule <> 'target' THEN
        v_check := o365_internal.text_pattern(field.rule);
        IF v_check IS NULL THEN
            RETURN NULL;
        END IF;
        v_checks := v_checks || v_check;
    END IF;
    -- Elements contain elements to any depth: right_levels checks them level by level.
    IF field.child <> 'a.element:' THEN
        v_check := o365_internal.object_pattern(field.child, above);
        IF v_check IS NULL THEN
            RETURN NULL;
        END IF;
        -- A filter unwraps an array, .type() does not.
        v_checks := v_checks || CASE WHEN field.type = 'object' THEN format('exists(@.value ? (%s))', v_check)
            WHEN field.rule = 'strings'
                THEN format('!exists(@.value[*].type() ? (@ != "object" && @ != "string")) && !exists(@.value[*] ? '
                '(@.type() == "object" && !(%s)))', v_check)
            ELSE format('!exists(@.value[*].type() ? (@ != "object")) && !exists(@.value[*] ? (!(%s)))', v_check) END;
    END IF;
    RETURN '(' || array_to_string(v_checks, ' && ') || ')';
END $$;
COMMENT ON FUNCTION o365_internal.field_pattern(o365_internal.card_field, text[]) IS
    'jsonpath predicate over a pair of .keyvalue(): true only for that field with a right value; what object_pattern '
    'leaves aside is left aside. Null for a field that only the walk can judge. above: kinds that it stands in.';

CREATE OR REPLACE FUNCTION o365_internal.object_pattern(kind text, above text[] DEFAULT '{}') RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_tag text := CASE WHEN left(kind, 1) = 'm' THEN '@."@type"' ELSE '@."type"' END;
    v_fields text;
BEGIN
    -- These are not known to be valid: a kind inside itself, a card whose elements right_levels does not visit, and
    -- actions that an ActionCard may not contain.
    IF kind = ANY (above || ARRAY['a.action:Action.ShowCard'])
       OR 'm.action:ActionCard' = ANY (above) AND kind IN ('m.action:InvokeAddInCommand', 'm.action:ViewAction') THEN
        RETURN NULL;
    ELSIF right(kind, 1) = ':' THEN
        RETURN format('%s.type() == "string" && (%s)', v_tag, (
            SELECT string_agg(format('(%s == %s && %s)', v_tag, to_json(split_part(p.kind, ':', 2)), p.pattern),
                              ' || ' ORDER BY o365_internal.pattern_rank(p.kind), p.kind)
              FROM (SELECT k.kind, o365_internal.object_pattern(k.kind, above) AS pattern
                      FROM o365_internal.card_kind AS k WHERE starts_with(k.kind, object_pattern.kind)) AS p
             WHERE p.pattern IS NOT NULL));
    END IF;
    SELECT string_agg(p.pattern, ' || ' ORDER BY p.required DESC, o365_internal.pattern_rank(p.name), p.name)
      INTO v_fields
      FROM (SELECT f.name, f.required, o365_internal.field_pattern(f, above || object_pattern.kind) AS pattern
              FROM o365_internal.card_field AS f WHERE f.kind = object_pattern.kind) AS p;
    RETURN (SELECT concat_ws(' && ', CASE WHEN k.lost THEN '$converts == false' END,
                   -- A text that may be longer than a line has to wrap.
                   CASE k.kind WHEN 'a.element:TextBlock'
                       THEN '(@.wrap == true || !(@.text like_regex ".{101}" flag "s"))'
                               WHEN 'a.element:Image' THEN '@.type == "Image"' WHEN 'm.action:ViewAction'
                                   THEN '$converts == true' END,
                   (SELECT string_agg(format('exists(@.%s)', to_json(r)), ' && ' ORDER BY r) FROM unnest(k.required)
                       AS r),
                   format('!exists(@.keyvalue() ? (!(%s)))', v_fields))
              FROM o365_internal.card_kind AS k WHERE k.kind = object_pattern.kind AND k.rule IS NULL);
END $$;
COMMENT ON FUNCTION o365_internal.object_pattern(text, text[]) IS
    'jsonpath predicate over an object: true only for a right one of a kind, or of any kind of a family (a.element:). '
    'Left aside are the elements in it (right_levels) and what actions_are_right looks at. Its variable converts says '
    'whether a conversion follows. Null for a kind that only the walk can judge. above: kinds that it stands in.';

CREATE OR REPLACE FUNCTION o365_internal.card_pattern(kind text) RETURNS jsonpath
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Declared immutable so that a session reads it only once, when it plans the expression that calls it. The rows
    -- change only by an upgrade, which also replaces the calling functions, and so their plans.
    RETURN (SELECT p.pattern FROM o365_internal.card_pattern AS p WHERE p.kind = card_pattern.kind);
END $$;
COMMENT ON FUNCTION o365_internal.card_pattern(text) IS
    'The pattern of a row of card_pattern. Call it with a constant: the plan then holds the pattern.';

CREATE OR REPLACE FUNCTION o365_internal.card_doubts(kind text) RETURNS jsonpath
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT p.doubts FROM o365_internal.card_pattern AS p WHERE p.kind = card_doubts.kind);
END $$;
COMMENT ON FUNCTION o365_internal.card_doubts(text) IS
    'The doubts of a row of card_pattern. Immutable, and to be called with a constant, as card_pattern(text) is.';

CREATE OR REPLACE FUNCTION o365_internal.actions_are_right(card jsonb, target_urls text[]) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_actions jsonb := jsonb_path_query_array(card, '$.potentialAction[*]')
        || jsonb_path_query_array(card, '$.sections[*].potentialAction[*]');
    v_far jsonb;
BEGIN
    IF NOT jsonb_path_exists(v_actions, '$[*]."@type" ? (@ != "OpenUri")') THEN
        RETURN true;
    END IF;
    -- Where own_target_codes may find something.
    v_far := jsonb_path_query_array(card, '$.potentialAction[10 to last]')
        || jsonb_path_query_array(card, '$.sections[*].potentialAction[10 to last]')
        || jsonb_path_query_array(v_actions, '$[*].actions[98 to last]')
        || jsonb_path_query_array(v_actions, '$[*].actions[*].actions[*]');
    v_actions := v_actions || jsonb_path_query_array(v_actions, '$[*].actions[*]')
        || jsonb_path_query_array(v_actions, '$[*].inputs[*]');
    RETURN NOT (v_far <> '[]' AND position('"o365:action"' IN v_far::text) > 0) AND NOT EXISTS (
        SELECT FROM jsonb_array_elements(v_actions) AS a (action)
         WHERE CASE a.action->>'@type'
                   WHEN 'HttpPOST' THEN o365_internal.address_codes('target', a.action->>'target', false, false,
                       target_urls) IS NOT NULL
                   WHEN 'ActionCard' THEN o365_internal.input_codes('m.action:ActionCard', a.action) IS NOT NULL
                   WHEN 'MultichoiceInput' THEN o365_internal.input_codes('m.input:MultichoiceInput', a.action) IS NOT
                       NULL END);
END $$;
COMMENT ON FUNCTION o365_internal.actions_are_right(jsonb, text[]) IS
    'Whether a MessageCard''s actions keep the rules that no pattern holds: targets, and inputs that name each other. '
    'target_urls: as for card_problems.';

CREATE OR REPLACE FUNCTION o365_internal.right_levels(card jsonb, root text, converts boolean) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_elements jsonb;
BEGIN
    IF root = 'm.card' THEN
        RETURN CASE WHEN jsonb_path_query_array(card, o365_internal.card_doubts('m.card'),
            jsonb_build_object('converts', converts)) = '[]' THEN 100 END;
    ELSIF root = 'a.card' AND jsonb_path_exists(card, o365_internal.card_pattern('a.card'), '{"converts": false}') THEN
        v_elements := coalesce(card->'body', '[]');
    ELSIF root = 'a.message' AND jsonb_path_exists(card, o365_internal.card_pattern('a.message'), '{"converts": false}')
        THEN
        v_elements := jsonb_path_query_array(card, '$.attachments[*].content.body[*]');
    ELSE
        RETURN NULL;
    END IF;
    -- A table in a table is six levels down, so this stays clear of the 40 that the walk calls too deep.
    FOR v_level IN 0 .. 4 LOOP
        IF v_elements = '[]' THEN
            RETURN 100;
        ELSIF jsonb_path_exists(v_elements, '$[*].type() ? (@ != "object")')
              OR jsonb_path_exists(v_elements, o365_internal.card_pattern('a.element:'), '{"converts": false}') THEN
            RETURN v_level;
        END IF;
        -- The lists of elements in elements: tests/sql/card_rules.sql holds them against card_field.
        v_elements := jsonb_path_query_array(v_elements, '$[*].items[*]')
            || jsonb_path_query_array(v_elements, '$[*].columns[*].items[*]')
            || jsonb_path_query_array(v_elements, '$[*].rows[*].cells[*].items[*]');
    END LOOP;
    RETURN 5;
END $$;
COMMENT ON FUNCTION o365_internal.right_levels(jsonb, text, boolean) IS
    'How many levels of elements of a card have no problem, actions_are_right aside; 100: all, and nothing else has '
    'one; null: of none it is known, ask the walk. root: its card_root. converts: whether a conversion follows. The '
    'rules for a card as a whole are card_problems''s.';

DELETE FROM o365_internal.card_pattern;
-- A pattern decides about its object only if nothing in the object is left out. The walk calls actions_are_right before
-- it trusts any pattern, but it has to detect actions that an ActionCard may not contain itself, because a pattern does
-- not know where its object is. Fields that contain elements are always in doubt.
INSERT INTO o365_internal.card_pattern (kind, pattern, covers, doubts)
    WITH RECURSIVE holds_elements (kind) AS (
        SELECT 'a.element:'
        UNION
        -- object_pattern never calls a ShowCard valid, so a valid action contains none, and neither does a valid
        -- fallback.
        SELECT f.kind FROM o365_internal.card_field AS f
          JOIN holds_elements AS h ON f.child = h.kind OR right(f.child, 1) = ':' AND starts_with(h.kind, f.child)
         WHERE f.kind <> 'a.action:Action.ShowCard' AND f.type <> 'any'
    ), made AS (
        SELECT k.kind, o365_internal.object_pattern(k.kind) AS pattern,
               (SELECT string_agg(o365_internal.field_pattern(f, ARRAY[k.kind]), ' || '
                                  ORDER BY f.required DESC, o365_internal.pattern_rank(f.name), f.name)
                  FROM o365_internal.card_field AS f
                 WHERE f.kind = k.kind
                   AND (f.type = 'any' OR NOT EXISTS (SELECT FROM holds_elements AS h
                                    WHERE f.child = h.kind OR right(f.child, 1) = ':'
                                        AND starts_with(h.kind, f.child)))) AS fields
          FROM (SELECT k.kind FROM o365_internal.card_kind AS k UNION ALL SELECT 'a.element:') AS k
    )
    SELECT m.kind, format(CASE WHEN m.kind LIKE '%:' THEN '$[*] ? (!(%s))' ELSE '$ ? (%s)' END, m.pattern)::jsonpath,
           m.kind NOT IN ('m.action:ActionCard', 'm.action:InvokeAddInCommand', 'm.action:ViewAction',
               'm.action:HttpPOST', 'm.input:MultichoiceInput',
                          'a.element:TextBlock', 'a.element:Image')
               AND m.kind NOT IN (SELECT h.kind FROM holds_elements AS h),
           ('$.keyvalue() ? (!(' || m.fields || '))')::jsonpath
      FROM made AS m WHERE m.pattern IS NOT NULL;
