// The promises that have to be kept whatever was killed, checked against records only: no server, no clock.

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
export const GRACE_MS = 2000;  // after which a pause holds
const SHOWN = 10;              // cards that a digest shows

/**
 * Reads the sink's log (its form: sink.mjs) into posts in the order in which they began; `cards`: what it carried, null
 * when the connection ended before that was here; `ended`: when the answer left, or the connection ended.
 */
export function parseSink(text) {
    const posts = new Map();
    for (const line of text.split('\n')) {
        const [event, time, request, ...rest] = line.split(' ');
        if (event === 'B') {
            posts.set(request, {number: Number(request), begun: Number(time), webhook: rest[1], bot: rest[2],
                cards: null, throttled: false, ended: Infinity});
        } else if (event === 'R') posts.get(request).cards = rest[0].split(',').filter(Boolean);
        else if (event === 'T') posts.get(request).throttled = true;
        else if (event === 'A' || event === 'C') posts.get(request).ended = Number(time);
    }
    return [...posts.values()];
}

function groupBy(list, key) {
    const groups = new Map();
    for (const one of list) {
        const name = key(one);
        if (groups.has(name)) groups.get(name).push(one);
        else groups.set(name, [one]);
    }
    return groups;
}

/**
 * Where the audit and the records say different things. found: rule -> how many faults the records have. Of rules that
 * are not in found the records tell nothing: they must not be broken.
 */
function disagreements(audit, found) {
    const problems = [];
    for (const [rule, {verdict, count}] of Object.entries(audit)) {
        const here = found[rule] ?? 0;
        if ((verdict === 'broken') !== here > 0) {
            problems.push(`the audit says of ${rule}: ${verdict} (${count}); the records have ${here} faults`);
        }
    }
    for (const rule of Object.keys(found)) if (!audit[rule]) problems.push(`the audit says nothing of ${rule}`);
    return problems;
}

/** Hands each POST to what it carried: `arrivals` where it was taken, `posts` whether it was or not. */
function handOut(posts, known, digests, problems) {
    let phantoms = 0;
    for (const post of posts.filter(({cards}) => cards)) {
        const strange = post.cards.length === 0 ? ['without a name'] : post.cards.filter((card) => !known.has(card));
        for (const card of strange) problems.push(`card ${card} arrived and was never committed`), ++phantoms;
        if (strange.length > 0) continue;
        const first = known.get(post.cards[0]);
        const what = post.cards.length > 1 ? digests.get(first.digest) : first;
        if (!what || post.cards.some((card) => known.get(card).digest !== first.digest)) {
            problems.push(`the POST of ${post.cards} is no digest that the history knows`), ++phantoms;
            continue;
        }
        post.what = what;
        what.seen.push(post);
        if (!post.throttled) what.arrivals.push(post);
    }
    return phantoms;
}

/** Lost: committed, as the application was told or as the database says, and not seen by the far end, or without
    exactly one end. */
function findLost(known, digests, acknowledged, problems) {
    let lost = 0;
    for (const card of acknowledged) {
        if (!known.has(card)) problems.push(`card ${card} was acknowledged and is not there`), ++lost;
    }
    const isDone = ({arrivals, ends, outcome}) => arrivals.length > 0 && ends === 1
        && (outcome === 'delivered' || outcome === 'accepted');
    for (const card of known.values()) {
        if (isDone(card)) continue;
        const digest = card.ends === 1 && card.outcome === 'digested' ? digests.get(card.digest) : undefined;
        if (digest && isDone(digest)) continue;
        const it = digest ? `; ${digest.card} arrived ${digest.arrivals.length} times, ${digest.ends} ends` : '';
        problems.push(`card ${card.card} arrived ${card.arrivals.length} times and has ${card.ends} ends `
            + `(${card.outcome}${it})`);
        ++lost;
    }
    return lost;
}

/** Order of first arrivals: within a transaction that of sending; and what was acknowledged before another transaction
    began comes before it. What a digest carries comes with it, and what it shows is in order. */
