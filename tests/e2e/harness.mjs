// What the end-to-end tests share: the browser, SQL as a role, the secrets that were seen, and ways to wait.
import assert from 'node:assert/strict';
import {execFile, execFileSync, spawn} from 'node:child_process';
import https from 'node:https';
import {appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, test} from 'node:test';
import {promisify} from 'node:util';

import {chromium} from 'playwright-core';

export const {PUBLIC_URL, SANDBOX_URL, FEED_URL, STACK_DIR, ROOT, LOGS, SCREENSHOTS, CONFIG, BUILD} = process.env;
const run = promisify(execFile);

const everyCase = process.env.SERVER === 'nginx' || process.env.O365_EVERY_CASE === 'yes';
/** A case that no web server can change: it runs behind nginx, and behind others in the long tier only. */
export const testOnce = (name, body) => test(name, {skip: !everyCase && 'no web server has to do with it'}, body);

/** Runs SQL as a role (the operator unless told) and returns its lines. */
export function sql(text, role = 'demo_operator') {
    return execFileSync('psql', ['-qXAt', '-v', 'ON_ERROR_STOP=1', '-U', role, '-c', text],
        {encoding: 'utf8', maxBuffer: 1 << 28}).trim();
}
export const asApplication = (text) => sql(text, 'demo_app');
export const asSuperuser = (text) => sql(text, 'postgres');

/** A session of a role that stays open, to hold locks. ask(text) runs SQL and returns its lines; close() ends it. */
export async function openSession(role) {
    const psql = spawn('psql', ['-qXAt', '-U', role], {stdio: ['pipe', 'pipe', 'inherit']});
    psql.stdout.setEncoding('utf8');
    const ask = (text) => new Promise((resolve, reject) => {
        let lines = '';
        const take = (chunk) => {
            lines += chunk;
            if (!lines.endsWith('-- done\n')) return;
            psql.stdout.off('data', take);
            resolve(lines.slice(0, -'-- done\n'.length).trim());
        };
        psql.stdout.on('data', take);
        psql.once('exit', () => reject(new Error('psql has ended')));
        psql.stdin.write(`${text};\n\\echo -- done\n`);
    });
    const close = () => new Promise((resolve) => psql.once('close', resolve).stdin.end());
    return {ask, close};
}

export const stack = (...words) => run(join(ROOT, 'scripts/stack'), [words[0], STACK_DIR, ...words.slice(1)]);

/** By which waits are stretched: programs with sanitizers take longer for everything. */
export const TIME_SCALE = Number(process.env.TIME_SCALE ?? 1);

