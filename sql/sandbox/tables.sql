-- Tables of the sandbox.

CREATE TABLE o365_internal.sandbox_setting (name text PRIMARY KEY, value text NOT NULL);
COMMENT ON TABLE o365_internal.sandbox_setting IS 'Settings of the sandbox.';
COMMENT ON COLUMN o365_internal.sandbox_setting.name IS
    'webhook_origin, flow_origin, slow_origin, keep_posts, keep_megabytes or version.';
COMMENT ON COLUMN o365_internal.sandbox_setting.value IS
    'Scheme, host and port of webhooks; a number; the number of these tables'' version.';

CREATE TABLE o365_internal.sandbox_registration (
    app_id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    person            text NOT NULL,
    slug              text NOT NULL,
    name              text NOT NULL,
    logo              bytea NOT NULL,
    logo_type         text NOT NULL,
    short_description text NOT NULL,
    long_description  text NOT NULL,
    website           text NOT NULL,
    events            text[] NOT NULL,
    landing_page      text,
    inbox_landing_page text,
    callback_url      text NOT NULL,
    configuration_url text,
    valid_domains     text[] NOT NULL DEFAULT '{}',
    target_urls       text[] NOT NULL,
    enabled_for       text[] NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now(),
    changed_at        timestamptz NOT NULL DEFAULT now(),
    handed_over_at    timestamptz,
    sideloaded_at     timestamptz,
    stage             text NOT NULL DEFAULT 'saved'
                      CONSTRAINT sandbox_registration_stage_is_known CHECK (stage IN ('saved', 'submitted', 'approved',
                          'rejected')),
    looked_at         text[] NOT NULL DEFAULT '{}',
    instructions      text,
    test_account      text,
    reviewer          text,
    reasons           text,
    reviewed_at       timestamptz,
    deleted_at        timestamptz
);
COMMENT ON TABLE o365_internal.sandbox_registration IS
    'Connectors of the developer dashboard (office365-connectors.md 9.2).';
COMMENT ON COLUMN o365_internal.sandbox_registration.app_id IS 'The GUID of the snippet.';
COMMENT ON COLUMN o365_internal.sandbox_registration.person IS 'Name of the developer who signed in.';
COMMENT ON COLUMN o365_internal.sandbox_registration.slug IS
    'Name in addresses when it is handed to this installation.';
COMMENT ON COLUMN o365_internal.sandbox_registration.name IS 'Name of the connector.';
COMMENT ON COLUMN o365_internal.sandbox_registration.logo IS 'The picture.';
COMMENT ON COLUMN o365_internal.sandbox_registration.logo_type IS 'Its media type, by its own bytes.';
COMMENT ON COLUMN o365_internal.sandbox_registration.short_description IS 'Shown when it is set up.';
COMMENT ON COLUMN o365_internal.sandbox_registration.long_description IS 'Shown when it is set up.';
COMMENT ON COLUMN o365_internal.sandbox_registration.website IS 'The company''s.';
COMMENT ON COLUMN o365_internal.sandbox_registration.events IS 'What it posts about.';
COMMENT ON COLUMN o365_internal.sandbox_registration.landing_page IS 'Where the catalog leads to; null: none yet.';
COMMENT ON COLUMN o365_internal.sandbox_registration.inbox_landing_page IS
    'Where it leads to from an inbox, in the later form; null: landing_page.';
COMMENT ON COLUMN o365_internal.sandbox_registration.callback_url IS 'The redirect URL.';
COMMENT ON COLUMN o365_internal.sandbox_registration.configuration_url IS
    'The page that the client embeds instead of the Connect button (2018 on); null: none.';
COMMENT ON COLUMN o365_internal.sandbox_registration.valid_domains IS 'Hosts that pages in that frame may come from.';
COMMENT ON COLUMN o365_internal.sandbox_registration.target_urls IS 'Where its actions may post to.';
COMMENT ON COLUMN o365_internal.sandbox_registration.enabled_for IS 'mail, groups, teams.';
COMMENT ON COLUMN o365_internal.sandbox_registration.created_at IS 'When it was saved first.';
COMMENT ON COLUMN o365_internal.sandbox_registration.changed_at IS 'When it was saved last.';
COMMENT ON COLUMN o365_internal.sandbox_registration.handed_over_at IS
    'When this installation''s o365.register_connector took it; null: not yet.';
