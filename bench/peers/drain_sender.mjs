// What the drain peers post cards with: undici, one pool of kept connections, the answer read to its end and judged.
import {readFileSync} from 'node:fs';
import {Pool} from 'undici';

// The sink's name is one that only curl knows how to look up.
export function sender(port, ca, connections) {
  const pool = new Pool(`https://127.0.0.1:${port}`, {
    connections, pipelining: 1, connect: {ca: readFileSync(ca), servername: 'sink.localhost'}});
  return async (path, card) => {
    const answer = await pool.request({path, method: 'POST', headers: {'content-type': 'application/json'}, body: card});
    if (answer.statusCode !== 200 || await answer.body.text() !== '1') throw new Error(`the sink answered ${answer.statusCode}`);
  };
}
