"""How much of planted market abuse the detectors find in made-up weeks, and what else they tell.

    python -m bench.abuse SEED [SEED ...]

Each seed is another market with other accounts and other misdeeds: four weeks, twenty accounts, forty cases in the last
one.
"""

import sys
from collections import Counter

from tests.anomalies.market.trial import by_kind, try_out


def main(seeds: list[int]) -> None:
    """Try the seeds one by one, then sum up."""
    planted: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    false, accounts = 0, 0
    for seed in seeds:
        trial = try_out(seed)
        planted.update(case.name for case in trial.cases)
        missed.update(case.name for case in trial.missed)
        false += len(trial.false)
        accounts += trial.accounts
        print(
            f"seed {seed}: {len(trial.found)} of {len(trial.cases)} found, "
            f"{trial.false_per_account_week:.2f} false findings an account-week {by_kind(trial.false)}"
        )
    total = planted.total()
    print(f"all: {total - missed.total()} of {total} found, {false / accounts:.3f} false findings an account-week")
    for name, count in sorted(planted.items()):
        print(f"  {count - missed[name]} of {count}  {name}")


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]])
