// Cards from pg-boss's queue to the sink, in batches that are fetched, posted at once and completed together.
// usage: node drain_pg_boss.mjs setup
//        node drain_pg_boss.mjs fill COUNT LANES CARD_FILE
//        node drain_pg_boss.mjs drain PORT CA COUNT BATCH WORKERS CONNECTIONS     prints "rate <cards/s>"
// BATCH is batchSize of boss.work, WORKERS its localConcurrency, CONNECTIONS those to the sink. The clock runs from work() to the last
// answer; storing the last completions is not counted.
import {readFileSync} from 'node:fs';
import {PgBoss} from 'pg-boss';
import {sender} from './drain_sender.mjs';

const [what, ...rest] = process.argv.slice(2);
const boss = new PgBoss({host: process.env.PGHOST, user: process.env.PGUSER, database: process.env.PGDATABASE, max: 10,
  supervise: what === 'drain', schedule: false});
boss.on('error', (error) => console.error(error.message));
await boss.start();

if (what === 'setup') {
  await boss.createQueue('cards');
} else if (what === 'fill') {
  const [count, lanes, file] = rest;
  const card = readFileSync(file, 'utf8');
  for (let at = 0; at < Number(count); at += 5000) {
    const jobs = Array.from({length: Math.min(5000, Number(count) - at)}, (_, i) => ({data: {path: `/hook/${(at + i) % Number(lanes) + 1}`, card}}));
    await boss.insert('cards', jobs);
  }
} else {
  const [port, ca, count, batch, workers, connections] = rest;
  const post = sender(port, ca, Number(connections));
  let done = 0;
  let finished;
  const all = new Promise((resolve) => { finished = resolve; });
  const begin = performance.now();
  await boss.work('cards', {batchSize: Number(batch), localConcurrency: Number(workers), pollingIntervalSeconds: 0.5,
    burstWhenBatchFull: true}, async (jobs) => {
    await Promise.all(jobs.map(async ({data}) => {
      await post(data.path, data.card);
      done += 1;
      if (done === Number(count)) finished();
    }));
  });
  await all;
  console.log(`rate ${(Number(count) / (performance.now() - begin) * 1000).toFixed(1)}`);
}
await boss.stop();
process.exit(0);
