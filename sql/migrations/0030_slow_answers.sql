-- How long POST /action took where that was long, for the preflight.
CREATE TABLE o365_internal.slow_answer (
    event_id     bigint PRIMARY KEY,
    connector_id integer NOT NULL,
    took_ms      integer NOT NULL,
    at           timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX slow_answer_at ON o365_internal.slow_answer (at);
COMMENT ON TABLE o365_internal.slow_answer IS
    'Answers of POST /action that took longer than a second. Those that are not here were faster.';
COMMENT ON COLUMN o365_internal.slow_answer.event_id IS 'The event that the call made.';
COMMENT ON COLUMN o365_internal.slow_answer.connector_id IS 'Whose card was pressed.';
COMMENT ON COLUMN o365_internal.slow_answer.took_ms IS
    'Milliseconds from the request''s connection to the responder until its answer was ready.';
COMMENT ON COLUMN o365_internal.slow_answer.at IS 'When it was answered first.';
