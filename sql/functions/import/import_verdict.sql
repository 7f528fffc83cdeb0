CREATE OR REPLACE FUNCTION o365_internal.import_verdict(line integer, verdict text, subscription_id bigint DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('o365.import_verdicts', concat_ws(' ', nullif(current_setting('o365.import_verdicts', true), ''),
                                                         format('%s:%s:%s', line, verdict, subscription_id)), true);
END $$;
COMMENT ON FUNCTION o365_internal.import_verdict(integer, text, bigint) IS
    'Notes what became of a line of an import, for o365_programs.worker_import_outcome in the same transaction: in a '
    'setting of the transaction, because no later one asks.';
