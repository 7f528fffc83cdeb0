// What workers send while somebody renews a webhook, changes a setting, or a far end hangs: real workers, a real
// database, and a far end over TLS that answers when the test says so. Run it by tests/database/run.
import assert from 'node:assert/strict';
import https from 'node:https';
import {after, before, test} from 'node:test';

import {certify, direct, end, install, nextNumber, posting, sql, start, until, wait} from './harness.mjs';

// Every POST, in the order they came: host, path, what was posted, when, and when its answer or its end came. Paths
// below /held/ wait for answer(), all others are answered at once; delays says after how many ms those of a path are.
const posts = [];
const delays = new Map();
let port;
let farEnd;
const text = (post) => post.card.text ?? JSON.stringify(post.card);
const at = (path) => posts.filter((post) => post.path === path);
const underWay = (one) => posts.filter((post) => one(post) && !post.ended);

function take(request, response) {
    const post = {host: request.headers.host.split(':')[0], path: request.url, begun: Date.now()};
    response.on('close', () => { post.ended ??= Date.now(); });
    post.answer = (status = 200, body = '1') => {
        post.ended = Date.now();
        response.writeHead(status, {'Content-Type': 'text/plain'}).end(body);
    };
    let body = '';
    request.setEncoding('utf8').on('data', (part) => { body += part; }).on('end', () => {
        post.card = JSON.parse(body);
        post.beside = underWay((other) => other.host === post.host && other.path === post.path).length;
        posts.push(post);
        if (!post.path.startsWith('/held/')) setTimeout(post.answer, delays.get(post.path) ?? 0);
    });
}

function worker(settings = {}) {
    const name = `test-${nextNumber()}`;
    const started = start('o365-worker', {database: direct, worker_name: name, ...posting, ...settings});
    return {
        ...started,
        number: () => sql(`select worker_id from o365_internal.worker where name = '${name}'`),
        // A new connection begins with a heartbeat: from then on it has the settings of the database.
        takesSettings: async () => {
            const since = sql('select clock_timestamp()');
            sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'o365-worker'");
            await until('a heartbeat',
                () => sql(`select seen_at > '${since}' from o365_internal.worker where name = '${name}'`) === 't');
        },
        stop: () => {
            started.child.kill('SIGKILL');
            return started.ended;
        },
    };
}
async function withWorkers(settings, work) {
    const mine = settings.map(worker);
    try {
        for (const one of mine) await until('a worker', () => one.number());
        await work(...mine);
    } catch (error) {
        for (const one of mine) console.log(one.log());
        throw error;
    } finally {
        for (const one of mine) await one.stop();
        for (const post of underWay(() => true)) post.answer();
        // What is left is nobody's any more.
        sql('select count(o365.remove(subscription_id)) from o365.subscriptions');
        delays.clear();
    }
}

// A connection as the callback stores it; with `renews` its new webhook.
function callback(url, renews, made = nextNumber()) {
    const state = `state ${made}`;
    const {hostname} = new URL(url);
    const attempt = `r-${String(made).padStart(12, '0')}`;
    return `insert into o365_internal.connect_attempt (connector_id, state_hash, cookie_hash, app_user, expires_at,
        renews)
            select c.connector_id, sha256('${state}'), sha256('cookie'), coalesce(s.app_user, 'user${made}'),
                now() + interval '1 hour', s.subscription_id
              from o365_internal.connector as c left
                  join o365_internal.subscription as s on s.subscription_id = ${renews ?? 'null'};
        insert into o365_programs.callback values ('desk', '${attempt}', sha256('${state}'), sha256('cookie'),
            '${hostname}', '${port}', '${url}', 'object', 'groups', 'Group ${made}');`;
}
const url = (host, path) => `https://${host}:${port}${path}`;
function connect(host, path) {
    const made = nextNumber();
    sql(callback(url(host, path), null, made));
    return sql(`select max(subscription_id) from o365_internal.subscription where app_user = 'user${made}'`);
}
const renew = (id, host, path) => sql(callback(url(host, path), id));
const send = (id, ...texts) => sql(texts.map((one) => `select o365.send(${id}, '${JSON.stringify({text: one})}')`)
    .join('; '));
const status = (id) =>
    sql(`select status, status_reason from o365_internal.subscription where subscription_id = ${id}`);
const waiting = (id) => Number(sql(`select count(*) from o365_internal.outbox where subscription_id = ${id}`));

before(async () => {
    farEnd = https.createServer(certify(['sink.localhost', '*.sink.localhost', 'flow.localhost']), take);
    await new Promise((resolve) => farEnd.listen(0, '127.0.0.1', resolve));
    port = farEnd.address().port;
    install();
    sql(`select o365.allow_webhook_host('connector', 'sink.localhost', ${port}),
        o365.allow_webhook_host('connector', '*.sink.localhost', ${port}),
         o365.allow_webhook_host('workflow', 'flow.localhost', ${port})`);
});

after(async () => {
    farEnd.closeAllConnections();
    await new Promise((resolve) => farEnd.close(resolve));
    end();
});

test('a renewal reaches a lane in flight within two seconds, and each card leaves once and in order',
    () => withWorkers([{}], async () => {
    const id = connect('one.sink.localhost', '/slow/old');
    delays.set('/slow/old', 300);
    const cards = Array.from({length: 18}, (_, i) => `card ${i + 1}`);
    send(id, ...cards);
    await until('the second card', () => at('/slow/old').length === 2);
    renew(id, 'two.sink.localhost', '/ok/new');
    const renewed = Date.now();
    await until('all of them', () => waiting(id) === 0);
    assert.deepEqual(at('/slow/old').filter((post) => post.begun > renewed + 2000).map(text), []);
    assert.deepEqual([...at('/slow/old'), ...at('/ok/new')].map(text), cards);
    assert.ok(at('/ok/new').length > 0);
    assert.deepEqual(posts.filter((post) => post.beside > 0).map(text), [], 'never two POSTs of one webhook at once');
}));

