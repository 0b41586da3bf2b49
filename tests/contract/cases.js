// What is sent to a pair that is well: a row each, with the status and the problem type that must come.
//   good: true    the request is as the description wants it
//   good: false   it is not, and the description says so
//   good missing  the description cannot tell, or the request is no well-formed HTTP
'use strict';

const MANY = 4; // the product of which there is plenty
const UNKNOWN_ORDER = '01a21627-ba79-75e7-92d9-062c6a22a43a';
const item = (quantity, product_id = MANY) => ({ product_id, quantity });
const order = (more) => ({ json: { items: [item(1)], ...more } });
const items = (count) => Array.from({ length: count }, () => item(1));

// Each operation, and a request of it that succeeds. ORDER is an order of the caller's.
const OPERATIONS = {
    listProducts: { method: 'GET', path: '/products', request: {} },
    getProduct: { method: 'GET', path: '/products/{id}', request: { path: { id: 1 } } },
    listOrders: { method: 'GET', path: '/orders', request: {} },
    placeOrder: { method: 'POST', path: '/orders', request: order(), success: 201 },
    getOrder: { method: 'GET', path: '/orders/{id}', request: { path: { id: 'ORDER' } } },
    cancelOrder: { method: 'POST', path: '/orders/{id}/cancel', request: { path: { id: 'ORDER' } } },
    getLiveness: { method: 'GET', path: '/healthz', request: {}, probe: true },
    getReadiness: { method: 'GET', path: '/readyz', request: {}, probe: true },
    getDescription: { method: 'GET', path: '/openapi.json', request: {} },
};

const CACHED = { 'If-None-Match': '*' };
const good = (operation, status, request, type) => ({ operation, status, type, request, good: true });
const bad = (operation, status, type, request) => ({ operation, status, type, request, good: false });
const wrong = (operation, status, type, request) => ({ operation, status, type, request });

const READS = [
    good('listProducts', 200, { query: { limit: 1 } }),
    good('listProducts', 200, { query: { limit: 1000, after: 2 } }),
    good('listProducts', 200, { query: { after: 9007199254740991 } }),
    good('listProducts', 304, { headers: CACHED }),
    good('listProducts', 304, { headers: CACHED, query: { limit: 1 } }),
    bad('listProducts', 422, 'invalid-request', { query: { limit: 0 } }),
    bad('listProducts', 422, 'invalid-request', { query: { limit: 1001 } }),
    bad('listProducts', 422, 'invalid-request', { query: { limit: 'x', after: 'x' } }),
    bad('listProducts', 422, 'invalid-request', { query: { after: -1 } }),
    bad('listProducts', 422, 'invalid-request', { query: { after: '9007199254740992' } }),
    good('getProduct', 304, { path: { id: 1 }, headers: CACHED }),
    good('getProduct', 404, { path: { id: '9007199254740991' } }, 'unknown-product'),
    bad('getProduct', 404, 'unknown-product', { path: { id: 0 } }),
    bad('getProduct', 404, 'unknown-product', { path: { id: '9007199254740992' } }),
    bad('getProduct', 404, 'unknown-product', { path: { id: 'one' } }),
    good('listOrders', 200, { query: { limit: 1 } }),
    good('listOrders', 200, { query: { limit: 1000, after: 'ORDER' } }),
    bad('listOrders', 422, 'invalid-request', { query: { limit: 0 } }),
    bad('listOrders', 422, 'invalid-request', { query: { limit: 1001, after: 'x' } }),
    bad('listOrders', 422, 'invalid-request', { query: { after: 'x' } }),
    good('listOrders', 200, { query: { reference: 'PO 17' } }),
    good('listOrders', 200, { query: { reference: 'PO 17', limit: 1, after: 'ORDER' } }),
    good('listOrders', 200, { query: { reference: 'r'.repeat(255) } }),
    bad('listOrders', 422, 'invalid-request', { query: { reference: '' } }),
    bad('listOrders', 422, 'invalid-request', { query: { reference: 'r'.repeat(256) } }),
    good('getOrder', 404, { path: { id: UNKNOWN_ORDER } }, 'unknown-order'),
    bad('getOrder', 404, 'unknown-order', { path: { id: UNKNOWN_ORDER.toUpperCase() } }),
    good('getDescription', 304, { headers: CACHED }),
];

const long = (length, end) => 'a'.repeat(length - end.length) + end;
const KEY = 'Idempotency-Key';
const keyed = (key, more) => ({ ...order(more), headers: { [KEY]: key } });

