"""The driver's library is made up: three GPUs, and the program may not see one of them."""

import ctypes
import time

import pytest

import gpu_memory


class Driver:
    """The part of NVML that is asked, with its ways of returning numbers."""

    def __init__(self, used_mb: dict[int, float]):
        self.used_mb = used_mb
        self.status = 0
        self.open = False

    def nvmlInit_v2(self) -> int:
        self.open = True
        return 0

    def nvmlShutdown(self) -> int:
        self.open = False
        return 0

    def nvmlDeviceGetCount_v2(self, count) -> int:
        count._obj.value = len(self.used_mb)
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index: ctypes.c_uint, handle) -> int:
        handle._obj.value = index.value + 1
        return 0 if index.value in self.used_mb else 6

    def nvmlDeviceGetHandleByUUID(self, uuid: bytes, handle) -> int:
        return self.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(int(uuid.removeprefix(b"GPU-"))), handle)

    def nvmlDeviceGetMemoryInfo(self, handle: ctypes.c_void_p, memory) -> int:
        memory._obj.used = int(self.used_mb[handle.value - 1] * 2**20)
        return self.status


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    made = Driver({0: 100, 1: 30, 2: 7})
    monkeypatch.setattr(gpu_memory.ctypes, "CDLL", lambda name: made)
    monkeypatch.setattr(gpu_memory, "EVERY_S", 0.001)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return made


def until(true) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_the_peak_is_the_highest_sum_over_all_gpus_that_were_in_sight(driver: Driver):
    with gpu_memory.watched("cuda") as peak:
        assert peak.mb == 137
        driver.used_mb[1] = 5000
        until(lambda: peak.mb == 5107)
        driver.used_mb[1] = 0
    assert peak.mb == 5107
    assert not driver.open


@pytest.mark.parametrize("named", ["0,2", "GPU-0,GPU-2", " 2 , 0 "])
def test_gpus_that_the_program_may_not_see_do_not_count(driver: Driver, monkeypatch: pytest.MonkeyPatch, named: str):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    with gpu_memory.watched("cuda") as peak:
        pass
    assert peak.mb == 107


def test_nothing_is_known_without_a_gpu_without_a_driver_or_where_it_refuses(driver: Driver, monkeypatch):
    with gpu_memory.watched("cpu") as peak:
        assert peak.mb is None
    driver.status = 3
    with gpu_memory.watched("cuda") as peak:
        assert peak.mb is None
    monkeypatch.setattr(gpu_memory.ctypes, "CDLL", lambda name: ctypes.cdll.LoadLibrary("no such library"))
    with gpu_memory.watched("cuda") as peak:
        assert peak.mb is None
