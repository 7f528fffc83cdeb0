-- Card actions that Microsoft's service calls with a signed token, and what the preflight plants. New tables, and
-- columns without a rewrite.

-- ---- tokens and keys ----
CREATE TABLE o365_internal.token_profile (
    name          text PRIMARY KEY
        CONSTRAINT token_profile_name_is_a_word CHECK (name ~ '^[a-z][a-z0-9-]{0,39}$'),
    place         integer GENERATED ALWAYS AS IDENTITY,
    enabled       boolean NOT NULL,
    metadata_url  text NOT NULL,
    hosts         text[] NOT NULL,
    issuers       text[] NOT NULL,
    audiences     text[] NOT NULL,
    client_claims text[] NOT NULL,
    client_ids    text[] NOT NULL,
    scope         text,
    tenants       text[] NOT NULL DEFAULT '{}',
    clock_skew    interval NOT NULL,
    presser_claim text NOT NULL,
    name_claims   text[] NOT NULL,
    keep_keys     interval NOT NULL,
    source        text,
    changed_at    timestamptz,
    asked_at      timestamptz,
    tried_at      timestamptz,
    fetched_at    timestamptz,
    failing_since timestamptz,
    problem       text,
    CONSTRAINT token_profile_failure_is_whole CHECK ((failing_since IS NULL) = (problem IS NULL))
);
COMMENT ON TABLE o365_internal.token_profile IS
    'Whose signed tokens card actions may come with, and how the keys of their signatures were last fetched. Changed '
    'with o365.set_token_profile.';
COMMENT ON COLUMN o365_internal.token_profile.name IS 'Name.';
COMMENT ON COLUMN o365_internal.token_profile.place IS 'Of two profiles with one issuer, the lower counts.';
COMMENT ON COLUMN o365_internal.token_profile.enabled IS 'Whether its tokens are taken and its keys fetched.';
COMMENT ON COLUMN o365_internal.token_profile.metadata_url IS 'OpenID provider metadata, which names the key set.';
COMMENT ON COLUMN o365_internal.token_profile.hosts IS
    'Where metadata and keys may be fetched: host, for port 443, or host:port.';
COMMENT ON COLUMN o365_internal.token_profile.issuers IS
    'Values of the claim iss; {tid} stands for the token''s own tenant.';
COMMENT ON COLUMN o365_internal.token_profile.audiences IS
    'Values of the claim aud; {app_id} stands for the connector''s app_id, {origin} for scheme and host of public_url.';
COMMENT ON COLUMN o365_internal.token_profile.client_claims IS
    'Claims that name the client: azp, appid. One must be there, and each that is there must be one of client_ids.';
COMMENT ON COLUMN o365_internal.token_profile.client_ids IS 'Clients that may have asked for the token.';
COMMENT ON COLUMN o365_internal.token_profile.scope IS 'Word that the claim scp must have; null: none.';
COMMENT ON COLUMN o365_internal.token_profile.tenants IS 'Tenants whose people may press; empty: any.';
COMMENT ON COLUMN o365_internal.token_profile.clock_skew IS 'How far the issuer''s clock may be from ours.';
COMMENT ON COLUMN o365_internal.token_profile.presser_claim IS 'Claim with the directory object id of who pressed.';
COMMENT ON COLUMN o365_internal.token_profile.name_claims IS
    'Claims with the name of who pressed; the first that is there counts.';
COMMENT ON COLUMN o365_internal.token_profile.keep_keys IS
    'How long a key counts after it was last in the key set, as of the last fetch that succeeded.';
COMMENT ON COLUMN o365_internal.token_profile.source IS 'Where these values come from.';
COMMENT ON COLUMN o365_internal.token_profile.changed_at IS
    'When an operator last changed it; null: never, so that an upgrade may.';
COMMENT ON COLUMN o365_internal.token_profile.asked_at IS 'When a token last named a key that is not known.';
COMMENT ON COLUMN o365_internal.token_profile.tried_at IS 'When a worker last began to fetch its keys.';
COMMENT ON COLUMN o365_internal.token_profile.fetched_at IS 'When they were last fetched; null: not yet.';
COMMENT ON COLUMN o365_internal.token_profile.failing_since IS 'Since when fetching them fails; null: it does not.';
COMMENT ON COLUMN o365_internal.token_profile.problem IS 'What it last failed with; null: it does not fail.';

CREATE TABLE o365_internal.signing_key (
    profile       text NOT NULL REFERENCES o365_internal.token_profile (name) ON DELETE CASCADE,
    kid           text NOT NULL,
    modulus       text NOT NULL,
    exponent      text NOT NULL,
    issuer        text NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (profile, kid)
);
COMMENT ON TABLE o365_internal.signing_key IS
    'Public RSA keys that sign the tokens of a profile, from its key set.';
COMMENT ON COLUMN o365_internal.signing_key.profile IS 'Profile.';
COMMENT ON COLUMN o365_internal.signing_key.kid IS 'Key id, by which a token names it.';
COMMENT ON COLUMN o365_internal.signing_key.modulus IS 'Modulus (n), base64url.';
COMMENT ON COLUMN o365_internal.signing_key.exponent IS 'Exponent (e), base64url.';
COMMENT ON COLUMN o365_internal.signing_key.issuer IS
    'Whose tokens it signs, {tenantid} for any tenant; empty: the key set does not say.';
COMMENT ON COLUMN o365_internal.signing_key.first_seen_at IS 'When it was first fetched.';
COMMENT ON COLUMN o365_internal.signing_key.last_seen_at IS 'When it was last in the key set.';
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

-- ---- the preflight ----
COMMENT ON COLUMN o365_internal.manage_link.revoked_at IS
    'When o365.revoke_manage_links ended it, or when it ends by itself; null: it serves.';
-- end of the preflight

-- ---- sending ----
SET LOCAL client_min_messages = warning;
DROP FUNCTION IF EXISTS o365_internal.card_problems(jsonb, text, text[]);
SET LOCAL client_min_messages = notice;
-- end of sending
