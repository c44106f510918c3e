/** Resource limits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Measurement } from '../protocol/measurement.ts';
import { machine } from './escape.test-helper.ts';

const MIB = 2 ** 20;
const GOES_ON = '\nprint("val_bpb: 1")\n';

function assertGoesOn({ outcome }: Measurement) {
  assert.deepEqual(outcome, { status: 'measured', value: 1 });
}

function crashOf({ outcome }: Measurement) {
  assert.equal(outcome.status, 'crash', JSON.stringify(outcome));
  return outcome.status === 'crash' ? outcome : assert.fail();
}

test('a process that uses too much memory fails alone', async context => {
  const m = await machine(context);
  const measurement = await m.trial('data = bytearray(2 ** 30)', { limits: { memoryBytes: 512 * MIB } });
  assert.equal(crashOf(measurement).reason, 'out of memory');
});

test('processes that use too much memory together are killed', async context => {
  const m = await machine(context);
  const code = `
for _ in range(8):
    if os.fork() == 0:
        data = bytearray(b"x" * (64 * 2 ** 20))
        time.sleep(60)
time.sleep(60)`;
  const crash = crashOf(await m.trial(code, { limits: { memoryBytes: 256 * MIB } }));
  assert.equal(crash.reason, 'out of memory');
  assert.equal(crash.message, 'used more than 256 MB of memory, the limit on this machine');
});

test('a candidate that keeps starting processes is killed', async context => {
  const m = await machine(context);
  const code = `
while True:
    try:
        os.fork()
    except OSError:
        pass`;
  const crash = crashOf(await m.trial(code, { limits: { processes: 100 } }));
  assert.equal(crash.message, 'ran more than 100 processes at the same time');
});

test('a candidate cannot open more files than the limit', async context => {
  const m = await machine(context);
  const code = 'files = []\nwhile True:\n    files.append(open("/dev/null"))\n';
  const crash = crashOf(await m.trial(code, { limits: { openFiles: 300 } }));
  assert.match(crash.message, /^OSError: \[Errno 24\]/);
});

test('a candidate can fill its scratch directory, but not the disk', async context => {
  const m = await machine(context);
  const limits = { scratchBytes: 16 * MIB, sharedBytes: 16 * MIB };
  const fill = `
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def fill(folder):
    for number in range(4):
        with open(f"{folder}/{number}", "wb") as file:
            for _ in range(10):
                file.write(bytes(2 ** 20))
`;
  assertGoesOn(
    await m.trial(
      `${fill}
open("/tmp/0", "w").close()
attempt("one file", lambda: os.truncate("/tmp/0", 2 ** 40))
attempt("memory file", lambda: os.truncate(os.memfd_create("x"), 2 ** 40))${GOES_ON}`,
      { limits },
    ),
  );
  for (const folder of ['/tmp', '/dev/shm']) {
    const code = `${fill}
try:
    fill("${folder}")
except OSError:
    print("full")
else:
    time.sleep(5)
    print("ESCAPED: nobody noticed")${GOES_ON}`;
    const measurement = await m.trial(code, { limits });
    // bubblewrap 0.7 and newer limits the size. With an older one, the watch ends the candidate.
    if (m.lines.includes('full')) assertGoesOn(measurement);
    else
      assert.equal(
        crashOf(measurement).message,
        `wrote more than 16 MB to ${folder}, the limit on this machine`,
      );
  }
});

test('a candidate cannot start more threads than the limit', async context => {
  const m = await machine(context);
  const code = `
import threading
threading.stack_size(65536)
count = 0
try:
    while count < 1000:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        count += 1
except RuntimeError:
    pass
print("threads", count, flush=True)
print("val_bpb: 1", flush=True)
os._exit(0)
`;
  assertGoesOn(await m.trial(code, { limits: { tasks: 100 } }));
  const count = Number(m.lines.find(line => line.startsWith('threads '))?.slice(8));
  assert.ok(count > 50 && count < 100, `${count} threads`);
});
