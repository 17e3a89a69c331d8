"""A slice of `make fuzz`, the same each time."""

import asyncio
from pathlib import Path

import pytest

from tests.fuzz.stage import staged

_SEED, _REQUESTS = 20_260_101, 800


@pytest.mark.tampers  # Busts and corrections of chance are money's own affair; what is proved is that nothing fails.
def test_every_random_operation_gets_a_coded_answer(database_url: str, redis_url: str, tmp_path: Path) -> None:
    with staged(database_url, redis_url, tmp_path) as stage:
        problems = asyncio.run(stage.play(_SEED, _REQUESTS))
        assert problems == [], stage.outcome
