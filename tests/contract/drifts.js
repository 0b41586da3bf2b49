// Sees every kind of drift fail: each is planted in a copy of the description, of the program's tables, or of what it
// answered, and must be found, in the words that are wanted.
'use strict';
const fs = require('fs');
const path = require('path');
const { judge } = require('./judge');
const { breakFaults } = require('./breaks');
const { lint } = require('./lint');
const { makeFolder } = require('./pair');

// A change of the answers, as a change of the program would make it.
const answers = (change) => ({ site }) => site.exchanges.forEach(({ operation, answer }) => change(operation, answer));
const inBody = (from, to) => answers((_, answer) => { answer.body = answer.body.replace(from, to); });

const DRIFTS = [
    ['a member is renamed', inBody('"unit_price":', '"price_each":'), /placeOrder 201: .*unit_price/],
    ['a member is added', inBody('"quantity":10}', '"quantity":10,"sku":"1"}'), /getProduct 200: .*unevaluated properties \(sku\)/],
    ['a type is changed', ({ tree }) => { tree.components.schemas.ProductId.type = 'string'; }, /getProduct 200: .*must be string/],
    ['a header is gone', answers((_, answer) => { delete answer.headers.etag; }), /listProducts 200: the header ETag is missing/],
    ['a header is added', answers((_, answer) => { answer.headers['x-more'] = '1'; }), /the header x-more is not declared/],
    ['a header that never comes', ({ tree }) => {
        tree.components.responses.NotModified.headers.Age = { schema: { type: 'integer' } };
    }, /never seen: NotModified header Age/],
    ['a status is undeclared', ({ tree }) => { delete tree.paths['/orders'].get.responses[429]; },
        /listOrders 429: status 429 is not declared/],
    ['a status that never comes', ({ tree }) => { tree.paths['/orders'].get.responses[418] = { description: 'A teapot.' }; },
        /never seen: listOrders 418/],
    ['another status comes', answers((operation, answer) => { if (operation === 'placeOrder' && answer.status === 201) answer.status = 200; }),
        /placeOrder 200: wanted 201/],
    ['a route is missing', ({ tree }) => { delete tree.paths['/readyz']; }, /the route GET \/readyz is not described/],
    ['a route that is not there', ({ sources }) => {
        sources['api/health.c'] = sources['api/health.c'].replace('"/readyz"', '"/ready"');
    }, /the program has no route GET \/readyz/],
    ['a bound is moved, in the description', ({ tree }) => {
        tree.components.schemas.OrderRequest.properties.items.items.properties.quantity.maximum = 999999;
    }, /ORDER_QUANTITY_MAX is 1000000/],
    ['a bound is moved, in the program', ({ sources }) => {
        sources['domain/order.h'] = sources['domain/order.h'].replace('ORDER_LINES_MAX = 100', 'ORDER_LINES_MAX = 99');
    }, /ORDER_LINES_MAX is 99/],
    ['a rule of a request is loosened', ({ tree }) => { delete tree.components.schemas.OrderRequest.properties.email.pattern; },
        /placeOrder 422: the description allows this request/],
    ['a rule of a request is tightened', ({ tree }) => { tree.components.parameters.limit.schema.maximum = 999; },
        /listProducts 200: the request: limit: it must be <= 999/],
    ['a parameter is undeclared', ({ tree }) => { tree.paths['/products'].get.parameters.splice(1, 1); },
        /the request: there is no query parameter after/],
    ['a media type is changed', answers((_, answer) => {
        if (answer.status === 404) answer.headers['content-type'] = 'application/json';
    }), /getProduct 404: the media type application\/json is not declared/],
    ['a value is added', inBody('"status":"confirmed"', '"status":"shipped"'), /status must be equal to one of the allowed values/],
    ['a problem type is not described', ({ tree }) => { delete tree['x-problem-types']['store-busy']; },
        /the problem type store-busy 503 is not described/],
    ['a problem type that is not there', ({ tree }) => { tree['x-problem-types']['too-late'] = { status: 400, do: 'Hurry.' }; },
        /the program has no problem type too-late 400/],
    ['a problem type of another status', ({ sources }) => {
        sources['http/problems.def'] = sources['http/problems.def'].replace('KEY_REUSED, 422', 'KEY_REUSED, 409');
    }, /the problem type idempotency-key-reused 409 is not described/],
    ['a method is undeclared', ({ tree }) => { delete tree.paths['/orders'].post; }, /OPTIONS \/orders: Allow is/],
    ['another version', ({ tree }) => { tree.info.version = '9.9.9'; }, /info.version is 9.9.9/],
    ['a wrong example', ({ tree }) => {
        tree.paths['/products/{id}'].get.responses[200].content['application/json'].examples.demo.value.price = '9.99';
    }, /lint no-invalid-media-type-examples/],
    ['an operation twice', ({ tree }) => { tree.paths['/healthz'].get.operationId = 'getReadiness'; }, /lint operation-operationId-unique/],
    ['a tag that is not there', ({ tree }) => { tree.paths['/healthz'].get.tags = ['live']; }, /lint operation-tag-defined/],
    ['a reference to nothing', ({ tree }) => {
        tree.paths['/healthz'].get.responses[500] = { $ref: '#/components/responses/Nothing' };
    }, /lint no-unresolved-refs/],
];

