// The states of a pair in which it answers otherwise: each is brought about for real, and every operation asked in it.
'use strict';
const fs = require('fs');
const { OPERATIONS } = require('./cases');
const { start, until, sleep } = require('./pair');

const RATED = '- - rate=100000 burst=1000000\n';
const NAMES = Object.keys(OPERATIONS);
const CALLERS = NAMES.filter((name) => !OPERATIONS[name].probe);
const PROBES = NAMES.filter((name) => OPERATIONS[name].probe);
const STORE = ['listProducts', 'getProduct', 'listOrders', 'placeOrder', 'getOrder', 'cancelOrder'];
const READINESS = 'getReadiness';

const isProblem = (answer, type) => answer.body && answer.body.includes(`"urn:postern:problem:${type}"`);

// Asks each of the operations what it is asked in health; all must answer with that status and type.
function all(site, names, status, type, more) {
    return Promise.all(names.map((name) => site.send({
        operation: name, status, type, request: { ...OPERATIONS[name].request, ...more }, good: !more || undefined,
    })));
}

// The same one after the other, each until that answer comes: by then the state has reached it.
async function allUntil(site, names, status, type) {
    for (const name of names) {
        await until(`${status} ${type} of ${name}`, async () => {
            const { method, path, request } = OPERATIONS[name];
            return isProblem(await site.pair.ask(method, path, site.filled(request)), type);
        });
        await all(site, [name], status, type);
    }
}

async function denied(site) {
    await site.pair.consumers('- - denied\n', ({ status }) => status === 403);
    await all(site, CALLERS, 403, 'consumer-denied');
    await all(site, PROBES, 200);
    await all(site, CALLERS, 403, 'consumer-unidentified', { odd: true });
}

// A token comes back each second. Of several requests at once not all find one.
async function limited(site) {
    await site.pair.consumers('- - rate=1 burst=1\n', ({ status }) => status === 429);
    for (const name of CALLERS) {
        const { method, path, request } = OPERATIONS[name];
        const answer = await until(`429 of ${name}`, async () => {
            const answers = await Promise.all(Array.from({ length: 4 }, () => site.pair.ask(method, path, site.filled(request))));
            return answers.find(({ status }) => status === 429);
        });
        site.note({ operation: name, status: 429, type: 'rate-limited', request, good: true }, answer);
    }
    await site.pair.consumers(RATED, ({ status }) => status === 200);
}

// Starts a program that holds a lock, and says "locked" once it has it; what is returned ends it.
async function locked({ session, input }) {
    const child = start(...session, { cwd: '/', stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.write(input || '');
    await new Promise((resolve, reject) => {
        child.stdout.on('data', (part) => String(part).includes('locked') && resolve());
        child.on('error', reject).on('exit', () => reject(new Error(`${session[0]} ended`)));
    });
    return () => {
        child.stdin.end();
        return child.ended;
    };
}

const SQLITE_LOCKER = `import sqlite3, sys
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()`;

// Another program writes for longer than the store's deadline.
async function busy(site) {
    const release = await locked({ session: ['python3', ['-c', SQLITE_LOCKER, site.pair.at('postern.db')]] });
    await all(site, ['placeOrder'], 503, 'store-busy');
    await release();
    await site.pair.ready();
}

// The store's file is not where it was.
async function away(site) {
    fs.renameSync(site.pair.at('postern.db'), site.pair.at('away.db'));
    await allUntil(site, [...STORE, READINESS], 503, 'store-unavailable');
    fs.renameSync(site.pair.at('away.db'), site.pair.at('postern.db'));
    await site.pair.ready();
}

// The disk fails in a commit. What is written is struct faulty_disk of tests/faulty_disk.h: each sync of the log, EIO.
async function failing(site) {
    const disk = fs.openSync(site.pair.at('disk'), 'r+');
    const tell = (...numbers) => fs.writeSync(disk, Buffer.from(Uint32Array.from(numbers).buffer), 0, undefined, 0);
    tell(2, 2, 1, 5);
    await all(site, ['placeOrder'], 503, 'outcome-unknown');
    await allUntil(site, [READINESS], 503, 'store-unavailable');
    tell(0, 0, 0, 0);
    fs.closeSync(disk);
    await site.pair.ready();
}

async function tooLong(site) {
    const rows = Array.from({ length: 150 }, (_, i) => `${1000 + i},Product,${'d'.repeat(2000)},1,1`);
    fs.writeFileSync(site.pair.at('long.csv'), ['id,name,description,price,quantity', ...rows, ''].join('\n'));
    site.pair.command('import', site.pair.at('long.csv'));
    await all(site, ['listProducts'], 422, 'list-too-long');
}

// The health checks' own socket is not there, and the other one is: the application words the web server's refusal.
async function unprobed(site) {
    const socket = site.pair.at('postern.sock.probe');
    fs.renameSync(socket, `${socket}.away`);
    await all(site, PROBES, 503, 'service-unavailable');
    fs.renameSync(`${socket}.away`, socket);
    await site.pair.ready();
}

// Nobody takes the requests that wait at the application's sockets.
async function frozen(site) {
    await site.pair.impatient(1);
    site.pair.signal('SIGSTOP');
    await all(site, NAMES, 504, 'gateway-timeout');
    site.pair.signal('SIGCONT');
    await site.pair.ready();
}

async function killed(site) {
    site.pair.signal('SIGSTOP');
    const asked = all(site, NAMES, 500, 'internal-error');
    await until('the requests at the sockets', () => site.pair.queued() === NAMES.length);
    await sleep(300); // in which lighttpd writes what it connected for
    site.pair.signal('SIGKILL');
    await asked;
    await site.pair.restart();
}

async function leaving(site) {
    process.kill(site.pair.app.pid, 'SIGTERM');
    await allUntil(site, [READINESS], 503, 'draining');
    site.pair.signal('SIGKILL');
    await site.pair.app.ended;
    await allUntil(site, NAMES, 503, 'service-unavailable');
}

module.exports = {
    SERVING: [denied, limited, busy, away, failing, tooLong, unprobed],
    ENDING: [killed, frozen, leaving],
    locked, all, STORE,
};
