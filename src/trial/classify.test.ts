import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classify } from './classify.ts';

/** The crash of a program that ended with this output. */
function crash(output: string, exitCode = 1) {
  const outcome = classify({
    result: { exitCode, signal: null, endedBy: 'itself' },
    metric: null,
    metricName: 'val_loss',
    tail: output.split('\n'),
    timeoutSeconds: 60,
    isChampion: false,
    lacksProgram: false,
    shorten: new Map(),
  });
  assert.ok(outcome.status === 'crash', JSON.stringify(outcome));
  return [outcome.reason, outcome.message];
}

/** The end of torchrun's output; `ranks` with exit codes, the root cause last. */
const torchrun = (...ranks: [rank: number, exitCode: string][]) => `
E1128 03:58:14.027000 3876 torch/distributed/elastic/multiprocessing/api.py:1002] failed (exitcode: 1) local_rank: 1 (pid: 4060)
Traceback (most recent call last):
  File "/opt/torch/distributed/launcher/api.py", line 383, in launch_agent
    raise ChildFailedError(
torch.distributed.elastic.multiprocessing.errors.ChildFailedError: 
============================================================
train.py FAILED
------------------------------------------------------------
Failures:
${ranks
  .map(
    ([rank, exitCode], i) => `${i === ranks.length - 1 ? 'Root Cause (first observed failure):' : ''}
[${i}]:
  time      : 2026-11-28_03:58:14
  rank      : ${rank} (local_rank: ${rank})
  exitcode  : ${exitCode}
  error_file: <N/A>
  traceback : To enable traceback see: https://pytorch.org/docs/stable/elastic/errors.html
------------------------------------------------------------`,
  )
  .join('\n')}
============================================================`;

const TRACEBACK = 'Traceback (most recent call last):\n  File "train.py", line 7, in <module>';

test('behind torchrun, the exception of the rank that failed first is the cause', () => {
  const rank = (number: number, error: string) =>
    `${TRACEBACK}\n${error}`.replaceAll(/^/gm, `[rank${number}]: `);
  const both = `${rank(1, 'ValueError: rank 1')}\n${rank(0, 'ValueError: rank 0')}`;
  assert.deepEqual(crash(both + torchrun([0, '1 (pid: 4)'], [1, '1 (pid: 5)'])), [
    'exception',
    'ValueError: rank 1',
  ]);
  assert.deepEqual(crash(both + torchrun([1, '1 (pid: 4)'], [0, '1 (pid: 5)'])), [
    'exception',
    'ValueError: rank 0',
  ]);
  const followed = 'torch.distributed.DistBackendError: NCCL error in: ProcessGroupNCCL.cpp:2356';
  const memory = 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB';
  assert.deepEqual(crash(`${rank(0, followed)}\n${rank(1, memory)}${torchrun([1, '1'], [0, '1'])}`), [
    'out of memory',
    memory,
  ]);
});

test('behind torchrun, a rank without an exception is named with its exit code, and one that was killed had no memory', () => {
  assert.deepEqual(
    crash(`step 3${torchrun([0, '-15 (pid: 4)  (SIGTERM)'], [1, '-11 (pid: 5)  (SIGSEGV)'])}`),
    ['exception', 'exit code 1: rank 1 failed with exit code -11 (SIGSEGV)'],
  );
  assert.equal(
    crash(`step 3${torchrun([0, '-15 (pid: 4)  (SIGTERM)'], [1, '-9 (pid: 5)  (SIGKILL)'])}`)[0],
    'out of memory',
  );
  const raised = `${TRACEBACK}\nValueError: no`.replaceAll(/^/gm, '[rank1]: ');
  assert.deepEqual(crash(`${raised}${torchrun([0, '-9 (pid: 4)  (SIGKILL)'], [1, '1 (pid: 5)'])}`), [
    'exception',
    'ValueError: no',
  ]);
});

