// The sandbox as a connector developer uses it: from an empty dashboard to a button pressed in the feed; the store; the
// Connect page; the tenant.
import assert from 'node:assert/strict';
import https from 'node:https';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {asApplication, asSuperuser, Client, connect, FEED_URL, inspect, openBrowser, picture, PUBLIC_URL, remember,
    ROOT, SANDBOX_URL, sql, STACK_DIR, ticketLink, toPicker, until} from './harness.mjs';

async function signIn(page, person, next = '/dashboard') {
    await page.goto(`${SANDBOX_URL}/sign-in?next=${next}`);
    await page.getByLabel('Your name').fill(person);
    await page.getByRole('main').getByRole('button', {name: 'Sign in'}).click();
}

/** Saves the example's form under another name; ends on the connector's page and returns its GUID. */
async function register(page, name, fields = {}) {
    await page.goto(`${SANDBOX_URL}/dashboard/new?example=1`);
    await page.getByLabel('Name', {exact: true}).fill(name);
    const slug = name.toLowerCase().replaceAll(' ', '-');
    await page.getByLabel('Redirect URL').fill(`${PUBLIC_URL}/connect/${slug}/callback`);
    await page.getByLabel('Landing page for your users').fill(`${PUBLIC_URL}/connect/${slug}/`);
    for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).fill(value);
    await page.getByLabel('I accept the terms').check();
    await page.getByRole('button', {name: 'Save'}).click();
    await page.waitForURL(/\/dashboard\/[0-9a-f-]{36}$/);
    return page.url().split('/').at(-1);
}

/** Approves a connector as it is now, without the checklist. */
const approve = (id) => asSuperuser(`insert into o365_internal.sandbox_submission (app_id, registration, reviewer,
    approved_at)
    select app_id, r, 'Rita', now() from o365_internal.sandbox_registration as r where app_id = '${id}'`);

/** A service on https, on this machine, with a certificate that the sandbox takes: {domain, close}. */
async function serve(answer) {
    const service = https.createServer({key: readFileSync(join(STACK_DIR, 'conf/server.key')),
        cert: readFileSync(join(STACK_DIR, 'conf/server.pem'))}, answer);
    await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve));
    return {
        domain: `localhost:${service.address().port}`,
        close: () => {
            service.close();
            service.closeAllConnections();
        },
    };
}

/** The Connect page's address for a connector's page that is open. */
const connectLink = (page) => page.getByLabel('HTML of the button')
    .evaluate(({value}) => new DOMParser().parseFromString(value, 'text/html').querySelector('a').getAttribute('href'));

const program = new Client();
const fetchJson = async (path) => JSON.parse((await program.request(`${SANDBOX_URL}${path}`)).text);
const post = (url, body) => program.post(url, body, {'Content-Type': 'application/json'});

const policyViolations = (page) => {
    const seen = [];
    page.on('console', (message) => {
        if (/Content Security Policy/i.test(message.text())) seen.push(message.text());
    });
    return seen;
};

test('a newcomer goes from an empty dashboard to a pressed button in at most 15 actions, also a second time',
    async () => {
    const text = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const walk = text.slice(text.indexOf('<!-- tests/e2e/6_sandbox.test.mjs walks these -->'),
        text.indexOf('<!-- end of the walk -->'));
    const steps = [...walk.matchAll(/^\d+\. ((?:.|\n(?!\d+\. |\n))+)/gm)].map((match) => match[1].replace(/\s+/g, ' '));
    assert.ok(steps.length >= 10 && steps.length <= 15, `${steps.length} actions`);
    const before = walk.slice(0, walk.indexOf('\n1. ')).replace(/\s+/g, ' ');
    assert.match(before, new RegExp(`it is empty\\. From here it is ${steps.length} actions`));
    const between = (said, pattern) => [...said.matchAll(pattern)].map((match) => match[1]);
    const [toRegister, toSignIn] = between(before, /\*\*(.+?)\*\*/g);
    const [program, name] = between(before, /`(.+?)`/g);
    const left = [...steps];
    /** The README's next action, which begins so: what stands in it between **; one thing is done in each. */
    const next = (beginning) => {
        const said = left.shift() ?? 'nothing more';
        assert.ok(said.startsWith(beginning), `the next action is not "${beginning} ...", but: ${said}`);
        return between(said, /\*\*(.+?)\*\*/g)[0];
    };
    const demo = readFileSync(join(ROOT, 'scripts/demo'), 'utf8');
    const {page, close} = await openBrowser();
    const violations = policyViolations(page);
    let number = 0;
    const pictureOf = async (of) => {
        number += 1;
        await picture(page, `walk-${String(number).padStart(2, '0')}-${of}`);
    };
    try {
        assert.equal(asSuperuser("select count(*) from o365_internal.sandbox_registration where person = 'Megan'"), '0',
            'the dashboard is empty');
        assert.equal(program, 'scripts/demo');
        assert.match(demo, /^ +sandbox +\$SANDBOX_URL\/$/m, 'the demo prints the link under "sandbox"');
        await page.goto(`${SANDBOX_URL}/`);
        await pictureOf('start');
        await page.getByRole('link', {name: toRegister, exact: true}).click();
        await pictureOf('sign-in');
        await page.getByLabel('Your name').fill(name);
        await page.getByRole('main').getByRole('button', {name: toSignIn}).click();
        assert.match(await page.textContent('main'), /You have not registered a connector yet/);
        await pictureOf('empty-dashboard');
        await theActions('helpdesk');
        number = 100;
        left.push(...steps);
        await page.goto(`${SANDBOX_URL}/`);
        await page.getByRole('link', {name: toRegister, exact: true}).click();
        assert.match(await page.textContent('main'), /Contoso Helpdesk/);
        await theActions('helpdesk-2');
        assert.deepEqual(violations, []);
    } finally {
        await close();
    }
    async function theActions(slug) {
        await page.getByRole('link', {name: next('Press ')}).click();
        await pictureOf('new-connector');
        await page.getByRole('link', {name: next('Press ')}).click();
        await pictureOf('example');
        await page.getByLabel(next('Tick ')).check();
        await pictureOf('accepted');
        await page.getByRole('button', {name: next('Press ')}).click();
        await pictureOf('saved');
        await page.getByRole('button', {name: next('Press ')}).click();
        await pictureOf('registered-here');
        const statement = await page.getByLabel('A card for everybody who has connected').inputValue();
        await page.getByRole('link', {name: next('Press ')}).click();
        await pictureOf('landing');
        await page.getByRole('button', {name: next('Press ')}).click();
        await pictureOf('connect');
        await page.getByLabel(`${next('Choose the group ')} group`).check();
        await pictureOf('chosen');
        await page.getByRole('button', {name: next('Press ')}).click();
        await page.waitForURL(new RegExp(`^${PUBLIC_URL}/connect/${slug}/done/`));
        await pictureOf('connected');
        next('In a second terminal, run the `psql` command that the demo printed');
        assert.match(demo, /^ +psql +psql -h \$PGHOST -U demo_app -d o365$/m);
        next('Run the statement from the connector\'s page');
        const card = asApplication(statement.replace(/;\s*$/, ''));
        assert.match(card, /^\d+$/);
        await until('the card to end',
            () => asApplication(`select outcome from o365.deliveries where card_id = ${card}`) === 'delivered');
        next('Open the link that the demo prints under "feed"');
        assert.match(demo, /^ +feed +\$FEED_URL$/m);
        await page.goto(FEED_URL);
        await pictureOf('feed');
        await page.getByRole('button', {name: next('Press ')}).first().click();
        await page.waitForURL(/\/feed\/\d+#post-/);
        await pictureOf('pressed');
        assert.deepEqual(left, [], 'nothing more is to be done');
        const post = page.locator('article.post:target');
        assert.match(await post.textContent(), /Ticket 17 is closed/);
        assert.match(await post.locator('.outcome').textContent(),
            /The ticket was closed\..*Megan pressed "Close the ticket"/);
    }
});

test('New Connector tells every problem at its field, by the rules of o365.register_connector', async () => {
    const {page, close} = await openBrowser();
    try {
        await signIn(page, 'Dora');
        await inspect(page, 'dashboard-empty');
        await page.getByRole('link', {name: 'New connector'}).click();
        await page.getByLabel('Redirect URL').fill('http://contoso.example/callback?x=1');
        await page.getByLabel('Company website').evaluate((input) => { input.type = 'text'; });
        await page.getByLabel('Logo').setInputFiles({name: 'logo.png', mimeType: 'image/png',
            buffer: Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(61440)])});
        await page.getByRole('button', {name: 'Save'}).click();
        const errors = (await page.locator('.error').allTextContents()).join('\n');
        const {field, problem} = JSON.parse(asSuperuser(`select json_build_object('field', string_agg(p.field, ' '),
            'problem', string_agg(p.problem, '|'))
            from o365_internal.connector_problems(o365_internal.sandbox_candidate('{"name": "",
                "short_description": "", "long_description": "", "website": "", "events": [], "enabled_for": [],
                "callback_url": "http://contoso.example/callback?x=1"}',
                ('\\x89504e470d0a1a0a' || repeat('00', 61440))::bytea)) as p`));
        assert.ok(field.split(' ').length >= 9, field);
        for (const one of problem.split('|')) assert.ok(errors.includes(one), `"${one}" is not in:\n${errors}`);
        // Each belongs to its field, in the words of a form.
        const unheard = await page.locator('.error').evaluateAll((all) => all.filter(({id}) =>
            !id || !document.querySelector(`[aria-describedby~="${id}"]`)).map(({textContent}) => textContent));
        assert.deepEqual(unheard, []);
        assert.doesNotMatch(errors, /array\[|public_url|Pass the bytes/);
        await inspect(page, 'dashboard-problems');
        const id = await register(page, 'Dora One');
        await inspect(page, 'dashboard-connector');
        await page.getByRole('link', {name: 'Edit'}).click();
        await page.getByLabel('Short description').fill('Another short description');
        await page.getByRole('button', {name: 'Save'}).click();
        assert.equal(page.url(), `${SANDBOX_URL}/dashboard/${id}`);
        assert.match(await page.textContent('main'), /Another short description/);
        await page.goto(`${SANDBOX_URL}/dashboard`);
        assert.match(await page.textContent('main'), /Dora One/);
        await inspect(page, 'dashboard-list');
    } finally {
        await close();
    }
});

