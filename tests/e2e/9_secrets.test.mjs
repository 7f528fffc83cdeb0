// Last: everything that was written anywhere is searched for every secret that the browser saw.
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {LOGS, secretsSeen, sql, stack, STACK_DIR} from './harness.mjs';
import {search, searchText} from './search.mjs';

/** All files that the installation wrote: logs, what pg_stat_activity showed, a dump of the database. */
function written() {
    const dump = join(STACK_DIR, 'dump.sql');
    writeFileSync(dump, execFileSync('pg_dump', ['-U', 'postgres', 'o365'], {maxBuffer: 1 << 30}));
    return [...readdirSync(LOGS).map((name) => join(LOGS, name)), dump, join(STACK_DIR, 'activity')];
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
    const server = process.env.SERVER.split('-')[0];
    assert.match(readFileSync(join(LOGS, `${server}-access.log`), 'utf8'), /GET \/connect\/desk\/callback 302/);
    assert.match(readFileSync(join(LOGS, `${server}-main.log`), 'utf8'), server === 'nginx' ? /\[debug\]/ : /:debug\]/);
    // Cards are sent in the run behind nginx only.
    assert.match(readFileSync(join(LOGS, 'programs.log'), 'utf8'), server === 'nginx' ? /event=card_delivered/ : /event=callback/);
    assert.match(readFileSync(join(STACK_DIR, 'activity'), 'utf8'), /o365\.worker_claim/);
});

test('no webhook, object id, state, cookie, ticket or token is in any log, view of activity, file or dump', async () => {
    await stack('stop', 'worker');
    const secrets = secretsSeen();
    const kinds = ['webhook', 'object-id', 'state', 'cookie', 'ticket', 'form-token'];
    // Cards' actions are pressed in the run behind nginx only.
    for (const kind of process.env.SERVER === 'nginx' ? [...kinds, 'action-token'] : kinds) {
        assert.ok(secrets.some((secret) => secret.kind === kind), `no ${kind} was seen, so its search would prove nothing`);
    }
    // A whole webhook is unlikely to be cut out of context, a part of it not: its path is searched as well.
    const parts = secrets.flatMap((secret) => secret.kind === 'webhook' && URL.canParse(secret.value)
        ? [secret, {kind: 'webhook path', value: new URL(secret.value).pathname}] : [secret]);
    assert.deepEqual(search(written(), parts), []);
});

test('views show no secret either', () => {
    const shown = ['subscriptions', 'queue', 'attempts', 'deliveries', 'connectors', 'settings', 'webhook_hosts', 'response_rules'].map((view) => sql(`select * from o365.${view}`));
    assert.deepEqual(searchText(shown.join('\n'), secretsSeen()), []);
});
