// The faults (kills, stops, full disks, stepped clocks), their times, and what the judge must know of them.
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

import {stack, until} from '../e2e/harness.mjs';
import {has, LOGS, pidOf, query, say, Session, sleep, STACK_DIR, WORKERS} from './common.mjs';
import {LEASE_MS} from './judge.mjs';
import {nextTransaction} from './senders.mjs';
import * as servers from './servers.mjs';

const KINDS = {
    'worker-kill': 5, 'worker-stop': 2, 'responder-kill': 5, 'terminate': 8, 'backend-kill': 2, 'restart-fast': 2,
    'restart-immediate': 2, ...(has('clocks') ? {clock: 6} : {}), ...(has('disk') ? {disk: 1} : {}),
    ...(has('failover') ? {failover: 1} : {}),
};
const ROLES = ['o365_worker', 'o365_responder', 'o365_sandbox', 'demo_app'];

/** When what is killed: follows from the seed alone. Each kind once first, in any order, then by weight. */
export function schedule(random, ms) {
    const first = Object.keys(KINDS).map((kind) => [random(), kind]).sort(([a], [b]) => a - b).map(([, kind]) => kind);
    const bag = Object.entries(KINDS).flatMap(([kind, weight]) => Array(weight).fill(kind));
    const plan = [];
    for (let at = 1000 + 2000 * random(); at < ms; at += 1500 + 3500 * random()) {
        plan.push({
            at: Math.round(at), kind: first[plan.length] ?? bag[Math.floor(random() * bag.length)],
            worker: Math.floor(random() * WORKERS.length), role: ROLES[Math.floor(random() * ROLES.length)],
            down: Math.round(3000 * random()), pick: Math.floor(random() * 1e6),
        });
    }
    return plan;
}

/** What was done: {kind, what, at, until, leases}, as the judge takes it. */
export const kills = [];
export const counts = {steps: 0, farSteps: 0, fills: 0, failovers: 0};
const busy = new Map();  // part -> what is being done to it

async function leasesOf(pid) {
    try {
        const rows = await query(`select l.subscription_id, extract(epoch from l.lease_until) * 1000 - ${LEASE_MS}
            from o365_internal.lane as l join o365_internal.worker as w on w.worker_id = l.worker
            where w.name like '%:${pid}'`);
        return new Map(rows.map((row) => row.split('|').map(Number)));
    } catch {
        return null;
    }
}

async function backend(role, pick) {
    const [pid] = await query(`select pid from pg_stat_activity where usename = '${role}'
        order by md5((pid + ${pick})::text) limit 1`);
    if (!pid) throw new Error(`${role} has no session just then`);
    return Number(pid);
}

// ---- clocks ----

/** The file by which a program's clock is read: seconds that it is ahead, or behind. */
const clockOf = (part) => join(STACK_DIR, 'clocks', String(pidOf(part)));
// Between an hour back and a day ahead: further, certificates would not be valid. Each program begins with the clock
// that is right.
const STEPS = [-3600, -600, -30, -2, 2, 30, 600, 3600, 86400];

function stepClock(part, pick) {
    const file = clockOf(part);
    if (!existsSync(file)) throw new Error(`the clock of ${part} is not faked`);
    const step = STEPS[pick % STEPS.length];
    const ahead = Number(readFileSync(file, 'utf8'));
    const to = Math.abs(ahead + step) > 90000 ? 0 : ahead + step;
    writeFileSync(file, `${to < 0 ? '' : '+'}${to}\n`);
    ++counts.steps;
    if (Math.abs(to) >= 3600) ++counts.farSteps;
    return `${to - ahead} s, to ${to}`;
}

// ---- one thing that happens ----

