-- Card actions that Microsoft's service calls with a signed token. New tables, and columns without a rewrite.

-- ---- tokens and keys ----
-- end of tokens and keys

-- ---- actions ----
-- end of actions
