import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseCommand } from './command.ts';
import { temporaryDirectory } from './fixture.test-helper.ts';
import { machineClass } from './machine.ts';

/** A PATH that contains only these programs (shell scripts). */
function programs(context: TestContext, scripts: Record<string, string>): { dir: string; PATH: string } {
  const dir = temporaryDirectory(context);
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(dir, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(dir, name), 0o755);
  }
  return { dir, PATH: dir };
}

const TWO_GPUS = `
echo "0, GPU-aaaa-1, NVIDIA H200, 580.95.05"
echo "1, GPU-bbbb-2, NVIDIA H200, 580.95.05"`;
const PYTHON = 'echo "python 3.12.3"; echo "torch 2.9.1+cu128"';
const command = parseCommand('python3 trainer/train.py');

test('a machine is named by its GPUs, their driver and the framework', async context => {
  const { dir, PATH } = programs(context, { 'nvidia-smi': TWO_GPUS, python3: PYTHON });
  assert.equal(
    await machineClass(command, { PATH }, dir),
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
    const { dir, PATH } = programs(context, { 'nvidia-smi': TWO_GPUS });
    const name = await machineClass(command, { PATH, CUDA_VISIBLE_DEVICES: visible }, dir);
    assert.match(name, expected);
    if (visible === '') assert.doesNotMatch(name, /NVIDIA/);
  });
}

test('a machine without GPU or python is named by its processor', async context => {
  const { dir, PATH } = programs(context, {});
  assert.match(
    await machineClass(command, { PATH }, dir),
    new RegExp(`, ${process.platform} ${process.arch}$`),
  );
});
