CREATE OR REPLACE FUNCTION o365_internal.refuse_card(subscription_id bigint, problems jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'card for connection % refused: % (%)', subscription_id, problems #>> '{0,problem}',
        problems #>> '{0,path}'
        USING ERRCODE = 'check_violation', HINT = problems #>> '{0,hint}', DETAIL = problems::text;
END $$;
COMMENT ON FUNCTION o365_internal.refuse_card(bigint, jsonb) IS
    'The error of o365.send for a card with these problems: check_violation, which names the first one; DETAIL lists '
    'all.';
