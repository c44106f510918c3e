/** What the App reads of a repository's files and writes back, over git. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEdits } from '../../agents/edit.ts';
import { readFiles } from '../../github/act/candidate.ts';
import { octokitPort } from '../../github/client/octokit.ts';
import type { Octokit } from '../../github/client/types.ts';
import { REPO, scene } from './github.test-helper.ts';

async function portOf(files: ReadonlyMap<string, string | Uint8Array>) {
  const one = await scene();
  await one.github.createRepository({ owner: REPO.owner, name: 'bytes', files });
  const port = octokitPort(
    one.bot as unknown as Octokit,
    { owner: REPO.owner, name: 'bytes' },
    'research[bot]',
  );
  return { ...one, port };
}

test('bytes that no edit touches stay: a byte order mark, mixed line ends, no line end at the end', async () => {
  const text = '\ufeffLR = 1\r\nDEPTH = 2\nNAME = "é 深"\r\n\r\nEND';
  const { port } = await portOf(new Map([['train.py', text]]));
  const champion = await readFiles(port, ['train.py'], 'main');
  const edits = [{ path: 'train.py', search: 'DEPTH = 2', replace: 'DEPTH = 3' }];
  const applied = applyEdits(champion, edits, ['train.py']);
  assert.ok(applied.kind === 'applied');
  const tree = await port.createTree((await port.commit('main'))?.tree ?? null, applied.files);
  const sha = await port.createCommit('Try', tree, null);
  assert.deepEqual(await port.look('train.py', sha), {
    kind: 'text',
    text: text.replace('DEPTH = 2', 'DEPTH = 3'),
  });
});

test('what edits would damage is told apart from text', async () => {
  const files = new Map<string, string | Uint8Array>([
    ['latin.py', Buffer.from('# caf\u00e9\n', 'latin1')],
    ['utf16.py', Buffer.from('LR = 1\n', 'utf16le')],
    ['logo.png', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 1])],
    ['src/a.py', 'A = 1\n'],
    ['src/b.py', 'B = 1\n'],
    ['src/deep/c.py', 'C = 1\n'],
    ['big.py', '#'.repeat(1_100_000)],
  ]);
  const { port } = await portOf(files);
  assert.deepEqual(await port.look('latin.py', 'main'), { kind: 'other', what: 'not UTF-8' });
  assert.deepEqual(await port.look('utf16.py', 'main'), { kind: 'other', what: 'a binary file' });
  assert.deepEqual(await port.look('logo.png', 'main'), { kind: 'other', what: 'a binary file' });
  assert.deepEqual(await port.look('big.py', 'main'), { kind: 'large', bytes: 1_100_000 });
  assert.deepEqual(await port.look('src', 'main'), { kind: 'folder', files: ['src/a.py', 'src/b.py'] });
  assert.equal(await port.look('no.py', 'main'), null);
  assert.deepEqual(
    [...(await readFiles(port, [...files.keys()], 'main')).keys()],
    ['src/a.py', 'src/b.py', 'src/deep/c.py'],
  );
});

test('an executable file stays executable, and no other becomes so', async () => {
  const { port, ann, main } = await scene().then(one => ({
    ...one,
    port: octokitPort(one.bot as unknown as Octokit, { owner: REPO.owner, name: REPO.repo }, 'research[bot]'),
  }));
  const base = (await ann.rest.git.getCommit({ ...REPO, commit_sha: main })).data.tree.sha;
  const file = { type: 'blob' as const, content: '#!/bin/sh\n' };
  const { data: with755 } = await ann.rest.git.createTree({
    ...REPO,
    base_tree: base,
    tree: [
      { ...file, path: 'run.sh', mode: '100755' },
      { ...file, path: 'src/deep/run.sh', mode: '100755' },
      { ...file, path: 'src/deep/lib.sh', mode: '100644' },
    ],
  });
  const names = ['run.sh', 'src/deep/run.sh', 'src/deep/lib.sh', 'src/new.sh'];
  const made = await port.createTree(with755.sha, new Map(names.map(name => [name, 'echo 1\n'])));
  const modeOf = async (path: string) => {
    let sha = made;
    let mode: string | undefined;
    for (const name of path.split('/')) {
      const { data } = await ann.rest.git.getTree({ ...REPO, tree_sha: sha });
      const entry = data.tree.find(each => each.path === name);
      ({ sha = '', mode } = entry ?? {});
    }
    return mode;
  };
  assert.deepEqual(await Promise.all(names.map(modeOf)), ['100755', '100755', '100644', '100644']);
});
