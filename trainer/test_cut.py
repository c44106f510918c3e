"""A text has one encoding under a vocabulary, whoever cuts it."""

import random
from itertools import pairwise

import numpy as np
import prepare
import pytest

import cut

BYTES = [bytes([byte]) for byte in range(256)]


def merge_lowest(vocabulary: list[bytes], piece: bytes) -> list[int]:
    """The definition, word for word: the first two neighbours whose union has the lowest id are merged."""
    rank = {token: number for number, token in enumerate(vocabulary)}
    parts = [bytes([byte]) for byte in piece]
    while True:
        unions = [(rank[a + b], i) for i, (a, b) in enumerate(pairwise(parts)) if a + b in rank]
        if not unions:
            return [rank[part] for part in parts]
        _, i = min(unions)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]


def test_bytes_are_merged_in_the_order_of_the_ids_whatever_the_vocabulary():
    rng = random.Random(1)
    for _ in range(200):
        words = {bytes(rng.choices(b"abc", k=rng.randint(2, 5))) for _ in range(60)}
        tokens = [*BYTES, *words]
        rng.shuffle(tokens)  # Longer tokens may come before shorter ones, and some can never be reached.
        vocabulary = [b"", *tokens]
        text = bytes(rng.choices(b"abc", k=40))
        assert cut.cutter(vocabulary)(text) == merge_lowest(vocabulary, text)


def test_no_byte_is_lost():
    text = bytes(range(256)) * 3 + "déjà vu, 12345 \t\r\n\n  x\x0b\x0c".encode()
    vocabulary = [b"", *BYTES, b"12", b"  ", "é".encode()]
    assert b"".join(vocabulary[token] for token in cut.cutter(vocabulary)(text)) == text


def test_windows_are_cut_one_by_one():
    counts, ids = cut.cut_windows([b"", *BYTES, b"ab"], b"xaby", np.array([0, 2, 4]))
    assert counts.tolist() == [2, 2]  # "ab" is divided between two windows.
    assert ids.tolist() == [1 + byte for byte in b"xaby"]


@pytest.mark.parametrize(
    ("vocabulary", "said"),
    [
        ([], "id 0"),
        (BYTES, "id 0"),
        ([b"", *BYTES, b""], "every id but 0"),
        ([b"", *BYTES, b"a"], "twice"),
        ([b"", *BYTES[1:]], "every single byte"),
        ([b"", *BYTES, b"a" * 129], "at most 128 bytes"),
        ([b"", *BYTES, *(b"%064d" % n for n in range(32768))], "at most 2097152 bytes"),
        ([b"", *BYTES, *(b"a" * n + b"b" * m for n in range(99) for m in range(129 - n) if n + m > 1)], "pairs of ids"),
    ],
)
def test_a_vocabulary_that_leaves_a_choice_or_a_gap_is_named(vocabulary: list[bytes], said: str):
    assert said in cut.why_unusable(vocabulary)
    with pytest.raises(ValueError, match=said):
        prepare.Run.cutter(vocabulary)
