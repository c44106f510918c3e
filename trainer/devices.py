"""Which device a trial runs on. Decided by the referee: the number of windows depends on it."""

import platform
import subprocess
import sys
from pathlib import Path

ASK = """import torch
print("cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu")
"""


def best() -> str:
    """CUDA where there is one, else Apple's GPU, else the CPU. torch is asked only where there may be a GPU."""
    apple = platform.system() == "Darwin" and platform.machine() == "arm64"
    if not apple and not any(Path(path).exists() for path in ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")):
        return "cpu"
    asked = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True)
    return asked.stdout.strip() if asked.returncode == 0 else "cpu"
