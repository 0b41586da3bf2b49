// One HTTP/1.1 request, written byte by byte, so that nothing is sent that the test did not mean to send.
'use strict';
const net = require('net');

const DEADLINE_MS = 60000;

function parse(text) {
    const end = text.indexOf('\r\n\r\n');
    const [line, ...fields] = text.slice(0, end).split('\r\n');
    const status = Number((line.match(/^HTTP\/1\.[01] (\d\d\d) /) || [])[1]);
    if (end < 0 || !status) throw new Error(`no HTTP answer: ${JSON.stringify(text.slice(0, 200))}`);
    const headers = {};
    for (const field of fields) {
        const name = field.slice(0, field.indexOf(':')).toLowerCase();
        if (headers[name] !== undefined) throw new Error(`the header ${name} is there twice`);
        headers[name] = field.slice(field.indexOf(':') + 1).trim();
    }
    return { status, headers, body: text.slice(end + 4) };
}

function target(route, { path = {}, query = {} }) {
    const pairs = Object.entries(query).map(([name, value]) => (value === '' ? name : `${name}=${encodeURIComponent(value)}`));
    const filled = route.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(path[name]));
    return filled + (pairs.length ? `?${pairs.join('&')}` : '');
}

// Sends a request and reads the whole answer; the connection ends after it. A request is { path, query, headers, json,
// or body }; line, if it is there, stands in the place of the request line.
function ask(port, method, route, request) {
    const body = request.json !== undefined ? JSON.stringify(request.json) : request.body;
    const headers = { Host: '127.0.0.1', Connection: 'close' };
    if ((body !== undefined || method === 'POST') && !request.lengthless) headers['Content-Length'] = Buffer.byteLength(body || '');
    if (request.json !== undefined) headers['Content-Type'] = 'application/json';
    Object.assign(headers, request.headers);
    const head = [request.line || `${method} ${target(route, request)} HTTP/1.1`,
        ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join('\r\n');
    return new Promise((resolve, reject) => {
        const socket = net.connect(port, '127.0.0.1');
        const parts = [];
        socket.setTimeout(DEADLINE_MS, () => socket.destroy(new Error(`no answer in ${DEADLINE_MS / 1000} s`)));
        socket.on('data', (part) => parts.push(part));
        socket.on('error', reject);
        socket.on('end', () => {
            socket.end();
            try {
                resolve(parse(Buffer.concat(parts).toString('utf8')));
            } catch (error) {
                reject(error);
            }
        });
        socket.write(`${head}\r\n\r\n${body === undefined ? '' : body}`);
    });
}

module.exports = { ask };
