// The sandbox's workflows: their URLs, who may trigger them, and what each kind does.
import assert from 'node:assert/strict';
import {before, test} from 'node:test';

import {json, lastPost, post, program, set, webhook} from './feed.mjs';
import {Client, remember, SANDBOX_URL} from './harness.mjs';

test('a workflow\'s URL that lost its signature wants a token', async () => {
    const {url, target} = await webhook('Unsigned', 'workflow');
    const code = async (where, headers) => {
        const {status, text} = await post(where, '{}', headers);
        return [status, JSON.parse(text).error.code];
    };
    // As a shell cuts it that was not told to leave the & alone.
    const cut = url.slice(0, url.indexOf('&'));
    assert.match(cut, /\?api-version=1$/);
    const before = lastPost();
    assert.deepEqual(await code(cut), [401, 'DirectApiAuthorizationRequired']);
    assert.ok((await json(`/log.json?after=${before}`)).some(({answered}) => answered === '401-direct-api'));
    assert.deepEqual(await code(url.replace(/&sig=.*/, '')), [401, 'DirectApiAuthorizationRequired']);
    assert.deepEqual(await code(url.replace(/\?.*/, '')), [400, 'MissingApiVersionParameter']);
    assert.deepEqual(await code(url.replace('api-version=1&', '')), [400, 'MissingApiVersionParameter']);
    assert.deepEqual(await code(cut, {Authorization: 'Bearer x'}), [401, 'MisMatchingOAuthClaims']);
    assert.deepEqual(await code(url.replace(/[\w-]$/, (c) => (c === 'a' ? 'b' : 'a'))), [401, 'AuthorizationFailed']);
    assert.deepEqual(await code(url.slice(0, -20)), [401, 'AuthorizationFailed'], 'cut off');
    assert.deepEqual(await code(url.replace(/workflows\/.{32}/, `workflows/${'0'.repeat(32)}`)),
        [404, 'WorkflowNotFound']);
    assert.equal((await post(url, '{"attachments": []}')).status, 202);
    assert.deepEqual((await json(`/log.json?target=${target}`)).map(({answered}) => answered),
        ['workflow-no-api-version', 'ok']);
});

