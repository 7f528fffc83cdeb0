// The card playground: what it says of a card, how it shows it, and where it sends it.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {deflateRawSync} from 'node:zlib';

import {Client, openBrowser, photograph, ROOT, SANDBOX_URL, until} from './harness.mjs';

const looks = ['Outlook Groups', 'Inbox', 'Teams'];
const card = (page) => page.getByLabel('Card', {exact: true});
const verdict = (page, webhook) => page.getByRole('region', {name: webhook, exact: true});

async function inPlayground(work, {options, sample = 'news'} = {}) {
    const {page, context, close} = await openBrowser(options);
    const complaints = [];
    page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()); });
    page.on('pageerror', (error) => complaints.push(error.message));
    try {
        await page.goto(`${SANDBOX_URL}/sign-in?next=${encodeURIComponent(`/playground?sample=${sample}`)}`);
        await page.getByLabel('Your name').fill('Pat');
        await page.getByRole('main').getByRole('button', {name: 'Sign in'}).click();
        await card(page).waitFor();
        await work(page, context);
        assert.deepEqual(complaints, [], 'the browser complains about nothing');
    } finally {
        await close();
    }
}

/** Types a card and waits for what the page says of it. */
async function type(page, text) {
    const answer = page.waitForResponse((response) => response.request().method() === 'POST');
    await card(page).fill(text);
    await (await answer).finished();
}

test('what o365.send would say stands at its line, while one types', () => inPlayground(async (page) => {
    await type(page, '{\n  "@type": "MessageCard",\n  "@context": "https://schema.org/extensions",\n  "sumary": "x",\n'
        + '  "text": "y",\n  "themeColor": "#0F6CBD"\n}');
    const said = verdict(page, 'Connector webhook');
    await said.getByText('takes it, with a warning').waitFor();
    assert.match(await said.getByRole('listitem').filter({hasText: 'sumary'}).textContent(),
        /^Line 4 Warning:.*Write "summary"/);
    assert.match(await said.getByRole('listitem').filter({hasText: 'themeColor'}).textContent(),
        /^Line 6 .*six hex digits/);
    assert.match(await said.getByRole('listitem').filter({hasText: '$.summary'}).textContent(), /^Line 1 /,
        'what is missing, at what it is missing in');
    assert.deepEqual(await page.locator('.gutter .is-warning').allTextContents(), ['1', '4', '6']);
    await said.getByRole('button', {name: 'Line 6'}).click();
    assert.equal(await card(page).evaluate((field) => field.value.slice(field.selectionStart, field.selectionEnd)),
        '  "themeColor": "#0F6CBD"');
    await type(page, '{\n  "title": "no text"\n}');
    await said.getByText('refused by o365.send').waitFor();
    await photograph(page, 'playground-problems');
}));

test('what was typed before the page was lively is judged once it is', () => inPlayground(async (page) => {
    let arrive;
    const typed = new Promise((resolve) => { arrive = resolve; });
    await page.route(/\/playground\.js/, async (route) => { await typed; await route.continue(); });
    await page.goto(`${SANDBOX_URL}/playground`, {waitUntil: 'commit'});
    await card(page).fill('{"title": "typed early"}');
    arrive();
    await verdict(page, 'Connector webhook').getByText('refused by o365.send').waitFor();
}));

test('a text that is no JSON is told in which line', () => inPlayground(async (page) => {
    await type(page, '{\n  "text": "no comma"\n  "x": 1\n}');
    assert.match(await page.locator('#judged').textContent(), /Line 3, column 3: Missing ','/);
    assert.deepEqual(await page.locator('.gutter .is-error').allTextContents(), ['3']);
    await type(page, '[]');
    assert.match(await page.locator('#judged').textContent(), /It is not an object/);
    await type(page, '{\n  "text": "\\udc00"\n}');
    assert.match(await page.locator('#judged').textContent(), /Line 2, column 12: This is half a character/);
}));

