"""The referee: trains a candidate in a process it does not trust, and scores the model.

    python trainer/referee.py [--threshold 2.95] [--out result.json] -- python train.py

It owns the clock, the seed and the held-out text; docs/referee.md describes the protocol. Exit status: 0 measured or
stopped, 1 the candidate crashed, 78 machine fault.
"""

import argparse
import dataclasses
import json
import math
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import dataset
import devices
from measure import Options, Result, measure


def print_summary(result: Result) -> None:
    """The summary block of autoresearch, for people and for notebooks that parse it."""
    stats = {name.lower(): value for name, value in result.stats.items()}
    print("---")
    print(f"val_bpb:          {result.outcome['value']:.6f}")
    print(f"training_seconds: {result.training_seconds:.1f}")
    print(f"total_seconds:    {result.total_seconds:.1f}")
    print(f"peak_vram_mb:     {result.peak_memory_mb:.1f}")
    print(f"mfu_percent:      {stats.get('mfu_percent', 0):.2f}")
    print(f"total_tokens_M:   {stats.get('total_tokens_m', 0):.3f}")
    print(f"num_steps:        {stats.get('num_steps', 0):.0f}")
    print(f"num_params_M:     {stats.get('num_params_m', 0):.3f}")
    print(f"depth:            {stats.get('depth', 0):.0f}", flush=True)
    if result.audited:
        found = result.audited
        verdict = "; ".join(found["flags"]) or "passed"
        print(f"audit: {verdict} (n {found['n']}, largest difference {found['largest']:.2g} nats)", flush=True)


def _plain(value: object) -> object:
    """The value without NaN and infinity, which JSON cannot represent."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def rounded(result: Result) -> Result:
    """The result without digits that nobody needs: a process that sees held-out text could put some of it into them.

    An audited number is what it is. One that was only claimed keeps one digit more than people are shown, so that two
    seeds do not look equal.
    """
    told = dataclasses.replace(result, outcome=dict(result.outcome), audited=result.audited and dict(result.audited))
    if told.outcome["status"] == "measured":
        told.outcome["value"] = round(told.outcome["value"], 6 if told.audited else 5)
    if told.audited:
        told.audited |= {
            name: float(f"{told.audited[name]:.2g}") for name in ("sd", "largest", "error", "smallest_lie")
        }
        told.audited["val_bpb"] = round(told.audited["val_bpb"], 6)
    for name, digits in (("val_bpb", 5), ("test_bpb", 5), ("scoring_seconds", 1), ("audit_seconds", 1)):
        value = getattr(told, name)
        setattr(told, name, None if value is None else round(value, digits))
    told.total_seconds = round(told.total_seconds, 1)
    return told


def load_nats(path: Path) -> np.ndarray | None:
    """(bytes of val,) as saved; None if the file cannot be read."""
    try:
        return np.load(path)
    except (OSError, ValueError, EOFError) as error:
        print(f"continuing without the champion's nats: {error}", file=sys.stderr, flush=True)
        return None


def save_nats(path: Path, nats: np.ndarray) -> None:
    """Writes all or nothing. If the disk is full, says so; the measurement stays valid."""
    fresh = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        with fresh.open("wb") as file:
            np.save(file, nats)
        fresh.replace(path)
    except OSError as error:
        print(f"could not keep the nats: {error}", file=sys.stderr, flush=True)
        fresh.unlink(missing_ok=True)


def parse_arguments(arguments: Sequence[str]) -> tuple[Options, argparse.Namespace]:
    """The command line, with AUTORESEARCH_SEED, AUTORESEARCH_BUDGET and AUTORESEARCH_DATA as defaults."""
    parser = argparse.ArgumentParser(description="Train and score one candidate.")
    parser.add_argument("--out", type=Path, help="where the result goes (JSON)")
    parser.add_argument("--threshold", type=float, default=-math.inf, help="audit a number below this")
    parser.add_argument("--audit", action="store_true", help="audit in any case")
    parser.add_argument("--seed", type=int, default=os.environ.get("AUTORESEARCH_SEED", Options.seed))
    parser.add_argument("--budget", type=float, default=os.environ.get("AUTORESEARCH_BUDGET", Options.budget))
    parser.add_argument("--clock", choices=["wall", "cpu"], default=Options.clock, help="what every limit counts in")
    parser.add_argument("--startup", type=float, default=Options.startup, help="seconds from start to ready, at most")
    parser.add_argument("--champion-startup", type=float, default=math.inf, help="seconds that the champion needed")
    parser.add_argument("--scoring", type=float, default=Options.scoring, help="seconds for scoring, at most")
    parser.add_argument("--timeout", type=float, default=math.inf, help="seconds for everything together, at most")
    parser.add_argument("--preview-at", type=float, default=Options.preview_at, help="share of the budget, 0 to 1")
    parser.add_argument("--stop-above", type=float, default=math.inf, help="a preview above this ends the training")
    parser.add_argument("--data", type=Path, default=None, help="folder of the prepared data")
    parser.add_argument("--champion-nats", type=Path, help="what --nats wrote for the champion")
    parser.add_argument("--nats", type=Path, help="where the nats of each held-out byte go after an audit (.npy)")
    parser.add_argument("--device", choices=["cpu", "cuda", "mps"], default=None)
    parser.add_argument("--wrap", type=json.loads, default=[], help="JSON list of words put before the command")
    parser.add_argument("command", nargs="*", help="how the candidate is started")
    args = parser.parse_args(arguments)
    if not 0 < args.budget < math.inf or args.seed < 0:
        raise dataset.MachineFault(
            f"expected a positive budget and a seed from 0 on, got {args.budget} and {args.seed}"
        )
    command = args.command or [sys.executable, str(Path(__file__).with_name("train.py"))]
    options = Options(
        command=command,
        data=args.data or dataset.data_folder(),
        wrap=args.wrap,
        seed=args.seed,
        budget=args.budget,
        clock=args.clock,
        startup=args.startup,
        scoring=args.scoring,
        timeout=args.timeout,
        champion_startup=args.champion_startup,
        threshold=args.threshold,
        audited=args.audit,
        preview_at=args.preview_at,
        stop_above=args.stop_above,
        champion_nats=load_nats(args.champion_nats) if args.champion_nats else None,
        device=args.device or devices.best(),
    )
    return options, args


def main() -> None:
    """Takes one measurement; options come from the command line."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    options, args = parse_arguments(sys.argv[1:])
    result = rounded(measure(options))
    if args.nats and result.nats is not None:
        save_nats(args.nats, result.nats)
    if args.out:
        told = dataclasses.asdict(dataclasses.replace(result, nats=None))
        del told["nats"]
        args.out.write_text(json.dumps(_plain(told), indent=2) + "\n", encoding="utf-8")
    if result.outcome["status"] == "measured":
        print_summary(result)
        return
    if result.outcome["status"] == "stopped":
        at, preview = result.outcome["at"], result.outcome["value"]
        print(f"stopped early at {at:.0%}: projected training loss {preview:.4f} bits per byte", flush=True)
        return
    if result.outcome["status"] == "crash":
        print(f"crash: {result.outcome['reason']}: {result.outcome['message']}", file=sys.stderr, flush=True)
        sys.exit(1)
    sys.exit(dataset.MACHINE_FAULT)


if __name__ == "__main__":
    main()
