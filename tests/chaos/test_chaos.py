"""A slice of `make chaos`: one disturbance of several kinds, always the same."""

import asyncio
from pathlib import Path

from tests.chaos.run import staged, trade

_SEED = 7
_DISTURBANCES = (
    "part from the database",
    "stop an engine",
    "jump the clocks",
    "part from Redis",
    "kill all",
)


def test_disturbances_lose_and_double_no_order(database_url: str, redis_url: str, tmp_path: Path) -> None:
    with staged(database_url, redis_url, tmp_path, _SEED) as stage:
        running = asyncio.run(trade(stage, database_url, _DISTURBANCES))
        assert running.accepted >= 20 * len(_DISTURBANCES)
        assert sum(stage.done.values()) == len(_DISTURBANCES)