test('who may trigger a workflow changes its URL', async () => {
    const open = await webhook('Triggers', 'workflow');
    const megan = new Client();
    await megan.request(`${SANDBOX_URL}/sign-in`, {person: 'program'});
    const code = async (where, headers) => {
        const {status, text} = await post(where, '{"attachments": []}', headers);
        return text ? [status, JSON.parse(text).error.code] : [status];
    };
    await megan.request(`${SANDBOX_URL}/tenant/${open.target}`, {do: 'tenant'});
    const shown = (await megan.request(`${SANDBOX_URL}/tenant/${open.target}`, {do: 'webhook'})).text;
    const closed = shown.match(/https:\/\/flow\.localhost[^"<]+/)[0].replaceAll('&amp;', '&');
    remember('webhook', closed);
    assert.match(closed, /\/triggers\/manual\/paths\/invoke\?api-version=1$/);
    assert.deepEqual(await code(closed), [401, 'DirectApiAuthorizationRequired']);
    assert.deepEqual(await code(closed, {Authorization: 'Bearer x'}), [401, 'MisMatchingOAuthClaims']);
    assert.deepEqual(await code(open.url), [401, 'DirectApiAuthorizationRequired']);
    await megan.request(`${SANDBOX_URL}/tenant/${open.target}`, {do: 'on'});
    assert.deepEqual([await code(open.url), await code(closed)],
        [[404, 'WorkflowNotFound'], [401, 'DirectApiAuthorizationRequired']]);
    assert.deepEqual(await code((await webhook('Triggers', 'workflow')).url), [202]);
});

test('a workflow that was deleted is made anew under its name, with a webhook that works', async () => {
    const old = await webhook('Again', 'workflow');
    const megan = new Client();
    await megan.request(`${SANDBOX_URL}/sign-in`, {person: 'program'});
    await megan.request(`${SANDBOX_URL}/tenant/${old.target}`, {do: 'deleted'});
    assert.equal((await megan.request(`${SANDBOX_URL}/tenant/${old.target}`, {do: 'webhook'})).status, 409,
        'a deleted one has no URL');
    const made = await webhook('Again', 'workflow');
    assert.equal((await post(made.url, '{"attachments": []}')).status, 202);
    assert.equal(JSON.parse((await post(old.url, '{"attachments": []}')).text).error.code, 'WorkflowNotFound');
});

test('every kind of workflow is made by one request, and does what its kind does', async () => {
    const text = (words) => ({type: 'AdaptiveCard', version: '1.4', body: [{type: 'TextBlock', text: words}]});
    const envelope = JSON.stringify({type: 'message',
        attachments: [{contentType: 'application/vnd.microsoft.card.adaptive', content: text('in an envelope')}]});
    const bare = JSON.stringify(text('bare'));
    const make = async (kind) => {
        const answer = await set('/tenant/webhooks',
            {person: 'program', name: 'Kinds of workflow', dialect: 'workflow', ...kind});
        assert.equal(answer.status, 200, answer.text);
        const made = JSON.parse(answer.text);
        remember('webhook', made.webhook_url);
        return made;
    };
    const code = async (url, body = envelope) => {
        const {status, text: said} = await post(url, body);
        return [status, said && said.startsWith('{"error"') ? JSON.parse(said).error.code : said];
    };
    const became = async ({flow}) => (await json(`/log.json?flow=${flow}`)).map(({answered, note}) => note ?? answered);
    const arrived = async ({flow, target}) => {
        const ours = new Set((await json(`/log.json?flow=${flow}`)).map(({post_id: id}) => id));
        return (await json(`/feed.json?target=${target}`)).filter(({post_id: id, arrived: yes}) => ours.has(id) && yes)
            .length;
    };

    const template = await make({payload: 'envelope'});
    assert.deepEqual([await code(template.webhook_url), await code(template.webhook_url, bare)],
        [[202, ''], [202, '']]);
    assert.match((await became(template)).join('; '), /^ok; .*'foreach'.* is of type 'Null'/);
    assert.equal(await arrived(template), 1);
    const whole = await make({payload: 'card'});
    assert.equal(whole.target, template.target, 'all in one channel');
    assert.notEqual(whole.flow, template.flow);
    assert.deepEqual([await code(whole.webhook_url), await code(whole.webhook_url, bare)], [[202, ''], [202, '']]);
    assert.match((await became(whole)).join('; '),
        /^AdaptiveSerializationException: Property 'type' must be 'AdaptiveCard'; ok$/);
    assert.equal(await arrived(whole), 1);

    // Its own Response step: later than the trigger would have answered, and in its own words.
    const step = await make({response: '2', response_body: '{"ticket": 17}'});
    const begun = Date.now();
    const late = await post(step.webhook_url, envelope);
    assert.deepEqual([late.status, late.text, late.headers['content-type'], Date.now() - begun >= 2000],
        [200, '{"ticket": 17}', 'application/json; charset=utf-8', true]);
    assert.equal(await arrived(step), 1);
    assert.deepEqual(await code(step.webhook_url, bare), [502, 'NoResponse'], 'a run that fails does not get that far');
    assert.deepEqual(await code((await make({response: 0, response_body: 'done'})).webhook_url), [200, 'done']);

    const tenant = await make({trigger: 'tenant'});
    assert.equal(new URL(tenant.webhook_url).search, '?api-version=1');
    assert.deepEqual(await code(tenant.webhook_url), [401, 'DirectApiAuthorizationRequired']);
    const inGateway = await make({trigger: 'tenant', form: 'gateway'});
    assert.match(inGateway.webhook_url, /\/direct\/workflows\//, 'a gateway has no such form');

    for (const [fails, why] of [['private-channel', /Flow bot cannot post in a private channel/],
        ['connection', /connection to Teams is invalid/], ['membership', /no member of the team/]]) {
        const failing = await make({fails});
        assert.deepEqual(await code(failing.webhook_url), [202, '']);
        assert.match((await became(failing)).join(), why);
        assert.equal(await arrived(failing), 0, 'nothing arrives');
        assert.match((await program.request(failing.runs)).text, why, 'the run history says why');
    }

    const bot = await make({post_as: 'flow-bot'});
    for (let i = 0; i < 27; ++i) assert.deepEqual(await code(bot.webhook_url), [202, '']);
    assert.equal(await arrived(bot), 25);
    assert.match((await became(bot)).slice(25).join('; '),
        /^(Action [^;]*TooManyRequests[^;]*this one is lost\.(; |$)){2}$/);
    assert.match((await program.request(bot.runs)).text, /what comes gets 202 and is lost/);

    // Its switches, by its own page.
    const change = async (what) => (await set(bot.runs.replace(SANDBOX_URL, ''), {do: what})).status;
    for (const [what, answer] of [['orphaned', 'WorkflowTriggerIsNotEnabled'], ['on', ''],
        ['off', 'WorkflowTriggerIsNotEnabled'], ['deleted', 'WorkflowNotFound']]) {
        assert.equal(await change(what), 303);
        assert.equal((await code(bot.webhook_url))[1], answer, what);
    }
    assert.deepEqual([await change('on'), await change('nonsense')], [409, 400]);

    // Another key: the old URL is refused, in whatever form, and the workflow is the same.
    for (const form of ['powerplatform', 'cu', 'slash', 'logic', 'gateway']) {
        const old = await make({flow: template.flow, form});
        assert.deepEqual([old.flow, await code(old.webhook_url)], [template.flow, [202, '']]);
        const fresh = await make({flow: template.flow, form, key: 'new'});
        assert.deepEqual([await code(old.webhook_url), await code(fresh.webhook_url)],
            [[401, 'AuthorizationFailed'], [202, '']], form);
        if (form !== 'gateway') assert.equal(new URL(old.webhook_url).pathname, new URL(fresh.webhook_url).pathname);
    }
    assert.deepEqual(await code(template.webhook_url), [401, 'AuthorizationFailed'], 'every URL of before');

    for (const [form, status] of [[{payload: 'both'}, 400], [{response: 61}, 400], [{flow: bot.flow}, 404],
        [{flow: 999999}, 404], [{flow: 'x'}, 400], [{key: 'new'}, 400],
        [{flow: template.flow, payload: 'card'}, 400], [{payload: 'card', dialect: 'connector'}, 400],
        [{flow: template.flow, name: 'Another channel'}, 404]]) {
        const answer = await set('/tenant/webhooks',
            {person: 'program', name: 'Kinds of workflow', dialect: 'workflow', ...form});
        assert.equal(answer.status, status, JSON.stringify(form));
        assert.equal(typeof JSON.parse(answer.text).error, 'string');
    }
    assert.equal((await program.request(`${SANDBOX_URL}/log.json?flow=x`)).status, 400);
    const group = await webhook('No workflows here');
    assert.equal((await program.request(`${SANDBOX_URL}/tenant/${group.target}/flow/1`)).status, 404);
    assert.equal((await program.request(`${SANDBOX_URL}/tenant/${template.target}/flow/999999`)).status, 404);
    assert.equal((await set(`/tenant/${template.target}/flow/new`, {fails: 'yes'})).status, 400);
});
