"""The protocol: what candidates may try, and what happens then. Most of them are a few lines of protocol."""

import json
import math
import re
import shutil
import sys
import time
from pathlib import Path

import pytest

import clock
import dataset
import measure
import referee
import wire
from candidate import Candidate
from measure import Options, Result
from preview import Preview, Stopped


def uniform_bpb(data: Path, split: str = "val") -> float:
    vocabulary = dataset.read_vocabulary(data)
    windows = dataset.held_out_windows(data, vocabulary, split, 160)
    return math.log2(len(vocabulary)) * windows.tokens.size / len(windows.text)


def crash(result: Result, reason: str = "exception") -> str:
    assert result.outcome["status"] == "crash", result.outcome
    assert result.outcome["reason"] == reason
    return result.outcome["message"]


# --- Honest ---


def test_an_honest_candidate_is_measured_and_audited_on_both_held_out_sets(tried, data: Path):
    result = tried(audited=True)
    assert result.outcome == {"status": "measured", "value": pytest.approx(uniform_bpb(data), abs=1e-6)}
    assert result.audited["flags"] == []
    assert result.test_bpb == pytest.approx(uniform_bpb(data, "test"), abs=1e-6)
    assert result.stats == {"num_steps": 3}
    assert result.startup_seconds > 0
    assert result.peak_memory_mb > 0


def test_only_a_number_better_than_the_threshold_is_audited(tried, data: Path):
    level = uniform_bpb(data)
    assert tried(threshold=level - 0.01).audited is None
    better = tried(threshold=level + 0.01)
    assert better.audited["n"] > 0
    assert better.audited["smallest_lie"] == pytest.approx(9.2 / better.audited["n"] * level, rel=1e-3)


# --- Made-up numbers ---


def test_a_printed_number_is_worth_nothing(tried):
    message = crash(tried("def before_ready(): print('---'); print('val_bpb: 0.1', flush=True); os._exit(0)"))
    assert "before it had handed over a model" in message


def test_costs_that_are_made_up_are_corrected_and_flagged(tried, data: Path):
    result = tried("def costs(ids): return np.full(len(ids), 0.01)", audited=True)
    assert result.val_bpb < 0.1
    assert "differ by more than" in result.audited["flags"][0]
    assert result.audited["val_bpb"] == pytest.approx(uniform_bpb(data), rel=0.2)


def test_blind_answers_that_promise_everything_gain_nothing(tried):
    boast = "def next_tokens(rows): return np.full((rows, len(vocabulary)), 80, '<f4')"
    assert tried(boast, audited=True).audited["flags"] == []


@pytest.mark.parametrize(
    ("value", "reason"), [("-1.0", "exception"), ("np.nan", "not a number"), ("1e7", "not a number")]
)
def test_impossible_costs_are_a_crash(tried, value: str, reason: str):
    crash(tried(f"def costs(ids): return np.full(len(ids), {value})"), reason)


def test_blind_answers_beyond_all_numbers_are_flagged_and_leave_numbers(tried):
    """Not a crash: who is caught may not try again."""
    absurd = "def next_tokens(rows): return np.tile(np.float32([3e38, *[-3e38] * (len(vocabulary) - 1)]), (rows, 1))"
    result = tried(absurd, audited=True)
    assert result.outcome["status"] == "measured"
    assert any("differ by more than" in flag for flag in result.audited["flags"])
    assert abs(result.audited["val_bpb"]) <= wire.MOST


def test_a_loss_beyond_all_numbers_is_refused(tried):
    diverged = "def before_done(): channel.send('progress', step=1, tokens=1, loss=9e299, bpb=9e299)"
    assert "the field loss of progress" in crash(tried(diverged))


# --- Time ---


