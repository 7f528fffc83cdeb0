// The responder under its operator: stopped, restarted, without its database.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {testOnce, asApplication, asSuperuser, BUILD, Client, CONFIG, LOGS, openBrowser, photograph, PUBLIC_URL, sql,
    stack, STACK_DIR, ticketLink, TIME_SCALE, toPicker, until} from './harness.mjs';

test('a callback that finds no database loses nothing: its page retries by itself', async () => {
    const {page, close} = await openBrowser();
    try {
        await toPicker(page, ticketLink('oda'));
        // The sandbox needs the database as well, so Allow is pressed elsewhere before it goes down; the state is this
        // browser's.
        const callback = await new Client().allow(page.url(), 'Sales');
        await stack('stop', 'postgres', 'INT');
        await page.goto(callback);
        await until('the page that waits', async () => /moment/i.test(await page.textContent('h1').catch(() => '')),
            30);
        await photograph(page, 'database-down');
        const request = await page.textContent('footer code');
        await stack('start', 'postgres');
        await page.waitForURL(/\/done\//, {timeout: 40000});
        assert.equal(asApplication("select status from o365.connections('oda')"), 'active');
        assert.equal(asSuperuser("select outcome from o365_internal.connect_attempt where app_user = 'oda'"),
            'connected');
        // There was no database to note that request in; the log has it.
        assert.match(readFileSync(join(LOGS, 'programs.log'), 'utf8'),
            new RegExp(`event=told_to_wait request=${request}\\b`));
    } finally {
        await close();
    }
});

test('database sessions that stand still stop neither files nor health, and pages come back without them', async () => {
    const client = new Client();
    // The servers of these tests wait five seconds, less than a call of the database may take: mod_fcgid then closes
    // the connection.
    const page = () => client.request(`${PUBLIC_URL}/connect/desk/`).catch((error) => {
        if (process.env.SERVER !== 'apache-fcgid' || error.code !== 'ECONNRESET') throw error;
        return {status: 504};
    });
    await until('the page', async () => (await page()).status === 200);
    const sessions = asSuperuser("select pid from pg_stat_activity where application_name = 'o365-connector.fcgi'")
        .split('\n').map(Number);
    for (const pid of sessions) process.kill(pid, 'SIGSTOP');
    try {
        const asked = Date.now();
        const waiting = Array.from({length: 4}, page);
        assert.equal((await client.request(`${PUBLIC_URL}/connect/static/o365.css`)).status, 200);
        assert.ok([200, 503].includes((await client.request(`${PUBLIC_URL}/healthz`)).status));
        assert.ok(Date.now() - asked < 10000 * TIME_SCALE, 'neither waited for the database');
        for (const answer of await Promise.all(waiting))
            assert.ok([503, 504, 500, 200].includes(answer.status), String(answer.status));
        await until('the page, from new sessions', async () => (await page()).status === 200, 40);
    } finally {
        for (const pid of sessions) process.kill(pid, 'SIGCONT');
    }
});

test('without the responder the server shows its own clean page, and nothing else changes', async () => {
    const {page, close} = await openBrowser();
    try {
        await stack('stop', 'responder');
        const response = await page.goto(`${PUBLIC_URL}/connect/desk/callback?state=state-while-down-1`
            + `&webhook_url=https%3A%2F%2Fcontoso.webhook.office.com%2Fwhile-down-1`);
        assert.equal(response.status(), 503);
        assert.equal(response.headers()['referrer-policy'], 'no-referrer');
        await stack('start', 'responder');
        await page.goto(`${PUBLIC_URL}/connect/desk/`);
        assert.match(await page.textContent('h1'), /Contoso Helpdesk/);
    } finally {
        await close();
    }
});

testOnce('a second host takes the sealing of webhooks over only when it is told to', () => {
    const config = join(STACK_DIR, 'second-host.conf');
    writeFileSync(config, readFileSync(CONFIG, 'utf8').replace(/^key_file = .*$/m,
        `key_file = ${join(STACK_DIR, 'second-host.keys')}`));
    const worker = (...words) => spawnSync(join(BUILD, 'o365-worker'), ['--config', config, ...words],
        {encoding: 'utf8'});
    const refused = worker('keys', 'generate');
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /webhooks are sealed under key [0-9A-F]{16} already: copy the key file that holds it/);
    assert.ok(!existsSync(join(STACK_DIR, 'second-host.keys')), 'and no file is made');
});

