-- Whose turn it is with a webhook. A new table.
CREATE UNLOGGED TABLE o365_internal.turn_of_webhook (
    webhook_index bytea CONSTRAINT turn_of_webhook_pkey PRIMARY KEY
);
COMMENT ON TABLE o365_internal.turn_of_webhook IS
    'Empty: a row is there while the transaction that brings a webhook is open, and only for that (wait_for_webhook).';
COMMENT ON COLUMN o365_internal.turn_of_webhook.webhook_index IS 'As of subscription.';
