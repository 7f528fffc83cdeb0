// What the web server in front does when something goes wrong: the page it shows by itself, and that no log of its own
// holds a secret. Each case sends planted secrets in query, Referer and cookie; 5_servers_refused and 9_secrets search
// for them.
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {before, test} from 'node:test';

import {asApplication, BUILD, LOGS, remember, ROOT, stack, until} from './harness.mjs';
import {assertClean, assertRetries, atCallback, get, holdCallbacks, hostname, install, instead, isFcgid, isNginx, pause,
    plant, RESPONDER_SOCKET, send} from './servers.mjs';

test('the path of a link to an action stands in no log, whatever becomes of the request', async () => {
    const link = (n) => {
        const mac = randomBytes(24).toString('base64url');
        remember('action-link', mac);
        return `/action/${n}-0-${mac}`;
    };
    const planted = plant('action');
    assert.equal((await get(link(1), planted)).status, 404);
    assert.equal((await get(`${link(2)}/more`, planted)).status, 404);
    for (const path of [`/action/..${link(3)}`, `/${link(4)}`, link(5).replace('/action/', '/action//'),
        link(6).replaceAll('-', '%2d'), link(7).toUpperCase()]) {
        const answer = await get(path, planted);
        assert.ok([400, 403, 404].includes(answer.status), `${path}: ${answer.status}`);
    }
    assertClean(await send(`POST ${link(8)} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\nContent-Type: `
        + `application/x-www-form-urlencoded\r\nContent-Length: 131073\r\n${planted.headers}\r\n${'b'.repeat(131073)}`),
        [413]);
    await stack('stop', 'responder');
    try {
        assertRetries(await get(link(9), planted), [503]);
    } finally {
        await stack('start', 'responder');
    }
    await instead(join(ROOT, 'tests/e2e/fake-responder.cjs'), async () => {
        for (const fault of ['close', 'bad-header', 'bad-status', 'huge-header', 'bad-record']) {
            assertClean(await get(`${link(10)}/${fault}`, plant(fault)), isNginx ? [503] : [500, 502, 503]);
        }
    });
});

test('the tokens of a signed call stand in no log, whatever becomes of the request', async () => {
    const target = () => {
        const mac = randomBytes(24).toString('base64url');
        remember('action-link', mac);
        return `/action?token=1-0-${mac}`;
    };
    const planted = plant('call');
    const bearer = randomBytes(40).toString('base64url');
    remember('action-token', bearer);
    const post = (path, body = '{}') => send(`POST ${path} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n`
        + `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`
        + `Authorization: Bearer ${bearer}\r\n${planted.headers}\r\n${body}`);
    assert.equal((await post(target())).status, 401);
    assert.equal((await post(target().replace('/action', '/action/'))).status, 404);
    assert.equal((await get(target(), planted)).status, 405);
    assert.equal((await get(target().replace('?', '%3F'), planted)).status, 404);
    assert.equal((await post(target(), 'b'.repeat(131073))).status, 413);
    await stack('stop', 'responder');
    try {
        assert.equal((await post(target())).status, 503);
    } finally {
        await stack('start', 'responder');
    }
});

test('the path of a link to a connection stands in no log, whatever becomes of the request', async () => {
    const link = () => {
        const token = randomBytes(24).toString('base64url');
        remember('manage', token);
        return `/manage/${token}`;
    };
    const planted = plant('manage');
    assert.equal((await get(link(), planted)).status, 404);
    assert.equal((await get(`${link()}/more`, planted)).status, 404);
    for (const path of [`/manage/..${link()}`, `/${link()}`, link().replace('/manage/', '/manage//'),
        `${link()}%3Fask=remove`, link().toUpperCase()]) {
        const answer = await get(path, planted);
        assert.ok([400, 403, 404].includes(answer.status), `${path}: ${answer.status}`);
    }
    assertClean(await send(`POST ${link()} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\nContent-Type: `
        + `application/x-www-form-urlencoded\r\nContent-Length: 131073\r\n${planted.headers}\r\n${'b'.repeat(131073)}`),
        [413]);
    await stack('stop', 'responder');
    try {
        assertRetries(await get(link(), planted), [503]);
    } finally {
        await stack('start', 'responder');
    }
});

