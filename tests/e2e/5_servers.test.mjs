// What the web server in front does when something goes wrong: the page it shows by itself, and that no log of its own
// holds a secret. Each case sends planted secrets in query, Referer and cookie; the last test of this file, and
// 9_secrets once more, search for them.
import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import dgram from 'node:dgram';
import {chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync,
    writeFileSync} from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import tls from 'node:tls';
import {after, before, test} from 'node:test';

import {asApplication, asSuperuser, BUILD, Client, LOGS, PUBLIC_URL, remember, ROOT, secretsSeen, stack, STACK_DIR,
    ticketLink, until} from './harness.mjs';

const {SERVER, PROGRAM, RESPONDER_SOCKET} = process.env;
const {hostname, port} = new URL(PUBLIC_URL);
const isNginx = SERVER === 'nginx';
const isFcgid = SERVER === 'apache-fcgid';
const site = join(STACK_DIR, isNginx ? 'conf/o365-site.conf' : 'conf/apache/o365-site.conf');
const serverPid = () => Number(readFileSync(join(STACK_DIR, 'pids', isNginx ? 'nginx' : 'apache'), 'utf8'));
/** The web server's error logs; all logs together are more than a string may hold. */
const logged = () => readdirSync(LOGS).filter((name) => name.startsWith(isNginx ? 'nginx' : 'apache')
    && name !== 'nginx-main.log')
    .map((name) => readFileSync(join(LOGS, name), 'latin1')).join('\n');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Secrets of one case; its name stands in them, so that a find tells where it came from. */
function plant(name) {
    const secret = (carrier) => {
        const value = `planted-${name}-${carrier}-${randomBytes(6).toString('hex')}`;
        remember('planted', value);
        return value;
    };
    const one = {query: secret('query'), referer: secret('referer'), cookie: secret('cookie')};
    one.search = `state=${one.query}&webhook_url=https%3A%2F%2Fcontoso.webhook.office.com%2F${one.query}`;
    one.headers = `Cookie: __Host-o365-12345678=${one.cookie}\r\n`
        + `Referer: ${PUBLIC_URL}/connect/desk/callback?webhook_url=${one.referer}\r\n`;
    return one;
}

/** Sends bytes over TLS and returns what comes back until the server closes; `wait_ms` at most. */
function send(bytes, wait_ms = 20000) {
    return new Promise((resolve, reject) => {
        const socket = tls.connect({port: Number(port), host: '127.0.0.1', servername: hostname,
            rejectUnauthorized: false}, () => socket.write(bytes));
        const timer = setTimeout(() => socket.destroy(), wait_ms);
        let text = '';
        socket.setEncoding('latin1');
        socket.on('data', (part) => { text += part; });
        socket.on('error', (error) => { if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error); });
        socket.on('close', () => {
            clearTimeout(timer);
            const end = text.indexOf('\r\n\r\n');
            const [first, ...lines] = text.slice(0, Math.max(end, 0)).split('\r\n');
            const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(),
                line.slice(line.indexOf(':') + 1).trim()]));
            resolve({status: Number(first.split(' ')[1] ?? 0), headers, body: text.slice(end + 4), text});
        });
    });
}

const get = (path, planted, more = '') => send(`GET ${path}?${planted.search} HTTP/1.1\r\nHost: ${hostname}\r\n`
    + `Connection: close\r\n${planted.headers}${more}\r\n`);

/** A page of the server's own: no secret, nothing that could give one away, and nothing that stays. */
function assertClean(answer, statuses) {
    assert.ok(statuses.includes(answer.status), `answered ${answer.status}: ${answer.text.slice(0, 300)}`);
    assert.doesNotMatch(answer.text, /planted-/);
    assert.equal(answer.headers['referrer-policy'], 'no-referrer');
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.doesNotMatch(answer.body, /(href|src)=/);
}

function assertRetries(answer, statuses = [500, 502, 503, 504]) {
    assertClean(answer, isNginx ? [503] : statuses);
    assert.equal(answer.headers.refresh, '5');
    assert.equal(answer.headers['retry-after'], '5');
    assert.match(answer.body, /asks again by itself/);
    assert.match(answer.body, /name=viewport.*name=color-scheme/, 'as wide as a phone, and dark where pages are');
}

/** Processes that Apache started from the stack's folder. */
const programs = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(PROGRAM);
    } catch {
        return false;
    }
});

