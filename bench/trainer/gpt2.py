"""A GPT trained the way GPT-2 style scripts do it, to compare train.py with: same sizes, same time, same referee.

    PYTHONPATH=trainer python trainer/referee.py --budget 20 -- python bench/trainer/gpt2.py --depth 2 ...

Learned positions, LayerNorm with bias, GELU, weights shared by embedding and head, AdamW under a cosine schedule.
"""

import argparse
import math

import prepare
import torch
import torch.nn.functional as F
from torch import Tensor, nn

LEARNING_RATE = 1e-3  # the best of 1, 2, 4 and 8 thousandths after 190 steps on a CPU, where all were close
FINAL_LR = 0.1  # learning rate at the end, as a share of the peak
WARMUP = 0.05  # share of the budget
BETAS = (0.9, 0.95)
WEIGHT_DECAY = 0.1  # of matrices and tables
CLIP = 1.0  # largest norm of all gradients together
INIT_STD = 0.02

parser = argparse.ArgumentParser(description="The GPT-2 baseline; sizes as train.py has them.")
for size in ("depth", "width", "heads", "tokens"):
    parser.add_argument(f"--{size}", type=int, required=True)
sizes = parser.parse_args()


class Block(nn.Module):
    """Attention and MLP, each after a LayerNorm: (B, T, width) to the same."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.attention_norm, self.mlp_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, time, width = x.shape
        q, k, v = self.qkv(self.attention_norm(x)).view(batch, time, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)
        x = x + self.out(mixed.reshape(batch, time, width))
        return x + self.down(F.gelu(self.up(self.mlp_norm(x)), approximate="tanh"))


class GPT2(nn.Module):
    """Token ids (B, T) to logits (B, T, vocabulary)."""

    def __init__(self, vocab_size: int, depth: int, width: int, heads: int, max_len: int):
        super().__init__()
        self.depth, self.width = depth, width
        self.tokens, self.positions = nn.Embedding(vocab_size, width), nn.Embedding(max_len, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:  # Residual writers are scaled down by their number.
                writes = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(parameter, std=INIT_STD / math.sqrt(2 * depth) if writes else INIT_STD)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids) + self.positions(torch.arange(ids.size(1), device=ids.device))
        for block in self.blocks:
            x = block(x)
        return F.linear(self.norm(x), self.tokens.weight)


def log_probs(model: nn.Module, ids: Tensor) -> Tensor:
    """Log-probabilities (B, T, vocabulary), in nats, of the token after each of (B, T)."""
    with torch.autocast(ids.device.type, torch.bfloat16, enabled=ids.is_cuda and run.bf16):
        return F.log_softmax(model(ids).float(), dim=-1)


def learning_rate(progress: float) -> float:
    """Rises linearly over WARMUP, then falls along half a cosine to FINAL_LR of the peak."""
    if progress < WARMUP:
        return LEARNING_RATE * progress / WARMUP
    falling = 0.5 * (1 + math.cos(math.pi * (progress - WARMUP) / (1 - WARMUP)))
    return LEARNING_RATE * (FINAL_LR + (1 - FINAL_LR) * falling)


run = prepare.connect()
on_cuda = run.device.type == "cuda"
torch.set_float32_matmul_precision("high")
# Rows are as long as the windows that are scored, since positions must have been seen in training.
seq_len, batch_size = run.window, max(1, sizes.tokens // run.window)
model = GPT2(run.vocab_size, sizes.depth, sizes.width, sizes.heads, run.window).to(run.device)
decayed = [parameter for parameter in model.parameters() if parameter.dim() == 2]
others = [parameter for parameter in model.parameters() if parameter.dim() < 2]
groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}]
optimizer = torch.optim.AdamW(groups, betas=BETAS, fused=on_cuda)


def loss_of(x: Tensor, y: Tensor) -> Tensor:
    """Mean nats per token of the targets y (B, T) after x (B, T)."""
    with torch.autocast(run.device.type, torch.bfloat16, enabled=on_cuda and run.bf16):
        logits = model(x)
    return F.cross_entropy(logits.view(-1, run.vocab_size).float(), y.view(-1))


if on_cuda and run.training:  # Compiled on made-up tokens before the clock starts.
    loss_of = torch.compile(loss_of)
    nothing = torch.zeros(batch_size, seq_len, dtype=torch.int64, device=run.device)
    loss_of(nothing, nothing).backward()
    model.zero_grad(set_to_none=True)

for step, (x, y) in enumerate(run.batches(batch_size, seq_len)):
    loss = loss_of(x, y)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), CLIP)
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(run.progress)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    run.report(step, loss)

run.finish(model, log_probs)