/** Waits until `condition` gives something true and returns it; fails after `seconds` with what was waited for. */
export async function until(what, condition, seconds = 30) {
    seconds *= TIME_SCALE;
    const end = Date.now() + seconds * 1000;
    for (;;) {
        const value = await condition();
        if (value) return value;
        if (Date.now() > end) throw new Error(`waited ${seconds} s in vain for ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

// Every secret that the browser saw goes into a file, one kind and value a line; the last test searches everything for
// them.
const secretsFile = join(STACK_DIR, 'secrets-seen');
export function remember(kind, value) {
    if (value && value.length >= 8) appendFileSync(secretsFile, `${kind} ${value}\n`);
}
export const secretsSeen = () => (existsSync(secretsFile) ? readFileSync(secretsFile, 'utf8').trim().split('\n') : [])
    .map((line) => {
    const blank = line.indexOf(' ');
    return {kind: line.slice(0, blank), value: line.slice(blank + 1)};
});

function rememberUrl(text) {
    let url;
    try {
        url = new URL(text);
    } catch {
        return;
    }
    for (const [name, kind] of [['state', 'state'], ['webhook_url', 'webhook'], ['user_objectId', 'object-id'],
        ['ticket', 'ticket']]) {
        // The state of the documentation's button is printed there, and is nobody's secret.
        if (url.searchParams.get(name) !== 'myAppsState') remember(kind, url.searchParams.get(name));
    }
    if (url.pathname.endsWith('/action')) remember('action-link', url.searchParams.get('token')?.slice(-32));
    remember('action-link', url.pathname.match(/\/action\/\d+-\d+-([\w-]{32})$/)?.[1]);
    remember('manage', url.pathname.match(/\/manage\/([\w-]{32})$/)?.[1]);
}

// The shell is Chromium without its window, tabs and settings: a page costs a third. What needs the settings takes the
// whole.
const launch = {
    executablePath: '/usr/bin/chromium-headless-shell',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync',
        // Who goes from our site to Microsoft's needs no new process, which costs as much as the page itself.
        '--renderer-process-limit=1'],
};
const newContext = {ignoreHTTPSErrors: true, locale: 'en-GB'};

// One Chromium for all people of a file: to start one takes longer than most tests. Their cookies, caches and histories
// are apart. One that has crashed is replaced.
let chromiumOfThisFile;
async function sharedChromium() {
    const running = await chromiumOfThisFile?.catch(() => undefined);
    if (!running?.isConnected()) chromiumOfThisFile = chromium.launch(launch);
    return chromiumOfThisFile;
}
// The campaign of kills uses this file as well, and is no test.
if (process.env.NODE_TEST_CONTEXT) after(async () => (await chromiumOfThisFile)?.close());

/** A browser as a new person would bring; options as in playwright's newContext. Close it. */
export async function openBrowser(options = {}) {
    const context = await (await sharedChromium()).newContext({...newContext, ...options});
    return {context, page: await watchedPage(context), close: () => context.close()};
}

/** The same, with the browser's own setting that blocks the cookies of a site: its origin. */
export async function openBrowserThatBlocksCookies(origin) {
    const folder = mkdtempSync(join(tmpdir(), 'o365-browser-'));
    mkdirSync(join(folder, 'Default'));
    writeFileSync(join(folder, 'Default/Preferences'),
        JSON.stringify({profile: {content_settings: {exceptions: {cookies: {[`${origin},*`]: {setting: 2}}}}}}));
    const context = await chromium.launchPersistentContext(folder,
        {...launch, executablePath: '/usr/bin/chromium', ...newContext});
    const close = async () => {
        await context.close();
        rmSync(folder, {recursive: true, force: true});
    };
    return {context, page: await watchedPage(context), close};
}

async function watchedPage(context) {
    context.setDefaultTimeout(15000 * TIME_SCALE);
    context.on('request', (request) => rememberUrl(request.url()));
    context.on('response', async (response) => {
        const headers = await response.headersArray().catch(() => []);
        for (const {name, value} of headers) {
            if (name.toLowerCase() === 'location') rememberUrl(value);
            if (name.toLowerCase() === 'set-cookie' && value.startsWith('__Host-o365-'))
                remember('cookie', value.split(';')[0].split('=').slice(1).join('='));
        }
    });
    return context.newPage();
}

export function ticketLink(user, connector = 'desk', more = '') {
    const link = asApplication(`select o365.begin_connect('${connector}', '${user}'${more})`);
    rememberUrl(link);
    return link;
}

/** From a ticket to the sandbox's picker, signed in. */
export async function toPicker(page, link, person = 'Megan') {
    await page.goto(link);
    await page.getByRole('button', {name: 'Connect to Office 365'}).click();
    await page.waitForURL((url) => url.href.startsWith(SANDBOX_URL));
    if (await page.getByLabel('Your name').count() === 0) return;  // still signed in
    await page.getByLabel('Your name').fill(person);
    await page.getByRole('button', {name: 'Sign in'}).click();
}

/** The whole way: ticket, sign-in, choice, Allow. Ends wherever the application's side takes it. */
export async function connect(page, user, choice, connector = 'desk', more = '') {
    await toPicker(page, ticketLink(user, connector, more));
    await page.getByLabel(choice).check();
    await page.getByRole('button', {name: 'Allow'}).click();
    await page.waitForURL((url) => !url.href.startsWith(SANDBOX_URL));
}

/** A picture of a page, kept under SCREENSHOTS. A machine out of breath sometimes makes Chromium fail to take one; it
 * is asked again. */
export async function picture(page, name, options = {}) {
    for (let tries = 1; ; ++tries) {
        try {
            return await page.screenshot({path: join(SCREENSHOTS, `${name}.png`), ...options});
        } catch (error) {
            if (tries === 3 || !/Unable to capture screenshot/.test(error.message)) throw error;
            await new Promise((resolve) => setTimeout(resolve, 500));
        }
    }
}

/** Calls `look` with a page as wide as a phone and as a desktop, light and dark, and puts it back. */
async function eachLook(page, look) {
    const before = page.viewportSize();
    for (const width of [360, 1440]) {
        await page.setViewportSize({width, height: 900});
        for (const colorScheme of ['light', 'dark']) {
            await page.emulateMedia({colorScheme});
            await look(width, colorScheme);
        }
    }
    await page.emulateMedia({colorScheme: null});
    await page.setViewportSize(before);
}

/** A picture of each width and of each scheme: all four of the looks would take twice as long, and differ in nothing
 * else. */
async function pictureOf(page, name, width, colorScheme) {
    if ((width === 360) === (colorScheme === 'dark'))
        await picture(page, `${name}-${width}-${colorScheme}`, {fullPage: true});
    // Nothing may be wider than the window: a phone would scroll sideways.
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth).catch(() => 0);
    if (overflow > 0) throw new Error(`${name} is ${overflow} px wider than a window of ${width}`);
}

/** Pictures of a page, kept; it fits each look. Behind each server the pages are the same, so one is enough. */
export async function photograph(page, name) {
    if (process.env.SERVER !== 'nginx') return;
    await eachLook(page, (width, colorScheme) => pictureOf(page, name, width, colorScheme));
}

const axeSource = readFileSync(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');

/** What axe-core finds on a page as it is that is serious or worse. */
async function accessible(page, name) {
    // Once a page: it takes longer to read than to run.
    if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axeSource);
    // Not all that it looked at: that takes as long to bring over as to find.
    const violations = await page.evaluate(async () =>
        (await window.axe.run(document, {resultTypes: ['violations']})).violations);
    const serious = violations.filter(({impact}) => impact === 'serious' || impact === 'critical')
        .map(({id, nodes}) => `${id}: ${nodes.map((node) => node.target.join(' ')).slice(0, 3).join('; ')}`);
    assert.deepEqual(serious, [], name);
}

/** A page looked at in each look: pictures and axe-core; behind nginx, as photograph. */
export async function inspect(page, name) {
    if (process.env.SERVER !== 'nginx') return;
    await eachLook(page, async (width, colorScheme) => {
        await pictureOf(page, name, width, colorScheme);
        await accessible(page, `${name}, ${width} px, ${colorScheme}`);
    });
}

/** A person without a screen: HTTP with a cookie jar, one request at a time, redirects not followed. Node does not know
 * *.localhost, so every name is this machine. */
export class Client {
    cookies = new Map();
    // Servers end what was idle for five seconds; a request may not meet that.
    agent = new https.Agent({keepAlive: true, timeout: 3000, lookup: (host, options, done) => (options.all ? done(null,
        [{address: '127.0.0.1', family: 4}]) : done(null, '127.0.0.1', 4)), ca: readFileSync(process.env.CA)});

    /** `more`: method and headers that differ from the usual. */
    request(url, form, more = {}) {
        const {promise, resolve, reject} = withResolvers();
        const host = new URL(url).host;
        const body = form && new URLSearchParams(form).toString();
        const headers = {Cookie: [...(this.cookies.get(host) ?? new Map())].map(([name, value]) => `${name}=${value}`)
            .join('; ')};
        if (form) Object.assign(headers,
            {'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': Buffer.byteLength(body)});
        rememberUrl(url);
        Object.assign(headers, more.headers);
        const request = https.request(url, {method: more.method ?? (form ? 'POST' : 'GET'), agent: this.agent, headers},
            (response) => {
            for (const cookie of response.headers['set-cookie'] ?? []) {
                const [name, value] = cookie.split(';')[0].split(/=(.*)/s);
                if (!this.cookies.has(host)) this.cookies.set(host, new Map());
                if (/max-age=0\b/i.test(cookie)) {
                    this.cookies.get(host).delete(name);
                    continue;
                }
                this.cookies.get(host).set(name, value);
                if (name.startsWith('__Host-o365-')) remember('cookie', value);
            }
            if (response.headers.location) rememberUrl(response.headers.location);
            let text = '';
            response.setEncoding('utf8');
            response.on('data', (part) => { text += part; });
            response.on('end', () => resolve({status: response.statusCode, headers: response.headers,
                location: response.headers.location, text}));
        });
        request.on('error', reject);
        request.end(body);
        return promise;
    }

    /** A program's POST, as it is. The answer's body is text. */
    post(url, body, headers = {}) {
        const {promise, resolve, reject} = withResolvers();
        const request = https.request(url, {method: 'POST', agent: this.agent,
            headers: {'Content-Length': Buffer.byteLength(body), ...headers}}, (response) => {
            let text = '';
            response.setEncoding('utf8');
            response.on('data', (part) => { text += part; });
            response.on('end', () => resolve({status: response.statusCode, headers: response.headers, text}));
            response.on('error', reject);
        });
        request.on('error', reject);
        request.end(body);
        return promise;
    }

    /** Presses Allow for a Connect page's address, signed in as a person; returns the callback's address. */
    async allow(connectUrl, place, person = 'Megan') {
        const page = connectUrl.split('?')[0];
        const fields = Object.fromEntries(new URL(connectUrl).searchParams);
        await this.request(page, {...fields, action: 'sign-in', person});
        const {text} = await this.request(connectUrl);
        const target = text.match(new RegExp(`name="target" value="(\\d+)"> <span>${place} `))[1];
        return (await this.request(page, {...fields, target, action: 'allow'})).location;
    }

    /** Presses the button of a ticket's landing page; the answer leads to the Connect page. */
    start(link, options) {
        return this.request(new URL('start', link.split('?')[0]).href,
            {ticket: new URL(link).searchParams.get('ticket')}, options);
    }

    /** From a ticket's link to the address of the callback, which is not opened. */
    async toCallback(link, place, person = 'Megan') {
        return this.allow((await this.start(link)).location, place, person);
    }
}

function withResolvers() {
    let resolve, reject;
    const promise = new Promise((...functions) => { [resolve, reject] = functions; });
    return {promise, resolve, reject};
}

export async function feedPosts(after = 0, target = '') {
    const response = await run('curl', ['-sS', '--cacert', process.env.CA,
        `${SANDBOX_URL}/feed.json?count=5000&after=${after}&target=${target}`], {maxBuffer: 1 << 28});
    return JSON.parse(response.stdout);
}

/** Until there are the keys of the tokens that the sandbox signs. A worker looks once a minute, and when it starts. */
export async function keysFetched() {
    const fetched = () =>
        asSuperuser('select bool_and(fetched_at is not null) from o365_internal.token_profile') === 't';
    if (fetched()) return;
    await stack('stop', 'worker');
    await stack('start', 'worker');
    await until('the worker to fetch the keys', fetched);
}

// ---- Pasted webhooks of workflows ----

/** A workflow of its own at the sandbox: its webhook, and the place where its cards arrive. */
export async function workflow(name, more = {}) {
    const answer = await new Client().request(`${SANDBOX_URL}/tenant/webhooks`,
        {person: 'Megan', name, dialect: 'workflow', ...more});
    const {webhook_url: url, target} = JSON.parse(answer.text);
    remember('webhook', url);
    return {url, target};
}
/** The cards that arrived at a place, oldest first, as JSON. */
export const texts = async (target) => (await feedPosts(0, target)).map((post) => JSON.stringify(post));

/** The digits as PostgreSQL and as a web server would log them. */
export function rememberCode(digits) {
    remember('code', `'${digits}'`);
    remember('code', `code=${digits}`);
}

/** The digits on the newest card of a place. */
export async function code(target, after = 0) {
    const digits = await until('a card with a code', async () => {
        // One that was refused shows no code to anybody.
        const posts = (await feedPosts(0, target)).filter((post) => post.arrived).map((post) => JSON.stringify(post))
            .slice(after);
        return posts.length > 0 && posts.at(-1).match(/"text":"(\d{6})"/)?.[1];
    });
    rememberCode(digits);
    return digits;
}

/** Fills in the form of a landing page and sends it. */
export async function paste(page, text, place = '') {
    await page.getByLabel('Webhook address').fill(text);
    await page.getByLabel('Name of the channel').fill(place);
    await page.getByRole('button', {name: 'Send a test card'}).click();
}
