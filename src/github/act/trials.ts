/** Trials on GitHub: a check run as the intent, the dispatch, and the result from the run's artifact. */

import { createHmac } from 'node:crypto';
import type { ActionOf } from '../../campaign/action.ts';
import { type Terms, termsOf } from '../../campaign/evidence/audit-terms.ts';
import { budgetOf, championValues } from '../../campaign/evidence/evidence.ts';
import { LOST_MACHINE } from '../../campaign/evidence/faults.ts';
import { finalOf } from '../../campaign/evidence/finals.ts';
import { guardFindings } from '../../campaign/evidence/guards.ts';
import { stopBarOf } from '../../campaign/evidence/stopping.ts';
import { isBreach } from '../../campaign/guard-finding.ts';
import type { CampaignState, Final, RecordedTrial } from '../../campaign/marker.ts';
import type { Campaign, Run, Snapshot } from '../../campaign/model.ts';
import { mean } from '../../gate/mean.ts';
import { timeoutOf } from '../../protocol/duration.ts';
import {
  MEASUREMENT_ARTIFACT,
  MEASUREMENT_FILE,
  type Measurement,
  measurementSchema,
} from '../../protocol/measurement.ts';
import { maskedDeep } from '../../protocol/secrets.ts';
import { formatStopBar, STOP_INPUT } from '../../protocol/stop-bar.ts';
import { checkConclusion, completedCheck, startedCheck } from '../../render/check.ts';
import type { Context } from '../context.ts';
import { statusOf } from '../errors.ts';
import { writeMarker } from '../marker.ts';
import { saveState } from '../state.ts';

const UNEXPECTED_INPUTS = 422;

/** Characters of a traceback that markers keep. */
const KEPT_TRACEBACK = 1500;

/** Records the intent, then dispatches. If the App is killed in between, the trial is dispatched again after two minutes. */
export async function dispatchTrial(
  context: Context,
  snapshot: Snapshot,
  action: ActionOf<'dispatch'>,
): Promise<void> {
  const { port } = context;
  const { campaign, contract, experiment, trial } = action;
  const final = finalOf(campaign, trial);
  const candidate = experiment?.headSha ?? final?.of.sha ?? snapshot.base.sha;
  const budget = final?.budgetSeconds ?? budgetOf(contract, campaign);
  const seed = seedOf(context, campaign, action.seedIndex);
  const check = snapshot.attempts.get(trial)?.check;
  if (check) await port.restartCheck(check.id, context.now());
  else
    await port.createCheck(candidate, trial, context.now(), startedCheck(trial, budget, runsPage(context)));
  const inputs = {
    trial,
    base: experiment?.marker.champion.sha ?? final?.base ?? snapshot.base.sha,
    candidate,
    seed: String(seed),
    budget: String(budget),
    timeout: String(timeoutOf(contract.trial, budget)),
    ...termInputs(termsOf(snapshot, contract, experiment, budget, seed)),
  };
  const bar = formatStopBar(experiment && stopBarOf(snapshot, contract, experiment, budget, seed));
  await startRun(context, contract.trial.workflow, snapshot.base.branch, inputs, bar);
  context.log.info({ trial, candidate }, 'dispatched');
}

/** Starts the run. Older workflows have no input for the stop bar; their trials run to the end. */
async function startRun(
  { port, log }: Context,
  workflow: string,
  branch: string,
  inputs: Record<string, string>,
  bar: string,
): Promise<void> {
  if (bar === '') return port.dispatch(workflow, branch, inputs);
  try {
    await port.dispatch(workflow, branch, { ...inputs, [STOP_INPUT]: bar });
  } catch (error) {
    if (statusOf(error) !== UNEXPECTED_INPUTS) throw error;
    log.info({ trial: inputs.trial }, `the workflow has no input ${STOP_INPUT}; running the whole trial`);
    await port.dispatch(workflow, branch, inputs);
  }
}

function runsPage({ serverUrl, port }: Context): string {
  return `${serverUrl}/${port.repository.owner}/${port.repository.name}/actions`;
}

