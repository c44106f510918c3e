"""The memory in use on the GPUs, as their driver sees it from outside. What a candidate says of it decides nothing."""

import contextlib
import ctypes
import os
import threading
from collections.abc import Callable, Iterator

LIBRARY = "libnvidia-ml.so.1"
EVERY_S = 0.25  # Allocators keep what they once had, so that a peak lasts for longer than this.


class _Memory(ctypes.Structure):
    """nvmlMemory_t, in bytes."""

    _fields_ = [(name, ctypes.c_ulonglong) for name in ("total", "free", "used")]


class PeakMemory:
    """The highest sum over the GPUs so far, in MiB."""

    def __init__(self) -> None:
        self.mb: float | None = None  # None where the driver cannot be asked.

    def look(self, used_bytes: Callable[[], int]) -> None:
        """Asks once more."""
        self.mb = max(self.mb or 0.0, used_bytes() / 2**20)


@contextlib.contextmanager
def watched(device: str) -> Iterator[PeakMemory]:
    """Watches the GPUs while the block runs. Nothing is known without a GPU, or without NVIDIA's driver."""
    peak = PeakMemory()
    with contextlib.ExitStack() as stack:
        if device == "cuda":
            with contextlib.suppress(OSError, RuntimeError, AttributeError):
                used_bytes = stack.enter_context(_driver())
                peak.look(used_bytes)
                stack.enter_context(_repeated(lambda: peak.look(used_bytes)))
        yield peak


@contextlib.contextmanager
def _repeated(look: Callable[[], None]) -> Iterator[None]:
    over = threading.Event()

    def run() -> None:
        with contextlib.suppress(RuntimeError):  # The driver went away; what was seen until then counts.
            while not over.wait(EVERY_S):
                look()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def _driver() -> Iterator[Callable[[], int]]:
    """Asks for the bytes in use on all GPUs that a program may see. Raises OSError or RuntimeError."""
    nvml = ctypes.CDLL(LIBRARY)
    _call(nvml.nvmlInit_v2)
    try:
        handles = [_handle(nvml, each) for each in _visible(nvml)]

        def used_bytes() -> int:
            return sum(_used(nvml, handle) for handle in handles)

        yield used_bytes
    finally:
        nvml.nvmlShutdown()


def _visible(nvml: ctypes.CDLL) -> list[str]:
    """Indices or UUIDs, as in CUDA_VISIBLE_DEVICES; all of them where that is not set."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    if named.strip():
        return [each.strip() for each in named.split(",")]
    count = ctypes.c_uint()
    _call(nvml.nvmlDeviceGetCount_v2, ctypes.byref(count))
    return [str(index) for index in range(count.value)]


def _handle(nvml: ctypes.CDLL, name: str) -> ctypes.c_void_p:
    handle = ctypes.c_void_p()
    if name.isdecimal():
        _call(nvml.nvmlDeviceGetHandleByIndex_v2, ctypes.c_uint(int(name)), ctypes.byref(handle))
    else:
        _call(nvml.nvmlDeviceGetHandleByUUID, name.encode(), ctypes.byref(handle))
    return handle


def _used(nvml: ctypes.CDLL, handle: ctypes.c_void_p) -> int:
    memory = _Memory()
    _call(nvml.nvmlDeviceGetMemoryInfo, handle, ctypes.byref(memory))
    return memory.used


def _call(function: Callable[..., int], *arguments: object) -> None:
    status = function(*arguments)
    if status != 0:
        raise RuntimeError(f"NVIDIA's driver answered {status}")
