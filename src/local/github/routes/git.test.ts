import assert from 'node:assert/strict';
import { test } from 'node:test';
import { branchWith, FILES, REPO, refused, scene, WORKFLOW } from '../github.test-helper.ts';

test('a ref is made once, and only where its name is in no other’s way', async () => {
  const { bot, main } = await scene();
  const make = (name: string) => bot.rest.git.createRef({ ...REPO, ref: `refs/heads/${name}`, sha: main });
  await make('research/1/1');
  await refused(make('research/1/1'), 422, /Reference already exists/);
  await refused(make('research/1'), 422, /Reference update failed/);
  await refused(make('research/1/1/x'), 422, /Reference update failed/);
  await refused(make('a..b'), 422, /Reference name/);
  await make('research/1/10');
  const refs = (await bot.rest.git.listMatchingRefs({ ...REPO, ref: 'heads/research/1/1' })).data;
  assert.deepEqual(
    refs.map(one => one.ref),
    ['refs/heads/research/1/1', 'refs/heads/research/1/10'],
  );
  assert.deepEqual((await bot.rest.git.listMatchingRefs({ ...REPO, ref: 'heads/none' })).data, []);
  await bot.rest.git.deleteRef({ ...REPO, ref: 'heads/research/1/1' });
  await refused(bot.rest.git.getRef({ ...REPO, ref: 'heads/research/1/1' }), 404, /Not Found/);
  await refused(bot.rest.git.deleteRef({ ...REPO, ref: 'heads/research/1/1' }), 422, /does not exist/);
});

test('a ref must point at something that is there', async () => {
  const { bot } = await scene();
  const nothing = '1'.repeat(40);
  await refused(
    bot.rest.git.createRef({ ...REPO, ref: 'refs/heads/a', sha: nothing }),
    422,
    /Object does not exist/,
  );
  await refused(
    bot.rest.git.updateRef({ ...REPO, ref: 'heads/nowhere', sha: nothing }),
    422,
    /Reference does not exist/,
  );
});

test('of two clients that make the same ref at once, one is refused', async () => {
  const { bot, main } = await scene();
  const make = () => bot.rest.git.createRef({ ...REPO, ref: 'refs/heads/a', sha: main });
  const results = await Promise.allSettled([make(), make(), make()]);
  assert.deepEqual(results.map(one => one.status).sort(), ['fulfilled', 'rejected', 'rejected']);
});

test('a tree is its base with files replaced and added, and none that leads out of it', async () => {
  const { ann, bot, main } = await scene();
  const base = (await bot.rest.git.getCommit({ ...REPO, commit_sha: main })).data.tree.sha;
  const file = { mode: '100644' as const, type: 'blob' as const };
  const tree = [
    { ...file, path: 'train.py', mode: '100755' as const, content: 'depth = 9\n' },
    { ...file, path: 'data/é x.txt', content: 'new\n' },
  ];
  const made = (await bot.rest.git.createTree({ ...REPO, base_tree: base, tree })).data;
  assert.deepEqual(
    made.tree.map(entry => [entry.path, entry.type]),
    [
      ['.github', 'tree'],
      ['README.md', 'blob'],
      ['data', 'tree'],
      ['train.py', 'blob'],
    ],
  );
  assert.deepEqual((await ann.rest.git.getTree({ ...REPO, tree_sha: made.sha })).data, made);
  assert.equal(made.tree.at(-1)?.mode, '100755');
  for (const path of ['../etc/passwd', '/a', 'a//b', '.git/config', 'a/.GIT/b', 'a\nb', '']) {
    const outside = { ...REPO, tree: [{ ...file, path, content: '' }] };
    await refused(bot.rest.git.createTree(outside), 422, /malformed path/);
  }
});

test('what this server does not do is refused, not left out', async () => {
  const { ann, bot, main } = await scene();
  const link = { path: 'a', mode: '120000' as const, type: 'blob' as const, content: '' };
  await refused(bot.rest.git.createTree({ ...REPO, tree: [link] }), 422, /mode/);
  const draft = { ...REPO, title: 'A', head: 'a', base: 'main', draft: true };
  await refused(bot.rest.pulls.create(draft), 422, /draft/);
  const annotated = { title: 'a', summary: 'b', annotations: [] };
  const check = { ...REPO, name: 'a', head_sha: main, output: annotated };
  await refused(bot.rest.checks.create(check), 422, /annotations/);
  await refused(ann.rest.issues.listForRepo({ ...REPO, creator: 'ann' }), 422, /Not served here: creator/);
});

test('a commit is by whoever made it', async () => {
  const { bot, main } = await scene();
  const { data: parent } = await bot.rest.git.getCommit({ ...REPO, commit_sha: main });
  const o = { ...REPO, message: 'Say why\n\nAt length.', tree: parent.tree.sha, parents: [main] };
  const own = (await bot.rest.git.createCommit(o)).data;
  assert.match(own.author.email, /^\d+\+research\[bot\]@users\.noreply/);
  assert.equal(own.message, o.message);
  await refused(bot.rest.git.createCommit({ ...o, parents: ['1'.repeat(40)] }), 422, /Parent SHA/);
  await refused(bot.rest.git.createCommit({ ...o, tree: main }), 422, /Tree SHA/);
});

