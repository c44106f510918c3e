/** The real trainer in a repository of its own, with rates that are too low, and a world in which it really trains. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { workflowText } from '../starter/templates.ts';
import { askedFor } from './model.test-helper.ts';
import { CHECKOUT } from './repository.test-helper.ts';
import { startWorld, type World } from './world.test-helper.ts';

export const TRAIN = 'trainer/train.py';
export const TRAIN_TEXT = readFileSync(join(CHECKOUT, TRAIN), 'utf8');

interface Planted {
  title: string;
  search: string;
  replace: string;
}

/** A world whose runner trains, and whose model proposes these ideas in turn. */
export function trainingWorld(ideas: readonly Planted[]): Promise<World> {
  return startWorld({
    jobs: true,
    clockRate: 1,
    path: [join(CHECKOUT, '.venv/bin'), process.env.PATH].join(delimiter),
    data: join(CHECKOUT, '.autoresearch/data'),
    model: request => {
      const { title, search, replace } = ideas[(askedFor(request) - 1) % ideas.length] ?? {};
      return JSON.stringify({ title, hypothesis: 'Planted.', edits: [{ path: TRAIN, search, replace }] });
    },
  });
}

/** The line of the trainer that sets a constant. */
export function lineOf(constant: string): string {
  const line = new RegExp(`^${constant} = .*$`, 'm').exec(TRAIN_TEXT)?.[0];
  if (line === undefined) throw new Error(`Expected a line that sets ${constant} in ${TRAIN}, found none.`);
  return line;
}

/** The same line with another value. */
export function withValue(line: string, value: string): string {
  return line.replace(/= \S+/, `= ${value}`);
}

/**
 * The trainer of this checkout as the first commit of a repository.
 * @param train its `train.py`
 * @param keys more of its contract
 */
export function trainerFiles(train: string, keys = ''): Map<string, string> {
  for (const needed of ['.venv/bin/python3', '.autoresearch/data/manifest.json'])
    if (!existsSync(join(CHECKOUT, needed))) throw new Error(`Expected ${needed}; run \`npm run setup\`.`);
  const tracked = execFileSync('git', ['ls-files', 'trainer'], { cwd: CHECKOUT, encoding: 'utf8' })
    .trim()
    .split('\n');
  const files = new Map(tracked.map(path => [path, readFileSync(join(CHECKOUT, path), 'utf8')]));
  files.set(TRAIN, train);
  files.set(
    '.github/research.yml',
    `trial: {budget: 4s, timeout: 90s}\nagents:\n  - {name: gpt, use: openai, model: scripted}\n${keys}`,
  );
  files.set(
    '.github/workflows/experiment.yml',
    workflowText({ action: 'autoresearch/autoresearch-bot@v1', command: 'python3 trainer/train.py' }),
  );
  return files;
}
