"""The processes of a sandbox, looked at from outside: stopped together, and asked what reaches beyond the sandbox."""

import contextlib
import math
import mmap
import os
import signal
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

STOP_S = 5.0  # For all of them to have stopped; a call that cannot be interrupted may take that long.
LOOK_S = 0.002
CHUNK_BYTES = 2**24
USED_READS = 2  # After these the kernel takes every part of a file for one that is in use.
MADV_COLD, MADV_POPULATE_READ = 20, 22  # Only Python's later versions name them.
AT_REST = "TtZXx"  # States of threads that are stopped or have ended (proc(5)).
ENDED = "ZXx"
PRIVATE = ("tmpfs", "devpts", "mqueue")  # Kinds of file systems that end with the sandbox.


class Unsealed(Exception):
    """A process keeps something that reaches beyond it; the message says what, and how to do without."""


@dataclass
class Process:
    """A process of the sandbox with those of its threads that have not ended; both are folders in /proc."""

    folder: Path
    threads: list[Path] = field(default_factory=list)


@contextlib.contextmanager
def stopped(first: int, ends: float) -> Iterator[list[Process]]:
    """Stops all processes of the sandbox that process `first` is in, and lets them go on afterwards; none where there
    is no sandbox. Whatever call one of them had begun is over by then, or begins anew when it goes on.

    ends: by when they must have stopped (monotonic seconds). Raises Unsealed, and leaves them stopped.
    """
    init = _first_of_sandbox(first)
    before = {} if init is None else _stop(init, first, min(ends, time.monotonic() + STOP_S))
    found: dict[Path, Process] = {}
    for thread in _alive(before):
        process = thread.parent.parent
        found.setdefault(process, Process(process)).threads.append(thread)
    yield list(found.values())
    if init is not None and _alive(_look(init, first)) != _alive(before):
        raise Unsealed("goes on while it is looked at; send no signals to it")
    for process in found:
        os.kill(int(process.name), signal.SIGCONT)


def _alive(threads: dict[Path, tuple[str, str]]) -> dict[Path, tuple[str, str]]:
    return {thread: facts for thread, facts in threads.items() if facts[0] not in ENDED}


def _stop(init: int, first: int, deadline: float) -> dict[Path, tuple[str, str]]:
    while True:
        found = _look(init, first)
        moving = {thread.parent.parent.name for thread, (state, _) in found.items() if state not in AT_REST}
        if not moving:
            return found
        if time.monotonic() > deadline:
            raise Unsealed("cannot be stopped for a look at it; end what runs beside the model before `finish`")
        for process in moving:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process), signal.SIGSTOP)
        time.sleep(LOOK_S)


