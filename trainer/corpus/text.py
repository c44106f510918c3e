"""What every source of text provides, and how names are assigned to splits."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SPLITS = ("train", "val", "test")
HELD_OUT_PERCENT = 10  # Share of the names, for val and for test each.


@dataclass(frozen=True)
class Corpus:
    """The text of a source, before it is read."""

    inputs: str  # Hash of whatever determines the text.
    train_bytes: int  # Approximate amount of training text; sets how sparse the tokenizer's sample is.
    documents: Callable[[str], Iterator[str]]  # Split -> its documents in a fixed order; can be called again.


def split_of_name(name: str, salt: str = "") -> str:
    """The split for a name, which alone decides: a tenth is val, a tenth test, the rest train."""
    bucket = int.from_bytes(hashlib.sha256(f"{salt} {name}".encode()).digest()[:4], "big") % 100
    if bucket < HELD_OUT_PERCENT:
        return "val"
    return "test" if bucket < 2 * HELD_OUT_PERCENT else "train"


def hash_of(content: str | bytes) -> str:
    """SHA-256 in hexadecimal; of text, its UTF-8."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
