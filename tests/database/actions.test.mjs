// Signed calls of POST /action as an installation of several hosts gets them: two responders and two workers on one
// database. The real programs; run it by tests/database/run.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {generateKeyPairSync, randomUUID, sign} from 'node:crypto';
import {join} from 'node:path';
import {after, before, test} from 'node:test';

import {ask, direct, end, FarEnd, folder, install, posting, sql, start, until} from './harness.mjs';

const TENANT = '911e768c-8513-4b42-ae5a-19fca310182f';
const PRESSER = '5f0c2b1a-7d43-4e0e-9d5b-6a1c9f3e2b10';
const programs = [];
const sockets = [join(folder, 'first.sock'), join(folder, 'second.sock')];
const first = newKey('first');
const second = newKey('second');
let far;
let subscription;

function newKey(kid) {
    const {publicKey, privateKey} = generateKeyPairSync('rsa', {modulusLength: 2048});
    const {n, e} = publicKey.export({format: 'jwk'});
    return {kid, privateKey, row: {kid, n, e, issuer: ''}};
}

// The key set is this from now on, as a worker would have fetched it.
const keySet = (...keys) => sql(`select o365_programs.worker_signing_keys_fetched('entra', p.metadata_url,
    '${JSON.stringify(keys.map(({row}) => row))}', null) from o365_internal.token_profile as p where p.name = 'entra'`);

// A bearer token as Microsoft's service sends it.
function token({kid, privateKey}) {
    const appId = sql("select app_id from o365_internal.connector where slug = 'desk'");
    const now = Math.floor(Date.now() / 1000);
    const text = [{typ: 'JWT', alg: 'RS256', kid}, {
        ver: '2.0', iss: `https://login.microsoftonline.com/${TENANT}/v2.0`, aud: `api://auth-am-${appId}/${appId}`,
        azp: '48af08dc-f6d2-435f-b2a7-069abd99c086', tid: TENANT, oid: PRESSER,
        preferred_username: 'megan@contoso.example', iat: now, nbf: now, exp: now + 3600,
    }].map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')).join('.');
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), privateKey).toString('base64url')}`;
}

const quoted = (card) => `'${JSON.stringify(card).replaceAll("'", "''")}'`;
const button = (name) => ({'@type': 'HttpPOST', name, 'target': 'o365:action', 'body': '{}'});
const message = (title, ...potentialAction) => ({'@type': 'MessageCard', '@context': 'https://schema.org/extensions',
    'summary': title, title, 'themeColor': '0078D7', potentialAction});

// Cards that have arrived, each with its number and the tokens of its buttons. `answers`: arguments of o365.on_action
// for the button Close.
async function arrived(titles, answers) {
    const card = quoted(message('TITLE', button('Close'), button('Open')));
    const ids = sql(`with sent as (select t.title,
                                          o365.send(${subscription}, replace(${card}, 'TITLE', t.title)::jsonb) as id
                                     from unnest('{${titles}}'::text[]) as t (title))
        select o365.on_action(s.id, 'Close', ${answers}) from sent as s order by s.id`).split('\n').map(Number);
    const posts = await until('the cards to arrive', () => {
        const found = titles.map((title) => far.posts.find(({text}) => text.includes(`"${title}"`)));
        return found.every((post) => post?.ended) && found;
    });
    return posts.map(({text}, i) => ({id: ids[i],
        tokens: JSON.parse(text).potentialAction.map(({target}) => new URL(target).searchParams.get('token'))}));
}

// What a press is answered: http, status, and the card that takes the place of the one pressed.
async function press(socket, cardToken, bearer, requestId) {
    const text = await ask(socket, {REQUEST_METHOD: 'POST', PATH_INFO: '/action', QUERY_STRING: `token=${cardToken}`,
        CONTENT_TYPE: 'application/json', CONTENT_LENGTH: '2', HTTP_AUTHORIZATION: `Bearer ${bearer}`,
        HTTP_ACTION_REQUEST_ID: requestId}, '{}');
    const [head, body] = text.slice(8, text.lastIndexOf('\0') + 1 || undefined).split('\r\n\r\n');
    const header = (name) => head.match(`${name}: (.*)\r\n`)?.[1];
    return {http: parseInt(header('Status')), again: header('Retry-After'), status: header('CARD-ACTION-STATUS'),
        card: /CARD-UPDATE-IN-BODY: true/.test(head) ? JSON.parse(body.slice(0, body.lastIndexOf('}') + 1)) : null};
}
const of = ({http, status}) => `${http} ${status}`;
const DONE = '409 This was done before. Nothing was changed.';
const atOnce = (call) => Promise.all([...sockets, ...sockets].map(call));
// Of which cards there are not one event and one call.
const otherThanOnce = (cards) => sql(`select c.id from unnest('{${cards.map(({id}) => id)}}'::bigint[]) as c (id)
    where (select count(*) from o365_internal.action_event as e where e.card_id = c.id) <> 1
       or (select count(*) from o365_internal.action_call as a where a.card_id = c.id) <> 1`);