def _look(init: int, first: int) -> dict[Path, tuple[str, str]]:
    """Every thread of the sandbox with its state and how often it has run; but those of the sandbox's own program."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):  # Ended meanwhile.
                children.setdefault(int(_facts(Path("/proc") / entry)["PPid"]), []).append(int(entry))
    found = {}
    waiting = [init]
    while waiting:
        process = waiting.pop()
        waiting += children.get(process, [])
        if process == init != first:
            continue
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for thread in Path(f"/proc/{process}/task").iterdir():
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    facts = _facts(thread)
                    ran = facts.get("voluntary_ctxt_switches", "") + "+" + facts.get("nonvoluntary_ctxt_switches", "")
                    found[thread] = (facts["State"][0], ran)
    return found


def _first_of_sandbox(process: int) -> int | None:
    """Process 1 of the namespace that a process is in; None where that is our own. Raises Unsealed if it has ended."""
    depth = len(_facts(Path("/proc/self"))["NSpid"].split())
    try:
        while len(numbers := _facts(Path(f"/proc/{process}"))["NSpid"].split()) > depth:
            if numbers[-1] == "1":
                return process
            process = int(_facts(Path(f"/proc/{process}"))["PPid"])
    except (OSError, KeyError):
        raise Unsealed("has ended") from None
    return None


def _facts(process: Path) -> dict[str, str]:
    """What /proc says about a process or thread to everybody."""
    lines = (process / "status").read_text(encoding="utf-8", errors="replace").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def expect_nothing_open(process: Process, channel: int, deadline: float) -> None:
    """Raises Unsealed where a stopped process holds a descriptor that reaches beyond the sandbox.

    Threads may have descriptors of their own. `channel` is the number (inode) of its end of the conversation.
    """
    private = {number for number, _, kind in _mounts(process) if kind in PRIVATE}
    # Descriptors may wait in a socket, to be received later, and names can be looked up through one.
    sockets = {f"socket:[{channel}]", *_listening(process)}
    for thread in process.threads:
        for link in (thread / "fd").iterdir():
            target = os.readlink(link)
            if target.startswith("socket:") and target not in sockets:
                raise Unsealed("keeps a socket open; close sockets before `finish`")
            is_file = target.startswith("/") and not target.startswith(("/memfd:", "/dev/"))
            if is_file and _fact(thread / "fdinfo" / link.name, "mnt_id") not in private:
                raise Unsealed(f"keeps {target[:100]} open; close files before `finish`")
            if time.monotonic() > deadline:
                raise Unsealed("keeps too much open to be looked at; close files before `finish`")


def _listening(process: Process) -> set[str]:
    """Sockets that can only wait for others to connect, as one of CUDA's does: nobody can, once the seal is closed."""
    lines = _lines(process.threads[0] / "net/unix")[1:]
    fields = [line.split() for line in lines]
    return {f"socket:[{each[6]}]" for each in fields if int(each[3], 16) & 0x10000 and each[4] in ("0001", "0005")}


def _mounts(process: Process) -> list[tuple[str, str, str]]:
    """Number, device and kind of the file system of every mount."""
    lines = [line.split() for line in _lines(process.threads[0] / "mountinfo")]
    return [(fields[0], fields[2], fields[fields.index("-") + 1]) for fields in lines]


def _fact(path: Path, name: str) -> str:
    return next((line.split()[1] for line in _lines(path) if line.startswith(f"{name}:")), "")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def mapped_files(processes: list[Process]) -> list[int]:
    """Descriptors of every file of the machine that they have mapped, for `make_resident`; for the caller to close.

    Files of their own are left alone: a name that a candidate can change may lead anywhere.
    """
    files: list[int] = []
    for name in sorted({name for process in processes for name in _mapped(process)}):
        with contextlib.suppress(FileNotFoundError):  # Removed by now: nobody else can open it either.
            files.append(os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW))
    return files


def make_resident(files: list[int], deadline: float) -> None:
    """Reads files into memory, wherever they have become partly absent. Raises Unsealed at the deadline."""
    buffer = bytearray(CHUNK_BYTES)
    for file in files:
        done = 0
        while stat.S_ISREG(os.fstat(file).st_mode) and (got := os.preadv(file, [buffer], done)):
            done += got
            if time.monotonic() > deadline:
                raise Unsealed("has mapped more files than can be read in time")


def even_out(files: list[int]) -> None:
    """Brings files into memory as if nobody had used one part of them more than another, for processes that are dead.

    The kernel notes what was used, and short of memory it drops the rest first: a reader could make it tell.
    """
    for _ in range(USED_READS):
        make_resident(files, math.inf)
    for file in files:
        # Linux 5.14, and no empty file. What a living process has mapped, too, stays as it is.
        with contextlib.suppress(OSError, ValueError), mmap.mmap(file, 0, prot=mmap.PROT_READ) as mapped:
            mapped.madvise(MADV_POPULATE_READ)
            mapped.madvise(MADV_COLD)


def _mapped(process: Process) -> Iterator[Path]:
    """The files of the machine that a process has mapped, as paths in /proc."""
    private = {device for _, device, kind in _mounts(process) if kind in PRIVATE}
    for line in _lines(process.threads[0] / "maps"):
        _, _, _, device, _, *names = line.split(maxsplit=5)
        major, minor = (int(number, 16) for number in device.split(":"))
        for name in names:
            if name.startswith("/") and not name.startswith("/dev/") and f"{major}:{minor}" not in private:
                yield process.folder / "root" / name.lstrip("/")
