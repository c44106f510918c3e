/** A refereed trial: a program of the base runs outside the sandbox, starts the candidate inside it, and trains, scores and audits it. */
import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import {
  type Conditions,
  crashReasons,
  isMeasurable,
  type Measurement,
  MOST_MEMORY_MB,
} from '../protocol/measurement.ts';
import { PREVIEW_AT } from '../protocol/stop-bar.ts';
import { fault, overuse, shortened, timedOut } from './classify.ts';
import { type Executed, execute } from './execute.ts';
import { git, resolveRevision } from './git.ts';
import { guardNumbers } from './guard-numbers.ts';
import { watchLoad } from './load.ts';
import { championNats, natsFile } from './nats.ts';
import type { Finding, Stage } from './stage.ts';

/** Start-up, scoring and every step of an audit may take at least this long. */
const LEAST_STAGE_SECONDS = 30;
/** Scoring may take twice the champion's time, plus some slack for a busy machine. */
const SCORING_FACTOR = 2;
const SCORING_SLACK_SECONDS = 2;
/** The referee ends a trial when its time is up. If it does not end by then, something holds it up, and it is killed. */
const REFEREE_SECONDS = 10;

/** Null stands for numbers that JSON cannot represent, and for those that cannot be a result. */
const finite = z
  .number()
  .nullable()
  .transform(value => (value !== null && isMeasurable(value) ? value : null));

/** The referee's result file, see docs/referee.md. */
const resultSchema = z.object({
  outcome: z.discriminatedUnion('status', [
    z.object({ status: z.literal('measured'), value: finite }),
    z.object({ status: z.literal('stopped'), value: finite, at: z.number().min(0).max(1) }),
    z.object({
      status: z.literal('crash'),
      reason: z.enum(crashReasons),
      message: z.string(),
      traceback: z.string(),
    }),
    z.object({ status: z.literal('fault'), message: z.string() }),
  ]),
  preview: finite,
  val_bpb: finite,
  audited: z
    .object({
      n: z.int().positive(),
      sd: finite,
      largest: finite,
      smallest_lie: finite,
      flags: z.array(z.string()),
    })
    .nullable(),
  test_bpb: finite,
  clock: z.enum(['wall', 'cpu']).default('wall'),
  conditions: z
    .object({
      seconds: z.number(),
      cpu_seconds: z.number(),
      others: z.number().nullable(),
      cores: z.int(),
    })
    .nullable()
    .default(null),
  training_seconds: z.number(),
  startup_seconds: z.number(),
  scoring_seconds: z.number(),
  audit_seconds: z.number(),
  peak_memory_mb: z.number(),
  stats: z.record(z.string(), finite),
  /** What the referee saw of the training beside the score. */
  seen: z.record(z.string(), finite).default({}),
});
type Result = z.infer<typeof resultSchema>;

/**
 * Has the referee at path `referee` in the base measure the candidate. Throws an error, which counts as a fault of the machine, if the
 * referee cannot be started or its result is invalid.
 */
export async function runRefereed(stage: Stage, referee: string): Promise<Finding> {
  const { options, launched, scratch } = stage;
  const [python = ''] = launched.command;
  if (stage.command.throughShell || !/^python[\d.]*$/.test(basename(python)))
    throw new Error(
      `With metric.referee, the command must start with python3 and consist of plain words, found ${JSON.stringify(options.command)}. Fix it in the workflow.`,
    );
  const out = join(scratch, 'result.json');
  const seconds = stageSeconds(options);
  const program = await checkOutReferee(stage, referee);
  const load = (options.watchLoad ?? watchLoad)();
  const executed = await execute({
    ...stage,
    program: {
      // Every process passes the instruction to die with the runner on to the next.
      file: launched.kind === 'none' ? python : 'setpriv',
      args: [
        ...(launched.kind === 'none' ? [] : ['--pdeathsig', 'KILL', '--', python]),
        ...['-s', '-B', program, '--out', out],
        ...(await refereeArguments(stage, seconds)),
        '--',
        ...launched.command,
      ],
      cwd: launched.cwd,
    },
    isSandbox: false,
    metricName: stage.contract.metric.name,
    timeoutSeconds: options.timeoutSeconds + REFEREE_SECONDS,
    signal: options.signal,
    onLine: options.onLine,
  });
  const text = await readFile(out, 'utf8').catch(() => null);
  if (text === null || executed.exceeded) return withoutResult(stage, executed, load.conditions());
  return finding(stage, executed, resultSchema.parse(JSON.parse(text)));
}

/** Time for start-up and for scoring: half each of what the timeout leaves besides the budget. */
function stageSeconds({ timeoutSeconds, budgetSeconds }: Stage['options']): number {
  return Math.max(LEAST_STAGE_SECONDS, (timeoutSeconds - budgetSeconds) / 2);
}

async function refereeArguments(stage: Stage, seconds: number): Promise<string[]> {
  const { options, launched, digest, stopBeyond } = stage;
  const { threshold, championStartupSeconds, championScoringSeconds } = options.terms ?? {};
  const scoring =
    championScoringSeconds == null
      ? seconds
      : Math.min(seconds, SCORING_FACTOR * championScoringSeconds + SCORING_SLACK_SECONDS);
  const args = {
    seed: options.seed,
    budget: options.budgetSeconds,
    ...(stage.contract.trial.clock === 'wall' ? {} : { clock: stage.contract.trial.clock }),
    startup: seconds,
    scoring,
    timeout: options.timeoutSeconds,
    'preview-at': PREVIEW_AT,
    ...(stopBeyond === null ? {} : { 'stop-above': stopBeyond }),
    wrap: JSON.stringify(launched.wrap),
    ...(threshold == null ? {} : { threshold }),
    ...(championStartupSeconds == null ? {} : { 'champion-startup': championStartupSeconds }),
    ...(await natsArguments(options, launched.env, digest)),
  };
  const flags = Object.entries(args).map(([name, value]) => `--${name}=${value}`);
  return threshold == null ? [...flags, '--audit'] : flags;
}

