/** The log of a job: hides secrets and acts on the workflow commands (`::error::…`) that steps print. */

export interface JobLog {
  /** Writes a line that is the runner's own. */
  write(line: string): void;
  /** A value that must never be seen in the log. */
  mask(value: string): void;
  /** Takes the lines that one step prints. Commands that the step stopped are resumed for the next one. */
  stepOutput(): (line: string) => void;
}

const COMMAND = /^\s*::([a-z-]+)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)$/i;
/** Commands that are shown as GitHub's raw logs show them. */
const SHOWN = new Set(['error', 'warning', 'notice', 'debug', 'group', 'endgroup']);

/** A log that hands over every line, masked, to `emit`. */
export function createLog(emit: (line: string) => void): JobLog {
  const masks = new Set<string>();
  const write = (line: string) => {
    let masked = line;
    for (const value of masks) masked = masked.replaceAll(value, '***');
    emit(masked);
  };
  const mask = (value: string) => {
    // A mask of one or two characters would black out the whole log.
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
