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
            ('adele', 5, 'groups', repeat('A long name that goes on and on. ', 7) || 'It ends at 256 characters.',
             'connector'),
            ('adele', 6, 'teams', '<script>alert(1)</script>', 'connector'),
            ('adele', 7, 'teams', '{{mustache}} %s ${x} $(y) `z`', 'connector')
        ) AS t (who, rank, kind, name, dialect) WHERE t.who IN ('', lower(sandbox_furnish.person COLLATE "C"))
            ORDER BY t.rank
        ON CONFLICT DO NOTHING $$;
COMMENT ON FUNCTION o365_internal.sandbox_furnish(text) IS
    'Makes a person who signs in: an inbox for everybody; Megan has what people have, Adele what makes programs '
    'stumble.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_sign_in(person text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT o365_internal.sandbox_furnish($1) $$;
COMMENT ON FUNCTION o365_programs.sandbox_sign_in(text) IS 'A person signed in: makes them when new.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_person(person text, kinds text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM o365_internal.sandbox_furnish(person);
    RETURN (SELECT jsonb_agg(jsonb_build_object('target_id', t.target_id, 'kind', t.kind, 'name', t.name, 'dialect',
                                                t.dialect)
                             ORDER BY array_position(ARRAY['groups', 'teams', 'mail'], t.kind), t.target_id)
              FROM o365_internal.sandbox_target AS t WHERE t.person = sandbox_person.person AND t.kind = ANY (kinds)
               AND (o365_internal.sandbox_current_flow(t.target_id)).state IS DISTINCT FROM 'deleted');
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_person(text, text[]) IS
    'What a person may connect, of some kinds; makes the person when new. Null when nothing.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_create_target(person text, kind text, name text,
                                                               dialect text DEFAULT 'connector') RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO o365_internal.sandbox_target AS t (person, kind, name, dialect) VALUES ($1, $2, $3, $4)
        ON CONFLICT ON CONSTRAINT sandbox_target_is_unique DO UPDATE SET name = t.name RETURNING t.target_id $$;
COMMENT ON FUNCTION o365_programs.sandbox_create_target(text, text, text, text) IS
    'Makes a group, a team or a channel with workflows (dialect workflow) for a person and returns its number; one '
    'that is there already is returned.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_target(person text, target_id integer) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object('target_id', t.target_id, 'kind', t.kind, 'name', t.name, 'dialect', t.dialect, 'person',
               t.person,
               'workflow', coalesce(o365_internal.sandbox_flow_state(o365_internal.sandbox_current_flow(t.target_id)),
                                    'on'))
      FROM o365_internal.sandbox_target AS t WHERE t.target_id = $2 AND ($1 IS NULL OR t.person = $1) $$;
COMMENT ON FUNCTION o365_programs.sandbox_target(text, integer) IS
    'One target, of a person unless null; null when there is none. workflow is the state of the workflow that is '
    'meant where none is named.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_mint(target_id integer, path_hash bytea, app_id text,
                                                      flow_id integer DEFAULT NULL) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    -- A URL without a signature is the same whenever a workflow is made tenant-only.
    INSERT INTO o365_internal.sandbox_webhook AS w (path_hash, target_id, app_id, flow_id)
        SELECT $2, t.target_id, $3::uuid, CASE t.dialect WHEN 'workflow'
            THEN coalesce($4, o365_internal.sandbox_flow_for(t.target_id)) END
          FROM o365_internal.sandbox_target AS t WHERE t.target_id = $1
        ON CONFLICT ON CONSTRAINT sandbox_webhook_is_unique DO UPDATE SET removed_at = NULL, old_key = false
            WHERE w.flow_id = excluded.flow_id RETURNING w.webhook_id $$;
COMMENT ON FUNCTION o365_programs.sandbox_mint(integer, bytea, text, integer) IS
    'Remembers a webhook that is handed out, by the hash of its path and query, and returns its number. app_id is '
    'null for one that no connector got; flow_id says which workflow of a channel it starts, null: the oldest that is '
    'not deleted, which is made when there is none.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_webhooks(target_id integer) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('webhook_id', w.webhook_id, 'app_id', w.app_id, 'since',
               o365_internal.sandbox_time(w.created_at),
               'removed_at', o365_internal.sandbox_time(w.removed_at), 'settings', w.settings, 'connector',
               o365_internal.sandbox_known(w.app_id::text),
               'posts', (SELECT count(*) FROM o365_internal.sandbox_post AS p WHERE p.target_id = w.target_id
                            AND p.webhook_id = w.webhook_id))
           ORDER BY w.removed_at IS NOT NULL, w.webhook_id DESC), '[]')
      FROM (SELECT * FROM o365_internal.sandbox_webhook AS w WHERE w.target_id = $1
             ORDER BY w.removed_at IS NOT NULL, w.webhook_id DESC LIMIT 100) AS w $$;
COMMENT ON FUNCTION o365_programs.sandbox_webhooks(integer) IS
    'What is configured at a target: webhooks and their registrations, deleted ones too, those in force first, at '
    'most 100.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_remove_webhook(target_id integer, webhook_id integer) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE o365_internal.sandbox_webhook AS w SET removed_at = clock_timestamp()
     WHERE w.webhook_id = sandbox_remove_webhook.webhook_id AND w.target_id = sandbox_remove_webhook.target_id
       AND w.removed_at IS NULL;
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_remove_webhook(integer, integer) IS
    'Removes a configuration: its webhook answers 410 from now on, a workflow''s 404. False when it was removed '
    'already.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_targets(person text DEFAULT NULL)
RETURNS TABLE (target_id integer, person text, kind text, name text, dialect text, workflow text, posts bigint,
               webhooks bigint, flows bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.target_id, t.person, t.kind, t.name, t.dialect,
           coalesce(o365_internal.sandbox_flow_state(o365_internal.sandbox_current_flow(t.target_id)), 'on'),
           (SELECT count(*) FROM o365_internal.sandbox_post AS p WHERE p.target_id = t.target_id
               AND p.card IS NOT NULL),
           (SELECT count(*) FROM o365_internal.sandbox_webhook AS w WHERE w.target_id = t.target_id
               AND w.removed_at IS NULL),
           (SELECT count(*) FROM o365_internal.sandbox_flow AS f WHERE f.target_id = t.target_id
               AND f.state <> 'deleted')
      FROM o365_internal.sandbox_target AS t WHERE $1 IS NULL OR t.person = $1 ORDER BY t.person, t.target_id $$;
COMMENT ON FUNCTION o365_programs.sandbox_targets(text) IS
    'All targets, or a person''s: how many posts each got, how many webhooks are in force and how many workflows it '
    'has. workflow is as in o365_programs.sandbox_target.';
