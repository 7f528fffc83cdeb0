CREATE OR REPLACE FUNCTION o365_programs.worker_action_key() RETURNS bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT k.key FROM o365_internal.action_key AS k);
END $$;
COMMENT ON FUNCTION o365_programs.worker_action_key() IS
    'The key of the links to card actions. A worker asks once, when it starts.';
