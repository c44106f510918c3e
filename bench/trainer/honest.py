"""Honest models that an audit might mistake for cheats, each trained for the budget and scored by the referee.

    PYTHONPATH=trainer python trainer/referee.py --budget 4 --audit -- python bench/trainer/honest.py experts

Each kind is the same small GPT but for one thing: a vocabulary of its own, experts, half precision, rows far longer
than the windows, or a distribution in which most tokens have the same tiny probability.
"""

import argparse
from collections import Counter
from itertools import islice

import numpy as np
import prepare
import torch
import torch.nn.functional as F
from torch import Tensor, nn

KINDS = ("tokenizer", "experts", "bfloat16", "context", "sparse")
WIDTH, HEADS, DEPTH, EXPERTS = 64, 2, 2, 4
LEARNING_RATE = 3e-3
STEP_TOKENS = 1024  # in one step
OWN_TOKENS = 600  # size of the vocabulary that the kind "tokenizer" finds
OWN_DOCUMENTS = 60  # training documents that it finds it in, and learns from
KEPT = 128  # tokens that the kind "sparse" tells apart at each position
TAIL_NATS = 8.0  # how far below the best one all others lie

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("kind", choices=KINDS)
kind = parser.parse_args().kind


class Experts(nn.Module):
    """An MLP of which each token visits one of several: (B, T, width) to the same."""

    def __init__(self):
        super().__init__()
        self.router = nn.Linear(WIDTH, EXPERTS, bias=False)
        self.up = nn.Parameter(torch.randn(EXPERTS, WIDTH, 2 * WIDTH) * WIDTH**-0.5)
        self.down = nn.Parameter(torch.zeros(EXPERTS, 2 * WIDTH, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        flat = x.reshape(-1, WIDTH)
        weights, chosen = self.router(flat).softmax(-1).max(-1)
        out = torch.zeros_like(flat)
        for expert in range(EXPERTS):
            here = chosen == expert
            out[here] = F.gelu(flat[here] @ self.up[expert]) @ self.down[expert] * weights[here, None]
        return out.view(x.shape)


class Block(nn.Module):
    """Causal attention, then an MLP: (B, T, width) to the same."""

    def __init__(self):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2))
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        dense = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))
        self.mlp = Experts() if kind == "experts" else dense

    def forward(self, x: Tensor) -> Tensor:
        rows, time, _ = x.shape
        q, k, v = self.qkv(self.norms[0](x)).view(rows, time, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)
        x = x + self.out(mixed.reshape(rows, time, WIDTH))
        return x + self.mlp(self.norms[1](x))


class GPT(nn.Module):
    """Token ids (B, T) to logits (B, T, vocabulary)."""

    def __init__(self, vocab_size: int, max_len: int):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocab_size, WIDTH), nn.Embedding(max_len, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(DEPTH)))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, vocab_size)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids) + self.positions.weight[: ids.size(1)]
        return self.head(self.norm(self.blocks(x)))


def log_probs(model: nn.Module, ids: Tensor) -> Tensor:
    """Log-probabilities (B, T, vocabulary), in nats, of the token after each of (B, T)."""
    logits = model(ids).float()
    if kind == "sparse":
        best = logits.topk(KEPT, dim=-1).values
        logits = torch.where(logits < best[..., -1:], best[..., :1] - TAIL_NATS, logits)
    return F.log_softmax(logits, dim=-1)


def own_vocabulary(text: bytes) -> list[bytes]:
    """All bytes, then frequent words of the text with every beginning of them, which is how merges reach them."""
    vocabulary = [b"", *(bytes([byte]) for byte in range(256))]
    for word, _ in Counter(text.split()).most_common():
        for end in range(2, len(word) + 1):
            if len(vocabulary) == OWN_TOKENS:
                return vocabulary
            if word[:end] not in vocabulary:
                vocabulary.append(word[:end])
    raise ValueError(f"expected words for {OWN_TOKENS} tokens, found {len(vocabulary)}")


def own_tokens(text: list[bytes], vocabulary: list[bytes]) -> np.ndarray:
    """(n,) uint16: the documents as the referee would cut them, each behind the token that starts a row."""
    cut = run.cutter(vocabulary)
    return np.concatenate([np.array([0, *cut(document)], np.uint16) for document in text])


def loss_of(x: Tensor, y: Tensor) -> Tensor:
    """Mean nats per token of the targets y (B, T) after x (B, T)."""
    return F.cross_entropy(model(x).float().flatten(0, 1), y.flatten())


run = prepare.connect()
is_own = kind == "tokenizer"
seq_len = 4 * run.window if kind == "context" else run.window // 2
model = GPT(OWN_TOKENS if is_own else run.vocab_size, max_len=8 * run.window).to(run.device)
model = model.bfloat16() if kind == "bfloat16" else model
optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.95))

vocabulary, tokens = None, None
if is_own and run.training:  # All of it while the clock runs.
    text = list(islice(run.documents(), OWN_DOCUMENTS))
    vocabulary = own_vocabulary(b" ".join(text))
    tokens = own_tokens(text, vocabulary)
for step, (x, y) in enumerate(run.batches(max(1, STEP_TOKENS // seq_len), seq_len, tokens)):
    loss = loss_of(x, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    run.report(step, loss)
run.finish(model, log_probs, vocabulary)
