// An operator's webhooks in a file: imported as active, in the place of dead connectors, once more, and proven by their
// users.
import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {chmodSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {asApplication, asSuperuser, BUILD, Client, code, CONFIG, feedPosts, inspect, openBrowser, remember, SANDBOX_URL,
    sql, STACK_DIR, ticketLink, until, workflow} from './harness.mjs';

const program = new Client();

/** Runs o365-worker import; `input` is the file's text, by standard input unless a name is given. */
function importFile(input, {name, options = ['--active'], connector = 'desk'} = {}) {
    if (name) {
        writeFileSync(join(STACK_DIR, name), input);
        chmodSync(join(STACK_DIR, name), 0o644);
    }
    const run = spawnSync(join(BUILD, 'o365-worker'),
        ['--config', CONFIG, 'import', '--connector', connector, ...options, name ? join(STACK_DIR, name) : '-'],
        {encoding: 'utf8', input: name ? undefined : input, maxBuffer: 1 << 26});
    const counts = run.stderr.match(
        /(\d+) connected, (\d+) replaced, (\d+) activated, (\d+) to prove, (\d+) unchanged, (\d+) refused/)?.slice(1)
        .map(Number);
    return {status: run.status, out: run.stdout, err: run.stderr, counts};
}
const status = (user) => asApplication(
    `select status, dialect, coalesce(group_name, '') from o365.connections('${user}') order by subscription_id`);

// Webhooks that nothing is posted to need not be there. Their host is one of the sandbox's.
const flows = await workflow('Host of imports');
const made = (n) => {
    const url = new URL(flows.url);
    url.pathname = url.pathname.replace(/workflows\/[^/]+/, `workflows/imported${String(n).padStart(23, '0')}`);
    url.searchParams.set('sig', `sig-of-import-${n}`);
    remember('webhook', url.href);
    return url.href;
};

test('500 webhooks of a file are imported at once, what is wrong is named by line, and once more nothing changes',
    async () => {
    // Two users have a connector that is dead by now.
    const dead = [];
    for (const user of ['import-7', 'import-8']) {
        const {location} = await program.request(await program.toCallback(ticketLink(user), 'Sales'));
        assert.match(location, /\/done\//);
        dead.push(asApplication(`select subscription_id from o365.connections('${user}')`));
    }
    asSuperuser(`update o365_internal.subscription set status = 'gone' where subscription_id = ${dead[0]}`);
    const place = asApplication(`select group_name from o365.connections('import-7')`);
    const lines = Array.from({length: 500},
        (ignored, i) => `"${made(i)}";import-${i};${i === 7 || i === 8 ? place : `Place ${i}`};Customer ${i}`);
    const wrong = new Map([
        [17, [`http${made(17).slice(5)};import-17;;`, /begins with http:\/\//]],
        [101, ['https://teams.microsoft.com/l/channel/19%3aabc/General;import-101;;', /link to a channel/]],
        [102, ['https://contoso.webhook.office.com/webhookb2/a@b/IncomingWebhook/0/c;import-102;;',
            /switched off in May 2026/]],
        [103, [`${made(103).replace(flows.url.split('/')[2], 'flows.example.org')};import-103;;`,
            /may not lie on flows\.example\.org:443.*allow_webhook_host/]],
        [104, [`${made(104)};;Place;`, /app_user is empty/]],
        [105, [`import-105;${made(105)};;`, /another column/]],
        [106, [`${made(106)};import-106;A;B;C`, /5 fields/]],
        [107, [`${made(107)};import-99;Place 99;`, /line 101 has the same user and group_name/]],
        [108, [`${made(108)};import-108;"Pl"ace;`, /quotation mark/]],
        [109, [`${made(109).replace(/[&?]sig=[^&]*/, '')};import-109;;`, /the end of webhook_url is missing/]],
    ]);
    for (const [i, [line]] of wrong) lines[i] = line;
    const file = `\uFEFFWebhook_URL;app_user;group_name;label\r\n${lines.join('\r\n')}\r\n`;

    const tried = importFile(file, {options: ['--active', '--dry-run']});
    assert.equal(tried.status, 65, tried.err);
    assert.deepEqual(tried.counts, [488, 2, 0, 0, 0, 10]);
    assert.equal(status('import-0'), '');

    const run = importFile(file, {name: 'webhooks.csv'});
    assert.equal(run.status, 65, run.err);
    assert.deepEqual(run.counts, [488, 2, 0, 0, 0, 10], run.err);
    assert.equal(run.out, '');
    for (const [i, [, words]] of wrong) {
        const told = run.err.split('\n').filter((line) => line.startsWith(`line ${i + 2}: `));
        assert.equal(told.length, 1, `line ${i + 2} is told once: ${told}`);
        assert.match(told[0], words);
        assert.equal(status(`import-${i}`), '');
    }
    for (const secret of ['sig-of-import', 'workflows/imported', 'IncomingWebhook', '19%3aabc'])
        assert.ok(!run.err.includes(secret), secret);
    assert.equal(status('import-499'), 'active|workflow|Place 499');
    assert.equal(asApplication(`select label from o365.connections('import-499')`), 'Customer 499');
    assert.equal(asApplication(`select subscription_id, status, dialect from o365.connections('import-7')`),
        `${dead[0]}|active|workflow`);
    assert.equal(asApplication(`select subscription_id, status, dialect from o365.connections('import-8')`),
        `${dead[1]}|active|workflow`);

    const again = importFile(file, {name: 'webhooks.csv'});
    assert.deepEqual(again.counts, [0, 0, 0, 0, 490, 10], again.err);
    assert.equal(asSuperuser(`select count(*) from o365_internal.subscription where app_user like 'import-%' `
        + `and status <> 'removed'`), '490');
});

test('an imported webhook delivers', async () => {
    const flow = await workflow('Imported');
    const run = importFile(`app_user,webhook_url\nimported-one,  <${flow.url.replaceAll('&', '&amp;')}>  \n`);
    assert.equal(run.status, 0, run.err);
    asApplication(
        `select o365.send(subscription_id, '{"text": "to the imported one"}') from o365.connections('imported-one')`);
    await until('the card', async () => (await feedPosts(0, flow.target))
        .some((post) => JSON.stringify(post).includes('to the imported one')));
});

test('users prove what was imported, by the links that it prints', async () => {
    const flow = await workflow('To be proven');
    const file = `app_user,webhook_url,group_name\n"prover, one",${flow.url},Alerts\n`;
    const first = importFile(file, {options: []});
    assert.equal(first.status, 0, first.err);
    assert.deepEqual(first.counts, [0, 0, 0, 1, 0, 0]);
    const run = importFile(file, {options: ['--prove']});
    assert.deepEqual(run.counts, [0, 0, 0, 1, 0, 0], 'until it is proven each run makes a new link');
    const [header, line] = run.out.split('\n');
    assert.equal(header, 'app_user,group_name,link');
    const link = line.match(/^"prover, one",Alerts,(https:.*)$/)[1];
    remember('ticket', new URL(link).searchParams.get('ticket'));
    remember('ticket', new URL(first.out.split('\n')[1].split(',').at(-1)).searchParams.get('ticket'));
    assert.equal(status('prover, one'), 'suspended|workflow|Alerts');
    asApplication(
        `select o365.send(subscription_id, '{"text": "waits for the prover"}') from o365.connections('prover, one')`);
    const {page, close} = await openBrowser();
    try {
        await page.goto(link);
        assert.match(await page.textContent('main'), /webhook for .*Alerts.* is stored already/);
        assert.equal(await page.getByLabel('Webhook address').count(), 0, 'nothing is to be pasted');
        await inspect(page, 'imported');
        await page.getByRole('button', {name: 'Post a card with a code'}).click();
        await page.waitForURL(/\/workflow\//);
        const digits = await code(flow.target);
        assert.equal((await feedPosts(0, flow.target)).length, 1, 'nothing else before the code is typed');
        await page.getByLabel('Code').fill(digits);
        await page.getByRole('button', {name: 'Connect'}).click();
        await page.waitForURL(/\/done\//);
        assert.equal(status('prover, one'), 'active|workflow|Alerts');
        await until('what waited', async () => (await feedPosts(0, flow.target))
            .some((post) => JSON.stringify(post).includes('waits for the prover')));
        assert.deepEqual(importFile(file, {options: []}).counts, [0, 0, 0, 0, 1, 0]);
    } finally {
        await close();
    }
});

test('an import that is interrupted says how far it came, and the same command again goes on', async () => {
    const connected = () => Number(asApplication(`select count(*) from o365.connections('interrupted')`));
    const header = 'webhook_url,app_user,group_name\n';
    const lines = Array.from({length: 120}, (ignored, i) => `${made(5000 + i)},interrupted,Place ${i}\n`);
    const run = spawn(join(BUILD, 'o365-worker'), ['--config', CONFIG, 'import', '--connector', 'desk', '--active',
        '-']);
    let said = '';
    run.stderr.on('data', (text) => { said += text; });
    run.stdin.on('error', () => {});
    // Two transactions of 50 lines; then it waits for more.
    run.stdin.write(header + lines.join(''));
    await until('the first hundred are stored', () => connected() === 100);
    run.kill('SIGINT');
    const [code] = await once(run, 'close');
    assert.equal(code, 75, said);
    assert.match(said, /interrupted\. Line 101 was the last that was stored; the same command again goes on/);
    assert.equal(connected(), 100, 'what was read after it is not stored');
    const again = importFile(header + lines.join(''));
    assert.equal(again.status, 0, again.err);
    assert.deepEqual(again.counts, [20, 0, 0, 0, 100, 0]);
});

test('what cannot be imported at all is said with an exit code', () => {
    const one = `app_user,webhook_url\nnobody,${made('x')}\n`;
    for (const [what, code, words] of [
        [importFile(one, {connector: 'dask'}), 64, /no connector 'dask'/],
        [importFile(one, {options: ['--active', '--prove']}), 64, /excludes/],
        [importFile(one, {connector: `desk'); select 1`}), 64, /a slug has/],
        [importFile(''), 65, /empty/],
        [importFile('nobody,https://flow.localhost/secret?sig=verysecret\n'), 65, /line 1: no column app_user/],
        [importFile('app_user,webhook_url,app_user\n'), 65, /app_user stands there twice/],
        [importFile(Buffer.from('\uFEFFapp_user,webhook_url\n', 'utf16le')), 65, /UTF-16/],
        [importFile(Buffer.from(one.replace('nobody', 'n\u00f6body'), 'latin1')), 65, /line 2: it is not in UTF-8/],
    ]) {
        assert.equal(what.status, code, what.err);
        assert.match(what.err, words);
        assert.ok(!what.err.includes('verysecret'));
    }
    const missing = spawnSync(join(BUILD, 'o365-worker'),
        ['--config', CONFIG, 'import', '--connector', 'desk', join(STACK_DIR, 'nowhere.csv')], {encoding: 'utf8'});
    assert.equal(missing.status, 66, missing.stderr);
    assert.match(missing.stderr, /nowhere\.csv: cannot be read: No such file/);
});

test('a user whose connector is dead gets a link for the new address', async () => {
    const id = sql(
        `select max(subscription_id) from o365.subscriptions where status <> 'removed' and app_user = 'import-7'`);
    const link = sql(`select o365.renewal_link(${id})`);
    remember('ticket', new URL(link).searchParams.get('ticket'));
    const page = await program.request(link);
    assert.equal(page.status, 200);
    assert.match(page.text, /will get a new address/);
});

test('a person is found by a directory object id, which comes by standard input', async () => {
    const callback = await program.toCallback(ticketLink('found-by-id'), 'Sales');
    await program.request(callback);
    const id = new URL(callback).searchParams.get('user_objectId');
    assert.ok(id, 'the sandbox sends one');
    const typed = id.toUpperCase();
    remember('object-id', typed);
    const find = (input) => spawnSync(join(BUILD, 'o365-worker'), ['--config', CONFIG, 'find-user'],
        {encoding: 'utf8', input});
    const found = find(`\n  ${typed}\r\n`);
    assert.equal(found.status, 0, found.stderr);
    assert.match(found.stdout, /^subscription_id,connector,app_user,group_name,status,connected_at\n/);
    assert.match(found.stdout, /^\d+,desk,found-by-id,Sales,active,/m);
    assert.equal(find('8f0c7a52-0000-4000-8000-000000000000\n').stdout.split('\n').length, 2,
        'an id that is not known: the header alone');
    for (const [input, words] of [['', /no directory object id/], ['\xff\xfe', /line 1 is no/],
        [`${'x'.repeat(201)}\n`, /line 1 is no/],
        [Array.from({length: 101}, (ignored, i) => `id-${i}`).join('\n'), /line 101 is no/]]) {
        const refused = find(Buffer.from(input, 'latin1'));
        assert.equal(refused.status, 65, refused.stderr);
        assert.match(refused.stderr, words);
        assert.equal(refused.stdout, '');
    }
});

test('one flow serves many people: it reads beside the card whom to post to', async () => {
    const answer = await program.request(`${SANDBOX_URL}/tenant/webhooks`,
        {person: 'Megan', name: 'For many', dialect: 'workflow', payload: 'recipient'});
    const {webhook_url: url, target} = JSON.parse(answer.text);
    remember('webhook', url);
    assert.equal(importFile(`app_user,webhook_url,group_name\nmany-1,${url},One\n`).status, 0);
    const id = asApplication(`select subscription_id from o365.connections('many-1')`);
    const send = (text, extra) =>
        asApplication(`select o365.send(${id}, '{"text": "${text}"}'${extra ? `, extra => '${extra}'` : ''})`);
    const runs = () => asSuperuser(`select string_agg(coalesce(p.note, p.card::json->>'recipient'), '|' `
        + `order by p.post_id) from o365_internal.sandbox_post as p where p.target_id = ${target}`);
    send('nobody is named');
    await until('a run that fails', async () => /recipient' is empty/.test(runs()));
    asApplication(`select o365.set_extra(${id}, '{"recipient": "one@contoso.example"}')`);
    send('to the one');
    send('to another', '{"recipient": "two@contoso.example"}');
    await until('both runs', async () => runs().endsWith('|one@contoso.example|two@contoso.example'));
});
