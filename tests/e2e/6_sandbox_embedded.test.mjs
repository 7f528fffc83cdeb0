// Embedded configuration pages at the sandbox, by Microsoft's own library and by others.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {asSuperuser, Client, inspect, openBrowser, remember, ROOT, SANDBOX_URL, until} from './harness.mjs';
import {post, register, serve, signIn} from './sandbox.mjs';

test('an embedded configuration page, by Microsoft\'s library, sets a connector up, gets its webhook, cleans up',
    async () => {
    const library = readFileSync(join(ROOT, 'node_modules/@microsoft/teams-js/dist/MicrosoftTeams.min.js'));
    const reports = [];
    const page_of = (script) => `<!doctype html><meta charset="utf-8"><title>x</title><script src="/teams.js"></script>
        <input id="event" aria-label="Event"><button id="tell">Tell</button><script>
        const settings = microsoftTeams.settings;
        const report = (what) => fetch('/report', {method: 'POST', body: JSON.stringify(what)});
        document.getElementById('tell').addEventListener('click', () => {
            settings.getSettings((all) => report({told: all}));
        });
        microsoftTeams.initialize(() => { ${script} }, ['${SANDBOX_URL}']);</script>`;
    const pages = {
        '/configure': page_of(`document.getElementById('event').addEventListener('input', () => {
                settings.setSettings({entityId: 'orders', contentUrl: location.origin + '/content',
                    removeUrl: location.origin + '/remove', configName: 'New orders'}, (done) => {
                    if (done) settings.setValidityState(true);
                });
            });
            let first = true;
            settings.registerOnSaveHandler((event) => {
                if (first) { first = false; event.notifyFailure('the orders are closed'); return; }
                settings.getSettings((all) => report({saved: all, given: event.result.webhookUrl})
                    .then(() => event.notifySuccess()));
            });`),
        '/astray': page_of(`settings.setSettings({contentUrl: 'https://contoso.example/elsewhere'},
                (done, why) => report({astray: why}));`),
        '/remove': page_of(`settings.registerOnRemoveHandler((event) => settings.getSettings((all) =>
                report({removed: all}).then(() => event.notifySuccess())));`),
    };
    const service = await serve((request, response) => {
        if (request.url === '/teams.js') return response.end(library);
        if (request.url !== '/report')
            return response.setHeader('Content-Type', 'text/html').end(pages[request.url] ?? '');
        let body = '';
        request.on('data', (part) => { body += part; });
        return request.on('end', () => { reports.push(JSON.parse(body)); response.end(); });
    });
    const {domain} = service;
    const {page, close} = await openBrowser();
    try {
        await signIn(page, 'Dora');
        await page.goto(`${SANDBOX_URL}/dashboard/new?example=1`);
        await page.getByText('A configuration page inside the client').click();
        await page.getByLabel('Name', {exact: true}).fill('Dora Embedded');
        await page.getByLabel('Configuration page').fill(`https://${domain}/configure`);
        await page.getByLabel('I accept the terms').check();
        await page.getByRole('button', {name: 'Save'}).click();
        assert.match(await page.locator('.error').allTextContents().then((all) => all.join()),
            /Valid domains do not hold the configuration page's host/);
        await page.getByLabel('Valid domains').fill(domain);
        await page.getByRole('button', {name: 'Save'}).click();
        await page.getByRole('button', {name: 'Sideload to Outlook'}).click();
        const group = asSuperuser("select o365_programs.sandbox_create_target('Dora', 'groups', 'Dora orders')");
        await page.goto(`${SANDBOX_URL}/tenant/${group}`);
        await page.getByRole('link', {name: 'Add: Dora Embedded'}).click();
        const frame = page.frameLocator('iframe');
        /** What getSettings says at the page that is open. */
        const tell = async () => {
            const before = reports.length;
            await frame.getByRole('button', {name: 'Tell'}).click();
            const {told} = await until('what getSettings says', () => reports[before]);
            remember('webhook', told.webhookUrl);
            return told.webhookUrl;
        };
        const save = page.getByRole('button', {name: 'Save'});
        await frame.getByLabel('Event').waitFor();
        assert.equal(await save.isDisabled(), true, 'Save waits for setValidityState');
        await frame.getByLabel('Event').fill('orders');
        await save.and(page.locator(':enabled')).waitFor();
        await inspect(page, 'embedded');
        await save.click();
        assert.match(await page.getByRole('alert').textContent(), /could not save: the orders are closed/);
        // The page knows the webhook by now in the real world; before Save and after Cancel it is not in force.
        const early = await tell();
        assert.equal((await post(early, '{"text": "too early"}')).status, 410);
        await page.getByRole('link', {name: 'Cancel'}).click();
        assert.equal((await post(early, '{"text": "after Cancel"}')).status, 410);
        assert.match(await page.textContent('main'), /Nothing is configured/);
        await page.getByRole('link', {name: 'Add: Dora Embedded'}).click();
        await frame.getByLabel('Event').fill('orders');
        await save.and(page.locator(':enabled')).waitFor();
        await save.click();
        await page.getByRole('alert').waitFor();
        await save.click();
        await page.waitForURL(`${SANDBOX_URL}/tenant/${group}`);
        const {saved, given} = reports.at(-1);
        remember('webhook', saved.webhookUrl);
        const {webhookUrl, userObjectId, ...others} = saved;
        assert.deepEqual(others, {entityId: 'orders', contentUrl: `https://${domain}/content`,
            removeUrl: `https://${domain}/remove`, configName: 'New orders', appType: 'groups'});
        assert.match(userObjectId, /^[0-9a-f-]{36}$/);
        assert.ok([undefined, webhookUrl].includes(given));
        assert.match(await page.locator('.configured li').first().textContent(), /Dora Embedded: New orders/);
        assert.equal((await post(webhookUrl, '{"text": "a welcome"}')).text, '1');
        await page.getByRole('link', {name: /^Remove Dora Embedded/}).click();
        await frame.getByLabel('Event').waitFor();
        await page.getByRole('button', {name: 'Remove', exact: true}).click();
        await page.waitForURL(`${SANDBOX_URL}/tenant/${group}`);
        assert.equal(reports.at(-1).removed.entityId, 'orders', 'the page cleaned up');
        assert.equal((await post(webhookUrl, '{"text": "too late"}')).status, 410);
        // A page of another domain is refused as content.
        asSuperuser(`update o365_internal.sandbox_registration set configuration_url = 'https://${domain}/astray' `
            + `where name = 'Dora Embedded'`);
        await page.getByRole('link', {name: 'Add: Dora Embedded'}).click();
        await until('the refusal', () => reports.at(-1).astray);
        assert.match(reports.at(-1).astray, /valid domain/);
    } finally {
        service.close();
        await close();
    }
});

test('an embedded configuration is judged by the server, whatever the browser sends, and is saved once', async () => {
    const service = await serve((request, response) => response.setHeader('Content-Type', 'text/html')
        .end('<!doctype html><title>x</title>'));
    const {page, close} = await openBrowser();
    try {
        await signIn(page, 'Dora');
        const id = await register(page, 'Dora Forged');
        await page.getByRole('button', {name: 'Sideload to Outlook'}).click();
        asSuperuser(`update o365_internal.sandbox_registration set configuration_url = 'https://${service.domain}/', `
            + `valid_domains = '{${service.domain}}' where app_id = '${id}'`);
        const [place, other] = ['Dora forges', 'Dora hides'].map((name) =>
            asSuperuser(`select o365_programs.sandbox_create_target('Dora', 'groups', '${name}')`));
        const at = `${SANDBOX_URL}/tenant/${place}/configure/${id}`;
        const dora = new Client();
        await dora.request(`${SANDBOX_URL}/sign-in`, {person: 'Dora', next: '/'});
        const {webhook_url: webhook, draft_id: draft} = JSON.parse((await dora.request(at, {do: 'webhook'})).text);
        remember('webhook', webhook);
        const good = {draft_id: draft, contentUrl: `https://${service.domain}/content`};
        for (const [why, where, form, said] of [
            ['a page elsewhere', at, {...good, contentUrl: 'https://contoso.example/'}, /valid domain/],
            ['a page for removal elsewhere', at, {...good, removeUrl: 'https://contoso.example/'}, /valid domain/],
            ['no content', at, {draft_id: draft}, /contentUrl/],
            ['too long', at, {...good, entityId: 'e'.repeat(2049)}, /2,048/],
            ['no webhook', at, {contentUrl: good.contentUrl}, /getSettings/],
            ['a webhook of another place', at.replace(`/${place}/`, `/${other}/`), good, /getSettings/],
            ['no number', at, {...good, draft_id: '1 or 1=1'}, /getSettings/],
        ]) {
            const answer = await dora.request(where, {do: 'save', ...form});
            assert.equal(answer.status, 400, why);
            assert.match(answer.text, /Nothing was saved/, why);
            assert.match(answer.text, said, why);
            assert.equal((await post(webhook, '{"text": "not yet"}')).status, 410, why);
        }
        const stranger = new Client();
        await stranger.request(`${SANDBOX_URL}/sign-in`, {person: 'Adele', next: '/'});
        for (const what of ['webhook', 'judge', 'save'])
            assert.equal((await stranger.request(at, {do: what, ...good})).status, 404, what);
        assert.equal((await dora.request(at, {do: 'save', ...good, removeUrl: `https://${service.domain}/gone`}))
            .status, 303);
        assert.equal((await post(webhook, '{"text": "now"}')).text, '1');
        assert.equal((await dora.request(at, {do: 'save', ...good})).status, 400, 'a second time');

        // Its page has gone, and so has its domain: it is removed all the same.
        await page.goto(`${SANDBOX_URL}/tenant/${place}`);
        service.close();
        await page.getByRole('link', {name: /^Remove Dora Forged/}).click();
        await inspect(page, 'embedded-remove');
        await page.getByRole('button', {name: 'Remove without its page'}).click();
        await page.waitForURL(`${SANDBOX_URL}/tenant/${place}`);
        assert.equal((await post(webhook, '{"text": "too late"}')).status, 410);
    } finally {
        service.close();
        await close();
    }
});

test('a page that does not answer Save or Remove is told so, and what it says later changes nothing', async () => {
    const service = await serve((request, response) => response.setHeader('Content-Type', 'text/html').end(
        `<!doctype html><meta charset="utf-8"><title>x</title><button id="late">Late</button><script>
        const say = (func, ...args) => parent.postMessage({id: 1, func, args}, '${SANDBOX_URL}');
        document.getElementById('late').onclick = () => {
            say('settings.remove.success');
            say('settings.save.success');
        };
        say('settings.setSettings', {contentUrl: location.origin + '/content', removeUrl: location.href});
        say('settings.getSettings');
        say('settings.setValidityState', true);</script>`));
    const {page, close} = await openBrowser();
    try {
        await page.clock.install();
        await signIn(page, 'Dora');
        const id = await register(page, 'Dora Silent');
        await page.getByRole('button', {name: 'Sideload to Outlook'}).click();
        asSuperuser(`update o365_internal.sandbox_registration set configuration_url = 'https://${service.domain}/', `
            + `valid_domains = '{${service.domain}}' where app_id = '${id}'`);
        const place = asSuperuser("select o365_programs.sandbox_create_target('Dora', 'groups', 'Dora waits')");
        const webhooks = () => asSuperuser(`select count(*) filter (where removed_at is null) `
            + `from o365_internal.sandbox_webhook where app_id = '${id}'`);
        const frame = page.frameLocator('iframe');
        for (const [path, name] of [[`configure/${id}`, 'Save'], [() =>
            `remove/${asSuperuser(`select webhook_id from o365_internal.sandbox_webhook where app_id = '${id}'`)}`,
            'Remove']]) {
            await page.goto(`${SANDBOX_URL}/tenant/${place}/${typeof path === 'string' ? path : path()}`);
            const button = page.getByRole('button', {name, exact: true});
            await button.and(page.locator(':enabled')).waitFor();
            const before = webhooks();
            await button.click();
            assert.equal(await button.isDisabled(), true);
            await page.clock.fastForward(31000);
            assert.match(await page.getByRole('alert').textContent(), /did not answer within 30 seconds/);
            await frame.getByRole('button', {name: 'Late'}).click();
            await page.waitForTimeout(300);
            assert.equal(webhooks(), before, `a late success of ${name}`);
            assert.equal(await button.isEnabled(), true, 'it can be pressed again');
            await button.click();
            await frame.getByRole('button', {name: 'Late'}).click();
            await page.waitForURL(`${SANDBOX_URL}/tenant/${place}`);
            assert.notEqual(webhooks(), before, `a success in time of ${name}`);
        }
    } finally {
        service.close();
        await close();
    }
});
