// Cards: from SQL to the feed, through faults, pauses, kills and restarts.
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {appendFileSync, chownSync, cpSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, test} from 'node:test';

import {asApplication, asSuperuser, BUILD, Client, CONFIG, FEED_URL, feedPosts, openBrowser, openSession, photograph,
    PUBLIC_URL, remember, SANDBOX_URL, sql, stack, STACK_DIR, ticketLink, until} from './harness.mjs';

const isNginx = process.env.SERVER === 'nginx';
const subscription = (user) => asApplication(`select max(subscription_id) from o365.connections('${user}')`);
const send = (id, text) => asApplication(`select o365.send(${id}, '${JSON.stringify({text})}')`);
const outcome = (card) => asApplication(`select outcome from o365.deliveries where card_id = ${card}`);
// A worker as the stack starts it: program and arguments.
const asWorker = (...words) => ['setpriv', ['--reuid=www-data', '--regid=www-data', '--clear-groups',
    '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search', '--', `${BUILD}/o365-worker`, ...words]];
const fault = (fields) => execFileSync('curl', ['-sS', '-o', '/dev/null', '--cacert', process.env.CA,
    ...Object.entries(fields).flatMap(([k, v]) => ['-d', `${k}=${v}`]), `${SANDBOX_URL}/faults`]);

// The shortest lease: what a killed worker held comes back in half a minute.
before(() => sql("select o365.set('post_timeout_seconds', '10'), o365.set('lease_seconds', '30')"));
after(() => sql("select o365.set('lease_seconds', '60'), o365.set('post_timeout_seconds', '20')"));

/** Runs `work` while PostgreSQL logs as little as an operator's: of cards in bulk its logs would take most of the
 * time. */
async function quietly(work) {
    const quiet = {'auto_explain.log_min_duration': -1, log_statement: 'none', log_min_duration_statement: -1,
        log_min_messages: 'warning'};
    const change = (how) => {
        for (const [name, value] of Object.entries(quiet)) asSuperuser(`alter system ${how(name, value)}`);
        asSuperuser('select pg_reload_conf()');
    };
    change((name, value) => `set ${name} = '${value}'`);
    try {
        return await work();
    } finally {
        change((name) => `reset ${name}`);
    }
}

test('a card of a committed transaction shows up in the feed, one that is rolled back does not', async () => {
    const {page, close} = await openBrowser();
    try {
        const id = subscription('ann');
        asApplication(`begin; select o365.send(${id}, '{"text": "rolled back"}'); rollback`);
        const card = asApplication(`select o365.send(${id}, '${JSON.stringify({
            '@type': 'MessageCard', '@context': 'https://schema.org/extensions', 'summary': 'Ticket 17',
            'themeColor': '5B2D90', 'title': 'Ticket 17 was opened',
            'sections': [{activityTitle: 'Ann Example', activitySubtitle: 'customer since 2019',
                text: 'The printer on the third floor is on fire. <b>Not HTML.</b>',
                facts: [{name: 'Priority', value: 'high'}, {name: 'Promise', value: 'today 17:00'}]}],
            'potentialAction': [{'@type': 'OpenUri', 'name': 'Open the ticket',
                'targets': [{os: 'default', uri: 'https://contoso.example/tickets/17'}]}],
        })}')`);
        await until('the card to end', () => outcome(card) === 'delivered');
        await page.goto(FEED_URL);
        const feed = await page.textContent('main');
        assert.match(feed, /Ticket 17 was opened/);
        assert.match(feed, /<b>Not HTML\.<\/b>/);
        assert.doesNotMatch(feed, /rolled back/);
        await photograph(page, 'feed');
    } finally {
        await close();
    }
});

test('a Workflows webhook gets an Adaptive Card in its envelope and the card ends as accepted', async () => {
    const card = asApplication(`select o365.send(${subscription('eva')}, '{"type": "AdaptiveCard", "version": "1.4", `
        + `"body": [{"type": "TextBlock", "text": "adaptive"}]}')`);
    await until('the card to end', () => outcome(card) === 'accepted');
    const post = (await feedPosts()).find((one) => JSON.stringify(one.card).includes('adaptive'));
    assert.equal(post.card.type, 'message');
    assert.equal(post.card.attachments[0].contentType, 'application/vnd.microsoft.card.adaptive');
});