/** Puts a program in the responder's place as an upgrade does: beside it, then renamed. */
function install(content) {
    writeFileSync(`${PROGRAM}.new`, content);
    chmodSync(`${PROGRAM}.new`, 0o755);
    renameSync(`${PROGRAM}.new`, PROGRAM);
}

/** Runs `body` while another program answers in the responder's place. */
async function instead(program, body) {
    const script = program.endsWith('.cjs');
    if (isFcgid) {
        install(script ? `#!/bin/sh\nexec "${process.execPath}" "${program}" "" "$0"\n` : readFileSync(program));
        try {
            await body();
        } finally {
            await stack('stop', 'responder');
            await stack('start', 'responder');
        }
        return;
    }
    await stack('stop', 'responder');
    const child = spawn(script ? process.execPath : program, script ? [program, RESPONDER_SOCKET] : [RESPONDER_SOCKET],
        {stdio: 'ignore'});
    try {
        await until('the other program', () => existsSync(RESPONDER_SOCKET));
        chmodSync(RESPONDER_SOCKET, 0o666);
        await body();
    } finally {
        const ended = new Promise((resolve) => child.on('exit', resolve));
        child.kill();
        await ended;
        rmSync(RESPONDER_SOCKET, {force: true});
        await stack('start', 'responder');
    }
}

// By itself the responder waits for two seconds only. What is set for its role counts instead, once it connects anew.
function letResponderWait(change) {
    asSuperuser(`alter role o365_responder ${change('lock_timeout')};
        alter role o365_responder ${change('statement_timeout')};
        select pg_terminate_backend(pid) from pg_stat_activity where usename = 'o365_responder'`);
}
const held = [];
before(() => letResponderWait((limit) => `set ${limit} = '5min'`));
after(async () => {
    await Promise.all(held.map((release) => release()));
    letResponderWait((limit) => `reset ${limit}`);
});

/** Holds every callback in the middle: its statement waits until release(). */
async function holdCallbacks() {
    const psql = spawn('psql', ['-qXAt', '-U', 'postgres'], {stdio: ['pipe', 'pipe', 'inherit']});
    let output = '';
    psql.stdout.on('data', (part) => { output += part; });
    psql.stdin.write("begin; lock table o365_internal.connect_attempt; select 'locked';\n");
    await until('the lock', () => output.includes('locked'));
    const ended = new Promise((resolve) => psql.on('exit', resolve));
    const release = async () => {
        psql.stdin.end('rollback;\n');
        await ended;
    };
    held.push(release);
    return {
        release,
        waiting: () => until('a callback in work', () => asSuperuser("select count(*) from pg_stat_activity "
            + "where wait_event_type = 'Lock' and usename = 'o365_responder'") !== '0'),
    };
}

/** A person who came as far as the callback: `again()` opens it, as often as one likes. */
async function atCallback(user) {
    const client = new Client();
    const callback = await client.toCallback(ticketLink(user), 'Sales');
    return {again: () => client.request(callback), connected: () =>
        asApplication(`select status from o365.connections('${user}')`), callback, client};
}

/** Runs `body` with the server's site changed, which it takes up by a reload. */
async function withSite(change, body) {
    const before = readFileSync(site, 'utf8');
    const changed = change(before);
    assert.notEqual(changed, before, 'the site did not change');
    const children = () => readFileSync(`/proc/${serverPid()}/task/${serverPid()}/children`, 'utf8').trim().split(' ');
    const reload = async (text) => {
        writeFileSync(site, text);
        const old = children();
        process.kill(serverPid(), 'SIGHUP');
        await until('a new process of the server', () => children().some((pid) => !old.includes(pid)));
        await pause(500);
        await until('the server after its reload', () =>
            send(`GET / HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`).then(() => true, () => false));
    };
    await reload(changed);
    try {
        await body();
    } finally {
        await reload(before);
    }
}

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

// ---- Refused before the server knows the path
// -------------------------------------------------------------------------------