function findDisorder(lanes, digests, transactions, problems) {
    let disorder = 0;
    const before = (a, b) => (a.tx === b.tx ? a.k < b.k
        : transactions.get(a.tx).acknowledged < transactions.get(b.tx).begun);
    for (const all of lanes.values()) {
        const lane = all.map((card) => ({card, post: [...card.arrivals, ...digests.get(card.digest)?.arrivals ?? []]
            .reduce((a, b) => (b.number < a.number ? b : a), {number: Infinity})}));
        lane.sort((a, b) => a.post.number - b.post.number);
        for (const [j, {card, post}] of lane.entries()) {
            if (post.number === Infinity) continue;  // it is lost
            const wrong = lane.slice(0, j).find((one) => one.post !== post && before(card, one.card));
            if (wrong) problems.push(`card ${card.card} arrived after ${wrong.card.card}`), ++disorder;
        }
    }
    for (const digest of digests.values()) {
        const shown = digest.arrivals[0]?.cards.map((card) => digest.members.get(card)) ?? [];
        const wrong = shown.slice(1).find((card, i) => before(card, shown[i]));
        if (wrong) problems.push(`${digest.card} shows ${wrong.card} too late`), ++disorder;
        if (shown.length > 0 && shown.length < Math.min(SHOWN, digest.members.size)) {
            problems.push(`${digest.card} shows ${shown.length} of ${digest.members.size} cards`);
        }
    }
    return disorder;
}

/**
 * What was in flight at each kill: the sink had begun the POST, and the end was not yet in the database. Each card may
 * double once for each kill that caught it in flight, and for each attempt that the history itself calls in doubt. An
 * outage of the database alone explains only what came again a lease later (AGAIN_MS). Nothing else may double.
 */
function findInFlight(kills, lanes, belated) {
    let bound = 0;
    for (const kill of kills) {
        kill.inFlight = 0;
        kill.caught = [];
        if (!['worker', 'stop', 'database'].includes(kill.kind)) continue;
        if (kill.kind === 'database' && kill.until - kill.at < SHORT_MS) continue;
        for (const [subscription, lane] of lanes) {
            if (kill.leases && !kill.leases.has(subscription)) continue;
            // The sink's clock has whole milliseconds, the database's has fractions: a POST that begins in the
            // millisecond of its claim began after it.
            const since = kill.leases ? Math.floor(kill.leases.get(subscription)) : kill.at - LEASE_MS;
            const until = kill.kind === 'database' ? kill.until + BACKOFF_MS : kill.at + LAG_MS;
            for (const card of lane) {
                if (card.endedAt <= kill.at) continue;
                if (!card.seen.some((post) => post.begun >= since && post.begun <= until)) continue;
                ++kill.inFlight;
                kill.caught.push(card);
                if (kill.kind === 'database') ++card.outages;
                else ++card.explained;
            }
            if (kill.kind === 'stop') kill.inFlight += findBelated(kill, lane, belated);
        }
        bound += kill.inFlight;
    }
    return bound;
}

/** A worker that is stopped between its last look at the clock and its first byte sends that one POST when it goes
    on. */
function findBelated(kill, lane, belated) {
    const isLate = (post) => post.begun >= kill.until && post.begun <= kill.until + LAG_MS;
    const late = lane.find((card) => card.seen.length > 1 && card.seen.some(isLate)
        && card.explained < card.seen.length - 1);
    if (!late) return 0;
    ++late.explained;
    belated.add(late.seen.find(isLate));
    return 1;
}