test('a MessageCard sent to a Workflows webhook arrives converted, and what is lost is a warning', async () => {
    const card = asApplication(`select o365.send(${subscription('eva')}, '${JSON.stringify({
        '@type': 'MessageCard', '@context': 'https://schema.org/extensions', 'summary': 'Ticket 18',
        'themeColor': 'C50F1F', 'title': 'Ticket 18 is converted', 'text': 'It is **hot**.',
        'sections': [{startGroup: true, activityTitle: 'Ben Example', facts: [{name: 'Priority', value: 'low'}]}],
        'potentialAction': [{'@type': 'OpenUri', 'name': 'Open the ticket',
            'targets': [{os: 'default', uri: 'https://contoso.example/tickets/18'}]},
            {'@type': 'HttpPOST', 'name': 'Close it', 'target': 'https://contoso.example/tickets/18/close'}],
    })}')`);
    await until('the card to end', () => outcome(card) === 'accepted');
    const {card: {type, summary, attachments: [{contentType, content}]}} = (await feedPosts())
        .find((one) => JSON.stringify(one.card).includes('Ticket 18 is converted'));
    assert.deepEqual([type, summary, contentType, content.type],
        ['message', 'Ticket 18', 'application/vnd.microsoft.card.adaptive', 'AdaptiveCard']);
    const [head, section] = content.body;
    assert.equal(head.style, 'attention');
    assert.deepEqual(head.items.map(({text}) => text), ['Ticket 18 is converted', 'It is **hot**.']);
    assert.equal(section.separator, true);
    assert.deepEqual(section.items.map((one) => one.text ?? one.facts),
        ['Ben Example', [{title: 'Priority', value: 'low'}]]);
    assert.deepEqual(content.actions.map(({type, title}) => [type, title]),
        [['Action.OpenUrl', 'Open the ticket'], ['Action.OpenUrl', 'Close it']]);
    assert.equal(content.actions[0].url, 'https://contoso.example/tickets/18');
    assert.match(content.actions[1].url, new RegExp(`^${PUBLIC_URL}/action/${card}-1-[\\w-]{32}$`));
    remember('action-link', content.actions[1].url.slice(-32));
    assert.equal(asApplication(`select string_agg(path, ' ' order by path) from o365.card_warnings `
        + `where card_id = ${card}`), '$.potentialAction[1] $.themeColor');
});

test('cards of a connection with a schedule arrive as one, in the form of its webhook, and a form alone', async () => {
    const ticket = (name, n) => JSON.stringify({
        '@type': 'MessageCard', '@context': 'https://schema.org/extensions', 'summary': `${name} ${n}`,
            'title': `${name} ${n}`, 'text': `Text of ${name} ${n}`,
        'potentialAction': [{'@type': 'OpenUri', 'name': 'Open',
            'targets': [{os: 'default', uri: `https://contoso.example/tickets/${n}`}]}],
    });
    const form = JSON.stringify({
        '@type': 'MessageCard', '@context': 'https://schema.org/extensions', 'summary': 'Form', 'title': 'Form between',
            'text': 'Close it?',
        'potentialAction': [{'@type': 'HttpPOST', 'name': 'Close',
            'target': 'https://contoso.example/tickets/17/close'}],
    });
    const {page, close} = await openBrowser();
    try {
        for (const [user, name] of [['ann', 'Daily'], ['eva', 'Weekly']]) {
            const id = subscription(user);
            assert.equal(asApplication(`select o365.set_schedule(${id}, 'daily', time_zone => 'Europe/Berlin')`),
                'daily at 08:00');
            const cards = asApplication(`select o365.send(${id}, c.card) from unnest(array['`
                + `${[...Array(12).keys()].map((n) => ticket(name, n + 1)).join("', '")}', '${form}']) as c (card)`)
                .split('\n');
            await until('the cards to wait',
                () => asApplication(`select why from o365.queue where subscription_id = ${id}`) === 'schedule');
            asSuperuser(`update o365_internal.lane set not_before = now() where subscription_id = ${id} `
                + `and why = 'schedule'`);
            await until('the form to end', () => /accepted|delivered/.test(outcome(cards[12])));
            assert.equal(asApplication(`select count(*) from o365.deliveries where card_id in (${cards.slice(0, 12)}) `
                + `and outcome = 'digested'`), '12');
            const posts = (await feedPosts()).map(({card}) => JSON.stringify(card))
                .filter((text) => text.includes(`${name} 1"`));
            assert.equal(posts.length, 1, 'one post has all');
            const [digest] = posts;
            assert.match(digest, /: 12 messages/);
            for (const part of [`${name} 10"`, `Text of ${name} 10`, 'tickets/10"', 'and 2 more'])
                assert.ok(digest.includes(part), part);
            assert.ok(digest.indexOf(`"${name} 1"`) < digest.indexOf(`"${name} 2"`)
                && digest.indexOf(`"${name} 9"`) < digest.indexOf(`"${name} 10"`), 'in order');
            assert.ok(!digest.includes(`${name} 11`) && !digest.includes('Form between'));
            assert.equal(digest.includes('"AdaptiveCard"'), user === 'eva');
            assert.equal(asApplication(`select o365.set_schedule(${id}, 'immediate')`), 'immediate');
            const card = send(id, `at once for ${user}`);
            await until('the next card to end', () => /accepted|delivered/.test(outcome(card)));
            await page.goto(FEED_URL);
            assert.match(await page.textContent('main'), new RegExp(`${name} 10`));
            await photograph(page, `feed-digest-${user}`);
        }
    } finally {
        await close();
    }
});

