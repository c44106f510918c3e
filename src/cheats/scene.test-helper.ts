/** A campaign whose champion learns in no time, judged by this checkout's referee and gate; and what it makes of a cheat. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { termsOf } from '../campaign/evidence/audit-terms.ts';
import type { RecordedTrial, Verdict } from '../campaign/marker.ts';
import type { Experiment, Snapshot } from '../campaign/model.ts';
import { plan } from '../campaign/plan/plan.ts';
import { campaign, experiment, NOW, snapshot } from '../campaign/snapshot.test-helper.ts';
import { trialId } from '../campaign/trial-id.ts';
import { contractSchema } from '../protocol/contract.ts';
import {
  type Checkout,
  commitFiles,
  gitIn,
  makeCandidate,
  makeRepository,
} from '../trial/fixture.test-helper.ts';
import { act, CHECKOUT, type Told } from './act.test-helper.ts';
import type { Cheat } from './cheat.test-helper.ts';

const TRAIN = 'trainer/train.py';
const TERMS = { trial: { budget: '4s', timeout: '60s' } };
const CONTRACT = contractSchema.parse(TERMS);
/** The campaign's seeds, in the order of their use. On the first one this data brings honest candidates bad luck: one trial shows that they are no better. */
const SEEDS = [12, 1, 10];
const HONEST = readFileSync(new URL('honest.py', import.meta.url), 'utf8');
const [DEFINITIONS = '', START = ''] = HONEST.split(/(?=^if __name__)/m);

export interface Scene {
  /** What the champion was measured to be, on each seed. */
  champion: readonly RecordedTrial[];
  /** Lets the campaign try a candidate until it has a verdict. */
  judge(cheat: Candidate): Promise<{ verdict: Verdict; trials: [Told, ...Told[]] }>;
}

type Candidate = Pick<
  Cheat,
  'code' | 'script' | 'change' | 'startsSlowly' | 'onAnotherMachine' | 'stopAbove'
>;

/** Prepares data in the empty folder `root`, makes this checkout's trainer a repository, and measures its champion on each seed. */
export async function makeScene(root: string): Promise<Scene> {
  const prepare = new URL('data.py', import.meta.url).pathname;
  execFileSync(join(CHECKOUT, '.venv/bin/python'), [prepare, root], { stdio: 'pipe' });
  const base = makeRepository(join(root, 'base'), {
    '.github/research.yml': JSON.stringify(TERMS),
    ...trainerFiles(),
    [TRAIN]: HONEST,
  });
  const champion: RecordedTrial[] = [];
  const { budget, timeout } = CONTRACT.trial;
  const measure = async (
    candidate: Checkout,
    tried: Experiment | null,
    trial: string,
    index: number,
    { startsSlowly, onAnotherMachine, stopAbove }: Candidate = {},
  ) => {
    const seed = SEEDS[index] ?? assert.fail(`Expected seed ${index}.`);
    const terms = termsOf(shown(base, champion, tried), CONTRACT, tried, budget, seed);
    const patient = terms && { ...terms, startupSeconds: null, scoringSeconds: null };
    const [alike] = champion;
    const stop = stopAbove !== undefined && alike ? { ...alike, value: stopAbove } : null;
    const told = startsSlowly ? patient : terms;
    if (onAnotherMachine) rmSync(join(root, 'nats'), { recursive: true, force: true });
    const job = { root, base, candidate, trial, seed, budget, timeout, terms: told, stop };
    const found = await act(job);
    // How busy the tests' machine is does not matter here: trials that were disturbed would be taken again.
    return { ...found, measurement: { ...found.measurement, conditions: null } };
  };
  for (const index of SEEDS.keys()) {
    const { measurement, log } = await measure(base, null, trialId(3, 0, index + 1), index);
    assert.equal(measurement.outcome.status, 'measured', log);
    champion.push({ ...measurement, runId: index });
  }
  let count = 0;
  return {
    champion,
    async judge(cheat) {
      const candidate = checkOut(cheat, base, join(root, `candidate-${++count}`));
      const trials: Told[] = [];
      for (;;) {
        const tried = experimentOf(base, candidate, trials);
        const action = plan(shown(base, champion, tried), NOW);
        const [first, ...more] = trials;
        if ((action.kind === 'merge' || action.kind === 'close') && first)
          return { verdict: action.verdict, trials: [first, ...more] };
        if (action.kind !== 'dispatch' || action.experiment === null)
          assert.fail(`Expected its trial or a verdict, found ${JSON.stringify(action)}`);
        trials.push(await measure(candidate, tried, action.trial, action.seedIndex, cheat));
      }
    },
  };
}

function trainerFiles(): Record<string, string> {
  const folder = join(CHECKOUT, 'trainer');
  const names = readdirSync(folder).filter(name => /^(?!test_|conftest).*\.py$/.test(name));
  const files = Object.fromEntries(
    names.map(name => [`trainer/${name}`, readFileSync(join(folder, name), 'utf8')]),
  );
  // Other tests run beside this one: lateness is the candidate's all the same.
  const clock = files['trainer/clock.py'] ?? assert.fail();
  assert.match(clock, /^OTHERS_SHARE = .*$/m);
  return { ...files, 'trainer/clock.py': clock.replace(/^OTHERS_SHARE = .*$/m, 'OTHERS_SHARE = math.inf') };
}

function checkOut({ code = '', script, change }: Candidate, base: Checkout, dir: string): Checkout {
  const candidate = makeCandidate(base.dir, dir, { [TRAIN]: script ?? `${DEFINITIONS}${code}\n\n${START}` });
  if (!change) return candidate;
  change(dir);
  return { dir, sha: commitFiles(dir, {}) };
}

function treeOf({ dir, sha }: Checkout): string {
  return gitIn(dir, 'rev-parse', `${sha}^{tree}`);
}

/** The candidate as experiment 1, with the trials that it has had. */
function experimentOf(base: Checkout, candidate: Checkout, trials: readonly Told[]): Experiment {
  return experiment(1, {
    champion: { sha: base.sha, tree: treeOf(base) },
    commit: candidate.sha,
    tree: treeOf(candidate),
    trials: trials.map(({ measurement }, runId) => ({ ...measurement, runId })),
  });
}

function shown(base: Checkout, champion: RecordedTrial[], tried: Experiment | null): Snapshot {
  return snapshot({
    base: { branch: 'main', sha: base.sha, tree: treeOf(base) },
    contract: { kind: 'contract', contract: CONTRACT },
    campaigns: [campaign({ baselines: champion })],
    experiments: tried ? [tried] : [],
  });
}
