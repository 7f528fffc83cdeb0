-- Registration: every check of the form, with the words an operator reads.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();

CREATE FUNCTION pg_temp.register(
    slug text DEFAULT 'ok', name text DEFAULT 'Name', logo bytea DEFAULT '\x89504e470d0a1a0a00',
    short_description text DEFAULT 'short', long_description text DEFAULT 'long',
    website text DEFAULT 'https://contoso.example', events text[] DEFAULT '{one}', callback_url text DEFAULT NULL,
    target_urls text[] DEFAULT '{}',
    enabled_for text[] DEFAULT '{groups}', landing_page text DEFAULT NULL, clean_page text DEFAULT '302') RETURNS uuid
    LANGUAGE sql AS $$
    SELECT o365.register_connector(slug, name, logo, short_description, long_description, website, events, callback_url,
        target_urls, enabled_for, landing_page, NULL, clean_page) $$;

SELECT throws_ok(format('SELECT pg_temp.register(%s)', c.argument), '22023',
    format('connector %s: %s', c.slug, c.message), c.description) FROM (VALUES
    ('slug => ''No Good''', '''No Good''', 'slug is not usable in a URL', 'a slug has no capitals or blanks'),
    ('slug => ''static''', '''static''', 'slug is not usable in a URL', 'a slug is not the folder of static files'),
    ('slug => repeat(''x'', 41)', quote_literal(repeat('x', 41)), 'slug is not usable in a URL',
        'a slug has at most 40 characters'),
    ('slug => NULL', 'NULL', 'slug is not usable in a URL', 'a slug is needed'),
    ('name => '' ''', '''ok''', 'name is empty or longer than 100 characters', 'a name is needed'),
    ('logo => NULL', '''ok''', 'logo is missing', 'a logo is needed'),
    ('logo => ''<svg/>''::bytea', '''ok''', 'logo is not a png, jpeg or gif picture',
        'an SVG is no logo, whatever its name'),
    ('logo => ''\x89504e470d0a1a0a''::bytea || decode(repeat(''00'', 61440), ''hex'')', '''ok''',
        'logo has 61448 bytes', 'a logo has less than 60 KB'),
    ('short_description => ''''', '''ok''', 'short_description is empty or longer than 200 characters',
        'a short description is needed'),
    ('long_description => NULL', '''ok''', 'long_description is empty or longer than 4,000 characters',
        'a long description is needed'),
    ('website => ''http://contoso.example''', '''ok''', 'website is no https URL', 'a website is https'),
    ('website => ''https://user@contoso.example''', '''ok''', 'website is no https URL', 'a website has no user'),
    ('events => ''{}''', '''ok''', 'events are not 1 to 20 phrases of at most 200 characters', 'events are needed'),
    ('callback_url => ''http://app.example.org/callback''', '''ok''', 'callback_url is neither https nor loopback',
        'a callback is https'),
    ('callback_url => ''https://app.example.org/callback?x=1''', '''ok''', 'callback_url has a query or a fragment',
        'a callback has no query'),
    ('callback_url => ''https://app.example.org/callback#x''', '''ok''', 'callback_url has a query or a fragment',
        'nor a fragment'),
    ('target_urls => ''{http://x.example}''', '''ok''', 'target_urls are not all https URLs', 'target URLs are https'),
    ('enabled_for => ''{yammer}''', '''ok''', 'enabled_for is not any of mail, groups, teams', 'products are known'),
    ('enabled_for => ''{}''', '''ok''', 'enabled_for is not any of mail, groups, teams', 'and at least one'),
    ('clean_page => ''none''', '''ok''', 'clean_page is unknown', 'a clean page is 302, no-referrer or origin'),
    ('landing_page => ''ftp://x''', '''ok''', 'landing_page is no https URL', 'a landing page is https')
) AS c (argument, slug, message, description);