test('a simple Adaptive Card for a connector webhook arrives as a MessageCard, one that would lose some is refused',
    async () => {
    const adaptive = (...body) => `'${JSON.stringify({type: 'AdaptiveCard', version: '1.4', body})}'`;
    const title = {type: 'TextBlock', text: 'Ticket 19 is simple', weight: 'Bolder'};
    const simple = adaptive(title, {type: 'TextBlock', text: 'It is **cold**.'},
        {type: 'FactSet', facts: [{title: 'Priority', value: 'none'}]});
    const card = asApplication(`select o365.send(${subscription('ann')}, ${simple})`);
    await until('the card to end', () => outcome(card) === 'delivered');
    const post = (await feedPosts()).find((one) => JSON.stringify(one.card).includes('Ticket 19 is simple'));
    assert.deepEqual(post.card, {'@type': 'MessageCard', '@context': 'https://schema.org/extensions',
        'summary': 'Ticket 19 is simple', 'title': 'Ticket 19 is simple', 'text': 'It is **cold**.',
        'sections': [{facts: [{name: 'Priority', value: 'none'}]}]});
    assert.throws(() =>
        asApplication(`select o365.send(${subscription('ann')}, ${adaptive(title, {type: 'ColumnSet', columns: []})})`),
        /\$\.body\[1\]/);
});

test('an error inside a 200 is no success: the card is tried again and arrives', async () => {
    const id = subscription('ann');
    fault({target: 0, answer: '429-in-200', count: 1});
    const card = send(id, 'throttled at first');
    await until('the card to end', () => outcome(card) === 'delivered', 40);
    assert.equal(asApplication(`select attempts from o365.deliveries where card_id = ${card}`), '2');
});

test('a refusal for good ends the card with its rule', async () => {
    fault({target: 0, answer: '413-in-200', count: 1});
    const card = send(subscription('ann'), 'too large, says the far end');
    await until('the card to end', () => outcome(card) === 'dead');
    assert.equal(asApplication(`select rule from o365.deliveries where card_id = ${card}`), 'too large, inside 200');
});

test('F7: cards leave by the far end\'s windows, and its throttle refuses none', async () => {
    const id = subscription('ann'), throttle = (state) => execFileSync('curl', ['-sS', '-o', '/dev/null', '--cacert',
        process.env.CA, '-d', 'target=0', '-d', `throttle=${state}`, `${SANDBOX_URL}/throttle`]);
    const limits = [[1, 4], [30, 60], [3600, 100]];
    for (const [seconds, posts] of limits) sql(`select o365.set_quota('connector', ${seconds}, ${posts})`);
    throttle('on');
    try {
        const cards = asApplication(`select string_agg(o365.send(${id}, jsonb_build_object('text', 'one of many, `
            + `' || i))::text, ',') from generate_series(1, 14) as i`);
        await until('the lane to wait for its quota', () => sql(`select count(*) from o365.queue `
            + `where subscription_id = ${id} and why = 'quota' and reason ~ '4 POSTs in 1 second'`) === '1');
        await until('the cards to end', () => asApplication(
            `select count(*) from o365.deliveries where card_id in (${cards}) and outcome = 'delivered'`) === '14', 60);
        assert.equal(asApplication(
            `select count(*) from o365.posts where card_id in (${cards}) and outcome <> 'delivered'`), '0');
        assert.equal(asApplication(`select max(at) - min(at) > interval '3 s' from o365.deliveries `
            + `where card_id in (${cards})`), 't', 'four a second');
    } finally {
        throttle('off');
        for (const [seconds] of limits) sql(`select o365.set_quota('connector', ${seconds}, null)`);
    }
});

