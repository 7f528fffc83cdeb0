CREATE OR REPLACE FUNCTION o365_programs.worker_start(worker_name text, version text, environment text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_worker integer;
BEGIN
    PERFORM o365_internal.feed_again_if_restored();
    INSERT INTO o365_internal.worker (name, version, environment)
        VALUES (worker_start.worker_name, worker_start.version, worker_start.environment)
        RETURNING worker_id INTO v_worker;
    RETURN o365_internal.worker_orders(v_worker, worker_start.environment);
END $$;
COMMENT ON FUNCTION o365_programs.worker_start(text, text, text) IS
    'Registers a worker that starts, and returns its number, whether it may send, the length of a lease, timeouts, '
    'response rules and allowed hosts.';
