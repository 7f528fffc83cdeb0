-- Until when what a lane knows of its windows is exact. Locks: ACCESS EXCLUSIVE on lane for a moment (a column without
-- a rewrite).
ALTER TABLE o365_internal.lane ADD COLUMN quota_leaves timestamptz[];
COMMENT ON COLUMN o365_internal.lane.quota_leaves IS
    'For each window of its dialect, by quota_window.n: when the POST after quota_past leaves it. Until then nothing '
    'becomes free in it, and nobody has to look. Null: nobody knows, or the window was empty.';
ALTER TYPE o365_internal.quota_granted ADD ATTRIBUTE leaves timestamptz[];
-- Has a further OUT parameter.
SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365_internal.quota_look(o365_internal.lane, integer, integer, timestamptz);
RESET client_min_messages;