COMMENT ON COLUMN o365_internal.sandbox_registration.sideloaded_at IS
    'Since when its developer, and nobody else, finds it among the connectors of Outlook; null: not sideloaded.';
COMMENT ON COLUMN o365_internal.sandbox_registration.stage IS
    'On the way to the store: saved, submitted, approved or rejected.';
COMMENT ON COLUMN o365_internal.sandbox_registration.looked_at IS
    'Items of the checklist that the developer has looked at himself.';
COMMENT ON COLUMN o365_internal.sandbox_registration.instructions IS 'Step by step, for the reviewer.';
COMMENT ON COLUMN o365_internal.sandbox_registration.test_account IS 'An account to try it with, for the reviewer.';
COMMENT ON COLUMN o365_internal.sandbox_registration.reviewer IS 'Who decided.';
COMMENT ON COLUMN o365_internal.sandbox_registration.reasons IS 'Why it was rejected, or what the reviewer wrote.';
COMMENT ON COLUMN o365_internal.sandbox_registration.reviewed_at IS 'When.';
COMMENT ON COLUMN o365_internal.sandbox_registration.deleted_at IS
    'When its developer deleted it; null: it is there. The row stays, so that its GUID is nobody else''s and the feed '
    'names what came.';

CREATE TABLE o365_internal.sandbox_submission (
    submission_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    app_id        uuid NOT NULL REFERENCES o365_internal.sandbox_registration,
    registration  o365_internal.sandbox_registration NOT NULL,
    reviewer      text,
    approved_at   timestamptz
);
CREATE UNIQUE INDEX sandbox_submission_waits_once ON o365_internal.sandbox_submission (app_id)
    WHERE approved_at IS NULL;
CREATE UNIQUE INDEX sandbox_submission_is_listed_once ON o365_internal.sandbox_submission (app_id)
    WHERE approved_at IS NOT NULL;
COMMENT ON TABLE o365_internal.sandbox_submission IS
    'What a reviewer is shown and the catalog lists: connectors as they were when they were submitted. Of each at '
    'most one waits and one is listed.';
COMMENT ON COLUMN o365_internal.sandbox_submission.submission_id IS 'Key: a reviewer decides on this one and no other.';
COMMENT ON COLUMN o365_internal.sandbox_submission.app_id IS 'The connector.';
COMMENT ON COLUMN o365_internal.sandbox_submission.registration IS
    'The whole registration as it was submitted, its logo too.';
COMMENT ON COLUMN o365_internal.sandbox_submission.reviewer IS 'Who approved it; null while it waits.';
COMMENT ON COLUMN o365_internal.sandbox_submission.approved_at IS 'Since when the catalog lists it; null: it waits.';

CREATE TABLE o365_internal.sandbox_target (
    target_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person    text NOT NULL,
    kind      text NOT NULL CONSTRAINT sandbox_target_kind_is_known CHECK (kind IN ('mail', 'groups', 'teams')),
    name      text NOT NULL,
    dialect   text NOT NULL DEFAULT 'connector'
              CONSTRAINT sandbox_target_dialect_is_known CHECK (dialect IN ('connector', 'workflow')),
    CONSTRAINT sandbox_target_is_unique UNIQUE (person, kind, name)
);
COMMENT ON TABLE o365_internal.sandbox_target IS 'Inboxes, groups and teams of the sandbox''s people.';
COMMENT ON COLUMN o365_internal.sandbox_target.target_id IS 'Key, in the feed''s address.';
COMMENT ON COLUMN o365_internal.sandbox_target.person IS 'Name the person signs in with.';
COMMENT ON COLUMN o365_internal.sandbox_target.kind IS 'mail, groups or teams.';
COMMENT ON COLUMN o365_internal.sandbox_target.name IS 'Name; Inbox for mail.';
COMMENT ON COLUMN o365_internal.sandbox_target.dialect IS
    'connector, or workflow for a Teams channel that takes cards by workflows.';

