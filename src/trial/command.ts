/** How the contract's command becomes a program and its arguments. */

/** Words that mean the same to every shell. The first must not be an assignment (`A=1 python3 …`). */
const PLAIN = /^[\w./:,@%+-]+(?: +[\w./:=,@%+-]+)*$/;

export interface Command {
  file: string;
  args: string[];
  throughShell: boolean;
}

/**
 * A command made of plain words separated by spaces (letters, digits and `_./:=,@%+-`) is started directly.
 * Anything else, such as quotes, pipes, variables or `A=1 python3 …`, is given to `sh -c` as it stands.
 */
export function parseCommand(text: string): Command {
  const command = text.trim();
  if (command === '')
    throw new Error('Expected a command such as "python3 trainer/train.py", found an empty text.');
  if (!PLAIN.test(command)) return { file: 'sh', args: ['-c', command], throughShell: true };
  const [file = '', ...args] = command.split(/ +/);
  return { file, args, throughShell: false };
}
