"""The source "files": the user's own text, by a pattern of names."""

import glob
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from source import DataError, Source

from .download import hash_of_file
from .text import SPLITS, Corpus, hash_of, split_of_name

MAX_DOCUMENT_CHARS = 1_000_000  # Longer files are split into documents that fit the tokenizer.


def open_files(source: Source, root: Path) -> Corpus:
    """The files that match the pattern, relative to `root`. Only its path decides the split of a file.

    Paths start at the pattern's first folder with a wildcard, so they are the same on every machine.
    """
    found = matching(source.pattern, root)
    splits: dict[str, list[Path]] = {split: [] for split in SPLITS}
    listed = []
    for name, path in found.items():
        splits[split_of_name(name)].append(path)
        listed.append([name, hash_of_file(path)])
    _warn_of_tracked(root, splits["val"] + splits["test"])
    total = sum(path.stat().st_size for path in splits["train"])

    def documents(split: str) -> Iterator[str]:
        for path in splits[split]:
            yield from pieces(path)

    return Corpus(hash_of(json.dumps(listed)), total, documents)


def matching(pattern: str, root: Path) -> dict[str, Path]:
    """Path inside the pattern's fixed folder -> path, of every UTF-8 text file. Prints how many others there are."""
    whole = os.path.join(root, os.path.expanduser(pattern))
    fixed = os.path.dirname(whole[: re.search(r"[*?\[]|$", whole).start()])
    paths = [Path(path) for path in glob.glob(whole, recursive=True) if os.path.isfile(path)]
    found = {path.relative_to(fixed).as_posix(): path for path in sorted(paths)}
    text = {name: path for name, path in found.items() if _is_text(path)}
    if not text:
        raise DataError(
            f"expected files of UTF-8 text for the pattern {pattern!r} in {root}, found {len(found)} others; "
            "`**` stands for folders of any depth, as in `texts/**/*.txt`"
        )
    if len(text) < len(found):
        others = next(name for name in found if name not in text)
        print(f"  left out: {len(found) - len(text)} files that are not UTF-8 text, such as {others}", flush=True)
    return text


def _is_text(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return all("\0" not in piece for piece in iter(lambda: file.read(2**20), ""))
    except UnicodeDecodeError:
        return False


def pieces(path: Path) -> Iterator[str]:
    """The text of a file; a long one in pieces that end at a line break if possible."""
    with path.open(encoding="utf-8", newline="") as file:
        rest = ""
        while chunk := file.read(MAX_DOCUMENT_CHARS - len(rest)):
            rest += chunk
            if len(rest) == MAX_DOCUMENT_CHARS:
                end = rest.rfind("\n") + 1 or len(rest)
                yield rest[:end]
                rest = rest[end:]
        if rest:
            yield rest


def _warn_of_tracked(root: Path, held_out: list[Path]) -> None:
    """Candidates see the files of the repository: held-out text must not be among them."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return
    tracked = {(root / os.fsdecode(name)).resolve() for name in listed.split(b"\0") if name}
    seen = [path for path in held_out if path.resolve() in tracked]
    if seen:
        print(
            f"  careful: {len(seen)} held-out files, such as {seen[0]}, are in the repository, where every candidate "
            "and agent can read them; keep the text outside of it, or in a folder that git ignores",
            flush=True,
        )
