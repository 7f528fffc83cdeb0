CREATE OR REPLACE FUNCTION o365_internal.add_manage_link(subscription_id bigint, kind text, token_hash bytea)
RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    INSERT INTO o365_internal.manage_link (token_hash, subscription_id, kind, made_at)
        VALUES (add_manage_link.token_hash, add_manage_link.subscription_id, add_manage_link.kind, clock_timestamp());
    DELETE FROM o365_internal.manage_link AS m
     WHERE m.token_hash IN (SELECT x.token_hash FROM o365_internal.manage_link AS x
                             WHERE x.subscription_id = add_manage_link.subscription_id AND x.kind = add_manage_link.kind
                             ORDER BY x.made_at DESC OFFSET 100);
END $$;
COMMENT ON FUNCTION o365_internal.add_manage_link(bigint, text, bytea) IS
    'Stores a link to the page of a connection. The newest 100 of a kind serve, older ones end: an application that '
    'makes one for every card does not fill the table.';
