// The storm: senders, users who connect, people who change things, and kills, all at once; then the judgement. Started
// by tests/faults/run.
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

import {stack, until} from '../e2e/harness.mjs';
import * as changes from './changes.mjs';
import {has, LOGS, query, say, sleep, STACK_DIR, stream, WORKERS} from './common.mjs';
import {judge, parseSink} from './judge.mjs';
import * as kills from './kills.mjs';
import * as people from './people.mjs';
import {readAudit, readCards, readDigests, readSharers, readWindows} from './records.mjs';
import * as senders from './senders.mjs';
import * as servers from './servers.mjs';

const [minutes, seed] = process.argv.slice(2, 4).map(Number);
const wantedCards = Number(process.argv[4] || Math.max(20000, 5000 * minutes));
const wantedCallbacks = Number(process.argv[5] || Math.max(500, 125 * minutes));
const SUBSCRIPTIONS = 200, SPARE = 20, SENDERS = 24, PEOPLE = 16, PAUSERS = 6, WITH_SCHEDULE = 30;
const SHARED = 12, BOTS = 4;  // so many of the subscriptions have the webhook of another one; bots with two flows
const ms = minutes * 60000;
const programLog = () => readFileSync(join(LOGS, 'programs.log'), 'utf8');

// ---- before ----

await query(`create schema faults;
    create table faults.sent (tx bigint, k int, subscription_id bigint, card_id bigint, primary key (tx, k));
    create function faults.put(tx bigint, s bigint, first int, last int) returns void language sql as $$
        insert into faults.sent select tx, k, s, o365.send(s, jsonb_build_object('text', 'card ' || tx || '.' || k))
            from generate_series(first, last) as k $$;
    grant usage on schema faults to demo_app; grant all on faults.sent to demo_app`);
if (has('disk')) await servers.moveHistory();
if (has('failover')) await servers.prepareStandby();
const names = Array.from({length: SUBSCRIPTIONS + SPARE}, (_, i) => `lane-${i}`);
names.slice(SUBSCRIPTIONS - SHARED, SUBSCRIPTIONS).forEach((name, i) => people.sharing.set(name, names[i * 5]));
await people.connectAll(names.slice(0, SUBSCRIPTIONS - SHARED), 6);
await people.connectAll(names.slice(SUBSCRIPTIONS - SHARED, SUBSCRIPTIONS), 6);
await people.connectAll(names.slice(SUBSCRIPTIONS), 6);
const connected = (await query(`select subscription_id from o365_internal.subscription where app_user like 'lane-%'
    order by 1`)).map(Number);
if (connected.length !== names.length) throw new Error(`${connected.length} subscriptions instead of ${names.length}`);
const spare = connected.slice(SUBSCRIPTIONS);
// Flows by an import. The first of each bot has a second connection, which nobody names as a flow of that bot.
const sinkPort = readFileSync(join(STACK_DIR, 'sink-port'), 'utf8').trim();
await query(`insert into o365_programs.import (line, slug, app_user, webhook_host, webhook_port, webhook_url, dry_run)
    select row_number() over (), 'desk', 'flow-' || f || '-' || b, 'flow.localhost', '${sinkPort}',
           'https://flow.localhost:${sinkPort}/bots/bot-' || b || '/' || least(f, 2), 'false'
      from generate_series(1, ${BOTS}) as b, unnest('{1,2,3}'::int[]) as f`);
const flows = (await query(`select subscription_id from o365_internal.subscription where app_user like 'flow-%'
    order by 1`)).map(Number);
if (flows.length !== 3 * BOTS) throw new Error(`${flows.length} flows instead of ${3 * BOTS}`);
await query(`select o365.share_quota('bot-' || b, array(select subscription_id from o365_internal.subscription
    where app_user in ('flow-1-' || b, 'flow-2-' || b))) from generate_series(1, ${BOTS}) as b`);
const lanes = [...connected.slice(0, SUBSCRIPTIONS), ...flows];

// ---- the storm ----

say(`${SUBSCRIPTIONS} subscriptions, ${WORKERS.length} workers; ${wantedCards} cards and ${wantedCallbacks} callbacks `
    + `while things are killed for ${minutes} minutes`);
const began = Date.now(), ends = began + ms;
const users = Array.from({length: wantedCallbacks}, (_, i) => `user-${i}`);
const pace = (n) => sleep(Math.max(0, began + ms * 0.95 * n / users.length - Date.now()));
const numbered = (length, make) => Array.from({length}, (_, i) => make(i + 1));
await Promise.all([
    ...kills.schedule(stream(seed), ms).map((event) => sleep(event.at).then(() => kills.strike(event))),
    ...numbered(SENDERS, (i) => senders.sender(seed * 1000 + i, lanes, wantedCards, began, ms)),
    people.connectAll(users, PEOPLE, stream(seed + 7), pace),
    ...numbered(has('pauses') ? PAUSERS : 0, (i) => changes.pauser(seed * 1000 + 500 + i, lanes, ends)),
    ...(has('digests') ? [changes.clerk(lanes.slice(0, WITH_SCHEDULE), ends)] : []),
]);
let refused = null;
for (const lane of spare) if ((refused = await kills.staleReport(lane)) !== null) break;
const isEmpty = async () => (await query('select count(*) from o365_internal.outbox'))[0] === '0';
await until('the outbox to be empty', isEmpty, 300).catch((error) => say(error.message));
for (const worker of WORKERS) await stack('stop', worker);
process.kill(Number(process.env.SINK_PID), 'SIGTERM');
await sleep(1000);

