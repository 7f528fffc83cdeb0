-- Registration: the checks of Microsoft's developer dashboard (office365-connectors.md 9.2) in one place.

CREATE OR REPLACE FUNCTION o365_internal.logo_type(logo bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN substr($1, 1, 8) = '\x89504e470d0a1a0a' THEN 'image/png'
                WHEN substr($1, 1, 3) = '\xffd8ff' THEN 'image/jpeg'
                WHEN substr($1, 1, 6) IN ('\x474946383761', '\x474946383961') THEN 'image/gif' END;
END $$;
COMMENT ON FUNCTION o365_internal.logo_type(bytea) IS 'Media type of a picture by its own first bytes; null unless png, jpeg or gif.';

-- Both take what browsers take and nothing else: no control character, no port 0 or above 65535, and no host that a browser reads as a number
-- (WHATWG URL 3.5: its last label is one) unless it is an IPv4 address in its usual form.
CREATE OR REPLACE FUNCTION o365_internal.is_loopback_url(url text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN coalesce($1 ~* ('^https?://(localhost|([a-z0-9-]+\.)+localhost|127(\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}|\[::1\])'
        '(:0*(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}))?([/?][^[:space:]\u0001-\u001f\u007f]*)?$' COLLATE "C"), false);
END $$;
COMMENT ON FUNCTION o365_internal.is_loopback_url(text) IS 'Whether an http or https URL lies on this machine.';

CREATE OR REPLACE FUNCTION o365_internal.is_https_url(url text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN coalesce(length($1) <= 2048 AND $1 ~* ('^https://(([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z]([a-z0-9-]*[a-z0-9])?'
        '|(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3})'
        '(:0*(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}))?([/?][^[:space:]\u0001-\u001f\u007f]*)?$' COLLATE "C"), false);
END $$;
COMMENT ON FUNCTION o365_internal.is_https_url(text) IS
    'Whether it is an https URL that browsers take, with a host, without user, blanks and control characters.';

CREATE OR REPLACE FUNCTION o365_internal.leads_back(callback_url text, public_url text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN $2 = '' OR $1 ~ '/connect/[^/]+/callback/?$'
                      AND lower(substring($1 FROM '^[^/]*//[^/]*') COLLATE "C") = lower(substring($2 FROM '^[^/]*//[^/]*') COLLATE "C");
END $$;
COMMENT ON FUNCTION o365_internal.leads_back(text, text) IS
    'Whether a callback URL comes back to the pages below public_url: the same host, on which the browser has its cookie, and the path of a callback.';

CREATE OR REPLACE FUNCTION o365_internal.is_below_a_target(url text, target_urls text[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_host text := lower(substring(url FROM '^[hH][tT][tT][pP][sS]://([^/:?#]+)') COLLATE "C");
BEGIN
    RETURN v_host IS NOT NULL AND EXISTS (
        SELECT FROM (SELECT lower(substring(t.url FROM '^[hH][tT][tT][pP][sS]://([^/:?#]+)') COLLATE "C") AS host FROM unnest(target_urls) AS t (url)) AS t
         WHERE v_host = t.host OR right(v_host, length(t.host) + 1) = '.' || t.host);
END $$;
COMMENT ON FUNCTION o365_internal.is_below_a_target(text, text[]) IS
    'Whether an action may call a URL: its host is that of a target URL of the connector, or below it, compared label by label. False for none.';

CREATE OR REPLACE FUNCTION o365_internal.connector_problems(c o365_internal.connector)
RETURNS TABLE (field text, problem text, hint text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.field, p.problem, p.hint FROM (VALUES
        (c.slug !~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$' OR c.slug = 'static',
            'slug', 'is not usable in a URL', 'Use 1 to 40 of a-z, 0-9 and -, not "static".'),
        (c.name !~ '[^[:space:]\u0080-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]' COLLATE "C" OR length(c.name) > 100, 'name', 'is empty or longer than 100 characters', 'Write the name your users know.'),
        (c.logo IS NULL, 'logo', 'is missing', 'Pass the bytes of a png, jpeg or gif file.'),
        (c.logo IS NOT NULL AND c.logo_type IS NULL, 'logo', 'is not a png, jpeg or gif picture', 'Its own bytes decide, not its file name.'),
        (c.logo IS NOT NULL AND octet_length(c.logo) >= 60 * 1024, 'logo', format('has %s bytes', octet_length(c.logo)), 'It must have fewer than 61,440 (60 KB).'),
        (c.short_description !~ '[^[:space:]\u0080-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]' COLLATE "C" OR length(c.short_description) > 200,
            'short_description', 'is empty or longer than 200 characters', 'Say in one line what the connector brings.'),
        (c.long_description !~ '[^[:space:]\u0080-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]' COLLATE "C" OR length(c.long_description) > 4000,
            'long_description', 'is empty or longer than 4,000 characters', 'Say in a paragraph what it posts and why.'),
        (NOT o365_internal.is_https_url(c.website) AND NOT o365_internal.is_loopback_url(c.website),
            'website', 'is no https URL', 'Write https:// and your company''s site.'),
        (array_ndims(c.events) IS DISTINCT FROM 1 OR cardinality(c.events) > 20 OR EXISTS (SELECT FROM unnest(c.events) AS e WHERE e IS NULL OR e !~ '[^[:space:]\u0080-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]' COLLATE "C" OR length(e) > 200),
            'events', 'are not 1 to 20 phrases of at most 200 characters', 'Name what it posts about: array[''a ticket is opened''].'),
        (c.landing_page IS NOT NULL AND NOT o365_internal.is_https_url(c.landing_page) AND NOT o365_internal.is_loopback_url(c.landing_page),
            'landing_page', 'is no https URL', 'Leave it out to use our own page.'),
        (NOT o365_internal.is_https_url(c.callback_url) AND NOT o365_internal.is_loopback_url(c.callback_url),
            'callback_url', 'is neither https nor loopback', 'Microsoft returns nothing to such an address. Set public_url, or write https://...'),
        (c.callback_url IS NOT NULL AND c.callback_url ~ '[?#]', 'callback_url', 'has a query or a fragment', 'Microsoft adds its own parameters: leave it without any.'),
        (EXISTS (SELECT FROM unnest(c.target_urls) AS t WHERE NOT o365_internal.is_https_url(t)),
            'target_urls', 'are not all https URLs', 'Write https://example.org; its subdomains are included.'),
        (cardinality(c.enabled_for) = 0 OR NOT c.enabled_for <@ ARRAY['mail', 'groups', 'teams'],
            'enabled_for', 'is not any of mail, groups, teams', 'Name at least one: array[''groups''].'),
        (c.clean_page NOT IN ('302', 'no-referrer', 'origin'), 'clean_page', 'is unknown', 'Use 302, no-referrer or origin.')
    ) AS p (is_wrong, field, problem, hint) WHERE coalesce(p.is_wrong, true) $$;
COMMENT ON FUNCTION o365_internal.connector_problems(o365_internal.connector) IS
    'What is wrong with a registration, a row each; none when it is right. The one place of these rules.';

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

CREATE OR REPLACE FUNCTION o365.remove_connector(slug text, and_subscriptions boolean DEFAULT false) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_connector_id integer;
    v_subscriptions bigint[];
    v_id bigint;
BEGIN
    -- Callbacks share this lock (judge_attempt): those under way are waited for, and the next find no connector.
    SELECT c.connector_id INTO v_connector_id FROM o365_internal.connector AS c
     WHERE c.slug = remove_connector.slug AND c.removed_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no connector %', quote_nullable(slug)
            USING ERRCODE = 'undefined_object', HINT = 'select slug from o365.connectors lists them.';
    END IF;
    v_subscriptions := ARRAY(SELECT s.subscription_id FROM o365_internal.subscription AS s
                              WHERE s.connector_id = v_connector_id AND s.status <> 'removed' ORDER BY s.subscription_id);
    IF cardinality(v_subscriptions) > 0 AND NOT coalesce(and_subscriptions, false) THEN
        RAISE EXCEPTION 'connector % has subscriptions: %', quote_literal(slug), cardinality(v_subscriptions)
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('select o365.remove_connector(%L, and_subscriptions => true) removes them for good with it: webhooks are wiped, '
                                'waiting cards end as cancelled.', slug);
    END IF;
    FOREACH v_id IN ARRAY v_subscriptions LOOP
        PERFORM o365.remove(v_id);
    END LOOP;
    DELETE FROM o365_internal.ticket AS t WHERE t.connector_id = v_connector_id;
    UPDATE o365_internal.connector AS c SET removed_at = now(), changed_at = now() WHERE c.connector_id = v_connector_id;
    RETURN cardinality(v_subscriptions);
END $$;
COMMENT ON FUNCTION o365.remove_connector(text, boolean) IS
    'Removes a connector: its pages are gone, nobody can connect it, links that were handed out end. With and_subscriptions its subscriptions are '
    'removed as by o365.remove, and the answer is how many; without, it refuses while there are any. What was sent stays in o365.subscriptions, '
    'attempts and deliveries, and applications keep their grant: what they still send ends as cancelled. o365.register_connector under the same slug '
    'brings it back, with its app_id and grants and without subscriptions. Errors: undefined_object, object_not_in_prerequisite_state, '
    'lock_not_available (another session has a subscription locked for 5 s).';

CREATE OR REPLACE FUNCTION o365_internal.html(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN replace(replace(replace(replace($1, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;');
END $$;
COMMENT ON FUNCTION o365_internal.html(text) IS 'Text for HTML, attributes included.';

CREATE OR REPLACE FUNCTION o365_internal.url_encoded(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT coalesce(string_agg(CASE WHEN b BETWEEN 48 AND 57 OR b BETWEEN 65 AND 90 OR b BETWEEN 97 AND 122 OR b IN (45, 46, 95, 126)
                                    THEN chr(b) ELSE '%' || upper(lpad(to_hex(b), 2, '0')) END, '' ORDER BY i), '')
      FROM (SELECT i, get_byte(convert_to($1, 'UTF8'), i) AS b FROM generate_series(0, octet_length(convert_to($1, 'UTF8')) - 1) AS i) AS bytes);
END $$;
COMMENT ON FUNCTION o365_internal.url_encoded(text) IS 'Text for a URL''s query: all but RFC 3986 unreserved characters as %XX.';

CREATE OR REPLACE FUNCTION o365.connect_button(connector text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_connector o365_internal.connector;
BEGIN
    SELECT c.* INTO v_connector FROM o365_internal.connector AS c WHERE c.slug = connect_button.connector AND c.removed_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no connector %', quote_nullable(connector)
            USING ERRCODE = 'undefined_object', HINT = 'select slug from o365.connectors lists them.';
    END IF;
    RETURN format('<a href="%s">Connect to Office 365</a>', o365_internal.html(coalesce(v_connector.landing_page,
        o365_internal.text_setting('public_url') || '/connect/' || v_connector.slug || '/')));
END $$;
COMMENT ON FUNCTION o365.connect_button(text) IS
    'The HTML snippet that leads to the connector''s landing page. For a signed-in user link to what o365.begin_connect returns instead. '
    'Error: undefined_object.';

CREATE OR REPLACE FUNCTION o365.connect_button_documented(connector text, state text DEFAULT 'myAppsState') RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_connector o365_internal.connector;
BEGIN
    SELECT c.* INTO v_connector FROM o365_internal.connector AS c WHERE c.slug = connect_button_documented.connector AND c.removed_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no connector %', quote_nullable(connector)
            USING ERRCODE = 'undefined_object', HINT = 'select slug from o365.connectors lists them.';
    END IF;
    IF v_connector.require_state THEN
        RAISE NOTICE 'this button starts at Microsoft with a state that nobody handed out, and connector % requires one: its callback refuses it. '
            'Use o365.connect_button, or register it with require_state => false', connector;
    ELSE
        RAISE NOTICE 'this button names no account, and whoever presses it is asked to confirm before anything is posted. '
            'For users who are signed in, link to what o365.begin_connect returns';
    END IF;
    RETURN format('<a href="%s"><img src="https://o365connectors.blob.core.windows.net/images/ConnectToO365Button.png" alt="Connect to Office 365"></img></a>',
        o365_internal.html(format('%s?state=%s&app_id=%s&callback_url=%s', o365_internal.text_setting('connect_url'),
            o365_internal.url_encoded(state), v_connector.app_id, v_connector.callback_url)));
END $$;
COMMENT ON FUNCTION o365.connect_button_documented(text, text) IS
    'The snippet as Microsoft''s dashboard generated it, straight to the Connect page with a fixed state. It works '
    'for connectors with '
    'require_state off, names no account, and its connections wait until they are confirmed; others refuse it. A '
    'notice says which. '
    'Error: undefined_object.';
