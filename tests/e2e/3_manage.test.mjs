// The page on which a person manages what they connected, and the help page of a connector, in a real browser.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {asApplication, asSuperuser, Client, code, inspect, openBrowser, PUBLIC_URL, SANDBOX_URL, sql, testOnce, texts,
    ticketLink, until, workflow} from './harness.mjs';

const program = new Client();

/** Pastes a webhook on the landing page that is open, types the code, and ends on the page of success. */
async function pasteAndProve(page, flow) {
    await page.getByLabel('Webhook address').fill(flow.url);
    await page.getByRole('button', {name: 'Send a test card'}).click();
    const digits = await code(flow.target);
    // The page looks every three seconds whether the card is there; that it does is tested in 2_paste.
    await until('the form for the code', async () => await page.getByLabel('Code').count() > 0 || (await page.reload(),
        false));
    await page.getByLabel('Code').fill(digits);
    await page.getByRole('button', {name: 'Connect'}).click();
    await page.waitForURL(/\/done\//);
}
async function connectByPaste(page, user, flow) {
    await page.goto(ticketLink(user));
    await page.getByLabel('Name of the channel').fill(`Channel of ${user}`);
    await pasteAndProve(page, flow);
    return Number(asApplication(`select subscription_id from o365.connections('${user}')`));
}
const press = (page, name) => page.getByRole('button', {name, exact: true}).click();
const state = async (page) => (await page.locator('.state').textContent()).trim();
const send = (id, text) => asApplication(`select o365.send(${id}, '{"text": "${text}"}', 'a ticket is opened')`);

for (const javaScriptEnabled of [true, false]) {
    (javaScriptEnabled ? test : testOnce)(`whoever connected pauses, resumes, tests, renews `
        + `and removes, JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
        const user = `mia-${javaScriptEnabled}`;
        const flow = await workflow(`Managed ${javaScriptEnabled}`);
        const {page, close} = await openBrowser({javaScriptEnabled});
        const look = async (name) => javaScriptEnabled && await inspect(page, name);
        try {
            const id = await connectByPaste(page, user, flow);
            await look('done-manage');
            await press(page, 'Manage this connection');
            await page.waitForURL(/\/manage\/[\w-]{32}$/);
            const address = page.url();
            assert.equal(await state(page), 'active');
            const facts = await page.locator('.facts').textContent();
            assert.match(facts, new RegExp(`Channel of ${user}[^]*${user}[^]*Connected[^]*\\d{4}[^]*Last proven`));
            assert.match(await page.locator('.log').textContent(), /Card with a code: accepted by Microsoft/);
            await look('manage-active');

            await press(page, 'Pause');
            await page.waitForURL(/did=pause$/);
            assert.equal(await state(page), 'paused');
            send(id, `waits for ${user}`);
            send(id, `waits for ${user} too`);
            await page.goto(address);
            assert.match(await page.textContent('main'),
                /2 cards are waiting, the first since .*Sending continues when you resume/s);
            await look('manage-paused');

            // A paused connection can be tried: the test card arrives, what waits does not.
            await press(page, 'Send a test card');
            await page.waitForURL(/did=test$/);
            await page.getByText('Test card: accepted by Microsoft').waitFor();
            assert.ok((await texts(flow.target)).at(-1).includes('test card'));
            await press(page, 'Send a test card');
            await press(page, 'Send a test card');
            await press(page, 'Send a test card');
            await page.waitForURL(/did=too_many$/);
            await look('manage-too-many');
            assert.ok(!(await texts(flow.target)).some((post) => post.includes(`waits for ${user}`)));

            await press(page, 'Resume');
            await page.waitForURL(/did=resume$/);
            assert.equal(await state(page), 'active');
            await until('what waited', async () => (await texts(flow.target))
                .filter((post) => post.includes(`waits for ${user}`)).length === 2);
            await until('the page says so', async () => {
                await page.goto(address);
                return (await page.locator('.log').textContent()).match(/“a ticket is opened”: accepted by Microsoft/);
            });

            // A pause until a time, which the page says.
            await page.getByLabel('Pause').selectOption({label: 'until tomorrow, 8:00'});
            await press(page, 'Pause');
            await page.waitForURL(/did=pause$/);
            assert.match(await page.getByRole('status').textContent(), /Paused until .*8:00/);
            assert.match(await page.locator('.facts').textContent(), /Paused until/);
            assert.equal(asApplication(`select paused_until = (current_date + 1 + time '08:00') at time zone 'UTC' `
                + `from o365.connections('${user}')`), 't');
            await look('manage-paused-until');
            await press(page, 'Resume');
            await page.waitForURL(/did=resume$/);

            // What is not ticked is not sent; what has no event always is.
            const event = 'a ticket is about to miss its promise';
            const box = () => page.getByRole('checkbox', {name: event});
            assert.ok(await box().isChecked());
            await box().uncheck();
            await press(page, 'Save');
            await page.waitForURL(/did=events$/);
            assert.ok(!await box().isChecked());
            await look('manage-events');
            asApplication(`select o365.send(${id}, '{"text": "unwanted ${user}"}', '${event}')`);
            asApplication(`select o365.send(${id}, '{"text": "without an event ${user}"}')`);
            await until('the card without an event',
                async () => (await texts(flow.target)).some((post) => post.includes(`without an event ${user}`)));
            await until('the end of the other', async () => asApplication(`select reason from o365.deliveries `
                + `where subscription_id = ${id} and outcome = 'cancelled'`) === 'its user does not want this event');
            assert.ok(!(await texts(flow.target)).some((post) => post.includes(`unwanted ${user}`)));
            await box().check();
            await press(page, 'Save');
            await page.waitForURL(/did=events$/);

            // Its flow is turned off: the page says why it stopped, and what to do.
            await program.request(`${SANDBOX_URL}/tenant/${flow.target}`, {do: 'off'});
            send(id, `meanwhile ${user}`);
            await until('a stopped connection', async () => {
                await page.goto(address);
                return await state(page) === 'stopped';
            });
            assert.match(await page.locator('.note.bad').textContent(), /turned off or deleted/);
            await look('manage-stopped');
            const other = await workflow(`Other ${javaScriptEnabled}`);
            await press(page, 'Paste a new address');
            await page.waitForURL(/\/connect\/desk\/\?ticket=/);
            assert.match(await page.textContent('main'),
                new RegExp(`connection to Channel of ${user} will get a new address`));
            await pasteAndProve(page, other);
            await until('what waited',
                async () => (await texts(other.target)).some((post) => post.includes(`meanwhile ${user}`)));
            assert.equal(asApplication(`select subscription_id, status from o365.connections('${user}')`),
                `${id}|active`);
            await page.goto(address);
            assert.equal(await state(page), 'active');

            // Removing asks once more, and changes nothing before.
            await page.getByRole('link', {name: 'Remove'}).click();
            await page.waitForURL(/ask=remove$/);
            assert.match(await page.textContent('main'),
                /address of the webhook is erased at once[^]*cannot be undone/);
            await look('manage-remove');
            await page.getByRole('link', {name: 'Keep it'}).click();
            assert.equal(await state(page), 'active');
            await page.getByRole('link', {name: 'Remove'}).click();
            await press(page, 'Remove for good');
            await page.waitForURL(/did=remove$/);
            assert.equal(await page.textContent('h1'), 'The connection was removed');
            await look('manage-removed');
            assert.equal(asApplication(`select count(*) from o365.connections('${user}')`), '0');
            assert.equal(asSuperuser(
                `select sealed is null from o365_internal.subscription where subscription_id = ${id}`), 't');
        } finally {
            await close();
        }
    });
}

testOnce('whoever connects chooses how often, and changes it on the page of the connection', async () => {
    const flow = await workflow('Digests');
    const {page, close} = await openBrowser({javaScriptEnabled: true});
    try {
        await page.goto(ticketLink('tess'));
        assert.deepEqual(await page.locator('#paste').getByLabel('How often').locator('option').allTextContents(),
            ['at once, card by card', 'every hour', 'every day at 08:00', 'every week, on Monday at 08:00']);
        await page.locator('#paste').getByLabel('How often').selectOption('every day at 08:00');
        await page.getByLabel('Name of the channel').fill('Channel of tess');
        await pasteAndProve(page, flow);
        const id = Number(asApplication(`select subscription_id from o365.connections('tess')`));
        assert.equal(asApplication(`select schedule, time_zone from o365.connections('tess')`), 'daily at 08:00|UTC');

        await press(page, 'Manage this connection');
        await page.waitForURL(/\/manage\/[\w-]{32}$/);
        const address = page.url();
        assert.match(await page.locator('.facts').textContent(), /Arrives\s*every day at 08:00 \(UTC\)/);
        for (const text of ['The printer is on fire', 'The fire is out']) send(id, text);
        await until('the cards wait',
            async () => asApplication(`select why from o365.queue where subscription_id = ${id}`) === 'schedule');
        await page.goto(address);
        assert.match(await page.textContent('main'),
            /2 cards are waiting, the first since .*They arrive together, as one card, on .*08:00 \(UTC\)/s);
        await inspect(page, 'manage-schedule');

        const choose = async ({every, at, on, zone}) => {
            if (every) await page.getByLabel('How often').selectOption(every);
            if (at) await page.getByLabel('Time', {exact: true}).fill(at);
            if (on) await page.getByLabel('Day', {exact: true}).selectOption(on);
            if (zone) await page.getByLabel('Time zone').fill(zone);
            await page.locator('button[value=schedule]').click();
        };
        await choose({every: 'every week', at: '17:30', on: 'Friday', zone: 'asia/kathmandu'});
        await page.waitForURL(/did=schedule$/);
        assert.match(await page.locator('.facts').textContent(), /every week, on Friday at 17:30 \(Asia\/Kathmandu\)/);
        assert.match(await page.textContent('main'), /as one card, on .*17:30 \(UTC\+5:45\)/s);
        await choose({zone: 'Nowhere/At all'});
        await page.waitForURL(/did=no_zone$/);
        assert.match(await page.textContent('main'), /There is no time zone of that name/);
        await inspect(page, 'manage-no-zone');
        assert.equal(asApplication(`select schedule, time_zone from o365.connections('tess')`),
            'weekly on friday at 17:30|Asia/Kathmandu');

        // What waits arrives as one card.
        await choose({every: 'immediate'});
        await page.waitForURL(/did=schedule$/);
        const post = await until('the digest',
            async () => (await texts(flow.target)).find((one) => one.includes('The fire is out')));
        assert.match(post, /2 messages.*The printer is on fire.*The fire is out/s);
        assert.equal((await texts(flow.target)).filter((one) => one.includes('The printer is on fire')).length, 1);
        assert.equal(asApplication(
            `select count(*) from o365.deliveries where subscription_id = ${id} and outcome = 'digested'`), '2');
        await page.goto(address);
        assert.match(await page.locator('.log').textContent(), /part of a digest/);
        assert.equal(asApplication(`select string_agg(detail, ', ' order by at) from o365.events where subscription_id `
            + `= ${id} and kind = 'rescheduled'`), 'weekly on friday at 17:30 Asia/Kathmandu, immediate');

        // A link that stands in cards is seen by everybody there.
        await page.goto(asApplication(`select o365.manage_link(${id}, for_cards => true)`));
        assert.equal(await page.getByLabel('How often').count(), 0);
        assert.match(await page.locator('.facts').textContent(), /at once, card by card/);
    } finally {
        await close();
    }
});

test('a link for cards shows, pauses and resumes, and has nothing else', async () => {
    const {page, close} = await openBrowser();
    try {
        const id = await connectByPaste(page, 'cas', await workflow('Cards'));
        const link = asApplication(`select o365.manage_link(${id}, for_cards => true)`);
        await page.goto(link);
        for (const name of ['Send a test card', 'Paste a new address'])
            assert.equal(await page.getByRole('button', {name}).count(), 0, name);
        assert.equal(await page.getByRole('link', {name: 'Remove'}).count(), 0);
        await inspect(page, 'manage-card-link');
        await press(page, 'Pause');
        await page.waitForURL(/did=pause$/);
        const token = await page.locator('input[name=token]').first().inputValue();
        for (const what of ['test', 'renew', 'remove']) {
            const answer = await program.request(link, {do: what, token}, {headers: {'Sec-Fetch-Site': 'same-origin'}});
            assert.equal(answer.location, `${link}?did=not_now`, what);
        }
        await page.goto(`${link}?ask=remove`);
        assert.equal(await page.getByRole('button', {name: 'Remove for good'}).count(), 0);
        await press(page, 'Resume');
        await page.waitForURL(/did=resume$/);
        assert.equal(asApplication("select status from o365.connections('cas')"), 'active');
        // Revoked, it shows what a guess shows.
        assert.equal(asApplication(`select o365.revoke_manage_links(${id})`), '1');
        const revoked = await page.goto(link);
        assert.equal(revoked.status(), 404);
        assert.equal(await page.textContent('h1'), 'This link does not work any more');
        await inspect(page, 'manage-no-link');
    } finally {
        await close();
    }
});

test('a link that is none has one page, whatever it looks like, and other methods have none', async () => {
    const guess = 'a1-_'.repeat(8);
    for (const path of [guess, guess.slice(1), `${guess}a`, `${guess}/more`, '', `${guess.slice(0, 31)}%41`,
        '1-0-planted']) {
        const answer = await program.request(`${PUBLIC_URL}/manage/${path}`);
        assert.equal(answer.status, 404, path);
        assert.match(answer.text, /This link does not work any more/, path);
        assert.match(answer.headers['referrer-policy'], /no-referrer/);
        assert.match(answer.headers['cache-control'], /no-store/);
    }
    for (const method of ['PUT', 'DELETE', 'OPTIONS']) {
        const answer = await program.request(`${PUBLIC_URL}/manage/${guess}`, undefined, {method});
        assert.equal(answer.status, 405, method);
        assert.equal(answer.headers.allow, 'GET, HEAD, POST');
    }
});

test('only its own page presses', async () => {
    const {page, close} = await openBrowser();
    try {
        const id = await connectByPaste(page, 'olu', await workflow('Own page'));
        const link = sql(`select o365.manage_link(${id})`);
        await page.goto(link);
        const token = await page.locator('input[name=token]').first().inputValue();
        for (const [form, headers] of [
            [{do: 'pause', token}, {'Sec-Fetch-Site': 'cross-site'}],
            [{do: 'pause', token}, {'Sec-Fetch-Site': 'same-site'}],
            [{do: 'pause', token}, {Origin: 'https://evil.example'}],
            [{do: 'pause'}, {'Sec-Fetch-Site': 'same-origin'}],
            [{do: 'pause', token: '0'.repeat(64)}, {'Sec-Fetch-Site': 'same-origin'}],
            [{do: 'erase', token}, {'Sec-Fetch-Site': 'same-origin'}],
            [{token}, {'Sec-Fetch-Site': 'same-origin'}],
        ]) {
            const answer = await program.request(link, form, {headers});
            assert.equal(answer.status, 400, JSON.stringify([form, headers]));
        }
        // Looking changes nothing.
        for (const query of ['?do=pause', '?do=remove', '?ask=remove', '?did=remove', '?did=<b>']) {
            const answer = await program.request(`${link}${query}`);
            assert.equal(answer.status, 200, query);
            assert.ok(!answer.text.includes('<b>'));
        }
        assert.equal(asApplication("select status from o365.connections('olu')"), 'active');
        const pressed = await program.request(link, {do: 'pause', token}, {headers: {'Sec-Fetch-Site': 'same-origin'}});
        assert.equal(pressed.location, `${link}?did=pause`);
        assert.equal(asApplication("select status from o365.connections('olu')"), 'paused');
    } finally {
        await close();
    }
});

testOnce('another browser gets no link from the page of success', async () => {
    const first = await openBrowser();
    const second = await openBrowser();
    try {
        const id = await connectByPaste(first.page, 'eli', await workflow('Other browser'));
        const done = first.page.url();
        const token = await first.page.locator('input[name=token]').inputValue();
        await second.page.goto(done);
        assert.equal(await second.page.getByRole('button', {name: 'Manage this connection'}).count(), 0);
        const answer = await program.request(done, {do: 'manage', token}, {headers: {'Sec-Fetch-Site': 'same-origin'}});
        assert.equal(answer.location, done);
        assert.equal(asSuperuser(`select count(*) from o365_internal.manage_link where subscription_id = ${id}`), '0');
    } finally {
        await first.close();
        await second.close();
    }
});

test('the help page says what is posted, how to connect and whom to ask, in the language of its reader', async () => {
    const {page, close} = await openBrowser();
    const support = sql("select coalesce(support, '') from o365.connectors where slug = 'desk'");
    try {
        await page.goto(ticketLink('hal'));
        await page.getByRole('link', {name: 'Questions? How to connect, change and remove'}).click();
        await page.waitForURL(`${PUBLIC_URL}/connect/desk/help`);
        const events = asSuperuser("select array_to_string(events, E'\\n') from o365_internal.connector "
            + "where slug = 'desk'").split('\n').filter(Boolean);
        for (const event of events) assert.ok((await page.textContent('main')).includes(event), event);
        await inspect(page, 'help');
        sql("select o365.alter_connector('desk', support => 'help@desk.example', language => 'de')");
        await page.reload();
        assert.equal(await page.getByRole('link', {name: 'help@desk.example'}).getAttribute('href'),
            'mailto:help@desk.example');
        assert.match(await page.textContent('main'), /Wen kann ich fragen\?/);
        sql("select o365.alter_connector('desk', support => 'https://desk.example/help', language => '')");
        await page.reload();
        assert.equal(await page.getByRole('link', {name: 'https://desk.example/help'}).getAttribute('href'),
            'https://desk.example/help');
        assert.equal((await program.request(`${PUBLIC_URL}/connect/nobody/help`)).status, 404);
        assert.equal((await program.request(`${PUBLIC_URL}/connect/desk/help`, {x: 1})).status, 405);
    } finally {
        sql(`select o365.alter_connector('desk', support => '${support}', language => '')`);
        await close();
    }
});
