/** Shows the board: repainted in place on a terminal, one line per event anywhere else. */
import { styleText } from 'node:util';
import { createLogUpdate } from 'log-update';
import { type Board, changes, clock, paint, progressText } from './board.ts';

export interface View {
  show(board: Board): void;
  /** A line that stays. */
  say(line: string): void;
  /** Leaves the last board standing and gives the cursor back. */
  close(): void;
}

/** Where there is nobody to look at a bar, one line about a running trial at most this often. */
const PROGRESS_EVERY_SECONDS = 10;

/** A view for `stream`; `now` is in seconds since any fixed moment. */
export function createView(stream: NodeJS.WriteStream, now: () => number): View {
  return stream.isTTY ? terminalView(stream, now) : lineView(stream, now);
}

function terminalView(stream: NodeJS.WriteStream, now: () => number): View {
  const update = createLogUpdate(stream, { showCursor: false });
  const started = now();
  return {
    show: board => {
      const picture = paint(board, now() - started, Math.max(40, (stream.columns ?? 80) - 1));
      update(`\n${picture.split('\n').map(coloured).join('\n')}\n`);
    },
    say: line => update.persist(line),
    close: () => update.done(),
  };
}

/** Verdicts in their colours; the first line is the heading. */
function coloured(line: string, index: number): string {
  if (index === 0 || line.startsWith('▸')) return styleText('bold', line);
  if (line.startsWith('merged')) return styleText('green', line);
  if (line.startsWith('crashed')) return styleText('red', line);
  return /^(closed|stopped)/.test(line) ? styleText('dim', line) : line;
}

function lineView(stream: NodeJS.WriteStream, now: () => number): View {
  const started = now();
  const print = (line: string) => stream.write(`${clock(now() - started).padStart(6)}  ${line}\n`);
  let shown: Board | null = null;
  const progressAt = new Map<string, number>();
  return {
    show: board => {
      for (const line of changes(shown, board)) print(line);
      for (const trial of board.running) {
        // The first word is news, too.
        const news = trial.heard ? trial.id : `${trial.id} starting`;
        const last = progressAt.get(news);
        if (last !== undefined && now() - last < PROGRESS_EVERY_SECONDS) continue;
        progressAt.set(news, now());
        print(progressText(trial));
      }
      shown = board;
    },
    say: print,
    close: () => {},
  };
}
