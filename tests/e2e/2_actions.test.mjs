// Card actions for Workflows: from the button in the feed over our page to the event that the application takes.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {arrived, formOf, message, post, quoted, taken, target, workerHeard} from './actions.mjs';
import {asApplication, asSuperuser, Client, FEED_URL, inspect, openBrowser, PUBLIC_URL, sql, stack, until,
    testOnce} from './harness.mjs';

const hostile = '"><script>alert(1)</script>\u202Egnp.{{text.value}}';
const everything = message(`Ticket 18 <b>is</b> ${hostile}`, post('Close it', {body: '{"closed": true}'}),
    {'@type': 'ActionCard', 'name': 'השב לפנייה', 'inputs': [
        {'@type': 'TextInput', 'id': 'line', 'title': 'One line', 'isRequired': true, 'maxLength': 20},
        {'@type': 'TextInput', 'id': 'text', 'title': hostile, 'isMultiline': true, 'value': 'as it\nwas'},
        {'@type': 'DateInput', 'id': 'day', 'title': 'Day', 'value': '2026-02-28T10:00:00Z'},
        {'@type': 'DateInput', 'id': 'time', 'title': 'Time', 'includeTime': true},
        {'@type': 'MultichoiceInput', 'id': 'list', 'title': 'List', 'choices': [{display: 'Low <i>', value: 'low'},
            {display: 'High', value: 'high'}], 'value': 'low'},
        {'@type': 'MultichoiceInput', 'id': 'radio', 'title': 'Radio', 'style': 'expanded',
            'choices': [{display: 'Yes', value: 'y'}, {display: 'No', value: 'n'}], 'isRequired': true},
        {'@type': 'MultichoiceInput', 'id': 'boxes', 'title': 'Boxes', 'isMultiSelect': true,
            'choices': [{display: 'A', value: 'a'}, {display: 'B', value: 'b'}, {display: 'C', value: 'c'}]},
    ], 'actions': [
        post('Send', {body: '{"line": "{{line.value}}", "text": "{{text.value}}", "list": "{{list.value}}", "boxes": '
            + '"{{boxes.value}}"}'}),
        post('As a form', {target: `${target}?{{line.value}}`, bodyContentType: 'application/x-www-form-urlencoded',
            body: 'line={{line.value}}&day={{day.value}}&time={{time.value}}&none={{none.value}}'}),
        {'@type': 'OpenUri', 'name': 'Read', 'targets': [{os: 'default', uri: 'https://contoso.example/read?a=1&b=2'}]},
        {'@type': 'OpenUri', 'name': 'Run', 'targets': [{os: 'default', uri: 'javascript:alert(1)'}]},
    ]});

test('a button that nobody knows at Workflows leads to a page, and what is pressed there the application takes',
    async () => {
    const {id, links} = await arrived(everything);
    assert.equal(asApplication(`select string_agg(path, ' ' order by path) `
        + `from o365.card_warnings where card_id = ${id} and problem like 'Workflows knows no%opens a page of ours%'`),
        '$.potentialAction[0] $.potentialAction[1]');
    const {page, context, close} = await openBrowser();
    const violations = [];
    const referers = [];
    context.on('request', (request) => { if (request.headers().referer) referers.push(request.headers().referer); });
    try {
        // From the feed, as a person in a chat would.
        await page.goto(FEED_URL);
        const [form] = await Promise.all([context.waitForEvent('page'),
            page.getByRole('link', {name: 'השב לפנייה'}).first().click()]);
        form.on('console', (said) => {
            if (/Content Security Policy/i.test(said.text())) violations.push(said.text());
        });
        await form.waitForURL(links['השב לפנייה']);
        assert.equal(await form.textContent('h1'), 'השב לפנייה');
        assert.ok((await form.textContent('main')).includes(everything.title), 'the title is text');
        assert.match(await form.textContent('.who'), /Contoso Helpdesk/);
        assert.equal(await form.getByLabel(hostile).inputValue(), 'as it\nwas');
        assert.equal(await form.getByLabel('Day').inputValue(), '2026-02-28');
        assert.equal(await form.getByLabel('List').inputValue(), '0');
        assert.equal(await form.getByRole('link', {name: 'Read'}).getAttribute('href'),
            'https://contoso.example/read?a=1&b=2');
        assert.equal(await form.getByText('Run').count(), 0, 'what opens nothing is not shown');
        await inspect(form, 'action');

        await form.getByLabel('One line').fill('a "quoted" & 50%');
        await form.getByLabel(hostile).fill('two\nlines \\ {{line.value}}');
        await form.getByLabel('Time').fill('2026-03-01T09:30');
        await form.getByLabel('List').selectOption({label: 'High'});
        await form.getByLabel('Yes').check();
        await form.getByLabel('A', {exact: true}).check();
        await form.getByLabel('C', {exact: true}).check();
        await form.getByRole('button', {name: 'Send'}).click();
        await form.waitForURL(`${PUBLIC_URL}/connect/desk/recorded`);
        assert.match(await form.textContent('main'), /Your answer was recorded for Contoso Helpdesk/);
        await inspect(form, 'action-recorded');
        const [event, ...more] = taken();
        assert.deepEqual(more, []);
        assert.deepEqual(event.inputs, {line: 'a "quoted" & 50%', text: 'two\nlines \\ {{line.value}}',
            day: '2026-02-28', time: '2026-03-01T09:30', list: 'high', radio: 'y', boxes: ['a', 'c']});
        assert.deepEqual(JSON.parse(event.body),
            {line: 'a "quoted" & 50%', text: 'two\nlines \\ {{line.value}}', list: 'high', boxes: 'a,c'});
        assert.deepEqual([event.connector, event.app_user, event.card_id, event.path, event.name, event.target,
            event.content_type], ['desk', 'eva', Number(id), '$.potentialAction[1].actions[0]', 'Send', target,
                'application/json']);
        assert.deepEqual(violations, []);
        assert.deepEqual(referers.filter((one) => one.includes('/action/')), []);
    } finally {
        await close();
    }
});