test('what an older address answers after a renewal stops the new one with no status',
    () => withWorkers([{}], async () => {
    for (const answer of [401, 404, 429, 503]) {
        const id = connect('one.sink.localhost', `/held/old-${answer}`);
        send(id, 'first', 'second');
        const post = await until('the first card', () => at(`/held/old-${answer}`)[0]);
        renew(id, 'two.sink.localhost', `/ok/new-${answer}`);
        post.answer(answer, '');
        await until(`the cards after ${answer}`, () => waiting(id) === 0, 5);
        assert.equal(status(id), 'active|');
        assert.deepEqual(at(`/ok/new-${answer}`).map(text), ['first', 'second']);
        assert.equal(sql(`select failures, dead_in_a_row, throttles, problem is null from o365_internal.lane `
            + `where subscription_id = ${id}`), '0|0|0|t');
    }
}));

test('a webhook that is renewed between the lease and its opening gets cards in its own form',
    () => withWorkers([{}], async () => {
    const id = connect('one.sink.localhost', '/ok/connector');
    // The renewal commits right before the webhook is handed out.
    sql(`alter function o365_programs.worker_secrets(bigint[]) rename to worker_secrets_then;
         create table public.renewals (n integer); insert into public.renewals values (1);
         create function o365_programs.worker_secrets(ids bigint[]) returns table (subscription_id bigint,
             secret_version integer, key_id text, sealed bytea) language plpgsql security definer as $$
         begin
             delete from public.renewals;
             if found then ${callback(url('flow.localhost', '/ok/flow'), id)} end if;
             return query select * from o365_programs.worker_secrets_then(ids);
         end $$;
         grant execute on function o365_programs.worker_secrets(bigint[]) to o365_worker`);
    try {
        send(id, 'in the form of a flow');
        await until('the card', () => waiting(id) === 0);
    } finally {
        sql('drop function o365_programs.worker_secrets(bigint[]); alter function '
            + 'o365_programs.worker_secrets_then(bigint[]) rename to worker_secrets; drop table public.renewals');
    }
    assert.equal(at('/ok/connector').length, 0);
    assert.deepEqual(at('/ok/flow').map((post) => post.card.type), ['message']);
    assert.equal(status(id), 'active|');
}));

test('a POST is held to the timeout that its lane was claimed under, whatever the setting says since',
    () => withWorkers([{}], async (one) => {
    // The worker has to hear of the new setting while the first POST is in flight; a busy machine may need a second
    // try.
    let path;
    let first;
    for (let tries = 1; first === undefined || first.ended; tries++) {
        assert.ok(tries <= 5, 'the worker hears of a setting within the time of a POST');
        sql("select o365.set('post_timeout_seconds', '3')");
        await one.takesSettings();
        path = `/held/timeout-${tries}`;
        send(connect('one.sink.localhost', path), 'first', 'second');
        first = await until('the first card', () => at(path)[0]);
        sql("select o365.set('post_timeout_seconds', '20')");
        await one.takesSettings();
    }
    first.answer();
    const second = await until('the second card', () => at(path)[1]);
    await until('its end', () => second.ended, 30);
    assert.ok(second.ended - second.begun < 6000, `it took ${second.ended - second.begun} ms`);
}));

test('a lane is held to the lease that it was claimed under, whatever the setting says since',
    () => withWorkers([{}, {}], async (one, other) => {
    // The last POST of a lease begins 7 s after the claim: 30 s less the POST's 20 s and a margin of 3 s.
    sql("select o365.set('lease_seconds', '30')");
    await one.takesSettings();
    await other.takesSettings();
    const id = connect('one.sink.localhost', '/held/lease');
    send(id, 'first', 'second');
    const first = await until('the first card', () => at('/held/lease')[0]);
    const lease = () => sql(`select lease_no, lease_until from o365_internal.lane where subscription_id = ${id}`);
    const before = lease();
    sql("select o365.set('lease_seconds', '999')");
    await one.takesSettings();
    await other.takesSettings();
    await wait(first.begun + 8000 - Date.now());
    assert.equal(lease(), before);
    assert.equal(at('/held/lease').length, 1);
    first.answer();
    const second = await until('the second card', () => at('/held/lease')[1]);
    assert.equal(text(second), 'second');
    assert.equal(Number(lease().split('|')[0]), Number(before.split('|')[0]) + 1, 'under a new lease');
    sql("select o365.set('lease_seconds', '60')");
    assert.deepEqual(posts.filter((post) => post.beside > 0).map(text), [], 'never two POSTs of one webhook at once');
}));

test('hosts below one entry of the allow-list share the transfers as one far end',
    () => withWorkers([{max_transfers: 10}], async () => {
    // Both are known: opening a webhook for the first time takes its time.
    const beside = connect('flow.localhost', '/ok/beside');
    const lanes = Array.from({length: 14}, (_, i) => connect(`t${i}.sink.localhost`, `/held/tenant-${i}`));
    for (const id of lanes) send(id, 'hangs');
    const hangs = (post) => /^\/held\/tenant/.test(post.path);
    await until('its share to hang', () => underWay(hangs).length === 8);
    await until('the others to be left alone', () => Number(sql(`select count(*) from o365_internal.lane `
        + `where problem like 'waits for a transfer: *.sink.localhost has its share%'`)) > 0);
    assert.equal(underWay(hangs).length, 8);
    send(beside, 'to another far end');
    await until('a card to another far end', () => at('/ok/beside').length === 1, 5);
    assert.equal(underWay(hangs).length, 8);
}));
