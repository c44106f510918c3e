import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from './fixture.test-helper.ts';
import { machineClass } from './machine.ts';

/** A PATH that contains only these programs (shell scripts). */
function programs(context: TestContext, scripts: Record<string, string>): { PATH: string } {
  const dir = temporaryDirectory(context);
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(dir, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(dir, name), 0o755);
  }
  return { PATH: dir };
}

const TWO_GPUS = `
echo "0, GPU-aaaa-1, NVIDIA H200, 580.95.05"
echo "1, GPU-bbbb-2, NVIDIA H200, 580.95.05"`;

test('a machine is named by its GPUs, their driver and what the command runs on', async context => {
  const { PATH } = programs(context, { 'nvidia-smi': TWO_GPUS });
  assert.equal(
    await machineClass({ PATH }, ['python 3.12.3', 'torch 2.9.1+cu128']),
    'NVIDIA H200 x2, driver 580.95.05, python 3.12.3, torch 2.9.1+cu128',
  );
});

for (const [visible, expected] of [
  ['1', /^NVIDIA H200 x1/],
  ['GPU-bbbb', /^NVIDIA H200 x1/],
  ['0,1', /^NVIDIA H200 x2/],
  ['', /cpu|CPU|x\d+, \w+ \w+/],
] as const) {
  test(`only visible GPUs count: CUDA_VISIBLE_DEVICES=${visible}`, async context => {
    const { PATH } = programs(context, { 'nvidia-smi': TWO_GPUS });
    const name = await machineClass({ PATH, CUDA_VISIBLE_DEVICES: visible }, []);
    assert.match(name, expected);
    if (visible === '') assert.doesNotMatch(name, /NVIDIA/);
  });
}

test('a machine without GPU is named by its processor', async context => {
  const { PATH } = programs(context, {});
  assert.match(await machineClass({ PATH }, []), new RegExp(`, ${process.platform} ${process.arch}$`));
});
