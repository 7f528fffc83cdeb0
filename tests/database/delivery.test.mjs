// Delivery when packets vanish, and when a worker stands still: real workers, far ends that the test plays; run it by
// tests/database/run.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {direct, end, FarEnd, install, posting, query, run, sql, start, until} from './harness.mjs';

const worker = (name, more) => start('o365-worker', {database: direct, worker_name: name, ...posting, ...more});
const send = (ids, texts) => query(`select o365.send(s, jsonb_build_object('text', t)) from unnest('{${texts}}'::text[]) as t, unnest('{${ids}}'::bigint[]) as s`);
const waiting = async () => Number(await query('select count(*) from o365_internal.outbox'));

before(install);
after(end);

// It takes the ten seconds that a worker gives a connection whose packets are not acknowledged.
test('a kept connection whose packets vanish is given up, costs its host nothing else, and is not used again',
    {skip: !process.env.OWN_NETWORK && 'this user may have no network of its own'}, async () => {
        const [lost, other] = [await new FarEnd('one.localhost').listen(), await new FarEnd('two.localhost').listen()];
        const [ann, ben] = lost.connect(['ann', 'ben']);
        const [cem] = other.connect(['cem']);
        const posts = worker('packets');
        try {
            await send([ann], ['first']);
            await until('the first card', async () => lost.posts.length === 1 && (await waiting()) === 0);
            const {port} = lost.posts[0];
            // As when a firewall between the two has forgotten the connection: nobody is told, new ones work.
            run('nft', `add table ip lost; add chain ip lost in { type filter hook input priority 0; };
                add rule ip lost in tcp sport ${port} tcp dport ${lost.port} counter drop; add rule ip lost in tcp sport ${lost.port} tcp dport ${port} counter drop`);
            const began = Date.now();
            const [card] = (await send([ann], ['second'])).split('\n');
            await until('the second card to be on its way', () => /packets [1-9]/.test(run('nft', 'list', 'table', 'ip', 'lost')));
            await send([ben, cem], ['beside']);
            await until('the cards beside it', () => lost.posts.length === 2 && other.posts.length === 1, 5);
            assert.notEqual(lost.posts[1].port, port);
            await until('the second card to be in doubt', async () => (await query(`select outcome from o365.attempts where card_id = ${card}`)) === 'in_doubt');
            const took = Date.now() - began;
            assert.ok(took > 9000 && took < 15000, `the connection was given up after ${took} ms, the POST's own time is 20 s`);
            await query('update o365_internal.lane set next_at = now() where worker is null and next_at is not null');
            await until('the second card', async () => (await waiting()) === 0);
            assert.deepEqual(lost.posts.map((post) => JSON.parse(post.text).text), ['first', 'beside', 'second']);
            assert.notEqual(lost.posts[2].port, port);
            assert.doesNotMatch(run('ss', '-Htn', 'state', 'established', `( sport = :${port} )`), /\S/, 'the connection is closed');
        } finally {
            run('nft', 'flush ruleset');
            assert.equal((await posts.stop()).code, 0);
            lost.close();
            other.close();
        }
    });