test('a single button is pressed on a page of its own, without JavaScript', async () => {
    const {links} = await arrived({...everything, summary: 'Ticket 19', title: 'Ticket 19'});
    const {page, close} = await openBrowser({javaScriptEnabled: false});
    try {
        await page.goto(links['Close it']);
        assert.equal(await page.locator('input:not([type=hidden]), textarea, select').count(), 0);
        await page.getByRole('button', {name: 'Close it'}).click();
        await page.waitForURL(/\/recorded$/);
        await page.goto(links['השב לפנייה']);
        await page.getByLabel('One line').fill('x&y=z é');
        await page.getByLabel('No', {exact: true}).check();
        await page.getByRole('button', {name: 'As a form'}).click();
        await page.waitForURL(/\/recorded$/);
    } finally {
        await close();
    }
    const [close_it, form] = taken();
    assert.deepEqual([close_it.path, close_it.body, close_it.inputs], ['$.potentialAction[0]', '{"closed": true}', {}]);
    // What the card has in a target nobody fills in.
    assert.deepEqual([form.body, form.content_type, form.target],
        ['line=x%26y%3Dz%20%C3%A9&day=2026-02-28&time=&none={{none.value}}', 'application/x-www-form-urlencoded',
            `${target}?{{line.value}}`]);
});

test('a form with mistakes comes back with what was typed and a word beside each field', async () => {
    const {links} = await arrived({...everything, summary: 'Ticket 20', title: 'Ticket 20'});
    const url = links['השב לפנייה'];
    const {page, close} = await openBrowser();
    try {
        await page.goto(url);
        // As a program would send it, which no browser keeps from it.
        await page.evaluate(() => {
            const form = document.querySelector('form');
            form.noValidate = true;
            for (const field of form.elements) field.removeAttribute('maxlength');
            document.querySelector('[type=date]').type = 'text';
        });
        await page.getByLabel('One line').fill('<far too long for this field>');
        await page.getByLabel('Day').fill('2026-02-30');
        await page.getByLabel('B', {exact: true}).check();
        await page.getByRole('button', {name: 'Send'}).click();
        await page.getByRole('alert').waitFor();
        assert.equal(page.url(), url);
        assert.equal(await page.getByLabel('One line').inputValue(), '<far too long for this field>');
        assert.ok(await page.getByLabel('B', {exact: true}).isChecked());
        const errors = await page.locator('.error').allTextContents();
        assert.deepEqual(errors, ['This is too long. Maximum number of characters: 20.', 'Enter a valid date.',
            'This field is required.']);
        assert.equal(await page.getByLabel('One line').getAttribute('aria-invalid'), 'true');
        await inspect(page, 'action-mistakes');
        assert.deepEqual(taken(), []);
        await page.getByLabel('One line').fill('short');
        await page.getByLabel('Day').fill('2026-02-28');
        await page.getByLabel('No', {exact: true}).check();
        await page.getByRole('button', {name: 'Send'}).click();
        await page.waitForURL(/\/recorded$/);
        assert.equal(taken().length, 1);
    } finally {
        await close();
    }
});

