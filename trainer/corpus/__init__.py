"""How text becomes prepared data: sources, downloads, tokenizer, folders. Not needed while a model trains."""

import time
from pathlib import Path

from source import Source

from . import store
from .files import open_files
from .hub import open_climbmix, open_tinystories
from .packages import open_packages
from .text import Corpus

ROOT = Path(__file__).resolve().parents[2]  # The repository's root.


def prepare(source: Source, link: Path, root: Path = ROOT) -> Path:
    """Prepares the source if needed, and points `link` to it. Returns the folder. Raises DataError.

    Downloads and prepared folders are kept beside the link, so switching back to an earlier source is instant.
    root: the repository with the packages and files.
    """
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"  {text} ({time.monotonic() - began:.1f} s)", flush=True)

    folder = store.write(_open(source, link.parent / "downloads", root), source, link.parent / "prepared", say)
    store.point(link, folder)
    return folder


def _open(source: Source, downloads: Path, root: Path) -> Corpus:
    match source.kind:
        case "packages":
            return open_packages(root)
        case "tinystories":
            return open_tinystories(source, downloads)
        case "climbmix":
            return open_climbmix(source, downloads)
        case _:
            return open_files(source, root)
