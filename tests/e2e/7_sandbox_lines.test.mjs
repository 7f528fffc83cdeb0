// How the sandbox's answers travel: HTTP/2, a slow line, TLS that fails, hosts of Microsoft's, the throttle's windows.
import assert from 'node:assert/strict';
import https from 'node:https';
import {connect as connectHttp2} from 'node:http2';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';

import {card, count, json, post, program, set, webhook} from './feed.mjs';
import {Client, remember, SANDBOX_URL} from './harness.mjs';

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
