/**
 * Secrets in what is published: in output, logs, summaries, comments. Without a sandbox a candidate can read the environment of the
 * user's other processes and print it, so what looks like a secret, and what is known to be one, is masked where text comes in.
 */

const MASK = '***';
const NAME = /(?:TOKEN|KEY|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$|^ACTIONS_/i;
/** A shorter value, such as `true`, would be masked in the middle of words. */
const SHORTEST = 8;
/** A line of a key that has several. */
const SHORTEST_LINE = 16;

/** Tokens of GitHub, keys of model providers, and private keys, wherever they come from. */
const SHAPES = [
  /\bgh[pousr]_[A-Za-z0-9_]{20,255}/g,
  /\bgithub_pat_[A-Za-z0-9_]{20,255}/g,
  /\bsk-[A-Za-z0-9_-]{20,255}/g,
  /\bhf_[A-Za-z0-9]{20,255}/g,
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|-----END[A-Z ]{0,30})?/g,
];

/** Whether a variable of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return NAME.test(name);
}

/** The environment without its secrets. */
export function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isSecretName(name)));
}

/** The values of an environment that are secret, the longest first. A value with several lines is also there line by line. */
export function secretsIn(env: NodeJS.ProcessEnv): string[] {
  const values = Object.entries(env).flatMap(([name, value = '']) => {
    if (!isSecretName(name) || value.length < SHORTEST) return [];
    const lines = value.split(/\\n|\r?\n/).filter(line => line.length >= SHORTEST_LINE);
    return [value, ...lines];
  });
  return [...new Set(values)].sort((a, b) => b.length - a.length);
}

/** The text with `secrets`, and with everything that has the shape of one, replaced by stars. */
export function masked(text: string, secrets: readonly string[] = []): string {
  const known = secrets.reduce((rest, secret) => rest.replaceAll(secret, MASK), text);
  return SHAPES.reduce((rest, shape) => rest.replace(shape, MASK), known);
}

/** A value of JSON with all its texts masked. */
export function maskedDeep<T>(value: T, secrets: readonly string[]): T {
  return JSON.parse(JSON.stringify(value), (_, part: unknown) =>
    typeof part === 'string' ? masked(part, secrets) : part,
  ) as T;
}
