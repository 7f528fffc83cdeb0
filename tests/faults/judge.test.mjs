// The judge of a campaign can fail: each record here is sound but for one thing.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {AGAIN_MS, GRACE_MS, judge, LEASE_MS, parseSink} from './judge.mjs';

const T = 1_000_000;
const card = (tx, k, subscription, fields = {}) => ({
    card: `${tx}.${k}`, tx, k, subscription, ends: 1, outcome: 'delivered', endedAt: T + 60000, inDoubt: 0, ...fields,
});

/** posts: [cards, webhook, begun, ended, event] after T, in the order in which they began; event T: it is not taken. */
function judged({cards, posts, kills = [], acknowledged = cards.map((one) => one.card), transactions = {}, ...rest}) {
    const log = posts.map(([cards, webhook, begun, ended, event, bot], i) => [
        `B ${T + begun} ${i + 1} 1 ${webhook}${bot ? ` ${bot}` : ''}`,
        ...(cards ? [`R ${T + begun} ${i + 1} ${cards}`] : []),
        ...(event ? [`${event} ${T + begun} ${i + 1}`] : []), `A ${T + ended} ${i + 1}`].join('\n')).join('\n');
    const times = new Map([...new Set(cards.map((one) => one.tx))].map((tx) =>
        [tx, {begun: T, acknowledged: Infinity, ...transactions[tx]}]));
    return judge({cards, acknowledged, transactions: times, posts: parseSink(`${log}\n`), kills, ...rest});
}
const SOUND = {
    cards: [card(1, 1, 7), card(1, 2, 7), card(2, 1, 8)],
    posts: [['1.1', 'a', 0, 10], ['2.1', 'b', 5, 15], ['1.2', 'a', 20, 30]],
};
const ONCE = {cards: [card(1, 1, 7)], posts: [['1.1', 'a', 0, 10]]};
const kill = (kind, at, fields) => ({kind, at: T + at, leases: new Map([[7, T - 100]]), ...fields});
const database = {kind: 'database', at: T + 5, until: T + 20000};

test('a sound record has no problem', () => {
    assert.deepEqual(judged(SOUND), {problems: [], phantoms: 0, lost: 0, outOfOrder: 0, doubled: 0, byOutage: 0,
        bound: 0, unexplained: 0, overlaps: 0, misrouted: 0, exceeded: 0, full: 0, fullShared: 0, fullOfBots: 0,
        throttled: 0, afterPause: 0, resends: [], belated: 0});
});

test('a card is lost when the far end never saw it, when it has no end or two, and when the database forgot it', () => {
    assert.equal(judged({...SOUND, posts: SOUND.posts.slice(0, 2)}).lost, 1);
    assert.equal(judged({...ONCE, cards: [card(1, 1, 7, {ends: 0, outcome: 'none'})]}).lost, 1);
    assert.equal(judged({...ONCE, cards: [card(1, 1, 7, {ends: 2})]}).lost, 1);
    assert.equal(judged({...ONCE, cards: [card(1, 1, 7, {outcome: 'dead'})]}).lost, 1);
    assert.equal(judged({...ONCE, acknowledged: ['1.1', '9.1']}).lost, 1);
});

test('a card that was never committed is a phantom', () => {
    assert.equal(judged({...ONCE, posts: [...ONCE.posts, ['9.1', 'a', 20, 30]]}).phantoms, 1);
});

test('a POST that broke off before its body is no card', () => {
    assert.deepEqual(judged({...ONCE, posts: [[null, 'a', -20, -10], ...ONCE.posts]}).problems, []);
});

