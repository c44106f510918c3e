/** Ways out, and ways to leave a message, through the kernel's interfaces. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, fsyncSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Measurement } from '../protocol/measurement.ts';
import { machine, processesWith, until, withPrelude } from './escape.test-helper.ts';

const MIB = 2 ** 20;
const GOES_ON = '\nprint("val_bpb: 1")\n';
const runner = new URL('escape.test-runner.ts', import.meta.url).pathname;

/** System calls by their numbers on x64 and arm64. */
const RAW = `
import ctypes, fcntl, platform
def raw(x64, arm64, *arguments):
    number = x64 if platform.machine() == "x86_64" else arm64
    result = libc.syscall(number, *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    if result < 0:
        raise OSError(ctypes.get_errno(), "system call")
    return result
`;

function assertGoesOn({ outcome }: Measurement) {
  assert.deepEqual(outcome, { status: 'measured', value: 1 });
}

test('a candidate can neither lease, watch nor mark files of the machine', async context => {
  const m = await machine(context);
  assertGoesOn(
    await m.trial(`${RAW}
for path in ("/usr/bin/env", sys.executable, "/trial/trainer/train.py", "/etc/passwd", "/usr/lib"):
    file = os.open(path, os.O_RDONLY)
    attempt("lease on " + path, lambda: fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK))
    attempt("notice of " + path, lambda: fcntl.fcntl(file, fcntl.F_NOTIFY, 1))
    for hint in (1035, 1036, 1037, 1038):
        attempt(f"hint {hint} to " + path, lambda: fcntl.fcntl(file, hint, (2).to_bytes(8, "little")))
    fcntl.fcntl(file, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
attempt("inotify", lambda: call("inotify_init1", 0))
attempt("fanotify", lambda: call("fanotify_init", 0, 0))${GOES_ON}`),
  );
});

test('sockets from outside do not reveal interfaces and addresses of the machine', async context => {
  const m = await machine(context);
  assertGoesOn(
    await m.trial(`${RAW}
import stat
assert stat.S_ISSOCK(os.fstat(1).st_mode)  # Its output goes to a socket that was made outside.
buffer = ctypes.create_string_buffer(4096)
request = ctypes.create_string_buffer(b"\\x00\\x10" + bytes(6) + ctypes.addressof(buffer).to_bytes(8, "little"))
for name, number in (("SIOCGIFCONF", 0x8912), ("SIOCGIFNAME", 0x8910), ("SIOCETHTOOL", 0x8946), ("SIOCGSKNS", 0x894C)):
    attempt(name, lambda: call("ioctl", 1, ctypes.c_ulong(number), request))
output = socket.socket(fileno=os.dup(1))
for name, option in (("cookie", 57), ("network's cookie", 71), ("process at the other end", 77)):
    attempt(name, lambda: output.getsockopt(socket.SOL_SOCKET, option, 8))
attempt("senders' processes", lambda: output.setsockopt(socket.SOL_SOCKET, 76, 1))${GOES_ON}`),
  );
});

test('only Unix, internet and routing sockets can be created', async context => {
  const m = await machine(context);
  assertGoesOn(
    await m.trial(`
for family in range(64):
    if family not in (1, 2, 10, 16):
        attempt(f"family {family}", lambda: call("socket", family, 1, 0))
        attempt(f"pair {family}", lambda: call("socketpair", family, 1, 0, (ctypes.c_int * 2)()))
for protocol in range(1, 32):
    attempt(f"netlink {protocol}", lambda: call("socket", 16, 3, protocol))
for family in (2, 10):
    for protocol in (33, 132, 136, 262):
        attempt(f"protocol {protocol}", lambda: call("socket", family, 1, protocol))
    attempt("DCCP", lambda: call("socket", family, 6, 0))
with socket.socket() as server:
    server.bind(("127.0.0.1", 0))
    server.listen()
    socket.create_connection(server.getsockname()).close()
for one in socket.socketpair():
    one.close()${GOES_ON}`),
  );
});

test('kernel interfaces that training does not need are closed', async context => {
  const m = await machine(context);
  assertGoesOn(
    await m.trial(`${RAW}
calls = {"ptrace": (101, 117), "keyctl": (250, 219), "bpf": (321, 280), "perf_event_open": (298, 241),
         "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "io_setup": (206, 0), "mount": (165, 40),
         "umount2": (166, 39), "pivot_root": (155, 41), "fsopen": (430, 430), "open_tree": (428, 428),
         "move_mount": (429, 429), "mount_setattr": (442, 442), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
         "init_module": (175, 105), "finit_module": (313, 273), "quotactl": (179, 60), "quotactl_fd": (443, 443),
         "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "kcmp": (312, 272), "setns": (308, 268),
         "chroot": (161, 51), "syslog": (103, 116), "acct": (163, 89), "swapon": (167, 224), "reboot": (169, 142),
         "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "clone3": (435, 435),
         "memfd_secret": (447, 447), "statmount": (457, 457), "listmount": (458, 458), "vmsplice": (278, 75)}
for name, numbers in calls.items():
    attempt(name, lambda: raw(*numbers, 0, 0, 0, 0, 0, 0))
    assert ctypes.get_errno() in (1, 38), (name, ctypes.get_errno())
attempt("without random addresses", lambda: call("personality", 0x40000))
attempt("a core alone", lambda: call("prctl", 62, 1, 0, 0, 0))
attempt("memory shared with others", lambda: call("prctl", 67, 1, 0, 0, 0))
import pty
master, slave = pty.openpty()
attempt("TIOCSTI", lambda: fcntl.ioctl(slave, 0x5412, b"x"))
attempt("TIOCLINUX", lambda: fcntl.ioctl(slave, 0x541C, b"x"))
attempt("TIOCSETD", lambda: fcntl.ioctl(slave, 0x5423, (2).to_bytes(4, "little")))
assert os.isatty(slave)${GOES_ON}`),
  );
});

