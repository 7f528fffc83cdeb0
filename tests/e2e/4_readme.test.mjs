// The README's walks, step by step as they are printed there.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {asApplication, FEED_URL, openBrowser, picture, PUBLIC_URL, rememberCode, ROOT, ticketLink, until,
    workflow} from './harness.mjs';

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const demo = readFileSync(join(ROOT, 'scripts/demo'), 'utf8');

/** The walk below a heading: how many steps it has, and step(words). */
function walkOf(heading) {
    const from = readme.indexOf(`\n${heading}\n`);
    assert.ok(from > 0, `the README has no "${heading}"`);
    const walk = readme.slice(from, readme.indexOf('\n## ', from + 1));
    const steps = [...walk.matchAll(/^\d+\. ((?:.|\n(?!\d+\. |\n))+)/gm)].map((match) => match[1].replace(/\s+/g, ' '));
    // What the demo prints a link or a text under, it has to print.
    for (const [, label] of steps.join(' ').matchAll(/prints under "(\w+)"/g))
        assert.match(demo, new RegExp(`^  ${label} `, 'm'));
    /** The one step that holds these words; what it says between ** or ` is what a person presses or types. */
    const step = (words) => {
        const found = steps.filter((text) => text.includes(words));
        assert.equal(found.length, 1, `the README has no step, or several, with "${words}"`);
        return {bold: [...found[0].matchAll(/\*\*(.+?)\*\*/g)].map((match) => match[1]),
            code: [...found[0].matchAll(/`(.+?)`/g)].map((match) => match[1])};
    };
    assert.deepEqual(step('Run `scripts/demo`').code.slice(0, 1), ['scripts/demo']);
    return {count: steps.length, step};
}

/** The page of the feed, once it shows what is looked for. */
async function feedShows(page, pattern) {
    return until(`${pattern} in the feed`, async () => {
        await page.goto(FEED_URL);
        return (await page.textContent('main')).match(pattern);
    });
}

test('a person who follows the README gets a card into a channel by a pasted webhook in at most 10 actions',
    async () => {
    const {count, step} = walkOf('## A card in ten steps');
    assert.ok(count >= 8 && count <= 10, `${count} steps`);
    const {context, page, close} = await openBrowser();
    try {
        // scripts/demo makes its webhook in the same way.
        assert.match(demo, /-d dialect=workflow "\$SANDBOX_URL\/tenant\/webhooks"/);
        const {url} = await workflow('Walk');
        step('under "paste"');
        await page.goto(ticketLink('walk@example.org'));
        await page.setViewportSize({width: 1440, height: 900});
        await picture(page, 'readme-landing', {fullPage: true});  // docs/images/landing.png
        await page.getByLabel(step('under "webhook"').bold[0]).fill(url);
        await page.getByRole('button', {name: step('Press **Send').bold[0]}).click();
        step('under "feed"');
        await page.waitForURL(/\/workflow\//);
        const feed = await context.newPage();
        await page.getByLabel('Code').waitFor();
        const [digits] = await feedShows(feed, /\b\d{6}\b/);
        rememberCode(digits);
        const [field, button] = step('You are connected').bold;
        await page.getByLabel(field).fill(digits);
        await page.getByRole('button', {name: button}).click();
        await page.waitForURL(new RegExp(`^${PUBLIC_URL}/connect/desk/done/`));
        step('run the `psql` command');
        const sent = step('Send:').code[0];
        assert.ok(demo.includes(sent), 'the demo prints the same statement');
        asApplication(sent.replace('you@example.org', 'walk@example.org').replace('Hello from psql',
            'Hello to the channel'));
        step('Load the feed again');
        await feedShows(feed, /Hello to the channel/);
    } finally {
        await close();
    }
});

test('a person who follows the README gets a card into the feed by the Connect page in at most 12 actions',
    async () => {
    const {count, step} = walkOf('## The same on the Connect page');
    assert.ok(count >= 8 && count <= 12, `${count} steps`);
    const {page, close} = await openBrowser();
    try {
        step('under "connect"');
        await page.goto(ticketLink('you@example.org'));
        await page.getByRole('button', {name: step('Press **Connect').bold[0]}).click();
        await page.getByLabel('Your name').fill(step('Type the name').code[0]);
        await page.getByRole('button', {name: step('Type the name').bold[0]}).click();
        await page.getByLabel(`${step('Choose the group').bold[0]} group`).check();
        await page.getByRole('button', {name: step('You are connected').bold[0]}).click();
        await page.waitForURL(new RegExp(`^${PUBLIC_URL}/connect/desk/done/`));
        const [id] = asApplication(step('Look:').code[0].replace(/;$/, '')).split('|');
        const sent = step('Send, with').code[0];
        assert.match(sent, /o365\.send\(1, /);
        asApplication(sent.replace('send(1,', `send(${id},`));
        step('under "feed"');
        await feedShows(page, /Hello from psql/);
    } finally {
        await close();
    }
});
