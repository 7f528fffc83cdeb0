// Cards from graphile-worker's queue to the sink. Each job carries path and card; with the local queue and batched completion.
// usage: node drain_graphile.mjs setup
//        node drain_graphile.mjs drain PORT CA COUNT JOBS QUEUE [DELAY_MS]     prints "rate <cards/s>"
// JOBS run at once over as many connections to the sink, QUEUE is localQueue.size, DELAY_MS completeJobBatchDelay.
// The clock runs from the start of the worker to the last answer; storing the last completions is not counted.
import {run, runMigrations, Logger} from 'graphile-worker';
import {sender} from './drain_sender.mjs';

const [what, port, ca, count, jobs, queue, delay = '0'] = process.argv.slice(2);
const logger = new Logger(() => () => {});
const connectionString = `postgres://${process.env.PGUSER}@/${process.env.PGDATABASE}?host=${process.env.PGHOST}`;

if (what === 'setup') {
  await runMigrations({connectionString, logger});
} else {
  const post = sender(port, ca, Number(jobs));
  let done = 0;
  let finished;
  const all = new Promise((resolve) => { finished = resolve; });
  const begin = performance.now();
  const runner = await run({
    preset: {
      worker: {
        connectionString, logger, concurrentJobs: Number(jobs), maxPoolSize: 10, pollInterval: 2000,
        localQueue: {size: Number(queue)}, completeJobBatchDelay: Number(delay), failJobBatchDelay: Number(delay),
      },
    },
    noHandleSignals: true,
    taskList: {
      card: async ({path, card}) => {
        await post(path, card);
        done += 1;
        if (done === Number(count)) finished();
      },
    },
  });
  await all;
  console.log(`rate ${(Number(count) / (performance.now() - begin) * 1000).toFixed(1)}`);
  await runner.stop();
  process.exit(0);
}
