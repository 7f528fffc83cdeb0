CREATE OR REPLACE FUNCTION o365_internal.has_own_target(card jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Nearly no card has actions, and the text of one costs as much as all else here.
    RETURN card ?| '{potentialAction,sections}' AND position('"o365:action"' IN card::text) > 0;
END $$;
COMMENT ON FUNCTION o365_internal.has_own_target(jsonb) IS
    'Whether a card may have an HttpPOST with the target o365:action, which POST /action answers.';
