"""The referee's clock: wall time, or a candidate's CPU seconds as seen from outside. Also: whether others are busy.

Where other programs share the cores, CPU seconds are what makes two trials alike: a candidate that is kept waiting is
not charged for it. Threads count each for itself. Processes are read from Linux's /proc; the sandbox forbids new ones
where this clock decides, because one that ends between two looks would not be counted.
"""

import contextlib
import math
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

WALL_FACTOR = 10.0  # By the wall clock, everything that is limited in CPU seconds may take this many times as long.
LOOK_S = 0.05  # Between two looks at CPU seconds.
BUSY_SHARE = 0.9  # A machine whose cores are taken to this share is busy,
OTHERS_SHARE = 0.25  # and others are the reason if they take this share of them.
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
KERNEL = 2  # The process whose children are the kernel's own threads.


def counts_cpu_seconds(device: str) -> bool:
    """Whether CPU seconds can be the clock: on Linux, where the work is done by the CPU."""
    return device == "cpu" and sys.platform == "linux"


@dataclass(frozen=True)
class Deadline:
    """`at` on the clock; whatever that says, `ends` in monotonic seconds."""

    at: float
    ends: float


class Clock:
    """The clock of one candidate process and all that it starts."""

    def __init__(self, pid: int, in_cpu_seconds: bool, ends: float = math.inf):
        self.pid = pid
        self.in_cpu_seconds = in_cpu_seconds
        self._ends = ends  # When the whole trial has to be over (monotonic seconds).

    def now(self) -> float:
        """Seconds since any fixed moment."""
        return cpu_seconds(self.pid) if self.in_cpu_seconds else time.monotonic()

    def after(self, seconds: float, since: float | None = None) -> Deadline:
        """The deadline `seconds` after now, or after `since` on this clock."""
        at = (self.now() if since is None else since) + seconds
        if not self.in_cpu_seconds:
            return Deadline(at, min(at, self._ends))
        return Deadline(at, min(time.monotonic() + WALL_FACTOR * seconds, self._ends))

    def left(self, deadline: Deadline) -> float:
        """Seconds to wait at most before the next look; 0 or less: the deadline has passed."""
        left = deadline.ends - time.monotonic()
        if not self.in_cpu_seconds or left <= 0:
            return left
        return min(left, LOOK_S) if self.now() < deadline.at else 0.0


def cpu_seconds(pid: int) -> float:
    """CPU seconds of a process, its threads, its children that have ended, and the same of all below it."""
    total, waiting = 0.0, [pid]
    while waiting:
        process = PROC / str(waiting.pop())
        with contextlib.suppress(OSError):  # Ended meanwhile; then its parent counts it.
            # The name, in brackets, may hold anything. Then: user, system, and both of ended children.
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            total += TICK_S * sum(map(int, fields[11:15]))
            for thread in (process / "task").iterdir():
                waiting += map(int, (thread / "children").read_text().split())
    return total


class Machine:
    """How busy the machine is since this was made, not counting one candidate and ourselves."""

    def __init__(self, pid: int):
        self._pid = pid
        self._before = (time.monotonic(), self._own(), *_busy())
        self._others_before = _others(pid)

    def others(self) -> float | None:
        """Cores that others have taken on average; None if unknown."""
        began, _, _, cores = self._before
        seconds = time.monotonic() - began
        if not cores or seconds <= 0:
            return None
        return min(float(cores), max(0.0, (_others(self._pid) - self._others_before) / seconds))

    def conditions(self) -> dict[str, float | None]:
        """Since this was made: seconds by the wall clock, the candidate's CPU seconds, cores taken by others, cores."""
        began, own, _, cores = self._before
        seconds = time.monotonic() - began
        return {"seconds": seconds, "cpu_seconds": self._own() - own, "others": self.others(), "cores": cores}

    def why_late(self) -> str | None:
        """The sentence that blames others for whoever is late; None where they are not the reason."""
        began, _, busy_before, cores = self._before
        others = self.others()
        if others is None or others < OTHERS_SHARE * cores:
            return None
        busy = (_busy()[0] - busy_before) / (time.monotonic() - began)
        if busy < BUSY_SHARE * cores:
            return None
        return f"the machine is busy: other programs used {others:.1f} of its {cores} cores meanwhile"

    def _own(self) -> float:
        return cpu_seconds(self._pid) + time.process_time()


def _others(candidate: int) -> float:
    """CPU seconds of all programs but one candidate's, ourselves and the kernel's own, with their ended children.

    Counted where they are, not as what the candidate left of the whole: it can let its children end without a trace,
    and would be excused by its own work.
    """
    used: dict[int, float] = {}
    children: dict[int, list[int]] = {}
    for name in filter(str.isdigit, os.listdir(PROC)):
        with contextlib.suppress(OSError):  # Ended meanwhile.
            fields = (PROC / name / "stat").read_text().rpartition(")")[2].split()
            used[int(name)] = TICK_S * sum(map(int, fields[11:15]))
            children.setdefault(int(fields[1]), []).append(int(name))
    apart = [candidate, os.getpid(), KERNEL]
    below = [*children.get(candidate, []), *children.get(KERNEL, [])]
    while below:
        apart.append(below.pop())
        below += children.get(apart[-1], [])
    return sum(used.values()) - sum(used.get(process, 0.0) for process in set(apart))


def _busy() -> tuple[float, int]:
    """CPU seconds since the start of the machine that some program used, and the number of cores; zeros if unknown."""
    try:
        lines = (PROC / "stat").read_text().splitlines()
    except OSError:
        return 0.0, 0
    user, nice, system, *_ = map(int, lines[0].split()[1:])
    return TICK_S * (user + nice + system), sum(line.startswith("cpu") for line in lines) - 1
