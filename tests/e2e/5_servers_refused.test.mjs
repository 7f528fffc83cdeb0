// What the web server refuses before it knows the path, what lies beside our paths, and restarts. Last the search for
// all that was planted here and in 5_servers.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import {spawnSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';

import {BUILD, Client, LOGS, PUBLIC_URL, ROOT, secretsSeen, stack, until} from './harness.mjs';
import {assertRetries, atCallback, get, holdCallbacks, hostname, install, isFcgid, isNginx, logged, pause, plant, port,
    programs, send, SERVER, serverPid, withSite} from './servers.mjs';

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
