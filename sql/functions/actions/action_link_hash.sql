CREATE OR REPLACE FUNCTION o365_internal.action_link_hash(card_id bigint, number integer) RETURNS bytea
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN sha256(convert_to(o365_internal.action_mac('action', card_id, number), 'UTF8'));
END $$;
COMMENT ON FUNCTION o365_internal.action_link_hash(bigint, integer) IS
    'SHA-256 of the MAC in the link to an action of a card. Null for null.';