test('a lost answer is in doubt and the card is sent again', async () => {
    fault({target: 0, answer: 'hang-up', count: 1});
    const card = send(subscription('ann'), 'answer lost');
    await until('the card to end', () => outcome(card) === 'delivered', 40);
    assert.equal(asApplication(`select string_agg(outcome, ',' order by at) from o365.posts where card_id = ${card}`),
        'in_doubt,delivered');
});

test('F1: a card with an unclear answer is posted unclear_answers times more, then ends in doubt and shows the answer',
    async () => {
    sql(`select o365.set('unclear_answers', '1')`);
    try {
        fault({target: 0, answer: 'unknown-in-200', count: 2});
        const card = send(subscription('ann'), 'not understood');
        await until('the card to end', () => outcome(card) === 'in_doubt', 40);
        assert.equal(asApplication(`select attempts || ': ' || reason from o365.deliveries where card_id = ${card}`),
            '2: no clear answer to 2 POSTs: HTTP 200: answer not understood: Something new');
    } finally {
        sql(`select o365.set('unclear_answers', '3')`);
    }
});

test('a connection that the far end ended while nobody used it is not posted into', async () => {
    const users = ['ann', 'ben', 'cem'];
    const deliver = async (text) => {
        const cards = users.map((user) => send(subscription(user), text));
        for (const card of cards) await until('the card to end', () => outcome(card) === 'delivered', 60);
        return cards;
    };
    await deliver('before the server began anew');
    const pid = Number(readFileSync(join(STACK_DIR, 'pids', isNginx ? 'nginx' : 'apache'), 'utf8'));
    const children = () => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    const old = children();
    process.kill(pid, isNginx ? 'SIGHUP' : 'SIGUSR1');
    await until('the processes that held the connections to end',
        () => !children().some((child) => old.includes(child)), 60);
    const cards = await deliver('after it');
    assert.equal(asApplication(
        `select string_agg(attempts::text, ',') from o365.deliveries where card_id in (${cards})`), '1,1,1');
});

test('a webhook that is not allowed any more is suspended until an operator resumes it', async () => {
    const id = subscription('ben');
    fault({target: 0, answer: '403', count: 1});
    const card = send(id, 'forbidden at first');
    await until('the subscription to be suspended',
        () => sql(`select status from o365.subscriptions where subscription_id = ${id}`) === 'suspended');
    sql(`select o365.resume(${id})`);
    await until('the card to end', () => outcome(card) === 'delivered');
});

test('options of a card: later, never late, only the newest, once, first, taken back and sent again', async () => {
    const id = subscription('ann');
    const option = (text, options) => asApplication(`select o365.send(${id}, '${JSON.stringify({text})}', ${options})`);
    const posted = async (...texts) => (await feedPosts()).map((one) => one.card.text)
        .filter((text) => texts.includes(text));
    const later = option('later', "not_before => now() + interval '1 hour'");
    assert.equal(asApplication(`select reason from o365.scheduled_cards where card_id = ${later}`), 'scheduled');
    sql(`select o365.pause(${id})`);
    const [old, newest] = [option('10 %', "collapse => 'backup'"), option('20 %', "collapse => 'backup'")];
    const stale = option('stale', "not_after => now() + interval '100 ms'");
    const once = option('once', "dedupe => 'once'");
    assert.equal(option('twice', "dedupe => 'once'"), once);
    const fire = option('fire', 'urgent => true');
    const mistake = send(id, 'mistake');
    assert.equal(asApplication(`select o365.cancel_card(${mistake}, 'a mistake')`), 'cancelled');
    asSuperuser(`update o365_internal.scheduled set due_at = now() where card_id = ${later}`);
    await until('the worker to move the scheduled card',
        () => asApplication(`select count(*) from o365.scheduled_cards where card_id = ${later}`) === '0');
    sql(`select o365.resume(${id})`);
    await until('the cards to end', () => outcome(later) === 'delivered' && outcome(newest) === 'delivered');
    assert.deepEqual([old, newest, stale, once, fire, mistake].map(outcome),
        ['superseded', 'delivered', 'expired', 'delivered', 'delivered', 'cancelled']);
    assert.deepEqual(await posted('later', '10 %', '20 %', 'stale', 'once', 'twice', 'fire', 'mistake'),
        ['fire', '20 %', 'once', 'later']);
    const again = asApplication(`select o365.retry_card(${stale})`);
    await until('the card to arrive in the end', () => outcome(again) === 'delivered');
    assert.deepEqual(await posted('stale'), ['stale']);
    // Never early.
    const alone = option('alone', "not_before => now() + interval '1 s'");
    await until('it to end', () => outcome(alone) === 'delivered');
    assert.equal(asApplication(`select claimed_at >= enqueued_at from o365.deliveries where card_id = ${alone}`), 't');
});

