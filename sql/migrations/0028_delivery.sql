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
-- end of the console

-- ---- speed ----
-- A card of 2 KB is compressed as it is sent: lz4 takes a third of pglz's time. Rows that are there stay as they are.
DO $$
BEGIN
    ALTER TABLE o365_internal.outbox ALTER COLUMN card SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;   -- a server that was built without it
END $$;
-- Giving the empty end of the table back takes ACCESS EXCLUSIVE, for which senders would wait.
ALTER TABLE o365_internal.outbox SET (vacuum_truncate = off, toast.vacuum_truncate = off);
-- end of speed