SELECT lives_ok($$SELECT pg_temp.register(logo => '\xffd8ff00')$$, 'a jpeg is a logo');
SELECT lives_ok($$SELECT pg_temp.register(logo => 'GIF89a'::bytea)$$, 'a gif is a logo');
SELECT lives_ok($$SELECT pg_temp.register(callback_url => 'http://localhost:3000/callback')$$,
    'a callback may be loopback in development');
SELECT lives_ok($$SELECT pg_temp.register(website => 'https://contoso.example/a?b=c')$$, 'a website may have a query');
SELECT is(pg_temp.register(name => 'Renamed'), (SELECT c.app_id FROM o365_internal.connector AS c WHERE c.slug = 'ok'),
    'a registration that is replaced keeps its app_id');
SELECT is((SELECT c.callback_url FROM o365.connectors AS c WHERE c.slug = 'ok'),
    'https://app.example.org/connect/ok/callback', 'the callback is ours unless it is named');
SELECT is(o365.connect_button('ok'), '<a href="https://app.example.org/connect/ok/">Connect to Office 365</a>',
    'the button leads to the landing page');
SELECT o365.set('connect_url', 'https://outlook.office.com/connectors/Connect') \g /dev/null
SELECT matches(o365.connect_button_documented('ok'),
    '^<a href="https://outlook\.office\.com/connectors/Connect\?state=myAppsState&amp;app_id=[0-9a-f-]{36}'
    '&amp;callback_url=https://app\.example\.org/connect/ok/callback"><img src=',
    'the documented button leads to Microsoft''s page');
SELECT throws_ok($$SELECT o365.connect_button('nothing')$$, '42704', 'there is no connector ''nothing''',
    'a button needs a connector');
SELECT throws_ok($$SELECT o365.grant_application('shop', 'nothing')$$, '42704', 'there is no connector ''nothing''',
    'a grant needs a connector');
SELECT throws_ok($$SELECT o365.grant_application('nobody_at_all', 'ok')$$, '42704',
    'there is no role ''nobody_at_all''', 'and a role');
SELECT ok(pg_has_role('shop', 'o365_app', 'MEMBER'), 'a granted role is a member of o365_app');
SELECT is(o365.revoke_application('shop', 'desk'), true, 'a grant is taken back');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT throws_ok($$SELECT o365.begin_connect('desk', 'x')$$, '42501', NULL, 'and then nothing works any more');
RESET SESSION AUTHORIZATION;

-- Settings.
SELECT throws_ok($$SELECT o365.set('public_url', 'https://app.example.org/')$$, '22023',
    'setting public_url cannot be ''https://app.example.org/''', 'public_url ends without a slash');
SELECT throws_ok(format('SELECT o365.set(''public_url'', %L)', u), '22023',
    format('setting public_url cannot be %L', u),
    format('%s is no public_url', u))
    FROM unnest(ARRAY['http://app.example.org', 'https://app..example.org', 'https://-a.example.org',
    'https://app.example.org:123456', 'https://app.example.org/connect', 'https://app.example.org/a/connect/b',
    'ftp://x', 'https://']) AS u;
SELECT is(o365.set('public_url', u), u, format('%s is a public_url', u))
  FROM unnest(ARRAY['https://app.example.org:8443/team/tools', 'http://localhost:8080', 'http://app.localhost',
      'https://app.example.org']) AS u;
SELECT throws_ok($$SELECT o365.set('publik_url', 'x')$$, '42704', 'there is no setting ''publik_url''',
    'a setting that does not exist is named');
SELECT throws_ok($$SELECT o365.set('history_days', '0')$$, '22023', NULL, 'a setting has a form');
SELECT is(o365.set('history_days', '7'), '7', 'and takes what fits');
SELECT throws_ok(format('SELECT o365.allow_webhook_host(''connector'', %L)', h), '22023', NULL, format('%s is no host',
    h)) FROM unnest(ARRAY['127.0.0.1', 'localhost', '*', 'a..b', '-a.b', 'a.b/', 'a.b:443', '']) AS h;
