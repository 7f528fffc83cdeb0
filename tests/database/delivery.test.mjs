// Delivery when packets vanish, and when a worker stands still: real workers, far ends that the test plays; run it by
// tests/database/run.
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import net from 'node:net';
import {join} from 'node:path';
import {after, before, test} from 'node:test';

import {asPostgres, BUILD, direct, end, FarEnd, folder, freeze, install, PGHOST, posting, query, ROOT, run,
    runAsPostgres, SERVER_BIN, sql, start, until} from './harness.mjs';

const worker = (name, more) => start('o365-worker', {database: direct, worker_name: name, ...posting, ...more});
const send = (ids, texts) => query(`select o365.send(s, jsonb_build_object('text', t)) `
    + `from unnest('{${texts}}'::text[]) as t, unnest('{${ids}}'::bigint[]) as s`);
const waiting = async () => Number(await query('select count(*) from o365_internal.outbox'));

before(install);
after(end);

// It takes the ten seconds that a worker gives a connection whose packets are not acknowledged.
test('a kept connection whose packets vanish is given up, costs its host nothing else, and is not used again',
    {skip: !process.env.OWN_NETWORK && 'this user may have no network of its own'}, async () => {
        const [lost, other] = [await new FarEnd('one.localhost').listen(), await new FarEnd('two.localhost').listen()];
        const [ann, ben] = lost.connect(['ann', 'ben']);
        const [cem] = other.connect(['cem']);
        const posts = worker('packets');
        try {
            await send([ann], ['first']);
            await until('the first card', async () => lost.posts.length === 1 && (await waiting()) === 0);
            const {port} = lost.posts[0];
            // As when a firewall between the two has forgotten the connection: nobody is told, new ones work.
            run('nft', `add table ip lost; add chain ip lost in { type filter hook input priority 0; };
                add rule ip lost in tcp sport ${port} tcp dport ${lost.port} counter drop;
                add rule ip lost in tcp sport ${lost.port} tcp dport ${port} counter drop`);
            const began = Date.now();
            const [card] = (await send([ann], ['second'])).split('\n');
            await until('the second card to be on its way',
                () => /packets [1-9]/.test(run('nft', 'list', 'table', 'ip', 'lost')));
            await send([ben, cem], ['beside']);
            await until('the cards beside it', () => lost.posts.length === 2 && other.posts.length === 1, 5);
            assert.notEqual(lost.posts[1].port, port);
            await until('the second card to be in doubt',
                async () => (await query(`select outcome from o365.posts where card_id = ${card}`)) === 'in_doubt');
            const took = Date.now() - began;
            assert.ok(took > 9000 && took < 15000,
                `the connection was given up after ${took} ms, the POST's own time is 20 s`);
            await query('update o365_internal.lane set next_at = now() where worker is null and next_at is not null');
            await until('the second card', async () => (await waiting()) === 0);
            assert.deepEqual(lost.posts.map((post) => JSON.parse(post.text).text), ['first', 'beside', 'second']);
            assert.notEqual(lost.posts[2].port, port);
            assert.doesNotMatch(run('ss', '-Htn', 'state', 'established', `( sport = :${port} )`), /\S/,
                'the connection is closed');
        } finally {
            run('nft', 'flush ruleset');
            assert.equal((await posts.stop()).code, 0);
            lost.close();
            other.close();
        }
    });

