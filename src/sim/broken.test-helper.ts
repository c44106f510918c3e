/** Apps that are broken in one way each, and the invariant that finds each of them. */
import { NO_COST } from '../campaign/idea.ts';
import type { GitHubPort } from '../github/port.ts';
import { MEASUREMENT_FILE } from '../protocol/measurement.ts';
import { simulate } from './campaign.ts';
import { setBranch } from './model/refs.ts';
import { tipOf } from './model/state.ts';
import type { Sim } from './sim.ts';

type Broken = [string, RegExp, (port: GitHubPort, sim: Sim) => Partial<GitHubPort>];

const AUDIT = { n: 100, sd: 0, largest: 0, smallestLie: 0.001, flags: [] };

/** What a broken App might do, and the invariant that finds it. */
export const BROKEN: Broken[] = [
  [
    'merges what it did not measure',
    /was merged onto .* but measured on|moved the base/,
    (port, { model }) => ({
      merge: async (pull, options) => {
        const base = model.pulls.get(pull)?.base ?? '';
        const tip = tipOf(model, base) ?? '';
        const tree = model.git.writeTree(new Map([['README.md', 'Something else.']]));
        const sha = model.git.writeCommit({ tree, parents: [tip], message: 'Sneaked in' }, '');
        setBranch(model, model.botLogin, base, sha);
        return port.merge(pull, options);
      },
    }),
  ],
  misreads('the number', /"value":1/, '"value":0'),
  misreads('what the audit found', /"flags":\["[^\]]*\]/, '"flags":[]'),
  misreads('that there was no audit', /"audit":null/, `"audit":${JSON.stringify(AUDIT)}`),
  misreads('the seed', /"seed":\d+/, '"seed":0'),
  misreads('the machine', /"machine":"GPU/, '"machine":"CPU'),
  misreads('the digest', /"digest":"../, '"digest":"00'),
  [
    'keeps another tree than was measured',
    /No run of the App measured/,
    port => ({
      updateComment: (id, body) => port.updateComment(id, body.replace(/"tree":"../g, '"tree":"00')),
    }),
  ],
  [
    'touches what is not editable',
    /touches .*README/,
    port => ({
      createTree: (base, files) => port.createTree(base, new Map([...files, ['README.md', 'Mine.']])),
    }),
  ],
  [
    'says everything twice',
    /It was said 2 times/,
    port => ({
      createComment: async (issue, body) => {
        await port.createComment(issue, body);
        return port.createComment(issue, body);
      },
    }),
  ],
  [
    'dispatches every trial twice',
    /was dispatched 2 times/,
    port => ({
      dispatch: async (workflow, ref, inputs) => {
        await port.dispatch(workflow, ref, inputs);
        await port.dispatch(workflow, ref, inputs);
      },
    }),
  ],
  ['leaves branches behind', /is left over|has not ended/, () => ({ deleteBranch: async () => {} })],
  [
    'forgets to bring the status up to date',
    /has not ended|should say/,
    port => ({
      updateComment: async (id, body) => {
        if (!/Finished/.test(body)) await port.updateComment(id, body);
      },
    }),
  ],
  [
    'judges by a champion that nobody measured',
    /is judged by .* against 9/,
    port => ({
      updatePull: (number, { body, ...change }) =>
        port.updatePull(number, {
          ...change,
          ...(body === undefined ? {} : { body: body.replace(/"championValue":\d/, '"championValue":9') }),
        }),
    }),
  ],
  [
    'does not look at guards',
    /broke a guard/,
    port => ({
      file: async (path, ref) => (await port.file(path, ref))?.replace(/^guards: .*$/m, '') ?? null,
    }),
  ],
  [
    'does not say who kept what',
    /was merged although .* kept it and its commit names null/,
    port => ({
      merge: (pull, options) =>
        port.merge(pull, { ...options, message: options.message.replace(/\nKept-by: .*/, '') }),
    }),
  ],
  [
    'reports merges that were none',
    /should say .* merged, found 99/,
    port => ({
      createComment: (issue, body) =>
        port.createComment(issue, body.replace(/\d+ of (\d+ experiments? merged)/, '99 of $1')),
    }),
  ],
  [
    'takes a discard for a keep',
    /nobody who may write said to keep it/,
    port => ({
      updatePull: (number, { body, ...change }) =>
        port.updatePull(number, {
          ...change,
          ...(body === undefined ? {} : { body: body.replace('{"kind":"discard"', '{"kind":"keep"') }),
        }),
    }),
  ],
  [
    'merges what it offers',
    /moved the default branch/,
    (port, { model }) => ({
      createPull: async pull => {
        const number = await port.createPull(pull);
        if (pull.base === 'main' && pull.branch.endsWith('/base'))
          setBranch(model, model.botLogin, 'main', tipOf(model, pull.branch) ?? '');
        return number;
      },
    }),
  ],
  [
    'throws away what it found',
    /and what it had found with it/,
    port => ({
      createPull: async pull => {
        if (pull.branch.endsWith('/base')) await port.deleteBranch(pull.branch);
        return port.createPull(pull);
      },
    }),
  ],
  [
    'embellishes what it offers',
    /should say (this branch|", \d+|"\| #)|should say "1 exp|should list/,
    port => ({
      createPull: pull =>
        port.createPull({
          ...pull,
          body: pull.body.replace(/^(\| this branch .*?)\d\.\d+/m, '$10.0001'),
        }),
    }),
  ],
  [
    'sets its clock back',
    /says that it began|set its clock back/,
    port => ({
      updateComment: (id, body) =>
        port.updateComment(id, body.replace(/"startedAt":"2026-03-08/, '"startedAt":"2026-03-09')),
    }),
  ],
  [
    'does not count failed proposals',
    /questions were answered, and \d+ are counted/,
    port => ({
      updateComment: (id, body) =>
        port.updateComment(
          id,
          body.replace(/"failedCost":\{[^}]*\}/, `"failedCost":${JSON.stringify(NO_COST)}`),
        ),
    }),
  ],
  [
    'opens every idea twice',
    /open experiments are the same change|experiments are open at once/,
    port => ({
      createPull: async pull => {
        const branch = `${pull.branch}0`;
        const tip = (await port.commit(pull.branch))?.sha ?? '';
        const body = pull.body.replace(/"number":(\d+)/, '"number":$10');
        const first = await port.createPull(pull);
        if (!pull.branch.endsWith('/base')) {
          await port.createBranch(branch, tip);
          await port.createPull({ ...pull, branch, body });
        }
        return first;
      },
    }),
  ],
  [
    'does not see crashes',
    /crashed in a row/,
    port => ({
      pullsSince: async since =>
        (await port.pullsSince(since)).map(pull => ({
          ...pull,
          body: pull.body.replace('"verdict":{"kind":"crash"', '"verdict":{"kind":"close"'),
        })),
    }),
  ],
  ['never looks at commands', /never answered/, () => ({ commentsSince: async () => [] })],
];

function misreads(what: string, text: RegExp, as: string): Broken {
  return [
    `misreads ${what}`,
    /No run of the App measured/,
    port => ({
      artifact: async (run, name, file) => {
        const found = await port.artifact(run, name, file);
        return file === MEASUREMENT_FILE ? (found?.replace(text, as) ?? null) : found;
      },
    }),
  ];
}

/** Campaigns in which nothing else goes wrong. */
const SEEDS = [7, 8, 9, 10, 11, 14, 40, 50];
/** Where candidates crash one after the other, and where people keep and discard. */
const TELLING_SEEDS = [183, 184, 28, 277];
/** Until one comes in which people say the words that it takes. */
const MORE_SEEDS = Array.from({ length: 100 }, (_, i) => i + 100);

/** The first invariant that an App violates which is broken in this way; nothing where none is found. */
export async function violationBy(what: string): Promise<string> {
  const [, , broken] = BROKEN.find(([name]) => name === what) ?? [];
  if (!broken) throw new Error(`Expected a way to break the App, found ${what}.`);
  const sabotage = (port: GitHubPort, sim: Sim) => ({ ...port, ...broken(port, sim) });
  for (const seed of [...SEEDS, ...TELLING_SEEDS, ...MORE_SEEDS]) {
    const { violation } = await simulate(seed, { sabotage });
    if (violation) return violation.invariant;
  }
  return '';
}