/** How often cards came again; explained by what had them in flight, or not. */
function findDoubles(all, problems) {
    let doubled = 0, unexplained = 0, byOutage = 0;
    for (const card of all) {
        // What was put into a digest came alone before that, for a worker that could not say so.
        const more = Math.max(0, card.arrivals.length - (card.outcome === 'digested' ? 0 : 1));
        doubled += more;
        // What no dead worker explains an outage must: the card's lease ended before its report could be made, so that
        // it came that much later.
        const rest = Math.max(0, more - card.explained);
        const late = card.arrivals.slice(1).filter((post, i) => post.begun - card.arrivals[i].begun >= AGAIN_MS).length;
        const outages = Math.min(rest, card.outages, late);
        byOutage += outages;
        if (rest > outages) {
            problems.push(`card ${card.card} arrived ${card.arrivals.length} times, ${late} of them a lease later; `
                + `${card.explained} kills and ${card.outages} outages caught it in flight`);
            unexplained += rest - outages;
        }
        // The history and the far end tell of the same POSTs, but for those that nobody could report, and those that
        // it calls in doubt and that never came.
        if (card.posts === undefined) continue;
        const unreported = card.seen.length - card.posts;
        if (unreported > card.explained + card.outages || -unreported > card.inDoubt) {
            problems.push(`the history has ${card.posts} POSTs of card ${card.card}, `
                + `the far end saw ${card.seen.length}`);
        }
    }
    return {doubled, unexplained, byOutage};
}

/** Of each POST whose it is: what broke off tells by its webhook, where only one subscription has that. */
function findOwners(webhooks) {
    for (const list of webhooks.values()) {
        const owners = [...new Set(list.filter((post) => post.what).map((post) => post.what.subscription))];
        const only = owners.length === 1 ? owners[0] : null;
        for (const post of list) post.subscription = post.what?.subscription ?? only;
    }
}

/** At most one POST of a subscription is under way. */
function findOverlaps(posts, belated, problems) {
    let overlaps = 0;
    for (const list of groupBy(posts, (post) => `${post.webhook} ${post.subscription}`).values()) {
        const {webhook, subscription} = list[0];
        if (subscription === null) continue;
        let end = -Infinity;
        for (const post of list) {
            if (post.begun < end && !belated.has(post)) {
                problems.push(`two POSTs to webhook ${webhook} at ${post.begun} (${post.cards})`), ++overlaps;
            }
            end = Math.max(end, post.ended);
        }
    }
    return overlaps;
}

/**
 * Wherever an interval begins: the POST that lies the limit before this one is older than the window. counted: what the
 * far end counts, webhooks or bots (kind), -> its POSTs.
 */
function findExceeded(kind, counted, belated, windows, problems) {
    let exceeded = 0, full = 0, throttled = 0, fullShared = 0;
    for (const [name, posts] of counted) {
        const isShared = new Set(posts.map((post) => post.subscription)).size > 1;
        const list = posts.filter((post) => !belated.has(post));
        for (const {posts: most, seconds} of windows) {
            for (let i = most - 1; i < list.length; ++i) {
                if (list[i].begun - list[i - most + 1].begun < seconds * 1000) ++full, fullShared += isShared;
                if (i < most || list[i].begun - list[i - most].begun >= seconds * 1000) continue;
                const within = list[i].begun - list[i - most].begun;
                problems.push(`${kind} ${name} got ${most + 1} POSTs within ${within} ms (${list[i].cards})`);
                ++exceeded;
            }
        }
        // That of a stopped worker uses one up that nobody knew of.
        const refused = posts.filter((post) => post.throttled);
        throttled += refused.length;
        if (refused.length > 0 && list.length === posts.length) {
            problems.push(`${kind} ${name} did not take ${refused.length} POSTs, the first at ${refused[0].begun}`);
        }
    }
    return {exceeded, full, fullShared, throttled};
}

/** POSTs that began after a pause held and before somebody ended it. */
function findAfterPauses(pauses, posts, kills, problems) {
    const bySubscription = groupBy(posts, (post) => post.subscription);
    let after = 0;
    for (const {subscription, at, until} of pauses) {
        for (const post of bySubscription.get(subscription) ?? []) {
            if (post.begun <= at + GRACE_MS + LAG_MS || post.begun >= until) continue;
            const goesOn = (kill) => kill.kind === 'stop' && kill.leases?.has(subscription) !== false
                && post.begun >= kill.until && post.begun <= kill.until + LAG_MS;
            if (kills.some(goesOn)) continue;
            problems.push(`subscription ${subscription} got a POST (${post.cards}) ${post.begun - at} ms after `
                + 'its pause');
            ++after;
        }
    }
    return after;
}