test('cards of one transaction, and a transaction begun after another was acknowledged, keep their order', () => {
    const swapped = [['1.2', 'a', 0, 10], ['2.1', 'b', 5, 15], ['1.1', 'a', 20, 30]];
    assert.equal(judged({...SOUND, posts: swapped}).outOfOrder, 1);
    const two = {cards: [card(1, 1, 7), card(2, 1, 7)], posts: [['2.1', 'a', 0, 10], ['1.1', 'a', 20, 30]]};
    assert.equal(judged({...two, transactions: {1: {acknowledged: T + 1}, 2: {begun: T + 2}}}).outOfOrder, 1);
    const concurrent = {1: {acknowledged: T + 3}, 2: {begun: T + 2}};
    assert.equal(judged({...two, transactions: concurrent}).outOfOrder, 0, 'concurrent ones have none');
});

test('two POSTs of one webhook at once are one too many', () => {
    const beside = [['1.1', 'a', 0, 10], ['2.1', 'b', 5, 15], ['1.2', 'a', 9, 30]];
    assert.equal(judged({...SOUND, posts: beside}).overlaps, 1);
});

test('a window may be full and not more, wherever it begins', () => {
    const cards = [card(1, 1, 7), card(1, 2, 7), card(1, 3, 7)];
    const within = (ms, posts = 2) => judged({cards, windows: [{posts, seconds: 1}],
        posts: [['1.1', 'a', 0, 10], ['1.2', 'a', 900, 910], ['1.3', 'a', ms, ms + 10]]});
    assert.deepEqual([within(999).exceeded, within(999).problems.length], [1, 1]);
    assert.deepEqual([within(1000).exceeded, within(1000).full], [0, 2]);
    assert.equal(within(950, 3).exceeded, 0, 'three may lie in it');
    assert.deepEqual([within(1900, 1).exceeded, within(1900, 1).full], [1, 3]);
});

test('a webhook belongs to one subscription', () => {
    const strange = [['1.1', 'a', 0, 10], ['2.1', 'a', 15, 18], ['1.2', 'a', 20, 30]];
    assert.ok(judged({...SOUND, posts: strange}).misrouted > 0);
});

test('a card doubles only where a killed worker had it in flight', () => {
    const twice = {...ONCE, posts: [...ONCE.posts, ['1.1', 'a', 31000, 31010]]};
    assert.equal(judged(twice).unexplained, 1, 'nothing was killed');
    assert.deepEqual(judged({...twice, kills: [kill('worker', 5)]}).problems, []);
    const elsewhere = kill('worker', 5, {leases: new Map([[8, T - 100]])});
    assert.equal(judged({...twice, kills: [elsewhere]}).unexplained, 1, 'the worker had another lane');
    assert.equal(judged({...twice, kills: [kill('worker', -5000)]}).unexplained, 1, 'the worker died before');
    const reported = [card(1, 1, 7, {endedAt: T + 4})];
    const ended = judged({...twice, cards: reported, kills: [kill('worker', 5)]});
    assert.equal(ended.unexplained, 1, 'its end was reported');
    const session = {kind: 'terminate', at: T + 5};
    assert.equal(judged({...twice, kills: [session]}).unexplained, 1, 'a lost session explains nothing');
    const doubtful = [card(1, 1, 7, {inDoubt: 1})];
    assert.deepEqual(judged({...twice, cards: doubtful}).problems, [], 'the history calls one attempt in doubt');
});

test('a POST that begins in the millisecond of its claim was in flight', () => {
    const twice = {...ONCE, posts: [...ONCE.posts, ['1.1', 'a', 30000, 30010]]};
    const stop = (ms) => kill('stop', 5, {until: T + 33000, leases: new Map([[7, T + ms]])});
    const since = (ms) => judged({...twice, kills: [stop(ms)]});
    assert.deepEqual(since(0.7).problems, []);
    assert.equal(since(1).unexplained, 1, 'the lease began a millisecond later');
});

test('a kill explains one double of a card, not two', () => {
    const thrice = {...ONCE, posts: [...ONCE.posts, ['1.1', 'a', 31000, 31010], ['1.1', 'a', 62000, 62010]]};
    const cards = [card(1, 1, 7, {endedAt: T + 90000})];
    assert.equal(judged({...thrice, cards, kills: [kill('worker', 5)]}).unexplained, 1);
});