test('the snippet is the documented one, and changing app_id or callback_url in it gives Invalid Request', async () => {
    const {page, context, close} = await openBrowser();
    try {
        await context.grantPermissions(['clipboard-read', 'clipboard-write']);
        await signIn(page, 'Dora');
        const id = await register(page, 'Dora Two');
        const snippet = await page.getByLabel('HTML of the button').inputValue();
        assert.equal(snippet, `<a href="${SANDBOX_URL}/connectors/Connect?state=myAppsState&amp;app_id=${id}`
            + `&amp;callback_url=${PUBLIC_URL}/connect/dora-two/callback">` +
            '<img src="https://o365connectors.blob.core.windows.net/images/ConnectToO365Button.png" alt="Connect to '
                + 'Office 365"></img></a>');
        await page.getByRole('button', {name: 'Copy code'}).click();
        await page.getByRole('button', {name: 'Copied'}).waitFor();
        assert.equal(await page.evaluate(() => navigator.clipboard.readText()), snippet);
        const address = snippet.match(/href="([^"]+)"/)[1].replaceAll('&amp;', '&');
        await page.goto(address);
        assert.match(await page.textContent('h1'), /Where should Dora Two post\?/);
        for (const altered of [address.replace(id, '00000000-0000-4000-8000-000000000000'),
            address.replace('/dora-two/callback', '/dora-three/callback')]) {
            await page.goto(altered);
            assert.match(await page.textContent('h1'), /Invalid Request/);
        }
        await inspect(page, 'sandbox-invalid');
    } finally {
        await close();
    }
});

