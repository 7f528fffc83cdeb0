// What is pressed in the sandbox's feed: forms, tokens of every kind, answers, and where an action may go.
import assert from 'node:assert/strict';
import http from 'node:http';
import {before, test} from 'node:test';
import {createPublicKey, verify} from 'node:crypto';

import {actionCard, calls, card, httpPost, json, origin, post, service, set, webhook} from './feed.mjs';
import {asSuperuser, openBrowser, photograph, SANDBOX_URL} from './harness.mjs';

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
        service.respond = (response) => { response.setHeader('CARD-ACTION-STATUS', 'Gone.'); response.end(); };
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
        service.respond = (response) => response.end();
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
    service.respond = (response) => response.end();
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
        service.respond = answer;
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
