"""Measures the service; fixed. Starts it, asks it one question after the other for AUTORESEARCH_BUDGET seconds, checks
every answer, and writes the latencies as JSON to AUTORESEARCH_RESULT (without that: result.json in the work directory)."""

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
WARM_UP = 20  # requests that do not count
LEAST = 100  # requests below which a p99 means nothing


def expected_answers():
    """What the service has to answer, by word."""
    found = {word: [] for word in vocabulary()}
    for product in products():
        for word in set(product["text"].split()):
            found[word].append(product)
    return {word: answer(word, each) for word, each in found.items()}


def measure(port, expected):
    """Latencies in milliseconds."""
    draw = random.Random(SEED)
    words = sorted(expected)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    latencies = []
    end = time.perf_counter() + BUDGET
    reported = 0
    while time.perf_counter() < end or len(latencies) < WARM_UP + LEAST:
        word = draw.choice(words)
        started = time.perf_counter()
        connection.request("GET", f"/search?q={word}")
        body = connection.getresponse().read()
        latencies.append(1000 * (time.perf_counter() - started))
        if json.loads(body)["ids"] != expected[word]:
            raise ValueError(f"the service answers {body[:80]!r} for {word}, expected {expected[word]}")
        if len(latencies) >= reported + 200:
            reported = len(latencies)
            print(f"{reported} requests, the last took {latencies[-1]:.2f} ms", flush=True)
    return sorted(latencies[WARM_UP:])


def main():
    expected = expected_answers()
    command = [sys.executable, os.path.join(ROOT, "service", "app.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service:
        try:
            ready = service.stdout.readline()
            if not ready.startswith("listening on "):
                raise ValueError(f"the service did not start: it printed {ready!r}")
            latencies = measure(int(ready.split()[-1]), expected)
        finally:
            service.kill()
    quantile = {f"p{q}": round(latencies[min(len(latencies) - 1, len(latencies) * q // 100)], 4) for q in (50, 90, 99)}
    with open(RESULT, "w") as file:
        json.dump({"latency": quantile, "requests": len(latencies)}, file)
    print(f"p50 {quantile['p50']} ms, p99 {quantile['p99']} ms, {len(latencies)} requests")


main()
