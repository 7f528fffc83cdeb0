// Cards from graphile-worker's queue to the sink. Each job carries path and card; with the local queue and batched
// completion. usage: node drain_graphile.mjs setup
//        node drain_graphile.mjs drain PORT CA COUNT JOBS QUEUE DELAY_MS [PROCESSES]     prints "rate <cards/s>"
// JOBS run at once over as many connections to the sink, QUEUE is localQueue.size, DELAY_MS completeJobBatchDelay; -1:
// without.
import {run, runMigrations, Logger} from 'graphile-worker';
import {drain} from './drain_sender.mjs';

const [what, port, ca, count, jobs, queue, delay, processes = '1'] = process.argv.slice(2);
const logger = new Logger(() => () => {});
const connectionString = `postgres://${process.env.PGUSER}@/${process.env.PGDATABASE}?host=${process.env.PGHOST}`;

if (what === 'setup') {
  await runMigrations({connectionString, logger});
} else {
  await drain({port, ca, connections: Number(jobs), count: Number(count), processes: Number(processes)},
      async (post) => {
    const runner = await run({
      preset: {
        worker: {
          connectionString, logger, concurrentJobs: Number(jobs), maxPoolSize: 10, pollInterval: 2000,
          ...(queue === '-1' ? {} : {localQueue: {size: Number(queue)}}),
          completeJobBatchDelay: Number(delay), failJobBatchDelay: Number(delay),
        },
      },
      noHandleSignals: true,
      taskList: {card: ({path, card}) => post(path, card)},
    });
    return () => runner.stop();
  });
}
