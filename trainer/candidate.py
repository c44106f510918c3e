"""One process of the candidate's code, seen from outside: start it, talk with it, read what it prints, end it."""

import contextlib
import math
import os
import re
import selectors
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Callable, Sequence

import processes
import seal
from clock import Clock, Deadline, Machine
from dataset import Busy, MachineFault
from visible import visible
from wire import FAILURES, SOCKET_VARIABLE, Channel, Refused, discard

MAX_LINE_CHARS = 4096  # Per printed line; the rest is dropped.
MAX_PRINTED_BYTES = 2**20  # For all of a candidate's output; nothing more is shown after that.
SCORING = (
    "what it printed is not shown, it may hold held-out text. A process that scores can open no file, import nothing "
    "and start no process: do all of that before `finish`"
)
TAIL_LINES = 60  # Kept for the traceback.
LAST_WORDS_S = 5.0  # How long a process may take to exit after closing its socket.
LOOK_S = 0.01  # Between two checks whether it has exited.
DEATH_S = 2.0  # How long the rest of a sandbox may take to exit after its first process.
SEND_S = 10.0  # Our messages fit into the socket's buffer; a send that waits longer than this has failed.
KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)  # Sandboxes and shells pass it on as the second one.
EXCEPTION_LINE = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning|Iteration)\b(?::.*)?")
OUT_OF_MEMORY = re.compile(r"OutOfMemoryError|MemoryError|out of memory|can't allocate memory|std::bad_alloc", re.I)
# At most three digits: a report of a crash while scoring must not carry much of the text.
TRACEBACK_LINE = re.compile(rb'  File "([^"\n]{1,300})", line (\d{1,3}),')


class Crash(Exception):
    """The candidate's fault. `reason` is one that a measurement accepts."""

    def __init__(self, reason: str, message: str):
        super().__init__(message)
        self.reason = reason
        self.traceback = ""  # The end of its output, filled in once the process is known.
        self.message = message[:500]