test('F37: of a path no more than /connect/<word>/<known word> is logged, wherever a query got into it', async () => {
    const logFile = join(LOGS, isNginx ? 'nginx-access.log' : 'apache-access.log');
    const before = readFileSync(logFile, 'latin1').length;
    const asked = [];
    for (const [name, path] of [
        ['question', (one) => `/connect/desk/callback%3F${one.search}`],
        ['question-lower', (one) => `/connect/desk/callback%3f${one.search}`],
        ['question-twice', (one) => `/connect/desk/callback%253F${one.search}`],
        ['and', (one) => `/connect/desk/callback&${one.search}`],
        ['semicolon', (one) => `/connect/desk/callback;${one.search}`],
        ['slash', (one) => `/connect/desk/callback/${one.search}`],
        ['hash', (one) => `/connect/desk/callback%23${one.search}`],
        ['equals', (one) => `/connect/desk/callback=${one.search}`],
        ['capitals', (one) => `/CONNECT/desk/callback%3F${one.search}`],
        ['mixed', (one) => `/Connect/desk/${one.query}`],
        ['start', (one) => `/connect/desk/start/${one.query}`],
        ['ticket', (one) => `/connect/desk/%3Fticket=${one.query}`],
        ['ticket-and', (one) => `/connect/desk/&ticket=${one.query}`],
        ['list', (one) => `/connect/%3Fticket=${one.query}`],
        ['word', (one) => `/connect/${one.query}`], ['word-slash', (one) => `/connect/${one.query}/callback`],
        ['unknown', (one) => `/connect/desk/${one.query}`],
        ['done', (one) => `/connect/desk/done/${one.query}`],
        ['mistyped', (one) => `/conect/desk/callback%3F${one.search}`],
        ['mistyped-and', (one) => `/callback&${one.search}`],
        ['mounted', (one) => `/mounted/connect/desk/callback%3F${one.search}`],
        ['twice', (one) => `/connect/desk/callback%3F${one.search}/connect/desk/callback`],
        ['action-in-query', (one) => `/x%3F${one.search}/action/y`],
        ['colon', (one) => `/connect:${one.query}`], ['action-colon', (one) => `/ACTION:${one.query}`],
        ['backslash', (one) => `/connect\\desk\\start\\${one.query}`],
        ['action-backslash', (one) => `/action\\${one.query}`],
        ['newline', (one) => `/connect%0A/desk/start/${one.query}`],
        ['return', (one) => `/connect%0D/desk/${one.query}`],
        ['newline-inside', (one) => `/connect/%0A${one.query}`],
        ['newline-after', (one) => `/connect/desk/callback%0A${one.query}`],
        ['action-newline', (one) => `/action/%0A${one.query}`], ['action-tab', (one) => `/action%09${one.query}`],
        ['blank', (one) => `/connect%20desk/start/${one.query}`], ['high', (one) => `/connect%C3%BC${one.query}`],
        ['dot', (one) => `/connect.${one.query}`], ['digit', (one) => `/action1-0-${one.query}`],
        ['hyphen', (one) => `/connect-${one.query}`],
        ['manage', (one) => `/manage/${one.query}`], ['manage-colon', (one) => `/MANAGE:${one.query}`],
        ['underscore', (one) => `/action_${one.query}`], ['comma', (one) => `/connect,${one.query}`],
        ['at', (one) => `/connect@${one.query}`],
        ['slashes', (one) => `/connect//${one.query}`],
        ['between', (one) => `/connect/${one.query}/connect/desk/callback`],
        ['between-colon', (one) => `/connect:${one.query}/connect/desk/callback`],
        ['between-dot', (one) => `/action.${one.query}/action/`],
        ['mounted-colon', (one) => `/mounted/connect:${one.query}`],
        ['mistyped-colon', (one) => `/callback:${one.query}`],
        ['mistyped-newline', (one) => `/callback%0A${one.query}`],
        ['mistyped-backslash', (one) => `/callback\\${one.query}`],
    ]) {
        const one = plant(`path-${name}`);
        // A word of a path may be as long as a slug; a ticket or a state is longer.
        asked.push([name, path({query: one.query.padEnd(43, 'x'), search: one.search})]);
    }
    for (const [, path] of asked) await send(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
    const lines = await until('the log', () => {
        const all = readFileSync(logFile, 'latin1').slice(before).split('\n').filter(Boolean);
        return all.length >= asked.length && all;
    });
    assert.deepEqual(lines.filter((line) => line.includes('planted')), []);
    const paths = new Set(lines.map((line) => line.match(/ GET (\S+) /)?.[1]));
    for (const path of ['/connect/desk/***', '/connect/desk/start/***', '/connect/desk/done/***', '/connect/***',
        '/connect***', '/action***', '/manage/***', '/callback***', '/conect/desk/callback***']) {
        assert.ok(paths.has(path), `${path} of ${[...paths].join(' ')}`);
    }
    // What is no secret stays readable.
    for (const path of ['/connect/desk/', '/connect/desk/failed', '/connect/', '/application/page.html', '/connect',
        '/connections/7', '/a/actions.html', '/management/7', '/~ann/x@2+.js']) {
        await send(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
        await until(path, () => readFileSync(logFile, 'latin1').slice(before).includes(` GET ${path} `));
    }
});

// ---- No responder, or one that fails
// --------------------------------------------------------------------------------------

test('without the responder the page asks again by itself', async () => {
    await stack('stop', 'responder');
    try {
        assertRetries(await get('/connect/desk/callback', plant('down')), [503]);
    } finally {
        await stack('start', 'responder');
    }
});

test('without the responder a POST is not asked again as a GET, which would lose it; the page says how to resend it',
    async () => {
    await stack('stop', 'responder');
    try {
        for (const path of ['/action/1-0-planted', '/connect/desk/start']) {
            const body = 'form=x&i0=planted-typed';
            const answer = await send(`POST ${path} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n`
                + `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
            assertClean(answer, [503]);
            assert.equal(answer.headers.refresh, undefined);
            assert.equal(answer.headers['retry-after'], '5');
            assert.match(answer.body, /may not have taken what you sent.*reload this page/);
        }
    } finally {
        await stack('start', 'responder');
    }
});

test('a socket that nobody listens at is answered likewise', {skip: isFcgid && 'mod_fcgid makes its sockets by itself'},
    async () => {
    await stack('stop', 'responder', 'KILL');
    try {
        assert.ok(existsSync(RESPONDER_SOCKET), 'the killed responder left its socket');
        assertRetries(await get('/connect/desk/callback', plant('refused')), [503]);
    } finally {
        await stack('start', 'responder');
    }
});

test('a responder that is killed in mid-request: the page asks again, and the repeated callback shows success',
    async () => {
    const person = await atCallback('server-killed');
    const hold = await holdCallbacks();
    const answer = person.again();
    await hold.waiting();
    await stack('stop', 'responder', 'KILL');
    const page = await answer;
    assert.ok((isNginx ? [503] : [500, 502, 503]).includes(page.status), `answered ${page.status}`);
    assert.match(page.text, /asks again by itself/);
    await hold.release();
    await stack('start', 'responder');
    assert.match((await person.again()).location, /\/done\//);
    assert.equal(person.connected(), 'active');
});

test('a slow answer: the client has the page in time, the responder finishes, and the repeated callback shows success',
    async () => {
    const person = await atCallback('server-slow');
    const hold = await holdCallbacks();
    const page = await person.again();
    assert.ok((isNginx ? [503] : [500, 504]).includes(page.status), `answered ${page.status}`);
    assert.match(page.text, /asks again by itself/);
    assert.equal(page.headers.refresh, '5');
    assert.equal(person.connected(), '');
    await hold.release();
    await until('the responder to finish what nobody waits for', () => person.connected() === 'active');
    assert.match((await person.again()).location, /\/done\//);
    assert.equal(asApplication("select count(*) from o365.connections('server-slow')"), '1');
});

test('a client that goes away in mid-request leaves nothing in a log, and the repeated callback shows success',
    async () => {
    const person = await atCallback('server-abort');
    const hold = await holdCallbacks();
    const going = person.again().catch((error) => error);
    await hold.waiting();
    person.client.agent.destroy();
    await going;
    await pause(300);
    await hold.release();
    await until('the responder to finish what nobody waits for', () => person.connected() === 'active');
    assert.match((await person.again()).location, /\/done\//);
});

test('what a broken responder sends is shown as a clean page or not at all', async () => {
    await instead(join(ROOT, 'tests/e2e/fake-responder.cjs'), async () => {
        assert.match((await get('/connect/desk/whole', plant('whole'))).body, /the whole answer/);
        for (const fault of ['close', 'bad-header', 'bad-status', 'huge-header', 'bad-record']) {
            assertClean(await get(`/connect/desk/${fault}`, plant(fault)), isNginx ? [503] : [500, 502, 503]);
        }
        // Its first half was on its way already: whatever arrives, it has no secret.
        assert.doesNotMatch((await get('/connect/desk/half', plant('half'))).text, /planted-/);
    });
});

test('a program that cannot start: the page asks again', {skip: !isFcgid && 'mod_fcgid starts the program'},
    async () => {
    install('#!/bin/sh\nexit 1\n');
    try {
        assertRetries(await get('/connect/desk/callback', plant('cannot-start')));
    } finally {
        await stack('start', 'responder');
    }
});

// ---- What the responder is told
// --------------------------------------------------------------------------------------------

test('a request handler sees Authorization, cookies, query and path as the client sent them, and no Proxy header',
    async () => {
    await instead(join(BUILD, 'tests/fastcgi_echo'), async () => {
        const answer = await send(`GET /connect/desk/callback?a=b%20c+d HTTP/1.1\r\nHost: ${hostname}\r\n`
            + `Connection: close\r\nAuthorization: Bearer token-of-a-card\r\n`
            + 'Action-Authorization: Bearer other-token\r\nCookie: one=1; two=2\r\n'
                + 'Referer: https://elsewhere.example/\r\nProxy: http://evil.example\r\n\r\n');
        assert.equal(answer.status, 200);
        const seen = JSON.parse(answer.body.slice(answer.body.indexOf('{'), answer.body.lastIndexOf('}') + 1));
        assert.equal(seen.authorization, 'Bearer token-of-a-card');
        assert.equal(seen.headers.HTTP_ACTION_AUTHORIZATION, 'Bearer other-token');
        assert.equal(seen.path, '/connect/desk/callback');
        assert.equal(seen.query.a, 'b c d');
        assert.equal(seen.cookies, 'one=1; two=2');
        assert.ok(!seen.headers.HTTP_PROXY, 'httpoxy');
        // Apache's error log could name it, so it is taken away before anything else.
        if (!isNginx) assert.equal(seen.headers.HTTP_REFERER, undefined);
    });
});

test('F43: Cookie headers that a proxy has split are no bad request', async () => {
    const answer = await send(`GET /connect/desk/ HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n`
        + `Cookie: one=1\r\nCookie: two=2\r\n\r\n`);
    assert.equal(answer.status, 200);
});

const post = (length, planted, more = `Content-Length: ${length}\r\n`, body = 'a='.padEnd(length, 'b')) => send(
    `POST /connect/desk/start?${planted.search} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n`
        + `Content-Type: application/x-www-form-urlencoded\r\n${more}${planted.headers}\r\n${body}`);

test('a body of 128 KiB reaches the responder, one byte more is refused with a clean page', async () => {
    await instead(join(BUILD, 'tests/fastcgi_echo'), async () => {
        const whole = await send(`POST /connect/desk/start HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n`
            + `Content-Type: text/plain\r\nContent-Length: 131072\r\n\r\n${'b'.repeat(131072)}`);
        assert.match(whole.body, /"body_bytes" : 131072/);
    });
    for (const length of [131073, 1 << 20]) {
        const answer = await post(length, plant(`body-${length}`));
        assertClean(answer, [413]);
        assert.match(answer.body, /too large/);
    }
});

test('a body without a length is refused by the responder if it is too long', async () => {
    const size = 140000;
    const answer = await post(0, plant('chunked'), 'Transfer-Encoding: chunked\r\n',
        `${size.toString(16)}\r\n${'b'.repeat(size)}\r\n0\r\n\r\n`);
    assert.ok([400, 413, 500].includes(answer.status), `answered ${answer.status}`);
    assert.doesNotMatch(answer.text, /planted-/);
    assert.equal(answer.headers['referrer-policy'], 'no-referrer');
});

test('a form that comes in chunks arrives whole', async () => {
    const form = `ticket=${'t'.repeat(30)}`;
    const chunks = [form.slice(0, 9), form.slice(9)].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
        .join('');
    await instead(join(BUILD, 'tests/fastcgi_echo'), async () => {
        const answer = await post(0, plant('small-chunks'), 'Transfer-Encoding: chunked\r\n', `${chunks}0\r\n\r\n`);
        assert.equal(answer.status, 200);
        assert.match(answer.body, new RegExp(`"ticket" : "${'t'.repeat(30)}"`));
    });
});
