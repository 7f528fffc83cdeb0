CREATE OR REPLACE FUNCTION o365.register_connector(
    slug text, name text, logo bytea, short_description text, long_description text, website text, events text[],
    callback_url text DEFAULT NULL, target_urls text[] DEFAULT '{}', enabled_for text[] DEFAULT '{mail,groups,teams}',
    landing_page text DEFAULT NULL, app_id uuid DEFAULT NULL, clean_page text DEFAULT '302', allow_anonymous boolean DEFAULT false,
    require_state boolean DEFAULT true, confirm boolean DEFAULT false)
RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_public_url text := o365_internal.text_setting('public_url');
    v_new o365_internal.connector;
    v_problem record;
    v_all text;
BEGIN
    v_new.slug := slug;
    v_new.name := name;
    v_new.logo := logo;
    v_new.logo_type := o365_internal.logo_type(logo);
    v_new.short_description := short_description;
    v_new.long_description := long_description;
    v_new.website := website;
    v_new.events := events;
    v_new.landing_page := landing_page;
    v_new.callback_url := coalesce(callback_url, nullif(v_public_url, '') || '/connect/' || slug || '/callback');
    v_new.target_urls := coalesce(target_urls, '{}');
    v_new.enabled_for := enabled_for;
    v_new.clean_page := clean_page;
    v_new.allow_anonymous := coalesce(allow_anonymous, false);
    v_new.require_state := coalesce(require_state, true);
    v_new.confirm := coalesce(confirm, false);
    SELECT string_agg(p.field || ' ' || p.problem || '. ' || p.hint, E'\n') INTO v_all FROM o365_internal.connector_problems(v_new) AS p;
    IF v_all IS NOT NULL THEN
        SELECT p.* INTO v_problem FROM o365_internal.connector_problems(v_new) AS p LIMIT 1;
        RAISE EXCEPTION 'connector %: % %', quote_nullable(slug), v_problem.field, v_problem.problem
            USING ERRCODE = 'invalid_parameter_value', HINT = v_problem.hint, DETAIL = v_all;
    END IF;
    IF NOT o365_internal.leads_back(v_new.callback_url, v_public_url) THEN
        RAISE WARNING 'connector %: callback_url lies elsewhere than the pages of this installation', quote_nullable(slug)
            USING HINT = format('Users come back there and see "not found", or are refused because their cookie belongs to the host of public_url. '
                                'Leave it out to get %s/connect/%s/callback, and register that at Microsoft.', v_public_url, slug);
    END IF;
    -- A renewed registration keeps its GUID: buttons that are out there go on working.
    v_new.app_id := coalesce(app_id, (SELECT c.app_id FROM o365_internal.connector AS c WHERE c.slug = v_new.slug), gen_random_uuid());
    IF EXISTS (SELECT FROM o365_internal.connector AS c WHERE c.app_id = v_new.app_id AND c.slug <> v_new.slug) THEN
        RAISE EXCEPTION 'connector %: app_id % is another connector''s', quote_nullable(slug), v_new.app_id
            USING ERRCODE = 'invalid_parameter_value', HINT = 'select slug, app_id from o365.connectors; leave it out to get a new one.';
    END IF;
    INSERT INTO o365_internal.connector AS c (slug, name, logo, logo_type, short_description, long_description, website, events, landing_page,
            callback_url, target_urls, enabled_for, app_id, clean_page, allow_anonymous, require_state, confirm)
        VALUES (v_new.slug, v_new.name, v_new.logo, v_new.logo_type, v_new.short_description, v_new.long_description, v_new.website,
            v_new.events, v_new.landing_page, v_new.callback_url, v_new.target_urls, v_new.enabled_for, v_new.app_id, v_new.clean_page,
            v_new.allow_anonymous, v_new.require_state, v_new.confirm)
        ON CONFLICT ON CONSTRAINT connector_slug_is_unique DO UPDATE SET name = excluded.name, logo = excluded.logo,
            logo_type = excluded.logo_type, short_description = excluded.short_description, long_description = excluded.long_description,
            website = excluded.website, events = excluded.events, landing_page = excluded.landing_page, callback_url = excluded.callback_url,
            target_urls = excluded.target_urls, enabled_for = excluded.enabled_for,
            clean_page = excluded.clean_page, allow_anonymous = excluded.allow_anonymous, require_state = excluded.require_state,
            confirm = excluded.confirm, changed_at = now(), removed_at = NULL;
    -- Apart, and only when it is another: changing a key would lock out everybody who starts to connect meanwhile.
    UPDATE o365_internal.connector AS c SET app_id = v_new.app_id WHERE c.slug = v_new.slug AND c.app_id <> v_new.app_id;
    RETURN v_new.app_id;
END $$;
COMMENT ON FUNCTION o365.register_connector(text, text, bytea, text, text, text, text[], text, text[], text[], text, uuid, text, boolean,
        boolean, boolean) IS
    'Registers a connector, or replaces the registration of that slug, a removed one too, and returns its app_id, which stays the same. callback_url defaults to '
    'our own below public_url; clean_page: 302, no-referrer or origin. confirm: a connection waits until its user '
    'confirms it on a page of ours. '
    'require_state false: callbacks of o365.connect_button_documented are taken as well, from anybody, and always '
    'wait for that. '
    'Error: invalid_parameter_value, DETAIL lists all problems.';
