-- right_levels says more than whether a card is right, which CREATE OR REPLACE would leave beside it.

SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365_internal.card_is_right(jsonb, text, boolean);
SET LOCAL client_min_messages = notice;
