// A pair, and all that it was asked and answered.
'use strict';
const fs = require('fs');
const { OPERATIONS, BESIDE, MANY, rows } = require('./cases');

class Site {
    constructor(pair) {
        this.pair = pair;
        this.exchanges = [];
        this.beside = [];
    }

    // ORDER stands for an order of the caller's.
    filled(request) {
        return JSON.parse(JSON.stringify(request).replace(/"ORDER"/g, JSON.stringify(this.order)));
    }

    note(row, answer) {
        this.exchanges.push({ ...row, request: this.filled(row.request), answer });
    }

    async send(row) {
        const { method, path } = OPERATIONS[row.operation];
        try {
            this.note(row, await this.pair.ask(method, path, this.filled(row.request)));
        } catch (error) {
            throw new Error(`${row.operation}, for ${row.status}: ${error.message}`);
        }
    }

    async stock() {
        fs.writeFileSync(this.pair.at('many.csv'), `id,name,description,price,quantity\n${MANY},Plenty,,0.01,1000000000\n`);
        this.pair.command('import', this.pair.at('many.csv'));
        const request = { json: { ...OPERATIONS.placeOrder.request.json, email: 'a@example.com', reference: 'PO 17' } };
        this.order = JSON.parse((await this.pair.ask('POST', '/orders', request)).body).id;
    }

    // Every row, without a rate and with one.
    async healthy() {
        for (const row of rows()) await this.send(row);
        await this.pair.consumers('- - rate=100000 burst=1000000\n', ({ headers }) => headers.ratelimit);
        for (const row of rows()) await this.send(row);
    }

    // What no operation describes.
    async besides() {
        const paths = [...new Set(Object.values(OPERATIONS).map(({ path }) => path))];
        const asked = [...BESIDE, ...paths.flatMap((path) => [{ method: 'DELETE', path, status: 405, type: 'method-not-allowed' },
            { method: 'OPTIONS', path, status: 204 }])];
        for (const row of asked) {
            const request = { path: { id: 1 }, line: row.line };
            this.beside.push({ ...row, answer: await this.pair.ask(row.method, row.path, request) });
        }
        for (const [operation, { method, path, request }] of Object.entries(OPERATIONS)) {
            if (method !== 'GET') continue;
            const filled = this.filled(request);
            const whole = await this.pair.ask('GET', path, filled);
            this.beside.push({ method: 'HEAD', path, status: 200, operation, whole, answer: await this.pair.ask('HEAD', path, filled) });
        }
    }
}

module.exports = { Site };
