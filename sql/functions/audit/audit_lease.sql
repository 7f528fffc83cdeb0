CREATE OR REPLACE FUNCTION o365_internal.audit_lease() RETURNS interval
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN make_interval(secs => o365_internal.integer_setting('lease_seconds') + 2);
END $$;
COMMENT ON FUNCTION o365_internal.audit_lease() IS
    'How long POSTs may still be made under a lease that was granted before a limit was lowered, or held again.';
