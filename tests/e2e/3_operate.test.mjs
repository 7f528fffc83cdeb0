// The responder under its operator: stopped, restarted, without its database.
import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import https from 'node:https';
import {join} from 'node:path';
import {test} from 'node:test';
import {testOnce} from './harness.mjs';

import {
    asApplication, asSuperuser, BUILD, Client, CONFIG, connect, LOGS, openBrowser, photograph, PUBLIC_URL, ROOT,
        SANDBOX_URL, sql, stack,
    STACK_DIR, ticketLink, TIME_SCALE, toPicker, until,
} from './harness.mjs';

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
        const {status, stderr} = spawnSync(join(BUILD, 'o365-worker'), ['--config', config, '--check'],
            {encoding: 'utf8'});
        assert.equal(status, 1, `${line} = ${value}`);
        return stderr;
    };
    assert.match(check('ca_file', '/nowhere'), /ca_file = \/nowhere holds no certificate/);
    assert.match(check('proxy', 'nonsense'), /proxy is no URL/);
    assert.match(check('log', '/nowhere/o365.log'), /could not open the log file '\/nowhere\/o365.log'/);
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
        /^warning: .*it\.json lacks texts, which are shown in English: action\.card, .* and \d+ more$/m);
    assert.match(stdout, /^warning: .*it\.json has texts that no page shows: landing\.haeding$/m);
    assert.doesNotMatch(stdout, /de\.json/);
    assert.match(check('language = it').stdout,
        /^error: the setting language names 'it', and there are texts in de, en, es, fr only$/m);
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

// ---- The preflight: what it says of a connector that is well, and of one with each fault that it knows.

const attemptsAndLinks = () => asSuperuser(`select (select count(*) from o365_internal.connect_attempt),
    (select count(*) from o365_internal.manage_link), (select count(*) from o365_internal.subscription)`);
/** Runs o365-worker preflight. `findings`: a line for each that did not pass, "fail callback: ...". */
async function preflight(connector, ...words) {
    // Not by spawnSync: the server in the middle is this program's.
    const worker = spawn(join(BUILD, 'o365-worker'), ['--config', CONFIG, 'preflight', connector, '--json', ...words]);
    let stdout = '';
    let stderr = '';
    worker.stdout.on('data', (part) => { stdout += part; });
    worker.stderr.on('data', (part) => { stderr += part; });
    const status = await new Promise((resolve) => worker.on('close', resolve));
    const answer = stdout === '' ? {findings: []} : JSON.parse(stdout);
    const findings = answer.findings.filter(({verdict}) => verdict !== 'pass')
        .map(({item, verdict, object, problem, next_step: next}) => {
            assert.ok(object && problem && next, `${item} names an object, a problem and the next step`);
            return `${verdict} ${item}: ${problem}`;
        });
    return {status, stderr, answer, findings, failed: findings.filter((line) => line.startsWith('fail'))};
}

