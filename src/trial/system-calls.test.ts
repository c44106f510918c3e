import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passingCalls, ruledCalls } from './system-call-table.ts';
import { systemCallFilter } from './system-calls.ts';

const AUDIT = { x64: 0xc000003e, arm64: 0xc00000b7, i386: 0x40000003 };
const [EPERM, EINVAL, ENOTTY, ENOSYS, EOPNOTSUPP, EAFNOSUPPORT] = [1, 22, 25, 38, 95, 97];

/** What the kernel would do with a call, by running the filter as the kernel does: 'pass', or the error number. */
function verdict(filter: Buffer, audit: number, call: number, args: number[] = []): 'pass' | number {
  let value = 0;
  for (let at = 0; at < filter.length / 8; at++) {
    const code = filter.readUInt16LE(8 * at);
    const k = filter.readUInt32LE(8 * at + 4);
    const jump = (holds: boolean) => {
      at += filter.readUInt8(8 * at + (holds ? 2 : 3));
    };
    if (code === 0x20) value = k === 4 ? audit : k === 0 ? call : (args[(k - 16) / 8] ?? 0) >>> 0;
    else if (code === 0x54) value = (value & k) >>> 0;
    else if (code === 0x15) jump(value === k);
    else if (code === 0x35) jump(value >= k);
    else if (code === 0x45) jump((value & k) !== 0);
    else if (code === 0x06) return k === 0x7fff0000 ? 'pass' : k - 0x50000;
    else assert.fail(`unknown instruction ${code} at ${at}`);
  }
  return assert.fail('the filter has no verdict');
}

for (const processor of ['x64', 'arm64'] as const) {
  const filter = systemCallFilter(processor, true) ?? assert.fail('expected a filter');
  const ruled = ruledCalls(processor);
  const ask = (name: string, ...args: number[]) =>
    verdict(filter, AUDIT[processor], ruled.get(name) ?? assert.fail(name), args);

  test(`on ${processor} what is listed passes, and nothing else`, () => {
    const passing = new Set(passingCalls(processor));
    for (let call = 0; call < 600; call++) {
      if ([...ruled.values()].includes(call)) continue;
      const expected = passing.has(call) ? 'pass' : call >= 451 ? ENOSYS : EPERM;
      assert.equal(verdict(filter, AUDIT[processor], call), expected, `call ${call}`);
    }
    assert.equal(passing.size, passingCalls(processor).length);
  });

  test(`on ${processor} threads pass and processes fail where they may not be started`, () => {
    const single = systemCallFilter(processor, false) ?? assert.fail('expected a filter');
    const [thread, process] = [0x3d0f00, 0x1200011];
    const of = (name: string, flags: number) => {
      const call = ruled.get(name);
      return call === undefined ? null : verdict(single, AUDIT[processor], call, [flags]);
    };
    assert.equal(of('clone', thread), 'pass');
    assert.equal(of('clone', process), EPERM);
    assert.equal(of('clone', thread | 0x20000), EPERM, 'a namespace of its own');
    for (const name of ['fork', 'vfork']) assert.ok([null, EPERM].includes(of(name, 0) as number | null));
    assert.equal(ask('clone', process), 'pass');
  });

  test(`on ${processor} it depends on the arguments`, () => {
    for (const flags of [0x10000000, 0x20000, 0x40000000, 0x20000000, 0x2000000]) {
      assert.equal(ask('clone', flags | 17), EPERM);
      assert.equal(ask('unshare', flags), EPERM);
    }
    assert.equal(ask('clone', 0x3d0f00), 'pass');
    assert.equal(ask('clone', 0x3d1f00), EPERM);
    assert.equal(ask('unshare', 0x80), EPERM);
    assert.equal(ask('unshare', 0x400), 'pass');
    assert.equal(ask('clone3'), ENOSYS);
    for (const command of [0, 1, 6, 7, 1030, 1033]) assert.equal(ask('fcntl', 3, command), 'pass');
    for (const command of [1024, 1025, 1026, 1036, 1038]) assert.equal(ask('fcntl', 3, command), EINVAL);
    for (const request of [0x5401, 0x5413, 0x541b, 0x80045430, 0xc0204600, 0x30000001, 37])
      assert.equal(ask('ioctl', 3, request), 'pass');
    for (const request of [0x5412, 0x541c, 0x8912, 0x894c, 0x6601, 0x80086601, 0xff03, 0xc0502100])
      assert.equal(ask('ioctl', 3, request), ENOTTY);
    for (const family of [1, 2, 10, 16]) assert.equal(ask('socket', family, 0x80801, 0), 'pass');
    for (const family of [0, 3, 17, 38, 40, 44]) assert.equal(ask('socket', family, 1, 0), EAFNOSUPPORT);
    assert.equal(ask('socket', 2, 1, 6), 'pass');
    for (const [family, type, protocol] of [
      [2, 1, 262],
      [16, 3, 6],
      [10, 6, 0],
    ] as const)
      assert.notEqual(ask('socket', family, type, protocol), 'pass');
    assert.equal(ask('socketpair', 1), 'pass');
    assert.equal(ask('socketpair', 40), EAFNOSUPPORT);
    assert.equal(ask('getsockopt', 1, 1, 4), 'pass');
    assert.equal(ask('getsockopt', 1, 6, 77), 'pass');
    assert.notEqual(ask('getsockopt', 1, 1, 77), 'pass');
    assert.notEqual(ask('setsockopt', 1, 1, 76), 'pass');
    assert.equal(ask('prctl', 38), 'pass');
    assert.equal(ask('prctl', 67), EINVAL);
    assert.equal(ask('personality', 0xffffffff), 'pass');
    assert.equal(ask('personality', 0x40000), EPERM);
    for (const advice of [3, 4, 8, 14]) assert.equal(ask('madvise', 0, 0, advice), 'pass');
    for (const advice of [12, 20, 21, 25]) assert.equal(ask('madvise', 0, 0, advice), EINVAL);
    assert.equal(ask('preadv2', 3, 0, 0, 0, 0, 0), 'pass');
    assert.equal(ask('preadv2', 3, 0, 0, 0, 0, 8), EOPNOTSUPP);
    for (const name of ['fadvise64', 'readahead', 'sync', 'syncfs']) assert.equal(ask(name), 0);
  });

  test(`on ${processor} calls of another table fail`, () => {
    const read = processor === 'x64' ? 0 : 63;
    assert.equal(verdict(filter, AUDIT[processor], read), 'pass');
    assert.equal(verdict(filter, AUDIT.i386, read), EPERM);
    assert.equal(verdict(filter, AUDIT[processor === 'x64' ? 'arm64' : 'x64'], read), EPERM);
    assert.equal(verdict(filter, AUDIT[processor], 0x40000000 + read), ENOSYS);
  });
}

test('there is no filter for a processor whose calls nobody has looked up', () => {
  assert.equal(systemCallFilter('riscv64', true), null);
});
