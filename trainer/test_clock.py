"""What time is counted in, and who is to blame for lateness."""

import os
import re
import shutil
import subprocess
import sys
import time

import pytest

import clock

why_late = clock.Machine.why_late

BURN = """
def burn(seconds):
    began = time.process_time()
    while time.process_time() - began < seconds: pass
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


def test_whoever_is_kept_waiting_is_not_charged_for_it_in_cpu_seconds(tried):
    result = tried("def before_done(): time.sleep(2.0)", budget=0.2, clock="cpu")
    assert result.outcome["status"] == "measured", result.outcome
    assert result.clock == "cpu"
    assert result.training_seconds < 0.5
    assert result.conditions["seconds"] >= 2.0


def test_work_is_charged_in_cpu_seconds(tried):
    result = tried(BURN + "def before_done(): burn(60)", budget=0.2, clock="cpu")
    assert result.outcome["reason"] == "timeout"
    assert "1.2 CPU s after the clock started" in result.outcome["message"]
    assert result.conditions["cpu_seconds"] < 3


@pytest.mark.parametrize("waited", ["os.waitpid(child, 0)", "time.sleep(60)"], ids=["has ended", "is alive"])
def test_the_work_of_a_process_that_a_candidate_started_is_charged_to_it(tried, waited: str):
    work = f"""
def before_done():
    if (child := os.fork()) == 0:
        burn(3)
        os._exit(0)
    {waited}
    time.sleep(60)
"""
    assert tried(BURN + work, budget=0.2, clock="cpu").outcome["reason"] == "timeout"


def test_sleeping_ends_by_the_wall_clock_all_the_same(tried, monkeypatch):
    monkeypatch.setattr(clock, "WALL_FACTOR", 1.0)
    began = time.monotonic()
    assert tried("def before_done(): time.sleep(60)", budget=0.2, clock="cpu").outcome["reason"] == "timeout"
    assert time.monotonic() - began < 30


def test_start_up_and_scoring_are_counted_in_cpu_seconds_too(tried):
    slow = "def before_ready(): time.sleep(1.5)\ndef before_loaded(): time.sleep(1.5)"
    result = tried(slow, budget=0.3, clock="cpu", champion_startup=0.4, scoring=1.0)
    assert result.outcome["status"] == "measured", result.outcome
    assert result.startup_seconds < 1.5
    assert result.scoring_seconds < 1.5


def test_a_gpu_is_not_timed_in_cpu_seconds():
    assert clock.counts_cpu_seconds("cpu")
    assert not clock.counts_cpu_seconds("cuda")


def others_use(monkeypatch: pytest.MonkeyPatch, cores: float) -> None:
    """A machine of two cores, on which others use so many of them."""
    monkeypatch.setattr(clock.Machine, "why_late", why_late)
    monkeypatch.setattr(clock, "_busy", lambda: (cores * time.monotonic(), 2))
    monkeypatch.setattr(clock, "_others", lambda candidate: cores * time.monotonic())


@pytest.mark.parametrize(
    ("where", "limits"),
    [
        ("def before_ready(): time.sleep(60)", {"startup": 1.0}),
        ("def before_done(): time.sleep(60)", {"budget": 0.2}),
        ("def before_loaded(): time.sleep(60)", {"champion_startup": 0.1, "budget": 1.0}),
        ("def before_answer(ids): time.sleep(60)", {"scoring": 0.5}),
    ],
    ids=["start-up", "training", "loading", "scoring"],
)
def test_lateness_while_others_keep_the_machine_busy_is_the_machines_fault(tried, monkeypatch, where, limits):
    monkeypatch.setattr("measure.LOADING_S", 1.0)
    others_use(monkeypatch, 2.0)
    outcome = tried(where, **limits).outcome
    assert outcome["status"] == "fault"
    said = r"the machine is busy: other programs used [12]\.\d of its 2 cores meanwhile \("
    assert re.match(said, outcome["message"])


def test_lateness_on_a_machine_with_a_free_core_is_the_candidates(tried, monkeypatch):
    others_use(monkeypatch, 1.0)
    assert tried("def before_done(): time.sleep(60)", budget=0.2).outcome["reason"] == "timeout"


def test_a_candidate_that_keeps_the_machine_busy_itself_is_not_excused():
    child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        machine = clock.Machine(child.pid)
        time.sleep(1.0)
        used = machine.conditions()
        assert used["cpu_seconds"] > 0
        assert used["others"] <= os.cpu_count() - used["cpu_seconds"] / used["seconds"] + 0.2
    finally:
        child.kill()
        child.wait()


def test_nor_by_children_that_end_without_a_trace(tmp_path, monkeypatch):
    """Nobody waits for them, so what they used is counted nowhere: it must not be taken for the work of others."""
    monkeypatch.setattr(clock, "PROC", tmp_path)

    def process(number: int, parent: int, seconds: float) -> None:
        folder = tmp_path / str(number)
        folder.mkdir(exist_ok=True)
        ticks = round(seconds / clock.TICK_S)
        (folder / "stat").write_text(f"{number} (a) b) S {parent} {'0 ' * 9}{ticks} 0 0 0")

    def machine(seconds: float) -> None:
        (tmp_path / "stat").write_text(f"cpu {round(seconds / clock.TICK_S)} 0 0 0\ncpu0 0\ncpu1 0\n")

    candidate, child, other = 100, 101, 200
    machine(0.0)
    for number, parent in ((candidate, os.getpid()), (child, candidate), (other, 1), (30, clock.KERNEL)):
        process(number, parent, 5.0)
    watched = clock.Machine(candidate)
    time.sleep(0.5)
    shutil.rmtree(tmp_path / str(child))  # It has used all that the machine was busy with.
    process(30, clock.KERNEL, 7.0)
    process(other, 1, 5.0 + 10 * clock.TICK_S)
    machine(100.0)
    assert 0.0 < watched.others() <= 10 * clock.TICK_S / 0.5
    assert why_late(watched) is None
