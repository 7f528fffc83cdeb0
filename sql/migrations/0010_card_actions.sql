-- HttpPOST and ActionCard for Workflows: what a button of a card leads to, and what was pressed there. New tables, and a rule of cards that is
-- said with other words. Takes no lock that anybody could wait for.

CREATE TABLE o365_internal.action_key (
    only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT action_key_is_one_row CHECK (only_row),
    key      bytea NOT NULL
);
COMMENT ON TABLE o365_internal.action_key IS 'The key of the links to card actions: HMAC-SHA-256 under it proves that a link is ours.';
COMMENT ON COLUMN o365_internal.action_key.only_row IS 'There is one row.';
COMMENT ON COLUMN o365_internal.action_key.key IS '32 random bytes, made on installing.';

CREATE TABLE o365_internal.card_action (
    card_id         bigint PRIMARY KEY,
    subscription_id bigint NOT NULL,
    title           text,
    actions         jsonb NOT NULL,
    forms           text[] NOT NULL DEFAULT '{}',
    at              timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX card_action_at ON o365_internal.card_action (at);
CREATE INDEX card_action_subscription ON o365_internal.card_action (subscription_id);
COMMENT ON TABLE o365_internal.card_action IS
    'The HttpPOST and ActionCard actions of cards that went to Workflows webhooks, where they are links to our page. A row only for a card that has some.';
COMMENT ON COLUMN o365_internal.card_action.card_id IS 'The card.';
COMMENT ON COLUMN o365_internal.card_action.subscription_id IS 'Where it went.';
COMMENT ON COLUMN o365_internal.card_action.title IS 'What the page calls the card: its title, else its summary or the begin of its text.';
COMMENT ON COLUMN o365_internal.card_action.actions IS 'By number, as linked_actions gives it: path and action.';
COMMENT ON COLUMN o365_internal.card_action.forms IS
    'Forms that were recorded, number:form, so that each counts once. Never more than the setting action_events.';
COMMENT ON COLUMN o365_internal.card_action.at IS 'When its transaction began; after action_days the links end.';

CREATE TABLE o365_internal.action_event (
    event_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connector_id    integer NOT NULL,
    subscription_id bigint NOT NULL,
    card_id         bigint NOT NULL,
    path            text NOT NULL,
    name            text NOT NULL,
    target          text NOT NULL,
    content_type    text NOT NULL,
    body            text NOT NULL,
    inputs          jsonb NOT NULL,
    request_id      text NOT NULL,
    at              timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX action_event_connector ON o365_internal.action_event (connector_id, event_id);
COMMENT ON TABLE o365_internal.action_event IS
    'What somebody pressed on the page of a card''s action, until the application takes it. Nobody has proven who they are: whoever has the link can press.';
COMMENT ON COLUMN o365_internal.action_event.event_id IS 'Key.';
COMMENT ON COLUMN o365_internal.action_event.connector_id IS 'The card''s connector.';
COMMENT ON COLUMN o365_internal.action_event.subscription_id IS 'Where the card went.';
COMMENT ON COLUMN o365_internal.action_event.card_id IS 'The card.';
COMMENT ON COLUMN o365_internal.action_event.path IS 'JSON path of the HttpPOST in the card.';
COMMENT ON COLUMN o365_internal.action_event.name IS 'Its name.';
COMMENT ON COLUMN o365_internal.action_event.target IS 'Its target, as the card has it: nobody has called it.';
COMMENT ON COLUMN o365_internal.action_event.content_type IS 'Media type of body.';
COMMENT ON COLUMN o365_internal.action_event.body IS 'Its body, with {{id.value}} of the inputs filled in.';
COMMENT ON COLUMN o365_internal.action_event.inputs IS 'What was typed and chosen, by the inputs'' ids: strings, or an array of them where several may be chosen.';
COMMENT ON COLUMN o365_internal.action_event.request_id IS 'The request that brought it.';
COMMENT ON COLUMN o365_internal.action_event.at IS 'When it was pressed.';
