import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recorded } from './recorded.ts';

const train = 'WARMDOWN = 0.55\nDEPTH = 24\nBETAS = (0.8, 0.95)\n\ndef act(x):\n    return x.relu() * 2\n';
const files = new Map([
  ['train.py', train],
  ['notes.txt', 'depth: 1\n'],
]);

function titleOf(said: string, search: string, replace: string, path = 'train.py'): string {
  const idea = { title: said, hypothesis: '', edits: [{ path, search, replace }] };
  const done = recorded(files, idea, [...files.keys()]);
  return done.kind === 'applied' ? done.idea.title : done.reason;
}

test('a title says which constants changed, whatever the agent called it', () => {
  assert.equal(titleOf('depth 2 → 3', 'DEPTH = 24', 'DEPTH = 34'), 'DEPTH 24 → 34');
  assert.equal(titleOf('a deeper model', 'DEPTH = 24', 'DEPTH = 26'), 'DEPTH 24 → 26');
  assert.equal(titleOf('betas', '(0.8, 0.95)', '(0.9, 0.99)'), 'BETAS[0] 0.8 → 0.9, BETAS[1] 0.95 → 0.99');
  assert.match(titleOf('depth 2 → 3', 'DEPTH = 2', 'DEPTH = 3'), /a part of something longer/);
  const rest = 'A_LONG_NAME_FOR_A_CONSTANT = 1\n';
  const many = new Map([['a.py', [1, 2, 3, 4].map(i => rest.replace('CONSTANT', `CONSTANT_${i}`)).join('')]]);
  const edits = [
    {
      path: 'a.py',
      search: many.get('a.py') ?? '',
      replace: (many.get('a.py') ?? '').replaceAll('= 1', '= 2'),
    },
  ];
  const done = recorded(many, { title: 'x', hypothesis: '', edits }, ['a.py']);
  assert.equal(done.kind === 'applied' && done.idea.title, 'A_LONG_NAME_FOR_A_CONSTANT_1 1 → 2 and 3 more');
});

test('any other change keeps the agent’s title, unless its numbers are not those of the change', () => {
  const [search, replace] = ['x.relu() * 2', 'x.relu().square() * 3'];
  assert.equal(titleOf('squared ReLU', search, replace), 'squared ReLU');
  assert.equal(titleOf('squared ReLU, scale 2 → 3', search, replace), 'squared ReLU, scale 2 → 3');
  assert.equal(
    titleOf('scale 2 → 4', search, replace),
    'train.py: return x.relu() * 2 → return x.relu().square() * 3',
  );
  assert.equal(titleOf('depth 1 → 2', 'depth: 1', 'depth: 2', 'notes.txt'), 'depth 1 → 2');
  assert.equal(
    titleOf('depth from 1 to 3', 'depth: 1', 'depth: 2', 'notes.txt'),
    'notes.txt: depth: 1 → depth: 2',
  );
});
