// The sandbox's webhooks: what they answer, every fault of the panel, and answers that take their time.
import assert from 'node:assert/strict';
import https from 'node:https';
import {connect as connectTcp} from 'node:net';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {createHash} from 'node:crypto';

import {card, count, json, origin, post, postAlone, program, set, webhook} from './feed.mjs';
import {asSuperuser, Client, remember, ROOT, SANDBOX_URL, until} from './harness.mjs';

let answeredLate;  // a post that is answered when every sender has given up
let lateLog;  // what the log had of it before that
let afterAMinute;  // what became of a post whose handshake the slow line kept waiting as long as it can
before(async () => {
    const late = await webhook('Late', 'workflow');
    await set('/faults', {target: late.target, answer: 'late', count: 1});
    const sent = Date.now();
    answeredLate = post(late.url, '{"attachments": []}')
        .then(({status}) => ({status, after: Date.now() - sent}), (error) => ({error: error.message}));
    lateLog = await until('the late post to be in the log',
        async () => (await json(`/log.json?target=${late.target}`))[0]);
    const {url} = await webhook('A minute');
    const {slow_line: {origin: slow}} = await json('/faults.json');
    await set('/slow-line', {handshake: 60, count: 1});
    const at = url.replace(new URL(url).origin, slow);
    remember('webhook', at);
    afterAMinute = postAlone(at, card('after a minute')).catch((error) => ({error: error.message}));
    await until('the line to have it', async () => (await json('/faults.json')).slow_line.handshake === 0);
});

test('webhooks answer word for word as documented', async () => {
    const {url} = await webhook('Words');
    const answer = async (body) => { const {status, text} = await post(url, body); return [status, text]; };
    assert.deepEqual(await answer(card('x')), [200, '1']);
    assert.deepEqual(await answer('{"text": ""}'), [400, 'Summary or Text is required.']);
    assert.deepEqual(await answer('no JSON'), [400, 'Bad payload received by generic incoming webhook.']);
    const large = await answer(card('x'.repeat(30000)));
    assert.deepEqual([large[0], /returned HTTP error 413 with ContextId/.test(large[1])], [200, true]);
    assert.match((await post(url.replace(/\/[^/]+$/, '/00000000-0000-4000-8000-000000000000'), card('x'))).text,
        /Invalid webhook URL/);
    assert.equal((await program.request(url)).text, 'Invalid webhook request - GET not supported');
    const unknown = url.replace('IncomingWebhook', '00000000-0000-4000-8000-000000000000');
    assert.equal((await program.request(unknown)).text,
        'Unknown Connector provider 00000000-0000-4000-8000-000000000000');
    // Symfony's sender takes a post without it for failed.
    const ids = [];
    for (const body of [card('x'), card('x'), '{"text": ""}', 'no JSON', card('x'.repeat(30000))])
        ids.push((await post(url, body)).headers['request-id']);
    for (const at of [url, unknown, `${url}0`]) ids.push((await program.request(at)).headers['request-id']);
    for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(new Set(ids).size, ids.length, 'each its own');
    const flow = await webhook('Words of a flow', 'workflow');
    assert.match((await post(flow.url, '{"attachments": []}')).headers['x-ms-request-id'], /^sandbox:[0-9a-f-]{36}$/);
});

test('JSON in single quotes is taken by connector webhooks, as the documentation posts it', async () => {
    const {url, target} = await webhook('Quotes');
    const answer = async (body) => (await post(url, body)).text;
    assert.equal(await answer("{'text':'Hello World'}"), '1');
    assert.equal(await answer(`{'title': 'it\\'s "so"', "text": "it's"}`), '1');
    assert.deepEqual((await json(`/feed.json?target=${target}`)).map(({card: {title, text}}) => [title, text]),
        [[undefined, 'Hello World'], ['it\'s "so"', 'it\'s']]);
    assert.match((await program.request(`${SANDBOX_URL}/feed/${target}`)).text, /Hello World/);
    for (const body of ["{text: 'x'}", "{'text': 'x',}", "{'text': /* x */ 'x'}", '{"text": "x" /* y */}',
        "{'text': 'x\"}"]) assert.match(await answer(body), /^Bad payload/, body);
    const flow = await webhook('Quotes of a flow', 'workflow');
    assert.equal((await post(flow.url, "{'attachments': []}")).status, 400, 'nobody has seen a flow take them');
});

