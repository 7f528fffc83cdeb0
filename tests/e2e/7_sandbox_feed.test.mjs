// The sandbox's feed: what cards of either kind look like there.
import assert from 'node:assert/strict';
import {before, test} from 'node:test';

import {calls, card, json, origin, post, program, service, webhook} from './feed.mjs';
import {openBrowser, photograph, SANDBOX_URL, until} from './harness.mjs';

test('a MessageCard is drawn with all its parts, and anything in it that is HTML or leads astray is text', async () => {
    const {url, target} = await webhook('Parts');
    const everything = JSON.stringify({
        '@type': 'MessageCard', '@context': 'http://schema.org/extensions', themeColor: '0078D7', summary: 's',
            title: 'A <b>title</b>', text: 'Some **bold** and <script>alert(1)</script> [link](javascript:alert(1))',
        sections: [
            {startGroup: true, title: 'Section *one*', activityImage: 'https://pictures.example/a.png',
                activityTitle: 'Ann', activitySubtitle: 'said', activityText: 'hello',
                facts: [{name: 'Key', value: '[v](https://contoso.example)'}],
                images: [{image: `${SANDBOX_URL}/static/icon-groups.svg`, title: 'An icon'}]},
            {heroImage: {image: `${SANDBOX_URL}/static/example-logo.png`, title: 'Hero'}, text: 'two'},
            ...Array.from({length: 10}, (_, i) => ({text: `section ${i + 3}`})),
        ],
        potentialAction: [
            {'@type': 'OpenUri', name: 'Open', targets: [{os: 'windows', uri: 'https://windows.example'},
                {os: 'default', uri: 'https://contoso.example/open'}]},
            {'@type': 'OpenUri', name: 'Bad', targets: [{os: 'default', uri: 'javascript:alert(1)'}]},
            {'@type': 'InvokeAddInCommand', name: 'Add-in', addInId: 'x'},
            {'@type': 'OpenUri', name: 'Fourth', targets: [{os: 'default', uri: 'https://contoso.example/4'}]},
            {'@type': 'OpenUri', name: 'Fifth', targets: [{os: 'default', uri: 'https://contoso.example/5'}]},
        ],
    });
    assert.deepEqual([(await post(url, everything)).status, (await post(url, everything)).text], [200, '1']);
    const {page, close} = await openBrowser();
    const elsewhere = [];
    page.on('request', (request) => {
        if (!new URL(request.url()).hostname.endsWith('localhost')) elsewhere.push(request.url());
    });
    try {
        await page.goto(`${SANDBOX_URL}/feed/${target}`);
        const shown = page.locator('.mcard').first();
        const text = await shown.innerText();
        for (const part of ['A <b>title</b>', 'Some bold and <script>alert(1)</script> link', 'Section one', 'Ann',
            'said', 'hello', 'Key', 'section 10', '2 more sections are not shown', '1 more are not shown']) {
            assert.ok(text.includes(part), `${part} is not in:\n${text}`);
        }
        assert.ok(!text.includes('section 11'));
        assert.equal(await shown.getByRole('link', {name: 'Open', exact: true}).getAttribute('href'),
            'https://contoso.example/open');
        assert.equal(await shown.locator('a[href^="javascript"]').count(), 0);
        assert.equal(await shown.getByRole('img', {name: 'Hero'}).count(), 1);
        assert.ok(await shown.getByRole('img', {name: 'An icon'}).evaluate((image) => image.naturalWidth > 0));
        assert.deepEqual(elsewhere, [], 'nothing was fetched from anywhere else');
        await photograph(page, 'feed-everything');
    } finally {
        await close();
    }
    // Teams shows no hero image.
    const team = await webhook('Parts team', 'connector', 'teams');
    await post(team.url, everything);
    const shown = (await program.request(`${SANDBOX_URL}/feed/${team.target}`)).text;
    assert.ok(shown.includes('An icon') && !shown.includes('alt="Hero"'));
});

