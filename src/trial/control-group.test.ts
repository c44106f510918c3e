import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { controlGroup, ranOutOfMemory, removeGroup } from './control-group.ts';
import { machine } from './escape.test-helper.ts';
import { limitsOfMachine } from './limits.ts';

const MIB = 2 ** 20;

/** Most runners cannot create control groups: they are neither root on cgroup v2, nor was a group delegated to them. */
async function expectGroup(skip: (reason: string) => void) {
  const group = await controlGroup({ ...limitsOfMachine(), memoryBytes: 256 * MIB, tasks: 100 });
  if (group === null) skip('this runner cannot create control groups');
  return group;
}

test('a group has the limits of its candidate, and is gone afterwards', async context => {
  const group = await expectGroup(reason => context.skip(reason));
  if (group === null) return;
  const value = (name: string) => readFileSync(join(group.folder, name), 'utf8').trim();
  assert.equal(value('memory.max'), String(256 * MIB));
  assert.equal(value('pids.max'), '100');
  assert.equal(await ranOutOfMemory(group), false);
  await removeGroup(group);
  assert.ok(!existsSync(group.folder));
});

test('memory files count, too', async context => {
  const group = await expectGroup(reason => context.skip(reason));
  if (group === null) return;
  await removeGroup(group);
  const m = await machine(context);
  const code = `
file = os.memfd_create("x")
for _ in range(512):
    os.write(file, bytes(2 ** 20))
print("val_bpb: 1")`;
  const { outcome } = await m.trial(code, { limits: { memoryBytes: 256 * MIB } });
  assert.equal(outcome.status === 'crash' && outcome.reason, 'out of memory');
  assert.match(outcome.status === 'crash' ? outcome.message : '', /^used more than 256 MB of memory/);
});
