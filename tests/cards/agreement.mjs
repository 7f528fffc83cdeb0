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
const card = (words, input, env = {}) => spawnSync(worker, ['--config', config, 'card', ...words],
    {input, encoding: 'utf8', env: {...process.env, ...env}});

// As long as what `card convert` writes.
assert.equal(spawnSync('psql', ['-qXAt', '-c', "select o365.set('public_url', 'https://public-url.example')"],
    {encoding: 'utf8'}).stderr, '');

/** What o365.check_card says of each: {severity, path, problem}. What o365.send would put right is `sent` in place of
 * the card, by its number. */
function checked(all, dialect, sent = new Map()) {
    const values = all.map((one, i) => `(${i}, '${JSON.stringify(one).replaceAll("'", "''")}'::jsonb)`).join(',\n');
    const file = join(folder, 'check.sql');
    writeFileSync(file, `select json_build_object('problems',
        coalesce(json_agg(p) filter (where p.severity is not null), '[]'), 'sent',
            (select case when w.card <> o365_internal.card_to_send(w.card, '${dialect}',
                w.problems) then o365_internal.card_to_send(w.card, '${dialect}', w.problems) end
               from (select v.card, o365_internal.card_problems(v.card, '${dialect}', null) as problems) as w
                   where w.problems #>> '{0,severity}' = 'warning'))
        from (values ${values}) as v (n, card) left join lateral o365.check_card(v.card, '${dialect}') as p on true
            group by n, card order by n;`);
    const {stdout, stderr} = spawnSync('psql', ['-qXAt', '-v', 'ON_ERROR_STOP=1', '-f', file],
        {encoding: 'utf8', maxBuffer: 1 << 28});
    assert.equal(stderr, '');
    const results = stdout.trim().split(/\n(?=\{"problems")/).map((text) => JSON.parse(text));
    assert.equal(results.length, all.length);
    results.forEach(({sent: one}, i) => { if (one !== null) sent.set(i, one); });
    return results.map(({problems}) => problems);
}

const odd = [null, true, 'true', 'FALSE', '17', 17, 0.1, 1.79e308, 'x', '', ' ', [], {}, '# h\n\n|a|b|\n|-|-|',
    '```a```\n\n# b', '```\na_b*\n```', 'https://a.example/', 'HTTP://a.example:80', 'https://a.example/a b',
    'https://a.example/\n',
    'https://a.example:PORT/a.png', 'https://a.example:65536', 'https://a.example:0',
    'https://{{a}}/', 'https://a.example/{{a}}', 'https:///a', 'https://u:p@a.example', 'https://[::1]/', 'https://[',
    'https://a.example/\u0007', 'https://a%20b/',
    'https://\u00fc.example/\u00e4', 'https://a_b.example./', 'https://-', '/t/1',
    'mailto:a@b.c', 'javascript:alert(1)', 'data:image/png;base64,iVBORw0KGgo=', 'DATA:image/png;base64,iVBORw0KGgo=',
    'data:text/plain;base64,iVBORw0KGgo='];
/** The strings of every card here: what is right in one field is put into others. */
const words = ['Bolder', 'Lighter', 'Large', 'ExtraLarge', 'default', 'Person', ...new Set(cards.flatMap(([, one]) =>
    [...JSON.stringify(one).matchAll(/"((?:[^"\\]|\\.){1,30})"/g)].map(([text]) => JSON.parse(text))))];

/** The same numbers each time; for a campaign CARDS and SEED say how many changed cards for each dialect, and which. */
const many = Number(process.env.CARDS ?? 600);
let seed = Number(process.env.SEED ?? 7);
const random = (below) => { seed = (Math.imul(seed, 1103515245) + 12345) >>> 0; return (seed >>> 8) % below; };
function change(value) {
    if (value === null || typeof value !== 'object' || Object.keys(value).length === 0 || random(8) === 0)
        return random(2) === 0 ? odd[random(odd.length)] : words[random(words.length)];
    const keys = Object.keys(value);
    const key = keys[random(keys.length)];
    if (Array.isArray(value)) return random(4) === 0 ? [...value, value[key]]
        : value.map((one, i) => (i === Number(key) ? change(one) : one));
    if (random(4) === 0) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
    return {...value, [key]: change(value[key])};
}

// What check_card lets the far end count, and what it counts: bytes, where each " and \ stands escaped in a string.
const countedLimit = 24000 * 1.18;
const counted = (body) => Buffer.byteLength(JSON.stringify(body)) - 2;

// The sandbox's webhooks: what they make of each body of [dialect, body].
function judged(posts) {
    const {stdout, stderr} = spawnSync(join(process.env.BUILD, 'tests/card_judge'), {encoding: 'utf8',
        maxBuffer: 1 << 28, input: posts.map(([dialect, body]) => `${dialect}\t${body}\n`).join('')});
    assert.equal(stderr, '');
    const answers = stdout.trim().split('\n');
    assert.equal(answers.length, Math.max(posts.length, 1));
    return answers;
}
// What only we refuse: limits of our own, targets that are not registered, buttons of ours that would have no address,
// and what a conversion for a connector would lose.
const ours = [/^the card (has|counts as) \d+ bytes/, /^the card is nested deeper/,
    /^the card has a number beyond 1.7e308$/, /below a registered target URL$/,
    /stands for an address of ours, and no button of this place has one$/, /^a connector webhook cannot show/,
    /^the card has no text$/, /items, \d+ are allowed$/];
/** A card as its sender would post it to a webhook of the dialect without us: a MessageCard is one for connectors,
 * whatever it is sent to. */
function posted(one, dialect) {
    if (one?.attachments || one?.content) return [dialect, JSON.stringify(one)];
    if (`${one?.type}`.toLowerCase() !== 'adaptivecard') return ['connector', JSON.stringify(one)];
    return [dialect, JSON.stringify(dialect === 'connector' ? one : {type: 'message', attachments: [{contentType:
        'application/vnd.microsoft.card.adaptive', contentUrl: null, content: {...one, type: 'AdaptiveCard'}}]})];
}

const paths = (list) => [...new Set(list)].sort();
function agrees(all, dialect) {
    let passed = 0;
    const sent = new Map();
    const refused = [];
    const left = [];
    checked(all.map(([, one]) => one), dialect, sent).forEach((problems, i) => {
        const errors = problems.filter(({severity}) => severity === 'error');
        if (errors.some(({problem}) => !ours.some((one) => one.test(problem))))
            refused.push([...posted(all[i][1], dialect), errors]);
        if (errors.length > 0) return;
        passed += 1;
        const [name] = all[i];
        const text = JSON.stringify(sent.get(i) ?? all[i][1]);
        const {status, stdout, stderr} = card(['convert', '-', '--dialect', dialect], text);
        assert.equal(status, 0, `${name} ${text} ${stderr}`);
        const body = stdout.trim();
        assert.equal(body, JSON.stringify(JSON.parse(body)), `${name} is not compact`);
        assert.ok(counted(body) <= countedLimit, `${name}: ${counted(body)} bytes are counted ${text.slice(0, 400)}`);
        const lost = [...stderr.matchAll(/^-:\d+:\d+: (\S+): lost: /gm)].map(([, path]) => path);
        const warned = problems.filter(({problem}) => problem.startsWith('Workflows ')).map(({path}) => path);
        if (problems.length < 100)
            assert.deepEqual(paths(lost), paths(warned), `${name} ${text} ${JSON.stringify(problems)}`);
        left.push([dialect, body, problems]);
    });
    // An error is what the far end refuses, or shows nothing of, and it takes all that leaves.
    const wrong = [
        ...judged(refused).flatMap((answer, i) =>
            (refused[i] && answer === 'ok' ? [`taken: ${refused[i][1]} ${JSON.stringify(refused[i][2])}`] : [])),
        ...judged(left).flatMap((answer, i) =>
            (left[i] && answer !== 'ok' ? [`${answer}: ${left[i][1]} ${JSON.stringify(left[i][2])}`] : []))];
    assert.deepEqual(wrong.slice(0, 20), [], dialect);
    return passed;
}

/** Every card of tests/sql/card_rules.sql, which has one for each rule: [description, card, dialect]. */
function cardsOfTheRules() {
    const folderOfSql = join(here, '../sql');
    const file = join(folder, 'rules.sql');
    writeFileSync(file, readFileSync(join(folderOfSql, 'card_rules.sql'), 'utf8')
        .replaceAll('\\ir fixtures', `\\i ${folderOfSql}/fixtures`)
        .replace(/^SELECT \* FROM finish\(\);/m, `SELECT 'CARD ' || json_build_array(description, card, dialect)
            FROM (SELECT description, card, dialect FROM said UNION ALL
                  SELECT description, card, dialect FROM mistake UNION ALL
                  SELECT description, card, dialect FROM corrected) AS c;`));
    assert.equal(spawnSync('createdb', ['-T', process.env.PGDATABASE, 'o365_rules'], {encoding: 'utf8'}).stderr, '');
    const {stdout} = spawnSync('psql', ['-qXAt', '-d', 'o365_rules', '-f', file],
        {encoding: 'utf8', maxBuffer: 1 << 28, env: {...process.env, FIXTURES: join(folderOfSql, 'fixtures')}});
    return [...stdout.matchAll(/^CARD (.*)$/gm)].map(([, text]) => JSON.parse(text));
}
test('each card of the rules: what check_card refuses and what the sandbox refuses are the same', () => {
    const all = cardsOfTheRules();
    assert.ok(all.length > 280, `${all.length} cards`);
    for (const dialect of ['workflow', 'connector']) agrees(all.filter(([, , its]) => its === dialect), dialect);
});

for (const dialect of ['workflow', 'connector']) {
    test(`each card here: check and conversion for ${dialect} agree`, () => assert.ok(agrees(cards, dialect) >= 20));
    test(`changed cards: check and conversion for ${dialect} agree`, () => {
        let passed = 0;
        for (let left = many; left > 0; left -= 2000) {
            passed += agrees(Array.from({length: Math.min(left, 2000)}, () => {
                const [name, one] = cards[random(cards.length)];
                let other = change(one);
                if (random(2) === 0) other = change(other);
                return [name, other];
            }), dialect);
        }
        assert.ok(passed >= many / 6);
    });
}

/** Shapes of cards that grow with n; each as large as the check lets it be. */
const message = (more) => ({'@type': 'MessageCard', '@context': 'https://schema.org/extensions', 'summary': 's',
    ...more});
const adaptive = (...body) => ({type: 'AdaptiveCard', version: '1.4', body});
const list = (n, one) => Array.from({length: n}, (_, i) => one(i));
const open = {'@type': 'OpenUri', 'name': 'o', 'targets': [{os: 'default', uri: 'https://a.example'}]};
const post = {'@type': 'HttpPOST', 'name': 'p', 'target': 'https://a.example'};
const form = {'@type': 'ActionCard', 'name': 'f', 'actions': [post]};
const picture = {image: 'https://a.example/a.png'};
const alphabets = {letters: 'a', quotes: '"', backslashes: '\\', accents: 'é', Chinese: '中', emoji: '🙂',
    'control characters': '\u0001', breaks: 'a\n\n',
    headings: '# h\n', 'breaks of HTML': '<br>', 'bold HTML': '<b>b</b>', tables: '|a|b|\n', 'a list of HTML': '<li>',
    pictures: '![](u)'};
const everything = (text) => ({title: text, startGroup: true, activityImage: picture.image,
    activityTitle: text, activitySubtitle: text, activityText: text, heroImage: {...picture, title: 'h'}, text,
    facts: [{name: 'a', value: text}], images: [{...picture, title: 'i'}], potentialAction: [open]});
const shapes = {workflow: {
    ...Object.fromEntries(Object.entries(alphabets).flatMap(([name, letter]) => [
        [`a text of ${name}`, (n) => message({text: letter.repeat(n)})],
        [`a title of ${name}`, (n) => message({title: letter.repeat(n), themeColor: 'FF0000'})],
        [`10 sections of ${name}`, (n) =>
            message({sections: list(10, () => ({activityImage: picture.image, activityTitle: letter.repeat(n)}))})],
        [`10 sections with everything, of ${name}`,
            (n) => message({themeColor: '00FF00', title: 't', sections: list(10, () => everything(letter.repeat(n)))})],
    ])),
    'many facts': (n) => message({sections: [{facts: list(n, () => ({name: 'a', value: 'b'}))}]}),
    'facts of one side': (n) => message({sections: [{facts: list(n, () => ({name: '', value: 'b'}))}]}),
    'many images': (n) => message({sections: [{images: list(n, () => picture)}]}),
    'many images with names': (n) => message({sections: [{images: list(n, () => ({...picture, title: 'i'}))}]}),
    'buttons everywhere': (n) => message({text: 't'.repeat(n), potentialAction: list(4, () => open),
        sections: list(10, () => ({potentialAction: list(4, () => open)}))}),
    'links to our page everywhere': (n) => message({text: 't'.repeat(n), potentialAction: list(4, () => post),
        sections: list(10, () => ({potentialAction: list(4, () => post)}))}),
    'forms everywhere': (n) => message({text: 't'.repeat(n), potentialAction: list(4, () => form),
        sections: list(10, () => ({text: 'a', potentialAction: list(4, () => form)}))}),
    'one link and quotes': (n) => message({text: '"'.repeat(n), potentialAction: [post]}),
    'sections with everything': (n) => message({title: 't', text: 't'.repeat(n), themeColor: 'FF0000',
        potentialAction: list(4, () => open), sections: list(10, () => everything('a'))}),
    'sections with everything, without @type': (n) => ({text: 't'.repeat(n),
        sections: list(10, () => everything('a'))}),
    'a summary': (n) => ({summary: 's'.repeat(n)}),
    'a summary and a section': (n) => ({summary: '"'.repeat(n), sections: [{text: 'a'}]}),
    'fractions': (n) => ({...adaptive({type: 'TextBlock', text: 'a'}), metadata: {a: list(n, () => 0.1)}}),
    'a bare Adaptive Card': (n) => adaptive({type: 'TextBlock', text: '"'.repeat(n)}),
}, connector: {
    ...Object.fromEntries(Object.entries(alphabets).map(([name, letter]) => [`an Adaptive Card of ${name}`,
        (n) => adaptive({type: 'TextBlock', text: letter.repeat(n), size: 'Large'}, {type: 'TextBlock', text: 'x'})])),
    'many TextBlocks': (n) => adaptive(...list(n, () => ({type: 'TextBlock', text: 'a'}))),
    'many facts': (n) => adaptive({type: 'TextBlock', text: 'a'},
        {type: 'FactSet', facts: list(n, () => ({title: 'a', value: 'b'}))}),
    'many FactSets': (n) => adaptive({type: 'TextBlock', text: 'a'},
        ...list(n, () => ({type: 'FactSet', facts: [{title: 'a', value: 'b'}]}))),
    'texts and facts by turns': (n) => adaptive(...list(n,
        (i) => (i % 2 ? {type: 'FactSet', facts: [{title: 'a', value: 'b'}]} : {type: 'TextBlock', text: 'a'}))),
    'everything by turns': (n) => adaptive({type: 'TextBlock', text: 'a'}, ...list(n, (i) => [{type: 'Image', url:
        picture.image}, {type: 'FactSet', facts: [{title: 'a', value: 'b'}]}, {type: 'TextBlock', text: 'a'}][i % 3])),
    'many images': (n) => adaptive({type: 'TextBlock', text: 'a'},
        ...list(n, () => ({type: 'Image', url: picture.image}))),
    '4 buttons': (n) => ({...adaptive({type: 'TextBlock', text: 'a'.repeat(n)}),
        actions: list(4, () => ({type: 'Action.OpenUrl', title: 'o', url: 'https://a.example'}))}),
}};
for (const [dialect, grown] of Object.entries(shapes)) {
    test(`the largest card of each shape that passes the check for ${dialect} converts within the limit`, () => {
        // Of each shape the largest n that passes, by halving, all shapes at once.
        const search = Object.entries(grown).map(([name, shape]) => ({name, shape, low: 1, high: 30000}));
        while (search.some(({low, high}) => high - low > 1)) {
            const middle = search.map(({low, high}) => Math.floor((low + high) / 2));
            checked(search.map(({shape, low, high}, i) =>
                (high - low > 1 && JSON.stringify(shape(middle[i])).length < 40000 ? shape(middle[i]) : {text: []})),
                dialect).forEach((problems, i) => {
                if (search[i].high - search[i].low <= 1) return;
                if (problems.some(({severity}) => severity === 'error')) search[i].high = middle[i];
                else search[i].low = middle[i];
            });
        }
        assert.ok(search.every(({low}) => low > 1), JSON.stringify(search.filter(({low}) => low === 1)));
        const wrong = [];
        for (const {name, shape, low} of search) {
            try {
                assert.equal(agrees([[`${name} (${low})`, shape(low)]], dialect), 1, name);
            } catch (error) { wrong.push(error.message.slice(0, 300)); }
        }
        assert.deepEqual(wrong, []);
    });
}

/** Every field of the rules in a card by itself, and the table of docs/cards.md. */
function everyField() {
    const {stdout} = spawnSync('psql', ['-qXAt', '-c', `select json_agg(f order by kind, name) `
        + `from o365_internal.card_field as f where type <> 'mistake' and kind !~ '^s\\.'`],
        {encoding: 'utf8', maxBuffer: 1 << 28});
    const all = JSON.parse(stdout);
    const usual = {'m.action:': 'm.action:OpenUri', 'm.input:': 'm.input:TextInput',
        'a.action:': 'a.action:Action.OpenUrl', 'a.element:': 'a.element:TextBlock'};
    const value = ({kind, name, type, child, rule}) => {
        const word = rule?.match(/^\|([^|]*)\|/)?.[1];
        const inner = child ? object(usual[child] ?? child) : 'x';
        if (type === 'array') return child ? [inner] : ['https://a.example/'];
        if (type === 'object') return child ? inner : {};
        if (type !== 'string' && !(type === 'any' && rule))
            return type === 'boolean' ? true : type === 'number' ? 1 : 'x';
        if (name.endsWith('type') && kind.includes(':')) return kind.split(':')[1];
        if (word) return name === 'type' ? word : kind.startsWith('a.') && name === 'size' ? 'Large' : word;
        return {link: 'https://a.example/', image: 'https://a.example/a.png', target: 'https://a.example/',
            version: '1.4', uuid: '27c3dc4d-1f2b-4d0c-9f0c-3a8f0b6a1f11', color: '00FF00', heading: 'Large'}[rule]
            ?? {weight: 'Bolder'}[name] ?? (kind === 'a.message' && name === 'type' ? 'message' : 'x');
    };
    const object = (kind, depth = 0) => Object.fromEntries((depth > 9 ? [] : all).filter((field) =>
        field.kind === kind && (field.required || kind + field.name === 'a.action:Action.OpenUrltitle'))
        .map((field) => [field.name, value(field)]));
    const roots = {'m.card': {'@type': 'MessageCard', 'text': 't'},
        'a.card': {type: 'AdaptiveCard', version: '1.4', fallbackText: 'f', body: [{type: 'TextBlock', text: 't'}]},
        'a.message': {type: 'message', attachments: [{contentType: 'application/vnd.microsoft.card.adaptive',
            content: adaptive({type: 'TextBlock', text: 't'})}]}};
    const whole = new Map(Object.entries(roots).map(([kind, root]) => [kind, (inner) => ({...root, ...inner})]));
    for (let before = 0; before !== whole.size;) {
        before = whole.size;
        for (const field of all.filter(({kind, child}) => child && whole.has(kind))) {
            for (const kind of new Set(all.map((one) => one.kind)
                .filter((one) => one === field.child || (field.child.endsWith(':') && one.startsWith(field.child))))) {
                const outer = whole.get(field.kind);
                if (!whole.has(kind)) whole.set(kind, (inner) => outer({...object(field.kind), [field.name]:
                    field.type === 'array' ? [{...object(kind), ...inner}] : {...object(kind), ...inner}}));
            }
        }
    }
    return all.map((field) => ({...field, card: whole.get(field.kind)({[field.name]: value(field)})}));
}
/** Every `kind name` that a card has, by the rules' own fields. */
function fieldsOf(card, fields) {
    const known = new Map(fields.map((field) => [`${field.kind} ${field.name}`, field]));
    const found = new Set();
    const walk = (kind, value) => {
        if (value === null || typeof value !== 'object') return;
        for (const [name, inner] of Object.entries(value)) {
            const field = known.get(`${kind} ${name}`);
            if (!field) continue;
            found.add(`${kind} ${name}`);
            for (const one of field.child ? [inner].flat() : [])
                walk(field.child.endsWith(':') ? field.child + (one?.['@type'] ?? one?.type) : field.child, one);
        }
    };
    walk(card.type === 'message' ? 'a.message' : card.type === 'AdaptiveCard' ? 'a.card' : 'm.card', card);
    return found;
}
test('fields: every one in a card by itself, check and conversion say the same of it, and docs/cards.md names it',
    () => {
    const fields = everyField();
    const rows = new Map([...readFileSync(join(here, '../../docs/cards.md'), 'utf8')
        .matchAll(/^\| ([am]\.[^ |]+) \| `([^`]+)` \| ([^|]*) \| ([^|]+) \| `([^`]+)` \| `([^`]+)` \|$/gm)].map(
            ([, kind, name, , conversion, named, picture]) => [`${kind} ${name}`, {conversion, named, picture}]));
    assert.deepEqual([...rows.keys()].sort(), fields.map(({kind, name}) => `${kind} ${name}`).sort());
    // What a row names is a card here that has the field, or this test; its picture is of a card that cards.render
    // draws, and that has it too.
    const has = new Map();
    const shows = (row, file) => {
        if (!has.has(file)) has.set(file, fieldsOf(JSON.parse(readFileSync(join(here, file), 'utf8')), fields));
        return has.get(file).has(row);
    };
    const missing = [...rows].filter(([row, {named, picture}]) => !(named === 'fields' || shows(row, `${named}.json`))
        || !shows(row, picture.startsWith('element-') ? `elements/${picture.slice('element-'.length)}.json`
            : `${picture}.json`));
    assert.deepEqual(missing.map(([row, {named, picture}]) => `${row}: ${named}, ${picture}`), []);
    agrees(fields.map(({kind, name, card: one}) => [`${kind} ${name}`, one]), 'workflow');
    const wrong = [];
    const adaptive = fields.filter(({kind}) => kind.startsWith('a.'));
    checked(adaptive.map((one) => one.card), 'connector').forEach((problems, i) => {
        const {kind, name, card: one} = adaptive[i];
        const refused = rows.get(`${kind} ${name}`).conversion === 'connector: refused';
        const says = problems.some(({severity}) => severity === 'error');
        const converts = card(['convert', '-', '--dialect', 'connector'], JSON.stringify(one)).status === 0;
        if (says !== refused || converts === refused)
            wrong.push(`${kind} ${name}: ${JSON.stringify(one)} ${JSON.stringify(problems)} ${converts}`);
    });
    assert.deepEqual(wrong, []);
});

test('every mistake of docs/cards.md names a case of the rules', () => {
    const table = readFileSync(join(here, '../../docs/cards.md'), 'utf8')
        .match(/\n## The most common mistakes\n[\s\S]*?\n\n\|([\s\S]*?)\n\n/)[1].split('\n').slice(2);
    assert.equal(table.length, 10);
    const rules = ['card_rules', 'fixtures/cards_message', 'fixtures/cards_adaptive', 'fixtures/cards_field']
        .map((name) => readFileSync(join(here, `../sql/${name}.sql`), 'utf8')).join('');
    for (const row of table) {
        const cases = [...row.split(' | ').at(-1).matchAll(/`([^`]+)`/g)].map(([, one]) => one);
        assert.ok(cases.length > 0, row);
        for (const one of cases) assert.ok(rules.includes(`('${one}',`), one);
    }
});

test('card check prints line, column, path and hint, and its exit code says whether the card may be sent', () => {
    const env = {PGUSER: 'postgres'};
    const clean = card(['check', '-'], JSON.stringify({'@type': 'MessageCard',
        '@context': 'https://schema.org/extensions', summary: 's', text: 't'}), env);
    assert.deepEqual([clean.status, clean.stdout, clean.stderr], [0, '', '']);
    const bad = card(['check', '-'], '{\n  "summary": "s",\n  "sections": [\n    {"facts": 17}\n  ]\n}', env);
    assert.equal(bad.status, 65);
    assert.match(bad.stdout,
        /^-:4:15: error: \$\.sections\[0\]\.facts: facts is a number, an array is needed\. Write /m);
    assert.equal(card(['check', '-'], '{"text": "a", }', env).status, 65);
    assert.equal(card(['check', join(folder, 'none.json')], '', env).status, 66);
    assert.equal(card(['convert', join(folder, 'none.json')], '').status, 66);
    assert.equal(card(['check', folder], '', env).status, 66, 'a folder is no file');
    const mark = card(['check', '-'], '\ufeff{"text": {}}', env);
    assert.match(mark.stdout, /^-:1:10: error: \$\.text: /, 'a byte order mark is none of the card');
    assert.match(card(['check', '-'], '{\n"text": "\\u0000"}', env).stderr,
        /^-:2:10: the card is not JSON: PostgreSQL cannot store \\u0000/);
    const latin = card(['convert', '-'], Buffer.from('{"text": "\xe4"}', 'latin1'));
    assert.deepEqual([latin.status, latin.stdout], [65, '']);
    const escaped = card(['check', '-'], '{"@type": "\\u001b[31mX\\n::error \\u009b", "text": "t"}', env);
    assert.match(escaped.stdout, /\\x1b\[31mX\\x0a::error \\x9b/);
    assert.doesNotMatch(escaped.stdout, /[\x1b\x9b]|^::error/m);
    const unknown = card(['check', '-', '--connector', 'nope'], '{"text": "a"}', env);
    assert.deepEqual([unknown.status, unknown.stderr.includes('nope')], [64, true]);
    assert.equal(card(['check'], '').status, 64);
    assert.equal(card(['check', '-', '--dialect', 'teams'], '').status, 64);
    writeFileSync(config, 'database = host=/nonexistent\nenvironment = development\n');
    assert.equal(card(['check', '-'], '{"text": "a"}', env).status, 69);
});

test('card convert and preview say that nothing is left of a card, and what is passed over', () => {
    for (const dialect of ['connector', 'workflow']) {
        for (const text of ['{"text": [], "sections": "x"}', '{"foo": 1}', '{"type": "AdaptiveCard", "version": "1.4"}',
            '["x"]']) {
            const done = card(['convert', '-', '--dialect', dialect], text);
            assert.deepEqual([done.status, done.stdout], [65, ''], text);
            assert.notEqual(done.stderr, '', text);
        }
    }
    assert.equal(card(['preview', '-'], '{"text": []}').status, 65);
    assert.match(card(['convert', '-', '--dialect', 'workflow'], '{"text": "t", "sections": "x"}').stderr,
        /^-:1:27: \$\.sections: lost: /);
});

test('card preview draws every element, or says that it does not', () => {
    const output = join(folder, 'e.html');
    const text = (value) => ({type: 'TextBlock', text: value});
    card(['preview', '-', '--dialect', 'workflow', '--output', output], JSON.stringify(adaptive(
        {type: 'Table', rows: [{type: 'TableRow', cells: [{type: 'TableCell', items: [text('in a cell')]}]}]},
        {type: 'RichTextBlock', inlines: ['a run', {type: 'TextRun', text: '<one more>'}]},
        {type: 'Input.Text', id: 'i', label: 'its label'}, {type: 'Carousel'},
        {type: 'ActionSet', actions: [{type: 'Action.ShowCard', title: 'more', card: adaptive(text('in a card'))}]})));
    const page = readFileSync(output, 'utf8');
    for (const shown of ['in a cell', 'a run&lt;one more&gt;', 'its label', '(Carousel: not drawn here)', 'more',
        'in a card']) assert.ok(page.includes(shown), shown);
});

test('card preview writes a page that fetches nothing and runs nothing', () => {
    const output = join(folder, 'p.html');
    const done = card(['preview', join(here, 'hostile-html.json'), '--dialect', 'workflow', '--output', output]);
    assert.deepEqual([done.status, done.stdout], [0, `${output}\n`]);
    const page = readFileSync(output, 'utf8');
    assert.match(page, /default-src 'none'/);
    assert.doesNotMatch(page, /<(script|img|iframe|svg)/);
});
