// The preflight: what it says of a connector that is well, and of one with each fault that it knows.
import assert from 'node:assert/strict';
import https from 'node:https';
import {spawn, spawnSync} from 'node:child_process';
import {appendFileSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {asApplication, asSuperuser, BUILD, CONFIG, connect, LOGS, openBrowser, PUBLIC_URL, ROOT, sql, STACK_DIR,
    TIME_SCALE, until} from './harness.mjs';

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
