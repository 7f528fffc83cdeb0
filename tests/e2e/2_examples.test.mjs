// The programs of docs/examples, as an application's developer runs them: against the database itself and through
// PgBouncer that pools transactions.
import assert from 'node:assert/strict';
import {execFile, spawn} from 'node:child_process';
import {chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {promisify} from 'node:util';

import {asApplication, asSuperuser, Client, code, feedPosts, keysFetched, openBrowser, paste, remember, ROOT,
    SANDBOX_URL, texts, ticketLink, until, workflow} from './harness.mjs';

const languages = {php: ['php', 'notify.php'], python: ['/usr/bin/python3', 'notify.py'],
    node: [process.execPath, 'notify.mjs']};
const buttons = {'buttons.php': ['php', 'buttons.php'], 'buttons.py': ['/usr/bin/python3', 'buttons.py']};
const home = mkdtempSync(join(tmpdir(), 'o365-pooler-'));
const direct = {PGHOST: process.env.PGHOST, PGPORT: '5432', PGDATABASE: 'o365', PGUSER: 'demo_app'};
const pooled = {...direct, PGHOST: home, PGPORT: '6432'};
let pooler;

/** Runs a program of docs/examples and returns the lines that it prints. */
async function example(language, where, ...words) {
    const [program, file] = languages[language] ?? buttons[language];
    const {stdout} = await promisify(execFile)(program, [join(ROOT, 'docs/examples', file), ...words],
        {env: {...process.env, ...where}});
    return stdout.trim().split('\n');
}
const tickets = (title) => Number(asSuperuser(`select count(*) from ticket where title = '${title}'`));

before(async () => {
    asSuperuser(`create table ticket (id integer generated always as identity primary key, title text not null);
        grant insert, select on ticket to demo_app;
        create function refuse() returns trigger language plpgsql as $$ begin raise 'refused at commit'; end $$;
        create constraint trigger refused after insert on ticket deferrable initially deferred for each row
            when (new.title like 'refused %') execute function refuse()`);
    chmodSync(home, 0o777);
    // One server session for all clients: they take turns in it, a transaction each.
    writeFileSync(join(home, 'users'), '"demo_app" ""\n');
    writeFileSync(join(home, 'ini'), `[databases]
o365 = host=${direct.PGHOST} port=5432
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = ${home}
auth_type = trust
auth_file = ${join(home, 'users')}
pool_mode = transaction
default_pool_size = 1
server_reset_query =
`);
    const as = process.getuid() === 0 ? ['setpriv', '--reuid=www-data', '--regid=www-data', '--clear-groups', '--']
        : [];
    const [program, ...words] = [...as, 'pgbouncer', '-q', join(home, 'ini')];
    pooler = spawn(program, words, {stdio: 'ignore', env: {...process.env, PATH: `${process.env.PATH}:/usr/sbin`}});
    await until('the pooler', () => existsSync(join(home, '.s.PGSQL.6432')));
});
after(async () => {
    const ended = new Promise((resolve) => pooler.once('exit', resolve));
    pooler.kill('SIGTERM');
    await ended;
    rmSync(home, {recursive: true, force: true});
    asSuperuser('drop table ticket; drop function refuse()');
});

for (const language of Object.keys(languages)) {
    test(`an application in ${language} connects its user, sends in its transaction, learns what became of the card`,
        async () => {
        const source = readFileSync(join(ROOT, 'docs/examples', languages[language][1]), 'utf8');
        assert.ok(source.trim().split('\n').length < 40, 'the program has under 40 lines');
        const user = `${language}@example.org`;
        const flow = await workflow(`Tickets ${language}`);
        const {page, close} = await openBrowser();
        try {
            const [link] = await example(language, direct, 'connect', user);
            await page.goto(link);
            await paste(page, flow.url, 'Tickets');
            const digits = await code(flow.target);
            await page.getByLabel('Code').fill(digits);
            await page.getByRole('button', {name: 'Connect'}).click();
            await page.waitForURL(/\/done\//);
        } finally {
            await close();
        }
        for (const [name, where] of Object.entries({direct, pooled})) {
            const [link] = await example(language, where, 'connect', user);
            assert.match(link, /\/connect\/desk\/\?ticket=/);
            remember('ticket', new URL(link).searchParams.get('ticket'));
            const connections = await example(language, where, 'connections', user);
            assert.equal(connections.length, 1);
            assert.match(connections[0], /^\d+ Tickets active$/);
            const title = `It is *on* fire, ${name} of ${language}`;
            const [card] = await example(language, where, 'ticket', user, title);
            assert.equal(tickets(title), 1);
            await until('the card to end',
                async () => (await example(language, where, 'outcome', card))[0] === 'accepted');
            const posts = (await texts(flow.target)).filter((post) => post.includes(`${name} of ${language}`));
            assert.equal(posts.length, 1);
            // The transaction fails at its commit: neither the ticket nor its card exists.
            const waiting = () =>
                Number(asSuperuser(`select count(*) from o365_internal.outbox where card like '%refused ${name}%'`));
            await assert.rejects(example(language, where, 'ticket', user, `refused ${name}`), /refused at commit/);
            assert.deepEqual([tickets(`refused ${name}`), waiting()], [0, 0]);
            assert.equal((await texts(flow.target)).filter((post) => post.includes(`refused ${name}`)).length, 0);
        }
    });
}

for (const program of Object.keys(buttons)) {
    test(`an application with ${program} answers who presses a button`, async () => {
        assert.ok(readFileSync(join(ROOT, 'docs/examples', program), 'utf8').trim().split('\n').length < 40,
            'the program has under 40 lines');
        const client = new Client();
        const user = `${program}@example.org`;
        assert.equal((await client.request(await client.toCallback(ticketLink(user), 'Sales'))).status, 302);
        await keysFetched();
        asApplication('select from o365.take_action_events()');
        // Only what comes from now on: the feed gives the oldest first, and others have posted in bulk.
        const before = asSuperuser('select coalesce(max(post_id), 0) from o365_internal.sandbox_post');
        for (const [name, where] of Object.entries({direct, pooled})) {
            const ticket = `${name} of ${program}`;
            const [card] = await example(program, where, 'ticket', user, ticket);
            await until('the card to end',
                () => asApplication(`select outcome from o365.deliveries where card_id = ${card}`) === 'delivered');
            const post = async () => (await feedPosts(before))
                .findLast((one) => one.card.title?.startsWith(`Ticket ${ticket}`));
            const {post_id, card: {potentialAction: [{target}]}} = await post();
            remember('action-link', target.slice(-32));
            const pressed = client.request(`${SANDBOX_URL}/act`, {post_id, path: 'a0', token: 'entra'});
            assert.equal(await until('the press to be answered',
                async () => (await example(program, where, 'answer'))[0]), `Megan closed ${ticket}: answered`);
            await pressed;
            const {actions, card: {title}} = await post();
            assert.deepEqual([actions.at(-1).http, actions.at(-1).status, title],
                [200, `Ticket ${ticket} was closed.`, `Ticket ${ticket} is closed`]);
        }
    });
}
