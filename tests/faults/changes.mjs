// What people change while cards are being delivered: pauses and schedules.
import {patiently, query, sleep, stream} from './common.mjs';

/** {subscription, at, until}: when the pause was committed, and when it began to be ended. The judge must know. */
export const pauses = [];
export const counts = {schedules: 0};
const paused = new Set();

/** Pauses one lane after the other and resumes it, as the application or as the operator, until the storm is over. */
export async function pauser(seed, lanes, ends) {
    const random = stream(seed);
    const role = () => (random() < 0.5 ? 'demo_app' : 'demo_operator');
    await sleep(5000 * random());
    while (Date.now() < ends) {
        const subscription = lanes[Math.floor(random() * lanes.length)];
        if (paused.has(subscription)) continue;
        paused.add(subscription);
        const change = (what) => patiently(() => query(`select o365.${what}(${subscription})`, role()), `o365.${what}`);
        await change('pause');
        const pause = {subscription, at: Date.now(), until: Infinity};
        pauses.push(pause);
        await sleep(Math.min(1000 + 20000 * random() ** 2, Math.max(0, ends - Date.now())));
        pause.until = Date.now();
        await change('resume');
        paused.delete(subscription);
        await sleep(3000 * random());
    }
}

/** Sets schedules so that lanes run each minute, by a clock that people read: there is no shorter one. */
export async function clerk(lanes, ends) {
    const set = (schedule) => query(`select o365.set_schedule(s, ${schedule}, time_zone => 'UTC')
        from unnest(array[${lanes}]) as s`, 'demo_app').then(() => ++counts.schedules);
    while (Date.now() < ends) {
        // Some seconds after the last run, so that it has begun; a minute that is missed comes with the next.
        const next = "((now() at time zone 'UTC') + interval '1 minute')::time";
        await patiently(() => set(`'daily', at => ${next}`), 'schedules');
        await sleep(Math.min(60000 - (Date.now() + 50000) % 60000, Math.max(0, ends - Date.now())));
    }
    await patiently(() => set("'immediate'"), 'schedules');
}
