/** The limit on open files. Below it programs fail in ways that do not say why: a process cannot be started, a connection never comes. */
import { UsageError } from '../starter/errors.ts';

const LEAST = 256;

/** Throws a UsageError if this process may not open as many files as it needs. */
export function checkOpenFiles(limit: number | null = openFilesLimit()): void {
  if (limit !== null && limit < LEAST)
    throw new UsageError(
      `Open files: expected a limit of at least ${LEAST}, found ${limit}. Raise it with \`ulimit -n 1024\` and run the same command again.`,
    );
}

/** Null if it is unknown or there is none. */
function openFilesLimit(): number | null {
  Object.assign(process.report, { excludeNetwork: true });
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  const limit = Number(userLimits?.open_files?.soft);
  return Number.isFinite(limit) ? limit : null;
}
