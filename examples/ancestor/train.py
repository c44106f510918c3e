"""Predicts a byte from its context by counting, trained for TIME_BUDGET seconds. The file that experiments change."""

import math
import time
from collections import defaultdict

from prepare import TIME_BUDGET, evaluate_bpb, load

ORDER = 2  # bytes of the longest context
PRIOR = 40.0  # weight of the next shorter context, in bytes seen
CHUNK = 2_000  # bytes between two checks of the clock


class Model:
    """Counts of bytes after contexts of 0 to ORDER bytes, each smoothed by the next shorter one."""

    def __init__(self):
        self.counts = [defaultdict(int) for _ in range(ORDER + 1)]  # (context, byte) -> count
        self.totals = [defaultdict(int) for _ in range(ORDER + 1)]  # context -> count

    def learn(self, text, start, end):
        for i in range(start, end):
            for length in range(min(ORDER, i) + 1):
                self.counts[length][text[i - length : i + 1]] += 1
                self.totals[length][text[i - length : i]] += 1

    def probability(self, context, byte):
        p = 1 / 256
        for length in range(min(ORDER, len(context)) + 1):
            seen = context[len(context) - length :]
            total = self.totals[length].get(seen, 0)
            p = (self.counts[length].get(seen + bytes([byte]), 0) + PRIOR * p) / (total + PRIOR)
        return p


started = time.time()
text = load("train")
model = Model()
step = 0
train_started = time.time()
while step * CHUNK < len(text) and time.time() - train_started < TIME_BUDGET:
    start, end = step * CHUNK, min(len(text), (step + 1) * CHUNK)
    if step % 10 == 0:
        bits = [-math.log2(model.probability(text[max(0, i - 16) : i], text[i])) for i in range(start, start + 100)]
        left = TIME_BUDGET - (time.time() - train_started)
        print(f"step {step:05d} | loss: {sum(bits) / len(bits):.4f} | remaining: {left:.1f}s", flush=True)
    model.learn(text, start, end)
    step += 1
training_seconds = time.time() - train_started

val_bpb = evaluate_bpb(model.probability)
print("---")
print(f"val_bpb:          {val_bpb:.6f}")
print(f"training_seconds: {training_seconds:.1f}")
print(f"total_seconds:    {time.time() - started:.1f}")
print(f"num_steps:        {step}")
print(f"num_contexts:     {sum(len(totals) for totals in model.totals)}")
print(f"order:            {ORDER}")
