CREATE OR REPLACE FUNCTION o365_programs.responder_token_profiles() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    RETURN coalesce((
        SELECT jsonb_agg(jsonb_build_object('name', p.name, 'issuers', p.issuers, 'audiences', p.audiences,
                   'client_claims', p.client_claims, 'client_ids', p.client_ids, 'scope', p.scope,
                   'tenants', p.tenants, 'clock_skew_seconds', extract(epoch FROM p.clock_skew)::integer,
                   'presser_claim', p.presser_claim, 'name_claims', p.name_claims,
                   'keys', coalesce((
                       SELECT jsonb_agg(jsonb_build_object('kid', k.kid, 'n', k.modulus, 'e', k.exponent,
                                                           'issuer', k.issuer) ORDER BY k.kid)
                         FROM o365_internal.signing_key AS k
                        WHERE k.profile = p.name AND k.last_seen_at >= p.fetched_at - p.keep_keys), '[]'))
                   ORDER BY p.place)
          FROM o365_internal.token_profile AS p WHERE p.enabled), '[]');
END $$;
COMMENT ON FUNCTION o365_programs.responder_token_profiles() IS
    'The token profiles that are on, as an array in the order in which they are tried, each with the keys that count '
    'now. Workers that cannot fetch keys change nothing about that.';
