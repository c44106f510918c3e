"""Finds products by a word."""

import json
import os
import re
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from catalogue import answer, products  # noqa: E402


class Search:
    """Products in buckets by the words they contain: a search looks at only one bucket."""

    def __init__(self):
        with open(os.path.join(HERE, "config.json")) as file:
            self.buckets = [[] for _ in range(json.load(file)["index_buckets"])]
        for product in products():
            for number in {self.bucket_of(word) for word in product["text"].split()}:
                self.buckets[number].append(product)

    def bucket_of(self, word):
        return zlib.crc32(word.encode()) % len(self.buckets)

    def find(self, word):
        pattern = rf"\b{re.escape(word.lower())}\b"
        bucket = self.buckets[self.bucket_of(word)]
        return answer(word, [product for product in bucket if re.search(pattern, product["text"].lower())])
