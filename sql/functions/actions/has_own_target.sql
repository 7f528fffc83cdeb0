CREATE OR REPLACE FUNCTION o365_internal.has_own_target(card jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Few cards have actions, and converting a card to text costs as much as the rest of this function.
    RETURN card ?| '{potentialAction,sections}' AND position('"o365:action"' IN card::text) > 0;
END $$;
COMMENT ON FUNCTION o365_internal.has_own_target(jsonb) IS
    'Whether a card may have an HttpPOST with the target o365:action, which POST /action answers.';
