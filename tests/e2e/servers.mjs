// What the files 5_servers share: planted secrets, bytes over TLS, another program in the responder's place, callbacks
// that are held, another site configuration.
import assert from 'node:assert/strict';
import tls from 'node:tls';
import {spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before} from 'node:test';

import {asApplication, asSuperuser, Client, LOGS, PUBLIC_URL, remember, stack, STACK_DIR, ticketLink,
    until} from './harness.mjs';

export const {SERVER, PROGRAM, RESPONDER_SOCKET} = process.env;
export const {hostname, port} = new URL(PUBLIC_URL);
export const isNginx = SERVER === 'nginx';
export const isFcgid = SERVER === 'apache-fcgid';
const site = join(STACK_DIR, isNginx ? 'conf/o365-site.conf' : 'conf/apache/o365-site.conf');
export const serverPid = () => Number(readFileSync(join(STACK_DIR, 'pids', isNginx ? 'nginx' : 'apache'), 'utf8'));
/** The web server's error logs; all logs together are more than a string may hold. */
export const logged = () => readdirSync(LOGS).filter((name) => name.startsWith(isNginx ? 'nginx' : 'apache')
    && name !== 'nginx-main.log')
    .map((name) => readFileSync(join(LOGS, name), 'latin1')).join('\n');
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Secrets of one case; its name stands in them, so that a find tells where it came from. */
export function plant(name) {
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
export function send(bytes, wait_ms = 20000) {
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

export const get = (path, planted, more = '') => send(`GET ${path}?${planted.search} HTTP/1.1\r\nHost: ${hostname}\r\n`
    + `Connection: close\r\n${planted.headers}${more}\r\n`);

/** A page of the server's own: no secret, nothing that could give one away, and nothing that stays. */
export function assertClean(answer, statuses) {
    assert.ok(statuses.includes(answer.status), `answered ${answer.status}: ${answer.text.slice(0, 300)}`);
    assert.doesNotMatch(answer.text, /planted-/);
    assert.equal(answer.headers['referrer-policy'], 'no-referrer');
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.doesNotMatch(answer.body, /(href|src)=/);
}

export function assertRetries(answer, statuses = [500, 502, 503, 504]) {
    assertClean(answer, isNginx ? [503] : statuses);
    assert.equal(answer.headers.refresh, '5');
    assert.equal(answer.headers['retry-after'], '5');
    assert.match(answer.body, /asks again by itself/);
    assert.match(answer.body, /name=viewport.*name=color-scheme/, 'as wide as a phone, and dark where pages are');
}

/** Processes that Apache started from the stack's folder. */
export const programs = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(PROGRAM);
    } catch {
        return false;
    }
});

/** Puts a program in the responder's place as an upgrade does: beside it, then renamed. */
export function install(content) {
    writeFileSync(`${PROGRAM}.new`, content);
    chmodSync(`${PROGRAM}.new`, 0o755);
    renameSync(`${PROGRAM}.new`, PROGRAM);
}

/** Runs `body` while another program answers in the responder's place. */
export async function instead(program, body) {
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
export async function holdCallbacks() {
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
export async function atCallback(user) {
    const client = new Client();
    const callback = await client.toCallback(ticketLink(user), 'Sales');
    return {again: () => client.request(callback), connected: () =>
        asApplication(`select status from o365.connections('${user}')`), callback, client};
}

/** Runs `body` with the server's site changed, which it takes up by a reload. */
export async function withSite(change, body) {
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
