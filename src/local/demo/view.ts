/** Shows the board: repainted in place on a terminal, one line per event elsewhere. */
import { styleText } from 'node:util';
import { createLogUpdate } from 'log-update';
import { type Board, changes, clock, type Line, paint, progressText, type Tone } from './board.ts';

export interface View {
  show(board: Board): void;
  /** Prints a line that stays. */
  print(line: string): void;
  /** Keeps the last board and restores the cursor. */
  close(): void;
}

/** Without a terminal, a running trial gets a line at most this often. */
const PROGRESS_EVERY_SECONDS = 10;

/** A view on `stream`. `now` is in seconds since any fixed moment. */
export function createView(stream: NodeJS.WriteStream, now: () => number): View {
  return stream.isTTY ? terminalView(stream, now) : lineView(stream, now);
}

function terminalView(stream: NodeJS.WriteStream, now: () => number): View {
  const update = createLogUpdate(stream, { showCursor: false });
  const started = now();
  return {
    show: board => {
      const lines = paint(board, now() - started, Math.max(40, (stream.columns ?? 80) - 1));
      update(`\n${lines.map(styled).join('\n')}\n`);
    },
    print: line => update.persist(line),
    close: () => update.done(),
  };
}

function styled({ text, tone }: Line): string {
  return tone === 'plain' ? text : styleText(STYLES[tone], text);
}

const STYLES = { heading: 'bold', good: 'green', bad: 'red', muted: 'dim' } as const satisfies Record<
  Exclude<Tone, 'plain'>,
  string
>;

function lineView(stream: NodeJS.WriteStream, now: () => number): View {
  const started = now();
  const print = (line: string) => stream.write(`${clock(now() - started).padStart(6)}  ${line}\n`);
  let shown: Board | null = null;
  const progressAt = new Map<string, number>();
  return {
    show: board => {
      for (const line of changes(shown, board)) print(line);
      for (const trial of board.running) {
        // A trial's first output is shown at once, and then at intervals.
        const key = trial.heard ? trial.id : `${trial.id} starting`;
        const last = progressAt.get(key);
        if (last !== undefined && now() - last < PROGRESS_EVERY_SECONDS) continue;
        progressAt.set(key, now());
        print(progressText(trial));
      }
      shown = board;
    },
    print,
    close: () => {},
  };
}
