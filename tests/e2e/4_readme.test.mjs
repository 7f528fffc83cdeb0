// The README's walk, step by step as it is printed there.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {asApplication, FEED_URL, openBrowser, PUBLIC_URL, ROOT, ticketLink, until} from './harness.mjs';

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const walk = readme.slice(readme.indexOf('<!-- tests/e2e walks these -->'), readme.indexOf('## A card from psql'));
const steps = [...walk.matchAll(/^\d+\. ((?:.|\n(?!\d+\. |\n))+)/gm)].map((match) => match[1].replace(/\s+/g, ' '));

/** The one step that holds these words; what it says between ** or ` is what a person presses or types. */
function step(words) {
    const found = steps.filter((text) => text.includes(words));
    assert.equal(found.length, 1, `the README has no step, or several, with "${words}"`);
    return {bold: [...found[0].matchAll(/\*\*(.+?)\*\*/g)].map((match) => match[1]), code: [...found[0].matchAll(/`(.+?)`/g)].map((match) => match[1])};
}

test('a person who follows the README gets a card into the feed in at most 12 actions', async () => {
    assert.ok(steps.length >= 8 && steps.length <= 12, `${steps.length} steps`);
    const {page, close} = await openBrowser();
    try {
        assert.deepEqual(step('Run `scripts/demo`').code.slice(0, 1), ['scripts/demo']);
        step('under "connect"');
        await page.goto(ticketLink('you@example.org'));
        await page.getByRole('button', {name: step('Press **Connect').bold[0]}).click();
        await page.getByLabel('Your name').fill(step('Type the name').code[0]);
        await page.getByRole('button', {name: step('Type the name').bold[0]}).click();
        await page.getByLabel(`${step('Choose the group').bold[0]} group`).check();
        await page.getByRole('button', {name: step('You are connected').bold[0]}).click();
        await page.waitForURL(new RegExp(`^${PUBLIC_URL}/connect/desk/done/`));
        const [id] = asApplication(step('Look:').code[0].replace(/;$/, '')).split('|');
        const sent = step('Send:').code[0];
        assert.match(sent, /o365\.send\(1, /);
        asApplication(sent.replace('send(1,', `send(${id},`));
        step('under "feed"');
        await until('the card in the feed', async () => {
            await page.goto(FEED_URL);
            return (await page.textContent('main')).includes('Hello from psql');
        });
    } finally {
        await close();
    }
});
