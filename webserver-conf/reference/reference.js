// Shows the description, which description.js holds: a page that is opened from a file may fetch nothing.
'use strict';

// Requests can be tried where the pair serves this page, at /reference/. Elsewhere there is nobody to ask.
const SERVED = location.protocol !== 'file:' && location.pathname.startsWith('/reference/');
const METHODS = SERVED ? ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] : [];

// Swagger UI resolves the description's own references against this address, and does not ask it. It takes no file's.
const BASE = location.protocol === 'file:' ? 'http://description.invalid/' : location.href;

// Swagger UI fills an example into its field, to be sent. Of optional parameters only a key that is new is worth that.
function prepare(parameters) {
    for (const parameter of parameters.filter(({ required }) => !required)) delete parameter.example;
    const key = parameters.find(({ name }) => name === 'Idempotency-Key');
    key.example = `"${Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')}"`;
}

const operationOf = (element) => element.closest('.opblock').id.split('-').pop();

// What assistive technology must know and Swagger UI does not say: the elements, the attribute, its value.
const LABELS = [
    ['.information-container', 'role', () => 'region'],
    ['.information-container', 'aria-label', () => 'About the service'],
    ['.responses-table[role=region]', 'aria-label', (table) => `Responses of ${operationOf(table)}`],
    ['.examples-select-element', 'aria-label', () => 'Example'],
    ['.json-schema-2020-12-accordion', 'aria-label', (button) => button.textContent.trim() || 'Schema'],
    ['tr[data-param-name] :is(select, input)', 'aria-label', (field) => field.closest('tr').dataset.paramName],
    ['.body-param textarea', 'aria-label', () => 'Request body'],
    ['h3', 'aria-level', () => 2],
    ['h4', 'aria-level', () => 3],
    ['h5', 'aria-level', () => 4],
];

function label(root) {
    for (const [elements, attribute, value] of LABELS) {
        for (const element of root.querySelectorAll(elements)) {
            if (!element.hasAttribute(attribute)) element.setAttribute(attribute, value(element));
        }
    }
}

// Swagger UI has dark colours, and nothing that chooses them.
function followColours() {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
    dark.addEventListener('change', follow);
    follow();
}

function add(parent, name, text) {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    parent.append(element);
    return element;
}

// Swagger UI passes over extensions: the samples, and what to do about each problem type.
function showSamples(section) {
    for (const { label: name, source } of description.paths['/orders'].post['x-codeSamples'] || []) {
        const details = add(section, 'details');
        add(details, 'summary', name);
        add(details, 'pre', source).tabIndex = 0;
    }
}

function showProblems(section) {
    const table = add(section, 'table');
    const head = add(add(table, 'thead'), 'tr');
    for (const title of ['Status', 'Type', 'What to do']) add(head, 'th', title).scope = 'col';
    const body = add(table, 'tbody');
    for (const [name, { status, do: advice }] of Object.entries(description['x-problem-types'])) {
        const row = add(body, 'tr');
        for (const text of [status, `urn:postern:problem:${name}`, advice]) add(row, 'td', text);
    }
}

// In place of the description's address, a link to the file beside this page.
const linkToFile = ({ React }) => ({
    wrapComponents: { InfoUrl: () => () => React.createElement('a', { href: 'openapi.json' }, 'openapi.json') },
});

const root = document.getElementById('reference');
new MutationObserver(() => label(root)).observe(root, { childList: true, subtree: true });
followColours();
prepare([...Object.values(description.paths).flatMap(Object.values).flatMap(({ parameters }) => parameters || []),
    ...Object.values(description.components.parameters)]);
showSamples(document.getElementById('samples'));
showProblems(document.getElementById('problems'));
const ui = SwaggerUIBundle({
    spec: description,
    domNode: root,
    plugins: [linkToFile],
    supportedSubmitMethods: METHODS,
    syntaxHighlight: false,
    defaultModelsExpandDepth: 0,
    onComplete: () => ui.specActions.updateUrl(new URL('openapi.json', BASE).href),
});