const ORDERS = [
    good('placeOrder', 201, order({ email: 'a@example.com', reference: 'PO 17' })),
    good('placeOrder', 201, order({ email: long(254, '@b'), reference: 'r'.repeat(255) })),
    good('placeOrder', 201, { json: { items: items(100) } }),
    good('placeOrder', 201, { json: { items: [item(1000000)] } }),
    good('placeOrder', 201, keyed('"first"')),
    good('placeOrder', 201, keyed('first')), // a replay
    good('placeOrder', 201, keyed('k'.repeat(255))),
    good('placeOrder', 201, keyed('"a \\"quoted\\" key"')),
    good('placeOrder', 409, { json: { items: [item(1000, 3)] } }, 'out-of-stock'),
    good('placeOrder', 422, { json: { items: [item(1, 9007199254740991)] } }, 'invalid-request'),
    good('placeOrder', 422, { json: { items: [item(1000000), item(1)] } }, 'invalid-request'),
    good('placeOrder', 422, keyed('first', { reference: 'another' }), 'idempotency-key-reused'),
    ...[{}, { items: [] }, { items: items(101) }, { items: 1 }, { items: [1] }, { items: [item(0)] }, { items: [item(1000001)] },
        { items: [item(1.5)] }, { items: [item('1')] }, { items: [item(1, 0)] }, { items: [{ quantity: 1 }] },
        { items: [{ product_id: MANY }] }, { items: [{ ...item(1), price: 1 }] }, { items: [item(1)], price: 1 },
        { items: [{ product_id: 9007199254740992, quantity: 1 }] }, 'order', { items: [item(1)], email: 'a' },
        { items: [item(1)], email: 'a@b@c' }, { items: [item(1)], email: null }, { items: [item(1)], email: long(255, '@b') },
        { items: [item(1)], email: 'a,@b' }, { items: [item(1)], reference: '' }, { items: [item(1)], reference: 'a\u007f' },
        { items: [item(1)], reference: 'r'.repeat(256) }]
        .map((json) => bad('placeOrder', 422, 'invalid-request', { json })),
    ...['"a', 'a b', '""', `"${'k'.repeat(256)}"`, 'k'.repeat(256), '"a\\b"']
        .map((key) => bad('placeOrder', 400, 'bad-idempotency-key', keyed(key))),
    wrong('placeOrder', 400, 'malformed-json', { body: '{"items":[],"items":[]}', headers: { 'Content-Type': 'application/json' } }),
    wrong('placeOrder', 411, 'length-required', { lengthless: true, headers: { 'Content-Type': 'application/json' } }),
    wrong('placeOrder', 413, 'content-too-large', { body: ' '.repeat(65537), headers: { 'Content-Type': 'application/json' } }),
    wrong('placeOrder', 415, 'unsupported-media-type', { body: '{}', headers: { 'Content-Type': 'text/plain' } }),
    wrong('placeOrder', 415, 'unsupported-content-coding',
        { body: '{}', headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' } }),
];

const cancel = (more) => ({ path: { id: 'ORDER' }, ...more });
const typed = (body, more) => cancel({ body, headers: { 'Content-Type': 'application/json', ...more } });

const CANCELLATIONS = [
    good('cancelOrder', 200, cancel({ json: {} })),
    good('cancelOrder', 404, cancel({ path: { id: UNKNOWN_ORDER } }), 'unknown-order'),
    bad('cancelOrder', 404, 'unknown-order', cancel({ path: { id: UNKNOWN_ORDER.toUpperCase() } })),
    bad('cancelOrder', 422, 'invalid-request', cancel({ json: { reason: 'none' } })),
    bad('cancelOrder', 422, 'invalid-request', cancel({ json: [] })),
    wrong('cancelOrder', 400, 'malformed-json', typed('{')),
    wrong('cancelOrder', 411, 'length-required', cancel({ lengthless: true })),
    wrong('cancelOrder', 413, 'content-too-large', typed(' '.repeat(65537))),
    wrong('cancelOrder', 415, 'unsupported-media-type', cancel({ body: '{}', headers: { 'Content-Type': 'text/plain' } })),
    wrong('cancelOrder', 415, 'unsupported-content-coding', typed('{}', { 'Content-Encoding': 'gzip' })),
];

// What every operation is asked, and how it must answer.
function everywhere(operation) {
    const { method, request, success = 200, probe } = OPERATIONS[operation];
    const headers = (more) => ({ ...request, headers: { ...request.headers, ...more } });
    return [
        good(operation, success, request),
        good(operation, success, { ...request, query: { pretty: '' } }),
        good(operation, success, { ...request, query: { pretty: 'false' } }),
        good(operation, success, headers({ 'X-Request-Id': 'an-id/of:mine' })),
        wrong(operation, 400, 'bad-request', headers({ Host: 'a_b' })),
        wrong(operation, 431, 'request-header-fields-too-large', headers({ 'X-Long': 'x'.repeat(9000) })),
        ...(method === 'GET' && !probe ? [wrong(operation, 400, 'unexpected-body', { ...request, body: 'x' })] : []),
    ];
}

// What no operation describes: a request line of its own, and what must come.
const BESIDE = [
    { method: 'GET', path: '/nowhere', status: 404, type: 'not-found' },
    { method: 'GET', path: '/', status: 404, type: 'not-found' },
    { line: 'FOO /products HTTP/1.1', status: 501, type: 'not-implemented' },
    { line: 'GET /products HTTP/2.0', status: 505, type: 'http-version-not-supported' },
];

// Problem types that nothing here can bring about, and why. One that is seen must leave this list.
const UNSEEN = {
    'bad-gateway': 'postern gives no answer that is not valid',
    'expectation-failed': 'lighttpd passes over an Expect header that it does not know',
    'incomplete-body': 'lighttpd hands over whole bodies only',
    'request-timeout': 'lighttpd closes the connection without an answer',
    'uri-too-long': 'lighttpd counts the path and the headers together: 431',
};

const rows = () => [...Object.keys(OPERATIONS).flatMap(everywhere), ...READS, ...ORDERS, ...CANCELLATIONS];

module.exports = { OPERATIONS, BESIDE, UNSEEN, MANY, rows };
