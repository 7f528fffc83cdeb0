CREATE OR REPLACE FUNCTION o365.register_connector(
    slug text, name text, logo bytea, short_description text, long_description text, website text, events text[],
    callback_url text DEFAULT NULL, target_urls text[] DEFAULT '{}', enabled_for text[] DEFAULT '{mail,groups,teams}',
    landing_page text DEFAULT NULL, app_id uuid DEFAULT NULL, clean_page text DEFAULT '302',
    allow_anonymous boolean DEFAULT false,
    require_state boolean DEFAULT true, confirm boolean DEFAULT false, ways text[] DEFAULT NULL,
    support text DEFAULT NULL,
    language text DEFAULT NULL, max_age interval DEFAULT NULL, when_blocked text DEFAULT 'wait',
    schedule text DEFAULT 'immediate', time_zone text DEFAULT NULL, digest_when_late interval DEFAULT NULL,
    reason text DEFAULT NULL)
RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_public_url text := o365_internal.text_setting('public_url');
    v_new o365_internal.connector;
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
    v_new.ways := ways;
    v_new.support := support;
    v_new.language := lower(language COLLATE "C");
    v_new.max_age := max_age;
    v_new.when_blocked := coalesce(when_blocked, 'wait');
    v_new.schedule := coalesce(o365_internal.schedule_of(schedule), schedule, 'immediate');
    v_new.time_zone := coalesce(o365_internal.time_zone_of(time_zone), time_zone);
    v_new.digest_when_late := digest_when_late;
    -- A renewed registration keeps its GUID, so that existing buttons continue to work.
    v_new.app_id := coalesce(app_id, (SELECT c.app_id FROM o365_internal.connector AS c WHERE c.slug = v_new.slug),
                             gen_random_uuid());
    RETURN o365_internal.save_connector(v_new, register_connector.reason);
END $$;
COMMENT ON FUNCTION o365.register_connector(text, text, bytea, text, text, text, text[], text, text[], text[], text,
    uuid, text, boolean, boolean, boolean, text[], text, text, interval, text, text, text, interval, text) IS
    'Registers a connector, or replaces the registration of that slug, a removed one too, and returns its app_id, '
    'which stays the same. callback_url defaults to our own below public_url; clean_page: 302, no-referrer or origin. '
    'confirm: a connection waits until its user confirms it on a page of ours. require_state false: callbacks of '
    'o365.connect_button_documented are accepted as well, from anybody, and always wait for that confirmation. ways: '
    'workflow (users paste the webhook of a Teams workflow), button (Microsoft''s Connect page), or both; null: '
    'workflow, and button unless the setting connect_url is Microsoft''s retired page. support: whom users ask for '
    'help, a mail address or an https URL. language: of its pages, such as de; null: each browser''s. max_age: how '
    'long after they were sent its cards may leave, unless not_after of o365.send says otherwise; null: no limit. '
    'when_blocked: what happens behind a card that keeps failing, wait or pass (it is set aside after set_aside_after '
    'POSTs and tried later, outside the order). schedule: when its connections get their cards unless their users '
    'choose otherwise, as in o365.set_schedule; time_zone: of schedules, null: the setting time_zone. '
    'digest_when_late: cards that wait for a limit of the far end become digests if all of them would take longer than '
    'this. reason: shown in o365.events. Error: invalid_parameter_value, DETAIL lists all problems.';
