/** Faults of the machine, which no candidate is blamed for: they are looked for before a trial, and when a candidate has crashed. */
import { statfs } from 'node:fs/promises';
import type { Outcome } from '../protocol/measurement.ts';
import type { Gpu, Gpus } from './gpus.ts';

/** Less free space than this is a full disk: a trial writes the files of the repository and its measurement. */
const LEAST_FREE_MB = 64;
/** A process that holds more of a GPU's memory than this is in a trial's way. */
const FOREIGN_SHARE = 0.1;
/** In a container the processes of other ones cannot be seen, but the memory that they use can. */
const USED_SHARE = 0.5;

/** What a program says when its GPU, rather than its code, is the problem. */
const GPU_SIGNS =
  /No CUDA GPUs are available|Found no NVIDIA driver|NVIDIA driver on your system is too old|CUDA driver version is insufficient|Unexpected error from cudaGetDeviceCount|no CUDA-capable device is detected|all CUDA-capable devices are busy or unavailable|uncorrectable ECC|CUDA error: (?:initialization error|unknown error|system not yet initialized|out of memory)|CUDA_ERROR_(?:NO_DEVICE|NOT_INITIALIZED|SYSTEM_|ECC|DEVICE_UNAVAILABLE)|CUDNN_STATUS_NOT_INITIALIZED|Driver\/library version mismatch|GPU is lost|fallen off the bus|No visible GPU|device is busy/i;
/** PyTorch names the processes that hold a GPU's memory. Its own is the one with the memory that PyTorch allocated. */
const HELD_BY_ANOTHER = /Process \d+ has ([\d.]+) (MiB|GiB) memory in use\./g;
const OWN_MEMORY =
  /this process has ([\d.]+) (MiB|GiB) memory in use|([\d.]+) (MiB|GiB) is allocated by PyTorch/i;
const DISK_SIGNS =
  /\[Errno 5\]|Input\/output error|Stale file handle|Transport endpoint is not connected|Structure needs cleaning/i;

/** Why a trial must not start on this machine now; null if nothing is known to be wrong. `folder`: where the trial writes. */
export async function problemBefore(gpus: Gpus, folder: string): Promise<string | null> {
  if (gpus.kind === 'broken' && gpus.hasDevices) return `The GPU's driver does not answer: ${gpus.said}`;
  const busy = gpus.kind === 'some' ? gpus.gpus.map(busyWith).find(each => each !== null) : null;
  return busy ?? fullDisk(folder);
}

/** The outcome, or a fault if what the crashed candidate said, and what the machine says now, point to the machine. */
export async function blamed(
  outcome: Outcome,
  { before, after, isChampion, folder }: { before: Gpus; after: Gpus; isChampion: boolean; folder: string },
): Promise<Outcome> {
  if (outcome.status !== 'crash') return outcome;
  const said = `${outcome.message}\n${outcome.traceback}`;
  const cause =
    (before.kind === 'some' && after.kind !== 'some'
      ? `The GPU was lost during the trial${wordsOf(after)}`
      : null) ??
    newMemoryErrors(before, after) ??
    gpuCause(said, after, isChampion) ??
    (DISK_SIGNS.test(said) ? 'A disk or a file system of the machine fails' : null) ??
    (/No space left on device|ENOSPC/.test(said) ? await fullDisk(folder) : null);
  if (cause === null) return outcome;
  return {
    status: 'fault',
    message: `${cause.replace(/\.$/, '')}. The trial ended with: ${outcome.message}`.slice(0, 500),
  };
}

/** A candidate may say anything, so a machine whose GPUs are there and free is believed instead, except about the champion. */
function gpuCause(said: string, gpus: Gpus, isChampion: boolean): string | null {
  const isHeld = isHeldByAnother(said);
  if (!isHeld && !GPU_SIGNS.test(said)) return null;
  if (gpus.kind === 'broken') return `The GPU's driver does not answer: ${gpus.said}`;
  if (gpus.kind === 'some') {
    const busy = gpus.gpus.map(busyWith).find(each => each !== null);
    if (busy !== undefined) return busy;
    if (!isChampion || /out of memory/i.test(said)) return null;
  }
  if (isHeld) return 'Another process holds the memory of the GPU';
  return gpus.kind === 'none'
    ? 'The machine has no usable GPU, or no driver for it'
    : 'The GPU does not work';
}

