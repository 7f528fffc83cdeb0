-- How often the Connect page was opened with a ticket, for the bound starts_per_ticket. Adds a column without a rewrite.

ALTER TABLE o365_internal.ticket ADD COLUMN starts integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN o365_internal.ticket.starts IS 'How many attempts at the Connect page began with it.';
