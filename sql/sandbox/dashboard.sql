-- The developer dashboard: registrations, judged by the same rules as o365.register_connector's.

CREATE OR REPLACE FUNCTION o365_internal.sandbox_candidate(fields jsonb, logo bytea) RETURNS o365_internal.connector
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_candidate o365_internal.connector := jsonb_populate_record(NULL::o365_internal.connector, fields);
BEGIN
    v_candidate.logo := logo;
    v_candidate.logo_type := o365_internal.logo_type(logo);
    v_candidate.target_urls := coalesce(v_candidate.target_urls, '{}');
    v_candidate.enabled_for := coalesce(v_candidate.enabled_for, '{}');
    v_candidate.clean_page := '302';
    -- The portal asks for no such name: it is the one in the redirect URL, or made from the connector's.
    v_candidate.slug := coalesce(substring(v_candidate.callback_url FROM '/connect/([a-z0-9-]{1,40})/callback$'),
        nullif(nullif(trim('-' FROM left(regexp_replace(lower(v_candidate.name COLLATE "C"), '[^a-z0-9]+', '-', 'g'),
                                         35)), ''), 'static'), 'connector');
    RETURN v_candidate;
END $$;
COMMENT ON FUNCTION o365_internal.sandbox_candidate(jsonb, bytea) IS
    'The form''s fields as a connector, for o365_internal.connector_problems to judge.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_save(person text, app_id uuid, fields jsonb, logo bytea) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_old o365_internal.sandbox_registration;
    v_new o365_internal.connector;
    v_problems jsonb;
    v_own CONSTANT text := '/connect/([a-z0-9-]{1,40})/callback$';
    v_inbox_page CONSTANT text := nullif(fields->>'inbox_landing_page', '');
    v_configuration CONSTANT text := nullif(fields->>'configuration_url', '');
    v_domains CONSTANT text[] := ARRAY(SELECT lower(d COLLATE "C")
                                         FROM jsonb_array_elements_text(coalesce(fields->'valid_domains', '[]')) AS d);