test('an Adaptive Card is drawn by its own library under the page\'s policy, and its actions work', async () => {
    const {url, target} = await webhook('Adaptive', 'workflow');
    const adaptive = (content) =>
        JSON.stringify({type: 'message', attachments: [{contentType: 'application/vnd.microsoft.card.adaptive',
            contentUrl: null, content: {type: 'AdaptiveCard', version: '1.4', ...content}}]});
    assert.equal((await post(url, adaptive({
        version: '1.5',
        body: [{type: 'TextBlock', text: 'Main is broken', style: 'heading'},
            {type: 'TextBlock', text: 'Build **4711** <b>failed</b>', wrap: true}, {type: 'FactSet',
            facts: [{title: 'Branch', value: 'main'}]}, {type: 'Input.Text', id: 'why', label: 'Why?'}],
        actions: [{type: 'Action.ShowCard', title: 'More',
            card: {type: 'AdaptiveCard', body: [{type: 'TextBlock', text: 'hidden at first'}]}},
            {type: 'Action.OpenUrl', title: 'Log', url: 'https://contoso.example/log'},
            {type: 'Action.Http', title: 'Retry', method: 'POST', url: `${origin}/retry`,
                body: '{"why": "{{why.value}}"}'}],
    }))).status, 202);
    const {page, context, close} = await openBrowser();
    const violations = [];
    page.on('console', (message) => {
        if (/Content Security Policy/i.test(message.text())) violations.push(message.text());
    });
    try {
        await page.goto(`${SANDBOX_URL}/feed/${target}`);
        const drawn = page.locator('.adaptive');
        await drawn.getByRole('button', {name: 'More'}).waitFor();
        assert.match(await drawn.innerText(), /Build 4711 <b>failed<\/b>/);
        assert.equal(await drawn.getByRole('heading', {name: 'Main is broken', level: 2}).getAttribute('aria-level'),
            '2', 'a heading says its level');
        assert.equal(await page.locator('.static-card').isVisible(), false);
        assert.equal(await drawn.getByText('hidden at first').isVisible(), false);
        await drawn.getByRole('button', {name: 'More'}).click();
        assert.equal(await drawn.getByText('hidden at first').isVisible(), true);
        await context.route('https://contoso.example/**', (route) => route.fulfill({body: 'log'}));
        const [opened] = await Promise.all([context.waitForEvent('page'),
            drawn.getByRole('link', {name: 'Log'}).click()]);
        await opened.waitForURL('https://contoso.example/log');
        await opened.close();
        await photograph(page, 'feed-adaptive');
        // The page hears of other colours with its next frame, and draws the card again.
        const frames = () => page.evaluate(() => new Promise((done) => {
            requestAnimationFrame(() => requestAnimationFrame(done));
        }));
        await frames();
        service.respond = (response) => { response.setHeader('CARD-ACTION-STATUS', 'Started again.'); response.end(); };
        await drawn.getByLabel('Why?').fill('because "x"');
        // Drawn again in other colours, the card keeps what was typed.
        for (const colorScheme of ['dark', 'light']) {
            await page.emulateMedia({colorScheme});
            await frames();
        }
        assert.equal(await drawn.getByLabel('Why?').inputValue(), 'because "x"');
        await drawn.getByRole('button', {name: 'Retry'}).click();
        await page.locator('.outcome').waitFor();
        assert.deepEqual(JSON.parse(calls.at(-1).body), {why: 'because "x"'});
        assert.match(await page.locator('.outcome').textContent(), /Started again\./);
        assert.deepEqual(violations, []);
    } finally {
        await close();
    }
});

test('an Adaptive Card is drawn as Teams does: mentions, emphasis, lists and links alone, and no button is cut off',
    async () => {
    const {url, target} = await webhook('As Teams does', 'workflow');
    const textBlock = (text, more = {}) => ({type: 'TextBlock', text, wrap: true, ...more});
    const entity = (name, mentioned = {id: 'ann@contoso.example', name}) =>
        ({type: 'mention', text: `<at>${name}</at>`, mentioned});
    const content = {type: 'AdaptiveCard', version: '1.4',
        msteams: {entities: [entity('Ann_B & c_d'), entity('Nobody', {})]},
        body: [textBlock('Hi **<at>Ann_B & c_d</at>**, not <at>Bob</at>, not <at>Nobody</at>'),
            textBlock('# A heading\n\n> a quote\n\n`code` ~~gone~~ ![picture](https://contoso.example/p.png)\n\n|a|b|\n'
                + '|-|-|\n\n---\n\n```\nfence\n```'),
            textBlock('- one\n- two\n\n_soft_ [web](https://contoso.example/web) [mail](mailto:a@contoso.example) '
                + '[script](javascript:alert(1)) <xss:xss> [data](data:text/html,x)'),
            {type: 'FactSet', facts: [{title: 'For', value: '<at>Ann_B & c_d</at> and `code`'}]}],
        actions: ['Acknowledge this incident', 'Assign it to the person on call', 'Open the runbook of this service',
            'View'].map((title) => ({type: 'Action.OpenUrl', title, url: 'https://contoso.example/'}))
            .concat([{type: 'Action.OpenUrl', title: 'Astray', url: 'xss:xss'}])};
    await post(url, JSON.stringify({type: 'message',
        attachments: [{contentType: 'application/vnd.microsoft.card.adaptive', content}]}));
    for (const javaScriptEnabled of [true, false]) {
        const {page, context, close} = await openBrowser({javaScriptEnabled});
        const opened = [];
        context.on('page', (one) => opened.push(one.url()));
        try {
            await page.goto(`${SANDBOX_URL}/feed/${target}`);
            const drawn = page.locator(javaScriptEnabled ? '.adaptive' : '.static-card');
            await drawn.getByText('View').waitFor();
            const text = await drawn.innerText();
            for (const part of ['Hi Ann_B & c_d, not <at>Bob</at>, not <at>Nobody</at>', '# A heading', '> a quote',
                '`code` ~~gone~~', '|a|b|', '---', '```', 'xss:xss',
                'Ann_B & c_d and `code`']) assert.ok(text.includes(part), `${part} is not in:\n${text}`);
            assert.deepEqual(await drawn.locator('.mention').allInnerTexts(), ['Ann_B & c_d', 'Ann_B & c_d']);
            assert.equal(await drawn.locator('strong .mention').count(), 1);
            assert.equal(await drawn.locator(
                ':is(.ac-textBlock, .md) :is(h1, h2, blockquote, code, pre, s, del, img, table, hr)').count(), 0);
            assert.deepEqual(await drawn.locator('li').allInnerTexts(), ['one', 'two']);
            const links = await drawn.locator('.md a, .ac-textBlock a')
                .evaluateAll((all) => all.map((link) => link.getAttribute('href')));
            assert.deepEqual(links.filter((link) => !/p\.png$/.test(link)),
                ['https://contoso.example/web', 'mailto:a@contoso.example']);
            for (const width of [360, 1280]) {
                await page.setViewportSize({width, height: 900});
                const [edge, ...rights] = await drawn.evaluate((card) =>
                    [card, ...card.querySelectorAll('.ac-pushButton, .act')].map((one) => one.getBoundingClientRect()
                    .right));
                assert.ok(rights.length >= 5 && rights.every((right) => right <= edge + 0.5),
                    `${width}: ${edge} ${rights}`);
            }
            if (javaScriptEnabled) {
                await photograph(page, 'feed-as-teams');
                await drawn.getByText('Astray').click();
                await drawn.getByText('This opens nothing: its address is neither http, https nor mailto.').waitFor();
                assert.deepEqual(opened, []);
            }
        } finally {
            await close();
        }
    }
});

