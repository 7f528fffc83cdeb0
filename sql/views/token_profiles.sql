-- Whose signed tokens are taken, for operators.
CREATE OR REPLACE VIEW o365.token_profiles WITH (security_barrier) AS
    SELECT p.name, p.enabled, p.metadata_url, p.hosts, p.issuers, p.audiences, p.client_claims, p.client_ids, p.scope,
           p.tenants, p.clock_skew, p.presser_claim, p.name_claims, p.keep_keys,
           (SELECT count(*) FROM o365_internal.signing_key AS k
             WHERE k.profile = p.name AND k.last_seen_at >= p.fetched_at - p.keep_keys) AS keys,
           p.fetched_at, p.failing_since, p.problem, p.asked_at, p.changed_at, p.source
      FROM o365_internal.token_profile AS p ORDER BY p.place;
COMMENT ON VIEW o365.token_profiles IS
    'Whose signed tokens are accepted for card actions, and the state of their keys. Change one with '
    'o365.set_token_profile.';
COMMENT ON COLUMN o365.token_profiles.name IS 'Name.';
COMMENT ON COLUMN o365.token_profiles.enabled IS 'Whether its tokens are taken and its keys fetched.';
COMMENT ON COLUMN o365.token_profiles.metadata_url IS
    'OpenID provider metadata, which names the key set.';
COMMENT ON COLUMN o365.token_profiles.hosts IS
    'Where metadata and keys may be fetched: host, for port 443, or host:port.';
COMMENT ON COLUMN o365.token_profiles.issuers IS
    'Values of the claim iss; {tid} stands for the token''s own tenant.';
COMMENT ON COLUMN o365.token_profiles.audiences IS
    'Values of the claim aud; {app_id} stands for the connector''s app_id, {origin} for scheme and host of public_url.';
COMMENT ON COLUMN o365.token_profiles.client_claims IS
    'Claims that name the client. One must be there, and each that is there must be one of client_ids.';
COMMENT ON COLUMN o365.token_profiles.client_ids IS 'Clients that may have asked for the token.';
COMMENT ON COLUMN o365.token_profiles.scope IS 'Word that the claim scp must have; null: none.';
COMMENT ON COLUMN o365.token_profiles.tenants IS 'Tenants whose people may press; empty: any.';
COMMENT ON COLUMN o365.token_profiles.clock_skew IS 'How far the issuer''s clock may be from ours.';
COMMENT ON COLUMN o365.token_profiles.presser_claim IS
    'Claim with the directory object id of who pressed.';
COMMENT ON COLUMN o365.token_profiles.name_claims IS
    'Claims with the name of who pressed; the first that is there counts.';
COMMENT ON COLUMN o365.token_profiles.keep_keys IS
    'How long a key counts after it was last in the key set, as of the last fetch that succeeded.';
COMMENT ON COLUMN o365.token_profiles.keys IS 'How many keys count now.';
COMMENT ON COLUMN o365.token_profiles.fetched_at IS 'When a worker last fetched them; null: not yet.';
COMMENT ON COLUMN o365.token_profiles.failing_since IS 'Since when that fails; null: it does not.';
COMMENT ON COLUMN o365.token_profiles.problem IS 'What it last failed with; null: it does not fail.';
COMMENT ON COLUMN o365.token_profiles.asked_at IS
    'When a token last named a key that is not known; null: never.';
COMMENT ON COLUMN o365.token_profiles.changed_at IS
    'When an operator last changed it; null: never, so that an upgrade may.';
COMMENT ON COLUMN o365.token_profiles.source IS
    'Where its values come from; null: an operator made it.';
