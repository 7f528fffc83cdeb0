// What the files 2_actions share: cards with buttons, what arrived of them, and what the application takes.
import {asApplication, asSuperuser, feedPosts, PUBLIC_URL, remember, until} from './harness.mjs';

export const outcome = (card) => asApplication(`select outcome from o365.deliveries where card_id = ${card}`);
export const quoted = (value) =>
    `'${(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll("'", "''")}'`;
export const taken = () => JSON.parse(
    asApplication("select coalesce(json_agg(e order by event_id), '[]') from o365.take_action_events() as e"));
export const target = 'https://contoso.example/tickets/18';
export const message = (title, ...potentialAction) => ({'@type': 'MessageCard',
    '@context': 'https://schema.org/extensions', summary: title, title, potentialAction});
export const post = (name, more = {}) => ({'@type': 'HttpPOST', name, target, body: '{}', ...more});

/** Sends a card to eva's workflow and returns its buttons as they arrived, by their names. */
export async function arrived(card) {
    const id = asApplication(
        `select o365.send((select max(subscription_id) from o365.connections('eva')), ${quoted(card)})`);
    await until('the card to end', () => outcome(id) === 'accepted');
    const {content} = (await feedPosts()).find((one) => one.card.summary === card.summary).card.attachments[0];
    const buttons = [...content.actions ?? [],
        ...content.body.flatMap(({items}) => items ?? []).flatMap(({actions}) => actions ?? [])];
    for (const {url} of buttons) {
        if (url.startsWith(`${PUBLIC_URL}/action/`)) remember('action-link', url.slice(-32));
    }
    return {id, links: Object.fromEntries(buttons.map(({title, url}) => [title, url]))};
}

/** Until the worker has asked for its orders once more, as it does every five seconds. */
export async function workerHeard() {
    const since = asSuperuser('select clock_timestamp()');
    await until('the worker to ask again',
        () => asSuperuser(`select max(seen_at) > '${since}' from o365_internal.worker`) === 't');
}

/** The form of a page, as a browser without JavaScript would send it. */
export const formOf = (text) => text.match(/name="form" value="([\w-]{43})"/)[1];
