-- What the Node and PHP peers of bench/callback store a callback with when they pass it as bind parameters: tables and
-- a function as an application developer would write them, that do what ours does with a callback that succeeds and
-- nothing else: the state is consumed once, in time and by the browser that began, webhook and user object id are
-- sealed by the same pgcrypto call under the same key, both get a blind index, subscription and lane are made, and the
-- id of the success page comes back. One call, one transaction. Left out, in the peers' favour: tickets, renewal, the
-- row for callbacks that fail, the connector's page, key lookups by age.
CREATE SCHEMA peer;
CREATE TABLE peer.attempt (
    attempt_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id       uuid NOT NULL DEFAULT gen_random_uuid(),
    state_hash      bytea UNIQUE,
    cookie_hash     bytea,
    app_user        text,
    started_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,
    consumed_at     timestamptz,
    outcome         text,
    request_id      text,
    subscription_id bigint
);
CREATE INDEX attempt_request ON peer.attempt (request_id);
CREATE INDEX attempt_public_id ON peer.attempt (public_id);
CREATE INDEX attempt_expiry ON peer.attempt (expires_at) WHERE outcome IS NULL;
CREATE INDEX attempt_started ON peer.attempt (started_at);
CREATE TABLE peer.subscription (
    subscription_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    app_user        text,
    app_type        text,
    group_name      text,
    webhook_host    text NOT NULL,
    sealed          bytea,
    webhook_index   bytea,
    user_index      bytea,
    status          text NOT NULL,
    connected_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX subscription_webhook ON peer.subscription (app_user, webhook_index);
CREATE INDEX subscription_app_user ON peer.subscription (app_user);
CREATE INDEX subscription_user ON peer.subscription (user_index);
CREATE TABLE peer.lane (subscription_id bigint PRIMARY KEY, next_at timestamptz);
CREATE TABLE peer.key AS
    SELECT k.public_key, i.key AS index_key FROM o365_internal.sealing_key AS k, o365_internal.index_key AS i
     WHERE k.kind = 'public';

CREATE FUNCTION peer.callback(
    state_hash bytea, cookie_hash bytea, request_id text, webhook_host text, webhook_url text, user_object_id text,
    app_type text, group_name text) RETURNS uuid
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_attempt peer.attempt;
    v_key peer.key;
    v_id bigint := nextval('peer.subscription_subscription_id_seq');
BEGIN
    UPDATE peer.attempt AS a
       SET consumed_at = now(), outcome = 'connected', request_id = callback.request_id, subscription_id = v_id
     WHERE a.state_hash = callback.state_hash AND a.outcome IS NULL AND a.expires_at > now()
       AND a.cookie_hash = callback.cookie_hash
    RETURNING a.* INTO v_attempt;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT k.* INTO v_key FROM peer.key AS k;
    INSERT INTO peer.subscription (subscription_id, app_user, app_type, group_name, webhook_host, sealed, webhook_index,
        user_index, status)
        OVERRIDING SYSTEM VALUE
        VALUES (v_id, v_attempt.app_user, callback.app_type, callback.group_name, callback.webhook_host,
            o365_internal.pgp_pub_encrypt(json_build_object('purpose', 'webhook', 'id', v_id::text,
                'webhook', callback.webhook_url,
                'user_object_id', callback.user_object_id)::text, v_key.public_key,
                'cipher-algo=aes256, compress-algo=0'),
            o365_internal.hmac(convert_to('webhook:' || callback.webhook_url, 'UTF8'), v_key.index_key, 'sha256'),
            o365_internal.hmac(convert_to('user_object_id:' || callback.user_object_id, 'UTF8'), v_key.index_key,
                'sha256'), 'active');
    INSERT INTO peer.lane (subscription_id) VALUES (v_id);
    RETURN v_attempt.public_id;
END $$;
