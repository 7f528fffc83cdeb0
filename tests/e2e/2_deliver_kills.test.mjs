// Delivery under workers of a test's own, kills, and far ends that hang or fail.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, test} from 'node:test';

import {asWorker, fault, lane, outcome, quietly, send, subscription, withWorker} from './deliver.mjs';
import {asApplication, asSuperuser, Client, CONFIG, feedPosts, PUBLIC_URL, sql, stack, STACK_DIR, ticketLink,
    until} from './harness.mjs';

test('F8: a proxy that is down is named, and no webhook is charged with it', async () => {
    const id = subscription('ann');
    let card;
    await withWorker('proxy = http://localhost:1\n', async () => {
        card = send(id, 'past the proxy');
        await until('the lane to be given back', () => /proxy/.test(lane(id, 'problem')));
        assert.equal(lane(id, "problem, failures, why is distinct from 'pause'"),
            'no connection to the proxy: is it running, and is the setting proxy right?|0|t');
        assert.match(asApplication(`select reason from o365.queue where subscription_id = ${id}`),
            /no connection to the proxy/);
    });
    assert.equal(asApplication(`select outcome, attempts from o365.deliveries where card_id = ${card}`), 'delivered|1');
});

test('20,000 cards to 200 subscriptions arrive, each subscription in order, while worker and PostgreSQL are killed',
    (t) => quietly(async () => {
    // 200 connections through the whole protocol, without drawing 200 pages.
    const person = new Client();
    for (let i = 0; i < 200; ++i) {
        const done = await person.request(await person.toCallback(ticketLink(`bulk-${i}`), 'Sales'));
        assert.match(done.location, /\/done\//);
    }
    assert.equal(person.cookies.get(new URL(PUBLIC_URL).host).size, 20,
        'a browser keeps the cookies of its last attempts only');
    const first = (await feedPosts()).at(-1)?.post_id ?? 0;
    const rows = asApplication(
        `select c.subscription_id from generate_series(0, 199) as i, o365.connections('bulk-' || i) as c`).split('\n');
    assert.equal(rows.length, 200);
    const began = Date.now();
    asApplication(`select count(o365.send(s, jsonb_build_object('text', 'bulk', 's', s, 'n', n)))
                     from generate_series(1, 100) as n, unnest(array[${rows}]::bigint[]) as s`);
    const left = () =>
        Number(asSuperuser(`select count(*) from o365_internal.outbox where subscription_id in (${rows})`));
    await until('the drain to begin', () => left() < 19000, 60);
    await stack('stop', 'worker', 'KILL');
    // What the killed worker had claimed and not reported: the first ten cards of each lane whose lease still runs.
    const claimed = Number(asSuperuser(`select count(*) from o365_internal.lane as l,
        lateral (select 1 from o365_internal.outbox as o where o.subscription_id = l.subscription_id
            order by o.position limit 10) as c where l.worker is not null`));
    await stack('start', 'worker');
    await until('a part of it', () => left() < 14000, 120);
    await stack('stop', 'postgres', 'INT');
    await stack('start', 'postgres');
    await until('the most of it', () => left() < 8000, 120);
    await stack('stop', 'worker', 'TERM');
    await stack('start', 'worker');
    await until('all of it', () => left() === 0, 180);
    t.diagnostic(`20,000 cards in ${(Date.now() - began) / 1000} s, a kill, a restart and a stop included`);

    assert.equal(asSuperuser(`select count(*), count(distinct card_id) from o365_internal.delivery `
        + `where subscription_id in (${rows}) and outcome = 'delivered'`), '20000|20000');
    const lists = new Map(rows.map((row) => [Number(row), []]));
    for (let after = first, page; (page = await feedPosts(after)).length > 0; after = page.at(-1).post_id) {
        for (const {card} of page) if (card?.text === 'bulk') lists.get(card.s).push(card.n);
    }
    let doubled = 0;
    for (const [id, numbers] of lists) {
        const unique = [...new Set(numbers)];
        doubled += numbers.length - unique.length;
        assert.equal(unique.length, 100, `subscription ${id} lost cards`);
        // A card whose answer was lost with its worker comes again after the lease; leaving such repeats out, the order
        // is the order of sending.
        assert.deepEqual(unique, [...unique].sort((a, b) => a - b), `subscription ${id} has its cards out of order`);
    }
    t.diagnostic(`${doubled} cards arrived twice; the killed worker had claimed ${claimed}`);
    assert.ok(doubled <= claimed,
        `${doubled} cards doubled, more than the ${claimed} that the killed worker had claimed`);
}));

test('a far end that ends each connection after a few requests leaves no card in doubt', () => quietly(async () => {
    const conf = join(STACK_DIR, 'conf/sandbox-site.conf');
    const shipped = readFileSync(conf, 'utf8');
    assert.doesNotMatch(shipped, /keepalive_requests/, "the sandbox's site has nginx's default");
    const pid = Number(readFileSync(join(STACK_DIR, 'pids/nginx'), 'utf8'));
    const children = () => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    const serve = async (text) => {
        const old = children();
        writeFileSync(conf, text);
        process.kill(pid, 'SIGHUP');
        await until('nginx to serve anew', () => !children().some((child) => old.includes(child)), 60);
    };
    const rows = asApplication(
        `select c.subscription_id from generate_series(0, 99) as i, o365.connections('bulk-' || i) as c`).split('\n');
    asSuperuser(`update o365_internal.subscription set in_doubt_policy = 'skip' where subscription_id in (${rows})`);
    await serve(shipped.replace('access_log off;', 'access_log off;\n    keepalive_requests 7;'));
    try {
        const before = asSuperuser('select max(card_id) from o365_internal.delivery');
        asApplication(`select count(o365.send(s, '{"text": "few requests a connection"}')) `
            + `from generate_series(1, 20), unnest(array[${rows}]::bigint[]) as s`);
        await until('all of it',
            () => asSuperuser(`select count(*) from o365_internal.outbox where subscription_id in (${rows})`) === '0',
            120);
        assert.equal(asSuperuser(`select outcome, count(*) from o365_internal.delivery where card_id > ${before} `
            + `group by 1`), 'delivered|2000');
        assert.equal(asSuperuser(`select count(*) from o365_internal.attempt where card_id > ${before}`), '0',
            'each by its first POST');
    } finally {
        asSuperuser(`update o365_internal.subscription set in_doubt_policy = 'resend' `
            + `where subscription_id in (${rows})`);
        await serve(shipped);
    }
}));

test('a host that hangs leaves transfers to other hosts, and its lanes over its share are left alone for a while',
    async () => {
    const lanes = asApplication(
        `select c.subscription_id from generate_series(0, 7) as i, o365.connections('bulk-' || i) as c`).split('\n');
    const adaptive = '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "beside"}]}';
    sql("select o365.set('post_timeout_seconds', '8')");
    try {
        await withWorker('max_transfers = 5\n', async () => {
            const before = asSuperuser('select max(post_id) from o365_internal.sandbox_post');
            fault({target: 0, answer: 'silent', count: 4});
            for (const id of lanes) send(id, 'to a host that hangs');
            await until('its share to hang',
                async () => (await feedPosts(before)).filter((one) => one.card.text === 'to a host that hangs')
                .length === 4);
            const beside = asApplication(`select o365.send(${subscription('eva')}, '${adaptive}')`);
            await until('a card to another host to end', () => outcome(beside) === 'accepted');
            const held = () => lanes.filter((id) =>
                /waits for a transfer: contoso.webhook.localhost/.test(lane(id, 'problem')));
            await until('the others to be left alone', () => held().length > 0);
            assert.equal(lane(held()[0], 'failures'), '0');
        });
    } finally {
        fault({target: 0, answer: 'ok'});
        sql("select o365.set('post_timeout_seconds', '10')");
    }
});

test('a far end that fails as a whole is probed only, nobody is charged, others go on, and it recovers by itself',
    async () => {
    const lanes = asApplication(
        `select c.subscription_id from generate_series(0, 9) as i, o365.connections('bulk-' || i) as c`).split('\n');
    const adaptive =
        '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "while another fails"}]}';
    const host = (columns) => sql(`select ${columns} from o365.hosts where host = 'contoso.webhook.localhost'`);
    const before = send(lanes[0], 'before the outage');
    await until('a card to arrive', () => outcome(before) === 'delivered');
    const target = asSuperuser('select target_id from o365_internal.sandbox_post order by post_id desc limit 1');
    let cards;
    try {
        fault({target, answer: '503'});
        cards = lanes.map((id) => send(id, 'through an outage'));
        await until('the breaker to open', () => host('state') === 'failing', 60);
        const beside = asApplication(`select o365.send(${subscription('eva')}, '${adaptive}')`);
        await until('a card to another far end to end', () => outcome(beside) === 'accepted');
        assert.match(host('reason'), /503/);
        assert.match(asApplication(`select reason from o365.queue where subscription_id = ${lanes[5]}`),
            /^host contoso\.webhook\.localhost fails since .*503/);
        assert.match(sql("select count || ' ' || problem from o365.health() where code = 'hosts_failing'"),
            /^10 fails as a whole: .*503/);
        await until('a probe', () => Number(host('coalesce(probes, 0)')) > 0);
        assert.ok(lanes.every((id) => Number(lane(id, 'failures')) <= 2),
            'failures are charged until it is known, and not after');
        await until('further probes in vain', () => Number(host('probes')) > 1);
        assert.ok(lanes.every((id) => Number(lane(id, 'failures')) <= 2), 'not by probes either');
    } finally {
        fault({target, answer: 'ok'});
    }
    await until('all of it', () => cards.every((card) => outcome(card) === 'delivered'), 120);
    assert.match(host('state'), /^(recovering|open)$/);
    assert.equal(sql("select string_agg(kind, ' ' order by event_id) from o365.events "
        + "where object = 'contoso.webhook.localhost' and kind ~ '^host_(fail|recov)'"), 'host_failing host_recovered');
});

test('o365-worker --once drains and says so by its exit code', async () => {
    await stack('stop', 'worker');
    const id = subscription('ann');
    const card = send(id, 'for cron');
    const once = () => {
        try {
            execFileSync(...asWorker('--config', CONFIG, '--once', '--deadline', '20s'));
            return 0;
        } catch (error) {
            return error.status;
        }
    };
    const worker = (columns) =>
        asSuperuser(`select ${columns} from o365_internal.worker order by worker_id desc limit 1`);
    assert.equal(worker('stopped_at is not null, comes_back'), 't|f',
        'F52: a worker that is stopped says that it ends');
    assert.equal(once(), 0);
    assert.equal(worker('stopped_at is not null, comes_back'), 't|t',
        'F52: and one with --once that the next one comes');
    assert.equal(outcome(card), 'delivered');
    fault({target: 0, answer: '503', count: 1});
    send(id, 'fails at first');
    assert.equal(once(), 69, 'something fails');
    await until('the retry', () => once() === 0);
    sql(`select o365.pause(${id})`);
    send(id, 'waits while paused');
    assert.equal(once(), 75, 'something waits');
    sql(`select o365.set('environment', 'staging')`);
    assert.equal(once(), 1, 'a worker of another environment sends nothing and says so');
    sql(`select o365.set('environment', 'development'), o365.resume(${id})`);
    assert.equal(once(), 0);
    await stack('start', 'worker');
    await until('the outbox to be empty', () => asSuperuser('select count(*) from o365_internal.outbox') === '0');
});
