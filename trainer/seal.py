"""The seal: from the moment it is shown held-out text, a process can compute and answer, and do nothing else.

Whatever it could otherwise leave behind (files that it brings into memory or drops from it, names that it looks up,
processes) might tell another process of the candidate's, or the next trial's, about that text.

A small program starts the candidate under a filter of system calls. What computing takes always passes; everything
else is reported to the referee (seccomp's user notification, Linux 5.7), which lets it pass until the seal closes.
"""

import contextlib
import errno
import fcntl
import os
import platform
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Sequence

import processes

START_S = 60.0  # For the sandbox and the launcher to start.
LOOK_S = 10.0  # For a look at everything that the processes have open.
ENOSYS = {"clone3"}  # The C library then starts a thread by clone, whose flags a filter can read.

# What a process that computes and answers calls, by the numbers of each processor's table (asm/unistd.h).
X64 = {
    "read": 0, "write": 1, "close": 3, "fstat": 5, "poll": 7, "lseek": 8, "mprotect": 10, "munmap": 11, "brk": 12,
    "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "ioctl": 16, "pread64": 17, "pwrite64": 18,
    "readv": 19, "writev": 20, "sched_yield": 24, "mremap": 25, "dup": 32, "nanosleep": 35, "getpid": 39,
    "sendto": 44, "recvfrom": 45, "sendmsg": 46, "recvmsg": 47, "exit": 60, "gettimeofday": 96, "getrusage": 98,
    "times": 100, "sigaltstack": 131, "prctl": 157, "gettid": 186, "futex": 202, "sched_setaffinity": 203,
    "sched_getaffinity": 204, "set_tid_address": 218, "restart_syscall": 219, "clock_gettime": 228,
    "clock_nanosleep": 230, "exit_group": 231, "epoll_wait": 232, "epoll_ctl": 233, "tgkill": 234, "ppoll": 271,
    "set_robust_list": 273, "epoll_pwait": 281, "eventfd2": 290, "preadv": 295, "pwritev": 296, "getcpu": 309,
    "getrandom": 318, "membarrier": 324, "rseq": 334,
}  # fmt: skip
ARM64 = {
    "read": 63, "write": 64, "close": 57, "fstat": 80, "lseek": 62, "mprotect": 226, "munmap": 215, "brk": 214,
    "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "ioctl": 29, "pread64": 67, "pwrite64": 68,
    "readv": 65, "writev": 66, "sched_yield": 124, "mremap": 216, "dup": 23, "nanosleep": 101, "getpid": 172,
    "sendto": 206, "recvfrom": 207, "sendmsg": 211, "recvmsg": 212, "exit": 93, "gettimeofday": 169,
    "getrusage": 165, "times": 153, "sigaltstack": 132, "prctl": 167, "gettid": 178, "futex": 98,
    "sched_setaffinity": 122, "sched_getaffinity": 123, "set_tid_address": 96, "restart_syscall": 128,
    "clock_gettime": 113, "clock_nanosleep": 115, "exit_group": 94, "epoll_pwait": 22, "epoll_ctl": 21,
    "tgkill": 131, "ppoll": 73, "set_robust_list": 99, "eventfd2": 19, "preadv": 69, "pwritev": 70, "getcpu": 168,
    "getrandom": 278, "membarrier": 283, "rseq": 293,
}  # fmt: skip
# Of these it depends on an argument: (number, which argument, flags of which one is needed, or values that pass).
MAP_ANONYMOUS, CLONE_THREAD = 0x20, 0x10000
# The kernel makes a file for such memory, and numbers it: the next process sees from its own how many there were.
MAP_SHARED, MAP_HUGETLB = 0x01, 0x40000
HARMLESS_ADVICE = (0, 4, 8)  # normal, dontneed, free. Not: huge pages, which the kernel would make of files, too.
PROCESSORS = {
    "x86_64": (0xC000003E, X64, {"mmap": 9, "madvise": 28, "clone": 56, "clone3": 435, "seccomp": 317}),
    "aarch64": (0xC00000B7, ARM64, {"mmap": 222, "madvise": 233, "clone": 220, "clone3": 435, "seccomp": 277}),
}

