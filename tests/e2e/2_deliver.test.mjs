// Cards: from SQL to the feed, through faults, options and pauses.
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {appendFileSync, chownSync, cpSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {before, test} from 'node:test';

import {asWorker, fault, isNginx, lane, outcome, send, subscription} from './deliver.mjs';
import {asApplication, asSuperuser, CONFIG, FEED_URL, feedPosts, openBrowser, openSession, photograph, PUBLIC_URL,
    remember, SANDBOX_URL, sql, stack, STACK_DIR, until} from './harness.mjs';

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
