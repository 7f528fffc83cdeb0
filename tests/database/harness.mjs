// What the files of this folder share: an installation on the server of tests/with-postgres, programs of ours with
// settings of their own, and far ends whose webhooks the test itself answers.
import assert from 'node:assert/strict';
import {execFile, execFileSync, spawn} from 'node:child_process';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import http2 from 'node:http2';
import net from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';

export const {PGHOST, BUILD, ROOT, SERVER_BIN} = process.env;
export const folder = mkdtempSync(join(tmpdir(), 'o365-sessions-'));
export const asPostgres = process.getuid() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups',
    '--'] : [];
export const running = new Set();

export const run = (command, ...args) =>
    execFileSync(command, args, {encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], cwd: '/'});
export const runAsPostgres = (...words) => run(...[...asPostgres, ...words]);
export const sql = (statement, host = PGHOST, port = 5432) =>
    run('psql', '-qXAt', '-v', 'ON_ERROR_STOP=1', '-h', host, '-p', String(port), '-d', 'o365', '-c', statement).trim();
// The same for a far end's process, which has to go on answering meanwhile.
export const query = async (statement) =>
    (await promisify(execFile)('psql', ['-qXAt', '-v', 'ON_ERROR_STOP=1', '-d', 'o365', '-c', statement], {cwd: '/'}))
        .stdout.trim();
export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function until(what, condition, seconds = 30) {
    for (const end = Date.now() + seconds * 1000; ;) {
        const value = await condition();
        if (value) return value;
        assert.ok(Date.now() < end, `waited ${seconds} s in vain for ${what}`);
        await wait(50);
    }
}

let made = 0;
export const nextNumber = () => ++made;
// A program of ours with a configuration of its own; `under` is the command that starts it, such as prlimit.
export function start(program, {under = [], ...settings}, ...args) {
    const name = join(folder, String(++made));
    const all = {key_file: join(folder, 'keys'), environment: 'development', log: `${name}.log`, log_level: 'debug',
        ...settings};
    writeFileSync(`${name}.conf`, Object.entries(all).map(([key, value]) => `${key} = ${value}\n`).join(''));
    const [command, ...words] = [...under, join(BUILD, program), '--config', `${name}.conf`, ...args];
    const child = spawn(command, words, {stdio: ['ignore', 'pipe', 'pipe']});
    running.add(child);
    const started = {
        child,
        output: '',
        logFile: `${name}.log`,
        log: () => (existsSync(`${name}.log`) ? readFileSync(`${name}.log`, 'utf8') : ''),
        count: (event) => started.log().split('\n').filter((line) => line.includes(`event=${event} `)).length,
        logs: (part, seconds) => until(`${part} in the log of ${program}`, () => started.log().includes(part), seconds),
        ended: new Promise((resolve) => child.on('exit', (code, signal) => {
            running.delete(child);
            resolve({code, signal, at: Date.now()});
        })),
        stop: () => {
            child.kill('SIGTERM');
            return started.ended;
        },
    };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => { started.output += part; });
    return started;
}
// Stops a process; it stands still when this is done.
export async function freeze({pid}) {
    process.kill(pid, 'SIGSTOP');
    await until('all threads to be stopped', () =>
        readdirSync(`/proc/${pid}/task`)
            .every((thread) => / T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'))));
}
export const worker = (database, ...args) => start('o365-worker', {database, worker_name: `test-${made + 1}`}, ...args);
export const workersSeen = (host, port) => Number(sql('select count(*) from o365_internal.worker', host, port));
export const sessionOf = (application) =>
    Number(sql(`select coalesce(max(pid), 0) from pg_stat_activity where application_name = '${application}'`));

export const direct = `host=${PGHOST} dbname=o365`;

// A new installation: nothing of what an earlier file left is in it.
export function install() {
    run('dropdb', '--if-exists', '--force', 'o365');
    run('createdb', 'o365');
    run('psql', '-qX', '-d', 'o365', '-f', join(ROOT, 'sql/install.sql'));
    writeFileSync(join(folder, 'keys.conf'),
        `database = ${direct}\nkey_file = ${join(folder, 'keys')}\nenvironment = development\n`);
    run(join(BUILD, 'o365-worker'), '--config', join(folder, 'keys.conf'), 'keys', 'generate');
    sql(`select o365.set('public_url', 'http://localhost'),
        o365.set('connect_url', 'https://portal.example.org/connect'), o365.set('environment', 'development'),
         o365.register_connector('desk', 'Desk', decode('89504e470d0a1a0a', 'hex'), 'short', 'long',
             'https://example.org', '{one}',
             allow_anonymous => true), o365.grant_application('postgres', 'desk')`);
    // Lanes of these tests post faster than Microsoft allows.
    sql('select o365.set_quota(q.dialect, q.seconds, null, q.per) from o365.quotas as q');
}

export function end() {
    for (const child of running) child.kill('SIGKILL');
    rmSync(folder, {recursive: true, force: true});
}

// One request to the responder over FastCGI; the answer's text.
export function ask(socket, params, body = '') {
    const record = (type, content) =>
        Buffer.concat([Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]), content]);
    const size = (length) => (length < 128 ? Buffer.from([length])
        : Buffer.from([128 | (length >> 24), length >> 16, length >> 8, length]));
    const pairs = Buffer.concat(Object.entries(params).flatMap(([name, value]) =>
        [size(Buffer.byteLength(name)), size(Buffer.byteLength(value)), Buffer.from(name), Buffer.from(value)]));
    return new Promise((resolve, reject) => {
        const parts = [];
        const peer = net.connect(socket, () => peer.write(Buffer.concat([
            record(1, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])), record(4, pairs), record(4, Buffer.alloc(0)),
            ...body === '' ? [] : [record(5, Buffer.from(body))], record(5, Buffer.alloc(0))])));
        peer.on('data', (part) => parts.push(part));
        peer.on('error', reject);
        peer.on('close', () => resolve(Buffer.concat(parts).toString('latin1')));
    });
}

