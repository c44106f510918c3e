"""The prepared text as the referee sees it: training documents in the seed's order, held-out windows. No torch here."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import source

FORMAT = 3  # Format of the prepared data that this file reads.
BOS = 0  # Token that starts every document and every window; it has no bytes.
MACHINE_FAULT = 78  # Exit status for a machine fault (EX_CONFIG).
WINDOW = 256  # Tokens of the prepared tokenizer in one held-out window.
# Windows that are scored, at least and at most, to limit the work on each kind of device; in between, so many for each
# second of training: an audit finds smaller lies among more windows, and takes longer.
WINDOWS = {"cpu": (160, 1024), "mps": (1024, 1024), "cuda": (4096, 4096)}
WINDOWS_PER_S = 4.0
MAX_COUNTED_TOKENS = 2**23  # Of the training text, for `simple_nats`.


class MachineFault(SystemExit):
    """Something is wrong with this machine, not with the candidate. The process exits with status 78."""

    def __init__(self, message: str):
        super().__init__(MACHINE_FAULT)
        self.message = message
        print(f"machine fault: {message}", file=sys.stderr, flush=True)


class Busy(MachineFault):
    """Something came too late because other programs keep the machine busy."""


@dataclass(frozen=True)
class Text:
    """Stretches of text, one after the other. Stretch i is text[offsets[i] : offsets[i + 1]]."""

    text: bytes
    offsets: np.ndarray  # (stretches + 1,) int64, in bytes
    tokens: np.ndarray  # uint16: documents one after the other, each after a BOS; or windows of shape (n, WINDOW)


def data_folder() -> Path:
    """Where the prepared data is or should be: AUTORESEARCH_DATA, the user's cache, or .autoresearch/data above."""
    named = os.environ.get("AUTORESEARCH_DATA")
    if named:
        return Path(named)
    cached = Path.home() / ".cache" / "autoresearch" / "data"
    above = [parent / ".autoresearch" / "data" for parent in Path(__file__).resolve().parents]
    return next((folder for folder in [cached, *above] if (folder / "manifest.json").is_file()), cached)


def read_manifest(data: Path) -> dict:
    """The manifest of the prepared data. Raises MachineFault if there is none, or in another format.

    If the folder is the default one, it must hold the source that the repository asks for.
    """
    path = data / "manifest.json"
    # Without the path of this file: on a runner it is gone when the job has ended.
    how = f"run `python3 trainer/prepare.py --out {data}` in a clone of the repository, as the runner's user"
    if not path.is_file():
        raise MachineFault(f"no prepared data in {data}; {how}")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if manifest.get("format") != FORMAT:
        raise MachineFault(
            f"expected prepared data of format {FORMAT} in {data}, found {manifest.get('format')}; {how}"
        )
    if data == data_folder():
        _expect_source(manifest["source"], data, how)
    return manifest


def _expect_source(found: str, data: Path, how: str) -> None:
    try:
        wanted = str(source.wanted())
    except source.DataError as error:
        raise MachineFault(str(error)) from None
    if found != wanted:
        raise MachineFault(
            f"expected the text {wanted!r} in {data}, as {source.PYPROJECT} asks for, found {found!r}; {how}"
        )


