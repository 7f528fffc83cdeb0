// What the files 6_sandbox share: a person of the sandbox, a connector of hers, a service on this machine.
import https from 'node:https';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';

import {asSuperuser, Client, PUBLIC_URL, SANDBOX_URL, STACK_DIR} from './harness.mjs';

export async function signIn(page, person, next = '/dashboard') {
    await page.goto(`${SANDBOX_URL}/sign-in?next=${next}`);
    await page.getByLabel('Your name').fill(person);
    await page.getByRole('main').getByRole('button', {name: 'Sign in'}).click();
}

/** Saves the example's form under another name; ends on the connector's page and returns its GUID. */
export async function register(page, name, fields = {}) {
    await page.goto(`${SANDBOX_URL}/dashboard/new?example=1`);
    await page.getByLabel('Name', {exact: true}).fill(name);
    const slug = name.toLowerCase().replaceAll(' ', '-');
    await page.getByLabel('Redirect URL').fill(`${PUBLIC_URL}/connect/${slug}/callback`);
    await page.getByLabel('Landing page for your users').fill(`${PUBLIC_URL}/connect/${slug}/`);
    for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).fill(value);
    await page.getByLabel('I accept the terms').check();
    await page.getByRole('button', {name: 'Save'}).click();
    await page.waitForURL(/\/dashboard\/[0-9a-f-]{36}$/);
    return page.url().split('/').at(-1);
}

/** Approves a connector as it is now, without the checklist. */
export const approve = (id) => asSuperuser(`
    insert into o365_internal.sandbox_submission (app_id, registration, reviewer, approved_at)
    select app_id, r, 'Rita', now() from o365_internal.sandbox_registration as r where app_id = '${id}'`);

/** A service on https, on this machine, with a certificate that the sandbox takes: {domain, close}. */
export async function serve(answer) {
    const service = https.createServer({key: readFileSync(join(STACK_DIR, 'conf/server.key')),
        cert: readFileSync(join(STACK_DIR, 'conf/server.pem'))}, answer);
    await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve));
    return {
        domain: `localhost:${service.address().port}`,
        close: () => {
            service.close();
            service.closeAllConnections();
        },
    };
}

/** The Connect page's address for a connector's page that is open. */
export const connectLink = (page) => page.getByLabel('HTML of the button')
    .evaluate(({value}) => new DOMParser().parseFromString(value, 'text/html').querySelector('a').getAttribute('href'));

export const program = new Client();
export const fetchJson = async (path) => JSON.parse((await program.request(`${SANDBOX_URL}${path}`)).text);
export const post = (url, body) => program.post(url, body, {'Content-Type': 'application/json'});

export const policyViolations = (page) => {
    const seen = [];
    page.on('console', (message) => {
        if (/Content Security Policy/i.test(message.text())) seen.push(message.text());
    });
    return seen;
};
