/** The export on the branch `research-log`, written when it changed: the tables and the chart. */
import { experimentsTsv } from '../../campaign/evidence/experiments-tsv.ts';
import { guardsTsv, ledgerPoints, ledgerRows, resultsTsv, startOf } from '../../campaign/evidence/ledger.ts';
import type { Snapshot } from '../../campaign/model.ts';
import { CHART_FILE, EXPERIMENTS_FILE, GUARDS_FILE, LOG_BRANCH, RESULTS_FILE } from '../../render/status.ts';
import type { Context } from '../context.ts';
import type { GitHubPort } from '../port.ts';

/** The export is written at most this often while a campaign runs. */
const EXPORT_SECONDS = 60;

export interface ExportMemory {
  /** `experiments.tsv` as last written or read, which changes whenever the others do; null before it was first read. */
  experiments: string | null;
  writtenAt: Date | null;
}

/** Writes the export if it is due. Returns the seconds until it is, or null if there is nothing to write. */
export async function exportLog(
  { port, drawChart }: Pick<Context, 'port' | 'drawChart'>,
  snapshot: Snapshot,
  memory: ExportMemory,
  now: Date,
): Promise<number | null> {
  if (snapshot.contract.kind !== 'contract') return null;
  const { contract } = snapshot.contract;
  const experiments = [...snapshot.experiments].sort((a, b) => a.pull - b.pull);
  if (!experiments.some(experiment => experiment.marker.verdict !== null)) return null;
  const baselines = snapshot.campaigns.flatMap(campaign => campaign.state?.baselines ?? []);
  const rows = ledgerRows(experiments);
  const start = startOf(baselines, experiments);
  const table = experimentsTsv(contract.metric, start, experiments);
  memory.experiments ??= await port.file(EXPERIMENTS_FILE, LOG_BRANCH);
  if (memory.experiments === table) return null;
  const running = snapshot.campaigns.some(campaign => campaign.state?.phase === 'running');
  const age = memory.writtenAt
    ? (now.getTime() - memory.writtenAt.getTime()) / 1000
    : Number.POSITIVE_INFINITY;
  if (running && age < EXPORT_SECONDS) return EXPORT_SECONDS - age;
  const files = new Map([
    [RESULTS_FILE, resultsTsv(contract.metric.name, start, rows)],
    [EXPERIMENTS_FILE, table],
    [
      CHART_FILE,
      drawChart(ledgerPoints(start, rows), { metric: contract.metric.name, goal: contract.metric.goal }),
    ],
  ]);
  const guards = guardsTsv(rows);
  if (guards !== null) files.set(GUARDS_FILE, guards);
  await commitFiles(port, files);
  memory.experiments = table;
  memory.writtenAt = now;
  return null;
}

async function commitFiles(port: GitHubPort, files: ReadonlyMap<string, string>): Promise<void> {
  const tip = (await port.branches(LOG_BRANCH)).get(LOG_BRANCH);
  const tree = await port.createTree(null, files);
  const commit = await port.createCommit('Record the experiments so far [skip ci]', tree, tip ?? null);
  if (tip === undefined) await port.createBranch(LOG_BRANCH, commit);
  else await port.moveBranch(LOG_BRANCH, commit);
}