/** Inputs for the referee, which workflows without one need not declare. An empty input means that a value is unknown. */
function termInputs(terms: Terms | null): Record<string, string> {
  if (terms === null) return {};
  const text = (value: number | null) => (value === null ? '' : String(value));
  return {
    threshold: text(terms.threshold),
    'champion-startup': text(terms.startupSeconds),
    'champion-scoring': text(terms.scoringSeconds),
  };
}

/** A trial's seed: secret until the dispatch, and the same after a restart. HMAC of campaign and index. */
function seedOf(context: Context, campaign: Campaign, index: number): number {
  const { owner, name } = context.port.repository;
  const digest = createHmac('sha256', context.seedSecret)
    .update(`${owner}/${name}#${campaign.issue}.${index}`)
    .digest();
  return digest.readUInt32BE(0) % 2 ** 31;
}

/** Completes the check run from the run's artifact, and stores a champion's trial in the campaign's marker. A run that is still queued is cancelled. */
export async function recordTrial(
  context: Context,
  snapshot: Snapshot,
  action: ActionOf<'record'>,
): Promise<void> {
  const { port } = context;
  const { campaign, experiment, attempt } = action;
  const { run } = attempt;
  // GitHub may leave it queued all the same. Its result would not count any more.
  if (run?.status === 'queued' && !attempt.check?.measurement) await port.cancelRun(run.id);
  const trial = attempt.check?.measurement ?? (await readResult(context, snapshot, action));
  if (!attempt.check?.measurement) await completeCheck(context, snapshot, action, trial);
  context.log.info({ trial: trial.trial, outcome: trial.outcome.status }, 'recorded');
  if (experiment === null && campaign.state)
    await saveState(
      port,
      snapshot,
      campaign,
      withTrial(campaign.state, finalOf(campaign, trial.trial), trial),
    );
}

/** The state with the trial of a final measurement, or else of the champion. */
function withTrial(state: CampaignState, final: Final | undefined, trial: RecordedTrial): CampaignState {
  const added = (trials: readonly RecordedTrial[]) => [
    ...trials.filter(known => known.trial !== trial.trial),
    trial,
  ];
  if (!final) return { ...state, baselines: added(state.baselines) };
  const finals = state.finals.map(each =>
    each.number === final.number ? { ...each, trials: added(each.trials) } : each,
  );
  return { ...state, finals };
}

async function completeCheck(
  context: Context,
  snapshot: Snapshot,
  { contract, attempt, experiment }: ActionOf<'record'>,
  trial: RecordedTrial,
): Promise<void> {
  const { port } = context;
  // A champion's check run is on the commit that was the champion at the dispatch.
  const known =
    attempt.check ?? (await port.checks(trial.candidate)).find(check => check.externalId === trial.trial);
  const id =
    known?.id ??
    (await port.createCheck(
      trial.candidate,
      trial.trial,
      context.now(),
      startedCheck(trial.trial, trial.budgetSeconds, runsPage(context)),
    ));
  const champion = experiment === null ? [] : championValues(snapshot, trial.budgetSeconds);
  const level = champion.length === 0 ? null : mean(champion);
  const text = completedCheck(contract, trial, level, writeMarker('trial', trial));
  const guards =
    experiment !== null && trial.outcome.status === 'measured'
      ? guardFindings(snapshot, contract, experiment, { candidate: [trial] })
      : null;
  // What breaks a guard has not won.
  const rival = guards?.some(isBreach) ? null : level;
  await port.completeCheck(
    id,
    checkConclusion(contract, trial, experiment === null, rival),
    attempt.run?.url ?? null,
    text,
  );
}

