CREATE OR REPLACE FUNCTION o365_internal.check_options(
    not_before timestamptz, not_after timestamptz, collapse text, dedupe text, place text DEFAULT '') RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_problem text[];
BEGIN
    v_problem := CASE
        WHEN not_before = 'infinity'
        THEN ARRAY['not_before is infinity', 'Such a card would never leave. Pass the time from which it may.']
        WHEN not_after <= not_before
        THEN ARRAY[format('not_after (%s) is not later than not_before (%s)', not_after, not_before),
                   'Such a card could never leave. Pass not_after later than not_before.']
        WHEN collapse = '' OR length(collapse) > 200
        THEN ARRAY[format('collapse has %s characters', length(collapse)), 'It is a key of 1 to 200 characters.']
        WHEN dedupe = '' OR length(dedupe) > 200
        THEN ARRAY[format('dedupe has %s characters', length(dedupe)), 'It is a key of 1 to 200 characters.'] END;
    IF v_problem IS NOT NULL THEN
        RAISE EXCEPTION '%', place || v_problem[1] USING ERRCODE = 'invalid_parameter_value', HINT = v_problem[2];
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.check_options(timestamptz, timestamptz, text, text, text) IS
    'Refuses options of a card that cannot be kept. place: what the message begins with. Error: '
    'invalid_parameter_value.';