test('a registration is handed to this installation in one step, and never over an operator\'s connector', async () => {
    const {page, close} = await openBrowser();
    try {
        await signIn(page, 'Dora');
        const id = await register(page, 'Dora Four');
        await page.getByRole('button', {name: 'Register it here'}).click();
        await page.getByRole('link', {name: 'Try it'}).waitFor();
        assert.equal(sql("select app_id from o365.connectors where slug = 'dora-four'"), id);
        await inspect(page, 'dashboard-handed-over');
        await register(page, 'Dora Five', {'Redirect URL': `${PUBLIC_URL}/connect/desk/callback`});
        await page.getByRole('button', {name: 'Register it here'}).click();
        assert.match(await page.getByRole('alert').textContent(), /another connector 'desk'/);
        assert.equal(sql("select name from o365.connectors where slug = 'desk'"), 'Contoso Helpdesk');
        await register(page, 'Dora Six');
        await page.getByLabel('Database role').fill('postgres');
        await page.getByRole('button', {name: 'Register it here'}).click();
        assert.match(await page.getByRole('alert').textContent(), /role 'postgres' is not known as an application's/);
    } finally {
        await close();
    }
});

test('a connector is submitted, rejected with reasons, resubmitted, approved; the catalog leads to its landing page',
    async () => {
    const developer = await openBrowser();
    const reviewer = await openBrowser();
    try {
        const {page} = developer;
        await signIn(page, 'Dora');
        await page.goto(`${SANDBOX_URL}/store`);
        await inspect(page, 'store-empty');
        const id = await register(page, 'Dora Store');
        await page.getByRole('button', {name: 'Register it here'}).click();
        await page.getByRole('link', {name: 'Publish to Store'}).click();
        const verdict = (words) => page.locator('.checklist > li', {hasText: words}).locator('.state').first()
            .textContent();
        assert.equal(await verdict('keeps the webhook from other sites'), 'pass', 'our own callback was asked');
        assert.equal(await verdict('The logo is a jpg'), 'pass');
        assert.equal(await verdict('HTTPS on a public host'), 'look');
        await page.getByRole('button', {name: 'Submit'}).click();
        assert.match(await page.getByRole('alert').textContent(),
            /look yourself, then tick it[\s\S]*Step-by-step instructions[\s\S]*Test account/);
        await inspect(page, 'store-submit');
        const submit = async () => {
            for (const box of await page.locator('.checklist input[type=checkbox]').all()) await box.check();
            await page.getByLabel('Step-by-step instructions').fill('Open the landing page.\nPress the button.');
            await page.getByLabel('Test account').fill('reviewer@contoso.example');
            await page.getByRole('button', {name: 'Submit'}).click();
            await page.waitForURL(`${SANDBOX_URL}/dashboard/${id}`);
        };
        await submit();
        assert.match(await page.textContent('main'), /It waits for a reviewer/);

        await signIn(reviewer.page, 'Rita', '/store/review');
        await inspect(reviewer.page, 'store-review');
        // What can be seen of it in this installation.
        await reviewer.page.getByRole('link', {name: 'Hold it against the installation'}).click();
        const seen = (words) => reviewer.page.locator('.checklist > li', {hasText: words}).locator('.state')
            .textContent();
        assert.equal(await seen('The redirect URL answers as documented'), 'pass');
        assert.equal(await seen('There is documentation for users'), 'look');
        assert.match(await reviewer.page.textContent('main'), /[1-9]\d* passed, 0 failed, [1-9]\d* to look at/);
        await inspect(reviewer.page, 'store-preflight');
        await reviewer.page.goBack();
        await reviewer.page.getByRole('button', {name: 'Reject'}).click();
        assert.match(await reviewer.page.getByRole('alert').textContent(), /A rejection says why/);
        await reviewer.page.getByLabel('Reasons').fill('The logo is blurred.');
        await reviewer.page.getByRole('button', {name: 'Reject'}).click();
        assert.match(await reviewer.page.textContent('main'), /Nothing waits/);
        await page.reload();
        assert.match(await page.textContent('main'), /Rita rejected it: The logo is blurred\./);
        await page.getByRole('link', {name: 'Publish to Store'}).click();
        await submit();
        await reviewer.page.goto(`${SANDBOX_URL}/store/review`);
        await reviewer.page.getByRole('button', {name: 'Approve'}).click();
        await page.goto(`${SANDBOX_URL}/store`);
        await inspect(page, 'store');
        await page.getByRole('link', {name: 'Add: Dora Store'}).click();
        await page.waitForURL(`${PUBLIC_URL}/connect/dora-store/`);
    } finally {
        await developer.close();
        await reviewer.close();
    }
});

test('landing pages are split for Inbox and for Groups or Teams, and the catalog leads to each', async () => {
    const {page, close} = await openBrowser();
    try {
        await signIn(page, 'Dora');
        const id = await register(page, 'Dora Split',
            {'Another page for people with an inbox': 'https://contoso.example/inbox'});
        assert.match(await page.textContent('main'), /For inboxes\s*https:\/\/contoso\.example\/inbox/);
        approve(id);
        await page.goto(`${SANDBOX_URL}/store`);
        const way = async (name) => page.getByRole('link', {name, exact: true}).getAttribute('href');
        assert.equal(await way('Add to a group or team: Dora Split'), `${PUBLIC_URL}/connect/dora-split/`);
        assert.equal(await way('Add to your inbox: Dora Split'), 'https://contoso.example/inbox');
        await page.goto(`${SANDBOX_URL}/tenant`);
        await page.locator('.places a.place, .places .place a').first().waitFor();
        const inbox =
            asSuperuser("select target_id from o365_internal.sandbox_target where person = 'Dora' and kind = 'mail'");
        await page.goto(`${SANDBOX_URL}/tenant/${inbox}`);
        assert.equal(await way('Add: Dora Split'), 'https://contoso.example/inbox');
    } finally {
        asSuperuser("delete from o365_internal.sandbox_submission where (registration).name = 'Dora Split'");
        await close();
    }
});

test('Sideload to Outlook shows a saved connector to its developer alone, at the inbox and own groups', async () => {
    const developer = await openBrowser();
    const other = await openBrowser();
    try {
        const {page} = developer;
        await signIn(page, 'Dora');
        await register(page, 'Dora Sideload');
        await page.getByRole('button', {name: 'Sideload to Outlook'}).click();
        assert.match(await page.textContent('main'), /you, and nobody else, find it/);
        await inspect(page, 'dashboard-sideloaded');
        await page.goto(`${SANDBOX_URL}/store`);
        assert.match(await page.locator('.catalog li', {hasText: 'Dora Sideload'}).textContent(), /only you see it/);
        await inspect(page, 'store-sideloaded');
        const place = (kind, name) =>
            asSuperuser(`select o365_programs.sandbox_create_target('Dora', '${kind}', '${name}')`);
        for (const [target, shown] of [[place('mail', 'Inbox'), 1], [place('groups', 'Dora writes'), 1],
            [place('teams', 'Dora builds'), 0]]) {
            await page.goto(`${SANDBOX_URL}/tenant/${target}`);
            assert.equal(await page.getByRole('link', {name: 'Add: Dora Sideload'}).count(), shown, `place ${target}`);
        }
        await signIn(other.page, 'Adele', '/store');
        assert.doesNotMatch(await other.page.textContent('main'), /Dora Sideload/);
        await other.page.goto(`${SANDBOX_URL}/tenant/${place('groups', 'Dora writes')}`);
        assert.doesNotMatch(await other.page.textContent('main'), /Dora Sideload/);
        await page.goto(`${SANDBOX_URL}/tenant/${place('groups', 'Dora writes')}`);
        await inspect(page, 'tenant-sideloaded');
        await page.getByRole('link', {name: 'Add: Dora Sideload'}).click();
        await page.waitForURL(`${PUBLIC_URL}/connect/dora-sideload/`);
        await page.goto(`${SANDBOX_URL}/dashboard`);
        await page.getByRole('link', {name: /Dora Sideload/}).click();
        await page.getByRole('button', {name: 'Take it out of Outlook'}).click();
        await page.goto(`${SANDBOX_URL}/store`);
        assert.doesNotMatch(await page.textContent('main'), /Dora Sideload/);
    } finally {
        await developer.close();
        await other.close();
    }
});

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

test('a reviewer approves what was shown: a later change needs another look, the catalog keeps what was approved',
    async () => {
    const developer = await openBrowser();
    const reviewer = await openBrowser();
    try {
        const {page} = developer;
        await signIn(page, 'Dora');
        const id = await register(page, 'Dora Changes');
        await page.getByRole('button', {name: 'Register it here'}).click();
        const change = async (text) => {
            await page.goto(`${SANDBOX_URL}/dashboard/${id}/edit`);
            await page.getByLabel('Short description').fill(text);
            await page.getByRole('button', {name: 'Save'}).click();
        };
        const submit = async () => {
            await page.goto(`${SANDBOX_URL}/store/submit/${id}`);
            for (const box of await page.locator('.checklist input[type=checkbox]').all()) await box.check();
            await page.getByLabel('Step-by-step instructions').fill('Open the landing page.\nPress the button.');
            await page.getByLabel('Test account').fill('reviewer@contoso.example');
            await page.getByRole('button', {name: 'Submit'}).click();
            await page.waitForURL(`${SANDBOX_URL}/dashboard/${id}`);
        };
        const sheet = reviewer.page.locator('section.sheet', {hasText: 'Dora Changes'});
        const decide = (what) => sheet.getByRole('button', {name: what}).click();
        const listed = async () => {
            await reviewer.page.goto(`${SANDBOX_URL}/store`);
            return reviewer.page.locator('.catalog li', {hasText: 'Dora Changes'}).allTextContents()
                .then((all) => all.join());
        };
        await change('The first version');
        await submit();
        await signIn(reviewer.page, 'Rita', '/store/review');
        assert.match(await sheet.textContent(), /The first version/);
        await change('The second version');
        await submit();
        await sheet.getByLabel('Reasons').fill('Well done.');
        await decide('Approve');
        assert.match(await reviewer.page.getByRole('alert').textContent(), /has changed since you looked: look again/);
        assert.match(await sheet.textContent(), /The second version/);
        assert.equal(await sheet.getByLabel('Reasons').inputValue(), 'Well done.', 'what was written is kept');
        await inspect(reviewer.page, 'store-changed');
        assert.equal(await listed(), '', 'nothing was approved');
        await reviewer.page.goto(`${SANDBOX_URL}/store/review`);
        await decide('Approve');
        assert.match(await listed(), /The second version/);
        await change('The third version');
        assert.match(await page.textContent('main'),
            /lists it as Rita approved it on \d{4}-\d\d-\d\d, until a newer version is approved/);
        await inspect(page, 'dashboard-listed');
        assert.match(await listed(), /The second version/);
        await submit();
        assert.match(await listed(), /The second version/, 'submitting again does not take it out');
        await reviewer.page.goto(`${SANDBOX_URL}/store/review`);
        await sheet.getByLabel('Reasons').fill('No.');
        await decide('Reject');
        assert.match(await listed(), /The second version/, 'nor does a rejection');
        await submit();
        await reviewer.page.goto(`${SANDBOX_URL}/store/review`);
        await decide('Approve');
        assert.match(await listed(), /The third version/);
    } finally {
        await developer.close();
        await reviewer.close();
    }
});

test('a connector is deleted after its page has said what that ends, and its webhooks answer as removed', async () => {
    const {page, close} = await openBrowser();
    const other = await openBrowser();
    try {
        await signIn(page, 'Dora');
        const id = await register(page, 'Dora Deletes');
        await page.getByRole('button', {name: 'Register it here'}).click();
        const link = await connectLink(page);
        const megan = new Client();
        const webhook = new URL(await megan.allow(link, 'Engineering')).searchParams.get('webhook_url');
        assert.equal((await post(webhook, '{"text": "while it is there"}')).text, '1');
        approve(id);
        await signIn(other.page, 'Adele', `/dashboard/${id}/delete`);
        assert.match(await other.page.textContent('main'), /no such connector of yours/, 'nobody else deletes it');
        await page.goto(`${SANDBOX_URL}/dashboard/${id}`);
        await page.getByRole('link', {name: 'Delete this connector'}).click();
        assert.match(await page.textContent('main'), /sees "Invalid Request"[\s\S]*its webhook, which answers 410/);
        const statement = await page.getByLabel('Statement').inputValue();
        await inspect(page, 'dashboard-delete');
        await page.getByRole('link', {name: 'Keep it'}).click();
        assert.equal((await post(webhook, '{"text": "it was kept"}')).text, '1');
        await page.getByRole('link', {name: 'Delete this connector'}).click();
        await page.getByRole('button', {name: 'Delete it for good'}).click();
        await page.waitForURL(`${SANDBOX_URL}/dashboard`);
        assert.doesNotMatch(await page.textContent('main'), /Dora Deletes/);
        assert.equal((await post(webhook, '{"text": "too late"}')).status, 410);
        for (const path of ['', '/edit', '/delete']) {
            await page.goto(`${SANDBOX_URL}/dashboard/${id}${path}`);
            assert.match(await page.textContent('h1'), /Nothing here/);
        }
        await page.goto(`${SANDBOX_URL}/store`);
        assert.doesNotMatch(await page.textContent('main'), /Dora Deletes/);
        await page.goto(link);
        assert.match(await page.textContent('h1'), /Invalid Request/, 'although this installation still has it');
        const place = asSuperuser(
            "select target_id from o365_internal.sandbox_target where person = 'Megan' and name = 'Engineering'");
        await page.goto(`${SANDBOX_URL}/tenant/${place}`);
        assert.match(await page.locator('.configured li', {hasText: 'Dora Deletes'}).textContent(), /removed/);
        await page.goto(`${SANDBOX_URL}/feed/${place}`);
        assert.match(await page.locator('article.post', {hasText: 'it was kept'}).textContent(), /Dora Deletes/);
    } finally {
        await close();
        await other.close();
    }
});

test('a logo that is too large is told at its field or on a page of its own, and nothing that was typed is lost',
    async () => {
    const {page, close} = await openBrowser();
    try {
        await signIn(page, 'Dora');
        const picture = (bytes) => ({name: 'photo.png', mimeType: 'image/png',
            buffer: Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(bytes)])});
        const fill = async () => {
            await page.goto(`${SANDBOX_URL}/dashboard/new?example=1`);
            await page.getByLabel('Name', {exact: true}).fill('Dora Photographs');
            await page.getByLabel('Detailed description').fill('This took a while to write.');
            await page.getByLabel('Outlook, own inbox').uncheck();
            await page.getByLabel('I accept the terms').check();
        };
        const stillThere = async () => {
            assert.equal(await page.getByLabel('Name', {exact: true}).inputValue(), 'Dora Photographs');
            assert.equal(await page.getByLabel('Detailed description').inputValue(), 'This took a while to write.');
            assert.equal(await page.getByLabel('Outlook, own inbox').isChecked(), false);
            assert.equal(await page.getByLabel('I accept the terms').isChecked(), true);
        };
        await fill();
        await page.getByLabel('Logo').setInputFiles(picture(3 << 20));
        await page.getByRole('button', {name: 'Save'}).click();
        assert.match((await page.locator('.error').allTextContents()).join(),
            /Logo has 3145736 bytes\. It must have fewer than 61,440 \(60 KB\)/);
        await stillThere();
        await fill();
        await page.getByLabel('Logo').setInputFiles(picture(17 << 20));
        await page.getByRole('button', {name: 'Save'}).click();
        await page.getByRole('heading', {name: 'That file is too large'}).waitFor();
        assert.match(await page.textContent('main'), /Go back/);
        await inspect(page, 'too-large');
        await page.goBack();
        await stillThere();
        await page.getByLabel('Logo').setInputFiles([]);
        await page.getByLabel('Redirect URL').fill(`${PUBLIC_URL}/connect/dora-photographs/callback`);
        await page.getByRole('button', {name: 'Save'}).click();
        await page.waitForURL(/\/dashboard\/[0-9a-f-]{36}$/);
    } finally {
        await close();
    }
});

