// A pool of Node's that keeps connections: prints what went wrong, and how a connection was used. Arguments: the port,
// the seconds that lighttpd tells (Keep-Alive), and those after which it ends an idle connection.
'use strict';
const http = require('http');
const [port, told, idle] = process.argv.slice(2).map(Number);
const CALLERS = 40, TURNS = 4;
// Node heeds what is told if the agent has a longer timeout of its own; http.globalAgent's is 5 s.
const OPTIONS = { keepAlive: true, maxSockets: 1, timeout: 60000 };

function get(agent) { // the local port of the connection that carried it
    return new Promise((resolve, reject) => {
        http.get({ port, host: '127.0.0.1', path: '/products/1', agent }, (answer) => {
            const { localPort } = answer.socket;
            answer.resume();
            answer.on('end', () => (answer.statusCode === 200 ? resolve(localPort) : reject(new Error(answer.statusCode))));
        }).on('error', reject);
    });
}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

// Between what is told and the end, no connection may be used again; before that, it is.
async function heeds() {
    const agent = new http.Agent(OPTIONS);
    const first = await get(agent);
    await pause(0.1);
    const second = await get(agent);
    await pause((told + idle) / 2);
    const third = await get(agent);
    agent.destroy();
    if (first !== second) throw new Error('a connection was not kept at all');
    if (second === third) throw new Error('a connection was used after the time that Keep-Alive tells');
}

async function caller() {
    const agent = new http.Agent(OPTIONS);
    for (let turn = 0; turn < TURNS; turn++) {
        await get(agent);
        await pause(Math.random() * (idle + 1));
    }
    agent.destroy();
}

Promise.all([heeds(), ...Array.from({ length: CALLERS }, caller)])
    .then(() => console.log(`pools: Node: ${CALLERS * TURNS} requests after pauses, none failed`))
    .catch((error) => { console.error(`pools: Node: ${error.code || ''} ${error.message}`); process.exit(1); });