/** The measurement of exactly the trial that was dispatched. Anything else is a machine fault. */
async function readResult(
  context: Context,
  snapshot: Snapshot,
  action: ActionOf<'record'>,
): Promise<RecordedTrial> {
  const { attempt, experiment, campaign } = action;
  const { run } = attempt;
  if (!run) throw new Error(`Expected a completed run of trial ${attempt.trial}, found none.`);
  const fault = (message: string, machine = 'unknown') =>
    faultOf(context, snapshot, action, run, { message, machine });
  const text = await context.port.artifact(run.id, MEASUREMENT_ARTIFACT, MEASUREMENT_FILE);
  const measurement = text === null ? null : parseMeasurement(text, context.secrets);
  if (measurement === null && run.status === 'queued') return fault('No runner picked up the run.');
  if (measurement === null)
    return fault(await withoutMeasurement(context, run), text === null ? LOST_MACHINE : undefined);
  const marker = experiment?.marker;
  const final = finalOf(campaign, attempt.trial);
  const expected = marker?.commit ?? final?.of.sha ?? measurement.candidate;
  const tree = marker?.tree ?? final?.of.tree ?? (await treeOf(context, snapshot, measurement.candidate));
  const isThis =
    measurement.trial === attempt.trial &&
    measurement.candidate === expected &&
    measurement.tree === tree &&
    (!marker || measurement.base === marker.champion.sha) &&
    // The budgets of final measurements differ, and their numbers begin again if a campaign's state was lost.
    (!final || measurement.budgetSeconds === final.budgetSeconds);
  if (!isThis)
    return fault(
      `Expected trial ${attempt.trial} of ${expected.slice(0, 7)}, found trial ${measurement.trial} of ${measurement.candidate.slice(0, 7)}.`,
    );
  const { outcome } = measurement;
  if (outcome.status === 'stopped' && experiment === null)
    return fault('The trial was stopped early, which must not happen to a champion.');
  const kept =
    outcome.status === 'crash'
      ? { ...outcome, traceback: outcome.traceback.slice(-KEPT_TRACEBACK) }
      : outcome;
  return { ...measurement, outcome: kept, runId: run.id };
}

/** Why a run left no measurement, in the runner's words if it said anything. */
async function withoutMeasurement({ port }: Context, run: Run): Promise<string> {
  const failure = (await port.job(run.id))?.failure ?? null;
  const ended = `The run ended (${run.conclusion ?? 'no conclusion'}) without a readable measurement`;
  return failure === null ? `${ended}.` : `${ended}: ${failure}`;
}

/** The tree of a measured champion, which may be an earlier one. */
async function treeOf({ port }: Context, { base }: Snapshot, sha: string): Promise<string | undefined> {
  return sha === base.sha ? base.tree : (await port.commit(sha))?.tree;
}

function parseMeasurement(text: string, secrets: readonly string[]): Measurement | null {
  try {
    // The runner masks the secrets that it knows. These are the App's, for one that runs on the same machine.
    const parsed = measurementSchema.safeParse(maskedDeep(JSON.parse(text), secrets));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** A machine fault as the result of a run. The champion may have moved since the dispatch. */
async function faultOf(
  { port }: Context,
  snapshot: Snapshot,
  { campaign, contract, experiment }: ActionOf<'record'>,
  run: Run,
  { message, machine }: { message: string; machine: string },
): Promise<RecordedTrial> {
  const final = finalOf(campaign, run.title);
  const champion = experiment || final ? null : await port.commit(run.headSha);
  const { sha, tree } = final?.of ?? champion ?? snapshot.base;
  return {
    version: 1,
    trial: run.title,
    base: experiment?.marker.champion.sha ?? final?.base ?? sha,
    candidate: experiment?.marker.commit ?? sha,
    tree: experiment?.marker.tree ?? tree,
    seed: 0,
    budgetSeconds: final?.budgetSeconds ?? contract.trial.budget,
    machine,
    digest: '',
    sandbox: 'none',
    outcome: { status: 'fault', message: message.slice(0, 500) },
    preview: null,
    refereed: null,
    conditions: null,
    trainingSeconds: 0,
    totalSeconds: 0,
    peakMemoryMb: 0,
    reported: {},
    numbers: {},
    runId: run.id,
  };
}