test('the Connect page has a way out that fits what the connector is enabled for', async () => {
    const {page, close} = await openBrowser();
    try {
        const boxes = {mail: 'Outlook, own inbox', groups: 'Outlook, groups', teams: 'Microsoft Teams'};
        await signIn(page, 'Dora');
        const links = {};
        for (const kinds of [['mail'], ['groups'], ['teams'], ['groups', 'teams']]) {
            await page.goto(`${SANDBOX_URL}/dashboard/new?example=1`);
            const slug = `dora-for-${kinds.join('-')}`;
            await page.getByLabel('Name', {exact: true}).fill(slug);
            await page.getByLabel('Redirect URL').fill(`${PUBLIC_URL}/connect/${slug}/callback`);
            for (const [kind, label] of Object.entries(boxes))
                await page.getByLabel(label).setChecked(kinds.includes(kind));
            await page.getByLabel('I accept the terms').check();
            await page.getByRole('button', {name: 'Save'}).click();
            links[kinds.join()] = await connectLink(page);
        }
        const offered = async () => (await page.locator('.choices .choice').allTextContents())
            .map((text) => text.trim().replace(/\s+/g, ' '));
        const as = async (person, kinds) => {
            await signIn(page, person);
            await page.goto(links[kinds]);
        };
        await as('Ines', 'mail');
        assert.deepEqual(await offered(), ['Inbox your own inbox']);
        assert.equal(await page.getByLabel(/^Name of/).count(), 0, 'an inbox is there already');
        assert.doesNotMatch(await page.textContent('main'), /no groups|no teams|Another/);
        await inspect(page, 'connect-inbox-only');

        await as('Tess', 'teams');
        assert.deepEqual(await offered(), []);
        assert.match(await page.textContent('main'), /You have no teams yet/);
        assert.equal(await page.getByRole('button', {name: 'Allow'}).count(), 0, 'there is nothing to allow');
        await inspect(page, 'connect-teams-only');
        await page.getByLabel('Name of the team').fill('Tess builds');
        await page.getByRole('button', {name: 'Create the team'}).click();
        assert.deepEqual(await offered(), ['Tess builds team'], 'it is offered, so there is an end');
        await page.getByRole('radio').check();
        await page.getByRole('button', {name: 'Allow'}).click();
        await page.waitForURL(new RegExp(`^${PUBLIC_URL}/`));

        await as('Greg', 'groups');
        assert.match(await page.textContent('main'), /You have no groups yet/);
        await page.getByLabel('Name of the group').fill('Greg writes');
        await page.getByRole('button', {name: 'Create the group'}).click();
        assert.deepEqual(await offered(), ['Greg writes group']);

        await as('Bo', 'groups,teams');
        assert.match(await page.textContent('main'), /You have no groups yet/);
        await page.getByLabel('Name of the group').fill('Bo writes');
        await page.getByRole('button', {name: 'Create the group'}).click();
        assert.deepEqual(await offered(), ['Bo writes group']);
        assert.match(await page.textContent('main'), /Another group\?/);

        // A team that is called as a workflow of the same person would be that workflow, and one that is deleted is
        // never offered.
        asSuperuser("select o365_programs.sandbox_set_workflow(o365_programs.sandbox_create_target('Tess', 'teams', "
            + "'Tess flows', 'workflow'), 'deleted')");
        await as('Tess', 'teams');
        await page.getByLabel('Name of the team').fill('Tess flows');
        await page.getByRole('button', {name: 'Create the team'}).click();
        assert.match(await page.getByRole('alert').textContent(), /A workflow of yours is called so already/);
        assert.equal(await page.getByLabel('Name of the team').inputValue(), 'Tess flows');
        await inspect(page, 'connect-name-taken');
        await page.getByLabel('Name of the team').fill('   ');
        await page.getByRole('button', {name: 'Create the team'}).click();
        assert.match(await page.getByRole('alert').textContent(), /Type a name/);
        // A form of another page cannot make what is never offered.
        const tess = new Client();
        await tess.request(`${SANDBOX_URL}/sign-in`, {person: 'Tess', next: '/'});
        const fields = Object.fromEntries(new URL(links.teams).searchParams);
        for (const kind of ['groups', 'mail', 'x']) assert.equal((await tess.request(links.teams.split('?')[0],
            {...fields, action: 'create', kind, group: 'Hidden'})).status, 400, kind);
        assert.equal(asSuperuser("select count(*) from o365_internal.sandbox_target where name = 'Hidden'"), '0');
    } finally {
        await close();
    }
});