const callback = '/connect/desk/callback';
const host = `Host: ${hostname}\r\nConnection: close\r\n`;
/** Name, the request's bytes, the statuses that are right. */
const refused = [
    ['long-uri', (p) => `GET ${callback}?${p.search}${'x'.repeat(40000)} HTTP/1.1\r\n${host}${p.headers}\r\n`, [414]],
    ['long-path', (p) => `GET /connect/${'p'.repeat(5000)}?${p.search} HTTP/1.1\r\n${host}${p.headers}\r\n`,
        [403, 404]],
    ['long-header', (p) => `GET ${callback}?${p.search} HTTP/1.1\r\n${host}${p.headers}X-Long: `
        + `${p.cookie}${'x'.repeat(40000)}\r\n\r\n`, [400]],
    ['many-headers', (p) => `GET ${callback}?${p.search} HTTP/1.1\r\n`
        + `${host}${p.headers}${`X-Many: ${p.cookie}${'x'.repeat(900)}\r\n`.repeat(200)}\r\n`, [400]],
    ['long-cookie', (p) => `GET ${callback}?${p.search} HTTP/1.1\r\n${host}${p.headers}Cookie: `
        + `big=${p.cookie}${'x'.repeat(40000)}\r\n\r\n`, [400]],
    ['no-version', (p) => `GET ${callback}?${p.search}\r\n\r\n`, [0, 400]],
    ['bad-version', (p) => `GET ${callback}?${p.search} HTTP/9.x\r\n${host}${p.headers}\r\n`, [400, 505]],
    ['blank-in-uri', (p) => `GET ${callback}?${p.search} and more HTTP/1.1\r\n${host}${p.headers}\r\n`, [400]],
    ['no-slash', (p) => `GET connect/desk/callback?${p.search} HTTP/1.1\r\n${host}${p.headers}\r\n`, [400]],
    ['no-host', (p) => `GET ${callback}?${p.search} HTTP/1.1\r\n${p.headers}\r\n`, [400]],
    ['bad-host', (p) => `GET ${callback}?${p.search} HTTP/1.1\r\nHost: a b/${p.cookie}\r\n${p.headers}\r\n`, [400]],
    ['two-hosts', (p) => `GET ${callback}?${p.search} HTTP/1.1\r\n${host}Host: ${hostname}\r\n${p.headers}\r\n`, [400]],
    ['no-colon', (p) => `GET ${callback}?${p.search} HTTP/1.1\r\n${host}${p.headers}no colon ${p.cookie}\r\n\r\n`,
        [302, 400]],
    ['nul-in-header', (p) =>
        `GET ${callback}?${p.search} HTTP/1.1\r\n${host}${p.headers}X-Nul: ${p.cookie}\0nul\r\n\r\n`, [400]],
    ['zz-in-path', (p) => `GET /connect/desk/%zzcallback?${p.search} HTTP/1.1\r\n${host}${p.headers}\r\n`, [400]],
    ['zz-in-query', (p) => `GET ${callback}?${p.search}%zz HTTP/1.1\r\n${host}${p.headers}\r\n`, [302]],
    ['nul-in-path', (p) => `GET /connect/desk/%00callback?${p.search} HTTP/1.1\r\n${host}${p.headers}\r\n`, [400, 404]],
    ['above-root', (p) => `GET /connect/../../../callback?${p.search} HTTP/1.1\r\n${host}${p.headers}\r\n`, [400]],
    ['encoded-slash', (p) => `GET /connect/desk%2fcallback?${p.search} HTTP/1.1\r\n${host}${p.headers}\r\n`,
        [302, 404]],
    ['absolute', (p) => `GET ${PUBLIC_URL}${callback}?${p.search} HTTP/1.1\r\n${host}${p.headers}\r\n`, [302]],
    ['absolute-bad-port', (p) =>
        `GET https://${hostname}:xx${callback}?${p.search} HTTP/1.1\r\n${host}${p.headers}\r\n`, [400]],
    ['bad-method', (p) => `G<T ${callback}?${p.search} HTTP/1.1\r\n${host}${p.headers}\r\n`, [400]],
    ['unknown-method', (p) => `BREW ${callback}?${p.search} HTTP/1.1\r\n${host}${p.headers}\r\n`, [400, 405]],
    ['trace', (p) => `TRACE ${callback}?${p.search} HTTP/1.1\r\n${host}${p.headers}\r\n`, [405]],
    ['connect', (p) => `CONNECT ${callback}?${p.search} HTTP/1.1\r\n${host}${p.headers}\r\n`, [400, 405]],
    ['bad-length', (p) =>
        `POST ${callback}?${p.search} HTTP/1.1\r\n${host}${p.headers}Content-Length: ${p.cookie}\r\n\r\n`, [400]],
    ['bad-encoding', (p) => `POST ${callback}?${p.search} HTTP/1.1\r\n${host}${p.headers}Transfer-Encoding: `
        + `${p.cookie}\r\n\r\n`, [400, 501]],
    ['upgrade', (p) => `GET ${callback}?${p.search} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: upgrade, close\r\n`
        + `Upgrade: ${p.cookie}\r\n${p.headers}\r\n`, [302]],
];

