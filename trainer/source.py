"""Which text this repository trains on: one line of pyproject.toml, read by setup, by the referee and by people.

    [tool.autoresearch]
    data = "packages"

Standard library only: setup reads it before anything is installed.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

PYPROJECT = Path(__file__).with_name("pyproject.toml")
KINDS = {
    "packages": '"packages": text of the npm packages that package-lock.json pins, 17 MB; no download',
    "tinystories": '"tinystories" or "tinystories: 500 MB": short stories; the size of the training text (200 MB)',
    "climbmix": '"climbmix" or "climbmix: 4 shards": web text; training shards of 250 MB each (8)',
    "files": '"files: texts/**/*.txt": your own text, a pattern seen from the repository\'s root',
}
# As much as five minutes can use; docs/data.md has the arithmetic.
USUAL_AMOUNT = {"tinystories": 200, "climbmix": 8}
UNITS = {"tinystories": r"MB", "climbmix": r"shards?"}
# Optional dependencies in pyproject.toml that a source needs.
EXTRAS = {"climbmix": "parquet"}


class DataError(Exception):
    """The text cannot be downloaded or prepared; the message says what to do."""


@dataclass(frozen=True)
class Source:
    """A requested source. `str()` gives its canonical spelling: equal strings mean the same text."""

    kind: str
    amount: int = 0  # Amount of training text: megabytes of tinystories, shards of climbmix; 0 for the others.
    pattern: str = ""  # Pattern of file names, for `files`.

    def __str__(self) -> str:
        if self.kind == "tinystories":
            return f"tinystories: {self.amount} MB"
        if self.kind == "climbmix":
            return f"climbmix: {self.amount} {'shard' if self.amount == 1 else 'shards'}"
        return f"files: {self.pattern}" if self.kind == "files" else self.kind


def parse(spec: str) -> Source:
    """The source that a line such as "climbmix: 4 shards" means. Raises DataError, which lists the choices."""
    kind, colon, rest = (part.strip() for part in spec.partition(":"))
    if kind in USUAL_AMOUNT:
        named = re.fullmatch(rf"([1-9]\d{{0,5}}) ?{UNITS[kind]}", rest)
        if named or not colon:
            return Source(kind, amount=int(named[1]) if named else USUAL_AMOUNT[kind])
    if kind == "files" and rest:
        return Source(kind, pattern=rest)
    if kind == "packages" and not colon:
        return Source(kind)
    choices = "".join(f"\n  {text}" for text in KINDS.values())
    raise DataError(f"expected a source of text, found {spec!r}; the choices are:{choices}")


def wanted(pyproject: Path | None = None) -> Source:
    """The source that the repository asks for; "packages" if it says nothing. Raises DataError."""
    pyproject = pyproject or PYPROJECT
    try:
        settings = tomllib.loads(pyproject.read_text(encoding="utf-8")) if pyproject.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{pyproject} cannot be read: {error}") from None
    spec = settings.get("tool", {}).get("autoresearch", {}).get("data", "packages")
    if not isinstance(spec, str):
        raise DataError(f'{pyproject}, [tool.autoresearch] data: expected text such as "packages", found {spec!r}')
    try:
        return parse(spec)
    except DataError as error:
        raise DataError(f"{pyproject}, [tool.autoresearch] data: {error}") from None
