/** Checks the inputs of built-in actions. */
import { relative, resolve, sep } from 'node:path';
import type { StepRun } from './context.ts';

/** Throws if the built-in action does not support an input, because ignoring it could change the meaning. */
export function expectKnownInputs(
  given: Record<string, string>,
  known: readonly string[],
  action: string,
): void {
  const unknown = Object.keys(given).filter(name => !known.includes(name));
  if (unknown.length === 0) return;
  throw new Error(
    `${action}: the local runner does not support \`${unknown.join('`, `')}\` in \`with\`. Supported: ${known.join(', ')}.`,
  );
}

/** The absolute path of `path` in the workspace. Throws if it leads out of the workspace. */
export function insideWorkspace({ context }: StepRun, path: string): string {
  const target = resolve(context.workspace, path);
  const inside = relative(context.workspace, target);
  if (inside === '..' || inside.startsWith(`..${sep}`)) {
    throw new Error(`Expected a path inside the workspace, found ${path}.`);
  }
  return target;
}
