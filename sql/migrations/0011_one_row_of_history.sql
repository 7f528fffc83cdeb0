-- The POST that ended a card stands in the row of its end, not in one of its own: half the history, and half of what a
-- report writes. o365.attempts shows every POST, wherever it stands.

ALTER TABLE o365_internal.delivery
    ADD COLUMN lease_no bigint, ADD COLUMN worker integer, ADD COLUMN rule_id integer, ADD COLUMN http_status integer,
    ADD COLUMN retry_after_s integer, ADD COLUMN took_ms integer;
COMMENT ON TABLE o365_internal.delivery IS
    'One row per card: its end, and the POST that ended it. Append-only, a partition a day.';
COMMENT ON COLUMN o365_internal.delivery.lease_no IS 'Under which lease the POST that ended it was made; null when none did.';
COMMENT ON COLUMN o365_internal.delivery.worker IS 'By which worker.';
COMMENT ON COLUMN o365_internal.delivery.rule_id IS 'By which rule its answer was read; null when none fitted.';
COMMENT ON COLUMN o365_internal.delivery.http_status IS 'Status of its answer; null when none came.';
COMMENT ON COLUMN o365_internal.delivery.retry_after_s IS 'Seconds the far end asked to wait.';
COMMENT ON COLUMN o365_internal.delivery.took_ms IS 'Milliseconds from its start to its end; null when no POST ended the card.';
COMMENT ON TABLE o365_internal.attempt IS
    'One row per POST that did not end its card, append-only, a partition a day. Up to version 10 of the schema every POST.';
