"""What a process may keep when it is shown held-out text, in a small sandbox. What it may not was once a way out."""

import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import processes

# The whole machine, read-only; what a candidate writes to ends with the sandbox.
SANDBOX = [
    *["bwrap", "--unshare-user", "--unshare-pid", "--die-with-parent", "--ro-bind", "/", "/"],
    *["--proc", "/proc", "--dev", "/dev", "--setenv", "TMPDIR", "/dev/shm", "--"],
]
WORKS = shutil.which("bwrap") and subprocess.run([*SANDBOX, "true"], capture_output=True).returncode == 0
pytestmark = pytest.mark.skipif(not WORKS, reason="needs bubblewrap")

START = f"""
import ctypes, mmap, threading
FILE = {sys.executable!r}
def before_loaded(): keep()
"""

UNSEALED = {
    "a file": ("keeps /", 'def keep(): globals().update(file=open(FILE, "rb"))'),
    "a folder": ("keeps /", "def keep(): os.open('/', os.O_RDONLY)"),
    "a file that only a thread has open": (
        "keeps /",
        """
def keep():
    opened = threading.Event()
    def own_descriptors():
        assert ctypes.CDLL(None).unshare(0x400) == 0  # CLONE_FILES
        os.open(FILE, os.O_RDONLY)
        opened.set()
        time.sleep(60)
    threading.Thread(target=own_descriptors, daemon=True).start()
    opened.wait()""",
    ),
    "a file of a process whose first thread has ended": (
        "keeps /",
        """
def keep():
    if os.fork() == 0:
        threading.Thread(target=lambda: (os.open(FILE, os.O_RDONLY), time.sleep(60))).start()
        ctypes.CDLL(None).syscall(60 if os.uname().machine == "x86_64" else 93, 0)  # exit, of this thread alone
    time.sleep(0.3)""",
    ),
    "a file of a process that says it must not be looked at": (
        "",
        """
def keep():
    if os.fork() == 0:
        os.open(FILE, os.O_RDONLY)
        ctypes.CDLL(None).prctl(4, 0)  # PR_SET_DUMPABLE
        time.sleep(60)
    time.sleep(0.3)""",
    ),
    "a file on its way through a socket": (
        "keeps a socket",
        """
def keep():
    global pair
    pair = socket.socketpair()
    with open(FILE) as file:
        socket.send_fds(pair[0], [b"x"], [file.fileno()])""",
    ),
    "a socket that can look up names": (
        "keeps a socket",
        "def keep(): globals().update(end=socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))",
    ),
    "more than can be looked at": (
        "keeps too much open",
        """
def keep():
    for _ in range(900):
        os.open("/dev/shm", os.O_RDONLY)
    for _ in range(100):
        if os.fork() == 0:
            time.sleep(60)""",
    ),
}

SEALED = {
    "a file of its own": 'def keep(): globals().update(file=open("/dev/shm/own", "wb"))',
    "a child that has ended": """
def keep():
    if os.fork() == 0:
        os._exit(0)
    time.sleep(0.2)""",
    "a thread that waits for a child": """
def keep():
    child = os.posix_spawn("/bin/sleep", ["sleep", "60"], {})
    threading.Thread(target=lambda: os.waitpid(child, 0), daemon=True).start()
    time.sleep(0.2)""",
    "a mapped file whose name leads elsewhere by now": """
def keep():
    global mapped
    with open("/dev/shm/own", "w+b") as file:
        file.truncate(4096)
        mapped = mmap.mmap(file.fileno(), 4096, prot=mmap.PROT_READ)
    os.unlink("/dev/shm/own")
    os.mkfifo("/dev/shm/own (deleted)")""",
    "large files that it has mapped": """
def keep():
    global mapped
    mapped = []
    for number in range(64):
        with open(f"/dev/shm/{number}", "w+b") as file:
            file.truncate(2**36)
            mapped.append(mmap.mmap(file.fileno(), 4096, prot=mmap.PROT_READ))""",
    "no memory that the kernel makes a numbered file for": """
def keep(): pass
def before_answer(ids):
    private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    mmap.mmap(-1, 4096, private).close()
    for flags in (mmap.MAP_SHARED | mmap.MAP_ANONYMOUS, private | 0x40000):
        try:
            mmap.mmap(-1, 2**21, flags)
        except PermissionError:
            continue
        raise AssertionError(flags)""",
    "a call that goes on, which fails from then on": """
def keep():
    global opening, failed
    failed = threading.Event()
    os.mkfifo("/dev/shm/pipe")
    def wait():
        try:
            os.open("/dev/shm/pipe", os.O_RDONLY)
        except PermissionError:
            failed.set()
    opening = threading.Thread(target=wait, daemon=True)
    opening.start()
    time.sleep(0.2)
def before_answer(ids): assert failed.wait(5)""",
}