/**
 * How long after a SIGKILL what was in flight came again, in milliseconds, the longest last. Its lease must end first,
 * and what it may have posted counts until the shortest window is over. Left out: where the lane was paused, its limits
 * were used up, the database or the next worker was killed meanwhile, or it was away at the kill, so that nobody could
 * ask whose lanes those were.
 */
function findResends(kills, pauses, limitsOf, problems) {
    const resends = [];
    const meets = (at, until, from, to) => at <= to && (until ?? at) >= from;
    for (const kill of kills.filter(({kind, leases}) => kind === 'worker' && leases)) {
        for (const card of kill.caught) {
            const again = card.seen.find((post) => post.begun > kill.at + LAG_MS);
            if (!again) continue;
            const from = kill.at + LEASE_MS - 5000, to = again.begun;
            const {windows, list} = limitsOf(again);
            const shortest = windows.length > 0 ? Math.min(...windows.map(({seconds}) => seconds)) * 1000 : 0;
            // A group is looked at once a second while a lease of it is open.
            const late = new Set(list.map((post) => post.subscription)).size > 1 ? 2000 : 0;
            const isFull = windows.some(({posts, seconds}) => list.filter((post) =>
                post.number < again.number && post.begun > to - seconds * 1000).length > posts / 2);
            const isPaused = pauses.some((pause) => pause.subscription === card.subscription
                && meets(pause.at, pause.until, kill.at, to));
            const isHit = kills.some((other) => other !== kill && (other.kind === 'database'
                ? meets(other.at, other.until + BACKOFF_MS, from, to)
                : ['worker', 'stop'].includes(other.kind) && other.leases?.has(card.subscription) !== false
                    && meets(other.at, other.until, from, to)));
            if (isFull || isPaused || isHit) continue;
            resends.push(to - kill.at);
            if (to - kill.at > LEASE_MS + shortest + late + LAG_MS) {
                problems.push(`card ${card.card} came again ${to - kill.at} ms after its worker was killed`);
            }
        }
    }
    return resends.sort((a, b) => a - b);
}

/** Each subscription's cards come to one webhook, each webhook's from one subscription, or from those that share it. */
function findMisrouted(posts, sharers, problems) {
    const sets = new Map(sharers.flatMap((set) => set.map((subscription) => [subscription, set[0]])));
    const ways = new Map(posts.filter((post) => post.what).map(({what: {subscription}, webhook}) =>
        [`${subscription} ${webhook}`, {subscription, webhook, set: sets.get(subscription) ?? subscription}]));
    const all = [...ways.values()];
    const different = (of) => new Set(all.map(of)).size;
    const misrouted = all.length - different(({subscription}) => subscription)
        + different(({set, webhook}) => `${set} ${webhook}`) - different(({webhook}) => webhook);
    if (misrouted > 0) problems.push(`${misrouted} pairs of subscription and webhook too many`);
    return misrouted;
}