for (const [name, request, statuses] of refused) {
    test(`refused early: ${name}`, async () => {
        const answer = await send(request(plant(name)));
        assert.ok(statuses.includes(answer.status), `answered ${answer.status}: ${answer.text.slice(0, 300)}`);
        assert.doesNotMatch(answer.text, /planted-/);
        // An answer of HTTP/0.9 has no headers.
        if (answer.status !== 0) {
            assert.equal(answer.headers['referrer-policy'], 'no-referrer');
            assert.equal(answer.headers['cache-control'], 'no-store');
        }
    });
}

test('plain HTTP to the port of TLS is refused', async () => {
    const planted = plant('plain-http');
    const answer = await new Promise((resolve, reject) => {
        let text = '';
        const socket = net.connect(Number(port), '127.0.0.1',
            () => socket.write(`GET ${callback}?${planted.search} HTTP/1.1\r\n${host}${planted.headers}\r\n`));
        socket.on('data', (part) => { text += part; }).on('close', () => resolve(text)).on('error', reject);
    });
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.doesNotMatch(answer, /planted-/);
});

test('HTTP/2 is configured in the words that the installed nginx knows', {skip: !isNginx && 'a matter of nginx'},
    () => {
    const bin = mkdtempSync(join(tmpdir(), 'nginx-'));
    const written = (version, text) => {
        writeFileSync(join(bin, 'nginx'), `#!/bin/sh\necho 'nginx version: nginx/${version}' >&2\n`, {mode: 0o755});
        return spawnSync(join(ROOT, 'scripts/nginx-http2'),
            {input: text, encoding: 'utf8', env: {PATH: `${bin}:${process.env.PATH}`}}).stdout;
    };
    try {
        for (const name of readdirSync(join(ROOT, 'deploy/nginx'))) {
            const shipped = readFileSync(join(ROOT, 'deploy/nginx', name), 'utf8');
            // nginx warns of this parameter from 1.25.1 on, and knows no other way before.
            assert.doesNotMatch(shipped, /^\s*listen .*http2|^\s*http2 on/m, name);
            const servers = shipped.match(/^\s*listen [^;]* ssl;/gm)?.length ?? 0;
            assert.equal(shipped.match(/^\s*# http2 on;/gm)?.length ?? 0, servers, name);
            for (const version of ['1.18.0', '1.22.1', '1.25.0', '1.25.1', '1.26.3', '1.100.0', '2.0.0 (Debian)']) {
                const knows = !/^1\.(18|22|25\.0)/.test(version);
                const text = written(version, shipped);
                assert.equal(text.match(/^\s*listen [^;]* ssl http2;/gm)?.length ?? 0, knows ? 0 : servers,
                    `${name} for ${version}`);
                assert.equal(text.match(/^\s*http2 on;/gm)?.length ?? 0, knows ? servers : 0, `${name} for ${version}`);
            }
        }
    } finally {
        rmSync(bin, {recursive: true});
    }
});

test('HTTP/2: oversized and malformed headers are refused',
    {skip: !isNginx && 'the shipped Apache files leave HTTP/2 off'}, async () => {
    const connectTo = () => http2.connect(PUBLIC_URL,
        {rejectUnauthorized: false, maxSendHeaderBlockLength: 1 << 20, lookup: (name, options, done) =>
            done(null, options.all ? [{address: '127.0.0.1', family: 4}] : '127.0.0.1', 4)});
    /** The status of the answer, or how the session ended. */
    const ask = (headers) => new Promise((resolve) => {
        const session = connectTo();
        const result = {outcome: 'nothing', headers: {}, text: ''};
        const end = () => {
            session.destroy();
            resolve(result);
        };
        session.on('goaway', (code) => {
            result.outcome = `goaway ${code}`;
        }).on('error', end).on('close', end).setTimeout(10000, end);
        const stream = session.request(headers);
        stream.setEncoding('utf8');
        stream.on('response', (got) => { result.outcome = got[':status']; result.headers = got; });
        stream.on('data', (part) => { result.text += part; }).on('error', () => {}).on('close', end);
    });
    const request = (planted, more =
        {}) => ({':path': `${callback}?${planted.search}`, cookie: `__Host-o365-12345678=${planted.cookie}`,
            referer: `${PUBLIC_URL}${callback}?webhook_url=${planted.referer}`, ...more});
    const tooMuch = `goaway ${http2.constants.NGHTTP2_ENHANCE_YOUR_CALM}`;
    for (const [name, headers, outcome] of [
        ['normal', () => ({}), 302],
        ['long-header', (p) => ({'x-long': p.cookie + 'x'.repeat(15000)}), tooMuch],
        ['longer-header', (p) => ({'x-long': p.cookie + 'x'.repeat(60000)}), tooMuch],
        ['long-cookie', (p) => ({cookie: `big=${p.cookie}${'x'.repeat(40000)}`}), tooMuch],
        ['many-headers', (p) => Object.fromEntries(Array.from({length: 200},
            (_, i) => [`x-many-${i}`, p.cookie + 'x'.repeat(900)])), tooMuch],
        ['long-path', (p) => ({':path': `${callback}?${p.search}${'x'.repeat(40000)}`}), tooMuch],
        ['zz-in-path', (p) => ({':path': `/connect/desk/%zzcallback?${p.search}`}), 400],
        ['no-slash', (p) => ({':path': `connect/desk/callback?${p.search}`}), 400],
        ['bad-authority', (p) => ({':authority': `a b/${p.cookie}`}), 400],
        ['bad-method', () => ({':method': 'G<T'}), 400],
        ['underscore-header', (p) => ({under_score: p.cookie}), 302],
    ]) {
        const planted = plant(`h2-${name}`);
        const answer = await ask(request(planted, headers(planted)));
        assert.equal(answer.outcome, outcome, name);
        assert.doesNotMatch(answer.text, /planted-/, name);
        if (answer.outcome === 400) assert.equal(answer.headers['referrer-policy'], 'no-referrer', name);
    }
    // A stream that is taken back while the responder works on it.
    const hold = await holdCallbacks();
    const session = connectTo();
    session.on('error', () => {});
    const stream = session.request(request(plant('h2-reset')));
    stream.on('error', () => {});
    await hold.waiting();
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await pause(300);
    session.destroy();
    await hold.release();
});

test('HTTP/2 is not spoken where it was not tried', {skip: isNginx && 'nginx speaks it'}, async () => {
    const protocol = await new Promise((resolve, reject) => {
        const socket = tls.connect({port: Number(port), host: '127.0.0.1', servername: hostname,
            rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1']}, () => {
            resolve(socket.alpnProtocol);
            socket.destroy();
        }).on('error', reject);
    });
    assert.equal(protocol, 'http/1.1');
});

// ---- Paths and hosts beside ours
// --------------------------------------------------------------------------------------------

test('a mistyped callback path', async () => {
    for (const [name, path] of [['mistyped-mount', '/conect/desk/callback'], ['mistyped-end', '/connect/desk/calback'],
        ['mistyped-case', '/Connect/desk/callback'],
        ['mistyped-long', `/${'p'.repeat(5000)}`], ['mistyped-slug', '/connect/Desk/callback'],
        ['mistyped-root', '/callback']]) {
        const answer = await get(path, plant(name));
        assert.ok([403, 404].includes(answer.status), `${path.slice(0, 40)}: ${answer.status}`);
        assert.doesNotMatch(answer.text, /planted-/);
    }
});

test('a host that nobody knows is answered by the default server', async () => {
    const planted = plant('default-server');
    const answer = await send(`GET ${callback}?${planted.search} HTTP/1.1\r\nHost: other.localhost\r\n`
        + `Connection: close\r\n${planted.headers}\r\n`);
    assert.ok([404, 421].includes(answer.status), `answered ${answer.status}`);
    assert.doesNotMatch(answer.text, /planted-/);
    // The bad request of such a host as well.
    const early = await send(`GET /%zz?${plant('default-server-early').search} HTTP/1.1\r\nHost: other.localhost\r\n`
        + `Connection: close\r\n\r\n`);
    assert.equal(early.status, 400);
});

test('what comes without TLS is led to HTTPS, and no log has its query', async () => {
    const planted = plant('plain-http');
    const answer = await new Promise((resolve, reject) => {
        http.get({host: '127.0.0.1', port: process.env.HTTP_PORT, path: `${callback}?${planted.search}`,
            headers: {Host: hostname}}, resolve).on('error', reject);
    });
    answer.resume();
    assert.equal(answer.statusCode, 308);
    assert.equal(answer.headers.location, `${PUBLIC_URL}${callback}?${planted.search}`);
});

test('the request after a callback brings its URL as Referer', async () => {
    for (const [name, path] of [['next-page', '/'], ['next-icon', '/favicon.ico'], ['next-ours', '/connect/desk/'],
        ['next-health', '/healthz']]) {
        const answer = await get(path, plant(name));
        assert.doesNotMatch(answer.text, /planted-/, path);
        if (path === '/healthz') assert.equal(answer.status, 200);
    }
});

test('a site that serves files keeps a mistyped callback out of its log, as o365-site.conf says',
    {skip: !isNginx && 'nginx only: Apache has no logs for a location'}, async () => {
    await withSite((text) => {
        const files = text.replace(/return 404;(?=\s+}\s+}\s+server)/, `root ${LOGS}; log_not_found off;`);
        assert.notEqual(files, text);
        return files;
    }, async () => {
        for (const path of ['/conect/desk/callback', '/Connect/desk/callback', '/callback', '/favicon.ico']) {
            const answer = await get(path, plant(`files-${path.slice(1, 4)}`));
            assert.equal(answer.status, 404);
        }
    });
});

