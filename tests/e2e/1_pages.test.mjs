// The pages of connecting, in a real browser: their languages, every clean page, and what people do with the Back
// button.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import https from 'node:https';
import {join} from 'node:path';
import {after, before, test} from 'node:test';

import {asApplication, asSuperuser, Client, connect, FEED_URL, inspect, openBrowser, photograph, PUBLIC_URL,
    SANDBOX_URL, sql, STACK_DIR, testOnce, ticketLink, toPicker, until} from './harness.mjs';

let other;  // another site, which notes the Referer that it is sent
const referers = [];

before(async () => {
    other = https.createServer({key: readFileSync(join(STACK_DIR, 'conf/server.key')),
        cert: readFileSync(join(STACK_DIR, 'conf/server.pem'))}, (request, response) => {
        if (request.url === '/elsewhere') referers.push(request.headers.referer ?? null);
        response.setHeader('Content-Type', 'text/html');
        response.end('<title>Elsewhere</title><h1>Elsewhere</h1>');
    });
    await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
    const website = `https://localhost:${other.address().port}/elsewhere`;
    for (const mode of ['302', 'no-referrer', 'origin']) {
        sql(`select o365.register_connector('page-${mode}', 'Pages ${mode}', '\\x89504e470d0a1a0a', 'short', 'long',
            '${website}', array['one'], clean_page => '${mode}');
             select o365.grant_application('demo_app', 'page-${mode}')`);
    }
});
after(() => other.close());

const outcome = (request) => sql(`select outcome from o365.connect_attempt('${request}')`);
const connection = (user) =>
    asApplication(`select app_type, coalesce(group_name, ''), status from o365.connections('${user}')`);

testOnce('pages of the way look finished', async () => {
    const {page, close} = await openBrowser();
    try {
        await page.goto(`${PUBLIC_URL}/connect/`);
        await photograph(page, 'list');
        await page.goto(`${PUBLIC_URL}/connect/desk/`);
        await photograph(page, 'landing-without-ticket');
        const link = ticketLink('fay');
        await page.goto(link);
        await photograph(page, 'landing');
        await page.getByRole('button', {name: 'Connect to Office 365'}).click();
        await photograph(page, 'sandbox-sign-in');
        await page.getByLabel('Your name').fill('Megan');
        await page.getByRole('button', {name: 'Sign in'}).click();
        await photograph(page, 'sandbox-picker');
        await page.goto(`${PUBLIC_URL}/connect/nothing/`);
        await photograph(page, 'not-found');
        for (const path of ['', 'feed', 'faults']) {
            await page.goto(`${SANDBOX_URL}/${path}`);
            await photograph(page, `sandbox-${path || 'start'}`);
        }
    } finally {
        await close();
    }
});

