// The sandbox's far end: the feed and its actions, every token, faults, throttle and log; and programs that are not
// ours.
import assert from 'node:assert/strict';
import {execFile, spawn} from 'node:child_process';
import {connect as connectHttp2} from 'node:http2';
import http from 'node:http';
import https from 'node:https';
import {connect as connectTcp} from 'node:net';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {after, before, test} from 'node:test';
import {createHash, createPublicKey, verify} from 'node:crypto';
import {promisify} from 'node:util';

import {asSuperuser, Client, openBrowser, photograph, remember, ROOT, SANDBOX_URL, sql, STACK_DIR,
    until} from './harness.mjs';

const run = promisify(execFile);
const program = new Client();
const json = async (path) => JSON.parse((await program.request(`${SANDBOX_URL}${path}`)).text);
const set = (path, form) => program.request(`${SANDBOX_URL}${path}`, form);
const card = (text, more = {}) =>
    JSON.stringify({'@type': 'MessageCard', '@context': 'https://schema.org/extensions', summary: text, text, ...more});
const post = (url, body, headers = {}) => program.post(url, body, {'Content-Type': 'application/json', ...headers});

/** A webhook of its own, as a program asks for it. */
async function webhook(name, dialect = 'connector', kind = '') {
    const answer = await set('/tenant/webhooks', {person: 'program', name, dialect, ...(kind && {kind})});
    const {webhook_url: url, webhook: number, target, feed} = JSON.parse(answer.text);
    remember('webhook', url);
    return {url, number, target, feed};
}

/** A connection of its own: when its handshake was through, and when its answer came, in ms. */
function postAlone(at, body) {
    return new Promise((resolve, reject) => {
        const begun = Date.now();
        let shaken;
        const request = https.request(at,
            {method: 'POST', ca: readFileSync(process.env.CA), agent: false, lookup: program.agent.options.lookup,
            headers: {'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body)}}, (response) => {
            let text = '';
            response.on('data', (part) => { text += part; });
            response.on('end', () => resolve({text, handshake: shaken, after: Date.now() - begun - shaken}));
        });
        request.on('socket', (socket) => socket.on('secureConnect', () => { shaken = Date.now() - begun; }));
        request.on('error', reject);
        request.end(body);
    });
}

let service;  // takes actions
let origin;
const calls = [];
let respond = (response) => response.end();
let answeredLate;  // a post that is answered when every sender has given up
let lateLog;  // what the log had of it before that
let afterAMinute;  // what became of a post whose handshake the slow line kept waiting as long as it can
before(async () => {
    const late = await webhook('Late', 'workflow');
    await set('/faults', {target: late.target, answer: 'late', count: 1});
    const sent = Date.now();
    answeredLate = post(late.url, '{"attachments": []}')
        .then(({status}) => ({status, after: Date.now() - sent}), (error) => ({error: error.message}));
    lateLog = await until('the late post to be in the log',
        async () => (await json(`/log.json?target=${late.target}`))[0]);
    const {url} = await webhook('A minute');
    const {slow_line: {origin: slow}} = await json('/faults.json');
    await set('/slow-line', {handshake: 60, count: 1});
    const at = url.replace(new URL(url).origin, slow);
    remember('webhook', at);
    afterAMinute = postAlone(at, card('after a minute')).catch((error) => ({error: error.message}));
    await until('the line to have it', async () => (await json('/faults.json')).slow_line.handshake === 0);
    service = https.createServer({key: readFileSync(join(STACK_DIR, 'conf/server.key')),
        cert: readFileSync(join(STACK_DIR, 'conf/server.pem'))}, (request, response) => {
        let body = '';
        request.on('data', (part) => { body += part; });
        request.on('end', () => {
            for (const name of ['authorization', 'action-authorization']) {
                if (request.headers[name]) remember('action-token', request.headers[name].replace(/^Bearer /, ''));
            }
            calls.push({method: request.method, url: request.url, headers: request.headers, body});
            respond(response);
        });
    });
    await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve));
    origin = `https://localhost:${service.address().port}`;
});
after(async () => {
    service.close();
    await set('/faults', {target: 0, answer: 'ok'});
    await set('/throttle', {target: 0, throttle: 'off'});
});

const actionCard = (text, actions) =>
    card(text, {correlationId: '2f9b1a52-1111-4222-8333-944455566677', potentialAction: actions});
const httpPost = (name, path, more = {}) => ({'@type': 'HttpPOST', name, target: `${origin}${path}`, body: '{"a": 1}',
    ...more});

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

test('OpenUri, HttpPOST and an ActionCard whose inputs are put into the body work without JavaScript', async () => {
    const {url, target} = await webhook('Buttons');
    await post(url, actionCard('buttons', [
        httpPost('Go', '/go?ticket=abc', {headers: [{name: 'X-Own', value: 'yes'}, {name: 'X-Empty', value: ''},
            {name: 'Transfer-Encoding', value: 'chunked'}, {name: 'action-request-id', value: 'x'}]}),
        {'@type': 'ActionCard', name: 'Answer', inputs: [
            {'@type': 'TextInput', id: 'comment', title: 'Comment', isMultiline: true, isRequired: true,
                maxLength: 100},
            {'@type': 'DateInput', id: 'due', title: 'Due', value: '2026-12-24'},
            {'@type': 'MultichoiceInput', id: 'one', title: 'One', choices: [{display: 'A', value: 'a'},
                {display: 'B', value: 'b'}], value: 'b'},
            {'@type': 'MultichoiceInput', id: 'many', title: 'Many', isMultiSelect: true,
                choices: [{display: 'X', value: 'x'}, {display: 'Y', value: 'y'}, {display: 'Z', value: 'z'}]},
            {'@type': 'MultichoiceInput', id: 'radio', title: 'Radio', style: 'expanded',
                choices: [{display: 'R1', value: 'r1'}, {display: 'R2', value: 'r2'}]},
        ], actions: [
            httpPost('Send', '/json', {body: '{"comment": "{{comment.value}}", "due": "{{due.value}}", "one": '
                + '"{{one.value}}", "many": "{{many.value}}", "radio": "{{radio.value}}", "none": "{{none.value}}"}'}),
            httpPost('Send as form', '/form',
                {body: 'comment={{comment.value}}', bodyContentType: 'application/x-www-form-urlencoded'}),
        ]},
    ]));
    const {page, close} = await openBrowser({javaScriptEnabled: false});
    try {
        await page.goto(`${SANDBOX_URL}/feed/${target}`);
        respond = (response) => { response.setHeader('CARD-ACTION-STATUS', 'Gone.'); response.end(); };
        await page.getByRole('button', {name: 'Go'}).click();
        let call = calls.at(-1);
        assert.equal(call.url, '/go?ticket=abc');
        assert.equal(call.body, '{"a": 1}');
        assert.deepEqual([call.headers['x-own'], call.headers['x-empty'], call.headers['transfer-encoding']],
            ['yes', '', undefined]);
        assert.equal(call.headers['content-type'], 'application/json');
        assert.equal(call.headers['card-correlation-id'], '2f9b1a52-1111-4222-8333-944455566677');
        assert.match(call.headers['action-request-id'], /^[0-9a-f-]{36}$/);
        assert.match(await page.locator('.outcome').textContent(),
            /Gone\..*program pressed "Go" at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d /);

        await page.locator('summary', {hasText: 'Answer'}).click();
        await page.getByRole('button', {name: 'Send', exact: true}).click();
        assert.match(await page.locator('.outcome.failed').textContent(), /Comment is required/);
        assert.equal(calls.at(-1), call, 'nothing was sent');
        await page.locator('summary', {hasText: 'Answer'}).click();
        await page.getByLabel('Comment').fill('line "one"\n\\two & ü {{due.value}}');
        await page.getByLabel('X', {exact: true}).check();
        await page.getByLabel('Z', {exact: true}).check();
        await page.getByLabel('R2').check();
        await photograph(page, 'feed-action-card');
        await page.getByRole('button', {name: 'Send', exact: true}).click();
        assert.deepEqual(JSON.parse(calls.at(-1).body), {comment: 'line "one"\r\n\\two & ü {{due.value}}',
            due: '2026-12-24', one: 'b', many: 'x,z', radio: 'r2', none: '{{none.value}}'});
        await page.locator('summary', {hasText: 'Answer'}).click();
        await page.getByLabel('Comment').fill('a&b=c ü');
        await page.getByRole('button', {name: 'Send as form'}).click();
        assert.deepEqual([calls.at(-1).body, calls.at(-1).headers['content-type']],
            ['comment=a%26b%3Dc%20%C3%BC', 'application/x-www-form-urlencoded']);
    } finally {
        await close();
    }
});

test('a card\'s form may be large, and what it asks of an input is asked of programs too', async () => {
    const {url, target} = await webhook('Large form');
    const long = `${'long-'.repeat(20)}"id"`;
    await post(url, actionCard('large', [{'@type': 'ActionCard', name: 'Fill in', inputs: [
        {'@type': 'TextInput', id: long, title: 'Long', isMultiline: true},
        {'@type': 'TextInput', id: 'short', title: 'Short', maxLength: 3},
        ...Array.from({length: 70}, (_, i) => ({'@type': 'TextInput', id: `n${i}`, title: `N${i}`})),
    ], actions: [httpPost('Send', '/large', {body: `{"long": "{{${long}.value}}", "last": "{{n69.value}}"}`})]}]));
    const {page, close} = await openBrowser({javaScriptEnabled: false});
    try {
        respond = (response) => response.end();
        await page.goto(`${SANDBOX_URL}/feed/${target}`);
        // A single one is open in Outlook.
        await page.getByLabel('Long').fill('x'.repeat(10000));
        await page.getByLabel('N69').fill('last');
        await page.getByRole('button', {name: 'Send'}).click();
        assert.deepEqual(JSON.parse(calls.at(-1).body), {long: 'x'.repeat(10000), last: 'last'});
    } finally {
        await close();
    }
    const before = calls.length;
    const post_id = (await json(`/feed.json?target=${target}`)).at(-1).post_id;
    await set('/act', {post_id, path: 'a0.c0', 'in-short': 'four'});
    assert.equal((await json(`/feed.json?target=${target}`)).at(-1).actions.at(-1).problem,
        'Short may have 3 characters at most.');
    assert.equal(calls.length, before, 'nothing was sent');
});

