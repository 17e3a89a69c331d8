"""`tradegraph web` served by several processes on one port."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from adapters.embedded.ports import LOOPBACK
from tests.support.ports import free_port
from tests.support.processes import Running, is_gone, running
from tests.support.waiting import eventually

# To load the platform takes a process more than three.
_CPU_SECONDS = 1.5


@pytest.fixture
def web(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[tuple[Running, str]]:
    port = free_port()
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "TRADEGRAPH_DATA_DIR": str(tmp_path / "data"),
        "TRADEGRAPH_PORT": str(port),
        "TRADEGRAPH_WEB_PROCESSES": "2",
    }
    with running(["web"], environment) as command:
        for _ in range(2):
            command.wait_for_line(lambda line: "Application startup complete" in line)
        yield command, f"http://{LOOPBACK}:{port}"


def _serving(command: Running) -> list[psutil.Process]:
    """The processes that answer: all that the first one has forked."""
    return list(command.descendants())


async def _answers(address: str) -> bool:
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(f"{address}/readyz?exclude=engine")).status_code == 200
    except httpx.TransportError:
        return False


async def test_several_web_processes_answer_are_restarted_and_stop_with_the_first(web: tuple[Running, str]) -> None:
    command, address = web
    first, second = _serving(command)
    assert await _answers(address)
    first.kill()
    await asyncio.to_thread(command.wait_for_line, lambda line: "Application startup complete" in line)
    assert second in _serving(command)
    serving = _serving(command)
    (third,) = [process for process in serving if process.pid not in {first.pid, second.pid}]
    times = third.cpu_times()
    # It was forked, and has not loaded the platform again.
    assert times.user + times.system < _CPU_SECONDS
    assert await _answers(address)
    command.process.kill()
    await eventually(lambda: all(map(is_gone, serving)), 120)
    assert not await _answers(address)
