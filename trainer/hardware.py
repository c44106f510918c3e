"""The device as PyTorch sees it: sizes, peak speed, when it is done, how much memory it used."""

import ctypes
import os
import resource
import sys

import torch

import devices

MAX_CPU_THREADS = 8  # At these model sizes, more threads than this only wait for each other.
SPARE_CPUS = 1  # Left to the rest of the machine, so that other work changes the score as little as possible.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # Parameters of glibc's mallopt.


def preset(device: torch.device) -> str:
    """The sizes for the device; see devices.preset."""
    if device.type != "cuda":
        return devices.preset(device.type)
    found = torch.cuda.get_device_properties()
    return devices.preset("cuda", found.name, found.total_memory)


def peak_flops(device: torch.device) -> float | None:
    """Peak dense bfloat16 operations a second; None if unknown."""
    return devices.peak_flops(torch.cuda.get_device_name()) if device.type == "cuda" else None


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether the hardware has bfloat16 units: CUDA and ROCm devices since about 2020, some x86 CPUs."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    able = torch.cpu.get_capabilities()
    return device.type == "cpu" and bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def mark(device: torch.device) -> torch.Event | None:
    """An event after everything queued on the GPU so far; None for a CPU, which runs synchronously."""
    if device.type == "cpu":
        return None
    event = torch.cuda.Event() if device.type == "cuda" else torch.mps.event.Event()
    event.record()
    return event


def settle(device: torch.device, seed: int) -> None:
    """Seeds torch, and on a CPU sets the number of threads and keeps its memory allocated."""
    torch.manual_seed(seed)
    if device.type == "cpu":
        torch.set_num_threads(max(1, min(MAX_CPU_THREADS, _cpu_count() - SPARE_CPUS)))
        _keep_freed_memory()


def _cpu_count() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _keep_freed_memory() -> None:
    """Lets glibc keep large blocks for the next step instead of returning them to the system every time."""
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # Other C libraries do not have this.
        if mallopt:
            mallopt(M_MMAP_THRESHOLD, 2**30)
            mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def peak_memory_mb(device: torch.device) -> float:
    """Peak memory of the device in MiB; on a CPU the process's largest resident set."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated() / 2**20
    if device.type == "mps":
        return torch.mps.driver_allocated_memory() / 2**20
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes on macOS, in KiB on Linux.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