// It takes a lease: 10 s, of which POSTs may start in the first three. o365.set allows 30 at the least.
test('a worker stopped past its leases that goes on posts to no webhook of another one; no lane outlives its lease',
    async () => {
    const [one, two] = [await new FarEnd('one.localhost').listen(), await new FarEnd('two.localhost').listen()];
    const names = (kind, count) => Array.from({length: count}, (_, i) => `${kind}-${i}`);
    const [posted, connecting, queued] = [one.connect(names('posted', 12)), two.connect(names('connecting', 12)),
        one.connect(names('queued', 6))];
    const [slow] = two.connect(['slow']);
    const [after] = two.connect(['after']);
    const leased = async (ids) => Number(await query(
        `select count(*) from o365_internal.lane where worker is not null and subscription_id = any ('{${ids}}')`));
    sql(`update o365_internal.setting set value = case name when 'lease_seconds' then '10' else '4' end `
        + `where name in ('lease_seconds', 'post_timeout_seconds')`);
    const cards = Number(await query('select count(*) from o365_internal.delivery')) + 30 * 3 + 6 + 10 + 1;
    const first = worker('stopped', {max_transfers: 27});
    const others = [];
    try {
        await send(queued, ['0']);
        await until('their webhooks to be open', async () => (await waiting()) === 0);
        // One half of the transfers that two hosts get waits for an answer, the other one for TLS; further lanes wait
        // for a transfer.
        one.holdsAnswers = two.holdsConnections = true;
        await send([...posted, ...connecting], ['1', '2', '3']);
        await until('all transfers to be used', () => one.busy === 12 && two.connections.length === 12);
        await send(queued, ['1', '2', '3']);
        await until('lanes to wait for a transfer', async () => (await leased(queued)) === 6);
        await freeze(first.child);
        for (const answer of one.answers.splice(0)) answer();
        const held = two.connections.splice(0);
        two.holdsConnections = false;
        two.delay = 1000;
        // In the meantime the second worker has a lane with more to post than a lease has time for.
        others.push(worker('second'));
        await send([slow], Array.from({length: 10}, (_, i) => i));
        await until('the second worker to post what the first one had leased', () => one.busy === 18);
        await freeze(others[0].child);
        await send([after], ['only the first worker runs']);
        first.child.kill('SIGCONT');
        for (const connection of held) connection();
        await until('the first worker to go on', () => two.posts.some((post) => post.webhook === 'after'));
        others[0].child.kill('SIGCONT');
        one.release();
        await until('all cards', async () => {
            await query("update o365_internal.lane set next_at = now() where worker is null and why is distinct "
                + "from 'pause' and next_at > now()");
            return (await waiting()) === 0;
        });
        const ofOne = (webhook) => [...one.posts, ...two.posts].filter((post) => post.webhook === webhook);
        assert.deepEqual([...one.overlaps, ...two.overlaps], [],
            JSON.stringify([...one.overlaps, ...two.overlaps].map(ofOne)));
        assert.equal(await query("select count(*), count(*) filter (where outcome = 'delivered') "
            + "from o365_internal.delivery"), `${cards}|${cards}`);
        assert.ok(Number(await query(`select lease_no from o365_internal.lane where subscription_id = ${slow}`)) > 2,
            'the slow lane went back in time, and was leased again');
    } finally {
        for (const one of [first, ...others]) {
            one.child.kill('SIGCONT');
            assert.equal((await one.stop()).code, 0);
        }
        one.close();
        two.close();
    }
});

test('a report whose answer is lost comes again, and is told as such, also of a card that was scheduled', async () => {
    const far = await new FarEnd('one.localhost').listen();
    const [once] = far.connect(['once']);
    // Between the worker and its server; the answer to what ended this card never comes through.
    let loses;
    const between = net.createServer((client) => {
        const server = net.connect(join(PGHOST, '.s.PGSQL.5432'));
        const both = () => [client, server].forEach((socket) => socket.destroy());
        for (const socket of [client, server]) socket.on('error', () => {}).on('close', both);
        client.on('data', (data) => server.write(data));
        server.on('data', (data) => {
            if (loses && sql(`select count(*) from o365_internal.delivery where card_id = ${loses}`) === '1') {
                loses = undefined;
                both();
            } else {
                client.write(data);
            }
        });
    }).listen(join(folder, '.s.PGSQL.6000'));
    const posts = worker('repeats', {database: `host=${folder} port=6000 dbname=o365`});
    const before = far.posts.length;
    try {
        far.holdsAnswers = true;
        const [card] = (await query(`select o365.send(${once}, '{"text": "later"}', not_before => now() `
            + `+ interval '1 second'), o365.send(${once}, '{"text": "now"}')`)).split('|');
        await until('the first card', () => far.busy === 1);
        loses = card;
        far.release();
        await until('the scheduled card', () => far.posts.length === before + 2, 10);
        await until('the lost answer', () => !loses);
        await posts.logs('event=report_repeated', 15);
        assert.match(posts.log(), /event=report_repeated cards=1 /);
        assert.doesNotMatch(posts.log(), /event=report_refused/);
        assert.equal(await query(`select outcome, attempts from o365.deliveries where card_id = ${card}`),
            'delivered|1');
        assert.equal(far.posts.length, before + 2);
    } finally {
        assert.equal((await posts.stop()).code, 0);
        between.close();
        far.close();
    }
});

