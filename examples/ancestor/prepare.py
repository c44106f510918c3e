"""Data and evaluation; fixed. Run `python3 prepare.py` once, before the first experiment.

The text is the language reference that comes with Python itself (pydoc's topics), so nothing has to be downloaded.
"""

import math
import os
import time

TIME_BUDGET = 2  # seconds of training
CACHE = os.path.join(os.path.expanduser("~"), ".cache", "autoresearch")
TRAIN_BYTES = 300_000
VAL_BYTES = 20_000


def load(split):
    """The bytes of `train` or `val`."""
    path = os.path.join(CACHE, split + ".txt")
    if not os.path.exists(path):
        raise SystemExit(f"Expected {path}, found nothing; run python3 prepare.py once.")
    with open(path, "rb") as file:
        return file.read()


def evaluate_bpb(probability):
    """Bits per byte of the held-out text, using `probability(context, byte)` for the byte after the context."""
    text = load("val")
    bits = sum(-math.log2(probability(text[max(0, i - 16) : i], text[i])) for i in range(len(text)))
    return bits / len(text)


def prepare():
    from pydoc_data.topics import topics

    started = time.time()
    text = "\n".join(topics[name] for name in sorted(topics)).encode()
    os.makedirs(CACHE, exist_ok=True)
    for split, part in (("train", text[:TRAIN_BYTES]), ("val", text[-VAL_BYTES:])):
        with open(os.path.join(CACHE, split + ".txt"), "wb") as file:
            file.write(part)
    print(f"{TRAIN_BYTES + VAL_BYTES:,} bytes in {CACHE} ({time.time() - started:.1f} s)")


if __name__ == "__main__":
    prepare()