/** Where to write this tree's nats after its audit, and the base's nats if this machine has measured it. */
async function natsArguments(
  { base, baseSha, candidate, candidateSha }: Stage['options'],
  env: Record<string, string>,
  digest: string,
): Promise<Record<string, string>> {
  const data = env.AUTORESEARCH_DATA;
  if (data === undefined) return {};
  const own = await resolveRevision(candidate, `${candidateSha}^{tree}`);
  const champions = await championNats(data, digest, await resolveRevision(base, `${baseSha}^{tree}`));
  const kept = await natsFile(data, digest, own);
  return {
    ...(kept === null ? {} : { nats: kept }),
    ...(champions === null ? {} : { 'champion-nats': champions }),
  };
}

/** Writes the base's files next to the referee to a folder that no candidate can reach, and returns the referee's path. */
async function checkOutReferee({ options, scratch }: Stage, referee: string): Promise<string> {
  const folder = join(scratch, 'referee');
  await mkdir(folder);
  const index = { GIT_INDEX_FILE: join(scratch, 'referee-index') };
  const paths = dirname(referee) === '.' ? [] : ['--', dirname(referee)];
  await git(
    options.base,
    ['--work-tree', folder, 'checkout', '--quiet', options.baseSha, ...(paths.length ? paths : ['--', '.'])],
    index,
  );
  return join(folder, referee);
}

/** The referee was ended, because of what the candidate used or because the candidate held it up; or it failed by itself. */
function withoutResult(
  stage: Stage,
  { result, exceeded, output, peakMb }: Executed,
  conditions: Conditions,
): Finding {
  const ending = {
    result,
    metric: null,
    metricName: stage.contract.metric.name,
    tail: output.tail(),
    timeoutSeconds: stage.options.timeoutSeconds,
    // The referee itself says what is the machine's fault.
    isChampion: false,
    lacksProgram: false,
    shorten: stage.shorten,
  };
  const last = output.tail().findLast(line => line.trim() !== '') ?? '(no output)';
  const how =
    result.exitCode === null ? `was killed by ${result.signal}` : `failed with exit code ${result.exitCode}`;
  return {
    outcome: exceeded
      ? overuse(ending, exceeded)
      : result.endedBy === 'timeout'
        ? timedOut(ending, conditions)
        : fault(`The referee ${how}: ${last}`),
    preview: null,
    refereed: null,
    conditions: null,
    trainingSeconds: 0,
    peakMemoryMb: peakMb,
    reported: {},
    numbers: {},
  };
}

function finding(stage: Stage, { peakMb }: Executed, result: Result): Finding {
  const outside = {
    ...result.seen,
    training_seconds: result.training_seconds,
    startup_seconds: result.startup_seconds,
    scoring_seconds: result.scoring_seconds,
  };
  const reported = Object.entries(result.stats).filter(
    (entry): entry is [string, number] => entry[1] !== null && entry[0].length <= 40,
  );
  return {
    outcome: outcomeOf(stage, result.outcome),
    preview: result.preview,
    refereed: refereedOf(result),
    conditions: conditionsOf(result),
    trainingSeconds: Math.max(0, result.training_seconds),
    peakMemoryMb: Math.min(MOST_MEMORY_MB, Math.max(0, result.peak_memory_mb, peakMb)),
    reported: Object.fromEntries(reported.slice(0, 30)),
    numbers: guardNumbers(stage.contract, outside, name => result.stats[name] ?? undefined),
  };
}

function outcomeOf({ contract, shorten }: Stage, outcome: Result['outcome']): Measurement['outcome'] {
  if (outcome.status === 'fault') return fault(outcome.message);
  if (outcome.status === 'crash')
    return {
      ...outcome,
      message: shortened(outcome.message, shorten).slice(0, 500),
      traceback: shortened(outcome.traceback, shorten).slice(-4000),
    };
  if (outcome.value !== null) return { ...outcome, value: outcome.value };
  const message = `${contract.metric.name} is not a number`;
  return { status: 'crash', reason: 'not a number', message, traceback: '' };
}

function conditionsOf({ clock, conditions }: Result): Finding['conditions'] {
  if (conditions === null || conditions.seconds <= 0) return null;
  const { seconds, cpu_seconds: cpuSeconds, others: othersCores, cores } = conditions;
  return { clock, seconds, cpuSeconds: Math.max(0, cpuSeconds), othersCores, cores };
}

function refereedOf(result: Result): Finding['refereed'] {
  if (result.val_bpb === null) return null;
  const { audited } = result;
  return {
    claimed: result.val_bpb,
    audit: audited && {
      n: audited.n,
      sd: audited.sd,
      largest: audited.largest,
      smallestLie: audited.smallest_lie,
      flags: audited.flags.slice(0, 10).map(flag => flag.slice(0, 200)),
    },
    testValue: result.test_bpb,
    startupSeconds: result.startup_seconds,
    scoringSeconds: result.scoring_seconds,
    auditSeconds: result.audit_seconds,
  };
}