BEGIN
    IF app_id IS NOT NULL THEN
        SELECT r.* INTO v_old FROM o365_internal.sandbox_registration AS r WHERE r.app_id = sandbox_save.app_id
           AND r.person = sandbox_save.person
           AND r.deleted_at IS NULL FOR UPDATE;
        IF NOT FOUND THEN
            RETURN jsonb_build_object('problems',
                jsonb_build_array(jsonb_build_object('field', 'name', 'problem', 'is a connector of somebody else',
                'hint', 'Sign in as the one who made it.')));
        END IF;
    END IF;
    v_new := o365_internal.sandbox_candidate(fields, coalesce(logo, v_old.logo));
    SELECT jsonb_agg(jsonb_build_object('field', p.field, 'problem', p.problem, 'hint', p.hint)) INTO v_problems
      FROM (SELECT * FROM o365_internal.connector_problems(v_new)
            UNION ALL SELECT 'terms', 'were not accepted', 'Tick the box: the portal saves nothing without.'
                WHERE fields->>'terms' IS DISTINCT FROM 'yes'
            UNION ALL SELECT 'actions', 'are wanted, but there is no target URL',
            'Name the address that the buttons post to, or answer no.'
             WHERE fields->>'actions' = 'yes' AND cardinality(v_new.target_urls) = 0
            -- What only the portal's later form had.
            UNION ALL SELECT 'inbox_landing_page', 'is no https URL',
            'Leave it empty if people with an inbox go to the same page.'
             WHERE v_inbox_page IS NOT NULL AND NOT o365_internal.is_https_url(v_inbox_page)
               AND NOT o365_internal.is_loopback_url(v_inbox_page)
            UNION ALL SELECT 'configuration_url', 'is no https URL of at most 2,048 characters',
            'Leave it empty if your page has a Connect button.'
             WHERE v_configuration IS NOT NULL AND NOT o365_internal.is_https_url(v_configuration)
            UNION ALL SELECT 'valid_domains', 'are not all hosts',
            'Write one a line, without https:// and without a path.'
             WHERE EXISTS (SELECT FROM unnest(v_domains) AS d WHERE NOT o365_internal.is_https_url('https://' || d)
                           OR d ~ '[/?]')
            UNION ALL SELECT 'valid_domains', 'do not hold the configuration page''s host',
            'The client shows pages of these hosts alone.'
             WHERE v_configuration IS NOT NULL
               AND NOT lower(substring(v_configuration FROM '^[^:]+://([^/?]+)') COLLATE "C") = ANY (v_domains)) AS p;
    IF v_problems IS NOT NULL THEN
        RETURN jsonb_build_object('problems', v_problems);
    END IF;
    -- A name that no redirect URL says is free, and stays.
    IF substring(v_new.callback_url FROM v_own) IS NULL THEN
        v_new.slug := CASE WHEN v_old.callback_url IS NOT NULL AND substring(v_old.callback_url FROM v_own) IS NULL
            THEN v_old.slug
                           ELSE coalesce(o365_programs.sandbox_free_slug(v_new.slug), v_new.slug) END;
    END IF;
    IF app_id IS NULL THEN
        INSERT INTO o365_internal.sandbox_registration AS r (person, slug, name, logo, logo_type, short_description,
                long_description, website, events,
                landing_page, callback_url, target_urls, enabled_for, inbox_landing_page, configuration_url,
                valid_domains)
            VALUES (person, v_new.slug, v_new.name, v_new.logo, v_new.logo_type, v_new.short_description,
                v_new.long_description, v_new.website,
                v_new.events, v_new.landing_page, v_new.callback_url, v_new.target_urls, v_new.enabled_for,
                v_inbox_page, v_configuration, v_domains)
            RETURNING r.app_id INTO app_id;
    ELSE
        -- What was approved was another connector than this one: it is reviewed anew, and until then the catalog lists
        -- that.
        DELETE FROM o365_internal.sandbox_submission AS s WHERE s.app_id = sandbox_save.app_id
           AND s.approved_at IS NULL;
        UPDATE o365_internal.sandbox_registration AS r
           SET slug = v_new.slug, name = v_new.name, logo = v_new.logo, logo_type = v_new.logo_type,
                short_description = v_new.short_description, long_description = v_new.long_description,
                website = v_new.website,
                events = v_new.events, landing_page = v_new.landing_page, callback_url = v_new.callback_url,
                target_urls = v_new.target_urls,
                enabled_for = v_new.enabled_for, inbox_landing_page = v_inbox_page, configuration_url = v_configuration,
                valid_domains = v_domains,
                changed_at = now(), stage = 'saved', reviewer = NULL, reasons = NULL, reviewed_at = NULL
         WHERE r.app_id = sandbox_save.app_id;
    END IF;
    RETURN jsonb_build_object('app_id', app_id);
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_save(text, uuid, jsonb, bytea) IS
    'Saves the form of "New Connector" for a person: a new one for a null app_id, else that one, whose logo stays for '
    'a null logo. fields has the names of o365.register_connector, events, target_urls and enabled_for as arrays, '
    'terms: yes, and of the portal''s later form inbox_landing_page, configuration_url and valid_domains (an array). '
    'Returns app_id, or problems (field, problem, hint) when nothing was saved.';

CREATE OR REPLACE FUNCTION o365_internal.sandbox_shown(r o365_internal.sandbox_registration) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT to_jsonb(r) - 'logo' || jsonb_build_object('is_handed_over', r.handed_over_at IS NOT NULL
            AND EXISTS (SELECT FROM o365_internal.connector AS c WHERE c.app_id = r.app_id AND c.removed_at IS NULL),
            'logo_bytes', octet_length(r.logo),
        'is_current', r.handed_over_at >= r.changed_at, 'picture', r.app_id) $$;
COMMENT ON FUNCTION o365_internal.sandbox_shown(o365_internal.sandbox_registration) IS
    'A registration as pages show it: without the bytes of its logo. picture is what o365_programs.sandbox_logo takes.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_registrations(person text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(jsonb_agg(o365_internal.sandbox_shown(r) ORDER BY r.created_at, r.app_id), '[]')
      FROM o365_internal.sandbox_registration AS r WHERE r.person = $1 AND r.deleted_at IS NULL $$;
COMMENT ON FUNCTION o365_programs.sandbox_registrations(text) IS 'The connectors of a developer, oldest first.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_registration(person text, app_id uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT o365_internal.sandbox_shown(r) || jsonb_build_object(
               'listed', (SELECT jsonb_build_object('name', (s.registration).name, 'reviewer', s.reviewer, 'since',
                                                    o365_internal.sandbox_time(s.approved_at))
                            FROM o365_internal.sandbox_submission AS s WHERE s.app_id = r.app_id
                             AND s.approved_at IS NOT NULL),
               'in_force', (SELECT count(*) FROM o365_internal.sandbox_webhook AS w WHERE w.app_id = r.app_id
                               AND w.removed_at IS NULL))
      FROM o365_internal.sandbox_registration AS r WHERE r.app_id = $2 AND r.person = $1 AND r.deleted_at IS NULL $$;
