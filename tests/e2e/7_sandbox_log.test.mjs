// The sandbox's log and feed as programs read them: every request, by number, and how long they stay.
import assert from 'node:assert/strict';
import https from 'node:https';
import {after, before, test} from 'node:test';

import {card, count, json, lastPost, post, program, set, webhook} from './feed.mjs';
import {asSuperuser, SANDBOX_URL} from './harness.mjs';

test('every request to a webhook\'s address is in the log, whatever it is', async () => {
    const one = await webhook('Logged');
    const flow = await webhook('Logged flow', 'workflow');
    const before = lastPost();
    /** What of it is ours: other tests' cards may still be on their way. */
    const logged = async (after) => (await json(`/log.json?after=${after}`))
        .filter(({target}) => [one.target, flow.target, null].includes(target));
    const expected = [];
    /** `body`: null for none. */
    const send = async (answered, status, where, body, headers = {}, method = 'POST') => {
        const length = body === null ? {} : {'Content-Length': Buffer.byteLength(body)};
        const answer = await new Promise((resolve, reject) => {
            const request = https.request(where, {method, agent: program.agent,
                headers: {'Content-Type': 'application/json', ...length, ...headers}}, (response) => {
                response.resume();
                response.on('end', () => resolve(response.statusCode));
            });
            request.on('error', reject);
            request.end(body ?? '');
        });
        assert.equal(answer, status, `${method} ${answered}`);
        expected.push([answered, length['Content-Length'] ?? 0]);
    };
    const longMessage = JSON.stringify(
        {attachments: [{content: {type: 'AdaptiveCard', body: [{type: 'TextBlock', text: 'x'.repeat(400000)}]}}]});
    const token = {Authorization: 'Bearer x'};
    await send('workflow-two-authorizations', 400, flow.url, '{}', token);
    await set('/faults', {target: flow.target, answer: '503', count: 1});
    await send('503', 503, flow.url, '{}', token);
    await send('workflow-not-found', 404, flow.url.replace(/[0-9a-f]{32}/, 'f'.repeat(32)), '{}', token);
    await send('400-json', 400, one.url, 'a=100%&a=1', {'Content-Type': 'application/x-www-form-urlencoded'});
    await send('413-in-200', 200, one.url, card('x'.repeat(150000)));
    await send('413-in-200', 200, one.url, card('x'.repeat(400000)));
    await send('ok', 202, flow.url, longMessage);
    await send('413-in-200', 200, one.url, card('x'.repeat(17 << 20)));
    await send('get', 405, one.url, null, {}, 'GET');
    await send('get', 405, one.url, null, {}, 'HEAD');
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH'])
        await send('other-method', 405, one.url, '{}', {}, method);
    await send('404', 404, `${one.url.replace(/\/[^/]+$/, '/nowhere')}?a=%&a=1&a=2`, '{}');
    await send('404', 404, one.url.replace(/\/[^/]+$/, '/nowhere'), '{}');
    const log = await logged(before);
    assert.deepEqual(log.map(({answered, bytes}) => [answered, bytes]), expected);
    assert.equal(log[6].note, 'Request Entity too large');
    // Chunked, nobody says how long it is.
    const chunked = await new Promise((resolve, reject) => {
        const request = https.request(one.url, {method: 'POST', agent: program.agent,
            headers: {'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked'}}, (response) => {
            response.resume();
            response.on('end', () => resolve(response.statusCode));
        });
        request.on('error', reject);
        request.end(card('x'.repeat(17 << 20)));
    });
    const last = (await logged(log.at(-1).post_id)).map(({answered, bytes}) => [answered, bytes]);
    assert.deepEqual([chunked, last], [200, [['413-in-200', 0]]]);
});

