-- The private tables. New objects only: takes no lock that anybody could wait for.

CREATE TABLE o365_internal.setting (
    name    text PRIMARY KEY,
    value   text NOT NULL,
    pattern text NOT NULL,
    help    text NOT NULL
);
COMMENT ON TABLE o365_internal.setting IS 'What this installation decides at run time; read with o365.settings, changed with o365.set.';
COMMENT ON COLUMN o365_internal.setting.name IS 'Name, the unit in it where there is one.';
COMMENT ON COLUMN o365_internal.setting.value IS 'Value in force.';
COMMENT ON COLUMN o365_internal.setting.pattern IS 'Regular expression that a value must match.';
COMMENT ON COLUMN o365_internal.setting.help IS 'What it does, one sentence.';

CREATE TABLE o365_internal.connector (
    connector_id      integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug              text NOT NULL CONSTRAINT connector_slug_is_unique UNIQUE,
    name              text NOT NULL,
    logo              bytea NOT NULL,
    logo_type         text NOT NULL,
    short_description text NOT NULL,
    long_description  text NOT NULL,
    website           text NOT NULL,
    events            text[] NOT NULL,
    landing_page      text,
    callback_url      text NOT NULL,
    target_urls       text[] NOT NULL,
    enabled_for       text[] NOT NULL,
    app_id            uuid NOT NULL CONSTRAINT connector_app_id_is_unique UNIQUE,
    clean_page        text NOT NULL CONSTRAINT connector_clean_page_is_known CHECK (clean_page IN ('302', 'no-referrer', 'origin')),
    allow_anonymous   boolean NOT NULL,
    registered_at     timestamptz NOT NULL DEFAULT now(),
    changed_at        timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE o365_internal.connector IS 'Registered connectors: what Microsoft''s developer dashboard asked for, and our own policies.';
COMMENT ON COLUMN o365_internal.connector.connector_id IS 'Key.';
COMMENT ON COLUMN o365_internal.connector.slug IS 'Name in URLs: a-z, 0-9 and -, at most 40.';
COMMENT ON COLUMN o365_internal.connector.name IS 'Name people see.';
COMMENT ON COLUMN o365_internal.connector.logo IS 'Picture, under 60 KB.';
COMMENT ON COLUMN o365_internal.connector.logo_type IS 'Media type, found in the picture''s own bytes.';
COMMENT ON COLUMN o365_internal.connector.short_description IS 'One line, shown on setting up.';
COMMENT ON COLUMN o365_internal.connector.long_description IS 'A paragraph, shown on setting up.';
COMMENT ON COLUMN o365_internal.connector.website IS 'Company''s site.';
COMMENT ON COLUMN o365_internal.connector.events IS 'What it posts about, one phrase each.';
COMMENT ON COLUMN o365_internal.connector.landing_page IS 'Page with the button when it is not ours.';
COMMENT ON COLUMN o365_internal.connector.callback_url IS 'Where Microsoft redirects to.';
COMMENT ON COLUMN o365_internal.connector.target_urls IS 'Sites that card actions may lead to, subdomains included.';
COMMENT ON COLUMN o365_internal.connector.enabled_for IS 'Any of mail, groups, teams.';
COMMENT ON COLUMN o365_internal.connector.app_id IS 'GUID by which Microsoft''s page knows the connector.';
COMMENT ON COLUMN o365_internal.connector.clean_page IS 'How the callback leaves its URL: 302, or a page whose referrer policy is no-referrer or origin.';
COMMENT ON COLUMN o365_internal.connector.allow_anonymous IS 'Whether anybody may connect without a ticket of the application.';
COMMENT ON COLUMN o365_internal.connector.registered_at IS 'When it was registered.';
COMMENT ON COLUMN o365_internal.connector.changed_at IS 'When its registration last changed.';

CREATE TABLE o365_internal.application (
    role         name NOT NULL,
    connector_id integer NOT NULL REFERENCES o365_internal.connector,
    granted_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connector_id, role)
);
COMMENT ON TABLE o365_internal.application IS 'Which database roles, and their members, may use which connector.';
COMMENT ON COLUMN o365_internal.application.role IS 'Name of the role.';
COMMENT ON COLUMN o365_internal.application.connector_id IS 'The connector.';
COMMENT ON COLUMN o365_internal.application.granted_at IS 'Since when.';