test('the App may not bring in a workflow, but may build on one that is there', async () => {
  const { ann, bot, main } = await scene();
  const evil = { '.github/workflows/evil.yml': WORKFLOW };
  await refused(branchWith(bot, 'evil', main, evil), 403, /without `workflows` permission/);
  await refused(bot.rest.git.getRef({ ...REPO, ref: 'heads/evil' }), 404, /Not Found/);
  const changed = await branchWith(ann, 'changed', main, {
    '.github/workflows/experiment.yml': `${WORKFLOW}#\n`,
  });
  const onTop = await branchWith(bot, 'on-top', changed, { 'train.py': 'depth = 1\n' });
  assert.equal((await bot.rest.git.getRef({ ...REPO, ref: 'heads/on-top' })).data.object.sha, onTop);
});

test('the App may not merge a pull request that changes a workflow; a person may', async () => {
  const { ann, bot, main } = await scene();
  await branchWith(ann, 'a', main, { '.github/workflows/experiment.yml': `${WORKFLOW}#\n` });
  const { number } = (await ann.rest.pulls.create({ ...REPO, title: 'A', head: 'a', base: 'main' })).data;
  const at = { ...REPO, pull_number: number };
  await refused(bot.rest.pulls.merge(at), 403, /without `workflows` permission/);
  assert.equal((await ann.rest.pulls.get(at)).data.state, 'open');
  assert.equal((await ann.rest.pulls.merge(at)).data.merged, true);
});

test('files and folders are read at any revision', async () => {
  const { bot, main } = await scene();
  await branchWith(bot, 'a/b', main, { 'src/deep/x y.py': 'x = 1\n', 'train.py': 'new\n' });
  const read = async (path: string, ref?: string) => {
    const { data } = await bot.rest.repos.getContent({ ...REPO, path, ...(ref !== undefined && { ref }) });
    assert.ok('content' in data && typeof data.content === 'string');
    return Buffer.from(data.content, 'base64').toString();
  };
  assert.equal(await read('train.py'), FILES.get('train.py'));
  assert.equal(await read('train.py', 'a/b'), 'new\n');
  assert.equal(await read('train.py', 'heads/a/b'), 'new\n');
  assert.equal(await read('train.py', main), FILES.get('train.py'));
  assert.equal(await read('src/deep/x y.py', 'a/b'), 'x = 1\n');
  const folder = (await bot.rest.repos.getContent({ ...REPO, path: '', ref: 'a/b' })).data;
  assert.ok(Array.isArray(folder));
  assert.deepEqual(
    folder.map(entry => [entry.name, entry.type]),
    [
      ['.github', 'dir'],
      ['README.md', 'file'],
      ['src', 'dir'],
      ['train.py', 'file'],
    ],
  );
  await refused(read('nothing.py'), 404, /Not Found/);
  await refused(read('train.py', 'nowhere'), 404, /No commit found/);
});

test('a path that names nothing is not found, whatever is in it', async () => {
  const { github } = await scene();
  const paths = [
    '..%2f..%2f..%2fetc%2fpasswd',
    'a%2f..%2ftrain.py',
    '.%2ftrain.py',
    'train.py%0a',
    'train.py%0d%0aHEAD',
    'a%00b',
    'train.py%2f%2fa',
    '.git%2fconfig',
    '%c3%28',
    `${'x'.repeat(300)}%2fy`,
  ];
  for (const path of paths) {
    for (const ref of [
      'main',
      'main%0aHEAD',
      '..%2f..',
      'main~0',
      'HEAD%00',
      'refs%2fheads%2fmain%5e%7btree%7d',
    ]) {
      const answer = await fetch(`${github.url}/api/v3/repos/ann/gpt/contents/${path}?ref=${ref}`);
      const text = await answer.text();
      assert.equal(answer.status, 404, `${path} at ${ref}: ${text}`);
      assert.equal(typeof JSON.parse(text).message, 'string');
    }
  }
});

test('branches are listed and read by their names alone', async () => {
  const { bot, main } = await scene();
  const sha = await branchWith(bot, 'a', main, { 'train.py': 'depth = 9\n' });
  const branches = (await bot.rest.repos.listBranches(REPO)).data;
  assert.deepEqual(
    branches.map(branch => [branch.name, branch.commit.sha]),
    [
      ['a', sha],
      ['main', main],
    ],
  );
  assert.deepEqual((await bot.rest.repos.getBranchRules({ ...REPO, branch: 'main' })).data, []);
  for (const branch of ['none', 'a~1', 'a^', 'main:README.md'])
    await refused(bot.rest.repos.getBranch({ ...REPO, branch }), 404, /Branch not found/);
  const other = bot.rest.checks.listForRef({ ...REPO, ref: 'none' });
  await refused(other, 422, /No commit found for SHA/);
});
