"""Candidates for the tests: a script that learns nothing, and a small model."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

HERE = Path(__file__).parent

# A candidate that learns nothing and admits it: every token of the prepared tokenizer costs the same. Tests change it
# by inserting code before the last line.
HONEST = f"""
import os, socket, sys, time
sys.path.insert(0, {str(HERE)!r})
import numpy as np
import wire

def files_for_done():
    weights = open(os.environ["TMPDIR"] + "/weights", "w+b", buffering=0)
    weights.write(b"honest")
    return [weights.fileno(), wire.sealed(wire.pack_vocabulary(vocabulary))], weights

def costs(ids):
    return np.full(len(ids), np.log(len(vocabulary)))

def next_tokens(rows):
    return np.zeros((rows, len(vocabulary)), "<f4")

def before_ready(): pass
def before_done(): pass
def after_done(kept): pass
def before_answer(text): pass

def run():
    global vocabulary, setup, channel
    channel = wire.Channel(socket.socket(fileno=int(os.environ["AUTORESEARCH_SOCKET"])))
    channel.send("hello", protocol=wire.PROTOCOL)
    setup, files = channel.receive("setup")
    vocabulary = wire.unpack_vocabulary(wire.copy_file(files[0], 2**20))
    before_ready()
    channel.send("ready")
    go, files = channel.receive("go")
    if setup["role"] == "train":
        before_done()
        handed, kept = files_for_done()
        channel.send("done", handed, precision="float32", stats={{"num_steps": 3}})
        after_done(kept)
    else:
        frozen(files)
    question, files = channel.receive("score")
    if setup["role"] == "blind":
        before_answer(b"")
        wire.write_all(files[2], next_tokens(question["rows"]).tobytes())
    else:
        rows, width = question["rows"], question["width"]
        text = bytes(wire.read_array(files[0], "u1", -1))
        before_answer(text)
        ids = wire.read_array(files[2], "<u2", rows, width).astype("<i4").ravel()
        capacity, _ = wire.answer_layout(rows, len(text))
        wire.write_all(files[3], np.full(rows, width, "<i4").tobytes())
        wire.write_all(files[3], ids.tobytes(), 4 * rows)
        wire.write_all(files[3], costs(ids).astype("<f8").tobytes(), 4 * rows + 4 * capacity)
    channel.send("scored")

def frozen(files):
    assert bytes(wire.copy_file(files[0], 99)) == b"honest", "other weights"

"""


class Small(nn.Module):
    """A causal model of one layer with random weights, sharp enough that its predictions differ."""

    def __init__(self, vocabulary: int, experts: int = 0):
        super().__init__()
        torch.manual_seed(3)
        self.embed = nn.Embedding(vocabulary, 32)
        self.mix = nn.GRU(32, 32, batch_first=True)
        self.router = nn.Linear(32, experts, bias=False) if experts else None
        self.experts = nn.ModuleList(nn.Linear(32, 32) for _ in range(experts))
        self.head = nn.Linear(32, vocabulary)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x, _ = self.mix(self.embed(ids))
        if self.router is not None:
            chosen = self.router(x).argmax(-1)
            x = torch.stack([expert(x) for expert in self.experts], -2)
            x = x.gather(-2, chosen[..., None, None].expand(*chosen.shape, 1, 32)).squeeze(-2)
        return 4.0 * self.head(x)


def honestly(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    return F.log_softmax(model(x).float(), dim=-1)
