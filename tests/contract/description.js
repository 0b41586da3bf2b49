// The description: reads it, and judges by it what was sent and what was answered.
'use strict';
const Ajv = require('ajv/dist/2020');
const addFormats = require('ajv-formats');

// What HTTP itself adds to an answer, and no description names.
const HTTP_HEADERS = ['connection', 'content-length', 'content-type', 'date', 'keep-alive', 'server'];

const ajv = addFormats(new Ajv({ allErrors: true, strict: false, multipleOfPrecision: 6 }));
const compiled = new Map();

// To compile a schema takes long, and most of a drifted description is as it was.
function compile(schema) {
    const text = JSON.stringify(schema);
    if (!compiled.has(text)) compiled.set(text, ajv.compile(schema));
    return compiled.get(text);
}

class Description {
    constructor(tree) {
        this.tree = tree;
        this.validators = new Map();
        this.operations = new Map();
        for (const [path, item] of Object.entries(tree.paths)) {
            for (const [method, operation] of Object.entries(item)) {
                this.operations.set(operation.operationId, { method: method.toUpperCase(), path, ...operation });
            }
        }
    }

    // What a reference names, through any number of them.
    resolve(node) {
        while (node && node.$ref) {
            node = node.$ref.slice(2).split('/')
                .reduce((at, part) => at && at[part.replace(/~1/g, '/').replace(/~0/g, '~')], this.tree);
        }
        return node;
    }

    // The schema without references, in which an object has no member that is not named. A part of an allOf stays
    // open: the whole is closed.
    closed(schema, part = false) {
        const found = this.resolve(schema);
        if (!found || typeof found !== 'object') throw new Error(`no such schema: ${JSON.stringify(schema)}`);
        const out = { ...found };
        if (found.properties) {
            out.properties = Object.fromEntries(Object.entries(found.properties).map(([k, v]) => [k, this.closed(v)]));
        }
        if (found.items) out.items = this.closed(found.items);
        if (found.oneOf) out.oneOf = found.oneOf.map((each) => this.closed(each));
        if (found.allOf) out.allOf = found.allOf.map((each) => this.closed(each, true));
        const open = part || found.oneOf || found.additionalProperties !== undefined;
        if (!open && (found.properties || found.allOf)) out.unevaluatedProperties = false;
        return out;
    }

    // What is wrong with a value, in words.
    against(schema, value) {
        if (!this.validators.has(schema)) this.validators.set(schema, compile(this.closed(schema)));
        const validate = this.validators.get(schema);
        if (validate(value)) return [];
        return validate.errors.map((e) => `${e.instancePath || 'it'} ${e.message}${e.params.unevaluatedProperty
            ? ` (${e.params.unevaluatedProperty})` : ''}`);
    }

    // A header's or parameter's text, as the type that its schema wants.
    againstText(schema, text) {
        const { type } = this.resolve(schema);
        let value = text;
        if (type === 'integer' && /^-?[0-9]+$/.test(text)) value = Number(text);
        if (type === 'boolean') value = { true: true, false: false, '': true }[text] ?? text;
        return this.against(schema, value);
    }

    response(operation, status) {
        return this.resolve((this.operations.get(operation) || { responses: {} }).responses[status]);
    }

    parameters(operation) {
        return (this.operations.get(operation).parameters || []).map((each) => this.resolve(each));
    }

    // What of a request breaks the description, in words.
    requestFaults({ operation, request }) {
        const faults = [];
        const described = this.operations.get(operation);
        if (!described) return [`no operation ${operation} is described`];
        const parameters = this.parameters(operation);
        for (const [where, sent] of Object.entries({ path: request.path, query: request.query, header: request.headers })) {
            for (const [name, value] of Object.entries(sent || {})) {
                if (where === 'header' && ['content-type', 'content-length'].includes(name.toLowerCase())) continue;
                const parameter = parameters.find((p) => p.in === where && p.name === name);
                if (!parameter) faults.push(`there is no ${where} parameter ${name}`);
                else faults.push(...this.againstText(parameter.schema, String(value)).map((f) => `${name}: ${f}`));
            }
        }
        if (request.json !== undefined) {
            const body = described.requestBody;
            if (!body) faults.push('it takes no body');
            else faults.push(...this.against(this.resolve(body).content['application/json'].schema, request.json));
        }
        return faults;
    }

    // What of an answer breaks the description, in words.
    answerFaults({ operation, answer }) {
        const response = this.response(operation, answer.status);
        if (!response) return [`status ${answer.status} is not declared`];
        const faults = [];
        const declared = response.headers || {};
        for (const [name, header] of Object.entries(declared)) {
            const { required, schema } = this.resolve(header);
            const value = answer.headers[name.toLowerCase()];
            if (value === undefined && required) faults.push(`the header ${name} is missing`);
            if (value !== undefined) faults.push(...this.againstText(schema, value).map((f) => `header ${name}: ${f}`));
        }
        const known = [...HTTP_HEADERS, ...Object.keys(declared).map((name) => name.toLowerCase())];
        for (const name of Object.keys(answer.headers)) {
            if (!known.includes(name)) faults.push(`the header ${name} is not declared`);
        }
        return [...faults, ...this.bodyFaults(response, answer)];
    }

    bodyFaults(response, answer) {
        if (!response.content) return answer.body ? ['it has a body, and none is declared'] : [];
        const media = response.content[answer.headers['content-type']];
        if (!media) return [`the media type ${answer.headers['content-type']} is not declared`];
        let value;
        try {
            value = JSON.parse(answer.body);
        } catch (error) {
            return [`the body is not JSON: ${error.message}`];
        }
        const faults = this.against(media.schema, value);
        if (answer.headers['content-type'] === 'application/problem+json') {
            const id = answer.headers['x-request-id'];
            if (value.status !== answer.status) faults.push(`the member status is ${value.status}`);
            if (value.instance !== undefined && value.instance !== id) faults.push('instance is not X-Request-Id');
            faults.push(...this.problemFaults(value));
        }
        return faults;
    }

    problemFaults(problem) {
        const name = String(problem.type).replace(/^urn:postern:problem:/, '');
        const row = (this.tree['x-problem-types'] || {})[name];
        if (!row) return [`the problem type ${name} is not in x-problem-types`];
        return row.status === problem.status ? [] : [`x-problem-types gives ${name} the status ${row.status}`];
    }
}

module.exports = { Description };
