// What must hold whatever was killed, judged from records alone: no server, no clock.

export const LEASE_MS = 30000;
const LAG_MS = 1000;      // what was in the sink's socket when the worker died, the sink has read within this
const BACKOFF_MS = 2500;  // the database is back: so long a worker may still wait before it tries again
// A database that is away for less makes nothing double: no POST ends later than three seconds before its lease
// (worker/delivery/delivery.cpp, kLeaseMargin), and a worker that has lost the database is back no later than the same
// time again.
const SHORT_MS = 1000;
// A worker that lives begins no POST that has less than post_timeout_seconds (10 here) and kLeaseMargin (3) left of its
// lease, and nobody else has the lane before the lease ends. So where no worker died or stopped, the same card comes
// again 13 s after it began or later; three are allowed for connecting, which the worker counts as part of the POST and
// the sink does not.
export const AGAIN_MS = 13000 - 3000;

/** Reads the sink's log (its form: sink.mjs) into posts in the order in which they began; `ended`: when the answer left, or the connection ended. */
export function parseSink(text) {
    const posts = new Map();
    for (const line of text.split('\n')) {
        const [event, time, request, ...rest] = line.split(' ');
        if (event === 'B') posts.set(request, {number: Number(request), begun: Number(time), webhook: rest[1], ended: Infinity});
        else if (event === 'R') posts.get(request).card = rest[0];
        else if (event === 'A' || event === 'C') posts.get(request).ended = Number(time);
    }
    return [...posts.values()];
}

function groupBy(list, key) {
    const groups = new Map();
    for (const one of list) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
    return groups;
}

/**
 * Where the audit and the records say different things. found: rule -> how many faults the records have. Of rules that are not in found the records tell
 * nothing: they must not be broken.
 */
function disagreements(audit, found) {
    const problems = [];
    for (const [rule, {verdict, count}] of Object.entries(audit)) {
        const here = found[rule] ?? 0;
        if ((verdict === 'broken') !== here > 0) problems.push(`the audit says of ${rule}: ${verdict} (${count}); the records have ${here} faults`);
    }
    for (const rule of Object.keys(found)) if (!audit[rule]) problems.push(`the audit says nothing of ${rule}`);
    return problems;
}

/**
 * cards: what was committed: {card, tx, k, subscription, ends, outcome, endedAt, inDoubt}: ends: rows of history that say how it ended; endedAt: when;
 *   inDoubt: how many of its attempts the history calls in doubt.
 * transactions: Map tx -> {begun, acknowledged}: when the application began it, and when it was told that it is committed (Infinity: never).
 * acknowledged: names of the cards that applications were told are committed.
 * posts: as parseSink returns.
 * kills: {kind: 'worker' | 'stop' | 'database' | other, at, until, leases}: until: when the stopped worker went on, or the database was back; leases: Map
 *   subscription -> when the victim's lease began, or null when the database could not be asked: then any lane may have been its.
 * windows: {posts, seconds}: limits that were kept: no interval of that length has more POSTs of one webhook, as the sink saw them begin.
 * audit: what o365.audit() says, rule -> {verdict, count}: it must find what is found here of the same kind, and nothing else. Null: it was not asked.
 * Returns counts; full: POSTs that a limit was reached with, so that it could have been exceeded; all but that, doubled, bound and belated are 0 when all is well, and problems has a sentence for each that is not.
 */