before(async () => {
    install();
    keySet(first);
    far = await new FarEnd('one.localhost').listen();
    [subscription] = far.connect(['ann']);
    for (const socket of sockets)
        programs.push(start('o365-connector.fcgi', {database: direct, responder_socket: socket}));
    for (const program of programs) await program.logs('event=serving');
    for (const name of ['one', 'two'])
        programs.push(start('o365-worker', {database: direct, worker_name: name, ...posting}));
});
after(async () => {
    for (const program of programs) await program.stop();
    far.close();
    end();
});

test('the same call at two responders at one moment makes one event, and each gets the same answer', async () => {
    const titles = Array.from({length: 50}, (_, i) => `Ticket ${100 + i}`);
    const bearer = token(first);
    const cards = await arrived(titles, "'Closed ' || s.title");
    for (const [i, {tokens: [close]}] of cards.entries()) {
        const requestId = randomUUID();
        const answers = await atOnce((socket) => press(socket, close, bearer, requestId));
        assert.deepEqual(answers.map(of), answers.map(() => `200 Closed ${titles[i]}`));
    }
    assert.equal(otherThanOnce(cards), '');
});

test('calls of one button at two responders at one moment, each with an id of its own, count once', async () => {
    const titles = Array.from({length: 50}, (_, i) => `Ticket ${200 + i}`);
    const bearer = token(first);
    const cards = await arrived(titles, "'Closed'");
    for (const {tokens: [close]} of cards) {
        const answers = await atOnce((socket) => press(socket, close, bearer, randomUUID()));
        assert.deepEqual(answers.map(of).sort(), ['200 Closed', DONE, DONE, DONE]);
    }
    assert.equal(otherThanOnce(cards), '');
});

test('a replay counts no more when the keys have changed', async () => {
    const [card] = await arrived(['Ticket 300'], "'Closed'");
    const [close] = card.tokens;
    const old = token(first);
    assert.equal(of(await press(sockets[0], close, old, 'r-1')), '200 Closed');
    keySet(second);
    const renewed = token(second);
    for (const socket of sockets) {
        // A responder reads the keys again at one that it does not know, once the ones it has are five seconds old.
        await until('the new key', async () => of(await press(socket, close, renewed, 'r-1')) === '200 Closed');
        assert.equal(of(await press(socket, close, renewed, 'r-2')), DONE);
        // The old key counts for a day (keep_keys).
        assert.equal(of(await press(socket, close, old, 'r-1')), '200 Closed');
        assert.equal(of(await press(socket, close, old, 'r-3')), DONE);
    }
    assert.equal(otherThanOnce([card]), '');
});

// A session that answers a press and does not commit before it is told to.
async function answering(statement) {
    const options = ['-qXAt', '-v', 'ON_ERROR_STOP=1', '-d', 'o365'];
    const session = spawn('psql', options, {stdio: ['pipe', 'pipe', 'inherit']});
    session.stdin.write(`begin; ${statement};\n`);
    const said = String(await new Promise((resolve) => session.stdout.once('data', resolve))).trim();
    return {said, session, commit: async () => {
        session.stdin.end('commit;\n');
        await new Promise((resolve) => session.on('close', resolve));
    }};
}
const eventOf = (id) => until('the event', () =>
    sql(`select event_id from o365_internal.action_event where card_id = ${id} and answer_until > now()`));
const tokenOf = ({card}) => new URL(card.potentialAction[0].target).searchParams.get('token');

test('an application that answers and does not commit holds neither the request nor other presses', async () => {
    sql("select o365.set('action_wait', '1')");
    const [{id, tokens: [close, open]}] = await arrived(['Ticket 400'], "'Will be closed.', waits => true");
    const bearer = token(second);
    const waiting = press(sockets[0], close, bearer, 'w-1');
    const event = await eventOf(id);
    const closed = quoted(message('Ticket 400 is closed', button('Reopen')));
    const answer = await answering(`select o365.answer_action(${event}, 'Closed by Bob.', ${closed})`);
    assert.equal(answer.said, 'answered');
    assert.equal(of(await waiting), '200 Will be closed.', 'the request ends by its own wait');
    assert.match(programs[0].log(), new RegExp(`event=action_answer_not_committed event=${event} count=1`));
    assert.equal(of(await press(sockets[1], open, bearer, 'w-2')), '200 Recorded.', 'another button is answered');
    assert.equal(of(await press(sockets[1], close, bearer, 'w-3')), DONE);
    assert.equal(of(await press(sockets[1], close, bearer, 'w-1')), '200 Will be closed.', 'so is a repeat');
    await answer.commit();
    const repeats = await Promise.all(sockets.map((socket) => press(socket, close, bearer, 'w-1')));
    assert.deepEqual(repeats.map(of), ['200 Closed by Bob.', '200 Closed by Bob.'], 'which gets it once committed');
    assert.equal(tokenOf(repeats[0]), tokenOf(repeats[1]), 'the button of its card has one address');
    assert.equal(of(await press(sockets[0], tokenOf(repeats[0]), bearer, 'w-4')), '200 Recorded.');
    assert.equal(sql(`select string_agg(name, ' ' order by event_id) from o365_internal.action_event
                       where card_id = ${id}`), 'Close Open Reopen');
    for (const one of programs.slice(0, 2)) assert.equal(one.count('told_to_wait'), 0, 'nobody was told to come again');
});

