-- Card actions that Microsoft's service calls with a signed token. New tables, and columns without a rewrite.

-- ---- tokens and keys ----
CREATE TABLE o365_internal.token_profile (
    name          text PRIMARY KEY
        CONSTRAINT token_profile_name_is_a_word CHECK (name ~ '^[a-z][a-z0-9-]{0,39}$'),
    place         integer GENERATED ALWAYS AS IDENTITY,
    enabled       boolean NOT NULL,
    metadata_url  text NOT NULL,
    hosts         text[] NOT NULL,
    issuers       text[] NOT NULL,
    audiences     text[] NOT NULL,
    client_claims text[] NOT NULL,
    client_ids    text[] NOT NULL,
    scope         text,
    tenants       text[] NOT NULL DEFAULT '{}',
    clock_skew    interval NOT NULL,
    presser_claim text NOT NULL,
    name_claims   text[] NOT NULL,
    keep_keys     interval NOT NULL,
    source        text,
    changed_at    timestamptz,
    asked_at      timestamptz,
    tried_at      timestamptz,
    fetched_at    timestamptz,
    failing_since timestamptz,
    problem       text,
    CONSTRAINT token_profile_failure_is_whole CHECK ((failing_since IS NULL) = (problem IS NULL))
);
COMMENT ON TABLE o365_internal.token_profile IS
    'Whose signed tokens card actions may come with, and how the keys of their signatures were last fetched. Changed '
    'with o365.set_token_profile.';
COMMENT ON COLUMN o365_internal.token_profile.name IS 'Name.';
COMMENT ON COLUMN o365_internal.token_profile.place IS 'Of two profiles with one issuer, the lower counts.';
COMMENT ON COLUMN o365_internal.token_profile.enabled IS 'Whether its tokens are taken and its keys fetched.';
COMMENT ON COLUMN o365_internal.token_profile.metadata_url IS 'OpenID provider metadata, which names the key set.';
COMMENT ON COLUMN o365_internal.token_profile.hosts IS
    'Where metadata and keys may be fetched: host, for port 443, or host:port.';
COMMENT ON COLUMN o365_internal.token_profile.issuers IS
    'Values of the claim iss; {tid} stands for the token''s own tenant.';
COMMENT ON COLUMN o365_internal.token_profile.audiences IS
    'Values of the claim aud; {app_id} stands for the connector''s app_id, {origin} for scheme and host of public_url.';
COMMENT ON COLUMN o365_internal.token_profile.client_claims IS
    'Claims that name the client: azp, appid. One must be there, and each that is there must be one of client_ids.';
COMMENT ON COLUMN o365_internal.token_profile.client_ids IS 'Clients that may have asked for the token.';
COMMENT ON COLUMN o365_internal.token_profile.scope IS 'Word that the claim scp must have; null: none.';
COMMENT ON COLUMN o365_internal.token_profile.tenants IS 'Tenants whose people may press; empty: any.';
COMMENT ON COLUMN o365_internal.token_profile.clock_skew IS 'How far the issuer''s clock may be from ours.';
COMMENT ON COLUMN o365_internal.token_profile.presser_claim IS 'Claim with the directory object id of who pressed.';
COMMENT ON COLUMN o365_internal.token_profile.name_claims IS
    'Claims with the name of who pressed; the first that is there counts.';
COMMENT ON COLUMN o365_internal.token_profile.keep_keys IS
    'How long a key counts after it was last in the key set, as of the last fetch that succeeded.';
COMMENT ON COLUMN o365_internal.token_profile.source IS 'Where these values come from.';
COMMENT ON COLUMN o365_internal.token_profile.changed_at IS
    'When an operator last changed it; null: never, so that an upgrade may.';
COMMENT ON COLUMN o365_internal.token_profile.asked_at IS 'When a token last named a key that is not known.';
COMMENT ON COLUMN o365_internal.token_profile.tried_at IS 'When a worker last began to fetch its keys.';
COMMENT ON COLUMN o365_internal.token_profile.fetched_at IS 'When they were last fetched; null: not yet.';
COMMENT ON COLUMN o365_internal.token_profile.failing_since IS 'Since when fetching them fails; null: it does not.';
COMMENT ON COLUMN o365_internal.token_profile.problem IS 'What it last failed with; null: it does not fail.';

CREATE TABLE o365_internal.signing_key (
    profile       text NOT NULL REFERENCES o365_internal.token_profile (name) ON DELETE CASCADE,
    kid           text NOT NULL,
    modulus       text NOT NULL,
    exponent      text NOT NULL,
    issuer        text NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (profile, kid)
);
COMMENT ON TABLE o365_internal.signing_key IS
    'Public RSA keys that sign the tokens of a profile, from its key set.';
COMMENT ON COLUMN o365_internal.signing_key.profile IS 'Profile.';
COMMENT ON COLUMN o365_internal.signing_key.kid IS 'Key id, by which a token names it.';
COMMENT ON COLUMN o365_internal.signing_key.modulus IS 'Modulus (n), base64url.';
COMMENT ON COLUMN o365_internal.signing_key.exponent IS 'Exponent (e), base64url.';
COMMENT ON COLUMN o365_internal.signing_key.issuer IS
    'Whose tokens it signs, {tenantid} for any tenant; empty: the key set does not say.';
COMMENT ON COLUMN o365_internal.signing_key.first_seen_at IS 'When it was first fetched.';
COMMENT ON COLUMN o365_internal.signing_key.last_seen_at IS 'When it was last in the key set.';
-- end of tokens and keys

-- ---- actions ----
-- end of actions
