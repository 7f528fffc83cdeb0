// Applications that send, in transactions that take their time, are rolled back, or end while PostgreSQL is killed.
import {Session, sleep, stream} from './common.mjs';

export const transactions = new Map();  // number -> {begun, acknowledged}: what the judge must know
export const acknowledged = [];         // names of cards: <transaction>.<place in it>
export const counts = {committed: 0, rolledBack: 0, inDoubt: 0};
let last = 0;

/** A transaction that begins now. */
export function nextTransaction() {
    const transaction = {begun: Date.now(), acknowledged: Infinity};
    transactions.set(++last, transaction);
    return {tx: last, transaction};
}

/** Sends until so many cards are committed by all senders; not faster than evenly over the storm. */
export async function sender(seed, lanes, wanted, began, storm) {
    const random = stream(seed);
    const session = new Session('demo_app');
    while (counts.committed < wanted) {
        const now = Date.now();
        if (now < began + storm && counts.committed > wanted * (now - began) / (storm * 0.9)) {
            await sleep(50 * random() + 10);
            continue;
        }
        const {tx, transaction} = nextTransaction();
        const lane = lanes[Math.floor(random() * lanes.length)];
        const n = 1 + Math.floor(random() * 5), half = Math.ceil(n / 2), dice = random();
        let committing = false;
        try {
            await session.run(`begin; select faults.put(${tx}, ${lane}, 1, ${half});`);
            if (dice < 0.08) await sleep(500 + 5500 * random());  // stays open, while others pass it
            if (half < n) await session.run(`select faults.put(${tx}, ${lane}, ${half + 1}, ${n});`);
            if (random() < 0.1) {
                await session.run('rollback;');
                ++counts.rolledBack;
                continue;
            }
            committing = true;
            await session.run('commit;');
            transaction.acknowledged = Date.now();
            counts.committed += n;
            for (let k = 1; k <= n; ++k) acknowledged.push(`${tx}.${k}`);
        } catch {
            if (committing) ++counts.inDoubt;
            await sleep(100);
        }
    }
    session.end();
}