COMMENT ON FUNCTION o365_programs.sandbox_registration(text, uuid) IS
    'One connector of a developer; null when it is not theirs. listed: name, reviewer and since of the version that '
    'the catalog lists, null for none; in_force: how many of its webhooks are.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_free_slug(wanted text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.slug FROM (SELECT n, $1 || CASE WHEN n = 1 THEN '' ELSE '-' || n END AS slug
                          FROM generate_series(1, 10000) AS n) AS f
     WHERE NOT EXISTS (SELECT FROM o365_internal.connector AS c WHERE c.slug = f.slug AND c.removed_at IS NULL)
       AND NOT EXISTS (SELECT FROM o365_internal.sandbox_registration AS r WHERE r.slug = f.slug
                          AND r.deleted_at IS NULL)
     ORDER BY f.n LIMIT 1 $$;
COMMENT ON FUNCTION o365_programs.sandbox_free_slug(text) IS
    'The slug, or the first of slug-2, slug-3, ... that neither this installation nor the dashboard has; null when '
    '10,000 are taken.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_delete(person text, app_id uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE o365_internal.sandbox_registration AS r SET deleted_at = now(), sideloaded_at = NULL
     WHERE r.app_id = sandbox_delete.app_id AND r.person = sandbox_delete.person AND r.deleted_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM o365_internal.sandbox_submission AS s WHERE s.app_id = sandbox_delete.app_id;
    DELETE FROM o365_internal.sandbox_draft AS d WHERE d.app_id = sandbox_delete.app_id;
    UPDATE o365_internal.sandbox_webhook AS w SET removed_at = clock_timestamp() WHERE w.app_id = sandbox_delete.app_id
       AND w.removed_at IS NULL;
    RETURN true;
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_delete(text, uuid) IS
    'Deletes a developer''s connector for good: its button gives Invalid Request, the catalog lists it no more, its '
    'webhooks answer as removed configurations do. What this installation registered stays an operator''s. False: it '
    'is not theirs, or was deleted.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_sideload(person text, app_id uuid, wanted boolean) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE o365_internal.sandbox_registration AS r SET sideloaded_at = CASE WHEN wanted
        THEN coalesce(r.sideloaded_at, now()) END
     WHERE r.app_id = sandbox_sideload.app_id AND r.person = sandbox_sideload.person AND r.deleted_at IS NULL;
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_sideload(text, uuid, boolean) IS
    'Lets a developer, and nobody else, find a connector of theirs among those of Outlook (inbox and groups), or no '
    'longer. False: it is not theirs.';

