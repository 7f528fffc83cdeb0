-- Card actions that Microsoft's service calls with a signed token. New tables, and columns without a rewrite.

-- ---- tokens and keys ----
-- end of tokens and keys

-- ---- actions ----
ALTER TABLE o365_internal.action_event
    ADD COLUMN way text NOT NULL DEFAULT 'page' CONSTRAINT action_event_way_known CHECK (way IN ('page', 'call')),
    ADD COLUMN pressed_by text, ADD COLUMN pressed_by_name text, ADD COLUMN tenant text,
    ADD COLUMN is_connecting_user boolean, ADD COLUMN answer_until timestamptz;
COMMENT ON TABLE o365_internal.action_event IS
    'What somebody pressed in a card, until the application takes it.';
COMMENT ON COLUMN o365_internal.action_event.target IS
    'Its target, as the card has it. Pressed on the page of a card''s action, nobody has called it.';
COMMENT ON COLUMN o365_internal.action_event.body IS
    'What came to POST /action; of a press on a page the card''s body, with {{id.value}} of the inputs filled in.';
COMMENT ON COLUMN o365_internal.action_event.inputs IS
    'What was typed and chosen on a page, by the inputs'' ids: strings, or an array of them where several may be '
    'chosen. {} of a call: there everything stands in the body.';
COMMENT ON COLUMN o365_internal.action_event.way IS
    'page: pressed on the page of a card''s action, by anybody who has its link. call: Microsoft''s service called '
    'POST /action with a signed token.';
COMMENT ON COLUMN o365_internal.action_event.pressed_by IS
    'Directory object id of who is proven to have pressed; null of a page.';
COMMENT ON COLUMN o365_internal.action_event.pressed_by_name IS
    'User principal name, or another name that the token has; null for none.';
COMMENT ON COLUMN o365_internal.action_event.tenant IS 'Their tenant; null when the token names none.';
COMMENT ON COLUMN o365_internal.action_event.is_connecting_user IS
    'Whether they made the connection; null of a page, and where the connection has no user_objectId.';
COMMENT ON COLUMN o365_internal.action_event.answer_until IS
    'Until when the request waits for o365.answer_action; null: it does not.';

CREATE TABLE o365_internal.action_answer (
    answer_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connector_id    integer NOT NULL,
    subscription_id bigint,
    card_id         bigint,
    action          text NOT NULL,
    status          text,
    translations    jsonb,
    card            jsonb,
    once            boolean NOT NULL,
    waits           boolean NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT action_answer_names_both CHECK ((card_id IS NULL) = (subscription_id IS NULL))
);
CREATE UNIQUE INDEX action_answer_card ON o365_internal.action_answer (card_id, action) WHERE card_id IS NOT NULL;
CREATE UNIQUE INDEX action_answer_connector ON o365_internal.action_answer (connector_id, action)
    WHERE card_id IS NULL;
CREATE INDEX action_answer_subscription ON o365_internal.action_answer (subscription_id) WHERE card_id IS NOT NULL;
CREATE INDEX action_answer_at ON o365_internal.action_answer (at) WHERE card_id IS NOT NULL;
COMMENT ON TABLE o365_internal.action_answer IS
    'What POST /action answers when a button is pressed: of one card, or of a connector''s cards.';
COMMENT ON COLUMN o365_internal.action_answer.answer_id IS 'Key.';
COMMENT ON COLUMN o365_internal.action_answer.connector_id IS 'Whose cards.';
COMMENT ON COLUMN o365_internal.action_answer.subscription_id IS 'Where the card went; null of a connector''s.';
COMMENT ON COLUMN o365_internal.action_answer.card_id IS 'The card; null: each card of the connector.';
COMMENT ON COLUMN o365_internal.action_answer.action IS
    'The button: its name, of a card also its JSON path; empty, of a connector: any.';
COMMENT ON COLUMN o365_internal.action_answer.status IS 'CARD-ACTION-STATUS; null: a sentence of ours.';
COMMENT ON COLUMN o365_internal.action_answer.translations IS 'The same in other languages, by language tag; or null.';
COMMENT ON COLUMN o365_internal.action_answer.card IS 'The MessageCard that takes the card''s place; null: none.';
COMMENT ON COLUMN o365_internal.action_answer.once IS 'Whether the button counts once.';
COMMENT ON COLUMN o365_internal.action_answer.waits IS 'Whether the request waits for o365.answer_action.';
COMMENT ON COLUMN o365_internal.action_answer.at IS 'The card''s time, as of card_action: after action_days it is gone.';

CREATE TABLE o365_internal.action_call (
    event_id        bigint PRIMARY KEY,
    subscription_id bigint NOT NULL,
    card_id         bigint NOT NULL,
    number          integer NOT NULL,
    request_hash    bytea NOT NULL,
    status          text,
    translations    jsonb,
    card            jsonb,
    added           integer,
    waits_until     timestamptz,
    at              timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT action_call_request UNIQUE (card_id, number, request_hash)
);
CREATE INDEX action_call_at ON o365_internal.action_call (at);
CREATE INDEX action_call_subscription ON o365_internal.action_call (subscription_id);
CREATE INDEX action_call_waiting ON o365_internal.action_call (waits_until) WHERE waits_until IS NOT NULL;
COMMENT ON TABLE o365_internal.action_call IS
    'Calls of POST /action that were recorded, with what they were answered, so that each counts once. At most '
    'action_events of a card.';
COMMENT ON COLUMN o365_internal.action_call.event_id IS 'The event, also after it was taken.';
COMMENT ON COLUMN o365_internal.action_call.subscription_id IS 'Where the card went.';
COMMENT ON COLUMN o365_internal.action_call.card_id IS 'The card.';
COMMENT ON COLUMN o365_internal.action_call.number IS 'The button, as in its token.';
COMMENT ON COLUMN o365_internal.action_call.request_hash IS 'SHA-256 of Action-Request-Id.';
COMMENT ON COLUMN o365_internal.action_call.status IS 'CARD-ACTION-STATUS; null: a sentence of ours.';
COMMENT ON COLUMN o365_internal.action_call.translations IS 'The same in other languages, by language tag; or null.';
COMMENT ON COLUMN o365_internal.action_call.card IS 'The card that takes the place of the one pressed; null: none.';
COMMENT ON COLUMN o365_internal.action_call.added IS
    'What is added to the numbers of that card''s buttons of ours, which card_action has too; null for none.';
COMMENT ON COLUMN o365_internal.action_call.waits_until IS
    'Until when the request waits for o365.answer_action; null once it is answered.';
COMMENT ON COLUMN o365_internal.action_call.at IS 'When it came.';
SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365.take_action_events(integer);
SET LOCAL client_min_messages = notice;
-- end of actions
