// What the files 7_sandbox share: webhooks of the sandbox, posts to them, and a service that takes the actions.
import https from 'node:https';
import {execFile} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before} from 'node:test';
import {promisify} from 'node:util';

import {asSuperuser, Client, remember, SANDBOX_URL, STACK_DIR} from './harness.mjs';

export const run = promisify(execFile);
export const program = new Client();
export const json = async (path) => JSON.parse((await program.request(`${SANDBOX_URL}${path}`)).text);
export const set = (path, form) => program.request(`${SANDBOX_URL}${path}`, form);
export const card = (text, more = {}) =>
    JSON.stringify({'@type': 'MessageCard', '@context': 'https://schema.org/extensions', summary: text, text, ...more});
export const post = (url, body, headers = {}) =>
    program.post(url, body, {'Content-Type': 'application/json', ...headers});

/** A webhook of its own, as a program asks for it. */
export async function webhook(name, dialect = 'connector', kind = '') {
    const answer = await set('/tenant/webhooks', {person: 'program', name, dialect, ...(kind && {kind})});
    const {webhook_url: url, webhook: number, target, feed} = JSON.parse(answer.text);
    remember('webhook', url);
    return {url, number, target, feed};
}

/** A connection of its own: when its handshake was through, and when its answer came, in ms. */
export function postAlone(at, body) {
    return new Promise((resolve, reject) => {
        const begun = Date.now();
        let shaken;
        const request = https.request(at,
            {method: 'POST', ca: readFileSync(process.env.CA), agent: false, lookup: program.agent.options.lookup,
            headers: {'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body)}}, (response) => {
            let text = '';
            response.on('data', (part) => { text += part; });
            response.on('end', () => resolve({text, handshake: shaken, after: Date.now() - begun - shaken}));
        });
        request.on('socket', (socket) => socket.on('secureConnect', () => { shaken = Date.now() - begun; }));
        request.on('error', reject);
        request.end(body);
    });
}

// A service that takes actions, on this machine, with a certificate that the sandbox takes.
export let origin;
export const calls = [];
export const service = {respond: (response) => response.end()};
const server = https.createServer({key: readFileSync(join(STACK_DIR, 'conf/server.key')),
    cert: readFileSync(join(STACK_DIR, 'conf/server.pem'))}, (request, response) => {
    let body = '';
    request.on('data', (part) => { body += part; });
    request.on('end', () => {
        for (const name of ['authorization', 'action-authorization']) {
            if (request.headers[name]) remember('action-token', request.headers[name].replace(/^Bearer /, ''));
        }
        calls.push({method: request.method, url: request.url, headers: request.headers, body});
        service.respond(response);
    });
});
before(async () => {
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `https://localhost:${server.address().port}`;
});
after(async () => {
    server.close();
    await set('/faults', {target: 0, answer: 'ok'});
    await set('/throttle', {target: 0, throttle: 'off'});
});

export const actionCard = (text, actions) =>
    card(text, {correlationId: '2f9b1a52-1111-4222-8333-944455566677', potentialAction: actions});
export const httpPost = (name, path, more = {}) => ({'@type': 'HttpPOST', name, target: `${origin}${path}`,
    body: '{"a": 1}', ...more});

export const lastPost = () => Number(asSuperuser('select o365_programs.sandbox_settled()'));
export const count = (rows, field) => rows.reduce((all, row) => ({...all, [row[field]]: (all[row[field]] ?? 0) + 1}),
    {});
