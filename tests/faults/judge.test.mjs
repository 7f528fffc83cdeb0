// The judge of a campaign can fail: each record here is sound but for one thing.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {AGAIN_MS, judge, parseSink} from './judge.mjs';

const T = 1_000_000;
const card = (tx, k, subscription, fields = {}) => ({card: `${tx}.${k}`, tx, k, subscription, ends: 1, outcome: 'delivered', endedAt: T + 60000, inDoubt: 0, ...fields});

/** posts: [card, webhook, begun, ended] after T, in the order in which they began. */
function judged({cards, posts, kills = [], acknowledged = cards.map((one) => one.card), transactions = {}, ...rest}) {
    const log = posts.map(([name, webhook, begun, ended], i) => [`B ${T + begun} ${i + 1} 1 ${webhook}`, ...(name ? [`R ${T + begun} ${i + 1} ${name}`] : []), `A ${T + ended} ${i + 1}`].join('\n')).join('\n');
    const times = new Map([...new Set(cards.map((one) => one.tx))].map((tx) => [tx, {begun: T, acknowledged: Infinity, ...transactions[tx]}]));
    return judge({cards, acknowledged, transactions: times, posts: parseSink(`${log}\n`), kills, ...rest});
}
const SOUND = {cards: [card(1, 1, 7), card(1, 2, 7), card(2, 1, 8)], posts: [['1.1', 'a', 0, 10], ['2.1', 'b', 5, 15], ['1.2', 'a', 20, 30]]};
const ONCE = {cards: [card(1, 1, 7)], posts: [['1.1', 'a', 0, 10]]};
const kill = (kind, at, fields) => ({kind, at: T + at, leases: new Map([[7, T - 100]]), ...fields});
const database = {kind: 'database', at: T + 5, until: T + 20000};

test('a sound record has no problem', () => {
    assert.deepEqual(judged(SOUND), {problems: [], phantoms: 0, lost: 0, outOfOrder: 0, doubled: 0, byOutage: 0, bound: 0, unexplained: 0, overlaps: 0, misrouted: 0, exceeded: 0, full: 0, belated: 0});
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
    assert.equal(judged({...SOUND, posts: [['1.2', 'a', 0, 10], ['2.1', 'b', 5, 15], ['1.1', 'a', 20, 30]]}).outOfOrder, 1);
    const two = {cards: [card(1, 1, 7), card(2, 1, 7)], posts: [['2.1', 'a', 0, 10], ['1.1', 'a', 20, 30]]};
    assert.equal(judged({...two, transactions: {1: {acknowledged: T + 1}, 2: {begun: T + 2}}}).outOfOrder, 1);
    assert.equal(judged({...two, transactions: {1: {acknowledged: T + 3}, 2: {begun: T + 2}}}).outOfOrder, 0, 'concurrent ones have none');
});

test('two POSTs of one webhook at once are one too many', () => {
    assert.equal(judged({...SOUND, posts: [['1.1', 'a', 0, 10], ['2.1', 'b', 5, 15], ['1.2', 'a', 9, 30]]}).overlaps, 1);
});

test('a window may be full and not more, wherever it begins', () => {
    const within = (ms, posts = 2) => judged({cards: [card(1, 1, 7), card(1, 2, 7), card(1, 3, 7)], windows: [{posts, seconds: 1}],
        posts: [['1.1', 'a', 0, 10], ['1.2', 'a', 900, 910], ['1.3', 'a', ms, ms + 10]]});
    assert.deepEqual([within(999).exceeded, within(999).problems.length], [1, 1]);
    assert.deepEqual([within(1000).exceeded, within(1000).full], [0, 2]);
    assert.equal(within(950, 3).exceeded, 0, 'three may lie in it');
    assert.deepEqual([within(1900, 1).exceeded, within(1900, 1).full], [1, 3]);
});

test('a webhook belongs to one subscription', () => {
    assert.ok(judged({...SOUND, posts: [['1.1', 'a', 0, 10], ['2.1', 'a', 15, 18], ['1.2', 'a', 20, 30]]}).misrouted > 0);
});

test('a card doubles only where a killed worker had it in flight', () => {
    const twice = {...ONCE, posts: [...ONCE.posts, ['1.1', 'a', 31000, 31010]]};
    assert.equal(judged(twice).unexplained, 1, 'nothing was killed');
    assert.deepEqual(judged({...twice, kills: [kill('worker', 5)]}).problems, []);
    assert.equal(judged({...twice, kills: [kill('worker', 5, {leases: new Map([[8, T - 100]])})]}).unexplained, 1, 'the worker had another lane');
    assert.equal(judged({...twice, kills: [kill('worker', -5000)]}).unexplained, 1, 'the worker died before');
    assert.equal(judged({...twice, cards: [card(1, 1, 7, {endedAt: T + 4})], kills: [kill('worker', 5)]}).unexplained, 1, 'its end was reported');
    assert.equal(judged({...twice, kills: [{kind: 'terminate', at: T + 5}]}).unexplained, 1, 'a lost session explains nothing');
    assert.deepEqual(judged({...twice, cards: [card(1, 1, 7, {inDoubt: 1})]}).problems, [], 'the history calls one attempt in doubt');
});