// Changes of the description, and what of them breaks callers of the last release: /^$/ if nothing does.
const schema = (name, change) => ({ tree }) => change(tree.components.schemas[name]);
const placing = (change) => ({ tree }) => change(tree.paths['/orders'].post);
const say = (sources, words) => {
    sources.changelog = sources.changelog.replace(/^## \[/m, `## [Next]\n\n### Breaking\n\n- ${words}\n\n## [`);
};
const RELEASES = [
    ['an operation goes', ({ tree }) => { delete tree.paths['/products']; }, /breaks listProducts: GET \/products is gone/],
    ['an operation is renamed', placing((post) => { post.operationId = 'order'; }), /breaks placeOrder: .*another operationId/],
    ['a parameter goes', ({ tree }) => { tree.paths['/products'].get.parameters.splice(1, 1); }, /breaks listProducts: parameter after is gone/],
    ['a parameter must be there', placing((post) => { post.parameters[0].required = true; }),
        /breaks placeOrder: parameter Idempotency-Key must be there/],
    ['a member must be there', schema('OrderRequest', (all) => { all.required.push('email'); }), /breaks placeOrder: request must have email/],
    ['a member is refused', schema('OrderRequest', (all) => { delete all.properties.email; }),
        /breaks placeOrder: request has no member email/],
    ['a request may be less', schema('OrderRequest', (all) => { all.properties.items.maxItems = 50; }),
        /breaks placeOrder: request items has the maxItems 50/],
    ['an answer lacks a member', schema('Product', (all) => { delete all.properties.price; }), /breaks getProduct: 200 has no member price/],
    ['an answer may lack a member', schema('Product', (all) => { all.required.splice(0, 1); }), /breaks listProducts: 200 \[\] need no longer/],
    ['an answer has another type', schema('Product', (all) => { all.properties.quantity.type = 'string'; }),
        /breaks getProduct: 200 quantity has the type string/],
    ['an answer may be more', schema('Product', (all) => { all.properties.quantity.maximum *= 2; }),
        /breaks getProduct: 200 quantity has the maximum/],
    ['an answer has another value', schema('Order', (all) => { all.allOf[1].properties.status.enum.push('lost'); }),
        /breaks getOrder: 200 status has other values/],
    ['one of several answers lacks a member', schema('OutOfStockProblem', (all) => { delete all.allOf[1].properties.short; }),
        /breaks placeOrder: 409 has no member short/],
    ['a success goes', placing((post) => { delete post.responses[201]; }), /breaks placeOrder: 201 is gone/],
    ['a success comes', placing((post) => { post.responses[202] = { description: 'Later.' }; }), /breaks placeOrder: 202 is new/],
    ['a header goes', placing((post) => { delete post.responses[201].headers.Location; }), /breaks placeOrder: 201 has no header Location/],
    ['a media type goes', placing((post) => { post.responses[201].content = {}; }), /breaks placeOrder: 201 is application\/json no more/],
    ['what the changelog says', ({ tree, sources }) => {
        delete tree.paths['/products'];
        say(sources, '`listProducts` is gone.');
    }, /^$/],
    ['what the changelog says of a member', ({ tree, sources }) => {
        delete tree.components.schemas.OrderRequest.properties.email;
        say(sources, '`placeOrder`: there is no `email` any more.');
    }, /^$/],
    ['what the changelog says of another member', ({ tree, sources }) => {
        delete tree.components.schemas.OrderRequest.properties.email;
        say(sources, '`placeOrder`: there is no `reference` any more.');
    }, /breaks placeOrder: request has no member email/],
    ['what an earlier changelog said', ({ tree, sources }) => {
        delete tree.paths['/products'];
        sources.changelog += '\n## [0.0.1]\n\n### Breaking\n\n- `listProducts` is gone.\n';
    }, /breaks listProducts/],
    ['a request may be more', schema('OrderRequest', (all) => {
        all.properties.items.maxItems = 200;
        all.properties.note = { type: 'string' };
    }), /^$/],
    ['an answer has more', schema('Product', (all) => { all.properties.sku = { type: 'string' }; all.required.push('sku'); }), /^$/],
    ['a problem comes', ({ tree }) => {
        tree.components.responses.UnknownProduct.content['application/problem+json'].schema.allOf[1].properties.type =
            { enum: ['urn:postern:problem:unknown-product', 'urn:postern:problem:lost'] };
        tree.paths['/products/{id}'].get.responses[410] = { description: 'Lost.' };
    }, /^$/],
];

function releaseFaults(tree) {
    return RELEASES.flatMap(([name, plant, wanted]) => {
        const world = structuredClone({ tree, sources: { released: JSON.stringify(tree), changelog: '## [0.1.0]\n' } });
        plant(world);
        const words = breakFaults(world.tree, world.sources);
        return (words.length === 0 ? [''] : words).some((each) => wanted.test(each)) ? []
            : [`the change "${name}": wanted ${wanted}, got ${words.length} faults, first ${words[0]}`];
    });
}

async function found(world, wanted) {
    if (!wanted.source.startsWith('lint')) return judge(world.tree, world.site, world.sources);
    const file = path.join(makeFolder(), 'openapi.json');
    fs.writeFileSync(file, JSON.stringify(world.tree));
    return lint(file);
}

async function driftFaults(tree, site, sources) {
    const faults = releaseFaults(tree);
    for (const [name, plant, wanted] of DRIFTS) {
        const world = structuredClone({ tree, site: { exchanges: site.exchanges, beside: site.beside }, sources });
        plant(world);
        const words = await found(world, wanted);
        if (!words.some((each) => wanted.test(each))) {
            faults.push(`the drift "${name}" was not found: wanted ${wanted}, got ${words.length} faults, first ${words[0]}`);
        }
    }
    if (faults.length === 0) console.log(`${DRIFTS.length} drifts and ${RELEASES.length} changes since a release, each planted and found`);
    return faults;
}

module.exports = { driftFaults, releaseFaults };