const decode = (token) => token.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
const pressWith = async (kind, target, post_id) => {
    const before = calls.length;
    await set('/act', {post_id, path: 'a0', token: kind});
    assert.equal(calls.length, before + 1, kind);
    return calls.at(-1).headers;
};

test('actions bring a signed token of either kind from the key set that the sandbox serves, and every kind of bad one',
    async () => {
    const {url, target} = await webhook('Tokens');
    await post(url, actionCard('tokens', [httpPost('Go', '/go')]));
    const post_id = (await json(`/feed.json?target=${target}`)).at(-1).post_id;
    respond = (response) => response.end();
    const bearer = async (kind) => (await pressWith(kind, target, post_id)).authorization.replace('Bearer ', '');
    const keys = {};
    const signed = async (token, metadata) => {
        const {jwks_uri, issuer} = await json(new URL(metadata).pathname);
        const [{kid, alg}, claims] = decode(token);
        assert.equal(claims.iss, issuer);
        const jwk = (await json(new URL(jwks_uri).pathname)).keys.find((key) => key.kid === kid);
        keys.found = Boolean(jwk);
        const [head, body, signature] = token.split('.');
        return alg === 'RS256' && keys.found && verify('RSA-SHA256', Buffer.from(`${head}.${body}`),
            createPublicKey({key: jwk, format: 'jwk'}), Buffer.from(signature, 'base64url'));
    };

    const entra = await bearer('entra');
    const [, claims] = decode(entra);
    const metadata = `${claims.iss}/.well-known/openid-configuration`;
    assert.ok(await signed(entra, metadata));
    assert.equal(claims.azp, '48af08dc-f6d2-435f-b2a7-069abd99c086');
    assert.match(claims.aud, /^api:\/\/auth-am-([0-9a-f-]{36})\/\1$/);
    assert.match(claims.oid, /^[0-9a-f-]{36}$/);
    assert.ok(claims.nbf <= Date.now() / 1000 && claims.exp > Date.now() / 1000);

    const legacy = await bearer('legacy');
    const [, old] = decode(legacy);
    assert.ok(await signed(legacy, `${SANDBOX_URL}/sts/common/.well-known/openid-configuration`));
    assert.deepEqual([old.iss, old.aud, old.appid, old.appidacr, old.ver, old.sub, 'sender' in old],
        [`${SANDBOX_URL}/sts/`, origin, '48af08dc-f6d2-435f-b2a7-069abd99c086', '2', 'STI.ExternalAccessToken.V1',
            claims.oid, false]);

    const bad = {};
    for (const kind of ['expired', 'not-yet', 'wrong-audience', 'wrong-issuer', 'wrong-app', 'tampered', 'unknown-key',
        'alg-none', 'hs256']) bad[kind] = await bearer(kind);
    assert.ok(decode(bad.expired)[1].exp < Date.now() / 1000);
    assert.ok(decode(bad['not-yet'])[1].nbf > Date.now() / 1000);
    assert.notEqual(decode(bad['wrong-audience'])[1].aud, claims.aud);
    assert.notEqual(decode(bad['wrong-issuer'])[1].iss, claims.iss);
    assert.notEqual(decode(bad['wrong-app'])[1].azp, claims.azp);
    assert.equal(await signed(bad.tampered, metadata), false);
    assert.ok(keys.found, 'tampered: the key is right, the signature is not');
    assert.equal(await signed(bad['unknown-key'], metadata), false);
    assert.equal(keys.found, false);
    assert.deepEqual([decode(bad['alg-none'])[0].alg, bad['alg-none'].endsWith('.')], ['none', true]);
    assert.equal(decode(bad.hs256)[0].alg, 'HS256');
    for (const kind of ['expired', 'not-yet', 'wrong-audience', 'wrong-app'])
        assert.ok(await signed(bad[kind], metadata), `${kind} is signed well`);
    assert.equal((await pressWith('none', target, post_id)).authorization, undefined);

    for (const kind of Object.keys(bad)) bad[`legacy-${kind}`] = await bearer(`legacy-${kind}`);
    assert.equal(decode(bad['legacy-tampered'])[1].ver, 'STI.ExternalAccessToken.V1');
    assert.ok(await signed(bad['legacy-wrong-audience'], `${SANDBOX_URL}/sts/common/.well-known/openid-configuration`));
    // The example service takes the good ones only.
    const example = (token) => post(`${SANDBOX_URL}/example/action`, '{}', token ? {Authorization: `Bearer ${token}`}
        : {});
    assert.equal((await example(entra)).status, 200);
    for (const [kind, token] of [...Object.entries(bad), ['none', '']]) {
        const answer = await example(token);
        assert.equal(answer.status, 401, kind);
        assert.match(answer.headers['card-action-status'], /The token was refused/);
    }
});

test('a card that blanks Authorization gets the token in Action-Authorization', async () => {
    const {url, target} = await webhook('Blanked');
    await post(url, actionCard('blanked', [httpPost('Go', '/go', {headers: [{name: 'Authorization', value: ''}]})]));
    const headers = await pressWith('entra', target, (await json(`/feed.json?target=${target}`)).at(-1).post_id);
    assert.equal(headers.authorization, undefined);
    assert.match(headers['action-authorization'], /^Bearer ey/);
});

test('the answer\'s status stands with the card, and CARD-UPDATE-IN-BODY brings another card', async () => {
    const {url, target} = await webhook('Answers');
    await post(url, actionCard('answers', [httpPost('Go', '/go')]));
    const {page, close} = await openBrowser();
    const press = async (answer) => {
        respond = answer;
        await page.goto(`${SANDBOX_URL}/feed/${target}`);
        await page.getByRole('button', {name: 'Go'}).first().click();
        return page.locator('.outcome').last().textContent();
    };
    try {
        assert.match(await press((r) => r.end()), /The action was completed\..*HTTP 200/s);
        assert.match(await press((r) => {
            r.statusCode = 403;
            r.setHeader('CARD-ACTION-STATUS', 'Only the owner may.');
            r.end();
        }), /Only the owner may\./);
        assert.match(await press((r) => {
            r.statusCode = 500;
            r.end();
        }), /Could not complete the requested action\. Please try again later\..*HTTP 500/s);
        assert.match(await press((r) => r.destroy()), /Could not complete the requested action.*no answer/s);
        assert.match(await press((r) => {
            r.statusCode = 401;
            r.setHeader('ACTION-AUTHENTICATE', 'https://contoso.example/login');
            r.end();
        }), /sign in there first/);
        // A status that is too long is cut between characters; Node writes a header's text byte by byte.
        assert.match(await press((r) => {
            r.setHeader('CARD-ACTION-STATUS', Buffer.from(`${'a'.repeat(999)}é`).toString('latin1'));
            r.end();
        }), /a{999} /);
        assert.match(await press((r) => {
            r.setHeader('CARD-UPDATE-IN-BODY', 'true');
            r.end('no card');
        }), /its body is no card/);
        assert.match(await press((r) => {
            r.setHeader('CARD-UPDATE-IN-BODY', 'true');
            r.setHeader('CARD-ACTION-STATUS', 'Done.');
            r.end(card('the new card'));
        }), /Done\..*new card/s);
        assert.match(await page.locator('.mcard').textContent(), /the new card/);
        assert.equal(await page.getByRole('button', {name: 'Go'}).count(), 0);
        await photograph(page, 'feed-outcomes');
    } finally {
        await close();
    }
});