test('a card that keeps failing is set aside where its connector says so, and arrives in the end', async () => {
    const id = subscription('ann');
    const slug = asApplication(`select connector from o365.subscriptions where subscription_id = ${id}`);
    sql(`select o365.alter_connector('${slug}', when_blocked => 'pass'), o365.set('set_aside_after', '1')`);
    try {
        fault({target: 0, answer: '503', count: 1});
        const [first, second] = asApplication(`select unnest(o365.send_many(array[${id}, ${id}]::bigint[], `
            + `array['{"text": "set aside"}', '{"text": "passes"}']::jsonb[]))`).split('\n');
        await until('the second card to pass the first', () => outcome(second) === 'delivered');
        assert.equal(outcome(first), '');
        assert.match(asApplication(`select reason from o365.scheduled_cards where card_id = ${first}`),
            /^set aside since .* failed once: /);
        await until('the first one to arrive', () => outcome(first) === 'delivered');
        assert.equal(asApplication(`select attempts from o365.deliveries where card_id = ${first}`), '2');
    } finally {
        sql(`select o365.alter_connector('${slug}', when_blocked => 'wait'), o365.set('set_aside_after', '3')`);
    }
});

test('a host that was allowed a moment ago suspends nobody, although the worker has not heard of it yet', async () => {
    const id = subscription('ben');
    const host = sql(`select webhook_host from o365.subscriptions where subscription_id = ${id}`);
    const listed = `from o365_internal.webhook_host where host = '${host}'`;
    asSuperuser(`create table public.hosts_set_aside as select * ${listed}; delete ${listed}`);
    try {
        const without = asSuperuser('select clock_timestamp()');
        await until('the workers to have read the list without it',
            () => asSuperuser(`select min(seen_at) > '${without}' from o365_internal.worker where stopped_at is null `
                + `and seen_at > now() - interval '30 s'`) === 't');
    } finally {
        asSuperuser('insert into o365_internal.webhook_host table public.hosts_set_aside; '
            + 'drop table public.hosts_set_aside');
    }
    const card = send(id, 'to a host that is on the list again');
    await until('the card to end', () => outcome(card) === 'delivered');
    assert.equal(
        sql(`select count(*) from o365.events where subscription_id = ${id} and reason like '%are not allowed%'`), '0');
});

test('pause and remove hold within two seconds', async () => {
    const id = subscription('cem');
    sql(`select o365.pause(${id})`);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const card = send(id, 'sent while paused');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal(outcome(card), '');
    sql(`select o365.resume(${id})`);
    await until('the card to end', () => outcome(card) === 'delivered');

    // A lane that is busy when it is paused: what the far end sees stops within two seconds of the commit.
    const busy = subscription('dan');
    fault({target: 0, answer: 'slow', count: 2});
    asApplication(
        `select o365.send(${busy}, format('{"text": "busy %s"}', i)::jsonb) from generate_series(1, 20) as i`);
    await until('the first of them to be on its way',
        async () => (await feedPosts()).some((one) => one.card.text === 'busy 1'));
    sql(`select o365.pause(${busy})`);
    const paused = asSuperuser("select to_char(clock_timestamp() at time zone 'utc' + interval '2 seconds', "
        + "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const late = (await feedPosts()).filter((one) => String(one.card?.text).startsWith('busy ')
        && one.received_at > paused);
    assert.deepEqual(late, []);
    sql(`select o365.remove(${busy})`);
    await until('the rest to be cancelled',
        () => asSuperuser(`select count(*) from o365_internal.outbox where subscription_id = ${busy}`) === '0');
    fault({target: 0, answer: 'ok'});
});

