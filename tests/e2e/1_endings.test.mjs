// Every way in which connecting can end besides the usual one: each has its page, its row and its outcome in
// o365.connect_attempt.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {readFileSync, statSync} from 'node:fs';
import https from 'node:https';
import {join} from 'node:path';
import {after, before, test} from 'node:test';

import {asApplication, asSuperuser, Client, connect, LOGS, openBrowser, openBrowserThatBlocksCookies, openSession,
    photograph, PUBLIC_URL, remember, ROOT, sql, STACK_DIR, testOnce, ticketLink, toPicker, until} from './harness.mjs';

let other;  // another site: the application's own pages, a page that frames, a page that attacks
let otherUrl;

before(async () => {
    other = https.createServer({key: readFileSync(join(STACK_DIR, 'conf/server.key')),
        cert: readFileSync(join(STACK_DIR, 'conf/server.pem'))}, (request, response) => {
        response.setHeader('Content-Type', 'text/html; charset=utf-8');
        const page = request.url.split('?')[0];
        response.end(page === '/button'
            ? `<title>Button</title>${sql("select o365.connect_button_documented('plain')")}`
            : `<title>Elsewhere</title><h1>Elsewhere</h1>`);
    });
    await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
    otherUrl = `https://localhost:${other.address().port}`;
    const logo = readFileSync(join(ROOT, 'scripts/demo-logo.png')).toString('base64');
    const register = (slug, name, more = '') => sql(`select o365.register_connector('${slug}', '${name}',
        decode('${logo}', 'base64'), 'brings companies and customers together',
        'Posts new tickets and answers.', '${otherUrl}/application', array['a customer opens a ticket']${more});
            select o365.grant_application('demo_app', '${slug}')`);
    register('ends', 'Contoso Helpdesk');
    register('asks', 'Careful Helpdesk', ', confirm => true');
    register('plain', 'Plain Helpdesk', ', require_state => false');
    for (const mode of ['no-referrer', 'origin']) register(`back-${mode}`, `Back ${mode}`, `, clean_page => '${mode}'`);
});
after(() => other.close());

const connection = (user) =>
    asApplication(`select app_type, coalesce(group_name, ''), status from o365.connections('${user}')`);
const callbackUrl = (slug, parameters) => `${PUBLIC_URL}/connect/${slug}/callback?${new URLSearchParams(parameters)}`;
const attempt = (request) => sql(`select outcome, detail from o365.connect_attempt('${request}')`);
const hash = (text) => createHash('sha256').update(text).digest('hex');
let webhooks = 0;
const newWebhook = (host = 'contoso.webhook.localhost') =>
    `https://${host}:${process.env.PORT}/webhookb2/made-up-by-a-test-${process.pid}-${++webhooks}`;

/** The failure page: its reason, what it says, its request id, and what o365.connect_attempt knows by it. Keeps
 * pictures. */
async function failure(page, reason, {says, outcome = reason, detail = '', picture = `failed-${reason}`}) {
    await page.waitForURL((url) => url.pathname.endsWith('/failed') && url.searchParams.get('reason') === reason);
    assert.match(await page.textContent('main'), says);
    const request = await page.textContent('footer code');
    assert.equal(attempt(request), `${outcome}|${detail}`);
    assert.equal(await page.getAttribute('meta[name=referrer]', 'content'), 'no-referrer');
    if (picture) await photograph(page, picture);
    return request;
}

/** An attempt that a browser began: it stands at Microsoft's page, whose URL has the state. */
async function begun(page, user, connector = 'ends', more = '') {
    await toPicker(page, ticketLink(user, connector, more));
    return new URL(page.url()).searchParams.get('state');
}

async function inBrowser(work, options) {
    const {page, context, close} = await openBrowser(options);
    try {
        await work(page, context);
    } finally {
        await close();
    }
}

