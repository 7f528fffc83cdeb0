CREATE OR REPLACE FUNCTION o365_internal.own_target_codes(value text, path text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    -- As linked_actions and called_action number buttons: from the eleventh action, from the 99th of an ActionCard, and
    -- in an ActionCard in an ActionCard there is no number left.
    RETURN CASE WHEN value = 'o365:action'
                     AND path ~ '\.(potentialAction\[[0-9]{2,}|actions\[(9[89]|[0-9]{3,})\]|actions\[.*\.actions\[)'
                THEN '{own_target_number}'::text[] END;
END $$;
COMMENT ON FUNCTION o365_internal.own_target_codes(text, text) IS
    'Whether the target of an HttpPOST is o365:action where no button has a number: the rule that it breaks; null for '
    'none. path: JSON path of the target.';
