// Users who connect while things are killed, and whether each got a true answer.

import {Client} from '../e2e/harness.mjs';
import {patiently, query, sleep} from './common.mjs';

export const problems = [];
/** user -> another one, connected before, whose webhook they connect, too. */
export const sharing = new Map();
const webhooks = new Map();  // user -> the parameter of their callback
const inDoubt = [];  // {user, id}: pages that asked to wait
export const counts = {connected: 0, repeats: 0, stored: 0};

async function within(promise) {
    const late = sleep(40000).then(() => { throw new Error('no answer within 40 s'); });
    return Promise.race([promise, late]);
}

/**
 * From nothing to a stored connection: what fails on the way to the callback begins anew, the callback itself is
 * repeated as it is.
 */
async function connect(user, twice, pause = 0) {
    const person = new Client();
    const own = await patiently(async () => {
        const [link] = await query(`select o365.begin_connect('desk', '${user}')`, 'demo_app');
        const address = await within(person.toCallback(link, 'Sales'));
        if (!address?.includes('webhook_url=')) throw new Error('the Connect page gave no webhook');
        return address;
    }, `the way of ${user} to the callback`);
    const webhook = webhooks.get(sharing.get(user)) ?? own.match(/webhook_url=[^&]*/)[0];
    webhooks.set(user, webhook);
    const url = own.replace(/webhook_url=[^&]*/, webhook);
    // They read what the far end says before they go on: so most of them are between it and the callback when something
    // is killed.
    await sleep(pause);
    const repeat = () => patiently(async () => {
        const answer = await within(person.request(url));
        if (answer.status === 302 && answer.location.includes('/done/')) return answer.location;
        if (answer.status === 503) {
            ++counts.repeats;
            const id = answer.text.match(/r-[0-9a-f]{12}/)?.[0];
            if (id) inDoubt.push({user, id});
            throw new Error('503');
        }
        const where = answer.location?.split('request=')[0] ?? '';
        problems.push(`the callback of ${user} was answered ${answer.status} ${where}`);
        return null;
    }, `the callback of ${user}`);
    // Some press reload, or have it open in two tabs.
    const [location] = await Promise.all(twice ? [repeat(), repeat()] : [repeat()]);
    person.agent.destroy();
    if (location) ++counts.connected;
}

/** So many people at once connect these users. random: some of them hesitate, or do it twice. */
export async function connectAll(names, people, random = null, pace = () => Promise.resolve()) {
    let next = 0;
    await Promise.all(Array.from({length: people}, async () => {
        while (next < names.length) {
            const name = names[next++];
            await pace(next);
            await connect(name, random?.() < 0.1, random ? 2000 * random() : 0);
        }
    }));
}

/**
 * Each user whose callback was answered with success has exactly one connection, and one attempt that says so; what a
 * page that asked to wait named is true. What is not goes into `problems`.
 */
export async function judgePeople(users) {
    const bad = await query(`
        with u as (select 'user-' || i as app_user from generate_series(0, ${users - 1}) as i),
        c as (select u.app_user, count(s.*) as n, count(*) filter (where s.status = 'active') as active
                from u left join o365_internal.subscription as s using (app_user) group by 1),
        a as (select u.app_user, count(a.*) filter (where a.outcome = 'connected') as n
                from u left join o365_internal.connect_attempt as a using (app_user) group by 1)
        select c.app_user, c.active, a.n from c join a using (app_user) where c.n <> 1 or c.active <> 1 or a.n <> 1`);
    for (const row of bad) problems.push(`user, active connections, attempts that connected: ${row}`);
    for (const {user, id} of inDoubt) {
        const rows = await query(`select outcome, app_user from o365.connect_attempt('${id}')`);
        const right = (row) => ['connected', 'repeated'].includes(row.split('|')[0]) && row.split('|')[1] === user;
        if (rows.length > 1 || !rows.every(right)) {
            problems.push(`o365.connect_attempt('${id}') of ${user} says ${rows}`);
        }
        counts.stored += rows.length;
    }
}
