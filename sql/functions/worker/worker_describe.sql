CREATE OR REPLACE FUNCTION o365_programs.worker_describe(worker integer, worker_name text, version text, key_ids text[])
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE o365_internal.worker AS w
       SET name = worker_describe.worker_name, version = worker_describe.version, key_ids = worker_describe.key_ids,
           leaves = o365_internal.keys_of_others(worker_describe.key_ids, w.environment)
     WHERE w.worker_id = worker_describe.worker;
END $$;
COMMENT ON FUNCTION o365_programs.worker_describe(integer, text, text, text[]) IS
    'Says a worker''s name and version, and which keys its key file has: lanes whose webhook is sealed under another '
    'are left to a living worker that has it. Called when worker_start or worker_heartbeat returns described: false.';
