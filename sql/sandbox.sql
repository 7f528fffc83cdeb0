-- The sandbox's tables and functions, Microsoft's side for development. Load after install.sql, and never where users are:
--   psql -d yourdb -f sql/sandbox.sql
-- Runs again without harm. It stores hashes of the webhooks it hands out, never a webhook, a state or an object id.
\set ON_ERROR_STOP on
\set QUIET on
\pset tuples_only on
\pset format unaligned
BEGIN;
SELECT (SELECT pg_get_userbyid(n.nspowner) FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'o365_internal') AS owner,
       to_regclass('o365_internal.sandbox_setting') IS NULL AS is_new \gset
SET LOCAL ROLE :"owner";
SET LOCAL search_path = pg_catalog, pg_temp;
\if :is_new
CREATE TABLE o365_internal.sandbox_setting (name text PRIMARY KEY, value text NOT NULL);
COMMENT ON TABLE o365_internal.sandbox_setting IS 'Settings of the sandbox.';
COMMENT ON COLUMN o365_internal.sandbox_setting.name IS 'webhook_origin or flow_origin.';
COMMENT ON COLUMN o365_internal.sandbox_setting.value IS 'Scheme, host and port of the webhooks it hands out.';
INSERT INTO o365_internal.sandbox_setting VALUES ('webhook_origin', 'https://contoso.webhook.localhost:8443'), ('flow_origin', 'https://flow.localhost:8443');

CREATE TABLE o365_internal.sandbox_target (
    target_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person    text NOT NULL,
    kind      text NOT NULL CONSTRAINT sandbox_target_kind_is_known CHECK (kind IN ('mail', 'groups', 'teams')),
    name      text NOT NULL,
    dialect   text NOT NULL DEFAULT 'connector',
    CONSTRAINT sandbox_target_is_unique UNIQUE (person, kind, name)
);
COMMENT ON TABLE o365_internal.sandbox_target IS 'Inboxes, groups and teams of the sandbox''s people.';
COMMENT ON COLUMN o365_internal.sandbox_target.target_id IS 'Key, in the feed''s address.';
COMMENT ON COLUMN o365_internal.sandbox_target.person IS 'Name the person signs in with.';
COMMENT ON COLUMN o365_internal.sandbox_target.kind IS 'mail, groups or teams.';
COMMENT ON COLUMN o365_internal.sandbox_target.name IS 'Name; Inbox for mail.';
COMMENT ON COLUMN o365_internal.sandbox_target.dialect IS 'connector, or workflow for a Teams workflow.';

