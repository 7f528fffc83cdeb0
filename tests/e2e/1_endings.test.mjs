// Every way in which connecting can end besides the usual one: each has its page, its row and its outcome in
// o365.connect_attempt.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {attempt, begun, callbackUrl, connection, failure, hash, inBrowser, newWebhook, otherUrl} from './endings.mjs';
import {asSuperuser, Client, openBrowserThatBlocksCookies, photograph, PUBLIC_URL, sql, testOnce} from './harness.mjs';

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
    await failure(page, 'expired', {says: /You spent more time/});
    assert.equal(connection('late'), '');
    await page.getByRole('button', {name: 'Try again'}).click();
    await page.getByLabel('Sales group').waitFor();
    await page.goBack();
    await page.getByRole('button', {name: 'Try again'}).waitFor();
    asSuperuser("update o365_internal.ticket set expires_at = now() where app_user = 'late'");
    await page.getByRole('button', {name: 'Try again'}).click();
    await failure(page, 'ticket',
        {says: /link that brought you here was used already, or is too old/, detail: 'its time had passed'});
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