# Classic BPF over a description of the call: number at 0, processor at 4, arguments of 8 bytes from 16 on.
LOAD, IF_EQUAL, IF_AT_LEAST, IF_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, NOTIFY, FAIL = 0x7FFF0000, 0x7FC00000, 0x00050001
X32_CALLS = 0x40000000  # From this number on the same calls exist a second time on x86_64.

# Runs inside the sandbox: sets up the filter, sends its listener's descriptor to the referee, starts the command. What
# a Python script imports of these packages is imported before, without asking the referee about each of some ten
# thousand calls: where others keep the cores busy, that took minutes.
PRELOADED = {
    "numpy": r"^(?:import|from) (?:prepare|numpy)\b",
    "torch": r"^(?:import|from) (?:prepare|torch)\b",
    "torch._dynamo": r"^\S.*\btorch\.(?:optim|compile)\b",  # They import it when they are used.
}
LAUNCHER = f"""
import ctypes, os, re, runpy, socket, sys
number, seccomp, code, *command = sys.argv[1:]
code = bytes.fromhex(code)
script = command[1] if len(command) > 1 and command[1].endswith(".py") else None
if script is not None:
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    text = open(script, encoding="utf-8", errors="replace").read()
    for name, use in {PRELOADED!r}.items():
        if re.search(use, text, re.M):
            try:
                __import__(name)
            except ImportError:
                pass
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]
libc = ctypes.CDLL(None, use_errno=True)
channel = socket.socket(fileno=int(number))
libc.prctl(38, 1, 0, 0, 0)
# With a listener (8), for all threads (1; they are told apart from descriptors by 16).
listener = libc.syscall(int(seccomp), 1, 8 | 1 | 16, ctypes.byref(Program(len(code) // 8, code)))
if listener < 0:
    sys.exit("machine fault: no listener for system calls: " + os.strerror(ctypes.get_errno()))
socket.send_fds(channel, [b"L"], [listener])
os.close(listener)
if script is None:
    os.execvp(command[0], command)
os.set_inheritable(channel.detach(), True)
sys.argv = command[1:]
sys.path[:0] = [os.path.dirname(os.path.abspath(script)), *filter(None, os.environ.get("PYTHONPATH", "").split(":"))]
runpy.run_path(script, run_name="__main__")
"""

# struct seccomp_notif: id, pid, flags, number, processor, address, six arguments; its answer: id, value, error, flags.
NOTIFICATION = struct.Struct("=QIIiIQ6Q")
ANSWER = struct.Struct("=QqiI")
RECEIVE, SEND = 0xC0502100, 0xC0182101
CONTINUE = 1


def is_supported() -> bool:
    """Whether this machine can seal a process."""
    return sys.platform == "linux" and platform.machine() in PROCESSORS


def launcher(python: str, channel: int, command: Sequence[str]) -> list[str]:
    """The words that start `command` under the filter; `channel` is its end of the conversation."""
    seccomp = PROCESSORS[platform.machine()][2]["seccomp"]
    return [python, "-I", "-B", "-c", LAUNCHER, str(channel), str(seccomp), _program().hex(), *command]


def _program() -> bytes:
    """The filter as the kernel reads it: allow what computing takes, report the rest."""
    processor, allowed, numbers = PROCESSORS[platform.machine()]
    tests: list[tuple[int, int, int, int]] = []

    def on_argument(name: str, which: int, *checks: tuple[int, int], never: int = 0) -> None:
        # Where the number is another one, jump behind this block: its load, its checks, and both of its ends.
        tests.append((IF_EQUAL, 0, len(checks) + 4, numbers[name]))
        tests.append((LOAD, 0, 0, 16 + 8 * which))
        tests.append((IF_ANY_BIT, len(checks), 0, never))
        for i, (code, value) in enumerate(checks):
            tests.append((code, len(checks) - i, 0, value))
        tests.append((RETURN, 0, 0, NOTIFY))
        tests.append((RETURN, 0, 0, ALLOW))

    on_argument("mmap", 3, (IF_ANY_BIT, MAP_ANONYMOUS), never=MAP_SHARED | MAP_HUGETLB)
    on_argument("clone", 0, (IF_ANY_BIT, CLONE_THREAD))
    on_argument("madvise", 2, *((IF_EQUAL, advice) for advice in HARMLESS_ADVICE))
    calls = sorted(allowed.values())
    program = [
        (LOAD, 0, 0, 4),
        (IF_EQUAL, 1, 0, processor),
        (RETURN, 0, 0, FAIL),
        (LOAD, 0, 0, 0),
        (IF_AT_LEAST, 0, 1, X32_CALLS),
        (RETURN, 0, 0, FAIL),
        *((IF_EQUAL, len(calls) - i + len(tests), 0, call) for i, call in enumerate(calls)),
        *tests,
        (RETURN, 0, 0, NOTIFY),
        (RETURN, 0, 0, ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *each) for each in program)


