-- A constant is a function without arguments that is IMMUTABLE: the planner puts its value into each plan.
CREATE OR REPLACE FUNCTION o365_internal.tests_below() RETURNS bigint
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN -4611686018427387904;
END $$;
COMMENT ON FUNCTION o365_internal.tests_below() IS
    '-2^62. Test cards stand at positions below it, urgent cards from there to below 0, the others above 0; claims '
    'take them in this order. An urgent card stands at its number plus this, a test card at this less its number.';