CREATE TABLE o365_internal.sandbox_flow (
    flow_id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target_id        integer NOT NULL REFERENCES o365_internal.sandbox_target,
    workflow_id      text NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', '')
                     CONSTRAINT sandbox_flow_is_unique UNIQUE,
    name             text NOT NULL DEFAULT 'Send webhook alerts to a channel',
    payload          text NOT NULL DEFAULT 'envelope'
                     CONSTRAINT sandbox_flow_payload_is_known CHECK (payload IN ('envelope', 'card', 'recipient')),
    callers          text NOT NULL DEFAULT 'anyone'
                     CONSTRAINT sandbox_flow_callers_are_known CHECK (callers IN ('anyone', 'tenant')),
    post_as          text NOT NULL DEFAULT 'user'
                     CONSTRAINT sandbox_flow_post_as_is_known CHECK (post_as IN ('user', 'flow-bot')),
    fails            text CONSTRAINT sandbox_flow_failure_is_known
                     CHECK (fails IN ('private-channel', 'connection', 'membership')),
    response_seconds integer CONSTRAINT sandbox_flow_response_is_soon CHECK (response_seconds BETWEEN 0 AND 60),
    response_body    text,
    state            text NOT NULL DEFAULT 'on'
                     CONSTRAINT sandbox_flow_state_is_known CHECK (state IN ('on', 'off', 'orphaned', 'deleted')),
    limit_started    timestamptz,
    limit_used       integer NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT sandbox_flow_user_posts_in_private_channels CHECK (fails IS DISTINCT FROM 'private-channel'
        OR post_as = 'flow-bot'),
    CONSTRAINT sandbox_flow_response_has_seconds CHECK (response_body IS NULL OR response_seconds IS NOT NULL)
);
CREATE INDEX sandbox_flow_target ON o365_internal.sandbox_flow (target_id);
COMMENT ON TABLE o365_internal.sandbox_flow IS 'Workflows of the sandbox''s Teams channels.';
COMMENT ON COLUMN o365_internal.sandbox_flow.flow_id IS 'Key, in the address of its page and in the log.';
COMMENT ON COLUMN o365_internal.sandbox_flow.target_id IS 'The channel that it posts to.';
COMMENT ON COLUMN o365_internal.sandbox_flow.workflow_id IS
    'The id in the path of its URLs. The secret is their signature, of which there is a hash alone.';
COMMENT ON COLUMN o365_internal.sandbox_flow.name IS 'What its owner called it.';
COMMENT ON COLUMN o365_internal.sandbox_flow.payload IS
    'envelope: it posts each card of attachments, as the template does; card: it posts the whole body as a card; '
    'recipient: as envelope, to whom the body''s field recipient names.';
COMMENT ON COLUMN o365_internal.sandbox_flow.callers IS
    'Who can trigger it: anyone, or tenant: only people of the tenant.';
COMMENT ON COLUMN o365_internal.sandbox_flow.post_as IS
    'user, or flow-bot, which posts at most 25 cards in five minutes; the others are lost.';
COMMENT ON COLUMN o365_internal.sandbox_flow.fails IS
    'Why every run fails after its trigger has answered: private-channel, connection or membership; null: it works.';
COMMENT ON COLUMN o365_internal.sandbox_flow.response_seconds IS
    'When its own Response step answers, in seconds; null: it has none, and the trigger answers 202 at once.';
COMMENT ON COLUMN o365_internal.sandbox_flow.response_body IS 'What the Response step answers; null: nothing.';
COMMENT ON COLUMN o365_internal.sandbox_flow.state IS
    'on, off (turned off), orphaned (its owner left, which turned it off) or deleted.';
COMMENT ON COLUMN o365_internal.sandbox_flow.limit_started IS
    'When the Flow bot''s window of five minutes began; null: it has posted nothing.';
COMMENT ON COLUMN o365_internal.sandbox_flow.limit_used IS 'How many cards the Flow bot posted in that window.';
COMMENT ON COLUMN o365_internal.sandbox_flow.created_at IS 'When it was made.';