test('an outage of PostgreSQL explains only what came again a lease later', () => {
    const twice = (after) => ({...ONCE, posts: [...ONCE.posts, ['1.1', 'a', after, after + 10]]});
    const again = (after) => judged({...twice(after), kills: [{...database}]});
    assert.equal(again(AGAIN_MS - 1).unexplained, 1);
    assert.deepEqual([again(AGAIN_MS).unexplained, again(AGAIN_MS).byOutage], [0, 1]);
    const short = judged({...twice(31000), kills: [{...database, until: T + 500}]});
    assert.equal(short.unexplained, 1, 'the database was back at once');
});

test('a stopped worker may send one POST when it goes on, and no more', () => {
    const stop = kill('stop', -50, {until: T + 40000});
    const late = {
        cards: [card(1, 1, 7), card(1, 2, 7)],
        posts: [['1.1', 'a', 31000, 31010], ['1.2', 'a', 39990, 40050], ['1.1', 'a', 40010, 40020]],
    };
    assert.deepEqual([judged({...late, kills: [stop]}).overlaps, judged({...late, kills: [stop]}).belated], [0, 1]);
    assert.equal(judged({...late, kills: [{...stop, until: T + 30000}]}).overlaps, 1);
});

test('a window is exceeded by one POST more than it allows', () => {
    const windows = [{posts: 2, seconds: 1}];
    const three = (last) => judged({
        cards: [card(1, 1, 7), card(1, 2, 7), card(1, 3, 7)], windows,
        posts: [['1.1', 'a', 0, 10], ['1.2', 'a', 500, 510], ['1.3', 'a', last, last + 10]],
    });
    assert.equal(three(999).exceeded, 1);
    assert.deepEqual(three(1000).problems, []);
    assert.equal(judged({...SOUND, windows: [{posts: 2, seconds: 60}]}).exceeded, 0, 'each webhook has its own');
});

test('subscriptions that have one webhook share its windows, and may post there at the same time', () => {
    const cards = [card(1, 1, 7), card(2, 1, 8), card(3, 1, 7)];
    const posts = [['1.1', 'a', 0, 10], ['2.1', 'a', 5, 15], ['3.1', 'a', 900, 910]];
    const shared = (rest) => judged({cards, posts, sharers: [[7, 8]], ...rest});
    assert.deepEqual(shared().problems, []);
    const windows = [{posts: 2, seconds: 1}];
    const full = shared({windows});
    assert.deepEqual([full.exceeded, full.problems.length, full.fullShared], [1, 1, 2]);
    assert.ok(shared({sharers: []}).misrouted > 0, 'nobody said that they share it');
    assert.ok(shared({posts: [...posts.slice(0, 2), ['3.1', 'b', 900, 910]]}).misrouted > 0, 'each has one webhook');
    const beside = [['1.1', 'a', 0, 10], ['3.1', 'a', 5, 15], ['2.1', 'a', 900, 910]];
    assert.equal(shared({posts: beside}).overlaps, 1, 'of one subscription one POST is under way');
});

test('a bot posts for all of its flows', () => {
    const cards = [card(1, 1, 7, {outcome: 'accepted'}), card(2, 1, 8, {outcome: 'accepted'})];
    const posts = [['1.1', 'a', 0, 10, null, 'megan'], ['2.1', 'b', 500, 510, null, 'megan']];
    const of = (most, other = posts) => judged({cards, posts: other, windowsOfBots: [{posts: most, seconds: 1}]});
    assert.deepEqual([of(1).exceeded, of(1).problems.length], [1, 1]);
    assert.deepEqual([of(2).problems, of(2).fullOfBots], [[], 1]);
    assert.equal(of(1, [posts[0], ['2.1', 'b', 500, 510, null, 'adele']]).exceeded, 0, 'another one has its own');
    assert.equal(judged({cards, posts, windows: [{posts: 1, seconds: 1}]}).exceeded, 0,
        'the limits of connectors are not theirs');
});

