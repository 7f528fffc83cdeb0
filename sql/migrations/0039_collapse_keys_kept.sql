-- With which collapse key a card was sent whose content is kept: a newer one with the same key has replaced it, and it
-- is not sent again. Adds a column without a rewrite.

ALTER TABLE o365_internal.dead_card ADD COLUMN collapse_key text;
COMMENT ON COLUMN o365_internal.dead_card.collapse_key IS
    'As in outbox; null as well for cards that ended before version 39 of the schema.';

-- It is made anew with other columns.
DROP FUNCTION IF EXISTS o365_internal.fed_cards(bigint, integer);
