// Draws measured points as a picture: lines over a logarithmic x axis, in the colours of docs/images/states.svg.
// usage: node plot.mjs TITLE X_LABEL Y_LABEL [log] < POINTS > FILE.svg
// POINTS: lines "<series> <x> <y>", the points of a series in the order of x. log: the y axis is logarithmic, too.
import {readFileSync} from 'node:fs';

const [title, xLabel, yLabel, scale] = process.argv.slice(2);
const WIDTH = 640, HEIGHT = 340, LEFT = 70, RIGHT = 175, TOP = 46, BOTTOM = 56;
const series = new Map();
for (const line of readFileSync(0, 'utf8').trim().split('\n')) {
  const [name, x, y] = line.split(' ');
  series.set(name, [...(series.get(name) ?? []), {x: Number(x), y: Number(y)}]);
}
const points = [...series.values()].flat();
const escaped = (text) => String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const spoken = (value) => value.toLocaleString('en', {maximumFractionDigits: 2});

/** Ticks of a linear axis from 0: steps of 1, 2 or 5 times a power of ten, about five of them. */
function linearTicks(most) {
  const power = 10 ** Math.floor(Math.log10(most / 5));
  const step = power * [1, 2, 5, 10].find((factor) => (power * factor * 5) >= most);
  return Array.from({length: Math.ceil(most / step) + 1}, (_, i) => i * step);
}
const powers = (least, most) => {
  const from = Math.floor(Math.log10(least));
  return Array.from({length: Math.ceil(Math.log10(most)) - from + 1}, (_, i) => 10 ** (from + i));
};
const log = scale === 'log';
const ys = points.map(({y}) => y), xs = points.map(({x}) => x);
const yTicks = log ? powers(Math.min(...ys), Math.max(...ys)) : linearTicks(Math.max(...ys));
const xTicks = [...new Set(xs)].sort((a, b) => a - b);
const along = (value, ticks, logarithmic) => {
  const at = logarithmic ? Math.log10 : (v) => v;
  return (at(value) - at(ticks[0])) / (at(ticks.at(-1)) - at(ticks[0]));
};
const px = (x) => (LEFT + along(x, xTicks, true) * (WIDTH - LEFT - RIGHT)).toFixed(1);
const py = (y) => (HEIGHT - BOTTOM - along(y, yTicks, log) * (HEIGHT - TOP - BOTTOM)).toFixed(1);

const parts = [`<text class="head" x="${LEFT}" y="24">${escaped(title)}</text>`];
for (const tick of yTicks) {
  parts.push(`<path class="grid" d="M${LEFT} ${py(tick)}H${WIDTH - RIGHT}"/>`,
    `<text class="small" x="${LEFT - 8}" y="${Number(py(tick)) + 4}" text-anchor="end">${spoken(tick)}</text>`);
}
for (const tick of xTicks) {
  const y = HEIGHT - BOTTOM + 18;
  parts.push(`<text class="small" x="${px(tick)}" y="${y}" text-anchor="middle">${spoken(tick)}</text>`);
}
parts.push(`<text class="small" x="${LEFT}" y="${TOP - 8}">${escaped(yLabel)}</text>`,
  `<text class="small" x="${WIDTH - RIGHT}" y="${HEIGHT - 14}" text-anchor="end">${escaped(xLabel)}</text>`);
// Names stand beside the lines' ends, and apart from each other.
let names = [...series].map(([name, line], i) => ({name, i, y: Number(py(line.at(-1).y))})).sort((a, b) => a.y - b.y);
names.forEach((one, k) => { if (k > 0) one.y = Math.max(one.y, names[k - 1].y + 15); });
for (const {name, i, y} of names) {
  const line = series.get(name);
  parts.push(`<path class="line c${i}" d="M${line.map(({x, y: value}) => `${px(x)} ${py(value)}`).join('L')}"/>`,
    ...line.map(({x, y: value}) => `<circle class="dot c${i}" cx="${px(x)}" cy="${py(value)}" r="3"/>`),
    `<text class="name c${i}" x="${WIDTH - RIGHT + 10}" y="${y + 4}">${escaped(name.replaceAll('_', ' '))}</text>`);
}
const label = `${title}: ${[...series].map(([name, line]) =>
  `${name.replaceAll('_', ' ')} ${line.map(({x, y}) => `${spoken(y)} at ${spoken(x)}`).join(', ')}`).join('; ')}`;
const colours = (list) => list.map((colour, i) =>
  `.line.c${i},.dot.c${i}{stroke:${colour}}.dot.c${i},.name.c${i}{fill:${colour}}`).join('');
const size = `viewBox="0 0 ${WIDTH} ${HEIGHT}"`;
console.log(`<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="${escaped(label)}">
<title>${escaped(title)}</title><style>
text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#242424}
.small{font-size:11.5px;fill:#555}.head,.name{font-weight:600}.grid{stroke:#d8d8de}.line{fill:none;stroke-width:2}
${colours(['#5b5fc7', '#b3423a', '#3a8a44', '#a77b16'])}
@media (prefers-color-scheme:dark){text{fill:#eee}.small{fill:#bbb}.grid{stroke:#3a3a42}
${colours(['#9a9df0', '#d77a71', '#67b072', '#cfa649'])}}
</style>${parts.join('\n')}</svg>`);
