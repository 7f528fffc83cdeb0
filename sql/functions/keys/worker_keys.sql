CREATE OR REPLACE FUNCTION o365_programs.worker_keys()
RETURNS TABLE (key_id text, kind text, active boolean, created_at timestamptz, backed_up_at timestamptz,
               sealed_rows bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT k.key_id, k.kind, k.active, k.created_at, k.backed_up_at, o365_internal.sealed_rows(k.key_id)
      FROM o365_internal.sealing_key AS k ORDER BY k.created_at, k.key_id;
END $$;
COMMENT ON FUNCTION o365_programs.worker_keys() IS
    'The keys by name, and how many webhooks are sealed under each; 1000 stands for so many or more.';
