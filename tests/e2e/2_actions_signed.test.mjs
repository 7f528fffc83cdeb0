// Card actions of connectors: by Microsoft's signed call, whose target is o365:action.
import assert from 'node:assert/strict';
import https from 'node:https';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';

import {message, outcome, post, quoted, taken, target} from './actions.mjs';
import {asApplication, asSuperuser, Client, feedPosts, keysFetched, LOGS, openBrowser, photograph, PUBLIC_URL, remember,
    SANDBOX_URL, sql, stack, STACK_DIR, ticketLink, until} from './harness.mjs';

describe('a signed call', () => {
    const own = (name, more = {}) => post(name, {target: 'o365:action', ...more});
    const open = {'@type': 'OpenUri', name: 'Open', targets: [{os: 'default', uri: 'https://contoso.example'}]};
    const refused = 'This button does not work here. Nothing was recorded.';
    const client = new Client();
    const caught = [];  // calls of a target that is not ours
    let service;
    let feed;  // of the place
    let registered;  // target URLs of desk; the service that catches tokens is at another one
    before(async () => {
        service = https.createServer({key: readFileSync(join(STACK_DIR, 'conf/server.key')),
            cert: readFileSync(join(STACK_DIR, 'conf/server.pem'))}, (request, response) => {
            caught.push(request.headers.authorization.replace('Bearer ', ''));
            remember('action-token', caught.at(-1));
            request.resume();
            response.end();
        });
        await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve));
        registered = asSuperuser("select target_urls from o365_internal.connector where slug = 'desk'");
        sql(`select o365.alter_connector('desk', target_urls => ${quoted(registered)}::text[] || `
            + `'https://localhost'::text)`);
        assert.equal((await client.request(await client.toCallback(ticketLink('tina'), 'Sales'))).status, 302);
        await keysFetched();
    });
    after(() => {
        sql(`select o365.alter_connector('desk', target_urls => ${quoted(registered)}::text[])`);
        service.close();
    });

    /** Sends a card to tina, and returns its number, its number in the feed and the addresses of its buttons. `said`:
     * arguments of o365.on_action. */
    async function sent(card, ...said) {
        const id = asApplication(
            `select o365.send((select max(subscription_id) from o365.connections('tina')), ${quoted(card)})`);
        for (const [name, more] of said) asApplication(`select o365.on_action(${id}, ${quoted(name)}, ${more})`);
        await until('the card to end', () => outcome(id) === 'delivered');
        return {id, ...await shown(card.summary)};
    }
    /** The newest card of that name in the feed. */
    async function shown(summary) {
        const found = (await feedPosts()).findLast((one) => [one.card.summary, one.card.title].includes(summary));
        const buttons = [...found.card.potentialAction ?? [],
            ...(found.card.sections ?? []).flatMap(({potentialAction}) => potentialAction ?? [])];
        const targets = buttons.flatMap((one) => [one, ...one.actions ?? []]).filter(({target}) => target)
            .map(({target}) => target);
        for (const target of targets) {
            if (target.startsWith(`${PUBLIC_URL}/action?`)) remember('action-link', target.slice(-32));
        }
        return {post_id: found.post_id, targets, card: found.card, actions: found.actions ?? []};
    }
    /** Presses a button as the feed does, and returns what became of it. */
    async function press(post_id, path = 'a0', token = 'entra', more = {}) {
        const {location} = await client.request(`${SANDBOX_URL}/act`, {post_id, path, token, ...more});
        feed = `${SANDBOX_URL}${new URL(location, SANDBOX_URL).pathname}`;
        const {http, status, problem} = (await feedPosts()).find((one) => one.post_id === post_id).actions.at(-1);
        return [http, problem ?? status];
    }
    /** A bearer token that is good, as the sandbox sends it elsewhere. */
    async function bearer() {
        const {port} = service.address();
        const {post_id} = await sent(message(`Caught ${caught.length}`,
            post('Catch', {target: `https://localhost:${port}/`}), open));
        await press(post_id);
        return caught.at(-1);
    }
    const call = (url, headers, body = '{}') => client.post(url, body, headers);
    const answer = ({status, headers}) =>
        [status, headers['card-action-status'] && Buffer.from(headers['card-action-status'], 'latin1').toString()];
    const nothingStored = () => assert.deepEqual(taken(), []);

    test('is answered with the status and the card that the application gave, in the feed of a browser', async () => {
        const closed = {...message('Ticket 41 is closed', own('Open it again'), open), text: 'Closed.'};
        const {id, post_id, targets} = await sent(message('Ticket 41', own('Close it', {body: '{"closed": true}'}),
            open), ['Close it', `'Ticket 41 was closed.', ${quoted(closed)}`],
            ['Open it again', "'Ticket 41 is open.'"]);
        assert.match(targets[0], new RegExp(`^${PUBLIC_URL}/action\\?token=${id}-0-[\\w-]{32}$`));
        await press((await sent(message('Ticket 40', own('Close it'), open))).post_id);  // says where the feed is
        const {page, close} = await openBrowser();
        try {
            await page.goto(feed);
            const one = page.locator(`#post-${post_id}`);
            await one.getByRole('button', {name: 'Close it'}).click();
            await page.getByText('Ticket 41 was closed.').waitFor();
            assert.match(await page.locator(`#post-${post_id}`).textContent(), /Ticket 41 is closed/);
            await page.locator(`#post-${post_id}`).getByRole('button', {name: 'Open it again'}).click();
            await page.getByText('Ticket 41 is open.').waitFor();
            await page.locator(`#post-${post_id}`).getByRole('button', {name: 'Open it again'}).click();
            await page.getByText('This was done before. Nothing was changed.').waitFor();
            await photograph(page, 'action-pressed');
        } finally {
            await close();
        }
        await shown('Ticket 41 is closed');  // whose token is a secret too
        const events = taken();
        assert.deepEqual(events.map(({card_id, name, body, way, is_connecting_user, target}) =>
            [card_id, name, body, way, is_connecting_user, target]).slice(1), [
            [Number(id), 'Close it', '{"closed": true}', 'call', true, 'o365:action'],
            [Number(id), 'Open it again', '{}', 'call', true, 'o365:action']]);
        assert.match(events[1].pressed_by, /^[0-9a-f-]{36}$/);
        assert.match(events[1].tenant, /^[0-9a-f-]{36}$/);
        assert.equal(events[1].pressed_by_name, 'Megan');
        remember('object-id', events[1].pressed_by);
    });

    test('brings what was typed, from an ActionCard and from a section, and from a card that blanks Authorization',
        async () => {
        const form = {'@type': 'ActionCard', 'name': 'Answer',
            'inputs': [{'@type': 'TextInput', 'id': 'text', 'title': 'Text'}],
            'actions': [own('Send', {body: 'text={{text.value}}', bodyContentType: 'application/x-www-form-urlencoded',
                headers: [{name: 'Authorization', value: ''}]})]};
        const {post_id} = await sent({...message('Ticket 42', open), sections: [{text: 'x'}, {text: 'y',
            potentialAction: [form]}]}, ['Send', "'Thank you.', translations => '{\"de\": \"Danke schön.\"}'"]);
        assert.deepEqual(await press(post_id, 's1.a0.c0', 'entra', {'in-text': 'ü & 100%'}), [200, 'Thank you.']);
        const [event, ...more] = taken();
        assert.deepEqual([event.path, event.body, event.content_type, more.length],
            ['$.sections[1].potentialAction[0].actions[0]', 'text=%C3%BC%20%26%20100%25',
                'application/x-www-form-urlencoded', 0]);
    });

    test('is refused with each bad token in one and the same way, and stores nothing', async () => {
        const {post_id} = await sent(message('Ticket 43', own('Close it'), open));
        const {page, close} = await openBrowser();
        try {
            const one = page.locator(`#post-${post_id}`);
            await page.goto(feed);
            const kinds = await page.locator('#token option').evaluateAll((all) => all.map(({value}) => value));
            const bad = kinds.filter((kind) => !['entra', 'legacy'].includes(kind));
            assert.equal(bad.length, 19);
            for (const [n, kind] of bad.entries()) {
                await page.goto(`${feed}?token=${kind}`);
                await one.getByRole('button', {name: 'Close it'}).click();
                await one.locator('.outcome').nth(n).waitFor();
                assert.deepEqual((await feedPosts()).find((each) => each.post_id === post_id).actions
                    .map(({http, problem, status}) => [http, problem ?? status]).at(-1), [401, refused], kind);
            }
        } finally {
            await close();
        }
        nothingStored();
        assert.deepEqual(await press(post_id, 'a0', 'legacy'), [200, 'Recorded.']);
        assert.deepEqual(taken().map(({is_connecting_user, pressed_by_name}) => [is_connecting_user, pressed_by_name]),
            [[true, null]]);
        assert.match(readFileSync(join(LOGS, 'programs.log'), 'utf8'),
            /event=action_refused kind=bad_signature count=1$/m);
        // Of a token that Microsoft signed it says what an operator needs to correct the profile.
        assert.match(readFileSync(join(LOGS, 'programs.log'), 'utf8'), new RegExp('event=action_refused '
            + 'kind=wrong_audience count=1 profile=entra iss=https://\\S+ aud=\\S+ (azp|appid)=[0-9a-f-]{36}( \\S+)* '
            + 'then="select o365.set_token_profile\\(\'entra\', audiences => ...\\)"$', 'm'));
    });

    test('counts once: forged, replayed, for another button, twice at once, and by two people', async () => {
        const {id, targets: [url, other]} = await sent(message('Ticket 44', own('Close it'), own('Open it'), open));
        const Authorization = `Bearer ${await bearer()}`;
        const mac = url.slice(-32);
        for (const one of [`${url}a`, url.slice(0, -1), url.replace(mac, other.slice(-32)),
            url.replace(`${id}-0-`, `${id}-1-`), url.replace(`${id}-0-`, `${id}-100000-`), `${PUBLIC_URL}/action`,
            `${PUBLIC_URL}/action?token=`, `${url}&token=${id}-0-${mac}`,
            `${PUBLIC_URL}/action?token=1-0-${'a'.repeat(32)}`]) {
            const got = await call(one, {Authorization});
            assert.deepEqual([...answer(got), got.text, got.headers['card-update-in-body']],
                [401, refused, '', undefined], one);
        }
        for (const headers of [{}, {Authorization: Authorization.slice(7)}, {Authorization: 'Basic eDp5'},
            {Authorization: `${Authorization}x`}, {Authorization, 'Action-Authorization': Authorization},
            {Authorization: `${Authorization}, ${Authorization}`}, {Authorization: `Bearer ${'x'.repeat(7000)}`}]) {
            assert.deepEqual(answer(await call(url, headers)), [401, refused], JSON.stringify(headers).slice(0, 60));
        }
        assert.equal((await client.request(url)).status, 405);
        for (const kind of ['missing', 'malformed', 'unknown_action'])
            assert.match(readFileSync(join(LOGS, 'programs.log'), 'utf8'),
                new RegExp(`event=action_refused kind=${kind} count=`), 'each kind has its line');
        assert.deepEqual(answer(await call(url, {Authorization}, 'x'.repeat(70000))),
            [413, 'The text is too long. Shorten it and try again.']);
        assert.deepEqual(answer(await call(url, {Authorization}, Buffer.from([0xff, 0x00]))),
            [400, 'The request could not be read. Nothing was recorded.']);
        nothingStored();
        const headers = {Authorization, 'Action-Request-Id': 'a4b5', 'Content-Type': 'text/plain',
            'Sec-Fetch-Site': 'cross-site', 'Origin': 'https://evil.example'};
        const twice = await Promise.all([1, 2, 3, 4].map(() => call(url, headers, 'x')));
        assert.deepEqual(twice.map(answer), twice.map(() => [200, 'Recorded.']));
        assert.deepEqual(taken().map(({body, content_type}) => [body, content_type]), [['x', 'text/plain']]);
        assert.deepEqual(answer(await call(url, headers)), [200, 'Recorded.'],
            'the same request again has the same answer');
        assert.deepEqual(answer(await call(url, {...headers, 'Action-Request-Id': 'a4b6', 'Accept-Language': 'de'})),
            [409, 'Das ist schon geschehen. Es wurde nichts geändert.']);
        const together = await Promise.all(['b1', 'b2',
            'b3'].map((request) => call(other, {'Action-Authorization': Authorization, 'Action-Request-Id': request})));
        assert.deepEqual(together.map(({status}) => status).sort(), [200, 409, 409]);
        assert.equal(taken().length, 1);
    });

    test('waits for the application, which answers in time or not', async () => {
        const {targets: [url, other]} = await sent(message('Ticket 45', own('Close it'), own('Open it'), open),
            ['Close it', "'Recorded for you.', waits => true"], ['Open it', "'Later.', waits => true"]);
        const Authorization = `Bearer ${await bearer()}`;
        taken();
        const waiting = call(url, {Authorization, 'Action-Request-Id': 'c1'});
        const event = await until('the event', () => taken()[0]);
        assert.ok(Date.parse(event.answer_until) > Date.now());
        assert.equal(asApplication(`select o365.answer_action(${event.event_id}, 'Closed by Bob.', `
            + `${quoted(message('Ticket 45 is closed', open))})`), 'answered');
        const got = await waiting;
        assert.deepEqual([...answer(got), JSON.parse(got.text).title, got.headers['card-update-in-body']],
            [200, 'Closed by Bob.', 'Ticket 45 is closed', 'true']);
        sql("select o365.set('action_wait', '1')");
        try {
            assert.deepEqual(answer(await call(other, {Authorization})), [200, 'Later.']);
        } finally {
            sql("select o365.set('action_wait', '5')");
        }
        assert.equal(asApplication(`select o365.answer_action(${taken()[0].event_id}, 'Too late.')`), 'too_late');
    });

    test('is told to wait while the database is away', async () => {
        const {targets: [url]} = await sent(message('Ticket 46', own('Close it'), open));
        const Authorization = `Bearer ${await bearer()}`;
        await stack('stop', 'postgres', 'INT');
        try {
            const got = await call(url, {Authorization});
            assert.deepEqual([...answer(got), got.headers['retry-after'], got.text],
                [503, 'The service is not ready right now. Try again in a minute.', '5', '']);
        } finally {
            await stack('start', 'postgres');
        }
        await until('the press to be taken', async () => (await call(url, {Authorization, 'Action-Request-Id': 'd1'}))
            .status === 200);
        assert.equal(taken().length, 1);
    });
});
