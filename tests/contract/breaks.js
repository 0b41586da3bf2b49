// What of the description breaks callers of the last release, whose description is released.json, and CHANGELOG.md does
// not say. A caller ignores members and problem types that are new to it, as the description asks; nothing else.
'use strict';
const { Description } = require('./description');

// Each bound, and whether a larger number allows more.
const BOUNDS = { maximum: 1, maxLength: 1, maxItems: 1, minimum: -1, minLength: -1, minItems: -1 };
const TEXTS = ['type', 'format', 'pattern', 'multipleOf'];

// A schema without references, its allOf made into one.
function flat(description, schema) {
    const { allOf = [], ...found } = description.resolve(schema) || {};
    const parts = [found, ...allOf.map((part) => flat(description, part))];
    const properties = {};
    for (const part of parts) {
        for (const [name, value] of Object.entries(part.properties || {})) {
            properties[name] = { ...flat(description, properties[name] || {}), ...flat(description, value) };
        }
    }
    return { ...Object.assign({}, ...parts), properties, required: parts.flatMap((part) => part.required || []) };
}

const values = ({ const: only, enum: some }) => some || (only === undefined ? undefined : [only]);

// The differences of two versions of a schema that break: an answer may have nothing more, a request nothing less.
class Comparison {
    constructor(old, now, inAnswer) {
        Object.assign(this, { old, now, inAnswer, faults: [] });
    }

    say(at, what) {
        this.faults.push(`${at} ${what}`);
    }

    bounds(at, a, b) {
        for (const [name, sign] of Object.entries(BOUNDS)) {
            const [from, to] = [a[name] ?? sign * Infinity, b[name] ?? sign * Infinity];
            const more = sign * (to - from) > 0;
            if (from !== to && more === this.inAnswer) this.say(at, `has the ${name} ${b[name]}, which was ${a[name]}`);
        }
    }

    values(at, a, b) {
        const [wide, narrow] = (this.inAnswer ? [b, a] : [a, b]).map(values);
        if (!narrow || (this.inAnswer && /^[45]/.test(at))) return; // what problems say may grow, their types above all
        if (!wide || wide.some((each) => !narrow.includes(each))) this.say(at, `has other values: ${values(b)}, and had ${values(a)}`);
    }

    schemas(at, before, after) {
        const a = flat(this.old, before), b = flat(this.now, after);
        for (const name of TEXTS) {
            const [wide, narrow] = this.inAnswer ? [b, a] : [a, b];
            if (narrow[name] !== undefined && JSON.stringify(narrow[name]) !== JSON.stringify(wide[name])) {
                this.say(at, `has the ${name} ${b[name]}, which was ${a[name]}`);
            }
        }
        this.bounds(at, a, b);
        this.values(at, a, b);
        const [needed, given] = this.inAnswer ? [a, b] : [b, a];
        for (const name of needed.required.filter((each) => !given.required.includes(each))) {
            if (a.properties[name] === undefined || b.properties[name] !== undefined) {
                this.say(at, `${this.inAnswer ? 'need no longer have' : 'must have'} ${name}`);
            }
        }
        for (const [name, child] of Object.entries(a.properties)) {
            if (b.properties[name]) this.schemas(`${at} ${name}`, child, b.properties[name]);
            else this.say(at, `has no member ${name} any more`);
        }
        for (const one of a.oneOf || []) {
            const same = (b.oneOf || []).find(({ $ref }) => $ref === one.$ref);
            if (same) this.schemas(at, one, same);
        }
        if (a.items && b.items) this.schemas(`${at} []`, a.items, b.items);
    }
}

function compared(old, now, inAnswer, at, before, after) {
    const comparison = new Comparison(old, now, inAnswer);
    comparison.schemas(at, before, after);
    return comparison.faults;
}

function requestBreaks(old, now, name) {
    const faults = [], [before, after] = [old, now].map((each) => each.parameters(name));
    const same = (a) => (b) => a.name === b.name && a.in === b.in;
    for (const parameter of before) {
        const other = after.find(same(parameter));
        if (!other) faults.push(`parameter ${parameter.name} is gone`);
        else faults.push(...compared(old, now, false, `parameter ${parameter.name}`, parameter.schema, other.schema));
    }
    for (const parameter of after.filter(({ required }) => required)) {
        if (!before.find(same(parameter))?.required) faults.push(`parameter ${parameter.name} must be there`);
    }
    const [had, has] = [old, now].map((each) => each.resolve(each.operations.get(name).requestBody));
    if (has?.required && !had?.required) faults.push('request must be there');
    for (const [type, { schema }] of Object.entries(had?.content || {})) {
        if (!has?.content[type]) faults.push(`request may not be ${type} any more`);
        else faults.push(...compared(old, now, false, 'request', schema, has.content[type].schema));
    }
    return faults;
}

function answerBreaks(old, now, name) {
    const faults = [];
    for (const status of Object.keys(now.operations.get(name).responses)) {
        if (status < 400 && !old.response(name, status)) faults.push(`${status} is new`);
    }
    for (const status of Object.keys(old.operations.get(name).responses)) {
        const before = old.response(name, status), after = now.response(name, status);
        if (!after && status < 400) faults.push(`${status} is gone`);
        if (!after) continue;
        for (const [header, reference] of Object.entries(before.headers || {})) {
            const [had, has] = [old.resolve(reference), now.resolve((after.headers || {})[header])];
            if (!has || (had.required && !has.required)) faults.push(`${status} has no header ${header} any more, or need not`);
            else faults.push(...compared(old, now, true, `${status} header ${header}`, had.schema, has.schema));
        }
        for (const [type, { schema }] of Object.entries(before.content || {})) {
            if (!(after.content || {})[type]) faults.push(`${status} is ${type} no more`);
            else faults.push(...compared(old, now, true, `${status}`, schema, after.content[type].schema));
        }
    }
    return faults;
}

function operationBreaks(old, now, name) {
    const was = old.operations.get(name), is = now.operations.get(name);
    if (!is || is.method !== was.method || is.path !== was.path) return [`${was.method} ${was.path} is gone, or has another operationId`];
    return [...requestBreaks(old, now, name), ...answerBreaks(old, now, name)];
}

// The items of the changelog's uppermost section under Breaking, each as the names that stand in it.
function announced(changelog) {
    const [, newest = ''] = changelog.split(/^## \[/m);
    const [, breaking = ''] = newest.split(/^### Breaking$/m);
    return breaking.split(/^### /m)[0].split(/^- /m).map((item) => [...item.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
}

// Whether one of the items is of this fault: it names the operation, and what breaks of it; or operations alone.
function isSaid(items, operations, name, fault) {
    return items.filter((names) => names.includes(name)).some((names) => {
        const parts = names.filter((each) => !operations.has(each));
        return parts.length === 0 || parts.some((part) => fault.split(' ').includes(part));
    });
}

function breakFaults(tree, sources) {
    const old = new Description(JSON.parse(sources.released)), now = new Description(tree);
    const items = announced(sources.changelog);
    return [...old.operations.keys()].flatMap((name) => operationBreaks(old, now, name)
        .filter((fault) => !isSaid(items, old.operations, name, fault))
        .map((fault) => `breaks ${name}: ${fault}; mend it, or name \`${name}\` and what breaks of it in CHANGELOG.md, in its `
            + 'uppermost section under "### Breaking"'));
}

module.exports = { breakFaults };