CREATE TABLE o365_internal.sandbox_webhook (
    webhook_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    path_hash  bytea NOT NULL CONSTRAINT sandbox_webhook_is_unique UNIQUE,
    target_id  integer NOT NULL REFERENCES o365_internal.sandbox_target,
    flow_id    integer REFERENCES o365_internal.sandbox_flow,
    app_id     uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    removed_at timestamptz,
    old_key    boolean NOT NULL DEFAULT false,
    settings   jsonb
);
CREATE INDEX sandbox_webhook_target ON o365_internal.sandbox_webhook (target_id);
CREATE INDEX sandbox_webhook_flow ON o365_internal.sandbox_webhook (flow_id) WHERE flow_id IS NOT NULL;
COMMENT ON TABLE o365_internal.sandbox_webhook IS 'Webhooks that were handed out.';
COMMENT ON COLUMN o365_internal.sandbox_webhook.webhook_id IS 'Key, in the log and on the page that manages it.';
COMMENT ON COLUMN o365_internal.sandbox_webhook.path_hash IS 'SHA-256 of path and query, in one spelling.';
COMMENT ON COLUMN o365_internal.sandbox_webhook.target_id IS 'Where it posts.';
COMMENT ON COLUMN o365_internal.sandbox_webhook.flow_id IS 'The workflow whose URL it is; null: it is a connector''s.';
COMMENT ON COLUMN o365_internal.sandbox_webhook.app_id IS
    'The connector that got it; null for a workflow or an incoming webhook.';
COMMENT ON COLUMN o365_internal.sandbox_webhook.created_at IS 'When Allow was pressed.';
COMMENT ON COLUMN o365_internal.sandbox_webhook.removed_at IS
    'When the configuration was removed: from then on it answers 410.';
COMMENT ON COLUMN o365_internal.sandbox_webhook.old_key IS
    'Of a workflow: its key was regenerated since, so this URL answers 401.';
COMMENT ON COLUMN o365_internal.sandbox_webhook.settings IS
    'What an embedded configuration page saved: entityId, contentUrl, removeUrl, configName; null: none did.';

