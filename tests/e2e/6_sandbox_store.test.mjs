// The sandbox's store: reviews, the checklist, what becomes of a deleted connector, and the Connect page's way out.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {asSuperuser, Client, inspect, openBrowser, picture, PUBLIC_URL, SANDBOX_URL} from './harness.mjs';
import {approve, connectLink, policyViolations, post, register, serve, signIn} from './sandbox.mjs';

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
