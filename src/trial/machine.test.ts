import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from './fixture.test-helper.ts';
import { askGpus } from './gpus.ts';
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
    machineClass(await askGpus({ PATH }), ['python 3.12.3', 'torch 2.9.1+cu128']),
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
    const name = machineClass(await askGpus({ PATH, CUDA_VISIBLE_DEVICES: visible }), []);
    assert.match(name, expected);
    if (visible === '') assert.doesNotMatch(name, /NVIDIA/);
  });
}

test('a machine without GPU is named by its processor', async context => {
  const { PATH } = programs(context, {});
  assert.match(
    machineClass(await askGpus({ PATH }), []),
    new RegExp(`, ${process.platform} ${process.arch}$`),
  );
});

test('a process on a GPU is found by its owner, and a driver that does not answer is told apart from none', async context => {
  const full = programs(context, {
    'nvidia-smi': `case "$1" in
--query-gpu=*) echo "0, GPU-aaaa-1, NVIDIA H200, 580.95.05, 143771, 140000, 0" ;;
*) echo "GPU-aaaa-1, 4242, 139000" ;;
esac`,
  });
  assert.deepEqual(await askGpus(full), {
    kind: 'some',
    gpus: [
      {
        index: '0',
        name: 'NVIDIA H200',
        driver: '580.95.05',
        totalMb: 143771,
        usedMb: 140000,
        memoryErrors: 0,
        processes: [{ pid: '4242', usedMb: 139000 }],
      },
    ],
  });
  const broken = programs(context, {
    'nvidia-smi': 'echo "Failed to initialize NVML: Driver/library version mismatch"; exit 18',
  });
  const said = await askGpus(broken);
  assert.match(said.kind === 'broken' ? said.said : '', /^Failed to initialize NVML/);
  assert.deepEqual(await askGpus({ PATH: '/nonexistent' }), { kind: 'none' });
});
