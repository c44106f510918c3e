/**
 * Cuts out of GitHub's OpenAPI description what the local GitHub serves, as JSON Schema without prose.
 *
 *   npm pack @octokit/openapi && tar xzf octokit-openapi-*.tgz
 *   node scripts/openapi-extract.mjs package/generated/api.github.com.json
 *
 * The description is far too big to be a dependency; the extract is kept in src/local/github/openapi.json.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TARGET = join(import.meta.dirname, '../src/local/github/openapi.json');

const REPO = '/repos/{owner}/{repo}';
const SERVED = {
  '/': 'get',
  '/meta': 'get',
  '/rate_limit': 'get',
  '/app': 'get',
  '/app/installations': 'get',
  '/app/installations/{installation_id}/access_tokens': 'post',
  '/installation/repositories': 'get',
  '/user': 'get',
  [REPO]: 'get',
  [`${REPO}/collaborators/{username}/permission`]: 'get',
  [`${REPO}/branches`]: 'get',
  [`${REPO}/branches/{branch}`]: 'get',
  [`${REPO}/branches/{branch}/protection`]: 'put delete',
  [`${REPO}/rules/branches/{branch}`]: 'get',
  [`${REPO}/commits/{ref}/check-runs`]: 'get',
  [`${REPO}/contents/{path}`]: 'get',
  [`${REPO}/git/ref/{ref}`]: 'get',
  [`${REPO}/git/matching-refs/{ref}`]: 'get',
  [`${REPO}/git/refs`]: 'post',
  [`${REPO}/git/refs/{ref}`]: 'patch delete',
  [`${REPO}/git/commits`]: 'post',
  [`${REPO}/git/commits/{commit_sha}`]: 'get',
  [`${REPO}/git/trees`]: 'post',
  [`${REPO}/git/trees/{tree_sha}`]: 'get',
  [`${REPO}/check-runs`]: 'post',
  [`${REPO}/check-runs/{check_run_id}`]: 'patch',
  [`${REPO}/check-runs/{check_run_id}/annotations`]: 'get',
  [`${REPO}/issues`]: 'get post',
  [`${REPO}/issues/{issue_number}`]: 'get patch',
  [`${REPO}/issues/{issue_number}/comments`]: 'get post',
  [`${REPO}/issues/{issue_number}/labels`]: 'post',
  [`${REPO}/issues/{issue_number}/reactions`]: 'get post',
  [`${REPO}/issues/comments`]: 'get',
  [`${REPO}/issues/comments/{comment_id}`]: 'get patch delete',
  [`${REPO}/issues/comments/{comment_id}/reactions`]: 'get post',
  [`${REPO}/pulls`]: 'get post',
  [`${REPO}/pulls/{pull_number}`]: 'get patch',
  [`${REPO}/pulls/{pull_number}/merge`]: 'put',
  [`${REPO}/actions/workflows/{workflow_id}/runs`]: 'get',
  [`${REPO}/actions/workflows/{workflow_id}/dispatches`]: 'post',
  [`${REPO}/actions/runs`]: 'get',
  [`${REPO}/actions/runs/{run_id}/artifacts`]: 'get',
  [`${REPO}/actions/runs/{run_id}/jobs`]: 'get',
  [`${REPO}/actions/runs/{run_id}/cancel`]: 'post',
  [`${REPO}/actions/runners`]: 'get',
  [`${REPO}/actions/artifacts/{artifact_id}/{archive_format}`]: 'get',
};
const WEBHOOKS = {
  installation: 'created',
  issue_comment: 'created edited',
  issues: 'opened closed reopened',
  pull_request: 'closed synchronize',
  push: '',
  workflow_run: 'in_progress completed',
};
const PROSE = new Set(['description', 'summary', 'example', 'examples', 'title', 'externalDocs', 'default']);

const source = process.argv[2];
if (!source)
  throw new Error('Expected the path of an OpenAPI description, as in the comment of this script.');
const description = JSON.parse(readFileSync(source, 'utf8'));
const needed = new Set();

const paths = {};
for (const [path, methods] of Object.entries(SERVED)) {
  paths[path] = {};
  for (const method of methods.split(' ')) {
    const operation = description.paths[path]?.[method];
    if (!operation) throw new Error(`Expected ${method} ${path} in ${source}, found nothing.`);
    paths[path][method] = extractOperation(operation);
  }
}
const webhooks = {};
for (const [event, actions] of Object.entries(WEBHOOKS)) {
  for (const action of actions.split(' ')) {
    const name = [event.replaceAll('_', '-'), action.replaceAll('_', '-')].filter(Boolean).join('-');
    const hook = description['x-webhooks'][name];
    if (!hook) throw new Error(`Expected the webhook ${name} in ${source}, found nothing.`);
    const body = hook.post.requestBody.content['application/json'].schema;
    webhooks[[event, action].filter(Boolean).join('.')] = toJsonSchema(body);
  }
}
const schemas = {};
toJsonSchema({ $ref: '#/components/schemas/basic-error' });
for (const name of needed) schemas[name] = toJsonSchema(description.components.schemas[name]);

const { version } = description.info;
writeFileSync(TARGET, `${JSON.stringify({ version, paths, webhooks, schemas })}\n`);
console.log(`${TARGET}: ${Object.keys(paths).length} paths, ${needed.size} schemas`);

/** Query parameters, body and responses of an operation. */
function extractOperation(operation) {
  const parameters = (operation.parameters ?? []).map(resolve).filter(one => one.in === 'query');
  const query = Object.fromEntries(parameters.map(one => [one.name, toJsonSchema(one.schema)]));
  const body = operation.requestBody?.content['application/json']?.schema;
  const responses = {};
  for (const [status, answer] of Object.entries(operation.responses)) {
    const content = resolve(answer).content?.['application/json'];
    responses[status] = content ? toJsonSchema(content.schema) : null;
  }
  return { query, body: body ? toJsonSchema(body) : null, responses };
}