/** Whether an out-of-memory error names other processes that hold more than the program itself. */
function isHeldByAnother(said: string): boolean {
  const megabytes = (amount = '0', unit = 'MiB') => Number(amount) * (unit === 'GiB' ? 1024 : 1);
  const others = [...said.matchAll(HELD_BY_ANOTHER)].map(([, amount, unit]) => megabytes(amount, unit));
  const own = OWN_MEMORY.exec(said);
  const mine = own ? megabytes(own[1] ?? own[3], own[2] ?? own[4]) : 0;
  return Math.max(0, ...others) > Math.max(1024, 2 * mine);
}

/** That another program uses a GPU; null if none does. */
function busyWith({ index, name, totalMb, usedMb, processes }: Gpu): string | null {
  const worst = processes.toSorted((a, b) => b.usedMb - a.usedMb)[0];
  const [used, total] = [usedMb, totalMb].map(megabytes => (megabytes / 1024).toFixed(1));
  if (worst !== undefined && worst.usedMb > FOREIGN_SHARE * totalMb)
    return `GPU ${index} (${name}) is in use: process ${worst.pid} holds ${(worst.usedMb / 1024).toFixed(1)} of its ${total} GiB of memory. End it, or hide this GPU from the runner with CUDA_VISIBLE_DEVICES.`;
  if (usedMb > USED_SHARE * totalMb)
    return `GPU ${index} (${name}) is in use: ${used} of its ${total} GiB of memory are taken. End what uses it, or hide this GPU from the runner with CUDA_VISIBLE_DEVICES.`;
  return null;
}

function newMemoryErrors(before: Gpus, after: Gpus): string | null {
  if (before.kind !== 'some' || after.kind !== 'some') return null;
  const worse = after.gpus.find(({ index, memoryErrors }) =>
    before.gpus.some(earlier => earlier.index === index && memoryErrors > earlier.memoryErrors),
  );
  return worse
    ? `GPU ${worse.index} (${worse.name}) had memory errors that could not be corrected (ECC)`
    : null;
}

function wordsOf(gpus: Gpus): string {
  return gpus.kind === 'broken' ? `: ${gpus.said}` : '';
}

async function fullDisk(folder: string): Promise<string | null> {
  const { bavail, bsize } = await statfs(folder);
  const freeMb = (bavail * bsize) / 2 ** 20;
  if (freeMb >= LEAST_FREE_MB) return null;
  return `The disk is full: ${freeMb.toFixed(0)} MB are free in ${folder}, expected at least ${LEAST_FREE_MB}. Remove files from the runner's disk.`;
}

const CAUSES: readonly [RegExp, string][] = [
  [/ENOSPC|No space left on device/i, "The disk is full. Remove files from the runner's disk."],
  [/EDQUOT|quota exceeded/i, "The runner's disk quota is used up."],
  [
    /EROFS|Read-only file system/i,
    "The runner's disk is read-only, usually after a disk error. Check the disk and mount it again.",
  ],
  [
    /EMFILE|ENFILE|Too many open files/i,
    'The runner has no file descriptors left. End what holds them, or raise the limit (ulimit -n).',
  ],
  [
    /EAGAIN|Resource temporarily unavailable/i,
    'The runner cannot start more processes. End some, or raise the limit (ulimit -u).',
  ],
  [/ENOMEM|Cannot allocate memory/i, 'The machine has no memory left.'],
  [/\bEIO\b|Input\/output error/i, 'A disk of the runner fails. Check it.'],
];

/** An error of this program in words: the cause and what to do, then the system's own message. */
export function systemCause(error: Error): string {
  const known = CAUSES.find(([pattern]) => pattern.test(error.message));
  return known === undefined ? error.message : `${known[1]} (${error.message})`;
}
