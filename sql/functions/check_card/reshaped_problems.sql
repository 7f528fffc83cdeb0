CREATE OR REPLACE FUNCTION o365_internal.reshaped_problems(shaped jsonb, code text, path text, shaped_path text,
    dialect text, target_urls text[])
RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_problems jsonb := o365_internal.card_problems(shaped, dialect, target_urls);
BEGIN
    -- Paths refer to the card as it was written.
    v_problems := (
        SELECT coalesce(jsonb_agg(o.problem || jsonb_build_object('path',
                   CASE WHEN starts_with(o.problem->>'path', shaped_path)
                            THEN reshaped_problems.path || substr(o.problem->>'path', length(shaped_path) + 1)
                        WHEN code = 'bare_card' THEN o.problem->>'path' ELSE '$' END)), '[]')
          FROM jsonb_array_elements(v_problems) AS o (problem))
        || o365_internal.whole_problem(code, path);
    RETURN (SELECT jsonb_agg(o.problem ORDER BY o.problem->>'severity', (o.problem->>'path') COLLATE "C")
              FROM jsonb_array_elements(v_problems) AS o (problem));
END $$;
COMMENT ON FUNCTION o365_internal.reshaped_problems(jsonb, text, text, text, text, text[]) IS
    'What is wrong with a card that stands in another shape than a webhook reads, that first: as card_problems. '
    'shaped, code, path and shaped_path: as reshaped returns them.';
