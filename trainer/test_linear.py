"""What a candidate prints, sends and declares is read in time that grows with its length, and no faster."""

import time
from collections.abc import Callable

import pytest

import candidate
import cut
import wire
from visible import visible

LEAST_S = 0.06  # What is shorter cannot be compared: some machines count time in steps of 10 ms.
PIECES = 8  # Eight pieces take as long as the whole; where every character looks at all others, an eighth of that.
MOST_TIMES = 3.5

HOSTILE = {
    "letters": ("", "a", "!"),
    "errors": ("", "Error", "!"),
    "errors with dots": ("", "Error.", "!"),
    "an error that never ends": ("ValueError", ":", "\n"),
    "a file that never ends": ('  File "', "a", ""),
    "files that never end": ("", '  File "a', ""),
    "files without a line": ("", '  File "a", line ', ""),
    "blanks": ("", " ", "x"),
    "escapes that never end": ("\x1b", ";#", ""),
    "escapes": ("", "\x1b[", ""),
    "one escape": ("\x1b[", "1;", ""),
    "titles that never end": ("", "\x1b]0;a", ""),
    "brackets": ("", "[", ""),
    "objects": ("", '{"kind":', ""),
    "a number": ('{"kind": "progress", "files": 0, "step": ', "1", "}"),
    "a string": ('{"kind": "', "\\\\u0000", ""),
    "marks": ("", ".,;", "x"),
    "line breaks": ("", "\n\r\n \t", "x"),
}


def refused(line: str) -> None:
    with pytest.raises(wire.Refused):
        wire.parse(line.encode())


READERS: dict[str, Callable[[str], object]] = {
    "the last line of a crash": candidate.EXCEPTION_LINE.fullmatch,
    "a crash for memory": candidate.OUT_OF_MEMORY.search,
    "the place of a crash": lambda text: candidate.TRACEBACK_LINE.findall(text.encode()),
    "a printed line": visible,
    "a message": refused,
    "text that is cut": cut.cutter([b"", *(bytes([byte]) for byte in range(256))]),
}


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("reader", READERS)
def test_a_megabyte_takes_as_long_as_its_eighths(reader: str, hostile: str):
    before, unit, after = HOSTILE[hostile]
    encoded = reader == "text that is cut"

    def text_of(length: int) -> str | bytes:
        text = before + unit * (length // len(unit)) + after
        return text.encode() if encoded else text

    for length in (2**12, 2**14, 2**16, 2**18, 2**20):
        seconds, times = compare(READERS[reader], text_of(length), text_of(length // PIECES))
        if times >= MOST_TIMES:
            seconds, times = compare(READERS[reader], text_of(length), text_of(length // PIECES))
        assert times < MOST_TIMES, (
            f"{length} characters take {seconds:.2f} s, {times:.1f} times as long as their eighths"
        )


def compare(read: Callable[[str], object], whole: str, piece: str) -> tuple[float, float]:
    """How long the whole takes, and how many times as long as eight pieces; 0 times where that is too short to say."""
    seconds = cpu_time(lambda: read(whole))
    if seconds < LEAST_S:
        return seconds, 0.0
    return seconds, seconds / max(1e-3, cpu_time(lambda: [read(piece) for _ in range(PIECES)]))


def cpu_time(work: Callable[[], object]) -> float:
    """Seconds of this thread alone: how busy the machine is does not matter."""
    began = time.thread_time()
    work()
    return time.thread_time() - began
