CREATE OR REPLACE FUNCTION o365_internal.may_confirm(s o365_internal.subscription) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT coalesce((s).status = 'pending'
                    AND (s).status_at > now() - make_interval(mins => o365_internal.integer_setting('confirm_minutes')),
                    false));
END $$;
COMMENT ON FUNCTION o365_internal.may_confirm(o365_internal.subscription) IS
    'Whether a connection waits to be confirmed and its time, confirm_minutes, has not passed.';
