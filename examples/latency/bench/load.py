"""Measures the service; fixed. Starts it, searches for every word again and again for AUTORESEARCH_BUDGET seconds,
checks every answer, and writes the latencies as JSON to AUTORESEARCH_RESULT (without that: result.json, here).

Other work on the machine makes a search slower and never faster, so the fastest search for each word counts.
"""

import http.client
import json
import os
import random
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from catalogue import answer, products, vocabulary  # noqa: E402

BUDGET = float(os.environ.get("AUTORESEARCH_BUDGET", "2"))
SEED = int(os.environ.get("AUTORESEARCH_SEED", "1"))
RESULT = os.environ.get("AUTORESEARCH_RESULT", "result.json")
LEAST_ROUNDS = 3


def expected_answers():
    """The right answers, by word."""
    found = {word: [] for word in vocabulary()}
    for product in products():
        for word in set(product["text"].split()):
            found[word].append(product)
    return {word: answer(word, each) for word, each in found.items()}


def measure(port, expected):
    """The fastest search for each word, in milliseconds, and how many searches there were."""
    draw = random.Random(SEED)
    words = sorted(expected)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    fastest = dict.fromkeys(words, float("inf"))
    rounds = 0
    end = time.perf_counter() + BUDGET
    while rounds < LEAST_ROUNDS or time.perf_counter() < end:
        draw.shuffle(words)
        for word in words:
            started = time.perf_counter()
            connection.request("GET", f"/search?q={word}")
            body = connection.getresponse().read()
            fastest[word] = min(fastest[word], 1000 * (time.perf_counter() - started))
            if json.loads(body)["ids"] != expected[word]:
                raise ValueError(f"the service answers {body[:80]!r} for {word}, expected {expected[word]}")
        rounds += 1
        print(f"round {rounds}: the slowest word takes {max(fastest.values()):.3f} ms", flush=True)
    return sorted(fastest.values()), rounds * len(words)


def main():
    expected = expected_answers()
    command = [sys.executable, os.path.join(ROOT, "service", "app.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service:
        try:
            ready = service.stdout.readline()
            if not ready.startswith("listening on "):
                raise ValueError(f"the service did not start: it printed {ready!r}")
            latencies, searches = measure(int(ready.split()[-1]), expected)
        finally:
            service.kill()
    quantile = {f"p{q}": round(latencies[len(latencies) * q // 100], 4) for q in (50, 90, 99)}
    with open(RESULT, "w") as file:
        json.dump({"latency": quantile, "searches": searches}, file)
    print(f"p50 {quantile['p50']} ms, p99 {quantile['p99']} ms, {searches} searches")


main()
