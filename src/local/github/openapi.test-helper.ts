/** Checks what the local GitHub says against GitHub's published OpenAPI description (`scripts/openapi-extract.mjs`). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';

type Schema = Record<string, unknown>;

interface Operation {
  query: Record<string, Schema>;
  body: Schema | null;
  /** By status; null for an answer without a JSON body. */
  responses: Record<string, Schema | null>;
}

interface Description {
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, Schema>;
  schemas: Record<string, Schema>;
}

const description = JSON.parse(
  readFileSync(join(import.meta.dirname, 'openapi.json'), 'utf8'),
) as Description;

const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
for (const [name, schema] of Object.entries(description.schemas)) ajv.addSchema(rooted(schema), `/${name}`);
const compiled = new WeakMap<Schema, ValidateFunction>();

/** Every operation of the description, such as `GET /repos/{}/{}/issues`: the parameters' names are left out. */
export function describedOperations(): string[] {
  return Object.entries(description.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map(method => `${method.toUpperCase()} ${path.replace(/\{.*?\}/g, '{}')}`),
  );
}

/**
 * What is wrong with one exchange: the problems in words, none where it is as described.
 * `path` has its query and lacks `/api/v3`; a body is undefined where there is none. A request that was refused may be wrong.
 */
export function validateExchange(
  method: string,
  path: string,
  requestBody: unknown,
  status: number,
  responseBody: unknown,
): string[] {
  const [pathname = '', query = ''] = path.split('?', 2);
  const operation = operationOf(method, pathname);
  const where = `${method} ${path} → ${status}`;
  if (!operation) return status === 404 ? [] : [`${where}: not in the description`];
  const problems: string[] = [];
  if (status < 400) {
    for (const name of new URLSearchParams(query).keys()) {
      if (!operation.query[name]) problems.push(`${where}: unknown query parameter ${name}`);
    }
    if (operation.body && requestBody !== undefined) {
      problems.push(...violations(`${where}: request`, operation.body, requestBody));
    }
  }
  return [...problems, ...responseProblems(where, operation, status, responseBody)];
}

function responseProblems(where: string, operation: Operation, status: number, body: unknown): string[] {
  if (status === 304) return [];
  const described = operation.responses[String(status)];
  if (described === undefined && status < 400) return [`${where}: unexpected status`];
  if (described === null) {
    return body === undefined || status >= 300 ? [] : [`${where}: expected no JSON body, found one`];
  }
  return violations(`${where}: response`, described ?? { $ref: '#/schemas/basic-error' }, body);
}

/** What is wrong with a webhook's payload; `name` is such as `issues.opened` or `push`. */
export function validateWebhook(name: string, payload: unknown): string[] {
  const schema = description.webhooks[name];
  return schema ? violations(name, schema, payload) : [`${name}: not in the description`];
}

/** The path with the fewest parameters wins: `/issues/comments` before `/issues/{issue_number}`. */
function operationOf(method: string, pathname: string): Operation | undefined {
  const matching = Object.entries(description.paths)
    .filter(([template, operations]) => matches(template, pathname) && operations[method.toLowerCase()])
    .sort(([a], [b]) => a.split('{').length - b.split('{').length || b.length - a.length);
  return matching[0]?.[1][method.toLowerCase()];
}

/** Refs, branches, revisions and paths may hold slashes. */
function matches(template: string, pathname: string): boolean {
  const pattern = template
    .replace(/[.+?^$()|[\]\\]/g, '\\$&')
    .replace(/\/\{path\}/g, '(/.*)?')
    .replace(/\{(ref|branch|basehead)\}/g, '.+')
    .replace(/\{\w+\}/g, '[^/]+');
  return new RegExp(`^${pattern}$`).test(pathname);
}

function violations(where: string, schema: Schema, value: unknown): string[] {
  const validate = compiled.get(schema) ?? ajv.compile(rooted(schema));
  compiled.set(schema, validate);
  if (validate(value)) return [];
  const found = (validate.errors ?? []).slice(0, 40);
  return found.map(
    error => `${where}${error.instancePath}: ${error.message} ${JSON.stringify(error.params)}`,
  );
}

/** Schemas are registered one by one, under their names. */
function rooted(schema: Schema): Schema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/schemas/', '"/'));
}
