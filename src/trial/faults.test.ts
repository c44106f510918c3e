import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../protocol/measurement.ts';
import { blamed, problemBefore, systemCause } from './faults.ts';
import type { Gpu, Gpus } from './gpus.ts';

const FREE: Gpu = {
  index: '0',
  name: 'NVIDIA H100',
  driver: '580.95',
  totalMb: 81_559,
  usedMb: 4,
  memoryErrors: 0,
  processes: [],
};
const some = (change: Partial<Gpu> = {}): Gpus => ({ kind: 'some', gpus: [{ ...FREE, ...change }] });
const NONE: Gpus = { kind: 'none' };
const BROKEN: Gpus = { kind: 'broken', said: 'Driver/library version mismatch', hasDevices: true };
const FULL = some({ usedMb: 80_900, processes: [{ pid: '4242', usedMb: 80_800 }] });

const crash = (message: string): Outcome => ({
  status: 'crash',
  reason: 'exception',
  message: message.split('\n')[0] ?? '',
  traceback: message,
});

const HELD =
  'torch.OutOfMemoryError: CUDA out of memory. GPU 0 has a total capacity of 79.11 GiB of which 3.00 MiB is free. Process 4242 has 78.90 GiB memory in use. Of the allocated memory 120.00 MiB is allocated by PyTorch';
const OWN =
  'torch.OutOfMemoryError: CUDA out of memory. GPU 0 has a total capacity of 79.11 GiB of which 3.00 MiB is free. Including non-PyTorch memory, this process has 78.90 GiB memory in use. Of the allocated memory 78.00 GiB is allocated by PyTorch';

/** What the machine says, what the candidate said, and the cause; null if it is the candidate's own crash. */
const CASES: [Gpus, string, RegExp | null][] = [
  [FULL, HELD, /^GPU 0 \(NVIDIA H100\) is in use: process 4242 holds 78\.9 of its 79\.6 GiB/],
  [NONE, HELD, /^Another process holds the memory of the GPU/],
  [some(), HELD, null],
  [some(), OWN, null],
  [NONE, OWN, null],
  [NONE, 'RuntimeError: No CUDA GPUs are available', /^The machine has no usable GPU/],
  [BROKEN, 'RuntimeError: No CUDA GPUs are available', /^The GPU's driver does not answer: Driver\/library/],
  [some(), 'RuntimeError: No CUDA GPUs are available', null],
  [NONE, 'RuntimeError: Found no NVIDIA driver on your system.', /no usable GPU/],
  [NONE, 'RuntimeError: CUDA error: uncorrectable ECC error encountered', /no usable GPU/],
  [NONE, "OSError: [Errno 5] Input/output error: '/data/shard_0.bin'", /^A disk or a file system/],
  [NONE, "OSError: [Errno 28] No space left on device: '/tmp/ckpt.pt'", null],
  [NONE, 'ValueError: bad shape', null],
  [NONE, 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB.', null],
];

for (const [after, said, cause] of CASES) {
  test(`${said.slice(0, 60)} is ${cause ? 'the machine' : 'the candidate'} if the GPUs are ${after.kind}`, async () => {
    const found = await blamed(crash(said), { before: after, after, isChampion: false, folder: '/tmp' });
    if (cause === null) return assert.deepEqual(found, crash(said));
    assert.equal(found.status, 'fault');
    assert.match('message' in found ? found.message : '', cause);
    assert.ok('message' in found && found.message.includes(said.slice(0, 40)), 'its own words are kept');
  });
}

test('a GPU that is lost, or that has new memory errors, is the machine, whatever the candidate said', async () => {
  const cases: [Gpus, RegExp][] = [
    [BROKEN, /^The GPU was lost during the trial: Driver/],
    [NONE, /^The GPU was lost during the trial\./],
    [some({ memoryErrors: 2 }), /^GPU 0 .*ECC/],
  ];
  for (const [after, cause] of cases) {
    const terms = { before: some(), after, isChampion: false, folder: '/tmp' };
    const found = await blamed(crash('RuntimeError: CUDA error: unspecified launch failure'), terms);
    assert.match(found.status === 'fault' ? found.message : '', cause);
  }
});

test('the champion is believed when it says that there is no GPU', async () => {
  const terms = { before: some(), after: some(), isChampion: true, folder: '/tmp' };
  const found = await blamed(crash('RuntimeError: No CUDA GPUs are available'), terms);
  assert.equal(found.status, 'fault');
});

test('a trial does not start on a GPU that is in use or does not answer', async () => {
  assert.match((await problemBefore(FULL, '/tmp')) ?? '', /in use: process 4242/);
  assert.match(
    (await problemBefore(some({ usedMb: 70_000 }), '/tmp')) ?? '',
    /in use: 68\.4 of its 79\.6 GiB/,
  );
  assert.match((await problemBefore(BROKEN, '/tmp')) ?? '', /does not answer/);
  for (const gpus of [some(), some({ usedMb: 3000, processes: [{ pid: '1', usedMb: 2000 }] }), NONE])
    assert.equal(await problemBefore(gpus, '/tmp'), null);
  assert.equal(await problemBefore({ ...BROKEN, hasDevices: false }, '/tmp'), null);
});

test('errors of the system are told with their cause', () => {
  const cases = {
    "ENOSPC: no space left on device, mkdir '/x'": /^The disk is full\. Remove files/,
    'git checkout-index failed in /x: error: unable to write file a: No space left on device':
      /^The disk is full/,
    "EROFS: read-only file system, open '/x'": /^The runner's disk is read-only/,
    'EMFILE: too many open files': /no file descriptors left/,
    'spawn git EAGAIN': /cannot start more processes/,
    'EIO: i/o error, read': /A disk of the runner fails/,
  };
  for (const [message, cause] of Object.entries(cases)) {
    assert.match(systemCause(new Error(message)), cause);
    assert.ok(systemCause(new Error(message)).includes(message));
  }
  assert.equal(systemCause(new Error('anything else')), 'anything else');
});