const ACTIONS = {
    async 'worker-kill'(kill, {part, down}) {
        const pid = pidOf(part);
        kill.kind = 'worker';
        process.kill(pid, 'SIGKILL');
        kill.leases = await leasesOf(pid);
        await sleep(down);
        await stack('start', part);
    },
    async 'worker-stop'(kill, {part, down}) {
        const pid = pidOf(part);
        kill.kind = 'stop';
        process.kill(pid, 'SIGSTOP');
        kill.leases = await leasesOf(pid);
        await sleep(LEASE_MS + 1500 + down);
        kill.until = Date.now();
        process.kill(pid, 'SIGCONT');
    },
    async 'responder-kill'(kill, {part, down}) {
        process.kill(pidOf(part), 'SIGKILL');
        await sleep(down / 3);
        await stack('start', part);
    },
    async terminate(kill, {role, pick}) {
        kill.what = role;
        await query(`select pg_terminate_backend(${await backend(role, pick)})`);
    },
    async clock(kill, {part, pick}) { kill.what = `${part} ${stepClock(part, pick)}`; },
    async disk(kill, {down}) {
        kill.kind = 'database';  // it takes no report, so what follows is the same
        await servers.fillDisk(4000 + 6 * down);
        kill.until = Date.now();
        ++counts.fills;
    },
    async failover(kill) {
        kill.kind = 'database';
        await servers.failOver();
        kill.until = await servers.back();
        ++counts.failovers;
    },
    async 'backend-kill'(kill, {role, pick}) {
        const pid = await backend(role, pick);
        kill.kind = 'database';
        kill.what = role;
        kill.at = Date.now();
        process.kill(pid, 'SIGKILL');
        await sleep(50);
        kill.until = await servers.back();
    },
    async restart(kill, signal) {
        kill.kind = 'database';
        await stack('stop', 'postgres', signal);
        servers.startPrimary();
        kill.until = await servers.back();
    },
    async 'restart-fast'(kill) { await ACTIONS.restart(kill, 'INT'); },
    async 'restart-immediate'(kill) { await ACTIONS.restart(kill, 'QUIT'); },
};

/** The part of the installation that it happens to; none when something happens to all that could be taken. */
function partFor({kind, worker, pick}) {
    const turn = WORKERS.map((_, i) => WORKERS[(worker + i) % WORKERS.length]);
    if (kind.startsWith('worker')) return turn.find((one) => !busy.has(one));
    if (kind === 'clock') return [...turn, 'responder'][pick % (turn.length + 1)];
    return kind === 'responder-kill' ? 'responder' : 'postgres';
}

/**
 * What happens to one part does not overlap: what would is left out, but what is rare waits for its turn. What fails,
 * for there was no session, is said.
 */
export async function strike(event) {
    const part = partFor(event);
    const isRare = ['disk', 'failover'].includes(event.kind);
    const isFree = () => !busy.has(part) && (event.kind !== 'failover' || servers.ready());
    for (const end = Date.now() + 30000; isRare && !isFree() && Date.now() < end;) await sleep(100);
    if (!part || !isFree()) return;
    busy.set(part, event.kind);
    const kill = {kind: event.kind, at: Date.now()};
    try {
        await ACTIONS[event.kind](kill, {...event, part});
        kill.what = `${event.kind} ${kill.what ?? part}`;
        kills.push(kill);
    } catch (error) {
        say(`at ${event.kind} ${part}: ${error.message}`);
    } finally {
        busy.delete(part);
    }
}

// ---- a report that comes too late, made on purpose ----

/**
 * Stops a worker that has an end to report until another has ended the card; returns how often it wrote down that its
 * report was refused, or null when it was quicker.
 */
export async function staleReport(subscription) {
    const count = () => readFileSync(join(LOGS, 'programs.log'), 'utf8').match(/event=report_refused/g)?.length ?? 0;
    const before = count(), {tx} = nextTransaction();
    const posted = new RegExp(`^R \\d+ \\d+ ${tx}\\.1$`, 'm');
    const holder = new Session('postgres');
    // Its lane is locked as soon as it is leased, so the end cannot be reported.
    await query(`set role demo_app; select faults.put(${tx}, ${subscription}, 1, 1)`);
    await until('the card to be posted', () => posted.test(readFileSync(join(LOGS, 'sink'), 'utf8')), 60);
    await holder.run(`begin; select 1 from o365_internal.lane where subscription_id = ${subscription} for update;`);
    const [row] = await query(`select split_part(w.name, ':', 2) from o365_internal.lane as l
        join o365_internal.worker as w on w.worker_id = l.worker where l.subscription_id = ${subscription}`);
    if (!row) {
        holder.end();
        return null;
    }
    await sleep(1800);  // the answer is here by now, and its report is refused as busy again and again
    const pid = Number(row), kill = {kind: 'stop', what: 'a stale report', at: Date.now()};
    process.kill(pid, 'SIGSTOP');
    try {
        kill.leases = await leasesOf(pid);
        await holder.run('rollback;');
        await until('another worker to deliver', async () => (await query(`select 1 from o365_internal.delivery as d
            join faults.sent as s using (card_id) where s.tx = ${tx}`)).length > 0, 60);
    } finally {
        kill.until = Date.now();
        process.kill(pid, 'SIGCONT');
        holder.end();
    }
    kills.push(kill);
    await until('the refusal in the log', () => count() > before, 20);
    return count() - before;
}
