/** Starts the three kinds of runs that the trainer is judged by, and reads what came of each. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '../..');
const PYTHON = join(ROOT, '.venv/bin/python');

const bareSchema = z.object({
  tokens: z.number().positive(),
  seconds: z.number().positive(),
  batch_size: z.number(),
  seq_len: z.number(),
  depth: z.number(),
  width: z.number(),
  heads: z.number(),
});
const resultSchema = z.object({
  outcome: z.object({ status: z.string() }),
  val_bpb: z.number(),
  training_seconds: z.number().positive(),
  startup_seconds: z.number(),
  scoring_seconds: z.number(),
  audit_seconds: z.number(),
  device: z.string(),
  stats: z.object({ steps_seconds: z.number(), total_tokens_M: z.number(), mfu_percent: z.number() }),
});

/** What train.py chose for this device: layers, channels, heads, and tokens in one step. */
export interface Sizes {
  depth: number;
  width: number;
  heads: number;
  tokens: number;
}

export interface BareRun {
  tokensPerSecond: number;
  sizes: Sizes;
}

/** One trial. `tokensPerSecond` and `stepsShare` go by the time from the referee's start until it has the weights. */
export interface Trial {
  device: string;
  valBpb: number;
  tokensPerSecond: number;
  stepsShare: number;
  mfuPercent: number;
  startupSeconds: number;
  scoringSeconds: number;
  auditSeconds: number;
}

/** The loop of train.py on made-up tokens, without a referee, for `budget` seconds. */
export async function measureBare(budget: number): Promise<BareRun> {
  const script = join(import.meta.dirname, 'bare.py');
  const { stdout } = await execa(PYTHON, [script, '--budget', String(budget)], { cwd: ROOT });
  const found = bareSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  return {
    tokensPerSecond: found.tokens / found.seconds,
    sizes: {
      depth: found.depth,
      width: found.width,
      heads: found.heads,
      tokens: found.batch_size * found.seq_len,
    },
  };
}

/** One trial of trainer/train.py, audited. */
export async function measureTrainer(budget: number, seed: number): Promise<Trial> {
  return await trial(budget, seed, ['--audit'], [join(ROOT, 'trainer/train.py')]);
}

/** One trial of the GPT-2 script in these sizes, not audited. */
export async function measureGpt2(budget: number, seed: number, sizes: Sizes): Promise<Trial> {
  const words = Object.entries(sizes).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return await trial(budget, seed, [], [join(import.meta.dirname, 'gpt2.py'), ...words]);
}

async function trial(
  budget: number,
  seed: number,
  options: readonly string[],
  script: readonly string[],
): Promise<Trial> {
  const folder = await mkdtemp(join(tmpdir(), 'autoresearch-bench-'));
  try {
    const out = join(folder, 'result.json');
    const told = ['--budget', String(budget), '--seed', String(seed), '--out', out, ...options];
    await execa(PYTHON, [join(ROOT, 'trainer/referee.py'), ...told, '--', PYTHON, ...script], {
      cwd: ROOT,
      env: { PYTHONPATH: join(ROOT, 'trainer') },
    });
    const result = resultSchema.parse(JSON.parse(await readFile(out, 'utf8')));
    return {
      device: result.device,
      valBpb: result.val_bpb,
      tokensPerSecond: (result.stats.total_tokens_M * 1e6) / result.training_seconds,
      stepsShare: result.stats.steps_seconds / result.training_seconds,
      mfuPercent: result.stats.mfu_percent,
      startupSeconds: result.startup_seconds,
      scoringSeconds: result.scoring_seconds,
      auditSeconds: result.audit_seconds,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}
