"""Records what a numpy implementation of the gate returns for simulated campaigns; src/gate/filter.test.ts compares.

    python bench/record_gate.py path/to/gate_reference.py > src/gate/gate-reference.json

The module must have a class `Gate(unit, sig, rho, pi, K, nmax, mu, lam)` with `champion`, `candidate`, `verdict`,
`settle`, `sigma` and `belief`. Recorded are its prior, every trial, and after each trial what it expects and decides.
"""

import importlib.util
import json
import sys

import numpy as np

UNIT = 0.0005
SIGMAS = (0.5, 0.7, 1, 1.4, 2)
RHOS = (0.0, 0.4, 0.7)
SHARES = (0.05, 0.1, 0.2)
SEEDS = 3
PRICE_OF_A_TRIAL = 0.12
# The reference looks ahead over 45 outcomes, which gives up to a third less than the integral. A verdict that
# changes when a trial costs that much less or more depends on this, and is marked as unsure.
KNIFE_EDGE = (0.65, 1.5)
# Worlds: standard deviations of what a seed adds for good, of what it adds to one tree, and of a trial; how many
# experiments; share of values that are previews.
CAMPAIGNS = (
    {"seed": 1, "shared": 0.0, "tree": 0.0, "own": 0.0005, "experiments": 60, "previews": 0.0},
    {"seed": 2, "shared": 0.0004, "tree": 0.0, "own": 0.0003, "experiments": 40, "previews": 0.3},
    {"seed": 3, "shared": 0.0, "tree": 0.0004, "own": 0.0003, "experiments": 40, "previews": 0.0},
)


def load(path):
    """The module at `path`."""
    spec = importlib.util.spec_from_file_location("gate_reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def draw_effect(rng):
    """One idea's effect: 10% help, 25% do nothing, 65% hurt."""
    kind, size = rng.random(), rng.standard_normal()
    if kind < 0.1:
        return -abs(size) * 0.0015
    return size * 0.00005 if kind < 0.35 else abs(size) * 0.0015


def verdict_of(gate):
    """Verdict, and whether it stays the same when a trial is a little cheaper or more expensive."""
    verdicts = []
    for factor in (1, *KNIFE_EDGE):
        gate.lam_ = PRICE_OF_A_TRIAL * factor
        verdicts.append(gate.verdict()[0])
    gate.lam_ = PRICE_OF_A_TRIAL
    return verdicts[0], len(set(verdicts)) == 1


def record(module, world):
    """One campaign: baselines, then experiments, each with its trials."""
    rng = np.random.default_rng(world["seed"])
    gate = module.Gate(unit=UNIT, sig=SIGMAS, rho=RHOS, pi=SHARES, K=SEEDS, nmax=3, mu=2.2, lam=PRICE_OF_A_TRIAL)
    shared = world["shared"] * rng.standard_normal(SEEDS)
    tree = world["tree"] * rng.standard_normal(SEEDS)
    level, baselines, experiments = 0.0, [], []
    for seed in range(SEEDS):
        value = round(level + shared[seed] + tree[seed] + world["own"] * rng.standard_normal(), 7)
        gate.champion(value, seed)
        baselines.append({"seed": seed, "value": value, "noise": gate.sigma()})
    for _ in range(world["experiments"]):
        effect, fresh, trials, verdict = draw_effect(rng), world["tree"] * rng.standard_normal(SEEDS), [], "again"
        while verdict == "again":
            seed = gate.n % SEEDS
            value = round(level + effect + shared[seed] + fresh[seed] + world["own"] * rng.standard_normal(), 7)
            extra = 0.0
            if gate.n == 0 and rng.random() < world["previews"]:
                extra, value = 1e-6, round(value + 0.001 * rng.standard_normal(), 7)
            gate.candidate(value, seed, extra)
            verdict, sure = verdict_of(gate)
            gain, doubt = gate.belief()
            trials.append(
                {"seed": seed, "value": value, "extraVariance": extra, "verdict": verdict, "sure": sure}
                | {"gain": gain, "doubt": doubt, "noise": gate.sigma()}
            )
        if verdict == "merge":
            level, tree = level + effect, fresh
        gate.settle(verdict == "merge")
        experiments.append(trials)
    return {"baselines": baselines, "experiments": experiments}


def main():
    """Writes the record as JSON, ten significant digits per number."""
    module = load(sys.argv[1])
    gate = module.Gate(unit=UNIT, sig=SIGMAS, rho=RHOS, pi=SHARES, K=SEEDS)
    prior = {
        "unit": UNIT,
        "sigmas": SIGMAS,
        "rhos": RHOS,
        "levelVariance": 0.01,
        "effects": gate.d.tolist(),
        # One row for each share of ideas that help; the worlds are listed by sigma, then rho, then share.
        "weights": np.exp(gate.lp[: len(SHARES)]).tolist(),
    }
    document = {"prior": prior, "campaigns": [record(module, world) for world in CAMPAIGNS]}
    print(json.dumps(json.loads(json.dumps(document), parse_float=lambda text: float(f"{float(text):.10g}"))))


if __name__ == "__main__":
    main()
