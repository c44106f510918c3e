import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Measurement } from '../protocol/measurement.ts';
import { HELD_OUT, machine, processesWith, SECRET, until, withPrelude } from './escape.test-helper.ts';

const GOES_ON = '\nprint("val_bpb: 1")\n';
const runner = new URL('escape.test-runner.ts', import.meta.url).pathname;

function assertGoesOn({ outcome }: Measurement) {
  assert.deepEqual(outcome, { status: 'measured', value: 1 });
}

test('tokens in the environment of the runner and its processes are unreachable', async context => {
  const m = await machine(context);
  assertGoesOn(
    await m.trial(`
attempt("the victim's environment", lambda: read("/proc/${m.victim.pid}/environ"))
attempt("the runner's environment", lambda: read("/proc/${process.pid}/environ"))
for pid in [name for name in os.listdir("/proc") if name.isdigit()]:
    print("process", pid, os.listdir(f"/proc/{pid}"))
    if pid != "1":
        print(read(f"/proc/{pid}/environ"))
print(os.environ)${GOES_ON}`),
  );
  // bubblewrap's own process, whose folder is empty, and the candidate.
  const processes = m.lines.filter(line => line.startsWith('process '));
  assert.equal(processes.length, 2, m.lines.join('\n'));
  assert.equal(processes[0], 'process 1 []');
});

test('home, checkouts and packages cannot be reached, by name or by a detour', async context => {
  const m = await machine(context);
  const wanted = [`${m.home}/.ssh/id_ed25519`, `${m.base}/.git/HEAD`, `${m.base}/node_modules/corpus.js`];
  assertGoesOn(
    await m.trial(`
ways = ["", "/proc/1/root", "/proc/self/root", "/proc/1/cwd/../..", "/trial/../..", "/dev/fd/0/../../.."]
for path in ${JSON.stringify(wanted)}:
    for way in ways:
        attempt(way + path, lambda: read(way + path))
attempt("host's root by its device", lambda: [os.mknod("/tmp/disk", 0o60600, os.makedev(254, 0)), read("/tmp/disk")])
for folder, _, files in os.walk("/"):
    if folder.startswith(("/proc", "/sys")):
        continue
    for name in files + [folder]:
        if name in ("id_ed25519", "corpus.js") or name.endswith(("node_modules/npm", "/.git", "/.ssh")):
            print("ESCAPED", folder, name)${GOES_ON}`),
  );
});

test('a descriptor that the runner was started with is closed in the candidate', async context => {
  const m = await machine(context);
  const opened = openSync(join(m.home, '.ssh/id_ed25519'), 'r');
  const code = `
for number in range(3, 4096):
    attempt(str(number), lambda: os.fstat(number) if not os.path.sameopenfile(number, 0) else 0 / 0)${GOES_ON}`;
  const stdio = Array.from({ length: 60 }, (_, index) => (index === 1 ? 'pipe' : 'ignore'));
  const child = spawn(process.execPath, [runner, JSON.stringify(m.options(withPrelude(code)))], {
    stdio: [...stdio, opened] as never,
  });
  let printed = '';
  child.stdout?.on('data', chunk => {
    printed += chunk;
  });
  await new Promise(resolve => child.once('close', resolve));
  assert.match(printed, /"status":"measured","value":1/);
  assert.doesNotMatch(printed, new RegExp(`ESCAPED|${SECRET}`));
});

test('a candidate can read the paths that the workflow lists, and nothing next to them', async context => {
  const m = await machine(context);
  mkdirSync(join(m.home, '.cache/numbers'), { recursive: true });
  writeFileSync(join(m.home, '.cache/numbers/one'), 'one');
  const code = `
attempt("data", lambda: read("${m.data}/val.txt"))
attempt("beside", lambda: read(os.path.expanduser("~/.ssh/id_ed25519")))
attempt("write", lambda: write(os.path.expanduser("~/.cache/numbers/one")))
print(read(os.path.expanduser("~/.cache/numbers/one")).decode())${GOES_ON}`;
  assertGoesOn(await m.trial(code, { readable: ['~/.cache/numbers'] }));
  assert.ok(m.lines.includes('one'));
  assert.ok(!m.lines.includes(HELD_OUT));
});