test('an adoption that fails costs its webhook nothing: the card goes, the log tells, a later opening adopts',
    async () => {
    const far = await new FarEnd('one.localhost').listen();
    const fails = (code) => [`create function public.fail() returns trigger
        language plpgsql as $$ begin raise exception 'not now' using errcode = '${code}'; end $$;
        create trigger fail before update of sealed on o365_internal.subscription execute function public.fail()`,
    'drop function public.fail() cascade'];
    const names = {refused: ['revoke execute on function o365_programs.worker_adopt from o365_worker',
        'grant execute on function o365_programs.worker_adopt to o365_worker'],
        full: fails('53100'), broken: fails('XX001'), forbidden: fails('23514'),
        gone: ['alter function o365_programs.worker_adopt rename to worker_adopted',
            'alter function o365_programs.worker_adopted rename to worker_adopt'],
        // The database's word for no: it knows of no such key.
        unknown: ["update o365_internal.sealing_key set active = false where kind = 'symmetric'",
            "update o365_internal.sealing_key set active = true where kind = 'symmetric'"]};
    const webhook = (id) => query(`select s.status, s.key_id like 'sym-%', l.why is distinct from 'pause', l.failures
        from o365_internal.subscription as s join o365_internal.lane as l using (subscription_id)
        where subscription_id = ${id}`);
    const ids = Object.fromEntries(far.connect(Object.keys(names)).map((id, i) => [Object.keys(names)[i], id]));
    const once = worker('adopts in vain');
    try {
        for (const [name, [breaks, mends]] of Object.entries(names)) {
            sql(breaks);
            try {
                await send([ids[name]], [name]);
                await until(`the card of ${name}`, async () => (await waiting()) === 0);
                if (name !== 'unknown') await once.logs(`event=adoption_failed subscription=${ids[name]} problem=`);
                assert.equal(await webhook(ids[name]), 'active|f|t|0', name);
            } finally {
                sql(mends);
            }
        }
        assert.equal(once.count('database_lost'), 0, once.log());
        assert.equal((await once.stop()).code, 0);
        const adopting = worker('adopting');
        await send(Object.values(ids), ['again']);
        await until('the cards', async () => (await waiting()) === 0);
        for (const [name, id] of Object.entries(ids))
            await until(`${name} to be adopted`, async () => (await webhook(id)) === 'active|t|t|0');
        assert.equal((await adopting.stop()).code, 0);
        assert.equal(far.posts.length, 2 * Object.keys(names).length);
    } finally {
        await once.stop();
        far.close();
    }
});

test('a worker without the key of a webhook leaves it active, says what to restore, and another worker delivers',
    async () => {
    const far = await new FarEnd('one.localhost').listen();
    const [sealed, adopted] = far.connect(['sealed', 'adopted']);
    const right = worker('right');
    await send([adopted], ['first']);
    await until('the first card', async () => (await query(
        `select key_id like 'sym-%' from o365_internal.subscription where subscription_id = ${adopted}`)) === 't');
    assert.equal((await right.stop()).code, 0);
    // The key file of another installation.
    const other = join(folder, 'other-keys');
    sql('create database other');
    run('psql', '-qX', '-d', 'other', '-f', join(ROOT, 'sql/install.sql'));
    writeFileSync(join(folder, 'other.conf'),
        `database = host=${PGHOST} dbname=other\nkey_file = ${other}\nenvironment = development\n`);
    run(join(BUILD, 'o365-worker'), '--config', join(folder, 'other.conf'), 'keys', 'generate');
    sql('drop database other with (force)');
    const wrong = worker('wrong', {key_file: other});
    try {
        await send([sealed, adopted], ['second']);
        for (const id of [sealed, adopted]) {
            const key = await query(`select key_id from o365_internal.subscription where subscription_id = ${id}`);
            await until('the queue to say why', async () =>
                (await query(`select reason from o365.queue where subscription_id = ${id}`)).includes(`no key ${key}`));
            assert.match(wrong.log(), new RegExp(`event=key_missing key=${key}.*restore the backup`));
            assert.match(wrong.log(), new RegExp(`event=webhook_closed subscription=${id} key=${key}`));
            assert.equal(await query(`select s.status, l.why is distinct from 'pause', l.failures
                from o365_internal.subscription as s join o365_internal.lane as l using (subscription_id)
                where subscription_id = ${id}`), 'active|t|0');
        }
        const again = worker('right again');
        await until('the cards', async () => {
            await query('update o365_internal.lane set next_at = now() where worker is null and next_at > now()');
            return (await waiting()) === 0;
        });
        assert.equal((await again.stop()).code, 0);
        assert.equal(far.posts.length, 3);
    } finally {
        await wrong.stop();
        far.close();
    }
});

