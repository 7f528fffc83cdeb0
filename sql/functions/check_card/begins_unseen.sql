CREATE OR REPLACE FUNCTION o365_internal.begins_unseen(content jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_first jsonb := content #> '{body,0}';
BEGIN
    RETURN v_first->>'type' IS DISTINCT FROM 'TextBlock' OR coalesce(v_first->>'text' !~ '[!-~]', true)
        OR v_first ? 'isVisible';
END $$;
COMMENT ON FUNCTION o365_internal.begins_unseen(jsonb) IS
    'Whether an Adaptive Card begins with anything but a TextBlock that a quick look shows to be visible. True for a '
    'body without elements.';