test('after Deny the same ticket serves again, and no URL carries it', () => inBrowser(async (page, context) => {
    await begun(page, 'deny');
    const urls = [];
    context.on('request', (request) => urls.push(request.url(), request.headers().referer ?? ''));
    await page.getByRole('button', {name: 'Deny'}).click();
    await failure(page, 'denied', {says: /pressed Deny.*connecting the account\s+deny/s});
    await page.getByRole('button', {name: 'Try again'}).click();
    await page.getByLabel('Sales group').check();
    await page.getByRole('button', {name: 'Allow'}).click();
    await page.waitForURL(/\/done\//);
    assert.equal(connection('deny'), 'groups|Sales|active');
    assert.ok(urls.length > 5 && !urls.some((url) => /ticket/.test(url)), urls.find((url) => /ticket/.test(url)));
}));

testOnce('whoever gets the address of a failure page can neither see the account nor use its ticket',
    () => inBrowser(async (page) => {
    await begun(page, 'deny-stranger');
    await page.getByRole('button', {name: 'Deny'}).click();
    await page.waitForURL(/\/failed\?/);
    const request = new URL(page.url()).searchParams.get('request');
    await inBrowser(async (stranger) => {
        await stranger.goto(page.url());
        assert.doesNotMatch(await stranger.textContent('main'), /deny-stranger/);
        assert.equal(await stranger.getByRole('button', {name: 'Try again'}).count(), 0);
        assert.match(await stranger.textContent('main'), /To start, go to Contoso Helpdesk, sign in there/);
        await photograph(stranger, 'failed-denied-elsewhere');
        await stranger.getByRole('link', {name: 'Go to Contoso Helpdesk'}).click();
        await stranger.waitForURL(`${otherUrl}/application`);
    });
    const thief = await new Client().request(`${PUBLIC_URL}/connect/ends/start`, {again: request});
    assert.equal(thief.status, 303);
    assert.match(thief.location, /\/failed\?reason=ticket&request=r-/);
}));

for (const [error, reason, says, detail] of [
    ['Invalid Request', 'invalid_request',
        /did not recognise this connector.*tell the people who run Contoso Helpdesk/s, ''],
    ['ServerBusy', 'unknown_error', /an error that it did not explain/, 'ServerBusy'],
    ['no_parameters', 'unknown_error', /an error that it did not explain/, 'other: no_parameters'],
]) {
    testOnce(`error=${error} ends the attempt as ${reason} and the ticket serves again`,
        () => inBrowser(async (page) => {
        const state = await begun(page, `error-${error}`.replace(' ', '-'));
        await page.goto(callbackUrl('ends', {state, error}));
        await failure(page, reason, {says, detail});
        await page.goto(callbackUrl('ends', {state, webhook_url: newWebhook()}));
        await failure(page, 'used', {says: /can be used only once/, detail: `the attempt had ended as ${reason}`});
        await page.getByRole('button', {name: 'Try again'}).click();
        await page.getByLabel('Sales group').waitFor();
    }));
}

test('"+" and "%20" are both blanks, parameters come in any order, and what is documented nowhere is ignored',
    () => inBrowser(async (page) => {
    const state = await begun(page, 'order');
    await page.goto(`${PUBLIC_URL}/connect/ends/callback?app_type=groups&group_name=Sales+and%20more+%2B&later=1`
        + `&webhook_url=${encodeURIComponent(newWebhook())}&state=${state}`);
    await page.waitForURL(/\/done\//);
    assert.equal(connection('order'), 'groups|Sales and more +|active');
    const denied = await begun(page, 'order-2');
    await page.goto(`${PUBLIC_URL}/connect/ends/callback?error=Invalid+Request&state=${denied}`);
    await failure(page, 'invalid_request', {says: /did not recognise/, picture: ''});
}));

test('a group may be called anything: it is shown as text and stored as it came', () => inBrowser(async (page) => {
    const names = ['<script>alert(1)</script>', '"quoted" \'twice\' & {{name}} {name}', '\u202eright to left\u202c',
        '漢字 Ünïcödé 👩‍👩‍👧‍👦', `${'long'.repeat(60)} end`, '100 % + more\\x'];
    for (const [i, name] of names.entries()) {
        const state = await begun(page, `name-${i}`);
        await page.goto(callbackUrl('ends', {state, webhook_url: newWebhook(), group_name: name, app_type: 'Groups'}));
        await page.waitForURL(/\/done\//);
        assert.equal(await page.textContent('dd'), name);
        assert.equal(connection(`name-${i}`), `groups|${name}|active`);
        if (i === 4) await photograph(page, 'done-long-name');
    }
}));

testOnce('a type of place that nobody knows yet is kept, and the page speaks of none', () => inBrowser(async (page) => {
    const state = await begun(page, 'new-type');
    await page.goto(callbackUrl('ends', {state, webhook_url: newWebhook(), group_name: 'Place', app_type: 'Sôme-New'}));
    await page.waitForURL(/\/done\//);
    assert.equal(connection('new-type'), 'sôme-new|Place|active');
    assert.match(await page.textContent('h1'), /is connected/);
    assert.doesNotMatch(await page.textContent('main'), /Sôme|group|team|inbox/i);
}));

testOnce('a callback without a state, or with one that nobody handed out, is refused; the two are told apart',
    () => inBrowser(async (page) => {
    await page.goto(callbackUrl('ends', {webhook_url: newWebhook()}));
    await failure(page, 'no_state', {says: /not opened by the Connect button/, detail: 'it carried none'});
    await page.goto(callbackUrl('ends', {state: 'myAppsState', webhook_url: newWebhook()}));
    await failure(page, 'no_state', {says: /not opened by the Connect button/,
        detail: 'it carried one that was never handed out for this connector', picture: ''});
    const elsewhere = await begun(page, 'wrong-connector');
    await page.goto(callbackUrl('desk', {state: elsewhere, webhook_url: newWebhook()}));
    await failure(page, 'no_state', {says: /not opened by the Connect button/,
        detail: 'it carried one that was never handed out for this connector', picture: ''});
}));

testOnce('an expired attempt is refused, and its ticket serves as long as it is good', () => inBrowser(async (page) => {
    const state = await begun(page, 'late');
    asSuperuser(`update o365_internal.connect_attempt set expires_at = now() where state_hash = '\\x${hash(state)}'`);
    await page.getByLabel('Sales group').check();
    await page.getByRole('button', {name: 'Allow'}).click();
    await failure(page, 'expired', {says: /More time passed/});
    assert.equal(connection('late'), '');
    await page.getByRole('button', {name: 'Try again'}).click();
    await page.getByLabel('Sales group').waitFor();
    await page.goBack();
    await page.getByRole('button', {name: 'Try again'}).waitFor();
    asSuperuser("update o365_internal.ticket set expires_at = now() where app_user = 'late'");
    await page.getByRole('button', {name: 'Try again'}).click();
    await failure(page, 'ticket',
        {says: /link that you came by was used already, or is too old/, detail: 'its time had passed'});
    assert.equal(await page.getByRole('button', {name: 'Try again'}).count(), 0);
}));

testOnce('the cookie of an attempt stays as long as its ticket serves, so that an expired attempt can be tried again',
    () => inBrowser(async (page, context) => {
    sql("select o365.set('state_minutes', '5')");
    try {
        const state = await begun(page, 'patient');
        const [cookie] = (await context.cookies(PUBLIC_URL))
            .filter(({name}) => name === `__Host-o365-${hash(state).slice(0, 8)}`);
        const minutes = (cookie.expires - Date.now() / 1000) / 60;
        assert.ok(minutes > 50 && minutes <= 60, `${minutes} minutes`);
    } finally {
        sql("select o365.set('state_minutes', '60')");
    }
}));

testOnce('a browser with another cookie is refused, and the attempt waits for its own',
    () => inBrowser(async (page, context) => {
    const state = await begun(page, 'two-browsers');
    const url = callbackUrl('ends', {state, webhook_url: newWebhook(), group_name: 'Sales', app_type: 'groups'});
    await inBrowser(async (stranger, strangers) => {
        await strangers.addCookies([{name: `__Host-o365-${hash(state).slice(0, 8)}`,
            value: 'a-cookie-of-another-browser', url: `${PUBLIC_URL}/`, secure: true, httpOnly: true}]);
        await stranger.goto(url);
        await failure(stranger, 'other_browser', {says: /another browser.*first attempt still waits there/s});
    });
    assert.equal(connection('two-browsers'), '');
    assert.equal((await context.cookies(PUBLIC_URL)).length, 1);
    await page.goto(url);
    await page.waitForURL(/\/done\//);
    assert.equal(connection('two-browsers'), 'groups|Sales|active');
}));

testOnce('a browser that blocks our cookies is told so', async () => {
    const {page, context, close} = await openBrowserThatBlocksCookies(PUBLIC_URL);
    try {
        await begun(page, 'blocked');
        assert.deepEqual(await context.cookies(PUBLIC_URL), []);
        await page.getByLabel('Sales group').check();
        await page.getByRole('button', {name: 'Allow'}).click();
        // The page looks once whether the cookie comes after all.
        await page.waitForURL(/look=1/);
        await failure(page, 'no_cookie', {says: /did not send back the cookie.*allow cookies for this site/s});
        assert.equal(connection('blocked'), '');
    } finally {
        await close();
    }
});

testOnce('a webhook on a host that is not allowed is refused and the operator reads which',
    () => inBrowser(async (page) => {
    const state = await begun(page, 'evil');
    await page.goto(callbackUrl('ends', {state, webhook_url: newWebhook('contoso.webhook.localhost.evil.example')}));
    await failure(page, 'refused_host',
        {says: /does not belong to a service/, detail: 'contoso.webhook.localhost.evil.example'});
    const again = await begun(page, 'evil-2');
    await page.goto(callbackUrl('ends',
        {state: again, webhook_url: 'http://contoso.webhook.localhost/webhookb2/plain-http-is-none'}));
    await failure(page, 'webhook_not_https',
        {says: /does not begin with https/, outcome: 'bad_webhook', detail: 'the webhook is not https'});
    assert.equal(connection('evil') + connection('evil-2'), '');
}));

test('the callback without any parameter is a clean page at its own address', () => inBrowser(async (page) => {
    const response = await page.goto(`${PUBLIC_URL}/connect/ends/callback`);
    assert.equal(response.status(), 200);
    assert.match(await page.textContent('h1'), /Nothing to do here/);
    assert.equal(attempt(await page.textContent('footer code')), 'no_parameters|');
    await photograph(page, 'callback-without-parameters');
    await page.goto(`${PUBLIC_URL}/connect/plain/callback`);
    assert.match(await page.textContent('main'), /go to Plain Helpdesk/);
}));

test('a callback of a connector that does not exist, or that nothing can be called, is written down as well',
    () => inBrowser(async (page) => {
    for (const slug of ['Ends', 'no%20slug', '%c3%a9', 'e'.repeat(60)]) {
        const answer = await page.goto(callbackUrl(slug, {state: 'some-state-of-mistyped', webhook_url: newWebhook()}));
        assert.equal(answer.status(), 404);
        assert.equal(attempt(await page.textContent('footer code')), 'unknown_connector|');
    }
    const response = await page.goto(callbackUrl('mistyped',
        {state: 'some-state-of-mistyped', webhook_url: newWebhook()}));
    assert.equal(response.status(), 404);
    assert.equal(attempt(await page.textContent('footer code')), 'unknown_connector|');
    await photograph(page, 'callback-of-no-connector');
}));

test('a callback address that was registered with a slash at its end connects as well',
    () => inBrowser(async (page) => {
    const state = await begun(page, 'slash');
    await page.goto(`${PUBLIC_URL}/connect/ends/callback/`
        + `?${new URLSearchParams({state, webhook_url: newWebhook(), group_name: 'Sales', app_type: 'groups'})}`);
    await page.waitForURL(/\/connect\/ends\/done\//);
    assert.equal(connection('slash'), 'groups|Sales|active');
}));

test('parameters that are twice there, too long or no UTF-8 are refused and leave the attempt as it was',
    () => inBrowser(async (page) => {
    const state = await begun(page, 'odd');
    const webhook = encodeURIComponent(newWebhook());
    const odd = [`state=${state}&webhook_url=${webhook}&state=${state}`,
        `state=${state}&webhook_url=${webhook}&webhook_url=${webhook}`, `state=${state}`,
        `state=${state}&webhook_url=${webhook}&group_name=%c0%af`,
        `state=${state}&webhook_url=${webhook}&group_name=%zz`,
        `state=${state}&webhook_url=${webhook}&group_name=a%00b`,
        `state=${state}&webhook_url=${webhook}&group_name=${'x'.repeat(1025)}`,
        `state=${'s'.repeat(201)}&webhook_url=${webhook}`, `state=${state}&webhook_url=${webhook}${'x'.repeat(2048)}`];
    const details = ['state occurs twice', 'webhook_url occurs twice', 'it brought neither webhook_url nor error',
        'group_name is not UTF-8',
        'group_name holds a % that no two hex digits follow', 'group_name holds a zero byte',
        'group_name is longer than 1024 bytes', 'state is longer than 200 bytes',
        'webhook_url is longer than 2048 bytes'];
    for (const [i, query] of odd.entries()) {
        await page.goto(`${PUBLIC_URL}/connect/ends/callback?${query}`).catch(() => {});
        const request = await failure(page, 'malformed',
            {says: /incomplete or damaged/, detail: details[i], picture: i === 0 ? 'failed-malformed' : ''});
        // Where the state itself could be read, it says whose attempt this was, and its browser may try again.
        const known = i !== 0 && i !== 7;
        assert.equal(sql(`select app_user from o365.connect_attempt('${request}')`), known ? 'odd' : '');
        assert.equal(await page.getByRole('button', {name: 'Try again'}).count(), known ? 1 : 0);
    }
    // An error that is empty is none.
    await page.goto(`${PUBLIC_URL}/connect/ends/callback?state=${state}&webhook_url=${webhook}&error=`);
    await page.waitForURL(/\/done\//);
    assert.equal(connection('odd'), '||active');
}));

testOnce('F31, F43: Back to the picker and another group: the page says what is connected, so does a form from history',
    () => inBrowser(async (page, context) => {
    const link = ticketLink('second-thoughts', 'ends');
    const old = await context.newPage();
    await old.goto(link);
    await toPicker(page, link);
    await page.getByLabel('Sales group').check();
    await page.getByRole('button', {name: 'Allow'}).click();
    await page.waitForURL(/\/done\//);
    await page.goBack();
    await page.waitForURL((url) => !url.href.startsWith(PUBLIC_URL));
    await page.getByLabel('Engineering team').check();
    await page.getByRole('button', {name: 'Allow'}).click();
    await failure(page, 'already_connected',
        {says: /connected already.*Posts in\s*Sales\s*Account\s*second-thoughts.*To start, go to Contoso Helpdesk/s,
        detail: 'it brought another webhook'});
    assert.equal(connection('second-thoughts'), 'groups|Sales|active');
    await page.goBack();
    await page.waitForURL((url) => !url.href.startsWith(PUBLIC_URL));
    await page.getByRole('button', {name: 'Deny'}).click();
    await failure(page, 'already_connected', {says: /Posts in\s*Sales/, detail: 'it brought an error', picture: ''});
    await inBrowser(async (stranger) => {
        await stranger.goto(page.url());
        assert.match(await stranger.textContent('h1'), /Nothing new was connected/);
        assert.doesNotMatch(await stranger.textContent('main'), /Sales|second-thoughts/);
    });
    await old.getByRole('button', {name: 'Connect to Office 365'}).click();
    await failure(old, 'ticket',
        {says: /connected already.*Posts in\s*Sales/s, detail: 'it had made a connection already', picture: ''});
    assert.equal(connection('second-thoughts'), 'groups|Sales|active');
}));

test('F31: twelve different webhooks at once with one state: one is connected, and no other is told so', async () => {
    const person = new Client();
    const state = new URL((await person.start(ticketLink('twelve', 'ends'))).location).searchParams.get('state');
    const urls = Array.from({length: 12},
        (_, i) => callbackUrl('ends', {state, webhook_url: newWebhook(), group_name: `Group ${i}`,
        app_type: 'groups'}));
    const answers = await Promise.all(urls.map((url) => person.request(url)));
    const done = answers.filter(({location}) => location.includes('/done/'));
    assert.equal(done.length, 1);
    assert.equal(answers.filter(({location}) => location.includes('reason=already_connected')).length, 11);
    assert.equal(connection('twelve'), `groups|Group ${answers.indexOf(done[0])}|active`);
});

testOnce('F32, F33: a webhook that can never work is refused at once, with a sentence of its own',
    () => inBrowser(async (page) => {
    const flow = `https://flow.localhost:${process.env.PORT}/workflows/0/triggers/manual/paths/invoke`;
    const host = `contoso.webhook.localhost:${process.env.PORT}`;
    for (const [webhook, reason, says, more] of [
        [`${flow}?api-version=1&sp=x&sv=1.0`, 'no_signature', /has no signature/],
        [`${flow}?api-version=1&amp;sp=x&amp;sig=abc`, 'escaped_as_html', /copied out of HTML/],
        [`https://flow.localhost:${process.env.PORT}/workflows/0/triggers/man`, 'cut_off', /was cut off/],
        [`https:/user:pw@${host}/x?y=//`, 'names_user', /holds a user name/],
        [`https://user@${host}/x`, 'names_user', /holds a user name/],
        [`https:/${host}/x?y=//`, 'bad_host', /does not begin with https/],
        [`${flow}?api-version=1`, 'unencoded', /cut off at its first &/, '&sp=x&sv=1.0&sig=abc'],
    ]) {
        const state = await begun(page, `never-${reason}`);
        await page.goto(callbackUrl('ends', {state, webhook_url: webhook, app_type: 'teams'}) + (more ?? ''));
        await page.waitForURL(/\/failed\?/);
        assert.equal(new URL(page.url()).searchParams.get('reason'), `webhook_${reason}`);
        assert.match(await page.textContent('main'), says);
        const [outcome, detail] = attempt(await page.textContent('footer code')).split('|');
        assert.equal(outcome, 'bad_webhook');
        assert.match(detail, /webhook/);
        assert.doesNotMatch(detail, /localhost|user:|sig=abc/);
        assert.equal(connection(`never-${reason}`), '');
        if (reason === 'no_signature') await photograph(page, 'failed-webhook-no-signature');
    }
}));

test('F34: a prefetch changes nothing, and an error that comes twice is the same error', async () => {
    const person = new Client();
    const callback = await person.toCallback(ticketLink('prefetched', 'ends'), 'Sales');
    for (const headers of [{'Sec-Purpose': 'prefetch'}, {'Sec-Purpose': 'prefetch;prerender'}, {Purpose: 'prefetch'},
        {'X-Moz': 'prefetch'}, {'X-Purpose': 'preview'}]) {
        const answer = await person.request(callback, undefined, {headers});
        assert.equal(answer.status, 503, JSON.stringify(headers));
        assert.equal(answer.headers['cache-control'], 'no-store');
        assert.doesNotMatch(answer.text, /webhook/);
    }
    assert.equal(connection('prefetched'), '');
    assert.match((await person.request(callback)).location, /\/done\//);
    assert.equal(connection('prefetched'), 'groups|Sales|active');
    const state = new URL((await person.start(ticketLink('twice-denied', 'ends'))).location).searchParams.get('state');
    for (let time = 0; time < 3; ++time) {
        const {location} = await person.request(callbackUrl('ends', {state, error: 'AccessDenied'}));
        assert.match(location, /reason=denied/);
        assert.equal(attempt(new URL(location).searchParams.get('request')),
            time === 0 ? 'denied|' : 'denied|the same once more');
    }
});

test('F35: what others add to the callback does not matter; parameters that were escaped as HTML are named',
    () => inBrowser(async (page) => {
    const state = await begun(page, 'added');
    await page.goto(
        `${callbackUrl('ends', {state, webhook_url: newWebhook(), group_name: 'Sales', app_type: 'groups'})}&utm=%FF`
        + `&x=%zz&y=1&y=2&%FE=1`);
    await page.waitForURL(/\/done\//);
    assert.equal(connection('added'), 'groups|Sales|active');
    const other = await begun(page, 'escaped');
    await page.goto(
        `${PUBLIC_URL}/connect/ends/callback?webhook_url=${encodeURIComponent(newWebhook())}&amp;state=${other}`);
    await failure(page, 'malformed',
        {says: /incomplete or damaged/, detail: 'the link was escaped as HTML: it has &amp; where & belongs',
        picture: ''});
    await page.goto(`${PUBLIC_URL}/connect/ends/?utm=%FF&utm=1`);
    assert.equal(await page.getByRole('button', {name: 'Connect to Office 365'}).count(), 0);
    assert.match(await page.textContent('h1'), /Get Contoso Helpdesk/);
}));

test('F36: a browser with the cookies of many attempts starts another one and loses them ten at a time', async () => {
    const person = new Client();
    const cookies = new Map(Array.from({length: 70},
        (_, i) => [`__Host-o365-${i.toString(16).padStart(8, '0')}`, `some-cookie-of-tab-${i}`]));
    person.cookies.set(new URL(PUBLIC_URL).host, cookies);
    for (let left = 70; left > 20; left = cookies.size) {
        const answer = await person.start(ticketLink(`tabs-${left}`, 'ends'));
        assert.equal(answer.status, 303);
        assert.ok(!answer.location.includes('/failed'), answer.location);
        const bytes = Object.entries(answer.headers)
            .flatMap(([name, value]) => [value].flat().map((one) => name.length + one.length + 4))
            .reduce((a, b) => a + b);
        assert.ok(bytes < 4000, `${bytes} bytes of headers`);
        assert.equal(answer.headers['set-cookie'].length, 1 + Math.min(10, left - 19));
    }
    assert.equal(cookies.size, 20);
    assert.ok(cookies.has('__Host-o365-00000045') && !cookies.has('__Host-o365-00000000'), 'the oldest went');
    // One of the first comes back: it is told why its cookie is gone.
    const first = new Client();
    const callback = await first.toCallback(ticketLink('first-tab', 'ends'), 'Sales');
    const late = await person.request(callback);
    assert.match(late.location, /reason=too_many/);
    assert.equal(attempt(new URL(late.location).searchParams.get('request')), 'no_cookie|');
});

testOnce('F38: in another browser the page of a connection says only that something was connected',
    () => inBrowser(async (page) => {
    await connect(page, 'private-person', 'Sales group', 'ends',
        `, return_url => '${otherUrl}/settings?of=private-person'`);
    const id = asSuperuser("select public_id from o365_internal.connect_attempt where app_user = 'private-person' "
        + "and outcome = 'connected'");
    await page.goto(`${PUBLIC_URL}/connect/ends/done/${id}`);
    assert.match(await page.textContent('main'), /Sales.*private-person/s);
    await inBrowser(async (stranger) => {
        await stranger.goto(`${PUBLIC_URL}/connect/ends/done/${id}`);
        assert.match(await stranger.textContent('main'), /A connection was made here/);
        assert.doesNotMatch(await stranger.content(), /Sales|private-person|settings/);
        await photograph(stranger, 'done-elsewhere');
    });
}));

test('F40: a name with control characters is shown and stored without them, and turns no text around it',
    () => inBrowser(async (page) => {
    for (const [i, [name, stored, shown]] of [['\u202eevil\x1b[31m', '\u202eevil\ufffd[31m', 1],
        ['two\r\nlines', 'two lines', 1], ['\u200b\u202e \ufeff', '', 0]].entries()) {
        const state = await begun(page, `control-${i}`);
        await page.goto(callbackUrl('ends', {state, webhook_url: newWebhook(), group_name: name, app_type: 'groups'}));
        await page.waitForURL(/\/done\//);
        assert.equal(connection(`control-${i}`), `groups|${stored}|active`);
        assert.deepEqual(await page.locator('dd bdi').allTextContents(), [...(shown ? [stored] : []), `control-${i}`]);
        if (i === 0) await photograph(page, 'done-turned-name');
    }
}));

testOnce('F42: a cookie that something on the way made SameSite=Strict is named',
    () => inBrowser(async (page, context) => {
    const state = await begun(page, 'strict');
    const [cookie] = (await context.cookies(PUBLIC_URL))
        .filter(({name}) => name === `__Host-o365-${hash(state).slice(0, 8)}`);
    await context.addCookies([{...cookie, sameSite: 'Strict'}]);
    await page.getByLabel('Sales group').check();
    await page.getByRole('button', {name: 'Allow'}).click();
    await page.waitForURL(/look=1/);
    assert.match(await page.textContent('main'), /SameSite=Strict.*tell the people who run Contoso Helpdesk/s);
    assert.equal(attempt(await page.textContent('footer code')), 'strict_cookie|');
    await photograph(page, 'failed-strict-cookie');
    assert.equal(connection('strict'), '');
}));

testOnce('F30: the same place with another address: the page asks, and replacing keeps the connection and its queue',
    () => inBrowser(async (page) => {
    const bring = async (more = '') => {
        const state = await begun(page, 'moved', 'ends', more);
        await page.goto(callbackUrl('ends',
            {state, webhook_url: newWebhook(), group_name: 'Sales', app_type: 'groups'}));
        await page.waitForURL(/\/done\//);
    };
    await bring();
    const id = asApplication("select subscription_id from o365.connections('moved')");
    sql(`select o365.pause(${id})`);
    await bring(`, return_url => '${otherUrl}/settings'`);
    assert.match(await page.textContent('main'), /You have this place already.*Posts in\s*Sales/s);
    await photograph(page, 'confirm-replace');
    remember('form-token', await page.getAttribute('input[name=token]', 'value'));
    await page.getByRole('button', {name: 'Replace the address'}).click();
    await page.waitForFunction(() => /is connected/.test(document.querySelector('h1').textContent));
    assert.match(await page.textContent('main'), /has its new address/);
    assert.equal(asApplication("select subscription_id, status from o365.connections('moved')"), `${id}|paused`);
    await page.getByRole('link', {name: 'Continue'}).click();
    await page.waitForURL(`${otherUrl}/settings`);
    await bring();
    await page.getByRole('button', {name: 'Keep both'}).click();
    await page.waitForFunction(() => /is connected/.test(document.querySelector('h1').textContent));
    assert.equal(asApplication("select count(*) from o365.connections('moved')"), '2');
    // The application says which one is to be renewed.
    await page.goto(ticketLink('moved', 'ends', `, renew => ${id}`));
    assert.match(await page.textContent('main'), /The connection to Sales gets a new address\./);
    await photograph(page, 'landing-renew');
    await bring(`, renew => ${id}`);
    assert.match(await page.textContent('main'), /has its new address/);
    assert.equal(asApplication("select count(*) from o365.connections('moved')"), '2');
}));

testOnce('F30: the identical address again is said to be unchanged', async () => {
    const person = new Client();
    const webhook = newWebhook();
    for (const says of [/From now on/, /at the same address/]) {
        const state = new URL((await person.start(ticketLink('unmoved', 'ends'))).location).searchParams.get('state');
        const {location} = await person.request(callbackUrl('ends',
            {state, webhook_url: webhook, group_name: 'Sales', app_type: 'groups'}));
        assert.match((await person.request(location)).text, says);
    }
    assert.equal(asApplication("select count(*) from o365.connections('unmoved')"), '1');
});

test('HEAD and POST to the callback are refused and use up nothing', async () => {
    const person = new Client();
    const callback = await person.toCallback(ticketLink('head', 'ends'), 'Sales');
    for (const answer of [await person.request(callback, undefined, {method: 'HEAD'}),
        await person.request(callback, {error: 'AccessDenied'})]) {
        assert.equal(answer.status, 405);
        assert.equal(answer.headers.allow, 'GET');
        assert.equal(answer.headers['referrer-policy'], 'no-referrer');
        assert.doesNotMatch(answer.text, /webhook/);
    }
    const done = await person.request(callback);
    assert.equal(done.status, 302);
    assert.ok(done.location.startsWith(`${PUBLIC_URL}/connect/ends/done/`), 'an absolute URL');
    assert.equal(connection('head'), 'groups|Sales|active');
    const looked = await person.request(done.location, undefined, {method: 'HEAD'});
    assert.deepEqual([looked.status, looked.text], [200, '']);
});

testOnce('two tabs at once: each ticket connects once, whichever tab is first',
    () => inBrowser(async (page, context) => {
    const second = await context.newPage();
    const states = [await begun(page, 'tab-1'), await begun(second, 'tab-2')];
    await Promise.all([page, second].map((tab, i) => tab.goto(callbackUrl('ends',
        {state: states[i], webhook_url: newWebhook(), group_name: `Tab ${i + 1}`, app_type: 'groups'}))));
    await Promise.all([page, second].map((tab) => tab.waitForURL(/\/done\//)));
    assert.deepEqual([connection('tab-1'), connection('tab-2')], ['groups|Tab 1|active', 'groups|Tab 2|active']);

    const link = ticketLink('tab-3', 'ends');
    await toPicker(page, link);
    await toPicker(second, link);
    const both = [page, second].map((tab) => callbackUrl('ends', {state: new URL(tab.url()).searchParams.get('state'),
        webhook_url: newWebhook(), group_name: 'Tab', app_type: 'groups'}));
    await Promise.all([page, second].map((tab, i) => tab.goto(both[i])));
    const ends = [page, second].map((tab) => new URL(tab.url()).pathname.split('/')[3]).sort();
    assert.deepEqual(ends, ['done', 'failed']);
    assert.equal(connection('tab-3'), 'groups|Tab|active');
    const loser = [page, second].find((tab) => tab.url().includes('/failed'));
    // It is this browser's own connection, so the page says what stands.
    await failure(loser, 'used',
        {says: /is connected already.*Posts in\s*Tab/s, detail: 'the ticket had made a connection already',
        picture: ''});
    assert.match(await loser.textContent('main'), /To start, go to Contoso Helpdesk/);
}));

test('the same callback twice at the same moment stores once, and both show success', async () => {
    const person = new Client();
    const callback = await person.toCallback(ticketLink('twice', 'ends'), 'Sales');
    const answers = await Promise.all(Array.from({length: 6}, () => person.request(callback)));
    assert.deepEqual([...new Set(answers.map((answer) => answer.location))].length, 1);
    assert.match(answers[0].location, /\/done\//);
    assert.equal(connection('twice'), 'groups|Sales|active');
    const id = answers[0].location.split('/').pop();
    assert.equal(asSuperuser(`select string_agg(b.outcome, ',' order by b.outcome)
        from o365_internal.connect_attempt as a
        join o365_internal.connect_attempt as b on b.of_attempt = a.attempt_id or b.attempt_id = a.attempt_id
            where a.public_id = '${id}'`), 'connected,repeated,repeated,repeated,repeated,repeated');
});

test('a callback inside a frame decides nothing and goes on in a tab', () => inBrowser(async (page, context) => {
    const state = await begun(page, 'framed');
    const url = callbackUrl('ends', {state, webhook_url: newWebhook(), group_name: 'Sales', app_type: 'groups'});
    await page.goto(`${otherUrl}/frames`);
    await page.evaluate((src) => {
        const frame = document.createElement('iframe');
        Object.assign(frame, {src, width: '100%', height: 600});
        document.body.append(frame);
    }, url);
    const frame = page.frameLocator('iframe');
    await frame.getByRole('heading', {name: 'Please go on in a tab'}).waitFor();
    const request = await frame.locator('footer code').textContent();
    assert.equal(sql(`select outcome, app_user, of_attempt is not null from o365.connect_attempt('${request}')`),
        'framed|framed|t');
    assert.ok(!(await frame.locator('html').innerHTML()).includes('webhook'), 'the page repeats nothing of its URL');
    await photograph(page, 'framed');
    assert.equal(connection('framed'), '');
    const [tab] = await Promise.all([context.waitForEvent('page'),
        frame.getByRole('link', {name: 'Open in a tab'}).click()]);
    await tab.waitForURL(/\/done\//);
    assert.equal(connection('framed'), 'groups|Sales|active');
    // A browser that does not say where the page is to be shown comes without the cookie.
    const silent = await begun(page, 'framed-silent');
    const answer = await new Client().request(callbackUrl('ends', {state: silent, webhook_url: newWebhook()}));
    assert.match(answer.location, /reason=no_cookie/);
}));

test('every request is one statement', async () => {
    const person = new Client();
    const callback = await person.toCallback(ticketLink('counted', 'ends'), 'Sales');
    const denied = await person.toCallback(ticketLink('counted-2', 'asks'), 'Sales');
    const log = join(LOGS, 'postgres.out');
    const statements = async (url, form) => {
        const from = statSync(log).size;
        const answer = await person.request(url, form);
        const sessions = new Set(asSuperuser("select pid from pg_stat_activity where usename = 'o365_responder'")
            .split('\n'));
        const lines = readFileSync(log).subarray(from).toString().split('\n')
            .map((line) => line.match(/\[(\d+)\] LOG: .*?(?:statement|execute [^:]*): (.*)/));
        // A thread's first request connects, sets the session's time limits and asks for the schema's version.
        const ofTheRequest = (statement) => !/^SELECT set_config\(|^select .* from o365\.version\(\)/.test(statement);
        return {answer, ran: lines.filter((found) => found && sessions.has(found[1]) && ofTheRequest(found[2]))
            .map((found) => found[2])};
    };
    const first = await statements(callback);
    assert.equal(first.ran.length, 1, first.ran.join('\n'));
    // Others that came meanwhile would be in it as well.
    assert.match(first.ran[0], new RegExp(/^COPY o365_programs\.callback .*; /.source
        + /SELECT o365_programs\.responder_callback_outcome\(u\.id\) FROM unnest\('\{r-[0-9a-f]{12}\}'/.source));
    const asked = await statements(denied);
    const page = await statements(asked.answer.location);
    const token = page.answer.text.match(/name="token" value="([0-9a-f]+)"/)[1];
    remember('form-token', token);
    const no = await statements(asked.answer.location, {token, answer: 'no'});
    const rest = [page, no, await statements(no.answer.location), await statements(first.answer.location),
        await statements(`${callback}&state=twice`),
        await statements(`${PUBLIC_URL}/connect/ends/callback?error=AccessDenied`),
            await statements(`${PUBLIC_URL}/connect/ends/start`, {again: 'r-000000000000'})];
    for (const {ran} of [asked, ...rest]) assert.equal(ran.length, 1, ran.join('\n'));
});

testOnce("the documentation's button says what the connector's callback will do with it", () => {
    const notice = (slug) => spawnSync('psql', ['-qXAt', '-U', 'demo_operator', '-c',
        `select o365.connect_button_documented('${slug}')`], {encoding: 'utf8'}).stderr;
    assert.match(notice('ends'), /connector ends requires one: its callback refuses it\..*require_state => false/);
    assert.match(notice('plain'), /asked to confirm before anything is posted/);
});

test('only a POST begins an attempt', async () => {
    const attempts = () => asSuperuser('select count(*) from o365_internal.connect_attempt');
    const before = attempts();
    for (const method of ['GET', 'HEAD']) {
        const answer = await new Client().request(`${PUBLIC_URL}/connect/ends/start`, undefined, {method});
        assert.deepEqual([answer.status, answer.headers.allow, answer.headers['set-cookie']], [405, 'POST', undefined]);
    }
    assert.equal(attempts(), before);
});

test('no other page may be framed', async () => {
    for (const path of ['/', '/failed?reason=denied', '/callback']) {
        const {headers} = await new Client().request(`${PUBLIC_URL}/connect/ends${path}`);
        assert.match(headers['content-security-policy'], /frame-ancestors 'none'/);
        assert.equal(headers['x-frame-options'], 'DENY');
    }
    const person = new Client();
    const {location} = await person.request(await person.toCallback(ticketLink('unframed', 'asks'), 'Sales'));
    const {headers, text} = await person.request(location);
    assert.match(text, /Yes, connect/);
    assert.match(headers['content-security-policy'], /frame-ancestors 'none'/);
    assert.equal(headers['x-frame-options'], 'DENY');
});

test("the application's own target: by 302, or from a page that gives no Referer away", async () => {
    for (const [connector, mode] of [['ends', '302'], ['back-no-referrer', 'no-referrer'], ['back-origin', 'origin']]) {
        await inBrowser(async (page) => {
            await connect(page, `target-${mode}`, 'Sales group', connector,
                `, return_url => '${otherUrl}/settings?from=connect'`);
            if (mode !== '302') {
                assert.match(page.url(), /\/callback\?/);
                assert.equal(await page.getAttribute('meta[name=referrer]', 'content'), mode);
                await page.reload();
                assert.match(await page.textContent('h1'), /is connected/);
                await page.getByRole('link', {name: 'Continue'}).click();
            }
            await page.waitForURL(`${otherUrl}/settings?from=connect`);
            assert.equal(await page.evaluate(() => document.referrer), mode === 'origin' ? `${PUBLIC_URL}/` : '');
            assert.equal(connection(`target-${mode}`), 'groups|Sales|active');
        });
    }
});

testOnce('the same webhook again: the same user renews and keeps the settings, another user gets a new connection',
    () => inBrowser(async (page) => {
    const webhook = newWebhook();
    const bring = async (user, name) => {
        const state = await begun(page, user);
        await page.goto(callbackUrl('ends',
            {state, webhook_url: webhook, group_name: name, app_type: 'groups', user_objectId: `object-of-${user}`}));
        await page.waitForURL(/\/done\//);
        return page.textContent('footer code');
    };
    const rows = () => sql("select subscription_id, app_user, group_name, status, renewed_at is not null "
        + "from o365.subscriptions where app_user in ('renews', 'joins') order by 1");
    assert.equal(attempt(await bring('renews', 'Sales')), 'connected|');
    const [id] = rows().split('|');
    sql(`select o365.pause(${id})`);
    const renewal = await bring('renews', 'Sales renamed');
    assert.equal(attempt(renewal), 'connected|unchanged');
    assert.equal(asSuperuser(
        `select subscription_id from o365_internal.connect_attempt where request_id = '${renewal}'`), id);
    assert.equal(rows(), `${id}|renews|Sales renamed|paused|t`);
    assert.equal(attempt(await bring('joins', 'Sales renamed')), 'connected|');
    assert.doesNotMatch(await page.textContent('main'), /renews|already/);
    const [first, second] = rows().split('\n');
    assert.equal(first, `${id}|renews|Sales renamed|paused|t`);
    assert.match(second, /^\d+\|joins\|Sales renamed\|active\|f$/);
}));

testOnce('a transaction left open on a connection: who renews it is asked to wait, and served afterwards',
    () => inBrowser(async (page, context) => {
    const webhook = newWebhook();
    const url = (state) => callbackUrl('ends', {state, webhook_url: webhook, group_name: 'Sales', app_type: 'groups'});
    await page.goto(url(await begun(page, 'held')));
    await page.waitForURL(/\/done\//);
    const id = asApplication("select subscription_id from o365.connections('held')");
    const tabs = [];
    for (let i = 0; i < 8; ++i) {
        const tab = await context.newPage();
        tabs.push({tab, state: await begun(tab, 'held')});
    }
    const holder = await openSession('demo_operator');
    await holder.ask(`begin; select o365.pause(${id})`);
    try {
        // As many as the responder has threads.
        const answers = await Promise.all(tabs.map(({tab, state}) => tab.goto(url(state))));
        assert.deepEqual(answers.map((answer) => answer.status()), Array(8).fill(503));
        assert.match(await tabs[0].tab.textContent('main'), /again/);
        const landing = await new Client().request(`${PUBLIC_URL}/connect/ends/`);
        assert.equal(landing.status, 200);
    } finally {
        await holder.ask('rollback');
        await holder.close();
    }
    // Each page asks again by itself.
    await Promise.all(tabs.map(({tab}) => tab.waitForURL(/\/done\//)));
    assert.equal(connection('held'), 'groups|Sales|active');
    assert.match(readFileSync(join(LOGS, 'programs.log'), 'utf8'), /event=database_busy .*lock timeout/);
}));

// ---- Confirmation ---------------------------------------------------------------------------------------------------

async function askedToConfirm(page, picture) {
    await page.waitForURL(/\/done\/[0-9a-f-]{36}$/);
    assert.match(await page.textContent('h1'), /is this right/);
    remember('form-token', await page.getAttribute('input[name=token]', 'value'));
    const request = await page.textContent('footer code');
    assert.equal(attempt(request), 'pending|');
    if (picture) await photograph(page, picture);
    return request;
}
const subscription = (user) => asApplication(`select max(subscription_id) from o365.connections('${user}')`);

testOnce('confirm on: cards wait until the user says yes, and then all of them arrive',
    () => inBrowser(async (page) => {
    await connect(page, 'sure', 'Sales group', 'asks');
    const request = await askedToConfirm(page, 'confirm-group');
    assert.match(await page.textContent('main'), /Sales.*sure.*contoso\.webhook\.localhost/s);
    assert.equal(connection('sure'), 'groups|Sales|pending');
    const id = subscription('sure');
    const card = asApplication(`select o365.send(${id}, '{"text": "sent before it was confirmed"}')`);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.match(sql(`select waiting, reason from o365.queue where subscription_id = ${id}`),
        /^1\|pending since [0-9: -]+: its user has not confirmed it yet$/);
    await page.reload();
    await page.getByRole('button', {name: 'Yes, connect'}).click();
    await page.waitForFunction(() => /is connected/.test(document.querySelector('h1').textContent));
    assert.equal(connection('sure'), 'groups|Sales|active');
    assert.equal(attempt(request), 'connected|');
    await until('the card to arrive',
        () => asApplication(`select outcome from o365.deliveries where card_id = ${card}`) === 'delivered');
    // Back to the question, and yes once more: nothing more happens.
    await page.goBack().catch(() => {});
    if (await page.getByRole('button', {name: 'Yes, connect'}).count())
        await page.getByRole('button', {name: 'Yes, connect'}).click();
    await page.waitForFunction(() => /is connected/.test(document.querySelector('h1').textContent));
    assert.equal(connection('sure'), 'groups|Sales|active');
}));

testOnce("confirm on: afterwards the way leads on to the application's own target", () => inBrowser(async (page) => {
    await connect(page, 'sure-target', 'Inbox your own inbox', 'asks', `, return_url => '${otherUrl}/settings'`);
    await askedToConfirm(page, 'confirm-inbox');
    await page.getByRole('button', {name: 'Yes, connect'}).click();
    await page.getByRole('link', {name: 'Continue'}).click();
    await page.waitForURL(`${otherUrl}/settings`);
    assert.equal(connection('sure-target'), 'mail||active');
}));

testOnce('confirm on: no wipes the webhook at once, and the ticket serves to choose another group',
    () => inBrowser(async (page) => {
    await connect(page, 'unsure', 'Sales group', 'asks');
    const request = await askedToConfirm(page);
    const id = subscription('unsure');
    await page.getByRole('button', {name: 'No, forget it'}).click();
    assert.equal(await failure(page, 'discarded', {says: /You said no/}), request);
    assert.equal(asSuperuser(`select status, sealed is null and webhook_index is null and user_index is null `
        + `from o365_internal.subscription where subscription_id = ${id}`), 'removed|t');
    await page.getByRole('button', {name: 'Try again'}).click();
    await page.getByLabel('Engineering team').check();
    await page.getByRole('button', {name: 'Allow'}).click();
    await askedToConfirm(page);
    await page.getByRole('button', {name: 'Yes, connect'}).click();
    await page.waitForFunction(() => /is connected/.test(document.querySelector('h1').textContent));
    assert.equal(connection('unsure'), 'teams|Engineering|active');
}));

test('confirm on: only the browser that connected may confirm, and no other site can make it',
    () => inBrowser(async (page, context) => {
    await connect(page, 'bound', 'Sales group', 'asks');
    await askedToConfirm(page);
    const url = page.url();
    const token = await page.getAttribute('input[name=token]', 'value');
    await inBrowser(async (stranger) => {
        await stranger.goto(url);
        assert.match(await stranger.textContent('h1'), /Waiting to be confirmed/);
        assert.doesNotMatch(await stranger.textContent('main'), /Sales|bound/);
        assert.equal(attempt(await stranger.textContent('footer code')), 'pending|');
        await photograph(stranger, 'confirm-elsewhere');
    });
    // Somebody who even knows the token, but has no cookie.
    const thief = await new Client().request(url, {token, answer: 'yes'});
    assert.match(thief.location, /reason=no_cookie/);
    assert.equal(attempt(new URL(thief.location).searchParams.get('request')), 'no_cookie|on confirming');
    // The right browser, sent by a form of another site: Chromium says where it comes from, and brings no cookie.
    await page.goto(`${otherUrl}/attack`);
    const [answer] = await Promise.all([page.waitForResponse((response) => response.url() === url),
        page.evaluate(([action, value]) => {
        const form = document.createElement('form');
        Object.assign(form, {method: 'post', action});
        form.innerHTML = `<input name="answer" value="yes"><input name="token" value="${value}">`;
        document.body.append(form);
        form.submit();
    }, [url, token])]);
    assert.equal(answer.status(), 400);
    await page.waitForURL(url);
    const cookies = (await context.cookies(url)).map(({name, value}) => `${name}=${value}`).join('; ');
    // A browser that does not say so, but names the site that sent it; of a start too, which leaves nothing behind.
    const started = () => asSuperuser('select count(*) from o365_internal.connect_attempt');
    const before = started();
    const fromElsewhere = {headers: {Cookie: cookies, Origin: otherUrl}};
    assert.equal((await new Client().request(url, {token, answer: 'yes'}, fromElsewhere)).status, 400);
    assert.equal((await new Client().request(`${PUBLIC_URL}/connect/asks/start`, {ticket: 'some-ticket'},
        fromElsewhere)).status, 400);
    assert.equal(started(), before);
    // The right browser without the token of the page.
    const forged = await new Client().request(url, {answer: 'yes'}, {headers: {Cookie: cookies}});
    assert.match(forged.location, /reason=no_cookie/);
    assert.equal(connection('bound'), 'groups|Sales|pending');
    await page.goto(url);
    await page.getByRole('button', {name: 'Yes, connect'}).click();
    await page.waitForFunction(() => /is connected/.test(document.querySelector('h1').textContent));
}));

test('confirm on: yes and no at the same moment, the first counts', async () => {
    for (let round = 0; round < 5; ++round) {
        const person = new Client();
        const {location} = await person.request(await person.toCallback(ticketLink(`hasty-${round}`, 'asks'), 'Sales'));
        const token = (await person.request(location)).text.match(/name="token" value="([0-9a-f]+)"/)[1];
        remember('form-token', token);
        const answers = await Promise.all(['yes', 'no', 'yes',
            'no'].map((answer) => person.request(location, {token, answer})));
        const ends = new Set(answers.map((answer) => new URL(answer.location, location).searchParams.get('reason')
            ?? 'connected'));
        const confirmed = connection(`hasty-${round}`) === 'groups|Sales|active';
        assert.deepEqual([...ends].sort(), confirmed ? ['connected'] : ['discarded', 'used']);
        // No once more is no news.
        if (!confirmed)
            assert.match((await person.request(location, {token, answer: 'no'})).location, /reason=discarded/);
        assert.equal(connection(`hasty-${round}`), confirmed ? 'groups|Sales|active' : '');
    }
});

testOnce('confirm on: an answer locks the attempt first, as the callback does, so neither locks the other out',
    async () => {
    const person = new Client();
    const {location} = await person.request(await person.toCallback(ticketLink('ordered', 'asks'), 'Sales'));
    const token = (await person.request(location)).text.match(/name="token" value="([0-9a-f]+)"/)[1];
    remember('form-token', token);
    const callback = await openSession('postgres');
    await callback.ask(
        `begin; select from o365_internal.connect_attempt where public_id = '${location.split('/').pop()}' for update`);
    const answer = person.request(location, {token, answer: 'yes'});
    await until('the answer to wait', () => asSuperuser(
        "select count(*) from pg_stat_activity where usename = 'o365_responder' and wait_event_type = 'Lock'") === '1');
    assert.equal(await callback.ask(`select 'free' from o365_internal.subscription `
        + `where subscription_id = ${subscription('ordered')} for update nowait`), 'free');
    await callback.ask('rollback');
    await callback.close();
    assert.equal((await answer).location, location);
    assert.equal(connection('ordered'), 'groups|Sales|active');
});

testOnce('confirm on: the same callback again asks again; unconfirmed it is forgotten and its webhook wiped',
    () => inBrowser(async (page, context) => {
    let callback;
    context.on('request', (request) => {
        if (request.url().includes('/callback?')) callback = request.url();
    });
    await connect(page, 'slow', 'Sales group', 'asks');
    const request = await askedToConfirm(page);
    const url = page.url();
    // As if the answer, and with it the cookie's new end, had been lost.
    const [cookie] = await context.cookies(PUBLIC_URL);
    await context.addCookies([{...cookie, expires: Date.now() / 1000 + 120}]);
    await page.goto(callback);
    await page.waitForURL(url);
    assert.match(await page.textContent('h1'), /is this right/);
    assert.ok((await context.cookies(PUBLIC_URL))[0].expires > Date.now() / 1000 + 3000,
        'the cookie stays as long as it may confirm');
    const id = subscription('slow');
    asSuperuser(`update o365_internal.subscription set status_at = now() - interval '2 hours' `
        + `where subscription_id = ${id}`);
    await page.getByRole('button', {name: 'Yes, connect'}).click();
    const late = await failure(page, 'unconfirmed', {says: /too much time passed/, detail: 'on confirming'});
    assert.notEqual(late, request);
    assert.equal(attempt(request), 'unconfirmed|');
    asSuperuser('select o365_programs.worker_chores(1)');
    await until('the sweep', () => asSuperuser(`select status, status_reason, sealed is null `
        + `from o365_internal.subscription where subscription_id = ${id}`) === 'removed|was not confirmed in time|t');
    await page.goto(url);
    assert.match(await page.textContent('main'), /too much time passed/);
    assert.equal(attempt(await page.textContent('footer code')), 'unconfirmed|');
}));

testOnce("require-state off: the documentation's own button connects, after a question",
    () => inBrowser(async (page, context) => {
    let callback;
    context.on('request', (request) => {
        if (request.url().includes('/callback?')) callback = request.url();
    });
    await page.goto(`${otherUrl}/button`);
    await page.getByRole('link', {name: 'Connect to Office 365'}).click();
    await page.getByLabel('Your name').fill('Megan');
    await page.getByRole('button', {name: 'Sign in'}).click();
    await page.getByLabel('Sales group').check();
    await page.getByRole('button', {name: 'Allow'}).click();
    const request = await askedToConfirm(page, 'confirm-stateless');
    assert.equal(new URL(callback).searchParams.get('state'), 'myAppsState');
    assert.match(await page.textContent('main'), /somebody else sent you here: say no/);
    const status = () => sql(`select s.status, s.app_user is null from o365.connect_attempt('${request}') as a `
        + `join o365.subscriptions as s on s.subscription_id = a.subscription_id`);
    assert.equal(status(), 'pending|t');
    const asked = page.url();
    await page.goto(callback);
    await page.waitForURL(asked);
    await page.getByRole('button', {name: 'Yes, connect'}).click();
    await page.waitForFunction(() => /is connected/.test(document.querySelector('h1').textContent));
    assert.equal(status(), 'active|t');
    // A repeat in this browser shows success; in another one it is a connection of its own, which waits for its own
    // answer.
    await page.goto(callback);
    await page.waitForURL(asked);
    assert.match(await page.textContent('h1'), /is connected/);
    await inBrowser(async (stranger) => {
        await stranger.goto(callback);
        await askedToConfirm(stranger);
        assert.notEqual(stranger.url(), asked);
        await stranger.getByRole('button', {name: 'No, forget it'}).click();
        await failure(stranger, 'discarded', {says: /You said no/, picture: ''});
    });
    assert.equal(status(), 'active|t');
}));

testOnce('require-state off: Deny and Invalid Request have their pages, and a state of ours is still held to its rules',
    () => inBrowser(async (page) => {
    await page.goto(callbackUrl('plain', {state: 'myAppsState', error: 'AccessDenied'}));
    await failure(page, 'denied', {says: /pressed Deny/, picture: 'failed-denied-stateless'});
    await page.goto(callbackUrl('plain', {error: 'Invalid Request'}));
    await failure(page, 'invalid_request', {says: /did not recognise/, picture: ''});
    const state = await begun(page, 'static-user', 'plain');
    await inBrowser(async (stranger) => {
        await stranger.goto(callbackUrl('plain', {state, webhook_url: newWebhook()}));
        await failure(stranger, 'no_cookie', {says: /did not send back the cookie/, picture: ''});
    });
    await page.goto(callbackUrl('plain', {state, webhook_url: newWebhook(), app_type: 'mail'}));
    await page.waitForURL(/\/done\//);
    assert.match(await page.textContent('h1'), /is connected/);
    assert.equal(connection('static-user'), 'mail||active');
}));
