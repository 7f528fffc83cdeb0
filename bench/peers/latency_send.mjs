// Commits cards evenly, each in its own transaction, and prints for each "<path> <ms since 1970 when its commit was
// answered>". usage: node latency_send.mjs o365|graphile RATE COUNT LANES CARD_FILE Card i goes to /hook/<i mod LANES +
// 1>, by o365.send or as a job of graphile-worker.
import {readFileSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import pg from 'pg';

const [to, rate, count, lanes, file] = process.argv.slice(2);
const card = readFileSync(file, 'utf8');
const pool = new pg.Pool({max: 8, min: 8});
const ids = to === 'o365'
  ? (await pool.query('SELECT subscription_id AS id FROM o365_internal.subscription ORDER BY 1'))
      .rows.map((row) => row.id) : [];
const statement = to === 'o365'
  ? {name: 'send', text: 'SELECT o365.send($1, $2)'}
  : {name: 'send',
      text: "SELECT graphile_worker.add_job('card', json_build_object('path', $1::text, 'card', $2::text))"};
const now = () => performance.timeOrigin + performance.now();
const begin = now() + 200;
const lines = [];
const sent = [];
for (let i = 0; i < Number(count); i += 1) {
  const wait = begin + (i * 1000) / Number(rate) - now();
  if (wait > 0) await sleep(wait);
  const lane = i % Number(lanes);
  const path = `/hook/${lane + 1}`;
  sent.push(pool.query({...statement, values: [ids[lane] ?? path, card]}).then(() => {
      lines.push(`${path} ${now().toFixed(2)}`);
  }));
}
await Promise.all(sent);
console.log(lines.join('\n'));
await pool.end();