test('processes outside can be neither seen nor stopped nor traced', async context => {
  const m = await machine(context);
  assertGoesOn(
    await m.trial(`
for pid in (${m.victim.pid}, ${process.pid}, ${process.ppid}):
    attempt(f"kill {pid}", lambda: os.kill(pid, signal.SIGKILL))
    attempt(f"trace {pid}", lambda: call("ptrace", 16, pid, 0, 0))
    attempt(f"memory {pid}", lambda: read(f"/proc/{pid}/mem"))
try:
    os.kill(1, signal.SIGKILL)  # Without effect, or not permitted.
except PermissionError:
    pass
attempt("trace 1", lambda: call("ptrace", 16, 1, 0, 0))
for name in ("mem", "environ", "mountinfo", "maps", "root", "cwd", "exe", "fd", "task/1/environ"):
    attempt(f"first process's {name}", lambda: os.lstat(f"/proc/1/{name}"))
own = ctypes.create_string_buffer(8)
other = (ctypes.c_void_p * 2)(ctypes.addressof(own), 8)
for name in ("process_vm_readv", "process_vm_writev"):
    attempt(f"{name} 1", lambda: call(name, 1, other, 1, other, 1, 0))
os.setpgid(0, 0)
try:
    os.kill(-1, signal.SIGTERM)
except ProcessLookupError:
    pass${GOES_ON}`),
  );
  assert.equal(m.victim.exitCode ?? m.victim.signalCode, null);
});

test('there is no network: no addresses, no names, no servers of this machine', async context => {
  const m = await machine(context);
  assertGoesOn(
    await m.trial(`
def connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(2)
        s.connect(address)
        return s.recv(100)

for host in ("127.0.0.1", "10.0.0.1", "1.1.1.1", "169.254.169.254"):
    attempt(host, lambda: connect(socket.AF_INET, (host, ${m.port})))
attempt("::1", lambda: connect(socket.AF_INET6, ("::1", ${m.port})))
attempt("a name", lambda: socket.getaddrinfo("example.com", 443))
attempt("a packet", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("1.1.1.1", 53)))
attempt("a raw socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
print([name for _, name in socket.if_nameindex()])${GOES_ON}`),
  );
  assert.equal(m.lines.at(-2), "['lo']");
  assert.equal(m.visits(), 0);
});

test('Unix sockets of this machine, named or abstract, do not answer', async context => {
  const m = await machine(context);
  assertGoesOn(
    await m.trial(`
for address in ("${m.socketPath}", "\\0${m.abstractName}", "/run/docker.sock", "/var/run/dbus/system_bus_socket"):
    attempt(address, lambda: socket.socket(socket.AF_UNIX).connect(address))${GOES_ON}`),
  );
  assert.equal(m.visits(), 0);
});

test('only folders in memory are writable, and nothing that was committed', async context => {
  const m = await machine(context);
  assertGoesOn(
    await m.trial(`
for path in ("/trial/trainer/train.py", "/x", "/usr/x", "/usr/bin/sh", "/etc/passwd", "/dev/x", sys.prefix + "/x",
             sys.executable, os.__file__, "${m.data}/manifest.json", "${m.home}/x",
             "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/devices/system/cpu/cpu0/online"):
    attempt(path, lambda: write(path))
attempt("remount", lambda: call("mount", None, b"/", None, 32, None))
attempt("chmod", lambda: os.chmod("/trial/trainer/train.py", 0o666))
attempt("owner", lambda: os.chown("/trial", 0, 0))
for path in ("trainer/train.py", "trainer", ".github"):
    attempt("rename " + path, lambda: os.rename("/trial/" + path, "/trial/away"))
    attempt("replace " + path, lambda: os.rename("/tmp/home", "/trial/" + path))
attempt("remove", lambda: os.remove("/trial/trainer/train.py"))
attempt("link", lambda: os.link("/trial/trainer/train.py", "/trial/hard"))
write("/tmp/fine"); write("/dev/shm/fine"); write(os.environ["HOME"] + "/fine"); write("/trial/fine"); write("/trial/trainer/fine")${GOES_ON}`),
  );
  assert.equal(readFileSync(join(m.data, 'manifest.json'), 'utf8'), '{}');
});

