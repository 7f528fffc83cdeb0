-- Ways in: a connector offers the paste of a Teams Workflows webhook, Microsoft's Connect page, or both; a pasted webhook
-- is proven by a code before anything else is posted to it. Adds columns without a rewrite, and new tables.

ALTER TABLE o365_internal.connector
    ADD COLUMN ways text[] CONSTRAINT connector_ways_are_known CHECK (ways <@ '{workflow,button}' AND ways <> '{}'),
    ADD COLUMN support text,
    ADD COLUMN language text;
COMMENT ON COLUMN o365_internal.connector.ways IS
    'How its users connect, in the order of the page: workflow (they paste a Workflows webhook), button (Microsoft''s Connect '
    'page). Null: workflow, and button where the setting connect_url is not Microsoft''s retired page.';
COMMENT ON COLUMN o365_internal.connector.support IS
    'Whom its users ask for help: a mail address or an https URL; null when there is nobody.';
COMMENT ON COLUMN o365_internal.connector.language IS
    'Language of its pages, as a tag such as de; null: the one that the browser asks for.';

ALTER TABLE o365_internal.subscription
    ADD COLUMN payload text NOT NULL DEFAULT 'envelope'
        CONSTRAINT subscription_payload_is_known CHECK (payload IN ('envelope', 'card')),
    ADD COLUMN proved_at timestamptz;
COMMENT ON COLUMN o365_internal.subscription.payload IS
    'What its workflow takes: envelope (a message whose attachment is the card, as Microsoft''s template wants it) or card '
    '(the bare Adaptive Card). Without a meaning for the dialect connector.';
COMMENT ON COLUMN o365_internal.subscription.proved_at IS
    'When somebody last typed the code of a card that was posted there: until then it was seen to arrive. Null: never.';

ALTER TABLE o365_internal.ticket ADD COLUMN pastes integer NOT NULL DEFAULT 0, ADD COLUMN label text;
COMMENT ON COLUMN o365_internal.ticket.pastes IS 'How many webhooks were pasted with it.';
COMMENT ON COLUMN o365_internal.ticket.label IS
    'The name that pages show for the account; null: app_user.';

ALTER TABLE o365_internal.connect_attempt
    ADD COLUMN way text NOT NULL DEFAULT 'button'
        CONSTRAINT connect_attempt_way_is_known CHECK (way IN ('workflow', 'button'));
COMMENT ON COLUMN o365_internal.connect_attempt.way IS
    'workflow: its user pasted a webhook. button: Microsoft''s Connect page.';

ALTER TABLE o365_internal.subscription ADD COLUMN label text;
COMMENT ON COLUMN o365_internal.subscription.label IS
    'The name that pages show for the account that connected it; null: app_user.';

ALTER TABLE o365_internal.webhook_host ADD COLUMN enabled boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN o365_internal.webhook_host.enabled IS
    'Whether webhooks may lie there. Hosts of other clouds come with the product and are off: o365.allow_webhook_host turns them on.';

-- A lane that is held may still be leased, for its test cards alone.
ALTER TABLE o365_internal.lane ADD COLUMN for_tests boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN o365_internal.lane.for_tests IS
    'Whether its lease is for test cards alone, because the lane was held when it was leased.';

CREATE TABLE o365_internal.proof (
    attempt_id    bigint PRIMARY KEY REFERENCES o365_internal.connect_attempt ON DELETE CASCADE,
    card_id       bigint NOT NULL,
    codes         integer NOT NULL DEFAULT 1,
    made_at       timestamptz NOT NULL DEFAULT now(),
    tries         integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE o365_internal.proof IS
    'Pasted webhooks that are to be proven: a card with a code was posted to each, and the person who pasted types the code.';
COMMENT ON COLUMN o365_internal.proof.attempt_id IS 'The attempt that pasted the webhook.';
COMMENT ON COLUMN o365_internal.proof.card_id IS 'The card with the newest code; only that code proves.';
COMMENT ON COLUMN o365_internal.proof.codes IS 'How many codes were posted.';
COMMENT ON COLUMN o365_internal.proof.made_at IS 'When the newest was made: it serves for proof_minutes from then on.';
COMMENT ON COLUMN o365_internal.proof.tries IS 'How many wrong codes were typed since.';

CREATE INDEX connect_attempt_pasted ON o365_internal.connect_attempt (connector_id, started_at) WHERE way = 'workflow';
CREATE INDEX connect_attempt_of_subscription ON o365_internal.connect_attempt (subscription_id)
    WHERE way = 'workflow' AND outcome = 'pending';

-- Functions whose parameters or results changed: CREATE OR REPLACE would leave the old ones beside the new, or refuse.
DROP FUNCTION IF EXISTS o365_programs.worker_lease(integer, timestamptz, integer);
DROP FUNCTION IF EXISTS o365_programs.responder_landing(text, bytea);
DROP FUNCTION IF EXISTS o365.begin_connect(text, text, text, jsonb, bigint);
DROP FUNCTION IF EXISTS o365.connections(text);
DROP FUNCTION IF EXISTS o365.register_connector(text, text, bytea, text, text, text, text[], text, text[], text[], text, uuid, text,
    boolean, boolean, boolean);
DROP FUNCTION IF EXISTS o365_internal.connector_page(text, text, text, text, text);