test('the size is shown as the far end may count it', () => inPlayground(async (page) => {
    const size = async () => Number(await verdict(page, 'Connector webhook').getByRole('meter').getAttribute('value'));
    await type(page, '{"text": "x"}');
    await until('a small size', async () => await size() < 100);
    await type(page, JSON.stringify({text: '"'.repeat(5000)}));
    // Each of the quotes is a backslash and a quote in the card, and both may be counted twice.
    await until('the size of escaped quotes', async () => await size() > 20_000);
    await type(page, JSON.stringify({text: 'x'.repeat(30_000)}));
    await verdict(page, 'Connector webhook').getByText('refused by o365.send').waitFor();
    // Of two limits the nearer one is shown: the far end would count this card well below its own.
    await type(page, JSON.stringify({text: 'x'.repeat(24_500)}));
    await until('more than its limit', async () => Number(await verdict(page, 'Connector webhook').getByRole('meter')
        .getAttribute('max')) === 24_000 && await size() === 24_512);
}));

const samples = readFileSync(join(ROOT, 'sandbox/playground/playground.cpp'), 'utf8').matchAll(/Sample\{"(\w+)"/g);
for (const [, sample] of samples) {
    test(`the sample ${sample} is drawn in all looks and converted`, () => inPlayground(async (page) => {
        const text = JSON.parse(await card(page).inputValue());
        const title = text.title ?? text.body?.[0].text ?? text.sections?.[0].activityTitle;
        for (const look of looks) {
            await page.getByLabel(look, {exact: true}).check();
            const shown = page.locator('.look:visible .mcard');
            assert.equal(await shown.count(), 1);
            assert.ok((await shown.innerText()).includes(title.replaceAll('*', '')), `${look} shows the title`);
            await photograph(page, `playground-${sample}-${look.toLowerCase().replace(' ', '-')}`);
        }
        const converted = page.getByRole('region', {name: 'Converted'});
        if (text.type === 'AdaptiveCard' && sample !== 'both') {
            assert.match(await converted.textContent(), /It cannot be converted/);
        } else {
            const plain = title.replace(/\*|<\/?b>/g, '');  // what Teams would show as HTML is Markdown there
            assert.ok((await converted.locator('.mcard').innerText()).includes(plain), 'so does the converted card');
        }
    }, {sample}));
}

test('no button of a preview is cut off, however narrow it is', () => inPlayground(async (page) => {
    const titles = ['Acknowledge this incident', 'Assign it to the person on call', 'Open the runbook of this service',
        `Long${'-and-longer'.repeat(6)}`, 'View'];
    const adaptive = {type: 'AdaptiveCard', version: '1.4', fallbackText: 'f',
        body: [{type: 'TextBlock', text: 'text'},
        {type: 'ActionSet', actions: titles.slice(0, 3)
        .map((title) => ({type: 'Action.OpenUrl', title, url: 'https://contoso.example'}))}],
        actions: titles.map((title) => ({type: 'Action.OpenUrl', title, url: 'https://contoso.example'}))};
    const message = {text: 'text',
        potentialAction: titles.slice(1)
        .map((name) => ({'@type': 'OpenUri', name, 'targets': [{os: 'default', uri: 'https://contoso.example'}]}))};
    for (const one of [adaptive, message]) {
        await type(page, JSON.stringify(one));
        for (const look of looks) {
            for (const width of [360, 1280]) {
                await page.setViewportSize({width, height: 900});
                await page.getByLabel(look, {exact: true}).check();
                const shown = page.locator('.look:visible .preview');
                await shown.getByText('View').first().waitFor();
                const [edge, ...rights] = await shown.evaluate((card) =>
                    [card, ...[...card.querySelectorAll('.ac-pushButton, .act')].filter((button) =>
                    button.offsetParent)].map((button) => button.getBoundingClientRect().right));
                assert.ok(rights.length >= 4 && rights.every((right) => right <= edge),
                    `${look} ${width}: ${edge} ${rights}`);
            }
        }
        await photograph(page, `playground-buttons-${one === adaptive ? 'adaptive' : 'message'}`);
    }
}));

test('everything but the liveliness works without JavaScript', () => inPlayground(async (page) => {
    await card(page).fill('{\n  "text": "with **weight**",\n  "themeColor": "#0F6CBD"\n}');
    await page.getByRole('button', {name: 'Preview'}).click();
    assert.match(await verdict(page, 'Connector webhook').textContent(), /Line 3 .*six hex digits/s);
    await page.getByLabel('Teams', {exact: true}).check();
    assert.equal(await page.locator('.look-teams:visible strong').last().textContent(), 'weight');
}, {options: {javaScriptEnabled: false}}));

test('a link carries the card, and no server sees it there', () => inPlayground(async (page, context) => {
    const text = '{"text": "to be shared äöü 🎉"}';
    await type(page, text);
    await page.getByRole('button', {name: 'Copy a link to this card'}).click();
    await page.waitForURL(/#card=/);
    const other = await context.newPage();
    const asked = [];
    other.on('request', (request) => asked.push(request.url()));
    await other.goto(page.url());
    await other.waitForFunction((wanted) => document.getElementById('card').value === wanted, text);
    assert.ok(asked.every((url) => !url.includes('card=')), 'the fragment stays in the browser');
    await other.locator('.look:visible .mcard').first().getByText('to be shared äöü 🎉').waitFor();
    const link = page.url();
    await context.clearCookies();
    await other.goto('about:blank');
    await other.goto(link);
    await other.getByLabel('Your name').fill('Pat');
    await other.getByRole('main').getByRole('button', {name: 'Sign in'}).click();
    await other.waitForFunction((wanted) => document.getElementById('card')?.value === wanted, text);
    assert.ok(asked.every((url) => !url.includes('card=')), 'also by the way of signing in');
}));

test('a hostile link runs nothing, and one that is cut off or far too large changes nothing',
    () => inPlayground(async (page) => {
    const link = (text) => `#card=${deflateRawSync(text).toString('base64url')}`;
    const before = await card(page).inputValue();
    for (const hash of ['#card=', '#card=AAAA', '#card=%00<script>', '#card=__proto__', link('x'.repeat(50_000_000))]) {
        await page.evaluate((to) => { location.hash = to; }, hash);
        await page.waitForTimeout(300);
        assert.equal(await card(page).inputValue(), before, hash.slice(0, 40));
    }
    const dialogs = [];
    page.on('dialog', (dialog) => { dialogs.push(dialog.message()); return dialog.dismiss(); });
    const hostile = '</textarea><script>alert(1)</script><img src=x onerror=alert(2)> [go](javascript:alert(3))';
    const text = JSON.stringify({title: hostile, text: hostile,
        sections: [{activityImage: 'javascript:alert(4)', facts: [{name: hostile, value: hostile}]}]});
    await page.evaluate((to) => { location.hash = to; }, link(text));
    await page.waitForFunction((wanted) => document.getElementById('card').value === wanted, text);
    await verdict(page, 'Connector webhook').getByText('is no address of a picture').first().waitFor();
    assert.equal(await page.locator('#judged script, #judged [onerror], #judged a[href^="javascript:"]').count(), 0);
    assert.deepEqual(dialogs, []);
}));

test('a card is posted to a place as a worker would post it', () => inPlayground(async (page) => {
    await type(page, JSON.stringify({title: 'From the playground', text: 'with **weight**'}));
    await page.getByLabel('Post it to').selectOption({label: 'Inbox (mail)'});
    await page.getByRole('button', {name: 'Post it'}).click();
    await page.waitForURL(/\/feed\/\d+$/);
    assert.match(await page.locator('article.post').first().textContent(), /From the playground/);
    assert.equal(await page.locator('article.post').first().locator('.adaptive').count(), 0);
    await new Client().request(`${SANDBOX_URL}/tenant/webhooks`,
        {person: 'Pat', name: 'Flow of Pat', dialect: 'workflow'});
    await page.goto(`${SANDBOX_URL}/playground`);
    const flow = page.getByLabel('Post it to').locator('option', {hasText: '(workflow)'}).first();
    await page.getByLabel('Post it to').selectOption(await flow.getAttribute('value'));
    await type(page, JSON.stringify({title: 'For Workflows', text: 'converted'}));
    await page.getByRole('button', {name: 'Post it'}).click();
    await page.waitForURL(/\/feed\/\d+$/);
    assert.match(await page.locator('article.post').first().locator('.adaptive').innerText(), /For Workflows/);
}));
