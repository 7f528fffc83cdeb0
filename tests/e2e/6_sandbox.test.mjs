// The sandbox as a connector developer uses it: from an empty dashboard to a button pressed in the feed.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {asApplication, asSuperuser, FEED_URL, inspect, openBrowser, picture, PUBLIC_URL, ROOT, SANDBOX_URL, sql,
    until} from './harness.mjs';
import {approve, policyViolations, post, program, register, signIn} from './sandbox.mjs';

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