function resolve(node) {
  if (!node.$ref) return node;
  return node.$ref
    .slice(2)
    .split('/')
    .reduce((at, key) => at[key], description);
}

/** A schema of OpenAPI 3.0 as JSON Schema: `nullable` becomes a type, `oneOf` (often ambiguous there) becomes `anyOf`. */
function toJsonSchema(schema) {
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1);
    needed.add(name);
    return { $ref: `#/schemas/${name}` };
  }
  const result = {};
  for (const [key, value] of Object.entries(corrected(schema))) {
    if (PROSE.has(key) || key.startsWith('x-') || key === 'nullable' || key === 'deprecated') continue;
    if (key === 'format' && value !== 'date-time') continue;
    result[key === 'oneOf' ? 'anyOf' : key] = convert(key, value);
  }
  if (!schema.nullable) return result;
  if (result.enum) result.enum = [...new Set([...result.enum, null])];
  if (result.type) return { ...result, type: [result.type, 'null'] };
  const { anyOf, ...rest } = result;
  return anyOf ? { ...rest, anyOf: [...anyOf, { type: 'null' }] } : { anyOf: [result, { type: 'null' }] };
}

/** The list of installations demands an account that is a user and an enterprise at once; one of them is meant. */
function corrected(schema) {
  const titles = (schema.allOf ?? []).map(one => one.title);
  if (!titles.includes('Simple User') || !titles.includes('Enterprise')) return schema;
  const { allOf, ...rest } = schema;
  return { ...rest, anyOf: allOf };
}

function convert(key, value) {
  if (key === 'properties' || key === 'patternProperties') {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, toJsonSchema(one)]));
  }
  if (['allOf', 'anyOf', 'oneOf'].includes(key)) return value.map(toJsonSchema);
  const nested = ['items', 'not', 'additionalProperties'].includes(key) && typeof value === 'object';
  return nested ? toJsonSchema(value) : value;
}
