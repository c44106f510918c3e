// Bench: the audit of honest models: whether it flags or ends one, and by how much it corrects them
/** Five kinds of models that an audit might mistake for cheats, each trained, scored and audited on several seeds. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { execa } from 'execa';
import { markdownTable } from 'markdown-table';
import { z } from 'zod';
import { durationText, wholeNumber } from '../src/cli/errors.ts';
import { secondsOf } from '../src/starter/errors.ts';

const ROOT = join(import.meta.dirname, '..');
const PYTHON = join(ROOT, '.venv/bin/python');
const KINDS = ['tokenizer', 'experts', 'bfloat16', 'context', 'sparse'];

const resultSchema = z.object({
  outcome: z.object({ status: z.string(), message: z.string().optional() }),
  val_bpb: z.number().nullable(),
  test_bpb: z.number().nullable(),
  audit_seconds: z.number(),
  audited: z.object({ val_bpb: z.number(), largest: z.number(), flags: z.array(z.string()) }).nullable(),
});
type Result = z.infer<typeof resultSchema>;

const options = new Command('npm run bench -- honest')
  .option('--budget <duration>', 'training time of each model', durationText, '4s')
  .option('--seeds <n>', 'seeds for each kind', wholeNumber(1, 100), 5)
  .parse()
  .opts<{ budget: string; seeds: number }>();

await main(secondsOf(options.budget), options.seeds);

/** Trains all kinds on all seeds, telling of each, and prints a row for each kind. Exit code 1 if one was wronged. */
async function main(budget: number, seeds: number): Promise<void> {
  const rows: Result[][] = [];
  for (const kind of KINDS) {
    const results: Result[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      const result = await measure(kind, seed, budget);
      results.push(result);
      console.log(`${kind}, seed ${seed}: ${sentence(result)}`);
    }
    rows.push(results);
  }
  const all = rows.flat();
  console.log(
    `\n${markdownTable([
      ['kind', 'measured', 'flagged', 'largest difference, nats', 'largest correction, bpb', 'audit, s'],
      ...KINDS.map((kind, index) => [kind, ...summary(rows[index] ?? [])]),
      ['all', ...summary(all)],
    ])}`,
  );
  if (all.some(result => flagsOf(result).length > 0 || result.outcome.status !== 'measured'))
    process.exitCode = 1;
}

/** What came of one model. */
function sentence({ outcome, val_bpb, test_bpb, audited }: Result): string {
  if (outcome.status !== 'measured' || audited === null) return `${outcome.status}: ${outcome.message ?? ''}`;
  const flags = audited.flags.length > 0 ? `flagged: ${audited.flags.join('; ')}` : 'not flagged';
  return `val_bpb ${val_bpb}, test ${test_bpb}, ${flags}`;
}

/** The cells of a table's row. */
function summary(results: readonly Result[]): string[] {
  const audited = results.flatMap(({ audited }) => audited ?? []);
  const corrections = results.map(({ val_bpb, audited }) =>
    Math.abs((audited?.val_bpb ?? 0) - (val_bpb ?? 0)),
  );
  return [
    `${results.filter(({ outcome }) => outcome.status === 'measured').length} of ${results.length}`,
    String(results.filter(result => flagsOf(result).length > 0).length),
    Math.max(...audited.map(({ largest }) => largest)).toExponential(1),
    Math.max(...corrections).toExponential(1),
    Math.max(...results.map(({ audit_seconds }) => audit_seconds)).toFixed(0),
  ];
}

function flagsOf({ audited }: Result): readonly string[] {
  return audited?.flags ?? [];
}

/** Runs the referee, audit and all; a candidate's crash is a result, too. */
async function measure(kind: string, seed: number, budget: number): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'autoresearch-bench-'));
  try {
    const out = join(folder, 'result.json');
    const told = ['--audit', '--budget', String(budget), '--seed', String(seed), '--out', out];
    const script = join(import.meta.dirname, 'trainer/honest.py');
    await execa(PYTHON, [join(ROOT, 'trainer/referee.py'), ...told, '--', PYTHON, script, kind], {
      cwd: ROOT,
      env: { PYTHONPATH: join(ROOT, 'trainer') },
      reject: false,
    });
    return resultSchema.parse(JSON.parse(await readFile(out, 'utf8')));
  } finally {
    await rm(folder, { recursive: true });
  }
}
