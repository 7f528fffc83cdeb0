// The database as operators have it: a standby, a server that takes no writes, a role that may not log in, one that
// stands still or is silent, a pooler. The real worker and responder against real servers; run it by
// tests/database/run.
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {existsSync, readFileSync, renameSync, symlinkSync, writeFileSync} from 'node:fs';
import net from 'node:net';
import {join} from 'node:path';
import {after, before, test} from 'node:test';

import {ask, asPostgres, direct, end, folder, install, nextNumber, PGHOST, ROOT, run, runAsPostgres, running,
    SERVER_BIN, sessionOf, sql, start, until, wait, worker, workersSeen} from './harness.mjs';

before(install);
after(end);

// What a person gets who presses the Connect button, at a responder that cannot write: a page that asks again. `--once`
// does not wait.
const press = (socket) => ask(socket, {...SITE, REQUEST_METHOD: 'POST', PATH_INFO: '/connect/desk/start',
    HTTP_SEC_FETCH_SITE: 'same-origin'});
async function nothingIsWritten(socket, responder, database, why) {
    assert.match(await ask(socket, {...SITE, PATH_INFO: '/connect/desk/'}), /Status: 200/, 'what reads goes on');
    assert.match(await press(socket), /Status: 503[^]*Retry-After: \d/);
    assert.match(responder.log(), why);
    const begun = Date.now();
    const once = worker(database, '--once', '--deadline', '20s');
    const end = await once.ended;
    assert.equal(end.code, 1);
    assert.ok(end.at - begun < 5000, `--once took ${end.at - begun} ms`);
    assert.match(once.output, why);
}

test('F9: a worker on a standby waits with one line and goes on within seconds of the promotion', async () => {
    const data = join(PGHOST, 'standby');
    const socket = join(PGHOST, 'second');
    const log = join(PGHOST, 'standby.log');
    runAsPostgres('mkdir', socket);
    runAsPostgres(join(SERVER_BIN, 'pg_basebackup'), '-h', PGHOST, '-U', 'postgres', '-D', data, '-R', '-X', 'stream',
        '-c', 'fast');
    const server = (...words) => runAsPostgres(join(SERVER_BIN, 'pg_ctl'), '-D', data, ...words);
    server('start', '-w', '-l', log, '-o', `-k ${socket} -c listen_addresses='' -c fsync=off -c max_connections=200`);
    const database = `host=${socket} dbname=o365`;
    const waiting = worker(database);
    const page = join(folder, 'standby.sock');
    const responder = start('o365-connector.fcgi', {database, responder_socket: page});
    try {
        await responder.logs('event=serving');
        await nothingIsWritten(page, responder, database, /read-only transaction/);
        // It has tried several times by now.
        await until('four tries', () => (readFileSync(log, 'utf8').match(/read-only transaction/g) ?? []).length >= 4);
        assert.equal(waiting.count('database_lost'), 1);
        assert.match(waiting.log(), /event=database_lost count=1 .*read-only transaction.*\. The server is a standby/);
        const before = workersSeen(socket);
        const promoted = Date.now();
        server('promote', '-w');
        await until('the worker at the promoted server', () => workersSeen(socket) === before + 1, 10);
        assert.ok(Date.now() - promoted < 10000);
        await waiting.logs('event=database_back');
        await until('the responder to write', async () => /state=/.test(await press(page)), 10);
        assert.deepEqual((await waiting.stop()).code, 0);
        assert.equal((await responder.stop()).code, 0);
    } finally {
        server('stop', '-m', 'immediate');
    }
});

test('F9: a worker whose server takes no writes any more waits, and goes on when it takes them again', async () => {
    const beating = worker(direct);
    const page = join(folder, 'read-only.sock');
    const responder = start('o365-connector.fcgi', {database: direct, responder_socket: page});
    await responder.logs('event=serving');
    assert.match(await press(page), /state=/);
    await until('its start', () => sessionOf('o365-worker') > 0 && workersSeen() > 0);
    sql('alter system set default_transaction_read_only = on');
    sql('select pg_reload_conf()');
    try {
        await beating.logs('event=database_lost');
        await wait(1500);  // it goes on trying every two seconds, and says nothing
        assert.equal(beating.count('database_lost'), 1);
        assert.equal(beating.child.exitCode, null);
        await nothingIsWritten(page, responder, direct, /read-only transaction/);
    } finally {
        run('psql', '-qX', '-c', 'set default_transaction_read_only = off', '-c',
            'alter system reset default_transaction_read_only',
            '-c', 'select pg_reload_conf()');
    }
    await beating.logs('event=database_back');
    await until('the responder to write', async () => /state=/.test(await press(page)), 10);
    assert.equal((await beating.stop()).code, 0);
    assert.equal((await responder.stop()).code, 0);
});

