// What the drain peers share: how a card is posted and how a drain is timed.
import cluster from 'node:cluster';
import {readFileSync} from 'node:fs';
import {Pool} from 'undici';

// Posts cards by undici over a pool of kept connections; the answer is read to its end and judged. The sink's name is
// one that only curl knows how to look up.
function sender(port, ca, connections) {
  const pool = new Pool(`https://127.0.0.1:${port}`, {
    connections, pipelining: 1, connect: {ca: readFileSync(ca), servername: 'sink.localhost'}});
  return async (path, card) => {
    const answer = await pool.request({path, method: 'POST', headers: {'content-type': 'application/json'},
        body: card});
    if (answer.statusCode !== 200 || await answer.body.text() !== '1')
        throw new Error(`the sink answered ${answer.statusCode}`);
  };
}

// Runs `processes` processes that each call `start(post)`, which begins to take jobs and returns a function that ends
// it, until `count` cards are posted, and prints "rate <cards/s>". The clock runs from the first process that is ready
// to begin to the last answer: neither the start of Node nor the storing of the last completions is counted.
export async function drain({port, ca, connections, count, processes}, start) {
  if (processes > 1 && cluster.isPrimary) {
    let done = 0;
    let begin = Infinity;
    const workers = Array.from({length: processes}, () => cluster.fork());
    await new Promise((resolve) => {
      cluster.on('message', (_, message) => {
        begin = Math.min(begin, message.began ?? begin);
        done += message.done ?? 0;
        if (done === count) resolve();
      });
    });
    console.log(`rate ${(count / (Date.now() - begin) * 1000).toFixed(1)}`);
    await Promise.all(workers.map((worker) => new Promise((resolve) => {
        worker.on('exit', resolve);
        worker.send('stop');
    })));
    process.exit(0);
  }
  const post = sender(port, ca, connections);
  let finished;
  const all = new Promise((resolve) => { finished = resolve; });
  let done = 0;
  const begin = performance.now();
  if (cluster.isWorker) {
    process.send({began: Date.now()});
    let told = 0;
    setInterval(() => { if (done > told) process.send({done: done - told}); told = done; }, 5);
    process.on('message', finished);
  }
  const stop = await start(async (path, card) => {
    await post(path, card);
    done += 1;
    if (cluster.isPrimary && done === count) finished();
  });
  await all;
  if (cluster.isPrimary) console.log(`rate ${(count / (performance.now() - begin) * 1000).toFixed(1)}`);
  await stop();
  process.exit(0);
}