CREATE TABLE o365_internal.ticket (
    ticket_hash  bytea PRIMARY KEY,
    connector_id integer NOT NULL REFERENCES o365_internal.connector,
    app_user     text NOT NULL,
    app_state    jsonb,
    return_url   text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    used_at      timestamptz
);
CREATE INDEX ticket_expiry ON o365_internal.ticket (expires_at);
COMMENT ON TABLE o365_internal.ticket IS 'Tickets from o365.begin_connect: who may connect, and for whom. One connection each.';
COMMENT ON COLUMN o365_internal.ticket.ticket_hash IS 'SHA-256 of the ticket in the link.';
COMMENT ON COLUMN o365_internal.ticket.connector_id IS 'The connector.';
COMMENT ON COLUMN o365_internal.ticket.app_user IS 'The application''s name for its user.';
COMMENT ON COLUMN o365_internal.ticket.app_state IS 'What the application wants back, at most 1 KB.';
COMMENT ON COLUMN o365_internal.ticket.return_url IS 'Where the user goes after success instead of our page.';
COMMENT ON COLUMN o365_internal.ticket.created_at IS 'When it was made.';
COMMENT ON COLUMN o365_internal.ticket.expires_at IS 'From when on it starts nothing.';
COMMENT ON COLUMN o365_internal.ticket.used_at IS 'When a connection was made with it.';

CREATE TABLE o365_internal.subscription (
    subscription_id     bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    connector_id        integer NOT NULL REFERENCES o365_internal.connector,
    app_user            text,
    app_state           jsonb,
    app_type            text,
    app_type_normalised text,
    group_name          text,
    dialect             text NOT NULL CONSTRAINT subscription_dialect_is_known CHECK (dialect IN ('connector', 'workflow')),
    webhook_host        text NOT NULL,
    sealed              bytea,
    key_id              text,
    secret_version      integer NOT NULL DEFAULT 1,
    webhook_index       bytea,
    user_index          bytea,
    status              text NOT NULL CONSTRAINT subscription_status_is_known
                        CHECK (status IN ('pending', 'active', 'paused', 'suspended', 'gone', 'retired', 'removed')),
    status_reason       text,
    status_at           timestamptz NOT NULL DEFAULT now(),
    in_doubt_policy     text NOT NULL DEFAULT 'resend' CONSTRAINT subscription_in_doubt_policy_is_known CHECK (in_doubt_policy IN ('resend', 'skip')),
    connected_at        timestamptz NOT NULL DEFAULT now(),
    renewed_at          timestamptz,
    CONSTRAINT subscription_removed_has_no_secret CHECK (status <> 'removed' OR (sealed IS NULL AND webhook_index IS NULL AND user_index IS NULL))
);
CREATE UNIQUE INDEX subscription_webhook ON o365_internal.subscription (connector_id, app_user, webhook_index) WHERE status <> 'removed';
CREATE INDEX subscription_app_user ON o365_internal.subscription (app_user, connector_id);
CREATE INDEX subscription_user ON o365_internal.subscription (user_index) WHERE user_index IS NOT NULL;
COMMENT ON TABLE o365_internal.subscription IS 'One connection: where cards of a connector go for one user of the application.';
COMMENT ON COLUMN o365_internal.subscription.subscription_id IS 'Key; applications send to it.';
COMMENT ON COLUMN o365_internal.subscription.connector_id IS 'The connector.';
COMMENT ON COLUMN o365_internal.subscription.app_user IS 'The application''s name for its user; null when connected without a ticket.';
COMMENT ON COLUMN o365_internal.subscription.app_state IS 'What the application wanted back.';
COMMENT ON COLUMN o365_internal.subscription.app_type IS 'app_type as Microsoft sent it.';
COMMENT ON COLUMN o365_internal.subscription.app_type_normalised IS 'The same in lower case: mail, groups, teams or something new.';
COMMENT ON COLUMN o365_internal.subscription.group_name IS 'Name of the group; null for an inbox. A label, unproven.';
COMMENT ON COLUMN o365_internal.subscription.dialect IS 'connector or workflow: which protocol the webhook speaks.';
COMMENT ON COLUMN o365_internal.subscription.webhook_host IS 'Host of the webhook, the only part of it that is no secret.';
COMMENT ON COLUMN o365_internal.subscription.sealed IS 'OpenPGP message that holds webhook and user object id; null when removed.';
COMMENT ON COLUMN o365_internal.subscription.key_id IS 'The key it is sealed under.';
COMMENT ON COLUMN o365_internal.subscription.secret_version IS 'Counts renewals, so that a worker knows a cached webhook is old.';
COMMENT ON COLUMN o365_internal.subscription.webhook_index IS 'Blind index of the webhook: HMAC-SHA-256.';
COMMENT ON COLUMN o365_internal.subscription.user_index IS 'Blind index of the user object id: HMAC-SHA-256.';
COMMENT ON COLUMN o365_internal.subscription.status IS 'pending, active, paused, suspended, gone, retired or removed.';
COMMENT ON COLUMN o365_internal.subscription.status_reason IS 'Why, in words, for operators.';
COMMENT ON COLUMN o365_internal.subscription.status_at IS 'Since when.';
COMMENT ON COLUMN o365_internal.subscription.in_doubt_policy IS 'What happens to a card whose answer was lost: resend (a double is possible) or skip (a loss is possible).';
COMMENT ON COLUMN o365_internal.subscription.connected_at IS 'When it was first connected.';
COMMENT ON COLUMN o365_internal.subscription.renewed_at IS 'When the same user last connected the same webhook again.';

