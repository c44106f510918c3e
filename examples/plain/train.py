"""Trains a small GPT, the plain way: one model, one optimizer, one learning rate, nothing tuned. What `npm run demo`
starts from, and the file that its experiments change. `prepare.py` supplies batches and clock, and scores the result.
"""

import prepare
import torch
import torch.nn.functional as F
from torch import nn

DEPTH = 4  # transformer blocks
WIDTH = 64  # channels of the residual stream
HEADS = 4  # attention heads in each block
SEQ_LEN = 256  # tokens in one training row
BATCH_SIZE = 8  # rows in one step
LEARNING_RATE = 1e-3  # of AdamW
WEIGHT_DECAY = 0.1  # of AdamW
WARMUP = 0.1  # share of the budget over which the learning rate rises from zero
DROPOUT = 0.1  # share of the channels that is dropped after attention and MLP
INIT_SCALE = 0.02  # standard deviation of the initial weights


class Block(nn.Module):
    """Attention, then an MLP, each added to the residual stream (B, T, WIDTH)."""

    def __init__(self):
        super().__init__()
        self.before_attention, self.before_mlp = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        batch, time, width = x.shape
        q, k, v = self.qkv(self.before_attention(x)).view(batch, time, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)
        x = x + F.dropout(self.out(mixed.reshape(batch, time, width)), DROPOUT, self.training)
        return x + F.dropout(self.down(F.gelu(self.up(self.before_mlp(x)))), DROPOUT, self.training)


class GPT(nn.Module):
    """Token ids (B, T) to logits (B, T, vocab)."""

    def __init__(self, vocab_size, max_len):
        super().__init__()
        self.depth, self.width = DEPTH, WIDTH
        self.tokens = nn.Embedding(vocab_size, WIDTH)
        self.positions = nn.Embedding(max_len, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(DEPTH)))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, vocab_size)
        for parameter in self.parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=INIT_SCALE)

    def forward(self, tokens):
        positions = torch.arange(tokens.size(1), device=tokens.device)
        return self.head(self.norm(self.blocks(self.tokens(tokens) + self.positions(positions))))


def log_probs(model, tokens):
    """Used for scoring: log-probabilities (B, T, vocab), in nats, of the token after each of (B, T)."""
    return F.log_softmax(model(tokens), dim=-1)


run = prepare.connect()
model = GPT(run.vocab_size, max_len=max(SEQ_LEN, run.window)).to(run.device)
if run.training:  # Not where the model is only scored.
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)

for step, (x, y) in enumerate(run.batches(BATCH_SIZE, SEQ_LEN)):
    optimizer.param_groups[0]["lr"] = LEARNING_RATE * min(1.0, run.progress / WARMUP)
    loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    run.report(step, loss)

run.finish(model, log_probs)
