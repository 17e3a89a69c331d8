"""The service for other clients while a server is attacked: answer times, and the resources of the server."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.support.web import Web

_WARM_UP = 20
_AFTERWARDS = 5


@dataclass
class Others:
    """The answers during an attack."""

    authorization: str
    memory_before: int = 0
    memory: int = 0
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0

    def __str__(self) -> str:
        slowest = max(self.seconds) * 1000
        memory = f"{self.memory_before >> 20} to {self.memory >> 20} MiB"
        answers = f"slowest of {len(self.seconds)} answers {slowest:.0f} ms"
        return f"memory {memory}; {self.cpu_seconds:.2f} s of processor time; {answers}"


@asynccontextmanager
async def others(web: Web) -> AsyncIterator[Others]:
    """Another client sends requests during the context and for a short time after it."""
    asking = Others(await asyncio.to_thread(web.sign_in))
    place = urlsplit(web.address)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.floods.asker"),
        *(str(place.hostname), str(place.port), str(web.process.pid)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(f"{asking.authorization}\n".encode())
    try:
        before = [await _answer(process) for _ in range(_WARM_UP)][-1]
        taking = asyncio.create_task(_take(process, asking))
        try:
            yield asking
            count = len(asking.seconds)
            while len(asking.seconds) < count + _AFTERWARDS:
                assert not taking.done(), taking.exception()
                await asyncio.sleep(0.01)
        finally:
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)
        asking.memory_before = int(before[1])
        asking.cpu_seconds -= before[2]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _take(process: asyncio.subprocess.Process, asking: Others) -> None:
    while True:
        seconds, memory, asking.cpu_seconds = await _answer(process)
        asking.seconds.append(seconds)
        asking.memory = max(asking.memory, int(memory))


async def _answer(process: asyncio.subprocess.Process) -> tuple[float, float, float]:
    assert process.stdout is not None
    assert process.stderr is not None
    line = await process.stdout.readline()
    if not line:
        raise AssertionError((await process.stderr.read()).decode())
    seconds, memory, cpu_seconds = map(float, line.split())
    return seconds, memory, cpu_seconds
