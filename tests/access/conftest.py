"""The area as two processes have it, on a real database."""

from collections.abc import AsyncIterator

import pytest

from domain.access.service import Access
from domain.access.throttle import MemoryThrottle
from tests.support.people import quick_access


@pytest.fixture
def throttle() -> MemoryThrottle:
    return MemoryThrottle()


@pytest.fixture
async def access(database: str, throttle: MemoryThrottle) -> AsyncIterator[Access]:
    """The area as one process has it."""
    access = quick_access(throttle)
    yield access
    await access.close()


@pytest.fixture
async def other_process(database: str) -> AsyncIterator[Access]:
    """The area as another process has it: the same database and secret, nothing else in common."""
    access = quick_access()
    yield access
    await access.close()
