CREATE OR REPLACE FUNCTION o365_internal.retry_step(outcome text, n integer) RETURNS double precision
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- After a lost answer the steps are longer: each POST may be shown, and an outage of minutes should not use all of
    -- them up.
    RETURN least(o365_internal.integer_setting('retry_cap_seconds'),
                 o365_internal.integer_setting('retry_first_seconds')
                 * CASE outcome WHEN 'in_doubt' THEN power(12, least(n - 1, 8)) ELSE power(2, least(n - 1, 30)) END);
END $$;
COMMENT ON FUNCTION o365_internal.retry_step(text, integer) IS
    'The wait after the n-th failure of a card, the n-th throttle in a row, or the n-th lost answer (in_doubt), n from '
    '1: seconds, without jitter, which makes it between half and the whole of that.';