test('feed and log are read by number: filters that are none are refused, and every page has an older one',
    async () => {
    const {url, target} = await webhook('Numbers');
    for (const path of ['/log.json', '/feed.json', '/log', '/feed']) {
        for (const query of ['target=abc', 'after=-1', 'before=x', 'count=1.5', 'after=9999999999999999999']) {
            if (path === '/feed' && query === 'target=abc') continue;
            const answer = await program.request(`${SANDBOX_URL}${path}?${query}`);
            assert.equal(answer.status, 400, `${path}?${query}`);
            if (path.endsWith('.json'))
                assert.match(JSON.parse(answer.text).error, new RegExp(`^${query.split('=')[0]} is a number`));
        }
    }
    for (let i = 0; i < 205; ++i) await post(url, card(`n${i}`));
    const all = await json(`/log.json?target=${target}`);
    const numbers = all.map(({post_id: id}) => id);
    assert.deepEqual((await json(`/log.json?target=${target}&after=${numbers[9]}&before=${numbers[13]}`))
        .map(({post_id: id}) => id), numbers.slice(10, 13));
    assert.deepEqual((await json(`/feed.json?target=${target}&count=2`)).map(({post_id: id}) => id),
        numbers.slice(0, 2));
    const read = async (path, pattern) => {
        const seen = [];
        for (let next = path; next;) {
            const {text} = await program.request(`${SANDBOX_URL}${next}`);
            seen.push(...[...text.matchAll(pattern)].map(([, id]) => Number(id)));
            next = text.match(/<a href="([^"]*)">Older<\/a>/)?.[1].replaceAll('&amp;', '&');
        }
        return seen;
    };
    assert.deepEqual(await read(`/log?target=${target}`, /<tr><td>(\d+)<\/td>/g), numbers.toReversed());
    assert.deepEqual(await read(`/feed/${target}`, /id="post-(\d+)"/g), numbers.toReversed());
});

test('a program that goes on from the last number it saw misses no post, and learns when the oldest have gone',
    async () => {
    const {url, target} = await webhook('Polled');
    const numbers = [];
    let done = false;
    const polling = (async () => {
        for (let last = false; !last;) {
            last = done;
            for (const {post_id: id} of await json(`/log.json?target=${target}&after=${numbers.at(-1) ?? 0}`))
                numbers.push(id);
        }
    })();
    await Promise.all(Array.from({length: 8}, async () => {
        for (let i = 0; i < 100; ++i) await post(url, card('x'));
    }));
    done = true;
    await polling;
    assert.deepEqual(numbers, (await json(`/log.json?target=${target}`)).map(({post_id: id}) => id));
    assert.equal(numbers.length, 800);
    const oldest = async () => Number((await program.request(`${SANDBOX_URL}/log.json?target=${target}&count=1`))
        .headers['oldest-post']);
    assert.ok(await oldest() <= numbers[0]);
    const kept = asSuperuser("select value from o365_internal.sandbox_setting where name = 'keep_posts'");
    asSuperuser("select o365_programs.sandbox_set('keep_posts', '20')");
    try {
        asSuperuser('select o365_programs.sandbox_sweep()');
        assert.equal(await oldest(), numbers.at(-20), 'who has read less far has missed some');
    } finally {
        asSuperuser(`select o365_programs.sandbox_set('keep_posts', '${kept}')`);
    }
});

test('the oldest posts leave feed and log beyond a setting, so that a long-running CI fills no disk', async () => {
    const {url, target} = await webhook('Kept');
    const kept = asSuperuser("select value from o365_internal.sandbox_setting where name = 'keep_posts'");
    asSuperuser("select o365_programs.sandbox_set('keep_posts', '20')");
    try {
        for (let i = 0; i < 30; ++i) await post(url, card(`n${i}`));
        asSuperuser('select o365_programs.sandbox_sweep()');
        const left = await json(`/log.json?target=${target}`);
        assert.equal(left.length, 20);
        assert.deepEqual((await json(`/feed.json?target=${target}`)).map(({card: {text}}) => text),
            Array.from({length: 20}, (_, i) => `n${i + 10}`));
    } finally {
        asSuperuser(`select o365_programs.sandbox_set('keep_posts', '${kept}')`);
    }
});
