/** Which system calls a candidate may make. Everything that is not on the list fails. */
import { assembleFilter, type Clause, type Rule, type Verdict } from './bpf.ts';
import { type Processor, passingCalls, ruledCalls } from './system-call-table.ts';

/** Error numbers, the same on both processors. */
const EPERM = 1;
const EINVAL = 22;
const ENOTTY = 25;
const ENOSYS = 38;
const ENOPROTOOPT = 92;
const EPROTONOSUPPORT = 93;
const ESOCKTNOSUPPORT = 94;
const EOPNOTSUPP = 95;
const EAFNOSUPPORT = 97;
/** The call does nothing and seems to have worked, as advice that was not taken. */
const IGNORED = 0;

/** The processors' numbers in the kernel's audit.h. */
const AUDIT: Record<Processor, number> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };
/** From this number on: as on an older kernel, so that libraries do it the older way. */
const UNKNOWN_FROM = 451;

/** Flags of clone and unshare that ask for namespaces. A clone's lowest byte is a signal; in unshare it is the namespace of time. */
const NAMESPACES = 0x7e02_0000;
const TIME_NAMESPACE = 0x80;

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const SOCKET_TYPE = 0xf;
const SOL_SOCKET = 1;

/**
 * Requests to files and devices by their lower 16 bits, kind and number: terminals without the two that type for somebody else
 * (TIOCSTI, TIOCLINUX) and line disciplines; files' own (FIO…); NVIDIA's devices: those of the kind F, and CUDA's memory, 0 to 255.
 * Requests about networks (0x89…) are not among them: on the channel, made outside, they would tell the machine's name and addresses.
 */
const REQUESTS = [
  [0x5401, 0x5411],
  [0x5413, 0x5414],
  0x541b,
  [0x5420, 0x5422],
  [0x5424, 0x5425],
  [0x5429, 0x542d],
  [0x5430, 0x5432],
  [0x5438, 0x5441],
  [0x5450, 0x5452],
  0x5460,
  [0x4600, 0x46ff],
  [0x0000, 0x00ff],
] as const;

type Decision = { clauses: readonly Clause[]; otherwise: Verdict };

const always = (otherwise: Verdict): Decision => ({ clauses: [], otherwise });

const RULES: Record<string, Decision> = {
  clone: { clauses: [{ argument: 0, anyBit: NAMESPACES, gives: EPERM }], otherwise: 'pass' },
  unshare: {
    clauses: [{ argument: 0, anyBit: NAMESPACES | TIME_NAMESPACE, gives: EPERM }],
    otherwise: 'pass',
  },
  // Its flags are in memory, where a filter cannot look. The C library then uses clone.
  clone3: always(ENOSYS),
  // Descriptors, locks, signals, pipes' sizes, seals. Not leases, watches of directories, hints that stay with a file.
  fcntl: {
    clauses: [{ argument: 1, in: [[0, 16], [36, 38], 1027, [1030, 1034]], gives: 'pass' }],
    otherwise: EINVAL,
  },
  ioctl: { clauses: [{ argument: 1, mask: 0xffff, in: REQUESTS, gives: 'pass' }], otherwise: ENOTTY },
  // Local sockets, addresses (in a network of its own), and the list of its interfaces; their plain protocols alone.
  socket: {
    clauses: [
      { argument: 0, notIn: [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK], gives: EAFNOSUPPORT },
      { argument: 0, in: [AF_UNIX], gives: 'pass' },
      { argument: 1, mask: SOCKET_TYPE, notIn: [[1, 3]], gives: ESOCKTNOSUPPORT },
      { argument: 2, in: [0], gives: 'pass' },
      { argument: 0, in: [AF_NETLINK], gives: EPROTONOSUPPORT },
      { argument: 2, in: [1, 6, 17, 58], gives: 'pass' },
    ],
    otherwise: EPROTONOSUPPORT,
  },
  socketpair: { clauses: [{ argument: 0, in: [AF_UNIX], gives: 'pass' }], otherwise: EAFNOSUPPORT },
  // Not: numbers that count on for the whole machine (cookies), a handle of the process at the other end, and of whoever sends.
  getsockopt: {
    clauses: [
      { argument: 1, notIn: [SOL_SOCKET], gives: 'pass' },
      { argument: 2, in: [57, 71, 77], gives: ENOPROTOOPT },
    ],
    otherwise: 'pass',
  },
  // Not: programs in the kernel (attached filters), and a handle of whoever sends.
  setsockopt: {
    clauses: [
      { argument: 1, notIn: [SOL_SOCKET], gives: 'pass' },
      { argument: 2, in: [26, [50, 52], 76], gives: ENOPROTOOPT },
    ],
    otherwise: 'pass',
  },
  // Not: reserving a core's threads, and sharing equal memory with others.
  prctl: { clauses: [{ argument: 0, in: [62, 67], gives: EINVAL }], otherwise: 'pass' },
  // Asking for it, and setting the usual one.
  personality: { clauses: [{ argument: 0, in: [0, 0xffff_ffff], gives: 'pass' }], otherwise: EPERM },
  // What is in memory of the machine's files belongs to all processes. A candidate may neither ask what is, nor drop it.
  madvise: { clauses: [{ argument: 2, in: [12, 20, 21, 25, [100, 101]], gives: EINVAL }], otherwise: 'pass' },
  fadvise64: always(IGNORED),
  readahead: always(IGNORED),
  preadv2: { clauses: [{ argument: 5, in: [0], gives: 'pass' }], otherwise: EOPNOTSUPP },
  pwritev2: { clauses: [{ argument: 5, in: [0], gives: 'pass' }], otherwise: EOPNOTSUPP },
  // All that a candidate can write to is in memory: there is nothing to be written back but what belongs to others.
  sync: always(IGNORED),
  syncfs: always(IGNORED),
  sync_file_range: always(IGNORED),
};

/**
 * The filter as the kernel reads it, for a processor as Node names it; null for a processor that it is not written for.
 * Calls of another processor's table (32-bit ones) fail too.
 */
export function systemCallFilter(processor: string): Buffer | null {
  if (processor !== 'x64' && processor !== 'arm64') return null;
  const rules = [...ruledCalls(processor)].map(([name, call]): Rule => {
    const decision = RULES[name];
    if (decision === undefined) throw new Error(`Expected a rule for the system call ${name}, found none.`);
    return { call, ...decision };
  });
  return assembleFilter({
    audit: AUDIT[processor],
    passing: passingCalls(processor),
    rules,
    known: EPERM,
    unknownFrom: UNKNOWN_FROM,
    unknown: ENOSYS,
  });
}
