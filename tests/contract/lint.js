// The description's form, by Redocly's rules: what it finds, in words.
'use strict';

async function lint(file) {
    const core = await import(require.resolve('@redocly/openapi-core'));
    const config = await core.createConfig({ extends: ['recommended-strict'], rules: {
        'operation-tag-defined': 'error',
        'operation-operationId': 'error',
        'operation-singular-tag': 'error',
        'no-unused-components': 'error',
        'no-invalid-media-type-examples': { severity: 'error', allowAdditionalProperties: false },
        'no-invalid-schema-examples': 'error',
        'no-invalid-parameter-examples': 'error',
        'no-schema-type-mismatch': 'error',
        'no-required-schema-properties-undefined': 'error',
        'component-name-unique': 'error',
    } });
    const problems = await core.lint({ ref: file, config });
    return problems.map(({ ruleId, message, location: [{ pointer }] }) => `lint ${ruleId}: ${pointer}: ${message}`);
}

module.exports = { lint };
