// The far end of a campaign: answers `1` over TLS to whatever is posted and writes down, with its own clock, what it
// saw. It has no database and is never killed, so its record is the truth about what arrived.
// usage: node sink.mjs KEY-FILE CERTIFICATE-FILE LOG-FILE      prints its port; SIGTERM closes the log and ends it
//
// The log is append-only, a line an event, times in milliseconds of the machine's clock:
//   B <time> <request> <connection> <webhook>   a request began: its head is here. <webhook> is a digest of its path,
//   which is a secret R <time> <request> <card>                   its body is here whole: the card it carries
//   A <time> <request>                          the answer is about to be written
//   C <time> <request>                          the connection ended before that
import {createHash} from 'node:crypto';
import {createWriteStream, readFileSync} from 'node:fs';
import https from 'node:https';

const [key, cert, file] = process.argv.slice(2);
const log = createWriteStream(file, {flags: 'a'});
const write = (event, ...fields) => log.write(`${event} ${Date.now()} ${fields.join(' ')}\n`);

// Most answers are quick, some are not, so that a kill finds POSTs in every state. How long follows from the card
// alone.
function delay(card) {
    const dice = createHash('sha256').update(card).digest();
    const part = dice.readUInt16BE(2) / 65536;
    return dice[0] < 200 ? 40 * part : dice[0] < 245 ? 50 + 250 * part : 300 + 1200 * part;
}

let requests = 0;
let connections = 0;
const server = https.createServer({key: readFileSync(key), cert: readFileSync(cert), keepAliveTimeout: 60000}, (request, response) => {
    const number = ++requests;
    request.socket.number ??= ++connections;
    let answered = false;
    write('B', number, request.socket.number, createHash('sha256').update(request.url).digest('hex').slice(0, 16));
    response.on('close', () => { if (!answered) write('C', number); });
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (part) => { body += part; });
    request.on('end', () => {
        const {card} = JSON.parse(body);
        write('R', number, card);
        setTimeout(() => {
            if (response.destroyed) return;
            answered = true;
            write('A', number);  // before the client can know of it, so that its next POST never seems to overlap this one
            response.writeHead(200, {'Content-Type': 'text/plain'}).end('1');
        }, delay(card));
    });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.on('SIGTERM', () => log.end(() => process.exit(0)));
