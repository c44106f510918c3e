/** The log of a job. Masks secrets, and executes the workflow commands (`::error::…`) that steps print. */

export interface JobLog {
  /** Writes a line of the runner itself. */
  write(line: string): void;
  /** Masks a value in the log from now on. */
  mask(value: string): void;
  /** Returns a function for the output lines of one step. If a step stops commands, they resume with the next step. */
  stepOutput(): (line: string) => void;
}

const COMMAND = /^\s*::([a-z-]+)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)$/i;
/** Commands that are shown as in GitHub's raw logs. */
const SHOWN = new Set(['error', 'warning', 'notice', 'debug', 'group', 'endgroup']);

/** A log that passes every masked line to `emit`. */
export function createLog(emit: (line: string) => void): JobLog {
  const masks = new Set<string>();
  const write = (line: string) => {
    let masked = line;
    for (const value of masks) masked = masked.replaceAll(value, '***');
    emit(masked);
  };
  const mask = (value: string) => {
    // Masking one or two characters would make the whole log unreadable.
    for (const line of value.split(/\r?\n/)) if (line.trim().length > 2) masks.add(line.trim());
  };
  const stepOutput = () => {
    let resumeToken: string | null = null;
    return (line: string) => {
      const command = COMMAND.exec(line);
      const [, name = '', , value = ''] = command ?? [];
      if (resumeToken !== null) {
        if (line.trim() === `::${resumeToken}::`) resumeToken = null;
        write(line);
      } else if (!command) {
        write(line);
      } else if (name.toLowerCase() === 'add-mask') {
        mask(unescapeData(value));
      } else if (name.toLowerCase() === 'stop-commands') {
        resumeToken = value.trim();
        write(line);
      } else if (SHOWN.has(name.toLowerCase())) {
        write(`##[${name.toLowerCase()}]${unescapeData(value)}`);
      } else {
        write(line);
      }
    };
  };
  return { write, mask, stepOutput };
}

function unescapeData(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}