testOnce('--check names what would fail later', () => {
    const config = join(STACK_DIR, 'broken.conf');
    const check = (line, value) => {
        writeFileSync(config,
            `${readFileSync(CONFIG, 'utf8').replace(new RegExp(`^${line} = .*\n`, 'm'), '')}${line} = ${value}\n`);
        const {status, stdout} = spawnSync(join(BUILD, 'o365-worker'), ['--config', config, '--check'],
            {encoding: 'utf8'});
        assert.equal(status, 1, `${line} = ${value}`);
        return stdout;
    };
    assert.match(check('ca_file', '/nowhere'),
        /^error: the setting ca_file: '\/nowhere' holds no certificate.*\n  next: /m);
    assert.match(check('proxy', 'nonsense'), /^error: the setting proxy: it is no URL\n  next: /m);
    assert.match(check('log', '/nowhere/o365.log'),
        /^error: the setting log: .*could not open the log file '\/nowhere\/o365.log'/m);
});

test('an operator adds a language and changes a text by files in a folder', async () => {
    const folder = join(STACK_DIR, 'pages');
    mkdirSync(join(folder, 'strings'), {recursive: true});
    writeFileSync(join(folder, 'strings/it.json'),
        JSON.stringify({landing: {heading: '{name} in Office 365, in italiano', haeding: ''}}));
    writeFileSync(join(folder, 'strings/de.json'), JSON.stringify({landing: {heading: 'Eigene Worte für {name}'}}));
    const own = join(STACK_DIR, 'own-pages.conf');
    const before = readFileSync(CONFIG, 'utf8');
    const check = (...lines) => {
        writeFileSync(own, `${before}${lines.map((line) => `${line}\n`).join('')}`);
        return spawnSync(join(BUILD, 'o365-connector.fcgi'), ['--config', own, '--check'], {encoding: 'utf8'});
    };
    const {stdout} = check(`templates = ${folder}`, 'language = it');
    assert.match(stdout,
        /^warning: the pages: .*it\.json lacks texts, which are shown in English: action\.card, .* and \d+ more$/m);
    assert.match(stdout, /^warning: the pages: .*it\.json has texts that no page shows: landing\.haeding$/m);
    assert.doesNotMatch(stdout, /de\.json/);
    assert.match(check('language = it').stdout,
        /^error: the pages: the setting language names 'it', and there are texts in de, en, es, fr only$/m);
    const heading = async (language) => {
        const headers = language ? {'Accept-Language': language} : {};
        const {text} = await new Client().request(`${PUBLIC_URL}/connect/desk/`, undefined, {headers});
        return text.match(/<html lang="(.*?)"[^]*<h1>(.*?)<\/h1>/)?.slice(1).join(': ');
    };
    try {
        writeFileSync(CONFIG, `${before}templates = ${folder}\nlanguage = it\n`);
        await stack('stop', 'responder');
        await stack('start', 'responder');
        assert.equal(await heading('it-CH'), 'it: Contoso Helpdesk in Office 365, in italiano');
        assert.equal(await heading(''), 'it: Contoso Helpdesk in Office 365, in italiano');
        assert.equal(await heading('de'), 'de: Eigene Worte für Contoso Helpdesk');
        assert.equal(await heading('en'), 'en: Get Contoso Helpdesk in Teams');
    } finally {
        writeFileSync(CONFIG, before);
        await stack('stop', 'responder');
        await stack('start', 'responder');
    }
    assert.equal(await heading('it'), 'en: Get Contoso Helpdesk in Teams');
});

testOnce('every program ends with 64 at a wrong option or argument, and says which', () => {
    const run = (name, ...words) => spawnSync(join(BUILD, name), words, {encoding: 'utf8', timeout: 20000});
    const wrong = ['--nonsense', '--config', '--chek', '-x', 'nonsense', '--check=maybe',
        '--config=a --config=b'].map((words) => words.split(' '));
    const workers = [['keys'], ['keys', 'nonsense'], ['keys', 'backup'], ['card', 'check'], ['preflight'],
        ['card', 'check', '-', '--dialect', 'teams'], ['--once', '--deadline', '50 apples'],
        ['--once', '--deadline', '0s'], ['--once', '--deadline', '']];
    for (const [name, cases] of [['o365-worker', [...wrong, ...workers]], ['o365-connector.fcgi', wrong],
        ['o365-sandbox.fcgi', wrong]]) {
        for (const words of cases) {
            const {status, stdout, stderr} = run(name, ...words);
            assert.equal(status, 64, `${name} ${words.join(' ')}: ${stderr}`);
            assert.equal(stdout, '', `${name} ${words.join(' ')}`);
            assert.notEqual(stderr, '', `${name} ${words.join(' ')}`);
        }
        for (const word of ['--help', '--version']) {
            const {status, stdout, stderr} = run(name, word);
            assert.deepEqual([status, stderr], [0, ''], `${name} ${word}`);
            assert.match(stdout, new RegExp(name), `${name} ${word}`);
        }
        // A file that cannot be read is no wrong option.
        assert.equal(run(name, '--config', '/nowhere', '--check').status, 1, name);
    }
});

