// What a pair answers only with a PostgreSQL store, on a private server: an order whose first request has not ended,
// and reads that wait for a lock.
'use strict';
const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { OPERATIONS } = require('./cases');
const { Pair, makeFolder, start, until } = require('./pair');
const { Site } = require('./site');
const { all, locked, STORE } = require('./states');

const READS = STORE.filter((name) => OPERATIONS[name].method === 'GET');
const KEY = 'in-flight';
// As PostgreSQL's place_order locks a key: the consumer, a line end, the key.
const HOLD_KEY = `SELECT pg_advisory_xact_lock(hashtextextended('-' || chr(10) || '${KEY}', 0))`;
const HOLD_TABLES = 'LOCK TABLE products, orders IN ACCESS EXCLUSIVE MODE';

class Server {
    constructor() {
        const versions = fs.readdirSync('/usr/lib/postgresql').sort((a, b) => a - b);
        this.programs = `/usr/lib/postgresql/${versions.pop()}/bin`;
        this.folder = makeFolder();
        // It refuses to run as root.
        this.user = process.getuid() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
        if (this.user.length) spawnSync('chown', ['postgres:postgres', this.folder]);
        this.url = `postgresql://postern@/postgres?host=${this.folder}`;
    }

    words(program, ...rest) {
        const [first, ...others] = [...this.user, path.join(this.programs, program), ...rest];
        return [first, others];
    }

    async start() {
        const data = path.join(this.folder, 'data');
        const made = spawnSync(...this.words('initdb', '-D', data, '-U', 'postern', '-A', 'trust', '-N', '--locale=C.UTF-8'),
            { cwd: '/', encoding: 'utf8' });
        if (made.status !== 0) throw new Error(`initdb: ${made.error || made.stderr}`);
        this.process = start(...this.words('postgres', '-D', data, '-k', this.folder, '-c', 'listen_addresses=', '-F'),
            { cwd: '/', stdio: 'ignore' });
        await until('PostgreSQL', () => spawnSync(...this.words('pg_isready', '-q', '-h', this.folder)).status === 0);
    }

    session(...more) {
        return this.words('psql', '-q', '-t', '-h', this.folder, '-U', 'postern', '-v', 'ON_ERROR_STOP=1', ...more, 'postgres');
    }

    // The number that a query gives.
    ask(query) {
        return Number(spawnSync(...this.session('-c', query), { cwd: '/', encoding: 'utf8' }).stdout);
    }

    // A session that holds a lock until its standard input ends.
    locker(statement) {
        return { session: this.session(), input: `BEGIN;\n${statement};\n\\! echo locked\n` };
    }

    async stop() {
        if (this.process) {
            this.process.kill('SIGQUIT'); // which ends it at once
            await this.process.ended;
        }
    }
}

async function inFlight(site, server) {
    const release = await locked(server.locker(HOLD_KEY));
    await site.send({ operation: 'placeOrder', status: 409, type: 'idempotency-key-in-flight', good: true,
        request: { ...OPERATIONS.placeOrder.request, headers: { 'Idempotency-Key': KEY } } });
    await release();
}

async function waiting(site, server) {
    const release = await locked(server.locker(HOLD_TABLES));
    await all(site, READS, 503, 'store-busy');
    await release();
}

// Workers wait for a lock of PostgreSQL's: all but one.
async function stuck(site, server, status, type, then) {
    const release = await locked(server.locker(HOLD_TABLES));
    const asked = all(site, READS, status, type);
    await until('the reads that wait', () => server.ask('SELECT count(*) FROM pg_locks WHERE NOT granted') === READS.length);
    await then();
    await asked;
    await release();
}

async function states(site, server) {
    const { pair } = site;
    await inFlight(site, server);
    await waiting(site, server);
    await pair.restart({ POSTERN_STORE_TIMEOUT_MS: '12000' });
    await stuck(site, server, 500, 'internal-error', () => pair.killWorkers());
    await pair.impatient(2);
    await stuck(site, server, 504, 'gateway-timeout', () => {});
}

async function postgresSite() {
    const server = new Server();
    let pair;
    try {
        await server.start();
        pair = await Pair.start({ DATABASE_URL: server.url, POSTERN_WORKERS: String(READS.length + 1) });
        const site = new Site(pair);
        await site.stock();
        await pair.consumers('- - rate=1000 burst=1000\n', ({ headers }) => headers.ratelimit);
        await states(site, server);
        return site;
    } catch (error) {
        error.message += `\n${pair ? pair.logs() : ''}`;
        throw error;
    } finally {
        if (pair) await pair.end();
        await server.stop();
    }
}

module.exports = { postgresSite };
