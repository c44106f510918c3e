"""Trains a small GPT for a fixed time. This is the one file that experiments edit.

Read it top to bottom: constants, model, optimizer, schedules, the training loop. `prepare.py` (fixed) supplies the
batches, keeps the clock and scores the result in bits per byte of held-out text (val_bpb, lower is better).
"""

import prepare
import torch
import torch.nn.functional as F
from torch import Tensor, nn

# --- Constants. Sizes are for a CPU; SCALE multiplies them elsewhere, so each constant matters everywhere. ---

DEPTH = 2  # transformer blocks
WIDTH = 128  # channels of the residual stream
HEAD_DIM = 64  # channels of one attention head; WIDTH is a multiple of it
MLP_RATIO = 4  # hidden channels of the MLP, in multiples of WIDTH
SEQ_LEN = 128  # tokens in one training row
BATCH_SIZE = 8  # rows in one step
ROPE_BASE = 10000  # longest wavelength of the rotary position encoding, in tokens
QK_GAIN = 1.0  # initial factor on normalized queries; each head learns its own
VALUE_GAIN = 1.0  # initial share of the value embeddings in the values; each block learns its own
EMBED_LR = 0.05  # Adam learning rate of the token embedding
VALUE_LR = 0.05  # Adam learning rate of the value embeddings
HEAD_LR = 0.01  # Adam learning rate of the output head, for the width of a CPU
GAIN_LR = 0.02  # Adam learning rate of everything that is not a matrix
MATRIX_LR = 0.03  # Muon learning rate of the matrices inside the blocks
MUON_STEPS = 3  # Newton-Schulz steps to orthogonalize an update
ADAM_BETA1 = 0.8  # decay of Adam's mean gradient
ADAM_BETA2 = 0.95  # decay of Adam's mean squared gradient
MOMENTUM = 0.9  # Muon's momentum
WEIGHT_DECAY = 0.05  # Muon's decoupled weight decay, times the learning rate
WARMUP = 0.03  # share of the budget over which the learning rate rises from zero
WARMDOWN = 0.5  # share of the budget over which the learning rate falls to FINAL_LR
FINAL_LR = 0.05  # final learning rate, as a share of its peak

# Factors on these constants for each `run.preset`, which depends on the device's kind, memory and speed.
SCALE = {
    "cpu": {"depth": 1, "width": 1, "seq_len": 1, "batch_size": 1},
    "mac": {"depth": 2, "width": 2, "seq_len": 2, "batch_size": 2},
    "gpu-8gb": {"depth": 3, "width": 2, "seq_len": 2, "batch_size": 8},
    "gpu-24gb": {"depth": 3, "width": 3, "seq_len": 2, "batch_size": 16},
    "gpu-80gb": {"depth": 4, "width": 4, "seq_len": 2, "batch_size": 32},
}


# --- Model ---


def norm(x: Tensor) -> Tensor:
    """Root-mean-square normalization over the last dimension, without learned gain."""
    return F.rms_norm(x, (x.size(-1),))


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary position encoding: turns channel pairs of x (B, heads, T, head_dim) by angles (T, head_dim / 2)."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos + b * sin, b * cos - a * sin], dim=-1)