CREATE TABLE o365_internal.connect_attempt (
    attempt_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id       uuid NOT NULL DEFAULT gen_random_uuid(),
    connector_id    integer REFERENCES o365_internal.connector,
    ticket_hash     bytea,
    state_hash      bytea CONSTRAINT connect_attempt_state_is_unique UNIQUE,
    cookie_hash     bytea,
    app_user        text,
    app_state       jsonb,
    return_url      text,
    started_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,
    consumed_at     timestamptz,
    outcome         text,
    detail          text,
    request_id      text,
    of_attempt      bigint,
    subscription_id bigint REFERENCES o365_internal.subscription
);
CREATE INDEX connect_attempt_request ON o365_internal.connect_attempt (request_id);
CREATE INDEX connect_attempt_public_id ON o365_internal.connect_attempt (public_id);
CREATE INDEX connect_attempt_expiry ON o365_internal.connect_attempt (expires_at) WHERE outcome IS NULL;
CREATE INDEX connect_attempt_started ON o365_internal.connect_attempt (started_at);
COMMENT ON TABLE o365_internal.connect_attempt IS 'One row per state that was handed out, and one per callback that ended none of them.';
COMMENT ON COLUMN o365_internal.connect_attempt.attempt_id IS 'Key.';
COMMENT ON COLUMN o365_internal.connect_attempt.public_id IS 'Names the attempt in the URL of its success page.';
COMMENT ON COLUMN o365_internal.connect_attempt.connector_id IS 'The connector; null when a callback named none that exists.';
COMMENT ON COLUMN o365_internal.connect_attempt.ticket_hash IS 'The ticket it was started with.';
COMMENT ON COLUMN o365_internal.connect_attempt.state_hash IS 'SHA-256 of the state; null for callbacks without a row of their own.';
COMMENT ON COLUMN o365_internal.connect_attempt.cookie_hash IS 'SHA-256 of the browser cookie.';
COMMENT ON COLUMN o365_internal.connect_attempt.app_user IS 'The application''s user.';
COMMENT ON COLUMN o365_internal.connect_attempt.app_state IS 'What the application wants back.';
COMMENT ON COLUMN o365_internal.connect_attempt.return_url IS 'Where the user goes after success.';
COMMENT ON COLUMN o365_internal.connect_attempt.started_at IS 'When it began.';
COMMENT ON COLUMN o365_internal.connect_attempt.expires_at IS 'From when on its state is refused.';
COMMENT ON COLUMN o365_internal.connect_attempt.consumed_at IS 'When it ended.';
COMMENT ON COLUMN o365_internal.connect_attempt.outcome IS 'How it ended; null while open. o365.attempt() explains each.';
COMMENT ON COLUMN o365_internal.connect_attempt.detail IS 'More, for operators: the refused host, the error that came.';
COMMENT ON COLUMN o365_internal.connect_attempt.request_id IS 'The request that ended it, as the page shows it.';
COMMENT ON COLUMN o365_internal.connect_attempt.of_attempt IS 'For a callback that ended nothing: the attempt whose state it carried.';
COMMENT ON COLUMN o365_internal.connect_attempt.subscription_id IS 'What came of it.';

