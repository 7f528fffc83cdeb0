CREATE OR REPLACE FUNCTION o365_internal.preflight_registration(c o365_internal.connector)
RETURNS TABLE (item text, verdict text, problem text, next_step text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH v AS (
        SELECT o365_internal.text_setting('environment') = 'development' AS is_development,
               o365_internal.text_setting('public_url') AS public_url,
               (regexp_match(c.name, '\m(microsoft|office ?365|outlook|sharepoint|onedrive)\M' COLLATE "C", 'i'))[1]
                   AS trademark,
               (regexp_match(c.name, '(^|\W)(for|with) +\S+( 365)?$' COLLATE "C", 'i')) IS NOT NULL AS says_for)
    SELECT CASE WHEN p.field = 'logo' THEN 'logo' WHEN p.field ~ 'description' THEN 'descriptions'
                WHEN p.field = 'name' THEN 'name' WHEN p.field = 'landing_page' THEN 'landing'
                WHEN p.field = 'target_urls' THEN 'targets' WHEN p.field = 'callback_url' THEN 'https'
                ELSE 'registration' END, 'fail', format('%s %s.', p.field, p.problem), p.hint
      FROM o365_internal.connector_problems(c) AS p
    UNION ALL
    SELECT f.item, f.verdict, f.problem, f.next_step FROM v, LATERAL (VALUES
        (v.trademark IS NOT NULL AND NOT v.says_for, 'name', 'fail',
            format('The name %s holds the trademark %s.', quote_literal(c.name), v.trademark),
            'Give it a name of your own: select o365.alter_connector(..., name => ''...''). '
            'Microsoft allows its names behind "for", as in Contoso Helpdesk for Outlook.'),
        (v.trademark IS NULL OR v.says_for, 'name', 'look', format('It is called %s.', quote_literal(c.name)),
            'Search the registers of trademarks for that name.'),
        (length(c.long_description) <= length(c.short_description), 'descriptions', 'fail',
            format('The long description has %s characters, the short one %s.', length(c.long_description),
                   length(c.short_description)),
            'Say in a paragraph what it posts, when and why: select o365.alter_connector(..., '
            'long_description => ''...'').'),
        (c.short_description || ' ' || c.long_description ~* 'lorem ipsum' COLLATE "C", 'descriptions', 'fail',
            'A description is the text that fills an empty page (lorem ipsum).',
            'Write what the connector does: select o365.alter_connector(..., short_description => ''...'').'),
        (c.landing_page ~ '^https?://[^/]*/?$', 'landing', 'fail',
            format('The landing page %s is a home page, not the page with the button.', c.landing_page),
            'Link the page that calls o365.begin_connect: select o365.alter_connector(..., landing_page => ''...'').'),
        (c.landing_page IS NULL AND NOT c.allow_anonymous, 'landing', 'look',
            'Nobody can begin on its own page without a link of o365.begin_connect: whoever comes from the store is '
            'sent on to ' || c.website || '.',
            'Open that address: it has to lead to the page with the button. Or register that page: '
            'select o365.alter_connector(..., landing_page => ''...'').'),
        (v.public_url = '', 'https', 'fail', 'The setting public_url is empty, so there is no page at all.',
            'select o365.set(''public_url'', ''https://...'')'),
        (v.public_url ~ '^http:' AND NOT v.is_development, 'https', 'fail',
            format('public_url %s has no https.', v.public_url), 'select o365.set(''public_url'', ''https://...'')'),
        (o365_internal.is_loopback_url(v.public_url), 'https', CASE WHEN v.is_development THEN 'look' ELSE 'fail' END,
            format('public_url %s is on this machine.', v.public_url),
            'Right for development. Before real users come: select o365.set(''public_url'', ''https://...'')'),
        (o365_internal.is_loopback_url(c.callback_url), 'https', CASE WHEN v.is_development THEN 'look'
            ELSE 'fail' END, format('The redirect URL %s is on this machine.', c.callback_url),
            'Right for development. Before real users come register it again with its public address.'),
        (v.public_url <> '' AND NOT starts_with(c.callback_url, v.public_url || '/'), 'https', 'fail',
            format('The redirect URL %s is not below public_url %s, so the browser''s cookie does not reach it.',
                   c.callback_url, v.public_url),
            format('select o365.alter_connector(%L, callback_url => %L)', c.slug,
                   v.public_url || '/connect/' || c.slug || '/callback')),
        (c.support IS NULL, 'documentation', 'look', 'It names nobody whom users can ask for help.',
            'select o365.alter_connector(..., support => ''help@example.org'')')
    ) AS f (holds, item, verdict, problem, next_step) WHERE f.holds $$;
COMMENT ON FUNCTION o365_internal.preflight_registration(o365_internal.connector) IS
    'What the store''s checklist says of a registration, as o365_internal.preflight has it.';
