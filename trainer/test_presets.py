"""Presets, and whether train.py's sizes fit them: enough to learn in five minutes, within the device's memory.

No GPU is needed: models are built without memory, on PyTorch's meta device, and what they would use is added up.
"""

import re
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

import devices
from devices import GIB, flops_per_token, peak_flops, preset

SCRIPT = str(Path(__file__).with_name("train.py"))
VOCABULARY, WINDOW = 2048, 256
BUDGET = 300.0

# The slowest device of each preset: operations a second that a run may count on, and GiB of memory. One core of a CPU
# as measured, an M1 at half of its peak in float32, and RTX 3060, RTX 3090 and A100 at a third of theirs.
LEAST = {
    "cpu": (0.06e12, 4),
    "mac": (1.3e12, 8),
    "gpu-8gb": (8e12, 7.5),
    "gpu-24gb": (24e12, 15),
    "gpu-80gb": (104e12, 39),
}


def built(monkeypatch: pytest.MonkeyPatch, name: str, script: str = SCRIPT) -> SimpleNamespace:
    """The model that train.py builds for the preset, without memory and without training."""
    run = SimpleNamespace(
        device=torch.device("meta"),
        preset=name,
        bf16=False,
        vocab_size=VOCABULARY,
        window=WINDOW,
        training=True,
        batches=lambda *_: iter(()),
        finish=lambda *_: None,
    )
    monkeypatch.setitem(sys.modules, "prepare", SimpleNamespace(connect=lambda: run))
    with torch.device("meta"):
        return SimpleNamespace(**runpy.run_path(script))


def kept_for_backward(script: SimpleNamespace) -> int:
    """Bytes that one step keeps for its backward pass, as if all were float32: more than a GPU uses."""
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[id(storage)] = storage.nbytes()
        storages.append(storage)  # Kept alive, so that no two have the same id.
        return tensor

    storages: list[torch.UntypedStorage] = []
    tokens = torch.zeros(script.batch_size, script.seq_len, dtype=torch.int64, device="meta")
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        logits = script.model(tokens)
        F.cross_entropy(logits.view(-1, VOCABULARY), tokens.view(-1))
    return sum(kept.values())


def test_every_preset_that_a_device_can_get_has_sizes_in_the_script(monkeypatch: pytest.MonkeyPatch):
    names = {"cpu", "mac", *(name for name, _, _ in devices.GPU_PRESETS)}
    assert set(built(monkeypatch, "cpu").SCALE) == names == set(LEAST)


@pytest.mark.parametrize("name", LEAST)
def test_a_preset_fits_the_least_device_that_gets_it(name: str, monkeypatch: pytest.MonkeyPatch):
    script = built(monkeypatch, name)
    parameters = sum(parameter.numel() for parameter in script.model.parameters())
    state = 4 * 4 * parameters  # float32: weights, gradients, at most two moments.
    needed = state + kept_for_backward(script) + 2 * 4 * script.batch_size * script.seq_len * VOCABULARY
    assert needed < 0.8 * LEAST[name][1] * GIB, f"{needed / GIB:.1f} GiB"


@pytest.mark.parametrize("name", LEAST)
def test_in_five_minutes_a_preset_sees_a_handful_of_tokens_for_each_parameter(name: str, monkeypatch):
    script = built(monkeypatch, name)
    model = script.model
    tables = sum(m.weight.numel() for m in model.modules() if isinstance(m, torch.nn.Embedding))
    matrices = sum(parameter.numel() for parameter in model.parameters()) - tables
    tokens = BUDGET * LEAST[name][0] / flops_per_token(matrices, model.depth, model.width, script.seq_len)
    assert 4 < tokens / matrices < 40
    assert tokens / script.batch_size / script.seq_len > 1000, "steps"


@pytest.mark.parametrize("name", LEAST)
def test_a_changed_constant_counts_on_every_device(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    before = built(monkeypatch, name)
    names = "DEPTH|WIDTH|SEQ_LEN|BATCH_SIZE"
    text = Path(SCRIPT).read_text(encoding="utf-8")
    text, doubled = re.subn(rf"^({names}) = (\d+)", lambda m: f"{m[1]} = {2 * int(m[2])}", text, flags=re.MULTILINE)
    assert doubled == 4
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    after = built(monkeypatch, name, str(tmp_path / "train.py"))
    assert after.model.depth == 2 * before.model.depth
    assert after.model.width == 2 * before.model.width
    assert (after.seq_len, after.batch_size) == (2 * before.seq_len, 2 * before.batch_size)


def test_a_gpu_is_told_by_its_memory_and_its_speed():
    assert preset("cpu") == "cpu"
    assert preset("mps") == "mac"
    assert preset("cuda", "NVIDIA H100 80GB HBM3", 79 * GIB) == "gpu-80gb"
    assert preset("cuda", "NVIDIA H200", 139 * GIB) == "gpu-80gb"
    assert preset("cuda", "AMD Instinct MI300X", 191 * GIB) == "gpu-80gb"
    assert preset("cuda", "NVIDIA A100-SXM4-40GB", 39 * GIB) == "gpu-80gb"
    assert preset("cuda", "NVIDIA GeForce RTX 4090", 23 * GIB) == "gpu-24gb"
    assert preset("cuda", "NVIDIA RTX A6000", 47 * GIB) == "gpu-24gb", "memory for more, but not the speed"
    assert preset("cuda", "NVIDIA GeForce RTX 3060", 12 * GIB) == "gpu-8gb"
    assert preset("cuda", "Tesla T4", 15 * GIB) == "gpu-8gb"
    assert preset("cuda", "NVIDIA H100 80GB HBM3 MIG 1g.10gb", 10 * GIB) == "gpu-8gb"
    assert preset("cuda", "A maker's first GPU", 6 * GIB) == "gpu-8gb"
    assert preset("cuda", "A maker's largest GPU", 256 * GIB) == "gpu-80gb"


def test_the_peak_is_that_of_the_very_device():
    assert peak_flops("NVIDIA H100 PCIe") == 756e12
    assert peak_flops("NVIDIA H100 80GB HBM3") == 989e12
    assert peak_flops("NVIDIA GH200 480GB") == 989e12
    assert peak_flops("NVIDIA A10G") == 70e12
    assert peak_flops("NVIDIA A100-SXM4-80GB") == 312e12
    assert peak_flops("NVIDIA L40S") == 362e12
    assert peak_flops("NVIDIA GeForce GTX 970") is None


def test_operations_for_a_token_are_counted_as_the_palm_paper_does():
    # Its own check: GPT-3's 175 billion parameters, 96 layers of 12,288 channels, 2,048 tokens.
    assert flops_per_token(175_000_000_000, 96, 12_288, 2048) == pytest.approx(1.079e12, rel=1e-3)
