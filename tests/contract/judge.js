// All that is wrong with a description, given what the program's tables hold and what it answered.
'use strict';
const { Description } = require('./description');
const { coverageFaults } = require('./coverage');
const { breakFaults } = require('./breaks');
const { tableFaults } = require('./tables');
const { OPERATIONS, UNSEEN } = require('./cases');

const typeOf = (answer) => ((answer.headers['content-type'] === 'application/problem+json' && answer.body)
    ? JSON.parse(answer.body).type.replace('urn:postern:problem:', '') : undefined);

// That the answer is the one that the row of cases.js or the state wants.
function expected({ status, type, answer }) {
    if (answer.status !== status || (type && typeOf(answer) !== type)) {
        return [`wanted ${status} ${type || ''}, got ${answer.status} ${answer.body.slice(0, 300)}`];
    }
    return [];
}

function asked({ request, good }, description, each) {
    const faults = good === undefined ? [] : description.requestFaults(each);
    if (good === false && faults.length === 0) return ['the description allows this request, and the program refuses it'];
    return good ? faults.map((fault) => `the request: ${fault}`) : [];
}

function exchangeFaults(description, each) {
    const faults = [...expected(each), ...asked(each, description, each), ...description.answerFaults(each)];
    const sent = JSON.stringify(each.request);
    return faults.map((fault) => `${each.operation} ${each.answer.status}: ${fault}\n    asked ${sent.slice(0, 300)}`);
}

function besideFaults(description, each) {
    const faults = expected(each);
    const { answer, method, path } = each;
    if (method === 'HEAD') {
        const names = ['status', ...Object.keys(each.whole.headers).filter((name) => !['date', 'x-request-id'].includes(name))];
        const value = (of, name) => (name === 'status' ? of.status : of.headers[name]);
        faults.push(...names.filter((name) => value(answer, name) !== value(each.whole, name))
            .map((name) => `${name} is ${value(answer, name)}, and ${value(each.whole, name)} with GET`));
        if (answer.body) faults.push('it has a body');
    } else if (answer.status === 204 || answer.status === 405) {
        const described = Object.keys(description.tree.paths[path] || {}).map((name) => name.toUpperCase());
        const allow = (answer.headers.allow || '').split(', ').filter((name) => !['HEAD', 'OPTIONS'].includes(name));
        if (described.sort().join() !== allow.sort().join()) {
            faults.push(`Allow is ${answer.headers.allow}, and the description has ${described}`);
        }
    }
    if (answer.status >= 400 && method !== 'HEAD') {
        const problem = JSON.parse(answer.body);
        faults.push(...description.against({ $ref: '#/components/schemas/Problem' }, problem), ...description.problemFaults(problem));
    }
    return faults.map((fault) => `${each.line || `${method} ${path}`}: ${fault}`);
}

// Every problem type is seen, but for those that cannot be.
function typeFaults(description, answers) {
    const seen = new Set(answers.map(typeOf));
    return Object.keys(description.tree['x-problem-types'] || {}).flatMap((name) => {
        if (seen.has(name) && UNSEEN[name]) return [`${name} was seen; take it from UNSEEN in tests/contract/cases.js`];
        return seen.has(name) || UNSEEN[name] ? [] : [`the problem type ${name} is described, and was never seen`];
    });
}

// The lists here are as the description's: an operation that is asked and not described shows by its answer.
function operationFaults(description) {
    return [...description.operations.values()].flatMap(({ operationId, method, path }) => {
        const ours = OPERATIONS[operationId];
        return ours && ours.method === method && ours.path === path ? []
            : [`the operation ${operationId}, ${method} ${path}, is not asked; see OPERATIONS in tests/contract/cases.js`];
    });
}

// site: { exchanges, beside }, sources: see tables.js.
function judge(tree, site, sources) {
    const description = new Description(tree);
    const answers = [...site.exchanges, ...site.beside].map(({ answer }) => answer);
    return [...tableFaults(tree, sources), ...breakFaults(tree, sources), ...operationFaults(description),
        ...site.exchanges.flatMap((each) => exchangeFaults(description, each)),
        ...site.beside.flatMap((each) => besideFaults(description, each)),
        ...coverageFaults(description, site.exchanges), ...typeFaults(description, answers)];
}

module.exports = { judge };