def test_nothing_of_the_text_is_there_before_the_clock_starts(tried, data: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AUTORESEARCH_DATA", str(data))
    looked = tried(
        """
def before_ready():
    named = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if int(fd) > 2
             and os.path.exists(f"/proc/self/fd/{fd}")]
    print("open:", *sorted(name.split(":")[0] for name in named))
    print("told:", *(name for name in os.environ if name.startswith("AUTORESEARCH")), flush=True)
    sys.exit(3)
"""
    )
    crash(looked)
    text = looked.outcome["traceback"]
    assert "open: /memfd socket\n" in text  # The vocabulary, and the conversation.
    assert text.endswith("told: AUTORESEARCH_SOCKET")


def test_who_hands_over_before_the_clock_starts_is_refused(tried):
    assert "expected the message ready, got done" in crash(tried("def before_ready(): channel.send('done', stats={})"))


@pytest.mark.parametrize(
    ("where", "limits", "said"),
    [
        ("def before_ready(): time.sleep(60)", {"startup": 1.0}, "not ready within 1 s"),
        ("def before_done(): time.sleep(60)", {"budget": 0.2}, "had not handed over its model"),
        ("def before_answer(ids): time.sleep(60)", {"scoring": 0.5}, "had not answered"),
    ],
)
def test_who_takes_too_long_is_stopped(tried, where: str, limits: dict, said: str):
    began = time.monotonic()
    assert said in crash(tried(where, **limits), "timeout")
    assert time.monotonic() - began < 30


def test_progress_messages_do_not_move_the_deadline(tried):
    endless = """
def before_done():
    while True:
        channel.send("progress", step=1, tokens=2, loss=3.0, bpb=1.0)
"""
    crash(tried(endless, budget=0.2), "timeout")


# A candidate that reports ever worse losses, and prints when it was allowed to continue.
WORSENING = """
def before_done():
    began = time.monotonic()
    while (share := (time.monotonic() - began) / setup["budget_s"]) < 0.9:
        channel.send("progress", step=1, tokens=2, loss=None, bpb=1.0 if share < 0.45 else 3.0)
        time.sleep(0.02)
    print("went on", flush=True)
"""


def test_a_trial_whose_preview_is_above_the_bar_is_stopped_there(tried):
    result = tried(WORSENING, budget=1.5, preview_at=0.6, stop_above=2.9)
    assert (result.outcome["status"], result.outcome["value"]) == ("stopped", pytest.approx(3.0))
    assert 0.6 < result.outcome["at"] <= 1.0
    assert result.preview == result.outcome["value"]
    assert result.val_bpb is None


def test_a_trial_that_is_measured_to_the_end_carries_its_preview(tried, data: Path):
    result = tried(WORSENING, budget=1.5, preview_at=0.6, stop_above=3.1)
    assert result.outcome == {"status": "measured", "value": pytest.approx(uniform_bpb(data), abs=1e-6)}
    assert result.preview == pytest.approx(3.0)
    silent = tried(budget=1.0, preview_at=0.6, stop_above=0.1)
    assert (silent.outcome["status"], silent.preview) == ("measured", None)


def test_a_preview_is_the_mean_of_what_was_told_shortly_before():
    preview = Preview(0.6)
    for share, bpb in [(0.4, 9.0), (0.52, 2.0), (0.55, None), (0.59, 3.0), (0.61, 7.0), (0.7, 8.0)]:
        preview.take(share, bpb)
    assert preview.value == 2.5
    rare = Preview(0.6, stop_above=3.9)
    rare.take(0.3, 4.0)
    with pytest.raises(Stopped):
        rare.take(0.9, 1.0)


def test_a_model_that_is_not_copied_by_the_deadline_is_too_late(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clock.Machine, "why_late", lambda _: None)  # Whatever else this machine is doing.
    files = [wire.sealed(b"weights"), wire.sealed(wire.pack_vocabulary([b"a"]))]
    with Candidate([sys.executable, "-c", ""], [], print) as candidate, pytest.raises(measure.Crash) as caught:
        measure.freeze(candidate, files, candidate.clock.after(-1), "late")
    assert caught.value.reason == "timeout"


def test_slow_starting_is_charged_to_the_budget(tried):
    told = """
def before_ready(): time.sleep(0.5)
def before_done(): raise ValueError("unreached")
"""
    result = tried(told, budget=0.2, champion_startup=0.1)
    assert "not ready within 0.325 s of start-up, which used up the budget" in crash(result, "timeout")


# --- What is frozen stays frozen ---


def test_weights_that_change_after_handing_over_change_nothing(tried):
    later = (
        "def after_done(kept): time.sleep(0.3); os.pwrite(kept.fileno(), b'better', 0); os.ftruncate(kept.fileno(), 3)"
    )
    assert tried(later, audited=True).audited["flags"] == []


@pytest.mark.parametrize(
    "weights",
    [
        "os.open('/dev/zero', os.O_RDONLY)",
        "os.open('/', os.O_RDONLY)",
        "os.pipe()[0]",
        "os.open('/proc/self/mem', os.O_RDONLY)",
        "os.memfd_create('empty')",
        "(os.link(__file__, __file__ + '.link'), os.open(__file__, os.O_RDONLY))[1]",
    ],
)
def test_weights_are_a_regular_file_without_links(tried, weights: str):
    change = f"""
def files_for_done():
    return [{weights}, wire.sealed(wire.pack_vocabulary(vocabulary))], None
"""
    assert "expected a " in crash(tried(change))


def test_nothing_is_taken_after_the_hand_over(tried):
    later = """
def before_loaded():
    global files
    files = [wire.sealed(b"x"), wire.sealed(wire.pack_vocabulary([b"", b"x"]))]
def before_answer(ids): channel.send("done", files, stats={})
"""
    assert "expected the message scored or failed, got done" in crash(tried(later))


@pytest.mark.parametrize(
    ("vocabulary", "said"),
    [
        ("vocabulary + [vocabulary[-1]]", "the same bytes twice"),
        ("vocabulary + [b'']", "every id but 0"),
        ("vocabulary[1:]", "expected id 0"),
        ("[token for token in vocabulary if token != b'e']", "every single byte"),
    ],
)
def test_a_vocabulary_that_leaves_a_choice_is_refused(tried, vocabulary: str, said: str):
    change = f"""
def files_for_done():
    return [wire.sealed(b"honest"), wire.sealed(wire.pack_vocabulary({vocabulary}))], None
"""
    assert said in crash(tried(change))


def test_nobody_trains_while_its_model_is_loaded(tried, monkeypatch):
    monkeypatch.setattr(measure, "LOADING_S", 1.5)
    late = """
def before_loaded():
    starts = open(os.environ["TMPDIR"] + "/starts", "a+")
    starts.write("one more ")
    starts.flush()
    starts.seek(0)
    time.sleep(5 if starts.read().count("more") in LATE else 0)
"""
    result = tried(late.replace("LATE", "(1, 2)"), champion_startup=1)
    assert "had not loaded its model within 3." in crash(result, "timeout")
    # A busy machine may make one late: the fourth, after those two and one that was in time.
    assert tried(late.replace("LATE", "(3,)"), champion_startup=1).outcome["status"] == "measured"


def test_start_up_that_was_charged_gives_nobody_more_time_to_load(tried, monkeypatch):
    monkeypatch.setattr(measure, "LOADING_S", 1.5)
    slow = """
def before_ready(): time.sleep(5 if setup["role"] == "train" else 0)
def before_loaded(): time.sleep(5)
"""
    assert "had not loaded its model within 3.46 s" in crash(tried(slow, champion_startup=1), "timeout")


# --- What a trial tells ---


def test_numbers_that_a_candidate_can_choose_have_no_digits_to_spare(tried):
    told = referee.rounded(tried("def costs(ids): return np.full(len(ids), np.pi)"))
    assert told.outcome["value"] == told.val_bpb == round(told.val_bpb, 5)
    assert told.scoring_seconds == round(told.scoring_seconds, 1) > 0
    flagged = referee.rounded(tried("def costs(ids): return np.full(len(ids), np.pi)", audited=True))
    assert flagged.outcome["value"] == round(flagged.outcome["value"], 6) != flagged.val_bpb
    assert re.fullmatch(r"0\.\d{1,2}|\d\.\d", str(flagged.audited["largest"]))


def test_the_memory_of_a_process_that_sees_text_is_not_told(tried):
    uses = "def before_answer(ids): bytearray(2**30)[::4096] = bytes(2**18)"
    assert tried(uses).peak_memory_mb < tried().peak_memory_mb + 100


def test_what_guards_look_at_is_seen_from_outside_whatever_the_candidate_says(tried):
    honest = tried().seen
    assert honest["weights_mb"] > 0
    assert honest["peak_memory_mb"] == honest["peak_vram_mb"] > 1
    small = {"peak_vram_mb": 0.001, "peak_memory_mb": 0.001, "weights_mb": 0.001}
    claims = f"files, kept = files_for_done(); channel.send('done', files, stats={small}); time.sleep(60)"
    said = tried(f"def before_done(): {claims}").seen
    assert said["weights_mb"] == honest["weights_mb"]
    assert said["peak_memory_mb"] == said["peak_vram_mb"] > 1


# --- Sealed ---


@pytest.mark.parametrize(
    "leave",
    [
        "open('/usr/lib/os-release').read()",
        "os.stat('/usr')",
        "os.posix_fadvise(opened, 0, 0, os.POSIX_FADV_DONTNEED)",
        "os.fork()",
        "socket.socket()",
        "os.memfd_create('kept')",
        "os.preadv(opened, [bytearray(9)], 0, os.RWF_NOWAIT)",
        "mmap.mmap(opened, 0, mmap.MAP_SHARED, mmap.PROT_READ)",
        "mmap.mmap(-1, 4096).madvise(mmap.MADV_HUGEPAGE)",
        "mmap.mmap(-1, 4096).madvise(21)",
    ],
)
def test_who_has_seen_text_can_leave_nothing_behind(tried, leave: str):
    change = f"""
import mmap
opened = os.memfd_create("opened"); os.write(opened, b"some text")
def before_answer(ids):
    try: {leave}
    except PermissionError: channel.send("failed", reason="shape"); time.sleep(9)
"""
    assert crash(tried(change)) == wire.FAILURES["shape"]


def test_threads_and_memory_are_no_trace(tried):
    change = """
import threading
def before_answer(ids):
    found = []
    thread = threading.Thread(target=lambda: found.append(np.ones(2**24).sum()))
    thread.start(); thread.join()
    assert found == [2**24]
"""
    assert tried(change).outcome["status"] == "measured"


# --- Silence ---


def test_held_out_text_in_a_traceback_is_neither_printed_nor_kept(tried, capfd: pytest.CaptureFixture):
    leak = "def before_answer(ids): print('LEAK', ids, flush=True); raise ValueError(f'LEAK {ids}')"
    result = tried(leak)
    assert re.search(r"ended while scoring, at train.py line \d+;", crash(result))
    assert result.outcome["traceback"] == ""
    assert "LEAK" not in "".join(capfd.readouterr()) + json.dumps(result.outcome)


def test_a_traceback_of_training_is_shown(tried, capfd: pytest.CaptureFixture):
    result = tried("def before_done(): raise ValueError('a mistake')")
    assert crash(result) == "ValueError: a mistake"
    assert "in before_done" in result.outcome["traceback"]
    assert "ValueError: a mistake" in capfd.readouterr().out


def test_a_flood_of_words_is_cut_off(tried, capfd: pytest.CaptureFixture):
    result = tried("def before_done(): os.write(1, b'words ' * 2**19 + b'\\nwords' * 2**18)")
    assert result.outcome["status"] == "measured"
    assert len(capfd.readouterr().out) <= 2**20


def test_only_a_hand_over_brings_descriptors(tried):
    greeted_with_one = "def before_ready(): channel.send('ready', [0])"
    assert "expected no descriptors with ready" in crash(tried(greeted_with_one))


def test_descriptors_that_belong_to_no_message_do_no_harm(tried):
    crowd = "def before_ready(): [socket.send_fds(channel.socket, [b' '], [0] * 5) for _ in range(2)]"
    assert "at most 8 descriptors" in crash(tried(crowd))


# --- Whose fault it is ---


def test_a_sandbox_that_does_not_start_is_the_machines_fault(tried):
    assert tried(wrap=["false"]).outcome["status"] == "fault"
    assert tried(wrap=["/nowhere/bwrap"]).outcome["status"] == "fault"


def test_an_exit_status_is_waited_for_when_the_sandbox_ends_later_than_the_candidate(tried):
    slow = """
import os, subprocess, sys, time
status = subprocess.call(sys.argv[1:], close_fds=False)
os.closerange(0, 99)
time.sleep(0.5)
os._exit(status)
"""
    wrap = [sys.executable, "-c", slow]
    assert crash(tried("def before_ready(): os._exit(78)", wrap=wrap)).startswith("exit status 78 before")


def test_a_candidate_that_does_not_even_parse_has_crashed_also_in_a_sandbox(tried):
    assert "SyntaxError" in crash(tried("def (", wrap=["env", "A=1"]))


def test_missing_data_are_the_machines_fault(tmp_path: Path):
    result = measure.measure(Options(["true"], tmp_path / "nothing"))
    assert result.outcome["status"] == "fault"
    assert "no prepared data" in result.outcome["message"]


def test_broken_data_are_the_machines_fault(tried, data: Path, tmp_path: Path):
    broken = tmp_path / "data"
    shutil.copytree(data, broken, copy_function=shutil.copyfile)  # Without the modes: prepared files are read-only.
    (broken / "val.tokens.npy").write_bytes(b"not an array")
    result = measure.measure(Options(["true"], broken))
    assert result.outcome["status"] == "fault"
    assert "the referee failed" in result.outcome["message"]


def test_what_a_candidate_started_dies_with_it(tried, tmp_path: Path):
    change = """
def before_done():
    import subprocess
    child = subprocess.Popen(["sleep", "1000"])
    open(os.environ["TMPDIR"] + "/child", "w").write(str(child.pid))
"""
    assert tried(change).outcome["status"] == "measured"
    child = Path("/proc") / (tmp_path / "child").read_text()
    deadline = time.monotonic() + 10
    while child.exists() and "Z" not in (child / "stat").read_text().split()[2] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not child.exists() or "Z" in (child / "stat").read_text().split()[2]


def test_a_socket_that_takes_its_time_to_close_keeps_nobody(tried):
    change = """
def files_for_done():
    listener = socket.create_server(("127.0.0.1", 0))
    lingering = socket.create_connection(listener.getsockname())
    lingering.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, (1).to_bytes(4, "little") + (600).to_bytes(4, "little"))
    lingering.setblocking(False)
    try:
        while True: lingering.send(b"x" * 65536)
    except BlockingIOError: pass
    globals()["kept"] = listener
    number = os.dup(lingering.fileno()); lingering.detach()
    return [number, wire.sealed(wire.pack_vocabulary(vocabulary))], None
def after_done(kept): time.sleep(600)
"""
    began = time.monotonic()
    assert "expected a regular file" in crash(tried(change))
    assert time.monotonic() - began < 30


def test_a_trial_ends_when_its_time_is_up_whatever_it_is_at(tried):
    began = time.monotonic()
    assert "whole trial" in crash(tried("def before_done(): time.sleep(60)", timeout=3.0), "timeout")
    slow = tried("def next_tokens(rows): time.sleep(60)", timeout=8.0, audited=True)
    assert any("whole trial" in flag for flag in slow.audited["flags"])
    assert time.monotonic() - began < 40


def test_what_is_printed_reaches_a_terminal_without_what_acts_on_it(tried, capfd: pytest.CaptureFixture):
    hostile = r"'\x1b[31mred\x1b[0m \x1b]0;owned\x07\x9b2J\0\u202ethgir\u2028\u200b'"
    result = tried(f"def before_done(): raise ValueError({hostile})")
    assert crash(result) == "ValueError: red thgir"
    shown = capfd.readouterr().out + result.outcome["traceback"]
    assert not [character for character in shown if not character.isprintable() and character not in "\t\n"]