test('a standby promoted too early sends again what it has no end of, and lacks what it never got', async () => {
    const far = await new FarEnd('one.localhost').listen();
    const [ann] = far.connect(['follows']);
    const texts = () => far.posts.map((post) => JSON.parse(post.text).text);
    const [data, socket] = ['follows', 'promoted'].map((name) => join(PGHOST, name));
    const there = (statement) => sql(statement, socket);
    const server = (...words) => runAsPostgres(join(SERVER_BIN, 'pg_ctl'), '-D', data, '-w', ...words);
    runAsPostgres('mkdir', socket);
    runAsPostgres(join(SERVER_BIN, 'pg_basebackup'), '-h', PGHOST, '-U', 'postgres', '-D', data, '-R', '-X', 'stream',
        '-c', 'fast');
    server('start', '-l', join(PGHOST, 'promoted.log'), '-o',
        `-k ${socket} -c listen_addresses='' -c fsync=off -c max_connections=200`);
    const here = worker('before-failover');
    try {
        await send([ann], ['replicated']);
        await until('the first card', async () => (await waiting()) === 0);
        far.holdsAnswers = true;
        await send([ann], ['ended later']);
        await until('the second card on its way', () => far.posts.length === 2);
        const position = sql('select pg_current_wal_insert_lsn()');
        await until('it on the standby', () => there(`select pg_last_wal_replay_lsn() >= '${position}'`) === 't');
        // From here on it gets nothing.
        there("alter system set primary_conninfo = ''");
        there('select pg_reload_conf()');
        await until('no standby', () => sql('select count(*) from pg_stat_replication') === '0');
        far.release();
        await until('its end', async () => (await waiting()) === 0);
        await send([ann], ['sent later']);
        await until('the third card', async () => (await waiting()) === 0);
        assert.equal((await here.stop()).code, 0);
        assert.deepEqual(texts(), ['replicated', 'ended later', 'sent later']);
        server('promote');
        // No need to wait for its end.
        there('update o365_internal.lane set lease_until = now(), next_at = now() where lease_until is not null');
        const promoted = start('o365-worker',
            {database: `host=${socket} dbname=o365`, worker_name: 'after-failover', ...posting});
        there(`select o365.send(${ann}, '{"text": "after"}')`);
        await until('all that it has', () => there('select count(*) from o365_internal.outbox') === '0');
        assert.deepEqual(texts().slice(3), ['ended later', 'after']);
        const audit = "select string_agg(rule, ' ') from o365.audit(now() - interval '1 hour')";
        assert.equal(there(`${audit} where verdict = 'broken'`), '');
        assert.equal((await promoted.stop()).code, 0);
    } finally {
        server('stop', '-m', 'immediate');
        far.close();
    }
});

// From a major version to the same one: Debian has one pg_upgrade at a time, and the npm packages have none. It does
// all that it does between two.
test('pg_upgrade moves an installation: it is no copy, what waits leaves once and in order, and nothing else leaves',
    async () => {
    const far = await new FarEnd('one.localhost').listen();
    const [ann] = far.connect(['moved']);
    const texts = () => far.posts.map((post) => JSON.parse(post.text).text);
    const here = worker('here');
    await send([ann], ['1']);
    await until('the first card', async () => (await waiting()) === 0);
    assert.equal((await here.stop()).code, 0);
    await send([ann], ['2', '3']);
    const [before, after] = ['before', 'after'].map((name) => join(PGHOST, name));
    const socket = join(PGHOST, 'moved');
    const there = (statement) => sql(statement, socket);
    const bin = (program, ...words) => run('sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', PGHOST, ...asPostgres,
        join(SERVER_BIN, program), ...words);
    const server = (data, ...words) => bin('pg_ctl', '-D', data, '-w', '-l', join(PGHOST, 'moved.log'), '-o',
        `-k ${socket} -c listen_addresses='' -c fsync=off -c max_connections=200`, ...words);
    runAsPostgres('mkdir', socket);
    try {
        bin('pg_basebackup', '-h', PGHOST, '-U', 'postgres', '-D', before, '-X', 'stream', '-c', 'fast');
        server(before, 'start');
        server(before, 'stop');
        bin('initdb', '-D', after, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync');
        const fast = run(join(SERVER_BIN, 'pg_upgrade'), '--help').includes('--no-sync') ? ['--link', '--no-sync']
            : ['--link'];
        bin('pg_upgrade', '-b', SERVER_BIN, '-B', SERVER_BIN, '-d', before, '-D', after, '-U', 'postgres', '-s', socket,
            ...fast);
        server(after, 'start');
        assert.notEqual(there('select system_identifier from pg_control_system()'),
            sql('select system_identifier from pg_control_system()'), 'another cluster');
        const moved = start('o365-worker', {database: `host=${socket} dbname=o365`, worker_name: 'there', ...posting});
        there(`select o365.send(${ann}, '{"text": "4"}')`);
        await until('the cards', () => there('select count(*) from o365_internal.outbox') === '0');
        there(`select o365.send(${ann}, '{"text": "5"}')`);
        await until('the last card', () => there('select count(*) from o365_internal.outbox') === '0');
        assert.deepEqual(texts(), ['1', '2', '3', '4', '5']);
        assert.equal((await moved.stop()).code, 0);
        const health = "select coalesce(string_agg(code, ' ' order by code), '') from o365.health()";
        assert.equal(there(health), sql(health));
    } finally {
        server(after, 'stop', '-m', 'immediate');
        far.close();
    }
});
