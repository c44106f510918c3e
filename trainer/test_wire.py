"""What both sides rely on: messages are what they claim, and files do not change."""

import errno
import fcntl
import mmap
import os
import socket

import pytest
import torch

import weights
import wire

# --- Messages ---


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b'"ready"',
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"kind": "ready"}',
        b'{"kind": "ready", "files": true}',
        b'{"kind": "ready", "files": -1}',
        b'{"kind": "ready", "files": 0, "more": 1}',
        b'{"kind": "ready", "files": 0, "files": 0}',
        b'{"kind": ["ready"], "files": 0}',
        b'{"kind": "merge", "files": 0}',
        b'{"kind": "progress", "files": 0, "step": 1.5, "tokens": 1, "loss": 1, "bpb": 1}',
        b'{"kind": "progress", "files": 0, "step": 1, "tokens": 1, "loss": NaN, "bpb": 1}',
        b'{"kind": "progress", "files": 0, "step": 1, "tokens": 1, "loss": 1, "bpb": 1e999}',
        b'{"kind": "progress", "files": 0, "step": 1, "tokens": 1, "loss": "low", "bpb": 1}',
        b'{"kind": "progress", "files": 0, "step": 1, "tokens": 1, "loss": 1, "bpb": 9e299}',
        b'{"kind": "progress", "files": 0, "step": 1, "tokens": 1, "loss": -2e20, "bpb": 1}',
        b'{"kind": "progress", "files": 0, "step": 1, "tokens": 1, "loss": 1' + b"0" * 400 + b', "bpb": 1}',
        b'{"kind": "progress", "files": 0, "step": 1, "tokens": 9007199254740993, "loss": 1, "bpb": 1}',
        b'{"kind": "done", "files": 2, "stats": {"flops": 1e300}}',
        b'{"kind": "done", "files": 2, "stats": {"a b": 1}}',
        b'{"kind": "done", "files": 2, "stats": {"a": [1]}}',
        b'{"kind": "failed", "files": 0, "reason": "held-out text"}',
    ],
)
def test_a_line_that_is_no_message_is_refused(line: bytes):
    with pytest.raises(wire.Refused):
        wire.parse(line)


def listen(channel: wire.Channel) -> None:
    while channel.fill():
        channel.take()


def test_a_line_without_end_and_a_heap_of_descriptors_are_refused():
    ours, theirs = socket.socketpair()
    theirs.sendall(b"x" * (wire.MAX_LINE_BYTES + 1))
    with pytest.raises(wire.Refused, match="longer"):
        listen(wire.Channel(ours))
    ours, theirs = socket.socketpair()
    for _ in range(3):
        socket.send_fds(theirs, [b"x"], [0] * 5)
    with pytest.raises(wire.Refused, match="descriptors"):
        listen(wire.Channel(ours))


def test_who_reads_a_message_and_goes_at_once_has_been_told(monkeypatch: pytest.MonkeyPatch):
    ours, theirs = socket.socketpair()
    send = socket.send_fds

    def sent_and_gone(*given: object) -> int:
        sent = send(*given)
        theirs.close()
        return sent

    monkeypatch.setattr(wire.socket, "send_fds", sent_and_gone)
    wire.Channel(ours).send("go", [0], budget_s=1.0)
    with pytest.raises(OSError, match="Broken pipe"):
        wire.Channel(ours).send("go", [0], budget_s=1.0)


@pytest.mark.parametrize("content", [b"", b"\0" * 4, b"\1\0\0\0", b"\1\0\0\0\2\0a", b"\1\0\0\0\1\0ab", b"\xff" * 40])
def test_a_file_that_is_no_vocabulary_is_refused(content: bytes):
    with pytest.raises(wire.Refused):
        wire.unpack_vocabulary(content)
    words = [b"", b"a", b"bc"]
    assert wire.unpack_vocabulary(wire.pack_vocabulary(words)) == words


# --- Files ---


def test_texts_cannot_be_written_however_they_are_opened():
    file = wire.sealed(b"text")
    again = os.open(f"/proc/self/fd/{file}", os.O_RDWR)
    for descriptor in (file, again):
        for attempt in (
            lambda: os.pwrite(descriptor, b"x", 0),  # noqa: B023
            lambda: os.ftruncate(descriptor, 0),  # noqa: B023
            lambda: mmap.mmap(descriptor, 4, mmap.MAP_SHARED, mmap.PROT_WRITE),  # noqa: B023
        ):
            with pytest.raises(PermissionError):
                attempt()
    assert os.pread(file, 9, 0) == b"text"


def test_an_answer_keeps_its_size():
    file = wire.blank(16)
    for size in (0, 15, 17):
        with pytest.raises(PermissionError):
            os.ftruncate(file, size)
    with pytest.raises(PermissionError):
        os.pwrite(file, b"x", 16)


def test_weights_survive_the_way_through_a_file_in_their_own_precision():

    model = torch.nn.Sequential(torch.nn.Embedding(5, 3), torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 2).bfloat16())
    other = torch.nn.Sequential(torch.nn.Embedding(5, 3), torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 2).bfloat16())
    with open(os.memfd_create("weights"), "w+b") as file:
        weights.save(model, file)
        weights.load(other, file.fileno())
    for name, value in model.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])
        assert value.dtype == other.state_dict()[name].dtype


def test_a_memory_file_whose_pages_are_in_use_is_sealed_a_moment_later(monkeypatch: pytest.MonkeyPatch):
    real, tries = fcntl.fcntl, []

    def busy(file: int, command: int, *words: int) -> int:
        tries.append(command)
        if len(tries) < 4:
            raise OSError(errno.EBUSY, "busy")
        return real(file, command, *words)

    monkeypatch.setattr(wire.fcntl, "fcntl", busy)
    monkeypatch.setattr(wire, "SEALING_PAUSE_S", 0.0)
    file = wire.sealed(b"text")
    assert len(tries) == 4
    with pytest.raises(PermissionError):
        os.pwrite(file, b"x", 0)