CREATE TABLE o365_internal.sandbox_webhook (
    path_hash  bytea PRIMARY KEY,
    target_id  integer NOT NULL REFERENCES o365_internal.sandbox_target,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE o365_internal.sandbox_webhook IS 'Webhooks that were handed out.';
COMMENT ON COLUMN o365_internal.sandbox_webhook.path_hash IS 'SHA-256 of path and query.';
COMMENT ON COLUMN o365_internal.sandbox_webhook.target_id IS 'Where it posts.';
COMMENT ON COLUMN o365_internal.sandbox_webhook.created_at IS 'When Allow was pressed.';

CREATE TABLE o365_internal.sandbox_post (
    post_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target_id   integer NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    answered    text NOT NULL,
    card        text NOT NULL
);
CREATE INDEX sandbox_post_target ON o365_internal.sandbox_post (target_id, post_id);
COMMENT ON TABLE o365_internal.sandbox_post IS 'Every POST to a webhook that exists, in order of arrival.';
COMMENT ON COLUMN o365_internal.sandbox_post.post_id IS 'Order of arrival.';
COMMENT ON COLUMN o365_internal.sandbox_post.target_id IS 'Where to.';
COMMENT ON COLUMN o365_internal.sandbox_post.received_at IS 'When.';
COMMENT ON COLUMN o365_internal.sandbox_post.answered IS 'Name of the answer: ok when it was shown.';
COMMENT ON COLUMN o365_internal.sandbox_post.card IS 'The body.';

CREATE TABLE o365_internal.sandbox_fault (
    target_id   integer PRIMARY KEY,
    answer      text NOT NULL,
    remaining   integer,
    retry_after integer
);
COMMENT ON TABLE o365_internal.sandbox_fault IS 'Answers to give instead of the right one.';
COMMENT ON COLUMN o365_internal.sandbox_fault.target_id IS 'Target; 0 for all.';
COMMENT ON COLUMN o365_internal.sandbox_fault.answer IS 'Name of the answer.';
COMMENT ON COLUMN o365_internal.sandbox_fault.remaining IS 'For how many more posts; null: until it is taken back.';
COMMENT ON COLUMN o365_internal.sandbox_fault.retry_after IS 'Seconds for a Retry-After header; null: none.';
\endif

CREATE OR REPLACE FUNCTION o365.sandbox_set(name text, value text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE o365_internal.sandbox_setting AS s SET value = sandbox_set.value WHERE s.name = sandbox_set.name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the sandbox has no setting %', quote_nullable(name)
            USING ERRCODE = 'undefined_object', HINT = 'It has webhook_origin and flow_origin.';
    END IF;
    RETURN value;
END $$;
COMMENT ON FUNCTION o365.sandbox_set(text, text) IS 'Sets a setting of the sandbox: webhook_origin or flow_origin. Error: undefined_object.';

CREATE OR REPLACE FUNCTION o365.sandbox_settings() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT (SELECT jsonb_object_agg(s.name, s.value) FROM o365_internal.sandbox_setting AS s)
        || (SELECT jsonb_object_agg(s.name, s.value) FROM o365_internal.setting AS s WHERE s.name IN ('public_url', 'connect_url')) $$;
COMMENT ON FUNCTION o365.sandbox_settings() IS 'What the sandbox has to know: its origins, public_url and connect_url.';

CREATE OR REPLACE FUNCTION o365.sandbox_connector(app_id text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object('name', c.name, 'short_description', c.short_description, 'long_description', c.long_description,
        'website', c.website, 'events', c.events, 'callback_url', c.callback_url, 'app_id', c.app_id, 'enabled_for', c.enabled_for)
      FROM o365_internal.connector AS c WHERE c.app_id::text = lower($1) $$;
COMMENT ON FUNCTION o365.sandbox_connector(text) IS 'The registration by its app_id, as Microsoft''s dashboard would hold it; null when there is none.';

CREATE OR REPLACE FUNCTION o365.sandbox_logo(app_id text) RETURNS TABLE (content_type text, logo bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.logo_type, c.logo FROM o365_internal.connector AS c WHERE c.app_id::text = lower($1) $$;
COMMENT ON FUNCTION o365.sandbox_logo(text) IS 'The registration''s logo; no row when there is none.';

CREATE OR REPLACE FUNCTION o365.sandbox_person(person text, kinds text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO o365_internal.sandbox_target (person, kind, name) VALUES (sandbox_person.person, 'mail', 'Inbox') ON CONFLICT DO NOTHING;
    -- Megan has what a tenant has; everybody else begins with an inbox, to see what that is like.
    IF lower(person) = 'megan' THEN
        INSERT INTO o365_internal.sandbox_target (person, kind, name, dialect) VALUES
            (sandbox_person.person, 'groups', 'Sales', 'connector'), (sandbox_person.person, 'groups', 'Büro & Söhne <Team>', 'connector'),
            (sandbox_person.person, 'teams', 'Engineering', 'connector'), (sandbox_person.person, 'teams', 'Engineering (workflow)', 'workflow')
            ON CONFLICT DO NOTHING;
    END IF;
    RETURN (SELECT jsonb_agg(jsonb_build_object('target_id', t.target_id, 'kind', t.kind, 'name', t.name, 'dialect', t.dialect)
                             ORDER BY array_position(ARRAY['groups', 'teams', 'mail'], t.kind), t.target_id)
              FROM o365_internal.sandbox_target AS t WHERE t.person = sandbox_person.person AND t.kind = ANY (kinds));
END $$;
COMMENT ON FUNCTION o365.sandbox_person(text, text[]) IS 'What a person may connect, of some kinds; makes the person when new. Null when nothing.';

CREATE OR REPLACE FUNCTION o365.sandbox_create_group(person text, name text) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO o365_internal.sandbox_target (person, kind, name) VALUES ($1, 'groups', $2)
        ON CONFLICT ON CONSTRAINT sandbox_target_is_unique DO UPDATE SET name = excluded.name RETURNING target_id $$;
COMMENT ON FUNCTION o365.sandbox_create_group(text, text) IS 'Makes a group for a person and returns its number; one that is there already is returned.';

CREATE OR REPLACE FUNCTION o365.sandbox_target(person text, target_id integer) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object('target_id', t.target_id, 'kind', t.kind, 'name', t.name, 'dialect', t.dialect)
      FROM o365_internal.sandbox_target AS t WHERE t.target_id = $2 AND t.person = $1 $$;
COMMENT ON FUNCTION o365.sandbox_target(text, integer) IS 'One target of a person; null when it is not theirs.';

CREATE OR REPLACE FUNCTION o365.sandbox_mint(target_id integer, path_hash bytea) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO o365_internal.sandbox_webhook (path_hash, target_id) VALUES ($2, $1) $$;
COMMENT ON FUNCTION o365.sandbox_mint(integer, bytea) IS 'Remembers a webhook that is handed out, by the hash of its path and query.';

CREATE OR REPLACE FUNCTION o365.sandbox_receive(path_hash bytea, body text, judged text) RETURNS TABLE (dialect text, answer text, retry_after integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_target o365_internal.sandbox_target;
    v_fault o365_internal.sandbox_fault;
    v_answer text := judged;
BEGIN
    SELECT t.* INTO v_target FROM o365_internal.sandbox_webhook AS w JOIN o365_internal.sandbox_target AS t ON t.target_id = w.target_id
     WHERE w.path_hash = sandbox_receive.path_hash;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF v_target.dialect = 'workflow' AND judged NOT IN ('400-json') THEN
        v_answer := 'ok';  -- the trigger takes any JSON; what the flow makes of it nobody tells the sender
    END IF;
    SELECT f.* INTO v_fault FROM o365_internal.sandbox_fault AS f WHERE f.target_id IN (0, v_target.target_id) AND coalesce(f.remaining, 1) > 0
     ORDER BY f.target_id DESC LIMIT 1;
    IF FOUND AND v_fault.remaining IS NOT NULL THEN
        -- Of posts that come at the same moment, exactly as many as asked for take one.
        UPDATE o365_internal.sandbox_fault AS f SET remaining = f.remaining - 1
         WHERE f.target_id = v_fault.target_id AND f.remaining > 0;
        IF NOT FOUND THEN
            v_fault := NULL;
        END IF;
    END IF;
    v_answer := coalesce(v_fault.answer, v_answer);
    INSERT INTO o365_internal.sandbox_post (target_id, answered, card) VALUES (v_target.target_id, v_answer, body);
    RETURN QUERY SELECT v_target.dialect, v_answer, v_fault.retry_after;
END $$;
COMMENT ON FUNCTION o365.sandbox_receive(bytea, text, text) IS
    'A POST to a webhook: notes it and says how to answer, as judged (the right answer) or as a fault says. No row: there is no such webhook.';

CREATE OR REPLACE FUNCTION o365.sandbox_feed(target_id integer, after bigint, newest boolean, n integer)
RETURNS TABLE (post_id bigint, target_id integer, person text, kind text, name text, received_at text, answered text, card text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.post_id, p.target_id, t.person, t.kind, t.name, to_char(p.received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), p.answered, p.card
      FROM o365_internal.sandbox_post AS p JOIN o365_internal.sandbox_target AS t ON t.target_id = p.target_id
     WHERE ($1 IS NULL OR p.target_id = $1) AND p.post_id > $2
     ORDER BY CASE WHEN $3 THEN -p.post_id ELSE p.post_id END LIMIT $4 $$;
COMMENT ON FUNCTION o365.sandbox_feed(integer, bigint, boolean, integer) IS
    'Posts to a target, or to all for null, after a number, newest or oldest first, at most n.';

CREATE OR REPLACE FUNCTION o365.sandbox_targets() RETURNS TABLE (target_id integer, person text, kind text, name text, dialect text, posts bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.target_id, t.person, t.kind, t.name, t.dialect, (SELECT count(*) FROM o365_internal.sandbox_post AS p WHERE p.target_id = t.target_id AND p.answered = 'ok')
      FROM o365_internal.sandbox_target AS t ORDER BY t.person, t.target_id $$;
COMMENT ON FUNCTION o365.sandbox_targets() IS 'All targets and how many posts each shows.';

CREATE OR REPLACE FUNCTION o365.sandbox_set_fault(target_id integer, answer text, remaining integer, retry_after integer) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF answer = 'ok' THEN
        DELETE FROM o365_internal.sandbox_fault AS f WHERE f.target_id = sandbox_set_fault.target_id;
    ELSE
        INSERT INTO o365_internal.sandbox_fault AS f (target_id, answer, remaining, retry_after)
            VALUES (sandbox_set_fault.target_id, sandbox_set_fault.answer, sandbox_set_fault.remaining, sandbox_set_fault.retry_after)
            ON CONFLICT ON CONSTRAINT sandbox_fault_pkey DO UPDATE SET answer = excluded.answer, remaining = excluded.remaining, retry_after = excluded.retry_after;
    END IF;
END $$;
COMMENT ON FUNCTION o365.sandbox_set_fault(integer, text, integer, integer) IS
    'From now on a target (0: all) answers so, for a number of posts or (null) until it is set to ok.';

CREATE OR REPLACE FUNCTION o365.sandbox_faults() RETURNS TABLE (target_id integer, answer text, remaining integer, retry_after integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.target_id, f.answer, f.remaining, f.retry_after FROM o365_internal.sandbox_fault AS f WHERE coalesce(f.remaining, 1) > 0 ORDER BY f.target_id $$;
COMMENT ON FUNCTION o365.sandbox_faults() IS 'Answers that are given instead of the right one.';

DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN SELECT p.oid FROM pg_catalog.pg_proc AS p WHERE p.pronamespace = 'o365'::regnamespace AND p.proname ~ '^sandbox_' LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_function);
        IF o365_internal.has_roles() THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO o365_sandbox', v_function);
        END IF;
    END LOOP;
    IF o365_internal.has_roles() THEN
        GRANT USAGE ON SCHEMA o365 TO o365_sandbox;
    END IF;
END $$;
COMMIT;
