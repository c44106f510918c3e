"""What a score is: a code length. The referee cuts the text into tokens, and each of them is paid for."""

import math
import os
from dataclasses import dataclass

import numpy as np

import cut
from candidate import Crash
from dataset import Text
from wire import Refused

MAX_NATS = 1e6  # For one token: a model that is this wrong has diverged, and the sum stays a number that can be shown.


@dataclass(frozen=True)
class Rows:
    """Windows of held-out text, cut into the tokens of a candidate's vocabulary."""

    counts: np.ndarray  # (windows,) int64: tokens in each window
    ids: np.ndarray  # (tokens of all windows,) int64
    sizes: np.ndarray  # (tokens of all windows,) int64: bytes that each of them stands for
    text_bytes: int

    @property
    def starts(self) -> np.ndarray:
        """(windows,) int64: where each window's tokens begin."""
        return np.cumsum(self.counts) - self.counts

    @property
    def windows(self) -> np.ndarray:
        """(tokens of all windows,) int64: the window that each token is in."""
        return np.repeat(np.arange(len(self.counts)), self.counts)


def cut_rows(vocabulary: list[bytes], text: Text) -> Rows:
    """The windows as rows of tokens."""
    counts, ids = cut.cut_windows(vocabulary, text.text, text.offsets)
    sizes = np.array([len(token) for token in vocabulary], np.int64)[ids]
    return Rows(counts, ids, sizes, len(text.text))


def chosen_rows(rows: Rows, chosen: np.ndarray) -> Rows:
    """The windows with these numbers, in this order."""
    starts = rows.starts
    places = np.concatenate([np.arange(starts[w], starts[w] + rows.counts[w]) for w in chosen])
    sizes = rows.sizes[places]
    return Rows(rows.counts[chosen], rows.ids[places], sizes, int(sizes.sum()))


def joined(a: Rows, b: Rows) -> Rows:
    """The windows of both, b's behind a's."""
    both = [np.concatenate([getattr(a, name), getattr(b, name)]) for name in ("counts", "ids", "sizes")]
    return Rows(*both, a.text_bytes + b.text_bytes)


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


def read_nats(content: bytes) -> np.ndarray:
    """(tokens,) float64: an answer in bulk. Raises Refused for negative nats, Crash for a model that has diverged."""
    nats = np.frombuffer(content, "<f8")
    if not (nats <= MAX_NATS).all():
        raise Crash("not a number", "the model predicts not-a-number or impossible tokens: it has diverged")
    if nats.min() < 0:
        raise Refused("expected costs of at least 0 nats, found a negative one")
    return nats


def bits_per_byte(nats: float, text_bytes: int) -> float:
    """Converts the nats of a text's code to bits per byte of the text."""
    return nats / math.log(2) / text_bytes
