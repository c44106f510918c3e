"""The text corpus "packages": what the npm packages of a lock file say, the same on every machine.

Pure file work and the tokenizer; nothing here is needed while a model trains. Called by `prepare.py`.
"""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

FORMAT = 1  # Raised whenever the same packages would give other files.
VOCAB_SIZE = 2048  # Small enough for a laptop's softmax, large enough for about 3 bytes a token.
BOS = "<|bos|>"  # Starts every document and every window; always id 0.
SUFFIXES = (".md", ".ts", ".mjs", ".js", ".cjs")  # In order of preference among builds of one source.
MAX_FILE_BYTES = 1_000_000
MAX_LINE_CHARS = 600  # Longer lines are generated, minified or data.
MAX_PACKAGE_BYTES = {
    "train": 1_500_000,
    "val": 250_000,
    "test": 250_000,
}  # No package speaks louder than all others.
MAX_SAMPLE_BYTES = 6_000_000  # Enough text to learn the tokenizer from, in seconds.
HELD_OUT_PERCENT = {"val": 10, "test": 10}
SPLIT_SALT = "347"  # Of 400 tried, the one that gives both held-out sets large and small packages alike.
SPLITS = ("train", "val", "test")
# A piece is a word with its space, a short number, a run of marks, or a line break with its indentation.
PIECES = r" ?\p{L}+| ?\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|[\r\n]+[ \t]*|[ \t]+"


class CorpusError(Exception):
    """The packages cannot be prepared; the message says what to do."""


@dataclass(frozen=True)
class Document:
    """One file of one package: its path inside node_modules and its text."""

    path: str
    text: str


def locked_packages(lock_file: Path) -> dict[str, str]:
    """Package name -> path in the lock file, for packages that are installed alike on every machine.

    Platform packages and those that run an install script differ between machines, so they are left out.
    Of several versions of a package the one nearest to the root stands for all.
    """
    lock = json.loads(lock_file.read_text(encoding="utf-8"))
    packages: dict[str, str] = {}
    for path, entry in sorted(lock["packages"].items(), key=lambda item: (item[0].count("/"), item[0])):
        varies = any(key in entry for key in ("os", "cpu", "libc", "optional", "devOptional", "hasInstallScript"))
        if not path.startswith("node_modules/") or varies or entry.get("link"):
            continue
        packages.setdefault(path.rpartition("node_modules/")[2], path)
    return dict(sorted(packages.items()))


def split_of(name: str) -> str:
    """The split of a package, decided by its name alone; packages of one scope are alike and stay together."""
    family = name.split("/")[0]
    bucket = int.from_bytes(hashlib.sha256(f"{SPLIT_SALT} {family}".encode()).digest()[:4], "big") % 100
    if bucket < HELD_OUT_PERCENT["val"]:
        return "val"
    return "test" if bucket < HELD_OUT_PERCENT["val"] + HELD_OUT_PERCENT["test"] else "train"


def readable_files(package: Path) -> Iterator[Path]:
    """The text files of a package, one for each source (`x.mjs` and `x.js` are builds of the same), in hash order."""
    chosen: dict[str, Path] = {}
    for suffix in SUFFIXES:
        for path in package.rglob(f"*{suffix}"):
            inside = path.relative_to(package)
            if "node_modules" in inside.parts or ".min." in path.name or not path.is_file() or path.is_symlink():
                continue
            chosen.setdefault(inside.as_posix().removesuffix(suffix), path)
    yield from sorted(chosen.values(), key=lambda path: _hash(path.relative_to(package).as_posix().encode()))


def read_text(path: Path) -> str | None:
    """The text of a file, or None where it is too big, binary, or not written by hand."""
    if path.stat().st_size > MAX_FILE_BYTES:
        return None
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not text.strip() or "\0" in text or max(map(len, text.split("\n"))) > MAX_LINE_CHARS:
        return None
    return text


