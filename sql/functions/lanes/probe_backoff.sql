CREATE OR REPLACE FUNCTION o365_internal.probe_backoff(probes integer) RETURNS interval
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN make_interval(secs => least(60, 5 * 2 ^ least(probes, 10)) * (0.5 + random() / 2));
END $$;
COMMENT ON FUNCTION o365_internal.probe_backoff(integer) IS
    'How long a far end that fails is left alone after so many probes in vain: 5 s, twice as long after each, at most '
    'a minute, between half and the whole of that.';
