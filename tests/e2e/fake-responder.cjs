// A responder that goes wrong on purpose, for the server tests: what nginx and Apache then show and log is theirs
// alone. usage: fake-responder.cjs [SOCKET] without one, or "", it serves the listener on descriptor 0, as under
// mod_fcgid The last segment of the path says what goes wrong.
'use strict';
const net = require('net');
const fs = require('fs');

const END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6;

function record(type, id, content) {
    const header = Buffer.alloc(8);
    header.writeUInt8(1, 0);
    header.writeUInt8(type, 1);
    header.writeUInt16BE(id, 2);
    header.writeUInt16BE(content.length, 4);
    return Buffer.concat([header, content]);
}

function parseParams(bytes) {
    const params = {};
    let at = 0;
    const length = () => {
        if (bytes[at] < 128) return bytes[at++];
        at += 4;
        return bytes.readUInt32BE(at - 4) & 0x7fffffff;
    };
    while (at < bytes.length) {
        const name = length(), value = length();
        params[bytes.toString('utf8', at, at + name)] = bytes.toString('utf8', at + name, at + name + value);
        at += name + value;
    }
    return params;
}

const page = (more) => `Status: 200 OK\r\nContent-Type: text/plain\r\n${more}\r\nhalf of an answer`;

function answer(socket, id, params) {
    const uri = params.REQUEST_URI || '';
    const out = (text) => socket.write(record(STDOUT, id, Buffer.from(text)));
    const end = () =>
        socket.end(Buffer.concat([record(STDOUT, id, Buffer.alloc(0)), record(END, id, Buffer.alloc(8))]));
    switch (uri.split('?')[0].split('/').pop()) {
        case 'close': return socket.destroy();                                    // dies before it says anything
        case 'half': out(page('Content-Length: 100000\r\n')); return setTimeout(() => socket.destroy(), 100);
        case 'bad-header': out(`this is no header\r\n\r\nbody`); return end();
        case 'bad-status': out(`Status: twelve\r\n\r\nbody`); return end();
        case 'huge-header': out(page(`X-Long: ${'x'.repeat(60000)}\r\n`)); return end();
        case 'bad-record': return socket.end(`HTTP/1.1 200 OK\r\n\r\nno FastCGI at all`);
        default: out('Status: 200 OK\r\nContent-Type: text/plain\r\n\r\nthe whole answer'); return end();
    }
}

const server = net.createServer((socket) => {
    let bytes = Buffer.alloc(0);
    let params = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (more) => {
        bytes = Buffer.concat([bytes, more]);
        while (bytes.length >= 8) {
            const length = bytes.readUInt16BE(4), whole = 8 + length + bytes[6];
            if (bytes.length < whole) return;
            const type = bytes[1], id = bytes.readUInt16BE(2), content = bytes.subarray(8, 8 + length);
            bytes = bytes.subarray(whole);
            if (type === PARAMS) params = Buffer.concat([params, content]);
            if (type === STDIN && length === 0) answer(socket, id, parseParams(params));
        }
    });
});
process.on('SIGTERM', () => process.exit(0));
const path = process.argv[2];
if (path) {
    fs.rmSync(path, {force: true});
    server.listen(path, () => fs.chmodSync(path, 0o666));
} else {
    server.listen({fd: 0});
}