CREATE TABLE o365_internal.webhook_host (
    dialect    text NOT NULL CONSTRAINT webhook_host_dialect_is_known CHECK (dialect IN ('connector', 'workflow')),
    host       text NOT NULL,
    subdomains boolean NOT NULL,
    port       integer NOT NULL,
    PRIMARY KEY (host, port, subdomains)
);
COMMENT ON TABLE o365_internal.webhook_host IS 'Hosts that webhooks may lie on; changed with o365.allow_webhook_host and o365.forbid_webhook_host.';
COMMENT ON COLUMN o365_internal.webhook_host.dialect IS 'What a webhook there speaks.';
COMMENT ON COLUMN o365_internal.webhook_host.host IS 'Host name in lower case.';
COMMENT ON COLUMN o365_internal.webhook_host.subdomains IS 'True: any host below it, not itself. False: exactly it.';
COMMENT ON COLUMN o365_internal.webhook_host.port IS 'Port, 443 but for development.';

CREATE TABLE o365_internal.sealing_key (
    key_id       text PRIMARY KEY,
    kind         text NOT NULL CONSTRAINT sealing_key_kind_is_known CHECK (kind IN ('public', 'symmetric')),
    public_key   bytea,
    active       boolean NOT NULL DEFAULT true,
    created_at   timestamptz NOT NULL DEFAULT now(),
    backed_up_at timestamptz,
    CONSTRAINT sealing_key_public_has_bytes CHECK ((kind = 'public') = (public_key IS NOT NULL))
);
COMMENT ON TABLE o365_internal.sealing_key IS 'Names of all keys, and the public halves. What opens a webhook is in the workers'' key file, never here.';
COMMENT ON COLUMN o365_internal.sealing_key.key_id IS 'OpenPGP key id, or sym- and eight hex digits.';
COMMENT ON COLUMN o365_internal.sealing_key.kind IS 'public: seals here. symmetric: adopted rows are sealed under it by workers.';
COMMENT ON COLUMN o365_internal.sealing_key.public_key IS 'OpenPGP public key in binary form.';
COMMENT ON COLUMN o365_internal.sealing_key.active IS 'Whether new rows are sealed under it.';
COMMENT ON COLUMN o365_internal.sealing_key.created_at IS 'When it was added.';
COMMENT ON COLUMN o365_internal.sealing_key.backed_up_at IS 'When o365-worker keys backup last copied the file that holds it.';

CREATE TABLE o365_internal.index_key (
    only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT index_key_is_one_row CHECK (only_row),
    key      bytea NOT NULL
);
COMMENT ON TABLE o365_internal.index_key IS 'The key of the blind indexes. It finds equal values and opens nothing.';
COMMENT ON COLUMN o365_internal.index_key.only_row IS 'There is one row.';
COMMENT ON COLUMN o365_internal.index_key.key IS '32 random bytes, made on installing.';

-- Cards. Sending inserts here and touches nothing else; no foreign key, because its row lock on the subscription would be shared by all senders.
CREATE SEQUENCE o365_internal.card_id;
COMMENT ON SEQUENCE o365_internal.card_id IS 'Names of cards, and their places in their lanes.';
CREATE TABLE o365_internal.outbox (
    card_id         bigint NOT NULL,
    position        bigint NOT NULL,
    subscription_id bigint NOT NULL,
    card            text NOT NULL,
    event           text,
    enqueued_at     timestamptz NOT NULL DEFAULT now(),
    xid             xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (subscription_id, position)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_scale_factor = 0.2);
CREATE INDEX outbox_xid ON o365_internal.outbox (xid);
CREATE INDEX outbox_card ON o365_internal.outbox (card_id);
COMMENT ON TABLE o365_internal.outbox IS 'One row per card that has not reached its end. Rows are inserted and deleted, never updated.';
COMMENT ON COLUMN o365_internal.outbox.card_id IS 'The card''s name for ever.';
COMMENT ON COLUMN o365_internal.outbox.position IS 'Its place in the lane.';
COMMENT ON COLUMN o365_internal.outbox.subscription_id IS 'Where it goes.';
COMMENT ON COLUMN o365_internal.outbox.card IS 'The card, JSON.';
COMMENT ON COLUMN o365_internal.outbox.event IS 'Which of the connector''s events it reports.';
COMMENT ON COLUMN o365_internal.outbox.enqueued_at IS 'When its transaction began.';
COMMENT ON COLUMN o365_internal.outbox.xid IS 'The transaction that sent it: arrivals are found by it.';

