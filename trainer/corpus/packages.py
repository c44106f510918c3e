"""The source "packages": the text of a lock file's npm packages, the same on every machine. No download."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from source import DataError

from .text import SPLITS, Corpus, hash_of, split_of_name

SUFFIXES = (".md", ".ts", ".mjs", ".js", ".cjs")  # In order of preference among builds of one source.
MAX_FILE_BYTES = 1_000_000
MAX_LINE_CHARS = 600  # Longer lines are generated, minified or data.
# So that no package outweighs all others.
MAX_PACKAGE_BYTES = {"train": 1_500_000, "val": 250_000, "test": 250_000}
SPLIT_SALT = "347"  # Of 400 tried, the one that gives both held-out sets a similar mix of large and small packages.


@dataclass(frozen=True)
class Document:
    """One file of one package: its path inside node_modules and its text."""

    path: str
    text: str


def open_packages(root: Path) -> Corpus:
    """The packages of the repository at `root`. Raises DataError if they are not installed."""
    lock_file, packages = root / "package-lock.json", root / "node_modules"
    if not lock_file.is_file() or not packages.is_dir():
        raise DataError(
            f"expected {lock_file} and the packages that it pins in {packages}; run `npm ci` and repeat, "
            "or name another source of text in trainer/pyproject.toml (docs/data.md)"
        )
    splits = collect(packages, lock_file)
    listed = [[split, document.path, hash_of(document.text)] for split in SPLITS for document in splits[split]]
    total = sum(len(document.text) for document in splits["train"])
    return Corpus(hash_of(json.dumps(listed)), total, lambda split: (document.text for document in splits[split]))


def locked_packages(lock_file: Path) -> dict[str, str]:
    """Package name -> path in the lock file, for packages that are the same on every machine.

    Platform packages and those that run an install script differ between machines, so they are left out.
    Of several versions of a package, the one nearest to the root is used.
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
    """The split of a package, decided only by its name; packages of one scope are similar and stay together."""
    return split_of_name(name.split("/")[0], SPLIT_SALT)


def readable_files(package: Path) -> Iterator[Path]:
    """The text files of a package, one for each source (`x.mjs` and `x.js` are builds of the same), in hash order."""
    chosen: dict[str, Path] = {}
    for suffix in SUFFIXES:
        for path in package.rglob(f"*{suffix}"):
            inside = path.relative_to(package)
            if "node_modules" in inside.parts or ".min." in path.name or not path.is_file() or path.is_symlink():
                continue
            chosen.setdefault(inside.as_posix().removesuffix(suffix), path)
    yield from sorted(chosen.values(), key=lambda path: hash_of(path.relative_to(package).as_posix()))


def read_text(path: Path) -> str | None:
    """The text of a file, or None if it is too big, binary, or not written by hand."""
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
    """Split -> its documents, sorted by path, each text once. Raises DataError if a locked package is missing."""
    splits: dict[str, list[Document]] = {split: [] for split in SPLITS}
    seen: set[str] = set()
    for name, path in locked_packages(lock_file).items():
        folder = packages / path.removeprefix("node_modules/")
        if not folder.is_dir():
            raise DataError(f"expected the package {name} in {folder}, found nothing there; run `npm ci` and repeat")
        room = MAX_PACKAGE_BYTES[split_of(name)]
        for file in readable_files(folder):
            text = read_text(file)
            if text is None or hash_of(text) in seen:
                continue
            room -= len(text.encode())
            if room < 0:
                break
            seen.add(hash_of(text))
            splits[split_of(name)].append(Document(file.relative_to(packages).as_posix(), text))
    for documents in splits.values():
        documents.sort(key=lambda document: document.path)
    return splits
