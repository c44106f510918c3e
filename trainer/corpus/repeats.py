"""Held-out text that stands in the training text, too, and the training documents that go because of it.

Every run of RUN_BYTES bytes of held-out text is known by a 64-bit hash. Training documents are read once, in batches:
how much of each is covered by such runs, and for each run, how much of the document is covered that repeats least and
has it. From these follow, for every limit, how much training text would go and how much held-out text would stay
repeated. Memory depends on the held-out text alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

RUN_BYTES = 50
LIMIT = 0.1  # Training documents go of which a larger share stands in held-out text,
MOST_LOST = 0.02  # but no more than this share of the training text: the limit rises until it fits.
STEPS = 250  # A share is kept in so many steps, rounded up.
NOWHERE = 255  # For a run that no training document has.
BATCH_BYTES = 2**22  # Read at once.
FILTER_BYTES = 8  # Per known hash: of the others only one in so many has to be looked up.
_DOUBLED = 32  # The hash of a run is made of two of these, which overlap.
_MIX = [0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xA24BAED4963EE407, 0x2545F4914F6CDD1D, 0xC2B2AE3D27D4EB4F]


class Repeats:
    """What held-out and training text have in common."""

    def __init__(self, held_out: Mapping[str, Sequence[str]]):
        """held_out: split -> its documents."""
        self._held_out = held_out
        hashes = [hashes_of(*batch)[0] for documents in held_out.values() for batch in _batches(documents)]
        known = np.concatenate([np.zeros(0, np.uint64), *hashes])
        del hashes
        known.sort()  # In place: there are many.
        self._known = known[np.diff(known, prepend=~known[:1]) != 0]
        self._least = np.full(len(self._known), NOWHERE, np.uint8)
        bits = max(16, (FILTER_BYTES * len(self._known)).bit_length())
        self._shift = np.uint64(64 - bits)  # The filter goes by the first bits of a hash.
        self._filter = np.zeros(1 << bits, bool)
        self._filter[self._known >> self._shift] = True
        self._bytes_of_steps = np.zeros(STEPS + 1, np.int64)  # Training text by how much of its document is repeated.
        self._steps: list[np.ndarray] = []  # The same for each training document.

    def read(self, documents: Iterable[str]) -> None:
        """Reads training documents, in their order."""
        for text, ends in _batches(documents):
            hashes, starts = hashes_of(text, ends)
            found, place = self._find(hashes)
            covered = _covered(starts[found], len(text))
            sizes = np.diff(ends)
            repeated = np.diff(np.concatenate([[0], np.cumsum(covered)])[ends])
            steps = np.ceil(STEPS * repeated / np.maximum(sizes, 1)).astype(np.uint8)
            np.minimum.at(self._least, place, np.repeat(steps, sizes)[starts[found]])
            self._bytes_of_steps += np.bincount(steps, weights=sizes, minlength=STEPS + 1).astype(np.int64)
            self._steps.append(steps)

    def kept(self, documents: Iterable[str]) -> Iterator[str]:
        """Those of the documents that were read which stay."""
        shares = (step for steps in self._steps for step in steps.tolist())
        limit = self._limit
        yield from (text for text, step in zip(documents, shares, strict=True) if step <= limit)

    def summary(self) -> dict[str, float | int]:
        """For the manifest: what went, and the share of each held-out split that still stands in the training text."""
        steps = np.concatenate([np.zeros(0, np.uint8), *self._steps])
        limit = self._limit
        return {
            "run_bytes": RUN_BYTES,
            "dropped_documents": int((steps > limit).sum()),
            "dropped_share": self._lost(limit),
            **{split: self._remaining(documents, limit) for split, documents in self._held_out.items()},
        }

    @property
    def _limit(self) -> int:
        return next(step for step in range(round(LIMIT * STEPS), STEPS + 1) if self._lost(step) <= MOST_LOST)

    def _lost(self, limit: int) -> float:
        """Share of the training text in documents beyond the limit."""
        return float(self._bytes_of_steps[limit + 1 :].sum() / max(1, self._bytes_of_steps.sum()))

    def _remaining(self, documents: Sequence[str], limit: int) -> float:
        """Share of these documents' bytes in runs that the training documents within the limit have."""
        repeated, total = 0, 0
        for text, ends in _batches(documents):
            hashes, starts = hashes_of(text, ends)
            stays = self._least[np.searchsorted(self._known, hashes)] <= limit
            repeated += int(_covered(starts[stays], len(text)).sum())
            total += len(text)
        return repeated / max(1, total)

    def _find(self, hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which of the hashes are known, and where they are among those."""
        candidates = np.flatnonzero(self._filter[hashes >> self._shift])
        places = np.searchsorted(self._known, hashes[candidates])
        known = np.minimum(places, len(self._known) - 1)
        same = self._known[known] == hashes[candidates] if len(self._known) else np.zeros(0, bool)
        return candidates[same], known[same]


def hashes_of(text: bytes, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of all runs of RUN_BYTES bytes that lie in one document, and where they start.

    ends: (documents + 1,) where documents begin and end.
    """
    count = len(text) - RUN_BYTES + 1
    if count <= 0:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    with np.errstate(over="ignore"):
        hashes = (np.frombuffer(text, np.uint8).astype(np.uint64) + np.uint64(1)) * np.uint64(_MIX[0])
        length = 1
        for factor in _MIX:  # The hash of twice the length, from those of its halves.
            hashes = hashes[:-length] * np.uint64(factor) + hashes[length:]
            hashes ^= hashes >> np.uint64(29)
            length *= 2
        rest = RUN_BYTES - _DOUBLED
        hashes = hashes[:-rest] * np.uint64(_MIX[1]) + hashes[rest:]
        hashes *= np.uint64(_MIX[2])
    inside = np.ones(count, bool)
    for end in ends[1:-1]:
        inside[max(0, end - RUN_BYTES + 1) : end] = False
    return hashes[inside], np.flatnonzero(inside)


def _covered(starts: np.ndarray, length: int) -> np.ndarray:
    """(length,) bool: which bytes lie in one of the runs."""
    changes = np.zeros(length + 1, np.int32)
    changes[starts] += 1
    changes[starts + RUN_BYTES] -= 1
    return np.cumsum(changes[:-1]) > 0


def _batches(documents: Iterable[str]) -> Iterator[tuple[bytes, np.ndarray]]:
    """Documents joined, and (documents + 1,) int64 where each begins and ends."""
    batch: list[bytes] = []
    size = 0
    for text in documents:
        batch.append(text.encode())
        size += len(batch[-1])
        if size >= BATCH_BYTES:
            yield _joined(batch)
            batch, size = [], 0
    if batch:
        yield _joined(batch)


def _joined(batch: list[bytes]) -> tuple[bytes, np.ndarray]:
    return b"".join(batch), np.cumsum([0, *map(len, batch)])
