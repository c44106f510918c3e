/** The filter of system calls (seccomp) that closes what namespaces leave open. */

/** Calls by the numbers of each processor's table, from the kernel's asm/unistd.h. */
const TABLES = {
  x64: {
    audit: 0xc000003e,
    // Keys of the runner's session belong to no namespace: a candidate could read them, or leave word for the next one.
    keys: { add_key: 248, request_key: 249, keyctl: 250 },
    // Large, rarely needed ways into the kernel.
    rare: { ptrace: 101, perf_event_open: 298, bpf: 321, userfaultfd: 323 },
    // Work that the kernel does on behalf of a process, past filters such as this one.
    rings: { io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427 },
  },
  arm64: {
    audit: 0xc00000b7,
    keys: { add_key: 217, request_key: 218, keyctl: 219 },
    rare: { ptrace: 117, perf_event_open: 241, bpf: 280, userfaultfd: 282 },
    rings: { io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427 },
  },
} as const;

/** From this number on the same calls exist a second time on x64. */
const X32_CALLS = 0x4000_0000;

/** Classic BPF: load a word of the call's description; jump on equal; jump on greater or equal; end with a verdict. */
const LOAD = 0x20;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const RETURN = 0x06;
const NUMBER_OFFSET = 0;
const PROCESSOR_OFFSET = 4;
const ALLOW = 0x7fff_0000;
const FAIL_WITH_EPERM = 0x0005_0001;

/**
 * The filter as the kernel reads it, for a processor as Node names it. Calls of another processor's table (32-bit ones) fail too.
 * Null for a processor that it is not written for.
 */
export function systemCallFilter(processor: string): Buffer | null {
  if (processor !== 'x64' && processor !== 'arm64') return null;
  const { audit, keys, rare, rings } = TABLES[processor];
  const denied = Object.values({ ...keys, ...rare, ...rings });
  const program: [code: number, ifTrue: number, ifFalse: number, value: number][] = [
    [LOAD, 0, 0, PROCESSOR_OFFSET],
    [IF_EQUAL, 0, denied.length + 3, audit],
    [LOAD, 0, 0, NUMBER_OFFSET],
    [IF_AT_LEAST, denied.length + 1, 0, X32_CALLS],
    ...denied.map((call, index): [number, number, number, number] => [
      IF_EQUAL,
      denied.length - index,
      0,
      call,
    ]),
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, FAIL_WITH_EPERM],
  ];
  const bytes = Buffer.alloc(8 * program.length);
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    bytes.writeUInt16LE(code, 8 * index);
    bytes.writeUInt8(ifTrue, 8 * index + 2);
    bytes.writeUInt8(ifFalse, 8 * index + 3);
    bytes.writeUInt32LE(value, 8 * index + 4);
  }
  return bytes;
}