test('there is no way to gain permissions: new namespaces, set-user-id programs, another root', async context => {
  const m = await machine(context);
  assertGoesOn(
    await m.trial(`
for name, flag in (("user", 0x10000000), ("mount", 0x20000), ("net", 0x40000000), ("pid", 0x20000000)):
    attempt(name, lambda: call("unshare", flag))
attempt("root", lambda: os.setuid(0))
attempt("chroot", lambda: os.chroot("/tmp"))
attempt("su", lambda: subprocess.run(["su", "-c", "true"], check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
attempt("enter", lambda: call("setns", os.open("/proc/1/ns/mnt", os.O_RDONLY), 0))
print([line for line in open("/proc/self/status") if line.startswith(("CapEff", "CapBnd", "NoNewPrivs"))])${GOES_ON}`),
  );
  assert.match(m.lines.at(-2) ?? '', /CapEff:\\t0{16}\\n.*CapBnd:\\t0{16}\\n.*NoNewPrivs:\\t1\\n/);
});

test('every process of a candidate ends with its trial, wherever it hides', async context => {
  const m = await machine(context);
  const mark = `survivor-${process.pid}`;
  assertGoesOn(
    await m.trial(`
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in range(1, 32):
                if number not in (9, 19):
                    signal.signal(number, signal.SIG_IGN)
            os.closerange(0, 100)
            os.execve(sys.executable, ["python3", "-c", "import time; time.sleep(600)", "${mark}"], {})
        os._exit(0)
time.sleep(0.3)${GOES_ON}`),
  );
  assert.deepEqual(processesWith(mark), []);
});

test('a candidate dies with its runner, even if it tries to cancel that', async context => {
  const m = await machine(context);
  const mark = `orphan-${process.pid}`;
  // Tries to attach to the sandbox's first process, and stays attached if that works.
  const code = withPrelude(`
if os.fork() == 0:
    os.setsid()
    print("tracing", libc.ptrace(16, 1, 0, 0))
    print("started", flush=True)
    os.execve(sys.executable, ["python3", "-c", "import time; time.sleep(600)", "${mark}"], {})
time.sleep(600)`);
  const child = spawn(process.execPath, [runner, JSON.stringify(m.options(code))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>(resolve => {
    child.stdout.on('data', chunk => String(chunk).includes('started') && resolve());
  });
  await until(() => processesWith(mark).length > 0, 'the candidate to run');
  child.kill('SIGKILL');
  await until(() => processesWith(mark).length === 0, 'the candidate to end');
  assertGoesOn(await m.trial(GOES_ON));
});

test('a candidate cannot leave a message for the next one', async context => {
  const m = await machine(context);
  const places = '("/tmp/note", "/dev/shm/note", os.environ["HOME"] + "/note")';
  assertGoesOn(
    await m.trial(`
for place in ${places}:
    write(place)
call("shmget", 4711, 4096, 0o1666)${GOES_ON}`),
  );
  assertGoesOn(
    await m.trial(`
for place in ${places}:
    attempt(place, lambda: read(place))
attempt("shared segment", lambda: call("shmget", 4711, 4096, 0o666))
for number in ((248, 250) if os.uname().machine == "x86_64" else (217, 219)):
    attempt(f"keys {number}", lambda: call("syscall", number, b"user", b"note", b"x", 1, -3))${GOES_ON}`),
  );
});
