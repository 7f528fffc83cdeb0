CREATE OR REPLACE FUNCTION o365_internal.proof_code(card_id bigint) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_hash bytea := o365_internal.blind_index('proof', card_id::text);
BEGIN
    -- 48 bits: the bias of the modulo is too small to be of use in five tries.
    RETURN lpad((('x' || encode(substr(v_hash, 1, 6), 'hex'))::bit(48)::bigint % 1000000)::text, 6, '0');
END $$;
COMMENT ON FUNCTION o365_internal.proof_code(bigint) IS
    'The six digits that the card with that id shows. They are made from the private index key, so that no table, and '
    'no statement that a log could hold, has them. Call it in an assignment, never in a query (see '
    'o365_internal.seal). Null for null.';
