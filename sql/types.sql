-- The types that the functions of the walk over a card pass to each other. CREATE TYPE has no OR REPLACE: a type that
-- changed in this version is created anew, and the functions that take it are created anew afterwards.
DO $$
DECLARE
    v_type record;
BEGIN
    FOR v_type IN
        SELECT w.name, w.attributes, to_regtype('o365_internal.' || w.name) AS found
          FROM (VALUES ('card_walk', 'converts boolean, target_urls text[], trusts boolean, trusts_actions boolean'),
                       ('card_place', 'kind text, key text, path text, depth integer'),
                       ('card_finding', 'code text, kind text, key text, path text, json_type text, type text, '
                                        'is_object boolean')) AS w (name, attributes)
    LOOP
        CONTINUE WHEN v_type.attributes = (
            SELECT string_agg(format('%s %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
              FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.typrelid = a.attrelid
             WHERE t.oid = v_type.found AND a.attnum > 0 AND NOT a.attisdropped);
        IF v_type.found IS NOT NULL THEN
            EXECUTE format('DROP TYPE %s CASCADE', v_type.found);
        END IF;
        EXECUTE format('CREATE TYPE o365_internal.%I AS (%s)', v_type.name, v_type.attributes);
        EXECUTE format('REVOKE ALL ON TYPE o365_internal.%I FROM PUBLIC', v_type.name);
    END LOOP;
END $$;
COMMENT ON TYPE o365_internal.card_walk IS 'What holds for a whole walk over a card.';
COMMENT ON COLUMN o365_internal.card_walk.converts IS 'Whether the card is converted before it is sent.';
COMMENT ON COLUMN o365_internal.card_walk.target_urls IS 'Those of the connector; null when it is not known.';
COMMENT ON COLUMN o365_internal.card_walk.trusts IS 'Whether an object that its pattern calls right is left alone.';
COMMENT ON COLUMN o365_internal.card_walk.trusts_actions IS
    'Whether also one is that may hold actions, which needs actions_are_right.';
COMMENT ON TYPE o365_internal.card_place IS 'Where an object stands in a card.';
COMMENT ON COLUMN o365_internal.card_place.kind IS
    'Its kind in card_kind; of an unknown one the family and what its type says.';
COMMENT ON COLUMN o365_internal.card_place.key IS 'The field that it stands in; null for the card itself.';
COMMENT ON COLUMN o365_internal.card_place.path IS 'Its JSON path.';
COMMENT ON COLUMN o365_internal.card_place.depth IS 'Levels of JSON above it: two for each list of objects.';
COMMENT ON TYPE o365_internal.card_finding IS 'A rule that something in a card breaks.';
COMMENT ON COLUMN o365_internal.card_finding.code IS 'The rule of card_rule, and after a colon what it says.';
COMMENT ON COLUMN o365_internal.card_finding.kind IS 'The kind of the object, or of the one that has the field.';
COMMENT ON COLUMN o365_internal.card_finding.key IS 'The field; of an object the one that it stands in.';
COMMENT ON COLUMN o365_internal.card_finding.path IS 'The JSON path.';
COMMENT ON COLUMN o365_internal.card_finding.json_type IS 'The type of the value, as jsonb_typeof names it.';
COMMENT ON COLUMN o365_internal.card_finding.type IS 'The type that is documented; null for an object.';
COMMENT ON COLUMN o365_internal.card_finding.is_object IS
    'Whether it is an object that breaks the rule, not a field.';
