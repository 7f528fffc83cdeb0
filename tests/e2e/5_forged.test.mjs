// What a peer says beside the request changes nothing: forwarding headers, and a query that a CGI program would take
// for its arguments.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {Client, LOGS, PUBLIC_URL, ticketLink} from './harness.mjs';

const start = (headers) => new Client().start(ticketLink('forged'), {headers});

test('forged forwarding headers change no address: all come from public_url', async () => {
    const plain = await start({});
    const forged = await start({
        'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'http', 'X-Forwarded-For': '203.0.113.9',
            'X-Forwarded-Port': '8080',
        'X-Forwarded-Prefix': '/evil', 'Forwarded': 'for=203.0.113.9;host=evil.example;proto=http',
        'X-Original-URL': '/evil', 'X-Rewrite-URL': '/evil',
        'X-Real-IP': '203.0.113.9',
    });
    assert.equal(forged.status, plain.status);
    // The state differs, nothing else does.
    const addresses = [plain, forged].map(({location}) => {
        const url = new URL(location);
        assert.ok(url.searchParams.get('state'));
        url.searchParams.delete('state');
        return url.href;
    });
    assert.equal(addresses[1], addresses[0]);
    assert.ok(new URL(forged.location).searchParams.get('callback_url')
        .startsWith(`${PUBLIC_URL}/connect/desk/callback`));
    assert.ok(!JSON.stringify(forged).includes('evil'));
    for (const cookie of forged.headers['set-cookie']) assert.match(cookie, /; Secure/i);
});

test('a query without "=" is no argument of the program', async () => {
    const serving = () => readFileSync(join(LOGS, 'programs.log'), 'utf8').match(/event=serving/g)?.length;
    const before = serving();
    for (const query of ['--version', '--check', '--config+/etc/passwd', '-h', '--config%3d/etc/passwd+--check']) {
        const answer = await new Client().request(`${PUBLIC_URL}/connect/desk/?${query}`);
        assert.equal(answer.status, (await new Client().request(`${PUBLIC_URL}/connect/desk/`)).status, query);
        assert.doesNotMatch(answer.text,
            /o365-connector\.fcgi [0-9]|root:|--check|the responder can start|Configuration file/);
    }
    // Nor did it begin anew. Under mod_fcgid Apache starts as many as it likes.
    if (process.env.SERVER !== 'apache-fcgid') assert.equal(serving(), before);
});
