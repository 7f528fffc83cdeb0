// Several workers at one database: what one of them cannot send, another does; one whose row is gone; chores beside the
// delivery. The real worker against a real server; no far end answers. Run it by tests/database/run.
import assert from 'node:assert/strict';
import {join} from 'node:path';
import {after, before, test} from 'node:test';

import {direct, end, folder, install, nextNumber, sql, start, until} from './harness.mjs';

function worker(name, settings = {}) {
    const started = start('o365-worker', {database: direct, worker_name: name, allow_loopback: 'yes', ...settings});
    return {
        ...started,
        is: (condition) => sql(
            `select coalesce((select ${condition} from o365_internal.worker where name = '${name}'), false)`) === 't',
        stop: async () => (await started.stop()).code,
    };
}

// Where nobody listens. A far end is left alone when five of its connections were not answered, so that each test has
// its own.
const hosts = ['one', 'two', 'three', 'four', 'five'].map((name) => `${name}.localhost`);

// A connection as the callback stores it.
function connect(host = hosts[0]) {
    const made = nextNumber();
    const state = `state ${made}`;
    sql(`insert into o365_internal.connect_attempt (connector_id, state_hash, cookie_hash, app_user, expires_at)
            select c.connector_id, sha256('${state}'), sha256('cookie'), 'user${made}', now() + interval '1 hour'
                from o365_internal.connector as c;
        insert into o365_programs.callback values ('desk', 'r-${String(made).padStart(12, '0')}', sha256('${state}'),
            sha256('cookie'), '${host}', '1',
            'https://${host}:1/${made}', 'object', 'groups', 'Group')`);
    return sql('select max(subscription_id) from o365_internal.subscription');
}
const send = (id) => sql(`select o365.send(${id}, '{"text": "x"}')`);
const lane = (id, columns) => sql(`select ${columns} from o365_internal.lane where subscription_id = ${id}`);
const posted = (card) => sql(`select w.name from o365_internal.attempt as a `
    + `join o365_internal.worker as w on w.worker_id = a.worker where a.card_id = ${card} limit 1`);

before(() => {
    install();
    for (const host of hosts) sql(`select o365.allow_webhook_host('connector', '${host}', 1)`);
});
after(end);

test('F8: what fails for want of a proxy is due at once for another worker that is alive, and left to it', async () => {
    const [id, next] = [connect(), connect()];
    // One that is alive and claims nothing.
    sql(`insert into o365_internal.worker (name, version, environment, seen_at, key_ids) `
        + `values ('elsewhere', '0', 'development', now() + interval '1 hour', '{}')`);
    const short = worker('short', {proxy: 'http://localhost:1'});
    await until('the worker', () => short.is('key_ids is not null'));
    send(id);
    await until('the lane to be given back', () => lane(id, `worker is null and problem ~ 'proxy'`) === 't');
    assert.equal(lane(id, 'next_at <= clock_timestamp()'), 't');
    const claimed = lane(id, 'lease_no');
    send(next);
    const sent = sql('select clock_timestamp()');
    await until('its next heartbeat', () => short.is(`seen_at > '${sent}'`));
    assert.equal(lane(id, 'lease_no'), claimed, 'it claims nothing more');
    assert.equal(lane(next, 'lease_no'), '0');
    const whole = worker('whole');
    const cards = sql('select string_agg(card_id::text, \',\' order by card_id) from o365_internal.outbox').split(',');
    await until('the other worker to post them', () => cards.every((card) => posted(card) === 'whole'), 15);
    await whole.stop();
    sql(`delete from o365_internal.worker where name = 'elsewhere'`);
    // Alone it tries again after half a minute.
    sql('update o365_internal.lane set next_at = clock_timestamp() where next_at is not null');
    await until('the worker that is alone',
        () => lane(id, `problem ~ 'proxy' and next_at > clock_timestamp() + interval '20 seconds'`) === 't', 45);
    assert.match(sql(`select string_agg(code || ': ' || problem, '; ') from o365.health()
        where code in ('webhooks_not_opened', 'worker_cannot_post', 'cards_fail', 'hosts_failing', 'far_ends_slow')`),
    /^worker_cannot_post: \d connections? waits? with cards: no connection to the proxy: [^;]*$/);
    await short.stop();
    sql('select count(o365.remove(subscription_id)) from o365_internal.subscription');
});

test('a worker without the key claims no lane that another one can open', async () => {
    const made = await start('o365-worker', {database: direct, key_file: join(folder, 'other')}, 'keys', 'generate',
        '--replace').ended;
    assert.equal(made.code, 0);
    sql(`delete from o365_internal.sealing_key where key_id not in (select unnest(key_ids) from o365_internal.worker
        where name = 'whole') and kind = 'public';
         update o365_internal.sealing_key set active = true where kind = 'public'`);
    const holds = worker('holds');
    const lacks = worker('lacks', {key_file: join(folder, 'other')});
    await until('both workers', () => holds.is('key_ids is not null') && lacks.is('leaves is not null'));
    const cards = Array.from({length: 10}, (ignored, i) => send(connect(hosts[1 + i % 3])));
    await until('all to be posted', () => cards.every((card) => posted(card) === 'holds'), 20);
    assert.doesNotMatch(lacks.log(), /event=webhook_closed/);
    await holds.stop();
    const id = connect();
    send(id);
    await until('it to tell what is missing', () => lane(id, `problem ~ 'key'`) === 't');
    await lacks.stop();
    sql('select count(o365.remove(subscription_id)) from o365_internal.subscription');
});

test('a worker whose row is deleted registers again, under its number, and says who it is', async () => {
    const one = worker('one');
    await until('the worker', () => one.is('key_ids is not null'));
    const before = sql(`select worker_id, name, version, key_ids from o365_internal.worker where name = 'one'`);
    sql('delete from o365_internal.worker');
    await until('its next heartbeat', () => one.is('key_ids is not null'));
    assert.equal(sql(`select worker_id, name, version, key_ids from o365_internal.worker where name = 'one'`), before);
    assert.equal(sql(`select count(*) from o365.health() where code = 'no_worker'`), '0');
    await one.stop();
});

test('chores that take long delay neither a POST nor the end of the worker', async () => {
    sql(`create or replace function o365_internal.chore_forget_tickets() returns text language plpgsql as $$ begin `
        + `perform pg_sleep(60); return null; end $$`);
    const one = worker('busy');
    await until('its chores', () => sql(`select count(*) from pg_stat_activity `
        + `where application_name = 'o365-worker chores' and state = 'active'`) === '1');
    const card = send(connect(hosts[4]));
    await until('the card to be posted', () => posted(card) === 'busy', 15);
    assert.equal(sql(`select count(*) from pg_stat_activity where application_name = 'o365-worker chores' `
        + `and state = 'active'`), '1', 'the chores go on');
    const asked = Date.now();
    assert.equal(await one.stop(), 0);
    assert.ok(Date.now() - asked < 15000);
});
