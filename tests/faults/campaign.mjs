// The storm: senders, users who connect, and kills, all at once; then the judgement. Started by tests/faults/run.
import {execFile, spawn} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';

import {Client, stack, until} from '../e2e/harness.mjs';
import {judge, LEASE_MS, parseSink} from './judge.mjs';

const [minutes, seed] = process.argv.slice(2, 4).map(Number);
const wantedCards = Number(process.argv[4] || Math.max(20000, 5000 * minutes));
const wantedCallbacks = Number(process.argv[5] || Math.max(500, 125 * minutes));
const SUBSCRIPTIONS = 200, SENDERS = 24, PEOPLE = 16;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const say = (text) => console.log(`faults: ${text}`);

/** mulberry32: a stream of numbers in [0, 1) that follows from a seed. */
function stream(from) {
    let state = from >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

/** A database session, by psql. run() gives the lines of the answer and throws when the session is lost; the next run() begins another. */
class Session {
    constructor(role) { this.role = role; }
    async run(sql) {
        if (!this.psql || this.psql.exitCode !== null || this.psql.signalCode !== null) this.begin();
        const {psql} = this;
        const answer = new Promise((resolve, reject) => Object.assign(this, {resolve, reject}));
        psql.stdin.write(`${sql}\n\\echo --end--\n`);
        return answer;
    }
    begin() {
        const psql = spawn('psql', ['-qXAt', '-v', 'ON_ERROR_STOP=1', '-U', this.role]);
        this.psql = psql;
        let text = '', errors = '';
        psql.stdin.on('error', () => {});
        psql.stderr.on('data', (part) => { errors += part; });
        psql.stdout.setEncoding('utf8').on('data', (part) => {
            text += part;
            if (!text.endsWith('--end--\n')) return;
            const lines = text.split('\n').slice(0, -2);
            text = '';
            this.resolve?.(lines);
        });
        psql.on('close', () => { if (this.psql === psql) this.psql = null, this.reject?.(new Error(errors.trim().split('\n')[0])); });
    }
    end() { this.psql?.stdin.end(); }
}
const query = async (text) => (await promisify(execFile)('psql', ['-qXAt', '-v', 'ON_ERROR_STOP=1', '-c', text], {maxBuffer: 1 << 28})).stdout.trim().split('\n').filter(Boolean);
async function patiently(action, what, seconds = 120) {
    for (const end = Date.now() + seconds * 1000; ;) {
        try {
            return await action();
        } catch (error) {
            if (Date.now() > end) throw new Error(`${what} did not work for ${seconds} s: ${error.message}`);
            await sleep(100);
        }
    }
}

// ---- users who connect ----

const callbackProblems = [];
const inDoubt = [];  // request ids of pages that asked to wait
let repeats = 0, connected = 0;

/** From nothing to a stored connection: what fails on the way to the callback begins anew, the callback itself is repeated as it is. */
async function connect(user, twice, pause = 0) {
    const person = new Client();
    const limit = (promise) => Promise.race([promise, sleep(40000).then(() => { throw new Error('no answer within 40 s'); })]);
    const url = await patiently(async () => {
        const [link] = await promisify(execFile)('psql', ['-qXAt', '-v', 'ON_ERROR_STOP=1', '-U', 'demo_app', '-c', `select o365.begin_connect('desk', '${user}')`]).then(({stdout}) => stdout.trim().split('\n'));
        const address = await limit(person.toCallback(link, 'Sales'));
        if (!address?.includes('webhook_url=')) throw new Error('the Connect page gave no webhook');
        return address;
    }, `the way of ${user} to the callback`);
    // They read what the far end says before they go on: so most of them are between it and the callback when something
    // is killed.
    await sleep(pause);
    const repeat = () => patiently(async () => {
        const answer = await limit(person.request(url));
        if (answer.status === 302 && answer.location.includes('/done/')) return answer.location;
        if (answer.status === 503) {
            ++repeats;
            const id = answer.text.match(/r-[0-9a-f]{12}/)?.[0];
            if (id) inDoubt.push({user, id});
            throw new Error('503');
        }
        callbackProblems.push(`the callback of ${user} was answered ${answer.status} ${answer.location?.split('request=')[0] ?? ''}`);
        return null;
    }, `the callback of ${user}`);
    // Some press reload, or have it open in two tabs.
    const [location] = await Promise.all(twice ? [repeat(), repeat()] : [repeat()]);
    person.agent.destroy();
    if (location) ++connected;
}

async function connectAll(names, people, random = null, pace = () => Promise.resolve()) {
    let next = 0;
    await Promise.all(Array.from({length: people}, async () => {
        while (next < names.length) {
            const name = names[next++];
            await pace(next);
            await connect(name, random?.() < 0.1, random ? 2000 * random() : 0);
        }
    }));
}

// ---- applications that send ----

const transactions = new Map();
const acknowledged = [];
let lastTransaction = 0, committed = 0, rolledBack = 0, commitsInDoubt = 0;

async function sender(number, subscriptions, began, storm) {
    const random = stream(seed * 1000 + number);
    const session = new Session('demo_app');
    while (committed < wantedCards) {
        if (Date.now() < began + storm && committed > wantedCards * (Date.now() - began) / (storm * 0.9)) { await sleep(50 * random() + 10); continue; }
        const tx = ++lastTransaction;
        const subscription = subscriptions[Math.floor(random() * subscriptions.length)];
        const n = 1 + Math.floor(random() * 5), dice = random();
        const transaction = {begun: Date.now(), acknowledged: Infinity};
        transactions.set(tx, transaction);
        let committing = false;
        try {
            const half = Math.ceil(n / 2);
            await session.run(`begin; select faults.put(${tx}, ${subscription}, 1, ${half});`);
            if (dice < 0.08) await sleep(500 + 5500 * random());  // stays open, while others pass it
            if (half < n) await session.run(`select faults.put(${tx}, ${subscription}, ${half + 1}, ${n});`);
            if (random() < 0.1) {
                await session.run('rollback;');
                ++rolledBack;
                continue;
            }
            committing = true;
            await session.run('commit;');
            transaction.acknowledged = Date.now();
            committed += n;
            for (let k = 1; k <= n; ++k) acknowledged.push(`${tx}.${k}`);
        } catch {
            if (committing) ++commitsInDoubt;
            await sleep(100);
        }
    }
    session.end();
}

// ---- what kills ----

const KINDS = {'worker-kill': 5, 'worker-stop': 2, 'responder-kill': 5, 'terminate': 8, 'backend-kill': 2, 'restart-fast': 2, 'restart-immediate': 2};
const ROLES = ['o365_worker', 'o365_responder', 'o365_sandbox', 'demo_app'];

/** When what is killed: follows from the seed alone. Each kind once first, in any order, then by weight. */
function schedule(random, ms) {
    const first = Object.keys(KINDS).map((kind) => [random(), kind]).sort(([a], [b]) => a - b).map(([, kind]) => kind);
    const bag = Object.entries(KINDS).flatMap(([kind, weight]) => Array(weight).fill(kind));
    const plan = [];
    for (let at = 1000 + 2000 * random(); at < ms; at += 1500 + 3500 * random()) {
        plan.push({at: Math.round(at), kind: first[plan.length] ?? bag[Math.floor(random() * bag.length)], worker: random() < 0.5 ? 'worker' : 'worker-2',
            role: ROLES[Math.floor(random() * ROLES.length)], down: Math.round(3000 * random()), pick: Math.floor(random() * 1e6)});
    }
    return plan;
}

const kills = [];
const busy = new Map();  // part -> what is being done to it
const pidOf = (part) => Number(readFileSync(join(process.env.STACK_DIR, 'pids', part), 'utf8'));
const leasesOf = async (pid) => {
    try {
        const rows = await query(`select l.subscription_id, extract(epoch from l.lease_until) * 1000 - ${LEASE_MS} from o365_internal.lane as l
            join o365_internal.worker as w on w.worker_id = l.worker where w.name like '%:${pid}'`);
        return new Map(rows.map((row) => row.split('|').map(Number)));
    } catch {
        return null;
    }
};
const awayUntilBack = () => patiently(() => query('select 1'), 'PostgreSQL', 60).then(() => Date.now());
const backend = (role, pick) => query(`select pid from pg_stat_activity where usename = '${role}' order by md5((pid + ${pick})::text) limit 1`).then(([pid]) => {
    if (!pid) throw new Error(`${role} has no session just then`);
    return Number(pid);
});

async function strike({kind, worker, role, down, pick}) {
    const part = kind.startsWith('worker') ? [worker, worker === 'worker' ? 'worker-2' : 'worker'].find((one) => !busy.has(one)) : kind === 'responder-kill' ? 'responder' : 'postgres';
    if (!part || busy.has(part)) return;
    busy.set(part, kind);
    const kill = {kind, at: Date.now()};
    try {
        if (kind === 'worker-kill') {
            const pid = pidOf(part);
            kill.kind = 'worker';
            process.kill(pid, 'SIGKILL');
            kill.leases = await leasesOf(pid);
            await sleep(down);
            await stack('start', part);
        } else if (kind === 'worker-stop') {
            const pid = pidOf(part);
            kill.kind = 'stop';
            process.kill(pid, 'SIGSTOP');
            kill.leases = await leasesOf(pid);
            await sleep(LEASE_MS + 1500 + down);
            kill.until = Date.now();
            process.kill(pid, 'SIGCONT');
        } else if (kind === 'responder-kill') {
            process.kill(pidOf(part), 'SIGKILL');
            await sleep(down / 3);
            await stack('start', part);
        } else if (kind === 'terminate') {
            await query(`select pg_terminate_backend(${await backend(role, pick)})`);
        } else {
            if (kind === 'backend-kill') {
                const pid = await backend(role, pick);
                kill.at = Date.now();
                process.kill(pid, 'SIGKILL');
                await sleep(50);
            } else {
                await stack('stop', 'postgres', kind === 'restart-fast' ? 'INT' : 'QUIT');
                await stack('start', 'postgres');
            }
            kill.kind = 'database';
            kill.until = await awayUntilBack();
        }
        kills.push(kill);
        kill.what = `${kind} ${['terminate', 'backend-kill'].includes(kind) ? role : part}`;
    } catch (error) {
        say(`at ${kind} ${part}: ${error.message}`);  // there was no such backend just then, or no database
    } finally {
        busy.delete(part);
    }
}

// ---- a report that comes too late, made on purpose ----

/** Stops a worker that has an end to report until another has ended the card; returns how often it wrote down that its report was refused. */
async function staleReport(subscription) {
    const refusals = () => readFileSync(join(process.env.LOGS, 'programs.log'), 'utf8').match(/event=report_refused/g)?.length ?? 0;
    const seen = () => readFileSync(join(process.env.LOGS, 'sink'), 'utf8');
    const before = refusals(), tx = ++lastTransaction;
    transactions.set(tx, {begun: Date.now(), acknowledged: Infinity});
    const holder = new Session('postgres');
    // Its lane is locked as soon as it is leased, so the end cannot be reported.
    await query(`set role demo_app; select faults.put(${tx}, ${subscription}, 1, 1)`);
    await until('the card to be posted', () => new RegExp(`^R \\d+ \\d+ ${tx}\\.1$`, 'm').test(seen()), 60);
    await holder.run(`begin; select 1 from o365_internal.lane where subscription_id = ${subscription} for update;`);
    const [row] = await query(`select split_part(w.name, ':', 2) from o365_internal.lane as l join o365_internal.worker as w on w.worker_id = l.worker where l.subscription_id = ${subscription}`);
    if (!row) { holder.end(); return null; }  // it was quicker
    await sleep(1800);  // the answer is here by now, and its report is refused as busy again and again
    const pid = Number(row), kill = {kind: 'stop', what: 'a stale report', at: Date.now()};
    process.kill(pid, 'SIGSTOP');
    try {
        kill.leases = await leasesOf(pid);
        await holder.run('rollback;');
        await until('another worker to deliver', async () => (await query(`select 1 from o365_internal.delivery as d join faults.sent as s using (card_id) where s.tx = ${tx}`)).length > 0, 60);
    } finally {
        kill.until = Date.now();
        process.kill(pid, 'SIGCONT');
        holder.end();
    }
    kills.push(kill);
    await until('the refusal in the log', () => refusals() > before, 20);
    return refusals() - before;
}

// ---- the campaign ----

const ms = minutes * 60000;
await query(`create schema faults; create table faults.sent (tx bigint, k int, subscription_id bigint, card_id bigint, primary key (tx, k));
    create function faults.put(tx bigint, s bigint, first int, last int) returns void language sql as $$
        insert into faults.sent select tx, k, s, o365.send(s, jsonb_build_object('text', 'card ' || k || ' of ' || tx, 'card', tx || '.' || k)) from generate_series(first, last) as k $$;
    grant usage on schema faults to demo_app; grant all on faults.sent to demo_app`);
await connectAll(Array.from({length: SUBSCRIPTIONS + 20}, (_, i) => `lane-${i}`), 6);
const lanes = (await query("select subscription_id from o365_internal.subscription where app_user like 'lane-%' order by 1")).map(Number);
if (lanes.length !== SUBSCRIPTIONS + 20) throw new Error(`${lanes.length} subscriptions instead of ${SUBSCRIPTIONS + 20}`);
say(`${SUBSCRIPTIONS} subscriptions; ${wantedCards} cards and ${wantedCallbacks} callbacks while things are killed for ${minutes} minutes`);

const began = Date.now();
const plan = schedule(stream(seed), ms);
const storm = plan.map((event) => sleep(event.at).then(() => strike(event)));
const users = Array.from({length: wantedCallbacks}, (_, i) => `user-${i}`);
await Promise.all([
    ...storm,
    ...Array.from({length: SENDERS}, (_, i) => sender(i + 1, lanes.slice(0, SUBSCRIPTIONS), began, ms)),
    connectAll(users, PEOPLE, stream(seed + 7), (n) => sleep(Math.max(0, began + ms * 0.95 * n / users.length - Date.now()))),
]);
let refused = null;
for (const lane of lanes.slice(SUBSCRIPTIONS)) if ((refused = await staleReport(lane)) !== null) break;
await until('the outbox to be empty', async () => (await query('select count(*) from o365_internal.outbox'))[0] === '0', 150).catch((error) => say(error.message));
for (const worker of ['worker', 'worker-2']) await stack('stop', worker);
process.kill(Number(process.env.SINK_PID), 'SIGTERM');
await sleep(1000);

const cards = (await query(`select s.tx || '.' || s.k, s.tx, s.k, s.subscription_id, count(d.*), coalesce(min(d.outcome), 'none'), coalesce(extract(epoch from min(d.at)) * 1000, 'Infinity'),
        (select count(*) from o365_internal.attempt as a where a.card_id = s.card_id and a.outcome = 'in_doubt')
    from faults.sent as s left join o365_internal.delivery as d using (card_id) group by s.tx, s.k, s.subscription_id, s.card_id`)).map((row) => {
    const [card, tx, k, subscription, ends, outcome, endedAt, doubts] = row.split('|');
    return {card, tx: Number(tx), k: Number(k), subscription: Number(subscription), ends: Number(ends), outcome, endedAt: Number(endedAt), inDoubt: Number(doubts)};
});
// What the judge cannot explain somebody has to.
writeFileSync(join(process.env.LOGS, 'kills.json'), JSON.stringify(kills, (name, value) => (value instanceof Map ? [...value] : value), 1));
const windows = (await query("select posts, seconds from o365.quotas where dialect = 'connector'")).map((row) => {
    const [posts, seconds] = row.split('|').map(Number);
    return {posts, seconds};
});
// It knows the database alone, and must find what the far end's record has.
const audit = {};
for (const row of await query(`select rule, verdict, checked, count, array_to_string(examples, '; ') from o365.audit(to_timestamp(${began / 1000}) - interval '1 hour')`)) {
    const [rule, verdict, checked, count, examples] = row.split('|');
    audit[rule] = {verdict, count: Number(count)};
    say(`audit: ${rule}: ${verdict}, ${checked} checked, ${count} found${examples ? `: ${examples}` : ''}`);
}
const found = judge({cards, transactions, acknowledged, posts: parseSink(readFileSync(join(process.env.LOGS, 'sink'), 'utf8')), kills, windows, audit});

// Each user whose callback was answered with success has exactly one connection, and one attempt that says so; what a
// page that asked to wait named is true.
const bad = await query(`with u as (select 'user-' || i as app_user from generate_series(0, ${users.length - 1}) as i)
    select u.app_user, (select count(*) from o365_internal.subscription as s where s.app_user = u.app_user and s.status = 'active') as n,
           (select count(*) from o365_internal.connect_attempt as a where a.app_user = u.app_user and a.outcome = 'connected') as c from u
     where (select count(*) from o365_internal.subscription as s where s.app_user = u.app_user) <> 1
        or (select count(*) from o365_internal.connect_attempt as a where a.app_user = u.app_user and a.outcome = 'connected') <> 1`);
for (const row of bad) callbackProblems.push(`user, active connections, attempts that connected: ${row}`);
let stored = 0;
for (const {user, id} of inDoubt) {
    const rows = await query(`select outcome, app_user from o365.connect_attempt('${id}')`);
    if (rows.length > 1 || rows.some((row) => !['connected', 'repeated'].includes(row.split('|')[0]) || row.split('|')[1] !== user)) callbackProblems.push(`o365.connect_attempt('${id}') of ${user} says ${rows}`);
    stored += rows.length;
}
// Callbacks must have met the outages, or nothing was proved of them.
if (wantedCallbacks >= 200 && repeats === 0 && kills.some((kill) => kill.what.startsWith('restart-'))) callbackProblems.push('PostgreSQL was restarted, and no callback was ever asked to wait');
for (const kill of kills) say(`${new Date(kill.at).toISOString().slice(11, 23)} ${kill.what}${kill.until ? ` for ${kill.until - kill.at} ms` : ''}${kill.inFlight === undefined ? '' : `: ${kill.inFlight} in flight`}`);
for (const problem of [...found.problems, ...callbackProblems].slice(0, 40)) say(`PROBLEM ${problem}`);
say(`transactions: ${transactions.size}, ${rolledBack} rolled back, ${commitsInDoubt} commits in doubt`);
say(`callbacks: ${connected} of ${users.length + SUBSCRIPTIONS + 20} users connected, ${repeats} answers asked to wait, ${stored} of them had been stored; ${callbackProblems.length} problems`);
say(`in flight at the kills, or in doubt by the history: ${found.bound}; doubled: ${found.doubled}, of them by outages of PostgreSQL alone: ${found.byOutage}, unexplained: ${found.unexplained}, belated: ${found.belated}; reports refused: ${refused}`);
say(`limits: ${windows.map(({posts, seconds}) => `${posts} in ${seconds} s`).join(', ') || 'none'}; reached by ${found.full} POSTs, exceeded by ${found.exceeded}; POSTs beside another one of their webhook: ${found.overlaps}`);
// exceeded: windows of a webhook, and one POST of it at a time, as the far end saw them.
console.log(`faults: cards=${cards.length} lost=${found.lost} exceeded=${found.exceeded + found.overlaps} out_of_order=${found.outOfOrder} doubled=${found.doubled} kills=${kills.length}`);
process.exit(found.problems.length + callbackProblems.length > 0 || found.doubled > found.bound || !(refused > 0) ? 1 : 0);
