// Run by tests/cards/agreement.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {after, test} from 'node:test';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const worker = join(process.env.BUILD, 'o365-worker');
const names = readdirSync(here).filter((name) => name.endsWith('.json') && name.split('.').length === 2);
const cards = names.map((name) => [name, JSON.parse(readFileSync(join(here, name), 'utf8'))]);
const folder = mkdtempSync(join(tmpdir(), 'o365-cards-'));
after(() => rmSync(folder, {recursive: true, force: true}));
const config = join(folder, 'o365.conf');
writeFileSync(config, `database = host=${process.env.PGHOST}\nenvironment = development\n`);
const card = (words, input, env = {}) => spawnSync(worker, ['--config', config, 'card', ...words], {input, encoding: 'utf8', env: {...process.env, ...env}});

/** What o365.check_card says of each: {severity, path, problem}. */
function checked(all, dialect) {
    const values = all.map((one, i) => `(${i}, '${JSON.stringify(one).replaceAll("'", "''")}'::jsonb)`).join(',\n');
    const file = join(folder, 'check.sql');
    writeFileSync(file, `select coalesce(json_agg(p) filter (where p.severity is not null), '[]')
        from (values ${values}) as v (n, card) left join lateral o365.check_card(v.card, '${dialect}') as p on true group by n order by n;`);
    const {stdout, stderr} = spawnSync('psql', ['-qXAt', '-v', 'ON_ERROR_STOP=1', '-f', file], {encoding: 'utf8', maxBuffer: 1 << 28});
    assert.equal(stderr, '');
    const results = stdout.trim().split(/\n(?=\[)/).map((text) => JSON.parse(text));
    assert.equal(results.length, all.length);
    return results;
}

/** The same numbers each time. */
let seed = 7;
const random = (below) => { seed = (Math.imul(seed, 1103515245) + 12345) >>> 0; return (seed >>> 8) % below; };
function change(value) {
    if (value === null || typeof value !== 'object' || Object.keys(value).length === 0 || random(8) === 0)
        return [null, true, 17, 'x', [], {}, '# h\n\n|a|b|\n|-|-|', 'https://a.example/'][random(8)];
    const keys = Object.keys(value);
    const key = keys[random(keys.length)];
    if (Array.isArray(value)) return random(4) === 0 ? [...value, value[key]] : value.map((one, i) => (i === Number(key) ? change(one) : one));
    if (random(4) === 0) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
    return {...value, [key]: change(value[key])};
}

const paths = (list) => [...new Set(list)].sort();
function agrees(all, dialect) {
    let passed = 0;
    checked(all.map(([, one]) => one), dialect).forEach((problems, i) => {
        if (problems.some(({severity}) => severity === 'error')) return;
        passed += 1;
        const [name, one] = all[i];
        const text = JSON.stringify(one);
        const {status, stdout, stderr} = card(['convert', '-', '--dialect', dialect], text);
        assert.equal(status, 0, `${name} ${text} ${stderr}`);
        assert.ok(JSON.stringify(stdout.trim()).length <= 28 * 1024 + 2, name);
        const lost = [...stderr.matchAll(/^-:\d+:\d+: (\S+): lost: /gm)].map(([, path]) => path);
        const warned = problems.filter(({problem}) => problem.startsWith('Workflows ')).map(({path}) => path);
        if (problems.length < 100) assert.deepEqual(paths(lost), paths(warned), `${name} ${text} ${JSON.stringify(problems)}`);
    });
    return passed;
}

for (const dialect of ['workflow', 'connector']) {
    test(`each card here: check and conversion for ${dialect} agree`, () => assert.ok(agrees(cards, dialect) >= 20));
    test(`changed cards: check and conversion for ${dialect} agree`, () => {
        const changed = Array.from({length: 600}, () => {
            const [name, one] = cards[random(cards.length)];
            let other = change(one);
            if (random(2) === 0) other = change(other);
            return [name, other];
        });
        assert.ok(agrees(changed, dialect) >= 100);
    });
}

test('card check prints line, column, path and hint, and its exit code says whether the card may be sent', () => {
    const env = {PGUSER: 'postgres'};
    const clean = card(['check', '-'], JSON.stringify({'@type': 'MessageCard', '@context': 'https://schema.org/extensions', summary: 's', text: 't'}), env);
    assert.deepEqual([clean.status, clean.stdout, clean.stderr], [0, '', '']);
    const bad = card(['check', '-'], '{\n  "summary": "s",\n  "sections": [\n    {"facts": 17}\n  ]\n}', env);
    assert.equal(bad.status, 65);
    assert.match(bad.stdout, /^-:4:15: error: \$\.sections\[0\]\.facts: facts is a number, an array is needed\. Write /m);
    assert.equal(card(['check', '-'], '{"text": "a", }', env).status, 65);
    assert.equal(card(['check', join(folder, 'none.json')], '', env).status, 66);
    assert.equal(card(['convert', join(folder, 'none.json')], '').status, 66);
    writeFileSync(config, 'database = host=/nonexistent\nenvironment = development\n');
    assert.equal(card(['check', '-'], '{"text": "a"}', env).status, 69);
});

test('card preview writes a page that fetches nothing and runs nothing', () => {
    const output = join(folder, 'p.html');
    const done = card(['preview', join(here, 'hostile-html.json'), '--dialect', 'workflow', '--output', output]);
    assert.deepEqual([done.status, done.stdout], [0, `${output}\n`]);
    const page = readFileSync(output, 'utf8');
    assert.match(page, /default-src 'none'/);
    assert.doesNotMatch(page, /<(script|img|iframe|svg)/);
});
