// The pair as real processes: postern on a store of its own, and lighttpd with this project's configuration.
'use strict';
const { spawn, spawnSync } = require('child_process');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const { ask } = require('./client');
const { TOP } = require('./tables');

const POSTERN = path.resolve(TOP, process.env.POSTERN || 'build/release/postern');
const FAULTY_DISK = path.resolve(TOP, process.env.FAULTY_DISK_LIBRARY || 'build/release/tests/faulty_disk.so');
const DEADLINE_MS = 60000, TICK_MS = 20;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Asks until what holds is true, and returns that.
async function until(what, holds) {
    for (let end = Date.now() + DEADLINE_MS; Date.now() < end; await sleep(TICK_MS)) {
        const value = await holds();
        if (value) return value;
    }
    throw new Error(`${what} did not come about in ${DEADLINE_MS / 1000} s`);
}

const given = new Set();

// A port that nobody listens on, and that no other pair was given.
async function freePort() {
    const port = await new Promise((resolve, reject) => {
        const server = net.createServer().on('error', reject);
        server.listen(0, '127.0.0.1', () => {
            const free = server.address().port;
            server.close(() => resolve(free));
        });
    });
    if (given.has(port)) return freePort();
    given.add(port);
    return port;
}

// What still runs when this program ends is killed, and what it wrote is removed, whatever ended it.
const running = new Set(), folders = [];
process.on('exit', () => {
    for (const child of running) {
        try {
            process.kill(-child.pid, 'SIGKILL');
        } catch (error) {
            if (error.code !== 'ESRCH') throw error;
        }
    }
    for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
});
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => process.exit(1));

// Starts a program in a process group of its own. Its member ended is fulfilled when it has.
function start(program, words, options) {
    const child = spawn(program, words, { ...options, detached: true });
    running.add(child);
    child.ended = new Promise((resolve) => child.on('exit', resolve).on('error', resolve)).then(() => running.delete(child));
    return child;
}

function makeFolder() {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'postern-contract.'));
    folders.push(folder);
    return folder;
}

class Pair {
    // settings are postern's, beside or in place of those that every pair here has.
    static async start(settings = {}) {
        const pair = new Pair();
        pair.folder = makeFolder();
        fs.mkdirSync(pair.at('uploads'));
        pair.port = await freePort();
        pair.oddPort = await freePort();
        pair.environment = {
            PATH: `${process.env.PATH}:/usr/sbin`, TZ: 'UTC', LANG: 'C.UTF-8',
            ACCESS_LOG: pair.at('access.log'), UPLOADS: pair.at('uploads'), WEBSERVER_CONF: pair.folder, PORT: String(pair.port),
            DATABASE_URL: `sqlite:${pair.at('postern.db')}`, POSTERN_SOCKET: pair.at('postern.sock'),
            POSTERN_CONSUMERS_FILE: pair.at('consumers'), POSTERN_ANSWER_KIB: '256', POSTERN_WORKERS: '2',
            POSTERN_QUIET_MS: '100', ...settings,
        };
        fs.writeFileSync(pair.at('consumers'), '');
        try {
            pair.command('migrate');
            pair.command('import', path.join(TOP, 'fcgi-app/demo.csv'));
            pair.startApp();
            pair.startWeb();
            await pair.ready();
        } catch (error) {
            error.message += `\n${pair.logs()}`;
            await pair.end();
            throw error;
        }
        return pair;
    }

    at(name) {
        return path.join(this.folder, name);
    }

    logs() {
        return ['postern.log', 'lighttpd.log'].filter((name) => fs.existsSync(this.at(name)))
            .map((name) => `${name} ends:\n${fs.readFileSync(this.at(name), 'utf8').slice(-500)}`).join('\n');
    }

    command(...words) {
        const done = spawnSync(POSTERN, words, { env: this.environment, encoding: 'utf8', timeout: DEADLINE_MS });
        if (done.status !== 0) throw new Error(`postern ${words[0]}: ${done.error || done.stderr}`);
    }