for (const [what, breaks, mends, told] of [
    ['a role that may not log in', 'alter role o365_worker nologin', 'alter role o365_worker login',
    /not permitted to log in/],
    ['a role without a free connection', 'alter role o365_worker connection limit 0',
    'alter role o365_worker connection limit -1', /too many connections/],
]) {
    test(`${what} is told in words, once, and waited for`, async () => {
        sql(breaks);
        const refused = worker(direct);
        try {
            await refused.logs('event=database_lost');
            await wait(1500);
            assert.equal(refused.count('database_lost'), 1);
            assert.match(refused.log(), told);
            const seen = workersSeen();
            sql(mends);
            await until('its start', () => workersSeen() === seen + 1, 10);
        } finally {
            sql(mends);
        }
        assert.equal((await refused.stop()).code, 0);
    });
}

test('--once with a deadline ends whatever holds its statements, and says what did', async () => {
    const session = spawn('psql', ['-qXAt', '-d', 'o365'], {stdio: ['pipe', 'pipe', 'ignore']});
    session.stdin.write('begin; lock table o365_internal.lane; select 1;\n');
    await new Promise((resolve) => session.stdout.once('data', resolve));
    try {
        const begun = Date.now();
        const once = worker(direct, '--once', '--deadline', '2s');
        const end = await once.ended;
        assert.equal(end.code, 1);
        assert.ok(end.at - begun < 8000, `took ${end.at - begun} ms`);
        assert.match(once.output, /has not answered within/);
        // The statement was not left behind: the lock is nobody's but the session's.
        await until('the cancelled statement to be gone', () => sessionOf('o365-worker') === 0);
    } finally {
        session.stdin.end('rollback;\n');
    }
});

test('--once with a deadline and SIGTERM hold with a database host that accepts and is silent', async () => {
    const silent = net.createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const database = `host=127.0.0.1 dbname=o365 port=${silent.address().port}`;
    try {
        const begun = Date.now();
        const once = worker(database, '--once', '--deadline', '2s');
        const end = await once.ended;
        assert.equal(end.code, 1);
        assert.ok(end.at - begun < 5000, `took ${end.at - begun} ms`);
        assert.match(once.output, /could not connect to the database: 127\.0\.0\.1: no answer within 2 s/);
        const endless = worker(database);
        await endless.logs('event=database_lost', 20);
        const told = Date.now();
        assert.equal((await endless.stop()).code, 0);
        assert.ok(Date.now() - told < 6000, `took ${Date.now() - told} ms`);
    } finally {
        silent.close();
    }
});

test('SIGTERM ends a worker whose session stands still, and a new session takes its last words', async () => {
    const frozen = worker(direct);
    const pid = await until('its session', () => sessionOf('o365-worker'));
    process.kill(pid, 'SIGSTOP');
    try {
        await wait(300);  // a claim is under way
        const told = Date.now();
        assert.equal((await frozen.stop()).code, 0);
        assert.ok(Date.now() - told < 8000, `took ${Date.now() - told} ms`);
    } finally {
        process.kill(pid, 'SIGCONT');
    }
});

test('F56: SIGHUP opens the log file of a worker again, and the worker goes on', async () => {
    const moved = worker(direct);
    await until('its session', () => sessionOf('o365-worker'));
    renameSync(moved.logFile, `${moved.logFile}.1`);
    moved.child.kill('SIGHUP');
    await moved.logs('event=log_reopened');
    assert.equal((await moved.stop()).code, 0);
    assert.match(moved.log(), /event=stopping signal=15/);
});

