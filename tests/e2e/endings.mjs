// What the files 1_endings share: connectors of each kind, another site, callbacks that a test makes up, and the
// failure page.
import assert from 'node:assert/strict';
import https from 'node:https';
import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before} from 'node:test';

import {asApplication, openBrowser, photograph, PUBLIC_URL, ROOT, sql, STACK_DIR, ticketLink,
    toPicker} from './harness.mjs';

export let other;  // another site: the application's own pages, a page that frames, a page that attacks
export let otherUrl;

before(async () => {
    other = https.createServer({key: readFileSync(join(STACK_DIR, 'conf/server.key')),
        cert: readFileSync(join(STACK_DIR, 'conf/server.pem'))}, (request, response) => {
        response.setHeader('Content-Type', 'text/html; charset=utf-8');
        const page = request.url.split('?')[0];
        response.end(page === '/button'
            ? `<title>Button</title>${sql("select o365.connect_button_documented('plain')")}`
            : `<title>Elsewhere</title><h1>Elsewhere</h1>`);
    });
    await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
    otherUrl = `https://localhost:${other.address().port}`;
    const logo = readFileSync(join(ROOT, 'scripts/demo-logo.png')).toString('base64');
    const register = (slug, name, more = '') => sql(`select o365.register_connector('${slug}', '${name}',
        decode('${logo}', 'base64'), 'brings companies and customers together',
        'Posts new tickets and answers.', '${otherUrl}/application', array['a customer opens a ticket']${more});
            select o365.grant_application('demo_app', '${slug}')`);
    register('ends', 'Contoso Helpdesk');
    register('asks', 'Careful Helpdesk', ', confirm => true');
    register('plain', 'Plain Helpdesk', ', require_state => false');
    for (const mode of ['no-referrer', 'origin']) register(`back-${mode}`, `Back ${mode}`, `, clean_page => '${mode}'`);
});
after(() => other.close());

export const connection = (user) =>
    asApplication(`select app_type, coalesce(group_name, ''), status from o365.connections('${user}')`);
export const callbackUrl = (slug, parameters) =>
    `${PUBLIC_URL}/connect/${slug}/callback?${new URLSearchParams(parameters)}`;
export const attempt = (request) => sql(`select outcome, detail from o365.connect_attempt('${request}')`);
export const hash = (text) => createHash('sha256').update(text).digest('hex');
let webhooks = 0;
export const newWebhook = (host = 'contoso.webhook.localhost') =>
    `https://${host}:${process.env.PORT}/webhookb2/made-up-by-a-test-${process.pid}-${++webhooks}`;

/** The failure page: its reason, what it says, its request id, and what o365.connect_attempt knows by it. Keeps
 * pictures. */
export async function failure(page, reason, {says, outcome = reason, detail = '', picture = `failed-${reason}`}) {
    await page.waitForURL((url) => url.pathname.endsWith('/failed') && url.searchParams.get('reason') === reason);
    assert.match(await page.textContent('main'), says);
    const request = await page.textContent('footer code');
    assert.equal(attempt(request), `${outcome}|${detail}`);
    assert.equal(await page.getAttribute('meta[name=referrer]', 'content'), 'no-referrer');
    if (picture) await photograph(page, picture);
    return request;
}

/** An attempt that a browser began: it stands at Microsoft's page, whose URL has the state. */
export async function begun(page, user, connector = 'ends', more = '') {
    await toPicker(page, ticketLink(user, connector, more));
    return new URL(page.url()).searchParams.get('state');
}

export async function inBrowser(work, options) {
    const {page, context, close} = await openBrowser(options);
    try {
        await work(page, context);
    } finally {
        await close();
    }
}