    spawn(log, program, words, more = {}) {
        const out = fs.openSync(this.at(log), 'a');
        const child = start(program, words, { env: { ...this.environment, ...more }, stdio: ['ignore', out, out] });
        fs.closeSync(out);
        return child;
    }

    // Writes and syncs of the store obey the file "disk", once there is something in it: see tests/faulty_disk.h.
    startApp() {
        this.app = this.spawn('postern.log', POSTERN, ['serve'], { LD_PRELOAD: FAULTY_DISK, FAULTY_DISK: this.at('disk') });
    }

    // lighttpd reads a copy of its configuration. It has a second port, where the caller's endpoint is named wrongly, and
    // if seconds is given it waits no longer for the application.
    startWeb(seconds) {
        const conf = path.join(TOP, 'webserver-conf');
        const shared = fs.readFileSync(path.join(conf, 'postern.conf'), 'utf8');
        fs.writeFileSync(this.at('postern.conf'), seconds ? shared.replace(/("read-timeout" =>) \d+/g, `$1 ${seconds}`) : shared);
        fs.cpSync(path.join(conf, 'errors'), this.at('errors'), { recursive: true });
        fs.writeFileSync(this.at('lighttpd.conf'), `${fs.readFileSync(path.join(conf, 'lighttpd-local.conf'), 'utf8')}
            $SERVER["socket"] == "127.0.0.1:${this.oddPort}" {
                setenv.set-environment = ("PP2_AWS_VPCE_ID" => "odd")
            }\n`);
        this.web = this.spawn('lighttpd.log', 'lighttpd', ['-D', '-f', this.at('lighttpd.conf')]);
    }

    async ready() {
        await until('readiness', async () => {
            if (this.app.exitCode !== null || this.web.exitCode !== null) throw new Error('one of the pair ended');
            return (await this.ask('GET', '/readyz', {}).catch(() => ({}))).status === 200;
        });
    }

    ask(method, route, request) {
        return ask(request.odd ? this.oddPort : this.port, method, route, request);
    }

    // Puts the consumers in force: the line of callers without an endpoint, or none.
    async consumers(line, inForce) {
        fs.writeFileSync(this.at('consumers.new'), line);
        fs.renameSync(this.at('consumers.new'), this.at('consumers'));
        process.kill(this.app.pid, 'SIGHUP');
        await until(`the consumers' line "${line}"`, async () => inForce(await this.ask('GET', '/products/1', {})));
    }

    // A signal for the application's processes, all of them.
    signal(name) {
        process.kill(-this.app.pid, name);
    }

    // Another application, with these settings beside the others.
    async restart(settings = {}) {
        await this.stop(this.app, 'SIGTERM');
        Object.assign(this.environment, settings);
        this.startApp();
        await this.ready();
    }

    // lighttpd anew, which waits no longer than that for the application.
    async impatient(seconds) {
        await this.stop(this.web, 'SIGINT');
        this.startWeb(seconds);
        await this.ready();
    }

    // Connections that nobody has taken yet, at any of the application's sockets: the kernel lists each under the path of
    // its socket. Those sockets themselves have the flag of one that listens.
    queued() {
        const lines = fs.readFileSync('/proc/net/unix', 'utf8').split('\n');
        return lines.filter((line) => line.includes(` ${this.at('postern.sock')}`) && line.split(/ +/)[3] !== '00010000').length;
    }

    // The workers die, and no other process.
    killWorkers() {
        const { pid } = this.app;
        for (const child of fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)) {
            if (fs.readFileSync(`/proc/${child}/comm`, 'utf8').startsWith('postern-worker')) process.kill(Number(child), 'SIGKILL');
        }
    }

    async stop(child, name) {
        if (!child || child.exitCode !== null || child.signalCode !== null) return;
        process.kill(child.pid, name);
        const late = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), DEADLINE_MS);
        await child.ended;
        clearTimeout(late);
    }

    async end() {
        await this.stop(this.web, 'SIGINT');
        if (this.app && this.app.exitCode === null && this.app.signalCode === null) this.signal('SIGKILL');
        if (this.app) await this.app.ended;
    }
}

module.exports = { Pair, freePort, makeFolder, start, until, sleep };
