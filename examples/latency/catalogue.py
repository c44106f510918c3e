"""The shop's products; fixed. Made up, and the same on every machine."""

import random

PRODUCTS = 6_000
WORDS_EACH = 3


def vocabulary():
    """Words of two syllables."""
    syllables = ["ba", "do", "fi", "ga", "ku", "la", "mo", "ne", "pi", "ro", "su", "ta"]
    return [first + second for first in syllables for second in syllables]


def products():
    """A list of {id, text, price}."""
    draw = random.Random(7)
    words = vocabulary()
    return [
        {"id": i, "text": " ".join(draw.choices(words, k=WORDS_EACH)), "price": draw.randrange(100, 10_000)}
        for i in range(PRODUCTS)
    ]


def answer(word, found):
    """The ids that a search for `word` returns, cheapest first and at most ten, given the products that contain it."""
    return [product["id"] for product in sorted(found, key=lambda each: (each["price"], each["id"]))[:10]]
