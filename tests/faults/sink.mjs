// The far end of a campaign: answers `1` over TLS to whatever is posted and writes down, with its own clock, what it
// saw. It has no database and is never killed, so its record is the truth about what arrived.
// usage: node sink.mjs KEY-FILE CERTIFICATE-FILE LOG-FILE [WINDOWS] [WINDOWS-OF-BOTS]
//        WINDOWS   such as 4:2,60:60: of more than 4 POSTs of a webhook in any 2 seconds, or 60 in 60, it takes none,
//                  and says so as Microsoft does, inside a 200. Without, it takes all.
//        WINDOWS-OF-BOTS   the same of a bot, which posts for all flows below /bots/<bot>/: they have no others
//        prints its port; SIGTERM closes the log and ends it
//
// The log is append-only, a line an event, times in milliseconds of the machine's clock:
//   B <time> <request> <connection> <webhook> [<bot>]
//                                               a request began: its head is here. <webhook> is a digest of its path,
//                                               which is a secret
//   R <time> <request> <cards>                  its body is here whole: the card it carries, or all that a digest shows
//   T <time> <request>                          it is not taken: there were too many
//   A <time> <request>                          the answer is about to be written
//   C <time> <request>                          the connection ended before that
import {createHash} from 'node:crypto';
import {createWriteStream, readFileSync} from 'node:fs';
import https from 'node:https';

const [key, cert, file, ...limits] = process.argv.slice(2);
const log = createWriteStream(file, {flags: 'a'});
const write = (event, ...fields) => log.write(`${event} ${Date.now()} ${fields.join(' ')}\n`);
const [ofWebhooks, ofBots] = [0, 1].map((i) => (limits[i] ?? '').split(',').filter(Boolean).map((window) => {
    const [posts, seconds] = window.split(':').map(Number);
    return {posts, ms: seconds * 1000};
}));
const most = Math.max(0, ...[...ofWebhooks, ...ofBots].map(({posts}) => posts));
const THROTTLED = 'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429'
    + ' with ContextId tcid=0,server=msgapi-faults,cv=0';

// Most answers are quick, some are not, so that a kill finds POSTs in every state. How long follows from the card
// alone.
function delay(card) {
    const dice = createHash('sha256').update(card).digest();
    const part = dice.readUInt16BE(2) / 65536;
    return dice[0] < 200 ? 40 * part : dice[0] < 245 ? 50 + 250 * part : 300 + 1200 * part;
}

const begun = new Map();  // webhook, or bot -> when its last POSTs began
function isTooMany(whose, windows, now) {
    const times = begun.get(whose) ?? [];
    const full = windows.some(({posts, ms}) => times.length >= posts && now - times[times.length - posts] < ms);
    times.push(now);
    if (times.length > most) times.shift();
    begun.set(whose, times);
    return full;
}

let requests = 0;
let connections = 0;
const identity = {key: readFileSync(key), cert: readFileSync(cert), keepAliveTimeout: 60000};
const server = https.createServer(identity, (request, response) => {
    const number = ++requests, now = Date.now();
    request.socket.number ??= ++connections;
    let answered = false;
    const webhook = createHash('sha256').update(request.url).digest('hex').slice(0, 16);
    const bot = request.url.match(/^\/bots\/([^/]+)\//)?.[1];
    log.write(`B ${now} ${number} ${request.socket.number} ${webhook}${bot ? ` ${bot}` : ''}\n`);
    const throttled = isTooMany(bot ?? webhook, bot ? ofBots : ofWebhooks, now);
    response.on('close', () => { if (!answered) write('C', number); });
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (part) => { body += part; });
    request.on('end', () => {
        const cards = [...new Set([...body.matchAll(/card (\d+\.\d+)/g)].map(([, card]) => card))];
        write('R', number, cards.join(','));
        if (throttled) write('T', number);
        setTimeout(() => {
            if (response.destroyed) return;
            answered = true;
            // Before the client can know of it, so that its next POST never seems to overlap this one.
            write('A', number);
            if (bot) response.writeHead(throttled ? 429 : 202).end();
            else response.writeHead(200, {'Content-Type': 'text/plain'}).end(throttled ? THROTTLED : '1');
        }, delay(cards[0] ?? ''));
    });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.on('SIGTERM', () => log.end(() => process.exit(0)));