test('a webhook is the same in every spelling of its URL', async () => {
    const {url, target} = await webhook('Spellings');
    const spellings = [url.replace('@', '%40'), `${url}?wait=1`, `${url}/`,
        url.replace('IncomingWebhook', 'Incoming%57ebhook'), `${url}?a=%&a`];
    for (const one of spellings) {
        remember('webhook', one);
        assert.equal((await post(one, card('x'))).text, '1');
    }
    assert.equal((await post(`${url}0`, card('x'))).status, 404);
    assert.equal((await json(`/log.json?target=${target}`)).length, spellings.length);
    assert.match((await program.request(url.replace('@', '%40').replace('IncomingWebhook',
        '00000000-0000-4000-8000-000000000000'))).text, /Unknown Connector provider/);

    const flow = await webhook('Spellings of a flow', 'workflow');
    const [path, query] = flow.url.split('?');
    const pairs = query.split('&');
    const same = [flow.url.replaceAll('%2F', '/'), flow.url.replaceAll('%2F', '%2f'), `${path}/?${query}`,
        `${path}?${[...pairs].reverse().join('&')}`];
    for (const one of same) {
        remember('webhook', one);
        assert.equal((await post(one, '{"attachments": []}')).status, 202);
    }
    assert.equal((await post(flow.url.replace('sv=1.0', 'sv=1.1'), '{}')).status, 401,
        'the signature does not fit another parameter');
});

