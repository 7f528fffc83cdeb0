// Programs that are not ours against the sandbox, the commands of its manual, and what it refuses.
import assert from 'node:assert/strict';
import http from 'node:http';
import {spawn} from 'node:child_process';
import {connect as connectTcp} from 'node:net';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {before, test} from 'node:test';

import {card, count, json, post, program, run, set, webhook} from './feed.mjs';
import {remember, ROOT, SANDBOX_URL, sql} from './harness.mjs';

test('every command of docs/sandbox.md works as it stands there', async () => {
    const {url, number, target} = await webhook('Documented');
    const text = readFileSync(join(ROOT, 'docs/sandbox.md'), 'utf8');
    const commands = [...text.matchAll(/^    (curl .*)$/gm)].map(([, line]) => line.replace(/\s+#.*$/, '')
        .replaceAll('target=1', `target=${target}`).replace(/\/tenant\/1$/, `/tenant/${target}`)
        .replace('webhook=1', `webhook=${number}`).replace('remove=1', `remove=${number}`));
    assert.ok(commands.length >= 14);
    let flow;
    const refused = [];
    const faultsLeft = async () => (await json('/faults.json'))
        .faults.map(({target: where, answer}) => [where, answer]);
    for (const documented of commands) {
        const command = documented.replace(/\/tenant\/2$/, `/tenant/${flow?.target}`).replace('flow=1',
            `flow=${flow?.flow}`);
        const {stdout} = await run('bash', ['-c', command.replace('curl', 'curl -fsS')],
            {env: {...process.env, URL: SANDBOX_URL, WEBHOOK: url}, maxBuffer: 1 << 28})
            .catch((error) => assert.fail(`${command}: ${error.stderr}`));
        if (command.includes('/tenant/webhooks')) remember('webhook', JSON.parse(stdout).webhook_url);
        if (command.includes('dialect=workflow')) flow = JSON.parse(stdout);
        if (command.includes('do=off')) {
            assert.deepEqual(await faultsLeft(), [[0, '429-in-200'], [target, 'ok'], [target, '410']],
                'the one of all is left, the exception from it, and that of a webhook');
            // They would answer now and then.
            await set('/faults', {webhook: number, answer: 'ok'});
            await set('/faults', {target: 0, answer: 'ok'});
        }
        if (command.includes('do=')) refused.push((await post(flow.webhook_url, card('x'))).status);
        if (command.includes('remove=')) refused.push((await post(url, card('x'))).status);
    }
    assert.match(refused.join(' '), /^400 401 404 410$/, 'off, tenant-only, deleted, removed');
    assert.deepEqual(await faultsLeft(), []);
    await set('/throttle', {target, throttle: 'off'});
    await set('/slow-line', {});
    assert.equal((await json(`/feed.json?target=${target}`))[0].card.text, 'Hello');
});

test('the sandbox refuses to start where public_url is public', async () => {
    const check = () => run(`${process.env.BUILD}/o365-sandbox.fcgi`, ['--config', process.env.CONFIG, '--check'])
        .then(() => 'starts', (error) => error.stdout);
    const before = sql("select value from o365.settings where name = 'public_url'");
    assert.equal(await check(), 'starts');
    sql("select o365.set('public_url', 'https://connect.contoso.example')");
    try {
        assert.match(await check(), /public_url is not on loopback/);
    } finally {
        sql(`select o365.set('public_url', '${before}')`);
    }
});

test('what is asked of a place that does not exist, or is of another kind, is refused with a reason', async () => {
    for (const [path, form] of [['/faults', {target: 999999, answer: '503'}],
        ['/throttle', {target: 999999, throttle: 'on'}]]) {
        const answer = await set(path, form);
        assert.deepEqual([answer.status, /no such group, team or inbox/.test(answer.text)], [404, true], path);
    }
    assert.deepEqual((await json('/faults.json')).faults, []);
    await webhook('Taken', 'connector', 'teams');
    const taken = await set('/tenant/webhooks', {person: 'program', name: 'Taken', dialect: 'workflow'});
    assert.deepEqual([taken.status, JSON.parse(taken.text).error],
        [409, 'that name is taken by a place that is no workflow: choose another']);
    for (const form of [{name: 'x', dialect: 'workflow', kind: 'mail'}, {name: 'CI', kind: 'mail'}, {name: ' '},
        {person: ' '}, {person: '人'.repeat(61)}, {name: 'x'.repeat(257)}])
        assert.equal((await set('/tenant/webhooks', form)).status, 400, JSON.stringify(form));
    const [mail, again] = [await set('/tenant/webhooks', {person: '人'.repeat(60), kind: 'mail'}),
        await set('/tenant/webhooks', {person: '人'.repeat(60), kind: 'mail', name: 'Inbox'})];
    for (const {text} of [mail, again]) remember('webhook', JSON.parse(text).webhook_url);
    assert.equal(JSON.parse(mail.text).target, JSON.parse(again.text).target, 'a person has one inbox');

    // A place's page says what it did not do.
    const flow = await webhook('Refusals', 'workflow');
    for (const [form, status] of [[{do: 'offf'}, 400], [{nonsense: 1}, 400], [{remove: 999999}, 404],
        [{remove: flow.number}, 303], [{remove: flow.number}, 404], [{do: 'off'}, 303], [{do: 'deleted'}, 303],
        [{do: 'on'}, 409]])
        assert.equal((await set(`/tenant/${flow.target}`, form)).status, status, JSON.stringify(form));
    const group = await webhook('Refusals of a group');
    assert.equal((await set(`/tenant/${group.target}`, {do: 'off'})).status, 409);

    for (const path of ['/log.json', '/log'])
        assert.equal((await program.request(`${SANDBOX_URL}${path}?answered=nosuch`)).status, 400, path);
    for (const one of ['ok', 'other-method', 'get'])
        assert.equal((await program.request(`${SANDBOX_URL}/log.json?answered=${one}`)).status, 200, one);
    const twice = await program.request(`${SANDBOX_URL}/log.json?target=1&target=1`);
    assert.deepEqual([twice.status, /Its log has/.test(twice.text)], [400, false], 'what is refused is no failure');
});

test('Apprise, as Debian has it, posts through its proxy to the webhook under Microsoft\'s own host name', async () => {
    const {url, target} = await webhook('Apprise');
    const theirs = url.replace(new URL(url).host, 'contoso.webhook.office.com');
    remember('webhook', theirs);
    // It knows port 443 alone. The certificate is checked, as at Microsoft's.
    const asked = [];
    const proxy = http.createServer().on('connect', (request, socket) => {
        asked.push(request.url);
        const far = connectTcp(Number(process.env.PORT), '127.0.0.1', () => {
            socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
            far.pipe(socket).pipe(far);
        });
        for (const [one, other] of [[far, socket], [socket, far]]) one.on('error', () => other.destroy());
    });
    await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const folder = mkdtempSync(join(tmpdir(), 'apprise-'));
    try {
        writeFileSync(join(folder, 'urls'), `${theirs}\n`);  // no secret belongs into argv
        const env = {PATH: process.env.PATH, HOME: folder, LC_ALL: 'C.UTF-8',
            HTTPS_PROXY: `http://127.0.0.1:${proxy.address().port}`, REQUESTS_CA_BUNDLE: process.env.CA};
        const send = (title, body) => run('apprise', ['-c', join(folder, 'urls'), '-t', title, '-b', body], {env})
            .then(() => 'sent', (error) => `failed ${error.code}`);
        assert.equal(await send('Disk *full* on db_1', 'C:\\temp & "93 %" ä'), 'sent');
        await set('/faults', {target, answer: '429', count: 1});
        assert.equal(await send('Refused', 'x'), 'failed 1');
        assert.deepEqual([...new Set(asked)], ['contoso.webhook.office.com:443']);
    } finally {
        proxy.close();
        rmSync(folder, {recursive: true});
    }
    const posts = await json(`/feed.json?target=${target}`);
    assert.deepEqual(posts.map(({answered}) => answered), ['ok', '429']);
    const {sections: [{activityTitle, text}]} = posts[0].card;
    assert.deepEqual([activityTitle, text], ['Disk *full* on db_1', 'C:\\temp & "93 %" ä']);
});

test('Symfony\'s notifier, by the request that it makes: with a request-id the post was sent, without one it failed',
    async () => {
    const client = {Accept: '*/*', 'Accept-Encoding': 'gzip', 'User-Agent': 'Symfony HttpClient (Curl)',
        'Content-Type': 'application/json'};
    // Its JSON writes tags, quotes and ampersands as escapes.
    const hex = (text) => text.replace(/[<>'&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16).toUpperCase()}`)
        .replace(/\\"/g, '\\u0022');
    const sends = async (at, message) => {
        const {status, text, headers} = await program.post(at, hex(JSON.stringify(message)), client);
        return headers['request-id'] === undefined ? 'request-id not found' : status === 200 ? 'sent'
            : `failed: ${text}`;
    };
    const message = {'@type': 'MessageCard', '@context': 'https://schema.org/extensions',
        text: '<b>it\'s</b> "so" & so', title: 'Deploy', sections: [{facts: [{name: 'ratio', value: '1.0'}]}],
        potentialAction: [{'@type': 'OpenUri', name: 'Open',
            targets: [{os: 'default', uri: 'https://contoso.example/?a=1&b=2'}]}]};
    const {url, target} = await webhook('Symfony');
    assert.equal(await sends(url, message), 'sent');
    assert.match(await sends(url, {text: ''}), /^failed: Summary or Text is required/);
    await set('/faults', {target, answer: '503', count: 1});
    assert.match(await sends(url, message), /^failed: /);
    const posts = await json(`/feed.json?target=${target}`);
    assert.deepEqual(posts[0].card, message);
    // A workflow takes the card and has no such header, so this program tells a failure; it does with Microsoft's, too.
    const flow = await webhook('Symfony to a workflow', 'workflow');
    assert.equal(await sends(flow.url,
        {type: 'message', attachments: [{contentType: 'application/vnd.microsoft.card.adaptive',
        content: {type: 'AdaptiveCard', version: '1.2', body: [{type: 'TextBlock', text: "it's"}]}}]}),
        'request-id not found');
    assert.equal((await json(`/feed.json?target=${flow.target}`)).length, 1);
});

test('another site cannot drive the sandbox', async () => {
    const answer = await program.post(`${SANDBOX_URL}/faults`, 'target=0&answer=503', {'Content-Type':
        'application/x-www-form-urlencoded', Origin: 'https://attacker.example', 'Sec-Fetch-Site': 'cross-site'});
    assert.equal(answer.status, 403);
    assert.deepEqual((await json('/faults.json')).faults, []);
});

test('somebody else\'s sender from npm posts against scripts/sandbox --headless, which prints where it is',
    async () => {
    const sandbox = spawn(join(ROOT, 'scripts/sandbox'), ['--headless', '--port', '19443'],
        {stdio: ['ignore', 'pipe', 'ignore']});
    const ended = new Promise((resolve) => sandbox.on('exit', resolve));
    try {
        const [line] = await new Promise((resolve, reject) => {
            const lines = [];
            createInterface({input: sandbox.stdout}).on('line', (text) => { lines.push(text); resolve(lines); });
            ended.then(() => reject(new Error('it ended')));
        });
        const {url, feed, webhooks, ca, faults} = JSON.parse(line);
        const second = await run(join(ROOT, 'scripts/sandbox'), ['--headless', '--port', '19443'])
            .catch((error) => error);
        assert.deepEqual([second.code, /one runs already/.test(second.stderr)], [1, true],
            'a second one leaves the first alone');
        const env = {...process.env, NODE_EXTRA_CA_CERTS: ca};
        const {stdout} = await run('node', ['--input-type=module', '-e', `
            import {IncomingWebhook} from 'ms-teams-webhook';
            const post = (url, form) => fetch(url, {method: 'POST', body: new URLSearchParams(form)});
            const made = await post('${webhooks}', {name: 'CI'}).then((response) => response.json());
            const sender = new IncomingWebhook(made.webhook_url);
            const first = await sender.send({'@type': 'MessageCard', '@context': 'https://schema.org/extensions',
                summary: 's', text: 'from a public library'});
            await post('${faults}', {target: made.target, answer: '429', count: '1'});
            const second = await sender.send({text: 'refused'}).then(() => 'sent', () => 'refused');
            const posts = await fetch('${feed}?target=' + made.target).then((response) => response.json());
            console.log(JSON.stringify({second, posts: posts.map(({answered, card}) => [answered, card.text])}));
        `], {cwd: ROOT, env});
        assert.deepEqual(JSON.parse(stdout.trim().split('\n').at(-1)),
            {second: 'refused', posts: [['ok', 'from a public library'], ['429', 'refused']]});
        assert.match(url, /^https:\/\/localhost:\d+$/);
    } finally {
        sandbox.kill('SIGTERM');
        await ended;
    }
});
