// Connecting by a pasted Workflows webhook, in a real browser: what is refused and in which words, the card with the
// code, the code, a workflow that wants the bare card, and a new address for a connection.
import assert from 'node:assert/strict';
import {readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {
    asApplication, asSuperuser, Client, code, inspect, LOGS, openBrowser, paste, PUBLIC_URL, SANDBOX_URL, sql, testOnce,
        texts, ticketLink, until,
    workflow,
} from './harness.mjs';

const program = new Client();
const status = (user) =>
    asApplication(`select status, coalesce(group_name, ''), proved_at is not null from o365.connections('${user}')`);

for (const javaScriptEnabled of [true, false]) {
    (javaScriptEnabled ? test : testOnce)(`a person pastes a webhook, types the code `
        + `and is connected, JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
        const user = `pat-${javaScriptEnabled}`;
        const flow = await workflow(`Alerts ${javaScriptEnabled}`);
        const {page, close} = await openBrowser({javaScriptEnabled});
        try {
            await page.goto(ticketLink(user));
            assert.match(await page.textContent('h1'), /in Teams/);
            if (javaScriptEnabled) {
                await page.locator('summary').click();
                await inspect(page, 'paste');
            }
            await paste(page, `  <${flow.url.replaceAll('&', '&amp;')}>\n`, 'Alerts');
            await page.waitForURL(/\/connect\/desk\/workflow\/[0-9a-f-]{36}$/);
            asApplication(
                `select o365.send(subscription_id, '{"text": "waits for ${user}"}') from o365.connections('${user}')`);
            const digits = await code(flow.target);
            // The page goes on by itself.
            await page.getByLabel('Code').waitFor();
            assert.equal(status(user), 'pending|Alerts|f');
            if (javaScriptEnabled) await inspect(page, 'proof');
            await page.getByLabel('Code').fill(String((Number(digits) + 1) % 1000000).padStart(6, '0'));
            await page.getByRole('button', {name: 'Connect'}).click();
            assert.match(await page.locator('.error').textContent(), /not the code.*4 more times/s);
            if (javaScriptEnabled) await inspect(page, 'proof-wrong');
            assert.equal((await texts(flow.target)).length, 1, 'nothing else is posted before the code is typed');
            await page.getByLabel('Code').fill(`${digits.slice(0, 3)} ${digits.slice(3)}`);
            await page.getByRole('button', {name: 'Connect'}).click();
            await page.waitForURL(/\/connect\/desk\/done\/[0-9a-f-]{36}$/);
            assert.match(await page.textContent('h1'), /is connected/);
            assert.equal(status(user), 'active|Alerts|t');
            await until('what waited',
                async () => (await texts(flow.target)).some((post) => post.includes(`waits for ${user}`)));
            assert.equal((await texts(flow.target)).length, 2);
            await page.goBack();
            await page.waitForURL(/\/done\//);
        } finally {
            await close();
        }
    });
}

test('what cannot be a webhook is named in its own words, and is never written back', async () => {
    const {page, close} = await openBrowser();
    const signed = 'https://prod-01.westeurope.logic.azure.com/workflows/0/triggers/manual/paths/invoke?api-version=1';
    try {
        await page.goto(ticketLink('rex'));
        for (const [pasted, words] of [
            ['my channel', /not an address/],
            ['https://teams.microsoft.com/l/channel/19%3aabc/General', /link to a channel/],
            ['https://make.powerautomate.com/environments/1/flows/2', /page on which the workflow is edited/],
            ['https://contoso.webhook.office.com/webhookb2/a@b/IncomingWebhook/0/c', /switched off in May 2026/],
            [signed, /no “sig”/],
            [`${signed}&sp=%2Ftriggers%2Fmanual%2Frun`, /end of the address is missing/],
            [`http${signed.slice(5)}&sig=a`, /begins with http:\/\//],
            ['https://user:secretword@prod-01.westeurope.logic.azure.com/workflows/0/triggers/manual/paths/invoke'
                + '?sig=a', /contains a user name/],
            ['https://10.0.0.1/workflows/0/triggers/manual/paths/invoke?sig=a', /name of a Microsoft server/],
            [`${signed}&sig=${'a'.repeat(2100)}`, /too long/],
            ['https://flows.example.org/workflows/0/triggers/manual/paths/invoke?sig=secretsig',
                /may not post to flows\.example\.org/],
        ]) {
            await paste(page, pasted, 'Rex');
            await page.locator('.error').waitFor();
            assert.match(await page.locator('.error').textContent(), words, pasted);
            assert.equal(await page.getByLabel('Webhook address').inputValue(), '');
            assert.equal(await page.getByLabel('Webhook address').getAttribute('aria-invalid'), 'true');
            assert.equal(await page.getByLabel('Name of the channel').inputValue(), 'Rex',
                'the rest of the form is kept');
            const html = await page.content();
            for (const secret of ['secretword', 'secretsig', 'IncomingWebhook', '19%3aabc'])
                assert.ok(!html.includes(secret), pasted);
        }
        await inspect(page, 'paste-wrong');
        assert.equal(status('rex'), '');
        // The link still serves.
        const flow = await workflow('Rex');
        await paste(page, flow.url);
        await page.waitForURL(/\/workflow\//);
    } finally {
        await close();
    }
});

testOnce('a workflow that is off, or open to its own tenant only, is told in words for its owner', async () => {
    const {page, close} = await openBrowser();
    try {
        for (const [what, words] of [['off', /turned off or deleted/], ['tenant', /set “Who can trigger/]]) {
            const flow = await workflow(`Stopped ${what}`);
            await program.request(`${SANDBOX_URL}/tenant/${flow.target}`, {do: what});
            await page.goto(ticketLink(`sue-${what}`));
            await paste(page, flow.url, 'Stopped');
            await page.getByRole('heading', {name: 'The card did not get there'}).waitFor();
            assert.match(await page.locator('.note.bad').textContent(), words);
            if (what === 'off') {
                await inspect(page, 'proof-refused');
                // Its owner turns it on, and the same page sends a new code.
                await program.request(`${SANDBOX_URL}/tenant/${flow.target}`, {do: 'on'});
                await page.getByRole('button', {name: 'Send a new code'}).click();
                await page.getByLabel('Code').fill(await code(flow.target));
                await page.getByRole('button', {name: 'Connect'}).click();
                await page.waitForURL(/\/done\//);
                assert.equal(status('sue-off'), 'active|Stopped|t');
            } else {
                // Another address, from the same page.
                const other = await workflow('Open to anyone');
                await page.getByText('Paste another address').click();
                await page.getByLabel('Webhook address').fill(other.url);
                await page.getByRole('button', {name: 'Send a test card'}).click();
                await page.getByLabel('Code').fill(await code(other.target));
                await page.getByRole('button', {name: 'Connect'}).click();
                await page.waitForURL(/\/done\//);
                assert.equal(status('sue-tenant').split('\n').at(-1), 'active|Stopped|t');
            }
        }
    } finally {
        await close();
    }
});

testOnce('a connection gets a new address, and keeps its number, its name and what waits', async () => {
    const first = await workflow('First');
    const second = await workflow('Second');
    const {page, close} = await openBrowser();
    try {
        await page.goto(ticketLink('uma'));
        await paste(page, first.url, 'Support');
        await page.getByLabel('Code').fill(await code(first.target));
        await page.getByRole('button', {name: 'Connect'}).click();
        await page.waitForURL(/\/done\//);
        const id = asApplication("select subscription_id from o365.connections('uma')");
        await program.request(`${SANDBOX_URL}/tenant/${first.target}`, {do: 'off'});
        asApplication(`select o365.send(${id}, '{"text": "meanwhile"}')`);
        await until('a suspended connection', () => status('uma').startsWith('suspended'));
        await page.goto(ticketLink('uma'));
        await page.getByLabel('Support').check();
        await inspect(page, 'paste-places');
        await page.getByLabel('Webhook address').fill(second.url);
        await page.getByRole('button', {name: 'Send a test card'}).click();
        await page.getByLabel('Code').fill(await code(second.target));
        await page.getByRole('button', {name: 'Connect'}).click();
        await page.waitForURL(/\/done\//);
        assert.equal(asApplication("select subscription_id, group_name, status from o365.connections('uma')"),
            `${id}|Support|active`);
        await until('what waited', async () => (await texts(second.target)).some((post) => post.includes('meanwhile')));
        assert.equal((await texts(second.target)).length, 2);
    } finally {
        await close();
    }
});

testOnce('F30: a webhook under the name of a connection: the page asks whether it replaces that one', async () => {
    const flows = [];
    for (const name of ['Original', 'Copy', 'Other', 'Nameless']) flows.push(await workflow(name));
    const rows = () => asApplication(
        "select group_name, status, subscription_id from o365.connections('ivy') order by subscription_id");
    const {page, close} = await openBrowser();
    // Ends at the form of the code, filled.
    const goOn = async (flow, place) => {
        await page.goto(ticketLink('ivy'));
        await paste(page, flow.url, place);
        await page.getByLabel('Code').fill(await code(flow.target));
    };
    try {
        await goOn(flows[0], 'Sales');
        await page.getByRole('button', {name: 'Connect'}).click();
        await page.waitForURL(/\/done\//);
        const id = asApplication("select subscription_id from o365.connections('ivy')");
        await goOn(flows[1], 'sales');
        assert.match(await page.locator('.note', {hasText: 'another address'}).textContent(),
            /posts in this channel already/);
        await inspect(page, 'proof-replaces');
        const digits = await page.getByLabel('Code').inputValue();
        await page.getByLabel('Code').fill(String((Number(digits) + 1) % 1000000).padStart(6, '0'));
        await page.getByRole('button', {name: 'Replace the address'}).click();
        await page.locator('.error').waitFor();
        await page.getByLabel('Code').fill(digits);
        await page.getByRole('button', {name: 'Replace the address'}).click();
        await page.waitForURL(/\/done\//);
        assert.equal(rows(), `sales|active|${id}`);
        asApplication(`select o365.send_to_user('desk', 'ivy', '{"text": "once"}')`);
        await until('the card', async () => (await texts(flows[1].target)).some((post) => post.includes('once')));
        assert.equal((await texts(flows[0].target)).length, 1, 'the first flow had its code and nothing since');
        await goOn(flows[2], 'Sales');
        await page.getByRole('button', {name: 'Keep both'}).click();
        await page.waitForURL(/\/done\//);
        assert.match(rows(), new RegExp(`^sales\\|active\\|${id}\nSales\\|active\\|\\d+$`));
        // One without a name can be chosen, too.
        await goOn(flows[3], '');
        await page.getByRole('button', {name: 'Connect'}).click();
        await page.waitForURL(/\/done\//);
        await page.goto(ticketLink('ivy'));
        await page.getByLabel(/place without a name that was connected on \d+ \w+ \d{4}$/).check();
        await inspect(page, 'paste-nameless');
    } finally {
        await close();
    }
});

testOnce('a German browser sees German from the form to the code, on the card too', async () => {
    const flow = await workflow('Meldungen');
    const {page, close} = await openBrowser({locale: 'de-DE'});
    try {
        await page.goto(ticketLink('ute'));
        assert.equal(await page.textContent('h1'), 'Contoso Helpdesk in Teams');
        await page.getByText('Andere Orte und häufige Probleme').click();
        await inspect(page, 'german-paste');
        await page.getByLabel('Adresse des Webhooks').fill('mein Kanal');
        await page.getByRole('button', {name: 'Testkarte senden'}).click();
        assert.match(await page.locator('.error').textContent(), /^Das ist keine Adresse\./);
        await page.getByLabel('Adresse des Webhooks').fill(flow.url);
        await page.getByLabel('Name des Kanals').fill('Meldungen');
        await page.getByRole('button', {name: 'Testkarte senden'}).click();
        const digits = await code(flow.target);
        assert.match((await texts(flow.target))[0], /Geben Sie diesen Code auf der Seite ein/);
        await page.getByLabel('Code').fill(String((Number(digits) + 1) % 1000000).padStart(6, '0'));
        await page.getByRole('button', {name: 'Verbinden', exact: true}).click();
        assert.match(await page.locator('.error').textContent(), /Sie haben noch 4 Versuche\./);
        await inspect(page, 'german-proof');
        await page.getByRole('button', {name: 'Einen neuen Code senden'}).click();
        await page.getByLabel('Code').fill(await code(flow.target, 1));
        assert.match((await texts(flow.target))[1], /Geben Sie diesen Code auf der Seite ein/);
        await page.getByRole('button', {name: 'Verbinden', exact: true}).click();
        await page.waitForURL(/\/done\//);
        assert.equal(await page.textContent('h1'), 'Contoso Helpdesk ist verbunden');
    } finally {
        await close();
    }
});

testOnce('a page of a pasted webhook shows another browser nothing', async () => {
    const flow = await workflow('Private');
    const mine = await openBrowser();
    const other = await openBrowser();
    try {
        await mine.page.goto(ticketLink('vic'));
        await paste(mine.page, flow.url, 'Hidden place');
        await mine.page.waitForURL(/\/workflow\//);
        await other.page.goto(mine.page.url());
        const text = await other.page.textContent('body');
        assert.match(text, /another browser/);
        assert.ok(!text.includes('Hidden place') && !text.includes('vic'));
        assert.equal(await other.page.locator('form').count(), 0);
    } finally {
        await mine.close();
        await other.close();
    }
});

testOnce('the button is there only where it leads somewhere', async () => {
    const {page, close} = await openBrowser();
    try {
        await page.goto(ticketLink('wes'));
        assert.equal(await page.getByRole('button', {name: 'Connect to Office 365'}).count(), 1);
        sql("select o365.alter_connector('desk', ways => '{workflow}')");
        await page.reload();
        assert.equal(await page.getByRole('button', {name: 'Connect to Office 365'}).count(), 0);
        sql("select o365.alter_connector('desk', ways => '{button}')");
        await page.reload();
        assert.equal(await page.getByLabel('Webhook address').count(), 0);
        assert.match(await page.textContent('h1'), /in Office 365/);
    } finally {
        sql("select o365.alter_connector('desk', ways => '{}')");
        await close();
    }
});

testOnce('where nothing was proven in time the page leads to the form again, and never to a page that is gone',
    async () => {
    const {page, close} = await openBrowser();
    sql("select o365.alter_connector('desk', ways => '{workflow}')");
    try {
        const flow = await workflow('Late');
        await page.goto(ticketLink('xena'));
        await paste(page, flow.url, 'Late');
        await page.getByLabel('Code').waitFor();
        asSuperuser("update o365_internal.proof set made_at = now() - interval '1 hour'");
        await page.reload();
        assert.match(await page.textContent('main'), /code was not typed in time/);
        await page.getByRole('button', {name: 'Try again'}).click();
        assert.equal(await page.locator('.error').count(), 0);
        assert.match(await page.textContent('main'), /xena/);
        await page.getByLabel('Webhook address').fill(flow.url);
        await page.getByRole('button', {name: 'Send a test card'}).click();
        await page.getByLabel('Code').fill(await code(flow.target, 1));
        await page.getByRole('button', {name: 'Connect'}).click();
        await page.waitForURL(/\/done\//);
        assert.match(await page.textContent('main'), /where the card with the code appeared/);
        // What starts the Connect page, asked for by hand, shows the ways that there are.
        const answer = await program.request(`${PUBLIC_URL}/connect/desk/start`,
            {ticket: new URL(ticketLink('xena')).searchParams.get('ticket')});
        assert.equal(answer.status, 200);
        assert.match(answer.text, /name="url"/);
        assert.equal(answer.headers['set-cookie'], undefined);
    } finally {
        sql("select o365.alter_connector('desk', ways => '{}')");
        await close();
    }
});

test('over a bound the page says when to come back, and the log says so once', async () => {
    const flow = await workflow('Crowd');
    const ticket = () => new URL(ticketLink('yves')).searchParams.get('ticket');
    const paste = (one) => program.request(`${PUBLIC_URL}/connect/desk/workflow`, {ticket: one, url: flow.url});
    const start = (one) => program.request(`${PUBLIC_URL}/connect/desk/start`, {ticket: one});
    sql("select o365.set('pastes_per_minute', '1'), o365.set('starts_per_minute', '1')");
    try {
        await paste(ticket());
        for (let n = 0; n < 3; ++n) {
            const answer = await paste(ticket());
            assert.equal(answer.status, 429);
            assert.equal(answer.headers['retry-after'], '60');
            assert.match(answer.text, /Try again in a minute/);
            assert.ok(!answer.text.includes(new URL(flow.url).searchParams.get('sig')));
        }
        await start(ticket());
        const refused = await start(ticket());
        assert.match(refused.location, /reason=too_many_starts/);
        assert.match((await program.request(refused.location)).text, /wait a minute and press the button again/);
        const lines = readFileSync(join(LOGS, 'programs.log'), 'utf8').match(/event=too_many .*/g);
        assert.deepEqual(lines.map((line) => line.match(/what=\w+/)[0]).sort(), ['what=pastes', 'what=starts']);
    } finally {
        sql("select o365.set('pastes_per_minute', '60'), o365.set('starts_per_minute', '600')");
    }
    // The ticket's own bound.
    sql("select o365.set('pastes_per_ticket', '1')");
    try {
        const one = ticket();
        assert.equal((await paste(one)).status, 303);
        const answer = await paste(one);
        assert.equal(answer.status, 429);
        assert.match(answer.text, /You will get a new link/);
    } finally {
        sql("select o365.set('pastes_per_ticket', '10')");
    }
});

testOnce('while a card is on its way, what is typed as another address stays', async () => {
    const flow = await workflow('Slow');
    const {page, close} = await openBrowser({javaScriptEnabled: false});
    try {
        // Its page waits for as long as this test needs: no card is posted, once the worker has heard of it.
        const log = join(LOGS, 'programs.log');
        const from = statSync(log).size;
        asSuperuser("update o365_internal.setting set value = 'elsewhere' where name = 'environment'");
        await until('the worker to send nothing', () => readFileSync(log).subarray(from).includes('event=not_sending'));
        await page.goto(ticketLink('zack'));
        await paste(page, flow.url, 'Slow');
        await page.getByRole('heading', {name: 'A card is on its way'}).waitFor();
        assert.equal((await page.reload()).headers().refresh, '3');
        const answer = page.waitForResponse(/another=1$/);
        await page.getByRole('link', {name: 'Paste another address'}).click();
        assert.equal((await answer).headers().refresh, undefined);
        assert.ok(await page.getByLabel('Webhook address').isVisible());
    } finally {
        asSuperuser("update o365_internal.setting set value = 'development' where name = 'environment'");
        await close();
    }
});
