CREATE OR REPLACE FUNCTION o365_internal.kept_actions(card jsonb, dialect text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN dialect = 'workflow' OR o365_internal.has_own_target(card)
                THEN o365_internal.linked_actions(card, card::text) END;
END $$;
COMMENT ON FUNCTION o365_internal.kept_actions(jsonb, text) IS
    'The actions that are kept of a card, as linked_actions gives them, because a page or POST /action serves them. '
    'Null for none.';
