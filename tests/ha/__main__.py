"""`make ha`: a cluster of databases of its own, trading on it, and the death of its primary in each way."""

import sys
import tempfile
from pathlib import Path

from tests.ha.cluster import cluster, missing
from tests.ha.pooler import through_pooler
from tests.ha.run import BACK_SECONDS, DEATHS, trade_through
from tests.support.servers import throwaway_services


def main() -> int:
    """Print the interruption after each failure; fail if it was too long or anything was lost."""
    reason = missing()
    if reason is not None:
        sys.stderr.write(f"high availability cannot be tried: {reason}\n")
        return 1
    folder = Path(tempfile.mkdtemp(prefix="tradegraph-ha-"))
    folder.chmod(0o755)
    with throwaway_services() as services, cluster(folder / "cluster") as made:
        for line in through_pooler(made):
            sys.stdout.write(f"{line}\n")
        outcomes = trade_through(made, services.redis_url, folder, list(DEATHS))
    for each in outcomes:
        sys.stdout.write(
            f"{each.what} killed: orders accepted again after {each.seconds:.1f} s; by then {each.accepted} accepted, "
            f"{each.repeats} requests repeated\n"
        )
    sys.stdout.write("every accepted order is there once, and the books of all accounts are proved\n")
    return 0 if all(each.seconds < BACK_SECONDS for each in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
