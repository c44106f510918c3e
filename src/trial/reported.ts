/** A trial whose candidate reports its own number: one command, one line of its output. */
import { classify, overuse } from './classify.ts';
import { execute } from './execute.ts';
import type { Finding, Stage } from './stage.ts';

/** Runs the candidate's command once and reads what it reports. */
export async function runReported(stage: Stage): Promise<Finding> {
  const { options, contract, launched } = stage;
  const { output, result, exceeded, peakMb } = await execute({
    ...stage,
    program: launched,
    isSandbox: launched.kind !== 'none',
    metricName: contract.metric.name,
    timeoutSeconds: options.timeoutSeconds,
    signal: options.signal,
    onLine: options.onLine,
  });
  const ending = {
    result,
    metric: output.metric(),
    metricName: contract.metric.name,
    tail: output.tail(),
    timeoutSeconds: options.timeoutSeconds,
    throughShell: stage.command.throughShell,
    shorten: stage.shorten,
  };
  const { training_seconds: trainingSeconds, peak_vram_mb: reportedPeak, ...reported } = output.reported();
  // The metric is the outcome.
  delete reported[contract.metric.name];
  return {
    outcome: exceeded ? overuse(ending, exceeded) : classify(ending),
    refereed: null,
    trainingSeconds: Math.max(0, trainingSeconds ?? 0),
    // A CPU run reports 0 MB of video memory: then the resident peak says more.
    peakMemoryMb: reportedPeak !== undefined && reportedPeak > 0 ? reportedPeak : peakMb,
    reported,
  };
}
