// Cards from pg-boss's queue to the sink, in batches that are fetched, posted at once and completed together.
// usage: node drain_pg_boss.mjs setup
//        node drain_pg_boss.mjs fill COUNT LANES CARD_FILE
//        node drain_pg_boss.mjs drain PORT CA COUNT BATCH WORKERS CONNECTIONS [PROCESSES]     prints "rate <cards/s>"
// BATCH is batchSize of boss.work, WORKERS its localConcurrency, CONNECTIONS those to the sink.
import {readFileSync} from 'node:fs';
import {PgBoss} from 'pg-boss';
import {drain} from './drain_sender.mjs';

const [what, ...rest] = process.argv.slice(2);
const open = async () => {
  const boss = new PgBoss({host: process.env.PGHOST, user: process.env.PGUSER, database: process.env.PGDATABASE,
      max: 10, schedule: false});
  boss.on('error', (error) => console.error(error.message));
  return boss.start();
};

if (what === 'drain') {
  const [port, ca, count, batch, workers, connections, processes = '1'] = rest;
  await drain({port, ca, connections: Number(connections), count: Number(count), processes: Number(processes)},
      async (post) => {
    const boss = await open();
    await boss.work('cards', {batchSize: Number(batch), localConcurrency: Number(workers), pollingIntervalSeconds: 0.5,
      burstWhenBatchFull: true}, (jobs) => Promise.all(jobs.map(({data}) => post(data.path, data.card)))
        .then(() => {}));
    return () => boss.stop();
  });
}
const boss = await open();
if (what === 'setup') await boss.createQueue('cards');
if (what === 'fill') {
  const [count, lanes, file] = rest;
  const card = readFileSync(file, 'utf8');
  for (let at = 0; at < Number(count); at += 5000) {
    await boss.insert('cards', Array.from({length: Math.min(5000, Number(count) - at)},
      (_, i) => ({data: {path: `/hook/${(at + i) % Number(lanes) + 1}`, card}})));
  }
}
await boss.stop();
process.exit(0);
