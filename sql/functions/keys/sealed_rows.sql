CREATE OR REPLACE FUNCTION o365_internal.sealed_rows(key_id text) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
BEGIN
    RETURN (SELECT count(*) FROM (SELECT FROM o365_internal.subscription AS s WHERE s.key_id = sealed_rows.key_id
                                   LIMIT 1000) AS s);
END $$;
COMMENT ON FUNCTION o365_internal.sealed_rows(text) IS
    'How many webhooks are sealed under a key; 1000 stands for so many or more. The index subscription_key finds in a '
    'millisecond that there is none.';