test('F56: SIGHUP opens the log file of the sandbox again, and it goes on answering', async () => {
    run('psql', '-qX', '-v', 'ON_ERROR_STOP=1', '-d', 'o365', '-f', join(ROOT, 'sql/sandbox.sql'));
    const socket = join(folder, 'sandbox.sock');
    const sandbox = start('o365-sandbox.fcgi', {database: direct, sandbox_socket: socket});
    const home = () => ask(socket, {...SITE, PATH_INFO: '/'});
    await sandbox.logs('event=serving');
    assert.match(await home(), /Status: 200/);
    // A request that waits for the database meanwhile is answered all the same.
    const session = spawn('psql', ['-qXAt', '-d', 'o365'], {stdio: ['pipe', 'pipe', 'ignore']});
    session.stdin.write('begin; lock table o365_internal.sandbox_post; select 1;\n');
    await new Promise((resolve) => session.stdout.once('data', resolve));
    const feed = ask(socket, {...SITE, PATH_INFO: '/feed'});
    await until('a request to wait',
        () => sql("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = 'o365'") !== '0');
    renameSync(sandbox.logFile, `${sandbox.logFile}.1`);
    sandbox.child.kill('SIGHUP');
    await sandbox.logs('event=log_reopened');
    session.stdin.end('rollback;\n');
    assert.match(await feed, /Status: 200/);
    assert.match(await home(), /Status: 200/);
    await until('the requests in the new file', () => sandbox.count('request') === 2);
    assert.equal((await sandbox.stop()).code, 0);
    assert.match(sandbox.log(), /event=stopped/);
    assert.doesNotMatch(readFileSync(`${sandbox.logFile}.1`, 'utf8'), /event=(log_reopened|stopping)/);
});

test('F51: a sandbox whose schema is too old says so, and does not start', async () => {
    run('psql', '-qX', '-v', 'ON_ERROR_STOP=1', '-d', 'o365', '-f', join(ROOT, 'sql/sandbox.sql'));
    sql('update o365_internal.migration set number = -number where number > 20');
    try {
        const sandbox = start('o365-sandbox.fcgi', {database: direct, sandbox_socket: join(folder, 'old.sock')});
        assert.equal((await sandbox.ended).code, 1);
        assert.match(sandbox.output, /schema has version 20, and this program is of version \d+.*install\.sql/);
    } finally {
        sql('update o365_internal.migration set number = -number where number < 0');
    }
});

// ---- PgBouncer ------------------------------------------------------------------------------------------------------

function pooler(mode) {
    const home = join(PGHOST, `pooler-${nextNumber()}`);
    runAsPostgres('mkdir', home);
    const roles = ['postgres', 'o365_worker', 'o365_responder'];
    const write = (name, text) =>
        execFileSync(...(([command, ...args]) => [command, args])([...asPostgres, 'tee', join(home, name)]),
        {input: text});
    write('users', roles.map((role) => `"${role}" ""\n`).join(''));
    // One server session for all clients of a role: they take turns in it.
    write('ini', `[databases]
o365 = host=${PGHOST} port=5432
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = ${home}
auth_type = trust
auth_file = ${join(home, 'users')}
pool_mode = ${mode}
default_pool_size = 1
logfile = ${join(home, 'log')}
`);
    const command = [...asPostgres, 'pgbouncer', join(home, 'ini')];
    const child = spawn(command[0], command.slice(1),
        {stdio: 'ignore', env: {...process.env, PATH: `${process.env.PATH}:/usr/sbin`}});
    running.add(child);
    return {child, database: `host=${home} port=6432 dbname=o365`,
        ready: until('the pooler', () => existsSync(join(home, '.s.PGSQL.6432')))};
}

const WEBHOOK = `https://outlook.office.com/webhookb2/${'a'.repeat(8)}-0000-0000-0000-000000000000@`
    + `${'b'.repeat(8)}-0000-0000-0000-000000000000/` +
    `IncomingWebhook/${'c'.repeat(32)}/${'d'.repeat(8)}-0000-0000-0000-000000000000`;
const SITE = {REQUEST_METHOD: 'GET', QUERY_STRING: ''};

