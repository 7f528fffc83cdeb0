-- o365.remove_connector: what it removes, what it keeps, and that the connector can be registered again under its slug.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();
SELECT throws_ok($$SELECT o365.remove_connector('nothing')$$, '42704', 'there is no connector ''nothing''',
    'there has to be one');
SELECT throws_ok($$SELECT o365.remove_connector(NULL)$$, '42704', 'there is no connector NULL', 'null is none');
CREATE TEMP TABLE one AS SELECT pg_temp.connect('ann') AS id,
    (SELECT c.app_id FROM o365.connectors AS c WHERE c.slug = 'desk') AS app_id;
SELECT pg_temp.connect('bob') \g /dev/null
SELECT throws_ok($$SELECT o365.remove_connector('desk')$$, '55000', 'connector ''desk'' has subscriptions: 2',
    'it refuses while there are subscriptions');
SELECT throws_ok($$SELECT o365.remove_connector('desk', NULL)$$, '55000', NULL, 'unless told, and null tells nothing');
SELECT is((SELECT count(*) FROM o365.subscriptions WHERE status = 'active'), 2::bigint, 'which stay as they were');

-- An attempt and a ticket that are open meanwhile.
SELECT pg_temp.begin('state-open', 'cookie', 'cid') \g /dev/null
SELECT is(o365.remove_connector('desk', and_subscriptions => true), 2, 'with them, it says how many');
SELECT is((SELECT string_agg(DISTINCT s.status, ' ') FROM o365.subscriptions AS s), 'removed', 'they are removed');
SELECT is((SELECT count(*) FROM o365_internal.subscription AS s WHERE s.sealed IS NOT NULL
    OR s.webhook_index IS NOT NULL), 0::bigint, 'their webhooks wiped');
SELECT is((SELECT count(*) FROM o365.connectors), 0::bigint, 'it is registered no more');
SELECT is((SELECT count(*) FROM o365.subscriptions AS s WHERE s.connector = 'desk'), 2::bigint,
    'but the history names it');
SELECT is(o365_programs.responder_landing('desk', NULL)->>'found', 'false', 'its landing page is gone');
SELECT is_empty($$SELECT * FROM o365_programs.responder_logo('desk')$$, 'and its logo');
SELECT is((SELECT count(*) FROM o365_internal.ticket), 0::bigint, 'links that were handed out end');
SELECT is(pg_temp.callback('state-open', 'cookie', 'r-000000000abc')->>'outcome', 'unknown_connector',
    'a callback under way stores nothing');
SELECT is((SELECT count(*) FROM o365.subscriptions WHERE status <> 'removed'), 0::bigint, 'indeed nothing');
SELECT throws_ok($$SELECT o365.remove_connector('desk')$$, '42704', NULL, 'it is removed once');
SELECT throws_ok($$SELECT o365.grant_application('shop', 'desk')$$, '42704', NULL, 'and granted to nobody');
SELECT throws_ok($$SELECT o365.connect_button('desk')$$, '42704', NULL, 'it has no button');

-- What applications do with it: no order is rolled back because a connector is gone.
SET SESSION AUTHORIZATION shop;
SELECT throws_ok($$SELECT o365.begin_connect('desk', 'dan')$$, '55000', 'connector ''desk'' was removed',
    'an application cannot begin a connection');
SELECT lives_ok($$SELECT o365.send((SELECT min(subscription_id) FROM o365.subscriptions), '{"text": "an order"}')$$,
    'what it sends to one that was removed is taken');
SELECT is_empty($$SELECT * FROM o365.send_to_user('desk', 'ann', '{"text": "an order"}')$$,
    'to a user it goes nowhere');
SELECT throws_ok($$SELECT o365.remove_connector('desk')$$, '42501', NULL, 'and only an operator removes');
RESET SESSION AUTHORIZATION;

SELECT is(o365.register_connector('desk', 'Back again', pg_temp.logo(), 'short', 'long', 'https://contoso.example',
    ARRAY['one']), (SELECT app_id FROM one), 'registered again it has its app_id');
SELECT is((SELECT c.name || ' ' || c.applications::text FROM o365.connectors AS c), 'Back again {shop}',
    'and its grants');
SELECT is((SELECT count(*) FROM o365.subscriptions WHERE status <> 'removed'), 0::bigint, 'and no subscription');
SELECT lives_ok($$SELECT pg_temp.connect('ann', 2)$$, 'and is connected to');
SELECT throws_ok($$SELECT o365.remove_connector('desk')$$, '55000', NULL, 'which counts again');
SELECT is(o365.remove_connector('desk', true), 1, 'removed ones do not count');
SELECT * FROM finish();
ROLLBACK;
