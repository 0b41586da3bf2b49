// The clients: one that is made of what GET /openapi.json says, and those of fcgi-app/clients/, under which the pair is
// killed. Each must have its one order at the end.
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');
const { Pair, start, until } = require('./pair');
const { TOP } = require('./tables');

const CLIENTS = path.join(TOP, 'fcgi-app/clients');
const COMMANDS = { 'order.sh': [], 'order.py': ['python3'], 'order.mjs': [process.execPath] };
const TRIES = 40; // as many as a busy machine may need
const EARLY_MS = 20; // by which a clock may be off

// Runs a program: its exit status, and what it wrote.
async function run(words, options = {}) {
    const child = start(words[0], words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const done = { out: '', err: '' };
    child.stdout.on('data', (part) => { done.out += part; });
    child.stderr.on('data', (part) => { done.err += part; });
    await new Promise((resolve) => child.on('close', resolve).on('error', resolve));
    return { ...done, status: child.exitCode };
}

// Stands between a client and the pair, passes on what they say, and notes it. Until it is opened, a client's connection
// ends where it should get its 201. What it cannot pass on ends the connection, too.
class Gate {
    static async before(pair) {
        const gate = new Gate();
        gate.tries = [];
        gate.opened = false;
        gate.server = http.createServer((request, answer) => gate.pass(pair, request, answer));
        await new Promise((resolve) => gate.server.listen(0, '127.0.0.1', resolve));
        gate.address = `http://127.0.0.1:${gate.server.address().port}`;
        return gate;
    }

    async pass(pair, request, answer) {
        const tried = { came: Date.now(), key: request.headers['idempotency-key'] };
        this.tries.push(tried);
        try {
            let body = '';
            for await (const part of request) body += part;
            const headers = { 'Content-Type': request.headers['content-type'], 'Idempotency-Key': tried.key };
            Object.assign(tried, await pair.ask(request.method, request.url, { body, headers }));
            if (tried.status === 201 && !this.opened) throw new Error('cut');
            answer.writeHead(tried.status, { ...tried.headers, connection: 'close' }).end(tried.body);
        } catch {
            request.socket.destroy();
        }
        tried.left = Date.now();
    }

    saw(status) {
        return this.tries.some((each) => each.status === status);
    }
}

const called = (name, ...words) => run([...COMMANDS[name], path.join(CLIENTS, name), ...words]);
const order = (name, product = 1) => JSON.stringify({ items: [{ product_id: product, quantity: 1 }], reference: name });

function orderFaults(name, gate, { status, out, err }, placed) {
    const faults = [], { tries } = gate, last = tries.at(-1), own = placed.filter(({ reference }) => reference === name);
    const expect = (holds, what) => { if (!holds) faults.push(`clients/${name}: ${what}`); };
    expect(status === 0, `exit status ${status}: ${err}`);
    expect(new Set(tries.map(({ key }) => key)).size === 1, 'its tries have several keys');
    expect(tries.every(({ left }, i) => {
        const after = tries[i].headers && tries[i].headers['retry-after'];
        return !after || i + 1 === tries.length || tries[i + 1].came - left >= after * 1000 - EARLY_MS;
    }), 'it came back before Retry-After was over');
    expect(last.headers && last.headers['idempotent-replayed'] === 'true', 'its last answer is no replay');
    expect(own.length === 1, `it placed ${own.length} orders, not one`);
    expect(status !== 0 || JSON.parse(out).id === own[0].id, `it printed ${out}`);
    return faults;
}

// The application is dead, then the rate is used up, then every 201 is lost, then both of the pair are killed.
async function killedUnder(pair, gates) {
    const all = Object.values(gates);
    pair.signal('SIGKILL');
    await pair.app.ended;
    const runs = Object.keys(gates).map((name) => called(name, gates[name].address, order(name), TRIES));
    await until('a 503 for each client', () => all.every((gate) => gate.saw(503)));
    fs.writeFileSync(pair.at('consumers'), '- - rate=1 burst=1\n');
    pair.startApp();
    await until('a 429 for each client', async () => {
        await pair.ask('GET', '/products/1', {});
        return all.every((gate) => gate.saw(429));
    });
    await pair.consumers('', ({ headers }) => !headers.ratelimit);
    await until('a lost 201 for each client', () => all.every((gate) => gate.saw(201)));
    pair.signal('SIGKILL');
    await pair.stop(pair.web, 'SIGKILL');
    await pair.app.ended;
    for (const gate of all) gate.opened = true;
    pair.startApp();
    pair.startWeb();
    await pair.ready();
    const done = await Promise.all(runs);
    const placed = JSON.parse((await pair.ask('GET', '/orders', {})).body);
    return Object.keys(gates).flatMap((name, i) => orderFaults(name, gates[name], done[i], placed));
}

// What is refused is sent once, and what breaks each time, as often as was said.
async function bounded(pair, name) {
    const refusing = await Gate.before(pair), breaking = await Gate.before(pair);
    const [refused, broken] = await Promise.all([called(name, refusing.address, order(name, 99)),
        called(name, breaking.address, order(`${name}, broken`), 2)]);
    const faults = [];
    if (refused.status !== 1 || refusing.tries.length !== 1 || !refused.err.includes('/items/0/product_id')) {
        faults.push(`clients/${name}: refused, it tried ${refusing.tries.length} times, ended with ${refused.status}: ${refused.err}`);
    }
    if (broken.status !== 2 || breaking.tries.length !== 2 || !broken.err.includes(breaking.tries[0].key)) {
        faults.push(`clients/${name}: broken off, it tried ${breaking.tries.length} times, ended with ${broken.status}: ${broken.err}`);
    }
    return faults;
}

// As somebody would who has the address of the description alone.
async function made(pair) {
    const modules = path.resolve(require.resolve('openapi-typescript/package.json'), '../..');
    const folder = path.join(modules, '../made'), address = `http://127.0.0.1:${pair.port}`;
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder);
    fs.copyFileSync(path.join(__dirname, 'made.mts'), path.join(folder, 'made.mts'));
    const steps = [
        [path.join(modules, 'openapi-typescript/bin/cli.js'), `${address}/openapi.json`, '-o', 'openapi.ts'],
        [path.join(modules, 'typescript/bin/tsc'), '--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess',
            '--noUnusedLocals', '--target', 'es2022', '--lib', 'es2022,dom', '--module', 'nodenext',
            '--rewriteRelativeImportExtensions', 'made.mts'],
        ['made.mjs', address],
    ];
    for (const words of steps) {
        const { status, out, err } = await run([process.execPath, ...words], { cwd: folder });
        if (status !== 0) return [`the client that was made of the description: ${path.basename(words[0])}: ${out}${err}`];
        if (words === steps.at(-1) && !/^\{"id":"[0-9a-f-]{36}","total":9.99,"status":"confirmed"\}$/m.test(out)) {
            return [`the client that was made of the description printed ${out}`];
        }
    }
    return [];
}

// What is wrong with the clients, in words.
async function clientFaults() {
    const pair = await Pair.start();
    try {
        const names = fs.readdirSync(CLIENTS);
        const unknown = names.filter((name) => !COMMANDS[name]);
        if (unknown.length || names.length === 0) return [`nobody runs clients/${unknown}; see COMMANDS in tests/contract/clients.js`];
        const faults = (await Promise.all([made(pair), ...names.map((name) => bounded(pair, name))])).flat();
        const gates = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await Gate.before(pair)])));
        faults.push(...await killedUnder(pair, gates));
        if (faults.length === 0) console.log(`${names.length} clients, under which the pair was killed, and one made of the description`);
        return faults;
    } catch (error) {
        error.message += `\n${pair.logs()}`;
        throw error;
    } finally {
        await pair.end();
    }
}

module.exports = { clientFaults };