test('an answer that is committed in time leaves with the buttons of its card, and a slow one is noted', async () => {
    sql("select o365.set('action_wait', '5')");
    const [{id, tokens: [close]}] = await arrived(['Ticket 500'], "'Will be closed.', waits => true");
    const bearer = token(second);
    const waiting = press(sockets[0], close, bearer, 's-1');
    const event = await eventOf(id);
    const closed = quoted(message('Ticket 500 is closed', button('Reopen')));
    sql(`select pg_sleep(1), o365.answer_action(${event}, 'Closed.', ${closed})`);
    const got = await waiting;
    assert.equal(of(got), '200 Closed.');
    assert.equal(of(await press(sockets[1], tokenOf(got), bearer, 's-2')), '200 Recorded.');
    assert.equal(sql(`select string_agg(w.event_id::text, ' ') from o365_internal.slow_answer as w
                        join o365_internal.action_call as c on c.event_id = w.event_id and c.card_id = ${id}
                       where w.took_ms >= 1000`), event);
});

const rolledBack = (session) => new Promise((resolve) => {
    session.stdin.end('rollback;\n');
    session.on('close', resolve);
});

test('a press waits for no transaction of an application or operator', async () => {
    const titles = Array.from({length: 10}, (_, i) => `Ticket ${350 + i}`);
    const cards = await arrived(titles, "'Closed', once => false");
    const bearer = token(second);
    const cases = [
        ['503', `o365.remove(${subscription})`], ['503', "o365.erase_user('ann')"],
        ['200', `o365.pause(${subscription})`], ['200', "o365.alter_connector('desk', name => 'Other')"],
        ['200', `o365.on_action(${cards[0].id}, 'Close', 'Not yet')`], ['200', "o365.set('action_days', '29')"]];
    for (const [expected, statement] of cases) {
        const {session} = await answering(`select ${statement}`);
        const took = [];
        for (const {tokens: [close]} of cards) {
            const began = performance.now();
            const got = of(await press(sockets[0], close, bearer, randomUUID()));
            took.push(performance.now() - began);
            assert.equal(got, expected === '200' ? '200 Closed'
                : '503 The service is not ready right now. Try again in a minute.', statement);
        }
        // Of ten presses: other programs have this machine, too.
        assert.ok(Math.min(...took) < 50, `${statement}: ${took.map(Math.round)} ms`);
        assert.ok(Math.max(...took) < 1000, `${statement}: ${took.map(Math.round)} ms`);
        await rolledBack(session);
    }
    assert.equal(of(await press(sockets[1], cards[0].tokens[0], bearer, randomUUID())), '200 Closed');
});

test('where a responder has one thread, a press that waits keeps nobody else waiting', async () => {
    sql("select o365.set('action_wait', '5')");
    const cards = await arrived(['Ticket 550', 'Ticket 551'], "'Will be closed.', waits => true");
    const bearer = token(second);
    const socket = join(folder, 'one.sock');
    const responder = start('o365-connector.fcgi', {database: direct, responder_socket: socket, threads: 1});
    await responder.logs('event=serving');
    const began = Date.now();
    const waiting = press(socket, cards[0].tokens[0], bearer, 'o-1').then(() => Date.now() - began);
    await eventOf(cards[0].id);
    for (let i = 0; i < 5; ++i)
        assert.match(await ask(socket, {REQUEST_METHOD: 'GET', PATH_INFO: '/connect/desk/'}), /Status: 200/);
    assert.equal(of(await press(socket, cards[0].tokens[1], bearer, 'o-2')), '200 Recorded.');
    assert.equal(of(await press(socket, cards[1].tokens[0], bearer, 'o-3')), '200 Will be closed.',
        'nor does a second');
    const others = Date.now() - began;
    assert.ok(others < 2500, `the others took ${others} ms`);
    assert.ok(await waiting > 4500, 'the first press waited all the while');
    await responder.stop();
});

test('without keys a call is told to come again when a worker has fetched them', async () => {
    const [{id, tokens: [close]}] = await arrived(['Ticket 600'], "'Closed'");
    sql('delete from o365_internal.signing_key');
    const socket = join(folder, 'third.sock');
    const responder = start('o365-connector.fcgi', {database: direct, responder_socket: socket});
    await responder.logs('event=serving');
    const {http, status, again} = await press(socket, close, token(second), 'k-1');
    assert.deepEqual([http, again, status],
        [503, '60', 'This button cannot be checked yet. Try again in a few minutes.']);
    assert.equal(otherThanOnce([{id}]), String(id), 'nothing is recorded');
    await responder.stop();
});
