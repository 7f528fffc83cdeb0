CREATE OR REPLACE FUNCTION o365_internal.connector_problems(c o365_internal.connector)
RETURNS TABLE (field text, problem text, hint text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.field, p.problem, p.hint FROM (VALUES
        (c.slug !~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$' OR c.slug = 'static',
            'slug', 'is not usable in a URL', 'Use 1 to 40 of a-z, 0-9 and -, not "static".'),
        (c.name !~ '[^[:space:]\u0080-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]' COLLATE "C"
         OR length(c.name) > 100, 'name', 'is empty or longer than 100 characters', 'Write the name your users know.'),
        (c.logo IS NULL, 'logo', 'is missing', 'Pass the bytes of a png, jpeg or gif file.'),
        (c.logo IS NOT NULL AND c.logo_type IS NULL, 'logo', 'is not a png, jpeg or gif picture',
         'Its own bytes decide, not its file name.'),
        (c.logo IS NOT NULL AND octet_length(c.logo) >= 60 * 1024, 'logo', format('has %s bytes', octet_length(c.logo)),
         'It must have fewer than 61,440 (60 KB).'),
        (c.short_description !~ '[^[:space:]\u0080-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]' COLLATE "C"
            OR length(c.short_description) > 200,
            'short_description', 'is empty or longer than 200 characters',
            'Say in one line what the connector brings.'),
        (c.long_description !~ '[^[:space:]\u0080-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]' COLLATE "C"
            OR length(c.long_description) > 4000,
            'long_description', 'is empty or longer than 4,000 characters',
            'Say in a paragraph what it posts and why.'),
        (NOT o365_internal.is_https_url(c.website) AND NOT o365_internal.is_loopback_url(c.website),
            'website', 'is no https URL', 'Write https:// and your company''s site.'),
        (array_ndims(c.events) IS DISTINCT FROM 1 OR cardinality(c.events) > 20
            OR EXISTS (SELECT FROM unnest(c.events) AS e WHERE e IS NULL
                       OR e !~ '[^[:space:]\u0080-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]' COLLATE "C"
                       OR length(e) > 200),
            'events', 'are not 1 to 20 phrases of at most 200 characters',
            'Name what it posts about: array[''a ticket is opened''].'),
        (c.landing_page IS NOT NULL AND NOT o365_internal.is_https_url(c.landing_page)
            AND NOT o365_internal.is_loopback_url(c.landing_page),
            'landing_page', 'is no https URL', 'Leave it out to use our own page.'),
        (NOT o365_internal.is_https_url(c.callback_url) AND NOT o365_internal.is_loopback_url(c.callback_url),
            'callback_url', 'is neither https nor loopback',
            'Microsoft returns nothing to such an address. Set public_url, or write https://...'),
        (c.callback_url IS NOT NULL AND c.callback_url ~ '[?#]', 'callback_url', 'has a query or a fragment',
         'Microsoft adds its own parameters: leave it without any.'),
        (EXISTS (SELECT FROM unnest(c.target_urls) AS t WHERE NOT o365_internal.is_https_url(t)),
            'target_urls', 'are not all https URLs', 'Write https://example.org; its subdomains are included.'),
        (cardinality(c.enabled_for) = 0 OR NOT c.enabled_for <@ ARRAY['mail', 'groups', 'teams'],
            'enabled_for', 'is not any of mail, groups, teams', 'Name at least one: array[''groups''].'),
        (c.ways IS NOT NULL AND (array_ndims(c.ways) IS DISTINCT FROM 1 OR NOT c.ways <@ ARRAY['workflow', 'button']),
            'ways', 'is not any of workflow, button',
            'Name at least one: ''{workflow}''. Leave it out for what works today.'),
        (c.support IS NOT NULL AND NOT o365_internal.is_https_url(c.support)
             AND NOT o365_internal.is_loopback_url(c.support)
             AND (length(c.support) > 254
                  OR c.support !~ '^[^[:space:]@<>"\\]+@[^[:space:]@<>"\\]+\.[^[:space:]@<>"\\]+$' COLLATE "C"),
            'support', 'is neither a mail address nor an https URL',
            'Write whom your users ask for help: help@example.org.'),
        (c.language IS NOT NULL AND c.language !~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$' COLLATE "C",
            'language', 'is no language tag', 'Write de or pt-br; leave it out to follow each browser.'),
        (c.max_age IS NOT NULL AND c.max_age <= '0', 'max_age', 'is not longer than nothing',
         'Pass an interval: ''2 days''. Leave it out to send however late.'),
        (c.when_blocked IS NOT NULL AND c.when_blocked NOT IN ('wait', 'pass'), 'when_blocked', 'is unknown',
         'Use wait or pass.'),
        (c.clean_page NOT IN ('302', 'no-referrer', 'origin'), 'clean_page', 'is unknown',
         'Use 302, no-referrer or origin.')
    ) AS p (is_wrong, field, problem, hint) WHERE coalesce(p.is_wrong, true) $$;
COMMENT ON FUNCTION o365_internal.connector_problems(o365_internal.connector) IS
    'What is wrong with a registration, a row each; none when it is right. The one place of these rules.';
