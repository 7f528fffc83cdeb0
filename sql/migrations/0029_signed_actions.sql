-- Card actions that Microsoft's service calls with a signed token. New tables, and columns without a rewrite.

-- ---- tokens and keys ----
-- end of tokens and keys

-- ---- actions ----
-- end of actions

-- ---- sending ----
SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365_internal.card_problems(jsonb, text, text[]);
SET LOCAL client_min_messages = notice;
-- end of sending