-- The standalone sandbox's webhooks lie on localhost.
SELECT throws_ok(format('SELECT o365.allow_webhook_host(''connector'', %L, 9443)', h), '22023',
    format('host %L is this machine, which is for development only', h),
    format('%s is refused in production', h))
    FROM unnest(ARRAY['localhost', '*.localhost', 'LOCALHOST', '127.0.0.1']) AS h;
SAVEPOINT development;
SELECT o365.set('environment', 'development') \g /dev/null
SELECT is(o365.allow_webhook_host('connector', h, 9443), 'localhost', format('and %s taken in development', h))
  FROM unnest(ARRAY['localhost', '*.localhost']) AS h;
SELECT is(o365_internal.webhook_dialect(h, 9443), d, format('webhooks on %s', h))
  FROM (VALUES ('localhost', 'connector'), ('a.localhost', 'connector'), ('notlocalhost', NULL)) AS v (h, d);
SELECT is(o365.allow_webhook_host('workflow', '127.0.0.1', 9443), '127.0.0.1', 'and 127.0.0.1, for the other dialect');
SELECT throws_ok(format('SELECT o365.allow_webhook_host(''connector'', %L, 9443)', h),
    '22023', format('host %L is no host name', h), format('%s is none there either', h))
  FROM unnest(ARRAY['127.0.0.2', '*.127.0.0.1', '[::1]', 'local']) AS h;
ROLLBACK TO development;
SELECT o365.set('public_url', 'http://localhost:8080') \g /dev/null
SELECT is(o365.allow_webhook_host('connector', 'localhost', 9443), 'localhost',
    'and where public_url is on this machine');
ROLLBACK TO development;
SELECT is(o365.allow_webhook_host('connector', '*.webhook.office.com'), 'webhook.office.com',
    'allowing what is allowed changes nothing');
SELECT throws_ok($$SELECT o365.allow_webhook_host('workflow', '*.webhook.office.com')$$, '55000',
    'webhooks on *.webhook.office.com speak dialect connector already',
    'a host does not change its dialect under the webhooks that lie there');
SELECT is(o365.forbid_webhook_host('*.webhook.office.com'), true, 'it is forbidden first');
SELECT is(o365.allow_webhook_host('workflow', '*.webhook.office.com'), 'webhook.office.com', 'and allowed anew');

-- Keys.
SELECT lives_ok(format('SELECT o365_programs.worker_add_key(''10FF825991ECBCBF'', ''public'', %L)',
    o365_internal.dearmor(:'public_key')), 'a key that is known already is left as it is');
SELECT throws_ok(format('SELECT o365_programs.worker_add_key(''00FF825991ECBCBF'', ''public'', %L)',
    o365_internal.dearmor(:'public_key')), '55000',
    'webhooks are sealed under key 10FF825991ECBCBF already', 'a second host''s new key takes nothing over by itself');
SELECT throws_ok(format('SELECT o365_programs.worker_add_key(''00FF825991ECBCBF'', ''public'', %L, true)',
    o365_internal.dearmor(:'public_key')), '55000', 'key 00FF825991ECBCBF seals under another key id than its name',
    'a key has its own name');
SELECT throws_ok($$SELECT o365_programs.worker_add_key('AAAAAAAAAAAAAAAA', 'public', '\x00', true)$$, NULL, NULL,
    'bytes that are no key are refused');
SELECT throws_ok($$SELECT o365_programs.worker_add_key('10FF825991ECBCBF', 'public', '\x00')$$, '22023',
    'key 10FF825991ECBCBF is known with other bytes', 'a key''s bytes are never replaced');
SELECT is((SELECT array_agg(k.key_id) FROM o365_programs.worker_keys() AS k WHERE k.active AND k.kind = 'public'),
    ARRAY['10FF825991ECBCBF'], 'and the one in use is the one in use');

SELECT * FROM finish();
ROLLBACK;