test('every form of a webhook\'s URL is handed out when it is asked for, and all lead to the same place', async () => {
    const guid = '[0-9a-f-]{36}';
    const flow = '/workflows/[0-9a-f]{32}/triggers/manual/paths/invoke';
    const query = 'sp=%2Ftriggers%2Fmanual%2Frun&sv=1\\.0&sig=[\\w-]+';
    const forms = {
        connector: {webhookb2: `/webhookb2/${guid}@${guid}/IncomingWebhook/[0-9a-f]{32}/${guid}`,
            webhook: `/webhook/${guid}@${guid}/IncomingWebhook/[0-9a-f]{32}/${guid}`,
            v2: `/webhookb2/${guid}@${guid}/IncomingWebhook/[0-9a-f]{32}/${guid}/V2[\\w-]+`},
        workflow: {powerplatform: `/powerautomate/automations/direct${flow}\\?api-version=1&${query}`,
            cu: `/powerautomate/automations/direct/cu/25${flow}\\?api-version=1&${query}`,
            slash: `/powerautomate/automations/direct${flow}/\\?api-version=1&${query}`,
                logic: `${flow}\\?api-version=2016-06-01&${query}`,
                gateway: `/manual/paths/invoke\\?api-version=2016-06-01&${query}`},
    };
    const refused = await set('/tenant/webhooks', {name: 'Forms', form: 'no-such-form'});
    assert.deepEqual([refused.status, JSON.parse(refused.text).forms],
        [400, Object.fromEntries(Object.entries(forms).map(([dialect, all]) => [dialect, Object.keys(all)]))]);
    assert.equal((await set('/tenant/webhooks', {name: 'Forms', form: 'cu'})).status, 400,
        'a form of the other dialect');
    const owner = new Client();
    await owner.request(`${SANDBOX_URL}/sign-in`, {person: 'program'});
    for (const [dialect, all] of Object.entries(forms)) {
        const body = dialect === 'workflow' ? '{"attachments": []}' : card('x');
        const success = dialect === 'workflow' ? 202 : 200;
        let target;
        for (const [form, pattern] of Object.entries(all)) {
            const made = JSON.parse((await set('/tenant/webhooks',
                {person: 'program', name: `Forms ${dialect}`, dialect, form})).text);
            remember('webhook', made.webhook_url);
            target = made.target;
            assert.match(made.webhook_url, new RegExp(`^https://[^/]+${pattern}$`), form);
            const {origin: at, pathname, search} = new URL(made.webhook_url);
            // However it was handed out.
            const same = [made.webhook_url];
            if (dialect === 'connector') {
                const path = pathname.replace(/^\/webhook(b2)?\//, '/').replace(/\/V2[^/]+$/, '');
                same.push(`${at}/webhook${path}`, `${at}/webhookb2${path}`, `${at}/webhookb2${path}/V2x-Y_z`,
                    `${at}/webhook${path}/V2x/`);
            } else if (form !== 'gateway') {
                const path = pathname.replace(/^.*(?=\/workflows\/)/, '').replace(/\/$/, '');
                for (const folder of ['', '/powerautomate/automations/direct',
                    '/powerautomate/automations/direct/cu/7']) same.push(`${at}${folder}${path}${search}`,
                    `${at}${folder}${path}/${search}`);
                for (const version of ['1', '2016-10-01', '2022-03-01-preview'])
                    same.push(made.webhook_url.replace(/api-version=[^&]+/, `api-version=${version}`));
            }
            for (const one of same) {
                remember('webhook', one);
                assert.equal((await post(one, body)).status, success, `${form}: ${one}`);
            }
            // The place's page gives the same.
            const shown = (await owner.request(`${SANDBOX_URL}/tenant/${target}`, {do: 'webhook', form}))
                .text.match(/readonly>(https:[^<]+)/)[1].replaceAll('&amp;', '&');
            remember('webhook', shown);
            assert.match(shown, new RegExp(`^https://[^/]+${pattern}$`), form);
            assert.equal((await post(shown, body)).status, success, shown);
        }
        assert.equal((await owner.request(`${SANDBOX_URL}/tenant/${target}`, {do: 'webhook', form: 'x'})).status, 400);
        assert.ok((await json(`/log.json?target=${target}`)).every(({answered}) => answered === 'ok'));
    }
});

test('every answer of the fault panel is given when it is asked for, per webhook, in a pattern, with Retry-After',
    async () => {
    const one = await webhook('Faulty');
    const other = await webhook('Sound');
    const {answers} = await json('/faults.json');
    const table = readFileSync(join(ROOT, 'docs/sandbox.md'), 'utf8').match(/\n## Every answer\n([^]*?)\n## /)[1];
    const documented = [...table.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, names]) =>
        [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
    assert.deepEqual([...answers].sort(), documented.sort(), 'the documentation has each of them');
    for (const answer of answers.filter((name) =>
        !['ok', 'silent', 'slow-answer', 'slow', 'late', 'hang-up', 'reset'].includes(name))) {
        await set('/faults', {target: one.target, answer, retry_after: 9});
        const got = await post(one.url, card(answer));
        assert.equal(got.headers['retry-after'], '9', answer);
        const status = answer.match(/^\d{3}(?!-in)/)?.[0]
            ?? (answer.includes('-in-200') ? '200' : {'workflow-not-found': '404', 'get': '405'}[answer] ?? '400');
        assert.equal(String(got.status), status, answer);
        assert.notEqual(got.text, '1');
        assert.deepEqual([(await post(other.url, card('sound'))).text], ['1']);
    }
    await set('/faults', {target: one.target, pattern: 'ok 503 429-in-200'});
    const statuses = [];
    for (let i = 0; i < 6; ++i) {
        const {status, text} = await post(one.url, card('x'));
        statuses.push(text === '1' ? 'ok' : status);
    }
    assert.deepEqual(statuses, ['ok', 503, 200, 'ok', 503, 200]);
    assert.equal((await set('/faults', {target: one.target, answer: 'no-such-answer'})).status, 400);
    await set('/faults', {target: one.target, answer: 'ok'});
    assert.deepEqual((await json('/faults.json')).faults, []);

    // A second webhook of the same place.
    const second = await webhook('Faulty');
    assert.equal(second.target, one.target);
    await set('/faults', {webhook: second.number, answer: '410'});
    assert.deepEqual([(await post(second.url, card('x'))).status, (await post(one.url, card('x'))).status], [410, 200]);
    assert.deepEqual((await json('/faults.json')).faults.map(({target, webhook: number, answer}) =>
        [target, number, answer]), [[one.target, second.number, '410']]);
    assert.match((await program.request(`${SANDBOX_URL}/faults`)).text,
        new RegExp(`Faulty of program, webhook ${second.number}`));
    assert.equal((await set('/faults', {webhook: 999999, answer: '410'})).status, 404);
    assert.equal((await set('/faults', {webhook: 'x', answer: '410'})).status, 400);
    await set('/faults', {target: one.target, webhook: second.number, answer: 'ok'});
    assert.deepEqual((await json('/faults.json')).faults, []);
});

test('slow before the answer, slow within it, closed, reset: the connection does what was asked for', async () => {
    const {url, target} = await webhook('Stages');
    const timed = async (answer) => {
        await set('/faults', {target, answer, count: 1});
        const begun = Date.now();
        const result = await new Client().post(url, card(answer), {'Content-Type': 'application/json'})
            .catch((error) => ({error: error.message}));
        return {...result, took: Date.now() - begun};
    };
    const slow = await timed('slow');
    assert.ok(slow.text === '1' && slow.took >= 3000, JSON.stringify(slow));
    const trickle = await timed('slow-answer');
    assert.ok(trickle.text === '1' && trickle.took >= 2000, JSON.stringify(trickle));
    assert.equal((await timed('hang-up')).error, 'socket hang up');
    assert.equal((await timed('reset')).error, 'read ECONNRESET');
});

test('the switchboard answers whatever the faults are: with a hundred posts that nobody answers, too', async () => {
    const {url, target} = await webhook('Silent');
    await set('/faults', {target, answer: 'silent'});
    const requests = Array.from({length: 100}, () => {
        const request = https.request(url, {method: 'POST', ca: readFileSync(process.env.CA), agent: false,
            lookup: program.agent.options.lookup, headers: {'Content-Type': 'application/json'}}, () => {
            request.answered = true;
        });
        request.on('error', () => {});
        request.end(card('x'));
        return request;
    });
    try {
        await until('all of them to have arrived',
            async () => (await json(`/log.json?target=${target}&answered=silent`)).length === 100);
        const sound = await webhook('Not silent');
        assert.equal((await post(sound.url, card('x'))).text, '1', 'others are answered meanwhile');
        for (const path of ['/', '/faults', '/log', '/feed'])
            assert.equal((await program.request(`${SANDBOX_URL}${path}`)).status, 200, path);
        assert.equal((await set('/faults', {target, answer: 'ok'})).status, 303);
        assert.equal((await post(url, card('x'))).text, '1', 'and this one after it was switched');
        assert.ok(requests.every((request) => !request.answered));
    } finally {
        for (const request of requests) request.destroy();
        await set('/faults', {target, answer: 'ok'});
    }
});

test('an incoming webhook takes Adaptive Cards in their envelope; one that a connector got takes MessageCards alone',
    async () => {
    const {url, target} = await webhook('Envelopes', 'connector', 'teams');
    const envelope = (attachments, more = {}) => JSON.stringify({type: 'message', attachments, ...more});
    const content = {type: 'AdaptiveCard', version: '1.4', body: [{type: 'TextBlock', text: 'adaptive text'}]};
    const attachment = {contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content};
    const answer = async (where, body) => {
        const {status, text} = await post(where, body);
        return [status, text.match(/error \d+/)?.[0] ?? text];
    };
    const none = [400, 'Summary or Text is required.'];
    assert.deepEqual(await answer(url, envelope([attachment])), [200, '1']);
    assert.match((await program.request(`${SANDBOX_URL}/feed/${target}`)).text, /adaptive text/);
    assert.deepEqual(await answer(url, envelope([attachment, attachment], {summary: 'two'})), [200, '1']);
    assert.deepEqual(await answer(url, envelope([])), none);
    assert.deepEqual(await answer(url, JSON.stringify({attachments: [attachment]})), none, 'without type: message');
    assert.deepEqual(await answer(url, JSON.stringify(content)), none, 'without its envelope');
    assert.deepEqual(await answer(url, envelope([{...attachment, content: {type: 'Other'}}])), [200, 'error 400']);
    assert.deepEqual(await answer(url, envelope([{content}])), [200, 'error 400'], 'without a contentType');
    assert.deepEqual(await answer(url, envelope('no list')),
        [400, 'Bad payload received by generic incoming webhook.']);
    assert.deepEqual(await answer(url, envelope([attachment], {text: 'x'.repeat(30000)})), [200, 'error 413']);

    // A connector's, as Allow hands it out.
    const id = asSuperuser("select app_id from o365_internal.connector where slug = 'desk'");
    const {pathname} = new URL(url);
    const mine = url.replace('IncomingWebhook', id);
    const hash = createHash('sha256').update(pathname.replace('IncomingWebhook', id)).digest('hex');
    asSuperuser(`select o365_programs.sandbox_mint(${target}, '\\x${hash}', '${id}')`);
    remember('webhook', mine);
    assert.deepEqual(await answer(mine, card('x')), [200, '1']);
    assert.deepEqual(await answer(mine, envelope([attachment])), none);
});

test('another content type than JSON, and a field of another type, is a bad payload', async () => {
    const {url, target} = await webhook('Types');
    const bad = [400, 'Bad payload received by generic incoming webhook.'];
    const answer = async (body, headers) => {
        const {status, text} = await program.post(url, body, headers);
        return [status, text];
    };
    for (const type of ['application/json', 'Application/JSON; Charset="UTF-8"', 'application/json;charset=utf-8'])
        assert.deepEqual(await answer(card('x'), {'Content-Type': type}), [200, '1'], type);
    for (const type of ['application/x-www-form-urlencoded',
        'text/plain', 'application/json; charset=utf-16', 'application/jsonp', ''])
        assert.deepEqual(await answer(card('x'), type ? {'Content-Type': type} : {}), bad, type);
    assert.deepEqual(await answer('{"text": "100 % off"}', {'Content-Type': 'application/x-www-form-urlencoded'}), bad,
        'what curl -d sends, and no form');
    const fields = [{text: {}}, {title: ['x']}, {summary: {}}, {hideOriginalBody: 'yes'}, {sections: {}},
        {sections: ['x']}, {sections: [{facts: {}}]}, {sections: [{facts: [{name: 'n', value: {}}]}]},
        {sections: [{heroImage: 'x'}]}, {sections: [{startGroup: 'x'}]}, {sections: [{markdown: ''}]},
        {potentialAction: [{'@type': 'ViewAction', 'name': 'x', 'target': ['https://contoso.example']}]},
        {potentialAction: {}}, {potentialAction: ['x']}, {attachments: {}}];
    for (const field of fields) assert.deepEqual(await answer(card('x', field), {'Content-Type': 'application/json'}),
        bad, JSON.stringify(field));
    const noCards = ['', '[]', '"x"', 'null', '{"text": "x"', Buffer.from([0x7b, 0xff, 0x7d]),
        '{"text": "a \\udc00 b"}', '{"\\ud83d": 1, "text": "x"}'];
    for (const body of noCards)
        assert.deepEqual(await answer(body, {'Content-Type': 'application/json'}), bad, String(body));
    assert.deepEqual(await answer(card('x', {title: null, sections: null}), {'Content-Type': 'application/json'}),
        [200, '1'], 'null is as good as nothing');
    // F19: as Json.NET reads them.
    const taken = [{title: 5}, {themeColor: 123}, {hideOriginalBody: 'True'},
        {sections: [{markdown: 'false',
        facts: [{name: 'n', value: 17}, {name: 'm', value: true}, {name: 'no value'}]}]},
        {potentialAction: [{'@type': 'ActionCard', 'name': 'a',
        'inputs': [{'@type': 'MultichoiceInput', 'id': 'l', 'isMultiSelect': 'false', 'choices': []}]}]}];
    for (const field of taken)
        assert.deepEqual(await answer(card('x', field), {'Content-Type': 'application/json'}), [200, '1'],
        JSON.stringify(field));
    assert.match((await program.request(`${SANDBOX_URL}/feed/${target}`)).text, new RegExp(
        /<p>n<\/p>\s*<\/dt><dd class="md"><p>17<\/p>\s*<\/dd>/.source
        + /<dt class="md"><p>m<\/p>\s*<\/dt><dd class="md"><p>true<\/p>/.source));
    assert.deepEqual(count(await json(`/log.json?target=${target}`), 'answered'),
        {ok: 4 + taken.length, '400-json': 6 + fields.length + noCards.length});

    // A workflow's trigger takes another type for a file, and its run finds no card in it.
    const flow = await webhook('Types of a flow', 'workflow');
    assert.equal((await program.post(flow.url, card('x'), {'Content-Type': 'text/plain'})).status, 202);
    assert.match((await json(`/log.json?target=${flow.target}`)).at(-1).note, /of type 'Null'/);
    assert.equal((await post(flow.url, JSON.stringify({text: 5}))).status, 202, 'it takes any JSON');
    assert.equal((await post(flow.url, 'no JSON')).status, 400);
});

test('the slow line keeps a handshake waiting, then reads slowly, as it is told, and is straight again', async () => {
    const {url, target} = await webhook('Slow line');
    const line = async (pace) => {
        assert.equal((await set('/slow-line', pace)).status, 303);
        return (await json('/faults.json')).slow_line;
    };
    const {origin: slow} = await line({});
    const at = url.replace(new URL(url).origin, slow);
    const sent = (body) => postAlone(at, body);
    remember('webhook', at);
    assert.equal((await sent(card('straight'))).text, '1');
    assert.deepEqual({...await line({handshake: 2, count: 1}), origin: ''},
        {origin: '', handshake: 2, reading: 0, count: 1});
    const shaken = await sent(card('after a slow handshake'));
    assert.ok(shaken.text === '1' && shaken.handshake >= 2000, JSON.stringify(shaken));
    assert.deepEqual({...(await json('/faults.json')).slow_line, origin: ''},
        {origin: '', handshake: 0, reading: 0, count: null}, 'that was the one connection');
    await line({reading: 8000});
    const read = await sent(card('x'.repeat(10000)));  // it is summary and text
    assert.ok(read.text === '1' && read.after >= 2400, JSON.stringify(read));
    await line({});
    // Nobody who goes away in the middle of it holds it up.
    await line({handshake: 60, count: 1});
    const gone = await new Promise((resolve, reject) => {
        const socket = connectTcp({host: '127.0.0.1', port: new URL(slow).port}, () => {
            socket.write('x');
            resolve(socket);
        }).on('error', reject);
    });
    gone.destroy();
    assert.equal((await sent(card('straight again'))).text, '1');
    assert.deepEqual((await json(`/feed.json?target=${target}`)).map(({card: {text}}) => text.slice(0, 22)),
        ['straight', 'after a slow handshake', 'x'.repeat(22), 'straight again']);
    for (const bad of [{handshake: '61'}, {reading: '-1'}, {reading: '99'}, {count: 'x'}])
        assert.equal((await set('/slow-line', bad)).status, 400, JSON.stringify(bad));
});

test('a handshake that waits for the whole minute ends well: the web server has not begun to wait before', async () => {
    const {text, handshake, error} = await afterAMinute;
    assert.ok(text === '1' && handshake >= 60000, `${error} ${handshake}`);
});

test('an answer that is late comes after a minute, when the card has been shown for long', async () => {  // F2
    const {status, after: took, error} = await answeredLate;
    assert.ok(status === 202 && took >= 60000, `${error} ${took}`);
    assert.deepEqual([lateLog.answered, lateLog.pace], ['ok', 'late']);
});
