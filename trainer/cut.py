"""How text is cut into tokens: by merging bytes in the order of a vocabulary, the same way for candidate and referee.

A tokenizer is declared by its vocabulary alone: id 0 starts every window and stands for no bytes, and every other id
stands for bytes of its own. A piece of text starts as single bytes; again and again the two neighbours are merged whose
union has the lowest id, until no union is in the vocabulary (byte-pair encoding; Sennrich et al. 2016). So a text has
one encoding, and a candidate has no choice left once its vocabulary is frozen.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, pairwise

import numpy as np
from tokenizers import models

# A piece is a word with its space, a short number, a run of marks, or a line break with its indentation. Bytes beyond
# ASCII count as letters.
WORDS = re.compile(
    rb" ?[A-Za-z\x80-\xff]+| ?[0-9]{1,3}| ?[^\sA-Za-z0-9\x80-\xff]+|[\r\n]+[ \t]*|[ \t]+|[^\S \t\r\n]+", re.DOTALL
)
# Bounds on the work that a vocabulary makes: learned ones have tokens of some 30 bytes and a merge or two for each.
MAX_TOKEN_BYTES = 128
MAX_VOCABULARY_BYTES = 2**21
MAX_MERGES = 2**18
REMEMBERED = 2**18  # Pieces whose tokens are remembered; text repeats its words.
_NAMES = [chr(256 + byte) for byte in range(256)]  # Each byte as one character, as the library wants it.


def why_unusable(vocabulary: Sequence[bytes]) -> str | None:
    """What is wrong with a declared vocabulary, or None."""
    if not vocabulary or vocabulary[0] != b"":
        return "expected id 0 to stand for no bytes: it starts every window"
    if b"" in vocabulary[1:]:
        return "expected every id but 0 to stand for bytes"
    if len(set(vocabulary)) != len(vocabulary):
        return "expected every id to stand for bytes of its own, found the same bytes twice"
    if not {bytes([byte]) for byte in range(256)} <= set(vocabulary):
        return "expected every single byte in the vocabulary, so that every text can be cut"
    if max(map(len, vocabulary)) > MAX_TOKEN_BYTES:
        return f"expected ids of at most {MAX_TOKEN_BYTES} bytes, found one of {max(map(len, vocabulary))}"
    if sum(map(len, vocabulary)) > MAX_VOCABULARY_BYTES:
        return f"expected at most {MAX_VOCABULARY_BYTES} bytes in all ids together, found {sum(map(len, vocabulary))}"
    if next(islice(_merges(vocabulary), MAX_MERGES, None), None):
        return f"expected at most {MAX_MERGES} pairs of ids that merge into another, found more"
    return None


def _merges(vocabulary: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The pairs of ids whose union is an id, in the order of that one."""
    known = set(vocabulary)
    for token in vocabulary:
        for i in range(1, len(token)):
            if token[:i] in known and token[i:] in known:
                yield token[:i], token[i:]


def cutter(vocabulary: Sequence[bytes]) -> Callable[[bytes], list[int]]:
    """A function that cuts text into ids. The vocabulary must be usable."""
    named = {_name(token): number for number, token in enumerate(vocabulary) if token}
    merges = [(_name(a), _name(b)) for a, b in _merges(vocabulary)]
    model = models.BPE(vocab=named, merges=merges)
    known: dict[bytes, list[int]] = {}

    def cut(text: bytes) -> list[int]:
        ids: list[int] = []
        for piece in WORDS.findall(text):
            found = known.get(piece)
            if found is None:
                found = [token.id for token in model.tokenize(_name(piece))]
                if len(known) < REMEMBERED:
                    known[piece] = found
            ids += found
        return ids

    return cut


def cut_windows(vocabulary: Sequence[bytes], text: bytes, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts (windows,) and ids (all windows,) int64 of the windows text[offsets[i] : offsets[i + 1]]."""
    cut = cutter(vocabulary)
    rows = [cut(text[start:end]) for start, end in pairwise(offsets)]
    return np.array([len(row) for row in rows], np.int64), np.concatenate([np.array(row, np.int64) for row in rows])


def _name(token: bytes) -> str:
    return "".join([_NAMES[byte] for byte in token])