test('a candidate can neither query nor evict the page cache', async context => {
  const m = await machine(context);
  const file = join(m.home, 'shared');
  writeFileSync(file, 'x'.repeat(MIB));
  const opened = openSync(file, 'r');
  fsyncSync(opened);
  closeSync(opened);
  const code = `${RAW}
import mmap
file = os.open(os.path.expanduser("~/shared"), os.O_RDONLY)
data = mmap.mmap(file, 0, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)
address = ctypes.addressof(ctypes.c_char.from_buffer(data))
assert data[0:1] == b"x"
attempt("mincore", lambda: call("mincore", ctypes.c_void_p(address), ctypes.c_size_t(4096), ctypes.create_string_buffer(1)))
attempt("cachestat", lambda: raw(451, 451, file, (ctypes.c_uint64 * 2)(0, 4096), (ctypes.c_uint64 * 5)(), 0))
for flag in (8, 128):
    attempt(f"read with flag {flag}", lambda: os.preadv(file, [bytearray(1)], 0, flag))
for advice in (12, 20, 21, 25):
    attempt(f"advice {advice}", lambda: call("madvise", ctypes.c_void_p(address), ctypes.c_size_t(4096), advice))
assert os.preadv(file, [bytearray(1)], 0) == 1
os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
os.sync()${GOES_ON}`;
  assertGoesOn(await m.trial(code, { readable: ['~/shared'] }));
  const resident = execFileSync('fincore', ['--bytes', '--noheadings', '--output', 'RES', file]);
  assert.equal(Number(resident), statSync(file).size);
});

test('/proc and /sys do not change during a trial', async context => {
  const m = await machine(context);
  assertGoesOn(
    await m.trial(`
def look():
    found = {}
    for top in [f"/proc/{name}" for name in os.listdir("/proc") if not name.isdigit()] + ["/sys"]:
        if os.path.islink(top):
            continue
        for folder, _, names in [("", [], [top])] if os.path.isfile(top) else os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                try:
                    found[path] = open(path, "rb").read()
                except OSError:
                    found[path] = None
    return found

before = look()
data = bytearray(b"x" * 50_000_000)
subprocess.run(["true"])
time.sleep(1)
after = look()
print("changed", sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path)))
print("told", [path for path in ("/proc/cmdline", "/proc/interrupts", "/proc/vmstat", "/proc/keys") if before.get(path)])
print("known", os.cpu_count(), os.sysconf("SC_PHYS_PAGES") > 0, b"MemTotal" in before["/proc/meminfo"], b"processor" in before["/proc/cpuinfo"])${GOES_ON}`),
  );
  const said = (name: string) => m.lines.find(line => line.startsWith(name));
  assert.equal(said('changed'), "changed ['/proc/sys/kernel/random/uuid']");
  assert.equal(said('told'), 'told []');
  assert.match(said('known') ?? '', /^known [1-9]\d* True True True$/);
});

test('a candidate of a root runner is a user of its own', async context => {
  const m = await machine(context);
  const mark = `somebody-${process.pid}`;
  const code = withPrelude(`
print("started", flush=True)
os.execve(sys.executable, ["python3", "-c", "import time; time.sleep(600)", "${mark}"], {})`);
  const child = spawn(process.execPath, [runner, JSON.stringify(m.options(code))], { stdio: 'ignore' });
  context.after(() => child.kill('SIGKILL'));
  await until(() => processesWith(mark).length > 0, 'the candidate to run');
  const status = readFileSync(`/proc/${processesWith(mark)[0]}/status`, 'utf8');
  const users = /^Uid:\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)$/m.exec(status)?.slice(1).map(Number) ?? [];
  assert.equal(new Set(users).size, 1);
  if (process.getuid?.() === 0) assert.ok((users[0] ?? 0) >= 61_184, `user ${users[0]}`);
  else assert.equal(users[0], process.getuid?.());
  child.kill('SIGKILL');
  await until(() => processesWith(mark).length === 0, 'the candidate to be gone');
});

test('documentation of the system is not there to learn from', async context => {
  const m = await machine(context);
  assertGoesOn(
    await m.trial(`
for path in ("/usr/share/doc", "/usr/share/man", "/usr/share/info"):
    print("found", [os.path.join(*each) for each in os.walk(path) if each[2]] if os.path.exists(path) else [])${GOES_ON}`),
  );
  assert.deepEqual(new Set(m.lines.filter(line => line.startsWith('found'))), new Set(['found []']));
});
