// Holds the running pair against fcgi-app/openapi.yaml, and the file against the program's tables. `make test-contract`
// calls it. Exit status 1, and every fault on a line, if they differ.
'use strict';
const fs = require('fs');
const path = require('path');
const { judge } = require('./judge');
const { lint } = require('./lint');
const { Pair } = require('./pair');
const { Site } = require('./site');
const { TOP, readSources } = require('./tables');
const { SERVING, ENDING } = require('./states');
const { postgresSite } = require('./postgres');
const { driftFaults } = require('./drifts');
const { clientFaults } = require('./clients');
const { spanFaults } = require('./spans');

const SHOWN = 40;

// The description as the program serves it, which must be the one of the tree.
async function served(pair) {
    const { body } = await pair.ask('GET', '/openapi.json', {});
    const file = JSON.parse(fs.readFileSync(path.join(TOP, 'fcgi-app/openapi.json'), 'utf8'));
    if (JSON.stringify(JSON.parse(body)) !== JSON.stringify(file)) throw new Error('GET /openapi.json is not fcgi-app/openapi.json');
    return file;
}

// Asks a pair on a SQLite store what is wanted of it, and then in each of the states.
async function sqliteSite(states, wanted) {
    const pair = await Pair.start({ POSTERN_DRAIN_MIN_MS: '10000' });
    const site = new Site(pair);
    try {
        await site.stock();
        await wanted(site);
        for (const state of states) await state(site);
    } catch (error) {
        error.message += `\n${pair.logs()}`;
        throw error;
    } finally {
        await pair.end();
    }
    return site;
}

async function health(site) {
    site.tree = await served(site.pair);
    await site.healthy();
    await site.besides();
}

async function main() {
    const file = path.join(TOP, 'fcgi-app/openapi.yaml');
    // Several pairs at once, for they mostly wait.
    const [found, clients, spans, site, ...more] = await Promise.all([lint(file), clientFaults(), spanFaults(), sqliteSite(SERVING, health),
        sqliteSite(ENDING, () => {}), postgresSite()]);
    site.exchanges.push(...more.flatMap(({ exchanges }) => exchanges));
    const sources = readSources();
    const faults = [...found, ...clients, ...spans, ...judge(site.tree, site, sources)];
    if (faults.length === 0) faults.push(...await driftFaults(site.tree, site, sources));
    for (const fault of faults.slice(0, SHOWN)) console.log(fault);
    if (faults.length > SHOWN) console.log(`and ${faults.length - SHOWN} more`);
    const operations = Object.values(site.tree.paths).flatMap((item) => Object.keys(item)).length;
    const answers = site.exchanges.length + site.beside.length;
    console.log(`${operations} operations, ${answers} answers, ${Object.keys(site.tree['x-problem-types']).length} problem types`);
    return faults.length ? 1 : 0;
}

main().then(process.exit, (error) => {
    console.error(`test-contract: ${process.env.V ? error.stack : error.message}`);
    process.exit(1);
});
