CREATE OR REPLACE FUNCTION o365_programs.worker_stop(worker integer, comes_back boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE o365_internal.worker AS w SET seen_at = now(), stopped_at = now(), comes_back = worker_stop.comes_back
     WHERE w.worker_id = worker_stop.worker;
END $$;
COMMENT ON FUNCTION o365_programs.worker_stop(integer, boolean) IS
    'Notes that a worker ends in an orderly way. comes_back: it ran with --once, and is not missed for five minutes. '
    'One that does not call this and is not heard of for 15 s was killed or cut off: o365.health() and o365.queue say '
    'so.';