export function judge({cards, transactions, acknowledged, posts, kills, windows = [], audit = null}) {
    const problems = [];
    const known = new Map(cards.map((card) => [card.card, {...card, arrivals: [], explained: card.inDoubt, outages: 0}]));
    let phantoms = 0;
    for (const post of posts.filter((one) => one.card)) {  // without: the connection ended before the body was there
        if (known.has(post.card)) known.get(post.card).arrivals.push(post);
        else problems.push(`card ${post.card} arrived and was never committed`), ++phantoms;
    }
    // Lost: committed, as the application was told or as the database says, and not seen by the far end, or without
    // exactly one end.
    let lost = 0;
    for (const card of acknowledged) if (!known.has(card)) problems.push(`card ${card} was acknowledged and is not there`), ++lost;
    for (const card of known.values()) {
        if (card.arrivals.length > 0 && card.ends === 1 && card.outcome === 'delivered') continue;
        problems.push(`card ${card.card} arrived ${card.arrivals.length} times and has ${card.ends} ends (${card.outcome})`), ++lost;
    }
    // Order of first arrivals: within a transaction that of sending; and what was acknowledged before another
    // transaction began comes before it.
    const lanes = groupBy([...known.values()].filter((card) => card.arrivals.length > 0), (card) => card.subscription);
    let outOfOrder = 0;
    for (const lane of lanes.values()) {
        lane.sort((a, b) => a.arrivals[0].number - b.arrivals[0].number);
        for (const [j, later] of lane.entries()) {
            const wrong = lane.slice(0, j).find((earlier) => (later.tx === earlier.tx ? later.k < earlier.k
                : transactions.get(later.tx).acknowledged < transactions.get(earlier.tx).begun));
            if (wrong) problems.push(`card ${later.card} arrived after ${wrong.card}`), ++outOfOrder;
        }
    }
    // In flight at a kill: the sink had begun the POST, and the card's end was not yet in the database. Each card may
    // double once for each kill that caught it in flight, and for each attempt that the history itself calls in doubt.
    // An outage of the database alone explains only what came again a lease later (AGAIN_MS). Nothing else may double.
    const belated = new Set();
    let bound = 0;
    for (const kill of kills) {
        kill.inFlight = 0;
        if (kill.kind === 'database' && kill.until - kill.at < SHORT_MS) continue;
        if (!['worker', 'stop', 'database'].includes(kill.kind)) continue;
        for (const [subscription, lane] of lanes) {
            if (kill.leases && !kill.leases.has(subscription)) continue;
            // The sink's clock has whole milliseconds, the database's has fractions: a POST that begins in the
            // millisecond of its claim began after it.
            const since = kill.leases ? Math.floor(kill.leases.get(subscription)) : kill.at - LEASE_MS;
            const until = kill.kind === 'database' ? kill.until + BACKOFF_MS : kill.at + LAG_MS;
            for (const card of lane) {
                if (card.endedAt <= kill.at || !card.arrivals.some((post) => post.begun >= since && post.begun <= until)) continue;
                ++kill.inFlight;
                if (kill.kind === 'database') ++card.outages;
                else ++card.explained;
            }
            // A worker that is stopped between its last look at the clock and its first byte sends that one POST when
            // it goes on.
            if (kill.kind !== 'stop') continue;
            const late = lane.find((card) => card.arrivals.length > 1 && card.arrivals.slice(1).some((post) => post.begun >= kill.until && post.begun <= kill.until + LAG_MS));
            if (late && late.explained < late.arrivals.length - 1) {
                ++kill.inFlight, ++late.explained;
                belated.add(late.arrivals.find((post) => post.begun >= kill.until));
            }
        }
        bound += kill.inFlight;
    }
    let doubled = 0;
    let unexplained = 0;
    let byOutage = 0;
    for (const card of known.values()) {
        const more = Math.max(0, card.arrivals.length - 1);
        doubled += more;
        bound += card.inDoubt;
        // What no dead worker explains an outage must: the card's lease ended before its report could be made, so that
        // it came that much later.
        const rest = Math.max(0, more - card.explained);
        const late = card.arrivals.filter((post, i) => i > 0 && post.begun - card.arrivals[i - 1].begun >= AGAIN_MS).length;
        const outages = Math.min(rest, card.outages, late);
        byOutage += outages;
        if (rest > outages) {
            problems.push(`card ${card.card} arrived ${more + 1} times, ${late} of them a lease later; ${card.explained} kills and ${card.outages} outages caught it in flight`);
            unexplained += rest - outages;
        }
    }
    // At most one POST of a webhook is under way.
    let overlaps = 0;
    for (const [webhook, list] of groupBy(posts, (post) => post.webhook)) {
        let end = -Infinity;
        for (const post of list.sort((a, b) => a.number - b.number)) {
            if (post.begun < end && !belated.has(post)) problems.push(`two POSTs to webhook ${webhook} at ${post.begun} (${post.card})`), ++overlaps;
            end = Math.max(end, post.ended);
        }
    }
    // Wherever an interval begins: the POST that lies the limit before this one is older than the window.
    let exceeded = 0;
    let full = 0;
    for (const [webhook, list] of groupBy(posts.filter((post) => !belated.has(post)), (post) => post.webhook)) {
        list.sort((a, b) => a.number - b.number);
        for (const {posts: most, seconds} of windows) {
            for (let i = most - 1; i < list.length; ++i) {
                if (list[i].begun - list[i - most + 1].begun < seconds * 1000) ++full;
                if (i < most || list[i].begun - list[i - most].begun >= seconds * 1000) continue;
                problems.push(`webhook ${webhook} got ${most + 1} POSTs within ${list[i].begun - list[i - most].begun} ms (${list[i].card})`);
                ++exceeded;
            }
        }
    }
    // Each subscription's cards come to one webhook, each webhook's from one subscription.
    let misrouted = 0;
    const ways = new Set([...known.values()].flatMap((card) => card.arrivals.map((post) => `${card.subscription} ${post.webhook}`)));
    misrouted = 2 * ways.size - new Set([...ways].map((way) => way.split(' ')[0])).size - new Set([...ways].map((way) => way.split(' ')[1])).size;
    if (misrouted > 0) problems.push(`${misrouted} pairs of subscription and webhook too many`);
    if (audit) problems.push(...disagreements(audit, {ends: [...known.values()].filter((card) => card.ends > 1).length, order: outOfOrder, windows: exceeded}));
    return {problems, phantoms, lost, outOfOrder, doubled, byOutage, bound, unexplained, overlaps, misrouted, exceeded, full, belated: belated.size};
}