/**
 * cards: what was committed: {card, tx, k, subscription, ends, outcome, endedAt, inDoubt, posts, digest}: ends: rows of
 *   history that say how it ended; endedAt: when; inDoubt: how many of its attempts the history calls in doubt; posts:
 *   how many POSTs of it the history has, undefined: it was not asked; digest: the card_id of the digest that it ended
 *   in, undefined: it is in none.
 * digests: the same of digests: {digest, subscription, ends, outcome, endedAt, inDoubt, posts}.
 * transactions: Map tx -> {begun, acknowledged}: when the application began it, and when it was told that it is
 *   committed (Infinity: never).
 * acknowledged: names of the cards that applications were told are committed.
 * posts: as parseSink returns.
 * kills: {kind: 'worker' | 'stop' | 'database' | other, at, until, leases}: until: when the stopped worker went on, or
 *   the database was back; leases: Map subscription -> when the victim's lease began, or null when the database could
 *   not be asked: then any lane may have been its.
 * pauses: {subscription, at, until}: when it was committed, and when somebody began to end it.
 * windows: {posts, seconds}: limits that were kept: no interval of that length has more POSTs of one webhook, as the
 *   sink saw them begin.
 * windowsOfBots: the same for what all flows of a bot post.
 * sharers: lists of subscriptions that have one webhook.
 * audit: what o365.audit() says, rule -> {verdict, count}: it must find what is found here of the same kind, and
 *   nothing else. Null: it was not asked.
 * Returns counts; full: POSTs that a limit was reached with, so that it could have been exceeded, fullShared: of
 *   webhooks of several subscriptions, fullOfBots: of bots; resends: how long
 *   after a SIGKILL cards came again, in ms; all but these, doubled, bound, throttled and belated are 0 when all is
 *   well, and problems has a sentence for each that is not.
 */
export function judge(records) {
    const {cards, digests = [], transactions, acknowledged, posts, kills, pauses = [], windows = [],
        windowsOfBots = [], sharers = [], audit = null} = records;
    const problems = [];
    const begin = (one) => ({...one, arrivals: [], seen: [], explained: one.inDoubt, outages: 0});
    const known = new Map(cards.map((card) => [card.card, begin(card)]));
    const folded = new Map(digests.map((one) => [one.digest,
        {...begin(one), digest: undefined, card: `digest ${one.digest}`, members: new Map()}]));
    for (const card of known.values()) folded.get(card.digest)?.members.set(card.card, card);
    const all = [...known.values(), ...folded.values()];
    const phantoms = handOut(posts, known, folded, problems);
    const lost = findLost(known, folded, acknowledged, problems);
    const sent = groupBy(known.values(), (card) => card.subscription);
    const outOfOrder = findDisorder(sent, folded, transactions, problems);
    const belated = new Set();
    const lanes = groupBy(all.filter((card) => card.seen.length > 0), (card) => card.subscription);
    const bound = findInFlight(kills, lanes, belated) + all.reduce((sum, card) => sum + card.inDoubt, 0);
    const {doubled, unexplained, byOutage} = findDoubles(all, problems);
    const webhooks = groupBy([...posts].sort((a, b) => a.number - b.number), (post) => post.webhook);
    findOwners(webhooks);
    const bots = groupBy(posts.filter((post) => post.bot).sort((a, b) => a.number - b.number), (post) => post.bot);
    const limitsOf = (post) => (post.bot ? {windows: windowsOfBots, list: bots.get(post.bot)}
        : {windows, list: webhooks.get(post.webhook)});
    const overlaps = findOverlaps([...posts].sort((a, b) => a.number - b.number), belated, problems);
    const ofConnectors = new Map([...webhooks].filter(([, list]) => !list[0].bot));
    const ofWebhooks = findExceeded('webhook', ofConnectors, belated, windows, problems);
    const ofBots = findExceeded('bot', bots, belated, windowsOfBots, problems);
    const exceeded = ofWebhooks.exceeded + ofBots.exceeded, throttled = ofWebhooks.throttled + ofBots.throttled;
    const {full, fullShared} = ofWebhooks;
    const afterPause = findAfterPauses(pauses, posts, kills, problems);
    const misrouted = findMisrouted(posts, sharers, problems);
    const resends = findResends(kills, pauses, limitsOf, problems);
    if (audit) {
        const ends = all.filter((card) => card.ends > 1).length;
        problems.push(...disagreements(audit, {ends, order: outOfOrder, windows: exceeded, pauses: afterPause}));
    }
    return {problems, phantoms, lost, outOfOrder, doubled, byOutage, bound, unexplained, overlaps, misrouted, exceeded,
        full, fullShared, fullOfBots: ofBots.full, throttled, afterPause, resends, belated: belated.size};
}
