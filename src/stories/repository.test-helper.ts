/** The repository of the stories: a settings file to experiment with, and a score that is looked up in a table. */
import { readFileSync } from 'node:fs';
import { workflowText } from '../starter/templates.ts';

/** What the first champion scores, but for the noise of a seed. */
const START = 1;

/** What one setting does to the score (lower is better); `crash` ends the trial with a traceback. */
const EFFECTS = {
  'depth: 2': '-0.0200',
  'width: 2': '0.0150',
  'rate: 9': 'crash',
  'decay: 3': '-0.0030',
  'batch: 4': '0.0080',
  'width: 3': '-0.0090',
} as const;

const SETTINGS = ['depth: 1', 'width: 1', 'rate: 1', 'decay: 1', 'batch: 1', 'notes: none'];

/** Prints what the ancestor's trainer prints. While the settings hold what the file `hold` beside the data holds, training goes on. */
const SCORE = `#!/bin/sh
# Looks the score of settings.txt up in effects.txt; the seed adds up to 0.0005 of noise.
tries=0
while [ -s "$AUTORESEARCH_DATA/hold" ] && grep -qf "$AUTORESEARCH_DATA/hold" settings.txt && [ "$tries" -lt 600 ]; do sleep 0.1; tries=$((tries + 1)); done
exec awk -v seed="$AUTORESEARCH_SEED" '
  FNR == NR { effect[$1 " " $2] = $3; next }
  { key = $1 " " $2 }
  effect[key] == "crash" {
    print "Traceback (most recent call last):"
    print "RuntimeError: " key " does not converge"
    failed = 1
    exit 1
  }
  { sum += effect[key] }
  END {
    if (failed) exit 1
    print "---"
    printf "val_bpb:          %.6f\\n", ${START} + sum + (seed * 7919 % 1001 - 500) / 1000000
    print "training_seconds: 300.1"
    print "total_seconds:    325.9"
    print "peak_vram_mb:     45060.2"
    print "num_steps:        953"
  }' score/effects.txt settings.txt
`;

/** How a candidate is started. */
export const COMMAND = 'sh score/score.sh';

/** A look into a table needs no sandbox; the story of the real trainer has one. */
const CONTRACT = `# One knob a line; the score is fixed.
editable: [settings.txt]
brief: program.md
sandbox: none
metric: {name: val_bpb, goal: minimize}
trial: {budget: 5s, timeout: 60s}
agents:
  - {name: gpt, use: openai, model: scripted}
`;

/** Files of the first commit; `change` replaces some of them, and null leaves one out. */
export function researchFiles(change: Record<string, string | null> = {}): Map<string, string> {
  const files = {
    '.github/research.yml': CONTRACT,
    '.github/workflows/experiment.yml': workflowText({
      action: 'autoresearch/autoresearch-bot@v1',
      command: COMMAND,
    }),
    'settings.txt': `${SETTINGS.join('\n')}\n`,
    'program.md': 'Lower val_bpb by changing settings.txt, one knob at a time.\n',
    'README.md': 'A small model.\n',
    'score/score.sh': SCORE,
    'score/effects.txt': Object.entries(EFFECTS)
      .map(([setting, effect]) => `${setting} ${effect}\n`)
      .join(''),
    ...change,
  };
  return new Map(Object.entries(files).filter((entry): entry is [string, string] => entry[1] !== null));
}

/** The contract with some of its text replaced. */
export function contractWith(search: string, replacement: string): string {
  if (!CONTRACT.includes(search))
    throw new Error(`Expected ${JSON.stringify(search)} in the stories' contract.`);
  return CONTRACT.replace(search, replacement);
}

/** The folder that holds `action.yml` and the action's bundle. */
export const CHECKOUT = new URL('../../', import.meta.url).pathname;

/** Fails early where the bundle was never made. */
export function expectBundle(): void {
  readFileSync(`${CHECKOUT}dist/action.js`);
}