test('behind PgBouncer that pools transactions everything works without prepared statements, hostile settings or not',
    async () => {
    const {database, child, ready} = pooler('transaction');
    await ready;
    const settings = {database, prepared_statements: 'off'};
    for (const role of ['o365_worker', 'o365_responder'])
        for (const setting of ["bytea_output = escape", 'array_nulls = off',
            'default_transaction_isolation = serializable', "datestyle = 'SQL, DMY'"])
            sql(`alter role ${role} set ${setting}`);
    const socket = join(folder, 'pooled.sock');
    const responder = start('o365-connector.fcgi', {...settings, responder_socket: socket});
    const two = ['one', 'two'].map((name) => start('o365-worker', {...settings, worker_name: `pooled-${name}`}));
    try {
        await responder.logs('event=serving');
        await Promise.all(Array.from({length: 20}, async () =>
            assert.match(await ask(socket, {...SITE, PATH_INFO: '/connect/desk/'}), /Status: 200/)));
        const started = await ask(socket,
            {...SITE, REQUEST_METHOD: 'POST', PATH_INFO: '/connect/desk/start', HTTP_SEC_FETCH_SITE: 'same-origin'});
        const state = started.match(/state=([\w-]+)/)[1];
        const cookie = started.match(/Set-Cookie: ([^;]+)/)[1];
        const connected = await ask(socket, {...SITE, PATH_INFO: '/connect/desk/callback', HTTP_COOKIE: cookie,
            QUERY_STRING: new URLSearchParams({state, webhook_url: WEBHOOK, group_name: 'G', app_type: 'Groups'})
                .toString()});
        assert.match(connected, /Status: 302[^]*\/done\//);
        // No name server answers here: the card is claimed, its webhook opened and adopted, and that reported.
        sql(`select o365.send(subscription_id, '{"text":"hello"}') from o365_internal.subscription`);
        await until('a report', () => sql("select blocked from o365_internal.lane") === 'worker');
        assert.equal(responder.count('request_failed'), 0);
        for (const one of two) {
            assert.equal(one.count('database_lost'), 0, one.log());
            assert.equal((await one.stop()).code, 0);
        }
        // Nothing of ours stays in the session that others get.
        const left = run('psql', '-qXAt', `${database} user=o365_worker`, '-c',
            "select current_setting('bytea_output'), (select count(*) from pg_prepared_statements)");
        assert.equal(left.trim(), 'escape|0');
        assert.equal((await responder.stop()).code, 0);
    } finally {
        for (const role of ['o365_worker', 'o365_responder']) sql(`alter role ${role} reset all`);
        child.kill('SIGKILL');
    }
});

test('behind a pooler of transactions a worker that prepares says so and goes on; a pooler of sessions is no matter',
    async () => {
    const transactions = pooler('transaction');
    await transactions.ready;
    // Each has two sessions, for delivery and for chores: four that the pooler serves by one of the server.
    const two = ['one', 'two'].map((name) =>
        start('o365-worker', {database: transactions.database, worker_name: `mixed-${name}`}));
    await Promise.any(two.map((one) => one.logs('event=statements_unprepared')));
    assert.match(two.map((one) => one.log()).join(''), /event=statements_unprepared .*set prepared_statements = off/);
    sql(`update o365_internal.lane set next_at = now(), not_before = null, why = null, blocked = null,
        blocked_since = null`);
    await until('a report', () => sql("select blocked from o365_internal.lane") === 'worker');
    for (const one of two) {
        assert.equal((await one.stop()).code, 0);
        assert.equal(one.count('database_lost') + one.count('chores_failed'), 0, one.log());
    }
    transactions.child.kill('SIGKILL');
    const sessions = pooler('session');
    await sessions.ready;
    const fine = start('o365-worker', {database: sessions.database});
    await fine.logs('event=started');
    assert.equal((await fine.stop()).code, 0);
    assert.equal(fine.count('statements_unprepared'), 0);
    sessions.child.kill('SIGKILL');
});

// ---- A server that takes no connections, and what it is told of ours ------------------------------------------------

test('a server that starts or shuts down (57P03): pages say 503 and when to ask again, a worker waits, both go on',
    async () => {
    const data = join(PGHOST, 'starting');
    const socket = join(PGHOST, 'third');
    const mayStart = join(PGHOST, 'may-start');
    const database = `host=${socket} dbname=o365`;
    runAsPostgres('mkdir', socket);
    runAsPostgres(join(SERVER_BIN, 'pg_basebackup'), '-h', PGHOST, '-U', 'postgres', '-D', data, '-X', 'stream', '-c',
        'fast');
    // Recovery asks for the first piece of log, and waits for it.
    runAsPostgres('touch', join(data, 'recovery.signal'));
    execFileSync(asPostgres[0] ?? 'env', [...asPostgres.slice(1), 'tee', '-a', join(data, 'postgresql.auto.conf')],
        {input: `restore_command = 'while [ ! -e ${mayStart} ]; do sleep 0.05; done; false'\n`});
    const server = (...words) => runAsPostgres(join(SERVER_BIN, 'pg_ctl'), '-D', data, ...words);
    const begin = (...words) => server('start', ...words, '-l', join(PGHOST, 'starting.log'), '-o',
        `-k ${socket} -c listen_addresses='' -c fsync=off -c max_connections=200`);
    const ended = () => !existsSync(join(data, 'postmaster.pid'));
    begin('-W');
    const page = join(folder, 'starting.sock');
    const responder = start('o365-connector.fcgi', {database, responder_socket: page});
    const landing = () => ask(page, {...SITE, PATH_INFO: '/connect/desk/'});
    const both = async (told, mends) => {
        const waiting = worker(database);
        await waiting.logs('event=database_lost');
        assert.match(waiting.log(), told);
        const answer = await landing();
        assert.match(answer, /Status: 503/);
        assert.match(answer, /Retry-After: \d+/);
        await wait(700);  // further tries
        assert.equal(waiting.count('database_lost'), 1);
        await mends();
        await waiting.logs('event=database_back', 15);
        await until('the page', async () => /Status: 200/.test(await landing()), 10);
        assert.equal((await waiting.stop()).code, 0);
    };
    try {
        await until('the server to listen', () => existsSync(join(socket, '.s.PGSQL.5432')));
        await both(/event=database_lost count=1 .*the database system is (starting up|not yet accepting connections)/,
            () => runAsPostgres('touch', mayStart));
        assert.equal((await responder.stop()).code, 0);
        // A session keeps it from ending.
        const session = spawn('psql', ['-qXAt', '-h', socket, '-d', 'o365'], {stdio: ['pipe', 'pipe', 'ignore']});
        session.stdin.write('select 1;\n');
        await new Promise((resolve) => session.stdout.once('data', resolve));
        server('stop', '-m', 'smart', '-W');
        const again = start('o365-connector.fcgi', {database, responder_socket: page});
        await again.logs('event=serving');
        await both(/event=database_lost count=1 .*the database system is shutting down/, async () => {
            session.kill();
            await until('the server to have ended', ended);
            begin('-w');
        });
        assert.equal((await again.stop()).code, 0);
    } finally {
        if (!ended()) server('stop', '-m', 'immediate');
    }
});

test('the limits of our sessions are those of the manual, as the server sees them',
    {skip: !process.env.OWN_NETWORK && 'the server has no address'}, async () => {
    const database = 'host=127.0.0.1 dbname=o365';
    // Each program's own session writes down what holds in it.
    sql(`create table public.limits (role text, name text, setting text, primary key (role, name));
         create function public.write_limits() returns trigger language plpgsql security definer as $$ begin
             insert into public.limits select session_user, s.name, s.setting from pg_settings as s
                 where s.name ~ '^(tcp_.*|(lock|statement|transaction|idle_in_transaction_session)_timeout)$'
                    or s.name = 'client_connection_check_interval' on conflict do nothing;
             return null; end $$;
         create trigger limits after insert on o365_internal.worker execute function public.write_limits();
         create trigger limits after insert on o365_internal.connect_attempt execute function public.write_limits()`);
    const page = join(folder, 'limits.sock');
    // What holds for each role.
    const limits = async (settings) => {
        sql('truncate public.limits');
        const responder = start('o365-connector.fcgi', {database, responder_socket: page, ...settings});
        const beating = start('o365-worker', {database, worker_name: 'limits', ...settings});
        try {
            await responder.logs('event=serving');
            assert.match(await press(page), /state=/);
            await until('the worker to begin',
                () => sql("select count(*) from public.limits where role = 'o365_worker'") !== '0');
            return Object.fromEntries(['o365_worker', 'o365_responder'].map((role) =>
                [role, Object.fromEntries(sql(`select name, setting from public.limits where role = '${role}'`)
                    .split('\n').map((line) => line.split('|')))]));
        } finally {
            await beating.stop();
            await responder.stop();
        }
    };
    const manual = {client_connection_check_interval: '2000', idle_in_transaction_session_timeout: '15000',
        tcp_keepalives_count: '3', tcp_keepalives_idle: '10', tcp_keepalives_interval: '3', tcp_user_timeout: '15000'};
    const since17 = (ms) => (Number(sql("select current_setting('server_version_num')")) >= 170000
        ? {transaction_timeout: ms} : {});
    const ours = {
        o365_worker: {lock_timeout: '0', statement_timeout: '0', ...since17('65000')},
        o365_responder: {lock_timeout: '2000', statement_timeout: '10000', ...since17('15000')},
    };
    try {
        const sessions = await limits({});
        for (const [role, some] of Object.entries(ours)) assert.deepEqual(sessions[role], {...manual, ...some});
        // As behind a pooler: what belongs to a transaction.
        const calls = await limits({prepared_statements: 'off'});
        for (const [role, some] of Object.entries(ours))
            for (const [name, setting] of Object.entries(some)) assert.equal(calls[role][name], setting, name);
    } finally {
        sql('drop function public.write_limits() cascade; drop table public.limits');
    }
});

// ---- A worker that is stopped before it begins ----------------------------------------------------------------------

test('--once that is told to end before it has begun ends in order', async () => {
    // It waits for its keys, and takes no signal yet.
    const keys = join(folder, 'keys-to-come');
    run('mkfifo', '-m', '600', keys);
    const once = start('o365-worker', {database: direct, key_file: keys}, '--once');
    await once.logs('event=started');
    once.child.kill('SIGTERM');
    writeFileSync(keys, readFileSync(join(folder, 'keys')));
    const {code, signal} = await once.ended;
    // Whichever of its answers: what other tests have left is not its matter.
    assert.ok(signal === null && [0, 69, 75].includes(code), `${code} ${signal} ${once.output}`);
    assert.match(once.log(), new RegExp(`event=stopping signal=15[^]*event=ended code=${code}`));
});

// ---- Threads that fail ----------------------------------------------------------------------------------------------

// What the kernel refuses: a stack larger than memory has addresses; a descriptor more than each thread's database
// connection needs.
for (const [what, limit, logged] of [
    ['that throws', '--nofile=100', /event=thread_failed why="could not make a file in memory: Too many open files"/],
    ['that cannot be made', '--stack=140737488355328',
        /event=threads_failed threads=65 why="Resource temporarily unavailable"/],
]) {
    test(`a thread of the responder ${what} is logged, and the program ends in order`, async () => {
        const page = join(folder, 'limited.sock');
        const limited = start('o365-connector.fcgi',
            {database: direct, responder_socket: page, threads: 64, under: ['prlimit', limit]});
        const {code, signal} = await limited.ended;
        assert.deepEqual({code, signal}, {code: 1, signal: null});
        assert.match(limited.log(), logged);
        assert.match(limited.log(), new RegExp('event=stopped threads=65[^]*'
            + 'event=stopped why="could not go on serving: a thread failed, the log says why"'));
        assert.match(limited.output, /could not go on serving: a thread failed/);
        assert.ok(!existsSync(page));
    });
}

test('a worker that cannot make its first thread, or the one that sends, logs it and ends in order', async () => {
    const first = start('o365-worker', {database: direct, under: ['prlimit', '--stack=140737488355328']});
    // The second waits for its database, and has no room for another stack when that comes.
    const away = join(folder, 'away');
    const second = worker(`host=${away} dbname=o365`);
    await second.logs('event=database_lost');
    const [, kB] = readFileSync(`/proc/${second.child.pid}/status`, 'utf8').match(/VmSize:\s+(\d+) kB/);
    run('prlimit', '--pid', String(second.child.pid), `--as=${(Number(kB) + 4096) * 1024}`);
    symlinkSync(PGHOST, away);
    for (const one of [first, second]) {
        const {code, signal} = await one.ended;
        assert.deepEqual({code, signal}, {code: 1, signal: null});
        assert.match(one.log(), /event=failed problem="Resource temporarily unavailable"/);
        assert.match(one.output, /o365-worker: Resource temporarily unavailable/);
    }
});

