CREATE OR REPLACE FUNCTION o365_internal.save_connector(c o365_internal.connector, reason text DEFAULT NULL)
RETURNS uuid
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_new o365_internal.connector := c;
    v_public_url text := o365_internal.text_setting('public_url');
    v_problem record;
    v_all text;
BEGIN
    SELECT string_agg(p.field || ' ' || p.problem || '. ' || p.hint, E'\n') INTO v_all
      FROM o365_internal.connector_problems(v_new) AS p;
    IF v_all IS NOT NULL THEN
        SELECT p.* INTO v_problem FROM o365_internal.connector_problems(v_new) AS p LIMIT 1;
        RAISE EXCEPTION 'connector %: % %', quote_nullable(v_new.slug), v_problem.field, v_problem.problem
            USING ERRCODE = 'invalid_parameter_value', HINT = v_problem.hint, DETAIL = v_all;
    END IF;
    IF NOT o365_internal.leads_back(v_new.callback_url, v_public_url) THEN
        RAISE WARNING 'connector %: callback_url lies elsewhere than the pages of this installation',
            quote_nullable(v_new.slug)
            USING HINT = format('Users come back there and see "not found", or are refused because their cookie '
                                'belongs to the host of public_url. '
                                'Leave it out to get %s/connect/%s/callback, and register that at Microsoft.',
                                v_public_url, v_new.slug);
    END IF;
    IF v_new.max_age < o365_internal.schedule_length(v_new.schedule) THEN
        RAISE WARNING 'connector %: its cards expire after %, and its digests are made %', quote_nullable(v_new.slug),
            v_new.max_age, v_new.schedule
            USING HINT = 'A card that would expire before its digest leaves alone, at once. Pass a longer max_age to '
                         'have it in the digest.';
    END IF;
    IF EXISTS (SELECT FROM o365_internal.connector AS c WHERE c.app_id = v_new.app_id AND c.slug <> v_new.slug) THEN
        RAISE EXCEPTION 'connector %: app_id % is another connector''s', quote_nullable(v_new.slug), v_new.app_id
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'select slug, app_id from o365.connectors; leave it out to get a new one.';
    END IF;
    INSERT INTO o365_internal.connector AS c (slug, name, logo, logo_type, short_description, long_description, website,
            events, landing_page,
            callback_url, target_urls, enabled_for, app_id, clean_page, allow_anonymous, require_state, confirm, ways,
            support, language, max_age, when_blocked, schedule, time_zone, digest_when_late)
        VALUES (v_new.slug, v_new.name, v_new.logo, v_new.logo_type, v_new.short_description, v_new.long_description,
            v_new.website,
            v_new.events, v_new.landing_page, v_new.callback_url, v_new.target_urls, v_new.enabled_for, v_new.app_id,
            v_new.clean_page,
            v_new.allow_anonymous, v_new.require_state, v_new.confirm,
            v_new.ways, v_new.support, v_new.language, v_new.max_age, coalesce(v_new.when_blocked, 'wait'),
            v_new.schedule, v_new.time_zone, v_new.digest_when_late)
        ON CONFLICT ON CONSTRAINT connector_slug_is_unique DO UPDATE SET name = excluded.name, logo = excluded.logo,
            logo_type = excluded.logo_type, short_description = excluded.short_description,
            long_description = excluded.long_description,
            website = excluded.website, events = excluded.events, landing_page = excluded.landing_page,
            callback_url = excluded.callback_url,
            target_urls = excluded.target_urls, enabled_for = excluded.enabled_for,
            clean_page = excluded.clean_page, allow_anonymous = excluded.allow_anonymous,
            require_state = excluded.require_state,
            confirm = excluded.confirm, ways = excluded.ways, support = excluded.support, language = excluded.language,
            max_age = excluded.max_age, when_blocked = excluded.when_blocked,
            schedule = excluded.schedule, time_zone = excluded.time_zone,
            digest_when_late = excluded.digest_when_late,
            changed_at = now(), removed_at = NULL;
    -- In a statement of its own, and only if it differs: changing a key would block everybody who begins to connect
    -- meanwhile.
    UPDATE o365_internal.connector AS c SET app_id = v_new.app_id WHERE c.slug = v_new.slug
       AND c.app_id <> v_new.app_id;
    IF 'button' = ANY (v_new.ways)
       AND o365_internal.is_retired_connect_url(o365_internal.text_setting('connect_url')) THEN
        RAISE WARNING 'connector %: its button leads to Microsoft''s Connect page, which was switched off in May 2026',
            quote_nullable(v_new.slug)
            USING HINT = 'Leave ways out, or write ''{workflow}'': users paste the webhook of a Teams workflow.';
    END IF;
    PERFORM o365_internal.note_event('connector_registered', 'operator', c.connector_id,
                                     reason => o365_internal.reason_text(save_connector.reason))
       FROM o365_internal.connector AS c WHERE c.slug = v_new.slug;
    RETURN v_new.app_id;
END $$;
COMMENT ON FUNCTION o365_internal.save_connector(o365_internal.connector, text) IS
    'Judges a registration and stores it under its slug, new or in place of the old one; returns its app_id. Error: '
    'invalid_parameter_value, DETAIL lists all problems.';
