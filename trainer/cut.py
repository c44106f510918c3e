"""How text is cut into tokens: by merging bytes in the order of a vocabulary, the same way for candidate and referee.

A tokenizer is declared by its vocabulary alone: id 0 starts every window and stands for no bytes, and every other id
stands for bytes of its own. A piece of text starts as single bytes; again and again the two neighbours are merged whose
union has the lowest id, until no union is in the vocabulary (byte-pair encoding; Sennrich et al. 2016). So a text has
one encoding, and a candidate has no choice left once its vocabulary is frozen.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from tokenizers import models

# A piece is a word with its space, a short number, a run of marks, or a line break with its indentation. Bytes beyond
# ASCII count as letters.
WORDS = re.compile(
    rb" ?[A-Za-z\x80-\xff]+| ?[0-9]{1,3}| ?[^\sA-Za-z0-9\x80-\xff]+|[\r\n]+[ \t]*|[ \t]+|[^\S \t\r\n]+", re.DOTALL
)
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
    return None


def cutter(vocabulary: Sequence[bytes]) -> Callable[[bytes], list[int]]:
    """A function that cuts text into ids. The vocabulary must be usable."""
    rank = {token: number for number, token in enumerate(vocabulary)}
    named = {_name(token): number for token, number in rank.items() if token}
    merges = [
        (_name(token[:i]), _name(token[i:]))
        for token in vocabulary
        for i in range(1, len(token))
        if token[:i] in rank and token[i:] in rank
    ]
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
