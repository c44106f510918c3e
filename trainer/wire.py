"""The wire between referee and candidate: JSON lines over a Unix socket, texts and arrays as file descriptors.

Both sides use this file. Whatever arrives is checked here before anyone uses it; nothing is ever unpickled.
"""

import errno
import fcntl
import json
import os
import re
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Sequence

import numpy as np

PROTOCOL = 3
SOCKET_VARIABLE = "AUTORESEARCH_SOCKET"  # Environment variable: number of the candidate's end of the socket.
MAX_LINE_BYTES = 64 * 1024
MAX_FILES = 8  # Descriptors that may wait to be claimed by a message.
MAX_FILE_BYTES = 4 * 2**30
MAX_VOCABULARY = 65_536
MAX_STATS = 32
MOST = 1e20  # No number of a candidate's counts beyond this, in either direction; also in src/protocol/measurement.ts.
CHUNK_BYTES = 2**20
SEALING_TRIES, SEALING_PAUSE_S = 100, 0.1
# Reasons a candidate may give for not scoring: a closed list, so that no held-out text fits into the answer.
FAILURES = {
    "shape": "log_probs gave another shape than (rows, tokens, vocabulary)",
    "not normalised": "log_probs gave rows that do not sum to one; end with log_softmax",
    "looks ahead": "a prediction changed when only later tokens of its window changed; check the attention mask",
}

Check = Callable[[object], bool]


class Refused(Exception):
    """A message that breaks the protocol; says what was expected and what was found."""


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**53


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and abs(value) <= MOST


def _is_loss(value: object) -> bool:
    return value is None or _is_number(value)


def _is_stats(value: object) -> bool:
    return (
        type(value) is dict
        and len(value) <= MAX_STATS
        and all(re.fullmatch(r"[a-z][a-z0-9_]{0,39}", key, re.ASCII | re.I) for key in value)
        and all(map(_is_number, value.values()))
    )


def _one_of(*values: str) -> Check:
    return lambda value: type(value) is str and value in values


# Every message with its fields; each also has `kind` and `files`, the number of descriptors that belong to it.
MESSAGES: dict[str, dict[str, Check]] = {
    "hello": {"protocol": _is_count},
    "setup": {
        "role": _one_of("train", "bulk", "blind"),
        "seed": _is_count,
        "budget_s": _is_number,
        "clock": _one_of("wall", "cpu"),
        "startup_s": _is_number,
        "device": _one_of("cpu", "cuda", "mps"),
        "window": _is_count,
    },
    "ready": {},
    "go": {"budget_s": _is_number, "width": _is_count},
    "progress": {"step": _is_count, "tokens": _is_count, "loss": _is_loss, "bpb": _is_loss},
    "done": {"stats": _is_stats},
    "loaded": {},
    "score": {"rows": _is_count, "width": _is_count},
    "scored": {},
    "failed": {"reason": _one_of(*FAILURES)},
}


class Channel:
    """One end of the conversation."""

    def __init__(self, end: socket.socket):
        self.socket = end
        self._buffer = bytearray()
        self._files: list[int] = []

    def send(self, kind: str, files: Sequence[int] = (), **fields: object) -> None:
        """Sends one message; the other side gets copies of the descriptors. Raises OSError if nobody is listening."""
        line = json.dumps({"kind": kind, "files": len(files), **fields}, allow_nan=False).encode() + b"\n"
        assert len(line) <= MAX_LINE_BYTES, f"a message {kind} of {len(line)} bytes"
        sent = socket.send_fds(self.socket, [line], list(files)) if files else self.socket.send(line)
        if sent < len(line):  # Who has read all of it may be done and gone, and sending nothing would fail then.
            self.socket.sendall(line[sent:])

    def fill(self) -> bool:
        """Waits for more bytes and reads them; False once the other side has closed its end."""
        flags = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
        data, files, result, _ = socket.recv_fds(self.socket, MAX_LINE_BYTES, MAX_FILES, flags)
        self._files += files
        if result & socket.MSG_CTRUNC or len(self._files) > MAX_FILES:
            self._drop_files()
            raise Refused(f"expected at most {MAX_FILES} descriptors, found more")
        self._buffer += data
        return bool(data)

    def take(self) -> tuple[dict, list[int]] | None:
        """The next message with its descriptors, checked, or None if no complete one has arrived yet."""
        end = self._buffer.find(b"\n")
        if end < 0 and len(self._buffer) < MAX_LINE_BYTES:
            return None
        if not 0 <= end < MAX_LINE_BYTES:
            raise Refused(f"expected messages of at most {MAX_LINE_BYTES} bytes, found a longer one")
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        message = parse(line)
        if message["files"] > len(self._files):
            raise Refused(f"expected {message['files']} descriptors with {message['kind']}, got {len(self._files)}")
        files, self._files = self._files[: message["files"]], self._files[message["files"] :]
        return message, files

    def receive(self, kind: str) -> tuple[dict, list[int]]:
        """Waits for a message of this kind. Raises Refused for any other, EOFError at the end."""
        while (found := self.take()) is None:
            if not self.fill():
                raise EOFError(f"expected the message {kind}, but the other side has gone")
        if found[0]["kind"] != kind:
            raise Refused(f"expected the message {kind}, got {found[0]['kind']}")
        return found

    def close(self) -> None:
        """Closes the socket and the descriptors that no message claimed."""
        self.socket.close()
        self._drop_files()

    def _drop_files(self) -> None:
        discard(self._files)
        self._files = []


