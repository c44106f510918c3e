import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Idea, NO_COST } from '../campaign/idea.ts';
import type { LedgerLine, Proposal, ProposalRequest } from './agent.ts';
import { applyEdits } from './edit.ts';
import { exploreAgent } from './explore.ts';
import { syntaxError } from './syntax.ts';

const never = new AbortController().signal;
const small = 'SEED = 1\nLR = 0.02\nBATCH_SIZE = 8\nTIED = True\n';
const karpathyLike = `"""Trains a model.
EXAMPLE_LR = 0.5
"""
ASPECT_RATIO = 64       # model_dim = depth * ASPECT_RATIO
HEAD_DIM = 128          # target head dimension
TOTAL_BATCH_SIZE = 2**19 # tokens per step
EMBEDDING_LR = 0.6
LR = 0.04
MATRIX_LR = 0.04
WEIGHT_DECAY = 0.2
ADAM_BETAS = (0.8, 0.95)
WARMUP_RATIO = 0.0
WARMDOWN_RATIO = 0.5
FINAL_LR_FRAC = 0.0
DEPTH = 8
USE_BIAS = False
`;

function requestFor(files: ReadonlyMap<string, string>, ledger: readonly LedgerLine[] = []): ProposalRequest {
  return {
    number: ledger.length + 1,
    brief: '',
    metric: { name: 'val_bpb', goal: 'minimize' },
    guards: [],
    budgetSeconds: 300,
    files,
    championValue: 0.98,
    ledger,
    again: null,
    wish: null,
    topic: '',
    objection: async () => null,
  };
}

function entry(number: number, idea: Idea, status: LedgerLine['status']): LedgerLine {
  // The explorer must rely on the edits: the App and people change titles.
  return { number, ...idea, title: 'renamed', status, value: 0.97, championValue: 0.98, note: '' };
}

/** Runs a campaign on one file until the explorer is exhausted. `fate` decides how each experiment ends. */
async function campaign(
  path: string,
  text: string,
  fate: (idea: Idea, number: number) => LedgerLine['status'],
  { seed = 0, limit = 400 } = {},
) {
  let files: ReadonlyMap<string, string> = new Map([[path, text]]);
  const ledger: LedgerLine[] = [];
  const titles: string[] = [];
  const agent = exploreAgent({ name: 'explore' }, seed);
  let last: Proposal = {
    kind: 'failed',
    reason: 'not asked',
    cost: NO_COST,
  };
  while (ledger.length < limit) {
    last = await agent.propose(requestFor(files, ledger), never);
    if (last.kind !== 'idea') break;
    const number = ledger.length + 1;
    const { idea } = last;
    const applied = applyEdits(files, idea.edits, [path], 'lines');
    assert.deepEqual(applied, { kind: 'applied', files: last.files, edits: idea.edits });
    titles.push(idea.title);
    const status = fate(idea, number);
    if (status === 'merged') files = new Map([...files, ...last.files]);
    ledger.push(entry(number, idea, status));
  }
  return { titles, end: last.kind, ledger, text: files.get(path) ?? '' };
}

test('ideas change one constant at a time, the most important first', async () => {
  const { titles, ledger } = await campaign('train.py', karpathyLike, () => 'closed', { limit: 5 });
  assert.deepEqual(titles, [
    'EMBEDDING_LR 0.6 → 1.2',
    'LR 0.04 → 0.08',
    'MATRIX_LR 0.04 → 0.08',
    'TOTAL_BATCH_SIZE 2**19 → 2**18',
    'ASPECT_RATIO 64 → 32',
  ]);
  assert.deepEqual(ledger[2]?.edits, [
    { path: 'train.py', search: 'MATRIX_LR = 0.04', replace: 'MATRIX_LR = 0.08' },
  ]);
  assert.match(
    ledger[0]?.hypothesis ?? '',
    /Raising EMBEDDING_LR may improve val_bpb: no experiment has changed it/,
  );
});

