"""Posts funding in child processes, each killed with SIGKILL before a later statement than the one before it.

    python -m tests.support.mortal_funding DATABASE_URL REDIS_URL FOLDER UNTIL

The first dies before its first statement, the second before its second, and so on, until one comes to its end. So each
place between two statements of an account's transaction is one at which a process has died, and so is the commit. The
one line of output is how many were killed.
"""

import asyncio
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from domain.settlement.funding import post_due_funding
from tests.support.trading import platform

_MOST = 500


def _die_before(statement: int) -> None:
    """Kill this process before a statement, counted from now."""
    left = statement

    def counting(original: Any) -> Any:
        async def counted(*arguments: Any, **others: Any) -> Any:
            nonlocal left
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return await original(*arguments, **others)

        return counted

    for name in ("execute", "_execute"):
        setattr(asyncpg.Connection, name, counting(getattr(asyncpg.Connection, name)))


async def _post(number: int, url: str, redis_url: str, folder: str, until: str) -> None:
    async with platform(url, redis_url, Path(folder), venue=False) as desk:
        await desk.services.market.refresh()
        _die_before(number)
        await post_due_funding(desk.services.bus, desk.services.market, datetime.fromisoformat(until))
        # What comes after it is not of the task.
        sys.stdout.flush()
        os._exit(0)


def _live(number: int, arguments: list[str]) -> None:
    try:
        asyncio.run(_post(number, *arguments))
    finally:
        os._exit(1)


def main() -> None:
    """Run and kill processes one after the other."""
    for number in range(1, _MOST):
        child = os.fork()
        if child == 0:
            _live(number, sys.argv[1:])
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0, "it failed by itself"
            sys.stdout.write(f"{number - 1}\n")
            return
    raise AssertionError("it never comes to its end")


if __name__ == "__main__":
    main()