def read_vocabulary(data: Path) -> list[bytes]:
    """The bytes of each id of the prepared tokenizer. Byte-level BPE writes each byte as one character."""
    vocabulary = json.loads((data / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    byte_of = _byte_of_character()
    tokens = [b""] * len(vocabulary)
    for name, number in vocabulary.items():
        if number != BOS:
            tokens[number] = bytes(byte_of[character] for character in name)
    return tokens


def _byte_of_character() -> dict[str, int]:
    """How byte-level BPE writes bytes: printable ones as themselves, the others as the characters from 256 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(printable)]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


def training_text(data: Path, vocabulary: list[bytes], seed: int) -> Text:
    """All training documents, in an order set by the seed: one copy of what is on disk, without decoding."""
    offsets = np.load(data / "train.offsets.npy")
    order = np.random.default_rng(seed).permutation(len(offsets) - 1)
    in_tokens, in_bytes = offsets[:, 0], offsets[:, 1]
    tokens = _in_order(np.load(data / "train.tokens.npy", mmap_mode="r"), in_tokens, order)
    text = _in_order(np.memmap(data / "train.txt", dtype=np.uint8, mode="r"), in_bytes, order)
    ends = np.cumsum(np.diff(in_bytes)[order])
    return Text(text, np.concatenate([[0], ends]), np.frombuffer(tokens, dtype="<u2"))


def _in_order(array: np.ndarray, offsets: np.ndarray, order: np.ndarray) -> bytes:
    """The stretches between the offsets, in this order, joined."""
    view = memoryview(array)
    starts, ends = offsets[:-1][order].tolist(), offsets[1:][order].tolist()
    return b"".join([view[start:end] for start, end in zip(starts, ends, strict=True)])


def most_windows(device: str, budget: float) -> int:
    """Windows of each split that are scored on this device, at most, at a budget in seconds."""
    least, most = WINDOWS[device]
    return min(most, max(least, round(WINDOWS_PER_S * budget)))


def held_out_windows(data: Path, vocabulary: list[bytes], split: str, most: int) -> Text:
    """Windows of WINDOW tokens, each inside one held-out document.

    The same for every candidate: cut one after the other, repeats dropped, shuffled by a fixed seed.
    Raises MachineFault if there is none.
    """
    tokens = np.load(data / f"{split}.tokens.npy")
    offsets = np.load(data / f"{split}.offsets.npy")[:, 0]
    windows: dict[bytes, np.ndarray] = {}
    for start, end in zip(offsets[:-1] + 1, offsets[1:], strict=True):  # After the document's own BOS.
        for first in range(start, end - WINDOW + 1, WINDOW):
            window = tokens[first : first + WINDOW]
            windows.setdefault(window.tobytes(), window)
    if not windows:
        raise MachineFault(f"expected documents of at least {WINDOW} tokens for {split} in {data}, found none")
    order = np.random.default_rng(0).permutation(len(windows))[:most]
    cut = np.stack(list(windows.values()))[order]
    text, ends = _decode(cut.ravel(), vocabulary)
    return Text(text, np.concatenate([[0], ends[WINDOW - 1 :: WINDOW]]), cut)


def simple_nats(data: Path, vocabulary: list[bytes], windows: Text) -> np.ndarray:
    """(bytes of the windows,) nats: what each costs by how often its token followed the one before it in training text.

    For an audit where nobody has measured the champion: what a candidate claims to know better is known nevertheless.
    """
    size = len(vocabulary)
    before = np.pad(windows.tokens[:, :-1], ((0, 0), (1, 0)), constant_values=BOS).astype(np.int64)
    wanted, place = np.unique(before * size + windows.tokens, return_inverse=True)
    read = np.load(data / "train.tokens.npy", mmap_mode="r")[:MAX_COUNTED_TOKENS].astype(np.int64)
    pairs = read[:-1] * size + read[1:]
    found = np.minimum(np.searchsorted(wanted, pairs), len(wanted) - 1)
    count = np.bincount(found[wanted[found] == pairs], minlength=len(wanted))
    seen = np.bincount(read[:-1], minlength=size)
    single = (np.bincount(read[1:], minlength=size) + 0.5) / (len(read) + 0.5 * size)
    first, second = np.divmod(wanted, size)
    nats = -np.log((count + single[second]) / (seen[first] + 1))[place].ravel()
    lengths = np.array([len(token) for token in vocabulary])[windows.tokens.ravel()]
    return np.repeat(nats / lengths, lengths)


def _decode(tokens: np.ndarray, vocabulary: list[bytes]) -> tuple[bytes, np.ndarray]:
    """The text of the tokens, and where each token ends in it, in bytes."""
    lengths = np.array([len(token) for token in vocabulary])
    starts = np.cumsum(lengths) - lengths
    sizes = lengths[tokens]
    ends = np.cumsum(sizes)
    inside = np.arange(ends[-1]) - np.repeat(ends - sizes, sizes)
    letters = np.frombuffer(b"".join(vocabulary), np.uint8)
    return letters[np.repeat(starts[tokens], sizes) + inside].tobytes(), ends
