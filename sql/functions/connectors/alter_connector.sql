CREATE OR REPLACE FUNCTION o365.alter_connector(
    slug text, name text DEFAULT NULL, logo bytea DEFAULT NULL, short_description text DEFAULT NULL,
    long_description text DEFAULT NULL,
    website text DEFAULT NULL, events text[] DEFAULT NULL, callback_url text DEFAULT NULL,
    target_urls text[] DEFAULT NULL,
    enabled_for text[] DEFAULT NULL, landing_page text DEFAULT NULL, clean_page text DEFAULT NULL,
    allow_anonymous boolean DEFAULT NULL,
    require_state boolean DEFAULT NULL, confirm boolean DEFAULT NULL, ways text[] DEFAULT NULL,
    support text DEFAULT NULL,
    language text DEFAULT NULL, max_age interval DEFAULT NULL, when_blocked text DEFAULT NULL,
    schedule text DEFAULT NULL, time_zone text DEFAULT NULL, digest_when_late interval DEFAULT NULL,
    reason text DEFAULT NULL)
RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_new o365_internal.connector;
BEGIN
    SELECT c.* INTO v_new FROM o365_internal.connector AS c WHERE c.slug = alter_connector.slug
       AND c.removed_at IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no connector %', quote_nullable(slug)
            USING ERRCODE = 'undefined_object', HINT = 'select slug from o365.connectors lists them.';
    END IF;
    v_new.name := coalesce(name, v_new.name);
    v_new.logo := coalesce(logo, v_new.logo);
    v_new.logo_type := o365_internal.logo_type(v_new.logo);
    v_new.short_description := coalesce(short_description, v_new.short_description);
    v_new.long_description := coalesce(long_description, v_new.long_description);
    v_new.website := coalesce(website, v_new.website);
    v_new.events := coalesce(events, v_new.events);
    v_new.callback_url := coalesce(callback_url, v_new.callback_url);
    v_new.target_urls := coalesce(target_urls, v_new.target_urls);
    v_new.enabled_for := coalesce(enabled_for, v_new.enabled_for);
    -- An empty text or list removes an optional value.
    v_new.landing_page := nullif(coalesce(landing_page, v_new.landing_page), '');
    v_new.clean_page := coalesce(clean_page, v_new.clean_page);
    v_new.allow_anonymous := coalesce(allow_anonymous, v_new.allow_anonymous);
    v_new.require_state := coalesce(require_state, v_new.require_state);
    v_new.confirm := coalesce(confirm, v_new.confirm);
    v_new.ways := nullif(coalesce(ways, v_new.ways), '{}');
    v_new.support := nullif(coalesce(support, v_new.support), '');
    v_new.language := nullif(coalesce(lower(language COLLATE "C"), v_new.language), '');
    v_new.max_age := nullif(coalesce(max_age, v_new.max_age), '0');
    v_new.when_blocked := coalesce(when_blocked, v_new.when_blocked);
    v_new.schedule := coalesce(o365_internal.schedule_of(schedule), schedule, v_new.schedule);
    v_new.time_zone := nullif(coalesce(o365_internal.time_zone_of(time_zone), time_zone, v_new.time_zone), '');
    v_new.digest_when_late := nullif(coalesce(digest_when_late, v_new.digest_when_late), '0');
    RETURN o365_internal.save_connector(v_new, reason);
END $$;
COMMENT ON FUNCTION o365.alter_connector(text, text, bytea, text, text, text, text[], text, text[], text[], text,
    text, boolean, boolean, boolean, text[], text, text, interval, text, text, text, interval, text) IS
    'Changes the given values of a connector''s registration and keeps the others; returns its app_id. An empty text '
    'resets landing_page, support, language or time_zone to its default, an empty list ways, an interval of 0 max_age '
    'or digest_when_late. The arguments are those of o365.register_connector. Errors: undefined_object; '
    'invalid_parameter_value, DETAIL lists all problems.';
