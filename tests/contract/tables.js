// The description against the program's own tables: routes, methods, problem types, limits. Both ways.
'use strict';
const fs = require('fs');
const path = require('path');

const TOP = path.resolve(__dirname, '../..');

// Limits that stand in the program: the file and the name of each, and where the description has the same number.
const SCHEMAS = 'components.schemas';
const ITEM = `${SCHEMAS}.OrderRequest.properties.items`;
const LIMITS = [
    ['domain/product.h', 'PRODUCT_ID_MAX', `${SCHEMAS}.ProductId.maximum`,
        'paths./products.get.parameters.1.schema.maximum'],
    ['domain/product.h', 'PRODUCT_STOCK_MAX', `${SCHEMAS}.Product.properties.quantity.maximum`],
    // A product's own quantity may be more: what is cancelled goes back into stock in any case.
    ['domain/product.h', 'PRODUCT_QUANTITY_MAX',
        `${SCHEMAS}.OutOfStockProblem.allOf.1.properties.short.items.properties.available.maximum`],
    ['domain/product.h', 'PRODUCT_NAME_MAX', `${SCHEMAS}.Product.properties.name.maxLength`,
        `${SCHEMAS}.OrderLine.properties.name.maxLength`],
    ['domain/product.h', 'PRODUCT_DESCRIPTION_MAX', `${SCHEMAS}.Product.properties.description.maxLength`],
    ['domain/order.h', 'ORDER_LINES_MAX', `${ITEM}.maxItems`, `${SCHEMAS}.OrderFacts.properties.items.maxItems`,
        `${SCHEMAS}.OutOfStockProblem.allOf.1.properties.short.maxItems`],
    ['domain/order.h', 'ORDER_QUANTITY_MAX', `${ITEM}.items.properties.quantity.maximum`,
        `${SCHEMAS}.OrderLine.properties.quantity.maximum`,
        `${SCHEMAS}.OutOfStockProblem.allOf.1.properties.short.items.properties.requested.maximum`],
    ['domain/order.h', 'ORDER_EMAIL_MAX', `${SCHEMAS}.OrderRequest.properties.email.maxLength`,
        `${SCHEMAS}.OrderFacts.properties.email.maxLength`],
    ['domain/order.h', 'ORDER_REFERENCE_MAX', `${SCHEMAS}.OrderRequest.properties.reference.maxLength`,
        `${SCHEMAS}.OrderFacts.properties.reference.maxLength`, 'paths./orders.get.parameters.2.schema.maxLength'],
    ['domain/violation.h', 'VIOLATIONS_MAX',
        `${SCHEMAS}.InvalidOrderProblem.allOf.1.properties.errors.maxItems`,
        `${SCHEMAS}.InvalidQueryProblem.allOf.1.properties.errors.maxItems`],
    ['http/query.h', 'QUERY_LIMIT_MAX', 'components.parameters.limit.schema.maximum'],
];
const MONEY = ['domain/money.h', 'MONEY_PRICE_MAX', `${SCHEMAS}.Price.maximum`];

// The texts of the program's files that hold tables, by their path in fcgi-app/.
function readSources() {
    const names = ['http/route.c', 'http/problems.def', ...new Set([...LIMITS, MONEY].map(([file]) => file)),
        ...fs.readdirSync(path.join(TOP, 'fcgi-app/api')).filter((name) => name.endsWith('.c')).map((name) => `api/${name}`)];
    const sources = Object.fromEntries(names.map((name) => [name, fs.readFileSync(path.join(TOP, 'fcgi-app', name), 'utf8')]));
    for (const [name, file] of [['Makefile', 'Makefile'], ['changelog', 'CHANGELOG.md'], ['released', 'tests/contract/released.json']]) {
        sources[name] = fs.readFileSync(path.join(TOP, file), 'utf8');
    }
    return sources;
}

function differences(what, ours, theirs) {
    if (ours.size === 0) return [`no ${what} was found in the program; mend the pattern in tests/contract/tables.js`];
    return [...[...ours].filter((each) => !theirs.has(each)).map((each) => `the ${what} ${each} is not described`),
        ...[...theirs].filter((each) => !ours.has(each)).map((each) => `the program has no ${what} ${each}`)];
}

function routes(sources) {
    const methods = Object.fromEntries([...sources['http/route.c'].matchAll(/\[API_(\w+)\] = "([A-Z]+)"/g)]
        .map(([, verb, method]) => [verb, method]));
    const api = Object.entries(sources).filter(([name]) => name.startsWith('api/')).map(([, text]) => text).join('\n');
    const resources = [...api.matchAll(/const struct api_resource (\w+) = \{\{([^;]*)\};/g)];
    return new Set(resources.filter(([, name]) => sources['http/route.c'].includes(`&${name},`))
        .flatMap(([, , rows]) => [...rows.matchAll(/\{API_(\w+), "([^"]+)"/g)].map(([, v, at]) => `${methods[v]} ${at}`)));
}

function problems(sources) {
    return new Set([...sources['http/problems.def'].matchAll(/^PROBLEM\(\w+,\s*(\d+),\s*"([\w-]+)"/gm)]
        .map(([, status, name]) => `${name} ${status}`));
}

const at = (tree, where) => where.split('.').reduce((node, part) => node && node[part], tree);

function limitFaults(tree, sources) {
    const faults = [];
    for (const [file, name, ...places] of [...LIMITS, MONEY]) {
        const found = sources[file].match(new RegExp(`\\b${name}\\s*=?\\s*(?:INT64_C\\()?(\\d+)`));
        if (!found) faults.push(`no ${name} was found in ${file}; mend tests/contract/tables.js`);
        const number = found && Number(found[1]) / (name === MONEY[1] ? 100 : 1);
        for (const place of found ? places : []) {
            if (at(tree, place) !== number) faults.push(`${place} is ${at(tree, place)}; ${name} is ${number}`);
        }
    }
    return faults;
}

// What differs between the description and the tables, or the version.
function tableFaults(tree, sources) {
    const described = new Set(Object.entries(tree.paths)
        .flatMap(([path_, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path_}`)));
    const types = new Set(Object.entries(tree['x-problem-types'] || {}).map(([name, { status }]) => `${name} ${status}`));
    const version = sources.Makefile.match(/^VERSION := (.*)$/m)[1];
    return [...differences('route', routes(sources), described),
        ...differences('problem type', problems(sources), types),
        ...limitFaults(tree, sources),
        ...(tree.info.version === version ? [] : [`info.version is ${tree.info.version}; the Makefile's is ${version}`])];
}

module.exports = { TOP, readSources, tableFaults };