class Candidate:
    """A started process with its end of the conversation. Use as a context; leaving it kills the process."""

    def __init__(
        self,
        command: Sequence[str],
        wrap: Sequence[str],
        echo: Callable[[str], None],
        ends: float = math.inf,
        sealable: bool = False,
        in_cpu_seconds: bool = False,
    ):
        """Starts `wrap` + `command`; `echo` gets each printed line. Raises MachineFault where it cannot be started.

        ends: when the whole trial has to be over (monotonic seconds).
        sealable: it will be shown held-out text, and `seal` closes before that.
        in_cpu_seconds: how its time is counted.
        """
        ours, theirs = socket.socketpair()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AUTORESEARCH_")}
        began = time.monotonic()
        self.wrap = list(wrap)
        sealable = sealable and seal.is_supported()
        started = seal.launcher(command[0], theirs.fileno(), command) if sealable else command
        try:
            self.process = subprocess.Popen(
                [*wrap, *started],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**kept, SOCKET_VARIABLE: str(theirs.fileno())},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise MachineFault(f"cannot start {[*wrap, *command][0]}: {error.strerror}") from error
        finally:
            inode = os.fstat(theirs.fileno()).st_ino
            theirs.close()
        self.clock = Clock(self.process.pid, in_cpu_seconds, ends)
        self.born = 0.0 if in_cpu_seconds else began  # On its clock.
        self._machine = Machine(self.process.pid)
        try:
            self._seal = seal.receive(ours, inode) if sealable else None
        except TimeoutError:
            raise MachineFault(f"nothing started within {seal.START_S:.0f} s") from None
        ours.settimeout(SEND_S)
        self._ends = ends
        self._unfiltered = sealable and self._seal is None
        self.channel = Channel(ours)
        self.greeted = False
        self.muted = False  # Set before held-out text is sent: from then on its output is discarded.
        self.place = ""  # File and line of the last traceback line while muted: all that is reported of a crash there.
        self.seconds = 0.0  # By its clock, from its start to its end, known then.
        self.peak_mb = 0.0  # Largest resident set among its processes, known at the end.
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._echo = echo
        self._room = MAX_PRINTED_BYTES
        self._line = bytearray()
        self._open = True  # Whether the other side of the socket is still open.
        self._status: int | None = None
        os.set_blocking(self.process.stdout.fileno(), False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(ours, selectors.EVENT_READ, self._hear)
        self._selector.register(self.process.stdout, selectors.EVENT_READ, self._read)

    def __enter__(self) -> "Candidate":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def tell(self, kind: str, files: Sequence[int] = (), **fields: object) -> None:
        """Sends a message and closes our copies of its descriptors."""
        if kind == "score":
            self._pump(0.0)
            self.muted = True
        try:
            self.channel.send(kind, files, **fields)
        except OSError:
            raise self._last_words() from None
        finally:
            for file in files:
                os.close(file)

    def expect(
        self, kinds: Sequence[str], deadline: Deadline, late: str, on_progress: Callable[[dict], None] | None = None
    ) -> tuple[dict, list[int]]:
        """The next message, which must be one of `kinds`, by the deadline. Raises Crash and Refused.

        Raises Busy instead of a Crash if it is late while other programs keep the machine busy.
        """
        while True:
            found = self.channel.take()
            if found is not None and found[0]["kind"] == "progress" and on_progress and not found[1]:
                on_progress(found[0])
            elif found is not None:
                if found[1] and found[0]["kind"] != "done":
                    discard(found[1])
                    raise Refused(f"expected no descriptors with {found[0]['kind']}, got {len(found[1])}")
                if found[0]["kind"] not in kinds:
                    discard(found[1])
                    raise Refused(f"expected the message {' or '.join(kinds)}, got {found[0]['kind']}")
                self.greeted = True
                if found[0]["kind"] == "failed":
                    raise Crash("exception", FAILURES[found[0]["reason"]])
                return found
            elif not self._open:
                raise self._last_words()
            left = self.clock.left(deadline)
            if left <= 0:
                raise self.too_late(deadline, late)
            if found is None:
                self._pump(left)

    def too_late(self, deadline: Deadline, late: str) -> Exception:
        """What to raise once a deadline has passed: the Crash, or Busy if others are the reason."""
        why = None if self.clock.in_cpu_seconds and deadline.at <= self.clock.now() else self._machine.why_late()
        if why is not None:
            return Busy(f"{why} ({late})")
        return Crash("timeout", "the time for the whole trial was up" if deadline.ends >= self._ends else late)

    def seal(self) -> None:
        """From here on the process can compute and answer, and nothing else. Raises Crash where it cannot be sealed."""
        if self._seal is None:
            return
        try:
            self._seal.close(self._ends)
        except processes.Unsealed as error:
            raise Crash("exception", f"the process that is to see held-out text {error}") from None

    def kill(self) -> None:
        """Kills the process and its group, and waits until it is dead. May be called again."""
        if self._status is not None:
            return
        with contextlib.suppress(Refused):
            self._pump(0.0)
        self.seconds = self.clock.now() - self.born
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        _, self._status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(self._status)
        deadline = time.monotonic() + DEATH_S
        while self._open and time.monotonic() < deadline:  # Open while any process it started is alive.
            with contextlib.suppress(Refused):
                self._pump(deadline - time.monotonic())
        unit = 2**20 if os.uname().sysname == "Darwin" else 2**10  # ru_maxrss is in bytes there, in KiB on Linux.
        self.peak_mb = usage.ru_maxrss / unit
        self._selector.close()
        self.process.stdout.close()
        self.channel.close()
        if self._seal is not None:
            self._seal.end()

    def _pump(self, seconds: float) -> None:
        """Reads the process's messages and output, waiting at most this long for the first."""
        for key, _ in self._selector.select(min(seconds, 1.0)):
            key.data()

    def _hear(self) -> None:
        try:
            self._open = self.channel.fill()
        except ConnectionError:
            self._open = False
        if not self._open:
            self._selector.unregister(self.channel.socket)

    def _read(self) -> None:
        try:
            printed = os.read(self.process.stdout.fileno(), 65536)
        except BlockingIOError:
            return
        if not printed:
            self._selector.unregister(self.process.stdout)
        if self.muted:
            self._note_place(printed)
            return
        *lines, rest = (bytes(self._line) + printed).split(b"\n")
        self._line = bytearray(rest[:MAX_LINE_CHARS])
        if not printed and rest:
            lines.append(rest)
            self._line.clear()
        self._show(lines)

    def _show(self, lines: list[bytes]) -> None:
        """Echoes lines while there is room; the last ones are always kept for a traceback."""
        texts = [visible(line[:MAX_LINE_CHARS].decode("utf-8", "replace")) for line in lines]
        self.tail.extend(texts)
        for text in texts:
            self._room -= len(text.encode()) + 1
            if self._room <= 0:
                return
            self._echo(text)

    def _note_place(self, printed: bytes) -> None:
        """Remembers where a crash while scoring happened, and drops the text: it may contain held-out text."""
        for name, line in TRACEBACK_LINE.findall(bytes(self._line) + printed):
            if name.rsplit(b"/", 1)[-1] == b"train.py":
                self.place = f", at train.py line {int(line)}"
        self._line = bytearray(printed[-200:])

    def _last_words(self) -> Exception:
        """Why a process exited: the Crash, or MachineFault if the sandbox does not start."""
        deadline = time.monotonic() + LAST_WORDS_S
        while self._selector.get_map() and time.monotonic() < deadline:
            self._pump(deadline - time.monotonic())
        # A sandbox exits a moment after its program, and only its own exit gives the status.
        while not (ended := self._has_ended()) and time.monotonic() < deadline:
            time.sleep(LOOK_S)
        self.kill()
        if not self.greeted and self.wrap and not self._sandbox_starts():
            return MachineFault("the sandbox does not start: " + " ".join(list(self.tail)[-1:]))
        if self._unfiltered:
            return MachineFault("a process cannot be sealed here (Linux 5.7): " + " ".join(list(self.tail)[-1:]))
        status = self.process.returncode
        message = next((line for line in reversed(self.tail) if EXCEPTION_LINE.fullmatch(line)), None)
        if self.muted:
            message = f"ended while scoring{self.place}; {SCORING}"
        if ended and status in KILLED:
            return Crash("out of memory", "killed by the system, which ran out of memory")
        if message is None:
            how = f"exit status {status}" if ended else "closed the conversation"
            message = f"{how} before it had handed over a model: {(list(self.tail) or ['(no output)'])[-1]}"
        return Crash("out of memory" if OUT_OF_MEMORY.search(message) else "exception", message)

    def _has_ended(self) -> bool:
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _sandbox_starts(self) -> bool:
        try:
            return subprocess.run([*self.wrap, "true"], capture_output=True, timeout=30).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False
