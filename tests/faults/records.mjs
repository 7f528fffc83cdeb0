// The database's state at the end of a campaign, in the form that the judge takes.
import {query, say} from './common.mjs';

const numbers = (row) => row.split('|').map(Number);

// Of a card or a digest: its ends, when the first was written, how many attempts are in doubt, and its POSTs: those
// that were answered, or are in doubt. Where no connection was made in time there was none.
const FATE = `count(d.*), coalesce(min(d.outcome), 'none'), coalesce(extract(epoch from min(d.at)) * 1000, 'Infinity'),
    (select count(*) from o365_internal.attempt as a where a.card_id = s.card_id and a.outcome = 'in_doubt'),
    (select count(*) from o365_internal.attempt as a where a.card_id = s.card_id
        and (a.http_status is not null or a.outcome = 'in_doubt')) + count(d.post_no)`;
function fate([ends, outcome, endedAt, inDoubt, posts]) {
    return {ends: Number(ends), outcome, endedAt: Number(endedAt), inDoubt: Number(inDoubt), posts: Number(posts)};
}

/** The cards that were committed. */
export async function readCards() {
    const rows = await query(`select s.tx, s.k, s.subscription_id,
            coalesce(min(substring(d.reason from '^in digest ([0-9]+)$')) filter (where d.outcome = 'digested'), ''),
            ${FATE}
        from faults.sent as s left join o365_internal.delivery as d using (card_id)
        group by s.tx, s.k, s.subscription_id, s.card_id`);
    return rows.map((row) => {
        const [tx, k, subscription, digest, ...rest] = row.split('|');
        return {card: `${tx}.${k}`, tx: Number(tx), k: Number(k), subscription: Number(subscription),
            digest: digest === '' ? undefined : Number(digest), ...fate(rest)};
    });
}

/** The digests that cards ended in. */
export async function readDigests() {
    const rows = await query(`select s.card_id, s.subscription_id, ${FATE}
        from (select distinct substring(e.reason from '^in digest ([0-9]+)$')::bigint as card_id, e.subscription_id
                from o365_internal.delivery as e where e.outcome = 'digested') as s
        left join o365_internal.delivery as d using (card_id) group by s.card_id, s.subscription_id`);
    return rows.map((row) => {
        const [digest, subscription, ...rest] = row.split('|');
        return {digest: Number(digest), subscription: Number(subscription), ...fate(rest)};
    });
}

/** The limits that were kept: of connectors' webhooks, or of bots. */
export async function readWindows(which) {
    const rows = await query(`select posts, seconds from o365.quotas where ${which}`);
    return rows.map(numbers).map(([posts, seconds]) => ({posts, seconds}));
}

/** Subscriptions that have one webhook, a list for each such webhook. */
export async function readSharers() {
    const rows = await query(`select string_agg(subscription_id::text, ',' order by subscription_id)
        from o365_internal.subscription where webhook_index is not null
        group by webhook_index having count(*) > 1`);
    return rows.map((row) => row.split(',').map(Number));
}

/** What the audit says of the time since `from`. It knows the database alone, and must find what the far end has. */
export async function readAudit(from) {
    const audit = {};
    const rows = await query(`select rule, verdict, checked, count, array_to_string(examples, '; ')
        from o365.audit(to_timestamp(${from / 1000}), 'infinity')`);
    for (const row of rows) {
        const [rule, verdict, checked, count, examples] = row.split('|');
        audit[rule] = {verdict, checked: Number(checked), count: Number(count)};
        say(`audit: ${rule}: ${verdict}, ${checked} checked, ${count} found${examples ? `: ${examples}` : ''}`);
    }
    return audit;
}
