-- Takes the calls of POST /action, in the same way as callbacks: COPY o365_programs.action_call (...) FROM STDIN
-- (FORMAT binary).
CREATE OR REPLACE VIEW o365_programs.action_call AS
    SELECT NULL::text AS card_id, NULL::text AS number, NULL::bytea AS token_hash, NULL::bytea AS request_hash,
           NULL::text AS request_id, NULL::text AS content_type, NULL::text AS body, NULL::text AS app_id,
           NULL::text AS pressed_by, NULL::text AS pressed_by_name, NULL::text AS tenant, NULL::text AS most_waiting
     WHERE false;
COMMENT ON VIEW o365_programs.action_call IS
    'A call of POST /action, for COPY in binary form: its trigger records it. Always empty. Never INSERT into it: '
    'values of a statement are logged.';
COMMENT ON COLUMN o365_programs.action_call.card_id IS 'The card, from the token in the address.';
COMMENT ON COLUMN o365_programs.action_call.number IS 'The button, from that token.';
COMMENT ON COLUMN o365_programs.action_call.token_hash IS 'SHA-256 of the mac of that token.';
COMMENT ON COLUMN o365_programs.action_call.request_hash IS 'SHA-256 of Action-Request-Id.';
COMMENT ON COLUMN o365_programs.action_call.request_id IS 'Request id of the responder.';
COMMENT ON COLUMN o365_programs.action_call.content_type IS 'Media type of body.';
COMMENT ON COLUMN o365_programs.action_call.body IS 'What was sent.';
COMMENT ON COLUMN o365_programs.action_call.app_id IS
    'The app_id that the bearer token is for; empty when its audience names none.';
COMMENT ON COLUMN o365_programs.action_call.pressed_by IS
    'Directory object id of who pressed. Null: the bearer token was refused, and nothing is recorded. Secret.';
COMMENT ON COLUMN o365_programs.action_call.pressed_by_name IS 'User principal name; empty for none.';
COMMENT ON COLUMN o365_programs.action_call.tenant IS 'Tenant; empty for none.';
COMMENT ON COLUMN o365_programs.action_call.most_waiting IS 'How many requests may wait for an answer at once.';
CREATE OR REPLACE TRIGGER receive_action_call INSTEAD OF INSERT ON o365_programs.action_call
    FOR EACH ROW EXECUTE FUNCTION o365_internal.receive_action_call();
COMMENT ON TRIGGER receive_action_call ON o365_programs.action_call IS 'Records a call of POST /action.';
