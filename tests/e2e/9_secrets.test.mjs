// Last: everything that was written anywhere is searched for every secret that the browser saw.
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {LOGS, secretsSeen, sql, stack, STACK_DIR, TIME_SCALE} from './harness.mjs';
import {search, searchText} from './search.mjs';

/** Whether that file was part of this run: what its secrets are only it makes. */
const ran = (file) => process.env.FILES.split(' ').includes(`${file}.test.mjs`);

/** All files that the installation wrote: logs, what pg_stat_activity showed, a dump of the database. */
function written(...options) {
    const dump = join(STACK_DIR, 'dump.sql');
    writeFileSync(dump, execFileSync('pg_dump', ['-U', 'postgres', ...options, 'o365'], {maxBuffer: 1 << 30}));
    return [...readdirSync(LOGS).map((name) => join(LOGS, name)), dump, join(STACK_DIR, 'activity')];
}

/** The same without what the sandbox has: the far end gets the cards, with the links in them, and shows them. */
function writtenByUs() {
    const ours = join(STACK_DIR, 'postgres-of-ours');
    // An entry goes on in lines that begin with a tab.
    const awk = "/^[0-9][0-9][0-9][0-9]-/ { sandbox = /^[^[]* o365-sandbox.fcgi \\[/ } !sandbox { print } sandbox { "
        + "left_out++ } END { exit left_out == 0 }";
    assert.equal(spawnSync('bash', ['-c', 'LC_ALL=C awk "$1" "$2" > "$3"', '-', awk, join(LOGS, 'postgres.out'), ours])
        .status, 0, 'the sandbox wrote nothing');
    return [...written('--exclude-table-data=o365_internal.sandbox_*')
        .filter((file) => !file.endsWith('/postgres.out')), ours];
}

test('the search finds what is there, in every form', () => {
    const value = 'https://contoso.webhook.localhost/webhookb2/planted';
    for (const form of [value, encodeURIComponent(value), Buffer.from(value).toString('hex'),
        Buffer.from(`x${value}y`).toString('base64')]) {
        assert.equal(searchText(`before ${form} after`, [{kind: 'webhook', value}]).length, 1, form);
    }
    assert.deepEqual(searchText('nothing', [{kind: 'webhook', value}]), []);
});

test('the loggers really were turned up: what is no secret stands in them', () => {
    // More than a string may hold.
    for (const said of ['COPY o365_programs.callback', 'Query Text:']) {
        assert.equal(spawnSync('grep', ['-aqF', said, join(LOGS, 'postgres.out')]).status, 0, said);
    }
    const server = process.env.SERVER.split('-')[0];
    assert.match(readFileSync(join(LOGS, `${server}-access.log`), 'utf8'), /GET \/connect\/desk\/callback 302/);
    assert.match(readFileSync(join(LOGS, `${server}-main.log`), 'utf8'), server === 'nginx' ? /\[debug\]/ : /:debug\]/);
    assert.match(readFileSync(join(LOGS, 'programs.log'), 'utf8'), /event=card_delivered/);
    if (ran('2_actions_signed')) {
        assert.match(readFileSync(join(LOGS, 'programs.log'), 'utf8'), /event=action_refused .*? aud=/,
            'claims of tokens that are refused stand there, and no others');
    }
    assert.match(readFileSync(join(STACK_DIR, 'activity'), 'utf8'), /o365_programs\.worker_claim/);
});

// The kernel gives /proc/<pid> of a process that may not be dumped to root, whoever runs it (proc(5)). Sanitizer builds
// stay open on purpose.
test('no other process of their user can read the memory of our programs',
    {skip: TIME_SCALE !== 1 && 'a build with sanitizers'}, () => {
    const pidOf = (part) => Number(readFileSync(join(STACK_DIR, 'pids', part), 'utf8'));
    const owner = (pid) => statSync(`/proc/${pid}/environ`).uid;
    const user = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/^Uid:\t(\d+)/m)[1]);
    // Started in the same way and open: so it is the programs that hide themselves.
    const open = pidOf('nginx');
    assert.notEqual(user(open), 0);
    assert.equal(owner(open), user(open));
    // Under mod_fcgid it is Apache that starts the responder, and we have no pid of it.
    for (const part of process.env.SERVER === 'apache-fcgid' ? ['sandbox', 'worker'] : ['responder', 'sandbox',
        'worker']) {
        assert.equal(user(pidOf(part)), user(open), part);
        assert.equal(owner(pidOf(part)), 0, `${part} lets its user read its memory`);
    }
});

test('no webhook, object id, state, cookie, ticket or token is in any log, view of activity, file or dump',
    async () => {
    await stack('stop', 'worker');
    const secrets = secretsSeen();
    const kinds = ['webhook', 'object-id', 'state', 'cookie', 'ticket'];
    if (ran('1_endings_confirm')) kinds.push('form-token');
    if (ran('3_manage')) kinds.push('manage');
    if (ran('7_sandbox_actions') || ran('2_actions_signed')) kinds.push('action-token');
    for (const kind of kinds) {
        assert.ok(secrets.some((secret) => secret.kind === kind),
            `no ${kind} was seen, so its search would prove nothing`);
    }
    // What the sandbox was sent is judged by the next test.
    const others = secrets.filter(({kind}) => kind !== 'action-link');
    // A whole webhook is unlikely to be cut out of context, a part of it not: its path is searched as well.
    const parts = others.flatMap((secret) => secret.kind === 'webhook' && URL.canParse(secret.value)
        ? [secret, {kind: 'webhook path', value: new URL(secret.value).pathname}] : [secret]);
    assert.deepEqual(search(written(), parts), []);
});

test('no link to a card\'s action is in any of them, but in what the sandbox got',
    {skip: !ran('2_actions') && 'no link was made'}, async () => {
    const links = secretsSeen().filter(({kind}) => kind === 'action-link');
    assert.ok(links.length > 0, 'none was seen, so its search would prove nothing');
    assert.notDeepEqual(search([join(LOGS, 'postgres.out')], links), [],
        'the sandbox has them, and the search finds them');
    assert.deepEqual(search(writtenByUs(), links), []);
    const server = process.env.SERVER.split('-')[0];
    assert.match(readFileSync(join(LOGS, `${server}-access.log`), 'utf8'), /GET \/action\/\*\*\* /,
        'and the access log says that they were used');
    if (ran('2_actions_signed')) {
        assert.match(readFileSync(join(LOGS, `${server}-access.log`), 'utf8'), /POST \/action 200 /,
            'so does it of a signed call');
    }
});

test('views show no secret either', () => {
    const views = sql(`select oid::regclass from pg_class where relkind = 'v' and relnamespace = 'o365'::regnamespace`)
        .split('\n');
    assert.ok(views.includes('o365.subscriptions'));
    const shown = views.map((view) => sql(`select * from ${view}`));
    assert.deepEqual(searchText(shown.join('\n'), secretsSeen()), []);
});
