-- The responder's configuration may name the key that webhooks are sealed under. Locks: o365_internal.subscription, for a moment (a column with a
-- constant default rewrites nothing).
ALTER TABLE o365_internal.subscription ADD COLUMN key_pinned boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN o365_internal.subscription.key_pinned IS
    'Whether the responder that brought this webhook named the key to seal it under (its setting sealing_key); o365.health() looks at the newest.';
-- Takes the key's name since.
DROP FUNCTION IF EXISTS o365_internal.seal(text);
