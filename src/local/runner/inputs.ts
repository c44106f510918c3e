/** Checks what the built-in actions are given. */
import { relative, resolve, sep } from 'node:path';
import type { StepRun } from './context.ts';

/** Throws for an input that the built-in action does not have: ignoring it could mean something else than asked. */
export function expectKnownInputs(
  given: Record<string, string>,
  known: readonly string[],
  action: string,
): void {
  const unknown = Object.keys(given).filter(name => !known.includes(name));
  if (unknown.length === 0) return;
  throw new Error(
    `${action}: the local runner does not support \`${unknown.join('`, `')}\` in \`with\`; it knows ${known.join(', ')}.`,
  );
}

/** The absolute path of `path` in the workspace. Throws where it leads out of it. */
export function insideWorkspace({ context }: StepRun, path: string): string {
  const target = resolve(context.workspace, path);
  const inside = relative(context.workspace, target);
  if (inside === '..' || inside.startsWith(`..${sep}`)) {
    throw new Error(`Expected a path inside the workspace, found ${path}.`);
  }
  return target;
}
