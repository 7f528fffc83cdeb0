// The callback as a Node service: fastify behind nginx, pg to the database. One statement a callback, prepared once a
// connection. usage: node callback_node.mjs params|copy SOCKET CONNECTIONS [PROCESSES] environment: PGHOST, PGUSER,
// PGDATABASE params: everything as bind parameters of peer.callback, so that a server which logs them has the webhook
// in its log. copy: the way we do it, COPY o365_programs.callback in binary form by pg-copy-streams and a SELECT of the
// outcome, both on one connection. CONNECTIONS is the size of each process's pool.
import cluster from 'node:cluster';
import {createHash, randomBytes} from 'node:crypto';
import Fastify from 'fastify';
import pg from 'pg';
import {from as copyFrom} from 'pg-copy-streams';

const [way, socket, connections, processes = '1'] = process.argv.slice(2);
const paths = {params: '/node', copy: '/node-copy'};

const sha256 = (text) => createHash('sha256').update(text).digest();

// Signature, flags, no header extension, field count, fields, trailer: the format of COPY BINARY.
const copyHead = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
function copyRow(values) {
  const fields = values.map((value) => (typeof value === 'string' ? Buffer.from(value) : value));
  const row = Buffer.allocUnsafe(copyHead.length + 4 + fields.reduce((sum, field) => sum + 4 + field.length, 0));
  let at = copyHead.copy(row);
  at = row.writeInt16BE(fields.length, at);
  for (const field of fields) {
    at = row.writeInt32BE(field.length, at);
    at += field.copy(row, at);
  }
  row.writeInt16BE(-1, at);
  return row;
}

const pool = new pg.Pool({max: Number(connections), min: Number(connections)});

async function storeByParameters(id, hit) {
  const answer = await pool.query({
    name: 'callback',
    text: 'SELECT peer.callback($1, $2, $3, $4, $5, $6, $7, $8) AS public_id',
    values: [hit.stateHash, hit.cookieHash, id, hit.host, hit.webhook, hit.user, hit.appType, hit.group],
  });
  const publicId = answer.rows[0].public_id;
  return publicId && `http://localhost/connect/bench/done/${publicId}`;
}

async function storeByCopy(id, hit) {
  const client = await pool.connect();
  try {
    const stream = client.query(copyFrom(
      'COPY o365_programs.callback (slug, request_id, state_hash, cookie_hash, webhook_host, webhook_port, '
          + 'webhook_url, user_object_id, app_type, '
      + 'group_name) FROM STDIN (FORMAT binary)'));
    const stored = new Promise((resolve, reject) => stream.on('finish', resolve).on('error', reject));
    stream.end(copyRow(['bench', id, hit.stateHash, hit.cookieHash, hit.host, '443', hit.webhook, hit.user, hit.appType,
        hit.group]));
    // Queued behind the COPY, sent when it has ended: pg pipelines no COPY.
    const [answer] = await Promise.all([
      client.query({name: 'outcome', text: 'SELECT o365_programs.responder_callback_outcome($1) AS page',
          values: [id]}), stored]);
    const page = answer.rows[0].page;
    return page.outcome === 'connected' && page.location;
  } finally {
    client.release();
  }
}

async function serve() {
  const store = way === 'copy' ? storeByCopy : storeByParameters;
  const app = Fastify({logger: false});
  app.get(paths[way], async (request, reply) => {
    const {state, webhook_url: webhook, group_name: group, user_objectId: user, app_type: appType} = request.query;
    const url = URL.parse(webhook);
    const name = `__Host-o365-${sha256(state).toString('hex').slice(0, 8)}=`;
    const cookie = (request.headers.cookie ?? '').split('; ').find((pair) => pair.startsWith(name))?.slice(name.length);
    if (typeof state !== 'string' || url?.protocol !== 'https:' || url.hostname !== 'outlook.office.com'
        || cookie === undefined)
      return reply.code(400).send('bad callback');
    const id = `r-${randomBytes(8).toString('hex')}`;
    const location = await store(id, {
      stateHash: sha256(state), cookieHash: sha256(cookie), host: url.hostname, webhook, group, user, appType});
    return location ? reply.redirect(location, 302) : reply.code(400).send('refused');
  });
  await app.listen({path: socket});
}

if (cluster.isPrimary && processes !== '1') {
  for (let i = 0; i < Number(processes); i += 1) cluster.fork();
  process.on('SIGTERM', () => process.exit(0));
} else {
  await serve();
}
