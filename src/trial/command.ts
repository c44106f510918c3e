/** Parses the workflow's command into a program and its arguments. */

/** Words without special meaning in any shell. The first must not be an assignment (`A=1 python3 …`). */
const PLAIN = /^[\w./:,@%+-]+(?: +[\w./:=,@%+-]+)*$/;

export interface Command {
  file: string;
  args: string[];
  throughShell: boolean;
}

/**
 * A command of plain words (letters, digits and `_./:=,@%+-`) separated by spaces is started directly. Anything else, such as quotes,
 * pipes, variables or `A=1 python3 …`, is passed to `sh -c` unchanged.
 */
export function parseCommand(text: string): Command {
  const command = text.trim();
  if (command === '')
    throw new Error('Expected a command such as "python3 trainer/train.py", found an empty string.');
  if (!PLAIN.test(command)) return { file: 'sh', args: ['-c', command], throughShell: true };
  const [file = '', ...args] = command.split(/ +/);
  return { file, args, throughShell: false };
}