@pytest.mark.parametrize("kept", UNSEALED)
def test_what_reaches_beyond_the_sandbox_is_refused(tried, monkeypatch, kept):
    monkeypatch.setattr("seal.LOOK_S", 0.3 if kept == "more than can be looked at" else 2.0)
    expected, code = UNSEALED[kept]
    outcome = tried(START + code, wrap=SANDBOX).outcome
    assert outcome["status"] == "crash", outcome
    assert outcome["message"].startswith(f"the process that is to see held-out text {expected}")


@pytest.mark.parametrize("kept", SEALED)
def test_what_ends_with_the_sandbox_is_not(tried, kept):
    result = tried(START + SEALED[kept], wrap=SANDBOX)
    assert result.outcome["status"] == "measured", result.outcome
    assert result.total_seconds < 15


def test_what_goes_on_while_it_is_looked_at_is_refused():
    busy = [*SANDBOX, sys.executable, "-c", "print(flush=True)\nwhile True: pass"]
    with subprocess.Popen(busy, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        inside = process.pid
        while children := Path(f"/proc/{inside}/task/{inside}/children").read_text().split():
            inside = int(children[0])
        deadline = time.monotonic() + 5
        with processes.stopped(inside, deadline) as found:
            assert [each.folder.name for each in found] == [str(inside)]

        def wake() -> None:
            os.kill(inside, signal.SIGCONT)
            time.sleep(0.1)

        with pytest.raises(processes.Unsealed, match="goes on"), processes.stopped(inside, deadline):
            wake()
        process.kill()


def test_files_that_it_has_mapped_are_in_memory_again_when_it_is_dead(tried, monkeypatch):
    """With all memory in use, the kernel drops what is not touched: which files are left would be a message."""
    calls = []

    def make_resident(files: list[int], deadline: float) -> None:
        calls.append([os.readlink(f"/proc/self/fd/{file}") for file in files])
        really(files, deadline)

    really = processes.make_resident
    monkeypatch.setattr(processes, "make_resident", make_resident)
    assert tried(wrap=SANDBOX).outcome["status"] == "measured"
    before, *after = calls
    assert after == [before, before]
    assert os.path.realpath(sys.executable) in before


def test_a_file_is_read_into_memory_where_it_is_not(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(os.urandom(2**20))
    file = os.open(path, os.O_RDONLY)
    os.fsync(file)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    processes.make_resident([file], math.inf)
    there = [os.preadv(file, [bytearray(1)], place, os.RWF_NOWAIT) for place in range(0, 2**20, 4096)]
    assert there == [1] * 256


IN_USE = """
import ctypes, os, struct, sys
file, pages = int(sys.argv[1]), int(sys.argv[2])
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
place = libc.mmap(None, ctypes.c_size_t(4096 * pages), 1, 1, file, ctypes.c_long(0))
ctypes.string_at(place, 4096 * pages)
with open("/proc/self/pagemap", "rb") as frames, open("/proc/kpageflags", "rb") as flags:
    frames.seek(place // 4096 * 8)
    for frame in struct.unpack(f"={pages}Q", frames.read(8 * pages)):
        flags.seek((frame & (2**55 - 1)) * 8)
        print(struct.unpack("=Q", flags.read(8))[0] >> 6 & 1)
"""


def in_use(file: int, pages: int) -> list[int]:
    """1 for each page of a file that the kernel would rather keep than others."""
    command = [sys.executable, "-c", IN_USE, str(file), str(pages)]
    printed = subprocess.run(command, pass_fds=[file], capture_output=True, text=True, check=True).stdout
    return [int(line) for line in printed.split()]


@pytest.mark.skipif(os.geteuid() != 0 or not Path("/proc/kpageflags").exists(), reason="only root may ask")
def test_what_a_process_has_used_of_a_file_does_not_show_when_it_is_dead(tmp_path):
    """Short of memory, the kernel drops what was not used first: what is left would be a message."""
    path = tmp_path / "file"
    path.write_bytes(os.urandom(2**20))
    file = os.open(path, os.O_RDONLY)
    os.fsync(file)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    processes.make_resident([file], math.inf)
    uses = f"import mmap\nwith mmap.mmap({file}, 0, prot=mmap.PROT_READ) as mapped: mapped[: 2**19 : 4096]"
    subprocess.run([sys.executable, "-c", uses], pass_fds=[file], check=True)
    used = in_use(file, 256)
    assert sum(used[:128]) > 64 > sum(used[128:])
    processes.even_out([file])
    assert sum(in_use(file, 256)) < 32  # The kernel moves them a few at a time, and keeps the last ones waiting.
