// Looks at the API reference that `make docs` built, in Chromium; `make test-browser` calls it. Exit status 1, and every
// fault on a line, if something is wrong. Its pictures are kept in PICTURES.
'use strict';
const [major] = process.versions.node.split('.').map(Number);
if (major < 20) {
    console.error(`make test-browser needs Node 20 or newer, and this is ${process.version}. Debian 13 has one; on Debian 12, `
        + 'put one into PATH.');
    process.exit(1);
}
const fs = require('fs');
const path = require('path');
const { freePort, makeFolder, start, until } = require('../contract/pair');
const { open, Look } = require('./look');

const TOP = path.resolve(__dirname, '../..');
const REFERENCE = path.join(TOP, 'build/reference');
const PICTURES = path.resolve(TOP, process.env.PICTURES || 'build/browser');
const START_MS = 60000;

// run-pair, as `make run` runs it, with a store of its own. The place is its address.
async function startPair() {
    const port = await freePort(), folder = makeFolder(), log = path.join(folder, 'run-pair.log');
    const out = fs.openSync(log, 'a');
    const pair = start(path.join(TOP, 'webserver-conf/run-pair'), [], { cwd: TOP, stdio: ['ignore', out, out],
        env: { ...process.env, PORT: String(port), VAR: path.join(folder, 'var'), DATABASE_URL: '', REFERENCE } });
    const said = () => fs.readFileSync(log, 'utf8');
    await until('the pair', () => {
        if (pair.exitCode !== null) throw new Error(`the pair ended: ${said()}`);
        return said().includes('Ctrl-C stops it');
    }, START_MS);
    return { pair, place: `http://127.0.0.1:${port}/`, said };
}

// Opens an operation, ready to be tried.
async function begin(look, tag, name) {
    const operation = look.operation(tag, name);
    await look.open([tag, name]);
    await operation.getByRole('button', { name: 'Try it out' }).click();
    return operation;
}

// Fills in what a person would, presses Execute, and returns what the page then shows: status, headers, body.
async function execute(operation, fields) {
    const answer = operation.locator('.live-responses-table tbody tr').first();
    if (await answer.count()) {
        await operation.getByRole('button', { name: 'Clear' }).click();
        await answer.waitFor({ state: 'detached' });
    }
    for (const [name, value] of Object.entries(fields)) await operation.getByRole('textbox', { name, exact: true }).fill(value);
    await operation.getByRole('button', { name: 'Execute' }).click();
    await answer.waitFor();
    const [shown, headers] = await answer.locator('pre').allInnerTexts();
    return { status: Number(await answer.locator('.response-col_status').innerText()), headers, body: JSON.parse(shown) };
}

function expect(faults, what, wanted, got) {
    if (JSON.stringify(wanted) !== JSON.stringify(got)) faults.push(`${what}: wanted ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`);
}

async function seeWhole(look, name) {
    const { faults, page } = look;
    await look.judge('at first');
    await look.picture(path.join(PICTURES, `${name}.png`));
    await look.open(['products', 'getProduct'], ['orders', 'placeOrder']);
    await look.judge('with two operations open');
    await look.operation('orders', 'placeOrder').evaluate((element) => element.scrollIntoView());
    await look.picture(path.join(PICTURES, `${name}-order.png`));
    expect(faults, 'what Swagger UI could not resolve', [], await page.locator('.errors-wrapper').allInnerTexts());
    const { wide, background } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth - innerWidth,
        background: getComputedStyle(document.body).backgroundColor }));
    if (wide > 0) faults.push(`the page is ${wide} pixels wider than its window`);
    expect(faults, 'background', name.startsWith('dark') ? 'rgb(28, 32, 34)' : 'rgb(255, 255, 255)', background);
}

async function tryProduct(look) {
    const { status, body } = await execute(await begin(look, 'products', 'getProduct'), { id: '2' });
    expect(look.faults, 'GET /products/2', [200, 2, 'Product 2'], [status, body.id, body.name]);
    await look.judge('with a product');
}