CREATE TABLE o365_internal.lane (
    subscription_id bigint NOT NULL,
    lease_no        bigint NOT NULL DEFAULT 0,
    worker          integer,
    next_at         timestamptz,
    lease_until     timestamptz,
    cursor          bigint NOT NULL DEFAULT 0,
    late            bigint[],
    hold            text,
    failures        integer NOT NULL DEFAULT 0,
    failing_since   timestamptz
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE UNIQUE INDEX lane_key ON o365_internal.lane (subscription_id, lease_no);
CREATE INDEX lane_due ON o365_internal.lane (next_at) WHERE next_at IS NOT NULL;
COMMENT ON TABLE o365_internal.lane IS 'One row per subscription: when it is next looked at, and how far its cards have gone. docs/delivery.md explains it.';
COMMENT ON COLUMN o365_internal.lane.subscription_id IS 'The subscription.';
COMMENT ON COLUMN o365_internal.lane.lease_no IS 'Fencing token and part of the key: every claim makes a new key, so that a look-up never walks the dead versions '
    'that a pinned vacuum horizon leaves behind.';
COMMENT ON COLUMN o365_internal.lane.worker IS 'Who holds the lease; null when nobody.';
COMMENT ON COLUMN o365_internal.lane.next_at IS 'When it is due; while leased, the end of the lease; null: nothing to do, or held.';
COMMENT ON COLUMN o365_internal.lane.lease_until IS 'End of the last lease: nothing is posted after it by its worker.';
COMMENT ON COLUMN o365_internal.lane.cursor IS 'Cards up to this position are done, the late ones aside.';
COMMENT ON COLUMN o365_internal.lane.late IS 'Positions that were committed after the cursor had passed them.';
COMMENT ON COLUMN o365_internal.lane.hold IS 'Why nothing leaves: paused, suspended or pending; null when it may.';
COMMENT ON COLUMN o365_internal.lane.failures IS 'How often its first card failed so far.';
COMMENT ON COLUMN o365_internal.lane.failing_since IS 'When that card first failed.';

CREATE TABLE o365_internal.fed (
    n    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    snap pg_snapshot NOT NULL
);
INSERT INTO o365_internal.fed (snap) VALUES (pg_current_snapshot());
COMMENT ON TABLE o365_internal.fed IS 'One row per round of arrivals: the snapshot up to which cards have been handed to lanes. The last one counts.';
COMMENT ON COLUMN o365_internal.fed.n IS 'Round.';
COMMENT ON COLUMN o365_internal.fed.snap IS 'Snapshot.';

CREATE TABLE o365_internal.attempt (
    at              timestamptz NOT NULL DEFAULT clock_timestamp(),
    card_id         bigint NOT NULL,
    subscription_id bigint NOT NULL,
    lease_no        bigint NOT NULL,
    worker          integer NOT NULL,
    outcome         text NOT NULL,
    rule_id         integer,
    http_status     integer,
    retry_after_s   integer,
    took_ms         integer,
    problem         text
) PARTITION BY RANGE (at);
CREATE INDEX attempt_card ON o365_internal.attempt (card_id);
CREATE TABLE o365_internal.attempt_default PARTITION OF o365_internal.attempt DEFAULT;
COMMENT ON TABLE o365_internal.attempt IS 'One row per POST, append-only, a partition a day.';
COMMENT ON TABLE o365_internal.attempt_default IS 'Where rows go when no partition was made for their day; empty otherwise.';
COMMENT ON COLUMN o365_internal.attempt.at IS 'When it was reported.';
COMMENT ON COLUMN o365_internal.attempt.card_id IS 'The card.';
COMMENT ON COLUMN o365_internal.attempt.subscription_id IS 'Where it went.';
COMMENT ON COLUMN o365_internal.attempt.lease_no IS 'Under which lease.';
COMMENT ON COLUMN o365_internal.attempt.worker IS 'By which worker.';
COMMENT ON COLUMN o365_internal.attempt.outcome IS 'How the answer was read.';
COMMENT ON COLUMN o365_internal.attempt.rule_id IS 'By which rule; null when none fitted.';
COMMENT ON COLUMN o365_internal.attempt.http_status IS 'Status of the answer; null when none came.';
COMMENT ON COLUMN o365_internal.attempt.retry_after_s IS 'Seconds the far end asked to wait.';
COMMENT ON COLUMN o365_internal.attempt.took_ms IS 'Milliseconds from the start of the POST to its end.';
COMMENT ON COLUMN o365_internal.attempt.problem IS 'What went wrong in words; never the answer''s body.';

CREATE TABLE o365_internal.delivery (
    at              timestamptz NOT NULL DEFAULT clock_timestamp(),
    card_id         bigint NOT NULL,
    subscription_id bigint NOT NULL,
    outcome         text NOT NULL,
    reason          text,
    event           text,
    enqueued_at     timestamptz NOT NULL
) PARTITION BY RANGE (at);
CREATE INDEX delivery_card ON o365_internal.delivery (card_id);
CREATE INDEX delivery_subscription ON o365_internal.delivery (subscription_id, at);
CREATE TABLE o365_internal.delivery_default PARTITION OF o365_internal.delivery DEFAULT;
COMMENT ON TABLE o365_internal.delivery IS 'One row per card: its end. Append-only, a partition a day.';
COMMENT ON TABLE o365_internal.delivery_default IS 'Where rows go when no partition was made for their day; empty otherwise.';
COMMENT ON COLUMN o365_internal.delivery.at IS 'When it ended.';
COMMENT ON COLUMN o365_internal.delivery.card_id IS 'The card.';
COMMENT ON COLUMN o365_internal.delivery.subscription_id IS 'Where it was to go.';
COMMENT ON COLUMN o365_internal.delivery.outcome IS 'delivered, accepted, in_doubt, dead, expired, superseded, digested or cancelled.';
COMMENT ON COLUMN o365_internal.delivery.reason IS 'Why it was not delivered, in words.';
COMMENT ON COLUMN o365_internal.delivery.event IS 'Which of the connector''s events it reported.';
COMMENT ON COLUMN o365_internal.delivery.enqueued_at IS 'When its transaction began.';

CREATE TABLE o365_internal.response_rule (
    rule_id      integer PRIMARY KEY,
    dialect      text NOT NULL CONSTRAINT response_rule_dialect_is_known CHECK (dialect IN ('connector', 'workflow')),
    name         text NOT NULL,
    status_from  integer NOT NULL,
    status_to    integer NOT NULL,
    body_pattern text,
    outcome      text NOT NULL CONSTRAINT response_rule_outcome_is_known
                 CHECK (outcome IN ('delivered', 'accepted', 'retry', 'throttled', 'dead', 'suspend', 'gone', 'in_doubt')),
    source       text NOT NULL
);
COMMENT ON TABLE o365_internal.response_rule IS 'How an answer of the far end is read: the first rule of the dialect, by rule_id, that fits. None: retry.';
COMMENT ON COLUMN o365_internal.response_rule.rule_id IS 'Order, and the name in attempt.rule_id.';
COMMENT ON COLUMN o365_internal.response_rule.dialect IS 'connector or workflow.';
COMMENT ON COLUMN o365_internal.response_rule.name IS 'What it recognises.';
COMMENT ON COLUMN o365_internal.response_rule.status_from IS 'Lowest HTTP status.';
COMMENT ON COLUMN o365_internal.response_rule.status_to IS 'Highest HTTP status.';
COMMENT ON COLUMN o365_internal.response_rule.body_pattern IS 'POSIX regular expression that the body must match, case ignored; null: any body.';
COMMENT ON COLUMN o365_internal.response_rule.outcome IS 'What follows.';
COMMENT ON COLUMN o365_internal.response_rule.source IS 'Where the rule comes from.';

CREATE TABLE o365_internal.worker (
    worker_id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL,
    version     text NOT NULL,
    environment text NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT now(),
    seen_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE o365_internal.worker IS 'Workers: who is or was alive.';
COMMENT ON COLUMN o365_internal.worker.worker_id IS 'Key, in leases and attempts.';
COMMENT ON COLUMN o365_internal.worker.name IS 'As configured, or host and process.';
COMMENT ON COLUMN o365_internal.worker.version IS 'Its program''s version.';
COMMENT ON COLUMN o365_internal.worker.environment IS 'What its configuration says it is.';
COMMENT ON COLUMN o365_internal.worker.started_at IS 'When it started.';
COMMENT ON COLUMN o365_internal.worker.seen_at IS 'When it last spoke.';
