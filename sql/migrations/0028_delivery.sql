-- Options of a card, schedules, far ends that fail, limits, and what the console reads of them. Adds columns without a
-- rewrite, and new tables.

-- ---- connecting ----
ALTER TABLE o365_internal.ticket ADD COLUMN extra jsonb;
COMMENT ON COLUMN o365_internal.ticket.extra IS
    'Fields that stand beside each card of the connection that is made with it, as o365.set_extra sets them; null: none.';
SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365.begin_connect(text, text, text, jsonb, bigint, text);
DROP FUNCTION IF EXISTS o365_internal.connect_link(integer, text, jsonb, text, bigint, text, interval);
SET LOCAL client_min_messages = notice;
-- end of connecting

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