async function tryOrder(look) {
    const operation = await begin(look, 'orders', 'placeOrder');
    const fields = { 'Request body': JSON.stringify({ items: [{ product_id: 1, quantity: 2 }], reference: 'by clicks' }) };
    const first = await execute(operation, fields), second = await execute(operation, fields);
    const replayed = ({ headers }) => headers.includes('idempotent-replayed: true');
    expect(look.faults, 'an order and its repeat', [201, false, 201, true, first.body.id],
        [first.status, replayed(first), second.status, replayed(second), second.body.id]);
    await look.judge('with an order');
    await look.picture(path.join(PICTURES, 'tried.png'));
    const { body } = await execute(await begin(look, 'orders', 'listOrders'), {});
    expect(look.faults, 'the orders there are', [first.body.id], body.map(({ id }) => id));
}

// From a folder, without a server: there is nobody to try a request with.
async function seeFile(look) {
    await look.openAll();
    expect(look.faults, 'what Swagger UI could not resolve', [], await look.page.locator('.errors-wrapper').allInnerTexts());
    expect(look.faults, 'buttons to try with', 0, await look.page.getByRole('button', { name: 'Try it out' }).count());
    await look.judge('from a file');
    if (!await look.page.getByText('urn:postern:problem:out-of-stock').count()) look.faults.push('the problem types are missing');
}

// Whatever is planted, the look must see: else the checks above say nothing.
async function seePlanted(look) {
    const seen = [];
    look.faults = seen;
    await look.page.evaluate(() => {
        document.documentElement.removeAttribute('lang');
        const image = document.body.appendChild(document.createElement('img'));
        image.src = 'http://elsewhere.example/x.png';
        return fetch('/none').then(() => setTimeout(() => { throw new Error('planted'); }));
    });
    await look.judge('planted');
    const planted = [/axe html-has-lang/, /axe image-alt/, /console: .*elsewhere\.example/, /console: .*404/, /exception: planted/];
    // What the browser says of it may come later.
    const isSeen = (wanted) => seen.some((each) => wanted.test(each));
    for (let end = Date.now() + START_MS; !planted.every(isSeen) && Date.now() < end;) await look.page.waitForTimeout(50);
    look.faults = [];
    for (const wanted of planted) {
        if (!isSeen(wanted)) look.faults.push(`${wanted} was planted and not seen`);
    }
}

async function main() {
    fs.mkdirSync(PICTURES, { recursive: true });
    const folder = path.join(makeFolder(), 'any folder');
    fs.cpSync(REFERENCE, folder, { recursive: true });
    const { pair, place, said } = await startPair();
    const browser = await open();
    const served = `${place}reference/`, file = `file://${encodeURI(folder)}/`;
    const steps = [
        ['light', served, { colours: 'light' }, seeWhole],
        ['dark', served, { colours: 'dark' }, seeWhole],
        ['narrow', served, { width: 400 }, seeWhole],
        ['dark and narrow', served, { colours: 'dark', width: 400 }, seeWhole],
        ['a product by clicks', served, { also: [`${place}products`] }, tryProduct],
        ['an order by clicks', served, { also: [`${place}orders`] }, tryOrder],
        ['from a file', file, {}, seeFile],
        ['what is planted', served, {}, seePlanted],
    ];
    let failed = said().includes(`${place}reference/`) ? 0 : 1;
    if (failed) console.log(`make run does not say where the reference is: ${said()}`);
    for (const [name, address, options, step] of steps) {
        const look = await Look.at(browser, address, options);
        await step(look, name).catch((error) => look.faults.push(error.stack));
        for (const fault of look.faults) console.log(`${name}: ${fault}`);
        if (look.faults.length) failed += 1;
        await look.page.close();
    }
    await browser.close();
    process.kill(pair.pid, 'SIGTERM');
    await pair.ended;
    console.log(`the pictures are in ${path.relative(TOP, PICTURES)}/`);
    console.log(`browser: ${steps.length + 1 - failed} passed, ${failed} failed, 0 skipped`);
    return failed ? 1 : 0;
}

main().then(process.exit, (error) => {
    console.error(`test-browser: ${error.stack}`);
    process.exit(1);
});
