"""What a score is: a verified code length. The tokens decode to the text, and each of them has a cost."""

import math
import os
from dataclasses import dataclass

import numpy as np

from candidate import Crash
from dataset import Text
from wire import Refused, answer_layout


@dataclass(frozen=True)
class Answer:
    """The candidate's code for all windows: token ids, and what it claims each costs in nats."""

    counts: np.ndarray  # (windows,) int64: ids in each window
    ids: np.ndarray  # (ids of all windows,) int64
    sizes: np.ndarray  # (ids of all windows,) int64: bytes of each of them
    nats: np.ndarray  # (ids of all windows,) float64


def read_exactly(file: int, size: int) -> bytes:
    """All bytes of an answer. Raises Refused if its size has changed."""
    if os.fstat(file).st_size != size:
        raise Refused(f"expected an answer of {size} bytes, found another size")
    pieces = []
    while size > 0:
        pieces.append(os.pread(file, min(size, 2**24), sum(map(len, pieces))))
        if not pieces[-1]:
            raise Refused("expected more bytes in the answer")
        size -= len(pieces[-1])
    return b"".join(pieces)


def read_answer(file: int, windows: Text, vocabulary: list[bytes]) -> Answer:
    """Checks an answer: its tokens' bytes are the windows', its nats are finite and not negative.

    Raises Refused, or Crash for NaN (the score of a diverged model).
    """
    rows = len(windows.offsets) - 1
    capacity, size = answer_layout(rows, len(windows.text))
    content = read_exactly(file, size)
    counts = np.frombuffer(content, "<i4", rows).astype(np.int64)
    if counts.min() < 1 or (counts > np.diff(windows.offsets) + 1).any():
        raise Refused("expected counts of at least one token in each window, and at most one more than its bytes")
    total = int(counts.sum())
    ids = np.frombuffer(content, "<i4", total, 4 * rows).astype(np.int64)
    nats = np.frombuffer(content, "<f8", total, 4 * rows + 4 * capacity)
    if ids.min() < 0 or ids.max() >= len(vocabulary):
        raise Refused(f"expected token ids below {len(vocabulary)}, found others")
    if not np.isfinite(nats).all():
        raise Crash("not a number", "the model predicts not-a-number or impossible tokens: it has diverged")
    if nats.min() < 0:
        raise Refused("expected costs of at least 0 nats, found a negative one")
    sizes = np.array([len(token) for token in vocabulary])[ids]
    if not np.array_equal(np.cumsum(sizes)[np.cumsum(counts) - 1], windows.offsets[1:]):
        raise Refused("expected tokens that stand for the windows' bytes, found other lengths")
    if b"".join(vocabulary[token] for token in ids.tolist()) != windows.text:
        raise Refused("expected tokens that stand for the windows' bytes, found other bytes")
    return Answer(counts, ids, sizes, nats)


def bits_per_byte(nats: float, text_bytes: int) -> float:
    """Converts the nats of a text's code to bits per byte of the text."""
    return nats / math.log(2) / text_bytes