test('what a launcher or a build tool adds does not hide the cause', () => {
  const error = `${TRACEBACK}\nValueError: depth is 0`;
  const endings = [
    `${TRACEBACK}\nsubprocess.CalledProcessError: Command '['python3', 'train.py']' returned non-zero exit status 1.`,
    'make: *** [Makefile:2: train] Error 1',
    'make[1]: *** [Makefile:2: train] Error 1\nmake[1]: Leaving directory /x\nmake: *** [Makefile:9: all] Error 2',
    'npm error Lifecycle script `train` failed with error:\nnpm error code 1\nnpm error path /x',
    'npm ERR! code ELIFECYCLE\nnpm ERR! errno 1',
    ' ELIFECYCLE  Command failed with exit code 1.',
    'error Command failed with exit code 1.\ninfo Visit https://yarnpkg.com for documentation.',
    'error: Recipe `train` failed on line 2 with exit code 1',
  ];
  for (const ending of endings)
    assert.deepEqual(crash(`${error}\n${ending}`), ['exception', 'ValueError: depth is 0'], ending);
  const spawned = `${TRACEBACK}\ntorch.multiprocessing.spawn.ProcessRaisedException: \n\n-- Process 1 terminated with the following error:\n${error}\n`;
  assert.deepEqual(crash(spawned), ['exception', 'ValueError: depth is 0']);
  assert.deepEqual(crash('cannot open data.bin\nmake: *** [Makefile:2: train] Error 3', 2), [
    'exception',
    'exit code 2: cannot open data.bin',
  ]);
});

test('memory that ran out is recognised wherever the words stand', () => {
  const endings = [
    'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB',
    'RuntimeError: MPS backend out of memory (MPS allocated: 17.9 GB)',
    'RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`',
    'numpy._core._exceptions._ArrayMemoryError: Unable to allocate 74.5 GiB for an array',
    'OSError: [Errno 12] Cannot allocate memory',
    'jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: allocating 8 bytes',
    "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\nAborted (core dumped)",
    'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n 1: 0x7f node::Abort()\nAborted',
    'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space\n\tat Main.main(Main.java:3)',
    'fatal error: runtime: out of memory\n\ngoroutine 1 [running]:\nmain.main()',
    'memory allocation of 8589934592 bytes failed\nAborted',
    'run.sh: line 3: 12345 Killed                  python3 train.py',
    'Killed',
    'make: *** [Makefile:2: train] Killed',
    'make: *** [Makefile:2: train] Error 137',
    'npm error code 137\nnpm error path /x',
    "subprocess.CalledProcessError: Command '['python3']' died with <Signals.SIGKILL: 9>.",
    'RuntimeError: DataLoader worker (pid 9) is killed by signal: Killed.',
  ];
  for (const ending of endings) assert.equal(crash(`step 3\n${ending}`)[0], 'out of memory', ending);
  assert.equal(crash('step 3', 137)[0], 'out of memory');
  assert.equal(crash('Killed 3 of 7 workers\nValueError: no')[0], 'exception');
});

test('the cause is the line that names it, in any language', () => {
  const endings: [string, string][] = [
    [
      'train.js:3\n    throw new Error("boom");\n    ^\n\nError: boom\n    at train.js:3:9\n\nNode.js v24.21.0',
      'Error: boom',
    ],
    [
      'node:internal/modules/esm/resolve:873\n  throw new ERR_MODULE_NOT_FOUND();\n\nError [ERR_MODULE_NOT_FOUND]: Cannot find package "x"\n    at a.js {\n  code: "ERR_MODULE_NOT_FOUND"\n}\n\nNode.js v24.21.0',
      'Error [ERR_MODULE_NOT_FOUND]: Cannot find package "x"',
    ],
    ['KeyboardInterrupt', 'KeyboardInterrupt'],
    [
      '  | ExceptionGroup: two (2 sub-exceptions)\n    | ValueError: no\n    +------------------------------------',
      'ValueError: no',
    ],
    [
      'panic: runtime error: index out of range\n\ngoroutine 1 [running]:\nexit status 2',
      'exit code 1: panic: runtime error: index out of range',
    ],
    [
      'main.c:3:5: error: expected expression\n    3 |   x\n      |   ^',
      'exit code 1: main.c:3:5: error: expected expression',
    ],
    ['', 'exit code 1: (no output)'],
  ];
  for (const [output, message] of endings) assert.deepEqual(crash(output), ['exception', message]);
});