class Seal:
    """The referee's end of the filter. Calls are let pass until `close`, and fail from then on."""

    def __init__(self, listener: int, channel: int):
        self._listener = listener
        self._channel = channel
        self._lock = threading.Lock()
        self._closed = False
        self._first: int | None = None
        self._mapped: list[int] = []  # The machine's files that they have mapped, while we have them open.
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def close(self, ends: float) -> None:
        """Closes the seal, and makes sure that nothing was left open, by `ends` (monotonic). Raises Unsealed."""
        with self._lock:
            self._closed = True
        deadline = min(ends, time.monotonic() + LOOK_S)
        try:
            with processes.stopped(self._first, deadline) as found:
                for process in found:
                    processes.expect_nothing_open(process, self._channel, deadline)
                # What they then touch of these changes nothing for anybody.
                self._mapped = processes.mapped_files(found)
                processes.make_resident(self._mapped, ends)
        except OSError as error:  # Not the machine's fault: the candidate decides what there is to be looked at.
            raise processes.Unsealed(f"cannot be looked at ({error.strerror})") from None

    def end(self) -> None:
        """Waits until nobody is left under the filter, which the caller has killed."""
        self._thread.join(timeout=1.0)
        # What it touched, and what it made the kernel drop by taking all memory, could tell of the text.
        with contextlib.suppress(OSError):
            processes.even_out(self._mapped)
        for file in self._mapped:
            os.close(file)
        self._mapped = []

    def _answer(self) -> None:
        waiting = select.poll()
        waiting.register(self._listener, select.POLLIN)
        with contextlib.suppress(OSError):
            while not any(event & select.POLLHUP for _, event in waiting.poll()):
                question = bytearray(NOTIFICATION.size)
                try:
                    fcntl.ioctl(self._listener, RECEIVE, question)
                except OSError as error:
                    if error.errno in (errno.ENOENT, errno.EINTR):  # Who asked has died meanwhile.
                        continue
                    raise
                self._decide(*NOTIFICATION.unpack(question)[:4])
        os.close(self._listener)

    def _decide(self, number: int, pid: int, _: int, call: int) -> None:
        with self._lock:
            self._first = self._first or pid
            clone3 = PROCESSORS[platform.machine()][2]["clone3"]
            if not self._closed:
                answer = ANSWER.pack(number, 0, 0, CONTINUE)
            elif call == clone3:
                answer = ANSWER.pack(number, 0, -errno.ENOSYS, 0)
            else:
                answer = ANSWER.pack(number, 0, -errno.EPERM, 0)
            with contextlib.suppress(OSError):  # Who asked has died meanwhile.
                fcntl.ioctl(self._listener, SEND, bytearray(answer))


def receive(channel: socket.socket, inode: int) -> Seal | None:
    """The seal of a process that `launcher` starts; None where it has ended before, and says why in its output.

    inode: number of the process's end of `channel`, by which /proc names it.
    Raises TimeoutError where it does neither.
    """
    channel.settimeout(START_S)
    try:
        data, files, _, _ = socket.recv_fds(channel, 1, 1, socket.MSG_CMSG_CLOEXEC)
    except ConnectionError:
        return None
    return Seal(files[0], inode) if data == b"L" and files else None
