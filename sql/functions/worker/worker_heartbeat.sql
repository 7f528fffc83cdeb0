CREATE OR REPLACE FUNCTION o365_programs.worker_heartbeat(worker integer, environment text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM o365_internal.feed_again_if_restored();
    PERFORM o365_internal.tell_verdicts();
    UPDATE o365_internal.worker AS w
       SET seen_at = now(), stopped_at = NULL,
           leaves = o365_internal.keys_of_others(w.key_ids, worker_heartbeat.environment)
     WHERE w.worker_id = worker_heartbeat.worker;
    IF NOT FOUND AND worker > 0 THEN
        -- Its row is gone: it was deleted, or a dump from before the worker's start was restored. Insert it with the
        -- same number, which its leases have.
        INSERT INTO o365_internal.worker (worker_id, name, version, environment) OVERRIDING SYSTEM VALUE
            VALUES (worker, 'worker ' || worker, 'unknown', environment) ON CONFLICT DO NOTHING;
        PERFORM o365_internal.advance_sequences();
    END IF;
    RETURN o365_internal.worker_orders(worker, environment);
END $$;
COMMENT ON FUNCTION o365_programs.worker_heartbeat(integer, text) IS
    'Says that a worker is alive, every 5 s, and returns what worker_start does, as it is now. A worker whose row is '
    'gone is registered again; worker 0, which none has, only asks. described: whether it has said which keys it has '
    '(worker_describe). others: how many other workers of its environment are alive.';
