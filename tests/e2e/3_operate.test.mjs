// The responder under its operator: stopped, restarted, without its database.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {
    asApplication, asSuperuser, BUILD, Client, CONFIG, LOGS, openBrowser, photograph, PUBLIC_URL, SANDBOX_URL, sql, stack, STACK_DIR,
    ticketLink, toPicker, until,
} from './harness.mjs';

test('a callback that finds no database loses nothing: its page retries by itself', async () => {
    const {page, close} = await openBrowser();
    try {
        await toPicker(page, ticketLink('oda'));
        // The sandbox needs the database as well, so Allow is pressed elsewhere before it goes down; the state is this browser's.
        const callback = await new Client().allow(page.url(), 'Sales');
        await stack('stop', 'postgres', 'INT');
        await page.goto(callback);
        await until('the page that waits', async () => /moment/i.test(await page.textContent('h1').catch(() => '')), 30);
        await photograph(page, 'database-down');
        const request = await page.textContent('footer code');
        await stack('start', 'postgres');
        await page.waitForURL(/\/done\//, {timeout: 40000});
        assert.equal(asApplication("select status from o365.connections('oda')"), 'active');
        assert.equal(asSuperuser("select outcome from o365_internal.connect_attempt where app_user = 'oda'"), 'connected');
        // There was no database to note that request in; the log has it.
        assert.match(readFileSync(join(LOGS, 'programs.log'), 'utf8'), new RegExp(`event=told_to_wait request=${request}\\b`));
    } finally {
        await close();
    }
});

test('without the responder the server shows its own clean page, and nothing else changes', async () => {
    const {page, close} = await openBrowser();
    try {
        await stack('stop', 'responder');
        const response = await page.goto(`${PUBLIC_URL}/connect/desk/callback?state=state-while-down-1&webhook_url=https%3A%2F%2Fcontoso.webhook.office.com%2Fwhile-down-1`);
        assert.equal(response.status(), 503);
        assert.equal(response.headers()['referrer-policy'], 'no-referrer');
        await stack('start', 'responder');
        await page.goto(`${PUBLIC_URL}/connect/desk/`);
        assert.match(await page.textContent('h1'), /Contoso Helpdesk/);
    } finally {
        await close();
    }
});

test('a second host takes the sealing of webhooks over only when it is told to', () => {
    const config = join(STACK_DIR, 'second-host.conf');
    writeFileSync(config, readFileSync(CONFIG, 'utf8').replace(/^key_file = .*$/m, `key_file = ${join(STACK_DIR, 'second-host.keys')}`));
    const worker = (...words) => spawnSync(join(BUILD, 'o365-worker'), ['--config', config, ...words], {encoding: 'utf8'});
    const refused = worker('keys', 'generate');
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /webhooks are sealed under key [0-9A-F]{16} already: copy the key file that holds it/);
    assert.ok(!existsSync(join(STACK_DIR, 'second-host.keys')), 'and no file is made');
});

test('--check names what would fail later', () => {
    const config = join(STACK_DIR, 'broken.conf');
    const check = (line, value) => {
        writeFileSync(config, `${readFileSync(CONFIG, 'utf8').replace(new RegExp(`^${line} = .*\n`, 'm'), '')}${line} = ${value}\n`);
        const {status, stderr} = spawnSync(join(BUILD, 'o365-worker'), ['--config', config, '--check'], {encoding: 'utf8'});
        assert.equal(status, 1, `${line} = ${value}`);
        return stderr;
    };
    assert.match(check('ca_file', '/nowhere'), /ca_file = \/nowhere holds no certificate/);
    assert.match(check('proxy', 'nonsense'), /proxy is no URL/);
    assert.match(check('log', '/nowhere/o365.log'), /could not open the log file '\/nowhere\/o365.log'/);
});

test('health is clean at the end', () => {
    assert.equal(sql("select string_agg(object || ' ' || problem, '; ') from o365.health() where code <> 'server_outdated'"), '');
});
