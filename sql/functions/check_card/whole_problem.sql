CREATE OR REPLACE FUNCTION o365_internal.whole_problem(code text, path text) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN o365_internal.problem(ROW(code, 'm.card', NULL, path, NULL, NULL, true), string_to_array(code, ':'));
END $$;
COMMENT ON FUNCTION o365_internal.whole_problem(text, text) IS
    'The words for a rule that a card breaks as a whole: as problem returns them. code: the rule, and what it says '
    'after colons.';
