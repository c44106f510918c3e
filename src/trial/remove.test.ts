import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from './fixture.test-helper.ts';
import { removeFolder } from './remove.ts';

test('a folder that a program denied its own user is removed, and what a link in it leads to stays', async context => {
  const root = temporaryDirectory(context);
  const [kept, folder] = [join(root, 'kept'), join(root, 'folder')];
  const script = `
    mkdir -p "${kept}" "${folder}/a/b"; echo x >"${kept}/file"; chmod 500 "${kept}"
    echo x >"${folder}/a/b/c"; ln -s "${kept}" "${folder}/a/link"; chmod 000 "${folder}/a/b" "${folder}/a" "${folder}"`;
  execFileSync('sh', ['-c', script]);
  if (process.getuid?.() !== 0) return removed();
  // Nothing is denied to root, so another user removes it.
  execFileSync('chown', ['-R', '65534', root]);
  const module = JSON.stringify(join(import.meta.dirname, 'remove.ts'));
  const remove = `import(${module}).then(({ removeFolder }) => removeFolder(${JSON.stringify(folder)}))`;
  execFileSync(process.execPath, ['-e', remove], { uid: 65534, gid: 65534, cwd: '/' });
  assert.ok(!existsSync(folder) && existsSync(join(kept, 'file')));

  async function removed() {
    await removeFolder(folder);
    assert.ok(!existsSync(folder) && existsSync(join(kept, 'file')));
    execFileSync('chmod', ['700', kept]);
  }
});