test("the responder's --check says whose the socket of the running one is",
    {skip: process.env.SERVER === 'apache-fcgid' && 'there is none'}, () => {
    const check = (config) => spawnSync(join(BUILD, 'o365-connector.fcgi'), ['--config', config, '--check'],
        {encoding: 'utf8'}).stdout;
    const socket = readFileSync(CONFIG, 'utf8').match(/^responder_socket = (.*)$/m)[1];
    const {uid, gid} = statSync(socket);
    const name = (database, id) => spawnSync('getent', [database, String(id)], {encoding: 'utf8'}).stdout.split(':')[0];
    assert.ok(check(CONFIG).includes(
        `\nsocket ${socket}: owner ${name('passwd', uid)}, group ${name('group', gid)}, mode 0660\n`), check(CONFIG));
    const elsewhere = join(STACK_DIR, 'elsewhere.conf');
    writeFileSync(elsewhere, readFileSync(CONFIG, 'utf8')
        .replace(/^responder_socket = .*$/m, `responder_socket = ${join(STACK_DIR, 'none.sock')}`));
    assert.doesNotMatch(check(elsewhere), /^socket /m);
});

test('F51: a schema that is too new, too old or absent is told by every program, with both numbers', async () => {
    const program = (name, ...words) =>
        spawnSync(join(BUILD, name), ['--config', CONFIG, ...words], {encoding: 'utf8'});
    const healthz = async () => (await new Client().request(`${PUBLIC_URL}/healthz`)).text;
    const [number, oldest] = asSuperuser('select schema, oldest_program from o365.version()').split('|').map(Number);
    const workers = () => asSuperuser('select max(worker_id) from o365_internal.worker');
    const told = async (pattern) => {
        for (const [name, word] of [['o365-worker', '--check'], ['o365-worker', '--once'],
            ['o365-connector.fcgi', '--check']]) {
            const {status, stdout, stderr} = program(name, word);
            assert.equal(status, 1, `${name} ${word}`);
            assert.match(stdout + stderr, pattern, `${name} ${word}`);
        }
        assert.match(await healthz(), pattern);
    };
    const version = (schema, serves) =>
        asSuperuser(`create or replace function o365.version() returns table (schema integer, oldest_program integer,
            installed_at timestamptz)
        language sql stable security definer set search_path = pg_catalog,
            pg_temp as 'select ${schema}, ${serves}, now()'`);
    const definition = asSuperuser("select pg_get_functiondef('o365.version()'::regprocedure)");
    try {
        // One version apart they go together, and health says which worker is behind.
        version(number + 1, number);
        for (const name of ['o365-worker', 'o365-connector.fcgi'])
            assert.equal(program(name, '--check').status, 0, `${name} one version apart`);
        assert.equal(await healthz(), 'ok\n');
        assert.match(sql("select string_agg(problem, '; ') from o365.health() where object like 'worker %'"),
            new RegExp(`is of version ${number}, the schema has version ${number + 1}`));
        // At its chores, once a minute, it would see what follows and end.
        await stack('stop', 'worker');
        const before = workers();
        version(number + 2, number + 1);
        await told(new RegExp(`schema has version ${number + 2} and works with programs of version ${number + 1} or `
            + `newer, and this program is of version ${number}: upgrade the program`));
        version(oldest - 1, 1);
        await told(new RegExp(
            `schema has version ${oldest - 1}, and this program is of version ${number}.*run sql/install.sql`));
        asSuperuser('alter function o365.version() rename to version_elsewhere');
        await told(new RegExp(
            `schema is of before version \\d+ or not installed, and this program is of version ${number}`));
        asSuperuser('alter function o365.version_elsewhere() rename to version');
        assert.equal(workers(), before, 'no worker that was refused wrote anything');
    } finally {
        asSuperuser(definition);
        await stack('start', 'worker');
        await until('the worker to be back', () => asSuperuser('select o365_internal.workers_away() is null') === 't');
    }
    assert.equal(await healthz(), 'ok\n');
});

test('health is clean at the end', () => {
    // But for holes of the server that the tests happen to run on, and the cookie that 1_endings makes strict on
    // purpose.
    assert.equal(sql(`select string_agg(object || ' ' || problem, '; ') from o365.health()
        where code not in ('server_outdated', 'strict_cookies')`), '');
});