// ---- Far ends -------------------------------------------------------------------------------------------------------

export const certificates = {key: join(folder, 'far-end.key'), cert: join(folder, 'far-end.pem')};
// Key and certificate of far ends, which the workers of this file trust.
export function certify(hosts) {
    run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
        '-subj', '/CN=localhost', '-addext', `subjectAltName=${hosts.map((host) => `DNS:${host}`)}`,
        '-keyout', certificates.key, '-out', certificates.cert);
    return {key: readFileSync(certificates.key), cert: readFileSync(certificates.cert)};
}
// Of a worker that posts to far ends.
export const posting = {allow_loopback: 'yes', ca_file: certificates.cert};

/**
 * A host with webhooks. It speaks HTTP/1.1, and HTTP/2 with a client that wants to. A POST is under way from when its
 * head is here until its answer is written, or its connection has ended; `overlaps` names the webhooks that had two
 * under way at once.
 */
export class FarEnd {
    // {webhook, text, port, began, ended}: as they begin; port is the client's, times are this process'
    posts = [];
    overlaps = [];
    delay = 0;           // of answers, in milliseconds
    holdsAnswers = false;
    holdsConnections = false;
    answers = [];        // that are held, each a function
    connections = [];    // likewise: their TLS has not begun
    accepted = 0;        // connections
    sockets = new Set();
    underWay = new Map();
    static identity;     // of all of them

    constructor(host) { this.host = host; }

    async listen() {
        FarEnd.identity ??= certify(['one.localhost', 'two.localhost']);
        this.server = http2.createSecureServer({...FarEnd.identity, allowHTTP1: true},
            (request, response) => this.take(request, response));
        this.gate = net.createServer((socket) => {
            ++this.accepted;
            socket.on('error', () => {}).on('close', () => this.sockets.delete(socket));
            this.sockets.add(socket);
            const begin = () => this.server.emit('connection', socket);
            if (this.holdsConnections) this.connections.push(begin);
            else begin();
        }).listen(0, '127.0.0.1');
        await new Promise((resolve) => this.gate.once('listening', resolve));
        this.port = this.gate.address().port;
        sql(`select o365.allow_webhook_host('connector', '${this.host}', ${this.port})`);
        return this;
    }

    take(request, response) {
        const webhook = request.url.split('/').at(-1);
        const post = {webhook, port: request.socket.remotePort, text: '', began: Date.now()};
        this.posts.push(post);
        this.underWay.set(webhook, (this.underWay.get(webhook) ?? 0) + 1);
        if (this.underWay.get(webhook) > 1) this.overlaps.push(webhook);
        const end = () => {
            if (post.ended) return;
            post.ended = Date.now();
            this.underWay.set(webhook, this.underWay.get(webhook) - 1);
        };
        response.on('close', end);
        request.setEncoding('utf8').on('data', (part) => { post.text += part; });
        request.on('end', () => {
            const answer = () => {
                end();  // before the client can know of it
                response.end('1');
            };
            if (this.holdsAnswers) this.answers.push(answer);
            else setTimeout(answer, this.delay);
        });
    }

    get busy() { return [...this.underWay.values()].reduce((sum, count) => sum + count, 0); }

    release() {
        this.holdsAnswers = this.holdsConnections = false;
        for (const one of [...this.connections.splice(0), ...this.answers.splice(0)]) one();
    }

    /** Connects users, each with a webhook of their name; their subscriptions. */
    connect(users) {
        return sql(`do $$ declare u text; s bytea; r text; begin
            foreach u in array '{${users}}'::text[] loop
                s := sha256(u::bytea); r := 'r-' || left(md5(u), 12);
                insert into o365_internal.ticket (ticket_hash, connector_id, app_user, expires_at)
                    select s, c.connector_id, u, now() + interval '1 hour' from o365_internal.connector as c;
                perform o365_programs.responder_start('desk', s, s, s, r);
                insert into o365_programs.callback values ('desk', r, s, s, '${this.host}', '${this.port}',
                    'https://${this.host}:${this.port}/webhookb2/' || u, 'object-1', 'Groups', u);
            end loop; end $$;
            select subscription_id from o365_internal.subscription where app_user = any ('{${users}}')
                order by subscription_id`).split('\n').map(Number);
    }

    close() {
        this.gate.close();
        for (const socket of this.sockets) socket.destroy();
    }
}
