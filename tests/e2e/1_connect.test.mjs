// Connecting in a real browser: every kind of place. What this file connects, the files after it use.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {asApplication, connect, openBrowser, photograph, sql} from './harness.mjs';

const outcome = (request) => sql(`select outcome from o365.connect_attempt('${request}')`);
const connection = (user) =>
    asApplication(`select app_type, coalesce(group_name, ''), status from o365.connections('${user}')`);

for (const [kind, choice, user, stored] of [
    ['a group', 'Sales group', 'ann', 'groups|Sales|active'],
    ['a group whose name has every difficult character', 'Büro & Söhne <Team> group', 'ben',
        'groups|Büro & Söhne <Team>|active'],
    ['a team', 'Engineering team', 'cem', 'teams|Engineering|active'],
    ['an inbox', 'Inbox your own inbox', 'dan', 'mail||active'],
]) {
    test(`a person connects ${kind} and lands on a clean page`, async () => {
        const {page, close} = await openBrowser();
        try {
            await connect(page, user, choice);
            await page.waitForURL(/\/connect\/desk\/done\/[0-9a-f-]{36}$/);
            assert.match(await page.textContent('h1'), /Contoso Helpdesk is connected/);
            assert.equal(connection(user), stored);
            assert.equal(outcome(await page.textContent('footer code')), 'connected');
            if (user === 'ben') assert.ok((await page.textContent('main')).includes('Büro & Söhne <Team>'));
            await photograph(page, `done-${stored.split('|')[0]}-${user}`);
        } finally {
            await close();
        }
    });
}

test('a Workflows webhook is stored with its dialect', async () => {
    const {page, close} = await openBrowser();
    try {
        await connect(page, 'eva', 'Engineering (workflow) team');
        await page.waitForURL(/\/done\//);
        assert.equal(asApplication("select dialect from o365.connections('eva')"), 'workflow');
    } finally {
        await close();
    }
});
