// Searching what was written for secrets, in every form they could stand there.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';

import {STACK_DIR} from './harness.mjs';

/** How a value could stand in a log: as it is, %-escaped, JSON-escaped, base64 at each of three offsets, hex. */
function forms(value) {
    const bytes = Buffer.from(value);
    const inBase64 = [0, 1, 2].map((shift) => {
        const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64').replace(/=+$/, '');
        return text.slice(shift === 0 ? 0 : shift + 1, -4);
    });
    return [...new Set([value, encodeURIComponent(value), encodeURIComponent(value).toLowerCase(),
        value.replaceAll('/', '\\/'), bytes.toString('hex'), ...inBase64])]
        .filter((text) => text.length >= 8);
}

/** The files that hold one of the secrets in any form. grep takes thousands of fixed strings in one pass over hundreds
 * of megabytes. */
export function search(files, secrets) {
    const patterns = join(STACK_DIR, 'patterns');
    writeFileSync(patterns, [...new Set(secrets.flatMap(({value}) => forms(value)))].join('\n') + '\n');
    const grep = spawnSync('grep', ['-aFo', '-m', '3', '-f', patterns, '/dev/null', ...files],
        {encoding: 'utf8', env: {...process.env, LC_ALL: 'C'}, maxBuffer: 1 << 28});
    assert.ok(grep.status === 0 || grep.status === 1, grep.stderr);
    return grep.stdout.split('\n').filter(Boolean);
}

export function searchText(text, secrets) {
    const file = join(STACK_DIR, 'text-to-search');
    writeFileSync(file, text);
    return search([file], secrets);
}
