// Connecting that comes again, at once, in two ways or from elsewhere: what is decided once stays decided, and says so.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {before, test} from 'node:test';

import {attempt, begun, callbackUrl, connection, failure, hash, inBrowser, newWebhook, other,
    otherUrl} from './endings.mjs';
import {asApplication, asSuperuser, Client, connect, LOGS, openSession, photograph, PUBLIC_URL, remember, sql, testOnce,
    ticketLink, toPicker} from './harness.mjs';

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
    assert.match(await page.textContent('main'), /The connection to Sales will get a new address\./);
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
    await frame.getByRole('heading', {name: 'Please continue in a tab'}).waitFor();
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
    // Had others come meanwhile, it would have gone with them into o365_programs.callbacks.
    assert.match(first.ran[0], new RegExp(/^COPY o365_programs\.callback .*; /.source
        + /SELECT o365_programs\.responder_callback_outcome\('r-[0-9a-f]{12}'\)$/.source));
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
