"""Share of planted market abuse that the detectors find in made-up weeks, and their false findings.

    python -m bench.abuse [--author first|second] SEED [SEED ...]

Each seed is another market with other accounts and other misdeeds: four weeks, twenty accounts, forty cases in the last
one. The second author's weeks were written apart from the first one's, with other markets, habits and evasions.
"""

import argparse
from collections import Counter

import numpy as np

from tests.anomalies.market.trial import AUTHORS, Trial, by_kind, try_out

_DRAWS, _LOW, _HIGH = 10_000, 5, 95


def main(author: str, seeds: list[int]) -> None:
    """Try the seeds one by one, then sum up."""
    trials: list[Trial] = []
    for seed in seeds:
        trial = try_out(seed, author=author)
        trials.append(trial)
        print(
            f"seed {seed}: {len(trial.found)} of {len(trial.cases)} found, "
            f"{trial.false_per_account_week:.2f} false findings an account-week {by_kind(trial.false)}",
            flush=True,
        )
    planted = Counter(_family(case.name) for trial in trials for case in trial.cases)
    missed = Counter(_family(case.name) for trial in trials for case in trial.missed)
    found = np.array([len(trial.found) for trial in trials])
    false = np.array([trial.false_per_account_week for trial in trials])
    print(
        f"all: {found.sum()} of {planted.total()} found, {found.min()} to {found.max()} a week, mean {found.mean():.2f}"
        f" ({_interval(found)}), {false.mean():.3f} false findings an account-week ({_interval(false)})"
    )
    for name, count in sorted(planted.items()):
        print(f"  {count - missed[name]} of {count}  {name}")


def _family(name: str) -> str:
    return name.partition(":")[0]


def _interval(values: np.ndarray) -> str:
    """The range of the mean when weeks are drawn anew."""
    random = np.random.default_rng(0)
    means = values[random.integers(0, len(values), (_DRAWS, len(values)))].mean(axis=1)
    low, high = np.percentile(means, (_LOW, _HIGH))
    return f"{_LOW} % to {_HIGH} %: {low:.3f} to {high:.3f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--author", choices=list(AUTHORS), default="first")
    parser.add_argument("seeds", type=int, nargs="+")
    given = parser.parse_args()
    main(given.author, given.seeds)
