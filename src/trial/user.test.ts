import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { machine } from './escape.test-helper.ts';
import { temporaryDirectory } from './fixture.test-helper.ts';
import { becoming, possibleUsers } from './user.ts';

test('a candidate keeps the groups of GPUs that only a group can use, and no others', async context => {
  const devices = temporaryDirectory(context);
  for (const [name, mode] of Object.entries({ nvidia0: 0o666, 'nvidia-uvm': 0o666, sda: 0o660 })) {
    writeFileSync(join(devices, name), '');
    chmodSync(join(devices, name), mode);
  }
  const own = { id: 61_200, isOwn: true };
  assert.ok((await becoming(own, devices)).includes('--clear-groups'));
  chmodSync(join(devices, 'nvidia0'), 0o660);
  const { gid } = statSync(join(devices, 'nvidia0'));
  assert.match((await becoming(own, devices)).join(' '), new RegExp(`--reuid 61200 .*--groups ${gid} `));
  assert.deepEqual(await becoming({ id: 1000, isOwn: false }, devices), []);
});

test('a runner that is root has a user to give, any other has a user namespace', async () => {
  const users = await possibleUsers();
  assert.deepEqual(users.at(-1), { id: 1000, isOwn: false });
  assert.equal(users.length, process.getuid?.() === 0 ? 2 : 1);
});

test('a candidate can read what only the runner can read, if the workflow lists it', async context => {
  const m = await machine(context);
  mkdirSync(join(m.home, 'private/folder'), { recursive: true });
  writeFileSync(join(m.home, 'private/folder/file'), 'private', { mode: 0o600 });
  const code = 'print(read(os.path.expanduser("~/private/folder/file")).decode())\nprint("val_bpb: 1")\n';
  const { outcome } = await m.trial(code, { readable: ['~/private'] });
  assert.deepEqual(outcome, { status: 'measured', value: 1 });
  assert.ok(m.lines.includes('private'));
  const isWarned = m.lines.some(line => /other users cannot read .*private\/folder\/file/.test(line));
  assert.equal(isWarned, process.getuid?.() === 0);
});