// Faults of one round are there together: none hides another's sentence.
const faults = (address) => [
    // round; fault; whose finding; what it says; SQL that brings it about and takes it back, a card that is sent, cards
    // that ended, what the web server does with an answer (web) or a request (ask)
    [1, 'a landing page that the web server does not pass on', 'landing', /answers 404, but not by the responder/,
        {web: ({path, answer}) => path === '/connect/checked/' && Object.assign(answer, {status: 404, headers: {}})}],
    [1, 'a callback that browsers keep', 'callback', /After Deny: It answers 301: answer 302, which no browser keeps\./,
        {web: ({answer}) => answer.status === 302 && (answer.status = 301)}],
    [1, 'no help page', 'documentation', /The help page answers 500\./,
        {web: ({path, answer}) => path.endsWith('/help') && (answer.status = 500)}],
    [1, 'no logo', 'logo', /answers 404 with something that is no picture/, {web: ({path, answer}) =>
        path.endsWith('/logo') && Object.assign(answer, {status: 404, headers: {'content-type': 'text/html'}})}],
    [1, 'manage pages that the web server does not pass on', 'pause', /answers 404, but not by the responder/,
        {web: ({path, answer}) => path.startsWith('/manage/') && Object.assign(answer, {status: 404, headers: {}})}],
    [1, 'pages of actions that the web server does not pass on', 'actions', /answers 404, but not by the responder/,
        {web: ({path, answer}) => path.startsWith('/action/') && Object.assign(answer, {status: 404, headers: {}})}],
    [1, 'a name with a trademark', 'name', /The name 'Microsoft Helpdesk' holds the trademark Microsoft\./,
        {on: "select o365.alter_connector('checked', name => 'Microsoft Helpdesk')",
            off: "select o365.alter_connector('checked', name => 'Checked Helpdesk')"}],
    [1, 'descriptions that say nothing', 'descriptions', /The long description has 5 characters, the short one \d+\./,
        {on: "select o365.alter_connector('checked', long_description => 'Posts')",
            off: "select o365.alter_connector('checked', long_description => 'Checked Helpdesk posts new tickets "
            + "and answers into the group that works on them.')"}],
    [1, 'a home page for a landing page', 'landing', /is a home page, not the page with the button/,
        {on: `select o365.alter_connector('checked', landing_page => '${address}/')`,
            off: `select o365.alter_connector('checked', landing_page => '${address}/other/start')`}],
    [1, 'a website that there is not', 'website',
        /It answers 404\./, {on: `select o365.alter_connector('checked', website => '${address}/other/gone')`,
            off: `select o365.alter_connector('checked', website => '${address}/other/website')`}],
    [1, 'a target that does not answer', 'targets', /It could not be reached: /,
        {on: "select o365.alter_connector('checked', target_urls => '{https://app.localhost:1}')",
            off: "select o365.alter_connector('checked', target_urls => '{}')"}],
    [1, 'HTML in a card', 'markdown', /1 card of the last week had HTML; one of them: text has HTML/,
        {card: {text: 'a <table> of <b>tickets</b>'}}],
    [1, 'too many cards in a day', 'few', /got 1\d\d cards on \S+ \(UTC\), more than 100\./,
        {ended: [101, 'delivered']}],
    [2, 'a landing page that fetches from elsewhere',
        'headers', /Its page fetches something from https:\/\/cdn\.example\.net\./, {web: ({path, answer}) =>
            path === '/connect/checked/' && (answer.body += '<script src="https://cdn.example.net/a.js"></script>')}],
    [2, 'a callback whose redirect takes the parameters along',
        'callback', /With a webhook: It redirects, but takes the parameters along\./,
        {web: ({query, answer}) => answer.status === 302 && (answer.headers.location += `&${query}`)}],
    [2, 'a help page of somebody else', 'documentation', /says nothing of this connector/,
        {web: ({path, answer}) => path.endsWith('/help') && (answer.body = 'Help')}],
    [2, 'a connection that cannot be paused',
        'pause', /no button to pause it/, {web: ({path, answer}) => path.startsWith('/manage/')
            && (answer.body = answer.body.replace(/<button[^>]*value="pause".*?<\/button>/, ''))}],
    [2, 'calls of actions that the web server does not pass on',
        'actions', /A POST is answered with 404, but not by the responder/,
        {web: ({path, answer}) => path === '/action' && Object.assign(answer, {status: 404, headers: {}})}],
    [2, 'a target whose certificate is another\'s', 'targets',
        /It could not be reached: .*certificate/i, {on: `select o365.alter_connector('checked', `
            + `target_urls => '{${address.replace('app.localhost', 'api.app.localhost')}}')`,
            off: "select o365.alter_connector('checked', target_urls => '{}')"}],
    [2, 'a template that nobody filled', 'markdown', /1 card of the last week had text that is shown as it was typed/,
        {card: {text: 'Hello {{name}}'}}],
    [2, 'many cards and no digest', 'digest', /2\d cards came to one place in a day, each at once/,
        {ended: [21, 'delivered']}],
    [3, 'a landing page of somebody else', 'landing', /does not show the connector's name/, {web: ({path, answer}) =>
        path === '/connect/checked/' && (answer.body = answer.body.replaceAll('Checked Helpdesk', 'It works!'))}],
    [3, 'a callback that stays where it is', 'callback', /answers 200 with neither a redirect nor a referrer policy/,
        {web: ({answer}) => answer.status === 302 && Object.assign(answer,
            {status: 200, headers: {'content-type': 'text/html'}, body: 'Thank you'})}],
    [3, 'a connection that cannot be removed', 'pause', /no way to remove it/, {web: ({path, answer}) =>
        path.startsWith('/manage/') && (answer.body = answer.body.replace(/\?ask=remove/, '#'))}],
    [3, 'a button that opens nothing', 'actions', /1 card of the last week had a button that does nothing/,
        {card: {'@type': 'MessageCard', '@context': 'https://schema.org/extensions', summary: 's', text: 't',
            potentialAction: [{'@type': 'OpenUri', name: 'Open', targets: [{os: 'default', uri: 'nowhere'}]}]}}],
    [4, 'a landing page without a way on', 'landing', /leads nowhere/, {web: ({path, answer}) =>
        path === '/connect/checked/' && (answer.body = answer.body.replaceAll(`${address}/other/website`, '#'))}],
    [4, 'a callback that shows what came', 'callback', /its page shows a parameter/, {web: ({query, answer}) =>
        answer.status === 302 && Object.assign(answer, {status: 200, headers: {...answer.headers, location: undefined,
            'content-type': 'text/html'}, body: `Thank you for ${query}`})}],
    [4, 'a connection without a schedule', 'digest', /lets nobody choose a schedule/, {web: ({path, answer}) =>
        path.startsWith('/manage/') && (answer.body = answer.body.replaceAll('name="every"', ''))}],
    [4, 'a picture that no client loads',
        'looks', /1 card of the last week had something that a phone cuts off or leaves out/,
        {card: {'@type': 'MessageCard', '@context': 'https://schema.org/extensions', summary: 's', text: 't',
            sections: [{images: [{image: 'http://contoso.example/a.png', title: 'a'}]}]}}],
    [4, 'cards that die', 'delivery', /9 of the \d+ cards that ended in the last week are dead/, {ended: [9, 'dead']}],
    [5, 'pages without a referrer policy', 'headers', /lacks the header Referrer-Policy/, {web: ({answer}) => {
        delete answer.headers['referrer-policy'];
        answer.body = answer.body.replace(/<meta name="referrer".*?>/, '');
    }}],
    [5, 'a callback that leads away', 'callback', /it leads away from public_url/,
        {web: ({answer}) => answer.status === 302 && (answer.headers.location = 'https://elsewhere.example.net/')}],
    [6, 'pages that may be stored', 'headers', /lacks the header Cache-Control: no-store/, {web: ({answer}) => {
        answer.headers['cache-control'] = 'max-age=60';
    }}],
    [6, 'a callback that there is not', 'callback', /Without parameters it answers 404\./,
        {web: ({path, answer}) => path.endsWith('/callback') && Object.assign(answer, {status: 404})}],
    [7, 'pages whose type browsers may guess', 'headers', /lacks the header X-Content-Type-Options: nosniff/,
        {web: ({answer}) => delete answer.headers['x-content-type-options']}],
    [7, 'a callback whose query is lost', 'callback', /After Deny: its parameters did not arrive\./,
        {ask: (request) => {
        request.path = request.path.split('?')[0];
    }}],
    [8, 'a callback whose cookie is lost', 'callback', /After Deny: the browser's cookie did not arrive\./,
        {ask: (request) => delete request.headers.cookie}],
    [8, 'a landing page that there is not', 'landing', /The landing page that is registered answers 404\./,
        {on: `select o365.alter_connector('checked', landing_page => '${address}/other/gone')`,
            off: `select o365.alter_connector('checked', landing_page => '${address}/other/start')`}],
    [9, 'a clean page that there is not', 'callback', /The clean page that it leads to answers 404\./,
        {web: ({path, answer}) => path.endsWith('/failed') && (answer.status = 404)}],
];