class Block(nn.Module):
    """Attention, then an MLP, each on a normalized input and added to the residual stream (B, T, width)."""

    def __init__(self, vocab_size: int, width: int, head_dim: int):
        super().__init__()
        assert width % head_dim == 0, f"width {width} is not a multiple of head_dim {head_dim}"
        self.head_dim = head_dim
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.up = nn.Linear(width, MLP_RATIO * width, bias=False)
        self.down = nn.Linear(MLP_RATIO * width, width, bias=False)
        self.values = nn.Embedding(vocab_size, width)  # What a token adds to the values at any position.
        self.qk_gain = nn.Parameter(torch.empty(width // head_dim, 1, 1))
        self.value_gains = nn.Parameter(torch.empty(2))

    def forward(self, x: Tensor, tokens: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        batch, time, width = x.shape
        q, k, v = self.qkv(norm(x)).view(batch, time, 3, -1, self.head_dim).permute(2, 0, 3, 1, 4)
        known = self.values(tokens).view(batch, time, -1, self.head_dim).transpose(1, 2)
        v = self.value_gains[0] * v + self.value_gains[1] * known
        q, k = self.qk_gain * rotate(norm(q), cos, sin), rotate(norm(k), cos, sin)
        with torch.autocast("cpu", enabled=False):  # On a CPU, the backward pass of attention is slower in bfloat16.
            mixed = F.scaled_dot_product_attention(q, k, v.to(q.dtype), is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, time, width))
        return x + self.down(F.relu(self.up(norm(x))).square())


class GPT(nn.Module):
    """A decoder-only transformer: token ids (B, T) to logits (B, T, vocab)."""

    def __init__(self, vocab_size: int, depth: int, width: int, head_dim: int, max_len: int):
        super().__init__()
        self.depth, self.width, self.heads = depth, width, width // head_dim
        self.embed = nn.Embedding(vocab_size, width)
        self.before = nn.Parameter(torch.empty(width))
        self.blocks = nn.ModuleList(Block(vocab_size, width, head_dim) for _ in range(depth))
        self.head = nn.Linear(width, vocab_size, bias=False)
        pairs = torch.arange(head_dim // 2) / (head_dim // 2)
        angles = torch.arange(max_len)[:, None] * ROPE_BASE ** -pairs[None, :]
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        self.start()

    @torch.no_grad()
    def start(self) -> None:
        """Initial weights: what writes into the residual stream starts at zero, so every block starts as identity."""
        self.embed.weight.normal_()
        self.before.zero_()
        self.head.weight.zero_()
        for block in self.blocks:
            for matrix in (block.qkv.weight, block.up.weight, block.values.weight):
                bound = (3 / matrix.size(1)) ** 0.5
                matrix.uniform_(-bound, bound)
            block.out.weight.zero_()
            block.down.weight.zero_()
            block.qk_gain.fill_(QK_GAIN)
            block.value_gains.copy_(torch.tensor([1.0, VALUE_GAIN]))

    def forward(self, tokens: Tensor) -> Tensor:
        time = tokens.size(1)
        assert time <= self.cos.size(0), f"{time} tokens, but positions for only {self.cos.size(0)}"
        cos, sin = self.cos[:time], self.sin[:time]
        x = norm(self.embed(tokens))
        x = x + self.before * F.pad(x, (0, 0, 1, -1))  # Each position sees the token before it from the start.
        for block in self.blocks:
            x = block(x, tokens, cos, sin)
        return self.head(norm(x)).float()


def log_probs(model: nn.Module, tokens: Tensor) -> Tensor:
    """Used for scoring: log-probabilities (B, T, vocab), in nats, of the token after each of (B, T)."""
    with torch.autocast(tokens.device.type, torch.bfloat16, enabled=tokens.is_cuda and run.bf16):
        return F.log_softmax(model(tokens), dim=-1)


# --- Optimizers: Muon for the matrices inside the blocks, Adam for everything else. ---


def orthogonalize(matrices: Tensor) -> Tensor:
    """Brings all singular values of each matrix (n, rows, columns) close to one, by Newton-Schulz steps."""
    x = matrices.bfloat16() if run.bf16 else matrices
    tall = x.size(1) > x.size(2)
    x = x.mT if tall else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(MUON_STEPS):
        gram = x @ x.mT
        polynomial = torch.baddbmm(gram, gram, gram, beta=-4.7750, alpha=2.0315)
        x = torch.baddbmm(x, polynomial, x, beta=3.4445)
    return (x.mT if tall else x).to(matrices.dtype)


class Adam:
    """Adam for one tensor, without weight decay: rows of rare tokens would only shrink."""

    def __init__(self, weight: nn.Parameter, lr: float):
        self.weight, self.lr, self.steps = weight, lr, 0
        self.mean, self.square = torch.zeros_like(weight), torch.zeros_like(weight)

    def step(self, factor: float) -> None:
        self.steps += 1
        self.mean.lerp_(self.weight.grad, 1 - ADAM_BETA1)
        self.square.lerp_(self.weight.grad.square(), 1 - ADAM_BETA2)
        unbiased = (1 - ADAM_BETA2**self.steps) ** 0.5 / (1 - ADAM_BETA1**self.steps)
        self.weight.addcdiv_(self.mean, self.square.sqrt().add_(1e-10), value=-self.lr * factor * unbiased)


class Muon:
    """Momentum whose update is orthogonalized, for equally shaped matrices at once."""

    def __init__(self, weights: list[nn.Parameter], lr: float):
        self.weights, self.lr = weights, lr
        self.momentum = torch.zeros(len(weights), *weights[0].shape, device=weights[0].device)

    def step(self, factor: float) -> None:
        gradients = torch.stack([weight.grad for weight in self.weights])
        self.momentum.lerp_(gradients, 1 - MOMENTUM)
        update = orthogonalize(gradients.lerp(self.momentum, MOMENTUM))
        rows, columns = update.shape[1:]
        lr = self.lr * factor * max(1.0, rows / columns) ** 0.5
        for weight, change in zip(self.weights, update, strict=True):
            weight.mul_(1 - self.lr * factor * WEIGHT_DECAY).sub_(change, alpha=lr)


# --- Schedules: pure functions of progress, the share of the budget used so far (0 to 1). ---


def lr_factor(progress: float) -> float:
    """Rises linearly, stays at 1, falls linearly to FINAL_LR."""
    if progress < WARMUP:
        return progress / WARMUP
    if progress < 1 - WARMDOWN:
        return 1.0
    return FINAL_LR + (1 - FINAL_LR) * (1 - progress) / WARMDOWN


# --- Training ---

run = prepare.connect()
on_cuda = run.device.type == "cuda"
torch.set_float32_matmul_precision("high")

scale = SCALE[run.preset]
depth, width = DEPTH * scale["depth"], WIDTH * scale["width"]
seq_len, batch_size = SEQ_LEN * scale["seq_len"], BATCH_SIZE * scale["batch_size"]

model = GPT(run.vocab_size, depth, width, HEAD_DIM, max_len=max(seq_len, run.window)).to(run.device)
blocks = list(model.blocks)
optimizers = [Adam(model.embed.weight, EMBED_LR)]
optimizers += [Adam(block.values.weight, VALUE_LR) for block in blocks]
optimizers += [Adam(model.head.weight, HEAD_LR * scale["width"] ** -0.5)]  # The more inputs, the smaller the steps.
gains = [model.before, *(gain for block in blocks for gain in (block.qk_gain, block.value_gains))]
optimizers += [Adam(gain, GAIN_LR) for gain in gains]
for name in ("qkv", "out", "up", "down"):
    optimizers += [Muon([getattr(block, name).weight for block in blocks], MATRIX_LR)]


def loss_of(x: Tensor, y: Tensor) -> Tensor:
    """Mean nats per token of the targets y (B, T) after x (B, T)."""
    with torch.autocast(run.device.type, torch.bfloat16, enabled=run.bf16):
        logits = model(x)
    return F.cross_entropy(logits.view(-1, run.vocab_size), y.view(-1))


if on_cuda and run.training:  # Compiles on made-up tokens before the clock starts.
    loss_of = torch.compile(loss_of)
    nothing = torch.zeros(batch_size, seq_len, dtype=torch.int64, device=run.device)
    loss_of(nothing, nothing).backward()
    model.zero_grad(set_to_none=True)

for step, (x, y) in enumerate(run.batches(batch_size, seq_len)):
    loss = loss_of(x, y)
    loss.backward()
    with torch.no_grad():
        for optimizer in optimizers:
            optimizer.step(lr_factor(run.progress))
    model.zero_grad(set_to_none=True)
    run.report(step, loss)

run.finish(model, log_probs)