def collect(packages: Path, lock_file: Path) -> dict[str, list[Document]]:
    """Split -> its documents, sorted by path, each text once. Raises CorpusError where a locked package is missing."""
    splits: dict[str, list[Document]] = {split: [] for split in SPLITS}
    seen: set[str] = set()
    for name, path in locked_packages(lock_file).items():
        folder = packages / path.removeprefix("node_modules/")
        if not folder.is_dir():
            raise CorpusError(f"expected the package {name} in {folder}, found nothing there; run `npm ci` and repeat")
        room = MAX_PACKAGE_BYTES[split_of(name)]
        for file in readable_files(folder):
            text = read_text(file)
            if text is None or _hash(text.encode()) in seen:
                continue
            room -= len(text.encode())
            if room < 0:
                break
            seen.add(_hash(text.encode()))
            splits[split_of(name)].append(Document(file.relative_to(packages).as_posix(), text))
    for split, documents in splits.items():
        documents.sort(key=lambda document: document.path)
        if not documents:
            raise CorpusError(
                f"expected text for {split} in {packages}, found none; the lock file pins too few packages"
            )
    return splits


def train_tokenizer(documents: list[Document]) -> Tokenizer:
    """A byte-level BPE tokenizer, trained on an even sample of the documents."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        special_tokens=[BOS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    total = sum(len(document.text) for document in documents)
    stride = max(1, -(-total // MAX_SAMPLE_BYTES))
    tokenizer.train_from_iterator((document.text for document in documents[::stride]), trainer)
    return tokenizer


def token_byte_counts(tokenizer: Tokenizer) -> np.ndarray:
    """(vocab,) int64: how many bytes of text each token stands for. Byte-level BPE writes one character a byte."""
    names = [tokenizer.id_to_token(token) for token in range(tokenizer.get_vocab_size())]
    return np.array([0 if name == BOS else len(name) for name in names], dtype=np.int64)


def write_split(out: Path, split: str, documents: list[Document], tokenizer: Tokenizer) -> dict[str, int]:
    """Writes tokens (uint16, BOS before each document) and document offsets; held-out splits keep their text too."""
    encoded = [np.array([0, *e.ids], dtype=np.uint16) for e in tokenizer.encode_batch([d.text for d in documents])]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    tokens = np.concatenate(encoded)
    np.save(out / f"{split}.tokens.npy", tokens)
    np.save(out / f"{split}.offsets.npy", offsets)
    if split != "train":
        text = "".join(json.dumps({"path": d.path, "text": d.text}, ensure_ascii=False) + "\n" for d in documents)
        (out / f"{split}.jsonl").write_text(text, encoding="utf-8", newline="\n")
    size = sum(len(document.text.encode()) for document in documents)
    counted = int(token_byte_counts(tokenizer)[tokens].sum())
    if counted != size:
        raise CorpusError(
            f"expected the tokens of {split} to stand for {size} bytes, found {counted}; the tokenizer loses text"
        )
    return {"documents": len(documents), "bytes": size, "tokens": len(tokens)}


def prepare(packages: Path, lock_file: Path, out: Path) -> dict[str, object]:
    """Writes the prepared data to `out`, all or nothing, and returns its manifest. Raises CorpusError."""
    if not lock_file.is_file() or not packages.is_dir():
        raise CorpusError(f"expected a lock file {lock_file} and packages in {packages}; run `npm ci` and repeat")
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"  {text} ({time.monotonic() - began:.1f} s)", flush=True)

    splits = collect(packages, lock_file)
    megabytes = sum(len(document.text) for documents in splits.values() for document in documents) / 1e6
    say(f"read {megabytes:.0f} MB of text from {len(locked_packages(lock_file))} packages")
    tokenizer = train_tokenizer(splits["train"])
    say(f"trained a tokenizer of {tokenizer.get_vocab_size()} tokens")

    out.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f"{out.name}-", dir=out.parent))
    try:
        tokenizer.save(str(staging / "tokenizer.json"))
        np.save(staging / "token_bytes.npy", token_byte_counts(tokenizer))
        counts = {}
        for split, documents in splits.items():
            counts[split] = write_split(staging, split, documents, tokenizer)
            count = counts[split]
            say(f"tokenized {split}: {count['bytes'] / 1e6:.1f} MB, {count['tokens'] / 1e6:.2f} M tokens")
        files = {file.name: _hash(file.read_bytes()) for file in sorted(staging.iterdir())}
        manifest = {
            "format": FORMAT,
            "corpus": "packages",
            "digest": _hash(json.dumps([FORMAT, files], sort_keys=True).encode()),
            "vocab_size": tokenizer.get_vocab_size(),
            "splits": counts,
            "files": files,
        }
        (staging / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        if out.exists():
            shutil.rmtree(out)
        staging.rename(out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return manifest


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
