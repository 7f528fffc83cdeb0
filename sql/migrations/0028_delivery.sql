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
-- end of speed
