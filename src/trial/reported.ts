/** A trial whose candidate reports its own score: one command, and a number in its output or in a JSON file. */
import { type Conditions, MOST_MEMORY_MB, type Outcome } from '../protocol/measurement.ts';
import { isBeyond, PREVIEW_AT } from '../protocol/stop-bar.ts';
import { classify, type Ending, overuse, timedOut } from './classify.ts';
import { type Executed, execute } from './execute.ts';
import { guardNumbers } from './guard-numbers.ts';
import { watchLoad } from './load.ts';
import type { Output } from './output.ts';
import { findProgram } from './paths.ts';
import { collectResult, type Result, type ResultFile, withResultFile } from './result-file.ts';
import type { Finding, Stage } from './stage.ts';

const MAX_REPORTED = 30;

/** Runs the candidate's command once and reads what it reports. */
export async function runReported(stage: Stage): Promise<Finding> {
  const { options, contract, launched, stopBeyond } = stage;
  const { name, pattern, file, key, goal } = contract.metric;
  const resultFile = file === undefined || key === undefined ? null : collectResult(file, key);
  const previewSeconds = PREVIEW_AT * options.budgetSeconds;
  const load = (options.watchLoad ?? watchLoad)();
  const executed = await execute({
    ...stage,
    program: file === undefined ? launched : withResultFile(launched, file),
    isSandbox: launched.kind !== 'none',
    metricName: name,
    otherNames: contract.guards.map(guard => guard.name),
    pattern,
    onResult: resultFile?.take,
    preview: {
      afterSeconds: previewSeconds,
      ends: value => stopBeyond !== null && isBeyond(value, stopBeyond, goal),
    },
    timeoutSeconds: options.timeoutSeconds,
    signal: options.signal,
    onLine: options.onLine,
  });
  const conditions = load.conditions();
  const { output, result, preview, stopped, peakMb } = executed;
  const { value, text, missing, reported: all } = read(stage, output, resultFile);
  // Without a sandbox, only the shell checks that the program exists.
  const throughShell = stage.command.throughShell || (resultFile !== null && launched.kind === 'none');
  const isChampion = options.baseSha === options.candidateSha;
  const ending = {
    result,
    metric: value,
    metricText: text,
    metricName: name,
    missing,
    tail: output.tail(),
    timeoutSeconds: options.timeoutSeconds,
    isChampion,
    lacksProgram: throughShell && (isChampion || (await lacksProgram(stage, output.tail()))),
    shorten: stage.shorten,
  };
  // The metric itself is the outcome.
  const { training_seconds: trainingSeconds, peak_vram_mb: reportedPeak, [name]: _, ...reported } = all;
  return {
    outcome: outcomeOf(executed, ending, conditions),
    preview,
    refereed: null,
    conditions,
    // Whatever it reports, it did not train for longer than it may run.
    trainingSeconds: stopped
      ? previewSeconds
      : Math.min(options.timeoutSeconds, Math.max(0, trainingSeconds ?? 0)),
    // A CPU run reports 0 MB of GPU memory; its resident peak says more.
    peakMemoryMb:
      reportedPeak !== undefined && reportedPeak > 0 && reportedPeak <= MOST_MEMORY_MB
        ? reportedPeak
        : peakMb,
    reported: Object.fromEntries(Object.entries(reported).slice(0, MAX_REPORTED)),
    numbers: guardNumbers(
      contract,
      // Without a sandbox, only the first process is watched.
      { peak_memory_mb: launched.kind === 'none' ? null : peakMb, command_seconds: conditions.seconds },
      guarded => output.other(guarded) ?? resultFile?.other(guarded),
    ),
  };
}

/** Whether the last line names a program that the workflow's command names as well, and that the machine does not have. */
async function lacksProgram({ options, launched }: Stage, tail: readonly string[]): Promise<boolean> {
  const name = /([^\s:]+): (?:command )?not found$/.exec(tail.at(-1) ?? '')?.[1];
  if (name === undefined || !options.command.split(/[\s;&|()]+/).includes(name)) return false;
  return !name.includes('/') && (await findProgram(name, launched.env)) === null;
}

function outcomeOf(
  { exceeded, stopped, preview }: Executed,
  ending: Ending,
  conditions: Conditions,
): Outcome {
  if (stopped && preview !== null) return { status: 'stopped', value: preview, at: PREVIEW_AT };
  if (exceeded) return overuse(ending, exceeded);
  return ending.result.endedBy === 'timeout' ? timedOut(ending, conditions) : classify(ending);
}

/** The score from the contract's source, and the other numbers from the summary block and the file. */
function read({ contract }: Stage, output: Output, resultFile: ResultFile | null): Result {
  const { name, pattern } = contract.metric;
  if (resultFile) {
    const found = resultFile.read();
    return { ...found, reported: { ...found.reported, ...output.reported() } };
  }
  const line = pattern === undefined ? `\`${name}: <number>\`` : 'that metric.pattern matches';
  const nearest = output.nearest();
  const missing = `exited without printing a line ${line}${nearest === null ? '' : `; ${nearest}`}`;
  const found = output.metric();
  return { value: found?.value ?? null, text: found?.text, missing, reported: output.reported() };
}
