/** The system call filter (seccomp), which blocks what namespaces do not. */

/** System call numbers per processor, from the kernel's asm/unistd.h. */
const TABLES = {
  x64: {
    audit: 0xc000003e,
    // Session keys belong to no namespace: a candidate could read the runner's, or leave a message for the next candidate.
    keys: { add_key: 248, request_key: 249, keyctl: 250 },
    // Rarely needed calls with a large attack surface.
    rare: { ptrace: 101, perf_event_open: 298, bpf: 321, userfaultfd: 323 },
    // io_uring executes operations without passing through this filter.
    rings: { io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427 },
  },
  arm64: {
    audit: 0xc00000b7,
    keys: { add_key: 217, request_key: 218, keyctl: 219 },
    rare: { ptrace: 117, perf_event_open: 241, bpf: 280, userfaultfd: 282 },
    rings: { io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427 },
  },
} as const;

/** On x64, the same calls exist a second time from this number on (x32). */
const X32_CALLS = 0x4000_0000;

/** Classic BPF instructions: load a word of the call's description, jump if equal, jump if greater or equal, return an action. */
const LOAD = 0x20;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const RETURN = 0x06;
const NUMBER_OFFSET = 0;
const PROCESSOR_OFFSET = 4;
const ALLOW = 0x7fff_0000;
const FAIL_WITH_EPERM = 0x0005_0001;

/**
 * The filter in the kernel's format, for a processor by Node's name. Calls of other architectures, such as 32-bit ones, fail too. Null for an
 * unsupported processor.
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
