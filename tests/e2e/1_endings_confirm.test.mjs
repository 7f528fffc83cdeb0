// Connectors that ask before a connection counts, and the documentation's button, which brings no state.
import assert from 'node:assert/strict';
import {before, test} from 'node:test';

import {attempt, begun, callbackUrl, connection, failure, inBrowser, newWebhook, otherUrl} from './endings.mjs';
import {asApplication, asSuperuser, Client, connect, openSession, photograph, PUBLIC_URL, remember, sql, testOnce,
    ticketLink, until} from './harness.mjs';

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
        /^1\|pending since [0-9: -]+: its user has not confirmed it yet; its user has to say yes, /);
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