test('a POST that begins in the millisecond of its claim was in flight', () => {
    const twice = {...ONCE, posts: [...ONCE.posts, ['1.1', 'a', 30000, 30010]]};
    assert.deepEqual(judged({...twice, kills: [kill('stop', 5, {until: T + 33000, leases: new Map([[7, T + 0.7]])})]}).problems, []);
    assert.equal(judged({...twice, kills: [kill('stop', 5, {until: T + 33000, leases: new Map([[7, T + 1]])})]}).unexplained, 1, 'the lease began a millisecond later');
});

test('a kill explains one double of a card, not two', () => {
    const thrice = {...ONCE, posts: [...ONCE.posts, ['1.1', 'a', 31000, 31010], ['1.1', 'a', 62000, 62010]]};
    assert.equal(judged({...thrice, cards: [card(1, 1, 7, {endedAt: T + 90000})], kills: [kill('worker', 5)]}).unexplained, 1);
});

test('an outage of PostgreSQL explains only what came again a lease later', () => {
    const again = (after) => judged({...ONCE, posts: [...ONCE.posts, ['1.1', 'a', after, after + 10]], kills: [{...database}]});
    assert.equal(again(AGAIN_MS - 1).unexplained, 1);
    assert.deepEqual([again(AGAIN_MS).unexplained, again(AGAIN_MS).byOutage], [0, 1]);
    const short = judged({...ONCE, posts: [...ONCE.posts, ['1.1', 'a', 31000, 31010]], kills: [{...database, until: T + 500}]});
    assert.equal(short.unexplained, 1, 'the database was back at once');
});

test('a stopped worker may send one POST when it goes on, and no more', () => {
    const stop = kill('stop', -50, {until: T + 40000});
    const late = {cards: [card(1, 1, 7), card(1, 2, 7)], posts: [['1.1', 'a', 31000, 31010], ['1.2', 'a', 39990, 40050], ['1.1', 'a', 40010, 40020]]};
    assert.deepEqual([judged({...late, kills: [stop]}).overlaps, judged({...late, kills: [stop]}).belated], [0, 1]);
    assert.equal(judged({...late, kills: [{...stop, until: T + 30000}]}).overlaps, 1);
});

test('a window is exceeded by one POST more than it allows', () => {
    const windows = [{posts: 2, seconds: 1}];
    const three = (last) => judged({cards: [card(1, 1, 7), card(1, 2, 7), card(1, 3, 7)], posts: [['1.1', 'a', 0, 10], ['1.2', 'a', 500, 510], ['1.3', 'a', last, last + 10]], windows});
    assert.equal(three(999).exceeded, 1);
    assert.deepEqual(three(1000).problems, []);
    assert.equal(judged({...SOUND, windows: [{posts: 2, seconds: 60}]}).exceeded, 0, 'each webhook has its own');
});

test('the audit and the records say the same', () => {
    const kept = {ends: {verdict: 'kept', count: 0}, order: {verdict: 'kept', count: 0}, windows: {verdict: 'nothing to check', count: 0}, post_numbers: {verdict: 'kept', count: 0},
        numbers_without_card: {verdict: 'note', count: 7}};
    const broken = {verdict: 'broken', count: 1};
    assert.deepEqual(judged({...SOUND, audit: kept}).problems, []);
    for (const rule of ['ends', 'order', 'windows', 'post_numbers']) assert.equal(judged({...SOUND, audit: {...kept, [rule]: broken}}).problems.length, 1, `${rule}: the audit alone`);
    const swapped = {...SOUND, posts: [['1.2', 'a', 0, 10], ['2.1', 'b', 5, 15], ['1.1', 'a', 20, 30]]};
    assert.equal(judged({...swapped, audit: kept}).problems.length, 2, 'the records alone');
    assert.equal(judged({...swapped, audit: {...kept, order: broken}}).problems.length, 1, 'both');
    assert.equal(judged({...ONCE, cards: [card(1, 1, 7, {ends: 2})], audit: kept}).problems.length, 2, 'two ends that the audit misses');
    assert.equal(judged({...SOUND, audit: {}}).problems.length, 3, 'an audit that says nothing');
});
