CREATE OR REPLACE FUNCTION o365_internal.health_sealing_key_not_pinned() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- This finding and the three that follow are further disadvantages of one role on somebody else's server.
    SELECT 'sealing key ' || k.key_id,
           'the responder does not name it, so somebody with this role''s password can replace the key under which it '
           'seals',
           format('Set sealing_key = %s in the responder''s configuration; o365-worker keys check says whether it is '
                  'the key '
                  'file''s. The next connection clears this.', k.key_id), NULL::timestamptz, NULL::bigint, NULL
      FROM (SELECT n.key_pinned FROM (SELECT s.key_pinned, s.renewed_at, s.connected_at
                                       FROM o365_internal.subscription AS s
                                       WHERE s.status <> 'removed' ORDER BY s.subscription_id DESC LIMIT 1000) AS n
             ORDER BY coalesce(n.renewed_at, n.connected_at) DESC LIMIT 1) AS newest
      JOIN (SELECT k.key_id FROM o365_internal.sealing_key AS k WHERE k.kind = 'public' AND k.active
             ORDER BY k.created_at DESC, k.key_id LIMIT 1) AS k ON NOT newest.key_pinned
     WHERE NOT o365_internal.has_roles() $$;
COMMENT ON FUNCTION o365_internal.health_sealing_key_not_pinned() IS
    'Under one role the responder takes any key as the one to seal under.';