test("the site's own error pages and logs do not take over",
    {skip: !isNginx && 'nginx only: Apache has no logs for a location'}, async () => {
    // What a site may have had before: its own error pages, which are logged as it likes. (!) That log is the site's.
    await withSite((text) => text.replace('    # Your application.', `    error_page 404 500 502 503 504 /50x.html;
    location = /50x.html {
        access_log ${LOGS}/nginx-own.log combined; error_log ${LOGS}/nginx-own-error.log info; return 500 "own page";
    }\n`), async () => {
        await stack('stop', 'responder');
        try {
            assertRetries(await get(callback, plant('own-error-page')), [503]);
        } finally {
            await stack('start', 'responder');
        }
    });
});

test('error_log syslog: and access_log syslog: are as clean as files', {skip: !isNginx && 'nginx only'}, async () => {
    const receiver = dgram.createSocket('udp4');
    const lines = [];
    receiver.on('message', (message) => lines.push(message.toString('latin1')));
    await new Promise((resolve) => receiver.bind(0, '127.0.0.1', resolve));
    const target = `syslog:server=127.0.0.1:${receiver.address().port}`;
    try {
        await withSite((text) => text.replace(/^( *)error_log +\S+-error\.log error;/gm, `$1error_log ${target} error;`)
            .replace(/^( *)access_log +\S+ nq;/gm, `$1access_log ${target} nq;`), async () => {
            await stack('stop', 'responder');
            await get(callback, plant('syslog-down'));
            await stack('start', 'responder');
            for (const [name, request] of refused) await send(request(plant(`syslog-${name}`)));
            await until('lines of nginx', () => lines.some((line) => /GET \/o365-refused 400/.test(line)));
            await pause(500);
        });
    } finally {
        receiver.close();
        writeFileSync(join(LOGS, 'syslog'), lines.join('\n'));
    }
    assert.ok(lines.length > 20, `${lines.length} lines`);
});

