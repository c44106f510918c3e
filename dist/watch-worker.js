// src/trial/watch-worker.ts
import { readdir, readFile, statfs } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";

// src/trial/facts.ts
var PARAMETERS = [
  "crypto/fips_enabled",
  ...["file-max", "nr_open", "pipe-max-size"].map((name) => `fs/${name}`),
  ...["cap_last_cap", "ngroups_max", "numa_balancing", "osrelease", "ostype", "pid_max", "version"].map(
    (name) => `kernel/${name}`
  ),
  "net/core/somaxconn",
  ...["max_map_count", "overcommit_memory", "overcommit_ratio"].map((name) => `vm/${name}`)
];

// src/trial/inside.ts
var HOME = "/tmp/home";
var TEXTS = ["doc", "man", "info"].flatMap((name) => [`/usr/share/${name}`, `/usr/local/share/${name}`]);
function isOnlyUser(passwd) {
  return new RegExp(`^trial:x:(\\d+):\\1::${HOME}:/bin/sh\\n$`).test(passwd);
}

// src/trial/watch-report.ts
var ENDINGS = [null, "memory", "processes", "scratch", "shared memory", "timeout"];
var ENDING = 0;
var PEAK_MB = 1;
function viewReport(report2) {
  const cells = new Int32Array(report2);
  return {
    ending: () => ENDINGS[Atomics.load(cells, ENDING)] ?? null,
    end: (ending) => Atomics.store(cells, ENDING, ENDINGS.indexOf(ending)),
    /** Largest resident size of one process so far, in MB (2^20 bytes). */
    peakMb: () => Atomics.load(cells, PEAK_MB),
    raisePeak: (megabytes) => Atomics.store(cells, PEAK_MB, Math.max(Atomics.load(cells, PEAK_MB), Math.round(megabytes)))
  };
}

// src/trial/watch-worker.ts
var INTERVAL_MS = 200;
var LATE_SECONDS = 1;
var MAX_DEPTH = 7;
var MB = 2 ** 20;
var { report, limits, writable, timeoutSeconds } = workerData;
var { end, raisePeak } = viewReport(report);
parentPort?.once("message", (pid) => watch(pid));
async function watch(pid) {
  const deadline = performance.now() + 1e3 * (timeoutSeconds + LATE_SECONDS);
  let ending = await look(pid);
  while (ending === null) {
    await sleep(INTERVAL_MS);
    ending = performance.now() > deadline ? "timeout" : await look(pid);
  }
  end(ending);
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
  }
}
var folder = null;
async function look(pid) {
  if (limits === null) {
    raisePeak((await readMemory(`/proc/${pid}`)).peak / MB);
    return null;
  }
  folder ??= await innerProcesses(pid);
  if (folder === null) return null;
  const names = await readdir(folder).catch(() => null);
  if (names === null) {
    folder = null;
    return null;
  }
  return await lookInside(folder, names, limits) ?? overfull(`${folder}/..`, limits);
}
async function lookInside(root, names, limits2) {
  const pids = names.filter((name) => /^\d+$/.test(name));
  const paths = pids.slice(0, limits2.processes).map((name) => `${root}/${name}`);
  const memory = await Promise.all(paths.map(readMemory));
  raisePeak(memory.reduce((most, { peak }) => Math.max(most, peak), 0) / MB);
  if (pids.length > limits2.processes) return "processes";
  const resident = memory.reduce((sum, each) => sum + each.resident, 0);
  const isTooMuch = resident > limits2.memoryBytes && await readShares(paths) > limits2.memoryBytes;
  return isTooMuch ? "memory" : null;
}
async function overfull(root, limits2) {
  const sizes = await Promise.all(writable.map((path) => usedBytes(root + path)));
  if (sizes.reduce((sum, size) => sum + size, 0) > limits2.scratchBytes) return "scratch";
  return await usedBytes(`${root}/dev/shm`) > limits2.sharedBytes ? "shared memory" : null;
}
async function usedBytes(path) {
  const found = await statfs(path).catch(() => null);
  return found === null ? 0 : (found.blocks - found.bfree) * found.bsize;
}
async function innerProcesses(pid, depth = 0) {
  const users = await readFile(`/proc/${pid}/root/etc/passwd`, "utf8").catch(() => "");
  if (isOnlyUser(users)) return `/proc/${pid}/root/proc`;
  if (depth === MAX_DEPTH) return null;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  for (const child of children.trim().split(" ").filter(Boolean)) {
    const found = await innerProcesses(Number(child), depth + 1);
    if (found !== null) return found;
  }
  return null;
}
async function readMemory(process2) {
  const status = await readFile(`${process2}/status`, "utf8").catch(() => "");
  const bytes = (name) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0);
  return { resident: bytes("VmRSS"), peak: bytes("VmHWM") };
}
async function readShares(processes) {
  const sizes = await Promise.all(
    processes.map(async (process2) => {
      const text = await readFile(`${process2}/smaps_rollup`, "utf8").catch(() => "");
      return 1024 * Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0);
    })
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
