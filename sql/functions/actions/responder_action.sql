CREATE OR REPLACE FUNCTION o365_programs.responder_action(card_id bigint, number integer, link_hash bytea) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    RETURN o365_internal.action_page(card_id, number, link_hash);
END $$;
COMMENT ON FUNCTION o365_programs.responder_action(bigint, integer, bytea) IS
    'The page of a card''s action, by the three parts of its link: link_hash is the SHA-256 of the third. found is '
    'false for any link that does not serve now.';
