-- Links to the page on which people manage what they connected. Adds a table.

CREATE TABLE o365_internal.manage_link (
    token_hash      bytea PRIMARY KEY,
    subscription_id bigint NOT NULL REFERENCES o365_internal.subscription ON DELETE CASCADE,
    kind            text NOT NULL CONSTRAINT manage_link_kind_is_known CHECK (kind IN ('owner', 'card')),
    made_at         timestamptz NOT NULL DEFAULT now(),
    revoked_at      timestamptz,
    ticket_hash     bytea
);
CREATE INDEX manage_link_of_subscription ON o365_internal.manage_link (subscription_id, kind, made_at);
COMMENT ON TABLE o365_internal.manage_link IS
    'Links to the page on which a connection is managed: the newest 100 of each kind that a subscription has.';
COMMENT ON COLUMN o365_internal.manage_link.token_hash IS 'SHA-256 of the token in the link: 192 random bits, as 32 characters.';
COMMENT ON COLUMN o365_internal.manage_link.subscription_id IS 'What it manages.';
COMMENT ON COLUMN o365_internal.manage_link.kind IS
    'owner: for the person who connected, may do everything. card: may stand in cards, shows, pauses and resumes.';
COMMENT ON COLUMN o365_internal.manage_link.made_at IS 'When it was made.';
COMMENT ON COLUMN o365_internal.manage_link.revoked_at IS 'When o365.revoke_manage_links ended it; null: it serves.';
COMMENT ON COLUMN o365_internal.manage_link.ticket_hash IS
    'The ticket that its page made last, for a new address: the next one takes its place. Null: none.';
