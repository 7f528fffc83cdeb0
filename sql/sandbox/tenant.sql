-- The tenant: people, their groups, inboxes and teams, and what is configured there.

CREATE OR REPLACE FUNCTION o365_internal.sandbox_furnish(person text) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO o365_internal.sandbox_target (person, kind, name, dialect)
        SELECT sandbox_furnish.person, t.kind, t.name, t.dialect FROM (VALUES
            ('', 1, 'mail', 'Inbox', 'connector'),
            ('megan', 2, 'groups', 'Sales', 'connector'),
            ('megan', 3, 'groups', 'Büro & Söhne <Team>', 'connector'),
            ('megan', 4, 'teams', 'Engineering', 'connector'),
            ('megan', 5, 'teams', 'Engineering (workflow)', 'workflow'),
            ('adele', 2, 'groups', '"Quotes", ''apostrophes'' & <tags>', 'connector'),
            ('adele', 3, 'groups', '100 % + a?b=c&d#e;f/g\h', 'connector'),
            ('adele', 4, 'groups', '日本語 עברית 🚀 ä ä', 'connector'),
            ('adele', 5, 'groups', repeat('A long name that goes on and on. ', 7) || 'It ends at 256 characters.', 'connector'),
            ('adele', 6, 'teams', '<script>alert(1)</script>', 'connector'),
            ('adele', 7, 'teams', '{{mustache}} %s ${x} $(y) `z`', 'connector')
        ) AS t (who, rank, kind, name, dialect) WHERE t.who IN ('', lower(sandbox_furnish.person COLLATE "C")) ORDER BY t.rank
        ON CONFLICT DO NOTHING $$;
COMMENT ON FUNCTION o365_internal.sandbox_furnish(text) IS
    'Makes a person who signs in: an inbox for everybody; Megan has what people have, Adele what makes programs stumble.';

CREATE OR REPLACE FUNCTION o365.sandbox_sign_in(person text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT o365_internal.sandbox_furnish($1) $$;
COMMENT ON FUNCTION o365.sandbox_sign_in(text) IS 'A person signed in: makes them when new.';

CREATE OR REPLACE FUNCTION o365.sandbox_person(person text, kinds text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM o365_internal.sandbox_furnish(person);
    RETURN (SELECT jsonb_agg(jsonb_build_object('target_id', t.target_id, 'kind', t.kind, 'name', t.name, 'dialect', t.dialect)
                             ORDER BY array_position(ARRAY['groups', 'teams', 'mail'], t.kind), t.target_id)
              FROM o365_internal.sandbox_target AS t WHERE t.person = sandbox_person.person AND t.kind = ANY (kinds) AND t.workflow <> 'deleted');
END $$;
COMMENT ON FUNCTION o365.sandbox_person(text, text[]) IS 'What a person may connect, of some kinds; makes the person when new. Null when nothing.';

CREATE OR REPLACE FUNCTION o365.sandbox_create_target(person text, kind text, name text, dialect text DEFAULT 'connector') RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    -- A workflow that was deleted and is made anew is another one: what the old one had handed out is known no longer.
    DELETE FROM o365_internal.sandbox_webhook AS w USING o365_internal.sandbox_target AS t
     WHERE w.target_id = t.target_id AND t.person = $1 AND t.kind = $2 AND t.name = $3 AND t.workflow = 'deleted' AND $4 = 'workflow';
    DELETE FROM o365_internal.sandbox_fault AS f
     WHERE f.webhook_id <> 0 AND NOT EXISTS (SELECT FROM o365_internal.sandbox_webhook AS w WHERE w.webhook_id = f.webhook_id);
    INSERT INTO o365_internal.sandbox_target AS t (person, kind, name, dialect) VALUES ($1, $2, $3, $4)
        ON CONFLICT ON CONSTRAINT sandbox_target_is_unique DO UPDATE
            SET workflow = CASE WHEN t.workflow = 'deleted' AND $4 = 'workflow' THEN 'on' ELSE t.workflow END RETURNING t.target_id $$;
COMMENT ON FUNCTION o365.sandbox_create_target(text, text, text, text) IS
    'Makes a group, team or workflow for a person and returns its number; one that is there already is returned. A workflow that was deleted '
    'is made anew, without the webhooks that it had.';

CREATE OR REPLACE FUNCTION o365.sandbox_target(person text, target_id integer) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object('target_id', t.target_id, 'kind', t.kind, 'name', t.name, 'dialect', t.dialect, 'workflow', t.workflow, 'person', t.person)
      FROM o365_internal.sandbox_target AS t WHERE t.target_id = $2 AND ($1 IS NULL OR t.person = $1) $$;
COMMENT ON FUNCTION o365.sandbox_target(text, integer) IS 'One target, of a person unless null; null when there is none.';

CREATE OR REPLACE FUNCTION o365.sandbox_mint(target_id integer, path_hash bytea, app_id text, flow_hash bytea DEFAULT NULL) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO o365_internal.sandbox_webhook AS w (path_hash, flow_hash, target_id, app_id) VALUES ($2, $4, $1, $3::uuid) RETURNING w.webhook_id $$;
COMMENT ON FUNCTION o365.sandbox_mint(integer, bytea, text, bytea) IS
    'Remembers a webhook that is handed out, by the hash of its path and query, and returns its number. app_id is null for one that no connector got; flow_hash is '
    'the hash of a workflow''s id alone, null for a connector.';

CREATE OR REPLACE FUNCTION o365.sandbox_webhooks(target_id integer) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('webhook_id', w.webhook_id, 'app_id', w.app_id, 'since', o365_internal.sandbox_time(w.created_at),
               'removed_at', o365_internal.sandbox_time(w.removed_at), 'settings', w.settings, 'connector', o365_internal.sandbox_known(w.app_id::text),
               'posts', (SELECT count(*) FROM o365_internal.sandbox_post AS p WHERE p.target_id = w.target_id AND p.webhook_id = w.webhook_id))
           ORDER BY w.removed_at IS NOT NULL, w.webhook_id DESC), '[]')
      FROM (SELECT * FROM o365_internal.sandbox_webhook AS w WHERE w.target_id = $1 ORDER BY w.removed_at IS NOT NULL, w.webhook_id DESC LIMIT 100) AS w $$;