testOnce('the same form counts once: pressed twice, at once, and again after it was taken', async () => {
    const {links} = await arrived(message('Ticket 21', post('Close it')));
    const client = new Client();
    const form = formOf((await client.request(links['Close it'])).text);
    const twice = await Promise.all([1, 2, 3,
        4].map(() => new Client().request(links['Close it'], {form, press: '0'})));
    assert.deepEqual(twice.map(({status, location}) => [status, location]),
        twice.map(() => [303, `${PUBLIC_URL}/connect/desk/recorded`]));
    assert.equal(taken().length, 1);
    assert.equal((await client.request(links['Close it'], {form, press: '0'})).status, 303);
    assert.deepEqual(taken(), []);
    // A page that is opened anew is another press.
    assert.equal((await client.request(links['Close it'],
        {form: formOf((await client.request(links['Close it'])).text), press: '0'})).status, 303);
    assert.equal(taken().length, 1);
});

test('a link that is forged, cut off, too old or of a removed connection shows one and the same page', async () => {
    const {id, links} = await arrived(message('Ticket 22', post('Close it'), post('Open it')));
    const client = new Client();
    const url = links['Close it'];
    const other = links['Open it'];
    const form = formOf((await client.request(url)).text);
    const forged = [`${url}a`, url.slice(0, -1), url.slice(0, -1) + (url.endsWith('A') ? 'B' : 'A'),
        url.replace(`${id}-0-`, `${id}-1-`), url.replace(`/${id}-`, `/${Number(id) - 1}-`),
        other.replace(`${id}-1-`, `${id}-0-`), url.replace(`${id}-0-`, `0${id}-0-`), `${PUBLIC_URL}/action/`,
        `${PUBLIC_URL}/action/1-0-${'a'.repeat(32)}`, `${url}/x`, `${PUBLIC_URL}/action/${'x'.repeat(3000)}`];
    const pages = [];
    for (const one of forged) {
        for (const sent of [undefined, {form, press: '0'}]) {
            const {status, text} = await client.request(one, sent);
            assert.equal(status, 404, one);
            pages.push(text.replaceAll(/"(\.\.\/)+connect\//g, '"connect/'));
        }
    }
    assert.equal(new Set(pages).size, 1);
    assert.match(pages[0], /This button does not work any more/);
    assert.equal((await client.request(url)).status, 200);
    assert.equal((await client.request(url, undefined, {method: 'HEAD'})).status, 200);
    assert.equal((await client.request(url, undefined, {method: 'DELETE'})).status, 405);
    // Last, for from then on a chore may sweep it.
    asSuperuser(`update o365_internal.card_action set at = now() - interval '31 days' where card_id = ${id}`);
    assert.deepEqual((await client.request(url)).text.replaceAll(/"(\.\.\/)+connect\//g, '"connect/'), pages[0]);
    assert.equal((await client.request(url, {form, press: '0'})).status, 404);
    assert.deepEqual(taken(), []);
});

test('only our own page presses, and with nothing but its own fields', async () => {
    const {links} = await arrived(message('Ticket 23', post('Close it')));
    const client = new Client();
    const url = links['Close it'];
    const form = formOf((await client.request(url)).text);
    for (const headers of [{'Sec-Fetch-Site': 'cross-site'}, {'Sec-Fetch-Site': 'same-site'},
        {Origin: 'https://evil.example'}]) {
        assert.equal((await client.request(url, {form, press: '0'}, {headers})).status, 400, JSON.stringify(headers));
    }
    for (const fields of [{form}, {press: '0'}, {form, press: '1'}, {form, press: '0', i0: 'x'},
        {form, press: '0', target: 'https://evil.example'}, [['form', form], ['press', '0'], ['press', '0']]]) {
        assert.equal((await client.request(url, fields)).status, 400, JSON.stringify(fields));
    }
    assert.equal((await client.post(url, JSON.stringify({form, press: '0'}), {'Content-Type': 'application/json'}))
        .status, 400);
    assert.deepEqual(taken(), []);
    const page = await client.request(url);
    assert.match(page.headers['content-security-policy'], /^default-src 'none';/);
    assert.deepEqual([page.headers['cache-control'], page.headers['referrer-policy'], page.headers['x-frame-options']],
        ['no-store', 'no-referrer', 'DENY']);
});

testOnce('a card is pressed so many times and no more', async () => {
    const {links} = await arrived(message('Ticket 24', post('Close it'), post('Open it')));
    const client = new Client();
    const press = async (url) => client.request(url, {form: formOf((await client.request(url)).text), press: '0'});
    sql("select o365.set('action_events', '2')");
    try {
        assert.equal((await press(links['Close it'])).status, 303);
        assert.equal((await press(links['Open it'])).status, 303);
        const full = await press(links['Close it']);
        assert.equal(full.status, 409);
        assert.match(full.text, /This card was pressed too often/);
    } finally {
        sql("select o365.set('action_events', '100')");
    }
    assert.equal(taken().length, 2);
});

test('while the database is away the page asks again by itself, and a press keeps what was typed until it is sent',
    async () => {
    const {links} = await arrived(message('Ticket 25',
        {'@type': 'ActionCard', 'name': 'Answer', 'actions': [post('Send', {body: '{{text.value}}'})],
            'inputs': [{'@type': 'TextInput', 'id': 'text', 'title': 'Text', 'isMultiline': true}]}));
    const client = new Client();
    const typed = 'what took "ten"\nminutes </form> & more';
    const {page, close} = await openBrowser({javaScriptEnabled: false});
    try {
        await page.goto(links.Answer);
        await page.getByLabel('Text').fill(typed);
        const form = await page.locator('[name=form]').inputValue();
        await stack('stop', 'postgres', 'INT');
        try {
            const shown = await client.request(links.Answer);
            assert.deepEqual([shown.status, shown.headers.refresh], [503, '5']);
            await page.getByRole('button', {name: 'Send'}).click();
            await page.getByText('This page keeps it').waitFor();
            // From elsewhere nothing is kept.
            for (const [headers, status] of [[{'Sec-Fetch-Site': 'cross-site'}, 400],
                [{Origin: 'https://evil.example'}, 503]]) {
                const other = await client.request(links.Answer, {form, press: '0', i0: 'planted'}, {headers});
                assert.deepEqual([other.status, other.headers.refresh, other.text.includes('planted')],
                    [status, undefined, false]);
            }
        } finally {
            await stack('start', 'postgres');
        }
        assert.equal(await page.locator('[name=form]').inputValue(), form);
        // For a second after a failed look nobody asks the database: until then the page keeps what was typed.
        await until('the press to be taken', async () => {
            await page.getByRole('button', {name: 'Send it again'}).click();
            await page.waitForLoadState();
            return page.url().endsWith('/recorded');
        });
        assert.deepEqual(taken().map(({inputs}) => inputs), [{text: typed}]);
        assert.equal((await client.request(links.Answer, {form, press: '0', i0: typed})).status, 303);
        assert.deepEqual(taken(), []);
    } finally {
        await close();
    }
});

testOnce('words of any length stay on the page, also on a phone', async () => {
    const word = 'Donaudampfschifffahrtsgesellschaftskapit\u00e4nsm\u00fctzenabzeichenverordnungsentwurf';
    const choices = [{display: word, value: 'a'}, {display: 'b', value: 'b'}];
    const {links} = await arrived({...message('Ticket 28',
        {'@type': 'ActionCard', 'name': word, 'actions': [post(word), post('Two')], 'inputs': [
        {'@type': 'TextInput', 'id': 'line', 'title': word},
        {'@type': 'MultichoiceInput', 'id': 'list', 'title': word, choices},
        {'@type': 'MultichoiceInput', 'id': 'radio', 'title': word, 'style': 'expanded', choices},
        {'@type': 'MultichoiceInput', 'id': 'boxes', 'title': word, 'isMultiSelect': true, choices}]}),
        title: word.repeat(3)});
    const {page, close} = await openBrowser();
    try {
        await page.goto(links[word]);
        await inspect(page, 'action-long-words');
    } finally {
        await close();
    }
});

testOnce('the worker follows public_url: without it the buttons are left out, and links lead to a new one',
    async () => {
    const change = (value) =>
        asSuperuser(`update o365_internal.setting set value = ${quoted(value)} where name = 'public_url'`);
    try {
        change('');
        await workerHeard();
        assert.deepEqual((await arrived(message('Ticket 26', post('Close it')))).links, {});
        change(`${PUBLIC_URL}/sub`);
        await workerHeard();
        assert.ok((await arrived(message('Ticket 27', post('Close it'))))
            .links['Close it'].startsWith(`${PUBLIC_URL}/sub/action/`));
    } finally {
        change(PUBLIC_URL);
        await workerHeard();
    }
});