CREATE TABLE o365_internal.sandbox_draft (
    draft_id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    path_hash  bytea NOT NULL CONSTRAINT sandbox_draft_is_unique UNIQUE,
    target_id  integer NOT NULL REFERENCES o365_internal.sandbox_target,
    app_id     uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE o365_internal.sandbox_draft IS
    'Webhooks that an embedded configuration page was told and nobody has saved: they answer 410 until then.';
COMMENT ON COLUMN o365_internal.sandbox_draft.draft_id IS 'Key, in the form that saves it.';
COMMENT ON COLUMN o365_internal.sandbox_draft.path_hash IS 'SHA-256 of path and query, in one spelling.';
COMMENT ON COLUMN o365_internal.sandbox_draft.target_id IS 'Where it will post.';
COMMENT ON COLUMN o365_internal.sandbox_draft.app_id IS 'The connector whose page was told.';
COMMENT ON COLUMN o365_internal.sandbox_draft.created_at IS 'When. An hour later it cannot be saved any more.';

CREATE TABLE o365_internal.sandbox_post (
    post_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target_id   integer,
    webhook_id  integer,
    flow_id     integer,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    answered    text NOT NULL,
    pace        text,
    throttled   integer,
    bytes       integer NOT NULL,
    note        text,
    card        text
);
CREATE INDEX sandbox_post_target ON o365_internal.sandbox_post (target_id, post_id);
CREATE INDEX sandbox_post_flow ON o365_internal.sandbox_post (flow_id, post_id) WHERE flow_id IS NOT NULL;
COMMENT ON TABLE o365_internal.sandbox_post IS 'Every request to a webhook''s address, in order of arrival.';
COMMENT ON COLUMN o365_internal.sandbox_post.post_id IS 'Order of arrival.';
COMMENT ON COLUMN o365_internal.sandbox_post.target_id IS 'Where to; null: there is no such webhook.';
COMMENT ON COLUMN o365_internal.sandbox_post.webhook_id IS
    'Through which webhook; null: there is none, or the playground posted it.';
COMMENT ON COLUMN o365_internal.sandbox_post.flow_id IS
    'The workflow that was called, with a wrong signature too; null: none.';
COMMENT ON COLUMN o365_internal.sandbox_post.received_at IS 'When, by this server''s clock.';
COMMENT ON COLUMN o365_internal.sandbox_post.answered IS 'Name of the answer: ok when it was taken.';
COMMENT ON COLUMN o365_internal.sandbox_post.pace IS
    'slow, late or slow-answer: the fault that it was answered late by; null: at once.';
COMMENT ON COLUMN o365_internal.sandbox_post.throttled IS 'The window, in seconds, that was full; null: none was.';
COMMENT ON COLUMN o365_internal.sandbox_post.bytes IS 'Length of the body.';
COMMENT ON COLUMN o365_internal.sandbox_post.note IS
    'What went wrong after it was accepted: the run of a workflow that failed.';
COMMENT ON COLUMN o365_internal.sandbox_post.card IS
    'The body; replaced when an action brings a new card; null when there is nothing to show, or more than is kept.';

CREATE TABLE o365_internal.sandbox_action (
    action_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    post_id   bigint NOT NULL,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    person    text NOT NULL,
    name      text NOT NULL,
    token     text NOT NULL,
    http      integer,
    took_ms   integer NOT NULL,
    status    text,
    replaced  boolean NOT NULL DEFAULT false,
    problem   text
);
CREATE INDEX sandbox_action_post ON o365_internal.sandbox_action (post_id);
COMMENT ON TABLE o365_internal.sandbox_action IS
    'HttpPOST actions that somebody pressed in the feed, and what they were answered.';
COMMENT ON COLUMN o365_internal.sandbox_action.action_id IS 'Key.';
COMMENT ON COLUMN o365_internal.sandbox_action.post_id IS 'The card.';
COMMENT ON COLUMN o365_internal.sandbox_action.at IS 'When it was pressed.';
COMMENT ON COLUMN o365_internal.sandbox_action.person IS 'Who pressed it.';
COMMENT ON COLUMN o365_internal.sandbox_action.name IS 'What the button says.';
COMMENT ON COLUMN o365_internal.sandbox_action.token IS 'The kind of token that was sent with it; never the token.';
COMMENT ON COLUMN o365_internal.sandbox_action.http IS 'Status of the answer; null: there was none.';
COMMENT ON COLUMN o365_internal.sandbox_action.took_ms IS 'How long the answer took.';
COMMENT ON COLUMN o365_internal.sandbox_action.status IS 'CARD-ACTION-STATUS; null: there was none.';
COMMENT ON COLUMN o365_internal.sandbox_action.replaced IS 'Whether the answer brought a new card.';
COMMENT ON COLUMN o365_internal.sandbox_action.problem IS 'Why it failed, as the person is told; null: it did not.';

CREATE TABLE o365_internal.sandbox_fault (
    target_id   integer NOT NULL,
    webhook_id  integer NOT NULL DEFAULT 0,
    answers     text[] NOT NULL,
    position    integer NOT NULL DEFAULT 0,
    rate        integer,
    remaining   integer,
    retry_after integer,
    PRIMARY KEY (target_id, webhook_id)
);
COMMENT ON TABLE o365_internal.sandbox_fault IS 'Answers to give instead of the right one.';
COMMENT ON COLUMN o365_internal.sandbox_fault.target_id IS 'Target; 0 for all.';
COMMENT ON COLUMN o365_internal.sandbox_fault.webhook_id IS 'One of the target''s webhooks; 0 for all of them.';
COMMENT ON COLUMN o365_internal.sandbox_fault.answers IS
    'Names of the answers, one after the other and round again; ok is the right one.';
COMMENT ON COLUMN o365_internal.sandbox_fault.position IS 'How many of a pattern were given.';
COMMENT ON COLUMN o365_internal.sandbox_fault.rate IS 'Per cent of posts that take one, by chance; null: every one.';
COMMENT ON COLUMN o365_internal.sandbox_fault.remaining IS 'For how many more posts; null: until it is taken back.';
COMMENT ON COLUMN o365_internal.sandbox_fault.retry_after IS 'Seconds for a Retry-After header; null: none.';

CREATE TABLE o365_internal.sandbox_throttle (
    target_id integer PRIMARY KEY,
    is_on     boolean,
    started   timestamptz[] NOT NULL DEFAULT '{}',
    used      integer[] NOT NULL DEFAULT '{}'
) WITH (fillfactor = 50);
COMMENT ON TABLE o365_internal.sandbox_throttle IS
    'Windows of the throttle, fixed ones, as office365-connectors.md 4.2 has them.';
COMMENT ON COLUMN o365_internal.sandbox_throttle.target_id IS 'Target; 0 for the switch of all.';
COMMENT ON COLUMN o365_internal.sandbox_throttle.is_on IS 'The switch; null: as that of all.';
COMMENT ON COLUMN o365_internal.sandbox_throttle.started IS 'When each window began.';
COMMENT ON COLUMN o365_internal.sandbox_throttle.used IS 'How many posts each has taken.';
