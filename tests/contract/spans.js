// Holds the lines of POSTERN_TRACE_FILE against OTLP's own schema: opentelemetry-proto's messages, as OpenTelemetry's
// library for JavaScript has them compiled.
'use strict';
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { Pair, until } = require('./pair');

const library = path.dirname(require.resolve('@opentelemetry/otlp-transformer/package.json'));
const schema = require(path.join(library, 'build/src/generated/root')).opentelemetry.proto;
const Request = schema.collector.trace.v1.ExportTraceServiceRequest;

const IDS = { traceId: 32, spanId: 16, parentSpanId: 16 };
const TRACE = '0af7651916cd43dd8448eb211c80319c', PARENT = 'b7ad6b7169203331';

// Ids are hex in OTLP, where protobuf's JSON has base64.
const toBase64 = (name, value) => {
    if (!IDS[name]) return value;
    if (!new RegExp(`^[0-9a-f]{${IDS[name]}}$`).test(value)) throw new Error(`${name} is "${value}"`);
    return Buffer.from(value, 'hex').toString('base64');
};

// What the schema makes of a line and gives back must be the line: a member that it has not is lost on that way, and a
// value of another type comes back as another. Returns the spans.
function read(line) {
    const given = JSON.parse(line, toBase64);
    const message = Request.fromObject(given);
    const wrong = Request.verify(message);
    if (wrong) throw new Error(wrong);
    const back = Request.toObject(message, { longs: String, bytes: String, enums: Number, json: true });
    // A list that is empty is not sent.
    const full = JSON.parse(JSON.stringify(given, (name, value) => (Array.isArray(value) && !value.length ? undefined : value)));
    assert.deepStrictEqual(JSON.parse(JSON.stringify(back)), full);
    return given.resourceSpans.flatMap((part) => part.scopeSpans.flatMap(({ spans }) => spans));
}

// Each makes a line wrong.
const DRIFTS = [
    ['"name":"GET', '"title":"GET'],
    ['"kind":2', '"kind":"2"'],
    ['"kind":2', '"kind":2,"extra":1'],
    ['"intValue":"200"', '"intValue":200.5'],
    ['"intValue":"200"', '"integer":"200"'],
    ['"stringValue":"postern"', '"stringValue":7'],
    [`"traceId":"${TRACE}"`, `"traceId":"${TRACE}00"`],
    [`"parentSpanId":"${PARENT}"`, `"parentSpanId":"${PARENT.toUpperCase()}"`],
    ['"startTimeUnixNano":"', '"startTimeUnixNano":"x'],
    ['"status":{}', '"status":[]'],
    ['"scopeSpans":[', '"instrumentationLibrarySpans":['],
];

function driftFaults(line) {
    return DRIFTS.flatMap(([was, is]) => {
        if (!line.includes(was)) return [`spans: no "${was}" in ${line}`];
        try {
            read(line.replace(was, is));
        } catch {
            return [];
        }
        return [`spans: "${is}" in place of "${was}" is not noticed`];
    });
}

async function spanFaults() {
    const pair = await Pair.start({ POSTERN_TRACE_RATE: '1000000' });
    const file = pair.at('spans.jsonl');
    const faults = [];
    try {
        await pair.restart({ POSTERN_TRACE_FILE: file });
        const headers = { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'rojo=00f067aa0ba902b7' };
        const order = { items: [{ product_id: 1, quantity: 1 }] };
        await pair.ask('GET', '/products/2', { headers });
        await pair.ask('GET', '/nothing', {});
        await pair.ask('POST', '/orders', { headers, json: order });
        const lines = await until('spans of an order', () => {
            const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
            return text.includes('"name":"POST /orders"') && text.endsWith('\n') && text.split('\n').slice(0, -1);
        });
        const names = new Set();
        for (const line of lines) {
            try {
                for (const span of read(line)) names.add(span.name);
            } catch (error) {
                faults.push(`spans: ${error.message}\n  in ${line}`);
            }
        }
        for (const name of ['GET /products/{id}', 'GET -', 'store product_get', 'POST /orders', 'store order_place', 'commit'])
            if (!names.has(name)) faults.push(`spans: none is called "${name}"`);
        faults.push(...driftFaults(lines.find((line) => line.includes('"name":"GET /products/{id}"')) || ''));
    } finally {
        await pair.end();
    }
    return faults;
}

module.exports = { spanFaults };
