// Last: everything that was written anywhere is searched for every secret that the browser saw.
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {LOGS, secretsSeen, sql, stack, STACK_DIR} from './harness.mjs';

/** How a value could stand in a log: as it is, %-escaped, JSON-escaped, base64 at each of three offsets, hex. */
function forms(value) {
    const bytes = Buffer.from(value);
    const inBase64 = [0, 1, 2].map((shift) => {
        const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64').replace(/=+$/, '');
        return text.slice(shift === 0 ? 0 : shift + 1, -4);
    });
    return [...new Set([value, encodeURIComponent(value), encodeURIComponent(value).toLowerCase(), value.replaceAll('/', '\\/'), bytes.toString('hex'), ...inBase64])]
        .filter((text) => text.length >= 8);
}

/** All files that the installation wrote: logs, what pg_stat_activity showed, a dump of the database. */
function written() {
    const dump = join(STACK_DIR, 'dump.sql');
    writeFileSync(dump, execFileSync('pg_dump', ['-U', 'postgres', 'o365'], {maxBuffer: 1 << 30}));
    return [...readdirSync(LOGS).map((name) => join(LOGS, name)), dump, join(STACK_DIR, 'activity')];
}

/** The files that hold one of the secrets in any form. grep takes thousands of fixed strings in one pass over hundreds of megabytes. */
function search(files, secrets) {
    const patterns = join(STACK_DIR, 'patterns');
    writeFileSync(patterns, [...new Set(secrets.flatMap(({value}) => forms(value)))].join('\n') + '\n');
    const grep = spawnSync('grep', ['-aFo', '-m', '3', '-f', patterns, '/dev/null', ...files], {encoding: 'utf8', env: {...process.env, LC_ALL: 'C'}, maxBuffer: 1 << 28});
    assert.ok(grep.status === 0 || grep.status === 1, grep.stderr);
    return grep.stdout.split('\n').filter(Boolean);
}

function searchText(text, secrets) {
    const file = join(STACK_DIR, 'text-to-search');
    writeFileSync(file, text);
    return search([file], secrets);
}

test('the search finds what is there, in every form', () => {
    const value = 'https://contoso.webhook.localhost/webhookb2/planted';
    for (const form of [value, encodeURIComponent(value), Buffer.from(value).toString('hex'), Buffer.from(`x${value}y`).toString('base64')]) {
        assert.equal(searchText(`before ${form} after`, [{kind: 'webhook', value}]).length, 1, form);
    }
    assert.deepEqual(searchText('nothing', [{kind: 'webhook', value}]), []);
});

test('the loggers really were turned up: what is no secret stands in them', () => {
    // More than a string may hold.
    for (const said of ['COPY o365.callback', 'Query Text:']) {
        assert.equal(spawnSync('grep', ['-aqF', said, join(LOGS, 'postgres.out')]).status, 0, said);
    }
    assert.match(readFileSync(join(LOGS, 'nginx-access.log'), 'utf8'), /GET \/connect\/desk\/callback 302/);
    assert.match(readFileSync(join(LOGS, 'programs.log'), 'utf8'), /event=card_delivered/);
    assert.match(readFileSync(join(STACK_DIR, 'activity'), 'utf8'), /o365\.worker_claim/);
});

test('no webhook, object id, state, cookie, ticket or action token is in any log, view of activity, file or dump', async () => {
    await stack('stop', 'worker');
    const secrets = secretsSeen();
    for (const kind of ['webhook', 'object-id', 'state', 'cookie', 'ticket', 'token']) {
        assert.ok(secrets.some((secret) => secret.kind === kind), `no ${kind} was seen, so its search would prove nothing`);
    }
    // A whole webhook is unlikely to be cut out of context, a part of it not: its path is searched as well.
    const parts = secrets.flatMap((secret) => secret.kind === 'webhook' && URL.canParse(secret.value)
        ? [secret, {kind: 'webhook path', value: new URL(secret.value).pathname}] : [secret]);
    assert.deepEqual(search(written(), parts), []);
});

test('views show no secret either', () => {
    const shown = ['subscriptions', 'queue', 'deliveries', 'connectors', 'settings', 'webhook_hosts', 'response_rules'].map((view) => sql(`select * from o365.${view}`));
    assert.deepEqual(searchText(shown.join('\n'), secretsSeen()), []);
});