test('a requested idea comes before the agent’s own, and an unsuitable request is refused with a reason', async () => {
  const agent = exploreAgent({ name: 'explore' });
  const request = requestFor(new Map([['train.py', small]]));
  const proposal = await agent.propose({ ...request, wish: 'LR = 0.5' }, never);
  assert.equal(proposal.kind === 'idea' && proposal.idea.title, 'LR 0.02 → 0.5');
  const tried = { ...request, wish: 'LR = 0.5', objection: async () => 'Already tried.' };
  assert.deepEqual(await agent.propose(tried, never), {
    kind: 'failed',
    reason: 'Already tried.',
    cost: NO_COST,
  });
  assert.match(agent.objectsTo?.('make it faster', request.files) ?? '', /`LR`/);
  assert.equal(agent.objectsTo?.('LR = 0.5', request.files), null);
});

test('a merged direction is continued before untried constants, and never reversed', async () => {
  const fate = (_idea: Idea, number: number) => (number === 2 || number === 3 ? 'merged' : 'closed');
  const { titles, ledger } = await campaign('train.py', small.replace('= 8', '= 80'), fate);
  assert.deepEqual(titles.slice(0, 5), [
    'LR 0.02 → 0.04',
    'BATCH_SIZE 80 → 40',
    'BATCH_SIZE 40 → 20',
    'BATCH_SIZE 20 → 10',
    'TIED True → False',
  ]);
  assert.match(ledger[2]?.hypothesis ?? '', /from 80 to 40 was merged \(experiment 2\)/);
  const once = await campaign('train.py', 'LR = 0.02\n', (_idea, number) =>
    number === 1 ? 'merged' : 'closed',
  );
  assert.ok(once.titles.includes('LR 0.04 → 0.028') && !once.titles.includes('LR 0.04 → 0.02'));
});

test('a value that did not help is not tried again from a new champion value', async () => {
  const fate = (_idea: Idea, number: number) => (number === 3 ? 'merged' : 'closed');
  const { titles } = await campaign('train.py', 'LR = 0.02\n', fate, { limit: 5 });
  assert.deepEqual(titles.slice(0, 4), [
    'LR 0.02 → 0.04',
    'LR 0.02 → 0.014',
    'LR 0.02 → 0.028',
    'LR 0.028 → 0.033',
  ]);
});

test('after a failed step the other direction is tried with a smaller one, once every other constant has had its turn', async () => {
  const { titles, ledger } = await campaign('train.py', small, () => 'closed', { limit: 6 });
  assert.deepEqual(titles, [
    'LR 0.02 → 0.04',
    'BATCH_SIZE 8 → 4',
    'TIED True → False',
    'LR 0.02 → 0.014',
    'BATCH_SIZE 8 → 12',
    'LR 0.02 → 0.028',
  ]);
  assert.match(ledger[3]?.hypothesis ?? '', /from 0.02 to 0.04 did not help \(experiment 1\)/);
});

test('once a value has crashed, neither it nor any value beyond it is tried again', async () => {
  const fate = (_idea: Idea, number: number) => (number === 2 ? 'crash' : 'closed');
  const { titles, end } = await campaign('train.py', 'LR = 0.02\n', fate);
  const tried = [
    'LR 0.02 → 0.04',
    'LR 0.02 → 0.014',
    'LR 0.02 → 0.028',
    'LR 0.02 → 0.024',
    'LR 0.02 → 0.017',
  ];
  assert.deepEqual(titles, tried, '0.01 lies beyond the crash at 0.014');
  assert.equal(end, 'exhausted');
});

test('a campaign on a small file ends exhausted, without repeats and without changing the seed', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const fate = (_idea: Idea, number: number) =>
      (['closed', 'merged', 'crash', 'closed'] as const)[(number * (seed + 3)) % 4] ?? 'closed';
    const { titles, end, text } = await campaign('train.py', small, fate, { seed });
    assert.equal(end, 'exhausted', `seed ${seed}: ${titles.length} experiments`);
    assert.equal(new Set(titles).size, titles.length, `seed ${seed} repeats: ${titles.join(', ')}`);
    assert.match(text, /^SEED = 1\n/);
  }
});