COMMENT ON FUNCTION o365.sandbox_webhooks(integer) IS
    'What is configured at a target: webhooks and their registrations, deleted ones too, those in force first, at most 100.';

CREATE OR REPLACE FUNCTION o365.sandbox_remove_webhook(target_id integer, webhook_id integer) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE o365_internal.sandbox_webhook AS w SET removed_at = clock_timestamp()
     WHERE w.webhook_id = sandbox_remove_webhook.webhook_id AND w.target_id = sandbox_remove_webhook.target_id AND w.removed_at IS NULL;
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION o365.sandbox_remove_webhook(integer, integer) IS 'Removes a configuration: its webhook answers 410 from now on, a workflow''s 404. False when it was removed already.';

CREATE OR REPLACE FUNCTION o365.sandbox_set_workflow(target_id integer, workflow text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_old text;
BEGIN
    SELECT t.workflow INTO v_old FROM o365_internal.sandbox_target AS t
     WHERE t.target_id = sandbox_set_workflow.target_id AND t.dialect = 'workflow' AND t.workflow <> 'deleted' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE o365_internal.sandbox_target AS t SET workflow = sandbox_set_workflow.workflow WHERE t.target_id = sandbox_set_workflow.target_id;
    -- Who may trigger it changes its URL (office365-connectors.md section 2).
    IF (v_old = 'tenant') <> (workflow = 'tenant') THEN
        UPDATE o365_internal.sandbox_webhook AS w SET removed_at = clock_timestamp()
         WHERE w.target_id = sandbox_set_workflow.target_id AND w.removed_at IS NULL;
    END IF;
    RETURN true;
END $$;
COMMENT ON FUNCTION o365.sandbox_set_workflow(integer, text) IS
    'Switches a workflow on or off, deletes it, or lets only its tenant trigger it (tenant), which gives it another URL, as does the way back: those handed out before are '
    'removed. False when it is none or deleted.';

CREATE OR REPLACE FUNCTION o365.sandbox_targets(person text DEFAULT NULL)
RETURNS TABLE (target_id integer, person text, kind text, name text, dialect text, workflow text, posts bigint, webhooks bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.target_id, t.person, t.kind, t.name, t.dialect, t.workflow,
           (SELECT count(*) FROM o365_internal.sandbox_post AS p WHERE p.target_id = t.target_id AND p.card IS NOT NULL),
           (SELECT count(*) FROM o365_internal.sandbox_webhook AS w WHERE w.target_id = t.target_id AND w.removed_at IS NULL)
      FROM o365_internal.sandbox_target AS t WHERE $1 IS NULL OR t.person = $1 ORDER BY t.person, t.target_id $$;
COMMENT ON FUNCTION o365.sandbox_targets(text) IS 'All targets, or a person''s: how many posts each got and how many webhooks are in force.';
