"""Health and readiness of an installation whose processes and servers are stopped, hang and come back."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import psutil

from adapters.embedded import EmbeddedServices
from tests.support.client import Stream
from tests.support.desk import signed_in
from tests.support.installation import Installation, Process
from tests.support.waiting import until

HEALTH = "subscription { systemHealth { state components { name state latencyMs detail } } }"
ROLES = ("role:feed", "role:venue:paper", "role:monitor", "role:timers")
ENGINE = (*ROLES, "venue:paper")
KNOWN = {
    *ENGINE,
    "postgresql",
    "redis",
    "events",
    "commands:paper",
    "worker",
    "scheduler",
    "books",
    "migrations",
    "disk",
}


def _states(health: Any) -> dict[str, str]:
    return {part["name"]: part["state"] for part in health["components"]}


async def _told(stream: Stream, state: str, *names: str) -> dict[str, str]:
    """The reported states, as soon as all of ``names`` are in ``state``."""
    return _states(await stream.until(lambda health: {_states(health).get(name) for name in names} == {state}))


async def _ready(web: Process, query: str = "") -> tuple[int, Any]:
    async with httpx.AsyncClient(trust_env=False, base_url=web.address) as client:
        response = await client.get(f"/readyz{query}")
        return response.status_code, response.json()


@asynccontextmanager
async def _told_health(web: Process) -> AsyncIterator[Stream]:
    async with signed_in(web.address) as desk, desk.client.socket() as socket:
        yield await socket.subscribe(HEALTH)


async def test_stopped_and_hanging_processes_are_reported_and_make_web_unready(fresh: Installation) -> None:
    web, engine, worker = fresh.web(), fresh.engine(), fresh.worker()
    fresh.start(web, engine, worker)
    async with _told_health(web) as stream:
        assert set(await _told(stream, "UP", *ENGINE, "worker")) == KNOWN
        assert await _ready(web) == (200, {"database": "ok", "redis": "ok", "engine": "ok", "commands": "ok"})
        os.kill(worker.pid, signal.SIGSTOP)
        await _told(stream, "DOWN", "worker")
        os.kill(worker.pid, signal.SIGCONT)
        await _told(stream, "UP", "worker")
        os.kill(engine.pid, signal.SIGSTOP)
        try:
            await _told(stream, "DOWN", *ENGINE)
        finally:
            os.kill(engine.pid, signal.SIGCONT)
        await _told(stream, "UP", *ENGINE)
        await until(lambda: _says(web, "engine", "ok"))
        worker.kill()
        await _told(stream, "DOWN", "worker")
        engine.kill()
        await _told(stream, "DOWN", *ENGINE)
        await until(lambda: _says(web, "engine", "unavailable"))
    # No process of web needs a worker, and a proxy may keep one that lacks an engine for reading.
    status, content = await _ready(web, "?exclude=engine&exclude=commands")
    assert (status, content["engine"], content["database"]) == (200, "excluded", "ok")
    status, content = await _ready(web, "?exclude=everything")
    assert (status, content["errors"][0]["extensions"]["code"]) == (400, "BAD_USER_INPUT")


async def test_a_hanging_database_is_reported_and_the_process_stays_alive(
    fresh: Installation, services: EmbeddedServices
) -> None:
    web = fresh.web()
    fresh.start(web)
    pid = services.postgres.pid
    assert pid is not None
    async with _told_health(web) as stream:
        await _told(stream, "UP", "postgresql", "migrations")
        backends = [pid, *(child.pid for child in psutil.Process(pid).children())]
        for each in backends:
            os.kill(each, signal.SIGSTOP)
        try:
            hung: dict[str, str] = {}
            while (hung.get("postgresql"), hung.get("migrations")) != ("DOWN", "DEGRADED"):
                hung = _states(await stream.next())
            async with httpx.AsyncClient(trust_env=False, base_url=web.address) as client:
                assert (await client.get("/healthz")).status_code == 200
            await until(lambda: _says(web, "database", "unavailable"))
        finally:
            for each in backends:
                os.kill(each, signal.SIGCONT)
        assert hung["redis"] == "UP"
        await _told(stream, "UP", "postgresql", "migrations")
    await until(lambda: _says(web, "database", "ok"))


async def _says(web: Process, check: str, answer: str) -> bool:
    return bool((await _ready(web))[1].get(check) == answer)
