// What the description promises, and no answer ever showed: statuses, headers, problem types, members, parameters.
'use strict';

// What several operations answer alike counts as seen if one of them showed it; its status, if each did.
const place = (operation, status, reference) => (reference.$ref ? reference.$ref.split('/').pop() : `${operation} ${status}`);

// The names of all that a schema may show in a value, or, with a value, of what it shows.
function shown(description, schema, at, values) {
    const found = description.resolve(schema);
    const names = [];
    for (const [name, child] of Object.entries(found.properties || {})) {
        const inner = values && values.filter((v) => v && v[name] !== undefined).map((v) => v[name]);
        if (!values || inner.length > 0) names.push(`${at}.${name}`, ...shown(description, child, `${at}.${name}`, inner));
        const { const: only, enum: some } = description.resolve(child);
        for (const each of some || (only !== undefined ? [only] : [])) {
            if (!values || inner.includes(each)) names.push(`${at}.${name} ${each}`);
        }
    }
    if (found.items) names.push(...shown(description, found.items, `${at}[]`, values && values.flat()));
    for (const part of [...(found.allOf || []), ...(found.oneOf || [])]) names.push(...shown(description, part, at, values));
    return names;
}

function promised(description, operation) {
    const names = [];
    for (const [status, reference] of Object.entries(description.operations.get(operation).responses)) {
        const response = description.resolve(reference);
        const at = place(operation, status, reference);
        names.push(`${operation} ${status}`, ...Object.keys(response.headers || {}).map((name) => `${at} header ${name}`));
        for (const [type, media] of Object.entries(response.content || {})) {
            names.push(`${at} ${type}`, ...shown(description, media.schema, at));
        }
    }
    return names.concat(description.parameters(operation).map((p) => `${operation} parameter ${p.name} in ${p.in}`));
}

function seen(description, { operation, request, answer, good }) {
    const reference = description.operations.get(operation).responses[answer.status];
    const names = [`${operation} ${answer.status}`];
    if (good) {
        for (const [where, sent] of [['path', request.path], ['query', request.query], ['header', request.headers]]) {
            names.push(...Object.keys(sent || {}).map((name) => `${operation} parameter ${name} in ${where}`));
        }
    }
    if (!reference) return names;
    const at = place(operation, answer.status, reference), response = description.resolve(reference);
    for (const name of Object.keys(response.headers || {})) {
        if (answer.headers[name.toLowerCase()] !== undefined) names.push(`${at} header ${name}`);
    }
    const type = answer.headers['content-type'];
    const media = response.content && response.content[type];
    if (media) names.push(`${at} ${type}`, ...shown(description, media.schema, at, [JSON.parse(answer.body)]));
    return names;
}

function coverageFaults(description, exchanges) {
    const names = new Set(exchanges.filter((each) => description.operations.has(each.operation))
        .flatMap((each) => seen(description, each)));
    return [...description.operations.keys()].flatMap((operation) => promised(description, operation))
        .filter((name, i, every) => !names.has(name) && every.indexOf(name) === i).map((name) => `described, and never seen: ${name}`);
}

module.exports = { coverageFaults };
