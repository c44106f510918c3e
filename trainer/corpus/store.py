"""Prepared data on disk: one folder per content, written atomically, never changed, shared by all trials.

prepared/packages-3f2a9c01d4be/   manifest.json, tokenizer.json, and for each split
    train.txt                     the documents one after the other, UTF-8
    train.tokens.npy              (tokens,) uint16: the same in tokens, BOS before each document
    train.offsets.npy             (documents + 1, 2) int64: where each begins, in tokens and in bytes
data -> prepared/packages-3f2a9c01d4be
"""

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

import dataset
from source import DataError, Source

from . import tokenizer as bpe
from .download import hash_of_file
from .repeats import Repeats
from .text import SPLITS, Corpus, hash_of

# Text for val and test each: more than is ever scored (4,096 windows of about 800 bytes).
MAX_HELD_OUT_BYTES = 12_000_000
MIN_WINDOWS = 32  # Per split: fewer say nothing about a model.
WINDOW_BYTES = 3 * dataset.WINDOW  # Approximate.
BATCH_CHARS = 4_000_000  # Passed to the tokenizer at once.
SHOW_EVERY_BYTES = 50_000_000

Say = Callable[[str], None]


def write(corpus: Corpus, source: Source, store: Path, say: Say) -> Path:
    """The folder with the prepared corpus, written if it does not exist. Raises DataError."""
    key = hash_of(json.dumps([dataset.FORMAT, str(source), corpus.inputs]))
    folder = store / f"{source.kind}-{key[:12]}"
    if (folder / "manifest.json").is_file():
        say(f"{source} is prepared already")
        return folder
    store.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=store))
    try:
        tokenizer, splits, repeats = _fill(staging, corpus, source, say)
        files = {file.name: hash_of_file(file) for file in sorted(staging.iterdir())}
        manifest = {
            "format": dataset.FORMAT,
            "source": str(source),
            "digest": hash_of(json.dumps([dataset.FORMAT, files], sort_keys=True)),
            "vocab_size": tokenizer.get_vocab_size(),
            "splits": splits,
            "repeats": repeats,
            "files": files,
        }
        (staging / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        for file in staging.iterdir():
            file.chmod(0o444)
        staging.chmod(0o755)
        try:
            staging.rename(folder)
        except OSError:  # Another process prepared the same meanwhile; its files are just as good.
            if not (folder / "manifest.json").is_file():
                raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return folder


def point(link: Path, folder: Path) -> None:
    """Points `link` to the folder, atomically. Raises DataError if something else is in its place."""
    if link.is_dir() and not link.is_symlink():
        if _is_earlier_data(link):
            shutil.rmtree(link)
        elif not any(link.iterdir()):
            link.rmdir()
    if link.exists() and not link.is_symlink():
        raise DataError(f"expected {link} to be prepared data or nothing, found something else; choose another --out")
    fresh = link.with_name(f".{link.name}-{secrets.token_hex(4)}")
    fresh.symlink_to(os.path.relpath(folder, link.parent))
    fresh.replace(link)


def _is_earlier_data(folder: Path) -> bool:
    """Whether the folder is prepared data of an earlier format, which was stored here directly, and nothing else."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        listed = {"manifest.json", *manifest["files"]}
        earlier = manifest["format"] < dataset.FORMAT and "tokenizer.json" in listed
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return earlier and {path.name for path in folder.iterdir()} <= listed


def _fill(folder: Path, corpus: Corpus, source: Source, say: Say) -> tuple[Tokenizer, dict[str, dict], dict]:
    """Writes tokenizer and splits, held-out ones first: their text goes nowhere else."""
    seen: set[str] = set()
    held_out = {}
    for split in SPLITS[1:]:
        held_out[split] = list(_limited(_unseen(corpus.documents(split), seen), MAX_HELD_OUT_BYTES))
    repeats = Repeats(held_out)
    repeats.read(corpus.documents("train"))
    say(_described(summary := repeats.summary()))
    kept = lambda: repeats.kept(corpus.documents("train"))  # noqa: E731
    sample = bpe.sample(kept(), corpus.train_bytes)
    tokenizer = bpe.learn(text for text in sample if hash_of(text) not in seen)
    tokenizer.save(str(folder / "tokenizer.json"))
    say(f"learned a tokenizer of {tokenizer.get_vocab_size()} tokens")
    streams = {**held_out, "train": _unseen(kept(), seen)}
    counts = {}
    for split, documents in streams.items():
        counts[split] = write_split(folder, split, documents, tokenizer, say)
        _expect_enough(split, counts[split], source)
    return tokenizer, counts, summary


def _described(repeats: dict) -> str:
    rest = " and ".join(f"{repeats[split]:.1%} of {split}" for split in SPLITS[1:])
    return (
        f"left out {repeats['dropped_documents']} training documents ({repeats['dropped_share']:.1%} of the text) that "
        f"repeat held-out text; {rest} is still in the training text, by runs of {repeats['run_bytes']} bytes"
    )


def _unseen(documents: Iterable[str], seen: set[str]) -> Iterator[str]:
    """Each text once, without blank ones."""
    for text in documents:
        key = hash_of(text)
        if key not in seen and text.strip():
            seen.add(key)
            yield text


def _limited(documents: Iterable[str], most_bytes: int) -> Iterator[str]:
    for text in documents:
        most_bytes -= len(text.encode())
        if most_bytes < 0:
            return
        yield text


def write_split(folder: Path, split: str, documents: Iterable[str], tokenizer: Tokenizer, say: Say) -> dict[str, int]:
    """Writes one split, in batches. Returns the numbers of documents, bytes, tokens and windows. Raises DataError."""
    lengths = _token_lengths(tokenizer)
    ends = [np.zeros((1, 2), dtype=np.int64)]
    windows, shown = 0, 0
    with (folder / f"{split}.txt").open("wb") as text, (folder / f"{split}.tokens.npy").open("wb") as tokens:
        _write_header(tokens, 0)
        for batch in _batches(documents):
            encoded = [np.array([0, *e.ids], dtype="<u2") for e in tokenizer.encode_batch_fast(batch)]
            contents = [document.encode() for document in batch]
            sizes = np.array([[len(t), len(c)] for t, c in zip(encoded, contents, strict=True)])
            flat = np.concatenate(encoded)
            if lengths[flat].sum() != sizes[:, 1].sum():
                raise DataError(f"expected tokens that stand for all bytes of {split}; the tokenizer loses text")
            tokens.write(flat)
            text.write(b"".join(contents))
            ends.append(ends[-1][-1] + np.cumsum(sizes, axis=0))
            windows += int(((sizes[:, 0] - 1) // dataset.WINDOW).sum())
            if ends[-1][-1, 1] - shown > SHOW_EVERY_BYTES:
                shown = ends[-1][-1, 1]
                say(f"tokenized {shown / 1e6:.0f} MB of {split}")
        offsets = np.concatenate(ends)
        tokens.seek(0)
        _write_header(tokens, int(offsets[-1, 0]))
    np.save(folder / f"{split}.offsets.npy", offsets)
    count = {"documents": len(offsets) - 1, "bytes": int(offsets[-1, 1]), "tokens": int(offsets[-1, 0])}
    say(f"tokenized {split}: {count['bytes'] / 1e6:.1f} MB, {count['tokens'] / 1e6:.2f} M tokens")
    return {**count, "windows": windows}


def _write_header(file, length: int) -> None:
    """The header of an array that grows: NumPy leaves room in it for a longer length."""
    np.lib.format.write_array_header_1_0(file, {"descr": "<u2", "fortran_order": False, "shape": (length,)})


def _batches(documents: Iterable[str]) -> Iterator[list[str]]:
    batch, room = [], BATCH_CHARS
    for document in documents:
        batch.append(document)
        room -= len(document)
        if room <= 0:
            yield batch
            batch, room = [], BATCH_CHARS
    if batch:
        yield batch


def _token_lengths(tokenizer: Tokenizer) -> np.ndarray:
    """(vocab,) int64: bytes of each token. Byte-level BPE writes one character per byte."""
    names = [tokenizer.id_to_token(token) for token in range(tokenizer.get_vocab_size())]
    return np.array([0 if name == bpe.BOS else len(name) for name in names], dtype=np.int64)


def _expect_enough(split: str, count: dict[str, int], source: Source) -> None:
    if count["windows"] >= MIN_WINDOWS:
        return
    needed = MIN_WINDOWS * WINDOW_BYTES
    advice = ""
    if source.kind == "files":
        advice = (
            f" A tenth of the files goes to val and a tenth to test, by their paths: in all about {needed // 100} kB "
            "in a hundred files or more are needed; cut a long text into many files."
        )
    raise DataError(
        f"expected text for at least {MIN_WINDOWS} windows of {dataset.WINDOW} tokens in {split} of {source}, found "
        f"{count['windows']} ({count['documents']} documents, {count['bytes'] / 1000:.1f} kB). A window lies in one "
        f"document, so about {needed // 1000} kB in documents of more than {WINDOW_BYTES} bytes are needed.{advice}"
    )
