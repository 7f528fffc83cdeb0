// Reads the counters of a build with --coverage and prints how many lines of lib, worker and fcgi were run.
// usage: node tests/coverage.mjs BUILD-FOLDER WHAT LEAST [--files]      LEAST: fails below so many % of all lines
import {execFileSync} from 'node:child_process';
import {readdirSync, realpathSync} from 'node:fs';
import {join, relative, resolve} from 'node:path';

const [build, what, least, ...options] = process.argv.slice(2);
const root = realpathSync(join(import.meta.dirname, '..'));

// Every object of the libraries and programs, and of the unit tests, which the templates of headers are in. What was
// never run has no counters: gcov then says 0 for each line.
const notes = readdirSync(build, {recursive: true})
    .filter((name) => /CMakeFiles\/(o365|\w+_tests\.dir).*\.gcno$/.test(name)
        && !/CMakeFiles\/(o365.)?sandbox/.test(name));
const lines = new Map();  // by file: by number, whether it was run. A header is in several objects.
for (const name of notes) {
    const text = execFileSync('gcov', ['--json-format', '--stdout', join(build, name)],
        {encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore']});
    for (const one of text.split('\n').filter((line) => line.startsWith('{'))
        .flatMap((line) => JSON.parse(line).files)) {
        const file = relative(root, resolve(build, one.file));
        if (!/^(lib|worker|fcgi)\//.test(file)) continue;
        if (!lines.has(file)) lines.set(file, new Map());
        const known = lines.get(file);
        for (const {line_number: number, count} of one.lines) known.set(number, known.get(number) || count > 0);
    }
}
if (lines.size < 80)
    throw new Error(`only ${lines.size} sources have counters: is ${build} a build of the preset coverage?`);

const sums = new Map();
const add = (name, run, all) => {
    const sum = sums.get(name) ?? {run: 0, all: 0};
    sums.set(name, {run: sum.run + run, all: sum.all + all});
};
const show = (name, {run, all}) => console.log(`${name.padEnd(36)} ${String(run).padStart(5)} of `
    + `${String(all).padStart(5)} lines ${(100 * run / all).toFixed(1).padStart(6)} %`);
console.log(`coverage: ${what}`);
for (const [file, known] of [...lines].sort()) {
    const run = [...known.values()].filter(Boolean).length;
    if (options.includes('--files')) show(file, {run, all: known.size});
    add(file.split('/').slice(0, file.startsWith('lib/') ? 2 : 1).join('/'), run, known.size);
    add('all', run, known.size);
}
for (const [name, sum] of sums) if (name !== 'all') show(name, sum);
show('all', sums.get('all'));
const percent = 100 * sums.get('all').run / sums.get('all').all;
if (percent < Number(least)) {
    console.error(`coverage: ${percent.toFixed(1)} % of all lines, at least ${least} % are wanted`);
    process.exit(1);
}