test('every Adaptive Card of an envelope is drawn, and of actions that look alike the pressed one is sent, as it says',
    async () => {
    const {url, target} = await webhook('Two cards', 'workflow');
    const content = (text, actions) => ({contentType: 'application/vnd.microsoft.card.adaptive',
        content: {type: 'AdaptiveCard', version: '1.4', body: [{type: 'TextBlock', text},
            {type: 'Input.Text', id: 'note', label: 'Note'}], actions}});
    const take = (more) => ({type: 'Action.Http', title: 'Take', method: 'POST', url: `${origin}/take`, ...more});
    const form = [{name: 'Content-Type', value: 'application/x-www-form-urlencoded'}];
    assert.equal((await post(url, JSON.stringify({type: 'message', attachments: [
        content('Card one', [take({body: '{"item": 1}'}), take({body: '{"item": 2}'})]),
        content('Card two', [take({title: 'Look', method: 'GET'}),
            take({title: 'Note it', body: 'note={{note.value}}', headers: form})]),
    ]}))).status, 202);
    const {page, close} = await openBrowser();
    try {
        await page.goto(`${SANDBOX_URL}/feed/${target}`);
        const [one, two] = [page.locator('.adaptive').nth(0), page.locator('.adaptive').nth(1)];
        await two.getByRole('button', {name: 'Look'}).waitFor();
        assert.match(await one.innerText(), /Card one/);
        assert.match(await two.innerText(), /Card two/);
        await photograph(page, 'feed-two-cards');
        service.respond = (response) => response.end();
        const press = async (button) => {
            const before = calls.length;
            await button.click();
            await until('the action to have arrived', () => calls.length > before);
            await page.waitForLoadState();
            return calls.at(-1);
        };
        assert.equal((await press(one.getByRole('button', {name: 'Take'}).nth(1))).body, '{"item": 2}');
        assert.equal((await press(one.getByRole('button', {name: 'Take'}).nth(0))).body, '{"item": 1}');
        const got = await press(two.getByRole('button', {name: 'Look'}));
        assert.deepEqual([got.method, got.body, got.headers['content-type']], ['GET', '', undefined]);
        await two.getByRole('textbox', {name: 'Note'}).fill('a&b');
        const noted = await press(two.getByRole('button', {name: 'Note it'}));
        assert.deepEqual([noted.method, noted.body, noted.headers['content-type']],
            ['POST', 'note=a%26b', 'application/x-www-form-urlencoded']);
        // What an answer brings takes the place of the card that was pressed, and of no other.
        service.respond = (response) => {
            response.setHeader('CARD-UPDATE-IN-BODY', 'true');
            response.end(JSON.stringify({type: 'AdaptiveCard', version: '1.4',
                body: [{type: 'TextBlock', text: 'Taken'}]}));
        };
        await press(one.getByRole('button', {name: 'Take'}).nth(0));
        await one.getByText('Taken').waitFor();
        assert.match(await two.innerText(), /Card two/);
    } finally {
        await close();
    }
});

test('what a workflow trips over after its 202 stands in the feed, and nobody tells the sender', async () => {
    const {url, target} = await webhook('Runs', 'workflow');
    for (const [body, note] of [[card('a MessageCard'), /of type 'Null'\. The result must be a valid array/],
        [JSON.stringify({attachments: [{content: {type: 'Other'}}]}), /Property 'type' must be 'AdaptiveCard'/]]) {
        const answer = await post(url, body);
        assert.deepEqual([answer.status, answer.text], [202, '']);
        assert.match((await json(`/feed.json?target=${target}`)).at(-1).note, note);
    }
    assert.equal(JSON.parse((await post(url, card('x'), {Authorization: 'Bearer x'})).text).error.code,
        'DirectApiRequestHasMoreThanOneAuthorization');
});