test('a louder site does leak, and the search finds it', async () => {
    // So what the shipped notes forbid is forbidden for a reason, and the searches of this file can fail. Not
    // remembered: it is meant to be found.
    const value = `control-${randomBytes(6).toString('hex')}`;
    const loud = isNginx ? (text) => text.replace(/(-error\.log +)error;/g, '$1info;') : (text) =>
        text.replaceAll(' core:crit', ' core:error');
    await withSite(loud, async () => {
        await until('the value in a log', async () => {
            await send(`GET /connect/desk/%zzcallback?${value} HTTP/1.1\r\n${host}\r\n`);
            return logged().includes(value);
        });
    });
});

// ---- Restarts and upgrades
// --------------------------------------------------------------------------------------------------

test('a graceful restart in mid-request finishes the request', async () => {
    const person = await atCallback('server-graceful');
    const hold = await holdCallbacks();
    const answer = person.again();
    await hold.waiting();
    process.kill(serverPid(), isNginx ? 'SIGHUP' : 'SIGUSR1');
    // mod_fcgid gives its processes a second.
    await pause(400);
    await hold.release();
    assert.match((await answer).location, /\/done\//);
    assert.equal(person.connected(), 'active');
    await until('the server after its restart', () => new Client().request(`${PUBLIC_URL}/connect/desk/`)
        .then(({status}) => status === 200, () => false));
});

test('a graceful restart cuts off what takes longer than a second, and the repeated callback shows success',
    {skip: !isFcgid && 'others wait for it'}, async () => {
    const person = await atCallback('server-cut-off');
    const hold = await holdCallbacks();
    const answer = person.again();
    await hold.waiting();
    process.kill(serverPid(), 'SIGUSR1');
    const page = await answer;
    assert.equal(page.status, 500);
    assert.match(page.text, /asks again by itself/);
    await hold.release();
    await until('the server after its restart',
        () => person.again().then(({location}) => /\/done\//.test(location ?? ''), () => false));
    assert.equal(person.connected(), 'active');
});

test('an upgrade by rename starts new processes and drops no request',
    {skip: !isFcgid && 'mod_fcgid starts the program'}, async () => {
    const client = new Client();
    const landing = `${PUBLIC_URL}/connect/desk/`;
    assert.equal((await client.request(landing)).status, 200);
    const old = programs();
    assert.ok(old.length > 0);
    const person = await atCallback('server-upgrade');
    const hold = await holdCallbacks();
    const answer = person.again();
    await hold.waiting();
    const statuses = [];
    let upgraded = false;
    const asking = (async () => {
        for (let i = 0; i < 40 || !upgraded; ++i)
            statuses.push((await client.request(`${landing}static/o365.css`)).status);
    })();
    install(readFileSync(join(BUILD, 'o365-connector.fcgi')));
    assert.equal((await client.request(landing.replace('/desk/', '/static/o365.css'))).status, 200);
    upgraded = true;
    await hold.release();
    // The one in work ends in the old process.
    assert.match((await answer).location, /\/done\//);
    await asking;
    assert.equal((await client.request(landing)).status, 200);
    assert.deepEqual(statuses.filter((status) => status >= 500), []);
    assert.ok(programs().some((pid) => !old.includes(pid)), 'no new process was started');
});

test('server-status shows no query', {skip: isNginx && 'Apache only'}, async () => {
    const person = await atCallback('server-status');
    const hold = await holdCallbacks();
    const answer = person.again();
    await hold.waiting();
    const status = await send(`GET /server-status HTTP/1.1\r\n${host}\r\n`);
    await hold.release();
    await answer;
    assert.equal(status.status, 200);
    assert.match(status.body, /Apache Server Status/);
    assert.doesNotMatch(status.body, /webhook_url|state=/);
});

// ---- The search
// -------------------------------------------------------------------------------------------------------------

test('the responder wrote nothing on the streams that are the server\'s error log', {skip: isNginx && 'Apache only'},
    () => {
    assert.doesNotMatch(logged(), /mod_fcgid: stderr|AH01071|AH01215/);
    // Descriptors 1 and 2 of a process are the log file itself: what is written there has no time in front.
    const lines = ['apache-main.log', 'apache-error.log'].flatMap((name) => readFileSync(join(LOGS, name), 'latin1')
        .split('\n')).filter(Boolean);
    assert.ok(lines.length > 100);
    assert.deepEqual(lines.filter((line) => !line.startsWith('[')), []);
});

test('no planted secret is in any log', () => {
    const planted = secretsSeen().filter(({kind}) => kind === 'planted').map(({value}) => value);
    assert.ok(planted.length > 100, `${planted.length} were planted`);
    // grep: a log may be more than a string holds.
    const files = readdirSync(LOGS).map((name) => join(LOGS, name));
    const grep = spawnSync('grep', ['-aHoE', 'planted-[a-z0-9-]+', ...files],
        {encoding: 'utf8', env: {...process.env, LC_ALL: 'C'}});
    assert.ok(grep.status === 0 || grep.status === 1, grep.stderr);
    const found = grep.stdout.split('\n').filter(Boolean);
    assert.deepEqual(found, []);
    // The server did log these requests.
    assert.match(readFileSync(join(LOGS, `${SERVER.split('-')[0]}-access.log`), 'latin1'),
        isNginx ? /GET \/o365-refused 400/ : /GET \/connect\/desk\/callback 400/);
});