test('an action goes to this machine only, and of a connector\'s card only to its registered target URLs', async () => {
    const {url, target} = await webhook('Astray');
    const elsewhere = ['https://contoso.example/x', 'http://localhost/x', 'https://10.0.0.1/x',
        'https://user@localhost/x'];
    await post(url, actionCard('astray',
        elsewhere.map((uri, i) => ({'@type': 'HttpPOST', name: `n${i}`, target: uri}))));
    const post_id = (await json(`/feed.json?target=${target}`)).at(-1).post_id;
    for (const i of elsewhere.keys()) await set('/act', {post_id, path: `a${i}`});
    const problems = (await json(`/feed.json?target=${target}`)).at(-1)
        .actions.map(({problem, http}) => [problem, http]);
    assert.equal(problems.length, 4);
    for (const [problem, http] of problems) {
        assert.match(problem, /^Failed to send\./);
        assert.equal(http, null);
    }
    const id = asSuperuser("select app_id from o365_internal.connector where slug = 'desk'");
    asSuperuser(`update o365_internal.sandbox_webhook set app_id = '${id}' where target_id = ${target}`);
    await post(url, actionCard('not registered', [{'@type': 'HttpPOST', name: 'Go', target: 'https://127.0.0.1/go'}]));
    const last = (await json(`/feed.json?target=${target}`)).at(-1).post_id;
    const before = calls.length;
    await set('/act', {post_id: last, path: 'a0'});
    assert.match((await json(`/feed.json?target=${target}`)).at(-1).actions[0].problem,
        /none of the connector's registered target URLs/);
    assert.equal(calls.length, before);
});

test('an Adaptive Card is drawn by its own library under the page\'s policy, and its actions work', async () => {
    const {url, target} = await webhook('Adaptive', 'workflow');
    const adaptive = (content) =>
        JSON.stringify({type: 'message', attachments: [{contentType: 'application/vnd.microsoft.card.adaptive',
            contentUrl: null, content: {type: 'AdaptiveCard', version: '1.4', ...content}}]});
    assert.equal((await post(url, adaptive({
        body: [{type: 'TextBlock', text: 'Build **4711** <b>failed</b>', wrap: true}, {type: 'FactSet',
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
        respond = (response) => { response.setHeader('CARD-ACTION-STATUS', 'Started again.'); response.end(); };
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
        respond = (response) => response.end();
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
        respond = (response) => {
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

test('webhooks answer word for word as documented', async () => {
    const {url} = await webhook('Words');
    const answer = async (body) => { const {status, text} = await post(url, body); return [status, text]; };
    assert.deepEqual(await answer(card('x')), [200, '1']);
    assert.deepEqual(await answer('{"text": ""}'), [400, 'Summary or Text is required.']);
    assert.deepEqual(await answer('no JSON'), [400, 'Bad payload received by generic incoming webhook.']);
    const large = await answer(card('x'.repeat(30000)));
    assert.deepEqual([large[0], /returned HTTP error 413 with ContextId/.test(large[1])], [200, true]);
    assert.match((await post(url.replace(/\/[^/]+$/, '/00000000-0000-4000-8000-000000000000'), card('x'))).text,
        /Invalid webhook URL/);
    assert.equal((await program.request(url)).text, 'Invalid webhook request - GET not supported');
    const unknown = url.replace('IncomingWebhook', '00000000-0000-4000-8000-000000000000');
    assert.equal((await program.request(unknown)).text,
        'Unknown Connector provider 00000000-0000-4000-8000-000000000000');
    // Symfony's sender takes a post without it for failed.
    const ids = [];
    for (const body of [card('x'), card('x'), '{"text": ""}', 'no JSON', card('x'.repeat(30000))])
        ids.push((await post(url, body)).headers['request-id']);
    for (const at of [url, unknown, `${url}0`]) ids.push((await program.request(at)).headers['request-id']);
    for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(new Set(ids).size, ids.length, 'each its own');
    const flow = await webhook('Words of a flow', 'workflow');
    assert.match((await post(flow.url, '{"attachments": []}')).headers['x-ms-request-id'], /^sandbox:[0-9a-f-]{36}$/);
});

test('JSON in single quotes is taken by connector webhooks, as the documentation posts it', async () => {
    const {url, target} = await webhook('Quotes');
    const answer = async (body) => (await post(url, body)).text;
    assert.equal(await answer("{'text':'Hello World'}"), '1');
    assert.equal(await answer(`{'title': 'it\\'s "so"', "text": "it's"}`), '1');
    assert.deepEqual((await json(`/feed.json?target=${target}`)).map(({card: {title, text}}) => [title, text]),
        [[undefined, 'Hello World'], ['it\'s "so"', 'it\'s']]);
    assert.match((await program.request(`${SANDBOX_URL}/feed/${target}`)).text, /Hello World/);
    for (const body of ["{text: 'x'}", "{'text': 'x',}", "{'text': /* x */ 'x'}", '{"text": "x" /* y */}',
        "{'text': 'x\"}"]) assert.match(await answer(body), /^Bad payload/, body);
    const flow = await webhook('Quotes of a flow', 'workflow');
    assert.equal((await post(flow.url, "{'attachments': []}")).status, 400, 'nobody has seen a flow take them');
});

test('a webhook is the same in every spelling of its URL', async () => {
    const {url, target} = await webhook('Spellings');
    const spellings = [url.replace('@', '%40'), `${url}?wait=1`, `${url}/`,
        url.replace('IncomingWebhook', 'Incoming%57ebhook'), `${url}?a=%&a`];
    for (const one of spellings) {
        remember('webhook', one);
        assert.equal((await post(one, card('x'))).text, '1');
    }
    assert.equal((await post(`${url}0`, card('x'))).status, 404);
    assert.equal((await json(`/log.json?target=${target}`)).length, spellings.length);
    assert.match((await program.request(url.replace('@', '%40').replace('IncomingWebhook',
        '00000000-0000-4000-8000-000000000000'))).text, /Unknown Connector provider/);

    const flow = await webhook('Spellings of a flow', 'workflow');
    const [path, query] = flow.url.split('?');
    const pairs = query.split('&');
    const same = [flow.url.replaceAll('%2F', '/'), flow.url.replaceAll('%2F', '%2f'), `${path}/?${query}`,
        `${path}?${[...pairs].reverse().join('&')}`];
    for (const one of same) {
        remember('webhook', one);
        assert.equal((await post(one, '{"attachments": []}')).status, 202);
    }
    assert.equal((await post(flow.url.replace('sv=1.0', 'sv=1.1'), '{}')).status, 401,
        'the signature does not fit another parameter');
});

test('every form of a webhook\'s URL is handed out when it is asked for, and all lead to the same place', async () => {
    const guid = '[0-9a-f-]{36}';
    const flow = '/workflows/[0-9a-f]{32}/triggers/manual/paths/invoke';
    const query = 'sp=%2Ftriggers%2Fmanual%2Frun&sv=1\\.0&sig=[\\w-]+';
    const forms = {
        connector: {webhookb2: `/webhookb2/${guid}@${guid}/IncomingWebhook/[0-9a-f]{32}/${guid}`,
            webhook: `/webhook/${guid}@${guid}/IncomingWebhook/[0-9a-f]{32}/${guid}`,
            v2: `/webhookb2/${guid}@${guid}/IncomingWebhook/[0-9a-f]{32}/${guid}/V2[\\w-]+`},
        workflow: {powerplatform: `/powerautomate/automations/direct${flow}\\?api-version=1&${query}`,
            cu: `/powerautomate/automations/direct/cu/25${flow}\\?api-version=1&${query}`,
            slash: `/powerautomate/automations/direct${flow}/\\?api-version=1&${query}`,
                logic: `${flow}\\?api-version=2016-06-01&${query}`,
                gateway: `/manual/paths/invoke\\?api-version=2016-06-01&${query}`},
    };
    const refused = await set('/tenant/webhooks', {name: 'Forms', form: 'no-such-form'});
    assert.deepEqual([refused.status, JSON.parse(refused.text).forms],
        [400, Object.fromEntries(Object.entries(forms).map(([dialect, all]) => [dialect, Object.keys(all)]))]);
    assert.equal((await set('/tenant/webhooks', {name: 'Forms', form: 'cu'})).status, 400,
        'a form of the other dialect');
    const owner = new Client();
    await owner.request(`${SANDBOX_URL}/sign-in`, {person: 'program'});
    for (const [dialect, all] of Object.entries(forms)) {
        const body = dialect === 'workflow' ? '{"attachments": []}' : card('x');
        const success = dialect === 'workflow' ? 202 : 200;
        let target;
        for (const [form, pattern] of Object.entries(all)) {
            const made = JSON.parse((await set('/tenant/webhooks',
                {person: 'program', name: `Forms ${dialect}`, dialect, form})).text);
            remember('webhook', made.webhook_url);
            target = made.target;
            assert.match(made.webhook_url, new RegExp(`^https://[^/]+${pattern}$`), form);
            const {origin: at, pathname, search} = new URL(made.webhook_url);
            // However it was handed out.
            const same = [made.webhook_url];
            if (dialect === 'connector') {
                const path = pathname.replace(/^\/webhook(b2)?\//, '/').replace(/\/V2[^/]+$/, '');
                same.push(`${at}/webhook${path}`, `${at}/webhookb2${path}`, `${at}/webhookb2${path}/V2x-Y_z`,
                    `${at}/webhook${path}/V2x/`);
            } else if (form !== 'gateway') {
                const path = pathname.replace(/^.*(?=\/workflows\/)/, '').replace(/\/$/, '');
                for (const folder of ['', '/powerautomate/automations/direct',
                    '/powerautomate/automations/direct/cu/7']) same.push(`${at}${folder}${path}${search}`,
                    `${at}${folder}${path}/${search}`);
                for (const version of ['1', '2016-10-01', '2022-03-01-preview'])
                    same.push(made.webhook_url.replace(/api-version=[^&]+/, `api-version=${version}`));
            }
            for (const one of same) {
                remember('webhook', one);
                assert.equal((await post(one, body)).status, success, `${form}: ${one}`);
            }
            // The place's page gives the same.
            const shown = (await owner.request(`${SANDBOX_URL}/tenant/${target}`, {do: 'webhook', form}))
                .text.match(/readonly>(https:[^<]+)/)[1].replaceAll('&amp;', '&');
            remember('webhook', shown);
            assert.match(shown, new RegExp(`^https://[^/]+${pattern}$`), form);
            assert.equal((await post(shown, body)).status, success, shown);
        }
        assert.equal((await owner.request(`${SANDBOX_URL}/tenant/${target}`, {do: 'webhook', form: 'x'})).status, 400);
        assert.ok((await json(`/log.json?target=${target}`)).every(({answered}) => answered === 'ok'));
    }
});

test('every answer of the fault panel is given when it is asked for, per webhook, in a pattern, with Retry-After',
    async () => {
    const one = await webhook('Faulty');
    const other = await webhook('Sound');
    const {answers} = await json('/faults.json');
    const table = readFileSync(join(ROOT, 'docs/sandbox.md'), 'utf8').match(/\n## Every answer\n([^]*?)\n## /)[1];
    const documented = [...table.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, names]) =>
        [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
    assert.deepEqual([...answers].sort(), documented.sort(), 'the documentation has each of them');
    for (const answer of answers.filter((name) =>
        !['ok', 'silent', 'slow-answer', 'slow', 'late', 'hang-up', 'reset'].includes(name))) {
        await set('/faults', {target: one.target, answer, retry_after: 9});
        const got = await post(one.url, card(answer));
        assert.equal(got.headers['retry-after'], '9', answer);
        const status = answer.match(/^\d{3}(?!-in)/)?.[0]
            ?? (answer.includes('-in-200') ? '200' : {'workflow-not-found': '404', 'get': '405'}[answer] ?? '400');
        assert.equal(String(got.status), status, answer);
        assert.notEqual(got.text, '1');
        assert.deepEqual([(await post(other.url, card('sound'))).text], ['1']);
    }
    await set('/faults', {target: one.target, pattern: 'ok 503 429-in-200'});
    const statuses = [];
    for (let i = 0; i < 6; ++i) {
        const {status, text} = await post(one.url, card('x'));
        statuses.push(text === '1' ? 'ok' : status);
    }
    assert.deepEqual(statuses, ['ok', 503, 200, 'ok', 503, 200]);
    assert.equal((await set('/faults', {target: one.target, answer: 'no-such-answer'})).status, 400);
    await set('/faults', {target: one.target, answer: 'ok'});
    assert.deepEqual((await json('/faults.json')).faults, []);

    // A second webhook of the same place.
    const second = await webhook('Faulty');
    assert.equal(second.target, one.target);
    await set('/faults', {webhook: second.number, answer: '410'});
    assert.deepEqual([(await post(second.url, card('x'))).status, (await post(one.url, card('x'))).status], [410, 200]);
    assert.deepEqual((await json('/faults.json')).faults.map(({target, webhook: number, answer}) =>
        [target, number, answer]), [[one.target, second.number, '410']]);
    assert.match((await program.request(`${SANDBOX_URL}/faults`)).text,
        new RegExp(`Faulty of program, webhook ${second.number}`));
    assert.equal((await set('/faults', {webhook: 999999, answer: '410'})).status, 404);
    assert.equal((await set('/faults', {webhook: 'x', answer: '410'})).status, 400);
    await set('/faults', {target: one.target, webhook: second.number, answer: 'ok'});
    assert.deepEqual((await json('/faults.json')).faults, []);
});

test('slow before the answer, slow within it, closed, reset: the connection does what was asked for', async () => {
    const {url, target} = await webhook('Stages');
    const timed = async (answer) => {
        await set('/faults', {target, answer, count: 1});
        const begun = Date.now();
        const result = await new Client().post(url, card(answer), {'Content-Type': 'application/json'})
            .catch((error) => ({error: error.message}));
        return {...result, took: Date.now() - begun};
    };
    const slow = await timed('slow');
    assert.ok(slow.text === '1' && slow.took >= 3000, JSON.stringify(slow));
    const trickle = await timed('slow-answer');
    assert.ok(trickle.text === '1' && trickle.took >= 2000, JSON.stringify(trickle));
    assert.equal((await timed('hang-up')).error, 'socket hang up');
    assert.equal((await timed('reset')).error, 'read ECONNRESET');
});

const lastPost = () => Number(asSuperuser('select o365_programs.sandbox_settled()'));
const count = (rows, field) => rows.reduce((all, row) => ({...all, [row[field]]: (all[row[field]] ?? 0) + 1}), {});

test('the switchboard answers whatever the faults are: with a hundred posts that nobody answers, too', async () => {
    const {url, target} = await webhook('Silent');
    await set('/faults', {target, answer: 'silent'});
    const requests = Array.from({length: 100}, () => {
        const request = https.request(url, {method: 'POST', ca: readFileSync(process.env.CA), agent: false,
            lookup: program.agent.options.lookup, headers: {'Content-Type': 'application/json'}}, () => {
            request.answered = true;
        });
        request.on('error', () => {});
        request.end(card('x'));
        return request;
    });
    try {
        await until('all of them to have arrived',
            async () => (await json(`/log.json?target=${target}&answered=silent`)).length === 100);
        const sound = await webhook('Not silent');
        assert.equal((await post(sound.url, card('x'))).text, '1', 'others are answered meanwhile');
        for (const path of ['/', '/faults', '/log', '/feed'])
            assert.equal((await program.request(`${SANDBOX_URL}${path}`)).status, 200, path);
        assert.equal((await set('/faults', {target, answer: 'ok'})).status, 303);
        assert.equal((await post(url, card('x'))).text, '1', 'and this one after it was switched');
        assert.ok(requests.every((request) => !request.answered));
    } finally {
        for (const request of requests) request.destroy();
        await set('/faults', {target, answer: 'ok'});
    }
});

test('an incoming webhook takes Adaptive Cards in their envelope; one that a connector got takes MessageCards alone',
    async () => {
    const {url, target} = await webhook('Envelopes', 'connector', 'teams');
    const envelope = (attachments, more = {}) => JSON.stringify({type: 'message', attachments, ...more});
    const content = {type: 'AdaptiveCard', version: '1.4', body: [{type: 'TextBlock', text: 'adaptive text'}]};
    const attachment = {contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content};
    const answer = async (where, body) => {
        const {status, text} = await post(where, body);
        return [status, text.match(/error \d+/)?.[0] ?? text];
    };
    const none = [400, 'Summary or Text is required.'];
    assert.deepEqual(await answer(url, envelope([attachment])), [200, '1']);
    assert.match((await program.request(`${SANDBOX_URL}/feed/${target}`)).text, /adaptive text/);
    assert.deepEqual(await answer(url, envelope([attachment, attachment], {summary: 'two'})), [200, '1']);
    assert.deepEqual(await answer(url, envelope([])), none);
    assert.deepEqual(await answer(url, JSON.stringify({attachments: [attachment]})), none, 'without type: message');
    assert.deepEqual(await answer(url, JSON.stringify(content)), none, 'without its envelope');
    assert.deepEqual(await answer(url, envelope([{...attachment, content: {type: 'Other'}}])), [200, 'error 400']);
    assert.deepEqual(await answer(url, envelope([{content}])), [200, 'error 400'], 'without a contentType');
    assert.deepEqual(await answer(url, envelope('no list')),
        [400, 'Bad payload received by generic incoming webhook.']);
    assert.deepEqual(await answer(url, envelope([attachment], {text: 'x'.repeat(30000)})), [200, 'error 413']);

    // A connector's, as Allow hands it out.
    const id = asSuperuser("select app_id from o365_internal.connector where slug = 'desk'");
    const {pathname} = new URL(url);
    const mine = url.replace('IncomingWebhook', id);
    const hash = createHash('sha256').update(pathname.replace('IncomingWebhook', id)).digest('hex');
    asSuperuser(`select o365_programs.sandbox_mint(${target}, '\\x${hash}', '${id}')`);
    remember('webhook', mine);
    assert.deepEqual(await answer(mine, card('x')), [200, '1']);
    assert.deepEqual(await answer(mine, envelope([attachment])), none);
});

test('another content type than JSON, and a field of another type, is a bad payload', async () => {
    const {url, target} = await webhook('Types');
    const bad = [400, 'Bad payload received by generic incoming webhook.'];
    const answer = async (body, headers) => {
        const {status, text} = await program.post(url, body, headers);
        return [status, text];
    };
    for (const type of ['application/json', 'Application/JSON; Charset="UTF-8"', 'application/json;charset=utf-8'])
        assert.deepEqual(await answer(card('x'), {'Content-Type': type}), [200, '1'], type);
    for (const type of ['application/x-www-form-urlencoded',
        'text/plain', 'application/json; charset=utf-16', 'application/jsonp', ''])
        assert.deepEqual(await answer(card('x'), type ? {'Content-Type': type} : {}), bad, type);
    assert.deepEqual(await answer('{"text": "100 % off"}', {'Content-Type': 'application/x-www-form-urlencoded'}), bad,
        'what curl -d sends, and no form');
    const fields = [{text: {}}, {title: ['x']}, {summary: {}}, {hideOriginalBody: 'yes'}, {sections: {}},
        {sections: ['x']}, {sections: [{facts: {}}]}, {sections: [{facts: [{name: 'n', value: {}}]}]},
        {sections: [{heroImage: 'x'}]}, {sections: [{startGroup: 'x'}]}, {sections: [{markdown: ''}]},
        {potentialAction: [{'@type': 'ViewAction', 'name': 'x', 'target': ['https://contoso.example']}]},
        {potentialAction: {}}, {potentialAction: ['x']}, {attachments: {}}];
    for (const field of fields) assert.deepEqual(await answer(card('x', field), {'Content-Type': 'application/json'}),
        bad, JSON.stringify(field));
    const noCards = ['', '[]', '"x"', 'null', '{"text": "x"', Buffer.from([0x7b, 0xff, 0x7d]),
        '{"text": "a \\udc00 b"}', '{"\\ud83d": 1, "text": "x"}'];
    for (const body of noCards)
        assert.deepEqual(await answer(body, {'Content-Type': 'application/json'}), bad, String(body));
    assert.deepEqual(await answer(card('x', {title: null, sections: null}), {'Content-Type': 'application/json'}),
        [200, '1'], 'null is as good as nothing');
    // F19: as Json.NET reads them.
    const taken = [{title: 5}, {themeColor: 123}, {hideOriginalBody: 'True'},
        {sections: [{markdown: 'false',
        facts: [{name: 'n', value: 17}, {name: 'm', value: true}, {name: 'no value'}]}]},
        {potentialAction: [{'@type': 'ActionCard', 'name': 'a',
        'inputs': [{'@type': 'MultichoiceInput', 'id': 'l', 'isMultiSelect': 'false', 'choices': []}]}]}];
    for (const field of taken)
        assert.deepEqual(await answer(card('x', field), {'Content-Type': 'application/json'}), [200, '1'],
        JSON.stringify(field));
    assert.match((await program.request(`${SANDBOX_URL}/feed/${target}`)).text, new RegExp(
        /<p>n<\/p>\s*<\/dt><dd class="md"><p>17<\/p>\s*<\/dd>/.source
        + /<dt class="md"><p>m<\/p>\s*<\/dt><dd class="md"><p>true<\/p>/.source));
    assert.deepEqual(count(await json(`/log.json?target=${target}`), 'answered'),
        {ok: 4 + taken.length, '400-json': 6 + fields.length + noCards.length});

    // A workflow's trigger takes another type for a file, and its run finds no card in it.
    const flow = await webhook('Types of a flow', 'workflow');
    assert.equal((await program.post(flow.url, card('x'), {'Content-Type': 'text/plain'})).status, 202);
    assert.match((await json(`/log.json?target=${flow.target}`)).at(-1).note, /of type 'Null'/);
    assert.equal((await post(flow.url, JSON.stringify({text: 5}))).status, 202, 'it takes any JSON');
    assert.equal((await post(flow.url, 'no JSON')).status, 400);
});

test('every request to a webhook\'s address is in the log, whatever it is', async () => {
    const one = await webhook('Logged');
    const flow = await webhook('Logged flow', 'workflow');
    const before = lastPost();
    /** What of it is ours: other tests' cards may still be on their way. */
    const logged = async (after) => (await json(`/log.json?after=${after}`))
        .filter(({target}) => [one.target, flow.target, null].includes(target));
    const expected = [];
    /** `body`: null for none. */
    const send = async (answered, status, where, body, headers = {}, method = 'POST') => {
        const length = body === null ? {} : {'Content-Length': Buffer.byteLength(body)};
        const answer = await new Promise((resolve, reject) => {
            const request = https.request(where, {method, agent: program.agent,
                headers: {'Content-Type': 'application/json', ...length, ...headers}}, (response) => {
                response.resume();
                response.on('end', () => resolve(response.statusCode));
            });
            request.on('error', reject);
            request.end(body ?? '');
        });
        assert.equal(answer, status, `${method} ${answered}`);
        expected.push([answered, length['Content-Length'] ?? 0]);
    };
    const longMessage = JSON.stringify(
        {attachments: [{content: {type: 'AdaptiveCard', body: [{type: 'TextBlock', text: 'x'.repeat(400000)}]}}]});
    const token = {Authorization: 'Bearer x'};
    await send('workflow-two-authorizations', 400, flow.url, '{}', token);
    await set('/faults', {target: flow.target, answer: '503', count: 1});
    await send('503', 503, flow.url, '{}', token);
    await send('workflow-not-found', 404, flow.url.replace(/[0-9a-f]{32}/, 'f'.repeat(32)), '{}', token);
    await send('400-json', 400, one.url, 'a=100%&a=1', {'Content-Type': 'application/x-www-form-urlencoded'});
    await send('413-in-200', 200, one.url, card('x'.repeat(150000)));
    await send('413-in-200', 200, one.url, card('x'.repeat(400000)));
    await send('ok', 202, flow.url, longMessage);
    await send('413-in-200', 200, one.url, card('x'.repeat(17 << 20)));
    await send('get', 405, one.url, null, {}, 'GET');
    await send('get', 405, one.url, null, {}, 'HEAD');
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH'])
        await send('other-method', 405, one.url, '{}', {}, method);
    await send('404', 404, `${one.url.replace(/\/[^/]+$/, '/nowhere')}?a=%&a=1&a=2`, '{}');
    await send('404', 404, one.url.replace(/\/[^/]+$/, '/nowhere'), '{}');
    const log = await logged(before);
    assert.deepEqual(log.map(({answered, bytes}) => [answered, bytes]), expected);
    assert.equal(log[6].note, 'Request Entity too large');
    // Chunked, nobody says how long it is.
    const chunked = await new Promise((resolve, reject) => {
        const request = https.request(one.url, {method: 'POST', agent: program.agent,
            headers: {'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked'}}, (response) => {
            response.resume();
            response.on('end', () => resolve(response.statusCode));
        });
        request.on('error', reject);
        request.end(card('x'.repeat(17 << 20)));
    });
    const last = (await logged(log.at(-1).post_id)).map(({answered, bytes}) => [answered, bytes]);
    assert.deepEqual([chunked, last], [200, [['413-in-200', 0]]]);
});

test('a workflow\'s URL that lost its signature wants a token', async () => {
    const {url, target} = await webhook('Unsigned', 'workflow');
    const code = async (where, headers) => {
        const {status, text} = await post(where, '{}', headers);
        return [status, JSON.parse(text).error.code];
    };
    // As a shell cuts it that was not told to leave the & alone.
    const cut = url.slice(0, url.indexOf('&'));
    assert.match(cut, /\?api-version=1$/);
    const before = lastPost();
    assert.deepEqual(await code(cut), [401, 'DirectApiAuthorizationRequired']);
    assert.ok((await json(`/log.json?after=${before}`)).some(({answered}) => answered === '401-direct-api'));
    assert.deepEqual(await code(url.replace(/&sig=.*/, '')), [401, 'DirectApiAuthorizationRequired']);
    assert.deepEqual(await code(url.replace(/\?.*/, '')), [400, 'MissingApiVersionParameter']);
    assert.deepEqual(await code(url.replace('api-version=1&', '')), [400, 'MissingApiVersionParameter']);
    assert.deepEqual(await code(cut, {Authorization: 'Bearer x'}), [401, 'MisMatchingOAuthClaims']);
    assert.deepEqual(await code(url.replace(/[\w-]$/, (c) => (c === 'a' ? 'b' : 'a'))), [401, 'AuthorizationFailed']);
    assert.deepEqual(await code(url.slice(0, -20)), [401, 'AuthorizationFailed'], 'cut off');
    assert.deepEqual(await code(url.replace(/workflows\/.{32}/, `workflows/${'0'.repeat(32)}`)),
        [404, 'WorkflowNotFound']);
    assert.equal((await post(url, '{"attachments": []}')).status, 202);
    assert.deepEqual((await json(`/log.json?target=${target}`)).map(({answered}) => answered),
        ['workflow-no-api-version', 'ok']);
});

test('who may trigger a workflow changes its URL', async () => {
    const open = await webhook('Triggers', 'workflow');
    const megan = new Client();
    await megan.request(`${SANDBOX_URL}/sign-in`, {person: 'program'});
    const code = async (where, headers) => {
        const {status, text} = await post(where, '{"attachments": []}', headers);
        return text ? [status, JSON.parse(text).error.code] : [status];
    };
    await megan.request(`${SANDBOX_URL}/tenant/${open.target}`, {do: 'tenant'});
    const shown = (await megan.request(`${SANDBOX_URL}/tenant/${open.target}`, {do: 'webhook'})).text;
    const closed = shown.match(/https:\/\/flow\.localhost[^"<]+/)[0].replaceAll('&amp;', '&');
    remember('webhook', closed);
    assert.match(closed, /\/triggers\/manual\/paths\/invoke\?api-version=1$/);
    assert.deepEqual(await code(closed), [401, 'DirectApiAuthorizationRequired']);
    assert.deepEqual(await code(closed, {Authorization: 'Bearer x'}), [401, 'MisMatchingOAuthClaims']);
    assert.deepEqual(await code(open.url), [401, 'DirectApiAuthorizationRequired']);
    await megan.request(`${SANDBOX_URL}/tenant/${open.target}`, {do: 'on'});
    assert.deepEqual([await code(open.url), await code(closed)],
        [[404, 'WorkflowNotFound'], [401, 'DirectApiAuthorizationRequired']]);
    assert.deepEqual(await code((await webhook('Triggers', 'workflow')).url), [202]);
});

test('a workflow that was deleted is made anew under its name, with a webhook that works', async () => {
    const old = await webhook('Again', 'workflow');
    const megan = new Client();
    await megan.request(`${SANDBOX_URL}/sign-in`, {person: 'program'});
    await megan.request(`${SANDBOX_URL}/tenant/${old.target}`, {do: 'deleted'});
    assert.equal((await megan.request(`${SANDBOX_URL}/tenant/${old.target}`, {do: 'webhook'})).status, 409,
        'a deleted one has no URL');
    const made = await webhook('Again', 'workflow');
    assert.equal((await post(made.url, '{"attachments": []}')).status, 202);
    assert.equal(JSON.parse((await post(old.url, '{"attachments": []}')).text).error.code, 'WorkflowNotFound');
});

test('every kind of workflow is made by one request, and does what its kind does', async () => {
    const text = (words) => ({type: 'AdaptiveCard', version: '1.4', body: [{type: 'TextBlock', text: words}]});
    const envelope = JSON.stringify({type: 'message',
        attachments: [{contentType: 'application/vnd.microsoft.card.adaptive', content: text('in an envelope')}]});
    const bare = JSON.stringify(text('bare'));
    const make = async (kind) => {
        const answer = await set('/tenant/webhooks',
            {person: 'program', name: 'Kinds of workflow', dialect: 'workflow', ...kind});
        assert.equal(answer.status, 200, answer.text);
        const made = JSON.parse(answer.text);
        remember('webhook', made.webhook_url);
        return made;
    };
    const code = async (url, body = envelope) => {
        const {status, text: said} = await post(url, body);
        return [status, said && said.startsWith('{"error"') ? JSON.parse(said).error.code : said];
    };
    const became = async ({flow}) => (await json(`/log.json?flow=${flow}`)).map(({answered, note}) => note ?? answered);
    const arrived = async ({flow, target}) => {
        const ours = new Set((await json(`/log.json?flow=${flow}`)).map(({post_id: id}) => id));
        return (await json(`/feed.json?target=${target}`)).filter(({post_id: id, arrived: yes}) => ours.has(id) && yes)
            .length;
    };

    const template = await make({payload: 'envelope'});
    assert.deepEqual([await code(template.webhook_url), await code(template.webhook_url, bare)],
        [[202, ''], [202, '']]);
    assert.match((await became(template)).join('; '), /^ok; .*'foreach'.* is of type 'Null'/);
    assert.equal(await arrived(template), 1);
    const whole = await make({payload: 'card'});
    assert.equal(whole.target, template.target, 'all in one channel');
    assert.notEqual(whole.flow, template.flow);
    assert.deepEqual([await code(whole.webhook_url), await code(whole.webhook_url, bare)], [[202, ''], [202, '']]);
    assert.match((await became(whole)).join('; '),
        /^AdaptiveSerializationException: Property 'type' must be 'AdaptiveCard'; ok$/);
    assert.equal(await arrived(whole), 1);

    // Its own Response step: later than the trigger would have answered, and in its own words.
    const step = await make({response: '2', response_body: '{"ticket": 17}'});
    const begun = Date.now();
    const late = await post(step.webhook_url, envelope);
    assert.deepEqual([late.status, late.text, late.headers['content-type'], Date.now() - begun >= 2000],
        [200, '{"ticket": 17}', 'application/json; charset=utf-8', true]);
    assert.equal(await arrived(step), 1);
    assert.deepEqual(await code(step.webhook_url, bare), [502, 'NoResponse'], 'a run that fails does not get that far');
    assert.deepEqual(await code((await make({response: 0, response_body: 'done'})).webhook_url), [200, 'done']);

    const tenant = await make({trigger: 'tenant'});
    assert.equal(new URL(tenant.webhook_url).search, '?api-version=1');
    assert.deepEqual(await code(tenant.webhook_url), [401, 'DirectApiAuthorizationRequired']);
    const inGateway = await make({trigger: 'tenant', form: 'gateway'});
    assert.match(inGateway.webhook_url, /\/direct\/workflows\//, 'a gateway has no such form');

    for (const [fails, why] of [['private-channel', /Flow bot cannot post in a private channel/],
        ['connection', /connection to Teams is invalid/], ['membership', /no member of the team/]]) {
        const failing = await make({fails});
        assert.deepEqual(await code(failing.webhook_url), [202, '']);
        assert.match((await became(failing)).join(), why);
        assert.equal(await arrived(failing), 0, 'nothing arrives');
        assert.match((await program.request(failing.runs)).text, why, 'the run history says why');
    }

    const bot = await make({post_as: 'flow-bot'});
    for (let i = 0; i < 27; ++i) assert.deepEqual(await code(bot.webhook_url), [202, '']);
    assert.equal(await arrived(bot), 25);
    assert.match((await became(bot)).slice(25).join('; '),
        /^(Action [^;]*TooManyRequests[^;]*this one is lost\.(; |$)){2}$/);
    assert.match((await program.request(bot.runs)).text, /what comes gets 202 and is lost/);

    // Its switches, by its own page.
    const change = async (what) => (await set(bot.runs.replace(SANDBOX_URL, ''), {do: what})).status;
    for (const [what, answer] of [['orphaned', 'WorkflowTriggerIsNotEnabled'], ['on', ''],
        ['off', 'WorkflowTriggerIsNotEnabled'], ['deleted', 'WorkflowNotFound']]) {
        assert.equal(await change(what), 303);
        assert.equal((await code(bot.webhook_url))[1], answer, what);
    }
    assert.deepEqual([await change('on'), await change('nonsense')], [409, 400]);

    // Another key: the old URL is refused, in whatever form, and the workflow is the same.
    for (const form of ['powerplatform', 'cu', 'slash', 'logic', 'gateway']) {
        const old = await make({flow: template.flow, form});
        assert.deepEqual([old.flow, await code(old.webhook_url)], [template.flow, [202, '']]);
        const fresh = await make({flow: template.flow, form, key: 'new'});
        assert.deepEqual([await code(old.webhook_url), await code(fresh.webhook_url)],
            [[401, 'AuthorizationFailed'], [202, '']], form);
        if (form !== 'gateway') assert.equal(new URL(old.webhook_url).pathname, new URL(fresh.webhook_url).pathname);
    }
    assert.deepEqual(await code(template.webhook_url), [401, 'AuthorizationFailed'], 'every URL of before');

    for (const [form, status] of [[{payload: 'both'}, 400], [{response: 61}, 400], [{flow: bot.flow}, 404],
        [{flow: 999999}, 404], [{flow: 'x'}, 400], [{key: 'new'}, 400],
        [{flow: template.flow, payload: 'card'}, 400], [{payload: 'card', dialect: 'connector'}, 400],
        [{flow: template.flow, name: 'Another channel'}, 404]]) {
        const answer = await set('/tenant/webhooks',
            {person: 'program', name: 'Kinds of workflow', dialect: 'workflow', ...form});
        assert.equal(answer.status, status, JSON.stringify(form));
        assert.equal(typeof JSON.parse(answer.text).error, 'string');
    }
    assert.equal((await program.request(`${SANDBOX_URL}/log.json?flow=x`)).status, 400);
    const group = await webhook('No workflows here');
    assert.equal((await program.request(`${SANDBOX_URL}/tenant/${group.target}/flow/1`)).status, 404);
    assert.equal((await program.request(`${SANDBOX_URL}/tenant/${template.target}/flow/999999`)).status, 404);
    assert.equal((await set(`/tenant/${template.target}/flow/new`, {fails: 'yes'})).status, 400);
});

test('feed and log are read by number: filters that are none are refused, and every page has an older one',
    async () => {
    const {url, target} = await webhook('Numbers');
    for (const path of ['/log.json', '/feed.json', '/log', '/feed']) {
        for (const query of ['target=abc', 'after=-1', 'before=x', 'count=1.5', 'after=9999999999999999999']) {
            if (path === '/feed' && query === 'target=abc') continue;
            const answer = await program.request(`${SANDBOX_URL}${path}?${query}`);
            assert.equal(answer.status, 400, `${path}?${query}`);
            if (path.endsWith('.json'))
                assert.match(JSON.parse(answer.text).error, new RegExp(`^${query.split('=')[0]} is a number`));
        }
    }
    for (let i = 0; i < 205; ++i) await post(url, card(`n${i}`));
    const all = await json(`/log.json?target=${target}`);
    const numbers = all.map(({post_id: id}) => id);
    assert.deepEqual((await json(`/log.json?target=${target}&after=${numbers[9]}&before=${numbers[13]}`))
        .map(({post_id: id}) => id), numbers.slice(10, 13));
    assert.deepEqual((await json(`/feed.json?target=${target}&count=2`)).map(({post_id: id}) => id),
        numbers.slice(0, 2));
    const read = async (path, pattern) => {
        const seen = [];
        for (let next = path; next;) {
            const {text} = await program.request(`${SANDBOX_URL}${next}`);
            seen.push(...[...text.matchAll(pattern)].map(([, id]) => Number(id)));
            next = text.match(/<a href="([^"]*)">Older<\/a>/)?.[1].replaceAll('&amp;', '&');
        }
        return seen;
    };
    assert.deepEqual(await read(`/log?target=${target}`, /<tr><td>(\d+)<\/td>/g), numbers.toReversed());
    assert.deepEqual(await read(`/feed/${target}`, /id="post-(\d+)"/g), numbers.toReversed());
});

test('a program that goes on from the last number it saw misses no post, and learns when the oldest have gone',
    async () => {
    const {url, target} = await webhook('Polled');
    const numbers = [];
    let done = false;
    const polling = (async () => {
        for (let last = false; !last;) {
            last = done;
            for (const {post_id: id} of await json(`/log.json?target=${target}&after=${numbers.at(-1) ?? 0}`))
                numbers.push(id);
        }
    })();
    await Promise.all(Array.from({length: 8}, async () => {
        for (let i = 0; i < 100; ++i) await post(url, card('x'));
    }));
    done = true;
    await polling;
    assert.deepEqual(numbers, (await json(`/log.json?target=${target}`)).map(({post_id: id}) => id));
    assert.equal(numbers.length, 800);
    const oldest = async () => Number((await program.request(`${SANDBOX_URL}/log.json?target=${target}&count=1`))
        .headers['oldest-post']);
    assert.ok(await oldest() <= numbers[0]);
    const kept = asSuperuser("select value from o365_internal.sandbox_setting where name = 'keep_posts'");
    asSuperuser("select o365_programs.sandbox_set('keep_posts', '20')");
    try {
        asSuperuser('select o365_programs.sandbox_sweep()');
        assert.equal(await oldest(), numbers.at(-20), 'who has read less far has missed some');
    } finally {
        asSuperuser(`select o365_programs.sandbox_set('keep_posts', '${kept}')`);
    }
});

test('over HTTP/2 a hang-up and a reset end the stream alone, and what is late or too large is answered', async () => {
    const one = await webhook('Streams');
    const flow = await webhook('Streams of a flow', 'workflow');
    const session = connectHttp2(new URL(one.url).origin,
        {ca: readFileSync(process.env.CA), lookup: program.agent.options.lookup});
    const send = async (where, answer) => {
        await set('/faults', {target: where.target, answer, count: 1});
        const begun = Date.now();
        return new Promise((resolve) => {
            const {pathname, search, host} = new URL(where.url);
            const stream = session.request({':method': 'POST', ':path': pathname + search, ':authority': host,
                'content-type': 'application/json'});
            let status;
            let text = '';
            stream.on('response', (headers) => { status = headers[':status']; });
            stream.on('data', (part) => { text += part; });
            stream.on('error', () => {});
            stream.on('close', () => resolve({status, text, took: Date.now() - begun, code: stream.rstCode}));
            stream.end(card('x'));
        });
    };
    try {
        for (const answer of ['hang-up', 'reset']) {
            const {status, code} = await send(one, answer);
            assert.equal(status, undefined, answer);
            assert.notEqual(code, 0, answer);
            assert.equal(session.destroyed, false);
        }
        const slow = await send(one, 'slow');
        assert.ok(slow.text === '1' && slow.took >= 3000, JSON.stringify(slow));
        const trickle = await send(one, 'slow-answer');
        assert.equal(trickle.text, '1');
        const empty = await send(flow, 'slow-answer');
        assert.equal(empty.status, 202, 'an empty answer cannot be slow here');
        const large = await new Promise((resolve) => {
            const {pathname, host} = new URL(one.url);
            const body = card('x'.repeat(400000));
            const stream = session.request({':method': 'POST', ':path': pathname, ':authority': host,
                'content-type': 'application/json', 'content-length': Buffer.byteLength(body)});
            stream.on('response', (headers) => { resolve(headers[':status']); });
            stream.on('error', () => {});
            stream.end(body);
        });
        assert.equal(large, 200);
        assert.equal((await send(one, 'ok')).text, '1');
    } finally {
        session.close();
    }
});

test('the slow line keeps a handshake waiting, then reads slowly, as it is told, and is straight again', async () => {
    const {url, target} = await webhook('Slow line');
    const line = async (pace) => {
        assert.equal((await set('/slow-line', pace)).status, 303);
        return (await json('/faults.json')).slow_line;
    };
    const {origin: slow} = await line({});
    const at = url.replace(new URL(url).origin, slow);
    const sent = (body) => postAlone(at, body);
    remember('webhook', at);
    assert.equal((await sent(card('straight'))).text, '1');
    assert.deepEqual({...await line({handshake: 2, count: 1}), origin: ''},
        {origin: '', handshake: 2, reading: 0, count: 1});
    const shaken = await sent(card('after a slow handshake'));
    assert.ok(shaken.text === '1' && shaken.handshake >= 2000, JSON.stringify(shaken));
    assert.deepEqual({...(await json('/faults.json')).slow_line, origin: ''},
        {origin: '', handshake: 0, reading: 0, count: null}, 'that was the one connection');
    await line({reading: 8000});
    const read = await sent(card('x'.repeat(10000)));  // it is summary and text
    assert.ok(read.text === '1' && read.after >= 2400, JSON.stringify(read));
    await line({});
    // Nobody who goes away in the middle of it holds it up.
    await line({handshake: 60, count: 1});
    const gone = await new Promise((resolve, reject) => {
        const socket = connectTcp({host: '127.0.0.1', port: new URL(slow).port}, () => {
            socket.write('x');
            resolve(socket);
        }).on('error', reject);
    });
    gone.destroy();
    assert.equal((await sent(card('straight again'))).text, '1');
    assert.deepEqual((await json(`/feed.json?target=${target}`)).map(({card: {text}}) => text.slice(0, 22)),
        ['straight', 'after a slow handshake', 'x'.repeat(22), 'straight again']);
    for (const bad of [{handshake: '61'}, {reading: '-1'}, {reading: '99'}, {count: 'x'}])
        assert.equal((await set('/slow-line', bad)).status, 400, JSON.stringify(bad));
});

test('a handshake that waits for the whole minute ends well: the web server has not begun to wait before', async () => {
    const {text, handshake, error} = await afterAMinute;
    assert.ok(text === '1' && handshake >= 60000, `${error} ${handshake}`);
});

test('an answer that is late comes after a minute, when the card has been shown for long', async () => {  // F2
    const {status, after: took, error} = await answeredLate;
    assert.ok(status === 202 && took >= 60000, `${error} ${took}`);
    assert.deepEqual([lateLog.answered, lateLog.pace], ['ok', 'late']);
});

test('the oldest posts leave feed and log beyond a setting, so that a long-running CI fills no disk', async () => {
    const {url, target} = await webhook('Kept');
    const kept = asSuperuser("select value from o365_internal.sandbox_setting where name = 'keep_posts'");
    asSuperuser("select o365_programs.sandbox_set('keep_posts', '20')");
    try {
        for (let i = 0; i < 30; ++i) await post(url, card(`n${i}`));
        asSuperuser('select o365_programs.sandbox_sweep()');
        const left = await json(`/log.json?target=${target}`);
        assert.equal(left.length, 20);
        assert.deepEqual((await json(`/feed.json?target=${target}`)).map(({card: {text}}) => text),
            Array.from({length: 20}, (_, i) => `n${i + 10}`));
    } finally {
        asSuperuser(`select o365_programs.sandbox_set('keep_posts', '${kept}')`);
    }
});

test('TLS fails by host: expired, of another name, of a stranger, refused', async () => {
    const {url, target} = await webhook('Handshakes');
    const at = (host) => new Client().post(url.replace('contoso.webhook.localhost', host), card('x')).then(() => 'sent',
        (error) => error.code);
    assert.equal(await at('expired.webhook.localhost'), 'CERT_HAS_EXPIRED');
    assert.equal(await at('wrong-name.webhook.localhost'), 'ERR_TLS_CERT_ALTNAME_INVALID');
    assert.match(await at('stranger.webhook.localhost'), /SELF_SIGNED/);
    assert.match(await at('refused.webhook.localhost'), /SSL|EPROTO/);

    // Who does not look at certificates finds the webhook as it is everywhere: faults, large bodies.
    const blindly = (host, body) => new Promise((resolve) => {
        const request = https.request(url.replace('contoso.webhook.localhost', host),
            {method: 'POST', agent: false, rejectUnauthorized: false, lookup: program.agent.options.lookup,
            headers: {'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body)}}, (response) => {
            let text = '';
            response.on('data', (part) => { text += part; });
            response.on('end', () => resolve(text));
        });
        request.on('error', (error) => resolve(error.message));
        request.end(body);
    });
    for (const host of ['expired.webhook.localhost', 'wrong-name.webhook.localhost', 'stranger.webhook.localhost']) {
        remember('webhook', url.replace('contoso.webhook.localhost', host));
        await set('/faults', {target, answer: 'hang-up', count: 1});
        assert.equal(await blindly(host, card('x')), 'socket hang up', host);
        assert.match(await blindly(host, card('x'.repeat(2 << 20))), /HTTP error 413/, host);
        assert.match(await blindly(host, card('x'.repeat(17 << 20))), /HTTP error 413/, host);
    }
    assert.deepEqual(count(await json(`/log.json?target=${target}`), 'answered'), {'hang-up': 3, '413-in-200': 6});
});

test('a webhook is found at hosts of Microsoft\'s that lead to this machine, and no page is', async () => {
    const at = (url, host) => {
        const there = url.replace(new URL(url).hostname, host);
        remember('webhook', there);
        return there;
    };
    const [one, flow] = [await webhook('Stand-ins'), await webhook('Stand-ins of a flow', 'workflow')];
    const send = (url, body) => new Promise((resolve, reject) => {
        const request = https.request(url,
            {method: 'POST', agent: false, ca: readFileSync(process.env.CA), lookup: program.agent.options.lookup,
            headers: {'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body)}}, (response) => {
                response.resume();
                response.on('end', () => resolve(response.statusCode));
            });
        request.on('error', reject);
        request.end(body);
    });
    assert.equal(await send(at(one.url, 'contoso.webhook.office.com'), card('x')), 200);
    assert.equal(await send(at(one.url, 'contoso.webhook.office.com'), card('x'.repeat(17 << 20))), 200);
    for (const host of ['prod-00.westeurope.logic.azure.com',
        'default00000000000000000000000000000a.0b.environment.api.powerplatform.com', 'contoso.azure-api.net'])
        assert.equal(await send(at(flow.url, host), '{"attachments": []}'), 202, host);
    for (const host of ['outlook.office.com', 'outlook.office365.com'])
        assert.equal(await send(at(one.url, host), card('x')), 200, host);
    assert.deepEqual((await json(`/log.json?target=${one.target}`)).map(({answered}) => answered),
        ['ok', '413-in-200', 'ok', 'ok']);
    assert.equal(await send(at(`${SANDBOX_URL}/faults`, 'contoso.webhook.office.com'), 'target=0'), 403);
});

test('the throttle keeps the real windows, counts, and the log names the window that was full', async () => {
    const {url, target} = await webhook('Throttled');
    await set('/throttle', {target, throttle: 'on'});
    const texts = [];
    for (let i = 0; i < 6; ++i) texts.push((await post(url, card(`n${i}`))).text);
    assert.deepEqual(texts.map((text) => (text === '1' ? 1 : Number(text.match(/HTTP error (\d+)/)[1]))),
        [1, 1, 1, 1, 429, 429]);
    const {throttles} = await json('/faults.json');
    const windows = throttles.find((one) => one.target === target).windows;
    assert.deepEqual(windows.map(({seconds, limit}) => [seconds, limit]),
        [[1, 4], [30, 60], [3600, 100], [7200, 150], [86400, 1800]]);
    assert.deepEqual(windows.slice(1).map(({used}) => used), [4, 4, 4, 4]);
    const log = await json(`/log.json?target=${target}`);
    assert.deepEqual(log.map(({answered, full_window: full}) => [answered, full]),
        [...Array(4).fill(['ok', null]), ['429-in-200', 1], ['429-in-200', 1]]);
    assert.ok(log.every(({received_at: at}, i) => i === 0 || at > log[i - 1].received_at),
        'the sink\'s own clock is in order');
    await set('/throttle', {target, throttle: 'off'});
});

test('every command of docs/sandbox.md works as it stands there', async () => {
    const {url, number, target} = await webhook('Documented');
    const text = readFileSync(join(ROOT, 'docs/sandbox.md'), 'utf8');
    const commands = [...text.matchAll(/^    (curl .*)$/gm)].map(([, line]) => line.replace(/\s+#.*$/, '')
        .replaceAll('target=1', `target=${target}`).replace(/\/tenant\/1$/, `/tenant/${target}`)
        .replace('webhook=1', `webhook=${number}`).replace('remove=1', `remove=${number}`));
    assert.ok(commands.length >= 14);
    let flow;
    const refused = [];
    const faultsLeft = async () => (await json('/faults.json'))
        .faults.map(({target: where, answer}) => [where, answer]);
    for (const documented of commands) {
        const command = documented.replace(/\/tenant\/2$/, `/tenant/${flow?.target}`).replace('flow=1',
            `flow=${flow?.flow}`);
        const {stdout} = await run('bash', ['-c', command.replace('curl', 'curl -fsS')],
            {env: {...process.env, URL: SANDBOX_URL, WEBHOOK: url}, maxBuffer: 1 << 28})
            .catch((error) => assert.fail(`${command}: ${error.stderr}`));
        if (command.includes('/tenant/webhooks')) remember('webhook', JSON.parse(stdout).webhook_url);
        if (command.includes('dialect=workflow')) flow = JSON.parse(stdout);
        if (command.includes('do=off')) {
            assert.deepEqual(await faultsLeft(), [[0, '429-in-200'], [target, 'ok'], [target, '410']],
                'the one of all is left, the exception from it, and that of a webhook');
            // They would answer now and then.
            await set('/faults', {webhook: number, answer: 'ok'});
            await set('/faults', {target: 0, answer: 'ok'});
        }
        if (command.includes('do=')) refused.push((await post(flow.webhook_url, card('x'))).status);
        if (command.includes('remove=')) refused.push((await post(url, card('x'))).status);
    }
    assert.match(refused.join(' '), /^400 401 404 410$/, 'off, tenant-only, deleted, removed');
    assert.deepEqual(await faultsLeft(), []);
    await set('/throttle', {target, throttle: 'off'});
    await set('/slow-line', {});
    assert.equal((await json(`/feed.json?target=${target}`))[0].card.text, 'Hello');
});

test('the sandbox refuses to start where public_url is public', async () => {
    const check = () => run(`${process.env.BUILD}/o365-sandbox.fcgi`, ['--config', process.env.CONFIG, '--check'])
        .then(() => 'starts', (error) => error.stderr);
    const before = sql("select value from o365.settings where name = 'public_url'");
    assert.equal(await check(), 'starts');
    sql("select o365.set('public_url', 'https://connect.contoso.example')");
    try {
        assert.match(await check(), /public_url is not on loopback/);
    } finally {
        sql(`select o365.set('public_url', '${before}')`);
    }
});

test('what is asked of a place that does not exist, or is of another kind, is refused with a reason', async () => {
    for (const [path, form] of [['/faults', {target: 999999, answer: '503'}],
        ['/throttle', {target: 999999, throttle: 'on'}]]) {
        const answer = await set(path, form);
        assert.deepEqual([answer.status, /no such group, team or inbox/.test(answer.text)], [404, true], path);
    }
    assert.deepEqual((await json('/faults.json')).faults, []);
    await webhook('Taken', 'connector', 'teams');
    const taken = await set('/tenant/webhooks', {person: 'program', name: 'Taken', dialect: 'workflow'});
    assert.deepEqual([taken.status, JSON.parse(taken.text).error],
        [409, 'that name is taken by a place that is no workflow: choose another']);
    for (const form of [{name: 'x', dialect: 'workflow', kind: 'mail'}, {name: 'CI', kind: 'mail'}, {name: ' '},
        {person: ' '}, {person: '人'.repeat(61)}, {name: 'x'.repeat(257)}])
        assert.equal((await set('/tenant/webhooks', form)).status, 400, JSON.stringify(form));
    const [mail, again] = [await set('/tenant/webhooks', {person: '人'.repeat(60), kind: 'mail'}),
        await set('/tenant/webhooks', {person: '人'.repeat(60), kind: 'mail', name: 'Inbox'})];
    for (const {text} of [mail, again]) remember('webhook', JSON.parse(text).webhook_url);
    assert.equal(JSON.parse(mail.text).target, JSON.parse(again.text).target, 'a person has one inbox');

    // A place's page says what it did not do.
    const flow = await webhook('Refusals', 'workflow');
    for (const [form, status] of [[{do: 'offf'}, 400], [{nonsense: 1}, 400], [{remove: 999999}, 404],
        [{remove: flow.number}, 303], [{remove: flow.number}, 404], [{do: 'off'}, 303], [{do: 'deleted'}, 303],
        [{do: 'on'}, 409]])
        assert.equal((await set(`/tenant/${flow.target}`, form)).status, status, JSON.stringify(form));
    const group = await webhook('Refusals of a group');
    assert.equal((await set(`/tenant/${group.target}`, {do: 'off'})).status, 409);

    for (const path of ['/log.json', '/log'])
        assert.equal((await program.request(`${SANDBOX_URL}${path}?answered=nosuch`)).status, 400, path);
    for (const one of ['ok', 'other-method', 'get'])
        assert.equal((await program.request(`${SANDBOX_URL}/log.json?answered=${one}`)).status, 200, one);
    const twice = await program.request(`${SANDBOX_URL}/log.json?target=1&target=1`);
    assert.deepEqual([twice.status, /Its log has/.test(twice.text)], [400, false], 'what is refused is no failure');
});

test('Apprise, as Debian has it, posts through its proxy to the webhook under Microsoft\'s own host name', async () => {
    const {url, target} = await webhook('Apprise');
    const theirs = url.replace(new URL(url).host, 'contoso.webhook.office.com');
    remember('webhook', theirs);
    // It knows port 443 alone. The certificate is checked, as at Microsoft's.
    const asked = [];
    const proxy = http.createServer().on('connect', (request, socket) => {
        asked.push(request.url);
        const far = connectTcp(Number(process.env.PORT), '127.0.0.1', () => {
            socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
            far.pipe(socket).pipe(far);
        });
        for (const [one, other] of [[far, socket], [socket, far]]) one.on('error', () => other.destroy());
    });
    await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const folder = mkdtempSync(join(tmpdir(), 'apprise-'));
    try {
        writeFileSync(join(folder, 'urls'), `${theirs}\n`);  // no secret belongs into argv
        const env = {PATH: process.env.PATH, HOME: folder, LC_ALL: 'C.UTF-8',
            HTTPS_PROXY: `http://127.0.0.1:${proxy.address().port}`, REQUESTS_CA_BUNDLE: process.env.CA};
        const send = (title, body) => run('apprise', ['-c', join(folder, 'urls'), '-t', title, '-b', body], {env})
            .then(() => 'sent', (error) => `failed ${error.code}`);
        assert.equal(await send('Disk *full* on db_1', 'C:\\temp & "93 %" ä'), 'sent');
        await set('/faults', {target, answer: '429', count: 1});
        assert.equal(await send('Refused', 'x'), 'failed 1');
        assert.deepEqual([...new Set(asked)], ['contoso.webhook.office.com:443']);
    } finally {
        proxy.close();
        rmSync(folder, {recursive: true});
    }
    const posts = await json(`/feed.json?target=${target}`);
    assert.deepEqual(posts.map(({answered}) => answered), ['ok', '429']);
    const {sections: [{activityTitle, text}]} = posts[0].card;
    assert.deepEqual([activityTitle, text], ['Disk *full* on db_1', 'C:\\temp & "93 %" ä']);
});

test('Symfony\'s notifier, by the request that it makes: with a request-id the post was sent, without one it failed',
    async () => {
    const client = {Accept: '*/*', 'Accept-Encoding': 'gzip', 'User-Agent': 'Symfony HttpClient (Curl)',
        'Content-Type': 'application/json'};
    // Its JSON writes tags, quotes and ampersands as escapes.
    const hex = (text) => text.replace(/[<>'&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16).toUpperCase()}`)
        .replace(/\\"/g, '\\u0022');
    const sends = async (at, message) => {
        const {status, text, headers} = await program.post(at, hex(JSON.stringify(message)), client);
        return headers['request-id'] === undefined ? 'request-id not found' : status === 200 ? 'sent'
            : `failed: ${text}`;
    };
    const message = {'@type': 'MessageCard', '@context': 'https://schema.org/extensions',
        text: '<b>it\'s</b> "so" & so', title: 'Deploy', sections: [{facts: [{name: 'ratio', value: '1.0'}]}],
        potentialAction: [{'@type': 'OpenUri', name: 'Open',
            targets: [{os: 'default', uri: 'https://contoso.example/?a=1&b=2'}]}]};
    const {url, target} = await webhook('Symfony');
    assert.equal(await sends(url, message), 'sent');
    assert.match(await sends(url, {text: ''}), /^failed: Summary or Text is required/);
    await set('/faults', {target, answer: '503', count: 1});
    assert.match(await sends(url, message), /^failed: /);
    const posts = await json(`/feed.json?target=${target}`);
    assert.deepEqual(posts[0].card, message);
    // A workflow takes the card and has no such header, so this program tells a failure; it does with Microsoft's, too.
    const flow = await webhook('Symfony to a workflow', 'workflow');
    assert.equal(await sends(flow.url,
        {type: 'message', attachments: [{contentType: 'application/vnd.microsoft.card.adaptive',
        content: {type: 'AdaptiveCard', version: '1.2', body: [{type: 'TextBlock', text: "it's"}]}}]}),
        'request-id not found');
    assert.equal((await json(`/feed.json?target=${flow.target}`)).length, 1);
});

test('another site cannot drive the sandbox', async () => {
    const answer = await program.post(`${SANDBOX_URL}/faults`, 'target=0&answer=503', {'Content-Type':
        'application/x-www-form-urlencoded', Origin: 'https://attacker.example', 'Sec-Fetch-Site': 'cross-site'});
    assert.equal(answer.status, 403);
    assert.deepEqual((await json('/faults.json')).faults, []);
});

test('somebody else\'s sender from npm posts against scripts/sandbox --headless, which prints where it is',
    async () => {
    const sandbox = spawn(join(ROOT, 'scripts/sandbox'), ['--headless', '--port', '19443'],
        {stdio: ['ignore', 'pipe', 'ignore']});
    try {
        const [line] = await new Promise((resolve, reject) => {
            const lines = [];
            createInterface({input: sandbox.stdout}).on('line', (text) => { lines.push(text); resolve(lines); });
            sandbox.on('exit', () => reject(new Error('it ended')));
        });
        const {url, feed, webhooks, ca, faults} = JSON.parse(line);
        const second = await run(join(ROOT, 'scripts/sandbox'), ['--headless', '--port', '19443'])
            .catch((error) => error);
        assert.deepEqual([second.code, /one runs already/.test(second.stderr)], [1, true],
            'a second one leaves the first alone');
        const env = {...process.env, NODE_EXTRA_CA_CERTS: ca};
        const {stdout} = await run('node', ['--input-type=module', '-e', `
            import {IncomingWebhook} from 'ms-teams-webhook';
            const post = (url, form) => fetch(url, {method: 'POST', body: new URLSearchParams(form)});
            const made = await post('${webhooks}', {name: 'CI'}).then((response) => response.json());
            const sender = new IncomingWebhook(made.webhook_url);
            const first = await sender.send({'@type': 'MessageCard', '@context': 'https://schema.org/extensions',
                summary: 's', text: 'from a public library'});
            await post('${faults}', {target: made.target, answer: '429', count: '1'});
            const second = await sender.send({text: 'refused'}).then(() => 'sent', () => 'refused');
            const posts = await fetch('${feed}?target=' + made.target).then((response) => response.json());
            console.log(JSON.stringify({second, posts: posts.map(({answered, card}) => [answered, card.text])}));
        `], {cwd: ROOT, env});
        assert.deepEqual(JSON.parse(stdout.trim().split('\n').at(-1)),
            {second: 'refused', posts: [['ok', 'from a public library'], ['429', 'refused']]});
        assert.match(url, /^https:\/\/localhost:\d+$/);
    } finally {
        const ended = new Promise((resolve) => sandbox.on('exit', resolve));
        sandbox.kill('SIGTERM');
        await ended;
    }
});
