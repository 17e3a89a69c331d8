"""High availability as the runbook describes it: the primary dies under load, and nothing that was accepted is lost."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ha.cluster import Cluster, cluster, missing
from tests.ha.pooler import through_pooler
from tests.ha.run import BACK_SECONDS, trade_through

pytestmark = pytest.mark.skipif(missing() is not None, reason=f"high availability cannot be tried: {missing()}")


@pytest.fixture
def made() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="tradegraph-ha-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with cluster(Path(folder) / "cluster") as running:
            yield running


def test_a_failover_of_the_database_loses_no_accepted_order(made: Cluster, redis_url: str, tmp_path: Path) -> None:
    assert through_pooler(made) == [
        "through PgBouncer, statements without preparation: work",
        "through PgBouncer, prepared statements: do not work",
        "through PgBouncer, session advisory locks: do not work",
        "through PgBouncer, LISTEN: do not work",
    ]
    assert all(node.name in made.listed() for node in made.nodes)
    (outcome,) = trade_through(made, redis_url, tmp_path, ["PostgreSQL of the primary"])
    assert outcome.seconds < BACK_SECONDS
