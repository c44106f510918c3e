import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemCallFilter } from './system-calls.ts';

const X64 = 0xc000003e;
const ARM64 = 0xc00000b7;
const I386 = 0x40000003;

/** The kernel's action for a call, found by running the filter like the kernel does. */
function verdict(filter: Buffer, audit: number, call: number): 'allowed' | 'denied' {
  let value = 0;
  for (let at = 0; at < filter.length / 8; at++) {
    const code = filter.readUInt16LE(8 * at);
    const k = filter.readUInt32LE(8 * at + 4);
    const jump = (holds: boolean) => {
      at += filter.readUInt8(8 * at + (holds ? 2 : 3));
    };
    if (code === 0x20) value = k === 4 ? audit : call;
    else if (code === 0x15) jump(value === k);
    else if (code === 0x35) jump(value >= k);
    else if (code === 0x06) return k === 0x7fff0000 ? 'allowed' : 'denied';
    else assert.fail(`unknown instruction ${code} at ${at}`);
  }
  return assert.fail('the filter has no verdict');
}

for (const { processor, audit, other, calls } of [
  {
    processor: 'x64',
    audit: X64,
    other: I386,
    calls: { read: 0, futex: 202, keyctl: 250, add_key: 248, ptrace: 101, io_uring: 425, last: 427 },
  },
  {
    processor: 'arm64',
    audit: ARM64,
    other: X64,
    calls: { read: 63, futex: 98, keyctl: 219, add_key: 217, ptrace: 117, io_uring: 425, last: 427 },
  },
]) {
  test(`on ${processor} keys, tracing and rings are denied, and nothing else`, () => {
    const filter = systemCallFilter(processor) ?? assert.fail('expected a filter');
    const { read, futex, ...denied } = calls;
    for (const call of [read, futex, 1000]) assert.equal(verdict(filter, audit, call), 'allowed', `${call}`);
    for (const call of Object.values(denied)) assert.equal(verdict(filter, audit, call), 'denied', `${call}`);
    assert.equal(
      Array.from({ length: 500 }, (_, call) => verdict(filter, audit, call)).filter(v => v === 'denied')
        .length,
      10,
    );
    assert.equal(verdict(filter, other, read), 'denied');
    assert.equal(verdict(filter, audit, 0x40000000 + read), 'denied');
  });
}

test('there is no filter for an unsupported processor', () => {
  assert.equal(systemCallFilter('riscv64'), null);
});