test('preflight: nothing fails for a right connector, each planted fault fails with its sentence, and nothing stays',
    {timeout: 300000 * TIME_SCALE}, async (t) => {
    // A web server in the middle, which does what a fault says with what the installation's own answers.
    let fault = {};
    const accessLog = join(STACK_DIR, 'middle.log');
    const middle = https.createServer({key: readFileSync(join(STACK_DIR, 'conf/server.key')),
        cert: readFileSync(join(STACK_DIR, 'conf/server.pem'))}, (request, response) => {
        const [path, query = ''] = request.url.split('?');
        if (path.startsWith('/other/')) {
            response.writeHead(path.endsWith('/gone') ? 404 : 200, {'Content-Type': 'text/html'})
                .end('<h1>Contoso</h1>');
            return;
        }
        if (fault.log) appendFileSync(accessLog, `GET ${fault.log(path, query)}\n`);
        const passed = {path: request.url, headers: {...request.headers, host: new URL(PUBLIC_URL).host}};
        fault.ask?.(passed);
        const on = https.request({host: '127.0.0.1', port: process.env.PORT, servername: 'app.localhost',
            ca: readFileSync(process.env.CA), method: request.method, ...passed, agent: false}, (from) => {
            const parts = [];
            from.on('data', (part) => parts.push(part));
            from.on('end', () => {
                const answer = {status: from.statusCode, headers: from.headers, body: Buffer.concat(parts)
                    .toString('latin1')};
                for (const name of ['content-length', 'connection', 'transfer-encoding']) delete answer.headers[name];
                fault.web?.({path, query, answer});
                response.writeHead(answer.status,
                    Object.fromEntries(Object.entries(answer.headers).filter(([, value]) => value !== undefined)));
                response.end(answer.body, 'latin1');
            });
        }).on('error', () => response.destroy());
        request.pipe(on);
    });
    await new Promise((resolve) => middle.listen(0, '127.0.0.1', resolve));
    t.after(() => {
        middle.close();
        middle.closeAllConnections();
    });
    const address = `https://app.localhost:${middle.address().port}`;
    const logo = readFileSync(join(ROOT, 'scripts/demo-logo.png')).toString('base64');
    sql(`select o365.register_connector('checked', 'Checked Helpdesk', decode('${logo}', 'base64'),
        'brings companies and customers together',
            'Checked Helpdesk posts new tickets and answers into the group that works on them.',
                '${address}/other/website', array['a customer opens a ticket'],
            landing_page => '${address}/other/start', support => 'help@example.org');
         select o365.grant_application('demo_app', 'checked')`);
    const {page, close} = await openBrowser();
    const logs = readdirSync(LOGS).filter((name) => /^(nginx|apache).*\.log$/.test(name))
        .flatMap((name) => ['--log', join(LOGS, name)]);
    try {
        await connect(page, 'pia', 'Sales group', 'checked');
        const subscription = asApplication("select subscription_id from o365.connections('pia')");
        const before = attemptsAndLinks();

        // The web server as it is shipped.
        const own = await preflight('checked', ...logs);
        assert.deepEqual(own.failed, []);
        assert.equal(own.status, 0, own.stderr);
        const verdicts = Object.fromEntries(own.answer.findings.map(({item, verdict}) => [item, verdict]));
        for (const item of ['registration', 'logo', 'descriptions', 'website', 'callback', 'headers', 'pause',
            'documentation', 'targets'])
            assert.equal(verdicts[item], 'pass', item);
        assert.equal(verdicts.clients, 'look');
        assert.equal(attemptsAndLinks(), before);
        assert.equal(spawnSync('grep', ['-rlaE', 'preflight-[A-Za-z0-9_-]{20}', LOGS], {encoding: 'utf8'}).stdout, '',
            'no log has what was planted');
        assert.equal((await preflight('nonesuch')).status, 64);

        // Behind each server the pages are the same, and so are their faults.
        if (process.env.SERVER !== 'nginx') return;
        sql(`select o365.set('public_url', '${address}'); select o365.alter_connector('checked', `
            + `callback_url => '${address}/connect/checked/callback')`);
        assert.deepEqual((await preflight('checked')).failed, [], 'nor in the middle');
        const all = faults(address);
        for (const round of new Set(all.map(([number]) => number))) {
            const together = all.filter(([number]) => number === round);
            const changes = together.map((one) => one[4]);
            const each = (kind, does) => changes.filter((change) => change[kind])
                .forEach((change) => does(change[kind]));
            await t.test(together.map(([, what]) => what).join('; '), async () => {
                fault = {web: (exchange) => each('web', (web) => web(exchange)), ask: (request) =>
                    each('ask', (ask) => ask(request))};
                each('on', (text) => sql(text));
                each('card', (card) => asApplication(`select o365.send(${subscription}, '${JSON.stringify(card)}')`));
                each('ended', ([count, outcome]) => asSuperuser(`insert into o365_internal.delivery (at, card_id,
                    subscription_id, outcome, enqueued_at)
                    select now() - interval '1 second', -n, ${subscription}, '${outcome}', now()
                        from generate_series(1, ${count}) as n`));
                try {
                    const {status, failed, stderr} = await preflight('checked');
                    assert.equal(status, 65, stderr);
                    for (const [, what, item, says] of together)
                        assert.ok(failed.some((line) => line.startsWith(`fail ${item}: `) && says.test(line)),
                            `${what}:\n${failed.join('\n')}`);
                } finally {
                    fault = {};
                    each('off', (text) => sql(text));
                    await until('the cards to leave', () => asSuperuser(
                        `select count(*) from o365_internal.outbox where subscription_id = ${subscription}`) === '0');
                    asSuperuser(`delete from o365_internal.card_warning where subscription_id = ${subscription}`);
                    asSuperuser('delete from o365_internal.delivery where card_id < 0');
                }
            });
        }
        await t.test('a log with whole requests', async () => {
            fault = {log: (path, query) => `${path}?${query}`};
            writeFileSync(accessLog, '');
            const {status, failed} = await preflight('checked', '--log', accessLog);
            assert.equal(status, 65);
            assert.ok(failed.join('\n').includes('fail log: Secrets stand in it: a webhook, a state, an object id, '
                + "a ticket, the link to a connection's page, the link to a card's action."));
            fault = {log: (path) => path.replace(/^\/(action|manage)\/.*/, '/$1/***')};
            writeFileSync(accessLog, '');
            const shaped = await preflight('checked', '--log', accessLog, '--log', '/nowhere/access.log');
            assert.deepEqual(shaped.failed, []);
            assert.match(shaped.findings.join('\n'), /look log: It cannot be read: No such file or directory\./);
        });
        await t.test('a web server that is down', async () => {
            fault = {};
            await new Promise((resolve) => { middle.close(resolve); middle.closeAllConnections(); });
            const {status, failed} = await preflight('checked');
            assert.equal(status, 65);
            for (const item of ['landing', 'callback', 'pause', 'documentation', 'logo'])
                assert.ok(failed.some((line) => line.startsWith(`fail ${item}: It could not be reached: `)), item);
        });
        assert.equal(attemptsAndLinks(), before, 'nothing stays');
    } finally {
        await close();
        sql(`select o365.set('public_url', '${PUBLIC_URL}'); select o365.remove_connector('checked', `
            + `and_subscriptions => true)`);
    }
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