CREATE OR REPLACE FUNCTION o365_internal.sandbox_known(app_id text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object('name', c.name, 'short_description', c.short_description, 'long_description',
        c.long_description,
        'website', c.website, 'events', c.events, 'callback_url', c.callback_url, 'app_id', c.app_id, 'enabled_for',
        c.enabled_for,
        'target_urls', c.target_urls, 'valid_domains', c.valid_domains, 'is_deleted', c.is_deleted)
      FROM (SELECT 1 AS rank, r.name, r.short_description, r.long_description, r.website, r.events, r.callback_url,
                   r.app_id, r.enabled_for, r.target_urls,
                   r.valid_domains, r.deleted_at IS NOT NULL AS is_deleted
              FROM o365_internal.sandbox_registration AS r WHERE r.app_id::text = lower($1 COLLATE "C")
            UNION ALL
            SELECT 2, k.name, k.short_description, k.long_description, k.website, k.events, k.callback_url, k.app_id,
                   k.enabled_for, k.target_urls, '{}', k.removed_at IS NOT NULL
              FROM o365_internal.connector AS k WHERE k.app_id::text = lower($1 COLLATE "C")) AS c
     ORDER BY c.rank LIMIT 1 $$;
COMMENT ON FUNCTION o365_internal.sandbox_known(text) IS
    'The registration by its app_id, is_deleted or not: the dashboard''s, or else the installation''s own, as if the '
    'dashboard held it; null when there is none.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_connector(app_id text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT k.known FROM o365_internal.sandbox_known($1) AS k (known) WHERE NOT (k.known->>'is_deleted')::boolean $$;
COMMENT ON FUNCTION o365_programs.sandbox_connector(text) IS
    'The registration by its app_id: the dashboard''s, or else the installation''s own, as if the dashboard held it; '
    'null when there is none, or it was deleted.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_logo(picture text) RETURNS TABLE (content_type text, logo bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.logo_type, c.logo
      FROM (SELECT 1 AS rank, r.logo_type, r.logo FROM o365_internal.sandbox_registration AS r
            WHERE r.app_id::text = lower($1 COLLATE "C")
            UNION ALL SELECT 2, k.logo_type, k.logo FROM o365_internal.connector AS k
                WHERE k.app_id::text = lower($1 COLLATE "C")
            UNION ALL SELECT 3, (s.registration).logo_type, (s.registration).logo
                FROM o365_internal.sandbox_submission AS s
                       WHERE s.app_id || '/' || s.submission_id = lower($1 COLLATE "C")) AS c
     ORDER BY c.rank LIMIT 1 $$;
COMMENT ON FUNCTION o365_programs.sandbox_logo(text) IS
    'The logo of a registration, by its app_id, or of what was submitted, by app_id/submission_id; no row when there '
    'is none.';

CREATE OR REPLACE FUNCTION o365_programs.sandbox_register(person text, app_id uuid, application text,
                                                          allow_anonymous boolean) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_public_url text := o365_internal.text_setting('public_url');
    v_role text := nullif(application, '');
    v_mine o365_internal.sandbox_registration;
BEGIN
    IF NOT o365_internal.is_loopback_url(v_public_url) THEN
        RAISE EXCEPTION 'the sandbox registers nothing here: public_url is not on loopback'
            USING ERRCODE = 'insufficient_privilege',
                HINT = 'An operator registers connectors: select o365.register_connector(...).';
    END IF;
    SELECT r.* INTO v_mine FROM o365_internal.sandbox_registration AS r WHERE r.app_id = sandbox_register.app_id
       AND r.person = sandbox_register.person
       AND r.deleted_at IS NULL;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('problem', 'There is no such connector of yours.');
    END IF;
    -- It may make connectors and change those that it made, never an operator's.
    IF EXISTS (SELECT FROM o365_internal.connector AS c WHERE c.slug = v_mine.slug AND c.app_id <> v_mine.app_id
                  AND c.removed_at IS NULL) THEN
        RETURN jsonb_build_object('problem',
            format('This installation has another connector %s.', quote_literal(v_mine.slug)),
            'hint', format('Change the redirect URL to %s/connect/another-name/callback.', v_public_url));
    END IF;
    -- Only an application that an operator let send before.
    IF v_role IS NOT NULL AND NOT EXISTS (SELECT FROM o365_internal.application AS a WHERE a.role = v_role) THEN
        RETURN jsonb_build_object('problem',
            format('The role %s is not known as an application''s.', quote_literal(v_role)),
            'hint', format('Leave it empty, or as an operator: select o365.grant_application(%L, %L)', v_role,
                           v_mine.slug));
    END IF;
    IF EXISTS (SELECT FROM o365_internal.connector AS c WHERE c.app_id = v_mine.app_id AND c.slug <> v_mine.slug) THEN
        RETURN jsonb_build_object('problem',
            'This installation knows the connector by the name in its old redirect URL.',
            'hint', 'Change the redirect URL back, or save it as a new connector.');
    END IF;
    PERFORM o365.register_connector(slug => v_mine.slug, name => v_mine.name, logo => v_mine.logo,
        short_description => v_mine.short_description,
        long_description => v_mine.long_description, website => v_mine.website, events => v_mine.events,
        callback_url => v_mine.callback_url,
        target_urls => v_mine.target_urls, enabled_for => v_mine.enabled_for, landing_page => v_mine.landing_page,
        app_id => v_mine.app_id,
        allow_anonymous => sandbox_register.allow_anonymous);
    IF v_role IS NOT NULL THEN
        PERFORM o365.grant_application(v_role, v_mine.slug);
    END IF;
    UPDATE o365_internal.sandbox_registration AS r SET handed_over_at = now() WHERE r.app_id = v_mine.app_id;
    RETURN jsonb_build_object('slug', v_mine.slug, 'connect', v_public_url || '/connect/' || v_mine.slug || '/');
END $$;
COMMENT ON FUNCTION o365_programs.sandbox_register(text, uuid, text, boolean) IS
    'Hands a registration of the dashboard to this installation''s o365.register_connector, and lets a role (empty: '
    'none) that is an application''s already send through it. Returns slug and connect (its landing page), or problem '
    'and hint. Error: insufficient_privilege where public_url is not on loopback.';