for (const [what, path] of [['a comma and a semicolon', 'a,b;c=d'], ['letters that are not ASCII', 'bücher/日本'],
    ['quotes and brackets', "it's(here)*"]]) {
    test(`a redirect URL with ${what} in its path is connected to`, async () => {
        const {page, context, close} = await openBrowser();
        const violations = policyViolations(page);
        try {
            await context.route(`${PUBLIC_URL}/then/**`,
                (route) => route.fulfill({body: 'arrived', contentType: 'text/plain'}));
            await signIn(page, 'Megan');
            await register(page, `Path ${path.length}`, {'Redirect URL': `${PUBLIC_URL}/then/${path}`});
            const link = await connectLink(page);
            for (const [press, parameter] of [['Allow', 'webhook_url'], ['Deny', 'error']]) {
                await page.goto(link);
                await page.getByLabel('Sales group').check();
                await page.getByRole('button', {name: press}).click();
                await page.waitForURL(/\/then\//);
                const arrived = new URL(page.url());
                assert.equal(decodeURIComponent(arrived.pathname), `/then/${path}`);
                assert.ok(arrived.searchParams.has(parameter), press);
            }
            assert.deepEqual(violations, []);
        } finally {
            await close();
        }
    });
}

test('the checklist finds HTML in cards and a landing page that is a home page', async () => {
    const {page, close} = await openBrowser();
    try {
        await signIn(page, 'Dora');
        const id = await register(page, 'Dora Leaks', {'Redirect URL': `${SANDBOX_URL}/static/sandbox.css`,
            'Landing page for your users': 'https://contoso.example/'});
        asSuperuser(`insert into o365_internal.sandbox_webhook (path_hash, target_id, app_id)
            select sha256('leaks'), min(target_id), '${id}' from o365_internal.sandbox_target;
            insert into o365_internal.sandbox_post (target_id, webhook_id, answered, bytes, card)
                select target_id, webhook_id, 'ok', 1, '{"text": "<b>bold</b>"}' from o365_internal.sandbox_webhook
                    where path_hash = sha256('leaks')`);
        await page.goto(`${SANDBOX_URL}/store/submit/${id}`);
        const verdict = (words) => page.locator('.checklist > li', {hasText: words}).locator('.state').first()
            .textContent();
        assert.equal(await verdict('Cards hold Markdown'), 'fail');
        assert.equal(await verdict('leads straight to the button'), 'fail');
        assert.equal(await verdict('keeps the webhook from other sites'), 'fail',
            'a stylesheet is no callback, although it says Referrer-Policy');
    } finally {
        await close();
    }
});

test('the checklist takes for a callback only what answers as one', async () => {
    const html = {'Content-Type': 'text/html; charset=utf-8'};
    const policy = {'Referrer-Policy': 'no-referrer'};
    const page_with = (meta) => `<!doctype html><html><head>${meta}</head><body>Not connected</body></html>`;
    const answers = {
        // what it answers, verdict, what the detail says
        redirect: [302, {Location: '/failed?reason=denied'}, '', 'pass',
            /302 and leads to an address without the parameters/],
        see: [303, {Location: 'https://contoso.example/failed'}, '', 'pass', /303/],
        policy: [200, {...html, ...policy}, 'Not connected', 'pass', /referrer policy/],
        last: [200, {...html, 'Referrer-Policy': 'unsafe-url, origin'}, 'Not connected', 'pass', /referrer policy/],
        meta: [200, html, page_with('<META content=\'origin\' NAME=referrer>'), 'pass', /referrer policy/],
        strict: [403, {...html, ...policy}, 'Unknown state', 'look', /403 to a state that it never handed out/],
        missing: [404, {...html, ...policy}, 'Not found', 'fail', /404: there is no callback/],
        method: [405, {...html, ...policy}, 'POST only', 'fail', /405: there is no callback/],
        broken: [500, {...html, ...policy}, 'Oops', 'fail', /500: it is broken/],
        carries: [302, {Location: (url) => `/failed${url}`}, '', 'fail', /takes the parameters along/],
        'carries-state': [302, {Location: (url) => `/failed/${new URLSearchParams(url).get('state')}`}, '', 'fail',
            /takes the parameters along/],
        'for-ever': [301, {Location: '/failed'}, '', 'fail', /answer 302/],
        nowhere: [302, {}, '', 'fail', /neither a redirect/],
        bare: [200, html, 'Not connected', 'fail', /neither a redirect/],
        refused: [403, html, 'Unknown state', 'fail', /neither a redirect/],
        cross: [200, html, page_with('<meta name="referrer" content="origin-when-crossorigin"><meta name="description" '
            + 'content="no-referrer">'), 'fail', /neither a redirect/],
        text: [200, {'Content-Type': 'text/css', ...policy}, '', 'fail', /no page of HTML/],
        // These answer otherwise when there is a webhook.
        leaks: [302, {Location: '/failed'}, '', 'fail', /^With a webhook: It answers 200 with neither a redirect/],
        'leaks-along': [302, {Location: '/failed'}, '', 'fail',
            /^With a webhook: It redirects, but takes the parameters along/],
        'leaks-path': [302, {Location: '/failed'}, '', 'fail',
            /^With a webhook: It redirects, but takes the parameters along/],
        refuses: [302, {Location: '/failed'}, '', 'look',
            /^After Deny: It answers 302 .* With a webhook: It answers 403 to a state/],
        differs: [302, {Location: '/failed'}, '', 'pass',
            /^After Deny: It answers 302 .* With a webhook: It answers 200 with a page/],
    };
    const allowed = {
        leaks: [200, html, page_with('')],
        'leaks-along': [302,
            {Location: (url) => `/done?user_objectId=${new URLSearchParams(url).get('user_objectId')}`}, ''],
        'leaks-path': [302,
            {Location: (url) => `/done/${new URLSearchParams(url).get('webhook_url').split('/').at(-1)}`}, ''],
        refuses: [403, {...html, ...policy}, 'Unknown state'],
        differs: [200, {...html, ...policy}, 'Connected'],
    };
    const asked = [];
    const service = await serve((request, response) => {
        const {pathname, searchParams} = new URL(request.url, 'https://localhost');
        asked.push([...searchParams.keys()].join(' '));
        const [status, headers, body] = (searchParams.has('webhook_url') && allowed[pathname.slice(1)])
            || answers[pathname.slice(1)];
        response.writeHead(status, Object.fromEntries(Object.entries(headers).map(([name, value]) =>
            [name, typeof value === 'function' ? value(request.url.slice(request.url.indexOf('?'))) : value])));
        response.end(body);
    });
    const dora = new Client();
    const {page, close} = await openBrowser();
    try {
        await signIn(page, 'Dora');
        const id = await register(page, 'Dora Answers');
        await dora.request(`${SANDBOX_URL}/sign-in`, {person: 'Dora', next: '/'});
        const look = async (callback) => {
            asSuperuser(`update o365_internal.sandbox_registration set callback_url = '${callback}' `
                + `where app_id = '${id}'`);
            const {text} = await dora.request(`${SANDBOX_URL}/store/submit/${id}`);
            const item = text.split('<li>').find((one) => one.includes('keeps the webhook from other sites'));
            return {verdict: item.match(/class="state[^"]*">(\w+)</)[1],
                detail: item.match(/class="soft">([^<]*)</)[1]};
        };
        for (const [name, [, , , verdict, detail]] of Object.entries(answers)) {
            const found = await look(`https://${service.domain}/${name}`);
            assert.equal(found.verdict, verdict, `${name}: ${found.detail}`);
            assert.match(found.detail, detail, name);
        }
        service.close();
        assert.deepEqual([...new Set(asked)].sort(),
            ['state error', 'state webhook_url group_name user_objectId app_type'], 'as after Deny and after Allow');
        assert.equal((await look(`https://${service.domain}/gone`)).verdict, 'fail', 'nobody answers');
        assert.match((await look('http://localhost:3000/callback')).detail, /^It has no https/);
        assert.equal((await look('https://contoso.example/callback')).verdict, 'look', 'nothing is asked elsewhere');
    } finally {
        service.close();
        await close();
    }
});

test('the picker offers only what the connector is enabled for', async () => {
    const {page, close} = await openBrowser();
    try {
        await signIn(page, 'Dora');
        await page.goto(`${SANDBOX_URL}/dashboard/new?example=1`);
        await page.getByLabel('Outlook, own inbox').uncheck();
        await page.getByLabel('Microsoft Teams').uncheck();
        await page.getByLabel('I accept the terms').check();
        await page.getByLabel('Name', {exact: true}).fill('Groups Only');
        await page.getByLabel('Redirect URL').fill(`${PUBLIC_URL}/connect/groups-only/callback`);
        await page.getByRole('button', {name: 'Save'}).click();
        const snippet = await page.getByLabel('HTML of the button').inputValue();
        await signIn(page, 'Megan');
        await page.goto(snippet.match(/href="([^"]+)"/)[1].replaceAll('&amp;', '&'));
        const offered = await page.locator('.choices .choice').allTextContents();
        assert.deepEqual(offered.map((text) => text.trim().replace(/\s+/g, ' '))
            .filter((text) => /team|inbox/.test(text)), []);
        assert.ok(offered.length >= 2);
    } finally {
        await close();
    }
});

test('the Connect page shows name, logo, descriptions, website and events', async () => {
    const {page, close} = await openBrowser();
    try {
        await toPicker(page, ticketLink('shown'));
        const text = await page.textContent('main');
        for (const shown of ['Contoso Helpdesk', 'brings companies and customers together',
            'so that nobody has to watch a mailbox', 'a customer opens a ticket or answers one']) {
            assert.ok(text.includes(shown), shown);
        }
        assert.equal(await page.getByRole('link', {name: 'https://contoso.example'}).getAttribute('href'),
            'https://contoso.example');
        assert.ok(await page.locator('.who img').evaluate((image) => image.naturalWidth > 0));
        await inspect(page, 'connect');
    } finally {
        await close();
    }
});

test('every difficult name of a group arrives as it is', async () => {
    const {page, close} = await openBrowser();
    try {
        await toPicker(page, ticketLink('difficult-0'), 'Adele');
        await inspect(page, 'sandbox-difficult-names');
        const names = asSuperuser("select json_agg(name order by target_id) from o365_internal.sandbox_target "
            + "where person = 'Adele' and kind <> 'mail'");
        const all = JSON.parse(names);
        assert.ok(all.length >= 6 && all.some((name) => name.length >= 250));
        for (const [i, name] of all.entries()) {
            const user = `difficult-${i}`;
            if (i > 0) await toPicker(page, ticketLink(user), 'Adele');
            await page.locator('.choice', {hasText: name}).getByRole('radio').check();
            await page.getByRole('button', {name: 'Allow'}).click();
            await page.waitForURL(/\/done\//);
            assert.equal(JSON.parse(asApplication(`select to_json(group_name) from o365.connections('${user}')`)),
                name);
        }
    } finally {
        await close();
    }
});

for (const [spelling, stored] of [['Groups', 'groups'], ['GROUPS', 'groups'], ['Mail', 'mail'], ['yammer', 'yammer']]) {
    test(`app_type may be spelt ${spelling}`, async () => {
        const {page, close} = await openBrowser();
        try {
            const user = `spelt-${spelling.toLowerCase()}-${spelling.length}${spelling[1]}`;
            await toPicker(page, ticketLink(user));
            await page.getByLabel('Sales group').check();
            await page.getByText('Break the way back').click();
            await page.getByLabel('app_type is spelt').selectOption(spelling);
            await page.getByRole('button', {name: 'Allow'}).click();
            await page.waitForURL(/\/done\//);
            assert.equal(asApplication(`select app_type from o365.connections('${user}')`), stored);
        } finally {
            await close();
        }
    });
}

for (const [twist, outcome] of [['plus', /\/done\//], ['order', /\/done\//], ['no-state', /\/failed/],
    ['other-state', /\/failed/], ['twice', /\/failed/], ['foreign-host', /\/failed/],
    ['unknown-error', /\/failed/], ['invalid-request', /\/failed/]]) {
    test(`a redirect that is broken in the way "${twist}" ends at ${outcome}`, async () => {
        const {page, close} = await openBrowser();
        try {
            await toPicker(page, ticketLink(`twist-${twist}`));
            await page.getByLabel('Sales group').check();
            await page.getByText('Break the way back').click();
            await page.getByLabel('What is wrong with the redirect').selectOption(twist);
            await page.getByRole('button', {name: 'Allow'}).click();
            await page.waitForURL(outcome);
            assert.equal(asApplication(`select count(*) from o365.connections('twist-${twist}')`),
                outcome.source.includes('done') ? '1' : '0');
        } finally {
            await close();
        }
    });
}

test('a window that is closed brings nothing back', async () => {
    const {page, close} = await openBrowser();
    try {
        await toPicker(page, ticketLink('closed'));
        const before = asSuperuser('select count(*) from o365_internal.sandbox_webhook');
        await page.close();
        assert.equal(asApplication("select count(*) from o365.connections('closed')"), '0');
        assert.equal(asSuperuser('select count(*) from o365_internal.sandbox_webhook'), before);
    } finally {
        await close();
    }
});

test('state is optional and comes back as it was', async () => {
    const id = sql("select app_id from o365.connectors where slug = 'desk'");
    const callback = `${PUBLIC_URL}/connect/desk/callback`;
    const person = new Client();
    const at = async (state) => new URL(await person.allow(`${SANDBOX_URL}/connectors/Connect`
        + `?${new URLSearchParams({...state, app_id: id, callback_url: callback})}`, 'Sales')).searchParams;
    assert.equal((await at({})).has('state'), false);
    for (const state of ['', 'a b+c&d=e', '{"json": [1]}', 'ü 日本'])
        assert.equal((await at({state})).get('state'), state);
});

test('the button of 2016 has name, logo and callback in its link and answers state, webhook_url and group_name',
    async () => {
    const {page, context, close} = await openBrowser();
    try {
        await context.route(`${PUBLIC_URL}/then**`, (route) => route.fulfill({body: 'arrived'}));
        const address = (app_logo_url) => `${SANDBOX_URL}/connectors/ConnectToO365?${new URLSearchParams({
            state: 'state-of-2016', app_name: 'Old & trusted', app_logo_url, callback_url: `${PUBLIC_URL}/then`})}`;
        const logo = `${PUBLIC_URL}/connect/desk/logo`;
        const is_shown = () => page.locator(`.who img[src="${logo}"]`).evaluate((image) => image.naturalWidth > 0);
        // The logo is shown where it is on this machine, and named otherwise: nothing is fetched from anywhere.
        await page.goto(address(logo));
        assert.ok(await is_shown(), 'on the page that asks who one is');
        await page.goto(address('https://contoso.example/logo.png'));
        assert.match(await page.locator('.who').innerText(), /Old & trusted \(logo on contoso\.example\)/);
        assert.equal(await page.locator('.who img').count(), 0);
        await page.goto(address(logo));
        await page.getByLabel('Your name').fill('Megan');
        await page.getByRole('main').getByRole('button', {name: 'Sign in'}).click();
        assert.ok(await is_shown(), 'and on the picker');
        await inspect(page, 'connect-2016');
        assert.match(await page.textContent('h1'), /Where should Old & trusted post\?/);
        await page.getByLabel('Sales group').check();
        await page.getByRole('button', {name: 'Allow'}).click();
        await page.waitForURL(/\/then/);
        assert.deepEqual([...new URL(page.url()).searchParams.keys()], ['state', 'webhook_url', 'group_name']);
    } finally {
        await close();
    }
});

test('the tenant: a removed configuration answers 410', async () => {
    const {page, close} = await openBrowser();
    try {
        await connect(page, 'removed-there', 'Engineering team');
        await signIn(page, 'Megan', '/tenant');
        await inspect(page, 'tenant');
        const target = asSuperuser(
            "select target_id from o365_internal.sandbox_target where person = 'Megan' and name = 'Engineering'");
        await page.goto(`${SANDBOX_URL}/tenant/${target}`);
        await inspect(page, 'tenant-place');
        const first = page.locator('.configured li').first();
        assert.match(await first.textContent(), /Contoso Helpdesk.*configured/s);
        await first.getByText('Registration').click();
        assert.match(await first.textContent(), /a ticket is about to miss its promise/);
        await first.getByRole('button', {name: 'Remove'}).click();
        await page.waitForLoadState();
        const id = asApplication("select max(subscription_id) from o365.connections('removed-there')");
        const card = asApplication(`select o365.send(${id}, '{"text": "too late"}')`);
        await until('an answer of 410', async () => (await fetchJson(`/log.json?target=${target}&answered=410`))
            .length > 0);
        assert.notEqual(asApplication(`select coalesce(outcome, '') from o365.deliveries where card_id = ${card}`),
            'delivered');
        sql(`select o365.remove(${id})`);

    } finally {
        await close();
    }
});

test('a person makes a workflow in a channel, sees its URL once, and reads in its run history what became of each post',
    async () => {
    const {page, close} = await openBrowser();
    const violations = policyViolations(page);
    const adaptive = {type: 'AdaptiveCard', version: '1.4', body: [{type: 'TextBlock', text: 'From a workflow'}]};
    const envelope = JSON.stringify({type: 'message',
        attachments: [{contentType: 'application/vnd.microsoft.card.adaptive', content: adaptive}]});
    const press = async (name) => {
        await page.getByRole('button', {name}).click();
        await page.waitForLoadState();
    };
    const runs = () => page.locator('.runs li').allInnerTexts();
    const shownUrl = async () => {
        const url = await page.getByLabel('Webhook URL').inputValue();
        remember('webhook', url);
        return url;
    };
    const code = async (url, body = envelope) => {
        const {status, text} = await post(url, body);
        return text ? `${status} ${JSON.parse(text).error.code}` : status;
    };
    try {
        await signIn(page, 'Megan', '/tenant');
        await page.getByRole('textbox', {name: 'Name'}).fill('Build alerts');
        await page.getByLabel('What').selectOption('Teams channel with workflows');
        await press('Make it');
        await page.getByRole('link', {name: /^Build alerts/}).click();
        assert.match(await page.textContent('main'), /This channel has none yet/);
        await inspect(page, 'tenant-channel-empty');
        await press('Add the workflow');
        const first = await shownUrl();
        assert.match(first, new RegExp(
            /^https:\/\/flow\.localhost:\d+\/powerautomate\/automations\/direct\/workflows\/[0-9a-f]{32}/.source
            + /\/triggers\/manual\/paths\/invoke\?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1\.0/.source
            + /&sig=[\w-]{43}$/.source));
        await inspect(page, 'tenant-flow-new');
        assert.deepEqual([await code(first), await code(first, JSON.stringify(adaptive))], [202, 202]);

        await page.getByRole('link', {name: 'Build alerts'}).click();
        await page.getByRole('link', {name: 'Send webhook alerts to a channel'}).click();
        assert.equal(await page.getByLabel('Webhook URL').count(), 0, 'its URL is shown once');
        assert.equal((await page.content()).includes(new URL(first).searchParams.get('sig')), false);
        const [failed, succeeded] = await runs();
        assert.match(failed, new RegExp(/Failed[^]*A bare Adaptive Card\. The trigger answered 202, /.source
            + /so the sender knows nothing of it\. Nothing was posted\..*is of type 'Null'/.source));
        assert.match(succeeded,
            /Succeeded[^]*An envelope with one Adaptive Card\. The trigger answered 202, then the card was posted\./);
        await inspect(page, 'tenant-flow');

        await press('Regenerate the key');
        const second = await shownUrl();
        assert.deepEqual([new URL(second).pathname === new URL(first).pathname, await code(first), await code(second)],
            [true, '401 AuthorizationFailed', 202]);
        await press('Its owner leaves');
        assert.match(await page.textContent('main'), /Its owner left, which turned it off/);
        assert.equal(await code(second), '400 WorkflowTriggerIsNotEnabled');
        await press('A co-owner turns it on');
        assert.equal(await code(second), 202);
        await press('Only people in my tenant');
        const closed = await shownUrl();
        assert.equal(new URL(closed).search, '?api-version=1');
        assert.deepEqual([await code(closed), await code(second)],
            ['401 DirectApiAuthorizationRequired', '401 DirectApiAuthorizationRequired']);
        await press('Let anyone trigger it');
        const third = await shownUrl();
        assert.deepEqual([await code(third), await code(second)], [202, '404 WorkflowNotFound']);
        await press('Turn off');
        assert.equal(await code(third), '400 WorkflowTriggerIsNotEnabled');
        await page.reload();
        assert.match((await runs())[0], /Not started[^]*Answered 400\. Workflow switched off\./);
        await press('Delete');
        assert.equal(await code(third), '404 WorkflowNotFound');
        assert.equal(await page.getByRole('button', {name: 'Turn on'}).count(), 0);

        // One that wants the bare card, and fails as in a private channel until it is mended.
        await page.getByRole('link', {name: 'Build alerts'}).click();
        await page.getByLabel('Template').selectOption('From blank: post the whole body as a card');
        await page.getByText('What may go wrong with it').click();
        await page.getByLabel('Every run fails').selectOption('because the Flow bot cannot post in a private channel');
        await page.getByLabel('Form of its URL').selectOption('powerplatform.com with /cu/25/');
        await inspect(page, 'tenant-channel');
        await press('Add the workflow');
        const bare = await shownUrl();
        assert.match(bare, /\/direct\/cu\/25\/workflows\//);
        assert.deepEqual([await code(bare), await code(bare, JSON.stringify(adaptive))], [202, 202]);
        await page.goto(page.url().replace(/new$/, asSuperuser('select max(flow_id) from o365_internal.sandbox_flow')));
        assert.match((await runs()).join(), new RegExp(
            /A bare Adaptive Card[^]*The Flow bot cannot post in a private channel[^]*/.source
            + /An envelope[^]*Property 'type' must be 'AdaptiveCard'/.source));
        await inspect(page, 'tenant-flow-fails');
        await press('Mend what makes it fail');
        assert.equal(await code(bare, JSON.stringify({...adaptive, body: [{type: 'TextBlock', text: 'At last'}]})),
            202);
        await page.getByRole('link', {name: 'Feed', exact: true}).last().click();
        const [newest, before] = await page.locator('article.post').all();
        assert.match(await newest.innerText(), /At last/);
        assert.match(await before.innerText(), /so nothing was posted/);
        assert.doesNotMatch(await before.innerText(), /From a workflow/, 'people see no card of a run that failed');
        await inspect(page, 'feed-of-channel');
        assert.deepEqual(violations, []);
        await withoutScripts(page.url().match(/feed\/(\d+)/)[1]);
    } finally {
        await close();
    }
    // The same pages without JavaScript.
    async function withoutScripts(channel) {
        const {page: plain, close: end} = await openBrowser({javaScriptEnabled: false});
        try {
            await plain.goto(`${SANDBOX_URL}/tenant/${channel}`);
            await plain.getByLabel('Who can trigger the flow?').selectOption('Any user in my tenant');
            await plain.getByRole('button', {name: 'Add the workflow'}).click();
            const url = await plain.getByLabel('Webhook URL').inputValue();
            remember('webhook', url);
            assert.equal(await code(url), '401 DirectApiAuthorizationRequired');
            await plain.getByRole('button', {name: 'Its owner leaves'}).click();
            assert.match(await plain.locator('.runs li').first().innerText(), /Not started[^]*Answered 401\./);
        } finally {
            await end();
        }
    }
});

test('every page is legible and axe-core finds nothing serious on it, at 360 and 1440 px, light and dark', async () => {
    const {page, context, close} = await openBrowser();
    const violations = policyViolations(page);
    const open = (path) => async () => { await page.goto(`${SANDBOX_URL}${path()}`); };
    let id = '';
    let flow;
    const inPlace = (state) =>
        `select min(target_id) from o365_internal.sandbox_target where person = 'Megan' and ${state}`;
    const group = () => asSuperuser(inPlace("name = 'Sales'"));
    const connectAddress = () => `/connectors/Connect?`
        + `${new URLSearchParams({state: 's', app_id: id, callback_url: `${PUBLIC_URL}/connect/every-page/callback`})}`;
    const pages = {
        home: open(() => '/'),
        'sign-in': open(() => '/sign-in'),
        dashboard: open(() => '/dashboard'),
        'connector-form': open(() => `/dashboard/${id}/edit`),
        connector: open(() => `/dashboard/${id}`),
        delete: open(() => `/dashboard/${id}/delete`),
        submit: open(() => `/store/submit/${id}`),
        review: open(() => '/store/review'),
        preflight: open(() =>
            `/store/preflight/${asSuperuser("select app_id from o365_internal.connector where slug = 'desk'")}`),
        catalog: open(() => '/store'),
        connect: open(connectAddress),
        invalid: open(() => `${connectAddress()}/altered`),
        message: open(() => '/nowhere'),
        tenant: open(() => '/tenant'),
        place: open(() => `/tenant/${group()}`),
        flow: open(() => `/tenant/${flow.target}/flow/${flow.flow}`),
        embedded: open(() => `/tenant/${group()}/configure/${id}`),
        feed: open(() => `/feed/${group()}`),
        playground: open(() => '/playground'),
        faults: open(() => '/faults'),
        log: open(() => '/log'),
        'connect-sign-in': async () => { await context.clearCookies(); await open(connectAddress)(); },
    };
    const templates = readdirSync(join(ROOT, 'sandbox/templates')).map((name) => name.replace('.mustache', ''))
        .filter((name) => !['card', 'layout'].includes(name));
    assert.deepEqual(Object.keys(pages).sort(), templates.sort(), 'every template is looked at');
    try {
        await signIn(page, 'Megan');
        id = await register(page, 'Every Page');
        await page.getByRole('button', {name: 'Sideload to Outlook'}).click();
        asSuperuser(`update o365_internal.sandbox_registration
            set configuration_url = 'https://localhost:1/', valid_domains = '{localhost:1}' where app_id = '${id}';
            update o365_internal.sandbox_registration
                set stage = 'submitted', instructions = E'One.\nTwo.', test_account = 'a' where name = 'Dora One';
            insert into o365_internal.sandbox_submission (app_id, registration) select app_id, r
                from o365_internal.sandbox_registration as r where name = 'Dora One'`);
        approve(asSuperuser("select app_id from o365_internal.sandbox_registration where name = 'Dora Two'"));
        flow = JSON.parse((await program.request(`${SANDBOX_URL}/tenant/webhooks`,
            {person: 'Megan', name: 'Every page', dialect: 'workflow'})).text);
        remember('webhook', flow.webhook_url);
        await program.request(`${SANDBOX_URL}/faults`, {target: group(), answer: '503', retry_after: 9, rate: 10});
        await page.goto(`${SANDBOX_URL}/faults`);
        await page.getByLabel('One place\'s own switch').selectOption(String(group()));
        await page.getByRole('button', {name: 'On', exact: true}).click();
        assert.equal(JSON.parse((await program.request(`${SANDBOX_URL}/faults.json`)).text)
            .throttles.find(({target}) => String(target) === String(group())).on, true);
        for (const [name, go] of Object.entries(pages)) {
            await go();
            assert.equal(await page.locator('h1').count(), 1, `${name} has one heading`);
            const here = new URL(page.url()).pathname;
            const current = await page.locator('header nav a[aria-current]').evaluateAll((links) =>
                links.map((link) => [link.getAttribute('href'), link.getAttribute('aria-current')]));
            const section = ['/dashboard', '/store', '/tenant', '/feed', '/playground', '/faults',
                '/log'].find((path) => here === path || here.startsWith(`${path}/`));
            assert.deepEqual(current, section ? [[section, here === section ? 'page' : 'true']] : [],
                `${name}: the menu says where one is`);
            await inspect(page, `page-${name}`);
        }
        await page.goto(`${SANDBOX_URL}/feed`);
        await page.keyboard.press('Tab');
        assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
        await page.keyboard.press('Enter');
        assert.equal(await page.evaluate(() => document.activeElement.tagName), 'MAIN', 'the menu can be left out');
        await signIn(page, 'Megan');
        for (const [name, path] of [['feed-of-all', '/feed'], ['playground-adaptive', '/playground?sample=adaptive']]) {
            await page.goto(`${SANDBOX_URL}${path}`);
            await inspect(page, name);
        }
        assert.deepEqual(violations, []);
    } finally {
        await program.request(`${SANDBOX_URL}/faults`, {target: group(), answer: 'ok'});
        await program.request(`${SANDBOX_URL}/throttle`, {target: group(), throttle: 'as-all'});
        await close();
    }
});

test('every sentence of the documented protocol names a test that there is', () => {
    const files = {1: '1_*', 3: '3_operate.test.mjs', 6: '6_sandbox.test.mjs', 7: '7_sandbox_feed.test.mjs',
        8: '8_playground.test.mjs', 9: '9_secrets.test.mjs'};
    const folder = join(ROOT, 'tests/e2e');
    const titles = (file) => [...readFileSync(file, 'utf8')
        .matchAll(/\btest(?:Once)?\((['"`])((?:\\.|(?!\1).)*)\1/g)].map(([, , title]) => title.replaceAll("\\'", "'"));
    const known = Object.fromEntries(Object.entries(files).map(([number, name]) =>
        [number, readdirSync(folder).filter((file) => (name === '1_*' ? file.startsWith('1_') : file === name))
            .flatMap((file) => titles(join(folder, file)))]));
    known.SQL = ['sandbox', 'sandbox_webhooks']
        .flatMap((name) => readFileSync(join(ROOT, `tests/sql/${name}.sql`), 'utf8').split('\n'))
        .filter((line) => !line.startsWith('--')).map((line) => line.replaceAll("''", "'"));
    const text = readFileSync(join(ROOT, 'docs/sandbox.md'), 'utf8');
    const rows = text.slice(text.indexOf('## The documented protocol')).split('\n')
        .filter((line) => line.startsWith('| ') && !/^\| (sentence|---)/.test(line))
        .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));
    assert.ok(rows.length >= 60, `${rows.length} sentences`);
    const wrong = [];
    let tested = 0;
    for (const [sentence, named] of rows) {
        if (named.startsWith('none: ')) continue;  // with the reason
        tested += 1;
        for (const one of named.split('; ')) {
            const [, where, words] = one.match(/^(\d|SQL): (.+)$/) ?? [];
            if (!known[where]?.some((title) => title.includes(words))) wrong.push(`${sentence} -> ${one}`);
        }
    }
    assert.deepEqual(wrong, []);
    assert.ok(rows.length - tested <= 8, `${rows.length - tested} sentences have no test`);
});