test('a German browser sees German from the landing page to the end', async () => {
    const {page, close} = await openBrowser({locale: 'de-AT'});
    try {
        const answer = await page.goto(ticketLink('uwe'));
        assert.equal(answer.headers()['content-language'], 'de');
        assert.match(answer.headers().vary, /\baccept-language\b/i);
        assert.equal(await page.getAttribute('html', 'lang'), 'de');
        assert.equal(await page.title(), 'Contoso Helpdesk mit Teams verbinden');
        assert.match(await page.textContent('main'), /Sie verbinden das Konto uwe\./);
        await inspect(page, 'german-landing');
        await page.getByRole('button', {name: 'Mit Office 365 verbinden'}).click();
        await page.getByLabel('Your name').fill('Megan');
        await page.getByRole('button', {name: 'Sign in'}).click();
        await page.getByLabel('Sales group').check();
        await page.getByRole('button', {name: 'Allow'}).click();
        await page.waitForURL(/\/done\//);
        assert.equal(await page.textContent('h1'), 'Contoso Helpdesk ist verbunden');
        assert.match(await page.textContent('footer'), /nennen Sie r-[0-9a-f]{12}\./);
        await inspect(page, 'german-done');
        await page.goto(`${PUBLIC_URL}/connect/desk/failed?reason=other_browser&request=`);
        assert.equal(await page.textContent('h1'), 'Es wurde nichts verbunden');
        await inspect(page, 'german-failed');
        await page.goto(`${PUBLIC_URL}/connect/nothing/`);
        assert.equal(await page.textContent('h1'), 'Diese Seite gibt es nicht');
    } finally {
        await close();
    }
});

for (const [locale, heading, none] of [['fr-CA', 'Contoso Helpdesk dans Teams', 'Cette page n’existe pas'],
    ['es-MX', 'Contoso Helpdesk en Teams', 'Esta página no existe'],
    ['zh-CN', 'Get Contoso Helpdesk in Teams', 'There is no such page']]) {
    testOnce(`a browser that asks for ${locale} sees pages in ${locale === 'zh-CN' ? 'English' : 'its language'}`,
        async () => {
        const {page, close} = await openBrowser({locale});
        try {
            await page.goto(ticketLink(`reader-${locale}`));
            assert.equal(await page.textContent('h1'), heading);
            await inspect(page, `landing-${locale}`);
            await page.goto(`${PUBLIC_URL}/connect/nothing/`);
            assert.equal(await page.textContent('h1'), none);
        } finally {
            await close();
        }
    });
}

test('everything works with JavaScript off', async () => {
    const {page, close} = await openBrowser({javaScriptEnabled: false});
    try {
        await connect(page, 'gil', 'Sales group');
        await page.waitForURL(/\/done\//);
        assert.equal(connection('gil'), 'groups|Sales|active');
        await page.goto(FEED_URL);
        assert.match(await page.textContent('h1'), /Feed/);
    } finally {
        await close();
    }
});

for (const mode of ['302', 'no-referrer', 'origin']) {
    test(`clean page ${mode}: the callback's URL reaches no other site`, async () => {
        const {page, close} = await openBrowser();
        try {
            const seen = referers.length;
            let policy;
            page.on('response', (response) => {
                if (response.url().includes('/callback?')) policy = response.headers()['referrer-policy'];
            });
            await connect(page, `user-${mode}`, 'Sales group', `page-${mode}`);
            if (mode === '302') {
                await page.waitForURL(/\/done\//);
            } else {
                // The page itself stands at the callback's URL; its meta tag and its header say the same.
                assert.match(page.url(), /\/callback\?/);
                assert.equal(await page.getAttribute('meta[name=referrer]', 'content'), mode);
                assert.equal(policy, mode);
                await photograph(page, `done-page-${mode}`);
            }
            await page.getByRole('link', {name: /^Go to/}).click();
            await page.waitForURL(/elsewhere/);
            await until('the other site to be asked', () => referers.length > seen);
            const referer = referers.at(-1);
            assert.equal(referer, mode === 'origin' ? `${PUBLIC_URL}/` : null);
        } finally {
            await close();
        }
    });
}

test('Deny stores nothing and says so', async () => {
    const {page, close} = await openBrowser();
    try {
        await toPicker(page, ticketLink('hal'));
        await page.getByRole('button', {name: 'Deny'}).click();
        await page.waitForURL(/\/failed\?/);
        assert.match(await page.textContent('main'), /pressed Deny/);
        assert.equal(connection('hal'), '');
        const request = new URL(page.url()).searchParams.get('request');
        assert.match(await page.textContent('footer'), new RegExp(request));
        assert.equal(sql(`select outcome, app_user from o365.connect_attempt('${request}')`), 'denied|hal');
        await photograph(page, 'failed-denied');
    } finally {
        await close();
    }
});

test('Back and reload after success do no harm', async () => {
    const {page, close} = await openBrowser();
    try {
        await connect(page, 'ida', 'Sales group');
        await page.waitForURL(/\/done\//);
        const done = page.url();
        await page.reload();
        assert.match(await page.textContent('h1'), /is connected/);
        // Back leads to Microsoft's picker. Pressing Allow a second time sends a used state: nothing more is stored.
        await page.goBack();
        await page.waitForURL((url) => url.href.startsWith(SANDBOX_URL));
        await page.getByLabel('Sales group').check();
        await page.getByRole('button', {name: 'Allow'}).click();
        await page.waitForURL((url) => url.href.startsWith(PUBLIC_URL));
        assert.equal(asApplication("select count(*) from o365.connections('ida')"), '1');
        await page.goto(done);
        assert.match(await page.textContent('h1'), /is connected/);
    } finally {
        await close();
    }
});

test('the same callback again shows success in this browser and nothing in another', async () => {
    const {page, close} = await openBrowser();
    const stranger = await openBrowser();
    try {
        let callback;
        page.on('request', (request) => {
            if (request.url().includes('/callback?')) callback = request.url();
        });
        await connect(page, 'jan', 'Sales group');
        await page.waitForURL(/\/done\//);
        await page.goto(callback);
        await page.waitForURL(/\/done\//);
        assert.equal(outcome(await page.textContent('footer code')), 'connected');
        assert.equal(outcome(asSuperuser("select request_id from o365_internal.connect_attempt where app_user = 'jan' "
            + "and outcome = 'repeated'")), 'repeated');
        await stranger.page.goto(callback);
        await stranger.page.waitForURL(/\/failed\?reason=used/);
        assert.equal(asApplication("select count(*) from o365.connections('jan')"), '1');
    } finally {
        await close();
        await stranger.close();
    }
});

test('a callback that another browser brings is refused and leaves the attempt open', async () => {
    const {page, close} = await openBrowser();
    try {
        // Somebody gets as far as the callback and hands its address to somebody else.
        const somebody = new Client();
        const callback = await somebody.toCallback(ticketLink('kim'), 'Sales');
        await page.goto(callback);
        await page.waitForURL(/\/failed\?reason=no_cookie/);
        assert.equal(connection('kim'), '');
        const finished = await somebody.request(callback);
        assert.match(finished.location, /\/done\//);
        assert.equal(connection('kim'), 'groups|Sales|active');
    } finally {
        await close();
    }
});

testOnce('a person without groups creates one and tries again', async () => {
    const {page, close} = await openBrowser();
    try {
        await toPicker(page, ticketLink('lea'), 'Newcomer');
        assert.match(await page.textContent('main'), /You have no groups yet/);
        await photograph(page, 'sandbox-no-groups');
        await page.getByLabel('Name of the group').fill('First group');
        await page.getByRole('button', {name: 'Create the group'}).click();
        await page.getByLabel('First group group').check();
        await page.getByRole('button', {name: 'Allow'}).click();
        await page.waitForURL(/\/done\//);
        assert.equal(connection('lea'), 'groups|First group|active');
    } finally {
        await close();
    }
});

testOnce('the sandbox refuses altered links as documented', async () => {
    const {page, close} = await openBrowser();
    try {
        const appId = sql("select app_id from o365.connectors where slug = 'desk'");
        const callback = `${PUBLIC_URL}/connect/desk/callback`;
        const at = (query) => `${SANDBOX_URL}/connectors/Connect?${new URLSearchParams(query)}`;
        await page.goto(at({state: 'some-state-1', app_id: '00000000-0000-4000-8000-000000000000',
            callback_url: callback}));
        assert.match(await page.textContent('h1'), /Invalid Request/);
        await page.goto(at({state: 'some-state-1', app_id: appId,
            callback_url: `${PUBLIC_URL}/connect/other/callback`}));
        assert.match(await page.textContent('h1'), /Invalid Request/);
        const back = await page.getByRole('link', {name: 'Back to the application'}).getAttribute('href');
        assert.equal(back, `${callback}?state=some-state-1&error=Invalid%20Request`);
        for (const wrong of ['http://contoso.example/callback', 'javascript:alert(1)', `${callback}?x=1`, '']) {
            await page.goto(at({app_id: appId, callback_url: wrong}));
            assert.match(await page.textContent('h1'), /Nothing to go back to/);
        }
    } finally {
        await close();
    }
});

testOnce('the redirect has exactly the documented parameters', async () => {
    const {page, close} = await openBrowser();
    try {
        const callbacks = [];
        page.on('request', (request) => {
            if (request.url().includes('/callback?')) callbacks.push(new URL(request.url()).searchParams);
        });
        await connect(page, 'max', 'Sales group');
        await connect(page, 'mia', 'Inbox your own inbox');
        await toPicker(page, ticketLink('moe'));
        await page.getByRole('button', {name: 'Deny'}).click();
        await page.waitForURL(/\/failed/);
        assert.deepEqual([...callbacks[0].keys()], ['state', 'webhook_url', 'group_name', 'user_objectId', 'app_type']);
        assert.deepEqual([...callbacks[1].keys()], ['state', 'webhook_url', 'user_objectId', 'app_type']);
        assert.deepEqual([...callbacks[2].keys()], ['state', 'error']);
        assert.equal(callbacks[2].get('error'), 'AccessDenied');
    } finally {
        await close();
    }
});