def parse(line: bytes) -> dict:
    """One message, checked field by field: exactly the expected fields, each of its type. Raises Refused."""
    try:
        message = json.loads(line.decode("utf-8"), object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(f"expected a line of JSON, found something else ({type(error).__name__})") from None
    kind = message.get("kind") if type(message) is dict else None
    if type(kind) is not str or kind not in MESSAGES:
        raise Refused(f"expected a message of {', '.join(MESSAGES)}; found another kind")
    checks = {"files": _is_count, **MESSAGES[kind]}
    if message.keys() != {"kind", *checks}:
        raise Refused(f"expected the fields {', '.join(checks)} in {kind}; found others")
    for field, check in checks.items():
        if not check(message[field]):
            raise Refused(f"the field {field} of {kind} is not what it should be")
    return message


def _without_repeats(pairs: list[tuple[str, object]]) -> dict:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field twice")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(name)


# --- Files ---


def sealed(content: bytes | memoryview | np.ndarray) -> int:
    """A descriptor of a memory file with this content that nobody can write or resize, however it is reopened.

    macOS has no such files: there it is an unlinked temporary file opened for reading, which protects less.
    """
    content = np.ascontiguousarray(content) if isinstance(content, np.ndarray) else content
    view = memoryview(content).cast("B") if len(content) else memoryview(b"")
    if not hasattr(os, "memfd_create"):
        with tempfile.NamedTemporaryFile() as file:
            file.write(view)
            file.flush()
            return os.open(file.name, os.O_RDONLY | os.O_CLOEXEC)
    file = os.memfd_create("text", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    write_all(file, view)
    everything = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    _add_seals(file, everything)
    return file


def _add_seals(file: int, seals: int) -> None:
    """Seals a memory file. While the kernel moves its pages, as a busy machine does, it refuses: then tries again."""
    for _ in range(SEALING_TRIES):
        try:
            fcntl.fcntl(file, fcntl.F_ADD_SEALS, seals)
            return
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            time.sleep(SEALING_PAUSE_S)
    raise OSError(errno.EBUSY, "a memory file cannot be sealed: the kernel keeps using its pages")


def blank(size: int) -> int:
    """A descriptor of a memory file of zeros, to be filled by the other side; its size is fixed (not on macOS)."""
    if not hasattr(os, "memfd_create"):
        with tempfile.TemporaryFile() as file:
            os.truncate(file.fileno(), size)
            return os.dup(file.fileno())
    file = os.memfd_create("answer", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.truncate(file, size)
    _add_seals(file, fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    return file


def write_all(file: int, content: bytes | memoryview, offset: int = 0) -> None:
    """Writes everything at the offset; a single system call may write less."""
    view = memoryview(content)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written


def discard(files: Sequence[int]) -> None:
    """Closes descriptors from the other side, beside the caller: closing a socket may wait for as long as it says."""
    for file in files:
        threading.Thread(target=os.close, args=[file], daemon=True).start()


def copy_file(file: int, limit: int, stop: Callable[[], None] = lambda: None) -> bytearray:
    """The content of a descriptor from the other side: a regular file without other names, of 1 to `limit` bytes.

    `stop` is called between chunks and may raise. Uses pread: a mapping would fault if the file shrinks.
    """
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        raise Refused("expected a regular file without other links, found something else")
    if not 0 < found.st_size <= limit:
        raise Refused(f"expected a file of 1 to {limit} bytes, found {found.st_size}")
    content = bytearray(found.st_size)
    view = memoryview(content)
    done = 0
    while done < len(content):
        stop()
        try:
            got = os.preadv(file, [view[done : done + CHUNK_BYTES]], done)
        except OSError as error:
            raise Refused(f"expected a file that can be read, found one that cannot: {error.strerror}") from None
        if got == 0:
            raise Refused(f"expected a file of {len(content)} bytes, found only {done}")
        done += got
    return content


def read_array(file: int, dtype: str, *shape: int) -> np.ndarray:
    """A descriptor from the referee as an array of this shape (one -1 is inferred)."""
    content = copy_file(file, MAX_FILE_BYTES)
    return np.frombuffer(content, dtype=dtype).reshape(shape)


def read_shaped(file: int, dtype: str, *shape: int) -> np.ndarray:
    """The same where the whole shape is known: with no other system call than pread, as a sealed process needs."""
    array = np.empty(shape, dtype)
    view = memoryview(array).cast("B") if array.size else memoryview(b"")
    done = 0
    while done < len(view) and (piece := os.pread(file, min(CHUNK_BYTES, len(view) - done), done)):
        view[done : done + len(piece)] = piece
        done += len(piece)
    assert done == len(view), f"a file of {done} bytes, expected {len(view)}"
    return array


# --- Vocabulary: number of ids, length of each, then all their bytes ---


def pack_vocabulary(vocabulary: Sequence[bytes]) -> bytes:
    """The vocabulary (the bytes of each id) as a file."""
    assert 0 < len(vocabulary) <= MAX_VOCABULARY, f"{len(vocabulary)} ids, expected 1 to {MAX_VOCABULARY}"
    lengths = np.array([len(token) for token in vocabulary], dtype="<u2")
    return np.array([len(vocabulary)], dtype="<u4").tobytes() + lengths.tobytes() + b"".join(vocabulary)


def unpack_vocabulary(content: bytes | bytearray) -> list[bytes]:
    """The bytes of each id. Raises Refused if this is not a vocabulary."""
    count = int.from_bytes(content[:4], "little")
    start = 4 + 2 * count
    if not 0 < count <= MAX_VOCABULARY or len(content) < start:
        raise Refused(f"expected a vocabulary of 1 to {MAX_VOCABULARY} ids, found something else")
    ends = start + np.cumsum(np.frombuffer(content, "<u2", count, 4), dtype=np.int64)
    if ends[-1] != len(content):
        raise Refused(f"expected a vocabulary of {ends[-1]} bytes, found {len(content)}")
    return [bytes(content[a:b]) for a, b in zip([start, *ends[:-1]], ends, strict=True)]