// ---- the judgement ----

const cards = await readCards(), digests = await readDigests(), sharers = await readSharers();
const windows = await readWindows("dialect = 'connector'"), windowsOfBots = await readWindows("per = 'bot'");
const audit = await readAudit(began - 3600000);
const posts = parseSink(readFileSync(join(LOGS, 'sink'), 'utf8'));
const found = judge({cards, digests, transactions: senders.transactions, acknowledged: senders.acknowledged, posts,
    kills: kills.kills, pauses: changes.pauses, windows, windowsOfBots, sharers, audit});
await people.judgePeople(users.length);
const problems = [...found.problems, ...people.problems];

// What did not happen proves nothing.
const proves = (is, what) => { if (!is) problems.push(what); };
const restarted = kills.kills.some((kill) => kill.what.startsWith('restart-'));
proves(wantedCallbacks < 200 || people.counts.repeats > 0 || !restarted,
    'PostgreSQL was restarted, and no callback was ever asked to wait');
proves(refused > 0, 'no report came too late');
if (minutes >= 2) {
    proves(windows.length === 0 || found.fullShared > 0 && found.fullOfBots > 0,
        'no webhook that is shared, or no bot, reached its limit');
    proves(!has('digests') || digests.length > 0, 'nothing was folded into a digest');
    proves(!has('pauses') || changes.pauses.length > 0, 'nothing was paused');
    proves(!has('clocks') || kills.counts.steps > 0, 'no clock was stepped');
    const times = [...programLog().matchAll(/^(\S+Z) /gm)].map(([, time]) => Date.parse(time));
    const middle = (began + Date.now()) / 2, far = Date.now() - middle + 600000;
    proves(kills.counts.farSteps < 3 || times.some((time) => Math.abs(time - middle) > far),
        'no program wrote another time than ours, although clocks were stepped by an hour');
    proves(!has('failover') || kills.counts.failovers > 0, 'nothing failed over');
    proves(kills.counts.fills === 0 || /No space left on device/.test(programLog()),
        'the disk of the history was full, and no worker said so');
}

// What the judge cannot explain somebody has to.
const plain = (name, value) => (value instanceof Map ? [...value] : name === 'caught' ? undefined : value);
writeFileSync(join(LOGS, 'kills.json'), JSON.stringify({kills: kills.kills, pauses: changes.pauses}, plain, 1));
writeFileSync(join(LOGS, 'problems'), problems.map((problem) => `${problem}\n`).join(''));
for (const kill of kills.kills) {
    const time = new Date(kill.at).toISOString().slice(11, 23);
    const long = kill.until ? ` for ${kill.until - kill.at} ms` : '';
    say(`${time} ${kill.what}${long}${kill.inFlight ? `: ${kill.inFlight} in flight` : ''}`);
}
for (const problem of problems.slice(0, 40)) say(`PROBLEM ${problem}`);
const sum = (list) => list.reduce((total, {posts}) => total + posts, 0);
const {resends} = found;
say(`transactions: ${senders.transactions.size}, ${senders.counts.rolledBack} rolled back, ${senders.counts.inDoubt} `
    + `commits in doubt; ${cards.filter(({digest}) => digest).length} cards in ${digests.length} digests`);
say(`callbacks: ${people.counts.connected} of ${users.length + names.length} users connected, ${people.counts.repeats} `
    + `answers asked to wait, ${people.counts.stored} of them had been stored; ${people.problems.length} problems`);
say(`POSTs: the far end saw ${posts.length}, the history has ${sum(cards) + sum(digests)}; the audit looked at `
    + `${audit.post_numbers?.checked}`);
say(`in flight at the kills, or in doubt by the history: ${found.bound}; doubled: ${found.doubled}, of them by outages `
    + `of PostgreSQL alone: ${found.byOutage}, unexplained: ${found.unexplained}, belated: ${found.belated}; reports `
    + `refused: ${refused}`);
say(`came again after a SIGKILL: ${resends.length}, half of them within ${resends[resends.length >> 1] ?? 0} ms, all `
    + `within ${resends.at(-1) ?? 0} ms; POSTs after a pause: ${found.afterPause}`);
const limits = windows.map(({posts: most, seconds}) => `${most} in ${seconds} s`).join(', ') || 'none';
say(`limits: ${limits}; reached by ${found.full} POSTs, of shared webhooks by `
    + `${found.fullShared}, of bots by ${found.fullOfBots}, exceeded by ${found.exceeded}; POSTs beside another one of `
    + `their webhook: ${found.overlaps}`);
say(`${kills.counts.failovers} failovers, ${kills.counts.fills} times a full disk, ${changes.counts.schedules} rounds `
    + `of schedules; ${problems.length} problems`);
// exceeded: windows of a webhook, and one POST of it at a time, as the far end saw them.
console.log(`faults: cards=${cards.length} lost=${found.lost} exceeded=${found.exceeded + found.overlaps} `
    + `out_of_order=${found.outOfOrder} doubled=${found.doubled} kills=${kills.kills.length} `
    + `pauses=${changes.pauses.length} steps=${kills.counts.steps} throttled=${found.throttled}`);
process.exit(problems.length > 0 || found.doubled > found.bound ? 1 : 0);
