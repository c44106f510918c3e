/** The system calls that a candidate may make. All others fail. */
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
/** The call does nothing and reports success. */
const IGNORED = 0;

/** The processors' numbers in the kernel's audit.h. */
const AUDIT: Record<Processor, number> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };
/** Calls from this number on look as on an older kernel, so that libraries fall back to older calls. */
const UNKNOWN_FROM = 451;

/** Flags of clone and unshare that create namespaces. The last one is for unshare only: the lowest byte of clone's flags is a signal. */
const NAMESPACES = 0x7e02_0000;
const TIME_NAMESPACE = 0x80;
/** clone makes a thread of the same process. */
const THREAD = 0x1_0000;
/** Returns a handle of the new process. Its inode number counts the processes that the machine has ever started. */
const CLONE_PIDFD = 0x1000;

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const SOCKET_TYPE = 0xf;
const SOL_SOCKET = 1;

/**
 * Requests to files and devices by their lower 16 bits, type and number: terminals, except simulated input (TIOCSTI, TIOCLINUX) and line
 * disciplines; files (FIO…); NVIDIA's devices, which are type F, and 0 to 255 for CUDA's memory. Network requests (0x89…) are missing: on a
 * socket that was created outside, they would return the machine's interfaces and addresses.
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

/** For a candidate that may not start processes. */
const THREADS_ONLY: Record<string, Decision> = {
  clone: {
    clauses: [
      { argument: 0, anyBit: NAMESPACES | CLONE_PIDFD, gives: EPERM },
      { argument: 0, anyBit: THREAD, gives: 'pass' },
    ],
    otherwise: EPERM,
  },
  fork: always(EPERM),
  vfork: always(EPERM),
};

const RULES: Record<string, Decision> = {
  clone: { clauses: [{ argument: 0, anyBit: NAMESPACES | CLONE_PIDFD, gives: EPERM }], otherwise: 'pass' },
  fork: always('pass'),
  vfork: always('pass'),
  unshare: {
    clauses: [{ argument: 0, anyBit: NAMESPACES | TIME_NAMESPACE, gives: EPERM }],
    otherwise: 'pass',
  },
  // Its flags are in memory, which a filter cannot read. The C library falls back to clone.
  clone3: always(ENOSYS),
  // Descriptors, locks, signals, pipe sizes and seals. No leases, directory notifications, or hints that persist with a file.
  fcntl: {
    clauses: [{ argument: 1, in: [[0, 16], [36, 38], 1027, [1030, 1034]], gives: 'pass' }],
    otherwise: EINVAL,
  },
  ioctl: { clauses: [{ argument: 1, mask: 0xffff, in: REQUESTS, gives: 'pass' }], otherwise: ENOTTY },
  // Unix sockets, internet sockets in the sandbox's own network, and routing netlink, which lists its interfaces. Basic protocols only.
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
  // No machine-wide counters (cookies), and no handle of the process at the other end.
  getsockopt: {
    clauses: [
      { argument: 1, notIn: [SOL_SOCKET], gives: 'pass' },
      { argument: 2, in: [57, 71, 77], gives: ENOPROTOOPT },
    ],
    otherwise: 'pass',
  },
  // No programs attached to sockets, and no handles of sending processes.
  setsockopt: {
    clauses: [
      { argument: 1, notIn: [SOL_SOCKET], gives: 'pass' },
      { argument: 2, in: [26, [50, 52], 76], gives: ENOPROTOOPT },
    ],
    otherwise: 'pass',
  },
  // No core scheduling, which slows down other processes, and no merging of equal memory with other processes (KSM).
  prctl: { clauses: [{ argument: 0, in: [62, 67], gives: EINVAL }], otherwise: 'pass' },
  // Querying it, and setting the default.
  personality: { clauses: [{ argument: 0, in: [0, 0xffff_ffff], gives: 'pass' }], otherwise: EPERM },
  // All processes share the page cache. A candidate can neither ask what is in it, nor evict anything.
  madvise: { clauses: [{ argument: 2, in: [12, 20, 21, 25, [100, 101]], gives: EINVAL }], otherwise: 'pass' },
  fadvise64: always(IGNORED),
  readahead: always(IGNORED),
  preadv2: { clauses: [{ argument: 5, in: [0], gives: 'pass' }], otherwise: EOPNOTSUPP },
  pwritev2: { clauses: [{ argument: 5, in: [0], gives: 'pass' }], otherwise: EOPNOTSUPP },
  // Everything that a candidate can write to is in memory. Only other processes' files could be written back.
  sync: always(IGNORED),
  syncfs: always(IGNORED),
  sync_file_range: always(IGNORED),
};

/**
 * The filter in the kernel's format, for a processor as Node names it; null for an unsupported one. Calls through other tables (32-bit)
 * fail, too.
 * @param mayFork whether the candidate may start processes besides its threads
 */
export function systemCallFilter(processor: string, mayFork: boolean): Buffer | null {
  if (processor !== 'x64' && processor !== 'arm64') return null;
  const rules = [...ruledCalls(processor)].map(([name, call]): Rule => {
    const decision = (mayFork ? undefined : THREADS_ONLY[name]) ?? RULES[name];
    if (decision === undefined) throw new Error(`The system call ${name} has no rule.`);
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
