"""What a trial runs on: the kind of device, its memory, and its peak speed. Nothing here imports torch.

The referee decides the kind, since the number of windows depends on it; sizes follow from the device's name and memory.
"""

import platform
import re
import subprocess
import sys
from pathlib import Path

ASK = """import torch
print("cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu")
"""

# Dense bfloat16 operations a second with sums in float32, from the makers' data sheets and white papers, keyed by
# a word in PyTorch's device name. If not listed, no utilization is reported and memory alone decides the preset.
PEAK_FLOPS = {
    "B200": 2250e12,
    "GH200": 989e12,
    "H200": 989e12,
    "H100": 989e12,
    "H100 NVL": 835e12,
    "H100 PCIe": 756e12,
    "H800": 989e12,
    "H20": 148e12,
    "A100": 312e12,
    "A800": 312e12,
    "A40": 150e12,
    "A30": 165e12,
    "A10": 125e12,
    "A10G": 70e12,
    "L40S": 362e12,
    "L40": 181e12,
    "L4": 121e12,
    "RTX A6000": 155e12,
    "RTX 5090": 210e12,
    "RTX 4090": 165e12,
    "RTX 4080": 97e12,
    "RTX 3090": 71e12,
    "RTX 3080": 60e12,
    "RTX 3070": 41e12,
    "RTX 3060": 25e12,
    "MI325X": 1307e12,
    "MI300X": 1307e12,
    "MI250X": 192e12,  # For one of its two dies, which is what PyTorch sees.
    "RX 7900 XTX": 123e12,
    "V100": 16e12,  # This one and the next have no bfloat16 units: float32.
    "T4": 8e12,
}
GIB = 2**30
# A GPU gets the first preset whose memory (GiB, a little below the round number on its box) and peak speed it reaches.
# A device that is not listed is assumed to be as fast as others with its memory.
GPU_PRESETS = [("gpu-80gb", 38, 300e12), ("gpu-24gb", 14, 60e12), ("gpu-8gb", 0, 0)]


def best() -> str:
    """CUDA (or ROCm, which PyTorch calls the same) if there is one, else Apple's GPU, else the CPU.

    torch is imported only if there may be a GPU.
    """
    apple = platform.system() == "Darwin" and platform.machine() == "arm64"
    if not apple and not any(Path(path).exists() for path in ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")):
        return "cpu"
    asked = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True)
    return asked.stdout.strip() if asked.returncode == 0 else "cpu"


def peak_flops(name: str) -> float | None:
    """Dense bfloat16 operations a second of the device that PyTorch calls `name`; None if unknown."""
    known = [key for key in PEAK_FLOPS if re.search(rf"\b{re.escape(key)}\b", name)]
    return PEAK_FLOPS[max(known, key=len)] if known else None


def preset(kind: str, name: str = "", memory: int = 0) -> str:
    """The sizes for a device: "cpu", "mac", "gpu-8gb", "gpu-24gb" or "gpu-80gb".

    kind: "cpu", "mps" or "cuda"; name as in PyTorch; memory in bytes.
    """
    if kind != "cuda":
        return {"cpu": "cpu", "mps": "mac"}[kind]
    peak = peak_flops(name)
    return next(
        preset
        for preset, least_gib, least_peak in GPU_PRESETS
        if memory >= least_gib * GIB and (peak is None or peak >= least_peak)
    )


def flops_per_token(matrix_parameters: int, depth: int, width: int, seq_len: int) -> int:
    """Operations per training token, forward and backward: 6 N + 12 L W T.

    N: parameters without the embeddings, which are looked up; L layers of width W; T tokens in a row. From appendix B
    of the PaLM paper (arXiv 2204.02311), which does not halve attention for its causal mask.
    """
    return 6 * matrix_parameters + 12 * depth * width * seq_len