test('the audit and the records say the same', () => {
    const fine = {verdict: 'kept', count: 0};
    const kept = {ends: fine, order: fine, windows: {verdict: 'nothing to check', count: 0}, pauses: fine,
        post_numbers: fine, numbers_without_card: {verdict: 'note', count: 7}};
    const broken = {verdict: 'broken', count: 1};
    assert.deepEqual(judged({...SOUND, audit: kept}).problems, []);
    for (const rule of ['ends', 'order', 'windows', 'pauses', 'post_numbers']) {
        const alone = judged({...SOUND, audit: {...kept, [rule]: broken}});
        assert.equal(alone.problems.length, 1, `${rule}: the audit alone`);
    }
    const swapped = {...SOUND, posts: [['1.2', 'a', 0, 10], ['2.1', 'b', 5, 15], ['1.1', 'a', 20, 30]]};
    assert.equal(judged({...swapped, audit: kept}).problems.length, 2, 'the records alone');
    assert.equal(judged({...swapped, audit: {...kept, order: broken}}).problems.length, 1, 'both');
    const twoEnds = {...ONCE, cards: [card(1, 1, 7, {ends: 2})]};
    assert.equal(judged({...twoEnds, audit: kept}).problems.length, 2, 'two ends that the audit misses');
    assert.equal(judged({...SOUND, audit: {}}).problems.length, 4, 'an audit that says nothing');
});

const IN_DIGEST = {outcome: 'digested', digest: 9};
// A digest of two cards, and one card alone.
const FOLDED = {
    cards: [card(1, 1, 7, IN_DIGEST), card(1, 2, 7, IN_DIGEST), card(2, 1, 7)],
    digests: [{digest: 9, subscription: 7, ends: 1, outcome: 'delivered', endedAt: T + 50, inDoubt: 0}],
    posts: [['1.1,1.2', 'a', 0, 10], ['2.1', 'a', 20, 30]],
};

test('a card in a digest arrives with it, in order', () => {
    assert.deepEqual(judged(FOLDED).problems, []);
    const swapped = (cards) => judged({...FOLDED, posts: [[cards, 'a', 0, 10], ['2.1', 'a', 20, 30]]});
    assert.equal(swapped('1.2,1.1').outOfOrder, 1, 'it shows them in another order');
    assert.equal(judged({...FOLDED, transactions: {2: {acknowledged: T - 2}, 1: {begun: T - 1}}}).outOfOrder, 1,
        'it came before what was sent before');
    assert.equal(swapped('1.1,1.2,2.1').phantoms, 1, 'it shows what is not in it');
    assert.equal(judged({...FOLDED, posts: [['2.1', 'a', 20, 30]]}).lost, 2, 'it never came');
    assert.equal(judged({...FOLDED, digests: []}).phantoms, 1, 'the history does not know it');
    assert.equal(judged({...FOLDED, digests: [{...FOLDED.digests[0], outcome: 'dead'}]}).lost, 2, 'it is dead');
    const three = [...FOLDED.cards, card(1, 3, 7, IN_DIGEST)];
    assert.equal(judged({...FOLDED, cards: three}).problems.length, 1, 'it shows two of three');
});

test('a digest that comes again needs a killed worker, and so does a card that came alone before it', () => {
    const again = {...FOLDED, posts: [...FOLDED.posts, ['1.1,1.2', 'a', 31000, 31010]],
        digests: [{...FOLDED.digests[0], endedAt: T + 60000}]};
    assert.equal(judged(again).unexplained, 1);
    assert.deepEqual(judged({...again, kills: [kill('worker', 5)]}).problems, []);
    const alone = {...FOLDED, posts: [['1.1', 'a', -40000, -39990], ...FOLDED.posts]};
    assert.equal(judged(alone).unexplained, 1);
    const before = kill('worker', -39995, {leases: new Map([[7, T - 40001]])});
    assert.deepEqual(judged({...alone, kills: [before]}).problems, []);
});

