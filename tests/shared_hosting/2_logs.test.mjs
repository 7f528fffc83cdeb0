// Last: what the host's Apache writes of secrets is exactly what docs/security.md lists; nothing else holds any.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {Client, LOGS, PUBLIC_URL, remember, secretsSeen, STACK_DIR} from '../e2e/harness.mjs';
import {search, searchText} from '../e2e/search.mjs';

const {USER_HOME, PG_SOCKET, SUEXEC_LOG, SUEXEC_LOG_BEGIN} = process.env;
const parts = () => secretsSeen().flatMap((secret) => (secret.kind === 'webhook' && URL.canParse(secret.value)
    ? [secret, {kind: 'webhook path', value: new URL(secret.value).pathname}] : [secret]));

test('the search has something to find, and finds it', () => {
    for (const kind of ['webhook', 'object-id', 'state', 'cookie', 'ticket'])
        assert.ok(secretsSeen().some((secret) => secret.kind === kind), `no ${kind} was seen`);
    assert.equal(searchText(`x${encodeURIComponent(secretsSeen().find(({kind}) => kind === 'webhook').value)}y`,
        parts()).length, 1);
});

test('of all that was written, the host\'s access log alone holds secrets', () => {
    const dump = join(STACK_DIR, 'dump.sql');
    const env = {...process.env, PGSSLMODE: 'disable'};
    writeFileSync(dump, execFileSync('pg_dump', ['-h', PG_SOCKET, '-U', 'postgres', 'shop'],
        {maxBuffer: 1 << 30, env}));
    const suexec = join(STACK_DIR, 'suexec.log');
    writeFileSync(suexec, readFileSync(SUEXEC_LOG).subarray(Number(SUEXEC_LOG_BEGIN)));
    const files = [...readdirSync(LOGS).filter((name) => name !== 'host-access.log').map((name) => join(LOGS, name)),
        dump, suexec, join(USER_HOME, 'o365-connector/o365.log')];
    for (const [file, line] of [['host-error.log', /fcgid:|mod_fcgid/], ['postgres.out',
        /COPY o365_programs\.callback .*sealing_key/]]) assert.match(readFileSync(join(LOGS, file), 'utf8'), line);
    assert.match(readFileSync(join(USER_HOME, 'o365-connector/o365.log'), 'utf8'), /event=card_delivered/);
    assert.deepEqual(search(files, parts()), []);
});

test('in the access log they stand in the request line of five requests, and nowhere else', () => {
    const lines = readFileSync(join(LOGS, 'host-access.log'), 'utf8').trim().split('\n');
    const secrets = parts();
    const kinds = new Map();
    for (const line of lines) {
        const [, before, request, after] = line.match(/^([^"]*)"([^"]*)"(.*)$/);
        assert.deepEqual(searchText(before + after, secrets), [], `beside the request line: ${after}`);
        const held = secrets.filter(({value}) =>
            [value, encodeURIComponent(value)].some((form) => request.includes(form))).map(({kind}) => kind);
        if (held.length === 0) continue;
        const what = request.match(
            /^(GET|POST) \/o365(\/action\/|\/action\?|\/manage\/|\/connect\/desk\/(?:callback|failed|start|done)?)/);
        const key = what ? `${what[1]} ${what[2]}` : request;
        kinds.set(key, new Set([...(kinds.get(key) ?? []), ...held]));
    }
    const found = Object.fromEntries([...kinds].sort()
        .map(([request, held]) => [request, [...held].sort().join(', ')]));
    assert.deepEqual(found, {
        'GET /action/': 'action-link',
        'GET /connect/desk/': 'ticket',
        'GET /connect/desk/callback': 'object-id, state, webhook, webhook path',
        'GET /manage/': 'manage',
        'POST /action?': 'action-link',
    });
});

test('and the host\'s server-status shows the start of a request line while it is fresh', async () => {
    const client = new Client();
    remember('state', 'state-for-server-status-1');
    await client.request(`${PUBLIC_URL}/connect/desk/callback?state=state-for-server-status-1&error=AccessDenied`);
    const status = await new Client().request(new URL('/server-status', PUBLIC_URL).href);
    assert.match(status.text, /GET \/o365\/connect\/desk\/callback\?state=/);
});
