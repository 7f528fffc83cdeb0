CREATE OR REPLACE FUNCTION o365_internal.webhook_group(dialect text, webhook_index bytea) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_group_id integer;
BEGIN
    LOOP
        -- Nobody can delete it before the commit; claims that grant POSTs of it are not blocked.
        SELECT g.group_id INTO v_group_id FROM o365_internal.quota_group AS g
         WHERE g.webhook_index = webhook_group.webhook_index AND g.dialect = webhook_group.dialect FOR KEY SHARE;
        EXIT WHEN FOUND;
        INSERT INTO o365_internal.quota_group (dialect, webhook_index)
            VALUES (webhook_group.dialect, webhook_group.webhook_index)
            ON CONFLICT ON CONSTRAINT quota_group_webhook_is_unique DO NOTHING;
    END LOOP;
    RETURN v_group_id;
END $$;
COMMENT ON FUNCTION o365_internal.webhook_group(text, bytea) IS
    'The quota_group of a webhook, which is made where there is none, and stays until the commit.';
