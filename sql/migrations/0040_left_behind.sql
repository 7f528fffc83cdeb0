-- A claim may leave cards that have come to the next one, for a moment. Columns without a rewrite.
ALTER TABLE o365_internal.fed ADD COLUMN behind_since timestamptz, ADD COLUMN looked pg_snapshot;
COMMENT ON COLUMN o365_internal.fed.behind_since IS
    'Since when claims have left committed cards to the next one; null: this round has left none.';
COMMENT ON COLUMN o365_internal.fed.looked IS
    'Cards that were left behind and are visible in it are of one connector and one far end. Null where none was left.';
-- Functions whose parameters changed: CREATE OR REPLACE would leave the old ones beside the new.
DROP FUNCTION IF EXISTS o365_internal.lease_few(integer, integer[], integer);

-- Room for a lane's two next versions beside it: one that has to go to another page is written to the WAL whole, and a
-- lock of it besides. A lane's row nearly doubles with its first card.
ALTER TABLE o365_internal.lane SET (fillfactor = 35);