test('every proposal for a real training file applies, parses and keeps fractions in range', async () => {
  const trainer = readFileSync(new URL('../../trainer/train.py', import.meta.url), 'utf8');
  for (const [name, text] of Object.entries({ karpathyLike, trainer })) {
    const fate = (_idea: Idea, number: number) =>
      number % 5 === 0 ? 'merged' : number % 13 === 0 ? 'crash' : 'closed';
    const { titles, ledger, text: end } = await campaign('train.py', text, fate, { seed: 3, limit: 150 });
    assert.ok(titles.length >= 40, `${name}: only ${titles.length} ideas`);
    assert.equal(await syntaxError('train.py', end), null);
    for (const { edits } of ledger) {
      const [, key = '', value = ''] = /^(\w+) = ([\d.e-]+)/m.exec(edits[0]?.replace ?? '') ?? [];
      if (/RATIO$|FRAC$|BETA|MOMENTUM|^WARM/.test(key) && value.includes('.')) {
        assert.ok(Number(value) >= 0 && Number(value) <= 1, `${key} = ${value}`);
      }
    }
  }
});

test('running experiments are not proposed again', async () => {
  const { titles } = await campaign('train.py', karpathyLike, () => 'running', { limit: 30 });
  assert.equal(new Set(titles).size, 30);
});

test('a refused idea is skipped for the next one', async () => {
  const agent = exploreAgent({ name: 'explore' });
  const request = requestFor(new Map([['train.py', small]]));
  const objection = async (idea: Idea) => (idea.title.startsWith('LR') ? 'measured before' : null);
  const proposal = await agent.propose({ ...request, objection }, never);
  assert.ok(proposal.kind === 'idea');
  assert.equal(proposal.idea.title, 'BATCH_SIZE 8 → 4');
  const nothing = await agent.propose({ ...request, objection: async () => 'no' }, never);
  assert.equal(nothing.kind, 'exhausted');
});

test('the same seed and ledger give the same idea, another seed gives another order', async () => {
  const texts = await Promise.all(
    [0, 0, 1, 2, 3].map(async seed =>
      (await campaign('train.py', karpathyLike, () => 'closed', { seed, limit: 12 })).titles.join(),
    ),
  );
  assert.equal(texts[0], texts[1]);
  assert.ok(new Set(texts).size > 2);
});

test('constants of the same name are kept apart, in the file and in the ledger', async () => {
  const yaml = 'embed:\n  lr: 0.1\nmatrix:\n  lr: 0.1\nhead:\n  lr: 0.1\n';
  const { titles, ledger, end } = await campaign('a.yml', yaml, () => 'closed');
  assert.deepEqual(titles.slice(0, 4), [
    'embed.lr 0.1 → 0.2',
    'matrix.lr 0.1 → 0.2',
    'head.lr 0.1 → 0.2',
    'embed.lr 0.1 → 0.071',
  ]);
  assert.deepEqual(ledger[1]?.edits[0]?.search, 'matrix:\n  lr: 0.1');
  assert.equal(titles.length, 18);
  assert.equal(end, 'exhausted');
  const commented = await campaign('a.yml', yaml.replace('0.1', '0.1 # slow'), () => 'closed');
  assert.equal(
    commented.ledger[0]?.edits[0]?.search,
    'embed:\n  lr: 0.1 # slow',
    'the line alone could be any lr',
  );
  assert.equal(commented.titles.length, 18);
});