test('whoever holds a lane while its card is on its way holds up the report of that lane alone', async () => {
    const [held, other] = [subscription('ann'), subscription('ben')];
    fault({target: 0, answer: 'slow', count: 1});
    const card = send(held, 'reported late');
    await until('the card to be on its way',
        async () => (await feedPosts()).some((one) => one.card.text === 'reported late'));
    const operator = await openSession('demo_operator');
    await operator.ask(`begin; select o365.pause(${held})`);
    try {
        // The answer comes after three seconds; what is sent meanwhile and afterwards ends as ever.
        for (const text of ['sent meanwhile', 'sent after the answer']) {
            const beside = send(other, text);
            await until('the card of another lane to end', () => outcome(beside) === 'delivered');
            await new Promise((resolve) => setTimeout(resolve, 3500));
        }
        assert.equal(outcome(card), '');
    } finally {
        await operator.ask('rollback');
        await operator.close();
    }
    await until('the card to end', () => outcome(card) === 'delivered');
    assert.equal(asApplication(`select attempts from o365.deliveries where card_id = ${card}`), '1');
    assert.equal((await feedPosts()).filter((one) => one.card.text === 'reported late').length, 1);
});

test('a lane that finds no transfer free goes back after a second, to a worker that has one', async () => {
    await stack('stop', 'worker');
    const narrow = join(STACK_DIR, 'conf/narrow.conf');
    cpSync(CONFIG, narrow);
    appendFileSync(narrow, 'max_transfers = 1\n');
    chownSync(narrow, statSync(CONFIG).uid, statSync(CONFIG).gid);
    const [stuck, waits] = [subscription('ann'), subscription('ben')];
    fault({target: 0, answer: 'silent', count: 1});
    send(stuck, 'holds the only transfer');
    const worker = spawn(...asWorker('--config', narrow), {stdio: 'ignore'});
    try {
        await until('the only transfer to be taken',
            async () => (await feedPosts()).some((one) => one.card.text === 'holds the only transfer'));
        const lane = () => asSuperuser(
            `select worker is not null, lease_no from o365_internal.lane where subscription_id = ${waits}`).split('|');
        const [, before] = lane();   // it is claimed within a millisecond
        const card = send(waits, 'waits for a transfer');
        await until('the lane to be claimed, and given back', () => {
            const [held, lease] = lane();
            return held === 'f' && Number(lease) > Number(before);
        });
        assert.equal(outcome(card), '');
        await stack('start', 'worker');
        await until('the other worker to deliver it', () => outcome(card) === 'delivered');
        assert.equal(asSuperuser(`select count(*) from o365_internal.outbox where subscription_id = ${stuck}`), '1',
            'the first is on its way still');
    } finally {
        worker.kill('SIGKILL');
    }
    // Its lease ends by itself.
    await until('the outbox to be empty', () => asSuperuser('select count(*) from o365_internal.outbox') === '0', 120);
});

// A worker of its own with further settings in place of the stack's, for as long as `work` takes.
async function withWorker(settings, work) {
    await stack('stop', 'worker');
    const config = join(STACK_DIR, 'conf/other-worker.conf');
    cpSync(CONFIG, config);
    appendFileSync(config, settings);
    chownSync(config, statSync(CONFIG).uid, statSync(CONFIG).gid);
    const worker = spawn(...asWorker('--config', config), {stdio: 'ignore'});
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    try {
        await work();
    } finally {
        worker.kill('SIGTERM');
        await ended;
        asSuperuser("update o365_internal.lane set next_at = now() where worker is null and why is distinct "
            + "from 'pause' and next_at > now()");
        await stack('start', 'worker');
        await until('the outbox to be empty', () => asSuperuser('select count(*) from o365_internal.outbox') === '0',
            60);
    }
}
const lane = (id, columns) => asSuperuser(`select ${columns} from o365_internal.lane where subscription_id = ${id}`);

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
