-- Options of a card, schedules, far ends that fail, limits, and what the console reads of them. Adds columns without a
-- rewrite, and new tables.

-- ---- options of a card ----
-- end of the options of a card

-- ---- schedules and digests ----
-- end of schedules and digests

-- ---- far ends ----
-- end of far ends

-- ---- limits ----
-- end of limits

-- ---- the console ----
ALTER TABLE o365_internal.delivery ADD COLUMN unordered boolean;
COMMENT ON COLUMN o365_internal.delivery.unordered IS
    'True: a POST ended it that went before the cards of its lane, whatever its number: a test card, an urgent one. Null: '
    'it had its place, or no POST ended it.';
CREATE TYPE o365_internal.proof_of AS (checked bigint, found bigint, examples text[]);
REVOKE ALL ON TYPE o365_internal.proof_of FROM PUBLIC;
COMMENT ON TYPE o365_internal.proof_of IS 'What a rule of o365.audit() found. All null: it could not be checked.';
COMMENT ON COLUMN o365_internal.proof_of.checked IS 'How many rows it looked at.';
COMMENT ON COLUMN o365_internal.proof_of.found IS 'How many faults.';
COMMENT ON COLUMN o365_internal.proof_of.examples IS 'Up to five of them, in words.';
-- end of the console

-- ---- speed ----
-- end of speed
