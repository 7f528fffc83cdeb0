CREATE OR REPLACE FUNCTION o365_programs.responder_health() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    RETURN jsonb_build_object('ok', EXISTS (SELECT FROM o365_internal.migration), 'one_role',
        NOT o365_internal.has_roles(),
        'sealing_keys', (SELECT coalesce(jsonb_agg(k.key_id ORDER BY k.created_at DESC, k.key_id), '[]')
                           FROM o365_internal.sealing_key AS k WHERE k.kind = 'public' AND k.active));
END $$;
COMMENT ON FUNCTION o365_programs.responder_health() IS
    'ok when the schema answers; for the responder''s --check whether everything belongs to one role, and the ids of '
    'the keys that seal, newest first.';