test('another agent’s change of one constant counts as tried, a change of several does not', async () => {
  const agent = exploreAgent({ name: 'explore' });
  const files = new Map([['train.py', small]]);
  const edit = (search: string, replace: string) => ({ path: 'train.py', search, replace });
  const past = (edits: Idea['edits']) => [entry(1, { title: 'x', hypothesis: '', edits }, 'closed')];
  const one = await agent.propose(
    requestFor(files, past([edit('LR = 0.02\nBATCH_SIZE = 8', 'LR = 0.04\nBATCH_SIZE = 8')])),
    never,
  );
  assert.ok(one.kind === 'idea' && one.idea.title.startsWith('BATCH_SIZE'));
  const both = await agent.propose(
    requestFor(files, past([edit('LR = 0.02\nBATCH_SIZE = 8', 'LR = 0.04\nBATCH_SIZE = 4')])),
    never,
  );
  assert.ok(both.kind === 'idea' && both.idea.title.startsWith('LR'));
});

test('another agent’s merged direction is continued first, and a line is recognised without its parent keys', async () => {
  const agent = exploreAgent({ name: 'explore' });
  const past = (path: string, search: string, replace: string, status: LedgerLine['status']) => [
    entry(1, { title: 'x', hypothesis: '', edits: [{ path, search, replace }] }, status),
  ];
  const won = past('train.py', 'BATCH_SIZE = 16', 'BATCH_SIZE = 8', 'merged');
  const next = await agent.propose(requestFor(new Map([['train.py', small]]), won), never);
  assert.ok(next.kind === 'idea');
  assert.equal(next.idea.title, 'BATCH_SIZE 8 → 4', 'although LR is still untried');
  const yaml = new Map([['a.yml', 'optimizer:\n  decay: 0.1\n']]);
  const failed = past('a.yml', '  decay: 0.1', '  decay: 0.2', 'closed');
  const nested = await agent.propose(requestFor(yaml, failed), never);
  assert.ok(nested.kind === 'idea');
  assert.equal(nested.idea.title, 'optimizer.decay 0.1 → 0.071');
});

test('an aborted explorer throws', async () => {
  const proposal = exploreAgent({ name: 'explore' }).propose(
    requestFor(new Map()),
    AbortSignal.abort(new Error('stopped')),
  );
  await assert.rejects(proposal, /stopped/);
});

test('two trials in flight: after one was merged, the other is not built on a value that begins with the old one', async () => {
  const files = new Map([['train.py', 'DROPOUT = 0.1\n']]);
  const agent = exploreAgent({ name: 'explore' });
  const first = await agent.propose(requestFor(files), never);
  assert.ok(first.kind === 'idea');
  const second = await agent.propose(requestFor(files, [entry(1, first.idea, 'running')]), never);
  assert.ok(second.kind === 'idea');
  assert.deepEqual([first.idea.title, second.idea.title], ['DROPOUT 0.1 → 0.18', 'DROPOUT 0.1 → 0.073']);
  const rebuilt = applyEdits(first.files, second.idea.edits, ['train.py'], 'lines');
  assert.match(rebuilt.kind === 'refused' ? rebuilt.reason : '', /a part of something longer/);
});

test('settings in tuples, dictionaries and products are turned, and negative ones', async () => {
  const text =
    'BETAS = (0.8, 0.95)\nCONFIG = {\n    "lr": 0.1,\n    "depth": 4,\n}\nBATCH = 64 * 1024\nBIAS = -2.0\n';
  const { titles, ledger, end } = await campaign('train.py', text, () => 'closed');
  assert.deepEqual(titles.slice(0, 6), [
    'CONFIG.lr 0.1 → 0.2',
    'BATCH 64 * 1024 → 32 * 1024',
    'CONFIG.depth 4 → 2',
    'BETAS[0] 0.8 → 0.89',
    'BETAS[1] 0.95 → 0.974',
    'BIAS -2.0 → -4.0',
  ]);
  assert.equal(ledger[3]?.edits[0]?.replace, 'BETAS = (0.89, 0.95)');
  assert.equal(new Set(titles).size, titles.length);
  assert.equal(end, 'exhausted');
});