test('nothing begins after a pause holds and before it ends', () => {
    const pause = {subscription: 7, at: T, until: T + 60000};
    const at = (begun, kills = []) =>
        judged({...ONCE, posts: [['1.1', 'a', begun, begun + 10]], pauses: [pause], kills});
    assert.equal(at(GRACE_MS + 1000).afterPause, 0);
    assert.deepEqual([at(GRACE_MS + 1001).afterPause, at(GRACE_MS + 1001).problems.length], [1, 1]);
    assert.equal(at(59999).afterPause, 1);
    assert.equal(at(60000).afterPause, 0, 'it is over');
    assert.equal(at(40010, [kill('stop', -50, {until: T + 40000})]).afterPause, 0, 'the one POST of a stopped worker');
    const broken = [[null, 'a', 9000, 9010], ['1.1', 'a', 70000, 70010]];
    assert.equal(judged({...ONCE, posts: broken, pauses: [pause]}).afterPause, 1, 'one that broke off counts as well');
});

test('a POST that was not taken is no arrival, and there must be none', () => {
    const refused = judged({...ONCE, posts: [['1.1', 'a', 0, 10, 'T'], ['1.1', 'a', 3000, 3010]]});
    assert.deepEqual([refused.throttled, refused.doubled, refused.problems.length], [1, 0, 1]);
    assert.equal(judged({...ONCE, posts: [['1.1', 'a', 0, 10, 'T']]}).lost, 1);
});

test('the history and the far end have the same POSTs', () => {
    const posts = (n, fields) => judged({...ONCE, cards: [card(1, 1, 7, {posts: n, ...fields})]}).problems.length;
    assert.deepEqual([posts(1), posts(0), posts(2)], [0, 1, 1]);
    assert.equal(posts(2, {inDoubt: 1}), 0, 'the history calls one in doubt, and it never came');
    const again = ['1.1', 'a', 31000, 31010];
    const unreported = {...ONCE, cards: [card(1, 1, 7, {posts: 1})], posts: [...ONCE.posts, again]};
    assert.deepEqual(judged({...unreported, kills: [kill('worker', 5)]}).problems, [], 'nobody could report the first');
});

test('what a killed worker had comes again when its lease has ended, and not much later', () => {
    const again = (ms, rest) => judged({...ONCE, posts: [...ONCE.posts, ['1.1', 'a', ms, ms + 10]],
        cards: [card(1, 1, 7, {endedAt: T + 99000})], kills: [kill('worker', 5)], ...rest});
    assert.deepEqual(again(LEASE_MS).resends, [LEASE_MS - 5]);
    assert.deepEqual(again(LEASE_MS + 1005).problems, []);
    assert.equal(again(LEASE_MS + 1006).problems.length, 1);
    const windows = [{posts: 4, seconds: 2}];
    assert.deepEqual(again(LEASE_MS + 3005, {windows}).problems, [], 'its limits ask for it');
    const late = LEASE_MS + 9000;
    assert.equal(again(late).problems.length, 1);
    const unknown = kill('worker', 5, {leases: null});
    assert.deepEqual(again(late, {kills: [unknown]}).resends, [], 'whose it was is not known');
    const pauses = [{subscription: 7, at: T + 9000, until: T + late}];
    assert.deepEqual(again(late, {pauses}).problems, [], 'paused');
    const outage = {kind: 'database', at: T + LEASE_MS, until: T + LEASE_MS + 8000};
    assert.equal(again(late, {kills: [kill('worker', 5), outage]}).problems.length, 0, 'PostgreSQL was away');
});
